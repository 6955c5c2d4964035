# letters.py - messages on their way, and whether what was promised of them was kept
# SPDX-License-Identifier: MIT
"""Knows nothing of sockets: devices report what they sent and what came, in the order in which they
saw it; what cannot be is noted at once, what has to come is asked for with `lacks`.

A device has a `name`, an `account`, the number of its present `session` (a resumed one is the
same), `is_ready` when all that is sent to it from now on has to arrive, `began`, the moment when
that session began, and `has_acks`. An account has `address`, `devices` and `has_acks`.
"""

import itertools
from collections import defaultdict

PROMISES = ("start", "ack", "message", "once", "order", "resume", "archive")

# What a server may promise beyond what every session is promised while it goes on.
PENDING = "pending"         # what no device took is there after a crash
ONCE_IN = "once-in"         # who sends again what was not acknowledged is recognised
SAVED = "saved"             # sessions outlive a graceful stop
ARCHIVE = "archive"         # both archives have it, once, and every device reads them

SENT, ACKED, REFUSED, DOUBTFUL = "sent", "acknowledged", "refused", "doubtful"
INWARD, OWN, ARCHIVED = "in", "own", "archive"      # how a copy reached a device


class Letter:
    __slots__ = ("key", "sender", "number", "to", "target", "target_session", "fate", "crashes",
                 "expected", "copies", "readers", "taken", "trail")

    def __init__(self, sender, number, to, target, crashes):
        self.key = f"{sender.name}-{number}"
        self.sender = sender
        self.number = number            # rises with each letter of the sender
        self.to = to                    # an account
        self.target = target            # a device of it, or None: to the account
        self.target_session = target.session if target else None
        self.fate = SENT
        self.crashes = crashes          # how many there had been
        self.expected = []              # (device, session, how)
        self.copies = set()             # (device name, session, how)
        self.readers = set()            # devices that have it, however it came
        self.taken = None               # since when the account needs it no more
        self.trail = []

    def __str__(self):
        to = self.target.name if self.target else self.to.address
        return f"{self.key} to {to} ({self.fate}; {', '.join(self.trail)})"


class Proof:
    def __init__(self, promises):
        self.promises = set(promises)
        self.broken = []                # (promise, what happened)
        self.letters = {}
        self.open = {}                  # those of which something may still be expected
        self.counts = defaultdict(int)
        self.crashes = 0
        self.moments = itertools.count(1)
        self.last = {}                  # (device, session, how, sender) -> number
        self.failures_told = set()

    def break_promise(self, promise, what):
        self.broken.append((promise, what))

    def has(self, promise):
        return promise in self.promises

    # What devices report

    def send(self, sender, number, to, target=None):
        letter = Letter(sender, number, to, target, self.crashes)
        letter.expected = [(device, device.session, INWARD) for device in to.devices
                           if device.is_ready and not (target and device is sender)]
        if to is not sender.account:
            letter.expected += [(device, device.session, OWN) for device in sender.account.devices
                                if device.is_ready and device is not sender]
        self.letters[letter.key] = self.open[letter.key] = letter
        self.counts["sent"] += 1
        return letter

    def acknowledge(self, letter):
        if letter.fate in (SENT, DOUBTFUL):
            letter.fate = ACKED
            letter.trail.append("acknowledged")
            self.counts["acknowledged"] += 1

    def refuse(self, key):
        letter = self.letters[key]
        letter.trail.append("refused")
        letter.fate = REFUSED
        self.counts["refused"] += 1

    def doubt(self, letter):
        """Its session is gone before it was acknowledged, and nobody sends it again."""
        if letter.fate == SENT:
            letter.fate = DOUBTFUL
            letter.trail.append("in doubt")
            self.counts["doubtful"] += 1

    def crash(self):
        """The server has died; so have all sessions."""
        self.crashes += 1

    def take(self, device, key, how, is_delayed=False):
        letter = self.letters.get(key)
        if not letter:
            self.break_promise("message", f"{device.name} got {key}, which nobody sent")
            return
        copy = (device.name, device.session, how)
        letter.trail.append(f"{how} {device.name}/{device.session}"
                            f"{' delayed' if is_delayed else ''}")
        if how == ARCHIVED:
            letter.readers.add(device.name)
            return
        if copy in letter.copies:
            self.break_promise("once", f"{device.name} got twice in one session: {letter}")
            return
        if how == INWARD and letter.taken and device.began > letter.taken and self.is_kept():
            self.break_promise("once", f"{device.name} got what was taken before: {letter}")
        letter.copies.add(copy)
        letter.readers.add(device.name)
        self.counts["received"] += 1
        if not is_delayed:
            self.check_order(device, letter, how)

    def check_order(self, device, letter, how):
        """What waited somewhere comes late, and says so; nothing else overtakes."""
        course = (device.name, device.session, how, letter.sender.name, letter.to.address)
        if letter.number <= self.last.get(course, -1):
            self.break_promise("order", f"{device.name} got after number {self.last[course]}: "
                                        f"{letter}")
        self.last[course] = letter.number

    def settle(self, device, letters):
        """What the device had acknowledged before its account answered it."""
        for letter in letters:
            if not letter.taken and letter.to is device.account:
                letter.taken = next(self.moments)
                letter.trail.append(f"taken by {device.name}/{device.session}")

    # What has to be

    def is_kept(self):
        return self.has(PENDING)

    def survives(self, letter):
        """The account gets it whatever became of sessions."""
        if not letter.to.has_acks or not self.is_kept():
            return False                # written is taken, where there are no acks
        if letter.target and letter.target.session != letter.target_session:
            return False                # it may have come before the new session had acks
        return letter.sender.has_acks or letter.crashes == self.crashes

    def lacks(self, letter):
        """What is missing of a letter, or None."""
        if letter.fate != ACKED:
            return None
        for device, session, how in letter.expected:
            if device.session == session and device.is_ready and \
                    (device.name, session, how) not in letter.copies:
                return f"{device.name} has not got ({how}, in a session that went on): {letter}"
        if letter.to.is_there() and self.survives(letter) and \
                not letter.readers & letter.to.names():
            return f"no device of {letter.to.address} has got: {letter}"
        if self.has(ARCHIVE):
            for device in letter.to.devices + letter.sender.account.devices:
                if device.is_ready and device is not letter.sender and \
                        device.name not in letter.readers:
                    return f"{device.name} has not got, nor read in the archive: {letter}"
        return None

    def missing(self):
        return [lack for lack in map(self.lacks, self.open.values()) if lack]

    def close(self):
        """All that had to come has come: letters that are done with are looked at no more."""
        for key, letter in list(self.open.items()):
            is_done = letter.fate in (REFUSED, DOUBTFUL) or \
                (letter.fate == ACKED and letter.to.is_there() and not self.lacks(letter))
            if is_done:
                letter.expected = []
                del self.open[key]

    def summary(self):
        return ", ".join(f"{self.counts[what]} {what}" for what in
                         ("sent", "acknowledged", "received", "doubtful", "refused", "resumed")
                         if self.counts[what])


