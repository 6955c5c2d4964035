# talk.py - accounts that write to each other, and look around when something has happened
# SPDX-License-Identifier: MIT

import asyncio
import time

from client import Gone, Ground
from device import Device
from letters import ARCHIVE, ONCE_IN, SAVED, Archive

PRESENT = 5         # accounts whose devices are there all the time, or come back at once
ABSENT = 2          # accounts that look in now and then
TRIES = 10
BURST = 30
PATIENCE_S = 15     # until it says what it waits for
LARGE = 3000        # bytes of padding, at most


class Account:
    def __init__(self, talk, user, is_absent=False, has_acks=True):
        self.talk = talk
        self.user = user
        self.address = f"{user}@localhost"
        self.is_absent = is_absent
        self.has_acks = has_acks
        self.archive = Archive(talk.proof, self.address)
        transports = ("plain TCP", "direct TLS" if has_acks else "plain TCP")
        self.devices = [Device(self, number, talk.ground, talk.proof, transport, has_acks)
                        for number, transport in enumerate(transports)]
        for device in self.devices:
            device.reads_archive = talk.proof.has(ARCHIVE)

    def is_there(self):
        return any(device.is_ready for device in self.devices)

    def names(self):
        return {device.name for device in self.devices}


class Talk:
    def __init__(self, server, proof, dice, deadline_s):
        self.server = server
        self.proof = proof
        self.dice = dice
        self.deadline_s = deadline_s    # within which what has to come has come
        self.ground = Ground(server)
        self.refusals = set()       # conditions with which messages may be refused just now
        self.is_ending = False
        self.sends_again = proof.has(ONCE_IN)
        self.accounts = [Account(self, f"u{number}", has_acks=number > 0)
                         for number in range(PRESENT)]
        self.accounts += [Account(self, f"v{number}", is_absent=True) for number in range(ABSENT)]

    def devices(self, absent=None):
        return [device for account in self.accounts for device in account.devices
                if absent is None or account.is_absent == absent]

    def keep_wires(self, path):
        """Everything that goes over all connections, in one file."""
        file = open(path, "w", encoding="utf-8")
        began = time.monotonic()
        self.ground.note = lambda name, way, data: print(
            f"{time.monotonic() - began:.4f} {name} {way} {data.decode(errors='replace')}",
            file=file, flush=True)

    async def make_accounts(self):
        for account in self.accounts:
            await self.server.add_account(account.address, f"{account.user}-password")

    # What goes on while something happens to the server

    async def work(self):
        self.is_ending = False
        lives = [self.live(device) for device in self.devices(absent=False)]
        lives += [self.look_in(account) for account in self.accounts if account.is_absent]
        await asyncio.gather(*lives)

    async def live(self, device):
        acts = {self.write_once: 60, self.write_burst: 5, self.pause: 30, self.settle: 4,
                self.keep_silent: 2, self.break_and_resume: 2, self.break_and_begin: 1,
                self.leave_and_return: 1}
        while not self.is_ending:
            try:
                await self.dice.choices(list(acts), acts.values())[0](device)
            except Gone:
                await self.come_back(device)
            except asyncio.TimeoutError:
                self.proof.break_promise("start", f"{device.name} was not answered")
                return

    async def look_in(self, account):
        """An absent user is there for a moment, and may be cut off."""
        if self.dice.random() < 0.7:
            return
        device = self.dice.choice(account.devices)
        try:
            await asyncio.sleep(self.dice.uniform(0, 0.5))
            await device.log_in()
            await asyncio.sleep(self.dice.uniform(0, 0.5))
            if self.dice.random() < 0.5:
                await device.settle()
                await device.log_out()
            else:
                device.break_off()
        except Gone:
            pass

    async def pause(self, device):
        await asyncio.sleep(self.dice.uniform(0, 0.03))

    async def write_once(self, device):
        to = self.dice.choice(self.accounts)
        ready = [other for other in to.devices if other.is_ready and other is not device]
        target = self.dice.choice(ready) if ready and self.dice.random() < 0.2 else None
        device.write(to, target, self.dice.choice((0, 0, 0, self.dice.randrange(LARGE))))
        if self.dice.random() < 0.3:
            device.ask_for_ack()
        await self.pause(device)

    async def write_burst(self, device):
        to = self.dice.choice(self.accounts)
        for _ in range(self.dice.randrange(BURST)):
            device.write(to if self.dice.random() < 0.7 else self.dice.choice(self.accounts))
        device.ask_for_ack()
        await self.pause(device)

    async def settle(self, device):
        await device.settle()

    async def keep_silent(self, device):
        device.is_silent = True

    async def break_and_resume(self, device):
        if not device.has_acks:         # what was on its way to it is lost, by the RFC
            return
        device.break_off()
        await asyncio.sleep(self.dice.uniform(0, 0.3))
        await device.log_in()

    async def break_and_begin(self, device):
        if not device.has_acks:
            return
        device.break_off()
        await self.pause(device)
        await device.log_in(resume=False)

    async def leave_and_return(self, device):
        await device.log_out()
        await self.pause(device)
        await device.log_in()

    async def come_back(self, device):
        """It was broken off; while the server is there it has to let the device in again."""
        loop = asyncio.get_running_loop()
        for _ in range(TRIES):
            if self.is_ending:
                return
            began = loop.time()
            try:
                await device.log_in()
                return
            except Gone as error:
                reason = error
                if loop.time() - began > PATIENCE_S:
                    print(f"{device.name} waited long to log in: {reason!r}", flush=True)
                await asyncio.sleep(0.05)
        self.proof.break_promise("start", f"{device.name} cannot log in: {reason!r}")

    # What has to hold when it is over

    def note_failed_resumption(self, device, h):
        if not device.is_lost and self.proof.has(SAVED) and not device.has_moved:
            self.proof.break_promise("resume", f"{device.name} could not resume")
        elif device.is_lost and h is not None:
            self.proof.break_promise("resume", f"{device.name} heard of h={h} after a crash")

    async def look_around(self, looks_in=True, is_last=False):
        self.is_ending = False
        accounts = [account for account in self.accounts if looks_in or not account.is_absent]
        devices = [device for account in accounts for device in account.devices]
        for device in devices:
            device.is_silent = False
        await asyncio.gather(*(self.arrive(device) for device in devices))
        await self.at_rest(self.get_acknowledged(devices))
        await self.wait_for_missing()
        for _ in range(2):      # what is too much comes before the answers
            await self.at_rest(asyncio.gather(*(device.settle() for device in devices)))
        await self.check_archives(accounts, is_whole=is_last)
        self.proof.close()
        for account in accounts:
            if account.is_absent:
                await self.at_rest(asyncio.gather(*(device.log_out()
                                                    for device in account.devices)))

    async def arrive(self, device):
        if device.is_gone or not device.is_ready:
            await self.come_back(device)
        elif device.is_enabled:
            device.acknowledge()

    async def get_acknowledged(self, devices):
        await asyncio.gather(*(device.get_acknowledged(self.accounts) for device in devices))

    async def at_rest(self, waiting):
        """Nothing happens to the server now: it must not break off."""
        try:
            await waiting
        except (Gone, asyncio.TimeoutError) as error:
            ends = [f"{device.name}, {device.last_end}" for device in self.devices()
                    if device.is_gone]
            self.proof.break_promise("start", f"the server broke off: {error!r}, {ends}")

    async def wait_for_missing(self):
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.deadline_s
        patient_until = loop.time() + PATIENCE_S
        while (missing := self.proof.missing()) and loop.time() < deadline:
            if self.proof.has(ARCHIVE):
                await self.at_rest(asyncio.gather(*(
                    device.catch_up() for device in self.devices() if device.is_ready)))
            if loop.time() > patient_until:
                print(f"still waiting: {missing[0]}", flush=True)
                patient_until = deadline
            await asyncio.sleep(0.01)
        for lack in missing:
            self.proof.break_promise("message", lack)

    # Archives

    async def check_archives(self, accounts, is_whole=False):
        if not self.proof.has(ARCHIVE):
            return
        for account in accounts:
            await self.at_rest(self.check_archive(account, is_whole))

    async def check_archive(self, account, is_whole):
        archive = account.archive
        reader = account.devices[self.dice.randrange(len(account.devices))]
        archive.add(await reader.pages(self.dice.randrange(3, 60), archive.last_id()))
        archive.check_letters(self.proof.open.values())
        archive.check_announced()
        if is_whole or self.dice.random() < 0.05:
            forwards = await reader.pages(self.dice.randrange(20, 100))
            archive.check_whole(forwards, "page by page")
            backwards = await reader.pages(self.dice.randrange(20, 100), backwards=True)
            archive.check_whole(backwards, "page by page backwards")
