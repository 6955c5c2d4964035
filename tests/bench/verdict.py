# verdict.py - what the targets of PERFORMANCE.md say to a run
# SPDX-License-Identifier: MIT
"""A target of a row is met when its median is not above it. Beside these stand those that compare
two figures, and that of the soak, which is told from the last one beside the results.

Microseconds are those of the machine on which the targets were set. Where this one is slower by the
bare relay's figures of the same run, a target that is missed is also held against its pace: what the
relay does too against its own figure, for a machine may be slower at handshakes than at messages,
and everything else against the median of these."""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path

import plot
from rows import ROWS

SHARDS_LEAST = 1.6
AROUND_MOST = 1.1
FLAT_MOST = 1.2     # last page of the largest archive, against that of the smallest
MEMORY_MOST = 1.02
HOUR_LEAST = 59     # minutes
BUSY_LEAST = 0.8    # of a core, for a server that is flooded
LATENCY_MOST = 5    # of other sessions beside a flood, against a calm server

KEPT = Path(__file__).resolve().parent / "results"


@dataclass
class Verdict:
    what: str
    value: float
    target: float
    is_met: bool = None     # None: not measured
    sign: str = "at most"
    unit: str = "x"
    pace: float = None      # of the machine, where the target is met at that pace alone


def judge(what, value, target, least=False, unit="x"):
    if value is None:
        return Verdict(what, value, target, None)
    is_met = value >= target if least else value <= target
    return Verdict(what, value, target, is_met, "at least" if least else "at most", unit)


def number(value):
    return f"{value:.3g}" if value < 100 else plot.short(value)


def line(verdict):
    if verdict.is_met is None:
        return f"not measured: {verdict.what}"
    word = "met" if verdict.is_met else "MISSED"
    if verdict.pace:
        word = f"met at the pace of this machine ({verdict.pace:.1f} x slower)"
    return (f"{word}: {verdict.what}: {number(verdict.value)} {verdict.unit}, "
            f"{verdict.sign} {number(verdict.target)}")


def paces(bench):
    """How much dearer the bare relay is here than where the targets were set, by its rows."""
    return {row.name: max(1, bench.median(row, "limit") / row.bare) for row in ROWS
            if row.bare and bench.median(row, "limit")}


def at_pace(verdict, slower):
    if verdict.unit == "us" and verdict.is_met is False and verdict.value <= verdict.target * slower:
        verdict.is_met, verdict.pace = True, slower
    return verdict


def of_rows(bench):
    slower = paces(bench)
    usual = statistics.median(slower.values()) if slower else 1
    return [at_pace(judge(row.title, bench.median(row, "tern"), row.target, unit=row.unit),
                    slower.get(row.name, usual) if row.metric == "cpu_us" else 1)
            for row in ROWS if row.target is not None and bench.wants(row.name)]


def of_archives(bench):
    """Flat: the last page of the largest archive against that of the smallest."""
    sizes = [(row.size, bench.median(row, "tern")) for row in ROWS
             if row.load[:1] == ["archive-last"]]
    sizes = [(size, cost) for size, cost in sizes if cost]
    if len(sizes) < 2:
        return []
    (small, first), (large, last) = sizes[0], sizes[-1]
    return [judge(f"last page of {large:,} against {small:,}", last / first, FLAT_MOST)]


def of_shards(bench):
    if "shards" not in bench.extra:
        return []
    one, two = (statistics.median(report.get("cpu_us", 0) for report in reports)
                for reports in bench.extra["shards"])
    return [judge("two shards on two cores against one, counted from CPU",
                  2 * one / two if two else None, SHARDS_LEAST, least=True)]


def of_growth(bench):
    points = [(count, statistics.median(report.get("cpu_us", 0) for report in reports))
              for count, reports in bench.extra.get("around", [])]
    if len(points) < 2 or not points[0][1] or not points[1][1]:
        return []
    return [judge(f"CPU a message with {points[1][0]:,} idle sessions around, against none",
                  points[1][1] / points[0][1], AROUND_MOST)]


def of_overload(bench):
    reports = bench.extra.get("overload")
    calm, loaded = (reports[key].get("p50_us") for key in ("calm", "loaded")) if reports \
        else (None, None)
    if not calm or not loaded:
        return []
    if reports["loaded"].get("server_load", 0) < BUSY_LEAST:
        loaded = None   # the flood was over
    return [judge("other sessions' median latency beside a flood, against a calm server",
                  loaded and loaded / calm, LATENCY_MOST)]


def last_soak(out):
    """An hour is not part of a run: the last one here, or the one whose plot is kept."""
    for path in (out / "soak.json", KEPT / "soak.json"):
        if path.exists():
            return json.loads(path.read_text())
    return None


def of_soak(out):
    soak = last_soak(out)
    minutes = soak["samples"][-1]["sample_s"] / 60 if soak else 0
    if not soak or soak["server"] != "tern" or minutes < HOUR_LEAST:
        return [judge("memory after an hour of load (tests/bench/soak)", None, MEMORY_MOST)]
    found = judge(f"memory after {minutes:.0f} minutes of load, against after one "
                  f"(soak of {soak['machine']['date']}, commit {soak['machine']['commit']})",
                  soak["growth"], MEMORY_MOST)
    found.is_met &= not soak["failures"]
    return [found]


def verdicts(bench, out):
    whole = [] if bench.only else of_soak(out)
    return (of_rows(bench) + of_archives(bench) + of_shards(bench) + of_growth(bench) +
            of_overload(bench) + whole)
