# SPDX-License-Identifier: Apache-2.0
"""Hostile and broken clients of SMTP. Each gets an error or is disconnected,
nothing that they send is kept by mistake, and other clients are served
meanwhile."""

import random
import socket
import time

import mail
from harness import wait_until
from post import DOMAIN, PATIENT, PostTest, trace_of
from smtp_client import Closed, Smtp, SmtpError

DOORS = ("smtp", "submission", "lmtp")


class Hostile(PostTest):
    def answers_quickly(self):
        """Whether the server answers another client while one misbehaves."""
        begun = time.monotonic()
        before = len(self.inbox())
        self.mx().message("", [self.address], mail.simple(1))
        self.assertEqual(len(self.inbox()), before + 1)
        self.assertLess(time.monotonic() - begun, 10)

    def code_at_the_end(self, c):
        """The code of the last reply before the server closes the connection.
        """
        code = None
        while True:
            try:
                code = c.reply().code
            except (Closed, ConnectionError):
                return code


class WrongTest(Hostile):
    settings = PATIENT

    def test_http_is_hung_up_on(self):
        for door in DOORS:
            for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                            b"POST / HTTP/1.1\r\nContent-Length: 500\r\n\r\n"
                            b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\n"
                            % self.address.encode(),
                            b"PUT /x HTTP/1.0\r\n\r\n",
                            b"HEAD / HTTP/1.0\r\n\r\n",
                            b"CONNECT x:25 HTTP/1.0\r\n\r\n",
                            b"OPTIONS * HTTP/1.0\r\n\r\n"):
                with self.subTest(door=door, request=request[:10]):
                    c = self.open(door, None)
                    c.send(request)
                    self.assertIn(self.code_at_the_end(c), (None, 421, 554))

    def test_lines_that_are_too_long(self):
        for door in DOORS:
            for size in (600, 2049, 4097, 8193, 70_000, 1_000_000):
                for verb in ("NOOP ", "MAIL FROM:<", "x"):
                    c = self.open(door, None)
                    try:
                        c.send(verb + "y" * size + "\r\n")
                        reply = c.reply()
                    except (Closed, OSError):
                        continue
                    if size > 70_000:
                        self.assertGreaterEqual(reply.code, 400)
                    if reply.code == 421 or reply.code == 554:
                        continue
                    try:
                        c.command("RSET", "250")
                    except (Closed, OSError):
                        pass
        self.answers_quickly()

    def test_a_line_without_an_end(self):
        c = self.open("smtp", None)
        sent = 0
        try:
            while sent < 50_000_000:
                c.send(b"x" * 100_000)
                sent += 100_000
        except OSError:
            pass
        self.assertLess(sent, 50_000_000)
        self.answers_quickly()

    def test_lines_of_the_allowed_length_work(self):
        """RFC 5321 section 4.5.3.1: lines of 512 and more by extensions, paths
        of 256, local parts of 64."""
        c = self.mx()
        domain = ".".join(["d" * 60] * 3)
        c.mail("x" * 64 + "@" + domain)
        c.command("RSET", "250")
        c.mail("ann@example.net", "RET=FULL ENVID=" + "e" * 100)
        c.rcpt(self.address, "NOTIFY=NEVER ORCPT=rfc822;" + "o" * 450)
        c.command("NOOP " + "x" * 500, "250")

    def test_bytes_that_are_no_commands(self):
        for line in (b"\0", b"NO\0OP", b"NOOP\0", b"\0" * 400, b"\x80\xff",
                     "NÖÖP".encode(), b"MAIL FROM:<\xff@example.net>",
                     b"\x1b[2J", b"EHLO a\x00b", b"NOOP \x07",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"",
                     b" NOOP", b"NOOP\x0b", b"\xef\xbb\xbfNOOP", b"RSETX"):
            with self.subTest(line):
                for door in DOORS:
                    c = self.open(door, None)
                    c.send(line + b"\r\n")
                    self.assertGreaterEqual(c.reply().code, 500)
        self.answers_quickly()

    def test_random_bytes_and_random_commands(self):
        chance = random.Random(7)
        words = [b"MAIL FROM:", b"RCPT TO:", b"<", b">", b"@", b"\r\n", b" ",
                 b"DATA", b"BDAT ", b"LAST", b"10", b".", b"\r\n.\r\n", b"x",
                 b"RSET", b"EHLO ", b"LHLO ", b"STARTTLS", b"AUTH PLAIN ",
                 b"SIZE=", b"\0", b"\xff", b"NOOP", b"QUIT", b"\"", b"\\",
                 self.address.encode()]
        for _ in range(100):
            c = self.open(chance.choice(DOORS), None)
            try:
                c.send(b"".join(chance.choice(words) for _ in range(200)))
                c.socket.shutdown(socket.SHUT_WR)
                while True:
                    c.reply()
            except (Closed, OSError):
                pass
            c.close()
        self.answers_quickly()

    def test_what_is_broken_off_is_not_kept(self):
        message = mail.simple(1, body="0123456789abcde\r\n" * 20_000)
        for door, hello in (("smtp", "EHLO"), ("lmtp", "LHLO")):
            for text in (b"", message[:1000], message,
                         message + b".", message + b".\r",
                         message[:-2] + b"\r\n.\r\r\n"):
                c = self.open(door, hello)
                c.mail("")
                c.rcpt(self.address)
                c.command("DATA", "354")
                c.send(text)
                c.close()
            c = self.open(door, hello)
            c.mail("")
            c.rcpt(self.address)
            c.bdat(message, last=False)
            c.send(b"BDAT 1000 LAST\r\n" + b"x" * 999)
            c.close()
        self.answers_quickly()
        self.assertEqual(len(self.inbox()), 1)
        self.server.check()

    def test_chunks_that_are_never_meant(self):
        c = self.mx()
        c.mail("")
        c.rcpt(self.address)
        c.send("BDAT 9999999999 LAST\r\n")
        c.reply("552 5.3.4")
        self.assertTrue(c.at_end())
        c = self.mx()
        c.send(b"BDAT 100000\r\n" + b"MAIL FROM:<>\r\n" * 10_000)
        c.reply("503")
        c = self.mx()
        c.mail("")
        c.rcpt(self.address)
        for n in range(2000):
            c.send(b"BDAT 0\r\n")
        answered = 0
        while answered < 2000:
            answered += 1
            if c.reply().code != 250:
                break
        self.answers_quickly()

    def test_headers_that_are_too_long(self):
        """The server need not find a field in it; the message is kept or
        refused."""
        for text in (b"X: " + b"y" * 5_000_000 + b"\r\n\r\nbody\r\n",
                     b"X: y\r\n" * 300_000 + b"\r\nbody\r\n",
                     b"X: y\r\n\tz\r\n" + b"\tz\r\n" * 300_000 + b"\r\n"):
            begun = time.monotonic()
            c = self.mx()
            c.mail("")
            c.rcpt(self.address)
            reply = c.data(text, "")
            self.assertIn(reply.code, (250, 552, 554))
            self.assertLess(time.monotonic() - begun, 30)
            if reply.code == 250:
                self.assertTrue(trace_of(self.inbox()[-1])[1] == text)

    def test_a_header_of_all_kinds_of_addresses_costs_nothing(self):
        user = self.address.encode()
        c = self.submission()
        for field in (b"From: " + b"(" * 100_000 + b" " + user,
                      b"From: " + b"<" * 100_000 + user,
                      b"From: " + b"a@b," * 50_000 + user,
                      b"From: " + user + b", " + (user + b",") * 10_000,
                      b"From: " + b"\"" * 100_001 + user,
                      b"From: " + b"g:;" * 50_000 + user,
                      b"From: " + user + b"\r\n " * 50_000):
            begun = time.monotonic()
            c.mail(self.address)
            c.rcpt(self.address)
            reply = c.data(field + b"\r\n\r\nx\r\n", "")
            self.assertIn(reply.code, (250, 550, 552))
            self.assertLess(time.monotonic() - begun, 10)

    def test_twenty_who_do_not_read_hold_up_nobody(self):
        stalled = []
        for _ in range(20):
            c = self.mx(buffer=4096)
            c.send(b"RSET\r\n" * 20_000)
            stalled.append(c)
        # One of them until the kernel keeps no more answers, and the server
        # reads no more commands.
        c = stalled[0]
        c.send(b"MAIL FROM:<>\r\n")
        c.socket.settimeout(2)
        with self.assertRaises(TimeoutError):
            for _ in range(2000):
                c.send(b"RCPT TO:<%s>\r\n" % self.address.encode() * 1000)
        self.answers_quickly()
        for c in stalled:
            c.close()
        self.answers_quickly()

    def test_forty_who_write_byte_by_byte_hold_up_nobody(self):
        slow = []
        for n in range(40):
            c = self.mx()
            c.mail("")
            c.rcpt(self.address)
            if n % 2:
                c.command("DATA", "354")
                c.send(b"Subj")
            else:
                c.send(b"BDAT 1000 LAST\r\nSubj")
            slow.append(c)
        self.answers_quickly()
        c = slow[1]
        for byte in b"ect: slow\r\n\r\nx\r\n.\r\n":
            c.send(bytes([byte]))
        c.reply("250")
        for c in slow:
            c.close()
        self.answers_quickly()
        self.assertEqual(len(self.inbox()), 3)


