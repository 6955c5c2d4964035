# power.py - what a machine without power would have forgotten of a file: the journal of power.c
# SPDX-License-Identifier: MIT

import os
import struct

HEAD = struct.Struct("=QQII")       # struct record of power.c
PAGE = 4096


def read_journal(path):
    """[(offset, file size, bytes written, bytes that stood there)], as they were written; the last
    record may have been cut off, and then its write was never made."""
    records = []
    with open(path, "rb") as file:
        while len(head := file.read(HEAD.size)) == HEAD.size:
            offset, size, written, kept = HEAD.unpack(head)
            before = file.read(kept)
            if len(before) < kept:
                break
            records.append((offset, size, written, before))
    return records


def lose(path, journal):
    """Nothing of what was not synced has reached the disk."""
    records = read_journal(journal)
    with open(path, "r+b") as file:
        for offset, _, _, before in reversed(records):
            file.seek(offset)
            file.write(before)
        if records:
            file.truncate(records[0][1])
    os.truncate(journal, 0)
    return len(records)


def reorder(path, journal, dice):
    """Of each page that was not synced, one of the versions that were written, or the old one."""
    records = read_journal(journal)
    versions = {}                   # page -> what it held, from the oldest
    with open(path, "r+b") as file:
        for offset, _, written, before in records:
            before = before.ljust(written, b"\0")
            for at in range(0, written, PAGE):
                versions.setdefault(offset + at, []).append(before[at:at + PAGE])
        for offset, older in versions.items():
            file.seek(offset)
            version = dice.choice(older + [file.read(len(older[0]))])
            file.seek(offset)
            file.write(version)
    os.truncate(journal, 0)
    return len(records)
