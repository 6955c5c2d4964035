# daemon.py - a ternd with a configuration of its own, for tests from outside
# SPDX-License-Identifier: MIT

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

# What a sanitizer writes among the lines of the log.
COMPLAINT = re.compile(r"[^\n]*(?:ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:)")

TERND, TERNCTL, MODULES = (os.path.abspath(path) for path in sys.argv[1:4])

CONFIG = """
data = "{folder}/data"
control = "{folder}/control"
modules-path = "{modules}"
user = ""
shards = 2
log {{ format = "json" }}
listen "none" {{ address = {{"127.0.0.1"}}  port = {port}  tls = "none" }}
host "example.org" {{
    certificate = "{folder}/host.crt"
    key = "{folder}/host.key"
}}
"""


HEADER = ("<stream:stream to='example.org' version='1.0' xmlns='jabber:client' "
          "xmlns:stream='http://etherx.jabber.org/streams'>")


class Daemon(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tern-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.process = None
        self.addCleanup(self.end)
        self.make_certificate()
        self.write_config()

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            log = self.process.communicate()[1]
            print(log or "", end="", file=sys.stderr)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=example.org", "-addext", "subjectAltName=DNS:example.org",
                        "-keyout", self.path("host.key"), "-out", self.path("host.crt")],
                       check=True, capture_output=True)

    def write_config(self, name="tern.conf", port=0, change=lambda text: text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(change(CONFIG.format(folder=self.folder, modules=MODULES, port=port)))

    def start(self, preexec=None, **environment):
        reading, writing = os.pipe()
        self.process = subprocess.Popen(
            [TERND, "-c", self.path("tern.conf"), "--ready-fd", str(writing)],
            pass_fds=[writing], stderr=subprocess.PIPE, text=True, preexec_fn=preexec,
            env={**os.environ, **environment})
        os.close(writing)
        with os.fdopen(reading) as ready:
            line = ready.readline()
        if not line:
            self.fail(f"ternd did not start: {self.process.stderr.read()}")
        return json.loads(line)

    def stopped(self):
        """The log of a server that has been told to stop, and its exit status."""
        log = self.process.communicate(timeout=30)[1]
        if complaint := COMPLAINT.search(log):
            self.fail(log[complaint.start():])
        return [json.loads(line) for line in log.splitlines()], self.process.returncode

    def ctl(self, *words, **options):
        return subprocess.run([TERNCTL, "-c", self.path("tern.conf"), *words],
                              capture_output=True, text=True, timeout=60, **options)

    def dial(self, port):
        client = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.addCleanup(client.close)
        return client

    def add_users(self, *names):
        for name in names:
            self.ctl("user", "add", f"{name}@example.org", "--password", "x")

    def change_config(self, old, new):
        with open(self.path("tern.conf"), encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        with open(self.path("tern.conf"), "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    def connect(self, port, name, password="x"):
        """A client who is logged in with PLAIN; answers its socket."""
        plain = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
        client = self.dial(port)
        self.talk(client, HEADER, "</stream:features>")
        answer = self.talk(client, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
                           f"mechanism='PLAIN'>{plain}</auth>", "<success|</failure>")
        if "<failure" in answer:
            raise PermissionError(answer)
        self.talk(client, HEADER, "</stream:features>")
        self.talk(client, "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
                  "</iq>", "</iq>")
        return client

    def talk(self, client, text, until):
        """Says it, and answers all that comes up to a pattern."""
        client.sendall(text.encode())
        heard = ""
        while not re.search(until, heard):
            data = client.recv(65536).decode()
            if not data:
                raise EOFError(heard)
            heard += data
        return heard

    def rows(self, *words):
        """The rows of an answer that must be one."""
        done = self.ctl("--json", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return json.loads(done.stdout)["rows"]

    def refused(self, *words):
        """What ternctl says of a command that must fail."""
        done = self.ctl(*words)
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stderr

    def refusal(self, *arguments):
        done = subprocess.run([TERND, "-c", self.path("tern.conf"), *arguments],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stderr

    def await_log_line(self, text):
        for line in self.process.stderr:
            if text in line:
                return
        self.fail(f"no line with {text}")
