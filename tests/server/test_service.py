#!/usr/bin/python3
# test_service.py - ternd under a service manager, and its log in syslog and journald
# SPDX-License-Identifier: MIT

import os
import signal
import socket
import sys
import unittest

from daemon import Daemon


class Service(Daemon):
    def listen(self, name):
        """A datagram socket as systemd, syslog or journald have one."""
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(receiver.close)
        receiver.bind(name if name.startswith("\0") else self.path(name))
        receiver.settimeout(30)
        return receiver

    # --- the service manager

    def start_watched(self, **more):
        self.manager = self.listen("notify")
        self.start(NOTIFY_SOCKET=self.path("notify"), **more)

    def heard(self):
        return dict(line.split("=", 1)
                    for line in self.manager.recv(4096).decode().split("\n"))

    def test_tells_that_it_is_ready_and_that_it_stops(self):
        self.start_watched()
        self.assertEqual(self.heard(), {"READY": "1", "STATUS": "clients can connect"})
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.heard(), {"STOPPING": "1"})

    def test_tells_of_a_reload_by_signal_or_command(self):
        self.start_watched()
        self.heard()
        for begin in (lambda: self.process.send_signal(signal.SIGHUP),
                      lambda: self.ctl("config", "reload")):
            begin()
            reloading = self.heard()
            self.assertEqual(reloading["RELOADING"], "1")
            self.assertGreater(int(reloading["MONOTONIC_USEC"]), 0)
            self.assertEqual(self.heard()["READY"], "1")

    def test_a_check_of_the_configuration_is_no_reload(self):
        self.start_watched()
        self.heard()
        self.ctl("config", "check")
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.heard(), {"STOPPING": "1"})

    def test_gives_signs_of_life_while_its_shards_do(self):
        self.start_watched(WATCHDOG_USEC="100000")
        self.heard()
        for _ in range(3):
            self.assertEqual(self.heard(), {"WATCHDOG": "1"})
        self.process.send_signal(signal.SIGSTOP)
        self.manager.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            while True:     # what was on its way when it was stopped
                self.heard()
        self.process.send_signal(signal.SIGCONT)
        self.manager.settimeout(30)
        self.assertEqual(self.heard(), {"WATCHDOG": "1"})

    def test_a_watchdog_of_another_process_is_not_its(self):
        self.start_watched(WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        self.heard()
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.heard(), {"STOPPING": "1"})

    def test_an_abstract_socket_is_one_too(self):
        self.manager = self.listen(f"\0tern-test-{os.getpid()}")
        self.start(NOTIFY_SOCKET=f"@tern-test-{os.getpid()}")
        self.assertEqual(self.heard()["READY"], "1")

    def test_nobody_needs_to_listen(self):
        self.start(NOTIFY_SOCKET="/nowhere/to/be/found")
        self.ctl("stop")
        self.assertEqual(self.stopped()[1], 0)

    # --- the log

    def log_to(self, target):
        self.write_config(change=lambda text: text.replace(
            'format = "json"', f'target = "{target}:{self.path("log")}"'))

    def test_syslog_gets_lines_with_their_severity(self):
        log = self.listen("log")
        self.log_to("syslog")
        self.start()
        first = log.recv(4096).decode()
        self.assertRegex(first, r"^<30>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
                         rf"ternd\[{self.process.pid}\]: server: Tern \S+, configuration ")

    def test_journald_gets_fields(self):
        log = self.listen("log")
        self.log_to("journald")
        self.start()
        lines = []
        while not any(line.startswith("TERN_NAME=") for line in lines):
            lines = log.recv(4096).decode().splitlines()
        fields = dict(line.split("=", 1) for line in lines)
        self.assertEqual((fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"], fields["TERN_KIND"],
                          fields["TERN_NAME"]), ("6", "ternd", "host", "example.org"))
        self.assertTrue(fields["MESSAGE"].startswith("host example.org: "))

    def test_a_log_daemon_that_reads_nothing_does_not_stop_the_server(self):
        self.listen("log")
        self.log_to("syslog")
        self.start()
        lines = "".join(f"user{number}@example.org x\n" for number in range(500))
        done = self.ctl("user", "add", "--from", "-", input=lines)
        self.assertEqual(done.returncode, 0)

    def test_a_log_daemon_that_is_not_there_is_named(self):
        self.log_to("syslog")
        self.assertIn(f"log syslog:{self.path('log')}", self.refusal())

    def test_a_log_file_is_opened_again(self):
        self.write_config(change=lambda text: text.replace(
            'format = "json"', f'target = "{self.path("log")}"'))
        self.start()
        os.rename(self.path("log"), self.path("log.1"))
        self.rows("status")
        self.process.send_signal(signal.SIGHUP)
        while not os.path.exists(self.path("log")) or not os.path.getsize(self.path("log")):
            self.rows("status")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
