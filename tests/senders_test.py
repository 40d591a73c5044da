# SPDX-License-Identifier: Apache-2.0
"""swaks, msmtp, curl, Python's smtplib and nodemailer send to another user of
this server. Python's imaplib sees the mail arrive in IDLE, and every byte is
compared."""

import contextlib
import email.message
import email.utils
import smtplib
import ssl

import mail
import scram
from harness import TESTS, run_program
from post import DOMAIN, PostTest, fields_of, trace_of

BIG = mail.simple(1, body="0123456789abcde\r\n" * 1_300_000)  # 20 MB


class SenderTest(PostTest):
    """`self.user` sends to `self.friend`, whose client waits in IDLE."""

    def setUp(self):
        super().setUp()
        self.friend, self.friend_password, self.to = self.another()
        self.watcher = self.idle(self.friend, self.friend_password)
        self.seen = 0

    def arrived(self):
        """The message whose arrival was announced in IDLE."""
        self.seen += 1
        wanted = b"* %d EXISTS" % self.seen
        self.watcher.idle_until(lambda line: line == wanted)
        found = self.watcher.fetch(str(self.seen), "(BODY.PEEK[])")[1]
        return found[0][1]

    def from_me(self, **options):
        return mail.simple(1, sender=self.address, **options)

    def check(self, message=None, how="ESMTPSA", sender=None):
        """The next message that arrives is `message`, after its trace fields.
        """
        trace, rest = trace_of(self.arrived())
        if message is not None:
            self.assertTrue(rest == message, "%r\nis not\n%r" % (
                rest[:2000], message[:2000]))
        self.assertIn("with %s " % how, trace["Received"])
        self.assertIn("by localhost", trace["Received"])
        self.assertEqual(trace["Delivered-To"], self.to)
        self.assertEqual(trace["Return-Path"], "<%s>" % (
            self.address if sender is None else sender))
        return rest

    def check_added(self, stored, sent):
        """The message arrived without its Bcc, and with a Date and a
        Message-ID added."""
        head, _, body = sent.partition(b"\r\n\r\n")
        got, _, got_body = stored.partition(b"\r\n\r\n")
        kept = b"".join(line + b"\r\n" for line in head.split(b"\r\n")
                        if not line.lower().startswith(b"bcc"))
        self.assertIn(kept, got + b"\r\n")
        self.assertEqual(got_body, body)
        names = [name for name, _ in fields_of(stored)]
        for name in ("Date", "Message-ID", "From"):
            self.assertEqual(names.count(name), 1, names)
        self.assertNotIn("Bcc", names)
        self.assertIsNotNone(email.utils.parsedate_to_datetime(
            dict(fields_of(stored))["Date"]))


class SwaksTest(SenderTest):
    def swaks(self, port, *arguments, login=True, want=0, sender=None):
        user = ("--auth-user", self.user, "--auth-password", self.password)
        return run_program(
            "swaks", "--server", "127.0.0.1", "--port",
            self.server.ports[port], "--from",
            self.address if sender is None else sender,
            "--to", self.to, "--timeout", "60",
            "--hide-informational", *(user if login else ()), *arguments,
            want=want).decode("utf-8", "replace")

    def test_a_stranger_to_25_with_and_without_tls(self):
        for tls, how in (((), "ESMTP"), (("--tls",), "ESMTPS"),
                         (("--protocol", "SMTP"), "SMTP")):
            self.swaks("smtp", *tls, "--header", "Subject: to 25",
                       login=False, sender="ann@example.net")
            self.check(how=how, sender="ann@example.net")

    def test_submission_with_each_mechanism(self):
        for port, tls in (("submission", "--tls"),
                          ("submissions", "--tls-on-connect")):
            for mechanism in ("PLAIN", "LOGIN"):
                self.swaks(port, tls, "--auth", mechanism)
                self.check()

    def test_cram_is_not_offered(self):
        # 28: no such mechanism.
        for mechanism in ("CRAM-MD5", "DIGEST-MD5"):
            self.swaks("submission", "--tls", "--auth", mechanism, want=28)

    def test_wrong_passwords_and_none(self):
        out = self.swaks("submission", "--tls", "--auth", "PLAIN",
                         "--auth-password", "wrong", want=28)
        self.assertIn("535 5.7.8", out)
        # 23: MAIL was refused.
        out = self.swaks("submission", "--tls", login=False, want=23)
        self.assertIn("530 5.7.0", out)
        self.swaks("submission", "--auth", "PLAIN", want=28)

    def test_no_relaying_and_no_unknown_users(self):
        # 24: no recipient was taken.
        out = self.swaks("smtp", "--to", "victim@example.net", login=False,
                         sender="a@example.net", want=24)
        self.assertIn("550 5.7.1", out)
        out = self.swaks("smtp", "--to", "nobody@" + DOMAIN, login=False,
                         sender="a@example.net", want=24)
        self.assertIn("550 5.1.1", out)

    def test_an_attachment(self):
        blob = self.work / "blob.bin"
        blob.write_bytes(bytes(range(256)) * 100)
        self.swaks("submission", "--tls", "--attach", "@%s" % blob,
                   "--body", "Grüße", "--header", "Subject: attached")
        parsed = self.parsed(self.check())
        self.assertEqual(parsed["Subject"], "attached")
        self.assertIn(bytes(range(256)) * 100,
                      [part.get_payload(decode=True)
                       for part in parsed.walk()])

    def test_a_message_of_5_mb_and_pipelining(self):
        file = self.work / "message"  # swaks takes its time
        message = BIG[:5_000_000].replace(
            b"ann@example.org", self.address.encode(), 1)
        file.write_bytes(message.replace(b"\r\n", b"\n"))
        self.swaks("submissions", "--tls-on-connect", "--pipeline",
                   "--data", "@%s" % file)
        # swaks itself adds no byte but the last line end.
        rest = self.check()
        self.assertTrue(rest.rstrip() == message.rstrip(), "changed")

    def test_lmtp(self):
        out = self.swaks("lmtp", "--protocol", "LMTP", login=False,
                         sender="ann@example.net")
        self.check(how="LMTP", sender="ann@example.net")
        self.assertIn("250 2.", out)

    def test_xclient_is_nothing_here(self):
        self.swaks("smtp", "--xclient", "ADDR=10.0.0.1", login=False,
                   want=33)


