# test_letters.py - what cannot be is noticed, what has to come is missed
# SPDX-License-Identifier: MIT

import tempfile
import unittest
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import power
from letters import ARCHIVE, ARCHIVED, INWARD, OWN, PENDING, Archive, Proof


@dataclass(eq=False)
class FakeDevice:
    name: str
    account: object = None
    session: int = 1
    began: int = 0
    is_ready: bool = True
    has_acks: bool = True


@dataclass(eq=False)
class FakeAccount:
    address: str
    devices: list = field(default_factory=list)
    has_acks: bool = True

    def is_there(self):
        return any(device.is_ready for device in self.devices)

    def names(self):
        return {device.name for device in self.devices}


def make_account(name):
    account = FakeAccount(f"{name}@localhost")
    account.devices = [FakeDevice(f"{name}{number}", account) for number in range(2)]
    return account


class OfLetters(unittest.TestCase):
    def setUp(self):
        self.proof = Proof({PENDING})
        self.romeo, self.juliet = make_account("r"), make_account("j")
        self.sender, self.other = self.romeo.devices
        self.first, self.second = self.juliet.devices

    def send(self, number=1, is_acked=True, target=None):
        letter = self.proof.send(self.sender, number, self.juliet, target)
        if is_acked:
            self.proof.acknowledge(letter)
        return letter

    def deliver(self, letter, *devices):
        for device in devices:
            how = INWARD if device.account is self.juliet else OWN
            self.proof.take(device, letter.key, how)

    def promises(self):
        return {promise for promise, _ in self.proof.broken}

    def test_all_have_it(self):
        self.deliver(self.send(), self.first, self.second, self.other)
        self.assertEqual(self.proof.missing(), [])
        self.proof.close()
        self.assertEqual((self.proof.open, self.proof.broken), ({}, []))

    def test_a_session_that_went_on_lacks_it(self):
        self.deliver(self.send(), self.first, self.other)
        self.assertEqual(len(self.proof.missing()), 1)

    def test_a_session_that_ended_lacks_nothing(self):
        self.deliver(self.send(), self.first, self.other)
        self.second.session += 1
        self.assertEqual(self.proof.missing(), [])

    def test_the_sender_s_other_device_lacks_its_copy(self):
        self.deliver(self.send(), self.first, self.second)
        self.assertEqual(len(self.proof.missing()), 1)

    def test_an_account_lacks_it_after_a_crash(self):
        self.send()
        for device in self.juliet.devices + self.romeo.devices:
            device.session += 1
        self.assertEqual(len(self.proof.missing()), 1)
        self.proof.take(self.second, "r0-1", INWARD, is_delayed=True)
        self.assertEqual(self.proof.missing(), [])

    def test_nothing_is_lacking_of_what_is_in_doubt(self):
        self.send(is_acked=False)
        self.assertEqual(self.proof.missing(), [])

    def test_an_absent_account_may_take_its_time(self):
        self.first.is_ready = self.second.is_ready = False
        letter = self.send()
        self.proof.take(self.other, letter.key, OWN)
        self.proof.close()
        self.assertEqual(len(self.proof.open), 1)

    def test_twice_in_a_session_is_once_too_often(self):
        self.deliver(self.send(), self.first, self.first)
        self.assertEqual(self.promises(), {"once"})

    def test_again_after_a_crash_is_allowed(self):
        letter = self.send()
        self.deliver(letter, self.first)
        self.first.session, self.first.began = 2, next(self.proof.moments)
        self.deliver(letter, self.first)
        self.assertEqual(self.promises(), set())

    def test_again_after_it_was_taken_is_not(self):
        letter = self.send()
        self.deliver(letter, self.first)
        self.proof.settle(self.first, [letter])
        self.second.session, self.second.began = 2, next(self.proof.moments)
        self.deliver(letter, self.second)
        self.assertEqual(self.promises(), {"once"})

    def test_nothing_overtakes(self):
        one, two = self.send(1), self.send(2)
        self.deliver(two, self.first)
        self.deliver(one, self.first)
        self.assertEqual(self.promises(), {"order"})

    def test_what_waited_may_come_late(self):
        one, two = self.send(1), self.send(2)
        self.deliver(two, self.first)
        self.proof.take(self.first, one.key, INWARD, is_delayed=True)
        self.assertEqual(self.promises(), set())

    def test_nobody_makes_letters_up(self):
        self.proof.take(self.first, "r0-7", INWARD)
        self.assertEqual(self.promises(), {"message"})

    def test_a_device_reads_the_archive_for_what_it_lacks(self):
        self.proof.promises = {ARCHIVE}
        letter = self.send()
        for device in (self.first, self.second, self.other):
            device.session += 1
        self.assertEqual(len(self.proof.missing()), 1)
        for device in (self.first, self.second, self.other):
            self.proof.take(device, letter.key, ARCHIVED)
        self.assertEqual(self.proof.missing(), [])


