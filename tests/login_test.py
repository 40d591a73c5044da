# SPDX-License-Identifier: Apache-2.0
"""A user can log in under each name that leads to this user only, with every
protocol and mechanism. Nobody can log in under a name that leads to other
users as well, or to anybody."""

import base64
import imaplib
import poplib
import re
import smtplib

import mail
import scram
from harness import ServerTest, only_roost, run_program

# A name and the user it logs in as; None: nobody.
NAMES = (
    ("anna", "anna"),
    ("ANNA@Roost.Test", "anna"),
    ("anna@alias.test", "anna"),
    ("anna+shop@roost.test", "anna"),
    ("info@roost.test", "anna"),
    ("info", "anna"),
    ("eva@roost.test", "eva@roost.test"),
    ("eva", "eva@roost.test"),
    ("bert@second.test", "bert@second.test"),
    ("bert", None),
    ("bert@roost.test", None),
    ("anna@second.test", None),  # the catch-all is hers, and no name is
    ("anyone@second.test", None),
    ("team@roost.test", None),
    ("away@roost.test", None),
    ("postmaster@roost.test", None),
    ("anna@elsewhere.example", None),
    ("zoe@roost.test", None),
)
PASSWORD = "one for all: 1"


def b64(*parts):
    return base64.b64encode("\0".join(parts).encode()).decode()


