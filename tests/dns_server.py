# SPDX-License-Identifier: Apache-2.0
"""A DNS server that knows the records of a zone file and no others; on loopback
unless it gets a socket from listen().

    with DnsServer('a.test. IN A 192.0.2.1') as dns:
        … dns_servers = "127.0.0.1@%d" % dns.port …
        dns.add(more)
"""

import re
import socket
import struct
import threading

TYPES = {"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}


def encode_name(name):
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in labels) + b"\0"


def encode(kind, data):
    if kind == "TXT":
        return b"".join(bytes([len(text)]) + text.encode()
                        for text in re.findall(r'"([^"]*)"', data))
    words = data.split()
    if kind == "A":
        return socket.inet_aton(words[0])
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, words[0])
    numbers = [int(word) for word in words[:-1]]
    return struct.pack(">%dH" % len(numbers), *numbers) + encode_name(words[-1])


def parse(lines):
    """{(name, type): [data]} of lines "name. IN TYPE data"; comments count
    for nothing."""
    records = {}
    for line in lines.splitlines():
        if not line or line.startswith(";"):
            continue
        name, _, kind, data = line.split(" ", 3)
        records.setdefault((name.rstrip(".").lower(), TYPES[kind]), []).append(
            encode(kind, data))
    return records


def listen(address="127.0.0.1", port=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))
    return s


class DnsServer:
    def __init__(self, zone="", listening=None):
        self.records = parse(zone)
        self.socket = listening or listen()
        self.port = self.socket.getsockname()[1]
        self.asked = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def add(self, zone):
        self.records = {**self.records, **parse(zone)}

    def run(self):
        while True:
            question, peer = self.socket.recvfrom(4096)
            if len(question) < 12:
                return
            for packet in self.packets(question):
                self.socket.sendto(packet, peer)

    def packets(self, question):
        """What is sent back; a subclass may send nonsense."""
        return [self.answer(question)]

    def answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]])
            at += 1 + question[at]
        end = at + 5
        name = b".".join(labels).decode().lower()
        kind = struct.unpack_from(">H", question, at + 1)[0]
        self.asked.append((name, kind))
        found = self.records.get((name, kind), [])
        exists = any(known == name or known.endswith("." + name)
                     for known, _ in self.records)
        head = question[:2] + struct.pack(
            ">5H", 0x8580 | (0 if exists else 3), 1, len(found), 0, 0)
        return head + question[12:end] + b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 1, len(data)) + data
            for data in found)

    def close(self):
        self.socket.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
