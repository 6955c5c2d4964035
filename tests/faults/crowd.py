# crowd.py - clients that keep a server busy, and note what it acknowledges
# SPDX-License-Identifier: MIT

import asyncio
import itertools
import time
from xml.sax.saxutils import quoteattr

from client import CLIENT, ROSTER, TIMEOUT_S, Client, Gone, Ground
from ledger import facts_of
from runner.actor import Refused

WORKERS = 30
ABSENT = 12
CONTACTS = 30


class Reader(Client):
    """An absent user who looks in between two crashes."""

    def __init__(self, user, ground):
        super().__init__(user, ground)
        self.arrived = []

    def receive(self, stanza):
        body = stanza.findtext(CLIENT + "body")
        if stanza.tag == CLIENT + "message" and body:
            self.arrived.append(body)
        super().receive(stanza)

    async def look_in(self, expected):
        """What had been stored. Whoever asks again and again has it all when what is expected is
        there, and what was answered before it left the server belongs to it no more."""
        self.arrived = []
        await self.log_in()
        self.send("<presence/>")
        deadline = time.monotonic() + TIMEOUT_S
        while not expected <= set(self.arrived) and time.monotonic() < deadline:
            await self.question("get", "<ping xmlns='urn:xmpp:ping'/>")
        await self.question("get", "<ping xmlns='urn:xmpp:ping'/>")
        self.leave()
        return self.arrived


class Worker(Client):
    """Changes the roster, subscribes to others and approves them, writes to the absent."""

    def __init__(self, user, ground, crowd):
        super().__init__(user, ground)
        self.crowd = crowd
        self.ledger = crowd.ledger
        self.dice = crowd.dice
        self.sent = itertools.count()

    # What the server tells

    def receive(self, stanza):
        if stanza.tag == CLIENT + "presence" and stanza.get("type") == "subscribe":
            self.approve(stanza.get("from"))
        elif stanza.tag == CLIENT + "iq" and stanza.get("type") == "set":
            for item in stanza.iter(f"{{{ROSTER}}}item"):
                self.note_push(item)
        elif stanza.tag == CLIENT + "message" and stanza.get("type") == "error":
            self.ledger.break_promise("message", f"{stanza.get('id')} was refused")
        super().receive(stanza)

    def approve(self, peer):
        self.send(f"<presence type='subscribed' to={quoteattr(peer)}/>")

    def note_push(self, item):
        """What a push shows of a peer is on disk; of a contact, the result tells it."""
        peer = item.get("jid")
        if self.crowd.is_worker(peer):
            self.ledger.note_subscription(
                self.address, peer, facts_of(item.get("subscription"), item.get("ask")))

    # After a restart

    async def arrive_and_check(self):
        await self.log_in()
        known = self.ledger.known_subscriptions(self.address)
        items = await self.roster()
        self.ledger.check_contacts(self.address, {
            item.get("jid"): item.get("name") for item in items
            if not self.crowd.is_worker(item.get("jid"))})
        self.ledger.check_subscriptions(self.address, known, {
            item.get("jid"): facts_of(item.get("subscription"), item.get("ask"))
            for item in items if self.crowd.is_worker(item.get("jid"))})
        self.send("<presence/>")

    # Work

    async def work(self):
        acts = (self.change_contact, self.write_to_absent, self.subscribe)
        try:
            while True:
                await self.dice.choices(acts, weights=(50, 50, 2))[0]()
        except Gone:
            pass

    async def change_contact(self):
        contact = f"c{self.dice.randrange(CONTACTS)}@localhost"
        removes = self.ledger.contacts[self.address].get(contact, {None}) != {None} and \
            self.dice.random() < 0.2
        name = None if removes else f"name {next(self.numbers)}"
        more = "subscription='remove'" if removes else f"name='{name}'"
        self.ledger.attempt_contact(self.address, contact, name)
        answer = await self.question(
            "set", f"<query xmlns='{ROSTER}'><item jid='{contact}' {more}/></query>")
        if answer.get("type") == "result":
            self.ledger.note_contact(self.address, contact, name)
        else:
            self.ledger.break_promise("contact", f"{contact} of {self.user} was refused")

    async def write_to_absent(self):
        absent = self.dice.choice(self.crowd.absent).address
        number = f"{self.user}.{next(self.sent)}"
        self.send(f"<message type='chat' to='{absent}' id='{number}'><body>{number}</body>"
                  "</message>")
        await self.question("get", "<nothing xmlns='urn:example:nothing'/>", absent)
        self.ledger.note_mail(absent, number)

    async def subscribe(self):
        """A request; whether it stands is seen in the roster push, which comes before the answer."""
        strangers = [worker.address for worker in self.crowd.workers if worker is not self and
                     not self.ledger.subscriptions[self.address][worker.address] & {"asked"}]
        if strangers:
            self.send(f"<presence type='subscribe' to='{self.dice.choice(strangers)}'/>")
        await self.question("get", "<ping xmlns='urn:xmpp:ping'/>")