class ErrorTest(Hostile):
    settings = ("smtp_errors_max = 6\nsmtp_errors_slow = 2\n"
                "smtp_slow_ms = 300\nsmtp_commands_max = 20\n")

    def test_mistakes_slow_down_and_then_it_is_over(self):
        c = self.mx()
        c.mail("")
        delays = []
        for n in range(5):
            begun = time.monotonic()
            c.rcpt("nobody%d@%s" % (n, DOMAIN), want="550 5.1.1")
            delays.append(time.monotonic() - begun)
        c.rcpt("nobody@" + DOMAIN, want="550 5.1.1")
        c.reply("421 4.7.0")
        self.assertTrue(c.at_end())
        # The first is quick, and each waits twice as long as the last.
        for delay, least in zip(delays, (0, .25, .5, 1, 2)):
            self.assertGreaterEqual(delay, least, delays)
        self.assertLess(delays[0], 1)

    def test_what_is_pipelined_waits_too(self):
        c = self.mx()
        begun = time.monotonic()
        c.send("MAIL FROM:<>\r\n" + "RCPT TO:<nobody@%s>\r\n" % DOMAIN * 4)
        c.reply("250")
        for _ in range(4):
            c.reply("550")
        self.assertGreater(time.monotonic() - begun, 1.5)

    def test_who_waits_holds_up_nobody(self):
        slow = [self.mx() for _ in range(30)]
        for c in slow:
            c.send("MAIL FROM:<>\r\n" + "RCPT TO:<nobody@%s>\r\n" % DOMAIN * 5)
        self.answers_quickly()
        for c in slow:
            c.close()

    def test_a_message_that_was_taken_wipes_the_slate(self):
        c = self.mx()
        for n in range(4):
            c.command("FOO", "500")
            c.message("", [self.address], mail.simple(n))
        for _ in range(2):
            begun = time.monotonic()
            c.command("FOO", "500")
        self.assertLess(time.monotonic() - begun, 3)

    def test_users_may_have_old_addresses(self):
        c = self.submission()
        c.mail(self.address)
        begun = time.monotonic()
        for n in range(10):
            c.rcpt("nobody%d@%s" % (n, DOMAIN), want="550 5.1.1")
        c.rcpt(self.address)
        c.data(mail.simple(1, sender=self.address))
        self.assertLess(time.monotonic() - begun, 5)

    def test_commands_for_nothing_are_ended(self):
        c = self.mx()
        with self.assertRaises(SmtpError):
            for n in range(30):
                c.command("NOOP", "250")
        self.assertGreaterEqual(n, 10)
        self.assertTrue(c.at_end())


