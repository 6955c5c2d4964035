# offers.py - verbs: what the server offers in its features, what TLS has agreed on
# SPDX-License-Identifier: MIT

import re

from . import pattern
from .actor import Failure
from .words import WHO, expanded, expectations


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


VERBS = (
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
)
