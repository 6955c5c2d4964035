# prosody.py - the same for Debian's Prosody, as a second opinion on runner and scenarios
# SPDX-License-Identifier: MIT

import asyncio
import os
import signal
import socket

from .ternd import ServerError

MODULES = ("roster", "saslauth", "tls", "disco", "ping", "offline", "message", "iq", "presence",
           "c2s", "version", "carbons", "csi", "csi_simple", "blocklist", "register")


class Unable(Exception):
    """The scenario asks for what only ternd has: it is skipped."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prosody:
    name = "prosody"

    def __init__(self, setting, folder, certificates, _program):
        if setting.lines or any(host.lines for host in setting.hosts):
            raise Unable("it changes the configuration")
        self.setting = setting
        self.folder = folder
        self.certificates = certificates
        self.process = None
        self.ports = {"STARTTLS": free_port(), "direct TLS": free_port()}
        self.ports["plain TCP"] = self.ports["STARTTLS"]
        self.log = os.path.join(folder, "log")

    def configuration(self):
        modules = ", ".join(f'"{name}"' for name in MODULES)
        first = self.certificates.host(self.setting.hosts[0].domain)
        ssl = 'ssl = { certificate = "%s", key = "%s" }'
        hosts = "".join(f'VirtualHost "{host.domain}"\n' + ssl % (pair.chain, pair.key) + "\n"
                        for host in self.setting.hosts
                        for pair in [self.certificates.host(host.domain)])
        return f"""
run_as_root = true
data_path = "{self.folder}/data"
pidfile = "{self.folder}/pid"
modules_enabled = {{ {modules} }}
modules_disabled = {{ "s2s" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {self.ports["STARTTLS"]} }}
c2s_direct_tls_ports = {{ {self.ports["direct TLS"]} }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
c2s_close_timeout = 0
log = {{ debug = "{self.folder}/log" }}
{ssl % (first.chain, first.key)}
{hosts}"""

    async def start(self):
        path = os.path.join(self.folder, "prosody.cfg.lua")
        os.makedirs(os.path.join(self.folder, "data"), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.configuration())
        self.process = await asyncio.create_subprocess_exec(
            "prosody", "-F", "--config", path, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.ports["direct TLS"])
                writer.close()
                return
            except OSError:
                await asyncio.sleep(0.05)
        raise ServerError("Prosody did not start")

    def port(self, transport):
        return self.ports[transport]

    async def add_account(self, jid, password):
        user, _, host = jid.partition("@")
        folder = os.path.join(self.folder, "data", host.replace(".", "%2e"), "accounts")
        os.makedirs(folder, exist_ok=True)
        name = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02x}"
                       for byte in user.encode())
        with open(os.path.join(folder, name + ".dat"), "w", encoding="utf-8") as file:
            file.write(f'return {{ ["password"] = "{password}" }};\n')

    async def command(self, words):
        raise Unable("it uses ternctl")

    ask = command

    async def stop(self):
        if self.process and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await self.process.wait()
        self.process = None

    async def kill(self):
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self.process = None

    def died(self):
        return self.process is not None and self.process.returncode is not None

    def last_lines(self):
        return "see its log"
