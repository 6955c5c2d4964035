# servers.py - starts the servers that the bench compares, each in a fresh directory
# SPDX-License-Identifier: MIT
"""Tern, its peers and the bare relay behind one interface.

A server is started in a directory of its own, with the accounts u0 ... (no contacts) and f0 ...
(cliques of 21 whose members have each other in their rosters), and pinned to given cores.
"""

import atexit
import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOMAIN = "bench.test"
PASSWORD = "secret"
ITERATIONS = 4096
SALT = b"one salt for all"
CLIQUE = 21
START_LIMIT_S = 90


def stop_on_term():
    """Lets SIGTERM unwind as Ctrl-C does, so that no server is left behind."""
    def leave(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, leave)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def build(directory, root, *options, rooms=("server", "modules")):
    """A release build of the bench's programs and of what is in `rooms`: not of the tests."""
    if not (directory / "build.ninja").exists():
        subprocess.run(["meson", "setup", "--buildtype=release", *options, directory, root],
                       check=True, stdout=subprocess.DEVNULL)
    found = subprocess.run(["meson", "introspect", "--targets", directory], check=True,
                           capture_output=True, text=True)
    wanted = []
    for target in json.loads(found.stdout):
        path = Path(target["filename"][0]).relative_to(directory.resolve())
        if path.parts[0] in rooms or path.parent == Path("tests/bench"):
            wanted.append(str(path))
    subprocess.run(["ninja", "-C", directory, *wanted], check=True, stdout=subprocess.DEVNULL)


def make_certificate(directory):
    """A self-signed certificate with a P-256 key: certificate.pem, key.pem, both.pem."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "30", "-subj", f"/CN={DOMAIN}", "-addext",
         f"subjectAltName=DNS:{DOMAIN}", "-keyout", directory / "key.pem",
         "-out", directory / "certificate.pem"], check=True, capture_output=True)
    both = (directory / "certificate.pem").read_text() + (directory / "key.pem").read_text()
    (directory / "both.pem").write_text(both)


def scram_keys(name):
    """StoredKey and ServerKey of RFC 5802 for the password and the salt that all accounts share."""
    salted = hashlib.pbkdf2_hmac(name, PASSWORD.encode(), SALT, ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", name)
    return hashlib.new(name, client_key).digest(), hmac.digest(salted, b"Server Key", name)


def base64_text(data):
    return base64.b64encode(data).decode()


def fill_template(name, target, **values):
    text = (HERE / "peers" / name).read_text()
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    Path(target).write_text(text)
    return text


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """One server process; `ports` has the port for each TLS mode of the generator."""

    name = ""
    ages = False    # what a process has done before makes it dearer: each row gets a new one

    def __init__(self, accounts, cliques, cores, more=None, archive=False):
        self.accounts, self.cliques, self.cores = accounts, cliques, cores
        self.more, self.archive = more or {}, archive
        self.directory = Path(tempfile.mkdtemp(prefix=f"bench-{self.name}-"))
        self.process = None
        self.ports = {}

    def families(self):
        return {"u": self.accounts, "f": self.cliques * CLIQUE, **self.more}

    def spawn(self, command, **more):
        log = open(self.directory / "output.log", "ab")
        self.process = subprocess.Popen(
            ["taskset", "-c", self.cores, *map(str, command)], stdin=subprocess.DEVNULL,
            stdout=more.pop("stdout", log), stderr=log, start_new_session=True,
            cwd=self.directory, **more)

    @property
    def pid(self):
        return self.process.pid

    def wait_until(self, what):
        end = time.monotonic() + START_LIMIT_S
        while not what():
            if self.process.poll() is not None or time.monotonic() > end:
                log = (self.directory / "output.log").read_text(errors="replace")
                raise RuntimeError(f"{self.name} did not start:\n{log[-2000:]}")
            time.sleep(0.05)

    def end(self):
        """Ends the process and those that it started, and leaves the directory."""
        if not self.process or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def restart(self):
        self.end()
        self.launch()

    def stop(self):
        self.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        try:
            make_certificate(self.directory)
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def file_bytes(self):
        """What the server's files occupy on the disk; a sparse one counts as what it has."""
        return sum(path.stat().st_blocks * 512 for path in self.directory.rglob("*")
                   if path.is_file())

    def version(self):
        raise NotImplementedError


