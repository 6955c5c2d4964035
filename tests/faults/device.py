# device.py - a client with acks, carbons and archive that comes back after every break
# SPDX-License-Identifier: MIT

import asyncio
import itertools
import traceback
from collections import deque
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import quoteattr

from client import CLIENT, TIMEOUT_S, Client, Gone
from letters import ARCHIVED, INWARD, OWN, SENT
from runner.actor import Failure, Options, Refused, condition_of
from runner.pattern import STANZA_ERRORS, STREAM_ERRORS, STREAMS
from runner.wire import Event, TlsRefused

ACKS = "urn:xmpp:sm:3"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
CARBONS = "urn:xmpp:carbons:2"
FORWARD = "{urn:xmpp:forward:0}forwarded"
DELAY = "{urn:xmpp:delay}delay"
SID = "urn:xmpp:sid:0"
MAM = "urn:xmpp:mam:2"
RSM = "http://jabber.org/protocol/rsm"
FORMS = "jabber:x:data"
WRAP = 1 << 32


class Device(Client):
    """One device of an account; `log_in` resumes its session when it can."""

    def __init__(self, account, number, ground, proof, transport="plain TCP", has_acks=True):
        super().__init__(account.user, ground)
        self.user = account.user
        self.name = f"{account.user}d{number}"
        self.account = account
        self.proof = proof
        self.transport = transport
        self.has_acks = has_acks
        self.reads_archive = False
        self.letters = itertools.count(1)
        self.session = 0
        self.began = 0
        self.is_ready = False
        self.last_end = None
        self.is_expected_to_end = False
        self.again = []                 # letters to send once more, in a new session
        self.newest = None              # the id of the archive that it read last
        self.queries = {}
        self.forget_session()

    def forget_session(self):
        self.id = None                  # of the session that can be resumed
        self.is_lost = False            # the server has died since
        self.has_moved = False          # the time of day, since
        self.is_enabled = False
        self.is_prepared = False        # it has said what a session begins with
        self.is_silent = False
        self.handled = self.acknowledged = self.sent = 0
        self.unacked = deque()          # (xml, letter or None)
        self.unsettled = []             # letters that came in this session
        self.in_session = []            # letters sent without acks
        self.opening = None

    # What arrives

    def report(self, event):
        """Whoever stops reading makes others wait: a fault of the checker has to be loud."""
        try:
            self.take_event(event)
            if event.kind == "closed":      # the other side has said all
                self.leave()
                self.take_event(Event("end"))
                self.last_end = "the server closed the stream"
        except Gone:
            pass
        except Exception:
            self.proof.break_promise("start", f"the checker failed: {traceback.format_exc()}")

    def take_event(self, event):
        if event.kind == "element" and self.opening:
            self.hear(event.element)
            return
        if event.kind == "end":
            self.note_end()
            if self.opening and not self.opening.done():
                self.opening.set_exception(Gone())
        super().report(event)

    def hear(self, element):
        name = element.tag
        if name.startswith(CLIENT):
            self.handled += self.is_enabled
            self.hear_stanza(element)
        elif name == f"{{{ACKS}}}r":
            if not self.is_silent:
                self.acknowledge()
        elif name == f"{{{ACKS}}}a":
            self.note_acknowledged(int(element.get("h")))
        elif name.startswith(f"{{{ACKS}}}"):
            self.hear_of_session(element)
        elif name == f"{{{STREAMS}}}error":
            self.note_stream_error(condition_of(element, STREAM_ERRORS))

    def note_end(self):
        self.is_ready = False
        error = self.wire and self.wire.error
        self.last_end = f"the connection ended: {error!r}"
        if isinstance(error, ExpatError):
            self.proof.break_promise("start", f"{self.name} cannot read: {error!r}")

    def note_stream_error(self, condition):
        if not self.is_expected_to_end:
            self.proof.break_promise("start", f"{self.name} was cut off: {condition}")

    def hear_of_session(self, element):
        kind = element.tag.rpartition("}")[2]
        if kind == "enabled":
            self.is_enabled = True
            self.id = element.get("id")
        elif kind == "resumed":
            self.full_jid = self.bound_jid
            self.note_acknowledged(int(element.get("h")))
            self.send_unacked()
        if self.opening and not self.opening.done():
            self.opening.set_result(element)

    def hear_stanza(self, stanza):
        if stanza.tag == CLIENT + "message":
            self.hear_message(stanza)
        elif stanza.tag == CLIENT + "iq" and stanza.get("id") == "bind":
            self.bound_jid = self.full_jid = stanza.findtext(f"{{{BIND}}}bind/{{{BIND}}}jid")
            self.opening.set_result(stanza)
        elif stanza.tag == CLIENT + "iq" and stanza.get("type") in ("get", "set"):
            self.send(f"<iq type='result' id={quoteattr(stanza.get('id'))} "
                      f"to={quoteattr(stanza.get('from', ''))}/>")
        else:
            self.receive(stanza)

    def hear_message(self, message):
        for kind, how in (("received", INWARD), ("sent", OWN)):
            carbon = message.find(f"{{{CARBONS}}}{kind}")
            if carbon is not None:
                copied = carbon.find(f"{FORWARD}/{CLIENT}message")
                if copied.get("type") != "error":
                    self.hear_copy(copied, how)
                return
        if message.get("type") == "error":
            self.hear_refusal(message)
            return
        result = message.find(f"{{{MAM}}}result")
        if result is not None:
            self.queries.get(result.get("queryid"), []).append(
                (result.get("id"), key_of(result.find(f"{FORWARD}/{CLIENT}message"))))
            return          # nobody wants it where a break came between
        self.hear_copy(message, INWARD)

    def hear_refusal(self, message):
        error = message.find(CLIENT + "error")
        condition = condition_of(error, STANZA_ERRORS)
        key = message.get("id")
        if condition in self.account.talk.refusals:
            self.proof.refuse(key)
        else:
            self.proof.break_promise("message", f"refused, {condition}: "
                                                f"{self.proof.letters.get(key, key)}")

    def hear_copy(self, message, how):
        key = key_of(message)
        for sid in message.iter(f"{{{SID}}}stanza-id"):
            if sid.get("by") == self.account.address:
                self.account.archive.announce(sid.get("id"), key)
        self.proof.take(self, key, how, message.find(DELAY) is not None)
        letter = self.proof.letters.get(key)
        if letter and how == INWARD:
            self.unsettled.append(letter)

    # What it says

    def send(self, xml, letter=None):
        if self.is_gone:
            raise Gone()
        if self.is_enabled:
            self.unacked.append((xml, letter))
            self.sent += 1
        elif letter:
            self.in_session.append(letter)
        self.wire.send(xml.encode())

    def write(self, to, target=None, padding=0):
        letter = self.proof.send(self, next(self.letters), to, target)
        self.send_letter(letter, padding)
        return letter

    def send_letter(self, letter, padding=0):
        to = letter.target.bound_jid if letter.target else letter.to.address
        self.send(f"<message type='chat' id='{letter.key}' to={quoteattr(to)}>"
                  f"<body>{letter.key} {'.' * padding}</body>"
                  f"<origin-id xmlns='{SID}' id='{letter.key}'/></message>", letter)

    def say(self, xml):
        if self.is_gone:
            raise Gone()
        self.wire.send(xml.encode())

    def acknowledge(self):
        self.say(f"<a xmlns='{ACKS}' h='{self.handled % WRAP}'/>")

    def ask_for_ack(self):
        if self.is_enabled:
            self.say(f"<r xmlns='{ACKS}'/>")

    def note_acknowledged(self, h):
        more = (h - self.acknowledged) % WRAP
        if more > len(self.unacked):
            self.proof.break_promise("ack", f"{self.name} has h={h} after {self.acknowledged}, "
                                            f"with {len(self.unacked)} more sent")
            return
        for _ in range(more):
            _, letter = self.unacked.popleft()
            if letter:
                self.proof.acknowledge(letter)
        self.acknowledged = h

    def send_unacked(self):
        for xml, _ in self.unacked:
            self.wire.send(xml.encode())

    # Coming and going

    async def log_in(self, resume=True):
        """Returns True when the session was resumed."""
        self.leave()
        self.is_ready = False
        self.opening = None
        options = Options(self.account.address, self.name)
        options.transport = self.transport
        try:
            await self.open(options)
            self.is_gone = False
            await self.open_stream()
            if self.transport == "STARTTLS":
                await self.start_tls()
                await self.open_stream()
            await self.authenticate()
            await self.open_stream()
            resumed = resume and self.id and await self.resume()
            if not resumed:
                await self.begin_session()
            if not self.is_prepared:        # also where a break came between
                await self.prepare()
            self.is_ready = True
            return bool(resumed)
        except (Failure, Refused, TlsRefused, OSError, asyncio.TimeoutError) as error:
            self.is_gone = True
            raise Gone(repr(error)) from error

    async def answer_to(self, xml):
        self.opening = asyncio.get_running_loop().create_future()
        self.say(xml)
        return await asyncio.wait_for(self.opening, TIMEOUT_S)

    async def resume(self):
        answer = await self.answer_to(f"<resume xmlns='{ACKS}' previd='{self.id}' "
                                      f"h='{self.handled % WRAP}'/>")
        if answer.tag == f"{{{ACKS}}}resumed":
            self.proof.counts["resumed"] += 1
            return True
        self.account.talk.note_failed_resumption(self, answer.get("h"))
        if answer.get("h"):
            self.note_acknowledged(int(answer.get("h")))
        return False

    def end_session(self):
        """What was not acknowledged is sent again, where the server knows it again."""
        letters = [letter for _, letter in self.unacked if letter] + self.in_session
        for letter in letters:
            if self.may_send_again() and letter.fate == SENT:
                self.again.append(letter)
            else:
                self.proof.doubt(letter)
        self.forget_session()

    def may_send_again(self):
        return self.account.talk.sends_again and self.has_acks and not self.has_moved

    def note_moved_clock(self):
        """For how long a server knows a letter again, and keeps a session, is a matter of time."""
        self.has_moved = True
        for letter in self.again:
            self.proof.doubt(letter)
        self.again.clear()

    async def begin_session(self):
        self.end_session()
        self.session += 1
        await self.answer_to(f"<iq type='set' id='bind'><bind xmlns='{BIND}'><resource>"
                             f"{self.name}</resource></bind></iq>")
        self.began = next(self.proof.moments)
        if self.has_acks:
            await self.answer_to(f"<enable xmlns='{ACKS}' resume='true'/>")

    async def prepare(self):
        await self.question("set", f"<enable xmlns='{CARBONS}'/>")
        if self.reads_archive:
            await self.catch_up()
        self.send("<presence/>")
        await self.ask_own_account()
        self.is_ready = self.is_prepared = True
        if self.reads_archive:
            await self.catch_up()
        while self.again:
            self.send_letter(self.again[0])
            self.again.pop(0)

    async def log_out(self):
        self.is_ready = False
        self.is_expected_to_end = True
        try:
            self.say("</stream:stream>")
            await self.wait_until(lambda: self.is_gone)
        except Gone:
            pass
        finally:
            self.is_expected_to_end = False
            self.leave()
            self.end_session()

    def break_off(self):
        """Without a word."""
        self.is_ready = False
        if not self.wire:
            return
        self.vanish()
        self.report(Event("end"))
        handshake = self.wire.handshake
        if handshake and not handshake.done():
            handshake.set_exception(TlsRefused("broken off"))

    async def wait_until(self, is_so):
        loop = asyncio.get_running_loop()
        deadline = loop.time() + TIMEOUT_S
        while not is_so() and loop.time() < deadline:
            await asyncio.sleep(0.005)
        return is_so()

    # Moments at which something is known

    async def ask_own_account(self):
        """Answered when the account's writes up to here are on disk."""
        return await self.question("get", "<barrier xmlns='urn:example:barrier'/>",
                                   self.account.address)

    async def settle(self):
        """What came is taken over: acknowledged, and the server has noted it."""
        letters, self.unsettled = self.unsettled, []
        self.is_silent = False
        if self.is_enabled:
            self.acknowledge()
        await self.ask_own_account()
        self.proof.settle(self, letters)

    async def get_acknowledged(self, accounts):
        """Every letter of this session; without acks an answer of the addressee says it."""
        if self.is_enabled:
            self.ask_for_ack()
            if not await self.wait_until(lambda: self.is_gone or not self.unacked):
                self.proof.break_promise("ack", f"{self.name} waits in vain for the end of "
                                                f"{len(self.unacked)} stanzas, first "
                                                f"{self.unacked[0][0][:200]}")
            return
        letters, self.in_session = self.in_session, []
        for account in accounts:
            await self.question("get", "<barrier xmlns='urn:example:barrier'/>", account.address)
        for letter in letters:
            self.proof.acknowledge(letter)

    # The archive

    async def catch_up(self):
        for number, key in await self.pages(after=self.newest, size=50):
            self.newest = number
            self.proof.take(self, key, ARCHIVED)

    async def pages(self, size, after=None, backwards=False):
        """All entries in their order, page by page."""
        entries, edge = [], after
        while True:
            fin, page = await self.page(size, edge, backwards)
            entries = page + entries if backwards else entries + page
            if fin.get("complete") == "true" or not page:
                return entries
            edge = page[0][0] if backwards else page[-1][0]

    async def page(self, size, edge, backwards):
        number = f"p{next(self.numbers)}"
        page = self.queries[number] = []
        where = "before" if backwards else "after"
        place = f"<{where}>{edge}</{where}>" if edge else "<before/>" if backwards else ""
        try:
            answer = await self.question(
                "set", f"<query xmlns='{MAM}' queryid='{number}'><set xmlns='{RSM}'>"
                       f"<max>{size}</max>{place}</set></query>")
        finally:
            del self.queries[number]
        fin = answer.find(f"{{{MAM}}}fin")
        if fin is None:
            self.proof.break_promise("archive", f"{self.name}: page {where} {edge}: "
                                                f"{condition_of(answer.find(CLIENT + 'error'), STANZA_ERRORS)}")
            return {"complete": "true"}, page
        self.check_page(fin, page)
        return fin, page

    def check_page(self, fin, page):
        first, last = (fin.findtext(f"{{{RSM}}}set/{{{RSM}}}{name}") for name in ("first", "last"))
        if page and (first, last) != (page[0][0], page[-1][0]):
            self.proof.break_promise("archive", f"{self.name}: a page from {page[0][0]} to "
                                                f"{page[-1][0]} says {first} to {last}")


def key_of(message):
    return (message.findtext(CLIENT + "body") or "nothing").split()[0]
