# SPDX-License-Identifier: Apache-2.0
"""SMTP on 25 and submission on 587 and 465, command by command: what is
offered to whom, which command may follow which, and what becomes of a message.
"""

import base64
import email.utils
import poplib
import re
import time

import mail
import scram
from harness import free_port, wait_until
from imap_client import Connection
from post import DOMAIN, PATIENT, PostTest, fields_of, trace_of
from smtp_client import Closed, Smtp, plain, stuff

COMMON = {"PIPELINING", "SIZE", "8BITMIME", "BINARYMIME", "CHUNKING",
          "SMTPUTF8", "ENHANCEDSTATUSCODES", "LIMITS", "HELP"}
SUBMITTED = COMMON | {"DSN", "FUTURERELEASE", "DELIVERBY"}
QUEUE_ID = re.compile(r"\b[0-9a-v]{20}\b")
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
            self.assertIn("id=" + match[2], self.server.log())
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


class Scram:
    """Gives SMTP the methods that scram.login() needs of an IMAP connection.
    """

    class Response:
        def __init__(self, reply):
            self.tag = "+" if reply.code == 334 else "tag"
            self.rest = reply.lines[0].encode()
            self.name = self.status = "OK" if reply.code == 235 else "NO"
            self.code, self.text = str(reply.code), reply.lines[0]

    def __init__(self, c):
        self.c = c

    def start(self, verb, mechanism):
        self.c.send("AUTH %s\r\n" % mechanism)
        return "tag"

    def send(self, data):
        self.c.send(data)

    def response(self):
        return self.Response(self.c.reply())

    def finish(self, tag):
        return self.response()


class AuthTest(PostTest):
    settings = PATIENT

    def secure(self):
        return self.open("submissions", tls=self.server.tls())

    def test_not_without_tls(self):
        for mechanism in ("PLAIN " + plain(self.user, self.password), "LOGIN",
                          "SCRAM-SHA-256"):
            c = self.open("submission")
            self.assertEqual(c.command("AUTH " + mechanism, "53").code, 538)
            c.mail(self.address, want="530 5.7.0")
            self.assertTrue(c.silent())

    def test_not_at_all_where_strangers_come(self):
        for tls in (False, True):
            c = self.mx()
            if tls:
                c.start_tls(self.server.tls())
            c.command("AUTH PLAIN " + plain(self.user, self.password), "50")
            c.command("AUTH LOGIN", "50")

    def test_no_mail_before_the_login(self):
        c = self.secure()
        c.mail(self.address, want="530 5.7.0")
        c.rcpt(self.address, want="503")
        c.command("DATA", "503")
        c.send(b"BDAT 5 LAST\r\nNOOP\n")
        c.reply("50")

    def test_plain_login_and_scram(self):
        def coded(text):
            return base64.b64encode(text.encode()).decode()
        c = self.secure()
        c.command("AUTH PLAIN", "334 ")
        c.command(plain(self.user, self.password), "235 2.7.0")
        c = self.secure()
        self.assertEqual(c.command("AUTH LOGIN", "334").lines,
                         [coded("Username:")])
        self.assertEqual(c.command(coded(self.user), "334").lines,
                         [coded("Password:")])
        c.command(coded(self.password), "235 2.7.0")
        c = self.secure()
        c.command("auth login " + coded(self.user), "334")
        c.command(coded(self.password), "235")
        c = self.secure()
        self.assertEqual(
            scram.login(Scram(c), self.user, self.password).status, "OK")
        c.message(self.address, [self.address],
                  mail.simple(1, sender=self.address))

    def test_scram_bound_to_the_channel(self):
        for binding, want in ((None, "OK"), (b"x" * 32, "NO")):
            tls = scram.ExportingSocket(self.server.ports["submissions"])
            self.addCleanup(tls.close)
            c = Smtp.__new__(Smtp)
            c.socket, c.input, c.extensions = tls, bytearray(), {}
            c.reply("220")
            self.assertIn("SCRAM-SHA-256-PLUS", c.hello()["AUTH"])
            reply = scram.login(Scram(c), self.user, self.password,
                                "tls-exporter", binding or tls.exporter())
            self.assertEqual(reply.status, want)

    def test_wrong_ones_are_refused_alike(self):
        said = set()
        for user, password in ((self.user, "wrong"), ("nobody", "wrong"),
                               (self.user, ""), ("", "")):
            c = self.secure()
            reply = c.login(user, password, "5")
            if user and password:
                said.add(str(reply))
                self.assertTrue(reply.is_like("535 5.7.8"), reply)
            c.mail(self.address, want="530")
        self.assertEqual(len(said), 1)

    def test_mistakes_in_the_exchange(self):
        c = self.secure()
        c.command("AUTH CRAM-MD5", "504 5.5.4")
        c.command("AUTH DIGEST-MD5", "504 5.5.4")
        c.command("AUTH", "501")
        c.command("AUTH PLAIN", "334 ")
        c.command("*", "501")  # RFC 4954 section 4
        c = self.secure()
        c.command("AUTH PLAIN", "334 ")
        c.command("not base64!", "501 5.5.2")
        c.command("AUTH PLAIN =", "5")
        c = self.secure()
        c.command("AUTH PLAIN", "334 ")
        c.send("A" * 20000 + "\r\n")
        c.reply("500")
        c = self.secure()
        c.login(self.user, self.password)
        c.login(self.user, self.password, "503 5.5.1")
        c.command("EHLO again", "250")
        c.mail(self.address)
        c.command("AUTH PLAIN", "503 5.5.1")

    def test_a_guesser_is_hung_up_on(self):
        c = self.secure()
        with self.assertRaises((Closed, ConnectionError)):
            for _ in range(20):
                reply = c.login(self.user, "wrong", "")
                self.assertIn(reply.code, (535, 421))

    def test_the_password_is_nowhere_in_the_log(self):
        self.server.roost("trace", self.user, "on")
        c = self.secure()
        c.command("AUTH PLAIN " + plain(self.user, self.password), "235")
        c.message(self.address, [self.address],
                  mail.simple(1, sender=self.address))
        c.quit()
        log = self.server.log()
        self.assertNotIn(self.password, log)
        self.assertNotIn(plain(self.user, self.password), log)
        self.server.roost("trace", self.user, "off")


