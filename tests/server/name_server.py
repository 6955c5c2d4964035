# name_server.py - answers DNS queries from a table
# SPDX-License-Identifier: MIT

import ipaddress
import socket
import struct
import threading

TYPES = {"A": 1, "AAAA": 28, "SRV": 33}
NXDOMAIN, SERVFAIL = 3, 2


def encoded_name(name):
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def encoded(kind, value):
    if kind == "SRV":
        port, target = value
        return struct.pack("!HHH", 0, 5, port) + encoded_name(target)
    return ipaddress.ip_address(value).packed


class NameServer:
    """`records` is {(name, type): [value]}; an SRV value is (port, target)."""

    def __init__(self, records):
        self.records = records
        self.is_broken = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.socket.close()

    def serve(self):
        while True:
            try:
                query, sender = self.socket.recvfrom(4096)
                self.socket.sendto(self.answer(query), sender)
            except OSError:
                return

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        question = query[12:at + 5]
        number = struct.unpack("!H", query[at + 1:at + 3])[0]
        kind = next((name for name, value in TYPES.items() if value == number), "?")
        name = ".".join(labels)
        values = self.records.get((name, kind), [])
        known = any(name == one for one, _ in self.records)
        code = SERVFAIL if self.is_broken else 0 if known else NXDOMAIN
        head = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(values), 0, 0)
        rows = b""
        for value in values:
            data = encoded(kind, value)
            rows += encoded_name(name) + struct.pack("!HHIH", number, 1, 60, len(data)) + data
        return head + question + rows
