# SPDX-License-Identifier: Apache-2.0
"""Clients that send and fetch mail until their server is killed, and the next
server, to which mail goes."""

import collections
import email
import email.policy
import poplib
import random
import socket
import threading

from kill import Client, SUBJECT
from smtp_client import Smtp
from smtp_peer import DROP, SmtpPeer

DOMAIN = "here.test"
LIST = "list@here.test"  # an alias: bert@here.test and list@there.test
CONNECTIONS = 4  # to the next server


class Popper(Client):
    """A POP3 client that fetches and deletes."""

    user = "carl"

    def __init__(self, world, name):
        super().__init__(world, name)
        self.subjects = {}  # UIDL: subject

    def connect(self):
        pass

    def step(self):
        user, password = self.world.login(self.user)
        p = poplib.POP3_SSL("localhost", self.server.ports["pop3s"],
                            context=self.server.tls(), timeout=60)
        try:
            p.user(user)
            p.pass_(password)
            self.session(p)
        finally:
            p.close()

    def session(self, p):
        inbox = self.world.inboxes[self.user]
        listed = {}
        for line in p.uidl()[1]:
            number, uidl = line.split()
            subject = self.subjects.get(uidl)
            if subject is None or self.chance.random() < 0.2:
                subject = self.look(p, int(number), uidl)
            listed[int(number)] = subject
        chosen = [n for n in listed if self.chance.random() < 0.7]
        for number in chosen:
            p.dele(number)
        deleting = {listed[n] for n in chosen}
        inbox.deleting = deleting
        p.quit()
        inbox.deleted(deleting)

    def look(self, p, number, uidl):
        message = b"\r\n".join(p.retr(number)[1]) + b"\r\n"
        subject = SUBJECT.search(message)[1].decode()
        self.world.check_message(self.user, subject, message)
        if self.subjects.setdefault(uidl, subject) != subject:
            self.world.findings.add("UIDL again", "%r: %s and %s" % (
                uidl, self.subjects[uidl], subject))
        return subject


class Sender(Client):
    """Sends by SMTP, LMTP or submission. `door`: the name of the port."""

    def __init__(self, world, name, door):
        super().__init__(world, name)
        self.door = door
        self.lmtp, self.submits = door == "lmtp", door == "submission"
        self.address = "dora@" + DOMAIN if self.submits else "far@there.test"

    def connect(self):
        self.c = Smtp(self.server.ports[self.door])
        self.c.hello("LHLO" if self.lmtp else "EHLO")
        if self.submits:
            self.c.start_tls(self.server.tls())
            self.c.login(*self.world.login("dora"))

    def step(self):
        subject, message = self.message(self.address)
        users = self.chance.sample(sorted(self.world.inboxes),
                                   self.chance.choice((1, 1, 2)))
        remote = []
        if self.submits and self.chance.random() < 0.7:
            remote = self.world.relay.begin(subject, self.chance)
            users = users[:self.chance.randrange(3)]
        inboxes = [self.world.inboxes[u] for u in users]
        if LIST in remote and "bert" not in users:
            inboxes.append(self.world.inboxes["bert"])
        for inbox in inboxes:
            inbox.maybe.add(subject)
        self.c.mail(self.address)
        for address in ["%s@%s" % (u, DOMAIN) for u in users] + remote:
            self.c.rcpt(address)
        if self.chance.random() < 0.5 or "CHUNKING" not in self.c.extensions:
            self.c.data(message)
        else:
            self.c.bdat(message)
        for number, inbox in enumerate(inboxes):
            if self.lmtp and number > 0:
                self.c.reply("250")  # LMTP answers for each recipient
            inbox.accepted(subject)
        if remote:
            self.world.relay.accepted(subject)