class LoopbackTest(PostTest):
    settings = "plain_on_loopback = yes\n"

    def test_passwords_without_tls_where_the_settings_say_so(self):
        c = self.open("submission")
        self.assertIn("PLAIN", c.extensions["AUTH"].split())
        c.login(self.user, self.password)
        c.message(self.address, [self.address],
                  mail.simple(1, sender=self.address))
        self.assertIn("with ESMTPA",
                      trace_of(self.inbox()[0])[0]["Received"])


class PlainTest(PostTest):
    """Listeners with tls = none."""

    settings = "plain_on_loopback = yes\n"
    PROTOCOLS = ("imap", "pop3", "smtp", "submission", "lmtp")

    @classmethod
    def prepare(cls, server):
        cls.plain = {name: free_port() for name in cls.PROTOCOLS}
        for name, port in cls.plain.items():
            server.settings += (
                'listen "plain-%s" { protocol = %s\n address = "127.0.0.1"\n'
                ' port = %d\n tls = none }\n' % (name, name, port))
        server.write_config()

    def test_tls_is_not_offered_where_there_is_none(self):
        for name in ("smtp", "submission", "lmtp"):
            c = Smtp(self.plain[name])
            self.addCleanup(c.close)
            self.assertNotIn("STARTTLS", c.hello(
                "LHLO" if name == "lmtp" else "EHLO"))
            self.assertEqual("AUTH" in c.extensions, name == "submission")
            c.command("STARTTLS", "5")
            c.command("RSET", "250")
        imap = Connection(self.plain["imap"])
        self.addCleanup(imap.close)
        self.assertNotIn(b"STARTTLS", imap.command("CAPABILITY").one(
            "CAPABILITY").raw)
        self.assertNotEqual(imap.command("STARTTLS", want=None).status, "OK")
        pop3 = poplib.POP3("127.0.0.1", self.plain["pop3"], timeout=60)
        self.addCleanup(pop3.close)
        self.assertNotIn("STLS", pop3.capa())

    def test_mail_from_strangers_comes_in(self):
        c = Smtp(self.plain["smtp"])
        self.addCleanup(c.close)
        c.hello()
        c.message("", [self.address], mail.simple(1))
        self.assertEqual(len(self.inbox()), 1)