def package_version(package):
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                           capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


class Prosody(Server):
    name = "prosody"
    ages = True

    def version(self):
        return f"Prosody {package_version('prosody')}"

    def start(self):
        port = free_port()
        self.write_accounts()
        fill_template("prosody.cfg.lua.in", self.directory / "prosody.cfg.lua",
                      DIR=self.directory, PORT=port, DOMAIN=DOMAIN,
                      MORE=', "mam"' if self.archive else "")
        self.ports = {"starttls": port, "none": port}
        self.launch()

    def launch(self):
        self.spawn(["prosody", "-F", "--config", self.directory / "prosody.cfg.lua"])
        self.wait_until(lambda: accepts(self.ports["none"]))

    def write_accounts(self):
        host = self.directory / "data" / DOMAIN.replace(".", "%2e")
        stored, server = scram_keys("sha1")
        account = (f'return {{ ["iteration_count"] = {ITERATIONS}; '
                   f'["salt"] = "{SALT.decode()}"; ["stored_key"] = "{stored.hex()}"; '
                   f'["server_key"] = "{server.hex()}"; }};\n')
        (host / "accounts").mkdir(parents=True)
        (host / "roster").mkdir()
        for prefix, count in self.families().items():
            for number in range(count):
                (host / "accounts" / f"{prefix}{number}.dat").write_text(account)
        for number in range(self.cliques * CLIQUE):
            first = number - number % CLIQUE
            items = "".join(
                f'["f{other}@{DOMAIN}"] = {{ ["subscription"] = "both"; ["groups"] = {{}}; }}; '
                for other in range(first, first + CLIQUE) if other != number)
            (host / "roster" / f"f{number}.dat").write_text(
                f'return {{ [false] = {{ ["version"] = 1; ["pending"] = {{}}; }}; {items}}};\n')


class Ejabberd(Server):
    name = "ejabberd"
    # Busy waiting off, distribution off, room for 15,000 sessions.
    ERLANG = ["+K", "true", "+P", "250000", "+Q", "32000", "+sbwt", "none", "+sbwtdcpu", "none",
              "+sbwtdio", "none", "-noinput", "-noshell"]
    # In SQLite, as its manual advises for archives; not in Mnesia, whose tables end at 2 GB.
    ARCHIVE = ("  mod_mam:\n    default: always\n    db_type: sql\n"
               "    request_activates_archiving: false\n")

    def version(self):
        return f"ejabberd {package_version('ejabberd')}"

    def start(self):
        port = free_port()
        stored, server = map(base64_text, scram_keys("sha1"))
        fill_template("ejabberd.yml.in", self.directory / "ejabberd.yml",
                      DIR=self.directory, PORT=port, DOMAIN=DOMAIN,
                      MORE=self.ARCHIVE if self.archive else "")
        families = ", ".join(f'{{"{p}", {n}}}' for p, n in self.families().items())
        script = fill_template(
            "accounts.erl.in", self.directory / "accounts.erl", DIR=self.directory, DOMAIN=DOMAIN,
            STORED=stored, SERVER=server, SALT=base64_text(SALT),
            ITERATIONS=ITERATIONS, FAMILIES=families, CLIQUES=self.cliques, CLIQUE=CLIQUE)
        environment = dict(
            os.environ, ERL_LIBS=self.libraries(), HOME=str(self.directory),
            EJABBERD_CONFIG_PATH=str(self.directory / "ejabberd.yml"),
            EJABBERD_LOG_PATH=str(self.directory / "ejabberd.log"), ERL_CRASH_DUMP_BYTES="0")
        self.spawn(["erl", *self.ERLANG, "-mnesia", "dir", f'"{self.directory}/mnesia"',
                    "-s", "ejabberd", "-eval", script], env=environment)
        self.wait_until((self.directory / "ready").exists)
        self.wait_until(lambda: accepts(port))
        self.ports = {"starttls": port, "none": port}

    @staticmethod
    def libraries():
        """Where Debian puts ejabberd, as its own ejabberdctl says."""
        for line in Path("/usr/sbin/ejabberdctl").read_text().splitlines():
            if line.startswith("ERL_LIBS="):
                return line.split("=", 1)[1].strip("'\"")
        raise RuntimeError("ejabberdctl does not name ERL_LIBS")


