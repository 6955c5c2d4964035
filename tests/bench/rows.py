# rows.py - what the bench measures: one row each
# SPDX-License-Identifier: MIT
"""A row is a scenario of the load generator with its arguments, and the figure that counts.

`target` is Tern's own, on one shard and one core; `full` and `quick` are the arguments that
differ between a whole run and a look. Targets are those of PERFORMANCE.md.
"""

from dataclasses import dataclass, field


@dataclass
class Row:
    name: str
    title: str
    load: list
    unit: str = "us"
    metric: str = "cpu_us"
    target: float = None
    bare: float = None      # of the relay, where the targets were set
    full: list = field(default_factory=list)
    quick: list = field(default_factory=list)
    archive: bool = False   # on a server that archives for everybody
    of: str = None          # no run of its own: another figure of that row's
    size: int = 0           # reads an archive of so many messages, filled before


TIMED = {"full": ["--seconds", "1.6", "--warmup", "0.4"],
         "quick": ["--seconds", "1", "--warmup", "0.3"]}

ROWS = [
    Row("idle", "idle TLS session, roster of 20", ["idle", "--users", "f", "--seconds", "0.2"],
        unit="bytes", metric="bytes_per_session", target=14000,
        full=["--sessions", "840"], quick=["--sessions", "420"]),
    Row("login", "login: TCP, TLS, SCRAM, bind", ["login"], target=300, bare=180,
        full=["--sessions", "1510"], quick=["--sessions", "410"]),
    Row("storm", "connect storm, with presence", ["storm"], full=["--sessions", "1510"],
        quick=["--sessions", "410"]),
    Row("chat", "chat over TLS, 1 in flight", ["chat"], target=16, bare=11, **TIMED),
    Row("chat-plain", "chat without TLS, 1 in flight", ["chat", "--tls", "none"], **TIMED),
    Row("chat-50", "chat over TLS, 50 in flight", ["chat-50"], target=2.5, bare=1.04, **TIMED),
    Row("chat-50-plain", "chat without TLS, 50 in flight", ["chat-50", "--tls", "none"],
        **TIMED),
    Row("latency", "99 % of latencies at 5,000 messages/s", ["chat", "--rate", "5000"],
        metric="p99_us", **TIMED),
    Row("chat-acks", "chat with acks (XEP-0198), 1 in flight", ["chat", "--acks", "1"], **TIMED),
    Row("chat-50-acks", "chat with acks, 50 in flight", ["chat-50", "--acks", "10"], target=8,
        **TIMED),
    Row("presence", "presence to 20 contacts, a delivery", ["presence"], target=3, **TIMED),
    Row("offline-store", "message to an absent account", ["offline-store"], target=12),
    Row("offline-flush", "its delivery at the next login", ["offline-flush"], target=4),
    Row("archive-chat", "chat archived for both, 1 in flight", ["chat"], target=60,
        archive=True, **TIMED),
    Row("archive-latency", "archived, 1 in flight: median latency", [], metric="p50_us",
        target=3000, archive=True, of="archive-chat"),
    Row("archive-chat-50", "chat archived for both, 50 in flight", ["chat-50"], target=12,
        archive=True, **TIMED),
    Row("archive-file", "archived: files against all copies", [], unit="x",
        metric="file_ratio", target=1.6, archive=True, of="archive-chat-50"),
    *(Row(f"archive-page-{size}", f"archive of {size:,} paged, a message", ["archive-page"],
          target=3, archive=True, size=size) for size in (1000, 100000)),
    *(Row(f"archive-last-{size}", f"last page of an archive of {size:,}", ["archive-last"],
          target=150, archive=True, size=size) for size in (1000, 5000, 100000, 1000000)),
]

ARCHIVE_SENDERS = 20    # to each archive, so that the first account has it all
# The largest archive of Tern and of a peer, which takes minutes to fill a larger one.
ARCHIVE_MOST = (1000000, 5000)
QUICK_ARCHIVE_MOST = (5000, 1000)

# The bare relay stores nothing and knows no acks.
WITHOUT_LIMIT = {"chat-acks", "chat-50-acks", "offline-store", "offline-flush",
                 *(row.name for row in ROWS if row.archive)}
