# demo.py - the server that contrib/quickstart makes, for tests with real clients
# SPDX-License-Identifier: MIT

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class Demo:
    """The quickstart in a folder of its own, on free ports."""

    def __init__(self, build, folder):
        self.build = build
        self.folder = folder / "demo"
        self.scratch = folder
        self.accounts = self.ports = {}

    def quickstart(self, action):
        done = subprocess.run(
            [ROOT / "contrib/quickstart", "-b", self.build, "-d", self.folder, "-p", "0", action],
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"contrib/quickstart {action}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        self.quickstart("start")
        lines = (self.folder / "accounts").read_text().splitlines()
        self.accounts = dict(line.split() for line in lines)
        ready = json.loads((self.folder / "ready").read_text())
        self.ports = {listener["tls"]: listener["port"] for listener in ready["listeners"]}

    def stop(self):
        self.quickstart("stop")

    def restart(self):
        self.stop()
        self.start()

    def certificate(self):
        return self.folder / "localhost.crt"

    def log_everything(self):
        """From now on, at the level of debug."""
        subprocess.run([self.build / "server/ternctl", "-s", self.folder / "control",
                        "log", "level", "debug"], check=True, stdout=subprocess.DEVNULL)

    def log_lines(self):
        return (self.folder / "log").read_text().splitlines()

    def log_tail(self):
        return "\n".join(self.log_lines()[-15:])

    def logged(self, text):
        """The newest line of the log that has the text, or ""."""
        return next((line for line in reversed(self.log_lines()) if text in line), "")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