class MsmtpTest(SenderTest):
    def msmtp(self, message, *arguments, tls="starttls", want=0, host=None):
        config = self.work / "msmtprc"
        config.write_text("")
        config.chmod(0o600)
        port = self.server.ports[
            "submission" if tls == "starttls" else "submissions"]
        return run_program(
            "msmtp", "--file", config, "--host", "localhost", "--port", port,
            "--tls=on", "--tls-starttls=%s" % (
                "on" if tls == "starttls" else "off"),
            "--tls-trust-file", self.server.certificate, "--auth=on",
            "--user", self.user, "--passwordeval",
            "echo '%s'" % self.password, "--from", self.address,
            *arguments, input=message, want=want).decode("utf-8", "replace")

    def test_every_kind_of_mail(self):
        for name, message in mail.kinds():
            if b"\r\n\r\n" not in message or name in ("no header", "latin1"):
                continue  # msmtp wants a header
            with self.subTest(name):
                message = message.replace(
                    b"ann@example.org", self.address.encode(), 1)
                # msmtp reads lines as Unix has them.
                self.msmtp(message.replace(b"\r\n", b"\n"), self.to)
                rest = self.check()
                if not message.endswith(b"\r\n"):
                    message += b"\r\n"
                self.assertIn(message.partition(b"\r\n\r\n")[2], rest)

    def test_recipients_from_the_header_and_bcc_gone(self):
        message = ("From: %s\nTo: nobody-else@%s\nBcc: %s\n"
                   "Subject: secret\n\nx\n" % (
                       self.address, DOMAIN, self.to)).encode()
        out = self.msmtp(message, "--read-recipients", want=None)
        self.assertIn("550 5.1.1", out)
        message = message.replace(b"nobody-else@%s" % DOMAIN.encode(),
                                  self.address.encode())
        self.msmtp(message, "--read-recipients")
        rest = self.check()
        self.assertNotIn(b"Bcc", rest)
        self.assertNotIn(self.to.encode(), rest)

    def test_bcc_that_msmtp_leaves_in_is_taken_out(self):
        message = ("From: %s\nBcc: %s\nSubject: secret\n\nx\n" % (
            self.address, self.to)).encode()
        self.msmtp(message, "--remove-bcc-headers=off", self.to)
        self.check_added(self.check(), message.replace(b"\n", b"\r\n"))

    def test_tls_from_the_first_byte_and_each_mechanism(self):
        message = self.from_me().replace(b"\r\n", b"\n")
        for tls in ("starttls", "implicit"):
            for mechanism in ("plain", "login", "scram-sha-256"):
                out = self.msmtp(message, "--auth=" + mechanism, self.to,
                                 tls=tls, want=None)
                if "not supported" in out and "SCRAM" in out.upper():
                    continue  # this msmtp was built without
                self.check(self.from_me())

    def test_delivery_notification(self):
        self.msmtp(self.from_me().replace(b"\r\n", b"\n"),
                   "--dsn-notify=success", "--dsn-return=headers", self.to)
        self.check()
        report = self.parsed(self.wait_for_mail(1)[0])
        self.assertEqual(report.get_content_type(), "multipart/report")

    def test_a_wrong_password(self):
        out = self.msmtp(b"Subject: x\n\nx\n", "--passwordeval", "echo wrong",
                         self.to, want=77)  # EX_NOPERM
        self.assertIn("535", out)


