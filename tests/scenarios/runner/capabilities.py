# capabilities.py - verbs: the server's capabilities, computed a second time (XEP-0115 5.1)
# SPDX-License-Identifier: MIT

import hashlib
from base64 import b64encode
from xml.sax.saxutils import quoteattr

from . import pattern
from .actor import Failure
from .words import WHO

CAPS = "{http://jabber.org/protocol/caps}c"
INFO = "http://jabber.org/protocol/disco#info"
DATA = "{jabber:x:data}"


def field_text(field):
    values = sorted(value.text or "" for value in field.iter(f"{DATA}value"))
    return "".join(f"{text}<" for text in [field.get("var"), *values])


def form_text(form):
    fields = sorted(form.iter(f"{DATA}field"), key=lambda field: field.get("var"))
    kind = [field for field in fields if field.get("var") == "FORM_TYPE"]
    return kind[0].find(f"{DATA}value").text + "<" + "".join(
        field_text(field) for field in fields if field not in kind)


def version(query):
    """SHA-1 of all that a disco#info says, by the XEP's rules and none of the server's code."""
    text = "".join(sorted("/".join(each.get(name, "") for name in (
        "category", "type", pattern.XML_LANG, "name")) + "<"
        for each in query.iter(f"{{{INFO}}}identity")))
    text += "".join(sorted(each.get("var") + "<" for each in query.iter(f"{{{INFO}}}feature")))
    text += "".join(sorted(form_text(form) for form in query.iter(f"{DATA}x")))
    return b64encode(hashlib.sha1(text.encode()).digest()).decode()


async def ask(actor, domain, node):
    asked = f" node={quoteattr(node)}" if node else ""
    actor.wire.send(f"<iq type='get' id='caps' to='{domain}'><query xmlns='{INFO}'{asked}/></iq>"
                    .encode())
    answer = await actor.next_element("a disco#info")
    query = answer.find(f"{{{INFO}}}query")
    if answer.get("type") != "result" or query.get("node") != node:
        raise Failure(f"{actor.name} got {pattern.render(answer)}")
    return query


async def are_those_of(stage, step, who, domain):
    actor = stage.actor(who)
    caps = actor.features.find(CAPS)
    if caps is None:
        raise Failure(f"{who} was offered no capabilities: {pattern.render(actor.features)}")
    node = f"{caps.get('node')}#{caps.get('ver')}"
    for asked in (None, node):
        found = version(await ask(actor, domain, asked))
        if found != caps.get("ver"):
            raise Failure(f"{who} was offered {caps.get('ver')}, and {asked or domain} "
                          f"has {found}")


VERBS = ((rf"{WHO}'s capabilities are those of (\S+)", are_those_of),)
