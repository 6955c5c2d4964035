# blows.py - a server that things are done to: killed, stopped, cut off, out of disk, time and power
# SPDX-License-Identifier: MIT

import asyncio
import os
import struct
import subprocess

import power
from runner.ternd import Ternd

BUSY_S = (0.05, 1.2)            # how long clients work before a blow
SYNC_US = 3000                  # a sync lasts up to so long
MOST_MOVED_S = 3 * 24 * 3600    # of the clock, to either side
DISK_BYTES = 256 << 20
LEFT_BYTES = (0, 0, 1 << 20, 40 << 20)  # on a disk that is full; some of it is the reserve


class Battered(Ternd):
    """ternd with power.c and clock.c preloaded, its data on a disk that can be filled."""

    def __init__(self, setting, folder, certificates, program, shims):
        super().__init__(setting, folder, certificates, program)
        self.data = os.path.join(folder, "data")
        self.file = os.path.join(self.data, "data.mdb")
        self.journal = os.path.join(folder, "journal")
        self.clock = os.path.join(folder, "clock")
        self.filler = os.path.join(self.data, "filler")
        self.move_clock(0)
        self.environment = {
            **os.environ, "LD_PRELOAD": " ".join(str(shims / f"faults_{name}.so")
                                                 for name in ("power", "clock")),
            "TERN_FAULTS_FILE": self.file, "TERN_FAULTS_JOURNAL": self.journal,
            "TERN_FAULTS_SYNC_US": str(SYNC_US), "TERN_FAULTS_CLOCK": self.clock}
        self.has_disk = False

    def mount(self):
        """A small disk of its own; not everybody may have one."""
        os.makedirs(self.data, mode=0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700",
                               "faults", self.data], capture_output=True)
        self.has_disk = done.returncode == 0
        return self.has_disk

    def unmount(self):
        if self.has_disk:
            subprocess.run(["umount", "-l", self.data], check=False)

    def move_clock(self, seconds):
        with open(self.clock, "r+b" if os.path.exists(self.clock) else "wb") as file:
            file.write(struct.pack("=q", seconds))

    def fill_disk(self, left):
        """The server takes room meanwhile: then there is a little less."""
        with open(self.filler, "wb") as file:
            while (room := self.room()) > left:
                try:
                    os.posix_fallocate(file.fileno(), 0, room - left)
                    break
                except OSError:
                    pass

    def room(self):
        disk = os.statvfs(self.data)
        return disk.f_bavail * disk.f_frsize

    def empty_disk(self):
        if os.path.exists(self.filler):
            os.unlink(self.filler)

    def lose_power(self, dice, is_reordered):
        """After its death. Answers how many writes had not been synced."""
        if is_reordered:
            return power.reorder(self.file, self.journal, dice)
        return power.lose(self.file, self.journal)


class Blows:
    """Each does one thing to a busy server, and leaves it running."""

    def __init__(self, server, talk, dice):
        self.server = server
        self.talk = talk
        self.dice = dice

    async def wait(self):
        await asyncio.sleep(self.dice.uniform(*BUSY_S))
        if self.server.died():
            self.talk.proof.break_promise(
                "start", f"the server died by itself: {self.server.last_lines()}")

    def excuse(self, is_excused=True):
        """Nobody wonders about a connection that breaks."""
        for device in self.talk.devices():
            device.is_expected_to_end = is_excused

    def end_sessions(self):
        self.talk.is_ending = True
        self.excuse()

    async def die(self):
        self.end_sessions()
        await self.server.kill()
        for device in self.talk.devices():
            device.is_lost = True
        self.talk.proof.crash()

    async def kill(self, working):
        await self.wait()
        await self.die()
        await working
        await self.server.start()

    async def kill_sending(self, working):
        """In the midst of a burst from all sides."""
        await self.wait()
        for device in self.talk.devices(absent=False):
            if device.is_ready:
                await self.talk.write_burst(device)
        await asyncio.sleep(self.dice.uniform(0, 0.02))
        await self.die()
        await working
        await self.server.start()

    async def stop(self, working):
        await self.wait()
        self.end_sessions()
        await self.server.stop()
        self.talk.proof.crash()
        await working
        await self.server.start()

    async def cut(self, working):
        await self.wait()
        self.end_sessions()
        for device in self.talk.devices():
            if device.has_acks:
                device.break_off()
        await working

    async def fill(self, working):
        self.talk.refusals.add("resource-constraint")
        await self.wait()
        self.excuse()
        self.server.fill_disk(self.dice.choice(LEFT_BYTES))
        await self.wait()
        dies = self.dice.random() < 0.5
        if dies:
            await self.die()
        self.server.empty_disk()
        if not dies:
            await self.wait()
            self.end_sessions()
        await working
        if dies:
            await self.server.start()

    async def move_clock(self, working):
        for _ in range(2):
            await self.wait()
            for device in self.talk.devices():
                device.note_moved_clock()
            self.server.move_clock(self.dice.randint(-MOST_MOVED_S, MOST_MOVED_S))
        await self.wait()
        self.end_sessions()
        await working

    async def lose_power(self, working, is_reordered=False):
        await self.wait()
        await self.die()
        await working
        lost = self.server.lose_power(self.dice, is_reordered)
        self.talk.proof.counts["unsynced writes"] += lost
        await self.server.start()

    async def mix_power(self, working):
        await self.lose_power(working, is_reordered=True)

    async def strike(self, name):
        """Work, and the blow in it; afterwards everything has to be as it was promised."""
        working = asyncio.create_task(self.talk.work())
        await getattr(self, name)(working)
        self.excuse(False)
        await self.talk.look_around(looks_in=self.dice.random() < 0.4)
        self.talk.refusals.clear()


WEIGHTS = {"kill": 4, "kill_sending": 4, "stop": 2, "cut": 2, "fill": 2, "move_clock": 1,
           "lose_power": 2, "mix_power": 2}
KILLS = ("kill", "kill_sending", "lose_power", "mix_power")
