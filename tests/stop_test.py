# SPDX-License-Identifier: Apache-2.0
"""SIGTERM: every session gets its last words (IMAP BYE, SMTP and LMTP 421,
POP3 the end), whatever it is in the middle of; what was answered is there
after the start, what was not answered is there whole or not at all; and the
server ends without an error."""

import re
import signal
import threading

import mail
from harness import wait_until
from imap_client import Closed as ImapClosed
from imap_client import Connection, Literal
from pop3_test import Lines
from post import PATIENT, PostTest
from smtp_client import Closed, Smtp, SmtpError, stuff

REMOTE = "far@elsewhere.test"
ROUNDS = 3
SUBJECT = re.compile(rb"(?m)^Subject: (work-\w+)\r$")


class LastWordsTest(PostTest):
    settings = PATIENT + "relay = no\nplain_on_loopback = yes\n"

    def imap(self, login=True, select=True):
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        if login:
            c.login(self.user, self.password)
        if login and select:
            c.select("INBOX")
        return c

    def stop(self):
        """Only the signal; the caller reads the last words."""
        self.server.process.send_signal(signal.SIGTERM)

    def started_again(self):
        self.server.stop()  # which checks how it ended
        self.server.start()

    def assert_bye(self, c, name):
        with self.subTest(name):
            r = c.wait_for(lambda r: r.name == "BYE")
            self.assertEqual(r.tag, "*")
            self.assertTrue(c.at_end())

    def imap_cases(self):
        """{name: connection}, each in the middle of something."""
        cases = {"not logged in": self.imap(login=False),
                 "no mailbox": self.imap(select=False),
                 "mailbox": self.imap(), "idle": self.imap()}
        cases["idle"].idle()
        tls = self.server.connect(self.user, self.password)
        self.addCleanup(tls.close)
        tls.select("INBOX")
        tls.idle()
        cases["idle with TLS"] = tls
        half = cases["half a literal"] = self.imap()
        half.send("a APPEND INBOX {100000}\r\n")
        half.continuation()
        half.send(b"Subject: half\r\n\r\n" + b"x" * 50000)
        line = cases["half a line"] = self.imap()
        line.send(b"a UID STORE 1 +FLA")
        squeezed = cases["no literal yet"] = self.imap()
        squeezed.send("a APPEND INBOX {10}\r\n")
        squeezed.continuation()
        return cases

    def smtp_cases(self):
        def begun(c):
            c.mail("ann@example.net")
            c.rcpt(self.address)
            return c
        cases = {"greeted": self.mx(verb=None), "EHLO": self.mx(),
                 "RCPT": begun(self.mx()), "DATA": begun(self.mx()),
                 "BDAT": begun(self.mx()), "LMTP": begun(self.lmtp()),
                 "end of DATA is missing": begun(self.mx()),
                 "submission": self.submission()}
        cases["DATA"].command("DATA", "354")
        cases["DATA"].send(b"Subject: half\r\n\r\nhalf")
        cases["BDAT"].bdat(b"Subject: half\r\n\r\nhalf", last=False)
        cases["LMTP"].command("DATA", "354")
        cases["LMTP"].send(b"Subject: half\r\n")
        late = cases["end of DATA is missing"]
        late.command("DATA", "354")
        late.send(b"Subject: half\r\n\r\nall of it\r\n.\r")
        return cases

    def pop3(self):
        c = Lines(self.server.ports["pop3"])
        self.addCleanup(c.socket.close)
        for line in (b"", b"USER %s\r\n" % self.user.encode(),
                     b"PASS %s\r\n" % self.password.encode(), b"DELE 1\r\n"):
            c.send(line)
            self.assertTrue(c.line().startswith(b"+OK"))
        return c

    def test_everybody_is_told(self):
        self.imap().append("INBOX", mail.simple(1))
        pop3 = self.pop3()
        imap, smtp = self.imap_cases(), self.smtp_cases()
        self.stop()
        for name, c in imap.items():
            self.assert_bye(c, name)
        for name, c in smtp.items():
            with self.subTest(name):
                reply = c.reply("421")
                self.assertRegex(reply.status, r"4\.\d\.\d")
                self.assertTrue(c.at_end())
        rest = pop3.file.read()
        self.assertTrue(rest == b"" or rest.startswith(b"-ERR"), rest)
        self.started_again()
        # RFC 1939 section 6: without QUIT nothing is deleted. None of the
        # halves has become a message.
        self.assertEqual(self.contents("INBOX"), [(set(), mail.simple(1))])

    def test_one_who_reads_nothing_does_not_hold_it_up(self):
        """stop_seconds is the limit, and the harness waits longer."""
        c = self.imap()
        for n in range(3):
            c.append("INBOX", mail.simple(n, body="line\r\n" * 500_000))
        c.send("a FETCH 1:* BODY.PEEK[]\r\n" * 5)
        c._more()  # it is sending
        self.stop()
        self.started_again()
        self.assertEqual(len(self.contents("INBOX")), 3)

    def test_new_connections_are_not_taken(self):
        self.stop()
        self.server.process.wait(60)
        with self.assertRaises(OSError):
            Connection(self.server.port)
        self.started_again()


