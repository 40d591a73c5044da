# SPDX-License-Identifier: Apache-2.0
"""What users send is signed with every key of their domain, and Debian's
python3-dkim finds each signature good. The messages are real ones, and some
odd ones. A server that accepts 7-bit mail only gets good signatures, too.
DKIM_MESSAGES=N uses N messages of the corpus instead of 20."""

import json
import os
import re
import smtplib
import socket
import subprocess
import unittest

from corpus_test import DATA, wire
from harness import (TESTS, RoostServer, client_context, free_port,
                     only_roost)
from smtp_peer import SmtpPeer

DEBIAN_PYTHON = "/usr/bin/python3"
# The next server for all that is not ours.
SETTINGS = """
relay = yes
relay_host = "127.0.0.1:%d"
relay_tls = none
"""
FROM = b"From: \"Anna\" <anna@example.org>\r\n"

# (what, header without From, body)
ODD = (
    ("no body", b"Subject: none\r\n", b""),
    ("blank lines at the end", b"Subject: x\r\n", b"x\r\n\r\n\r\n"),
    ("only blank lines", b"Subject: x\r\n", b"\r\n\r\n\r\n"),
    ("white space", b"Subject:\t  a \t b  \r\n\t  c\t\r\nTo:\r\n x@example.org"
     b"\r\n", b" a  b\t\tc \r\n \t \r\nd\t\r\n"),
    ("an empty Subject", b"Subject:\r\n", b"x\r\n"),
    ("two Subjects", b"Subject: one\r\nSubject: two\r\n", b"x\r\n"),
    ("8-bit fields and body", "Subject: Gr\u00fc\u00dfe\r\n".encode()
     + b"To: \xe9\xff <x@example.org>\r\n", b"\xe9\xff\r\n"),
    ("a long field", b"To: " + b",\r\n ".join(
        b"a%05d@example.org" % n for n in range(4000)) + b"\r\n", b"x\r\n"),
    ("a long line", b"Subject: " + b"x" * 900 + b"\r\n", b"y" * 990 + b"\r\n"),
    ("many fields of a name", b"Received: from a by b; Mon, 1 Jan 2024 00:00:00"
     b" +0000\r\n" * 40 + b"References: " + b" ".join(
         b"<%d@example.org>" % n for n in range(40)) + b"\r\n", b"x\r\n"),
    ("dots", b"Subject: dots\r\n", b".\r\n..\r\n. \r\n.x\r\n"),
    ("everything that is signed", b"".join(
        name + b": 1\r\n" for name in (
            b"Resent-To", b"List-Id", b"List-Unsubscribe",
            b"List-Unsubscribe-Post", b"In-Reply-To", b"References",
            b"Reply-To", b"MIME-Version", b"Content-Transfer-Encoding")),
     b"x\r\n"),
)


def records(zone):
    """{name: TXT} from the output of `roost dkim dns`."""
    return {line.split()[0].rstrip("."): "".join(re.findall(r'"([^"]*)"', line))
            for line in zone.splitlines()}


def from_anna(message):
    """A message of the corpus as Anna would send it: with her address in From,
    without trace fields and without mbox's separator line."""
    message = wire(message)
    message = re.sub(rb"\AFrom [^\n]*\n", b"", message)
    header, blank, body = message.partition(b"\r\n\r\n")
    header += b"\r\n"
    header = re.sub(rb"(?im)^(From|Sender|Resent-\w+|Return-Path|Received|"
                    rb"Delivered-To|Bcc)[ \t]*:.*\r\n([ \t].*\r\n)*",
                    b"", header)
    whole = FROM + header + blank[2:] + body
    return re.sub(rb"\r(?!\n)", b"", whole)


def sendable(message):
    """Whether a mail program could send the message: it begins with fields,
    and no line is over the limit (RFC 5321 section 4.5.3.1.6)."""
    header = message.partition(b"\r\n\r\n")[0]
    return (all(len(line) <= 998 for line in message.split(b"\r\n"))
            and all(re.match(rb"[!-9;-~]+[ \t]*:|[ \t]", line)
                    for line in header.split(b"\r\n"))
            and b"\0" not in message)


