# SPDX-License-Identifier: Apache-2.0
"""AUTH in SMTP: where it is offered, every mechanism, mistakes, guessers; and
listeners without TLS."""

import base64
import poplib

import mail
import scram
from harness import free_port
from imap_client import Connection
from post import PATIENT, PostTest, trace_of
from smtp_client import Closed, Smtp, plain


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