class Crowd:
    def __init__(self, server, ledger, dice, ternctl):
        self.server = server
        self.ledger = ledger
        self.dice = dice
        self.ternctl = ternctl
        ground = Ground(server)
        self.workers = [Worker(f"w{number}", ground, self) for number in range(WORKERS)]
        self.absent = [Reader(f"a{number}", ground) for number in range(ABSENT)]
        self.names = itertools.count()

    def is_worker(self, address):
        return address.startswith("w")

    async def administer(self, *words):
        """True when ternctl says that it is done; its answer."""
        process = await asyncio.create_subprocess_exec(
            self.ternctl, "-s", self.server.control_path(), *words,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
        answer, _ = await process.communicate()
        return process.returncode == 0, answer.decode()

    async def make_account(self, address, password):
        done, _ = await self.administer("user", "add", address, "--password", password)
        if done:
            self.ledger.note_account(address, password)
        return done

    async def delete_some_account(self):
        extra = [address for address in self.ledger.accounts if address.startswith("x")]
        if not extra:
            return
        address = self.dice.choice(extra)
        del self.ledger.accounts[address]
        done, _ = await self.administer("user", "del", address)
        if done:
            self.ledger.note_deletion(address)

    async def keep_accounts(self):
        """Makes accounts and deletes some, until the server is gone."""
        is_there = True
        while is_there:
            if self.dice.random() < 0.25:
                await self.delete_some_account()
            is_there = await self.make_account(f"x{next(self.names)}@localhost", "p")

    # Between a start and a kill

    async def arrive_and_check(self):
        await self.check_accounts()
        for reader in self.absent:
            expected = set(self.ledger.acknowledged_mail[reader.address])
            self.ledger.check_mail(reader.address, await self.heard(reader.look_in(expected)))
        await asyncio.gather(*(self.heard(worker.arrive_and_check()) for worker in self.workers))

    async def heard(self, waiting):
        """Nobody kills the server now: it must not break off."""
        try:
            return await waiting
        except (Gone, Refused, asyncio.TimeoutError) as error:
            self.ledger.break_promise("start", f"the server broke off: {error!r}")
            return []

    async def check_accounts(self):
        if not self.ledger.accounts:
            for client in (*self.workers, *self.absent):
                await self.make_account(client.address, f"{client.user}-password")
        done, listed = await self.administer("user", "list", "localhost")
        if not done:
            self.ledger.break_promise("start", "ternctl user list failed")
        self.ledger.check_accounts(set(listed.split()))

    async def work(self):
        await asyncio.gather(self.keep_accounts(), *(worker.work() for worker in self.workers))

    # At the end: what crosses two accounts has arrived at both

    def one_sided(self):
        """Pairs of which one side knows what the other does not."""
        known = self.ledger.subscriptions
        return [(user.address, peer.address) for user in self.workers for peer in self.workers
                if "asked" in known[user.address][peer.address] and not (
                    "to" in known[user.address][peer.address] and
                    "from" in known[peer.address][user.address])]

    async def come_to_rest(self):
        """Every request that stands has reached the other side, which approves all, and every
        approval has come back, though a crash fell between them."""
        for _ in range(TIMEOUT_S):
            for worker in self.workers:
                await self.heard(worker.question("get", "<ping xmlns='urn:xmpp:ping'/>"))
            if not self.one_sided():
                break
        else:
            self.ledger.break_promise("rest", f"one side knows only: {self.one_sided()[:5]}")
        for worker in self.workers:
            worker.leave()
