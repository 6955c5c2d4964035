# verbs.py - the steps of the language: one function each, and the table that finds them
# SPDX-License-Identifier: MIT

import copy
import re
import shlex
import time
from base64 import b64encode

from . import given, pattern
from .actor import Failure, Refused, condition_of, describe
from .clauses import preset, read
from .pattern import CLIENT, STREAM_ERRORS, STREAMS
from .sasl import SaslError
from .script import read_steps
from .wire import SASL, TlsRefused

FUNCTION = re.compile(r"\$\{(\d+)\*((?:[^${}]|\$(?!\{))+)\}|\$\{base64:([^${}]*)\}")
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[nrt0\\])")
ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}


# Words into bytes

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


# Logging in

async def connect(stage, step, who, tail):
    actor = stage.actor(who)
    await actor.connect(read(expanded(stage, tail), preset(who)))


async def reconnect(stage, step, who, tail):
    actor = stage.actor(who)
    await actor.connect(read(expanded(stage, tail), copy.copy(actor.options)))


async def reconnect_when_possible(stage, step, who):
    """The server frees the place of a connection when it has seen its end: soon, not at once."""
    actor = stage.actor(who)
    deadline = time.monotonic() + stage.timeout
    while True:
        try:
            return await actor.connect(actor.options)
        except Refused:
            if time.monotonic() > deadline:
                raise


async def cannot(attempt, wanted):
    """Runs one attempt to log in and compares how it was refused."""
    try:
        await attempt
    except Refused as refusal:
        found = str(refusal)
    except TlsRefused:
        found = "TLS"
    else:
        raise Failure(f"expected a refusal with {wanted}, but it went well")
    if not one_of(found, wanted):
        raise Failure(f"expected a refusal with {wanted}, got {found}")


async def cannot_connect(stage, step, who, tail, wanted):
    options = read(expanded(stage, tail), preset(who))
    options.mechanism_asked = True
    await cannot(stage.actor(who).connect(options), wanted)


async def come_online(stage, step, who, roster, priority, tail):
    actor = stage.actor(who)
    await actor.connect(read(expanded(stage, tail), preset(who)))
    if not roster:
        actor.wire.send(b"<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>")
        await actor.next_element("the roster")
    inner = f"<priority>{priority}</priority>" if priority else ""
    actor.wire.send(f"<presence>{inner}</presence>".encode())
    await stage.settle()
    actor.read_everything()


async def open_connection(stage, step, who, tail):
    await stage.actor(who).open(read(expanded(stage, tail), preset(who)))


async def open_in_clear(stage, step, who):
    options = read("over plain TCP", preset(who))
    await stage.actor(who).open(options, stage.server.port("direct TLS"))


async def receive_no_element_twice(stage, step, who):
    element = await stage.actor(who).next_element("an answer")
    children = [pattern.render(child) for query in element for child in query]
    twice = sorted({child for child in children if children.count(child) > 1})
    if twice or not children:
        raise Failure(f"{who} got twice: {' '.join(twice) or 'nothing at all'}")


async def open_stream(stage, step, who, domain):
    await stage.actor(who).open_stream(domain)


async def start_tls(stage, step, who, tail):
    read(expanded(stage, tail), stage.actor(who).options)
    await stage.actor(who).start_tls()


async def shake_hands(stage, step, who):
    await stage.actor(who).shake_hands()


async def cannot_shake_hands(stage, step, who):
    await cannot(stage.actor(who).shake_hands(), "TLS")


async def or_cut_off(stage, step, who, attempt):
    """An attempt after which the server may have ended the connection, and then stays ended."""
    actor = stage.actor(who)
    if actor.cut_off:
        return
    try:
        await (actor.shake_hands() if attempt == "shakes hands" else actor.open_stream(None))
    except (Refused, TlsRefused, Failure):
        actor.cut_off = True


async def has_seen_no(stage, step, who, text):
    heard = [line for line in stage.transcript if line.startswith(f"{who} < ") and text in line]
    if heard:
        raise Failure(f"{who} has seen {heard[0]}")


async def authenticate(stage, step, who, tail):
    actor = stage.actor(who)
    read(expanded(stage, tail), actor.options)
    await actor.authenticate()