class SubmissionTest(PostTest):
    settings = PATIENT

    def header(self, text, **options):
        """Submits a message with these fields; returns what the user gets."""
        c = self.submission()
        c.message(self.address, [self.address], text + b"\r\nbody\r\n",
                  **options)
        return self.inbox()[-1] if "want" not in options else None

    def test_the_sender_has_to_be_the_users(self):
        _, _, other = self.another()
        self.server.roost("alias", "add", "sales-%s@%s" % (self.user, DOMAIN),
                          self.user, other)
        self.server.roost("alias", "add", "away-%s@%s" % (self.user, DOMAIN),
                          other)
        c = self.submission()
        for sender, allowed in (
                (self.address, True), (self.address.upper(), True),
                ("%s+list@%s" % (self.user, DOMAIN), True),
                ("sales-%s@%s" % (self.user, DOMAIN), True),
                ("", True),  # a report of the user's own program
                (other, False), ("away-%s@%s" % (self.user, DOMAIN), False),
                ("nobody@" + DOMAIN, False), ("postmaster@" + DOMAIN, False),
                ("%s@example.net" % self.user, False),
                ("@%s:%s" % (DOMAIN, other), False),
                ('"%s"@%s' % (other, DOMAIN), False),
                ("%s%%example.net@%s" % (self.user, DOMAIN), False)):
            with self.subTest(sender):
                c.mail(sender, want="250" if allowed else "550 5.7.1")
                c.command("RSET", "250")

    def test_from_and_sender_have_to_be_the_users(self):
        _, _, other = self.another()
        mine = self.address
        for text, want in (
                ("From: %s" % mine, "250"),
                ("From: Ann <%s>" % mine.upper(), "250"),
                ("From: =?utf-8?q?%C5%BB?= <{}>".format(mine), "250"),
                ("From: Ann\r\n <%s>" % mine, "250"),
                ("FROM: (%s) %s" % (other, mine), "250"),
                ("From: \"%s\" <%s>" % (other, mine), "250"),
                ("From: %s\r\nSender: %s" % (mine, mine), "250"),
                ("Reply-To: %s\r\nFrom: %s" % (other, mine), "250"),
                ("From: %s" % other, "550"),
                ("From: \"%s\" <%s>" % (mine, other), "550"),
                ("From: %s (%s)" % (other, mine), "550"),
                ("From: %s, %s" % (mine, other), "550"),
                ("From: Ann <%s>, Bob\r\n <%s>" % (mine, other), "550"),
                ("From: us: %s, %s;" % (mine, other), "550"),
                ("From: <%s> <%s>" % (mine, other), "550"),
                ("From: <%s\r\n >, <%s>" % (mine, other), "550"),
                ("From: %s\r\nFrom: %s" % (mine, other), "550"),
                ("From : %s" % other, "550"),
                ("From: %s\r\nSender: %s" % (mine, other), "550"),
                ("From:", "550"), ("From: undisclosed:;", "550"),
                ("From: Ann", "550"),
                ("From: @example.net:%s" % other, "550")):
            with self.subTest(text):
                c = self.submission()
                c.message(mine, [mine], text.encode() + b"\r\n\r\nx\r\n",
                          want=want)

    def test_bcc_goes_and_nothing_else(self):
        header = (b"Bcc: a@example.net,\r\n\tb@example.net\r\nFrom: "
                  + self.address.encode() + b"\r\nX-Bcc: stays\r\n"
                  b"bcc:\r\nBCC : c@example.net\r\nTo: d@example.net\r\n"
                  b"Resent-Bcc: e@example.net\r\n"
                  b"Date: Tue, 2 Jan 2024 03:04:05 +0100\r\n"
                  b"Message-ID: <kept@example.net>\r\nBcc: f@example.net\r\n")
        _, rest = trace_of(self.header(header))
        self.assertEqual(
            rest, b"From: " + self.address.encode() + b"\r\nX-Bcc: stays\r\n"
            b"To: d@example.net\r\nDate: Tue, 2 Jan 2024 03:04:05 +0100\r\n"
            b"Message-ID: <kept@example.net>\r\n\r\nbody\r\n")
        # What looks like one in the body is none.
        c = self.submission()
        message = mail.simple(1, sender=self.address, body="Bcc: x\r\n")
        c.message(self.address, [self.address], message)
        self.assertEqual(trace_of(self.inbox()[-1])[1], message)

    def test_what_is_missing_is_added(self):
        before = time.time()
        fields = fields_of(trace_of(self.header(b"Subject: bare\r\n"))[1])
        names = [name for name, _ in fields]
        self.assertEqual(sorted(names),
                         ["Date", "From", "Message-ID", "Subject"])
        values = dict(fields)
        self.assertIn(self.address, values["From"])
        when = email.utils.parsedate_to_datetime(values["Date"]).timestamp()
        self.assertLess(abs(when - before), 60)
        self.assertRegex(values["Message-ID"], r"\A<[^<>@\s]+@[^<>@\s]+>\Z")
        again = dict(fields_of(trace_of(self.header(b"Subject: two\r\n"))[1]))
        self.assertNotEqual(again["Message-ID"], values["Message-ID"])

    def test_received_tells_of_tls_and_the_login(self):
        trace, _ = trace_of(self.header(b"Subject: x\r\n"))
        self.assertIn("with ESMTPSA", trace["Received"])
        self.assertIn("by localhost", trace["Received"])
        self.assertEqual(trace["Return-Path"], "<%s>" % self.address)

    def test_what_is_for_others_waits_in_the_queue(self):
        other, password, address = self.another()
        remote = "bert-%s@elsewhere.test" % self.user
        c = self.submission()
        message = mail.simple(1, sender=self.address)
        c.message(self.address, [address, remote], message)
        self.assertEqual(
            trace_of(self.wait_for_mail(1, other, password)[0])[1], message)
        self.assertIn(remote, self.queue())
        # It is what it was after a restart.
        self.server.stop()
        self.server.start()
        self.assertIn(remote, self.queue())
        self.assertEqual(len(self.inbox(other, password)), 1)

    def test_a_message_waits_for_its_time(self):
        _, _, address = self.another()
        c = self.submission()
        longest = int(c.extensions["FUTURERELEASE"].split()[0])
        c.mail(self.address, "HOLDFOR=%d" % (longest + 10), "5")
        c.mail(self.address, "HOLDFOR=1 HOLDUNTIL=2030-01-01T00:00:00Z", "501")
        c.mail(self.address, "HOLDFOR=x", "501")
        c.mail(self.address, "HOLDUNTIL=tomorrow", "501")
        message = mail.simple(1, sender=self.address)
        begun = time.time()
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begun + 3))
        for parameter in ("HOLDFOR=3", "HOLDUNTIL=" + until):
            c.message(self.address, [self.address], message, parameter)
        self.assertEqual(self.inbox(), [])
        self.assertEqual(len(set(QUEUE_ID.findall(self.queue()))), 2)
        messages = self.wait_for_mail(2)
        self.assertGreaterEqual(time.time() - begun, 2)
        for stored in messages:
            self.assertEqual(trace_of(stored)[1], message)
        wait_until(lambda: self.address not in self.queue(), "it is empty")

    def test_nobody_is_quicker_than_the_sender_said(self):
        c = self.submission()
        c.message(self.address, [self.address],
                  mail.simple(1, sender=self.address), "HOLDFOR=3000")
        id, = [line.split()[0] for line in self.queue().splitlines()
               if self.address in line and " from " in line]
        self.assertIn(self.address, self.server.roost("queue", "show", id))
        self.server.roost("queue", "retry", id)
        other, password, address = self.another()
        c.message(self.address, [address],
                  mail.simple(2, sender=self.address), "HOLDFOR=1")
        self.wait_for_mail(1, other, password)
        self.assertEqual(self.inbox(), [])
        self.server.roost("queue", "remove", id)
        self.assertNotIn(id, self.queue())

    def test_the_answer_names_the_message_in_the_queue(self):
        reply = self.submission().message(
            self.address, ["x@elsewhere.test"],
            mail.simple(1, sender=self.address))
        id = QUEUE_ID.search(str(reply))
        self.assertTrue(id, reply)
        self.assertIn("x@elsewhere.test", self.server.roost(
            "queue", "show", id[0]))

    def test_deliverby(self):
        c = self.submission()
        least = int(c.extensions["DELIVERBY"] or 1)
        message = mail.simple(1, sender=self.address)
        for by in ("%d;R" % (least + 600), "600;N", "600;NT", "-10;N"):
            c.message(self.address, [self.address], message, "BY=" + by)
        for by in ("0;R", "-1;R", "600", "600;X", "9999999999;N", ";R"):
            c.mail(self.address, "BY=" + by, "501")
        self.wait_for_mail(4)

    def test_a_report_of_success_where_it_is_asked_for(self):
        other, password, address = self.another()
        c = self.submission()
        c.mail(self.address, "RET=HDRS ENVID=QQ+2B314159")
        c.rcpt(address, "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob+40x.test")
        c.data(mail.simple(1, sender=self.address))
        self.wait_for_mail(1, other, password)
        report = self.parsed(self.wait_for_mail(1)[0])
        self.assertEqual(report["Return-Path"], "<>")
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertEqual(report.get_param("report-type"), "delivery-status")
        status = list(report.iter_parts())[1].get_payload()
        self.assertEqual(status[0]["Original-Envelope-Id"], "QQ+314159")
        self.assertEqual(status[1]["Original-Recipient"].split(),
                         ["rfc822;", "Bob@x.test"])
        self.assertEqual(status[1]["Action"], "delivered")
        self.assertRegex(status[1]["Status"], r"\A2\.\d+\.\d+\Z")
        self.assertIn(address, status[1]["Final-Recipient"])

    def test_eight_bits_and_utf8(self):
        message = ("From: %s\r\nSubject: grüße\r\n"
                   "Date: Tue, 2 Jan 2024 03:04:05 +0100\r\n"
                   "Message-ID: <u@example.net>\r\n\r\nżółw\r\n"
                   % self.address).encode()
        for parameters in ("BODY=8BITMIME", "SMTPUTF8 BODY=8BITMIME", ""):
            self.submission().message(
                self.address, [self.address], message, parameters)
        for stored in self.inbox():
            self.assertEqual(trace_of(stored)[1], message)


