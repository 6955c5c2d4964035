#!/usr/bin/python3
# test_ternctl.py - what an administrator asks of a running server
# SPDX-License-Identifier: MIT

import base64
import hashlib
import hmac
import os
import signal
import subprocess
import sys
import time
import unittest
import xml.etree.ElementTree as xml

from daemon import TERNCTL, Daemon

COMPLETION = os.path.join(os.path.dirname(__file__), "../../contrib/ternctl.bash")
OFFLINE = 'host.key"\n    modules = {"presence", "message", "offline"}\n'


class Ternctl(Daemon):
    def serve(self, *names):
        """A server with accounts; answers its port."""
        self.write_config(change=lambda text: text.replace('host.key"\n', OFFLINE))
        port = self.start()["listeners"][0]["port"]
        self.add_users(*names)
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

    def test_tells_when_certificates_end(self):
        self.serve()
        ends = self.figures()['certificate_ends_seconds{host="example.org"}']
        self.assertTrue(1 < (ends - time.time()) / 86400 < 3, ends)

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
            self.assertRegex(line, r"^(# (TYPE|HELP) tern_[a-z_]+ .+|"
                             r"tern_[a-z_]+(\{host=\"[a-z.]+\"\})? \d+)$")

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

    # --- archives

    def serve_archives(self, count):
        self.write_config(change=lambda text: text.replace(
            'host.key"\n', 'host.key"\n    modules = {"presence", "message", "mam"}\n'))
        port = self.start()["listeners"][0]["port"]
        self.add_users("romeo", "juliet")
        client = self.connect(port, "romeo")
        self.send_and_wait(client, "".join(
            "<message to='juliet@example.org' type='chat'>"
            f"<body>{number} &lt; &quot;ä&apos;</body></message>" for number in range(count)))

    def test_an_archive_is_exported_whole_and_in_order(self):
        self.serve_archives(1100)
        done = self.ctl("archive", "export", "juliet@example.org", self.path("archive.xml"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(os.stat(self.path("archive.xml")).st_mode & 0o777, 0o600)
        data = xml.parse(self.path("archive.xml")).getroot()
        self.assertEqual(data.tag, "{urn:xmpp:pie:0}server-data")
        self.assertEqual(data[0].get("jid"), "example.org")
        self.assertEqual(data[0][0].get("name"), "juliet")
        results = data[0][0][0]
        self.assertEqual(results.tag, "{urn:xmpp:pie:0#mam}archive")
        bodies = [result.find(".//{jabber:client}body").text for result in results]
        self.assertEqual(bodies, [f"{number} < \"ä'" for number in range(1100)])
        ids = [result.get("id") for result in results]
        self.assertRegex(ids[0], "^[1-9][0-9]{15}-[0-9a-f]{16}$")
        self.assertEqual(ids, sorted(set(ids)))
        self.assertIn("File exists", self.refused("archive", "export", "juliet@example.org",
                                                  self.path("archive.xml")))

    def test_an_archive_is_measured_and_emptied(self):
        self.serve_archives(3)
        (messages, size, oldest, newest), = self.rows("archive", "stats", "juliet@example.org")
        self.assertEqual(messages, "3")
        self.assertGreater(int(size), 100)
        self.assertLess(oldest, newest)
        self.rows("archive", "purge", "juliet@example.org", "--all")
        self.assertEqual(self.rows("archive", "stats", "juliet@example.org"),
                         [["0", "0", "", ""]])
        self.assertEqual(self.rows("archive", "stats", "romeo@example.org")[0][0], "3")

    def test_the_archive_of_nobody_is_not_exported(self):
        self.serve_archives(0)
        self.assertIn("no such account", self.refused("archive", "export", "nobody@example.org",
                                                      self.path("archive.xml")))
        self.assertFalse(os.path.exists(self.path("archive.xml")))

    # --- an account in a file

    def exported(self, *arguments):
        done = self.ctl("user", "export", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        user = xml.fromstring(done.stdout)[0][0]
        return user, {child.tag for child in user}

    def test_all_that_an_account_has_is_exported(self):
        self.write_config(change=lambda text: text.replace(
            'host.key"\n', 'host.key"\n    modules = '
            '{"roster", "presence", "message", "offline", "mam"}\n'))
        port = self.start()["listeners"][0]["port"]
        for name in ("romeo", "juliet"):
            self.ctl("user", "add", f"{name}@example.org", "--password", "x")
        client = self.connect(port, "romeo")
        self.send_and_wait(client, "<message to='juliet@example.org' type='chat'><body>x</body>"
                           "</message><presence to='juliet@example.org' type='subscribe'/>")
        user, parts = self.exported("juliet@example.org")
        self.assertEqual(user.get("name"), "juliet")
        self.assertEqual(parts, {
            "{urn:xmpp:pie:0#scram}scram-credentials", "{jabber:iq:roster}query",
            "{jabber:client}presence", "{urn:xmpp:pie:0}offline-messages",
            "{urn:xmpp:pie:0#mam}archive"})
        scram = {one.get("mechanism"): one
                 for one in user.iter("{urn:xmpp:pie:0#scram}scram-credentials")}
        self.assertEqual(set(scram), {"SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"})
        keys = {child.tag.split("}")[1]: child.text for child in scram["SCRAM-SHA-1"]}
        self.assertEqual(keys["iter-count"], "4096")
        salted = hashlib.pbkdf2_hmac("sha1", b"x", base64.b64decode(keys["salt"]), 4096)
        client_key = hmac.digest(salted, b"Client Key", "sha1")
        self.assertEqual(base64.b64decode(keys["stored-key"]), hashlib.sha1(client_key).digest())
        self.assertEqual(base64.b64decode(keys["server-key"]),
                         hmac.digest(salted, b"Server Key", "sha1"))

    def test_offline_messages_are_exported_where_there_is_no_archive(self):
        port = self.serve("romeo", "juliet")
        client = self.connect(port, "romeo")
        self.send_and_wait(client, "<message to='juliet@example.org' type='chat'><body>x</body>"
                           "</message>")
        user, parts = self.exported("juliet@example.org")
        self.assertIn("{urn:xmpp:pie:0}offline-messages", parts)
        self.assertNotIn("{urn:xmpp:pie:0#mam}archive", parts)
        self.assertEqual(user.find(".//{jabber:client}body").text, "x")

    def test_nobody_is_not_exported(self):
        self.serve()
        self.assertIn("no such account", self.refused("user", "export", "nobody@example.org"))

    # --- accounts

    def test_a_disabled_account_ends_its_sessions_and_lets_nobody_in(self):
        port = self.serve("romeo")
        client = self.connect(port, "romeo")
        self.assertEqual(self.rows("user", "disable", "romeo@example.org"),
                         [["romeo@example.org"]])
        self.assertIn("<not-authorized", self.talk(client, " ", "</stream:stream>"))
        with self.assertRaisesRegex(PermissionError, "<account-disabled/>"):
            self.connect(port, "romeo")
        with self.assertRaisesRegex(PermissionError, "<not-authorized/>"):
            self.connect(port, "romeo", "wrong")

    def test_a_disabled_account_is_disabled_after_a_restart_until_it_is_enabled(self):
        self.serve("romeo")
        self.ctl("user", "disable", "romeo@example.org")
        self.ctl("stop")
        self.stopped()
        port = self.start()["listeners"][0]["port"]
        with self.assertRaisesRegex(PermissionError, "<account-disabled/>"):
            self.connect(port, "romeo")
        self.ctl("user", "enable", "romeo@example.org")
        self.connect(port, "romeo")

    def test_a_disabled_account_still_gets_messages(self):
        port = self.serve("romeo", "juliet")
        self.ctl("user", "disable", "juliet@example.org")
        client = self.connect(port, "romeo")
        self.send_and_wait(client, "<message to='juliet@example.org' type='chat'><body>x</body>"
                           "</message>")
        self.assertEqual(len(self.rows("offline", "list", "juliet@example.org")), 1)

    def test_nobody_cannot_be_disabled(self):
        self.serve()
        self.assertIn("there is no such account", self.refused("user", "disable",
                                                               "nobody@example.org"))

    def test_shows_an_account(self):
        port = self.serve("romeo")
        self.connect(port, "romeo")
        shown = dict(self.rows("user", "show", "romeo@example.org"))
        self.assertEqual((shown["jid"], shown["login"]), ("romeo@example.org", "enabled"))
        self.assertIn("127.0.0.1", shown["session"])
        self.ctl("user", "disable", "romeo@example.org")
        shown = dict(self.rows("user", "show", "romeo@example.org"))
        self.assertEqual(shown["login"], "disabled")
        self.assertNotIn("session", shown)
        self.assertIn("no such account", self.refused("user", "show", "nobody@example.org"))

    # --- hosts and modules

    def test_lists_hosts_and_modules(self):
        self.serve("romeo", "juliet")
        (domain, accounts, modules, ends), = self.rows("host", "list")
        self.assertEqual((domain, accounts, modules), ("example.org", "2", "3"))
        self.assertRegex(ends, r"^\d{4}-\d\d-\d\d$")
        self.assertEqual([row[:2] for row in self.rows("module", "list")],
                         [["example.org", name] for name in ("presence", "message", "offline")])

    # --- configuration

    def test_the_log_level_is_told_and_changed(self):
        self.serve()
        self.assertEqual(self.rows("log", "level"), [["info"]])
        self.assertEqual(self.rows("log", "level", "debug"), [["debug"]])
        self.assertEqual(self.rows("log", "level"), [["debug"]])
        self.assertIn("one of error, warning, info, debug", self.refused("log", "level", "loud"))

    def test_a_reload_says_what_it_took_over_and_what_it_could_not(self):
        self.serve()
        self.assertEqual(self.rows("config", "check"), [])
        self.change_config('shards = 2', 'shards = 1\nlimits { stanza-bytes = 20000 }\n'
                           'listen "more" { port = 5999 }')
        self.change_config('log {', 'log { level = "debug" ')
        checked = self.rows("config", "check")
        self.assertEqual(self.rows("log", "level"), [["info"]])
        outcomes = dict(self.rows("config", "reload"))
        self.assertEqual(outcomes.pop("host example.org certificate"), "applied")
        self.assertEqual(outcomes, {
            "shards": "needs a restart", "limits stanza-bytes": "applied",
            "log level": "applied", "listen more": "needs a restart"})
        self.assertEqual(dict(checked), outcomes)
        self.assertEqual(self.rows("log", "level"), [["debug"]])
        again = dict(self.rows("config", "reload"))
        self.assertEqual(set(again), {"shards", "listen more", "host example.org certificate"})

    def test_a_limit_holds_from_the_reload_on(self):
        port = self.serve("romeo")
        self.change_config('shards = 2', 'shards = 2\nlimits { resources-per-account = 1 }')
        self.connect(port, "romeo")
        self.rows("config", "reload")
        with self.assertRaises(EOFError):
            second = self.connect(port, "romeo")
            self.talk(second, "<message/>", "</never>")

    def test_options_of_modules_are_taken_over(self):
        port = self.serve("romeo", "juliet")
        self.change_config('"offline"}', '"offline"}\n    module "offline" { limit = 1 }')
        self.change_config('"offline"}', '"offline"} resume-location = "other.example:5222"')
        outcomes = dict(self.rows("config", "reload"))
        self.assertEqual(outcomes["host example.org module offline"], "applied")
        self.assertEqual(outcomes["host example.org resume-location"], "applied")
        client = self.connect(port, "romeo")
        heard = self.talk(client, 2 * "<message to='juliet@example.org' type='chat' id='m'>"
                          "<body>x</body></message>", "</message>")
        self.assertIn("<service-unavailable", heard)
        self.assertEqual(len(self.rows("offline", "list", "juliet@example.org")), 1)
        heard = self.talk(client, "<enable xmlns='urn:xmpp:sm:3' resume='1'/>", "/>")
        self.assertIn(" location='other.example:5222'", heard)

    def test_a_check_tells_of_a_renewed_certificate(self):
        self.serve()
        self.assertEqual(self.rows("config", "check"), [])
        self.make_certificate()
        renewed = [["host example.org certificate", "applied"]]
        self.assertEqual(self.rows("config", "check"), renewed)
        self.assertEqual(self.rows("config", "reload"), renewed)
        self.assertEqual(self.rows("config", "check"), [])

    def test_a_wrong_configuration_changes_nothing(self):
        self.serve()
        self.change_config("shards", "shard")
        refusal = self.refused("config", "reload")
        self.assertIn("unknown key `shard`", refusal)
        self.assertEqual(self.refused("config", "check"), refusal)
        self.assertEqual(self.ctl("status").returncode, 0)

    def test_a_signal_reloads_as_the_command_does(self):
        self.serve()
        self.change_config('log {', 'log { level = "debug" ')
        self.process.send_signal(signal.SIGHUP)
        self.await_log_line("read again")
        self.assertEqual(self.rows("log", "level"), [["debug"]])

    # --- completion

    def completed(self, *words):
        script = ('. "$0"; COMP_WORDS=(ternctl -c "$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); '
                  '_ternctl; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(
            ["bash", "-c", script, COMPLETION, self.path("tern.conf"), *words],
            capture_output=True, text=True, timeout=60,
            env={**os.environ, "PATH": os.path.dirname(TERNCTL) + ":" + os.environ["PATH"]})
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes_commands_of_the_tool_the_server_and_its_modules(self):
        self.serve()
        self.assertLessEqual({"user", "stats", "restore", "offline"}, set(self.completed("")))
        self.assertEqual(self.completed("offline", "l"), ["list"])
        self.assertEqual(self.completed("user", "dis"), ["disable"])
        for words in (("user", "list"), ("session", "list"), ("announce",), ("module", "unload")):
            self.assertEqual(self.completed(*words, ""), ["example.org"])
        self.assertEqual(self.completed("module", "unload", "example.org", "off"), ["offline"])
        self.assertEqual(self.completed("log", "level", "w"), ["warning"])
        self.assertEqual(self.completed("doctor", "--a"), ["--all"])
        self.assertEqual(self.completed("--j"), ["--json"])
        self.assertEqual(self.completed("user", "import", self.path("tern.c")), [self.path("tern.conf")])

    def test_the_usage_names_every_command_of_the_engine(self):
        self.serve()
        usage = self.ctl("--help").stdout
        for words, _, _ in self.rows("help"):
            if not words.startswith("offline"):
                self.assertIn(f"\n  {words.removesuffix(' --prometheus')}", usage)

    def test_what_the_tool_does_itself_says_how_it_is_used(self):
        for words, usage in ((("db", "check"), "db check DATA"), (("restore", "a"), "restore BACKUP DATA"),
                             (("doctor", "--al"), "doctor [--all]"), (("user", "import"), "user import PATH")):
            done = self.ctl(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(f"ternctl: usage: {usage}", done.stderr)
        for words, why in ((("--jason", "status"), "`--jason` is unknown"), (("-s",), "`-s` wants a value")):
            done = self.ctl(*words)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"ternctl: the option {why}", done.stderr)

    def test_an_empty_line_is_no_password(self):
        done = self.ctl("user", "add", "romeo@example.org", input="\n")
        self.assertEqual((done.returncode, done.stderr), (1, "ternctl: no password was given\n"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