class CurlTest(SenderTest):
    def curl(self, message, *arguments, tls=True, want=0, login=True):
        file = self.work / "message"
        file.write_bytes(message)
        return run_program(
            "curl", "--silent", "--show-error", "--max-time", 120,
            "--cacert", self.server.certificate,
            *(("--user", "%s:%s" % (self.user, self.password))
              if login else ()),
            *(() if tls else ("--ssl-reqd",)),
            "--mail-from", self.address, "--mail-rcpt", self.to,
            "--upload-file", file, *arguments,
            "%s://localhost:%d/client.test" % (
                "smtps" if tls else "smtp", self.server.ports[
                    "submissions" if tls else "submission"]), want=want)

    def test_both_kinds_of_tls_and_every_mechanism(self):
        for tls in (True, False):
            for option in ("PLAIN", "LOGIN", "SCRAM-SHA-256"):
                out = self.curl(self.from_me(), "--login-options",
                                "AUTH=" + option, tls=tls,
                                want=0 if option != "SCRAM-SHA-256" else None)
                if option == "SCRAM-SHA-256" and out:
                    continue  # this curl was built without
                self.check(self.from_me())

    def test_dots_and_8_bits(self):
        body = ".\r\n..\r\n.x\r\nżółw\r\n.\r\n"
        self.curl(self.from_me(body=body))
        self.check(self.from_me(body=body))

    def test_20_mb(self):
        message = BIG.replace(b"ann@example.org", self.address.encode(), 1)
        self.curl(message)
        self.check(message)

    def test_what_is_missing_is_added(self):
        message = ("Subject: bare\r\nBcc: %s\r\n\r\nx\r\n" % self.to).encode()
        self.curl(message)
        self.check_added(self.check(), message)

    def test_refusals_are_seen(self):
        self.curl(self.from_me(), "--mail-from", "nobody@" + DOMAIN, want=55)
        self.curl(self.from_me(), "--user", self.user + ":wrong", want=67)
        self.curl(self.from_me(), login=False, want=55)
        self.curl(mail.simple(1), want=8)  # From is somebody else's


class Scram:
    """Gives smtplib the methods that scram.login() needs of an IMAP
    connection."""

    def __init__(self, smtp):
        self.smtp = smtp
        self.reply = None

    def start(self, verb, mechanism):
        self.smtp.putcmd("AUTH", mechanism)
        return "tag"

    def send(self, data):
        self.smtp.send(data)

    def response(self):
        code, text = self.smtp.getreply()

        class Response:
            tag = "+" if code == 334 else "tag"
            rest = text
            name = status = "OK" if code == 235 else "NO"
        Response.code, Response.text = str(code), text.decode()
        return Response

    def finish(self, tag):
        return self.response()


