# with_profanity.py - two people at Profanity in terminals, read as a person reads them
# SPDX-License-Identifier: MIT

import asyncio
import contextlib
import os
import subprocess

TIMEOUT_S = 30


class Terminal:
    """Profanity in a window of a tmux server of its own."""

    def __init__(self, name, demo):
        self.name = name
        self.demo = demo
        self.home = demo.scratch / f"home-{name}"
        self.socket = str(demo.scratch / "tmux")

    def tmux(self, *words):
        # PROFANITY's files are the person's own; the locale lets it draw.
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                       "TERM": "xterm-256color"}
        done = subprocess.run(["tmux", "-f", "/dev/null", "-S", self.socket, *words],
                              env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"tmux {words[0]}: {done.stderr}"
        return done.stdout

    def open(self):
        self.home.mkdir()
        self.tmux("new-session", "-d", "-s", self.name, "-x", "150", "-y", "40",
                  f"env HOME={self.home} profanity")

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", self.name)

    def type(self, text):
        self.tmux("send-keys", "-t", self.name, "-l", text)
        self.tmux("send-keys", "-t", self.name, "Enter")

    async def sees(self, *texts):
        """All of them on the screen at once, within the time that a patient person has."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + TIMEOUT_S
        while not all(text in (screen := self.screen()) for text in texts):
            assert loop.time() < deadline, \
                f"{self.name} does not see {texts} but\n{screen.rstrip()}"
            await asyncio.sleep(0.1)
        return screen

    def connect(self, transport="trust"):
        port = self.demo.ports["starttls"]
        self.type(f"/connect {self.name}@localhost server 127.0.0.1 port {port} tls {transport}")

    def close(self):
        with contextlib.suppress(AssertionError):
            self.tmux("kill-session", "-t", self.name)


class People:
    def __init__(self, demo):
        self.demo = demo
        self.juliet = Terminal("juliet", demo)
        self.romeo = Terminal("romeo", demo)


@contextlib.asynccontextmanager
async def people(demo):
    everybody = People(demo)
    try:
        yield everybody
    finally:
        everybody.juliet.close()
        everybody.romeo.close()


async def both_log_in_with_the_commands_of_the_quickstart(people):
    for person in (people.juliet, people.romeo):
        person.open()
        await person.sees("Profanity")
        person.connect()
        await person.sees("Enter password:")
        person.type(people.demo.accounts[person.name])
        await person.sees(f"{person.name}@localhost/", "logged in successfully")


async def juliet_asks_romeo_and_romeo_sees_it(people):
    people.juliet.type("/roster add romeo@localhost")
    await people.juliet.sees("Roster item added: romeo@localhost")
    people.juliet.type("/sub request romeo@localhost")
    await people.romeo.sees("juliet@localhost")


async def romeo_allows_it_and_juliet_sees_him(people):
    people.romeo.type("/sub allow juliet@localhost")
    await people.juliet.sees("romeo@localhost", "online")


async def romeo_asks_too_and_both_see_each_other(people):
    people.romeo.type("/sub request juliet@localhost")
    await people.juliet.sees("Received authorization request from romeo@localhost")
    people.juliet.type("/sub allow romeo@localhost")
    await people.romeo.sees("Subscription received from juliet@localhost")
    people.romeo.type("/roster")
    await people.romeo.sees("juliet@localhost - both")


async def romeo_writes_and_juliet_reads_it(people):
    people.romeo.type("/msg juliet@localhost Shall I hear more?")
    people.juliet.type("/win romeo@localhost")
    await people.juliet.sees("Shall I hear more?")


async def juliet_answers(people):
    people.juliet.type("What's in a name?")
    await people.romeo.sees("What's in a name?")


async def a_message_waits_for_romeo_to_come_back(people):
    people.romeo.type("/disconnect")
    await people.romeo.sees("logged out successfully")
    people.juliet.type("That which we call a rose")
    people.romeo.connect()
    await people.romeo.sees("Enter password:")
    people.romeo.type(people.demo.accounts["romeo"])
    await people.romeo.sees("<< chat message: juliet@localhost")
    people.romeo.type("/win juliet@localhost")
    await people.romeo.sees("That which we call a rose")
