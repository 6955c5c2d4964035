# pattern.py - compares what arrived with the XML that a scenario expects
# SPDX-License-Identifier: MIT
"""
An expectation is XML in which values may be

    ${name}     bound on first sight, equal afterwards; also inside a longer value
    *           any value
    ?value      may be absent, otherwise `value` (`?*`: anything or nothing)
    (a|b)       one of these
    /regex/     a match of all of it

and in which `...` as the last attribute allows further attributes, and `...` among the children
allows further children. `maybe` before an element of an `in any order` group says that it need
not come. Everything else must be equal, save the order of attributes and children,
`xml:lang`, and the `id` of a stanza where the expectation has none.
"""

import re
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

CLIENT = "jabber:client"
STREAMS = "http://etherx.jabber.org/streams"
STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas"
STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
MORE = "...more..."
MAYBE = f"{{{MORE}}}maybe"
PLACEHOLDER = re.compile(r"\$\{([\w.-]+)\}")


class PatternError(Exception):
    """An expectation that is not XML, or a placeholder that nothing has bound."""


def expand(text, env):
    """`text` with every placeholder replaced by what it stands for."""
    def value(match):
        name = match.group(1)
        if name not in env:
            raise PatternError(f"nothing has bound ${{{name}}}")
        return env[name]
    return PLACEHOLDER.sub(value, text)


def parse(text):
    """The elements of an expectation."""
    text = re.sub(r"\s\.\.\.(?=\s*/?>)", f' xmlns:m="{MORE}" m:m=""', text)
    wrapped = (f'<all xmlns="{CLIENT}" xmlns:stream="{STREAMS}">{text}</all>')
    try:
        root = ET.fromstring(wrapped)
    except ET.ParseError as error:
        raise PatternError(f"the expectation is not XML: {error}") from error
    elements = list(root)
    for before, element in zip([root.text] + [one.tail for one in elements], elements):
        if (before or "").strip() == "maybe":
            element.set(MAYBE, "")
    for element in elements:
        name_conditions(element)
    return elements


def name_conditions(element):
    """Conditions inside <error/> need no namespace in an expectation."""
    for error in element.iter(f"{{{CLIENT}}}error"):
        for child in error:
            child.tag = child.tag.replace(f"{{{CLIENT}}}", f"{{{STANZA_ERRORS}}}")
    if element.tag == f"{{{STREAMS}}}error":
        for child in element:
            child.tag = child.tag.replace(f"{{{CLIENT}}}", f"{{{STREAM_ERRORS}}}")


def match_value(expected, value, env):
    """The bindings after a match, or None."""
    if expected.startswith("?"):
        if value is None:
            return env
        expected = expected[1:]
    if value is None:
        return None
    if expected == "*":
        return env
    if expected.startswith("(") and expected.endswith(")"):
        choices = expected[1:-1].split("|")
        return next((found for found in (match_value(choice, value, env) for choice in choices)
                     if found is not None), None)
    if len(expected) > 1 and expected.startswith("/") and expected.endswith("/"):
        return env if re.fullmatch(expected[1:-1], value) else None
    return bind(expected, value, env)


def bind(expected, value, env):
    names = []
    regex = ""
    end = 0
    for found in PLACEHOLDER.finditer(expected):
        regex += re.escape(expected[end:found.start()])
        end = found.end()
        name = found.group(1)
        if name in env:
            regex += re.escape(env[name])
        elif name in names:
            regex += f"(?P=p{names.index(name)})"
        else:
            regex += f"(?P<p{len(names)}>.+)"
            names.append(name)
    regex += re.escape(expected[end:])
    match = re.fullmatch(regex, value, re.DOTALL)
    if not match:
        return None
    return {**env, **{name: match.group(f"p{index}") for index, name in enumerate(names)}}


def text_of(element):
    pieces = [element.text or ""] + [child.tail or "" for child in element]
    return "".join(pieces).strip()


def match_attributes(expected, element, env):
    wanted = {name: value for name, value in expected.attrib.items()
              if not name.startswith(f"{{{MORE}}}")}
    for name, value in wanted.items():
        env = match_value(value, element.attrib.get(name), env)
        if env is None:
            return None
    if f"{{{MORE}}}m" in expected.attrib:
        return env
    left = set(element.attrib) - set(wanted) - {XML_LANG}
    if expected.tag in (f"{{{CLIENT}}}{kind}" for kind in ("iq", "message", "presence")):
        left.discard("id")
    return None if left else env


def match_children(wanted, present, more, env):
    """Tries every assignment; the lists are short."""
    if not wanted:
        return env if more or not present else None
    for index, child in enumerate(present):
        found = match(wanted[0], child, env)
        if found is not None:
            rest = match_children(wanted[1:], present[:index] + present[index + 1:], more, found)
            if rest is not None:
                return rest
    return None


def match(expected, element, env):
    """The bindings after `element` met `expected`, or None."""
    if expected.tag != element.tag:
        return None
    env = match_attributes(expected, element, env)
    if env is None:
        return None
    text = text_of(expected)
    more = "..." in text
    text = text.replace("...", "").strip()
    if not (more and not text):
        env = match_value(text, text_of(element), env) if text else \
            (env if not text_of(element) else None)
        if env is None:
            return None
    return match_children(list(expected), list(element), more, env)


def split_name(name, outer):
    namespace, _, local = name.rpartition("}")
    namespace = namespace[1:]
    return local, "" if namespace == outer else f" xmlns={quoteattr(namespace)}"


def render(element, outer=CLIENT):
    """One line of XML for a person to read."""
    if element.tag.startswith(f"{{{STREAMS}}}"):
        local, declared = "stream:" + element.tag.rpartition("}")[2], ""
        namespace = outer
    else:
        local, declared = split_name(element.tag, outer)
        namespace = element.tag.rpartition("}")[0][1:]
    attributes = "".join(
        " ..." if name == f"{{{MORE}}}m" else
        "" if name == MAYBE else
        f" {name.replace('{http://www.w3.org/XML/1998/namespace}', 'xml:')}={quoteattr(value)}"
        for name, value in element.attrib.items())
    inner = escape((element.text or "").strip())
    inner += "".join(render(child, namespace) + escape((child.tail or "").strip())
                     for child in element)
    if inner:
        return f"<{local}{declared}{attributes}>{inner}</{local}>"
    return f"<{local}{declared}{attributes}/>"