class SmtplibTest(SenderTest):
    def smtplib(self, secure=False, login=True):
        tls = self.server.tls()
        if secure:
            smtp = smtplib.SMTP_SSL(
                "localhost", self.server.ports["submissions"], timeout=60,
                context=tls)
        else:
            smtp = smtplib.SMTP("localhost", self.server.ports["submission"],
                                timeout=60)
            smtp.starttls(context=tls)
        def end():
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()
        self.addCleanup(end)
        if login:
            smtp.login(self.user, self.password)
        return smtp

    def test_starttls_and_ssl(self):
        for secure in (False, True):
            smtp = self.smtplib(secure)
            smtp.sendmail(self.address, self.to, self.from_me())
            self.check(self.from_me())
            self.assertTrue(smtp.has_extn("8bitmime"))

    def test_every_kind_of_mail(self):
        smtp = self.smtplib()
        for name, message in mail.kinds():
            with self.subTest(name):
                message = message.replace(
                    b"ann@example.org", self.address.encode(), 1)
                smtp.sendmail(self.address, self.to, message,
                              ["BODY=8BITMIME"])
                if not message.endswith(b"\r\n"):
                    message += b"\r\n"
                if b"From:" in message and b"Message-ID:" in message:
                    self.check(message)
                else:
                    self.assertIn(message.partition(b"\r\n\r\n")[2],
                                  self.check())

    def test_scram(self):
        smtp = self.smtplib(login=False)
        smtp.ehlo()
        self.assertEqual(scram.login(
            Scram(smtp), self.user, self.password).status, "OK")
        smtp.sendmail(self.address, self.to, self.from_me())
        self.check(self.from_me())
        smtp = self.smtplib(login=False)
        smtp.ehlo()
        reply = scram.login(Scram(smtp), self.user, "wrong")
        self.assertEqual((reply.status, reply.code), ("NO", "535"))

    def test_send_message_with_attachments_and_bcc(self):
        made = email.message.EmailMessage()
        made["From"] = "Ann Żółw <%s>" % self.address
        made["To"] = "somebody@" + DOMAIN
        made["Subject"] = "grüße " * 30
        made.set_content("Grüße\n.\n..\n")
        made.add_attachment(bytes(range(256)) * 1000, maintype="application",
                            subtype="octet-stream", filename="blob ü.bin")
        made["Bcc"] = self.to
        self.smtplib().sendmail(self.address, self.to, made.as_bytes(
            policy=made.policy.clone(linesep="\r\n")))
        got = self.parsed(self.check())
        self.assertIsNone(got["Bcc"])
        self.assertEqual(got["Subject"], made["Subject"])
        self.assertEqual(got.get_body().get_content(),
                         "Grüße\r\n.\r\n..\r\n")
        attached = list(got.iter_attachments())
        self.assertEqual(attached[0].get_filename(), "blob ü.bin")
        self.assertEqual(attached[0].get_content(), bytes(range(256)) * 1000)
        self.assertIsNotNone(got["Message-ID"])
        self.assertIsNotNone(got["Date"])

    def test_smtputf8(self):
        name = "żółw-%s" % self.user
        self.server.new_user(name)
        made = email.message.EmailMessage()
        made["From"] = self.address
        made["To"] = "%s@%s" % (name, DOMAIN)
        made["Subject"] = "grüße"
        made.set_content("x\n")
        smtp = self.smtplib()
        smtp.send_message(made)
        stored = self.inbox(name, "secret-" + name)
        trace, rest = trace_of(stored[0])
        self.assertIn("with UTF8SMTPSA", trace["Received"])
        self.assertEqual(trace["Delivered-To"], made["To"])
        self.assertIn(made["To"].encode(), rest)

    def test_refused_recipients_do_not_hold_up_the_others(self):
        smtp = self.smtplib()
        refused = smtp.sendmail(
            self.address, [self.to, "nobody@" + DOMAIN], self.from_me())
        self.assertEqual(list(refused), ["nobody@" + DOMAIN])
        self.assertEqual(refused["nobody@" + DOMAIN][0], 550)
        self.check(self.from_me())
        with self.assertRaises(smtplib.SMTPSenderRefused):
            smtp.sendmail(self.to, [self.to], self.from_me())

    def test_an_untrusted_certificate_is_not_used(self):
        smtp = smtplib.SMTP("localhost", self.server.ports["submission"])
        with self.assertRaises(ssl.SSLCertVerificationError):
            smtp.starttls(context=ssl.create_default_context())
        smtp.close()


class NodemailerTest(SenderTest):
    def test_nodemailer(self):
        self.server.new_user("żółw")
        output = run_program(
            "node", TESTS / "node" / "nodemailer.mjs",
            self.server.ports["submission"], self.server.ports["submissions"],
            self.user, self.password, self.address, self.to,
            self.server.certificate, want=None).decode("utf-8", "replace")
        bad = [line for line in output.splitlines()
               if not line.startswith("ok ")]
        self.assertEqual(bad, [], "\n".join(bad))
        self.assertGreaterEqual(output.count("ok "), 11)
        self.look_at_what_arrived()

    def look_at_what_arrived(self):
        subjects = ["node starttls", "node PLAIN", "node LOGIN",
                    "node attachments: grüße", "node 8bit", "node dsn",
                    "node half"] + ["node pool %d" % n for n in range(30)]
        found = {}
        for raw in self.wait_for_mail(len(subjects), self.friend,
                                      self.friend_password):
            message = self.parsed(raw)
            found[message["Subject"]] = message
        self.assertEqual(set(found), set(subjects))
        for message in found.values():
            self.assertIn("ESMTPSA", message.get_all("Received")[0])
            self.assertEqual(message["Return-Path"], "<%s>" % self.address)
        self.assertEqual(found["node starttls"].get_content(),
                         "Hello\r\n.\r\n..\r\n")
        attached = found["node attachments: grüße"]
        self.assertIsNone(attached["Bcc"])
        files = {part.get_filename(): part.get_payload(decode=True)
                 for part in attached.walk() if part.get_filename()}
        blob = (b"0123456789\r\n.\r\n\0\xc3\xbf" * 20000)[:300000]
        self.assertEqual(files["blob ü.bin"], blob)
        self.assertEqual(files["i.png"], blob[:99])
        self.assertIn("żółw", found["node 8bit"].get_payload(
            decode=True).decode())
        # The hidden copy, and the report.
        mine = [self.parsed(m) for m in self.wait_for_mail(2)]
        report = next(m for m in mine
                      if m.get_content_type() == "multipart/report")
        status = list(report.iter_parts())[1].get_payload()
        self.assertEqual(status[0]["Original-Envelope-Id"], "dsn id+1")
        self.assertEqual(len(self.inbox("żółw", "secret-żółw")), 1)
