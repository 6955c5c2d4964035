# wire.py - one connection: TCP, TLS on it, and the XML stream that comes back
# SPDX-License-Identifier: MIT

import asyncio
import hashlib
import re
import socket
import struct
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from xml.parsers import expat

from OpenSSL import SSL
from cryptography.hazmat.primitives.serialization import Encoding

# A tag with the text before it: what is fed to expat at once, so that a new document that follows
# <success/> in the same packet gets a parser of its own.
TAG = re.compile(rb"""[^<]*<(?:[^>"']|"[^"]*"|'[^']*')*>""")
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
RESTARTS = (f"{{{SASL}}}success", f"{{{TLS}}}proceed")
VERSIONS = {"1.0": SSL.TLS1_VERSION, "1.1": SSL.TLS1_1_VERSION,
            "1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}


class TlsRefused(Exception):
    """The handshake failed; says why."""


@dataclass
class Event:
    """What a peer can see: a header, an element, the closing tag, the end of the connection."""
    kind: str                   # header | element | closed | end
    element: ET.Element = None


class StreamParser:
    """Feeds expat one tag at a time and reports headers and elements of depth 1."""

    def __init__(self, report):
        self.report = report
        self.buffer = b""
        self.reset()

    def reset(self):
        self.expat = expat.ParserCreate(namespace_separator="}")
        self.expat.StartElementHandler = self.start
        self.expat.EndElementHandler = self.end
        self.expat.CharacterDataHandler = self.text
        self.builder = None
        self.depth = 0
        self.restart = False

    def feed(self, data):
        self.buffer += data
        while found := TAG.match(self.buffer):
            self.buffer = self.buffer[found.end():]
            self.expat.Parse(found.group(), False)
            if self.restart:
                self.reset()

    def name(self, name):
        return "{" + name if "}" in name else name

    def start(self, name, attributes):
        attributes = {self.name(key): value for key, value in attributes.items()}
        self.depth += 1
        if self.depth == 1:
            self.report(Event("header", ET.Element(self.name(name), attributes)))
            return
        if self.depth == 2:
            self.builder = ET.TreeBuilder()
        self.builder.start(self.name(name), attributes)

    def text(self, text):
        if self.depth > 1:
            self.builder.data(text)

    def end(self, name):
        self.depth -= 1
        if self.depth == 0:
            self.report(Event("closed"))
            return
        self.builder.end(self.name(name))
        if self.depth == 1:
            element = self.builder.close()
            self.restart = element.tag in RESTARTS
            self.report(Event("element", element))


def tls_context(version=None, certificate=None):
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
    if version:
        context.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
        context.set_min_proto_version(VERSIONS[version])
        context.set_max_proto_version(VERSIONS[version])
    if certificate:
        context.use_certificate_chain_file(certificate.chain)
        context.use_privatekey_file(certificate.key)
    return context


class Wire:
    """Bytes out, events in (`report` is called for each)."""

    def __init__(self, reader, writer, report, note):
        self.reader = reader
        self.writer = writer
        self.note = note
        self.report = report
        self.parser = StreamParser(report)
        self.tls = None
        self.handshake = None
        self.error = None
        self.pump = asyncio.create_task(self.read_all())

    @classmethod
    async def open(cls, address, port, own_address, report, note):
        reader, writer = await asyncio.open_connection(
            address, port, local_addr=own_address and (own_address, 0))
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(reader, writer, report, note)

    async def read_all(self):
        try:
            while data := await self.reader.read(65536):
                self.take(data)
        except (ConnectionError, OSError) as error:
            self.error = error
        except (expat.ExpatError, SSL.Error) as error:
            self.error = error
            self.note("!", f"cannot read: {error!r}".encode())
        if self.handshake and not self.handshake.done():
            self.handshake.set_exception(TlsRefused("the connection ended in the handshake"))
        self.report(Event("end"))
        self.writer.close()  # as clients do: a server that stops waits for it

    def take(self, data):
        if self.tls is None:
            self.feed(data)
            return
        self.tls.bio_write(data)
        if not self.handshake.done():
            self.shake_hands()
        if self.handshake.done():
            self.decrypt()

    def feed(self, data):
        self.note("<", data)
        self.parser.feed(data)

    def decrypt(self):
        while True:
            try:
                self.feed(self.tls.recv(65536))
            except SSL.WantReadError:
                break
            except SSL.ZeroReturnError:
                break
        self.flush()

    def shake_hands(self):
        try:
            self.tls.do_handshake()
            self.handshake.set_result(None)
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            self.handshake.set_exception(TlsRefused(str(error)))
        self.flush()

    def flush(self):
        try:
            while True:
                self.writer.write(self.tls.bio_read(65536))
        except SSL.WantReadError:
            pass

    async def start_tls(self, context, server_name, alpn=None):
        self.parser.reset()
        self.handshake = asyncio.get_running_loop().create_future()
        tls = SSL.Connection(context, None)
        tls.set_connect_state()
        if server_name:
            tls.set_tlsext_host_name(server_name.encode())
        if alpn:
            tls.set_alpn_protos([alpn.encode()])
        self.tls = tls
        self.shake_hands()
        await self.handshake

    def send(self, data):
        self.note(">", data)
        if self.tls is None:
            self.writer.write(data)
        elif data:
            self.tls.sendall(data)
            self.flush()

    async def drain(self):
        try:
            await self.writer.drain()
        except ConnectionError:
            pass

    async def was_read(self):
        """Returns when the server has taken every byte sent so far out of its socket."""
        await self.drain()
        own = self.writer.get_extra_info("sockname")
        peer = self.writer.get_extra_info("peername")
        while self.unread(own, peer):
            await asyncio.sleep(0.0003)

    def unread(self, own, peer):
        """Bytes that stand in the kernel between the two ends (the table of TCP connections)."""
        mine = ("%s:%04X" % (hexed(own[0]), own[1]), "%s:%04X" % (hexed(peer[0]), peer[1]))
        with open("/proc/net/tcp", encoding="ascii") as table:
            for line in table:
                cells = line.split()
                queues = cells[4].split(":") if len(cells) > 4 else ()
                if (cells[1], cells[2]) == mine and int(queues[0], 16):
                    return True
                if (cells[2], cells[1]) == mine and cells[3] == "01" and int(queues[1], 16):
                    return True
        return False

    def bind_data(self, kind):
        """Channel binding data of RFC 9266 and RFC 5929."""
        if kind == "tls-exporter":
            return self.tls.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")
        if kind == "tls-unique":
            return self.tls.get_finished() or b""
        certificate = self.tls.get_peer_certificate()
        algorithm = certificate.get_signature_algorithm().decode().lower()
        name = next((name for name in ("sha512", "sha384", "sha224") if name in algorithm),
                    "sha256")
        return hashlib.new(name, certificate.to_cryptography().public_bytes(Encoding.DER)).digest()

    def vanish(self):
        """The connection is gone at once, without a word."""
        self.pump.cancel()
        linger = struct.pack("ii", 1, 0)
        raw = self.writer.get_extra_info("socket")
        if raw and raw.fileno() >= 0:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    def close(self):
        self.pump.cancel()
        self.writer.close()


def hexed(address):
    return "%08X" % struct.unpack("<I", socket.inet_aton(address))[0]
