# certificates.py - keys and certificates of hosts and clients, made once per run
# SPDX-License-Identifier: MIT

import os
import subprocess
import threading
from dataclasses import dataclass

XMPP_ADDRESS = "otherName:1.3.6.1.5.5.7.8.5;UTF8:"
KEYS = {"ECDSA": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "RSA": ["-newkey", "rsa:2048"]}


@dataclass
class Certificate:
    chain: str
    key: str


class Certificates:
    def __init__(self, folder):
        self.folder = folder
        self.made = {}
        self.lock = threading.Lock()

    def paths(self, name):
        base = os.path.join(self.folder, name.replace("/", "_"))
        return Certificate(base + ".crt", base + ".key")

    def request(self, certificate, arguments):
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", "30", "-keyout",
                        certificate.key, "-out", certificate.chain] + arguments,
                       check=True, capture_output=True)

    def make(self, name, arguments):
        with self.lock:
            if name not in self.made:
                self.made[name] = self.paths(name)
                self.request(self.made[name], arguments)
        return self.made[name]

    def host(self, domain, kind="ECDSA", digest="sha256"):
        """Self-signed, for one host."""
        return self.make(f"{domain}-{kind}-{digest}", KEYS[kind] + [
            f"-{digest}", "-subj", f"/CN={domain[:60]}", "-addext",
            f"subjectAltName=DNS:{domain}"])

    def authority(self):
        """Signs the clients' certificates."""
        return self.make("authority", KEYS["ECDSA"] + ["-subj", "/CN=authority"])

    def client(self, jids):
        """For EXTERNAL: one certificate for a JID, for several (`a@b+c@d`), or for none."""
        authority = self.authority()
        name = f"client-{jids}"
        stranger = jids.endswith("!")           # signed by nobody that the server knows
        names = ",".join(XMPP_ADDRESS + jid for jid in jids.rstrip("!").split("+")
                         if jid != "nobody") or "DNS:client.invalid"
        arguments = KEYS["ECDSA"] + ["-subj", "/CN=client", "-addext",
                                     f"subjectAltName={names}"]
        if not stranger:
            arguments += ["-CA", authority.chain, "-CAkey", authority.key]
        return self.make(name, arguments)