def place_of(number):
    """Where an id says that its message stands: what was drawn for it follows behind."""
    return int(number.partition("-")[0])


class Archive:
    """What is known of one account's archive."""

    def __init__(self, proof, address):
        self.proof = proof
        self.address = address
        self.entries = []               # (id, key), as the pages came
        self.ids = {}                   # key -> id
        self.last = {}                  # sender's device -> number
        self.announced = {}             # id -> key, of messages that came with it

    def break_promise(self, what):
        self.proof.break_promise("archive", f"{self.address}: {what}")

    def announce(self, number, key):
        if self.announced.setdefault(number, key) != key:
            self.break_promise(f"id {number} was given to {self.announced[number]} and {key}")

    def last_id(self):
        return self.entries[-1][0] if self.entries else None

    def add(self, entries):
        """What came behind the last one that was known."""
        for number, key in entries:
            letter = self.proof.letters.get(key)
            if not letter:
                self.break_promise(f"has {key}, which nobody sent")
                continue
            if self.entries and place_of(number) <= place_of(self.entries[-1][0]):
                self.break_promise(f"id {number} stands behind {self.entries[-1][0]}")
            if key in self.ids:
                self.break_promise(f"has twice ({self.ids[key]}, {number}): {letter}")
            course = (letter.sender.name, letter.to.address)
            if letter.number <= self.last.get(course, -1):
                self.break_promise(f"has behind number {self.last[course]}: {letter}")
            self.last[course] = letter.number
            self.ids[key] = number
            self.entries.append((number, key))

    def check_letters(self, letters):
        for letter in letters:
            if letter.fate == ACKED and letter.key not in self.ids and \
                    self.address in (letter.to.address, letter.sender.account.address):
                self.break_promise(f"has not: {letter}")

    def check_announced(self):
        for number, key in self.announced.items():
            if self.ids.get(key) != number:
                self.break_promise(f"id {number} was announced for {self.proof.letters.get(key)}, "
                                   f"whose id is {self.ids.get(key)}")
        self.announced.clear()

    def check_whole(self, entries, how):
        if entries != self.entries:
            known = set(self.entries)
            self.break_promise(f"{how}: {len(entries)} entries, known are {len(known)}; first "
                               f"difference {next(iter(set(entries) ^ known), 'the order')}")
