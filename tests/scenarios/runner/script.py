# script.py - reads a *.scenario file into scenarios made of steps
# SPDX-License-Identifier: MIT
"""
A file is lines. A line that starts with `#` is a comment. `Scenario: title` starts a part; what
stands above the first one is played before each part. A step is one line; deeper indented lines
below it are its block. `Examples:` ends a part with a table: one scenario per row, `${column}`
replaced in title and steps.
"""

import re
from dataclasses import dataclass, field


CELL_END = re.compile(r"(?<!\\)\|")


class ScriptError(Exception):
    """What cannot be read: the message begins with file:line."""


@dataclass
class Step:
    line: int
    text: str
    block: list = field(default_factory=list)   # (line number, text) pairs, indentation kept

    def body(self):
        """The block as text, without its common indentation."""
        filled = [text for _, text in self.block if text.strip()]
        if not filled:
            return ""
        margin = min(len(text) - len(text.lstrip()) for text in filled)
        return "\n".join(text[margin:] for _, text in self.block).strip("\n")

    def replace(self, values):
        return Step(self.line, fill(self.text, values),
                    [(number, fill(text, values)) for number, text in self.block])


@dataclass
class Scenario:
    path: str
    line: int
    title: str
    steps: list

    def name(self):
        return f"{self.path}:{self.line}"


def fill(text, values):
    for name, value in values.items():
        text = text.replace("${" + name + "}", value)
    return text


def indent_of(text):
    return len(text) - len(text.lstrip())


def read_steps(lines):
    """Steps of the least indentation; what is deeper belongs to the step above it."""
    steps = []
    margin = None
    for number, text in lines:
        stripped = text.strip()
        if margin is None or indent_of(text) <= margin:
            if not stripped or stripped.startswith("#"):
                if steps and steps[-1].block and not stripped:
                    steps[-1].block.append((number, ""))
                continue
            margin = indent_of(text) if margin is None else margin
            steps.append(Step(number, stripped))
        else:
            steps[-1].block.append((number, text))
    return steps


def read_table(step, path):
    """Cells stand between `|`; one that is meant is written `\\|`."""
    rows = [(number, [cell.strip().replace("\\|", "|") for cell in CELL_END.split(text.strip())])
            for number, text in step.block if text.strip() and not text.strip().startswith("#")]
    head = rows[0][1]
    for number, row in rows[1:]:
        if len(row) != len(head):
            raise ScriptError(f"{path}:{number}: {len(row)} cells under a head of {len(head)}")
    return [(number, dict(zip(head, row))) for number, row in rows[1:]]


def expand(path, number, title, steps):
    """One scenario, or one for each row of its `Examples:`."""
    tables = [step for step in steps if step.text == "Examples:"]
    plain = [step for step in steps if step.text != "Examples:"]
    if not tables:
        return [Scenario(path, number, title, plain)]
    return [Scenario(path, row_number, fill(title, values),
                     [step.replace(values) for step in plain])
            for row_number, values in read_table(tables[0], path)]


def read_file(path):
    with open(path, encoding="utf-8") as file:
        lines = list(enumerate(file.read().split("\n"), 1))
    heads = [index for index, (_, text) in enumerate(lines) if text.startswith("Scenario:")]
    if not heads:
        title = re.sub(r".*/|\.scenario$", "", path).replace("-", " ")
        return expand(path, 1, title, read_steps(lines))
    common = read_steps(lines[:heads[0]])
    scenarios = []
    for start, end in zip(heads, heads[1:] + [len(lines)]):
        number, text = lines[start]
        own = read_steps(lines[start + 1:end])
        scenarios += expand(path, number, text[len("Scenario:"):].strip(), common + own)
    return scenarios
