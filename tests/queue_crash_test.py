# SPDX-License-Identifier: Apache-2.0
"""kill -9 while mail comes in and goes out. Whatever was accepted with 250
arrives. A local recipient gets it exactly once. The next server gets it once,
and at most once more for each connection that a crash has cut (RFC 5321
section 4.5.5 has no remedy). For a recipient that cannot be reached there is
exactly one report. ROOST_CRASHES sets the number of crashes."""

import collections
import email
import email.policy
import imaplib
import os
import random
import re
import smtplib
import socket
import ssl
import threading
import unittest

from harness import RoostServer, wait_until
from smtp_peer import DROP, SmtpPeer

CRASHES = int(os.environ.get("ROOST_CRASHES", "4"))
CONNECTIONS = 4  # to the next server
SENDERS = 3
SETTINGS = """
relay = yes
relay_host = "127.0.0.1:%d"
relay_tls = none
relay_connections_per_host = %d
queue_retry_first_seconds = 1
queue_retry_last_seconds = 2
sending_messages_per_hour = 0
sending_messages_per_day = 0
sending_recipients_per_hour = 0
sending_recipients_per_day = 0
"""


def number_in(text):
    return int(re.search(r"-(\d+)@", text).group(1))


class QueueCrashTest(unittest.TestCase):
    def setUp(self):
        self.chance = random.Random(int(os.environ.get("ROOST_SEED", "1")))
        listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.peer = SmtpPeer(listening, extensions=(
            "PIPELINING", "8BITMIME", "DSN", "CHUNKING"))
        self.peer.on_rcpt = self.on_rcpt
        self.peer.on_end = self.on_end
        self.addCleanup(self.peer.close)
        self.server = RoostServer(SETTINGS % (
            listening.getsockname()[1], CONNECTIONS))
        self.addCleanup(self.server.remove)
        self.server.roost("domain", "add", "here.test")
        for user in ("anna", "bert"):
            self.server.new_user(user)
        self.server.roost("alias", "add", "list@here.test",
                          "bert@here.test", "list@there.test")
        self.put_off, self.dropped = set(), 0
        self.lock = threading.Lock()
        self.next = 0
        self.sure, self.maybe = {}, {}  # number: recipients
        self.errors = []

    # -- the next server

    def on_rcpt(self, peer, address):
        if address.startswith("bad-"):
            return "550 5.1.1 Nobody"
        with self.lock:
            if address.startswith("busy-") and address not in self.put_off:
                self.put_off.add(address)
                return "450 4.2.0 Later"
        return None

    def on_end(self, peer, message):
        with self.lock:
            # No answer: it comes again.
            if self.chance.random() < 0.01:
                self.dropped += 1
                return DROP
        return None

    # -- senders

    def recipients_of(self, number):
        found = ["good-%d@there.test" % number]
        if number % 3 == 0:
            found.append("busy-%d@there.test" % number)
        if number % 4 == 0:
            found.append("bad-%d@there.test" % number)
        if number % 5 == 0:
            found.append("bert@here.test")
        if number % 7 == 0:
            found.append("list@here.test")
        return found

    def send_many(self):
        try:
            with smtplib.SMTP("127.0.0.1",
                              self.server.ports["submission"]) as client:
                context = self.server.tls()
                context.check_hostname = False
                client.starttls(context=context)
                client.login("anna", "secret-anna")
                while True:
                    self.send_one(client)
        except (smtplib.SMTPServerDisconnected, OSError, ssl.SSLError):
            pass  # the crash
        except Exception as error:  # noqa: a wrong reply is a failure
            if self.server.running():
                self.errors.append(error)

    def send_one(self, client):
        with self.lock:
            number = self.next
            self.next += 1
            body = "x" * self.chance.choice((10, 3000, 100000))
        recipients = self.recipients_of(number)
        self.maybe[number] = recipients
        text = ("From: anna@here.test\r\nTo: all\r\nSubject: n-%d@\r\n\r\n%s"
                "\r\n" % (number, re.sub("(.{70})", "\\1\r\n", body)))
        client.sendmail("anna@here.test", recipients, text)
        self.sure[number] = self.maybe.pop(number)

    # -- what has arrived

    def number_of(self, message):
        return number_in(re.search(
            rb"^Subject: (.*?)\r$", message, re.M).group(1).decode())

    def texts(self, user):
        context = self.server.tls()
        with imaplib.IMAP4_SSL("localhost", self.server.tls_port,
                               ssl_context=context) as connection:
            connection.login(user, "secret-" + user)
            connection.select("INBOX", readonly=True)
            _, found = connection.uid("FETCH", "1:*", "(BODY.PEEK[])")
            return [part[1] for part in found if isinstance(part, tuple)]

    def check_relayed(self):
        copies = collections.Counter()
        for _, recipients, message in self.peer.messages:
            for address in recipients:
                copies[self.number_of(message), address] += 1
        missing, again = [], collections.Counter()
        for number, recipients in self.sure.items():
            for address in recipients:
                if address.startswith("bad-") or address == "bert@here.test":
                    continue
                address = address.replace("list@here", "list@there")
                count = copies.pop((number, address), 0)
                if count == 0:
                    missing.append((number, address))
                again[number] = max(again[number], count - 1)
        self.assertEqual(missing, [])
        # What was under way in a crash may have been taken or not.
        for (number, address), count in copies.items():
            self.assertIn(number, self.maybe)
            again[number] = max(again[number], count - 1)
        more = sum(again.values())
        self.assertLessEqual(more, CONNECTIONS * CRASHES)
        return more

    def check_local(self):
        counts = collections.Counter(
            self.number_of(text) for text in self.texts("bert"))
        for number in self.sure:
            # Two ways lead to bert, and he gets it once.
            wanted = 1 if number % 5 == 0 or number % 7 == 0 else 0
            self.assertEqual(counts.pop(number, 0), wanted, number)
        for number, count in counts.items():
            self.assertIn(number, self.maybe)
            self.assertEqual(count, 1)

    def check_reports(self):
        reported = collections.Counter()
        for text in self.texts("anna"):
            message = email.message_from_bytes(
                text, policy=email.policy.default)
            self.assertEqual(message.get_content_type(), "multipart/report")
            status = next(
                part for part in message.walk()
                if part.get_content_type() == "message/delivery-status")
            for group in status.get_payload()[1:]:
                self.assertEqual(group["Action"], "failed")
                self.assertEqual(group["Status"], "5.1.1")
                reported[group["Final-Recipient"].split(";")[1].strip()] += 1
        for number in self.sure:
            if number % 4 == 0:
                address = "bad-%d@there.test" % number
                self.assertEqual(reported.pop(address, 0), 1, address)
        for address, count in reported.items():
            self.assertIn(number_in(address), self.maybe)
            self.assertEqual(count, 1)

    # -- the test

    def crash_once(self):
        self.server.start()
        senders = [threading.Thread(target=self.send_many)
                   for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        before = len(self.sure)
        wanted = self.chance.randrange(3, 40)
        # By what has been done, and a little more.
        wait_until(lambda: len(self.sure) >= before + wanted or self.errors,
                   "%d messages sent" % wanted)
        threading.Event().wait(self.chance.random() * 0.5)
        self.server.crash()
        for sender in senders:
            sender.join(60)

    def test_nothing_is_lost_and_nothing_comes_twice(self):
        for _ in range(CRASHES):
            self.crash_once()
        self.assertEqual(self.errors, [])
        self.server.start()
        wait_until(lambda: "@" not in self.server.roost("queue", "list"),
                   "an empty queue", 300)
        more = self.check_relayed()
        self.check_local()
        self.check_reports()
        self.server.stop()
        self.server.check()
        if os.environ.get("ROOST_CRASHES"):
            print("%d messages, %d relayed twice, %d answers lost" % (
                len(self.sure), more, self.dropped))
