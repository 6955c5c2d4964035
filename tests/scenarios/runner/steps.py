# steps.py - finds the verb of each step, and plays steps
# SPDX-License-Identifier: MIT

import re

from . import acks, administration, capabilities, given, login, offers, pattern, receiving, sending
from .actor import Failure, Refused
from .sasl import SaslError
from .script import read_steps
from .wire import TlsRefused


class StepFailure(Exception):
    """A failure with the line where it happened."""

    def __init__(self, line, text):
        super().__init__(text)
        self.line = line


async def at_every_split(stage, step, stride):
    """Plays the block once for every place where the bytes in it can be cut."""
    stride = int(stride or 1)
    stage.split = [1, 2]
    while stage.split[0] < stage.split[1]:
        place = stage.split[0]
        await play(stage, read_steps(step.block), f"split at {place}: ")
        stage.split[0] += stride
    stage.split = None


VERBS = [(re.compile(regex + "$", re.DOTALL), act) for regex, act in (
    *login.VERBS, *sending.VERBS, *receiving.VERBS, *offers.VERBS, *administration.VERBS,
    *given.VERBS, *acks.VERBS, *capabilities.VERBS,
    (r"At every (?:(\d+)(?:st|nd|rd|th) )?split:", at_every_split))]


def find(step):
    for regex, act in VERBS:
        found = regex.match(step.text)
        if found:
            return act, found.groups()
    raise StepFailure(step.line, f"not a step: {step.text}")


async def play(stage, steps, prefix=""):
    for step in steps:
        act, groups = find(step)
        try:
            await act(stage, step, *groups)
        except (Failure, pattern.PatternError, SaslError) as failure:
            raise StepFailure(step.line, f"{prefix}{failure}") from failure
        except (Refused, TlsRefused) as refusal:
            raise StepFailure(step.line, f"{prefix}{step.text}: refused with {refusal}") \
                from refusal
