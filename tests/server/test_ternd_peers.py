#!/usr/bin/python3
# test_ternd_peers.py - the daemon and peers that ask for much, read nothing, or come in crowds
# SPDX-License-Identifier: MIT

import re
import resource
import select
import socket
import struct
import sys
import unittest
from base64 import b64encode

from daemon import HEADER, Daemon

SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"


class Client:
    """Says bytes, and reads up to a pattern."""

    def __init__(self, port, receive_bytes=None):
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", port))
        self.unread = b""

    def say(self, text):
        self.socket.sendall(text.encode())

    def hear(self, pattern):
        while not (found := re.search(pattern, self.unread, re.DOTALL)):
            data = self.socket.recv(1 << 20)
            if not data:
                raise EOFError(self.unread[-500:].decode())
            self.unread += data
        heard, self.unread = self.unread[:found.end()], self.unread[found.end():]
        return heard.decode()

    def log_in(self, user):
        first = b64encode(f"\0{user}\0x".encode()).decode()
        self.say(f"{HEADER}<auth xmlns='{SASL}' mechanism='PLAIN'>{first}</auth>{HEADER}"
                 f"<iq type='set' id='bind'>{BIND}</iq>")
        self.hear(b"id='bind'.*?</iq>")
        return self

    def ask(self, kind, payload):
        self.say(f"<iq type='{kind}' id='ask'>{payload}</iq>")
        return self.hear(b"<iq [^>]*id='ask'[^>]*(/>|>.*?</iq>)")

    def set_contact(self, number, content):
        return self.ask("set", "<query xmlns='jabber:iq:roster'>"
                        f"<item jid='c{number}@example.org' {content}</query>")

    def vanish(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Peers(Daemon):
    def serve(self, limits="", descriptors=None):
        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.write_config(change=lambda text: text.replace(
            "log {", "limits { stanzas-per-second = 0  bytes-per-second = 0  " + limits + " }\nlog {"))
        self.port = self.start(preexec=limit)["listeners"][0]["port"]

    def stop(self):
        self.process.terminate()
        log, status = self.stopped()
        self.assertEqual(status, 0, log)

    def client(self, user, **options):
        return Client(self.port, **options).log_in(user)

    def test_a_roster_may_be_larger_than_what_may_be_unread(self):
        self.serve("unwritten-bytes = 65536")
        self.add_users("romeo")
        romeo = self.client("romeo")
        for number in range(300):
            romeo.set_contact(number, f"name='{'n' * 1000}'/>")
        roster = romeo.ask("get", "<query xmlns='jabber:iq:roster'/>")
        self.assertEqual(roster.count("<item "), 300)
        self.assertIn("type='result'", romeo.ask("get", "<query xmlns='jabber:iq:roster'/>"))
        romeo.socket.close()
        self.stop()

    def test_offline_messages_wait_until_they_have_left(self):
        self.serve()
        self.add_users("romeo", "juliet")
        romeo = self.client("romeo")
        for number in range(60):
            romeo.say("<message to='juliet@example.org' type='chat'>"
                      f"<body>{number}:{'w' * 200000}</body></message>")
        romeo.ask("get", "<query xmlns='jabber:iq:roster'/>")
        juliet = self.client("juliet", receive_bytes=4096)
        juliet.say("<presence/>")
        juliet.hear(b"<body>0:")
        juliet.vanish()
        juliet = self.client("juliet")
        juliet.say("<presence/>")
        heard = juliet.hear(b"<body>59:w*</body>")
        numbers = [int(number) for number in re.findall("<body>([0-9]+):", heard)]
        self.assertEqual(numbers, list(range(numbers[0], 60)))
        self.assertLess(numbers[0], 50)
        romeo.socket.close()
        juliet.socket.close()
        self.stop()

    def test_a_full_account_can_be_opened_and_emptied(self):
        self.serve("resident-bytes = 65536")
        self.add_users("romeo")
        romeo = self.client("romeo")
        groups = "".join(f"<group>{number}{'g' * 1000}</group>" for number in range(15))
        answers = [romeo.set_contact(number, f">{groups}</item>") for number in range(8)]
        self.assertIn("type='result'", answers[0])
        self.assertIn("resource-constraint", answers[-1])
        romeo.socket.close()
        self.stop()
        self.serve("resident-bytes = 65536")
        romeo = self.client("romeo")
        self.assertIn("resource-constraint", romeo.set_contact(8, f">{groups}</item>"))
        self.assertIn("type='result'", romeo.set_contact(0, "subscription='remove'/>"))
        self.assertIn("type='result'", romeo.set_contact(8, f">{groups}</item>"))
        romeo.socket.close()
        self.stop()

    def test_a_crowd_is_refused_when_descriptors_run_out(self):
        self.serve(descriptors=120)
        self.add_users("romeo", "juliet")
        romeo = self.client("romeo")
        crowd = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(150)]
        # Each shard takes its own in turn: which are refused is theirs to say, and only those hear.
        refused = select.select(crowd, [], [], 30)[0][0]
        refused.settimeout(30)
        heard = b"".join(iter(lambda: refused.recv(4096), b""))
        self.assertIn(b"<resource-constraint ", heard)
        self.assertIn("type='result'", romeo.ask("get", "<query xmlns='jabber:iq:roster'/>"))
        for connection in crowd:
            connection.close()
        romeo.ask("get", "<query xmlns='jabber:iq:roster'/>")
        romeo.socket.close()
        self.stop()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