class TimeTest(Hostile):
    settings = ("smtp_command_seconds = 1\nsmtp_data_seconds = 1\n"
                "smtp_session_seconds = 10\nhandshake_seconds = 1\n"
                "stall_seconds = 2\n")

    def ends_soon(self, c, most=8, last=421):
        begun = time.monotonic()
        code = self.code_at_the_end(c)
        self.assertLess(time.monotonic() - begun, most)
        if last:
            self.assertEqual(code, last)

    def test_silence_between_commands(self):
        for door in DOORS:
            c = self.open(door, None)
            self.ends_soon(c)
        c = self.mx()
        c.mail("")
        self.ends_soon(c)
        c = self.mx()
        c.send("MAIL FR")
        self.ends_soon(c)

    def test_silence_within_a_message(self):
        for start in (b"", b"Subject: x\r\n\r\nx\r\n", b"x\r\n."):
            c = self.mx()
            c.mail("")
            c.rcpt(self.address)
            c.command("DATA", "354")
            c.send(start)
            self.ends_soon(c)
        c = self.mx()
        c.mail("")
        c.rcpt(self.address)
        c.send(b"BDAT 1000 LAST\r\nSubject: x\r\n")
        self.ends_soon(c)
        self.assertEqual(self.inbox(), [])

    def test_silence_within_a_login_and_a_handshake(self):
        c = self.open("submissions", tls=self.server.tls())
        c.command("AUTH LOGIN", "334")
        self.ends_soon(c)
        c = self.mx()
        c.command("STARTTLS", "220")
        self.ends_soon(c, last=None)
        c = Smtp(self.server.ports["submissions"], greet=False)
        self.addCleanup(c.close)
        self.ends_soon(c, last=None)

    def test_one_byte_at_a_time_is_not_enough(self):
        """Nor can a client stay connected by sending commands that have no
        effect."""
        chatty, dribbling, endless = self.mx(), self.mx(), self.mx()
        begun = time.monotonic()
        endless.mail("")
        endless.rcpt(self.address)
        endless.command("DATA", "354")
        with self.assertRaises((SmtpError, OSError)):
            dribbling.mail("")
            while time.monotonic() - begun < 40:
                chatty.command("NOOP", "250")
                dribbling.command("RSET", "250")
                endless.send("x")
                chatty.silent(0.3)
        self.assertLess(time.monotonic() - begun, 30)
        self.assertGreater(time.monotonic() - begun, 5)
        with self.assertRaises(OSError):
            while time.monotonic() - begun < 40:
                endless.send("x")
                endless.silent(0.3)
                endless.input.clear()
        self.assertEqual(self.inbox(), [])

    def test_who_works_is_not_ended(self):
        c = self.mx()
        begun = time.monotonic()
        for n in range(12):
            c.message("", [self.address], mail.simple(n))
            c.silent(0.7)
        self.assertGreater(time.monotonic() - begun, 8)
        self.assertEqual(len(self.inbox()), 12)


