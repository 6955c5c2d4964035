#!/usr/bin/python3
# test_out_of_tree.py - modules of others: built against an installed Tern, loaded, spoken to
# SPDX-License-Identifier: MIT
"""Installs a build (the first argument) into a temporary folder, and sees nothing else of it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
BUILD = Path(sys.argv[1]).resolve()
SCRATCH = tempfile.TemporaryDirectory(prefix="tern-installed-")
INSTALLED = Path(SCRATCH.name)
FLAGS = ("-std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Werror "
         "-shared -fPIC -fvisibility=hidden")


def run(*words, folder=ROOT, **environment):
    done = subprocess.run([str(word) for word in words], cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, **environment})
    if done.returncode:
        raise AssertionError(f"{words}: {done.stdout}")
    return done.stdout


def found(name):
    return next(path for path in INSTALLED.rglob(name))


run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", INSTALLED)
HEADERS = sorted(found("module.h").parent.glob("*.h"))
PKG_CONFIG = {"PKG_CONFIG_PATH": str(found("tern-module.pc").parent),
              "PKG_CONFIG_SYSROOT_DIR": str(INSTALLED)}
CFLAGS = run("pkg-config", "--cflags", "tern-module", **PKG_CONFIG).split()

sys.argv[1:] = map(str, (found("sbin/ternd"), found("bin/ternctl"), found("roster.so").parent))
sys.path.insert(0, str(TESTS / "server"))
from daemon import MODULES, TERND, Daemon  # noqa: E402 (it reads the arguments)

QUERY = "<door xmlns='urn:example:door'{}/>"
STATED = QUERY.format(" state='{}'")


def compile_module(source, target, flags=()):
    """As the manual has it, in one line."""
    run("cc", *FLAGS.split(), *flags, *CFLAGS, source, "-o", target)


class Headers(unittest.TestCase):
    def test_each_compiles_alone(self):
        for header in HEADERS:
            run("cc", "-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror", *CFLAGS,
                "-fsyntax-only", "-include", header, "-x", "c", "/dev/null")

    def test_all_that_they_declare_is_there_for_modules(self):
        declared = set()
        with tempfile.NamedTemporaryFile() as listing:
            for header in HEADERS:
                run("cc", *CFLAGS, "-aux-info", listing.name, "-fsyntax-only", "-include", header,
                    "-x", "c", "/dev/null")
                for line in Path(listing.name).read_text().splitlines():
                    if str(INSTALLED) in line and " extern " in line:
                        declared.add(re.search(r"(\w+) \(", line.partition("*/")[2])[1])
        exported = {line.split()[-1] for line in
                    run("nm", "-D", "--defined-only", TERND).splitlines()}
        self.assertIn("tern_put", declared)
        self.assertIn("tern_version", exported)
        self.assertEqual(declared - exported, set())

    def test_pkg_config_tells_the_abi_and_the_folder_of_modules(self):
        abi = run("pkg-config", "--variable=abi", "tern-module", **PKG_CONFIG).strip()
        self.assertIn(f"#define TERN_MODULE_ABI {abi}\n", found("module.h").read_text())
        folder = run("pkg-config", "--variable=moduledir", "tern-module", **PKG_CONFIG).strip()
        self.assertTrue(MODULES.endswith(folder.removeprefix(str(INSTALLED))), folder)


class Module(Daemon):
    def serve(self, modules, more=""):
        """A server that also looks into the test's folder; answers its port."""
        self.choose(modules, more)
        port = self.start()["listeners"][0]["port"]
        self.ctl("user", "add", "--from", "-", input="".join(
            f"{name}@example.org x\n" for name in ("romeo", "juliet", "tybalt")))
        return port

    def choose(self, modules, more=""):
        self.write_config(change=lambda text: text.replace(
            f'"{MODULES}"', f'{{"{MODULES}", "{self.folder}"}}').replace(
            'host.key"\n', f'host.key"\n    modules = {{{modules}}}\n{more}'))

    def ask(self, client, kind, payload, to=""):
        return self.talk(client, f"<iq type='{kind}' id='q'{to}>{payload}</iq>",
                         "id='q'.*(/>|</iq>)$")