class Worker(threading.Thread):
    """Does one kind of change until the server says goodbye. `done`: what was
    answered; `open`: what was under way."""

    def __init__(self, test, number):
        super().__init__()
        self.test, self.number = test, number
        self.serial = 0
        self.done, self.open, self.error, self.words = [], None, None, ""

    def run(self):
        try:
            self.connect()
            while True:
                self.serial += 1
                self.open = "work-%s%d" % (self.number, self.serial)
                self.change(self.open)
                self.done.append(self.open)
                self.open = None
                self.test.ring()
        except (Closed, ImapClosed, SmtpError, OSError) as error:
            self.words = str(error)
        except Exception as error:
            self.error = error

    def message(self, name):
        return mail.simple(self.serial, name, "y" * 70 + "\r\n"
                           * (self.serial % 7 * 200),
                           sender=self.test.address)


class ImapWorker(Worker):
    def connect(self):
        self.c = self.test.server.connect(self.test.user, self.test.password)
        self.c.select("INBOX")


class Append(ImapWorker):
    def change(self, name):
        self.c.append("INBOX", self.message(name))


class CopyAndStore(ImapWorker):
    """Copies the message with a keyword that is stored before."""

    def connect(self):
        super().connect()
        _, self.uid = self.c.append("INBOX", mail.simple(0, "copied"))

    def change(self, name):
        self.c.command("UID STORE", str(self.uid), "FLAGS", "(%s)" % name)
        self.c.command("UID COPY", str(self.uid), "Copies")


class Move(ImapWorker):
    def change(self, name):
        _, uid = self.c.append("INBOX", self.message(name))
        self.c.command("UID MOVE", str(uid), "Moved")


class Data(Worker):
    door, verb = "smtp", "EHLO"

    def connect(self):
        self.c = Smtp(self.test.server.ports[self.door])
        self.c.hello(self.verb)

    def change(self, name):
        self.c.message("ann@example.net", [self.test.address],
                       self.message(name))


class Lmtp(Data):
    door, verb = "lmtp", "LHLO"


class Submit(Data):
    door = "submission"

    def connect(self):
        super().connect()
        self.c.start_tls(self.test.server.tls())
        self.c.login(self.test.user, self.test.password)

    def change(self, name):
        self.c.message(self.test.address, [REMOTE, self.test.address],
                       self.message(name))


class AtWorkTest(PostTest):
    settings = PATIENT + ("relay = no\nsmtp_messages_max = 1000000\n"
                          "sending_messages_per_hour = 0\n"
                          "sending_messages_per_day = 0\n"
                          "sending_recipients_per_hour = 0\n"
                          "sending_recipients_per_day = 0\n")
    KINDS = (Append, Append, CopyAndStore, Move, Data, Lmtp, Submit)

    def setUp(self):
        super().setUp()
        self.changed = threading.Condition()
        c = self.connect()
        c.command("CREATE Copies")
        c.command("CREATE Moved")

    def ring(self):
        with self.changed:
            self.changed.notify_all()

    def run_round(self, number):
        """Workers of all kinds, each with some changes done, are told to
        stop."""
        workers = [kind(self, "%s%d" % ("abcdefg"[n], number))
                   for n, kind in enumerate(self.KINDS)]
        for worker in workers:
            worker.start()
        with self.changed:
            self.assertTrue(self.changed.wait_for(
                lambda: all(len(w.done) >= 5 or w.error or w.words
                            for w in workers), 120))
        self.server.stop()
        for worker in workers:
            worker.join()
            self.assertIsNone(worker.error)
            self.assertGreaterEqual(len(worker.done), 5, worker.words)
        return workers

    def subjects(self, box):
        found = []
        for _, message in self.contents(box):
            match = SUBJECT.search(message)
            if match:
                found.append(match[1].decode())
        return found

    def check_there(self, worker, there):
        """All that was answered, once; what was under way at most once."""
        mine = [name for name in there
                if re.fullmatch(r"work-%s\d+" % worker.number, name)]
        self.assertEqual(len(mine), len(set(mine)), "doubled")
        self.assertLessEqual(set(worker.done), set(mine), "lost")
        self.assertLessEqual(set(mine), {*worker.done, worker.open})

    def check_copies(self, worker):
        """Each copy has the keyword that was stored just before it."""
        keywords = [flag for flags, _ in self.contents("Copies")
                    for flag in flags]
        self.check_there(worker, keywords)
        flags = next(flags for flags, message in self.contents("INBOX")
                     if b"Subject: copied" in message and flags)
        self.assertIn(flags.pop(), (worker.done[-1], worker.open))

    def test_what_was_answered_is_there_after_the_start(self):
        queued = 0
        for number in range(ROUNDS):
            # Keyword flags of another round's copies are not looked at.
            workers = self.run_round(number)
            self.server.start()
            self.server.check()
            submitted = workers[-1]
            queued += len(submitted.done)
            wait_until(lambda: set(submitted.done)
                       <= set(self.subjects("INBOX")), "local copies")
            self.assertGreaterEqual(self.queue().count(REMOTE), queued)
            inbox, moved = self.subjects("INBOX"), self.subjects("Moved")
            for worker in workers:
                with self.subTest(number=number, kind=type(worker).__name__):
                    if isinstance(worker, CopyAndStore):
                        self.check_copies(worker)
                    elif isinstance(worker, Move):
                        self.check_there(worker, moved + inbox)
                        self.assertLessEqual(set(worker.done), set(moved))
                    else:
                        self.check_there(worker, inbox)
            c = self.connect()
            for box in ("INBOX", "Copies", "Moved"):
                c.select(box)
                c.command("STORE 1:* +FLAGS.SILENT (\\Deleted)", want=None)
                c.command("EXPUNGE")
