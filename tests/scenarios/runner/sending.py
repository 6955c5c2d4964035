# sending.py - verbs: stanzas and raw bytes, whole and in pieces
# SPDX-License-Identifier: MIT

from . import pattern
from .actor import Failure
from .words import WHO, expectations, raw_bytes, stanzas, wish


async def send(stage, step, who, inline):
    stage.actor(who).wire.send(stanzas(stage, step, inline))


async def send_raw(stage, step, who, inline):
    stage.actor(who).wire.send(raw_bytes(stage, step, inline))


async def send_bytewise(stage, step, who, inline):
    wire = stage.actor(who).wire
    data = raw_bytes(stage, step, inline)
    for place in range(len(data)):
        wire.send(data[place:place + 1])
        await wire.was_read()


async def send_split(stage, step, who, inline):
    wire = stage.actor(who).wire
    data = raw_bytes(stage, step, inline)
    pieces = cut(stage, data)
    for piece in pieces:
        wire.send(piece)
        await wire.was_read()


async def send_split_record(stage, step, who, inline):
    """The same below TLS: the record itself arrives in two pieces."""
    wire = stage.actor(who).wire
    data = raw_bytes(stage, step, inline)
    wire.note(">", data)
    wire.tls.sendall(data)
    for piece in cut(stage, wire.tls.bio_read(1 << 20)):
        wire.writer.write(piece)
        await wire.was_read()


def cut(stage, data):
    if not stage.split:
        raise Failure("stands outside of `At every split:`")
    stage.split[1] = max(stage.split[1], len(data))
    place = stage.split[0]
    return [data[:place], data[place:]] if place < len(data) else [data]


async def stop_reading(stage, step, who):
    stage.actor(who).stop_reading()


async def answer_pings(stage, step, who, inline):
    actor = stage.actor(who)
    expected = expectations(stage, step, inline)[0]
    while True:
        element = await actor.next_element(wish(stage, expected))
        if pattern.match(expected, element, stage.env) is not None:
            return
        if element.find("{urn:xmpp:ping}ping") is None:
            raise Failure(f"{who} expected {wish(stage, expected)}, "
                          f"got {pattern.render(element)}")
        actor.wire.send(f"<iq type='result' id='{element.get('id')}'/>".encode())


VERBS = (
    (rf"{WHO} sends:(.*)", send),
    (rf"{WHO} sends raw:(.*)", send_raw),
    (rf"{WHO} sends raw, one byte at a time:(.*)", send_bytewise),
    (rf"{WHO} sends raw, split:(.*)", send_split),
    (rf"{WHO} sends raw, its TLS record split:(.*)", send_split_record),
    (rf"{WHO} stops reading", stop_reading),
    (rf"{WHO} answers pings until:(.*)", answer_pings),
)