class Relay:
    """The next server, and what it has to get. It takes most messages; some
    recipients are busy at first, some do not exist, and sometimes it hangs up
    instead of taking a message.

    `sure` and `maybe`: {subject: remote recipients} of messages that were
    accepted, and of those for which the answer did not come."""

    def __init__(self, seed):
        self.chance = random.Random("%s-relay" % seed)
        self.lock = threading.Lock()
        listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = listening.getsockname()[1]
        self.peer = SmtpPeer(listening, extensions=(
            "PIPELINING", "8BITMIME", "DSN", "CHUNKING"))
        self.peer.on_rcpt, self.peer.on_end = self.on_rcpt, self.on_end
        self.put_off = set()
        self.sure, self.maybe = {}, {}
        self.copies = collections.Counter()  # (subject, address)
        self.reports = collections.Counter()  # address
        self.total = self.again = self.dropped = 0

    def on_rcpt(self, _, address):
        if address.startswith("bad-"):
            return "550 5.1.1 Nobody"
        with self.lock:
            if address.startswith("busy-") and address not in self.put_off:
                self.put_off.add(address)
                return "450 4.2.0 Later"
        return None

    def on_end(self, _, message):
        with self.lock:
            if self.chance.random() < 0.01:
                self.dropped += 1
                return DROP  # no answer: it comes again
        return None

    # -- what is sent

    def begin(self, subject, chance):
        address = "%%s-%s@there.test" % subject
        remote = [address % "good"]
        remote += [address % "busy"] * (chance.random() < 0.3)
        remote += [address % "bad"] * (chance.random() < 0.25)
        remote += [LIST] * (chance.random() < 0.2)
        self.maybe[subject] = remote
        return remote

    def accepted(self, subject):
        self.sure[subject] = self.maybe.pop(subject)

    # -- what has to have arrived, once the queue is empty

    def take_messages(self):
        with self.peer.changed:
            messages, self.peer.messages = self.peer.messages, []
        for _, recipients, message in messages:
            subject = SUBJECT.search(message)[1].decode()
            for address in recipients:
                self.copies[subject, address] += 1

    def take_report(self, text, findings):
        message = email.message_from_bytes(text, policy=email.policy.default)
        status = [part for part in message.walk() if part.get_content_type()
                  == "message/delivery-status"]
        if message.get_content_type() != "multipart/report" or not status:
            findings.add("report", "none: %r" % text[:2000])
            return
        for group in status[0].get_payload()[1:]:
            if (group["Action"], group["Status"]) != ("failed", "5.1.1"):
                findings.add("report", "%s %s" % (
                    group["Action"], group["Status"]))
            self.reports[group["Final-Recipient"].split(";")[1].strip()] += 1

    def arrived(self, subject, address):
        """How often, and forgets it."""
        if address.startswith("bad-"):
            return self.reports.pop(address, 0)
        return self.copies.pop(
            (subject, address.replace("@here.", "@there.")), 0)

    def settle(self, kills, findings):
        """Since the last time there were so many kills."""
        self.take_messages()
        more = collections.Counter()
        for subject, remote in {**self.sure, **self.maybe}.items():
            there = {address: self.arrived(subject, address)
                     for address in remote}
            missing = [a for a, count in there.items() if count == 0]
            if subject in self.sure and missing:
                findings.add("lost", "%s to %s" % (subject, missing))
            elif missing and len(missing) < len(remote):
                findings.add("half", "%s: not to %s" % (subject, missing))
            for address, count in there.items():
                if address.startswith("bad-") and count > 1:
                    findings.add("twice", "report about " + address)
            more[subject] = max(there.values()) - 1
        for subject, address in self.copies:
            findings.add("nowhere", "%s to %s" % (subject, address))
        for address in self.reports:
            findings.add("nowhere", "report about " + address)
        # Each connection that is cut may cost one more copy of the message
        # that it had (RFC 5321 section 4.5.5 has no remedy).
        again = sum((+more).values())
        if again > CONNECTIONS * kills:
            findings.add("twice", "%d more copies after %d kills" % (
                again, kills))
        self.total += len(self.sure)
        self.again += again
        self.sure, self.maybe = {}, {}
        self.copies.clear()
        self.reports.clear()
