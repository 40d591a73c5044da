# SPDX-License-Identifier: Apache-2.0
"""The clock is set a day, or a week, ahead or back while the server works:
nothing hangs, nothing fires at once, no number is given twice.

The server gets its time from tests/clock_shim.c, which Meson builds beside
the program (-Dtests=true)."""

import imaplib
import pathlib
import re
import socket
import struct
import time
import unittest

import mail
from harness import RoostServer, program, wait_until
from imap_client import quote
from post import DOMAIN, PATIENT, PostTest
from smtp_client import stuff
from smtp_peer import SmtpPeer

DAY = 24 * 3600
SHIM = pathlib.Path(program()).parent / "tests" / "clock_shim.so"


class ClockServer(RoostServer):
    def __init__(self, settings=""):
        super().__init__(settings)
        self.clock = self.folder / "clock"
        self.set_clock(0)

    def set_clock(self, ahead):
        """The server's clock is so many seconds ahead of the machine's."""
        self.ahead = ahead
        # In place: the server has the file mapped.
        with open(self.clock, "r+b" if self.clock.exists() else "w+b") as f:
            f.write(struct.pack("<q", ahead))

    def sanitize(self, find_leaks):
        env = super().sanitize(find_leaks)
        env["LD_PRELOAD"], env["CLOCK_SHIM"] = str(SHIM), str(self.clock)
        # Only programs with a sanitizer look at this.
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        return env


@unittest.skipUnless(SHIM.exists(), "built without -Dtests=true")
class ClockTest(PostTest):
    @classmethod
    def setUpClass(cls):
        cls.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        cls.server = ClockServer(
            cls.settings % cls.listening.getsockname()[1])
        cls.server.start()
        cls.server.roost("domain", "add", DOMAIN)

    @classmethod
    def tearDownClass(cls):
        cls.listening.close()
        super().tearDownClass()

    def jump(self, seconds):
        self.server.set_clock(self.server.ahead + seconds)

    def submit(self, to, parameters=""):
        c = self.submission()
        c.message(self.address, [to], mail.simple(
            1, to, sender=self.address), parameters)
        c.quit()

    def now(self):
        return time.time() + self.server.ahead


BOTH = ((DAY, "a day ahead"), (-DAY, "a day back"))


class SessionsTest(ClockTest):
    settings = PATIENT + "relay = no\n# %d\n"

    def open_sessions(self):
        self.idler = self.connect()
        self.idler.select("INBOX")
        self.idle_tag = self.idler.idle()
        self.half = self.connect()
        self.half_tag = "h1"
        self.half.send("h1 APPEND INBOX {%d}\r\n" % len(mail.simple(7)))
        self.half.continuation()
        self.half.send(mail.simple(7)[:50])
        self.smtp = self.mx()
        self.smtp.mail("ann@example.net")
        self.smtp.rcpt(self.address)
        self.smtp.command("DATA", "354")
        self.smtp.send(stuff(mail.simple(8))[:50])
        self.lmtp_session = self.lmtp()
        self.stranger = self.server.connect(tls=False)
        self.addCleanup(self.stranger.close)

    def finish_sessions(self):
        """None was closed, and none has waited for anything."""
        self.half.send(mail.simple(7)[50:] + b"\r\n")
        self.assertEqual(self.half.finish(self.half_tag).status, "OK")
        self.idler.wait_for(lambda r: r.name == "EXISTS")
        self.smtp.send(stuff(mail.simple(8))[50:])
        self.smtp.reply("250 2.")
        self.idler.wait_for(lambda r: r.name == "EXISTS")
        self.lmtp_session.message("ann@example.net", [self.address],
                                  mail.simple(9))
        self.idler.wait_for(lambda r: r.name == "EXISTS")
        self.idler.done(self.idle_tag)
        self.stranger.command("NOOP")
        self.stranger.command("LOGOUT")

    def test_sessions_go_on_and_numbers_rise(self):
        c = self.connect()
        c.command("ENABLE", "CONDSTORE")
        uids, modseqs, validities = [], [], []
        for ahead, name in BOTH + BOTH[::-1]:
            with self.subTest(name):
                self.open_sessions()
                self.jump(ahead)
                self.finish_sessions()
                self.idler.close()
                validity, uid = c.append("INBOX", mail.simple(1))
                c.command("CREATE", "box%d" % len(uids))
                r = c.command("STATUS", "box%d" % len(uids),
                              "(UIDVALIDITY)").one("STATUS")
                validities.append(int(r.tokens[2][1]))
                c.select("INBOX")
                found = c.fetch(str(uid), "(MODSEQ INTERNALDATE)")[uid]
                uids.append(uid)
                modseqs.append(int(found["MODSEQ"][0]))
                # INTERNALDATE is the time that the server's clock shows.
                date = time.mktime(imaplib.Internaldate2tuple(
                    b'1 (INTERNALDATE "%s")' % found["INTERNALDATE"]))
                self.assertLess(abs(date - self.now()), 3600)
        for numbers in (uids, modseqs, validities):
            self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(len(self.contents("INBOX")), 4 * len(uids))
        # All of them are still found after the start.
        self.server.stop()
        self.server.start()
        self.assertEqual(len(self.contents("INBOX")), 4 * len(uids))

    def test_a_known_place_stays_known_and_guesses_stay_counted(self):
        mark = self.server.log_mark()
        self.connect().close()
        self.server.wait_for_log(lambda line: "login_new_place" in line, mark)
        for ahead, name in BOTH:
            self.jump(ahead)
            with self.subTest(name):
                self.connect().command("NOOP")
                c = self.server.connect(tls=True)
                self.addCleanup(c.close)
                c.command("LOGIN", quote(self.user), '"wrong"', want="NO")
        self.assertEqual(len(re.findall(
            "login_new_place .*user=%s\n" % self.user, self.server.log())), 1)

    def test_a_stop_is_as_quick_as_ever(self):
        """stop_seconds counts intervals; so do the timers of all sessions."""
        for ahead, name in BOTH:
            with self.subTest(name):
                idler = self.connect()
                idler.select("INBOX")
                idler.idle()
                self.jump(ahead)
                self.server.stop()
                self.server.start()
                idler.wait_for(lambda r: r.name == "BYE")


