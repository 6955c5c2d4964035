# actor.py - one person's connection: negotiates, sends, and keeps what arrives until it is read
# SPDX-License-Identifier: MIT

import asyncio
import itertools
from base64 import b64decode, b64encode
from xml.sax.saxutils import escape, quoteattr

from . import pattern, sasl
from .wire import SASL, TLS, TlsRefused, Wire, tls_context

BIND = "urn:ietf:params:xml:ns:xmpp-bind"
CB = "urn:xmpp:sasl-cb:0"
SYNC = "sync-"
IQ = f"{{{pattern.CLIENT}}}iq"
STREAM_ERROR = f"{{{pattern.STREAMS}}}error"
FEATURES = f"{{{pattern.STREAMS}}}features"


class Failure(Exception):
    """A step did not come out as the scenario says."""


class Refused(Exception):
    """The server refused a login, with this condition."""


class Options:
    """What a `connects` line says; the presets are what most scenarios want."""

    def __init__(self, jid, resource):
        self.jid = jid
        self.resource = resource
        self.transport = "STARTTLS"
        self.own_address = None
        self.version = None
        self.mechanism = "SCRAM-SHA-256"
        self.mechanism_asked = False
        self.password = None
        self.authzid = ""
        self.flag = None
        self.binding = None
        self.binding_bytes = None
        self.certificate = None
        self.alpn = None
        self.server_name = True
        self.stream_to = None
        self.legacy_session = False

    @property
    def domain(self):
        return self.jid.partition("@")[2]

    @property
    def user(self):
        return self.jid.partition("@")[0]


def condition_of(element, namespace):
    for child in element:
        if child.tag.startswith(f"{{{namespace}}}") and not child.tag.endswith("}text"):
            return child.tag.rpartition("}")[2]
    return "no condition"


