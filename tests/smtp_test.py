# SPDX-License-Identifier: Apache-2.0
"""SMTP on 25 and submission on 587 and 465, command by command: what is
offered to whom, which command may follow which, and what becomes of a message.
"""

import email.utils
import re
import time

import mail
from harness import wait_until
from post import DOMAIN, PATIENT, PostTest, trace_of
from smtp_client import Smtp, stuff

COMMON = {"PIPELINING", "SIZE", "8BITMIME", "BINARYMIME", "CHUNKING",
          "SMTPUTF8", "ENHANCEDSTATUSCODES", "LIMITS", "HELP"}
SUBMITTED = COMMON | {"DSN", "FUTURERELEASE", "DELIVERBY"}
BINARY = bytes(range(256)) * 40 + b"\r\n.\r\nMAIL FROM:<>\r\n\n.\n\r.\r"


class ExtensionTest(PostTest):
    settings = PATIENT

    def test_each_door_offers_what_works_there(self):
        tls = self.server.tls()
        mx = self.mx()
        self.assertEqual(set(mx.extensions), COMMON | {"STARTTLS"})
        self.assertEqual(set(mx.start_tls(tls)), COMMON)
        c = self.open("submission")
        # RFC 4954 section 4: no password before there is TLS.
        self.assertEqual(set(c.extensions), SUBMITTED | {"STARTTLS"})
        self.assertEqual(set(c.start_tls(tls)), SUBMITTED | {"AUTH"})
        mechanisms = c.extensions["AUTH"].split()
        self.assertLessEqual({"PLAIN", "LOGIN", "SCRAM-SHA-256",
                              "SCRAM-SHA-256-PLUS"}, set(mechanisms))
        self.assertFalse([m for m in mechanisms if "CRAM-MD5" in m])
        c.login(self.user, self.password)
        self.assertEqual(set(c.hello()), SUBMITTED)
        c = self.open("submissions", tls=tls)
        self.assertEqual(set(c.extensions), SUBMITTED | {"AUTH"})
        lmtp = self.lmtp()
        self.assertEqual(set(lmtp.extensions), COMMON)  # tls = none

    def test_what_is_offered_has_the_right_values(self):
        c = self.open("submissions", tls=self.server.tls())
        self.assertEqual(int(c.extensions["SIZE"]), 100 << 20)
        limits = dict(word.split("=") for word in
                      c.extensions["LIMITS"].split())
        self.assertEqual(limits, {"MAILMAX": "1000", "RCPTMAX": "1000"})
        seconds, last = c.extensions["FUTURERELEASE"].split()
        # RFC 4865 section 3.
        self.assertRegex(last, r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
        self.assertGreater(int(seconds), 86400)
        self.assertRegex(c.extensions["DELIVERBY"], r"\A\d*\Z")

    def test_the_greeting_names_the_server(self):
        for name, tls in (("smtp", None), ("submission", None), ("lmtp", None),
                          ("submissions", self.server.tls())):
            c = self.open(name, None, tls)
            self.assertRegex(str(c.greeting), r"\A220 localhost ")

    def test_helo_has_no_extensions_and_no_enhanced_codes_before_it(self):
        c = self.open("smtp", None)
        reply = c.command("HELO client.test", "250")
        self.assertEqual(len(reply.lines), 1)
        c.command("MAIL FROM:<> SIZE=10", "5")
        c.command("MAIL FROM:<> BODY=8BITMIME", "5")
        c.command("BDAT 1 LAST", "5")
        c = self.open("smtp", None)
        c.command("HELO client.test", "250")
        c.message("", [self.address], b"Subject: by HELO\r\n\r\nx\r\n")
        trace, _ = trace_of(self.inbox()[0])
        self.assertIn("with SMTP id", trace["Received"])

    def test_commands_in_any_case_and_with_spaces(self):
        c = self.open("smtp", None)
        c.command("ehlo client.test", "250")
        c.command("mail from:<> ", "250")
        c.command("rCPT tO:<%s>" % self.address.upper(), "250")
        c.command("rset ", "250")
        c.command("noop whatever", "250")
        c.command("Quit", "221")

    def test_the_small_commands(self):
        c = self.mx()
        c.command("NOOP", "250 2.0.0")
        c.command("RSET", "250 2.0.0")
        c.command("HELP", "214")
        c.command("VRFY " + self.user, "252")
        c.command("VRFY nobody", "252")
        c.command("VRFY", "501")
        c.command("EXPN staff", "502")
        for turn in ("TURN", "ETRN x", "SEND FROM:<>", "XCLIENT A=B", "FOO"):
            c.command(turn, "50")
            c.command("RSET", "250")

    def test_what_may_not_come_yet_is_503(self):
        for first, line in ((None, "MAIL FROM:<>"),
                            (None, "RCPT TO:<%s>" % self.address),
                            (None, "DATA"), (None, "STARTTLS"),
                            ("EHLO x", "RCPT TO:<%s>" % self.address),
                            ("EHLO x", "DATA")):
            c = self.open("smtp", None)
            if first:
                c.command(first, "250")
            c.command(line, "503 5.5.1")
        c.mail("")
        c.command("MAIL FROM:<>", "503 5.5.1")
        c.command("DATA", "5")
        c.rcpt("nobody@" + DOMAIN, want="550 5.1.1")
        # RFC 5321 section 3.3.
        c.command("DATA", "554 5.5.1")

    def test_rset_helo_and_ehlo_forget_the_message(self):
        other, password, address = self.another()
        c = self.mx()
        for forget in ("RSET", "HELO x", "EHLO x"):
            c.mail("")
            c.rcpt(self.address)
            c.command(forget, "250")
            c.command("DATA", "503")
            c.message("", [address], b"Subject: second\r\n\r\n")
        self.assertEqual(self.inbox(), [])
        self.assertEqual(len(self.inbox(other, password)), 3)

    def test_parameters_that_are_wrong_are_told(self):
        c = self.mx()
        for line, want in (
                ("MAIL FROM:<> FOO=BAR", "555 5.5.4"),
                ("MAIL FROM:<> SIZE=", "501"), ("MAIL FROM:<> SIZE=x", "501"),
                ("MAIL FROM:<> SIZE=99999999999999999999999", "5"),
                ("MAIL FROM:<> SIZE=1 SIZE=1", "501"),
                ("MAIL FROM:<> BODY=9BIT", "501"),
                ("MAIL FROM:<> RET=SOME", "501"),
                ("MAIL FROM:<> ENVID=a+b", "501"),
                # Only for those who submit.
                ("MAIL FROM:<> HOLDFOR=10", "555"),
                ("MAIL FROM:<> BY=120;R", "555"),
                ("MAIL FROM:<a@b> <c@d>", "5"), ("MAIL FROM: <", "501"),
                ("MAIL TO:<>", "501"), ("MAIL", "501"),
                ("MAIL FROM:<a@b", "501"), ("MAIL FROM:<a@b>x", "501"),
                ("MAIL FROM:<żółw@example.net>", "5")):
            with self.subTest(line):
                c = self.mx()
                c.command(line, want)
        for line, want in (
                ("NOTIFY=SOMETIMES", "501"), ("NOTIFY=NEVER,SUCCESS", "501"),
                ("NOTIFY=", "501"), ("ORCPT=x", "501"),
                ("ORCPT=rfc822;a+zz", "501"), ("FOO", "555 5.5.4")):
            with self.subTest(line):
                c = self.mx()
                c.mail("")
                c.rcpt(self.address, line, want)
                c.rcpt(self.address)


class ReceivingTest(PostTest):
    """Mail from strangers to users, byte by byte."""

    def test_every_kind_of_mail_arrives_as_it_was_sent(self):
        c = self.mx()
        sent = []
        for name, message in mail.kinds():
            for how in (c.data, c.bdat):
                with self.subTest(name):
                    c.mail("ann@example.net", "BODY=8BITMIME")
                    c.rcpt(self.address)
                    how(message)
                    sent.append(message)
        arrived = self.inbox()
        self.assertEqual(len(arrived), len(sent))
        for n, message in enumerate(sent):
            trace, rest = trace_of(arrived[n])
            with self.subTest(message[:40]):
                # DATA ends a last line that was open.
                wanted = {message, message + b"\r\n"}
                if n % 2 and b"\r\n\r\n" in message:
                    wanted = {message}
                self.assertIn(rest, wanted)
                self.assertEqual(trace["Return-Path"], "<ann@example.net>")
                self.assertEqual(trace["Delivered-To"], self.address)

    def test_received_says_who_how_and_when(self):
        for tls in (False, True):
            c = self.mx()
            if tls:
                c.start_tls(self.server.tls())
            before = time.time()
            c.message("ann@example.net", [self.address], mail.simple(1))
            received = trace_of(self.inbox()[-1])[0]["Received"]
            # RFC 5321 section 4.4, RFC 3848; RFC 8314 section 4.3.
            match = re.fullmatch(
                r"from client\.test \(\[127\.0\.0\.1\]\)\s+by localhost"
                r"\s+with (ESMTPS?)\s+id ([a-z0-9]+)\s+for <(\S+)>"
                r"(?:\s+tls (\w+))?;\s+(.*)", received, re.S)
            self.assertTrue(match, received)
            self.assertEqual(match[1], "ESMTPS" if tls else "ESMTP")
            # The log finds it by that id.
            wait_until(lambda: "id=" + match[2] in self.server.log(),
                       "the log has the id")
            self.assertEqual(match[3], self.address)
            self.assertEqual(match[4], c.socket.cipher()[0] if tls else None)
            when = email.utils.parsedate_to_datetime(match[5]).timestamp()
            self.assertLess(abs(when - before), 60)

    def test_what_a_client_calls_itself_cannot_forge_a_field(self):
        for name in ("x) by y (z", "a;b", "[127.0.0.1", "-", "x" * 250,
                     "a\tb", "\"q\"", "(((", "a\\", "żółw.example",
                     b"\xff\xfe", "[IPv6:::1]", "[1.2.3.4] (x)"):
            c = self.open("smtp", None)
            c.send(b"EHLO " + (name if isinstance(name, bytes)
                               else name.encode()) + b"\r\n")
            reply = c.reply()
            if reply.code == 250:
                c.message("", [self.address], mail.simple(1))
        for message in self.inbox():
            trace, rest = trace_of(message)
            self.assertEqual(rest, mail.simple(1))
            self.assertIn("by localhost", trace["Received"])
            self.assertIn("127.0.0.1", trace["Received"])
            top = message[:-len(rest)].split(b"\r\n")
            self.assertTrue(all(len(line) <= 998 for line in top), top)
            self.assertTrue(message[:-len(rest)].isascii(), top)

    def test_for_is_left_out_where_it_would_tell_one_of_the_other(self):
        other, password, address = self.another()
        self.mx().message("", [self.address, address], mail.simple(1))
        for message, mine in ((self.inbox()[0], self.address),
                              (self.inbox(other, password)[0], address)):
            trace, _ = trace_of(message)
            self.assertNotIn("for <", trace["Received"])
            self.assertEqual(trace["Delivered-To"], mine)

    def test_return_path_is_the_last_ones_and_the_null_path_is_null(self):
        message = b"Return-Path: <forged@example.net>\r\n" + mail.simple(1)
        c = self.mx()
        c.message("", [self.address], message)
        c.message("Ann.O'Neil+x=y@Example.NET", [self.address], message)
        c.message('"a b"@example.net', [self.address], message)
        paths = []
        for stored in self.inbox():
            trace, rest = trace_of(stored)
            paths.append(trace["Return-Path"])
            self.assertEqual(rest, mail.simple(1))
        self.assertEqual(paths[0], "<>")
        self.assertEqual(paths[1].lower(), "<ann.o'neil+x=y@example.net>")
        self.assertEqual(paths[2], '<"a b"@example.net>')

    def test_bcc_of_strangers_and_missing_fields_are_left_alone(self):
        message = b"Bcc: hidden@example.net\r\n\r\nno From, no Date\r\n"
        self.mx().message("", [self.address], message)
        self.assertEqual(trace_of(self.inbox()[0])[1], message)

    def test_utf8_addresses_and_headers(self):
        message = ("From: Żółw <żółw@bücher.example>\r\n"
                   "Subject: grüße\r\n\r\nжжж\r\n").encode()
        c = self.mx()
        c.mail("żółw@bücher.example", "SMTPUTF8 BODY=8BITMIME")
        c.rcpt(self.address)
        c.data(message)
        trace, rest = trace_of(self.inbox()[0])
        self.assertEqual(rest, message)
        self.assertIn("with UTF8SMTP", trace["Received"])
        self.assertIn(trace["Return-Path"], (
            "<żółw@bücher.example>", "<żółw@xn--bcher-kva.example>"))

    def test_20_mb_stream_in_and_one_is_too_many(self):
        message = mail.simple(1, body="0123456789abcde\r\n" * 1_300_000)
        c = self.mx()
        c.mail("", "SIZE=%d" % len(message))
        c.rcpt(self.address)
        c.data(message)
        self.assertTrue(trace_of(self.inbox()[0])[1] == message, "changed")


class ChunkingTest(PostTest):
    settings = PATIENT

    def test_chunks_of_all_sizes_are_one_message(self):
        message = mail.with_attachment(1)
        c = self.mx()
        c.mail("")
        c.rcpt(self.address)
        at = 0
        for size in (1, 2, 3, 1000, 0, 8191):
            c.bdat(message[at:at + size], last=False)
            at += size
        c.bdat(message[at:])
        c.mail("")
        c.rcpt(self.address)
        c.bdat(message, last=False)
        c.send("BDAT 0 LAST\r\n")
        c.reply("250")
        for stored in self.inbox():
            self.assertEqual(trace_of(stored)[1], message)
        self.assertEqual(len(self.inbox()), 2)

    def test_dots_in_chunks_are_dots(self):
        message = b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n.\r\n"
        c = self.mx()
        c.mail("")
        c.rcpt(self.address)
        c.bdat(message)
        self.assertEqual(trace_of(self.inbox()[0])[1], message)

    def test_binary_mime_comes_out_decodable(self):
        message = (mail.top(1, "binary") + b"Content-Type: application/"
                   b"octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
                   b"\r\n" + BINARY)
        c = self.mx()
        c.mail("", "BODY=BINARYMIME")
        c.rcpt(self.address)
        # RFC 3030 section 3: only by BDAT.
        c.command("DATA", "503 5.5.1")
        c.command("RSET", "250")
        c.mail("", "BODY=BINARYMIME")
        c.rcpt(self.address)
        c.bdat(message)
        stored = self.inbox()
        self.assertEqual(len(stored), 1)
        got = self.parsed(stored[0]).get_payload(decode=True)
        self.assertEqual(got, BINARY)

    def test_a_wrong_order_is_told_and_nothing_comes_through(self):
        c = self.mx()
        c.send(b"BDAT 10\r\nMAIL FROM:")
        c.reply("503")
        c.mail("")
        c.send(b"BDAT 20 LAST\r\nRCPT TO:<nobody@x>\r\n")
        c.reply("5")
        c.command("RSET", "250")
        c.mail("")
        c.rcpt(self.address)
        c.bdat(b"Subject: x\r\n\r\n", last=False)
        c.command("DATA", "503 5.5.1")
        c.rcpt(self.address, want="503")
        c.command("RSET", "250")
        self.assertEqual(self.inbox(), [])
        c.message("", [self.address], mail.simple(1))
        self.assertEqual(len(self.inbox()), 1)

    def test_a_chunk_without_a_size_ends_the_connection(self):
        for line in ("BDAT", "BDAT x", "BDAT -1 LAST", "BDAT 5 FIRST",
                     "BDAT 99999999999999999999999 LAST"):
            c = self.mx()
            c.mail("")
            c.rcpt(self.address)
            c.command(line, "5")
            self.assertTrue(c.at_end(), line)
        self.assertEqual(self.inbox(), [])


class PipeliningTest(PostTest):
    def test_a_group_of_commands_is_answered_in_order(self):
        c = self.mx()
        c.send("MAIL FROM:<>\r\nRCPT TO:<nobody@%s>\r\nRCPT TO:<%s>\r\n"
               "RSET\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<%s>\r\n"
               "RCPT TO:<x@example.net>\r\nDATA\r\n" % (
                   DOMAIN, self.address, self.address))
        for want in ("250 2.1.0", "550 5.1.1", "250 2.1.5", "250 2.0.0",
                     "250 2.1.0", "250 2.1.5", "550 5.7.1", "354"):
            c.reply(want)
        # RFC 2920 section 3.1: the next group comes behind the message.
        c.send(stuff(mail.simple(1)) + b"MAIL FROM:<>\r\nRCPT TO:<"
               + self.address.encode() + b">\r\nDATA\r\n")
        for want in ("250", "250 2.1.0", "250 2.1.5", "354"):
            c.reply(want)
        c.send(stuff(mail.simple(2)) + b"QUIT\r\n")
        c.reply("250")
        c.reply("221")
        self.assertTrue(c.at_end())
        self.assertEqual([trace_of(m)[1] for m in self.inbox()],
                         [mail.simple(1), mail.simple(2)])

    def test_fifty_messages_in_one_breath_by_bdat(self):
        c = self.mx()
        out = b""
        for n in range(50):
            message = mail.simple(n)
            out += (b"MAIL FROM:<>\r\nRCPT TO:<%s>\r\nBDAT %d LAST\r\n"
                    % (self.address.encode(), len(message)) + message)
        c.send(out)
        for _ in range(50):
            for want in ("250 2.1.0", "250 2.1.5", "250 2."):
                c.reply(want)
        self.assertEqual([trace_of(m)[1] for m in self.inbox()],
                         [mail.simple(n) for n in range(50)])

    def test_commands_torn_in_pieces(self):
        c = self.mx()
        text = b"MAIL FROM:<>\r\nRCPT TO:<%s>\r\n" % self.address.encode()
        for at in range(len(text)):
            c.send(text[at:at + 1])
        c.reply("250")
        c.reply("250")
        c.command("DATA", "354")
        for byte in stuff(b"Subject: torn\r\n\r\n.\r\n..\r\n"):
            c.send(bytes([byte]))
        c.reply("250")
        self.assertEqual(trace_of(self.inbox()[0])[1],
                         b"Subject: torn\r\n\r\n.\r\n..\r\n")

    def test_what_comes_too_early_ends_the_connection(self):
        """RFC 2920 section 3.1, RFC 3207 section 4: a client must wait for the
        answer to these commands."""
        rest = "MAIL FROM:<>\r\nRCPT TO:<%s>\r\n" % self.address
        for first in ("EHLO x", "HELO x", "NOOP", "VRFY x", "EXPN x", "HELP",
                      "STARTTLS"):
            with self.subTest(first):
                c = self.mx()
                c.send(first + "\r\n" + rest)
                c.reply("5")
                self.assertTrue(c.at_end())
        with self.subTest("DATA"):
            c = self.mx()
            c.mail("")
            c.rcpt(self.address)
            c.send(b"DATA\r\n" + stuff(mail.simple(1)))
            c.reply("5")
            self.assertTrue(c.at_end())
        with self.subTest("behind HELO"):
            c = self.open("smtp", None)
            c.command("HELO x", "250")
            c.send(rest)
            c.reply("5")
            self.assertTrue(c.at_end())
        with self.subTest("before EHLO"):
            c = self.open("smtp", None)
            c.send("RSET\r\n" + rest)
            c.reply("5")
            self.assertTrue(c.at_end())
        self.assertEqual(self.inbox(), [])

    def test_a_mail_program_looks_for_a_server_in_one_packet(self):
        """Thunderbird's set-up sends EHLO and QUIT together."""
        for port, tls in (("submission", None),
                          ("submissions", self.server.tls())):
            for hello in ("EHLO", "HELO"):
                with self.subTest(port=port, hello=hello):
                    c = self.open(port, None, tls=tls)
                    c.send("%s we-guess.mozilla.org\r\nQUIT\r\n" % hello)
                    c.reply("250")
                    c.reply("221")
                    self.assertTrue(c.at_end())

    def test_a_whole_dialogue_at_once_brings_nothing(self):
        dialogue = ("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\n"
                    % self.address).encode() + stuff(mail.simple(1))
        c = Smtp(self.server.ports["smtp"], greet=False)
        self.addCleanup(c.close)
        c.send(dialogue)
        while not c.at_end():
            c.input.clear()
        self.assertEqual(self.inbox(), [])


class TlsTest(PostTest):
    def test_starttls_forgets_what_was_before(self):
        c = self.mx()
        c.mail("a@example.net")
        c.rcpt(self.address)
        c.command("STARTTLS", "220")
        c.wrap(self.server.tls())
        # RFC 3207 section 4.2.
        c.command("RCPT TO:<%s>" % self.address, "503")
        c.command("MAIL FROM:<>", "503")
        c.hello()
        c.command("STARTTLS", "50")
        c.message("", [self.address], mail.simple(1))
        self.assertIn("with ESMTPS",
                      trace_of(self.inbox()[0])[0]["Received"])

    def test_what_was_injected_before_tls_is_not_run(self):
        """CVE-2011-0411 and similar attacks."""
        for injected in (b"MAIL FROM:<evil@example.net>\r\n", b"NOOP\r\n",
                         b"EHLO evil\r\n", b"x"):
            for port in ("smtp", "submission"):
                c = self.open(port)
                c.send(b"STARTTLS\r\n" + injected)
                reply = c.reply()
                if reply.code != 220:
                    self.assertEqual(reply.code // 100, 5)
                    self.assertTrue(c.at_end())
                    continue
                c.wrap(self.server.tls())
                c.command("NOOP", "250")  # one answer, and to this
                self.assertTrue(c.silent())

    def test_starttls_has_no_arguments(self):
        c = self.mx()
        c.command("STARTTLS now", "501")
        c.start_tls(self.server.tls())

    def test_a_client_that_breaks_off_the_handshake_hurts_nobody(self):
        for garbage in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01",
                        b"\0" * 1000):
            c = self.mx()
            c.command("STARTTLS", "220")
            c.send(garbage)
            c.close()
        self.mx().message("", [self.address], mail.simple(1))
        self.assertEqual(len(self.inbox()), 1)