class Door(Module):
    modules = "roster, presence, message, door"

    def setUp(self):
        super().setUp()
        compile_module(found("door.c"), self.path("door.so"))

    def test_builds_with_meson_and_is_installed_beside_the_others(self):
        build, place = self.path("build"), self.path("place")
        run("meson", "setup", build, found("door.c").parent, "-Dwerror=true",
            **PKG_CONFIG)
        run("meson", "install", "-C", build, "--destdir", place, **PKG_CONFIG)
        self.assertEqual(sum(1 for _ in Path(place).rglob("tern/modules/door.so")), 1)

    def test_keeps_a_state_for_each_account_whatever_comes(self):
        romeo = self.connect(self.serve(self.modules), "romeo")
        self.assertIn(STATED.format("open"), self.ask(romeo, "get", QUERY.format("")))
        self.assertIn("type='result'", self.ask(romeo, "set", STATED.format("shut")))
        self.end()  # a kill: what was answered is on disk
        port = self.start()["listeners"][0]["port"]
        for name, state in (("romeo", "shut"), ("juliet", "open")):
            self.assertIn(STATED.format(state),
                          self.ask(self.connect(port, name), "get", QUERY.format("")))

    def test_refuses_what_is_no_state(self):
        romeo = self.connect(self.serve(self.modules), "romeo")
        for state in ("", " state='ajar'"):
            self.assertIn("<bad-request", self.ask(romeo, "set", QUERY.format(state)))

    def test_belongs_to_its_owner(self):
        tybalt = self.connect(self.serve(self.modules), "tybalt")
        for kind in ("get", "set"):
            self.assertIn("<service-unavailable", self.ask(
                tybalt, kind, STATED.format("open"), " to='romeo@example.org'"))

    def test_only_contacts_get_through_a_shut_door(self):
        port = self.serve(self.modules, '    module "door" { notice = "Away." }\n')
        romeo, tybalt = self.connect(port, "romeo"), self.connect(port, "tybalt")
        self.ask(romeo, "set", "<query xmlns='jabber:iq:roster'>"
                 "<item jid='juliet@example.org'/></query>")
        self.ask(romeo, "set", STATED.format("shut"))
        self.talk(romeo, "<presence><show>chat</show></presence>", "<show>chat</show>")
        refused = self.talk(tybalt, "<message to='romeo@example.org' type='chat' id='m'>"
                            "<body>Villain!</body></message>", "</message>")
        self.assertIn("<forbidden", refused)
        self.assertIn(">Away.<", refused)
        juliet = self.connect(port, "juliet")
        self.talk(juliet, "<message to='romeo@example.org' type='chat'><body>Psst.</body>"
                  "</message>", "")
        self.assertNotIn("Villain", self.talk(romeo, "", "Psst."))
        self.assertIn(["door_refused", "1"], self.rows("stats"))

    def test_has_commands(self):
        romeo = self.connect(self.serve(self.modules, '    module "door" { shut = yes }\n'),
                             "romeo")
        self.assertEqual(self.rows("door", "show", "romeo@example.org"), [["shut", ""]])
        self.assertEqual(self.rows("door", "open", "romeo@example.org"), [])
        (state, since), = self.rows("door", "show", "romeo@example.org")
        self.assertEqual(state, "open")
        self.assertRegex(since, r"^20\d\d-")
        self.assertIn(STATED.format("open"), self.ask(romeo, "get", QUERY.format("")))
        self.assertIn("door open", self.ctl("help").stdout)

    def test_quarrels_with_a_module_that_answers_the_same_question(self):
        self.choose("roster,\n blocking,\n door,\n ping")
        self.assertEqual(f"{self.path('tern.conf')}:14: modules `blocking` and `door` both answer "
                         "the question BLOCKED\n", self.refusal("--check"))

    def test_has_its_options_checked(self):
        self.choose(self.modules, '    module "door" { shut = ajar\n notise = x }\n')
        refusal = self.refusal("--check")
        self.assertIn(":13: `shut` is yes or no, not `ajar`", refusal)
        self.assertIn(":14: unknown key `notise` in module `door` (did you mean `notice`?)",
                      refusal)