class OfArchives(unittest.TestCase):
    def setUp(self):
        self.proof = Proof({ARCHIVE})
        self.romeo, self.juliet = make_account("r"), make_account("j")
        self.letters = [self.proof.send(self.romeo.devices[0], number, self.juliet)
                        for number in (1, 2, 3)]
        for letter in self.letters:
            self.proof.acknowledge(letter)
        self.archive = Archive(self.proof, self.juliet.address)

    def has(self, *entries):
        self.archive.add(entries)
        self.archive.check_letters(self.letters)
        self.archive.check_announced()
        return len(self.proof.broken)

    def test_whole(self):
        self.assertEqual(self.has(("10", "r0-1"), ("11", "r0-2"), ("12", "r0-3")), 0)
        self.archive.check_whole([("10", "r0-1"), ("11", "r0-2"), ("12", "r0-3")], "whole")
        self.assertEqual(self.proof.broken, [])

    def test_a_gap(self):
        self.assertEqual(self.has(("10", "r0-1"), ("12", "r0-3")), 1)

    def test_one_twice(self):
        self.assertGreater(self.has(("9", "r0-1"), ("10", "r0-1"), ("11", "r0-2"),
                                    ("12", "r0-3")), 0)

    def test_wrong_order(self):
        self.assertEqual(self.has(("10", "r0-2"), ("11", "r0-1"), ("12", "r0-3")), 1)

    def test_ids_that_fall(self):
        self.assertEqual(self.has(("11", "r0-1"), ("10", "r0-2"), ("12", "r0-3")), 1)

    def test_an_id_that_does_not_exist(self):
        self.archive.announce("8", "r0-2")
        self.assertEqual(self.has(("10", "r0-1"), ("11", "r0-2"), ("12", "r0-3")), 1)

    def test_pages_that_are_not_the_whole(self):
        self.has(("10", "r0-1"), ("11", "r0-2"), ("12", "r0-3"))
        self.archive.check_whole([("10", "r0-1"), ("12", "r0-3")], "page by page")
        self.assertEqual(len(self.proof.broken), 1)


class OfPower(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name, "file")
        self.journal = Path(self.folder.name, "journal")
        self.journal.write_bytes(b"")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, offset, data):
        """As power.c does it."""
        old = self.file.read_bytes()
        before = old[offset:offset + len(data)]
        with open(self.journal, "ab") as journal:
            journal.write(power.HEAD.pack(offset, len(old), len(data), len(before)) + before)
        new = old.ljust(offset, b"\0")
        self.file.write_bytes(new[:offset] + data + new[offset + len(data):])

    def test_what_was_not_synced_is_gone(self):
        self.file.write_bytes(b"a" * 8192)
        self.write(0, b"b" * 4096)
        self.write(4096, b"c" * 8192)
        self.write(0, b"d" * 4096)
        self.assertEqual(power.lose(self.file, self.journal), 3)
        self.assertEqual(self.file.read_bytes(), b"a" * 8192)
        self.assertEqual(power.lose(self.file, self.journal), 0)

    def test_what_was_not_synced_is_there_or_not(self):
        seen = set()
        for seed in range(40):
            self.file.write_bytes(b"a" * 8192)
            self.write(0, b"b" * 8192)
            self.write(4096, b"c" * 4096)
            power.reorder(self.file, self.journal, Random(seed))
            content = self.file.read_bytes()
            seen.add((content[:4096], content[4096:]))
        self.assertEqual(seen, {(bytes([a]) * 4096, bytes([b]) * 4096)
                                for a in b"ab" for b in b"abc"})

    def test_a_record_that_was_cut_off_is_none(self):
        self.file.write_bytes(b"a" * 4096)
        self.write(0, b"b" * 4096)
        self.journal.write_bytes(self.journal.read_bytes()[:-1])
        self.assertEqual(power.lose(self.file, self.journal), 0)


if __name__ == "__main__":
    unittest.main()