class Limit(Server):
    """The bare relay: it has no accounts and takes any password."""

    name = "limit"
    program = None

    def version(self):
        return "bare relay (libev, expat, GnuTLS)"

    def start(self):
        self.spawn([self.program, "--certificate", self.directory / "certificate.pem",
                    "--key", self.directory / "key.pem"], stdout=subprocess.PIPE, text=True)
        port = json.loads(self.process.stdout.readline())["port"]
        self.ports = {"starttls": port, "none": port}


class Tern(Server):
    name = "tern"
    build = None        # the build directory
    befriend = None     # called with the running server when there are cliques to make
    limits = "stanzas-per-second = 0  bytes-per-second = 0  answer-bytes-per-second = 0"
    modules = []        # besides those that all servers have
    prepared = {}       # data directories with accounts and rosters, by what is in them

    def __init__(self, accounts, cliques, cores, shards=1, **more):
        super().__init__(accounts, cliques, cores, **more)
        self.shards = shards

    def version(self):
        found = subprocess.run([self.find("ternd"), "--version"], capture_output=True, text=True)
        return found.stdout.strip() or "Tern"

    def start(self):
        """Accounts and rosters are made once, then copied: the measured process is always one
        that did nothing before."""
        fill_template("tern.conf.in", self.directory / "tern.conf", DIR=self.directory,
                      DOMAIN=DOMAIN, SHARDS=self.shards, LIMITS=self.limits, MORE="".join(
                          f', "{name}"' for name in self.modules + ["mam"] * self.archive))
        what = str(sorted(self.families().items()))
        if what not in self.prepared:
            (self.directory / "data").mkdir()
            self.launch()
            self.add_accounts()
            if self.cliques and Tern.befriend:
                Tern.befriend(self)
            self.end()
            self.prepared[what] = self.keep_data()
        self.copy_data(self.prepared[what] / "data", self.directory)
        self.launch()

    def launch(self):
        reading, writing = os.pipe()
        self.spawn([self.find("ternd"), "-c", self.directory / "tern.conf", "--ready-fd", writing],
                   pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as ready:
            line = ready.readline()
        if not line:
            self.wait_until(lambda: False)
        self.ports = {listener["tls"]: listener["port"]
                      for listener in json.loads(line)["listeners"]}

    @staticmethod
    def copy_data(source, target):
        # The database is one huge sparse file: cp keeps its holes.
        subprocess.run(["cp", "-a", "--sparse=always", source, target], check=True)

    def keep_data(self):
        kept = Path(tempfile.mkdtemp(prefix="bench-tern-data-"))
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        shutil.move(self.directory / "data", kept / "data")
        return kept

    def find(self, program):
        found = next((path for path in Path(self.build).glob(f"**/{program}") if path.is_file()),
                     None)
        if not found:
            raise RuntimeError(f"{program} was not built in {self.build}")
        return found

    def add_accounts(self):
        """With keys that are made already, as the peers have them (XEP-0227)."""
        stored, server = map(base64_text, scram_keys("sha256"))
        keys = ("<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='SCRAM-SHA-256'>"
                f"<iter-count>{ITERATIONS}</iter-count><salt>{base64_text(SALT)}</salt>"
                f"<server-key>{server}</server-key><stored-key>{stored}</stored-key>"
                "</scram-credentials>")
        users = "".join(f"<user name='{prefix}{number}'>{keys}</user>"
                        for prefix, count in self.families().items() for number in range(count))
        accounts = self.directory / "accounts.xml"
        accounts.write_text("<server-data xmlns='urn:xmpp:pie:0'>"
                            f"<host jid='{DOMAIN}'>{users}</host></server-data>")
        done = subprocess.run(
            [self.find("ternctl"), "-s", self.directory / "control", "user", "import", accounts],
            capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"ternctl user import: {done.stderr or done.stdout}")
