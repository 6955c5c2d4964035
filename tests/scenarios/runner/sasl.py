# sasl.py - the client's side of the SASL mechanisms, with a few deliberate lies
# SPDX-License-Identifier: MIT

import functools
import hashlib
import hmac
import os
from base64 import b64decode, b64encode


class SaslError(Exception):
    """The server broke the exchange, in a way that a client must notice."""


HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}


@functools.lru_cache(maxsize=1000)
def salted_password(hash_name, password, salt, iterations):
    return hashlib.pbkdf2_hmac(hash_name, password.encode(), salt, iterations)


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right))


class Plain:
    def __init__(self, user, password, authzid=""):
        self.message = f"{authzid}\0{user}\0{password}".encode()

    def start(self):
        return self.message

    def answer(self, challenge):
        raise SaslError("the server challenged PLAIN")

    def finish(self, data):
        pass


class External:
    def __init__(self, authzid=""):
        self.authzid = authzid

    def start(self):
        return self.authzid.encode()

    def answer(self, challenge):
        return b""

    def finish(self, data):
        pass


class Anonymous(External):
    pass


class Scram:
    """RFC 5802; binding is (type, data) or None; flag `y` and `n` as that RFC has them."""

    def __init__(self, mechanism, user, password, authzid="", binding=None, flag=None):
        self.hash = HASHES[mechanism.removesuffix("-PLUS")]
        self.password = password
        kind = f"p={binding[0]}" if binding else (flag or "n")
        authorized = f"a={authzid}" if authzid else ""
        self.gs2 = f"{kind},{authorized},".encode()
        self.binding = binding[1] if binding else b""
        self.nonce = b64encode(os.urandom(18)).decode()
        name = user.replace("=", "=3D").replace(",", "=2C")
        self.bare = f"n={name},r={self.nonce}"
        self.signature = None

    def start(self):
        return self.gs2 + self.bare.encode()

    def digest(self, key, text):
        return hmac.new(key, text, self.hash).digest()

    def answer(self, challenge):
        if self.signature is not None:
            return self.finish(challenge) or b""
        fields = dict(part.split("=", 1) for part in challenge.decode().split(","))
        if not fields["r"].startswith(self.nonce) or fields["r"] == self.nonce:
            raise SaslError("the server's nonce does not extend the client's")
        salted = salted_password(self.hash, self.password, b64decode(fields["s"]),
                                 int(fields["i"]))
        final = f"c={b64encode(self.gs2 + self.binding).decode()},r={fields['r']}"
        signed = f"{self.bare},{challenge.decode()},{final}".encode()
        client_key = self.digest(salted, b"Client Key")
        stored_key = hashlib.new(self.hash, client_key).digest()
        proof = xor(client_key, self.digest(stored_key, signed))
        self.signature = self.digest(self.digest(salted, b"Server Key"), signed)
        return f"{final},p={b64encode(proof).decode()}".encode()

    def finish(self, data):
        if data != b"v=" + b64encode(self.signature or b""):
            raise SaslError(f"the server's signature is wrong: {data!r}")


def mechanism(name, options, binding):
    """options: user, password, authzid, flag."""
    if name.startswith("SCRAM-"):
        return Scram(name, options["user"], options["password"], options["authzid"], binding,
                     options["flag"])
    if name == "PLAIN":
        return Plain(options["user"], options["password"], options["authzid"])
    if name == "EXTERNAL":
        return External(options["authzid"])
    return Anonymous()
