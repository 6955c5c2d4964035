#!/usr/bin/python3
# test_erasure.py - what a person has here is exported whole, and erased without a trace
# SPDX-License-Identifier: MIT

import struct
import sys
import unittest
import xml.etree.ElementTree as xml

from daemon import Daemon
from lmdb_walk import walk

OWNER_SERVER = 1
SM = "xmlns='urn:xmpp:sm:3'"

# What an account may have, by store: a text of it in its export, or why that has none.
STORES = {
    "credentials": "scram-credentials",
    "roster": "nurse@example.net",
    "roster/requests": "type=\"subscribe\"",
    "blocking": "iago@example.net",
    "vcard": "Juliet Capulet",
    "vcard/photo": None,    # a digest of what the vCard has
    "private": "private thought",
    "private/sizes": None,  # of what is private
    "mam": "the archived word",
    "mam/prefs": "never",
    "mam/missed": None,     # ids of archived messages that no device has taken yet
    "mam/retention": "days=\"30\"",
    "offline": "the waiting word",
    "last": "jabber:iq:last",
    "seen": None,           # digests of messages, for a day
}


class Erasure(Daemon):
    def setUp(self):
        super().setUp()
        self.port = 0

    def begin(self):
        self.port = self.start()["listeners"][0]["port"]

    def stop(self):
        self.ctl("stop")
        self.assertEqual(self.stopped()[1], 0)
        return walk(self.path("data"))

    def set(self, client, payload):
        self.talk(client, f"<iq type='set' id='s'>{payload}</iq>", "type='result'[^>]*id='s'|"
                  "id='s'[^>]*type='result'")

    def say(self, client, text):
        """A client that counts acks says it, and it is safe."""
        self.talk(client, text + f"<r {SM}/>", "<a xmlns='urn:xmpp:sm:3' h='1'/>")

    def come(self, name, more=""):
        client = self.connect(self.port, name)
        self.talk(client, f"<enable {SM}{more}/>", "<enabled")
        return client

    def live(self):
        """Juliet leaves something in every store; Romeo's words wait, and Tybalt's are archived."""
        self.add_users("juliet", "romeo", "tybalt")
        juliet = self.connect(self.port, "juliet")
        for payload in (
                "<query xmlns='jabber:iq:roster'><item jid='nurse@example.net'/></query>",
                "<block xmlns='urn:xmpp:blocking'><item jid='iago@example.net'/></block>",
                "<vCard xmlns='vcard-temp'><FN>Juliet Capulet</FN><PHOTO><TYPE>image/png</TYPE>"
                "<BINVAL>AAAA</BINVAL></PHOTO></vCard>",
                "<query xmlns='jabber:iq:private'><x xmlns='urn:x'>private thought</x></query>",
                "<prefs xmlns='urn:xmpp:mam:2' default='always'><always/>"
                "<never><jid>romeo@example.org</jid></never></prefs>"):
            self.set(juliet, payload)
        self.talk(juliet, "<presence/><presence type='unavailable'><status>gone</status></presence>"
                  "</stream:stream>", "</stream:stream>")
        self.say(self.come("romeo"), "<message to='juliet@example.org' type='chat' id='1'>"
                 "<body>the waiting word</body></message>")
        self.say(self.come("romeo"), "<presence to='juliet@example.org' type='subscribe'/>")
        self.say(self.come("tybalt"), "<message to='juliet@example.org' type='chat' id='2'>"
                 "<body>the archived word</body></message>")
        self.rows("archive", "retention", "juliet@example.org", "--days", "30")

    def stores_of(self, tables, name):
        """Names of the stores and logs in which that account has something."""
        numbers = {struct.unpack("=H", value)[0]: key.decode() for key, value in tables["stores"]}
        owners = [struct.unpack("=I", value[:4])[0] for _, value in tables["names"]
                  if name in value]
        begin = struct.pack(">I", owners[0])
        found = {key[4:6] for table in ("records", "ids", "new-ids") if table in tables
                 for key, _ in tables[table] if key.startswith(begin)}
        return {numbers[struct.unpack(">H", number)[0]] for number in found}

    def test_an_export_has_all_that_is_stored(self):
        self.begin()
        self.live()
        exported = xml.tostring(xml.fromstring(
            self.ctl("user", "export", "juliet@example.org").stdout), encoding="unicode")
        self.assertEqual(self.stores_of(self.stop(), b"juliet@example.org"), set(STORES))
        for store, text in STORES.items():
            self.assertIn(text or "", exported, store)

    def test_nothing_is_left_of_those_who_have_gone(self):
        self.begin()
        before = self.stop()
        self.begin()
        self.live()
        self.come("juliet", " resume='true'")
        full = self.stop()
        self.assertIn(b"tybalt@example.org", b"".join(value for _, value in full["entries"]))
        saved = next(value for key, value in full["stores"] if key == b"saved")
        begin = struct.pack(">IH", OWNER_SERVER, *struct.unpack("=H", saved))
        self.assertTrue([key for key, _ in full["records"] if key.startswith(begin)])
        self.begin()
        self.talk(self.connect(self.port, "juliet"), "<iq type='set' id='r'>"
                  "<query xmlns='jabber:iq:register'><remove/></query></iq>", "</stream:stream>")
        for name in ("romeo", "tybalt"):
            self.assertEqual(self.ctl("user", "del", f"{name}@example.org").returncode, 0)
        after = self.stop()
        self.assertEqual(set(after), set(before))
        for table in set(after) - {"meta"}:  # the next number of an account rises
            self.assertEqual(after[table], before[table], table)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