class Actor:
    counter = itertools.count(1)

    def __init__(self, name, stage):
        self.name = name
        self.stage = stage
        self.wire = None
        self.options = None
        self.full_jid = None
        self.acks = None            # of a client with stream management: acks.py
        self.forget()

    def forget(self):
        self.inbox = asyncio.Queue()
        self.pending = {}
        self.unread = []
        self.header = self.features = None
        self.cut_off = False
        self.full_jid = None

    # What arrives

    def report(self, event):
        if event.kind == "element" and self.acks and self.acks.hide(event.element):
            return
        if event.kind == "element" and event.element.tag == IQ and self.hide(event.element):
            return
        if event.kind == "end":
            self.full_jid = None
            for future in self.pending.values():
                if not future.done():
                    future.set_result(None)
        self.inbox.put_nowait(event)

    def hide(self, iq):
        """The iqs of barriers are not for the scenario's eyes."""
        number = iq.get("id", "")
        if not number.startswith(SYNC):
            return False
        if iq.get("type") in ("result", "error"):
            future = self.pending.pop(number, None)
            if future and not future.done():
                future.set_result(iq)
        else:
            self.wire.send(f"<iq type='result' id={quoteattr(number)} "
                           f"to={quoteattr(iq.get('from', ''))}/>".encode())
        return True

    async def next(self, waiting_for):
        if self.unread:
            return self.unread.pop(0)
        try:
            return await asyncio.wait_for(self.inbox.get(), self.stage.timeout)
        except asyncio.TimeoutError:
            raise Failure(f"{self.name} expected {waiting_for}, but nothing came "
                          f"in {self.stage.timeout} s") from None

    async def next_element(self, waiting_for):
        event = await self.next(waiting_for)
        if event.kind != "element":
            raise Failure(f"{self.name} expected {waiting_for}, got {describe(event)}")
        return event.element

    async def peek(self):
        """The next event without waiting for one, or None; it stays unread."""
        if not self.unread and not self.inbox.empty():
            self.unread.append(self.inbox.get_nowait())
        return self.unread[0] if self.unread else None

    def read_everything(self):
        """Throws away what has arrived, and returns it."""
        events, self.unread = self.unread, []
        while not self.inbox.empty():
            events.append(self.inbox.get_nowait())
        return events

    # Negotiation, in steps that a scenario can also take one by one

    async def open(self, options, port=None):
        if self.wire:
            self.wire.close()
        self.forget()
        self.options = options
        port = port or self.stage.server.port(options.transport)
        self.wire = await Wire.open("127.0.0.1", port, options.own_address, self.report,
                                    self.note)
        if options.transport == "direct TLS":
            await self.shake_hands()

    def note(self, direction, data):
        self.stage.note(self.name, direction, data)

    async def shake_hands(self):
        options = self.options
        name = options.domain if options.server_name is True else options.server_name
        certificate = self.stage.certificates.client(options.certificate) \
            if options.certificate else None
        context = tls_context(options.version, certificate)
        try:
            await asyncio.wait_for(self.wire.start_tls(context, name, options.alpn),
                                   self.stage.timeout)
        except asyncio.TimeoutError:
            raise TlsRefused(f"no end of the handshake in {self.stage.timeout} s") from None

    def send_header(self, to=None):
        to = to or self.options.stream_to or self.options.domain
        self.wire.send((f"<?xml version='1.0'?><stream:stream to={quoteattr(to)} version='1.0' "
                        f"xml:lang='en' xmlns='{pattern.CLIENT}' "
                        f"xmlns:stream='{pattern.STREAMS}'>").encode())

    async def open_stream(self, to=None):
        self.send_header(to)
        event = await self.next("a stream header")
        if event.kind != "header":
            raise Failure(f"{self.name} expected a stream header, got {describe(event)}")
        self.header = event.element
        self.features = await self.next_element("stream features")
        if self.features.tag == STREAM_ERROR:
            raise Refused(condition_of(self.features, pattern.STREAM_ERRORS))
        if self.features.tag != FEATURES:
            raise Failure(f"{self.name} expected stream features, "
                          f"got {pattern.render(self.features)}")

    async def start_tls(self):
        self.wire.send(f"<starttls xmlns='{TLS}'/>".encode())
        answer = await self.next_element("<proceed/>")
        if answer.tag != f"{{{TLS}}}proceed":
            raise Refused(condition_of(answer, pattern.STREAM_ERRORS))
        await self.shake_hands()

    def mechanisms(self):
        return [item.text for item in self.features.iter(f"{{{SASL}}}mechanism")]

    def channel_bindings(self):
        return [item.get("type") for item in self.features.iter(f"{{{CB}}}channel-binding")]

    def mechanism(self):
        options = self.options
        binding = self.channel_binding()
        password = options.password
        if password is None:
            password = self.stage.passwords.get(options.jid, f"{options.user}-password")
        return sasl.mechanism(options.mechanism, {
            "user": options.user, "password": password, "authzid": options.authzid,
            "flag": options.flag}, binding)

    def channel_binding(self):
        """(type, data), or None; `bound to` and `flagged` make it other than the name says."""
        options = self.options
        if options.binding is None and (options.flag or not options.mechanism.endswith("-PLUS")):
            return None
        kind = options.binding or "tls-exporter"
        data = options.binding_bytes if options.binding_bytes is not None \
            else self.wire.bind_data(kind)
        return kind, data

    async def challenge(self):
        """The salt and the iteration count of a SCRAM mechanism; the exchange ends there."""
        self.wire.send(f"<auth xmlns='{SASL}' mechanism='{self.options.mechanism}'>"
                       f"{b64encode(self.mechanism().start()).decode()}</auth>".encode())
        answer = await self.next_element("a challenge")
        if answer.tag != f"{{{SASL}}}challenge":
            raise Refused(condition_of(answer, SASL))
        self.wire.send(f"<abort xmlns='{SASL}'/>".encode())
        await self.next_element("the end of the exchange")
        fields = dict(part.split("=", 1) for part in b64decode(answer.text).decode().split(","))
        return fields["s"], fields["i"]

    async def authenticate(self):
        offered = self.mechanisms()
        if not self.options.mechanism_asked and self.options.mechanism not in offered:
            raise Failure(f"{self.name} was not offered {self.options.mechanism}, only {offered}")
        exchange = self.mechanism()
        first = b64encode(exchange.start()).decode() or "="
        self.wire.send(f"<auth xmlns='{SASL}' mechanism='{self.options.mechanism}'>"
                       f"{first}</auth>".encode())
        while True:
            answer = await self.next_element("an answer to <auth/>")
            data = b64decode((answer.text or "").replace("=", "", 1)
                             if answer.text == "=" else answer.text or "")
            if answer.tag == f"{{{SASL}}}challenge":
                reply = b64encode(exchange.answer(data)).decode()
                self.wire.send(f"<response xmlns='{SASL}'>{reply}</response>".encode())
            elif answer.tag == f"{{{SASL}}}success":
                if data or self.options.mechanism.startswith("SCRAM"):
                    exchange.finish(data)
                return
            elif answer.tag == STREAM_ERROR:
                raise Refused(condition_of(answer, pattern.STREAM_ERRORS))
            else:
                raise Refused(condition_of(answer, SASL))

    async def bind(self):
        resource = self.options.resource
        asked = f"<resource>{escape(resource)}</resource>" if resource is not None else ""
        self.wire.send(f"<iq type='set' id='bind'><bind xmlns='{BIND}'>{asked}"
                       "</bind></iq>".encode())
        answer = await self.next_element("the result of binding")
        if answer.get("type") != "result":
            error = answer.find(f"{{{pattern.CLIENT}}}error")
            raise Refused(condition_of(answer, pattern.STREAM_ERRORS) if error is None
                          else condition_of(error, pattern.STANZA_ERRORS))
        self.bound(answer.findtext(f"{{{BIND}}}bind/{{{BIND}}}jid"))

    def bound(self, full_jid):
        self.full_jid = full_jid
        name = self.name.lower()
        self.stage.env[name] = full_jid
        self.stage.env[name + ".bare"] = full_jid.partition("/")[0]
        self.stage.env[name + ".resource"] = full_jid.partition("/")[2]

    async def connect(self, options):
        self.acks = None
        await self.open(options)
        await self.open_stream()
        if options.transport == "STARTTLS":
            await self.start_tls()
            await self.open_stream()
        await self.authenticate()
        await self.open_stream()
        await self.bind()

    # Barriers

    async def ask(self, to):
        """Sends an iq that nobody understands, or that a runner's session answers at once."""
        if not self.full_jid:
            return
        number = f"{SYNC}{next(self.counter)}"
        future = self.pending[number] = asyncio.get_running_loop().create_future()
        self.wire.send(f"<iq type='get' id='{number}' to={quoteattr(to)}>"
                       "<barrier xmlns='urn:example:barrier'/></iq>".encode())
        try:
            await asyncio.wait_for(future, self.stage.timeout)
        except asyncio.TimeoutError:
            raise Failure(f"{self.name} got no answer to an iq to {to} "
                          f"in {self.stage.timeout} s") from None

    def stop_reading(self):
        """The connection stays; barriers do without it."""
        self.wire.pump.cancel()
        self.full_jid = None

    # Ends

    async def close_stream(self):
        self.wire.send(b"</stream:stream>")
        while (event := await self.next("the end of the stream")).kind != "closed":
            pass
        await self.end()

    async def end(self):
        while (event := await self.next("the end of the connection")).kind != "end":
            if event.kind == "element":
                raise Failure(f"{self.name} expected the end of the connection, "
                              f"got {describe(event)}")
        self.leave()

    def vanish(self):
        self.wire.vanish()
        self.leave()

    def leave(self):
        self.full_jid = None
        if self.wire:
            self.wire.close()


def describe(event):
    if event.kind == "element":
        return pattern.render(event.element)
    if event.kind == "header":
        return "a stream header"
    return {"closed": "the end of the stream", "end": "the end of the connection"}[event.kind]
