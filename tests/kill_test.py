# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment, under the work of all protocols at once: IMAP, POP3,
SMTP, LMTP, submission and the queue. All that was answered is there
afterwards, once, and nothing that was deleted comes back. What was under way
is done or not done. UIDs, UIDVALIDITY and MODSEQ keep their promises, and a
QRESYNC client that remembers a mailbox from before the kill ends with exactly
what is there.

ROOST_KILLS sets how often (default 20), ROOST_SEED repeats what the clients
choose. With `tests/run --against dovecot kill`, Dovecot does what it can of
the same work; findings are then counted and printed."""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

from harness import against_roost, new_server, program, wait_until
from imap_client import ImapError, quote
from kill import Box, Findings, Inbox, SUBJECT, digest
from kill_imap import Editor, Watcher
from kill_post import CONNECTIONS, DOMAIN, LIST, Popper, Relay, Sender
from post import Control, trace_of

KILLS = int(os.environ.get("ROOST_KILLS", "20"))
SEED = os.environ.get("ROOST_SEED") or str(random.randrange(10 ** 6))
SETTLE = 10  # after so many kills the queue has to become empty
CHECK = 5  # after so many kills `roost check` reads everything
SETTINGS = """
relay = yes
relay_host = "127.0.0.1:%d"
relay_tls = none
relay_connections_per_host = %d
queue_retry_first_seconds = 1
queue_retry_last_seconds = 2
smtp_messages_max = 1000000
sending_messages_per_hour = 0
sending_messages_per_day = 0
sending_recipients_per_hour = 0
sending_recipients_per_day = 0
write_buffer_mib = 1
"""
# What the server does when it is killed.
MOMENTS = ("work", "work", "start", "work", "work", "stop", "work", "backup",
           "work", "purge")
USERS = ("anna", "bert", "carl", "dora")


class World:
    """What all clients share: the server, and what is known of it."""

    def __init__(self, server, relay):
        self.server, self.relay, self.seed = server, relay, SEED
        self.findings = Findings()
        # dora only sends, and gets reports.
        self.inboxes = {user: Inbox() for user in USERS[:3]}
        self.digests = {}  # subject: of the message as it was sent
        self.ending = False
        self.changed = threading.Condition()

    def login(self, user):
        return user, "secret-" + user

    def ring(self):
        with self.changed:
            self.changed.notify_all()

    def check_message(self, user, subject, message):
        """A message as it was stored: by APPEND, or with what a delivery puts
        on top."""
        if not subject.startswith("E"):
            message = trace_of(message)[1] if against_roost() \
                else message[message.index(b"From: Ann"):]
        if digest(message) != self.digests.get(subject):
            self.findings.add("changed", "%s of %s" % (subject, user))


class KillTest(unittest.TestCase):
    def setUp(self):
        print("ROOST_SEED=%s" % SEED)
        self.chance = random.Random(SEED)
        self.relay = Relay(SEED)
        self.addCleanup(self.relay.peer.close)
        self.server = new_server(SETTINGS % (self.relay.port, CONNECTIONS))
        self.addCleanup(self.server.remove)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="roost-work-"))
        self.addCleanup(shutil.rmtree, self.work, True)
        self.vault = self.work / "backups"
        self.world = World(self.server, self.relay)
        self.findings = self.world.findings
        self.unsettled = 0
        self.prepare()

    def prepare(self):
        if against_roost():
            self.server.start()
            control = Control(self.server)
            for user in USERS:
                control.ask(do="user.add", user=user,
                            password=self.world.login(user)[1])
            control.ask(do="domain.add", domain=DOMAIN)
            control.ask(do="alias.add", address=LIST, targets=[
                "bert@" + DOMAIN, "list@there.test"])
            control.close()
        else:
            for user in USERS:
                self.server.new_user(user)
            self.server.start()
        c = self.server.connect(*self.world.login("anna"))
        self.world.capabilities = c.command("CAPABILITY").one(
            "CAPABILITY").tokens
        c.close()
        self.editors = [Editor(self.world, name) for name in ("E1", "E2")]
        for editor in self.editors:
            editor.prepare()
        self.watcher = Watcher(self.world, "W", self.editors)
        self.clients = self.editors + [
            self.watcher, Popper(self.world, "P"),
            Sender(self.world, "local", "lmtp")]
        if against_roost():
            self.clients += [Sender(self.world, "in", "smtp"),
                             Sender(self.world, "out", "submission"),
                             Sender(self.world, "out2", "submission")]

    # -- the kill

    def kill(self, moment):
        """The server is at work. It is killed when everybody has done
        something, and a little later."""
        for client in self.clients:
            client.begin()
        wanted = self.chance.randrange(1, 6)
        with self.world.changed:
            enough = self.world.changed.wait_for(lambda: all(
                c.done >= wanted or c.error for c in self.clients), 300)
        self.assertTrue(enough, "nobody gets on: %s" % [
            (c.name, c.done) for c in self.clients])
        command = None
        if moment == "backup":
            command = self.begin_command("backup", str(self.vault))
        elif moment == "purge":
            command = self.begin_command("undelete", "anna", "--purge")
        self.wait(0.5)
        self.world.ending = True
        if moment == "stop":
            self.server.process.send_signal(signal.SIGTERM)
            self.wait(0.3)
        self.crash(may_have_ended=moment == "stop")
        for client in self.clients:
            client.thread.join()
            if client.error:
                self.findings.add("answer", "%s: %r" % (
                    client.name, client.error))
        self.world.ending = False
        if command:
            command.wait(60)  # it may have been done, or tells of an error
        if moment == "start":
            for _ in range(self.chance.randrange(1, 4)):
                self.server.launch()
                self.wait(0.4)
                self.crash()

    def crash(self, may_have_ended=False):
        """A server that ends by itself has had a fault of its own."""
        status = self.server.crash()
        if status != -signal.SIGKILL and not (may_have_ended and status == 0):
            self.findings.add("end", "with %d\n%s" % (
                status, self.server.log_tail()))

    def wait(self, seconds):
        threading.Event().wait(self.chance.random() * seconds)

    def begin_command(self, *arguments):
        return subprocess.Popen(
            [program(), *arguments, "--config", str(self.server.config)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={
                **os.environ, **self.server.sanitize(False)})

    # -- what is there

    def connected(self, user, work, *arguments):
        """Runs work(connection, …). Dovecot hangs up while it repairs a
        mailbox; then once more."""
        for _ in range(5):
            c = self.server.connect(*self.world.login(user))
            try:
                return work(c, *arguments)
            except (ImapError, OSError) as error:
                if against_roost():
                    raise
                self.findings.add("answer", repr(error))
            finally:
                c.close()
        return None

    def verify(self):
        for editor in self.editors:
            self.connected("anna", editor.verify)
        for user in self.world.inboxes:
            self.connected(user, self.verify_inbox, user)
        self.connected("anna", self.verify_watcher)

    def verify_watcher(self, c):
        fresh = {}
        for name in self.watcher.names:
            codes = c.command("EXAMINE", quote(name), "(CONDSTORE)").codes()
            fresh[name] = (int(codes["HIGHESTMODSEQ"]), {
                uid: frozenset(flags) for uid, flags in c.flags().items()})
        self.watcher.verify(fresh)

    def verify_inbox(self, c, user):
        inbox, findings = self.world.inboxes[user], self.findings

        def arrived():
            c.command("UNSELECT", want=None)
            self.codes = c.command("SELECT INBOX (CONDSTORE)").codes()
            self.found = c.fetch("1:*", "(UID MODSEQ BODY.PEEK[HEADER])")
            there = {subject_of(v["BODY[HEADER]"]) for v in
                     self.found.values()}
            return not inbox.missing(there)

        if not arrived() and against_roost():
            # The queue still has it, or it is lost.
            wait_until(lambda: arrived() or not self.queued(),
                       "all mail of %s, or an empty queue" % user, 300)
            arrived()
        there = {uid: subject_of(v["BODY[HEADER]"])
                 for uid, v in self.found.items()}
        inbox.verify(user, there, findings)
        for uid, v in c.fetch("1:*", "(UID BODY.PEEK[])").items():
            self.world.check_message(user, there[uid], v["BODY[]"])
        self.verify_numbers(user, inbox, there)
        # What is deleted here does not come back either.
        if user != "carl" and there:
            inbox.deleting = set(there.values())
            c.command("STORE 1:* +FLAGS.SILENT (\\Deleted)")
            c.command("EXPUNGE")
            inbox.deleted(inbox.deleting)

    def verify_numbers(self, user, inbox, there):
        box = Box(self.codes["UIDVALIDITY"], int(self.codes["UIDNEXT"]),
                  int(self.codes["HIGHESTMODSEQ"]), there)
        inbox.numbers.verify_numbers("INBOX of " + user, inbox.box, box,
                                     self.findings)
        inbox.box = box

    def check(self):
        try:
            self.server.check()
        except AssertionError as error:
            self.findings.add("check", str(error))

    def queued(self):
        return "@" in self.server.roost("queue", "list")

    def settle(self):
        """Everything leaves the queue, and each message arrives."""
        wait_until(lambda: not self.queued(), "an empty queue", 300)
        self.connected("dora", self.take_reports)
        self.relay.settle(self.unsettled, self.findings)
        self.unsettled = 0

    def take_reports(self, c):
        c.select("INBOX")
        fetched = c.fetch("1:*", "(UID BODY.PEEK[])")
        for v in fetched.values():
            self.relay.take_report(v["BODY[]"], self.findings)
        if fetched:
            c.command("STORE 1:* +FLAGS.SILENT (\\Deleted)")
            c.command("EXPUNGE")

    def test_what_was_answered_survives_kill_9(self):
        moments = []
        for number in range(KILLS):
            if not moments:
                moments = list(MOMENTS if against_roost() else MOMENTS[:7])
                self.chance.shuffle(moments)
            moment = moments.pop()
            self.findings.where = "kill %d (%s)" % (number, moment)
            self.kill(moment)
            self.unsettled += 1
            if number % CHECK == 0:
                self.check()  # before anybody has touched it
            self.server.start()
            self.verify()
            if against_roost() and (number + 1) % SETTLE == 0:
                self.settle()
        if against_roost():
            self.settle()
            # Backups that were cut off do not hinder the next one.
            self.server.roost("backup", str(self.vault))
            self.server.roost("backup", "verify", str(self.vault))
            self.assertEqual(list(self.server.data.glob("*checkpoint*")), [])
        self.check()  # by the running server
        self.server.stop()
        self.tell()

    def tell(self):
        if not against_roost() or "ROOST_KILLS" in os.environ:
            cut = sum(e.boxes.cut for e in self.editors)
            print("%d kills; %s steps; %d changes of mailboxes were under "
                  "way, %d of them were done; %d messages relayed, %d once "
                  "more; findings: %s" % (
                      KILLS, {c.name: c.steps for c in self.clients}, cut,
                      sum(e.boxes.cut_done for e in self.editors),
                      self.relay.total, self.relay.again,
                      dict(self.findings.kinds()) or "none"))
            for _, text in self.findings.found:
                print(text)
        if against_roost():
            self.assertEqual(self.findings.found, [], "ROOST_SEED=%s\n%s" % (
                SEED, self.findings))


def subject_of(message):
    return SUBJECT.search(message)[1].decode()


if __name__ == "__main__":
    unittest.main()
