# administration.py - verbs: the server's life, its certificates, what ternctl does
# SPDX-License-Identifier: MIT

import shlex
import time

from . import pattern
from .actor import Failure
from .clauses import preset, read
from .words import expanded


async def server_restarts(stage, step):
    await stage.server.stop()
    await stage.server.start()


async def server_stops(stage, step):
    await stage.server.stop()


async def server_starts(stage, step):
    await stage.server.start()


async def server_is_killed(stage, step):
    await stage.server.kill()


async def server_is_killed_and_starts(stage, step):
    await stage.server.kill()
    await stage.server.start()


async def replace_certificate(stage, step, domain, kind):
    """The files are replaced, the server is told, and serves the new one from some moment on."""
    host = stage.setting.host(domain)
    host.key_kind = kind
    stage.server.install_certificate(host)
    stage.server.reload()
    wanted = "EC" if kind == "ECDSA" else "RSA"
    actor = stage.actor("Reload")
    deadline = time.monotonic() + stage.timeout
    while time.monotonic() < deadline:
        await actor.open(read(f"as nobody@{domain} over direct TLS", preset("Reload")))
        key = actor.wire.tls.get_peer_certificate().to_cryptography().public_key()
        actor.leave()
        if wanted in type(key).__name__.upper():
            return
    raise Failure(f"{domain} still shows its old certificate after {stage.timeout} s")


async def administrate(stage, step, words):
    answer = await stage.server.command(shlex.split(expanded(stage, words)))
    rows = step.body().strip()
    if rows:
        compare_rows(stage, rows, answer)


def compare_rows(stage, text, answer):
    wanted = [[cell.strip() for cell in line.split("|")] for line in text.split("\n")]
    found = [[str(cell) for cell in row] for row in answer.get("rows", [])]
    for row in wanted:
        if not any(len(row) <= len(one) and all(
                pattern.match_value(cell, value, stage.env) is not None
                for cell, value in zip(row, one)) for one in found):
            raise Failure(f"expected the row {row}, got {found}")
    if len(wanted) != len(found):
        raise Failure(f"expected {len(wanted)} rows, got {found}")


async def administrate_in_vain(stage, step, words):
    answer = await stage.server.ask(shlex.split(expanded(stage, words)))
    if "error" not in answer:
        raise Failure(f"expected an error, got {answer}")


async def see_log(stage, step, text):
    if expanded(stage, text) not in stage.server.log_text():
        raise Failure(f"expected {text!r} in the log: {stage.server.last_lines()}")


async def see_no_log(stage, step, text):
    if expanded(stage, text) in stage.server.log_text():
        raise Failure(f"the log has {text!r}")


VERBS = (
    (r"The server restarts", server_restarts),
    (r"The server stops", server_stops),
    (r"The server starts", server_starts),
    (r"The server is killed and starts again", server_is_killed_and_starts),
    (r"The server is killed", server_is_killed),
    (r"The certificate of (\S+) is replaced by one with an? (RSA|ECDSA) key", replace_certificate),
    (r"The server has logged: (.*)", see_log),
    (r"The server has not logged: (.*)", see_no_log),
    (r"The administrator runs: ([^\n]*)", administrate),
    (r"The administrator cannot run: (.*)", administrate_in_vain),
)
