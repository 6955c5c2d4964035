# machine.py - describes the machine that the bench ran on, and shares out its cores
# SPDX-License-Identifier: MIT
import contextlib
import datetime
import os
import platform
import subprocess
from pathlib import Path


def first_value(path, key):
    for line in Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return "unknown"


def cores():
    """(server's, generator's, both) as taskset wants them; one core serves both if need be."""
    allowed = sorted(os.sched_getaffinity(0))
    server, generator = allowed[0], allowed[-1]
    return str(server), str(generator), f"{server},{generator}"


def enter_real_time():
    """Where that is allowed: then what else the machine does is not in the figures."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def describe(root):
    commit = subprocess.run(["git", "-C", root, "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True).stdout.strip()
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines()
                   if "=" in line)
    memory_kb = int(first_value("/proc/meminfo", "MemTotal").split()[0])
    return {
        "date": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"),
        "commit": commit or "unknown",
        "processor": first_value("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory_kb / 1e6),
        "kernel": platform.release(),
        "system": release.get("PRETTY_NAME", "unknown").strip('"'),
        "load_before": os.getloadavg()[0],
    }


def sentence(machine):
    return (f"{machine['date']}, commit {machine['commit']}; {machine['processor']}, "
            f"{machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
            f"Linux {machine['kernel']}. Load before the run: {machine['load_before']:.1f}.")
