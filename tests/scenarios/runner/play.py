# play.py - runs scenarios side by side and reports
# SPDX-License-Identifier: MIT

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass

from .certificates import Certificates
from .given import setting_of
from .prosody import Prosody, Unable
from .script import ScriptError, read_file
from .stage import Stage
from .ternd import ServerError, Ternd
from .steps import StepFailure, find, play


@dataclass
class Outcome:
    scenario: object
    state: str              # passed | failed | skipped
    line: int = 0
    text: str = ""
    transcript: tuple = ()
    seconds: float = 0


class Runner:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.folder = folder
        self.certificates = Certificates(folder)
        self.places = asyncio.Semaphore(arguments.jobs)
        self.outcomes = []

    def factory(self, setting, folder, certificates):
        kind = Prosody if self.arguments.server == "prosody" else Ternd
        return kind(setting, folder, certificates, self.arguments.ternd)

    async def run_all(self, scenarios):
        await asyncio.gather(*(self.run_in_turn(number, scenario)
                               for number, scenario in enumerate(scenarios)))
        return self.outcomes

    async def run_in_turn(self, number, scenario):
        async with self.places:
            started = time.monotonic()
            outcome = await self.run(scenario, os.path.join(self.folder, str(number)))
            outcome.seconds = time.monotonic() - started
            self.outcomes.append(outcome)
            self.report(outcome)

    async def run(self, scenario, folder):
        stage = None
        try:
            setting, steps = setting_of(scenario, self.arguments.server == "prosody")
            for step in steps:
                find(step)
            stage = Stage(setting, self.certificates, folder, self.arguments.timeout)
            await stage.start(self.factory)
            await asyncio.wait_for(play(stage, steps), self.arguments.limit)
            await stage.stop()
            outcome = Outcome(scenario, "passed")
        except Unable as excuse:
            outcome = Outcome(scenario, "skipped", text=str(excuse))
        except StepFailure as failure:
            outcome = Outcome(scenario, "failed", failure.line, self.with_death(stage, failure))
        except asyncio.TimeoutError:
            outcome = Outcome(scenario, "failed", scenario.line,
                              f"not over in {self.arguments.limit} s")
        except (ServerError, OSError) as failure:
            outcome = Outcome(scenario, "failed", scenario.line, self.with_death(stage, failure))
        if stage:
            outcome.transcript = tuple(stage.transcript)
            await stage.abandon()
            if not (self.arguments.keep and outcome.state == "failed"):
                stage.tidy()
        return outcome

    @staticmethod
    def with_death(stage, failure):
        if stage and stage.server and stage.server.died():
            return f"{failure} [the server died with {stage.server.process.returncode}: " \
                   f"{stage.server.last_lines()}]"
        return str(failure)

    def report(self, outcome):
        name = f"{outcome.scenario.path}:{outcome.line or outcome.scenario.line}"
        if outcome.state == "failed":
            print(f"FAILED {name}: {outcome.scenario.title}: "
                  f"{outcome.text.replace(chr(10), ' ')}", flush=True)
            if self.arguments.verbose:
                print("\n".join("    " + line for line in outcome.transcript), flush=True)
        elif self.arguments.verbose:
            print(f"{outcome.state} {name}: {outcome.scenario.title} {outcome.text} "
                  f"({outcome.seconds:.2f} s)", flush=True)
            if self.arguments.verbose > 1:
                print("\n".join("    " + line for line in outcome.transcript), flush=True)


def find_files(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, folders, names in os.walk(path):
                folders.sort()
                yield from ((os.path.join(folder, name), None) for name in sorted(names)
                            if name.endswith(".scenario"))
        else:
            name, _, line = path.partition(":")
            yield name, int(line) if line else None


def chosen(arguments):
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for path, line in find_files(arguments.paths or [here]):
        scenarios = read_file(os.path.relpath(path))
        if line:
            reached = [scenario.line for scenario in scenarios if scenario.line <= line]
            scenarios = [scenario for scenario in scenarios
                         if scenario.line == (reached or [0])[-1]]
        yield from (scenario for scenario in scenarios
                    if not arguments.only or arguments.only.lower() in scenario.title.lower())


def arguments_of(words):
    parser = argparse.ArgumentParser(
        prog="run", description="Plays the conversations in *.scenario files.")
    parser.add_argument("paths", nargs="*", help="files, file:line, or folders; preset: all")
    parser.add_argument("--ternd", default=os.environ.get("TERND", "ternd"),
                        help="the server to test; preset: $TERND")
    parser.add_argument("--server", choices=("ternd", "prosody"), default="ternd")
    parser.add_argument("-j", "--jobs", type=int, default=4)
    parser.add_argument("-k", "--only", help="scenarios whose title has these words")
    parser.add_argument("--timeout", type=float, default=10, help="seconds to wait for a stanza")
    parser.add_argument("--limit", type=float, default=300, help="seconds for one scenario")
    parser.add_argument("--keep", action="store_true", help="keep folders of failed scenarios")
    parser.add_argument("--list", action="store_true", help="print the titles")
    parser.add_argument("-v", "--verbose", action="count", default=0,
                        help="print what was said in failed scenarios; twice: in all")
    return parser.parse_args(words)


def summary(outcomes):
    count = {state: sum(outcome.state == state for outcome in outcomes)
             for state in ("passed", "failed", "skipped")}
    if count["skipped"]:
        print(f"{count['skipped']} skipped")
    print(f"{count['passed']} passed, {count['failed']} failed")
    return 1 if count["failed"] or not count["passed"] else 0


def main(words=None):
    arguments = arguments_of(words)
    try:
        scenarios = list(chosen(arguments))
    except (ScriptError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.list:
        print("\n".join(f"{scenario.name()}: {scenario.title}" for scenario in scenarios))
        return 0
    folder = tempfile.mkdtemp(prefix="scenarios-")
    try:
        return summary(asyncio.run(Runner(arguments, folder).run_all(scenarios)))
    finally:
        if arguments.keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
