# SPDX-License-Identifier: Apache-2.0
"""Three devices flag, move, append and expunge at random in the same
mailboxes; afterwards all of them see the same. ROOST_DEVICES_SECONDS sets the
duration (10). To look for races, run it against a server built with
ThreadSanitizer: tests/run --roost build-tsan/roost devices."""

import collections
import os
import random
import re
import threading
import time

import mail
from harness import ServerTest
from imap_client import ImapError, Literal, expand

SECONDS = float(os.environ.get("ROOST_DEVICES_SECONDS", "10"))
BOXES = ("INBOX", "Second", "Third")
FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "Blue", "Green")


class Device:
    """A session, and the mailbox as the server has described it to this
    session. `messages`: [[uid or None, flags or None]] in order of sequence.
    """

    def __init__(self, connection, number, qresync):
        self.c = connection
        self.number = number
        self.chance = random.Random(number)
        self.serial = 0
        self.error = None
        self.qresync = qresync
        self.messages = []
        self.box = None
        self.commands = 0
        self.heard = collections.deque(maxlen=40)  # the last lines
        if qresync:
            self.c.command("ENABLE QRESYNC")

    # -- the view

    def fail(self, why):
        raise ImapError("device %d in %s: %s\n%s" % (
            self.number, self.box, why, "\n".join(self.heard)))

    def take(self, r):
        self.heard.append(r.raw.decode()[:200])
        name = r.name
        if name == "EXISTS":
            if r.number < len(self.messages):
                self.fail("EXISTS %d below %d" % (r.number,
                                                  len(self.messages)))
            while len(self.messages) < r.number:
                self.messages.append([None, None])
        elif name == "EXPUNGE":
            if self.qresync:
                self.fail("EXPUNGE in spite of QRESYNC")
            if not 1 <= r.number <= len(self.messages):
                self.fail("EXPUNGE %d of %d" % (r.number,
                                                len(self.messages)))
            del self.messages[r.number - 1]
        elif name == "VANISHED":
            for uid in expand(r.tokens[-1]):
                self.vanish(uid)
        elif name == "FETCH":
            if not 1 <= r.number <= len(self.messages):
                self.fail("FETCH %d of %d" % (r.number, len(self.messages)))
            message = self.messages[r.number - 1]
            items = r.items()
            if "UID" in items:
                uid = int(items["UID"])
                if message[0] not in (None, uid):
                    self.fail("UID of %d was %d, is %d" % (
                        r.number, message[0], uid))
                message[0] = uid
            if "FLAGS" in items:
                message[1] = set(items["FLAGS"]) - {"\\Recent"}

    def vanish(self, uid):
        """The message may have come and gone before this session looked at it.
        """
        at = 0
        while at < len(self.messages) and (
                self.messages[at][0] is None or self.messages[at][0] < uid):
            at += 1
        if at < len(self.messages) and self.messages[at][0] == uid:
            del self.messages[at]
        elif at and self.messages[at - 1][0] is None:
            del self.messages[at - 1]
        else:
            self.fail("VANISHED %d is unknown" % uid)

    def command(self, *parts):
        self.heard.append("-> %s" % " ".join(map(str, parts)))
        reply = self.c.command(*parts, want=None)
        for r in reply.untagged:
            self.take(r)
        # Somebody else may have been quicker: NO is an answer, BAD is not.
        if reply.status == "BAD":
            self.fail("%r gave %r" % (parts, reply.tagged))
        self.commands += 1
        self.learn()
        return reply

    def learn(self):
        """Fetches the messages of which only EXISTS told."""
        unknown = [n for n, m in enumerate(self.messages, 1) if None in m]
        if unknown:
            command = "FETCH %d:%d (UID FLAGS)" % (unknown[0], unknown[-1])
            self.heard.append("-> " + command)
            reply = self.c.command(command)
            for r in reply.untagged:
                self.take(r)
            if any(None in m for m in self.messages):
                self.learn()

    def select(self, box):
        self.box = box
        self.messages = []
        # What an earlier mailbox still has to tell comes before [CLOSED].
        reply = self.c.select(box)
        for r in reply.untagged:
            if r.name in ("EXISTS", "EXPUNGE", "FETCH", "VANISHED"):
                if r.name == "EXISTS":
                    self.messages = []
                self.take(r)
        self.learn()

    # -- the work

    def message(self):
        self.serial += 1
        return mail.simple(self.number * 10 ** 6 + self.serial)

    def some(self, count=3):
        uids = [m[0] for m in self.messages]
        chosen = self.chance.sample(uids, min(count, len(uids)))
        return ",".join(map(str, chosen))

    def work(self, may_leave):
        what = self.chance.random()
        if len(self.messages) < 5 or what < 0.12:
            if len(self.messages) < 120:
                box = self.chance.choice(BOXES + (self.box,) * 3)
                self.command("APPEND", box, self.chance.choice(
                    ("()", "(\\Seen)", "(Blue)")), Literal(self.message()))
                return
        if what < 0.5:
            how = self.chance.choice(("+FLAGS", "-FLAGS", "FLAGS",
                                      "+FLAGS.SILENT", "-FLAGS.SILENT"))
            chosen = self.some()
            flags = self.chance.sample(FLAGS, self.chance.randrange(1, 3))
            reply = self.command("UID STORE", chosen, how,
                                 "(%s)" % " ".join(flags))
            if "SILENT" in how and reply.status == "OK":
                # It is not told of its own change, and so makes it here.
                # What others changed at that time it is told.
                self.reread(chosen)
        elif what < 0.6:
            self.command("UID MOVE", self.some(2), self.chance.choice(BOXES))
        elif what < 0.67:
            self.command("UID COPY", self.some(2), self.chance.choice(BOXES))
        elif what < 0.82:
            chosen = self.some(2)
            self.command("UID STORE", chosen, "+FLAGS (\\Deleted)")
            self.command("UID EXPUNGE", chosen)
        elif what < 0.85:
            self.command("EXPUNGE")
        elif what < 0.9:
            self.idle()
        elif what < 0.93:
            self.command("SEARCH", self.chance.choice(
                ("SEEN", "KEYWORD Blue", "UNFLAGGED BODY message")))
        elif what < 0.95 and may_leave:
            self.select(self.chance.choice(BOXES))
        else:
            self.command("NOOP")

    def reread(self, chosen):
        self.command("UID FETCH", chosen, "(UID FLAGS)")

    def idle(self):
        self.heard.append("-> IDLE")
        tag = self.c.idle()
        for r in self.c.unsolicited:
            self.take(r)
        self.c.unsolicited = []
        self.c.socket.settimeout(0.05)
        try:
            while True:
                self.take(self.c.response())
        except TimeoutError:
            pass
        finally:
            self.c.socket.settimeout(60)
        for r in self.c.done(tag).untagged:
            self.take(r)
        self.learn()

    def run(self, seconds):
        begun = time.monotonic()
        try:
            self.select("INBOX")
            while time.monotonic() - begun < seconds:
                # The last third in one mailbox, so that three views of it
                # have come a long way when they are compared.
                may_leave = time.monotonic() - begun < seconds * 2 / 3
                if not may_leave and self.box != "INBOX":
                    self.select("INBOX")
                self.work(may_leave)
        except Exception as error:
            self.error = error