async def cannot_authenticate(stage, step, who, tail, wanted):
    actor = stage.actor(who)
    read(expanded(stage, tail), actor.options)
    actor.options.mechanism_asked = True
    await cannot(actor.authenticate(), wanted)


async def is_refused(stage, step, who, wanted):
    """A SASL failure; challenges before it are passed over."""
    actor = stage.actor(who)
    element = await actor.next_element(f"the SASL failure {wanted}")
    while element.tag == f"{{{SASL}}}challenge":
        element = await actor.next_element(f"the SASL failure {wanted}")
    found = condition_of(element, SASL)
    if element.tag != f"{{{SASL}}}failure" or not one_of(found, wanted):
        raise Failure(f"{who} expected the SASL failure {wanted}, got {pattern.render(element)}")


async def learn_salt(stage, step, who, user, mechanism, salt, iterations):
    actor = stage.actor(who)
    actor.options.jid, actor.options.mechanism = user, mechanism
    stage.env[salt], stage.env[iterations] = await actor.challenge()


async def bind(stage, step, who, tail):
    actor = stage.actor(who)
    read(expanded(stage, tail), actor.options)
    await actor.bind()


async def cannot_bind(stage, step, who, tail, wanted):
    read(expanded(stage, tail), stage.actor(who).options)
    await cannot(stage.actor(who).bind(), wanted)


# Sending

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


async def at_every_split(stage, step, stride):
    """Plays the block once for every place where the bytes in it can be cut."""
    stride = int(stride or 1)
    stage.split = [1, 2]
    while stage.split[0] < stage.split[1]:
        place = stage.split[0]
        await play(stage, read_steps(step.block), f"split at {place}: ")
        stage.split[0] += stride
    stage.split = None


async def stop_reading(stage, step, who):
    stage.actor(who).stop_reading()


# Receiving

async def take(actor, stage, expected, waiting_for):
    """The next event, if it is of the kind that is expected."""
    if expected.tag == f"{{{STREAMS}}}stream":
        event = await actor.next(waiting_for)
        if event.kind != "header":
            raise Failure(f"expected {waiting_for}, got {describe(event)}")
        return event.element
    return await actor.next_element(waiting_for)


def wish(stage, expected):
    """An expectation for a person, with what is known filled in."""
    text = pattern.render(expected)
    return pattern.PLACEHOLDER.sub(
        lambda found: stage.env.get(found.group(1), found.group(0)), text)


def expectations(stage, step, inline):
    return pattern.parse(call_all(inline_or_block(step, inline)))


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


def one_of(value, choices):
    return choices == "*" or value in choices.split("|")


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


# Leaving

async def close_stream(stage, step, who):
    await stage.actor(who).close_stream()


async def vanish(stage, step, who):
    stage.actor(who).vanish()


async def disconnect(stage, step, who):
    """The socket closes in order, the stream does not."""
    stage.actor(who).leave()


# What was negotiated

async def is_offered(stage, step, who, inline):
    actor = stage.actor(who)
    for expected in expectations(stage, step, inline):
        if not any(pattern.match(expected, child, stage.env) is not None
                   for child in actor.features):
            raise Failure(f"{who} expected the feature {pattern.render(expected)}, "
                          f"got {pattern.render(actor.features)}")


async def is_offered_only(stage, step, who, inline):
    actor = stage.actor(who)
    wanted = expectations(stage, step, inline)
    if pattern.match_children(wanted, list(actor.features), False, stage.env) is None:
        raise Failure(f"{who} expected only {' '.join(map(pattern.render, wanted))}, "
                      f"got {pattern.render(actor.features)}")


async def is_not_offered(stage, step, who, inline):
    actor = stage.actor(who)
    for expected in expectations(stage, step, inline):
        if any(child.tag == expected.tag for child in actor.features):
            raise Failure(f"{who} is offered {pattern.render(expected)}: "
                          f"{pattern.render(actor.features)}")


async def is_offered_mechanisms(stage, step, who, names):
    compare_sets(who, "mechanisms", names, stage.actor(who).mechanisms())


