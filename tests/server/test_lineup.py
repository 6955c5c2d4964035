#!/usr/bin/python3
# test_lineup.py - modules that come and go under a running server, with sessions logged in
# SPDX-License-Identifier: MIT

import json
import re
import socket
import sys
import threading
import unittest

from daemon import TERND, Daemon

NS_MAM = "urn:xmpp:mam:2"
END = "<iq type='get' id='{}'><query xmlns='urn:x'/></iq>"


def keeps_what_is_freed():
    """As AddressSanitizer does, which finds what is lost by itself."""
    with open(TERND, "rb") as file:
        return b"__asan_init" in file.read()


class Lineup(Daemon):
    number = 0

    def serve(self, modules, *names, options=""):
        """A server with accounts; answers its port."""
        self.listed = ", ".join(f'"{module}"' for module in modules)
        self.write_config(change=lambda text: text.replace(
            'host.key"\n', f'host.key"\n    modules = {{{self.listed}}}\n{options}'))
        port = self.start()["listeners"][0]["port"]
        self.add_users(*names)
        return port

    def list_modules(self, *modules, options=""):
        """In the file; a reload finds them."""
        before, self.listed = self.listed, ", ".join(f'"{module}"' for module in modules)
        self.change_config(f"modules = {{{before}}}", f"modules = {{{self.listed}}}{options}")

    def modules(self):
        return [row[1] for row in self.rows("module", "list")]

    def load(self, name):
        self.assertEqual(self.rows("module", "load", "example.org", name),
                         [["example.org", name]])

    def unload(self, name):
        self.assertEqual(self.rows("module", "unload", "example.org", name),
                         [["example.org", name]])

    def outcomes(self):
        return {what: outcome for what, outcome in self.rows("config", "reload")
                if "certificate" not in what}

    def hear(self, client, text=""):
        """Says it; answers all that comes until the server has dealt with it."""
        self.number += 1
        return self.talk(client, text + END.format(f"end{self.number}"),
                         f"<iq [^>]*id='end{self.number}'.*</iq>")

    def online(self, port, name):
        client = self.connect(port, name)
        self.hear(client, "<presence/>")
        return client

    def ask(self, client, payload, kind="get"):
        return self.hear(client, f"<iq type='{kind}' id='q'>{payload}</iq>")

    # --- by hand

    def test_what_a_module_claims_appears_and_disappears(self):
        port = self.serve(["presence", "message", "disco"], "romeo")
        client = self.online(port, "romeo")
        query = ("<iq type='get' id='q' to='example.org'>"
                 "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
        before = self.hear(client, query)
        self.assertNotIn("msgoffline", before)
        self.assertNotIn("offline list", self.ctl("help").stdout)
        self.load("offline")
        self.assertEqual(self.modules(), ["presence", "message", "disco", "offline"])
        self.assertIn("msgoffline", self.hear(client, query))
        self.assertIn("offline list", self.ctl("help").stdout)
        self.assertIn("offline_kept", self.ctl("stats").stdout)
        self.assertEqual(self.rows("offline", "list", "romeo@example.org"), [])
        self.unload("offline")
        self.assertNotIn("msgoffline", self.hear(client, query))
        self.assertNotIn("offline list", self.ctl("help").stdout)
        self.assertNotIn("offline_kept", self.ctl("stats").stdout)
        self.assertIn("no command", self.refused("offline", "list", "romeo@example.org"))

    def test_new_streams_are_offered_what_there_is_now(self):
        port = self.serve(["presence", "message"], "romeo")
        self.load("csi")
        client = self.connect(port, "romeo")
        self.hear(client, "<inactive xmlns='urn:xmpp:csi:0'/>")
        self.unload("csi")
        self.hear(client, "<active xmlns='urn:xmpp:csi:0'/>")  # it was offered

    def test_what_cannot_be_is_refused_and_changes_nothing(self):
        self.serve(["presence", "message"])
        for words, why in (
                (("load", "example.org", "offlne"), "there is no module `offlne`.*`offline`"),
                (("load", "example.org", "message"), "has the module `message` already"),
                (("unload", "example.org", "offline"), "does not have the module `offline`"),
                (("load", "example.net", "offline"), "example.net"),
                (("load", "example.org", "../x"), "there is no module"),
                (("unload", "example.org"), "usage: module unload HOST NAME")):
            self.assertRegex(self.refused("module", *words), why)
        self.assertEqual(self.modules(), ["presence", "message"])

    # --- by a reload

    def test_a_reload_brings_the_modules_that_are_listed(self):
        port = self.serve(["presence", "message", "offline"], "romeo")
        client = self.online(port, "romeo")
        self.list_modules("message", "presence", "ping", "disco")
        changes = {"host example.org module ping": "loaded",
                   "host example.org module disco": "loaded",
                   "host example.org module offline": "unloaded",
                   "host example.org modules": "applied"}
        self.assertEqual(dict(self.rows("config", "check")), changes)
        self.assertEqual(self.modules(), ["presence", "message", "offline"])
        self.assertEqual(self.outcomes(), changes)
        self.assertEqual(self.modules(), ["message", "presence", "ping", "disco"])
        self.assertIn("type='result'", self.ask(client, "<ping xmlns='urn:xmpp:ping'/>"))
        self.assertEqual(self.outcomes(), {})

    def test_a_reload_ends_what_was_done_by_hand(self):
        self.serve(["presence", "message", "offline"])
        self.load("ping")
        self.unload("offline")
        self.assertEqual(self.outcomes(), {"host example.org module ping": "unloaded",
                                           "host example.org module offline": "loaded"})
        self.assertEqual(self.modules(), ["presence", "message", "offline"])

    def test_one_that_does_not_load_keeps_all_as_it_was(self):
        self.serve(["presence", "message", "offline"])
        self.list_modules("presence", "ping", "mam",
                          options='\n    module "mam" { default = "sometimes" }')
        done = self.ctl("config", "reload")
        self.assertRegex(done.stdout, "host example.org modules +"
                         "failed: module `mam` (does not load|.*default)")
        self.assertNotIn("loaded", done.stdout)
        self.assertEqual(done.returncode, 1)  # and so says the service manager
        self.assertEqual(self.modules(), ["presence", "message", "offline"])

    def test_a_module_comes_back_with_its_options(self):
        port = self.serve(["presence", "message", "offline"], "romeo", "juliet",
                          options='    module "offline" { limit = 1 }\n')
        self.unload("offline")
        self.load("offline")
        client = self.online(port, "romeo")
        heard = self.hear(client, 2 * "<message to='juliet@example.org' type='chat' id='m'>"
                          "<body>x</body></message>" + self.asked_of("juliet"))
        self.assertIn("<service-unavailable", heard)
        self.assertEqual(len(self.rows("offline", "list", "juliet@example.org")), 1)

    def asked_of(self, name):
        return f"<iq type='get' id='of' to='{name}@example.org'><query xmlns='urn:x'/></iq>"

    # --- while something is under way

    def test_csi_gives_what_it_keeps_back_when_it_goes(self):
        port = self.serve(["presence", "message", "csi"], "romeo")
        hidden = self.online(port, "romeo")
        self.hear(hidden, "<inactive xmlns='urn:xmpp:csi:0'/>")
        other = self.connect(port, "romeo")
        self.hear(other, "<presence><status>here</status></presence>")
        self.unload("csi")
        self.assertIn("<status>here</status>", self.talk(hidden, "", "here"))
        self.hear(other, "<presence><status>there</status></presence>")
        self.assertIn("there", self.talk(hidden, "", "there"))

    def test_queries_of_an_archive_that_goes_are_answered(self):
        port = self.serve(["presence", "message", "mam", "offline"], "romeo", "juliet")
        juliet, romeo = self.online(port, "juliet"), self.online(port, "romeo")
        chat = "".join(f"<message to='juliet@example.org' type='chat' id='m{number}'>"
                       f"<body>word {number}</body></message>" for number in range(100))
        for _ in range(5):
            heard = []
            reader = threading.Thread(target=lambda: heard.append(
                self.talk(juliet, "", "<iq [^>]*id='last'.*</iq>")))
            reader.start()
            juliet.sendall("".join(
                f"<iq type='set' id='query{number}'><query xmlns='{NS_MAM}'/></iq>"
                for number in range(40)).encode())
            romeo.sendall(chat.encode())
            self.unload("mam")
            self.load("mam")
            self.hear(romeo, self.asked_of("juliet"))
            juliet.sendall(END.format("last").encode())
            reader.join(30)
            self.assertFalse(reader.is_alive(), "the end does not come")
            answers = re.findall(r"<iq [^>]*id='query(\d+)'", heard[0])
            self.assertEqual(sorted(answers, key=int), [str(number) for number in range(40)])
            for number in range(100):
                self.assertIn(f"word {number}<", heard[0])

    def test_a_roster_that_comes_late_knows_who_is_there(self):
        port = self.serve(["presence", "message"], "romeo", "juliet")
        romeo, juliet = self.online(port, "romeo"), self.online(port, "juliet")
        self.assertIn("service-unavailable", self.ask(romeo, "<query xmlns='jabber:iq:roster'/>"))
        self.load("roster")
        self.ask(juliet, "<query xmlns='jabber:iq:roster'/>")
        self.hear(romeo, "<presence to='juliet@example.org' type='subscribe'/>")
        self.talk(juliet, "", "type='subscribe'")
        self.hear(juliet, "<presence to='romeo@example.org' type='subscribed'/>")
        self.talk(romeo, "", "<presence from='juliet@example.org/")
        self.unload("roster")
        self.load("roster")
        self.assertIn("subscription='to'", self.ask(romeo, "<query xmlns='jabber:iq:roster'/>"))

    def test_offline_messages_wait_for_their_module(self):
        port = self.serve(["presence", "message", "offline"], "romeo", "juliet")
        romeo = self.online(port, "romeo")
        self.hear(romeo, "<message to='juliet@example.org' type='chat'><body>waits</body>"
                  "</message>" + self.asked_of("juliet"))
        self.unload("offline")
        juliet = self.online(port, "juliet")
        self.assertNotIn("waits", self.hear(juliet))
        self.load("offline")
        self.talk(juliet, "", "waits")
        self.hear(juliet)
        self.assertEqual(self.rows("offline", "list", "juliet@example.org"), [])

    # --- many times

    def order(self, *words):
        """As ternctl asks, without its process."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(self.path("control"))
            control.sendall("".join(word + "\0" for word in words).encode() + b"\0")
            with control.makefile(encoding="utf-8") as answer:
                return json.loads(answer.readline())

    def memory(self):
        return next(int(row[1]) for row in self.order("stats")["rows"] if row[0] == "memory_bytes")

    def test_a_thousand_times_under_traffic_and_no_memory_grows(self):
        port = self.serve(["roster", "presence", "message", "offline", "csi", "mam"],
                          "romeo", "juliet")
        juliet, romeo = self.online(port, "juliet"), self.online(port, "romeo")
        is_over, arrived = threading.Event(), []
        self.order("log", "level", "warning")  # nobody reads it

        def chatter():
            number = 0
            while not is_over.is_set():
                heard = self.talk(romeo, f"<message to='juliet@example.org' type='chat'><body>n"
                                  f"{number};</body></message>" + END.format(f"n{number}"),
                                  f"id='n{number}'")
                self.assertNotIn("type='error' from='juliet", heard)
                arrived.extend(re.findall(r"<body>n(\d+);", self.talk(
                    juliet, "<presence/>", f"<body>n{number};")))
                number += 1

        talker = threading.Thread(target=chatter)
        talker.start()
        sizes = []
        try:
            for cycle in range(1000):
                name = ("csi", "mam", "offline", "roster")[cycle % 4]
                self.assertNotIn("error", self.order("module", "unload", "example.org", name))
                self.assertNotIn("error", self.order("module", "load", "example.org", name))
                if cycle in (499, 999):
                    sizes.append(self.memory())
        finally:
            is_over.set()
            talker.join(30)
        self.assertFalse(talker.is_alive())
        self.assertEqual([int(number) for number in arrived], list(range(len(arrived))))
        self.assertGreater(len(arrived), 50)
        if not keeps_what_is_freed():
            self.assertLess(sizes[1] - sizes[0], 2 << 20, sizes)

    def test_of_many_reloads_one_configuration_is_left(self):
        def options(limit, default, behind=""):
            return (f'    module "offline" {{ limit = {limit} }}\n'
                    f'    module "mam" {{ default = "{default}" }}\n'
                    f'    resume-location = "n{limit}.example"\n{behind}')

        written, sizes = options(7, "always"), []
        self.serve(["presence", "message", "offline", "mam"], options=written)
        self.order("log", "level", "warning")  # nobody reads it
        for cycle in range(75):
            before, written = written, (
                written, options(cycle, "always"), options(7, "what does not load"),
                options(7, "never", '}\nlisten "needs a restart" { port = 0 '))[cycle % 4]
            self.change_config(before, written)
            for deed in ("unload", "load"):     # with the options in force
                self.assertNotIn("error", self.order("module", deed, "example.org", "offline"))
            self.assertNotIn("error", self.order("config", "check"))
            self.assertNotIn("error", self.order("config", "reload"))
            if cycle in (24, 74):
                sizes.append(self.memory())
        if not keeps_what_is_freed():
            self.assertLess(sizes[1] - sizes[0], 1 << 20, sizes)
        self.process.terminate()
        self.assertEqual(self.stopped()[1], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
