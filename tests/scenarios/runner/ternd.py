# ternd.py - starts and stops a real ternd with a configuration made for one scenario
# SPDX-License-Identifier: MIT

import asyncio
import json
import os
import shutil
import signal

from .certificates import Certificate

TELLING = ("ERROR:", "WARNING: ThreadSanitizer", "SUMMARY:", "runtime error", "ssert")
LISTENERS = {"STARTTLS": "starttls", "direct TLS": "direct", "plain TCP": "none"}

# Those of a host that names none, without its archive: each message would carry its id.
MODULES = ("roster", "presence", "message", "blocking", "carbons", "csi", "offline", "disco", "ping",
           "about", "vcard", "private", "last", "caps", "register", "commands")


class ServerError(Exception):
    """The server did not start, died, or left with a complaint."""


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Ternd:
    """One data directory; start, stop and kill as often as the scenario wants."""

    name = "ternd"

    def __init__(self, setting, folder, certificates, program):
        self.setting = setting
        self.folder = folder
        self.certificates = certificates
        self.program = program
        self.process = None
        self.environment = None     # ours
        self.ports = {}
        self.log = os.path.join(folder, "log")

    # Configuration

    def install_certificate(self, host):
        """A copy of its own, which a scenario can replace."""
        source = self.certificates.host(host.domain, host.key_kind, host.digest)
        target = Certificate(os.path.join(self.folder, f"{host.domain}.crt"),
                             os.path.join(self.folder, f"{host.domain}.key"))
        shutil.copy(source.chain, target.chain)
        shutil.copy(source.key, target.key)
        return target

    def host_section(self, host):
        certificate = self.install_certificate(host)
        lines = [f"certificate = {quoted(certificate.chain)}", f"key = {quoted(certificate.key)}"]
        lines += [line.replace("AUTHORITY", quoted(self.certificates.authority().chain))
                  if "AUTHORITY" in line else line for line in host.lines]
        if not any(line.startswith("modules") for line in host.lines):
            lines.append("modules = {" + ", ".join(MODULES) + "}")
        return f"host {quoted(host.domain)} {{\n\t" + "\n\t".join(lines) + "\n}"

    def configuration(self):
        listeners = "\n".join(
            f'listen {quoted(tls)} {{ address = {{"127.0.0.1"}} port = 0 tls = {quoted(tls)} }}'
            for tls in LISTENERS.values())
        hosts = "\n".join(self.host_section(host) for host in self.setting.hosts)
        return "\n".join([
            f'data = {quoted(os.path.join(self.folder, "data"))}',
            f'control = {quoted(self.control_path())}',
            'user = ""',
            *([] if any(line.startswith("shards") for line in self.setting.lines)
              else ["shards = 2"]),
            *([] if any(line.startswith("log") for line in self.setting.lines)
              else ['log { level = "debug" target = "stderr" }']),
            *self.setting.lines, listeners, hosts, ""])

    def control_path(self):
        return os.path.join(self.folder, "control")

    # Life

    async def start(self):
        path = os.path.join(self.folder, "tern.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.configuration())
        reading, writing = os.pipe()
        with open(self.log, "ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                self.program, "-c", path, "--ready-fd", str(writing), pass_fds=(writing,),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment)
        os.close(writing)
        line = await self.ready_line(reading)
        if not line:
            await self.process.wait()
            raise ServerError(f"ternd did not start: {self.last_lines()}")
        for listener in json.loads(line)["listeners"]:
            self.ports[listener["tls"]] = listener["port"]

    async def ready_line(self, descriptor):
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb"))
        try:
            return await asyncio.wait_for(reader.readline(), 60)
        finally:
            transport.close()

    def port(self, transport):
        return self.ports[LISTENERS[transport]]

    async def add_account(self, jid, password):
        await self.command(["user", "add", jid, "--password", password])

    async def command(self, words):
        """What ternctl does; answers the parsed line, raises on an error."""
        answer = await self.ask(words)
        if "error" in answer:
            raise ServerError(f"ternctl {' '.join(words)}: {answer['error']}")
        return answer

    async def ask(self, words):
        reader, writer = await asyncio.open_unix_connection(self.control_path())
        writer.write(b"".join(word.encode() + b"\0" for word in words) + b"\0")
        line = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        return json.loads(line)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    async def stop(self):
        """A graceful stop; complains about a crash or a bad exit status."""
        if not self.process:
            return
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = await asyncio.wait_for(self.process.wait(), 30)
        except asyncio.TimeoutError:
            await self.kill()
            raise ServerError("ternd did not stop within 30 s of SIGTERM") from None
        self.process = None
        if status:
            raise ServerError(f"ternd ended with status {status}: {self.last_lines()}")

    async def kill(self):
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self.process = None

    def died(self):
        return self.process is not None and self.process.returncode is not None

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def last_lines(self, count=3):
        lines = self.log_text().splitlines()
        telling = [line for line in lines if any(word in line for word in TELLING)]
        return " / ".join((telling or lines)[-count:])
