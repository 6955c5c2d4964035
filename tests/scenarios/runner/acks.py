# acks.py - verbs: clients with stream management, who count, acknowledge, vanish and come back
# SPDX-License-Identifier: MIT

import asyncio
import copy
import time

from . import pattern
from .actor import Failure, condition_of
from .clauses import read
from .words import WHO

ACKS = "urn:xmpp:sm:3"
STANZAS = {f"{{{pattern.CLIENT}}}{name}" for name in ("iq", "message", "presence")}


class Acks:
    """What an actor knows of its session; it outlives the connection."""

    def __init__(self, actor):
        self.actor = actor
        self.handled = 0          # stanzas that came
        self.acknowledged = None  # h of the last <a/>
        self.answers = 0          # how many <a/> came
        self.noticed = 0          # of these, before the scenario looked
        self.id = None
        self.is_silent = False
        self.full_jid = None

    def hide(self, element):
        """Counts what comes; the elements of the protocol are not for the scenario's eyes."""
        if element.tag in STANZAS:
            self.handled += 1
        elif element.tag == f"{{{ACKS}}}r":
            self.answer()
            return True
        elif element.tag == f"{{{ACKS}}}a":
            self.acknowledged = int(element.get("h"))
            self.answers += 1
            return True
        return False

    def answer(self):
        if not self.is_silent:
            self.actor.wire.send(f"<a xmlns='{ACKS}' h='{self.handled}'/>".encode())


async def enable(stage, step, who, resume, seconds):
    actor = stage.actor(who)
    asked = " resume='true'" if resume else ""
    asked += f" max='{seconds}'" if seconds else ""
    acks = Acks(actor)
    actor.acks = acks
    actor.wire.send(f"<enable xmlns='{ACKS}'{asked}/>".encode())
    enabled = await actor.next_element("<enabled/>")
    if enabled.tag != f"{{{ACKS}}}enabled":
        raise Failure(f"{who} expected <enabled/>, got {pattern.render(enabled)}")
    acks.id = enabled.get("id")
    acks.full_jid = actor.full_jid
    if bool(resume) != (enabled.get("resume") in ("true", "1")):
        raise Failure(f"{who} got {pattern.render(enabled)}")


async def be_silent(stage, step, who):
    stage.actor(who).acks.is_silent = True


async def acknowledge(stage, step, who):
    stage.actor(who).acks.is_silent = False
    stage.actor(who).acks.answer()


async def try_to_resume(stage, who, h):
    actor = stage.actor(who)
    acks = actor.acks
    await actor.open(copy.copy(actor.options))
    await actor.open_stream()
    if actor.options.transport == "STARTTLS":
        await actor.start_tls()
        await actor.open_stream()
    await actor.authenticate()
    await actor.open_stream()
    actor.acks = acks
    actor.wire.send(f"<resume xmlns='{ACKS}' previd='{acks.id}' "
                    f"h='{acks.handled if h is None else h}'/>".encode())
    return await actor.next_element("<resumed/>")


async def resume(stage, step, who, tail=None):
    actor = stage.actor(who)
    read(tail or "", actor.options)
    answer = await try_to_resume(stage, who, None)
    if answer.tag != f"{{{ACKS}}}resumed" or answer.get("previd") != actor.acks.id:
        raise Failure(f"{who} expected <resumed/>, got {pattern.render(answer)}")
    actor.acks.acknowledged = int(answer.get("h"))
    actor.full_jid = actor.acks.full_jid


async def cannot_resume(stage, step, who, wanted, handled=None):
    answer = await try_to_resume(stage, who, None)
    found = condition_of(answer, pattern.STANZA_ERRORS)
    if answer.tag != f"{{{ACKS}}}failed" or found != wanted:
        raise Failure(f"{who} expected {wanted}, got {pattern.render(answer)}")
    if handled and answer.get("h") != handled:
        raise Failure(f"{who} expected h={handled}, got {pattern.render(answer)}")


async def resume_as(stage, step, who, other):
    """Takes over a session from a connection that still stands."""
    stage.actor(who).acks = stage.actor(other).acks
    stage.actor(other).acks = None
    stage.actor(other).full_jid = None
    stage.actor(who).acks.actor = stage.actor(who)
    stage.actor(who).options = stage.actor(other).options
    await resume(stage, step, who)


async def cannot_resume_as(stage, step, who, other, wanted):
    stage.actor(who).acks = copy.copy(stage.actor(other).acks)
    await cannot_resume(stage, step, who, wanted)


async def is_acknowledged(stage, step, who, wanted):
    """Asks until that many are; the last word may come unasked."""
    actor = stage.actor(who)
    deadline = time.monotonic() + stage.timeout
    actor.wire.send(f"<r xmlns='{ACKS}'/>".encode())
    while actor.acks.acknowledged != int(wanted):
        if time.monotonic() > deadline:
            raise Failure(f"{who} expected h={wanted}, got {actor.acks.acknowledged}")
        await asyncio.sleep(0.0005)
    actor.acks.noticed = actor.acks.answers


async def was_told(stage, step, who, wanted):
    """An <a/> that nobody asked for, after the last step that looked at one."""
    acks = stage.actor(who).acks
    if acks.answers == acks.noticed:
        raise Failure(f"{who} expected <a h='{wanted}'/>, but none came")
    if acks.acknowledged != int(wanted):
        raise Failure(f"{who} expected h={wanted}, got {acks.acknowledged}")
    acks.noticed = acks.answers


VERBS = (
    (rf"{WHO} enables acks( and resumption)?(?: for (\d+) s)?", enable),
    (rf"{WHO} stops acknowledging", be_silent),
    (rf"{WHO} acknowledges", acknowledge),
    (rf"{WHO} resumes( from \S+)?", resume),
    (rf"{WHO} resumes the session of {WHO}", resume_as),
    (rf"{WHO} cannot resume: (\S+?)(?:, and (\d+) stanzas? (?:was|were) handled)?",
     cannot_resume),
    (rf"{WHO} cannot resume the session of {WHO}: (\S+)", cannot_resume_as),
    (rf"{WHO} has (\d+) stanzas? acknowledged", is_acknowledged),
    (rf"{WHO} was told again that (\d+) stanzas? (?:was|were) handled", was_told),
)
