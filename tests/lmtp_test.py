# SPDX-License-Identifier: Apache-2.0
"""LMTP (RFC 2033): mail from a trusted server, over TCP and over a Unix
socket. Each recipient has its own answer."""

import stat

import mail
from post import DOMAIN, PATIENT, PostTest, trace_of
from smtp_client import Smtp, stuff


class LmtpTest(PostTest):
    settings = "quota_mib = 1\n" + PATIENT

    @classmethod
    def prepare(cls, server):
        cls.path = server.folder / "lmtp.sock"
        server.settings += (
            'listen "lmtp-socket" { protocol = lmtp\n address = "%s"\n'
            ' tls = none }\n' % cls.path)
        server.write_config()

    def over_socket(self):
        c = Smtp(self.path)
        self.addCleanup(c.close)
        c.hello("LHLO")
        return c

    def fill(self, user, password):
        self.connect(user=user, password=password).append(
            "Archive", mail.simple(1, body="0123456789abcde\r\n" * 55_000))

    def replies(self, c, *wanted):
        for want in wanted:
            c.reply(want)

    def test_it_is_not_smtp(self):
        """RFC 2033 section 4.1."""
        c = self.open("lmtp", None)
        c.command("HELO x", "500")
        c.command("EHLO x", "500")
        c.command("MAIL FROM:<>", "503")
        c.command("LHLO", "501")
        c.hello("LHLO")
        c.command("AUTH PLAIN", "5")
        mx = self.open("smtp", None)
        mx.command("LHLO x", "500")

    def test_each_recipient_has_an_answer(self):
        full, full_password, full_address = self.another()
        other, password, address = self.another()
        self.fill(full, full_password)
        message = mail.simple(1, body="0123456789abcde\r\n" * 10_000)
        for make in (self.lmtp, self.over_socket):
            for how in ("DATA", "BDAT"):
                c = make()
                c.mail("ann@example.net")
                c.rcpt(self.address)
                c.rcpt("nobody@" + DOMAIN, want="550 5.1.1")
                c.rcpt(full_address)
                c.rcpt("x@example.net", want="550 5.7.1")
                c.rcpt(address)
                if how == "DATA":
                    c.command("DATA", "354")
                    c.send(stuff(message))
                else:
                    c.bdat(message[:1000], last=False)
                    c.send(b"BDAT %d LAST\r\n" % len(message[1000:])
                           + message[1000:])
                # In the order of the recipients that were taken.
                self.replies(c, "250 2.", "452 4.2.2", "250 2.")
                self.assertTrue(c.silent())
        for stored in (self.inbox(), self.inbox(other, password)):
            self.assertEqual(len(stored), 4)
            for copy in stored:
                trace, rest = trace_of(copy)
                self.assertEqual(rest, message)
                self.assertIn("with LMTP ", trace["Received"])
                self.assertEqual(trace["Return-Path"], "<ann@example.net>")
        self.assertEqual(self.inbox(full, full_password), [])
        # It was told: nothing waits.
        self.assertNotIn("@", self.queue())

    def test_who_is_full_is_told_at_rcpt_when_the_size_is_known(self):
        self.fill(self.user, self.password)
        c = self.lmtp()
        c.mail("", "SIZE=500000")
        c.rcpt(self.address, want="452 4.2.2")
        c.command("DATA", "503")

    def test_one_named_twice_has_two_answers_and_one_copy(self):
        c = self.lmtp()
        c.mail("")
        for address in (self.address, self.address.upper()):
            c.rcpt(address)
        c.command("DATA", "354")
        c.send(stuff(mail.simple(1)))
        self.replies(c, "250", "250")
        self.assertTrue(c.silent())
        self.assertEqual(len(self.inbox()), 1)

    def test_an_alias_of_several_has_one_answer(self):
        other, password, address = self.another()
        alias = "all-%s@%s" % (self.user, DOMAIN)
        self.server.roost("alias", "add", alias, self.user, other)
        c = self.lmtp()
        c.mail("")
        c.rcpt(alias)
        c.rcpt(address)
        c.command("DATA", "354")
        c.send(stuff(mail.simple(1)))
        self.replies(c, "250", "250")
        self.assertTrue(c.silent())
        self.assertEqual(len(self.inbox()), 1)
        self.assertEqual(len(self.inbox(other, password)), 1)

    def test_no_recipient_is_503(self):
        """RFC 2033 section 4.2."""
        c = self.lmtp()
        c.mail("")
        c.rcpt("nobody@" + DOMAIN, want="550")
        c.command("DATA", "503")
        c.send(b"BDAT 3 LAST\r\nx\r\n")
        c.reply("503")
        self.assertTrue(c.silent())

    def test_a_pipelined_dialogue(self):
        """RFC 2033 section 5: pipelining has to work."""
        c = self.over_socket()
        message = mail.simple(1)
        c.send(b"MAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\n"
               % self.address.encode())
        self.replies(c, "250", "250", "354")
        c.send(stuff(message) + b"RSET\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\n"
               % self.address.encode() + b"BDAT %d LAST\r\n" % len(message)
               + message + b"QUIT\r\n")
        self.replies(c, "250", "250", "250", "250", "250", "221")
        self.assertTrue(c.at_end())
        self.assertEqual(len(self.inbox()), 2)

    def test_a_refused_message_is_refused_for_each(self):
        other, password, address = self.another()
        for bad, want in ((b"Subject: x\r\n\r\na\nb\r\n.\r\n", "550 5.5.2"),
                          (b"Received: x\r\n" * 101 + b"\r\n.\r\n",
                           "554 5.4.6")):
            c = self.lmtp()
            c.mail("")
            c.rcpt(self.address)
            c.rcpt(address)
            c.command("DATA", "354")
            c.send(bad)
            self.replies(c, want, want)
            c.command("NOOP", "250")
        self.assertEqual(self.inbox(), [])

    def test_binary_and_utf8(self):
        name = "żółw-%s" % self.user
        self.server.new_user(name)
        c = self.over_socket()
        c.mail("żółw@example.net", "BODY=BINARYMIME SMTPUTF8")
        c.rcpt("%s@%s" % (name, DOMAIN))
        c.bdat(b"Content-Type: application/octet-stream\r\n"
               b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n"
               b"\r\n" + bytes(range(256)))
        stored = self.inbox(name, "secret-" + name)[0]
        trace, _ = trace_of(stored)
        self.assertIn("with UTF8LMTP", trace["Received"])
        self.assertEqual(self.parsed(stored).get_payload(decode=True),
                         bytes(range(256)))

    def test_details_and_postmaster(self):
        self.server.roost("user", "detail", self.user, "folder")
        c = self.lmtp()
        c.message("", ["%s+Archive@%s" % (self.user, DOMAIN)],
                  mail.simple(1))
        self.assertEqual(len(self.inbox(box="Archive")), 1)

    def test_nobody_else_reaches_the_socket(self):
        mode = self.path.stat().st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(mode & 0o007, 0)

    def test_it_is_there_again_after_a_crash(self):
        self.over_socket()
        self.server.crash()
        self.server.start()
        self.over_socket().message("", [self.address], mail.simple(1))
        self.assertEqual(len(self.inbox()), 1)