class QueueTest(ClockTest):
    settings = PATIENT + ('relay = yes\nrelay_host = "127.0.0.1:%d"\n'
                          "relay_tls = none\nqueue_retry_first_seconds = 2\n"
                          "queue_retry_last_seconds = 4\n"
                          "sending_messages_per_hour = 2\n"
                          "sending_messages_per_day = 2\n")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.peer = SmtpPeer(cls.listening)

    @classmethod
    def tearDownClass(cls):
        cls.peer.close()
        super().tearDownClass()

    def tried(self):
        return "after 1 try" in self.queue() or "tries" in self.queue()

    def test_what_was_put_off_is_tried_again_in_its_time(self):
        for ahead, name in BOTH:
            with self.subTest(name):
                # A user of its own: two messages an hour.
                self.user, self.password, self.address = self.another()
                self.peer.on_rcpt = lambda _, address: "451 4.2.0 Later"
                self.peer.messages.clear()
                self.submit("%d@far.test" % abs(ahead))
                wait_until(self.tried, "a try")
                self.jump(ahead)
                self.peer.on_rcpt = None
                self.peer.wait_for_messages(1)
                wait_until(lambda: "@" not in self.queue(), "it is settled")
                self.assertEqual(len(self.peer.messages), 1)
                self.assertEqual(self.inbox(), [], "no report")

    def test_a_week_ahead_returns_nothing_without_a_try(self):
        self.peer.on_rcpt = lambda _, address: "451 4.2.0 Later"
        self.submit("week@far.test")
        wait_until(self.tried, "a try")
        self.peer.messages.clear()
        self.peer.on_rcpt = None
        self.jump(7 * DAY)
        self.peer.wait_for_messages(1)
        self.jump(-7 * DAY)
        self.assertEqual(self.inbox(), [], "no report")

    def limited(self):
        """When the queue lets this user's mail go; None: it goes at once."""
        found = re.findall(r"sending_limited .*user=%s .*until=(\d+)"
                           % self.user, self.server.log())
        return int(found[-1]) if found else None

    def test_who_may_send_may_still_send(self):
        """And who has sent too much does not wait a day longer for it."""
        self.peer.on_rcpt = None
        for ahead, name in BOTH:
            with self.subTest(name):
                self.user, self.password, self.address = self.another()
                self.peer.messages.clear()
                self.submit("one@far.test")
                self.peer.wait_for_messages(1)
                self.jump(ahead)
                self.submit("two@far.test")
                self.peer.wait_for_messages(2)
                self.assertIsNone(self.limited())
                count = 2
                while not self.limited() and count < 5:
                    count += 1
                    self.submit("%d@far.test" % count)
                self.assertTrue(self.limited())
                self.assertLess(self.limited() - self.now(), DAY)
                # A day later it goes by itself. (The queue looks at the
                # clock once a minute, or when mail comes.)
                self.jump(DAY)
                self.user, self.password, self.address = self.another()
                self.submit("last@far.test")
                self.peer.wait_for_messages(count + 1)
                self.jump(-DAY)
