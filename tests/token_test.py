# SPDX-License-Identifier: Apache-2.0
"""Application passwords and OAuth tokens in IMAP, POP3 and submission, with
Python's and curl's own log-ins; what is revoked ends at once."""

import base64
import http.client
import imaplib
import os
import pathlib
import poplib
import re
import smtplib
import subprocess

import mail
from harness import ServerTest, only_roost, program, run_program

SEPARATOR = "\x01"


def bearer(user, token):
    """OAUTHBEARER's first message (RFC 7628 section 3.1)."""
    return "n,a=%s,%shost=localhost%sauth=Bearer %s%s%s" % (
        user, SEPARATOR, SEPARATOR, token, SEPARATOR, SEPARATOR)


def xoauth2(user, token):
    return "user=%s%sauth=Bearer %s%s%s" % (
        user, SEPARATOR, token, SEPARATOR, SEPARATOR)


class Tokens(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.roost("domain", "add", "roost.test")

    def imap(self):
        c = imaplib.IMAP4_SSL("localhost", self.server.tls_port,
                              ssl_context=self.server.tls())
        self.addCleanup(c.shutdown)
        return c

    def pop3(self):
        c = poplib.POP3_SSL("localhost", self.server.ports["pop3s"],
                            context=self.server.tls())
        self.addCleanup(c.close)
        return c

    def smtp(self):
        c = smtplib.SMTP_SSL("localhost", self.server.ports["submissions"],
                             context=self.server.tls())
        self.addCleanup(c.close)
        c.ehlo()
        return c

    def pop3_auth(self, mechanism, message):
        """Like imaplib's authenticate(), which poplib does not have. With an
        initial response (RFC 5034)."""
        c = self.pop3()
        encoded = base64.b64encode(message.encode()).decode()
        c._shortcmd("AUTH %s %s" % (mechanism, encoded))
        return c

    def log_ins(self, user, password):
        return {
            "imap": lambda: self.imap().login(user, password),
            "pop3": lambda: self.pop3_password(user, password),
            "smtp": lambda: self.smtp().login(user, password),
        }

    def pop3_password(self, user, password):
        c = self.pop3()
        c.user(user)
        c.pass_(password)

    def jmap(self, authorization):
        """The status of a request for JMAP's session."""
        c = http.client.HTTPSConnection(
            "localhost", self.server.ports["https"],
            context=self.server.tls())
        self.addCleanup(c.close)
        c.request("GET", "/jmap/session",
                  headers={"Authorization": authorization})
        return c.getresponse().status

    def jmap_password(self, user, password):
        pair = "%s:%s" % (user, password)
        return self.jmap("Basic " + base64.b64encode(pair.encode()).decode())

    def curl(self, url, *arguments, want=0):
        return run_program("curl", "--silent", "--show-error", "--max-time",
                           60, "--cacert", self.server.certificate, *arguments,
                           url, want=want)


ERRORS = (imaplib.IMAP4.error, poplib.error_proto,
          smtplib.SMTPAuthenticationError)


@only_roost
class AppPasswordTest(Tokens):
    def make(self, *options):
        text = self.server.roost(
            "user", "app-password", self.user, "A program", *options).strip()
        self.assertRegex(text, r"^[a-z2-9]{4}(-[a-z2-9]{4}){6}$")
        return text

    def credentials(self):
        return self.server.roost("user", "credentials", self.user)

    def test_it_is_a_password_in_its_protocols_only(self):
        for scopes in ("imap", "pop3", "smtp", "imap,pop3,smtp"):
            password = self.make("--for", scopes)
            for name, log_in in self.log_ins(self.user, password).items():
                with self.subTest(scopes=scopes, protocol=name):
                    if name in scopes:
                        log_in()
                    else:
                        with self.assertRaises(ERRORS):
                            log_in()
        for log_in in self.log_ins(self.user, self.password).values():
            log_in()

    def test_jmap_takes_one_that_is_for_jmap(self):
        good, other = self.make("--for", "jmap"), self.make("--for", "imap")
        self.assertEqual(self.jmap_password(self.user, good), 200)
        self.assertEqual(self.jmap_password(self.user, self.password), 200)
        self.assertEqual(self.jmap_password(self.user, other), 401)

    def test_its_spelling_is_free(self):
        password = self.make()
        for spelling in (password.upper(), password.replace("-", ""),
                         password.replace("-", " ")):
            self.imap().login(self.user, spelling)

    def test_to_revoke_it_ends_its_sessions_and_no_other(self):
        password = self.make("--for", "imap")
        own, other = self.connect(), self.connect(password=password)
        tags = []
        for c in (own, other):
            c.select("INBOX")
            tags.append(c.idle())
        listed = self.credentials()
        self.assertIn("A program", listed)
        number = re.search(r"(\d+)  app-password", listed).group(1)
        self.server.roost("user", "revoke", self.user, number)
        bye = other.wait_for(lambda r: r.name == "BYE")
        self.assertIn("not valid any more", bye.text)
        self.assertTrue(other.at_end())
        own.done(tags[0])
        own.command("NOOP")
        with self.assertRaises(ERRORS):
            self.imap().login(self.user, password)

    def test_a_new_password_leaves_it(self):
        password = self.make()
        self.server.roost("user", "passwd", self.user, "--password-stdin",
                          input=b"another one\n")
        self.imap().login(self.user, password)
        self.assertIn("imap", self.credentials().split("LAST USE")[1])
        self.server.roost("user", "revoke", self.user, "all")
        with self.assertRaises(ERRORS):
            self.imap().login(self.user, password)
        self.assertNotIn("A program", self.credentials())


@only_roost
class OAuthTest(Tokens):
    def token(self, *scopes):
        """What a program gets by OAuth. The server is stopped meanwhile."""
        tool = pathlib.Path(program()).parent / "src/auth/auth_token_tool"
        if not tool.is_file():
            self.skipTest("auth_token_tool is not built")
        self.server.stop()
        try:
            made = subprocess.run(
                [tool, self.server.data / "store", self.user, *scopes],
                stdout=subprocess.PIPE, check=True, text=True, timeout=300,
                env={**os.environ, **self.server.sanitize(False)})
        finally:
            self.server.start()
        return made.stdout.strip()

    def test_every_protocol_takes_a_token(self):
        token = self.token()
        for mechanism, message in (("OAUTHBEARER", bearer),
                                   ("XOAUTH2", xoauth2)):
            said = message(self.user, token)
            with self.subTest(mechanism):
                c = self.imap()
                self.assertIn("AUTH=" + mechanism, c.capabilities)
                c.authenticate(mechanism, lambda _: said.encode())
                self.assertEqual(c.select("INBOX")[0], "OK")
                self.assertIn(mechanism, self.pop3().capa()["SASL"])
                c = self.pop3_auth(mechanism, said)
                self.assertEqual(c.stat(), (0, 0))
                for initial in (True, False):
                    c = self.smtp()
                    self.assertIn(mechanism, c.esmtp_features["auth"])
                    code, _ = c.auth(mechanism, lambda challenge=None: said,
                                     initial_response_ok=initial)
                    self.assertEqual(code, 235)
        address = self.user + "@roost.test"
        c.sendmail(address, [address], mail.simple(1).replace(
            b"From: ", b"X-From: ").replace(
                b"\r\n", b"\r\nFrom: " + address.encode() + b"\r\n", 1))

    def test_jmap_takes_a_token_that_is_for_jmap(self):
        good = self.token("jmap")
        self.assertEqual(self.jmap("Bearer " + good), 200)
        self.assertEqual(self.jmap("Bearer " + good[:-1]), 401)
        narrow = self.token("imap")
        self.assertIn(self.jmap("Bearer " + narrow), (401, 403))

    def test_curl_takes_a_token(self):
        token = self.token()
        options = ("--user", self.user, "--oauth2-bearer", token)
        listed = self.curl("imaps://localhost:%d/" % self.server.tls_port,
                           *options).decode()
        self.assertRegex(listed, r'"?INBOX"?')
        self.curl("pop3s://localhost:%d/" % self.server.ports["pop3s"],
                  *options)
        file = self.work / "message"
        file.write_bytes(b"From: %s@roost.test\r\nSubject: x\r\n\r\nx\r\n"
                         % self.user.encode())
        address = self.user + "@roost.test"
        self.curl("smtps://localhost:%d" % self.server.ports["submissions"],
                  *options, "--mail-from", address, "--mail-rcpt", address,
                  "--upload-file", file)
        # Another user's name, and no good token.
        for user, bad in ((self.server.new_user()[0], token),
                          (self.user, token[:-1]), (self.user, "x")):
            self.curl("imaps://localhost:%d/" % self.server.tls_port,
                      "--user", user, "--oauth2-bearer", bad, want=67)

    def test_a_refusal_says_where_tokens_are_given(self):
        token = self.token("imap")
        said = []

        def answer(challenge):
            said.append(challenge)
            return (bearer(self.user, "x") if len(said) == 1 else
                    SEPARATOR).encode()
        with self.assertRaises(imaplib.IMAP4.error):
            self.imap().authenticate("OAUTHBEARER", answer)
        self.assertEqual(said[-1], (
            b'{"status":"invalid_token",'
            b'"scope":"urn:ietf:params:oauth:scope:mail",'
            b'"openid-configuration":"https://localhost:%d'
            b'/.well-known/openid-configuration"}'
            % self.server.ports["https"]))
        # Not for this protocol.
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            self.smtp().auth("XOAUTH2", lambda challenge=None: (
                xoauth2(self.user, token) if challenge is None else ""))
        # Without TLS there is no such mechanism.
        c = imaplib.IMAP4("localhost", self.server.port)
        self.addCleanup(c.shutdown)
        self.assertFalse(any("OAUTH" in word for word in c.capabilities))
        self.server.wait_for_log(
            lambda line: "reason=not-for-this-protocol" in line)

    def test_to_revoke_the_grant_ends_its_sessions(self):
        token = self.token()
        c = self.imap()
        c.authenticate("XOAUTH2",
                       lambda _: xoauth2(self.user, token).encode())
        listed = self.server.roost("user", "credentials", self.user)
        self.assertRegex(listed, r"grant +Test program")
        self.server.roost("user", "revoke", self.user, "all")
        with self.assertRaises(imaplib.IMAP4.abort):
            for _ in range(2):  # BYE, then the end
                c.noop()
        with self.assertRaises(ERRORS):
            self.imap().authenticate(
                "XOAUTH2", lambda challenge: (
                    xoauth2(self.user, token).encode() if not challenge
                    else b""))
