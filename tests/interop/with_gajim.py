# with_gajim.py - one person at Gajim, in a window of a display that nobody looks at
# SPDX-License-Identifier: MIT

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess

ACCOUNT = "demo"
DEFAULTS = """
    CREATE TABLE settings (name TEXT UNIQUE, settings TEXT);
    CREATE TABLE account_settings (account TEXT UNIQUE, settings TEXT);
    PRAGMA user_version=5;
"""


class Gajim:
    """Remote-controlled over a D-Bus of its own; it refuses to be root, so root makes it nobody."""

    def __init__(self, user, demo, display):
        self.user = user
        self.demo = demo
        self.home = demo.scratch / f"gajim-{user}"
        self.environment = {
            "HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
            "DISPLAY": display, "GSK_RENDERER": "cairo", "NO_AT_BRIDGE": "1",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.home}/bus",
        }
        self.prefix = (["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
                       if os.geteuid() == 0 else [])
        self.bus = self.process = None

    def prepare(self, contact):
        """An account that connects by itself, and an open chat."""
        for folder in (".config/gajim", ".local/share/gajim/cert_store"):
            (self.home / folder).mkdir(parents=True)
        shutil.copy(self.demo.certificate(), self.home / ".local/share/gajim/cert_store/demo")
        chat = {"account": ACCOUNT, "jid": contact, "type": "chat", "pinned": False, "position": 0}
        settings = {
            "app": {"use_keyring": False, "remote_control": True, "check_for_update": False,
                    "main_window_x-position": 0, "main_window_y-position": 0,
                    "mainwin_width": 800, "mainwin_height": 640},
            "soundevents": {}, "status_presets": {}, "proxies": {}, "plugins": {},
            "workspaces": {"1": {"name": "Verona", "chats": [chat]}},
        }
        account = {
            "name": self.user, "hostname": "localhost", "resource": "gajim", "active": True,
            "password": self.demo.accounts[self.user], "savepass": True, "autoconnect": True,
            "use_custom_host": True, "custom_host": "127.0.0.1", "custom_type": "START TLS",
            "custom_port": self.demo.ports["starttls"],
        }
        with contextlib.closing(sqlite3.connect(self.home / ".config/gajim/settings.sqlite")) as db:
            db.executescript(DEFAULTS)
            db.executemany("INSERT INTO settings VALUES (?, ?)",
                           [(name, json.dumps(values)) for name, values in settings.items()])
            db.execute("INSERT INTO account_settings VALUES (?, ?)",
                       (ACCOUNT, json.dumps({"account": account})))
            db.commit()
        if self.prefix:
            subprocess.run(["chown", "-R", "nobody:nogroup", self.home], check=True)
            self.demo.scratch.chmod(0o711)

    def run(self, *words, **more):
        return subprocess.Popen([*self.prefix, *words], env=self.environment, cwd=self.home,
                                stdin=subprocess.DEVNULL, **more)

    def open(self):
        if not self.bus:
            self.bus = self.run("dbus-daemon", "--session", "--nofork", "--nopidfile",
                                f"--address=unix:path={self.home}/bus")
        with open(self.demo.scratch / "gajim.log", "ab") as log:
            self.process = self.run("gajim", "-l", "nbxmpp=INFO,gajim=INFO", stdout=log, stderr=log)

    def call(self, method, *arguments):
        done = subprocess.run(
            [*self.prefix, "gdbus", "call", "--session", "--dest", "org.gajim.Gajim",
             "--object-path", "/org/gajim/dbus/RemoteObject",
             "--method", f"org.gajim.dbus.RemoteInterface.{method}", *arguments],
            env=self.environment, cwd=self.home, capture_output=True, text=True)
        return done.stdout.strip()

    def is_online(self):
        return "online" in self.call("get_status", ACCOUNT)

    def say(self, to, body):
        answer = self.call("send_chat_message", to, body, ACCOUNT)
        assert answer == "(true,)", f"Gajim does not send: {answer}"

    def conversation(self, contact):
        """(body, stanza id) of what it keeps, in the order in which it shows them."""
        path = self.home / ".local/share/gajim/logs.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return db.execute(
                "SELECT message, stanza_id FROM logs NATURAL JOIN jids "
                "WHERE jid = ? AND message IS NOT NULL ORDER BY time, log_line_id",
                (contact,)).fetchall()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        for process in (self.process, self.bus):
            if process and process.poll() is None:
                process.kill()
                process.wait()
