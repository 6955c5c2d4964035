#!/usr/bin/python3
# test_manual.py - manual pages and examples speak of what there is
# SPDX-License-Identifier: MIT

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

MANUAL, MODULES, TERND, TERNCTL = sys.argv[1:5]
ROOT = Path(__file__).resolve().parents[2]
PAGES = "ternd.8", "ternctl.8", "tern.conf.5"


def run(*words, stdin=None):
    return subprocess.run(words, stdin=stdin, check=True, capture_output=True, text=True).stdout


def page(name):
    """As scdoc gets it."""
    with open(ROOT / f"man/{name}.scd", encoding="utf-8") as source:
        return run(MANUAL, MODULES, stdin=source)


def prose(name):
    text = re.sub(r"^```\n.*?^```$", "", page(name), flags=re.S | re.M)
    return re.sub(r"\\.", "?", text)


NAMES = [line.partition(" ")[::2] for line in run(MANUAL, MODULES, "--names").splitlines()]
COMMANDS = {words: arguments for words, arguments in
            (rest.split("\t") for kind, rest in NAMES if kind == "command")}
USAGE = run(TERNCTL, "--help")
# What ternctl does by itself stands in its usage alone.
OWN_COMMANDS = {match.strip() for match in
                re.findall(r"^  ([a-z]+(?: [a-z]+)*)\b", USAGE.partition("Commands:")[2], re.M)}
KNOWN = ({name for kind, name in NAMES if kind != "command"} | set(COMMANDS) | OWN_COMMANDS |
         {"module", "ternd", "ternctl"})
OPTIONS = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*",
                         " ".join([*COMMANDS.values(), USAGE, run(TERND, "--help")])))
OTHERS = "sha256sum", "prosody-migrator", "ejabberd", "ejabberdctl"  # programs not ours


def is_there(bold):
    """Whether what a page has in bold is something that one can write."""
    program, _, rest = bold.partition(" ")
    if program in ("ternd", "ternctl") and rest:
        return are_options(rest) and (program == "ternd" or command_of(rest) is not None)
    if bold.startswith("-"):
        return bold in OPTIONS
    if command_of(bold):
        return are_options(bold)
    if program in OTHERS or bold[0].isupper():  # a signal, or words for people
        return True
    if section := re.match(r'^module "([a-z0-9_-]+)"', bold):
        return section[1] in KNOWN
    if re.match(r"^[a-z-]+ (\+?=|\{)", bold):
        return bold.split(" ")[0] in KNOWN
    return bold in KNOWN


def are_options(text):
    return all(word in OPTIONS for word in text.split(" ") if word.startswith("-"))


def command_of(text):
    return next((words for words in {*COMMANDS, *OWN_COMMANDS}
                 if text == words or text.startswith(words + " -")), None)


class Pages(unittest.TestCase):
    def test_name_nothing_that_is_not_there(self):
        self.assertIn("--check", OPTIONS)
        for name in PAGES:
            text = prose(name).partition("# DESCRIPTION")[2]
            strange = [bold for bold in re.findall(r"\*([^*\n]+)\*", text) if not is_there(bold)]
            self.assertEqual(strange, [], name)

    def test_can_tell_what_is_not_there(self):
        for bold in ("page-least", "--chek", "ternd --chek", "ternctl usre add", "user adopt",
                     "portt = 5", 'module "mma" { }'):
            self.assertFalse(is_there(bold), bold)
        for bold in ("page-most", "--check", "ternctl user add", "port = 5", "user add", "mam",
                     'module "mam" { page = 5 }'):
            self.assertTrue(is_there(bold), bold)

    def test_ternctl_tells_every_command(self):
        terms = " ".join(re.findall(r"^\*.*$", prose("ternctl.8"), re.M))
        self.assertEqual([words for words in {*COMMANDS, *OWN_COMMANDS}
                          if not re.search(rf"\*{words}[ *]", terms.replace("--prometheus", "")) and
                          words != "stats --prometheus"], [])

    def test_options_of_commands_are_told(self):
        text = prose("ternctl.8")
        for words, arguments in COMMANDS.items():
            for option in re.findall(r"--[a-z-]+", arguments):
                if option not in ("--scram", "--lines", "--xml"):  # what ternctl says for itself
                    self.assertIn(f"*{option}*", text, words)


class Examples(unittest.TestCase):
    """Each is right but for the certificates, which are not there."""

    def check(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(text)
            file.flush()
            said = subprocess.run([TERND, "-c", file.name, "--check"], capture_output=True,
                                  text=True).stderr
        wrong = [line for line in said.splitlines() if not re.search(
            r"`(certificate|key)`: /etc/tern/example.org.(crt|key): No such file", line)]
        self.assertEqual(wrong, [])
        self.assertIn("`certificate`", said)

    def test_of_the_package_is_right(self):
        self.check((ROOT / "contrib/tern.conf").read_text())

    def test_of_the_readme_is_right(self):
        self.check(re.search(r"^    data = .*?\n(?=\n)", (ROOT / "README.md").read_text(),
                             re.S | re.M)[0])

    def test_of_the_page_is_right(self):
        self.check(re.search(r"# EXAMPLE\n\n```\n(.*?)```", page("tern.conf.5"), re.S)[1])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
