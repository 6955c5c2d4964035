#!/usr/bin/python3
# test_ternctl_import.py - accounts come in files: of this server, of Prosody, of ejabberd, of anybody
# SPDX-License-Identifier: MIT

import base64
import hashlib
import hmac
import os
import re
import sqlite3
import subprocess
import sys
import unittest
import xml.etree.ElementTree as xml

from daemon import Daemon

HERE = os.path.dirname(os.path.abspath(__file__))
EXPORTS = os.path.join(HERE, "exports")     # its README says what is in them
EJABBERD_ARCHIVES = os.path.join(HERE, "../../contrib/ejabberd-archives")
PASSWORDS = {"juliet": "O Romeo, Romeo", "romeo": "ROMEO ♥"}
MODULES = ('host.key"\n    modules = {"roster", "presence", "message", "offline", "vcard", "private", '
           '"blocking", "mam"}\n')
DATA, CLIENT, DELAY = "{urn:xmpp:pie:0}", "{jabber:client}", "{urn:xmpp:delay}"
SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
HEADER = ("<stream:stream to='{}' version='1.0' xmlns='jabber:client' "
          "xmlns:stream='http://etherx.jabber.org/streams'>")


def with_another_host(text):
    text = text.replace('host.key"\n', MODULES)
    return text + text[text.index('host "'):].replace("example.org", "example.net")


def juliet_in(folder):
    """Her <user/>, in whichever file of the folder it is."""
    files = (xml.parse(os.path.join(folder, name)) for name in os.listdir(folder)
             if name.endswith(".xml"))
    return next(user for file in files for user in file.iter(DATA + "user")
                if user.get("name") == "juliet")


class Client:
    """Somebody who has logged in with SCRAM-SHA-1."""

    def __init__(self, test, port, jid, password):
        name, domain = jid.split("@")
        self.test, self.socket, self.number = test, test.dial(port), 0
        test.talk(self.socket, HEADER.format(domain), "</stream:features>")
        self.prove(name, password)
        test.talk(self.socket, HEADER.format(domain), "</stream:features>")
        self.ask("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>", "set")

    def prove(self, name, password):
        first = f"n={name},r=nonce"
        challenge = self.sasl(f"<auth {SASL} mechanism='SCRAM-SHA-1'>", "n,," + first, "challenge")
        nonce, salt, count = (part[2:] for part in challenge.split(","))
        salted = hashlib.pbkdf2_hmac("sha1", password.encode(), base64.b64decode(salt), int(count))
        key = hmac.digest(salted, b"Client Key", "sha1")
        signed = f"{first},{challenge},c=biws,r={nonce}".encode()
        signature = hmac.digest(hashlib.sha1(key).digest(), signed, "sha1")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
        said = self.sasl(f"<response {SASL}>", f"c=biws,r={nonce},p={proof}", "success")
        proof = hmac.digest(hmac.digest(salted, b"Server Key", "sha1"), signed, "sha1")
        self.test.assertEqual(said, "v=" + base64.b64encode(proof).decode())

    def sasl(self, tag, text, expected):
        name = tag[1:].split()[0]
        text = base64.b64encode(text.encode()).decode()
        heard = self.test.talk(self.socket, f"{tag}{text}</{name}>",
                               "</challenge>|</success>|</failure>")
        if f"<{expected}" not in heard:
            raise PermissionError(heard)
        return base64.b64decode(re.search(">([^<]+)</" + expected, heard)[1]).decode()

    def hear(self, text, until):
        """What comes, as elements."""
        return xml.fromstring("<all xmlns='jabber:client'>" +
                              self.test.talk(self.socket, text, until) + "</all>")

    def ask(self, payload, kind="get"):
        """All that comes up to the answer, whose payload is the last element."""
        self.number += 1
        heard = self.hear(f"<iq type='{kind}' id='q{self.number}'>{payload}</iq>",
                          rf"(?s)<iq[^>]* id='q{self.number}'[^>]*(/>|>.*</iq>)$")
        self.test.assertEqual(heard[-1].get("type"), "result", xml.tostring(heard))
        return heard

    def payload(self, payload):
        return self.ask(payload)[-1][0]


