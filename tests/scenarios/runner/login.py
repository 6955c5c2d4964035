# login.py - verbs: connecting, step by step or at once, and leaving
# SPDX-License-Identifier: MIT

import copy
import time

from . import pattern
from .actor import Failure, Refused, condition_of
from .clauses import preset, read
from .wire import SASL, TlsRefused
from .words import WHO, expanded, one_of


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


async def close_stream(stage, step, who):
    await stage.actor(who).close_stream()


async def vanish(stage, step, who):
    stage.actor(who).vanish()


async def disconnect(stage, step, who):
    """The socket closes in order, the stream does not."""
    stage.actor(who).leave()


VERBS = (
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
    (rf"{WHO} cannot shake hands", cannot_shake_hands),
    (rf"{WHO} authenticates(.*)", authenticate),
    (rf"{WHO} cannot authenticate(.*): (\S+)", cannot_authenticate),
    (rf"{WHO} binds(.*)", bind),
    (rf"{WHO} is refused with (\S+)", is_refused),
    (rf"{WHO} is challenged as (\S+) with (\S+): salt \$\{{(\S+)\}}, iterations \$\{{(\S+)\}}",
     learn_salt),
    (rf"{WHO} cannot bind(.*): (\S+)", cannot_bind),
    (rf"{WHO} closes the stream", close_stream),
    (rf"{WHO} vanishes", vanish),
    (rf"{WHO} disconnects", disconnect),
)
