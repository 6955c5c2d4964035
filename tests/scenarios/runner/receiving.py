# receiving.py - verbs: what comes, what may come, what must not come
# SPDX-License-Identifier: MIT

from . import pattern
from .actor import Failure, condition_of, describe
from .pattern import CLIENT, STREAM_ERRORS, STREAMS
from .words import WHO, expectations, one_of, wish


async def take(actor, stage, expected, waiting_for):
    """The next event, if it is of the kind that is expected."""
    if expected.tag == f"{{{STREAMS}}}stream":
        event = await actor.next(waiting_for)
        if event.kind != "header":
            raise Failure(f"expected {waiting_for}, got {describe(event)}")
        return event.element
    return await actor.next_element(waiting_for)


async def receive(stage, step, who, inline):
    actor = stage.actor(who)
    for expected in expectations(stage, step, inline):
        element = await take(actor, stage, expected, wish(stage, expected))
        env = pattern.match(expected, element, stage.env)
        if env is None:
            raise Failure(f"{who} expected {wish(stage, expected)}, "
                          f"got {pattern.render(element)}")
        stage.env = env


async def receive_in_any_order(stage, step, who, inline):
    """All that must come, in any order, among what may come (`maybe`)."""
    actor = stage.actor(who)
    wanted = expectations(stage, step, inline)
    needed = [one for one in wanted if pattern.MAYBE not in one.attrib]
    got = []
    env = None
    while env is None:
        missing = " ".join(wish(stage, one) for one in wanted)
        element = await actor.next_element(f"(after {len(got)}) all of: {missing}")
        got.append(element)
        if not any(pattern.match(one, element, stage.env) is not None for one in wanted):
            raise Failure(f"{who} expected one of {missing}, got {pattern.render(element)}")
        if len(got) > len(wanted):
            raise Failure(f"{who} expected in any order {missing}, "
                          f"got {' '.join(map(pattern.render, got))}")
        env = pattern.match_children(needed, got, True, stage.env)
    stage.env = env
    await drop_extras(stage, actor, [one for one in wanted if one not in needed])


async def drop_extras(stage, actor, extras):
    if not extras:
        return
    await stage.settle()
    while (event := await actor.peek()) and event.kind == "element" and any(
            pattern.match(one, event.element, stage.env) is not None for one in extras):
        actor.unread.pop(0)


async def receive_nothing(stage, step, who):
    await stage.settle()
    actor = stage.actor(who)
    if not actor.full_jid:
        raise Failure(f"{who} has no session (any more): "
                      f"{[describe(event) for event in actor.read_everything()]}")
    left = actor.read_everything()
    if left:
        raise Failure(f"{who} expected nothing, got " + " ".join(map(describe, left)))


async def may_receive(stage, step, who, inline):
    """What a specification leaves to the server: if it comes it is here, and it is passed over."""
    await stage.settle()
    actor = stage.actor(who)
    wanted = expectations(stage, step, inline)
    while (event := await actor.peek()) and event.kind == "element":
        envs = [pattern.match(one, event.element, stage.env) for one in wanted]
        found = next((env for env in envs if env is not None), None)
        if found is None:
            return
        actor.unread.pop(0)
        stage.env = found


async def catch_up(stage, step, who):
    await stage.settle()
    for actor in stage.actors.values() if who == "Everyone" else [stage.actor(who)]:
        actor.read_everything()


async def receive_error(stage, step, who, condition, kind, number, sender):
    """A stanza error; what it carries of the stanza that caused it is not looked at."""
    actor = stage.actor(who)
    wanted = f"the error {condition} ({kind}) for {number} from {sender or 'anybody'}"
    element = await actor.next_element(wanted)
    if not is_error(stage, actor, element, (condition, kind, number, sender)):
        raise Failure(f"{who} expected {wanted}, got {pattern.render(element)}")


async def may_receive_error(stage, step, who, *wanted):
    await stage.settle()
    actor = stage.actor(who)
    event = await actor.peek()
    if event and event.kind == "element" and is_error(stage, actor, event.element, wanted):
        actor.unread.pop(0)


def is_error(stage, actor, element, wanted):
    condition, kind, number, sender = wanted
    error = element.find(f"{{{CLIENT}}}error")
    return (error is not None
            and one_of(condition_of(error, pattern.STANZA_ERRORS), condition)
            and one_of(error.get("type"), kind)
            and element.get("type") == "error" and element.get("id") == number
            and (sender is None
                 or pattern.match_value(sender, element.get("from"), stage.env) is not None)
            and element.get("to") in (None, actor.full_jid))


async def receive_stream_error(stage, step, who, wanted):
    """The error, the end of the stream and of the connection; passes over header and features."""
    actor = stage.actor(who)
    while True:
        event = await actor.next(f"the stream error {wanted}")
        if event.kind == "header" or (event.kind == "element" and
                                      event.element.tag == f"{{{STREAMS}}}features"):
            continue
        break
    if event.kind != "element" or event.element.tag != f"{{{STREAMS}}}error":
        raise Failure(f"{who} expected the stream error {wanted}, got {describe(event)}")
    found = condition_of(event.element, STREAM_ERRORS)
    if not one_of(found, wanted):
        raise Failure(f"{who} expected the stream error {wanted}, got {found}")
    event = await actor.next("the end of the stream")
    if event.kind != "closed":
        raise Failure(f"{who} expected the end of the stream, got {describe(event)}")
    await actor.end()


async def receive_no_element_twice(stage, step, who):
    element = await stage.actor(who).next_element("an answer")
    children = [pattern.render(child) for query in element for child in query]
    twice = sorted({child for child in children if children.count(child) > 1})
    if twice or not children:
        raise Failure(f"{who} got twice: {' '.join(twice) or 'nothing at all'}")


async def has_seen_no(stage, step, who, text):
    heard = [line for line in stage.transcript if line.startswith(f"{who} < ") and text in line]
    if heard:
        raise Failure(f"{who} has seen {heard[0]}")


async def stream_is_closed(stage, step, who):
    actor = stage.actor(who)
    event = await actor.next("the end of the stream")
    if event.kind != "closed":
        raise Failure(f"{who} expected the end of the stream, got {describe(event)}")
    await actor.end()


async def connection_is_closed(stage, step, who):
    actor = stage.actor(who)
    while (await actor.next("the end of the connection")).kind != "end":
        pass
    actor.leave()


VERBS = (
    (rf"{WHO} has seen no (\S+)", has_seen_no),
    (rf"{WHO} receives:(.*)", receive),
    (rf"{WHO} receives in any order:(.*)", receive_in_any_order),
    (rf"{WHO} receives no element twice", receive_no_element_twice),
    (rf"{WHO} receives nothing", receive_nothing),
    (rf"{WHO} receives error (\S+) \((\S+)\) for (\S+)(?: from (\S+))?", receive_error),
    (rf"{WHO} may receive error (\S+) \((\S+)\) for (\S+)(?: from (\S+))?", may_receive_error),
    (rf"{WHO} may receive:(.*)", may_receive),
    (rf"{WHO} receives the stream error (\S+)", receive_stream_error),
    (rf"{WHO}'s stream is closed", stream_is_closed),
    (rf"{WHO}'s connection is closed", connection_is_closed),
    (rf"{WHO} (?:has|have) caught up", catch_up),
)