class DisabledTest(PostTest):
    def test_a_disabled_user_neither_sends_nor_gets(self):
        c = self.mx()
        c.message("", [self.address], mail.simple(1))
        self.server.roost("user", "disable", self.user)
        c.mail("")
        c.rcpt(self.address, want="5")
        s = self.open("submissions", tls=self.server.tls())
        s.login(self.user, self.password, "535")
        self.server.roost("user", "enable", self.user)
        c.rcpt(self.address)
        self.assertEqual(len(self.inbox()), 1)


class LimitTest(PostTest):
    settings = ("message_max_mib = 1\nquota_mib = 2\nsmtp_messages_max = 3\n"
                "smtp_recipients_max = 100\nsmtp_hops_max = 10\n" + PATIENT)

    def test_what_is_too_big_is_told_before_and_after(self):
        big = mail.simple(1, body="0123456789abcde\r\n" * 70_000)
        c = self.mx()
        self.assertEqual(int(c.extensions["SIZE"]), 1 << 20)
        c.mail("", "SIZE=%d" % ((1 << 20) + 1), "552 5.3.4")
        c.message("", [self.address], big, want="552 5.3.4")
        c.mail("", "SIZE=100")  # a lie
        c.rcpt(self.address)
        c.data(big, want="552 5.3.4")
        c.mail("")
        c.rcpt(self.address)
        for at in range(0, len(big), 1 << 18):
            c.send(b"BDAT %d%s\r\n" % (
                len(big[at:at + (1 << 18)]),
                b" LAST" if at + (1 << 18) >= len(big) else b"")
                + big[at:at + (1 << 18)])
        replies = [c.reply().code for _ in range(0, len(big), 1 << 18)]
        self.assertEqual(replies[0], 250)
        self.assertGreaterEqual(replies[-1], 500)
        self.assertIn(552, replies)
        c = self.mx()
        c.message("", [self.address], mail.simple(2))
        self.assertEqual([trace_of(m)[1] for m in self.inbox()],
                         [mail.simple(2)])

    def test_who_is_over_quota_is_told_452(self):
        other, password, address = self.another()
        filler = mail.simple(1, body="0123456789abcde\r\n" * 50_000)
        imap = self.connect()
        imap.append("Archive", filler)
        imap.append("Archive", filler)
        c = self.mx()
        # RFC 1870 section 6.2, at RCPT, by what the client says ...
        c.mail("", "SIZE=900000")
        c.rcpt(self.address, want="452 4.2.2")
        c.command("RSET", "250")
        # ... and at the end by what it was.
        c.message("", [self.address], filler, want="452 4.2.2")
        c.message("", [self.address], mail.simple(2))
        self.assertEqual(len(self.inbox()), 1)
        # 250 for two is a promise for both: one now, the other when it can.
        c.message("", [self.address, address], filler)
        self.assertEqual(len(self.inbox(other, password)), 1)
        self.assertEqual(len(self.inbox()), 1)
        found = QUEUE_ID.search(self.queue())
        self.assertIn(self.address, self.server.roost(
            "queue", "show", found[0]))
        imap.select("Archive")
        imap.command("STORE 1:* +FLAGS (\\Deleted)")
        imap.command("EXPUNGE")
        self.server.roost("queue", "retry", found[0])
        messages = self.wait_for_mail(2)
        self.assertEqual(trace_of(messages[-1])[1], filler)
        self.assertEqual(len(self.inbox(other, password)), 1)

    def test_recipients_over_the_limit_are_for_another_time(self):
        c = self.mx()
        self.assertIn("RCPTMAX=100", c.extensions["LIMITS"])
        c.mail("")
        c.send("".join("RCPT TO:<%s+%d@%s>\r\n" % (self.user, n, DOMAIN)
                       for n in range(103)))
        for _ in range(100):
            c.reply("250 2.1.5")
        for _ in range(3):
            c.reply("452 4.5.3")
        c.data(mail.simple(1))
        # All of them are one person.
        self.assertEqual(len(self.inbox()), 1)

    def test_messages_over_the_limit_too(self):
        c = self.mx()
        self.assertIn("MAILMAX=3", c.extensions["LIMITS"])
        for n in range(3):
            c.message("", [self.address], mail.simple(n))
        c.command("MAIL FROM:<>", "4")
        self.assertTrue(c.at_end())
        self.assertEqual(len(self.inbox()), 3)

    def test_a_message_that_goes_in_circles_is_ended(self):
        hop = b"Received: from a by b; Tue, 2 Jan 2024 03:04:05 +0100\r\n"
        c = self.mx()
        c.message("", [self.address], hop * 10 + mail.simple(1))
        c.message("", [self.address], hop * 11 + mail.simple(1),
                  want="554 5.4.6")
        self.assertEqual(len(self.inbox()), 1)
        # Each copy says to whom it went (RFC 9228): it does not come again.
        again = self.inbox()[0]
        c.message("", [self.address], again.replace(hop, b""),
                  want="554 5.4.6")
        self.assertEqual(len(self.inbox()), 1)

    def test_a_copy_to_somebody_else_is_no_circle(self):
        other, password, address = self.another()
        c = self.mx()
        c.message("", [self.address], mail.simple(1))
        forwarded = self.inbox()[0]
        c.message("", [address], forwarded)
        got = self.inbox(other, password)[0]
        self.assertEqual(self.parsed(got).get_all("Delivered-To"),
                         [address, self.address])
        # To both: one copy, for whom it is new.
        c.message("", [address, self.address], got[got.index(b"From:"):])
        self.assertEqual(len(self.inbox(other, password)), 2)
