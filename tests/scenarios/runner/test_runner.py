# test_runner.py - what scenarios promise to those who write them
# SPDX-License-Identifier: MIT

import unittest
import xml.etree.ElementTree as ET

from . import pattern
from .clauses import preset, read
from .script import Step, expand, read_steps
from .words import unescape
from .wire import StreamParser

HEADER = b"<?xml version='1.0'?><s:stream xmlns:s='http://etherx.jabber.org/streams' " \
         b"xmlns='jabber:client'>"


def match(expected, xml, env=None):
    element = ET.fromstring(f"<a xmlns='jabber:client'>{xml}</a>")[0]
    return pattern.match(pattern.parse(expected)[0], element, env or {})


class Patterns(unittest.TestCase):
    def test_matches(self):
        for expected, xml in (
                ("<presence/>", "<presence/>"),
                ("<presence a='1' b='2'/>", "<presence b='2' a='1'/>"),
                ("<presence/>", "<presence id='x' xml:lang='en'/>"),
                ("<presence from='*'/>", "<presence from='x'/>"),
                ("<presence from='?*'/>", "<presence/>"),
                ("<presence from='?x'/>", "<presence from='x'/>"),
                ("<presence from='(x|y)'/>", "<presence from='y'/>"),
                (r"<presence from='/\d+/'/>", "<presence from='12'/>"),
                ("<presence ...>...</presence>", "<presence x='1'>text<a/></presence>"),
                ("<a>...<b/></a>", "<a><c/><b/></a>"),
                ("<a><b/><c/></a>", "<a> <c/> <b/> </a>"),
                ("<a><b>1</b><b>2</b></a>", "<a><b>2</b><b>1</b></a>"),
                ("<error><gone/></error>", "<error><gone xmlns='" + pattern.STANZA_ERRORS
                 + "'/></error>")):
            self.assertIsNotNone(match(expected, xml), (expected, xml))

    def test_mismatches(self):
        for expected, xml in (
                ("<presence/>", "<message/>"),
                ("<presence/>", "<presence to='x'/>"),
                ("<presence to='x'/>", "<presence/>"),
                ("<presence from='?x'/>", "<presence from='y'/>"),
                ("<presence/>", "<presence><a/></presence>"),
                ("<presence><a/></presence>", "<presence/>"),
                ("<a>1</a>", "<a>2</a>"),
                ("<a/>", "<a>2</a>"),
                ("<a/>", "<a xmlns='urn:other'/>"),
                ("<a><b/></a>", "<a><b/><b/></a>"),
                ("<a><b id='1'/></a>", "<a><b/></a>")):
            self.assertIsNone(match(expected, xml), (expected, xml))

    def test_a_placeholder_is_bound_and_then_equal(self):
        self.assertEqual(match("<a x='${n}'/>", "<a x='1'/>"), {"n": "1"})
        self.assertIsNone(match("<a x='${n}' y='${n}'/>", "<a x='1' y='2'/>"))
        self.assertIsNone(match("<a x='${n}'/>", "<a x='1'/>", {"n": "2"}))
        self.assertEqual(match("<a>r@h/${n}</a>", "<a>r@h/x</a>"), {"n": "x"})


class Scripts(unittest.TestCase):
    def test_deeper_lines_are_a_step_s_block(self):
        steps = read_steps(list(enumerate(["# c", "A", "    <x>", "      y", "B"], 1)))
        self.assertEqual([(step.line, step.text, step.body()) for step in steps],
                         [(2, "A", "<x>\n  y"), (5, "B", "")])

    def test_a_table_makes_a_scenario_of_each_row(self):
        table = Step(2, "Examples:", [(3, "  x | y"), (4, r"  1 | a\|b"), (5, "  2 |")])
        scenarios = expand("f", 1, "t ${x}", [Step(2, "s ${y}"), table])
        self.assertEqual([(one.title, one.line, one.steps[0].text) for one in scenarios],
                         [("t 1", 4, "s a|b"), ("t 2", 5, "s ")])

    def test_clauses_say_how_to_log_in(self):
        options = read(" as a@b/c over direct TLS and with PLAIN", preset("Romeo"))
        self.assertEqual((options.jid, options.resource, options.transport, options.mechanism),
                         ("a@b", "c", "direct TLS", "PLAIN"))

    def test_raw_bytes_have_escapes(self):
        self.assertEqual(unescape(rb"a\x00\xff\n\\n"), b"a\x00\xff\n\\n")


class Streams(unittest.TestCase):
    def test_a_stream_is_the_same_in_pieces_of_any_size(self):
        data = HEADER + b"<a b='>'>1<c/></a><success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>" \
            + HEADER + b"<d/></s:stream>"
        for size in range(1, len(data) + 1):
            kinds = []
            parser = StreamParser(lambda event, kinds=kinds: kinds.append(event.kind))
            for start in range(0, len(data), size):
                parser.feed(data[start:start + size])
            self.assertEqual(kinds, ["header", "element", "element", "header", "element",
                                     "closed"])


if __name__ == "__main__":
    unittest.main()