class DevicesTest(ServerTest):
    find_leaks = True

    def test_three_devices_agree_in_the_end(self):
        c = self.connect()
        for box in BOXES[1:]:
            c.command("CREATE", box)
        for n in range(60):
            c.append(BOXES[n % 3], mail.simple(n))
        devices = [Device(self.connect(), n, qresync=n == 2)
                   for n in range(1, 4)]
        threads = [threading.Thread(target=d.run, args=(SECONDS,))
                   for d in devices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for device in devices:
            if device.error:
                raise device.error
        self.assertGreater(min(d.commands for d in devices), SECONDS)
        for device in devices:
            device.command("NOOP")
        fresh = self.connect()
        for box in BOXES:
            fresh.select(box)
            fetched = fresh.fetch("1:*", "(UID FLAGS BODY.PEEK[])")
            truth = [[uid, set(fetched[uid]["FLAGS"]) - {"\\Recent"}]
                     for uid in sorted(fetched)]
            for device in devices:
                if device.box == box:
                    self.assertEqual(device.messages, truth)
            # No message is another's, or half of one.
            for uid, values in fetched.items():
                number = int(re.search(rb"Message-ID: <m(\d+)@",
                                       values["BODY[]"])[1])
                self.assertEqual(values["BODY[]"], mail.simple(number))
        self.assertEqual({d.box for d in devices}, {"INBOX"})
        self.server.check()