class CrowdTest(PostTest):
    settings = "max_per_address = 20\nunlimited_networks = \"\"\n"

    def test_only_so_many_from_one_address(self):
        open_ones = []
        refused = None
        for _ in range(30):
            c = Smtp(self.server.ports["smtp"], greet=False)
            self.addCleanup(c.close)
            try:
                c.reply("220")
                open_ones.append(c)
            except SmtpError as error:
                refused = str(error)
                break
        self.assertIn("421 4.7.0", refused)
        self.assertEqual(len(open_ones), 20)
        for c in open_ones[:10]:
            c.quit()

        def served():
            try:
                c = Smtp(self.server.ports["smtp"])
            except (SmtpError, OSError):
                return False
            c.close()
            return True
        wait_until(served, "there is room again")


class LeakTest(Hostile):
    """The same server, with a search for memory leaks at its end."""

    find_leaks = True

    def test_sessions_that_end_anywhere_leave_nothing(self):
        message = mail.simple(1)
        steps = [("MAIL FROM:<ann@example.net> RET=FULL ENVID=x", "250"),
                 ("RCPT TO:<%s> NOTIFY=NEVER" % self.address, "250"),
                 ("DATA", "354")]
        for count in range(len(steps) + 1):
            for ending in ("close", "RSET", "QUIT", "STARTTLS"):
                c = self.mx()
                for line, want in steps[:count]:
                    c.command(line, want)
                if count == len(steps):
                    c.send(message)
                elif ending != "close":
                    c.command(ending, "2")
                c.close()
        for text in (message, b"a\nb\r\n", b"Received: x\r\n" * 200):
            c = self.mx()
            c.mail("")
            c.rcpt(self.address)
            c.data(text, "")
        s = self.open("submissions", tls=self.server.tls())
        s.command("AUTH PLAIN", "334")
        s.close()
        s = self.open("submissions", tls=self.server.tls())
        s.login(self.user, "wrong", "535")
        s.login(self.user, self.password)
        s.message(self.address, [self.address, "x@elsewhere.test"],
                  mail.simple(1, sender=self.address))
        self.wait_for_mail(2)