@only_roost
class DkimTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if subprocess.run([DEBIAN_PYTHON, "-c", "import dkim, nacl"],
                          stderr=subprocess.DEVNULL).returncode != 0:
            raise AssertionError(
                "python3-dkim is not installed: see scripts/packages_clients")
        cls.peer_port = free_port()
        cls.server = RoostServer(SETTINGS % cls.peer_port).start()
        cls.addClassCleanup(cls.server.remove)
        cls.addClassCleanup(cls.server.stop)
        cls.server.roost("domain", "add", "example.org")
        cls.server.new_user("anna", "pw")
        cls.server.new_user("ben", "pw")
        cls.server.roost("dkim", "new", "example.org")
        cls.records = records(cls.server.roost("dkim", "dns", "example.org"))

    def arrived(self):
        """The messages in Ben's INBOX, in the order of arrival. Then deletes
        them."""
        c = self.server.connect("ben", "pw")
        c.select("INBOX")
        found = c.fetch("1:*", "(UID BODY.PEEK[])")
        c.command("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        c.command("CLOSE")
        c.close()
        return [found[uid]["BODY[]"] for uid in sorted(found)]

    def verify(self, messages):
        paths = []
        for n, message in enumerate(messages):
            path = self.server.folder / ("signed%d" % n)
            path.write_bytes(message)
            paths.append(str(path))
        done = subprocess.run(
            [DEBIAN_PYTHON, str(TESTS / "dkim_verify.py")],
            input=json.dumps({"records": self.records, "messages": paths}),
            stdout=subprocess.PIPE, check=True, text=True)
        return json.loads(done.stdout)

    def send(self, messages, to="ben@example.org"):
        with smtplib.SMTP_SSL(
                "localhost", self.server.ports["submissions"],
                context=client_context(self.server.certificate)) as s:
            s.login("anna", "pw")
            for message in messages:
                s.sendmail("anna@example.org", [to], message,
                           ["BODY=8BITMIME"])

    def sent_and_verified(self, names, messages):
        self.send(messages)
        stored = self.arrived()
        self.assertEqual(len(stored), len(messages))
        wanted = sorted(n.partition(".")[0] for n in self.records)
        for name, message, results in zip(names, stored,
                                          self.verify(stored)):
            with self.subTest(name):
                self.assertEqual(
                    sorted(selector for selector, _, _ in results), wanted)
                self.assertTrue(all(good for _, good, _ in results),
                                "%s\n%r" % (results, message[:3000]))
        return stored

    def test_mail_of_the_world(self):
        files = sorted(DATA.glob("*/*.txt"))
        self.assertTrue(files, "no corpus: see tests/prepare")
        wanted = int(os.environ.get("DKIM_MESSAGES", 20))
        names, messages = [], []
        for file in files[::max(1, len(files) // wanted // 2)]:
            message = from_anna(file.read_bytes())
            if sendable(message) and len(messages) < wanted:
                names.append(file.name)
                messages.append(message)
        self.assertEqual(len(messages), wanted)
        self.sent_and_verified(names, messages)

    def test_odd_mail(self):
        self.sent_and_verified(
            [name for name, _, _ in ODD],
            [FROM + header + b"\r\n" + body for _, header, body in ODD])

    def test_mail_made_7_bit_on_its_way_out(self):
        """A server without 8BITMIME gets signatures that are right for what it
        gets."""
        mime = b"MIME-Version: 1.0\r\nContent-Type: text/plain; " \
            b"charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        part = b"Content-Type: text/plain; charset=utf-8\r\n" \
            b"Content-Transfer-Encoding: 8bit\r\n\r\n"
        text = "Gr\u00fc\u00dfe \r\n.\u017c\u00f3\u0142w\r\n".encode()
        messages = [
            FROM + b"Subject: ascii\r\n\r\nplain\r\n",
            FROM + b"Subject: text\r\n" + mime + b"\r\n" + text,
            FROM + mime + b"\r\n" + text * 5000 + b"\r\n\r\n",
            FROM + mime + b"\r\n" + b"long " * 190 + text,
            FROM + mime.replace(b"text/plain; charset=utf-8",
                                b"multipart/mixed; boundary=b")
            + b"\r\n--b\r\n" + part + text + b"\r\n--b\r\n"
            + part.replace(b"text/plain", b"application/x-y")
            + b"\xff\xfe\x80\r\n--b--\r\n",
        ]
        for extensions in ((), ("PIPELINING", "CHUNKING"),
                           ("PIPELINING", "8BITMIME")):
            peer = SmtpPeer(socket.create_server(
                ("127.0.0.1", self.peer_port)), extensions)
            self.send(messages, "x@elsewhere.test")
            got = [m for _, _, m in peer.wait_for_messages(len(messages))]
            peer.close()
            converted = "8BITMIME" not in extensions
            for message, results in zip(got, self.verify(got)):
                with self.subTest(extensions=extensions):
                    self.assertEqual(
                        [good for _, good, _ in results], [True, True],
                        "%s\n%r" % (results, message[:3000]))
                    self.assertEqual(
                        len(re.findall(rb"(?im)^DKIM-Signature:", message)), 2)
                    if converted:
                        self.assertTrue(message.isascii(), message[:3000])
            self.assertEqual(
                sum(message.isascii() for message in got),
                len(messages) if converted else 1)

    def test_what_is_changed_or_added_on_the_way_is_seen(self):
        self.send([FROM + b"Subject: one\r\n\r\nThe body.\r\n"])
        [good] = self.arrived()
        for name, bad in (
                ("the body", good.replace(b"The body.", b"The bodY.")),
                ("the Subject", good.replace(b"Subject: one", b"Subject: 1")),
                ("a second From", b"From: <x@other.example>\r\n" + good),
                ("a second Subject", b"Subject: two\r\n" + good),
                ("a Cc that was not there", good.replace(
                    b"Subject: one", b"Cc: <x@y.example>\r\nSubject: one")),
                ("more text", good + b"more\r\n")):
            with self.subTest(name):
                self.assertNotEqual(bad, good)
                [results] = self.verify([bad])
                self.assertEqual(
                    [is_good for _, is_good, _ in results], [False] * 2)
        for name, same in (
                ("a Received", b"Received: from a by b; now\r\n" + good),
                ("blank lines", good + b"\r\n\r\n"),
                ("spaces", good.replace(b"Subject: one", b"Subject:\r\n  one")),
        ):
            with self.subTest(name):
                [results] = self.verify([same])
                self.assertEqual(
                    [is_good for _, is_good, _ in results], [True] * 2)

    def test_no_private_key_is_shown(self):
        shown = self.server.log() + "".join(
            self.server.roost(*command) for command in (
                ("dkim", "list"), ("dkim", "dns", "example.org"),
                ("domain", "check", "example.org", "--no-lookup")))
        # PKCS#8 of RSA and of Ed25519, in base64 and in hexadecimal.
        for mark in ("PRIVATE KEY", "MIIEv", "MC4CAQAwBQYDK2Vw", "302e0201"):
            self.assertNotIn(mark, shown)


if __name__ == "__main__":
    unittest.main()
