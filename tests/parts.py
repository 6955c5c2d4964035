# parts.py - the parts of the whole test run, each with its build, and the sum of what they found
# SPDX-License-Identifier: MIT
"""Builds Tern in several ways and runs every test there is.

The last line says how many tests passed and failed in all parts: units are counted by test case,
scenarios by scenario, a compiler that is content as one. Logs of all commands are kept in the
folder of the builds.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
ROOMS = ("xml", "storage", "server", "modules")

STRICT = "-Dwerror=true"        # sanitizers make compilers see what is not there


def sanitized(by):
    return f"-Db_sanitize={by}", "-Db_lundef=false", "-Doptimization=1"


BUILDS = {
    "gcc": ([STRICT], {"CC": "gcc"}),
    "clang": ([STRICT, "-Doptimization=0"], {"CC": "clang"}),   # only its warnings are wanted
    "asan": (sanitized("address,undefined"), {"CC": "gcc"}),
    "tsan": (sanitized("thread"), {"CC": "gcc"}),
    "fuzz": (["-Dfuzz=true", *sanitized("address,undefined")], {"CC": "clang"}),
}
# What a sanitizer says even where the exit status of a test does not.
COMPLAINT = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")
SUPERVISION = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1",
}
# What a reader of a failed test wants to see of its output.
TELLING = re.compile(r"\bFAILED\b|\[FAIL\]|\[----\]|\berror:|broken promise|^(?:ERROR|FAIL): |"
                     r"^[\w.]*(?:Error|Expired|Exception)\b|^ +#[0-9] ")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
COUNTS = (
    re.compile(r"Passing: (?P<passed>\d+) \| Failing: (?P<failed>\d+) \| Crashing: (?P<more>\d+)"),
    re.compile(r"^(?P<passed>\d+) passed, (?P<failed>\d+) failed$", re.M),
)
UNITTEST = re.compile(r"^Ran (\d+) tests? in", re.M)
UNITTEST_FAILED = re.compile(r"(?:failures|errors)=(\d+)")


def counts_of(text):
    """(passed, failed) as the output of a test tells them, or None."""
    for pattern in COUNTS:
        found = list(pattern.finditer(text))
        if found:
            numbers = found[-1].groupdict()
            return int(numbers["passed"]), int(numbers["failed"]) + int(numbers.get("more") or 0)
    if found := UNITTEST.search(text):
        failed = sum(map(int, UNITTEST_FAILED.findall(text)))
        return int(found[1]) - failed, failed
    return None


def judge(text, succeeded):
    """(passed, failed) of one test program; whatever is wrong counts at least once."""
    text = COLOUR.sub("", text)
    passed, failed = counts_of(text) or (1 if succeeded else 0, 0)
    if failed == 0 and (not succeeded or COMPLAINT.search(text)):
        failed = 1
    return passed, failed


class Run:
    def __init__(self, arguments):
        self.builds = arguments.builds
        self.jobs = str(os.cpu_count() or 2)
        self.seed = arguments.seed
        self.passed = self.failed = 0
        self.built = {}         # kind -> directory, or None where it does not build

    # Counting

    def count(self, passed, failed, name="", output=""):
        self.passed += passed
        self.failed += failed
        if failed:
            print(f"  FAILED {name}", flush=True)
            print("".join(f"    {line}\n" for line in telling(output)), end="", flush=True)

    # Commands

    def command(self, name, words, environment=None, folder=ROOT):
        """Runs it to its end; answers whether it succeeded and what it said."""
        words = [str(word) for word in words]
        done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
                              env={**os.environ, **SUPERVISION, **(environment or {})})
        with open(self.builds / "logs" / f"{name}.log", "a", encoding="utf-8") as log:
            log.write(f"$ {shlex.join(words)}\n{done.stdout}\n")
        return done.returncode == 0, done.stdout

    def check(self, name, words, **more):
        """A program that is a test, or many and counts them."""
        succeeded, output = self.command(name, words, **more)
        self.count(*judge(output, succeeded), name, output)

    def build(self, kind, targets=()):
        """The build directory, or None when it does not build: counted once, as a test."""
        if kind not in self.built:
            self.built[kind] = self.build_now(kind, targets)
        return self.built[kind]

    def build_now(self, kind, targets):
        directory = self.builds / kind
        options, environment = BUILDS[kind]
        succeeded, output = True, ""
        if not (directory / "build.ninja").exists():
            succeeded, output = self.command(
                f"build-{kind}", ["meson", "setup", "-Dtests=enabled", *options, directory, ROOT],
                environment)
        if succeeded:
            succeeded, output = self.command(f"build-{kind}", ["ninja", "-C", directory, *targets])
        self.count(int(succeeded), int(not succeeded), f"build with {kind}", output)
        return directory if succeeded else None

    def units_of(self, kind, chosen=None, patience=1):
        directory = self.build(kind)
        if not directory:
            return
        introspected = subprocess.run(["meson", "introspect", "--tests", directory], check=True,
                                      capture_output=True, text=True)
        names = [test["name"] for test in json.loads(introspected.stdout)
                 if not chosen or chosen(test)]
        self.command(f"units-{kind}", ["meson", "test", "-C", directory, "--no-rebuild",
                                       "-t", str(patience), *names])
        for line in (directory / "meson-logs" / "testlog.json").read_text().splitlines():
            test = json.loads(line)
            output = test.get("stdout", "") + test.get("stderr", "")
            passed, failed = judge(output, test["result"] == "OK")
            self.count(passed, failed, f"{test['name']} ({kind}): {test['result']}", output)

    def scenarios_of(self, kind, *more):
        directory = self.build(kind)
        if directory:
            self.check(f"scenarios-{kind}", ["tests/scenarios/run", "--ternd",
                                             directory / "server/ternd", "-j", "6", *more])

    # Parts

    def headers(self):
        """Every header compiles alone."""
        directory = self.build("gcc")
        if not directory:
            return
        commands = json.loads((directory / "compile_commands.json").read_text())
        compilations = [
            ["gcc", *flags_of(room, commands, directory), "-Werror", "-fsyntax-only", "-include",
             header, "-x", "c", "/dev/null"]
            for room in ROOMS for header in sorted((ROOT / room).rglob("*.h"))]
        with ThreadPoolExecutor(int(self.jobs)) as pool:
            for succeeded, output in pool.map(
                    lambda words: self.command("headers", words, folder=directory), compilations):
                self.count(*judge(output, succeeded), "headers", output)

    def units(self):
        self.units_of("gcc")

    def scenarios(self):
        self.check("runner", ["/usr/bin/python3", "-B", "-m", "unittest", "runner.test_runner"],
                   folder=TESTS / "scenarios")
        self.scenarios_of("gcc")

    def interop(self):
        directory = self.build("gcc")
        if directory:
            self.check("interop", ["tests/interop/run", "--build", directory])

    def contrib(self):
        """A module of others, built against what is installed."""
        directory = self.build("gcc")
        if directory:
            self.check("contrib", ["/usr/bin/python3", "-B", "tests/contrib/test_out_of_tree.py",
                                   directory])

    def faults(self):
        directory = self.build("gcc")
        if directory:
            self.check_faults(directory)

    def check_faults(self, directory):
        """What the checker finds, and that it finds what is broken on purpose."""
        self.check("faults", ["/usr/bin/python3", "-B", "-m", "unittest", "test_letters"],
                   folder=TESTS / "faults")
        for words in FAULTS:
            self.check("faults", [f"tests/faults/{words[0]}", "--build", directory, *words[1:],
                                  *self.seed_words()])

    def shards(self):
        directory = self.build("gcc")
        if directory:
            self.check("shards", ["tests/faults/shards", "--build", directory])

    def siege(self):
        """Every kind of hostility for a moment: answers and memory, and nobody is shut out. How long
        messages take is a matter for a machine that does nothing else: tests/bench/siege."""
        directory = self.build("gcc")
        if directory:
            self.check("siege", ["tests/bench/siege", "--build", directory, "--seconds", "0.5",
                                 "--sample", "0.2", "--floor", "250", "--crowd", "300",
                                 "--tries", "3"])

    def clang(self):
        self.build("clang")

    def asan(self):
        self.units_of("asan", patience=4)
        self.scenarios_of("asan", "--timeout", "60")

    def tsan(self):
        """Criterion does not run under ThreadSanitizer: what has a main() of its own does."""
        directory = self.build("tsan")
        if not directory:
            return
        self.units_of("tsan", patience=4,
                      chosen=lambda test: test["name"] != "histories" and
                      not uses_criterion(test["cmd"][0]))
        self.check("threads", ["tests/faults/shards", "--build", directory, "--watched"])

    def fuzz(self):
        """Each fuzzer for a moment; tests/fuzz/run has the time for more."""
        directory = self.build("fuzz", ["fuzzers"])
        if directory:
            self.check("fuzz", ["tests/fuzz/run", "--build", directory, "--seed", "1",
                                "--jobs", self.jobs, "--minutes", "0.075", "--module-minutes", "0.05"])

    def seed_words(self):
        return ["--seed", self.seed] if self.seed else []


PROMISES = ("--promise", "pending", "--promise", "saved", "--promise", "once-in")
# The last two show that the checker finds what is lost.
FAULTS = (
    ("records", "--kills", "100"),
    ("run", "--kills", "6", "--promise", "saved"),
    ("run", "--kills", "4", "--mam", *PROMISES),
    ("run", "--kills", "40", "--hasty", "--loses", "--blows", "kill_sending"),
    ("run", "--kills", "40", "--durability", "relaxed", "--loses", "--blows", "lose_power"),
)
PARTS = ("headers", "units", "scenarios", "interop", "contrib", "faults", "shards", "siege", "clang",
         "asan", "tsan", "fuzz")


def flags_of(room, commands, directory):
    """Include paths and definitions of a room's sources."""
    for command in commands:
        if (directory / command["file"]).resolve().is_relative_to(ROOT / room):
            return [word for word in shlex.split(command["command"])
                    if word.startswith(("-I", "-D", "-W", "-std="))]
    return []


