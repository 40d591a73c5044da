# SPDX-License-Identifier: Apache-2.0
"""kill -9 while mail comes in by SMTP, submission and LMTP. Each message that
was answered with 250 is there afterwards, once. A message that was not
answered is there at most once. The store is sound. ROOST_CRASHES sets the
number of crashes."""

import collections
import hashlib
import os
import random
import re
import ssl
import threading

import mail
from harness import wait_until
from post import PostTest, trace_of
from smtp_client import Closed, Smtp, SmtpError

CRASHES = int(os.environ.get("ROOST_CRASHES", "3"))
SENDERS = 6
SUBJECT = re.compile(rb"(?m)^Subject: (load-\d+-\d+)\r$")
REMOTE = "far@elsewhere.test"


class Sender(threading.Thread):
    """Sends messages one after the other until the server is gone.

    `taken`: {subject: recipients} of the messages that were answered with 250;
    `open`: the message that was under way."""

    def __init__(self, test, number, crash):
        super().__init__()
        self.test, self.number = test, number
        self.chance = random.Random(number * 1000 + crash)
        self.serial = crash * 100_000
        self.taken, self.open, self.error = {}, None, None

    def connect(self):
        kind = ("smtp", "submission", "lmtp")[self.number % 3]
        c = Smtp(self.test.server.ports[kind])
        c.hello("LHLO" if kind == "lmtp" else "EHLO")
        self.replies_for_each = kind == "lmtp"
        if kind == "submission":
            c.start_tls(self.test.server.tls())
            c.login(self.test.user, self.test.password)
        self.remote = kind == "submission"
        return c

    def run(self):
        try:
            c = self.connect()
            while True:
                self.send(c)
        except (Closed, OSError, ssl.SSLError):
            pass  # the crash
        except SmtpError as error:
            self.error = error

    def send(self, c):
        self.serial += 1
        subject = "load-%d-%d" % (self.number, self.serial)
        size = self.chance.choice((10, 3000, 60_000, 400_000))
        message = mail.simple(
            self.serial, subject, "%d\r\n" % self.serial
            + ("y" * 70 + "\r\n") * (size // 72), sender=self.test.address)
        to = self.chance.sample(self.test.people, self.chance.choice((1, 2)))
        recipients = [address for _, _, address in to]
        if self.remote and self.chance.random() < 0.3:
            recipients.append(REMOTE)
        self.open = (subject, recipients)
        self.test.digests[subject] = hashlib.sha256(message).digest()
        c.mail(self.test.address)
        for recipient in recipients:
            c.rcpt(recipient)
        if self.chance.random() < 0.5:
            c.data(message)
        else:
            c.bdat(message)
        if self.replies_for_each:
            for _ in recipients[1:]:
                c.reply("250")
        self.taken[subject] = recipients
        self.open = None


class SmtpCrashTest(PostTest):
    settings = ("queue_retry_first_seconds = 1\nsmtp_messages_max = 1000000\n"
                "sending_messages_per_hour = 0\nsending_messages_per_day = 0\n"
                "sending_recipients_per_hour = 0\n"
                "sending_recipients_per_day = 0\n")

    def subjects(self, user, password):
        """How often each subject is there."""
        found = collections.Counter()
        for message in self.inbox(user, password):
            rest = trace_of(message)[1]
            subject = SUBJECT.search(rest)[1].decode()
            found[subject] += 1
            self.assertEqual(hashlib.sha256(rest).digest(),
                             self.digests[subject], "changed")
        return found

    def verify(self, taken, under_way):
        expected = {address: {s for s, to in taken.items() if address in to}
                    for _, _, address in self.people}
        for user, password, address in self.people:
            def all_there():
                return expected[address] <= set(self.subjects(user, password))
            wait_until(all_there, "all of %s is there" % user)
            found = self.subjects(user, password)
            doubled = {s for s, n in found.items() if n > 1}
            self.assertEqual(doubled, set())
            for subject in set(found) - expected[address]:
                self.assertIn(subject, under_way, "came from nowhere")
                self.assertIn(address, under_way[subject])
        remote = sum(REMOTE in to for to in taken.values())
        maybe = sum(REMOTE in to for to in under_way.values())
        queued = self.queue().count(REMOTE)
        self.assertGreaterEqual(queued, remote)
        self.assertLessEqual(queued, remote + maybe)

    def test_what_was_answered_250_survives_kill_9(self):
        self.people = [self.another() for _ in range(4)]
        chance = random.Random(5)
        taken, under_way, self.digests = {}, {}, {}
        for crash in range(CRASHES):
            senders = [Sender(self, n, crash) for n in range(SENDERS)]
            for sender in senders:
                sender.start()
            threading.Event().wait(chance.uniform(0.5, 1.5))
            self.server.crash()
            for sender in senders:
                sender.join()
                self.assertIsNone(sender.error)
                taken.update(sender.taken)
                if sender.open:
                    under_way[sender.open[0]] = sender.open[1]
            self.assertGreater(sum(len(s.taken) for s in senders), 0)
            with self.subTest(crash=crash):
                # Sound before anybody has touched it, ...
                self.server.check()
                self.server.start()
                self.verify(taken, under_way)
        # ... and when the server that runs on it is asked.
        self.server.check()
