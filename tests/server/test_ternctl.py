#!/usr/bin/python3
# test_ternctl.py - what an administrator asks of a running server
# SPDX-License-Identifier: MIT

import sys
import unittest

from daemon import Daemon

OFFLINE = 'host.key"\n    modules = {"presence", "message", "offline"}\n'


class Ternctl(Daemon):
    def serve(self, *names):
        """A server with accounts; answers its port."""
        self.write_config(change=lambda text: text.replace('host.key"\n', OFFLINE))
        port = self.start()["listeners"][0]["port"]
        for name in names:
            self.ctl("user", "add", f"{name}@example.org", "--password", "x")
        return port

    def figures(self):
        return {row[0]: int(row[1]) for row in self.rows("stats")}

    def send_and_wait(self, client, text):
        """Behind what was sent comes an iq, whose answer says that it has been dealt with."""
        self.talk(client, text + "<iq type='get' id='end' to='juliet@example.org'>"
                  "<query xmlns='urn:x'/></iq>", "id='end'")

    # --- stats

    def test_counts_sessions_and_stanzas(self):
        port = self.serve("romeo")
        before = self.figures()
        self.assertEqual((before["sessions"], before["streams"]), (0, 0))
        client = self.connect(port, "romeo")
        self.send_and_wait(client, "<message to='juliet@example.org'><body>x</body></message>")
        after = self.figures()
        self.assertEqual((after["sessions"], after["streams"], after["sessions_bound"]), (1, 1, 1))
        self.assertEqual((after["stanzas_received"], after["messages_received"]), (2, 1))
        self.assertEqual((after["receipts_open"], after["receipts_old"]), (0, 0))
        self.assertGreater(after["commits"], 0)
        self.assertGreater(after["memory_bytes"], 1 << 20)

    def test_counts_failed_logins(self):
        port = self.serve("romeo")
        with self.assertRaises(PermissionError):
            self.connect(port, "romeo", "wrong")
        self.assertEqual(self.figures()["logins_failed"], 1)

    def test_speaks_openmetrics(self):
        self.serve()
        lines = self.ctl("stats", "--prometheus").stdout.splitlines()
        self.assertIn("tern_sessions 0", lines)
        self.assertIn("# TYPE tern_stanzas_received counter", lines)
        self.assertIn("tern_stanzas_received_total 0", lines)
        self.assertEqual(lines[-1], "# EOF")
        named = [line.split()[2] for line in lines if line.startswith("# TYPE")]
        self.assertEqual(len(named), len(set(named)))
        for line in lines[:-1]:
            self.assertRegex(line, r"^(# (TYPE|HELP) tern_[a-z_]+ .+|tern_[a-z_]+ \d+)$")

    # --- commands of modules

    def test_a_modules_command_runs_at_the_account(self):
        port = self.serve("romeo", "juliet")
        client = self.connect(port, "romeo")
        self.send_and_wait(client, "<message to='juliet@example.org' type='chat'><body>x</body>"
                           "</message>")
        (since, sender), = self.rows("offline", "list", "juliet@example.org")
        self.assertEqual(sender, "romeo@example.org")
        self.assertRegex(since, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual(self.figures()["offline_kept"], 1)
        self.assertEqual(self.rows("offline", "delete", "juliet@example.org"),
                         [["juliet@example.org"]])
        self.assertEqual(self.rows("offline", "list", "juliet@example.org"), [])

    def test_a_modules_command_wants_an_account_that_is_there(self):
        self.serve()
        self.assertEqual(self.refused("offline", "list", "nobody@example.org"),
                         "ternctl: nobody@example.org: there is no such account\n")
        self.assertEqual(self.refused("offline", "list"),
                         "ternctl: usage: offline list JID\n")
        self.assertIn("offline list", self.ctl("help").stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
