# client.py - a session over plain TCP or TLS, as all clients of this folder have one
# SPDX-License-Identifier: MIT

import asyncio
import itertools
from xml.sax.saxutils import quoteattr

from runner.actor import Actor, Failure, Options

ROSTER = "jabber:iq:roster"
CLIENT = "{jabber:client}"
TIMEOUT_S = 60


class Gone(Exception):
    """The connection ended: whatever was under way is in doubt."""


class Ground:
    """What an actor of the scenarios wants to stand on."""

    def __init__(self, server):
        self.server = server
        self.timeout = TIMEOUT_S
        self.passwords = {}
        self.certificates = None
        self.env = {}

    def note(self, *_):
        pass


class Client(Actor):
    """A session whose stanzas are handed to `receive` as they come, and iqs to who asked."""

    numbers = itertools.count(1)

    def __init__(self, user, ground):
        super().__init__(user, ground)
        self.user = user
        self.address = f"{user}@localhost"
        self.questions = {}
        self.is_gone = False

    def report(self, event):
        if event.kind == "end":
            self.is_gone = True
            for future in self.questions.values():
                if not future.done():
                    future.set_exception(Gone())
        if event.kind == "element" and self.full_jid:
            self.receive(event.element)
        else:
            super().report(event)

    def receive(self, stanza):
        if stanza.tag != CLIENT + "iq":
            return
        future = self.questions.get(stanza.get("id"))
        if future and not future.done():
            future.set_result(stanza)

    def send(self, xml):
        if self.is_gone:
            raise Gone()
        self.wire.send(xml.encode())

    async def log_in(self):
        self.is_gone = False
        options = Options(self.address, "r")
        options.transport = "plain TCP"
        try:
            await self.connect(options)
        except (Failure, OSError) as error:
            raise Gone() from error

    async def question(self, kind, payload, to=None):
        number = f"q{next(self.numbers)}"
        address = f" to={quoteattr(to)}" if to else ""
        future = self.questions[number] = asyncio.get_running_loop().create_future()
        try:
            self.send(f"<iq type='{kind}' id='{number}'{address}>{payload}</iq>")
            return await asyncio.wait_for(future, TIMEOUT_S)
        finally:
            del self.questions[number]

    async def roster(self):
        answer = await self.question("get", f"<query xmlns='{ROSTER}'/>")
        return list(answer.iter(f"{{{ROSTER}}}item"))