def uses_criterion(program):
    found = subprocess.run(["readelf", "-d", program], capture_output=True, text=True)
    return "libcriterion" in found.stdout


def telling(output):
    """The lines that say what went wrong: failures and complaints, or the last ones."""
    lines = COLOUR.sub("", output).splitlines()
    chosen = [line for line in lines
              if TELLING.search(line) or COMPLAINT.search(line)]
    return [line[:400] for line in (chosen or lines)[-25:]]


def read_arguments():
    parser = argparse.ArgumentParser(prog="tests/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART",
                        help=f"one of {', '.join(PARTS)}; preset: all")
    parser.add_argument("--builds", type=lambda path: Path(path).resolve(),
                        default=ROOT / "build-tests", help="where to build (preset: build-tests)")
    parser.add_argument("--seed", help="replays a run of the faults")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(unknown)}; they are {', '.join(PARTS)}")
    return arguments


def main():
    arguments = read_arguments()
    run = Run(arguments)
    (run.builds / "logs").mkdir(parents=True, exist_ok=True)
    for log in (run.builds / "logs").glob("*.log"):
        log.unlink()
    for part in arguments.parts or PARTS:
        began, passed, failed = time.monotonic(), run.passed, run.failed
        print(f"{part} ...", flush=True)
        getattr(run, part)()
        print(f"  {run.passed - passed} passed, {run.failed - failed} failed "
              f"({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed or not run.passed else 0


if __name__ == "__main__":
    sys.exit(main())
