# words.py - what the verbs share: placeholders, bytes with escapes, expectations
# SPDX-License-Identifier: MIT

import re
from base64 import b64encode

from . import pattern

FUNCTION = re.compile(r"\$\{(\d+)\*((?:[^${}]|\$(?!\{))+)\}|\$\{base64:([^${}]*)\}")
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[nrt0\\])")
ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}

WHO = r"([A-Z][\w-]*)"     # an actor, in the regex of a step


def unescape(data):
    def byte(match):
        code = match.group(1)
        return bytes([int(code[1:], 16)]) if code[:1] == b"x" else ESCAPED[code]
    return ESCAPE.sub(byte, data)


def call(match):
    """${N*text} repeats, ${base64:text} encodes."""
    if match.group(1):
        return match.group(2) * int(match.group(1))
    return b64encode(unescape(match.group(3).encode())).decode()


def call_all(text):
    """Innermost first."""
    while FUNCTION.search(text):
        text = FUNCTION.sub(call, text)
    return text


def expanded(stage, text):
    """Placeholders within a repeated text are filled in before it is repeated."""
    known = pattern.PLACEHOLDER.sub(lambda found: stage.env.get(found.group(1), found.group(0)),
                                    text)
    return pattern.expand(call_all(known), stage.env)


def inline_or_block(step, inline):
    return inline.strip() if inline and inline.strip() else step.body()


def stanzas(stage, step, inline):
    text = expanded(stage, inline_or_block(step, inline))
    return re.sub(r">\s+<", "><", text.strip()).encode()


def raw_bytes(stage, step, inline):
    text = inline.strip() if inline and inline.strip() else \
        "".join(line.strip() for line in step.body().split("\n"))
    return unescape(expanded(stage, text).encode())


def expectations(stage, step, inline):
    return pattern.parse(call_all(inline_or_block(step, inline)))


def wish(stage, expected):
    """An expectation for a person, with what is known filled in."""
    text = pattern.render(expected)
    return pattern.PLACEHOLDER.sub(
        lambda found: stage.env.get(found.group(1), found.group(0)), text)


def one_of(value, choices):
    return choices == "*" or value in choices.split("|")
