# SPDX-License-Identifier: Apache-2.0
"""Attacks on mail servers of the last years, tried on SMTP, submission and
LMTP, and on what Roost sends. docs/security_attacks.md lists them all."""

import re
import socket
import ssl

import mail
from harness import free_port, wait_until
from post import DOMAIN, PATIENT, PostTest
from smtp_client import Closed, SmtpError
from smtp_peer import SmtpPeer

STEERING = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class TornTls:
    """TLS over a socket of which the clear text can be used again."""

    def __init__(self, raw, context):
        self.raw = raw
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing,
                                    server_hostname="localhost")
        self.repeat(self.tls.do_handshake)

    def repeat(self, call, *arguments):
        while True:
            try:
                result = call(*arguments)
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                data = self.raw.recv(65536)
                if not data:
                    raise Closed("closed by the server") from None
                self.incoming.write(data)

    def flush(self):
        self.raw.sendall(self.outgoing.read())

    def command(self, line, want):
        self.repeat(self.tls.write, line + b"\r\n")
        said = b""
        while not re.search(rb"(?m)^\d\d\d .*\n\Z", said):
            said += self.repeat(self.tls.read, 65536)
        if not said.startswith(want):
            raise SmtpError("%r gave %r" % (line, said))

    def close_notify(self):
        """Sends it, and does not wait for the server's."""
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self.flush()


class InTest(PostTest):
    settings = PATIENT

    def still_serves(self):
        self.mx().message("a@b.example", [self.address], mail.simple(1))

    def test_tls_that_ends_in_the_middle(self):
        """CVE-2026-45185 (Exim): TLS says goodbye in the middle of a chunk,
        and the rest comes in the clear."""
        for begin, part in ((b"BDAT 1000 LAST", b"x" * 100),
                            (b"BDAT 1000 LAST", b""), (b"DATA", b"Subject: "),
                            (b"NOOP", b"RCPT TO:<")):
            for rest in (b"x", b"x" * 2000, b"\r\n.\r\nMAIL FROM:<a@b.c>\r\n",
                         b"\x17\x03\x03\x00\x10" + b"x" * 16):
                c = self.open("smtp")
                c.command("STARTTLS", "220")
                t = TornTls(c.socket, self.server.tls())
                t.command(b"EHLO x.example", b"250")
                t.command(b"MAIL FROM:<a@b.example>", b"250")
                t.command(b"RCPT TO:<%s>" % self.address.encode(), b"250")
                if begin.startswith(b"BDAT"):
                    t.repeat(t.tls.write, begin + b"\r\n")
                else:
                    t.command(begin, b"")
                if part:
                    t.repeat(t.tls.write, part)
                t.close_notify()
                said = b""
                try:
                    c.socket.sendall(rest)
                    c.socket.shutdown(socket.SHUT_WR)
                    while True:
                        more = c.socket.recv(65536)
                        if not more:
                            break
                        said += more
                except OSError:
                    pass
                # It answers in TLS or not at all.
                self.assertNotRegex(said, rb"^\d\d\d ")
        self.assertEqual(self.inbox(), [])
        self.still_serves()

    def test_recipients_of_no_form(self):
        """CVE-2020-10967 (Dovecot: an empty quoted local part), addresses
        that two programs read differently (encoded words, routes, NUL), and
        names that only look like a user's."""
        look_alike = self.user.replace("u", "\u0446", 1)
        for door, hello in (("smtp", "EHLO"), ("lmtp", "LHLO")):
            c = self.open(door, hello)
            c.mail("a@b.example", "SMTPUTF8")
            for path in ("\"\"@%s", "\" \"@%s", "@%s", "", "\"\"", "\"", "@",
                         "\"\\\"@%s", "\"\0\"@%s", "=?utf-8?q?{u}=40%s=3e?=@b",
                         "{u}\0@%s", "{u}@%s\0", "{u}@%s\0.b.example",
                         "{u}@%s>\0<x@b", "{u}%40%s", "{u}@b.example@%s",
                         "@b,@c:{u}@%s@d", "{u}@[127.0.0.1", "{u}@%s:25",
                         "+AG@%s", "\x1b[2J@%s", "\u009b@%s", "\u202e@%s",
                         look_alike + "@%s", "{u}@\u0435xample.test"):
                path = path.replace("%s", DOMAIN).replace("{u}", self.user)
                with self.subTest(door=door, path=path):
                    c.send("RCPT TO:<%s>\r\n" % path)
                    reply = c.reply()
                    self.assertGreaterEqual(reply.code, 500, reply)
        self.still_serves()

    def test_commands_of_other_servers(self):
        """CVE-2025-26794 (Exim: ETRN), CVE-2023-42117 (Exim: PROXY), XCLIENT,
        CVE-2023-42115 (Exim: EXTERNAL), CVE-2020-10957 and -10958 (Dovecot:
        parameters of NOOP)."""
        for door, hello in (("smtp", "EHLO"), ("submission", "EHLO"),
                            ("lmtp", "LHLO")):
            c = self.open(door, hello)
            for line in ("ETRN x' OR 1=1--", "ETRN @x", "ETRN #" + "x" * 900,
                         "PROXY TCP4 192.0.2.1 192.0.2.2 1 25",
                         "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c",
                         "XCLIENT ADDR=192.0.2.1 LOGIN=root", "TURN",
                         "XFORWARD ADDR=192.0.2.1", "XEXCH50 2 2", "DEBUG",
                         "WIZ", "SEND FROM:<a@b>", "EXPN staff"):
                with self.subTest(door=door, line=line):
                    if "\r" in line:
                        c.send(line[:14] + "\r\n")
                        continue
                    self.assertGreaterEqual(c.command(line, "").code, 500)
            c.close()
        c = self.open("submission")
        c.start_tls(self.server.tls())
        for line in ("EXTERNAL =", "EXTERNAL " + "A" * 800, "NTLM",
                     "NTLM TlRMTVNTUAABAAAA", "CRAM-MD5", "DIGEST-MD5",
                     "PLAIN {10+}", "PLAIN ===="):
            self.assertGreaterEqual(
                c.command("AUTH " + line, "").code, 500, line)

    def test_headers_and_parameters_without_end(self):
        """CVE-2024-23184, CVE-2026-27859 (Dovecot), CVE-2026-40685 and -40686
        (Exim): addresses, parameters, JSON and broken UTF-8 in headers."""
        texts = [b"To: a@b.example\r\n" * 12_000,
                 b"To: " + b"a@b.example,\r\n " * 15_000 + b"c@d\r\n",
                 b"Content-Type: application/x-y"
                 + b"".join(b";\r\n name*%d*=%%41" % n for n in range(9000))
                 + b"\r\n",
                 b"X-Json: {\"a\":" + b"[" * 900 + b"\"\\u\r\n",
                 b"Subject: \xf0\x9f\x90\r\nFrom: \xc3 <a@b>, \xe2\x80\r\n",
                 b"Subject: =?utf-8?b?" + b"/" * 900 + b"?=\r\n"]
        for hello, door in (("EHLO", "smtp"), ("LHLO", "lmtp")):
            for text in texts:
                with self.subTest(door=door, text=text[:30]):
                    c = self.open(door, hello)
                    c.mail("a@b.example")
                    c.rcpt(self.address)
                    reply = c.data(text + b"\r\nx\r\n", "")
                    self.assertIn(reply.code, (250, 552))
        self.assertGreater(len(self.inbox()), 8)
        c = self.connect()
        c.select("INBOX")
        c.fetch("1:*", "(ENVELOPE BODYSTRUCTURE)")