@only_roost
class LoginTest(ServerTest):
    settings = 'postmaster = "anna"\n'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        roost = cls.server.roost
        cls.server.add_user("anna", PASSWORD)
        roost("domain", "add", "roost.test")
        roost("domain", "add", "alias.test", "--alias-of", "roost.test")
        roost("domain", "add", "second.test", "--catch-all", "anna")
        for name in ("eva@roost.test", "bert@second.test"):
            cls.server.add_user(name, PASSWORD)
        roost("alias", "add", "info@roost.test", "anna")
        roost("alias", "add", "team@roost.test", "anna", "bert@second.test")
        roost("alias", "add", "away@roost.test", "anna@elsewhere.example")

    def setUp(self):
        # Whoever failed before waits long; a new server has forgotten it.
        self.server.stop()
        self.server.start()
        super().setUp()

    def check(self, log_in, names=NAMES):
        """Tries each name with `log_in(name, password)`, which returns whether
        the log-in succeeded. The log shows which user it was."""
        for name, password, user in (
                [("info", "wrong", None)] +
                [(name, PASSWORD, user) for name, user in names]):
            with self.subTest(name):
                mark = self.server.log_mark()
                self.assertEqual(log_in(name, password), user is not None)
                line = self.server.wait_for_log(
                    lambda line: re.search(r" login(_failed)? ", line), mark)
                if user:
                    self.assertIn(" user=%s " % user, line)

    # -- IMAP

    def imap(self):
        c = imaplib.IMAP4_SSL("localhost", self.server.tls_port,
                              ssl_context=self.server.tls())
        self.addCleanup(c.shutdown)
        return c

    def imap_by(self, call):
        try:
            return call(self.imap())[0] == "OK"
        except imaplib.IMAP4.error:
            return False

    def test_imap_login(self):
        self.check(lambda name, password: self.imap_by(
            lambda c: c.login('"%s"' % name, password)))

    def test_imap_plain(self):
        self.check(lambda name, password: self.imap_by(
            lambda c: c.authenticate("PLAIN", lambda _: "\0".join(
                ("", name, password)).encode())))

    def test_imap_scram(self):
        def log_in(name, password):
            c = self.server.connect()
            self.addCleanup(c.close)
            return scram.login(c, name, password).status == "OK"
        self.check(log_in)

    def test_an_identity_to_act_as_is_the_same_in_any_spelling(self):
        for authzid, good in (("anna", True), ("anna@roost.test", True),
                              ("INFO", True), ("eva", False),
                              ("zoe", False), ("team@roost.test", False)):
            for name in ("anna", "anna@alias.test"):
                with self.subTest((authzid, name)):
                    self.assertEqual(good, self.imap_by(
                        lambda c: c.authenticate("PLAIN", lambda _: "\0".join(
                            (authzid, name, PASSWORD)).encode())))

    def test_all_names_open_the_same_mailboxes(self):
        c = self.imap()
        c.login("anna", PASSWORD)
        c.append("INBOX", None, None, mail.simple(7))
        for name in ("anna@roost.test", "info@alias.test"):
            c = self.imap()
            c.login(name, PASSWORD)
            self.assertEqual(c.select(), ("OK", [b"1"]))

    # -- POP3

    def pop3(self):
        c = poplib.POP3_SSL("localhost", self.server.ports["pop3s"],
                            context=self.server.tls())
        self.addCleanup(c.close)
        return c

    def pop3_by(self, call):
        try:
            return call(self.pop3()).startswith(b"+OK")
        except poplib.error_proto:
            return False

    def test_pop3_user_and_pass(self):
        def call(c, name, password):
            c.user(name)
            return c.pass_(password)
        self.check(lambda name, password: self.pop3_by(
            lambda c: call(c, name, password)))

    def test_pop3_auth(self):
        def login(c, name, password):
            for step in ("AUTH LOGIN", b64(name), b64(password)):
                c._putcmd(step)
                said = c._getline()[0]
            return said
        self.check(lambda name, password: self.pop3_by(
            lambda c: c._shortcmd("AUTH PLAIN " + b64("", name, password))))
        self.check(lambda name, password: self.pop3_by(
            lambda c: login(c, name, password)), NAMES[:6])

    def program(self, name, port, user, password, *arguments, **options):
        config = self.work / "empty"
        config.write_text("")
        config.chmod(0o600)
        try:
            run_program(
                name, "--file", config, "--host", "localhost", "--port",
                self.server.ports[port], "--tls=on", "--tls-starttls=off",
                "--tls-trust-file", self.server.certificate,
                "--auth=scram-sha-256", "--user", user, "--passwordeval",
                "echo '%s'" % password, *arguments,
                env={"HOME": str(self.work)}, **options)
            return True
        except AssertionError:
            return False

    def test_pop3_scram(self):
        for part in ("cur", "new", "tmp"):
            (self.work / "mail" / part).mkdir(parents=True)
        self.check(lambda name, password: self.program(
            "mpop", "pop3s", name, password,
            "--deliver=maildir,%s" % (self.work / "mail")))

    # -- SMTP

    def smtp_by(self, call):
        c = smtplib.SMTP_SSL("localhost", self.server.ports["submissions"],
                             context=self.server.tls())
        self.addCleanup(c.close)
        c.ehlo()
        try:
            return call(c)[0] == 235
        except smtplib.SMTPAuthenticationError:
            return False

    def smtp_auth(self, c, mechanism, name, password):
        c.user, c.password = name, password
        return c.auth(mechanism, getattr(
            c, "auth_" + mechanism.lower()))

    def test_smtp_plain_and_login(self):
        for mechanism in ("PLAIN", "LOGIN"):
            self.check(lambda name, password: self.smtp_by(
                lambda c: self.smtp_auth(c, mechanism, name, password)))

    def test_smtp_scram(self):
        self.check(lambda name, password: self.program(
            "msmtp", "submissions", name, password, "--from",
            "anna@roost.test", "anna@roost.test",
            input=b"From: anna@roost.test\nSubject: x\n\nx\n"),
            [row for row in NAMES if row[1] in ("anna", None)])

    def test_whoever_logs_in_by_address_sends_as_who_it_is(self):
        c = smtplib.SMTP_SSL("localhost", self.server.ports["submissions"],
                             context=self.server.tls())
        self.addCleanup(c.close)
        c.login("info@roost.test", PASSWORD)
        c.sendmail("anna@roost.test", ["eva@roost.test"],
                   b"From: anna@roost.test\r\nSubject: x\r\n\r\nx\r\n")
        with self.assertRaises(smtplib.SMTPSenderRefused):
            c.sendmail("eva@roost.test", ["eva@roost.test"], b"\r\nx\r\n")