async def is_not_offered_mechanism(stage, step, who, name):
    if name in stage.actor(who).mechanisms():
        raise Failure(f"{who} is offered {name}")


async def is_offered_bindings(stage, step, who, names):
    compare_sets(who, "channel bindings", names, stage.actor(who).channel_bindings())


def compare_sets(who, what, names, found):
    wanted = sorted(re.split(r",\s*", names.strip())) if names.strip() != "none" else []
    if sorted(found) != wanted:
        raise Failure(f"{who} expected the {what} {wanted}, got {sorted(found)}")


async def sees_certificate(stage, step, who, domain):
    names = stage.actor(who).wire.tls.get_peer_certificate().get_subject().CN
    if names != domain:
        raise Failure(f"{who} expected the certificate of {domain}, got that of {names}")


async def has_alpn(stage, step, who, name):
    found = stage.actor(who).wire.tls.get_alpn_proto_negotiated().decode() or "nothing"
    if found != name:
        raise Failure(f"{who} expected ALPN {name}, got {found}")


async def has_tls_version(stage, step, who, version):
    found = stage.actor(who).wire.tls.get_protocol_version_name()
    if found != f"TLSv{version}":
        raise Failure(f"{who} expected TLS {version}, got {found}")


async def compare(stage, step, left, verb, right):
    left, right = expanded(stage, left), expanded(stage, right)
    if (pattern.match_value(right, left, stage.env) is not None) != (verb == "is"):
        raise Failure(f"{left} {'is not' if verb == 'is' else 'is'} {right}")


# The server and its administrator

async def server_restarts(stage, step):
    await stage.server.stop()
    await stage.server.start()


async def server_stops(stage, step):
    await stage.server.stop()


async def server_starts(stage, step):
    await stage.server.start()


async def server_is_killed(stage, step):
    await stage.server.kill()


async def server_is_killed_and_starts(stage, step):
    await stage.server.kill()
    await stage.server.start()


async def replace_certificate(stage, step, domain, kind):
    """The files are replaced, the server is told, and serves the new one from some moment on."""
    host = stage.setting.host(domain)
    host.key_kind = kind
    stage.server.install_certificate(host)
    stage.server.reload()
    wanted = "EC" if kind == "ECDSA" else "RSA"
    actor = stage.actor("Reload")
    deadline = time.monotonic() + stage.timeout
    while time.monotonic() < deadline:
        await actor.open(read(f"as nobody@{domain} over direct TLS", preset("Reload")))
        key = actor.wire.tls.get_peer_certificate().to_cryptography().public_key()
        actor.leave()
        if wanted in type(key).__name__.upper():
            return
    raise Failure(f"{domain} still shows its old certificate after {stage.timeout} s")


async def administrate(stage, step, words):
    answer = await stage.server.command(shlex.split(expanded(stage, words)))
    rows = step.body().strip()
    if rows:
        compare_rows(stage, rows, answer)


def compare_rows(stage, text, answer):
    wanted = [[cell.strip() for cell in line.split("|")] for line in text.split("\n")]
    found = [[str(cell) for cell in row] for row in answer.get("rows", [])]
    for row in wanted:
        if not any(len(row) <= len(one) and all(
                pattern.match_value(cell, value, stage.env) is not None
                for cell, value in zip(row, one)) for one in found):
            raise Failure(f"expected the row {row}, got {found}")
    if len(wanted) != len(found):
        raise Failure(f"expected {len(wanted)} rows, got {found}")


async def administrate_in_vain(stage, step, words):
    answer = await stage.server.ask(shlex.split(expanded(stage, words)))
    if "error" not in answer:
        raise Failure(f"expected an error, got {answer}")


# The table