class Import(Daemon):
    def serve(self):
        self.write_config(change=with_another_host)
        self.port = self.start()["listeners"][0]["port"]

    def enter(self, jid):
        return Client(self, self.port, jid, PASSWORDS[jid.split("@")[0]])

    def exported(self, jid):
        done = self.ctl("user", "export", jid)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def exported_user(self, jid):
        return xml.fromstring(self.exported(jid))[0][0]

    def imported(self, path):
        """The exit status, and the lines without the folder."""
        done = self.ctl("user", "import", path)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout.replace(self.folder + "/", "").splitlines()

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def write_users(self, users, name="users.xml"):
        return self.write(name, "<?xml version='1.0'?><server-data xmlns='urn:xmpp:pie:0' "
                          "xmlns:xi='http://www.w3.org/2001/XInclude'>"
                          f"<host jid='example.org'>\n{users}</host></server-data>")

    def take(self, users, *lines, status=1):
        """The document's accounts, and all that is said of them."""
        self.assertEqual(self.imported(self.write_users(users)), (status, list(lines)))

    # --- this server's own

    EVERYTHING = (
        "<user name='juliet' password='x'><query xmlns='jabber:iq:roster'>"
        "<item jid='romeo@example.net' name='R &lt;3' subscription='both'><group>A</group>"
        "<group>B</group></item><item jid='nurse@example.net' subscription='from' approved='true'/>"
        "<item jid='paris@example.net' subscription='none' ask='subscribe'/></query>"
        "<presence xmlns='jabber:client' type='subscribe' from='tybalt@example.net' id='1'>"
        "<status>Peace?</status></presence><vCard xmlns='vcard-temp'><FN>Juliet &amp;</FN></vCard>"
        "<query xmlns='jabber:iq:private'><x xmlns='urn:x' xmlns:y='urn:y' y:z='1'>ä</x></query>"
        "<blocklist xmlns='urn:xmpp:blocking'><item jid='iago@example.net'/></blocklist>"
        "<prefs xmlns='urn:xmpp:mam:2' default='roster'><always><jid>a@example.net</jid></always>"
        "<never><jid>b@example.net</jid></never></prefs><offline-messages>"
        "<message xmlns='jabber:client' from='c@example.net/x' to='juliet@example.org' type='chat'>"
        "<body xml:lang='cs'>Čau</body><delay xmlns='urn:xmpp:delay' from='example.com' "
        "stamp='2020-01-01T00:00:00Z'/><delay xmlns='urn:xmpp:delay' from='example.org' "
        "stamp='2020-02-03T04:05:06.789Z'/></message></offline-messages>"
        "<archive xmlns='urn:xmpp:pie:0#mam'>" + "".join(
            "<result xmlns='urn:xmpp:mam:2' id='x'><forwarded xmlns='urn:xmpp:forward:0'>"
            f"<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:{number // 60:02}:"
            f"{number % 60:02}Z'/><message xmlns='jabber:client' from='juliet@example.org/b' "
            f"to='romeo@example.net' type='chat'><body>{number}</body></message></forwarded>"
            "</result>" for number in range(450)) + "</archive></user>")

    def test_all_that_an_account_has_goes_into_a_file_and_comes_back_the_same(self):
        self.serve()
        self.take(self.EVERYTHING, "1 accounts were made, 0 were not", status=0)
        before = self.exported("juliet@example.org")
        for part in ("ask='subscribe'", "<group>B</group>", "approved='true'", "Peace?", "Juliet &amp;",
                     "='1'>ä</x>", "iago@example.net", "default='roster'", "<never><jid>b@example",
                     "<body xml:lang='cs'>Čau</body>", "stamp='2020-01-01T00:00:00Z'",
                     "stamp='2020-02-03T04:05:06.789000Z'", "<body>449</body>", "SCRAM-SHA-512"):
            self.assertIn(part, before)
        self.ctl("user", "del", "juliet@example.org")
        path = self.write("again.xml", before)
        self.assertEqual(self.imported(path), (0, ["1 accounts were made, 0 were not"]))
        self.assertEqual(self.exported("juliet@example.org"), before)

    def test_what_waits_in_an_archive_waits_behind_a_move(self):
        self.serve()
        for name in ("romeo", "juliet"):
            self.ctl("user", "add", f"{name}@example.org", "--password", PASSWORDS[name])
        self.enter("romeo@example.org").hear(  # acknowledged when it is in both archives
            "<enable xmlns='urn:xmpp:sm:3'/><message to='juliet@example.org' type='chat'>"
            "<body>Art thou gone?</body></message><r xmlns='urn:xmpp:sm:3'/>", "<a [^>]*h='1'/>")
        before = self.exported("juliet@example.org")
        waiting, archived = re.findall("<body>Art thou gone", before), before.index("<archive")
        self.assertEqual(len(waiting), 2)
        self.assertLess(before.index("<offline-messages>"), archived)
        self.ctl("user", "del", "juliet@example.org")
        self.assertEqual(self.imported(self.write("again.xml", before))[0], 0)
        self.assertEqual(self.exported("juliet@example.org"), before)
        heard = self.enter("juliet@example.org").hear("<presence/>", "<body>Art thou gone.*</message>")
        self.assertEqual(len(heard.findall(CLIENT + "message")), 1)
        archive = xml.fromstring(before).find(".//{urn:xmpp:pie:0#mam}archive")
        self.assertEqual(heard.find(".//{urn:xmpp:sid:0}stanza-id").get("id"), archive[0].get("id"))

    # --- what is not as it should be

    NONE = "0 accounts were made, 1 were not"
    ONE = "1 accounts were made, 0 were not"

    def test_what_nobody_takes_over_is_said_with_file_and_line(self):
        self.serve()
        self.ctl("user", "add", "romeo@example.org", "--password", "x")
        self.take(
            "<user name='romeo' password='x'/>\n<user name='tybalt'/>\n<user password='x'/>\n"
            "<user name='a/b' password='x'/>\n<room/>\n<user name='juliet' password='x'>\n"
            "<query xmlns='urn:x'/>\n<query xmlns='jabber:iq:roster'>\n<item jid='a@example.net'/>\n"
            "<item jid='@'/>\n</query></user>\n<user name='juliet' password='y'/>\n",
            "users.xml:2: romeo@example.org: not made: romeo@example.org: the account exists already",
            "users.xml:3: tybalt@example.org: not made: it has neither credentials nor a password",
            "users.xml:4: a user has no name, or its host none",
            "users.xml:5: a/b@example.org: not made: `a/b@example.org` is not an account's address "
            "(name@host)",
            "users.xml:6: <room xmlns='urn:xmpp:pie:0'/> is not known here",
            "users.xml:8: juliet@example.org: not taken over: no module of the host takes "
            "<query xmlns='urn:x'/>",
            "users.xml:11: juliet@example.org: not taken over: it makes no sense",
            "users.xml:13: juliet@example.org: not made: juliet@example.org: the account exists "
            "already", "1 accounts were made, 5 were not")
        self.connect(self.port, "juliet")
        self.assertIn("a@example.net", self.exported("juliet@example.org"))

    def test_documents_of_old_have_another_namespace(self):
        self.serve()
        path = self.write("users.xml", "<server-data xmlns='http://www.xmpp.org/extensions/xep-0227.html"
                          "#ns'><host jid='example.org'><user name='juliet' password='x'>"
                          "<offline-messages><message from='a@example.net'><body>1</body></message>"
                          "</offline-messages></user></host></server-data>")
        self.assertEqual(self.imported(path), (0, [self.ONE]))
        self.assertIn("<body>1</body>", self.exported("juliet@example.org"))

    def test_a_host_that_is_not_here_gets_no_accounts(self):
        self.serve()
        path = self.write("users.xml", "<server-data xmlns='urn:xmpp:pie:0'><host jid='example.com'>"
                          "<user name='a' password='x'/></host></server-data>")
        self.assertEqual(self.imported(path), (1, [
            "users.xml:1: a@example.com: not made: there is no host `example.com` here", self.NONE]))

    def test_an_import_done_twice_changes_nothing(self):
        self.serve()
        self.take(self.EVERYTHING, self.ONE, status=0)
        before = self.exported("juliet@example.org")
        self.take(self.EVERYTHING, "users.xml:2: juliet@example.org: not made: juliet@example.org: "
                  "the account exists already", self.NONE)
        self.assertEqual(self.exported("juliet@example.org"), before)

    def archive_of(self, *stamps):
        return "<archive xmlns='urn:xmpp:pie:0#mam'>" + "".join(
            "\n<result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'>"
            f"<delay xmlns='urn:xmpp:delay' stamp='{stamp}'/><message xmlns='jabber:client' "
            f"from='a@example.net'><body>{stamp}</body></message></forwarded></result>"
            for stamp in stamps) + "</archive>"

    def test_of_an_archive_and_of_what_waits_the_damaged_messages_stay_behind_alone(self):
        self.serve()
        good = [f"20{year:02}-01-01T00:00:00Z" for year in range(3)]
        self.take(
            f"<user name='juliet' password='x'>{self.archive_of(*good, 'soon', '2019-13-01')}\n"
            "<offline-messages>\n<message xmlns='jabber:client' from='a@example.net'><body>1</body>"
            "</message>\n<message xmlns='jabber:client'/>\n<iq xmlns='jabber:client' "
            "from='a@example.net'/></offline-messages></user>",
            *(f"users.xml:{line}: juliet@example.org: not taken over: it makes no sense"
              for line in (6, 7, 10, 11)), self.ONE)
        user = self.exported_user("juliet@example.org")
        bodies = [body.text for body in user.iter(CLIENT + "body")]
        self.assertEqual(bodies, ["1", *good])

    def test_an_archive_before_its_credentials_is_not_taken_over(self):
        self.serve()
        self.take(f"<user name='romeo'>{self.archive_of('2020-01-01T00:00:00Z')}"
                  "<scram-credentials xmlns='urn:xmpp:pie:0#scram'/></user>\n"
                  "<user name='juliet' password='x'/>",
                  "users.xml:2: romeo@example.org: not made: "
                  "it has neither credentials nor a password",
                  "1 accounts were made, 1 were not")

    def test_files_of_something_else_are_refused(self):
        self.serve()
        bomb = ("<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
                "<server-data xmlns='urn:xmpp:pie:0'><host jid='&b;'/></server-data>")
        for text, why in (("<html/>", "this is no file of XEP-0227"), ("", "no element found"),
                          (bomb, "it has a document type, which is not read"),
                          ("<server-data xmlns='urn:xmpp:pie:0'", "unclosed token"),
                          ("\0\1", "not well-formed (invalid token)"),
                          ("<a xmlns='urn:x'>" * 1000, "this is no file of XEP-0227")):
            status, lines = self.imported(self.write("users.xml", text))
            self.assertEqual((status, lines[-1]), (1, "0 accounts were made, 0 were not"))
            self.assertEqual(lines[:-1], [f"users.xml:1: {why}"])

    def test_a_fault_takes_one_account_with_it_and_not_those_before(self):
        self.serve()
        self.take("<user name='romeo' password='x'/>\n<user name='juliet' password='x'>\n<x></y>",
                  "users.xml:4: mismatched tag",
                  "users.xml:3: juliet@example.org: not made: its part of the file is not whole",
                  "1 accounts were made, 1 were not")

    def test_an_archive_that_breaks_off_is_kept_as_far_as_it_goes_and_said(self):
        self.serve()
        many = self.archive_of(*["2020-01-01T00:00:00Z"] * 300)
        self.take(f"<user name='juliet' password='x'>{many[:-10]}</x>",
                  "users.xml:302: mismatched tag",
                  "users.xml:2: juliet@example.org: made, but its archive is not whole, and the rest "
                  "was not taken over", self.ONE)
        self.assertEqual(self.rows("archive", "stats", "juliet@example.org")[0][0], "200")

    def test_parts_beyond_all_measure_stay_behind_alone(self):
        self.serve()
        large = "x" * (9 * 1024 * 1024)
        nested = "<x>" * 300 + "</x>" * 300
        message = self.archive_of("2020-01-01T00:00:00Z").replace("<body>", f"<body>{large}")
        self.take(f"<user name='romeo' password='x'><vCard xmlns='vcard-temp'>\n<DESC>{large}</DESC>"
                  "</vCard>\n<blocklist xmlns='urn:xmpp:blocking'><item jid='a@example.net'/>"
                  f"</blocklist>{message}</user>\n<user name='juliet' password='x'>{nested}</user>",
                  "users.xml:2: romeo@example.org: not taken over: it is too large",
                  "users.xml:5: romeo@example.org: not taken over: it is too large",
                  "users.xml:6: it is nested too deeply",
                  "users.xml:6: juliet@example.org: not made: its part of the file is not whole",
                  "1 accounts were made, 1 were not")
        self.assertIn("a@example.net", self.exported("romeo@example.org"))
        self.take(f"<user name='juliet' password='{large}'/>", "users.xml:2: a tag is too long",
                  "0 accounts were made, 0 were not")

    def test_of_many_refusals_a_few_are_told(self):
        self.serve()
        items = "<item jid='@'/>" * 50
        self.take(f"<user name='juliet' password='x'><query xmlns='jabber:iq:roster'>{items}</query>"
                  "</user>",
                  *["users.xml:2: juliet@example.org: not taken over: it makes no sense"] * 20,
                  "users.xml:2: juliet@example.org: not taken over: 30 more elements", self.ONE)

    # --- credentials

    SALT, STORED, SERVER = ("QSXCR+Q6sek8bf92", "6dlGYMOdZcOPutkcNY8U2g7vK9Y=",
                            "D+CSWLOshSulAsxiupA+qs2/fTE=")     # RFC 5802 5: "pencil"

    def scram(self, mechanism="SCRAM-SHA-1", count="4096", salt=SALT, stored=STORED, server=SERVER):
        return (f"<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='{mechanism}'>"
                f"<iter-count>{count}</iter-count><salt>{salt}</salt><server-key>{server}"
                f"</server-key><stored-key>{stored}</stored-key></scram-credentials>")

    def test_credentials_of_many_forms_prove_the_password(self):
        self.serve()
        twice = [base64.b64encode(text.encode()).decode()
                 for text in (self.SALT, self.STORED, self.SERVER)]
        hexed = [base64.b64decode(text).hex() for text in (self.STORED, self.SERVER)]
        salted = hashlib.pbkdf2_hmac("sha1", b"pencil", b"salt", 4096)
        key = hmac.digest(salted, b"Client Key", "sha1")
        hexed = hashlib.sha1(key).hexdigest(), hmac.digest(salted, b"Server Key", "sha1").hex()
        forms = [
            f">{self.scram()}", f">{self.scram(salt=f' {self.SALT} ')}",
            ">" + self.scram(salt=twice[0], stored=twice[1], server=twice[2]),
            f" password='scram:{self.STORED},{self.SERVER},{self.SALT},4096'>",
            f" password='scram:{twice[1]},{twice[2]},{twice[0]},4096'>",
            " xmlns:p='http://prosody.im/protocol/extended-xep0227' p:iteration_count='4096' "
            f"p:salt='salt' p:stored_key='{hexed[0]}' p:server_key='{hexed[1]}'>",
            " password='pencil'>"]
        users = "".join(f"<user name='u{i}'{form}</user>" for i, form in enumerate(forms))
        self.assertEqual(self.imported(self.write_users(users))[1][0],
                         f"{len(forms)} accounts were made, 0 were not")
        for i in range(len(forms)):
            Client(self, self.port, f"u{i}@example.org", "pencil")

    def test_credentials_that_prove_nothing_make_no_account(self):
        self.serve()
        length = "the keys of its credentials have a wrong length"
        number = "the iterations of its credentials are no number that can be"
        for credentials, why in (
                (self.scram(stored="6dlGYMOdZcOPutkcNY8U2g7vK9Y"), "its credentials are not in base64"),
                (self.scram(server="*"), "its credentials are not in base64"),
                (self.scram(salt=""), "the salt of its credentials has a wrong length"),
                (self.scram(server="AAAA"), length), (self.scram(stored="AAAA"), length),
                (self.scram("SCRAM-SHA-256"), length), (self.scram(count="0"), number),
                (self.scram(count="-1"), number), (self.scram(count="9" * 30), number),
                (self.scram("SCRAM-MD5"), "its credentials are of a mechanism that is not known here")):
            self.take(f"<user name='juliet'>{credentials}</user>",
                      f"users.xml:2: juliet@example.org: {why}", "users.xml:2: juliet@example.org: "
                      "not made: it has neither credentials nor a password", self.NONE)
        for password in ("scram:", "scram:a,b,c,d,e,f", f"scram:md5,{self.STORED},b,c,4096"):
            self.assertEqual(self.imported(self.write_users(
                f"<user name='juliet' password='{password}'/>"))[0], 1)

    # --- privacy lists

    def test_of_privacy_lists_the_part_that_blocks_is_taken_over(self):
        self.serve()
        self.take(
            "<user name='juliet' password='x'><query xmlns='jabber:iq:privacy'><default name='d'/>\n"
            "<list name='other'/>\n<list name='d'>\n"
            "<item type='jid' value='behind@example.net' action='deny' order='10'/>\n"
            "<item type='jid' value='a@example.net' action='deny' order='2'/>\n"
            "<item type='jid' value='b@example.net' action='deny' order='1'><message/><iq/>"
            "<presence-in/><presence-out/></item>\n"
            "<item type='jid' value='c@example.net' action='deny' order='3'><message/></item>\n"
            "<item type='subscription' value='none' action='deny' order='4'/>\n"
            "<item type='jid' value='@' action='deny' order='5'/>\n"
            "<item type='jid' value='friend@example.net' action='allow' order='6'/>\n"
            "<item action='deny' order='11'/></list></query></user>",
            *(f"users.xml:{line}: juliet@example.org: not taken over: {what}" for line, what in (
                (3, "<list/> `other` of privacy lists: it is not the default one"),
                (8, "<item/> `c@example.net` of privacy lists: it is not of all stanzas"),
                (9, "<item/> `none` of privacy lists: it is not of an address"),
                (11, "<item/> `friend@example.net` of privacy lists: it allows somebody, and what "
                 "stands behind it is not taken over"),
                (5, "<item/> `behind@example.net` of privacy lists: it stands behind what is allowed"),
                (12, "<item/> `` of privacy lists: it stands behind what is allowed"),
                (2, "it makes no sense"))), self.ONE)
        self.assertIn("<blocklist xmlns='urn:xmpp:blocking'><item jid='a@example.net'/>"
                      "<item jid='b@example.net'/></blocklist>", self.exported("juliet@example.org"))

    # --- many files

    def write_document(self, *includes, name="all/main.xml"):
        return self.write(name, "<server-data xmlns='urn:xmpp:pie:0' "
                          "xmlns:xi='http://www.w3.org/2001/XInclude'>\n" + "".join(
                              f"<xi:include href='{href}'/>\n" for href in includes) +
                          "</server-data>")

    def write_parts(self):
        """As XEP-0227 5.1 lays them out."""
        xi = "xmlns='urn:xmpp:pie:0' xmlns:xi='http://www.w3.org/2001/XInclude'"
        self.write("all/example.org.xml", f"<host {xi} jid='example.org'>"
                   "<xi:include href='example.org/juliet.xml'/>\n"
                   "<xi:include href='example.org/ro%6deo.xml'><xi:fallback><user/></xi:fallback>"
                   "</xi:include><user name='nurse' password='x'/></host>")
        self.write("all/example.org/juliet.xml", f"<user {xi} name='juliet' password='x'>\n"
                   "<xi:include href='roster.part'/><query xmlns='jabber:iq:private'>"
                   "<x xmlns='urn:x'><xi:include href='../../secret'/></x></query></user>")
        self.write("all/example.org/roster.part", "<query xmlns='jabber:iq:roster'>"
                   "<item jid='a@example.net'/></query>")
        self.write("all/example.org/romeo.xml", f"<user {xi} name='romeo' password='x'/>")

    def test_a_document_in_many_files_is_read_from_its_main_file_or_folder(self):
        self.serve()
        self.write_parts()
        self.write_document("example.org.xml")
        for path in ("all", "all/main.xml"):
            self.assertEqual(self.imported(self.path(path)),
                             (0, ["3 accounts were made, 0 were not"]))
            told = self.exported("juliet@example.org")
            self.assertIn("<item jid='a@example.net' subscription='none'/>", told)
            self.assertIn("href='../../secret'/>", told)     # the user's own data
            for name in ("juliet", "romeo", "nurse"):
                self.ctl("user", "del", f"{name}@example.org")

    def test_a_fault_in_one_file_leaves_the_others_alone(self):
        self.serve()
        self.write_parts()
        self.write("all/example.org/juliet.xml", "<user xmlns='urn:xmpp:pie:0' name='juliet'>\n<x>")
        self.write_document("example.org.xml")
        self.write("all/zebra.xml", "<server-data xmlns='urn:xmpp:pie:0'>\n<")
        self.write("all/part.xml", "<user xmlns='urn:xmpp:pie:0' name='lonely' password='x'/>")
        self.assertEqual(self.imported(self.path("all")), (1, [
            "all/example.org/juliet.xml:2: no element found",
            "all/example.org/juliet.xml:1: juliet@example.org: not made: its part of the file is not "
            "whole", "all/zebra.xml:2: unclosed token",
            "all/part.xml: it is a part of a document, and no file here includes it",
            "2 accounts were made, 1 were not"]))

    def test_files_do_not_lead_elsewhere(self):
        self.serve()
        secret = self.write("secret.xml", "<host xmlns='urn:xmpp:pie:0' jid='example.org'>"
                            "<user name='secret' password='x'/></host>")
        self.write_document()
        os.symlink(secret, self.path("all/link"))
        os.mkfifo(self.path("all/pipe"))
        relative = "only files with relative paths are included"
        outside = "it lies outside of the document's folder"
        for href, why in (
                ("../secret.xml", outside), ("link", outside), ("%2e%2e/secret.xml", outside),
                (secret, relative), (f"file://{secret}", relative), ("http://[::1]/x", relative),
                ("x?y", relative), ("a%00", relative), ("%", relative), ("", relative),
                ("nothing.xml", "No such file or directory"), ("pipe", "it is no file"),
                (".", outside), ("main.xml", "it has been read before")):
            self.write_document(href)
            self.assertEqual(self.imported(self.path("all/main.xml")), (1, [
                f"all/main.xml:2: `{href.replace(self.folder + '/', '')}` is not included: {why}",
                "0 accounts were made, 0 were not"]))
        self.assertEqual(self.ctl("user", "list", "example.org").stdout.splitlines()[1:], [])

    def test_files_that_include_each_other_end(self):
        self.serve()
        chain = "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='{}'/>"
        self.write_document("a")
        self.write("all/a", f"<host xmlns='urn:xmpp:pie:0' jid='example.org'>{chain.format('b')}"
                   f"{chain.format('b')}</host>")
        self.write("all/b", "<user xmlns='urn:xmpp:pie:0' name='juliet' password='x'>"
                   f"{chain.format('a')}</user>")
        self.assertEqual(self.imported(self.path("all")), (1, [
            "all/b:1: `a` is not included: it has been read before",
            "all/a:1: `b` is not included: it has been read before", self.ONE]))
        self.ctl("user", "del", "juliet@example.org")
        self.write_document("c0")
        for number in range(40):
            self.write(f"all/c{number}", chain.format(f"c{number + 1}"))
        self.assertEqual(self.imported(self.path("all/main.xml")), (1, [
            "all/c14:1: `c15` is not included: too many files include each other",
            "0 accounts were made, 0 were not"]))

    def test_only_whole_files_are_included(self):
        self.serve()
        path = self.write("users.xml", "<server-data xmlns='urn:xmpp:pie:0' "
                          "xmlns:xi='http://www.w3.org/2001/XInclude'>"
                          "<xi:include href='a' parse='text'/>\n<xi:include href='a' xpointer='b'/>\n"
                          "<xi:include/></server-data>")
        self.assertEqual(self.imported(path)[1][:3], [
            "users.xml:1: `a` is not included: only whole files of XML are included",
            "users.xml:2: `a` is not included: only whole files of XML are included",
            "users.xml:3: `` is not included: it names no file"])

    def test_a_pipe_is_read_and_includes_nothing(self):
        self.serve()
        with open(self.write_document("a"), encoding="utf-8") as file:
            done = self.ctl("user", "import", "-", stdin=file)
        self.assertEqual(done.stdout.splitlines()[0],
                         "-:2: `a` is not included: what comes through a pipe cannot include files")

    def test_what_is_not_there_cannot_be_read(self):
        self.serve()
        os.mkdir(self.path("empty"))
        self.assertIn("No such file", self.refused("user", "import", self.path("nothing.xml")))
        self.assertIn("no .xml files", self.refused("user", "import", self.path("empty")))

    # --- others'

    def check_move(self, name, has_rest=True):
        """Juliet finds everything with her old password."""
        before = juliet_in(os.path.join(EXPORTS, name))
        juliet = self.enter("juliet@example.org")
        roster = juliet.payload("<query xmlns='jabber:iq:roster'/>")
        self.assertEqual({item.get("jid"): (item.get("name"), item.get("subscription"),
                                            item.get("ask"), {group.text for group in item})
                          for item in roster}, {
            "romeo@example.org": ("Romeo & his <3", "both", None, {"Friends", "Montagües"}),
            "mother@example.com": ("Mother", "none", None, set()),
            "iago@example.org": (None, "none", "subscribe", set())})
        private = juliet.payload("<query xmlns='jabber:iq:private'><exodus xmlns='exodus:prefs'/>"
                                 "</query>")
        self.assertEqual(private.find(".//{exodus:prefs}defaultnick").text, "Julie")
        if has_rest:
            self.check_rest(juliet, before)
        self.check_archive(juliet, before)

    def check_rest(self, juliet, before):
        vcard = juliet.payload("<vCard xmlns='vcard-temp'/>")
        self.assertEqual((vcard.find("{vcard-temp}FN").text, vcard.find("{vcard-temp}DESC").text),
                         ("Juliet Capulet", '<3 & "more" ä'))
        self.assertEqual(set(vcard.find("{vcard-temp}PHOTO").itertext()),
                         {"image/gif", "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="})
        blocked = juliet.payload("<blocklist xmlns='urn:xmpp:blocking'/>")
        self.assertEqual({item.get("jid") for item in blocked},
                         {"tybalt@example.com", "spam.example"})
        prefs = juliet.payload("<prefs xmlns='urn:xmpp:mam:2'/>")
        self.assertEqual((prefs.get("default"), *("".join(list_.itertext()) for list_ in prefs)),
                         ("always", "romeo@example.org", "montague@example.com"))
        heard = juliet.hear("<presence/>", "(?s)Art thou.*night.*</message>")
        request = heard.find(CLIENT + "presence[@type='subscribe']")
        self.assertEqual((request.get("from"), request.find(CLIENT + "status").text),
                         ("nurse@example.org", "Madam!"))
        self.assertEqual(list(map(told, heard.findall(CLIENT + "message"))),
                         list(map(told, before.find(DATA + "offline-messages"))))

    def check_archive(self, juliet, before):
        """Page by page, four messages each."""
        found, after = [], ""
        while True:
            heard = juliet.ask("<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/"
                               f"rsm'><max>4</max>{after}</set></query>", "set")
            page = heard.findall(".//{urn:xmpp:mam:2}result")
            found += page
            if heard[-1][0].get("complete") == "true":
                break
            after = f"<after>{page[-1].get('id')}</after>"
        kept = before.findall(".//{urn:xmpp:mam:2}result")
        self.assertEqual(len(kept), 10)
        self.assertEqual(list(map(told, found)), list(map(told, kept)))

    def test_accounts_of_Prosody_come_from_its_exporter(self):
        self.serve()
        self.assertEqual(self.imported(os.path.join(EXPORTS, "prosody")), (0, [
            "5 accounts were made, 0 were not",
            "4 can log in with one mechanism alone: ternctl(8) says what to do"]))
        self.check_move("prosody")
        self.enter("romeo@example.net")
        self.connect(self.port, "romeo", PASSWORDS["romeo"])    # with PLAIN
        with self.assertRaises(PermissionError):
            self.connect(self.port, "romeo", "wrong")

    def test_accounts_of_Prosody_come_from_its_migrator(self):
        self.serve()
        self.assertEqual(self.imported(os.path.join(EXPORTS, "prosody-migrator"))[0], 0)
        self.check_move("prosody-migrator", has_rest=False)
        self.assertIn("from='nurse@example.org' type='subscribe'", self.exported("juliet@example.org"))

    def check_ejabberd(self, source):
        folder = self.path("joined")
        done = subprocess.run([EJABBERD_ARCHIVES, os.path.join(EXPORTS, "ejabberd"), folder,
                               f"example.org={source}"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        self.serve()
        status, lines = self.imported(folder)
        self.assertEqual((status, [line.split(": ", 1)[1] for line in lines[:2]], lines[2:]), (1, [
            "romeo@example.org: not taken over: <item/> `nosy.example` of privacy lists: "
            "it is not of all stanzas",
            "romeo@example.org: not taken over: <item/> `Foes` of privacy lists: "
            "it is not of an address"], [
            "5 accounts were made, 0 were not",
            "4 can log in with one mechanism alone: ternctl(8) says what to do"]))
        juliet = self.enter("juliet@example.org")
        self.check_rest(juliet, juliet_in(folder))
        self.check_archive(juliet, juliet_in(folder))
        romeo = self.enter("romeo@example.org").payload("<blocklist xmlns='urn:xmpp:blocking'/>")
        self.assertEqual([item.get("jid") for item in romeo], ["paris@example.com"])
        self.enter("romeo@example.net")

    def test_what_is_damaged_in_a_dump_stays_behind_alone(self):
        names = "INSERT INTO archive(username, timestamp, xml) VALUES ('juliet', {}, '{}');\n"
        bodies = ("<message><body>1;\n--2</body></message>", "<message><body>", "<message/><x/>",
                  "<x:message/>", "<!DOCTYPE a><message/>", "\1", "<message><body>it''s</body></message>")
        dump = self.write("dump.sql", "-- x\ndrop table archive;\n" + "".join(
            names.format(9 - number, body) for number, body in enumerate(bodies)) +
            "INSERT INTO archive_prefs(username, def, always, never) VALUES ('juliet', 'roster', "
            "'[{<<\"a\\\"b\">>,<<\"x.y\">>,<<>>},{<<195,164>>,<<\"x.y\">>,<<\"r&\">>}]', '[\1]');\n")
        self.write("all/host.xml", "<host xmlns='urn:xmpp:pie:0' jid='example.org'>"
                   "<user name='juliet' password='x'/><user name='romeo'></user></host>")
        done = subprocess.run([EJABBERD_ARCHIVES, self.path("all"), self.path("joined"),
                               f"example.org={dump}", f"example.net={dump}"],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr.splitlines()), (1, [
            f"no file in {self.path('all')} is of the host example.net",
            "4 archived messages or wishes are damaged and were left out"]))
        juliet = juliet_in(self.path("joined"))
        self.assertEqual([body.text for body in juliet.iter(CLIENT + "body")],
                         ["it's", "1;\n--2"])
        self.assertEqual([jid.text for jid in juliet.iter("{urn:xmpp:mam:2}jid")],
                         ['a"b@x.y', "ä@x.y/r&"])

    def test_accounts_of_ejabberd_come_with_archives_of_a_dump(self):
        self.check_ejabberd(os.path.join(EXPORTS, "ejabberd/archives.sql"))

    def test_accounts_of_ejabberd_come_with_archives_of_a_database(self):
        with open(os.path.join(EXPORTS, "ejabberd/archives.sql"), encoding="utf-8") as file:
            rows = [line for line in file if line.startswith("INSERT INTO archive")]
        database = sqlite3.connect(self.path("archive.db"))
        database.executescript("""
            create table archive(username text, timestamp bigint, peer text, bare_peer text, xml text,
                txt text, id integer primary key, kind text, nick text, server_host text);
            create table archive_prefs(username text, def text, always text, never text,
                server_host text);""" + "".join(rows) + """
            update archive set server_host = 'example.org';
            insert into archive select username, timestamp, peer, bare_peer, xml, txt, id + 1000, kind,
                nick, 'example.com' from archive;""")
        database.commit()
        self.check_ejabberd(self.path("archive.db"))


def told(element):
    """Bodies with their languages, who said them, and when, to the second."""
    message = element if element.tag == CLIENT + "message" else element.find(f".//{CLIENT}message")
    delay = element.findall(f".//{DELAY}delay")[-1]
    return (message.get("from"), message.get("to"), message.get("id"), delay.get("stamp")[:19],
            [(body.get("{http://www.w3.org/XML/1998/namespace}lang"), body.text)
             for body in message.findall(CLIENT + "body")])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
