#!/usr/bin/python3
# test_ternd.py - the daemon and its tool from outside: start, answers, signals, refusals
# SPDX-License-Identifier: MIT

import json
import os
import signal
import subprocess
import sys
import unittest

from daemon import MODULES, TERND, Daemon


class Ternd(Daemon):
    # --- configuration

    def test_check_is_silent_when_all_is_well(self):
        done = subprocess.run([TERND, "-c", self.path("tern.conf"), "--check"],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_check_and_start_say_the_same_one_line(self):
        self.write_config(change=lambda text: text.replace("shards", "shard"))
        line = f"{self.path('tern.conf')}:6: unknown key `shard` (did you mean `shards`?)\n"
        self.assertEqual(self.refusal("--check"), line)
        self.assertEqual(self.refusal(), line)

    def test_check_tells_all_faults(self):
        self.write_config(change=lambda text: text.replace("shards", "shard").replace(
            "127.0.0.1", "localhost"))
        lines = self.refusal("--check").splitlines()
        self.assertEqual([line.removeprefix(self.path("tern.conf")) for line in lines], [
            ":6: unknown key `shard` (did you mean `shards`?)",
            ":8: `address`: `localhost` is no IP address (nor `*` for all)"])

    def test_a_reload_tells_all_faults_a_line_each(self):
        self.start()
        self.write_config(change=lambda text: text.replace("shards", "shard").replace(
            "127.0.0.1", "localhost"))
        self.process.send_signal(signal.SIGHUP)
        self.await_log_line("tern.conf:6: unknown key `shard`")
        self.await_log_line("tern.conf:8: `address`")
        self.assertEqual(self.refused("config", "check").count("tern.conf:"), 2)

    def test_options_of_modules_are_checked_before_they_run(self):
        self.write_config(change=lambda text: text.replace(
            "host.key\"\n", "host.key\"\n module \"offline\" { limti = 3 }\n"))
        self.assertIn("unknown key `limti` in module `offline` (did you mean `limit`?)",
                      self.refusal("--check"))

    def test_an_address_of_a_contact_is_a_uri(self):
        self.write_config(change=lambda text: text.replace(
            "host.key\"\n", "host.key\"\n module \"disco\" { abuse-addresses = {\"a@b\"} }\n"))
        self.assertIn("`abuse-addresses`: `a@b` is not a URI such as mailto:abuse@example.org",
                      self.refusal("--check"))

    def test_a_module_that_is_none_is_refused(self):
        os.mkdir(self.path("modules"))
        with open(self.path("modules/ping.so"), "w", encoding="utf-8") as file:
            file.write("not a library")
        self.write_config(change=lambda text: text.replace(MODULES, self.path("modules")).replace(
            "host.key\"\n", "host.key\"\n modules = {ping}\n"))
        self.assertIn("module `ping`", self.refusal("--check"))
        self.assertIn("cannot be used", self.refusal("--check"))

    def test_only_what_a_host_lists_has_to_be_there(self):
        os.mkdir(self.path("modules"))
        os.symlink(f"{MODULES}/ping.so", self.path("modules/ping.so"))
        self.write_config(change=lambda text: text.replace(MODULES, self.path("modules")).replace(
            "host.key\"\n", "host.key\"\n modules = {ping,\n pong}\n"))
        self.assertEqual(
            self.refusal("--check"),
            f"{self.path('tern.conf')}:13: there is no module `pong` in {self.path('modules')} "
            "(did you mean `ping`?)\n")
        self.change_config("ping,\n pong", "ping")
        self.start()
        self.assertEqual(len(self.rows("module", "list")), 1)

    # --- life

    def test_tells_where_it_listens(self):
        ready = self.start()
        self.assertEqual(ready["pid"], self.process.pid)
        self.assertEqual(ready["control"], self.path("control"))
        listener, = ready["listeners"]
        self.assertEqual((listener["name"], listener["address"], listener["tls"]),
                         ("none", "127.0.0.1", "none"))
        self.assertGreater(listener["port"], 0)

    def test_relative_paths_go_by_the_folder_of_the_configuration(self):
        os.makedirs(self.path("keys"))
        os.rename(self.path("host.crt"), self.path("keys/host.crt"))
        self.write_config(change=lambda text: text.replace(
            f"{self.folder}/host.crt", "keys/host.crt").replace(f"{self.folder}/", ""))
        self.assertNotIn(self.folder, open(self.path("tern.conf"), encoding="utf-8").read())
        self.assertEqual(self.start()["control"], self.path("control"))
        self.assertTrue(os.path.exists(self.path("data")))
        self.assertEqual(self.ctl("status").returncode, 0)

    def test_stops_when_told_and_answers_when_it_has(self):
        self.start()
        done = self.ctl("stop")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.stopped()[1], 0)
        self.assertFalse(os.path.exists(self.path("control")))

    def test_stops_at_a_signal_and_logs_lines_of_json(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.start()
            self.process.send_signal(number)
            lines, status = self.stopped()
            self.assertEqual(status, 0)
            self.assertEqual(lines[-1]["text"], "stopped")
            self.assertTrue(all({"time", "level", "kind", "text"} <= line.keys()
                                for line in lines))

    def test_keeps_its_accounts_and_its_secret_over_a_restart(self):
        self.start()
        self.assertEqual(self.ctl("user", "add", "romeo@example.org", "--password", "x").returncode,
                         0)
        self.ctl("stop")
        self.stopped()
        self.start()
        self.assertEqual(self.ctl("user", "list", "example.org").stdout, "romeo@example.org\n")

    def test_reads_certificates_again_and_keeps_the_old_one_when_they_are_bad(self):
        self.start()
        self.make_certificate()
        self.process.send_signal(signal.SIGHUP)
        self.await_log_line("host example.org certificate")
        with open(self.path("host.crt"), "w", encoding="utf-8") as file:
            file.write("nonsense")
        self.process.send_signal(signal.SIGHUP)
        self.await_log_line("host.crt")
        self.assertEqual(self.ctl("status").returncode, 0)

    # --- refusals

    def test_two_daemons_do_not_share_data(self):
        self.start()
        self.write_config(change=lambda text: text.replace("/control", "/control2"))
        self.assertIn(f"is in use by process {self.process.pid}", self.refusal())

    @unittest.skipIf(os.geteuid(), "only root can give files away")
    def test_data_that_belong_to_another_user_are_told(self):
        self.start()
        self.process.terminate()
        self.stopped()
        os.chmod(self.folder, 0o711)
        self.write_config(change=lambda text: text.replace('user = ""', 'user = "nobody"'))
        self.assertIn("has to belong to whom the server runs as", self.refusal())

    def test_two_daemons_do_not_share_a_control_socket(self):
        self.start()
        self.write_config(change=lambda text: text.replace("/data", "/data2"))
        self.assertIn("another server listens there", self.refusal())

    def test_a_port_in_use_is_named(self):
        port = self.start()["listeners"][0]["port"]
        self.write_config(port=port, change=lambda text: text.replace("/data", "/data2"))
        refusal = self.refusal()
        self.assertIn(f"port {port}", refusal)
        self.assertIn("already in use", refusal)

    def test_the_tool_says_that_nobody_is_there(self):
        done = self.ctl("status")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "ternctl: ternd is not running: nobody listens at "
                         f"{self.path('control')}\n")

    # --- accounts

    def test_adds_changes_lists_and_deletes_an_account(self):
        self.start()
        self.assertEqual(self.ctl("user", "add", "Romeo@example.org", input="secret\n").returncode,
                         0)
        again = self.ctl("user", "add", "romeo@example.org", "--password", "x")
        self.assertEqual((again.returncode, again.stderr), (
            1, "ternctl: romeo@example.org: the account exists already\n"))
        self.assertEqual(self.ctl("user", "passwd", "romeo@example.org", input="new\n").stdout,
                         "romeo@example.org\n")
        listed = self.ctl("--json", "user", "list", "example.org")
        self.assertEqual(json.loads(listed.stdout),
                         {"columns": ["jid"], "rows": [["romeo@example.org"]]})
        self.assertEqual(self.ctl("user", "del", "romeo@example.org").returncode, 0)
        self.assertEqual(self.ctl("user", "list", "example.org").stdout, "")
        gone = self.ctl("user", "del", "romeo@example.org")
        self.assertIn("there is no such account", gone.stderr)

    def test_adds_many_accounts_from_a_file(self):
        self.start()
        lines = "".join(f"user{number}@example.org password{number}\n" for number in range(100))
        with open(self.path("accounts"), "w", encoding="utf-8") as file:
            file.write(lines)
        done = self.ctl("--json", "user", "add", "--from", self.path("accounts"))
        self.assertEqual(json.loads(done.stdout)["rows"], [["100", "0", "0"]])
        done = self.ctl("--json", "user", "add", "--from", "-",
                        input=lines + "one@example.org x\n")
        self.assertEqual(json.loads(done.stdout)["rows"], [["1", "100", "0"]])
        self.assertEqual(len(self.ctl("user", "list", "example.org").stdout.split()), 101)

    def test_says_what_is_wrong_with_a_command(self):
        self.start()
        for words, error in ((["user", "add", "example.org", "--password", "x"],
                              "`example.org` is not an account's address (name@host)"),
                             (["user", "list", "example.net"],
                              "there is no host `example.net` here"),
                             (["session", "kick", "romeo@example.org/x"],
                              "romeo@example.org/x is not logged in"),
                             (["dance"], "there is no command `dance`; `help` lists them")):
            done = self.ctl(*words)
            self.assertEqual((done.returncode, done.stderr), (1, f"ternctl: {error}\n"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
