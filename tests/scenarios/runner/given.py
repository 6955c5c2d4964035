# given.py - the `Given` lines: what is so before the conversation begins
# SPDX-License-Identifier: MIT

import re

from .actor import Failure
from .clauses import preset, read
from .prosody import Unable
from .stage import Setting

PRESENCE = "<presence type='{}' to='{}'/>"

# How an owner and a contact come to the states of RFC 6121, A.1: who sends what.
STATES = {
    "None": "",
    "None + Pending Out": "owner:subscribe",
    "None + Pending In": "contact:subscribe",
    "None + Pending Out+In": "owner:subscribe contact:subscribe",
    "To": "owner:subscribe contact:subscribed",
    "To + Pending In": "owner:subscribe contact:subscribed contact:subscribe",
    "From": "contact:subscribe owner:subscribed",
    "From + Pending Out": "contact:subscribe owner:subscribed owner:subscribe",
    "Both": "owner:subscribe contact:subscribed contact:subscribe owner:subscribed",
}


def lines_of(step):
    return [line.strip() for line in step.body().split("\n") if line.strip()]


def add_accounts(setting, step, names):
    for name in re.split(r",\s*", names.strip()):
        jid, _, password = name.partition(" with password ")
        jid = jid if "@" in jid else f"{jid}@localhost"
        setting.accounts.append((jid, password.strip('"') or f"{jid.partition('@')[0]}-password"))


def set_key_kind(setting, step, domain, kind):
    setting.host(domain).key_kind = kind


def set_digest(setting, step, domain, digest):
    setting.host(domain).digest = digest.lower().replace("-", "")


BEFORE = [(re.compile(regex + "$"), act) for regex, act in (
    (r"Given accounts: (.*)", add_accounts),
    (r"Given no accounts", lambda setting, step: None),
    (r"Given the configuration:", lambda setting, step: setting.lines.extend(lines_of(step))),
    (r"Given the host (\S+) has an? (RSA|ECDSA) key", set_key_kind),
    (r"Given the certificate of (\S+) is signed with (SHA-\d+)", set_digest),
    (r"Given the host (\S+?)( has)?:?",
     lambda setting, step, domain, _: setting.host(domain).lines.extend(lines_of(step))),
)]
NOT_ON_PROSODY = re.compile(r"Not on Prosody: (.*)")


def setting_of(scenario, on_prosody):
    """The server that a scenario wants, and the steps that are left to play."""
    setting = Setting()
    steps = []
    for step in scenario.steps:
        excuse = NOT_ON_PROSODY.match(step.text)
        if excuse:
            if on_prosody:
                raise Unable(excuse.group(1))
            continue
        for regex, act in BEFORE:
            found = regex.match(step.text)
            if found:
                act(setting, step, *found.groups())
                break
        else:
            steps.append(step)
    return setting, steps


# Subscriptions, made as clients make them

async def come(stage, jid):
    actor = stage.actor(f"Given-{jid}")
    await actor.connect(read(f"as {jid} over plain TCP", preset("Given")))
    return actor


async def subscriptions(stage, owner, contact, acts):
    people = {"owner": await come(stage, owner), "contact": await come(stage, contact)}
    peers = {"owner": contact, "contact": owner}
    for act in acts.split():
        who, kind = act.split(":")
        people[who].wire.send(PRESENCE.format(kind, peers[who]).encode())
        await stage.settle()
    for actor in people.values():
        await actor.close_stream()
        del stage.actors[actor.name]


def address(name):
    return name if "@" in name else f"{name}@localhost"


async def make_state(stage, step, owner, contact, state):
    if state not in STATES:
        raise Failure(f"no such state: {state}")
    await subscriptions(stage, address(owner), address(contact), STATES[state])


async def make_both(stage, step, owner, contact):
    await make_state(stage, step, owner, contact, "Both")


async def make_one(stage, step, owner, contact):
    await make_state(stage, step, owner, contact, "To")


VERBS = (
    (r"Given (\S+) and (\S+) are subscribed to each other", make_both),
    (r"Given (\S+) is subscribed to (\S+)", make_one),
    (r"Given (\S+)'s state towards (\S+) is (.*)", make_state),
)