class Page(Module):
    """What stands in tern-module(3) works as it stands there."""

    page = (ROOT / "man/tern-module.3.scd").read_text()

    def block(self, start):
        """The one that has this in it, as scdoc shows it."""
        block, = (block for block in re.findall(r"^```\n(.*?)^```$", self.page, re.S | re.M)
                  if start in block)
        return re.sub(r"\\(.)", r"\1", block, flags=re.S)

    def write(self, name, text):
        Path(self.path(name)).write_text(text)

    @staticmethod
    def end_group(server):
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        server.communicate()

    def write_motto(self):
        self.write("motto.c", self.block("#include <module.h>"))

    def test_its_module_builds_with_meson(self):
        self.write_motto()
        self.write("meson.build", self.block("project("))
        run("meson", "setup", self.path("build"), folder=self.folder, **PKG_CONFIG)
        run("ninja", "-C", self.path("build"))
        self.assertTrue(os.path.exists(self.path("build/motto.so")))

    def test_its_module_is_loaded_and_used_as_it_says(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = str(probe.getsockname()[1])
        self.write_motto()
        compile_module(self.path("motto.c"), self.path("motto.so"))
        self.write("serve", "set -e\n" + self.block("openssl req").replace("5222", port).replace(
            'modules-path += {"."}', f'modules-path = {{"{MODULES}", "."}}') + "echo ready\nwait\n")
        self.write("talk.py", self.block("import base64").replace("5222", port))
        tools = f"{os.path.dirname(TERND)}:{found('bin/ternctl').parent}:{os.environ['PATH']}"
        server = subprocess.Popen(["sh", "serve"], cwd=self.folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, env={**os.environ, "PATH": tools},
                                  start_new_session=True, text=True)
        self.addCleanup(self.end_group, server)
        self.assertIn("ready\n", iter(server.stdout.readline, ""))
        said = run("timeout", "30", "/usr/bin/python3", "talk.py", folder=self.folder)
        run("ternctl", "-s", "control", "stop", folder=self.folder, PATH=tools)
        self.assertEqual(server.wait(timeout=30), 0)
        self.assertIn("<motto xmlns='urn:example:motto'>Carpe diem</motto>", said)

    def test_the_readmes_module_compiles(self):
        readme = (ROOT / "README.md").read_text()
        self.write("hello.c", re.search(r"^```c\n(.*?)^```$", readme, re.S | re.M)[1])
        compile_module(self.path("hello.c"), self.path("hello.so"))
        self.choose("hello")
        self.assertEqual(run(TERND, "-c", self.path("tern.conf"), "--check"), "")

    def test_its_answer_that_comes_later_compiles(self):
        self.write("later.c", '#include <heap.h>\n#include <module.h>\n#include <stdlib.h>\n'
                   '#define NS_PHOTO "urn:example:photo"\ntern_store photo_store;\n'
                   + self.block("note_photo").replace("static enum", "enum tern_verdict get_photo("
                   "struct tern_event *, const void *);\nenum"))
        compile_module(self.path("later.c"), self.path("later.so"))

    def test_its_pages_of_a_log_compile(self):
        self.write("pages.c", "#include <module.h>\nvoid use(void *, const void *, size_t);\n"
                   "void end(void *, bool);\ntern_store diary;\n"
                   + self.block("static void note_page").replace("static void note_page(", PAGES))
        compile_module(self.path("pages.c"), self.path("pages.so"))

    def test_its_shelf_keeps_what_is_missed(self):
        self.write("shelf.c", SHELF_HEAD + self.block("keep_pending") + SHELF_CLAIMS)
        compile_module(self.path("shelf.c"), self.path("shelf.so"))
        port = self.serve("roster, presence, message, shelf")
        juliet, tybalt = self.connect(port, "juliet"), self.connect(port, "tybalt")
        self.talk(juliet, "<enable xmlns='urn:xmpp:sm:3'/>", "<enabled[^>]*>")
        for sender, word in ((juliet, "First"), (tybalt, "Second")):
            self.talk(sender, "<message to='romeo@example.org' type='chat'>"
                      f"<body>{word}</body></message>", "")
            self.ask(sender, "get", "<query xmlns='jabber:iq:roster'/>")
        self.talk(juliet, "<r xmlns='urn:xmpp:sm:3'/>", "<a [^>]*h='2'")
        self.end()  # a kill
        romeo = self.connect(self.start()["listeners"][0]["port"], "romeo")
        heard = self.talk(romeo, "<presence/>", "Second.*</message>")
        self.assertEqual([heard.count(part) for part in ("First", "Second", "<delay ")], [1, 1, 2])

    def test_it_tells_all_that_headers_list(self):
        module = found("module.h").read_text()
        struct = module.partition("struct tern_module {")[2].partition("\n};")[0]
        struct = re.sub(r"/\*.*?\*/", "", struct, flags=re.S)
        names = [f"*{name}*" for name in re.findall(r"(\w+)[;,)](?!.*\)\()(?! const)", struct)
                 if name not in ("host", "settings", "ret_settings")]
        self.assertIn("*importers*", names)
        for text, prefix in ((module, "TERN_ON_"), (found("entity.h").read_text(), "TERN_ASK_")):
            of = {"TERN_ON_": "TERN_HAPPENINGS", "TERN_ASK_": "TERN_QUESTIONS"}[prefix]
            lines = text.partition(f"#define {of}(X)")[2].partition("enum ")[0]
            names += [f"*{prefix}{name}*" for name in re.findall(r"\bX\((\w+)", lines)]
        self.assertIn("*TERN_ON_AVAILABLE*", names)
        self.assertEqual([name for name in names if name not in self.page], [])
        phases = re.findall(r"X\((\w+)\)", module.partition("#define TERN_PHASES(X)")[2]
                            .partition("enum ")[0])
        self.assertEqual([name for name in phases if f" {name} " not in self.page], [])
        files = self.page.partition("# FILES")[2]
        self.assertEqual([header.name for header in HEADERS if header.name not in files], [])

    def test_it_names_nothing_that_is_not_there(self):
        headers = "".join(header.read_text() for header in HEADERS)
        named = set(re.findall(r"\b(?:tern|element|jid|stored|arena|heap|buffer)_[a-z_]+\b|"
                               r"\bTERN_[A-Z_]+\b", self.page))
        listed = headers + "".join(
            f" TERN_{name} TERN_ON_{name} TERN_ASK_{name} "
            for name in re.findall(r"\bX\((\w+)", headers))
        gone = [name for name in named if not re.search(rf"\b{name}\b", listed)]
        self.assertEqual(gone, [])


PAGES = """void note_page(struct tern_entity *, void *, const struct tern_entry *, size_t, bool,
\tbool);
void note_page("""
SHELF_HEAD = """#include <module.h>
#include <buffer.h>
#include <heap.h>
#include <stdlib.h>
#include <stored.h>

static tern_store shelf;
"""
SHELF_CLAIMS = """
TERN_EXPORT const struct tern_module tern_module = {
\t.abi = TERN_MODULE_ABI,
\t.name = "shelf",
\t.stores = (const struct tern_store_claim[]){ { "shelf", TERN_LOG, &shelf }, { 0 } },
\t.hooks = (const struct tern_hook[]){
\t\t{ TERN_IN_MISSED, TERN_MESSAGES, 0, keep_missed }, { 0 } },
\t.watches = (const struct tern_watch[]){ { TERN_ON_AVAILABLE, give_missed }, { 0 } },
\t.pending = keep_pending,
};
"""

MINIMAL = """#include <module.h>
TERN_EXPORT const struct tern_module {symbol} = {{ .abi = {abi}, .name = "{name}", {more} }};
"""


class Refusals(Module):
    """What is none is refused at the line that names it, and says why."""

    def make(self, name, symbol="tern_module", abi="TERN_MODULE_ABI", inside=None, more="",
             before="", flags=()):
        Path(self.path("wrong.c")).write_text(before + MINIMAL.format(
            symbol=symbol, abi=abi, name=inside or name, more=more))
        compile_module(self.path("wrong.c"), self.path(f"{name}.so"), flags)

    def expect(self, name, why):
        self.choose(f"ping,\n {name}")
        self.assertEqual(self.refusal("--check"), f"{self.path('tern.conf')}:13: {why}\n")

    def expect_unusable(self, name, why):
        self.expect(name, f"module `{name}` ({self.path(name)}.so) cannot be used: {why}")

    def test_another_abi(self):
        self.make("newer", abi="TERN_MODULE_ABI + 1")
        abi = run("pkg-config", "--variable=abi", "tern-module", **PKG_CONFIG).strip()
        self.expect_unusable("newer", f"it was built for module ABI {int(abi) + 1}, this server "
                             f"has {abi}")

    def test_other_headers_of_the_same_abi(self):
        headers = shutil.copytree(found("module.h").parent, self.path("headers"))
        module = Path(headers, "module.h")
        text = module.read_text()
        for old, new in (("	enum tern_condition to_strangers;\n", "\\g<0>	int more;\n	int still;\n"),
                         (r"X\(IN_CHECK\) X\(IN_RECORD\)", "X(IN_RECORD) X(IN_CHECK)")):
            module.write_text(re.sub(old, new, text))
            self.make("other", flags=[f"-I{headers}"])
            self.expect_unusable("other", "it was built with other headers than those of this "
                                 "server: build it again")
        module.write_text(text)
        self.make("other", flags=[f"-I{headers}"])
        self.choose("other")
        self.assertEqual(run(TERND, "-c", self.path("tern.conf"), "--check"), "")

    def test_no_module(self):
        self.make("nothing", symbol="module")
        self.expect_unusable("nothing", "it exports no `tern_module`")

    def test_another_name(self):
        self.make("alias", inside="other")
        self.expect_unusable("alias", "it calls itself `other`")

    def test_a_symbol_that_the_server_lacks(self):
        self.make("lacking", more=".load = tern_from_the_future",
                  before="struct tern_host;\nint tern_from_the_future(struct tern_host *, "
                  "void **);\n")
        self.expect_unusable("lacking", "undefined symbol: tern_from_the_future: this server has "
                             "nothing of that name")

    def test_no_shared_object(self):
        for text, why in (("", "file too short"), ("#!/bin/sh\n" + "x" * 4096,
                                                    "invalid ELF header")):
            Path(self.path("script.so")).write_text(text)
            self.expect_unusable("script", f"it is no shared object for this machine ({why})")

    def test_tables_that_make_no_sense(self):
        self.make("odd", more='.options = (const struct tern_option[]){ { "a", TERN_NUMBER, "b" },'
                  ' { 0 } }')
        self.expect_unusable("odd", "the preset of an option is wrong: `a` is a number, not `b`")

    def test_an_option_that_it_does_not_claim(self):
        self.make("hasty", more='.load = load, .options = (const struct tern_option[]){ { "limit", '
                  'TERN_NUMBER, "9" }, { 0 } }', before="#include <module.h>\n"
                  "static int load(struct tern_host *host, void **ret_settings)\n"
                  '{ return tern_option_number(host, "limti") == 9 ? 0 : -1; }\n')
        why = ("module `hasty` asked for option `limti`, which it does not claim (did you mean "
               "`limit`?)")
        self.choose("ping, hasty")
        self.assertEqual(self.refusal("--check"),
                         f"{self.path('tern.conf')}: host `example.org`: {why}\n")
        self.assertIn(why, self.refusal())
        self.serve("ping")
        self.assertEqual(self.refused("module", "load", "example.org", "hasty"),
                         f"ternctl: {why}\n")

    def test_a_file_that_is_nowhere(self):
        self.make("door")
        self.expect("dor", f"there is no module `dor` in {MODULES}, {self.folder} "
                    "(did you mean `door`?)")

    def test_another_file_than_the_one_that_was_opened_needs_a_restart(self):
        self.make("late")
        self.serve("ping, late")
        outcome = {what: outcome for what, outcome in self.rows("config", "reload")}
        self.assertNotIn("host example.org module late", outcome)
        os.unlink(self.path("late.so"))
        self.make("late", more='.about = "another"')
        outcome = {what: outcome for what, outcome in self.rows("config", "reload")}
        why = (f"the file of module `late` ({self.path('late.so')}) has changed since this server "
               "opened it: the new one comes with a restart")
        self.assertEqual(outcome["host example.org module late"], f"needs a restart: {why}")
        self.ctl("module", "unload", "example.org", "late")
        self.assertEqual(self.refused("module", "load", "example.org", "late"),
                         f"ternctl: {why}\n")
        self.end()
        self.start()
        self.assertIn(["example.org", "late", "another"], self.rows("module", "list"))

    def test_what_was_refused_can_be_mended_while_the_server_runs(self):
        self.make("late", abi=0)
        self.serve("ping")
        self.choose("ping, late")
        self.assertIn("module ABI 0", self.refused("config", "check"))
        os.unlink(self.path("late.so"))
        self.make("late")
        self.assertEqual(self.ctl("config", "check").returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