class OutTest(PostTest):
    """What comes back from servers elsewhere, and what goes into reports."""

    settings = PATIENT + "relay = yes\nrelay_tls = none\n"

    @classmethod
    def prepare(cls, server):
        cls.port = free_port()
        server.settings += 'relay_host = "127.0.0.1:%d"\n' % cls.port
        server.write_config()

    def setUp(self):
        super().setUp()
        self.peer = SmtpPeer(socket.create_server(("127.0.0.1", self.port),
                                                  backlog=64))
        self.addCleanup(self.peer.close)

    def report(self, answer, parameters="", rcpt_parameters=""):
        """The report to a user whose mail another server refuses."""
        self.peer.on_rcpt = lambda p, address: answer
        before = len(self.inbox())
        c = self.submission()
        c.mail(self.address, parameters)
        c.rcpt("bert@elsewhere.test", rcpt_parameters)
        c.data(mail.simple(1, sender=self.address))
        wait_until(lambda: len(self.inbox()) > before, "the report")
        return self.inbox()[-1]

    def check(self, report):
        self.assertIsNone(STEERING.search(report), report)
        self.assertIsNone(re.search(rb"(?m)^(X-Evil|Bcc):", report), report)
        parsed = self.parsed(report)
        self.assertEqual(parsed.get_content_type(), "multipart/report")
        self.assertEqual(
            [p.get_content_type() for p in parsed.iter_parts()][1],
            "message/delivery-status")

    def test_answers_that_break_the_form(self):
        """CVE-2026-43964 (Postfix: a bare status code), header injection by
        what another server says, commands to a terminal."""
        for answer in ("550 5.7.2", "550", "550 ", "550 5.", "550 5.7.2 ",
                       "550 5.1.1 a\rX-Evil: b", "550 5.1.1 \x1b[2J\x07x",
                       "550 5.1.1 a\0b", "550 5.1.1 =?utf-8?q?=0D=0A?=",
                       "550 5.1.1 --=_boundary", "550 " + "x" * 400,
                       "550 5.999999999.99999999999 x"):
            with self.subTest(answer):
                self.check(self.report(answer))

    def test_envelopes_that_break_the_form(self):
        """Header injection by ENVID and ORCPT (RFC 3461 section 4: xtext)."""
        for envid, orcpt in (("a+0D+0AX-Evil:+20b", "rfc822;x+40y.test"),
                             ("a", "rfc822;x+0D+0AX-Evil:+20b"),
                             ("+1B[2J", "rfc822;+1B[2J"),
                             ("a", "utf-8;x\\x{0D}\\x{0A}X-Evil:"),
                             ("a+0D+0A+0D+0A--b", "x-evil;+00")):
            with self.subTest(envid=envid, orcpt=orcpt):
                try:
                    report = self.report("550 5.1.1 no", "ENVID=" + envid,
                                         "ORCPT=" + orcpt)
                except SmtpError as error:
                    self.assertRegex(str(error), "501 5.5.4")
                    continue
                self.check(report)