WHO = r"([A-Z][\w-]*)"
VERBS = [(re.compile(regex + "$", re.DOTALL), act) for regex, act in given.VERBS + (
    (rf"{WHO} connects(.*)", connect),
    (rf"{WHO} reconnects as soon as there is room", reconnect_when_possible),
    (rf"{WHO} reconnects(.*)", reconnect),
    (rf"{WHO} comes online( without asking for the roster)?(?: with priority (-?\d+))?(.*)",
     come_online),
    (rf"{WHO} cannot connect(.*): (\S+)", cannot_connect),
    (rf"{WHO} opens a connection over TCP to the port of direct TLS", open_in_clear),
    (rf"{WHO} opens a connection(.*)", open_connection),
    (rf"{WHO} opens a stream(?: to (\S+))?", open_stream),
    (rf"{WHO} starts TLS(.*)", start_tls),
    (rf"{WHO} shakes hands", shake_hands),
    (rf"{WHO} (shakes hands|opens a stream) or is cut off", or_cut_off),
    (rf"{WHO} has seen no (\S+)", has_seen_no),
    (rf"{WHO} cannot shake hands", cannot_shake_hands),
    (rf"{WHO} authenticates(.*)", authenticate),
    (rf"{WHO} cannot authenticate(.*): (\S+)", cannot_authenticate),
    (rf"{WHO} binds(.*)", bind),
    (rf"{WHO} is refused with (\S+)", is_refused),
    (rf"{WHO} is challenged as (\S+) with (\S+): salt \$\{{(\S+)\}}, iterations \$\{{(\S+)\}}",
     learn_salt),
    (rf"{WHO} cannot bind(.*): (\S+)", cannot_bind),
    (rf"{WHO} sends:(.*)", send),
    (rf"{WHO} sends raw:(.*)", send_raw),
    (rf"{WHO} sends raw, one byte at a time:(.*)", send_bytewise),
    (rf"{WHO} sends raw, split:(.*)", send_split),
    (rf"{WHO} sends raw, its TLS record split:(.*)", send_split_record),
    (rf"{WHO} stops reading", stop_reading),
    (r"At every (?:(\d+)(?:st|nd|rd|th) )?split:", at_every_split),
    (rf"{WHO} receives:(.*)", receive),
    (rf"{WHO} receives in any order:(.*)", receive_in_any_order),
    (rf"{WHO} receives no element twice", receive_no_element_twice),
    (rf"{WHO} receives nothing", receive_nothing),
    (rf"{WHO} receives error (\S+) \((\S+)\) for (\S+)(?: from (\S+))?", receive_error),
    (rf"{WHO} answers pings until:(.*)", answer_pings),
    (rf"{WHO} may receive error (\S+) \((\S+)\) for (\S+)(?: from (\S+))?", may_receive_error),
    (rf"{WHO} may receive:(.*)", may_receive),
    (rf"{WHO} receives the stream error (\S+)", receive_stream_error),
    (rf"{WHO}'s stream is closed", stream_is_closed),
    (rf"{WHO}'s connection is closed", connection_is_closed),
    (rf"{WHO} (?:has|have) caught up", catch_up),
    (rf"{WHO} closes the stream", close_stream),
    (rf"{WHO} vanishes", vanish),
    (rf"{WHO} disconnects", disconnect),
    (rf"{WHO} is offered the mechanisms: (.*)", is_offered_mechanisms),
    (rf"{WHO} is offered the channel bindings: (.*)", is_offered_bindings),
    (rf"{WHO} is not offered the mechanism (\S+)", is_not_offered_mechanism),
    (rf"{WHO} is offered:(.*)", is_offered),
    (rf"{WHO} is offered only:(.*)", is_offered_only),
    (rf"{WHO} is not offered:(.*)", is_not_offered),
    (rf"{WHO} sees the certificate of (\S+)", sees_certificate),
    (rf"{WHO} has agreed on ALPN (\S+)", has_alpn),
    (rf"{WHO} has agreed on TLS (\S+)", has_tls_version),
    (r"(\$\{\S+\}) (is|is not) (\S+)", compare),
    (r"The server restarts", server_restarts),
    (r"The server stops", server_stops),
    (r"The server starts", server_starts),
    (r"The server is killed and starts again", server_is_killed_and_starts),
    (r"The server is killed", server_is_killed),
    (r"The certificate of (\S+) is replaced by one with an? (RSA|ECDSA) key", replace_certificate),
    (r"The administrator runs: ([^\n]*)", administrate),
    (r"The administrator cannot run: (.*)", administrate_in_vain),
)]


class StepFailure(Exception):
    """A failure with the line where it happened."""

    def __init__(self, line, text):
        super().__init__(text)
        self.line = line


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
