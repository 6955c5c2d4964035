# clauses.py - what may follow `connects`: how a login is made
# SPDX-License-Identifier: MIT

import re

from .actor import Failure, Options


def set_jid(options, jid):
    bare, _, resource = jid.partition("/")
    options.jid = bare
    if resource:
        options.resource = resource


def set_mechanism(options, name):
    options.mechanism = name
    options.mechanism_asked = True


CLAUSES = [(re.compile(regex), setter) for regex, setter in (
    (r"as (\S+)", set_jid),
    (r"over (STARTTLS|direct TLS|plain TCP)", lambda o, v: setattr(o, "transport", v)),
    (r"from (\S+)", lambda o, v: setattr(o, "own_address", v)),
    (r"using TLS (1\.[0-3])", lambda o, v: setattr(o, "version", v)),
    (r"with ALPN (\S+)", lambda o, v: setattr(o, "alpn", v)),
    (r"with server name (\S+)", lambda o, v: setattr(o, "server_name", v)),
    (r"without server name", lambda o: setattr(o, "server_name", None)),
    (r"with (SCRAM-\S+|PLAIN|EXTERNAL|ANONYMOUS|UNKNOWN)", set_mechanism),
    (r'with password "([^"]*)"', lambda o, v: setattr(o, "password", v)),
    (r"with the certificate of (\S+)", lambda o, v: setattr(o, "certificate", v)),
    (r"bound to (tls-\S+|nothing-known)", lambda o, v: setattr(o, "binding", v)),
    (r"with false binding data", lambda o: setattr(o, "binding_bytes", b"\0" * 32)),
    (r"flagged ([yn])", lambda o, v: setattr(o, "flag", v)),
    (r"authorized as (\S+)", lambda o, v: setattr(o, "authzid", v)),
    (r"to (\S+)", lambda o, v: setattr(o, "stream_to", v)),
    (r"without a resource", lambda o: setattr(o, "resource", None)),
    (r'with the resource "([^"]*)"', lambda o, v: setattr(o, "resource", v)),
)]


def preset(actor_name):
    """`Romeo` is romeo@localhost, `Romeo-phone` is romeo@localhost/phone."""
    local, _, resource = actor_name.partition("-")
    return Options(f"{local.lower()}@localhost", resource or None)


def read(text, options):
    """Applies every clause of `text` to `options`."""
    rest = text.strip()
    while rest:
        for regex, setter in CLAUSES:
            found = regex.match(rest)
            if found:
                setter(options, *found.groups())
                rest = re.sub(r"^,?\s*(and\s+)?", "", rest[found.end():])
                break
        else:
            raise Failure(f"not understood: {rest!r}")
    return options
