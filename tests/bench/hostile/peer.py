# peer.py - one connection of somebody who means harm
# SPDX-License-Identifier: MIT
import base64
import contextlib
import re
import socket
import ssl
import struct
import time

import servers

SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
HEADER = ("<stream:stream to='{}' version='1.0' xmlns='jabber:client' "
          "xmlns:stream='http://etherx.jabber.org/streams'>")
BIND = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{}</bind></iq>"
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
SOURCE = "127.0.66.1"       # others do not suffer for what comes from here
PATIENCE_S = 60
READ_BYTES = 1 << 16


class Wrong(Exception):
    """The server did not answer as it should."""


def plain(name, password, authzid=""):
    return base64.b64encode(f"{authzid}\0{name}\0{password}".encode()).decode()


def auth(mechanism, content):
    return f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{content}</auth>"


class Peer:
    """Says anything, and waits for what must be answered."""

    def __init__(self, ground, tls="none", source=SOURCE, small=False):
        self.ground = ground
        self.heard = ""
        self.rest = b""
        self.socket = socket.socket()
        if small:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((source, 0))
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(("127.0.0.1", ground.ports[tls]))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def secure(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, server_hostname=self.ground.domain)

    def shut(self):
        """Nothing more will be said, but everything heard."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def say(self, data):
        """The server may have hung up before the end."""
        try:
            self.socket.sendall(data if isinstance(data, bytes) else data.encode())
        except (ConnectionError, ssl.SSLError):
            pass

    def say_some(self, data):
        """What goes without waiting; `data` again and again, each whole."""
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            self.rest = self.rest or data
            self.rest = self.rest[self.socket.send(self.rest):]
        self.socket.settimeout(PATIENCE_S)

    def hear_some(self):
        """What is there; False at the end."""
        self.socket.setblocking(False)
        try:
            return self.read()
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(PATIENCE_S)

    def must_be_open(self):
        if not self.hear_some():
            raise Wrong(f"it hung up: {self.heard[-300:]}")

    def hear(self, pattern):
        """What was said up to the pattern, which is taken out of what was heard."""
        while not (found := re.search(pattern, self.heard, re.S)):
            if not self.read():
                raise Wrong(f"no {pattern} before the end: {self.heard[-300:]}")
        said, self.heard = self.heard[:found.end()], self.heard[found.end():]
        return said

    def hear_end(self):
        while self.read():
            pass
        return self.heard

    def read(self):
        try:
            data = self.socket.recv(READ_BYTES)
        except TimeoutError:
            raise Wrong(f"no answer within {PATIENCE_S} s: {self.heard[-300:]}") from None
        except (ConnectionError, ssl.SSLError):
            return False
        self.heard += data.decode(errors="replace")
        return bool(data)

    def must_end_with(self, condition):
        """A stream error, the end tag, and the end of the connection."""
        said = self.hear_end()
        if not re.search(f"<stream:error><({condition})[ /].*</stream:stream>$", said, re.S):
            raise Wrong(f"no {condition} at the end: {said[-300:]}")

    def must_end_within(self, seconds):
        """However: nothing needs to be said."""
        began = time.monotonic()
        self.hear_end()
        if time.monotonic() - began > seconds:
            raise Wrong(f"it hung up after {time.monotonic() - began:.0f} s, not {seconds}")

    def open(self):
        self.say(self.ground.header())
        return self.hear("</stream:features>")

    def prove(self, number):
        """Up to the stream that can bind."""
        self.open()
        self.say(auth("PLAIN", plain(f"u{number}", self.ground.password)))
        self.hear("<success")
        self.open()

    def log_in(self, number=0, resource=""):
        """Up to the bound session."""
        self.prove(number)
        self.say(BIND.format(f"<resource>{resource}</resource>" if resource else ""))
        self.jid = re.search("<jid>(.*)</jid>", self.hear("</bind></iq>"))[1]
        return self

    def must_live(self):
        """The session goes on: an iq is answered, behind whatever else."""
        self.say("<iq type='get' id='alive'><query xmlns='jabber:iq:roster'/></iq>")
        while not re.search("<iq [^>]*id='alive'[^>]*>", self.heard):
            if not self.read():
                raise Wrong(f"it hung up: {self.heard[-300:]}")
            self.heard = self.heard[-2 * READ_BYTES:]
        self.hear("<iq [^>]*id='alive'[^>]*>")


class Ground:
    """Where the server is, and its accounts u0, u1 ..."""

    def __init__(self, server, limits, crowd, flooders):
        self.ports, self.domain, self.password = server.ports, servers.DOMAIN, servers.PASSWORD
        self.limits = limits        # by the key in tern.conf
        self.crowd = crowd          # connections of a crowd
        self.flooders = flooders

    def peer(self, tls="none", **more):
        """A connection to the listener with that kind of TLS; nothing has been said on it."""
        return Peer(self, tls, **more)

    def header(self):
        return HEADER.format(self.domain)

    def bare(self, number):
        return f"u{number}@{self.domain}"
