# stage.py - what one scenario plays on: its server, its actors, what placeholders stand for
# SPDX-License-Identifier: MIT

import asyncio
import os
import re
import shutil
from dataclasses import dataclass, field

from .actor import SYNC, Actor

# What clients begin with; raw scenarios write it as ${header}.
HEADER = ("<?xml version='1.0'?><stream:stream to='localhost' version='1.0' "
          "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")

SHOWN = 5000     # characters of one packet

# The iqs of barriers are left out of what is shown to a person.
BARRIER = re.compile(rf"<iq [^>]*id=['\"]{SYNC}\d+['\"][^>]*?(/>|>.*?</iq>)")


@dataclass
class Host:
    domain: str
    lines: list = field(default_factory=list)
    key_kind: str = "ECDSA"
    digest: str = "sha256"


@dataclass
class Setting:
    """What the `Given` lines of a scenario ask of the server."""
    lines: list = field(default_factory=list)
    hosts: list = field(default_factory=lambda: [Host("localhost")])
    accounts: list = field(default_factory=list)    # (jid, password)

    def host(self, domain):
        for host in self.hosts:
            if host.domain == domain:
                return host
        self.hosts.append(Host(domain))
        return self.hosts[-1]


class Stage:
    def __init__(self, setting, certificates, folder, timeout):
        self.setting = setting
        self.certificates = certificates
        self.folder = folder
        self.timeout = timeout
        self.server = None
        self.actors = {}
        self.env = {"header": HEADER}
        self.passwords = dict(setting.accounts)
        self.transcript = []
        self.split = None           # (place, longest) inside `At every split:`

    def actor(self, name):
        if name not in self.actors:
            self.actors[name] = Actor(name, self)
        return self.actors[name]

    def note(self, who, direction, data):
        text = BARRIER.sub("", data.decode(errors="backslashreplace"))
        if text:
            self.transcript.append(f"{who} {direction} {text[:SHOWN]}")

    async def start(self, factory):
        os.makedirs(self.folder)
        self.server = factory(self.setting, self.folder, self.certificates)
        if self.server.name == "prosody":
            await self.add_accounts()
            await self.server.start()
        else:
            await self.server.start()
            await self.add_accounts()

    async def add_accounts(self):
        for jid, password in self.setting.accounts:
            await self.server.add_account(jid, password)

    def sessions(self):
        return [actor for actor in self.actors.values() if actor.full_jid]

    async def settle(self):
        """
        Returns when what every session has caused so far has arrived at every session. Two rounds
        of questions from each session to each account: answers of an account leave it behind
        everything that the session made it say, and what those say to a third account is there
        after the second round. Then one question from each session to each other.
        """
        accounts = {jid for jid, _ in self.setting.accounts}
        for _ in range(2):
            await self.ask_all(accounts)
        await self.ask_all({actor.full_jid for actor in self.sessions()})

    async def ask_all(self, addresses):
        await asyncio.gather(*(actor.ask(address) for actor in self.sessions()
                               for address in sorted(addresses)))

    async def stop(self):
        for actor in self.actors.values():
            if actor.wire:
                actor.wire.close()
        if self.server:
            await self.server.stop()

    async def abandon(self):
        for actor in self.actors.values():
            if actor.wire:
                actor.wire.close()
        if self.server:
            await self.server.kill()

    def tidy(self):
        shutil.rmtree(self.folder, ignore_errors=True)


