# SPDX-License-Identifier: Apache-2.0
"""A server with a domain, for tests of incoming mail: PostTest."""

import email
import email.policy
import imaplib
import json
import re
import socket

from harness import Literal, RoostServer, ServerTest, TIMEOUT, wait_until
from smtp_client import Smtp

DOMAIN = "example.test"
# For tests that make a hundred mistakes to see each of them refused.
PATIENT = ("smtp_errors_max = 1000\nsmtp_errors_slow = 1000\n"
           "smtp_commands_max = 100000\n")
# What a delivery puts on top, in this order (RFC 5321 section 4.4).
TRACE = ("Return-Path", "Delivered-To", "Received")
FIELD = re.compile(rb"([!-9;-~]+):((?:[^\r\n]|\r\n[ \t])*)\r\n")


def trace_of(message):
    """({name: value} of the fields put on top, the rest). Unfolded."""
    found = {}
    at = 0
    for name in TRACE:
        match = FIELD.match(message, at)
        if not match or match[1].decode() != name:
            raise AssertionError("no %s on top of %r" % (
                name, message[:1000]))
        found[name] = re.sub(rb"\r\n([ \t])", rb"\1",
                             match[2]).decode().strip()
        at = match.end()
    return found, message[at:]


def fields_of(message):
    """[(name, value)] of a header, as they are."""
    head = message.partition(b"\r\n\r\n")[0] + b"\r\n"
    return [(m[1].decode(), m[2].decode("utf-8", "surrogateescape").strip())
            for m in FIELD.finditer(head)]


class IdleImap(imaplib.IMAP4_SSL):
    """IDLE for imaplib, which has it only since Python 3.14."""

    def idle_until(self, wanted):
        """Stays in IDLE until a line comes for which wanted(line) is true, and
        returns that line. The connection's timeout is the limit."""
        tag = self._new_tag()
        self.send(b"%s IDLE\r\n" % tag)
        while True:
            line = self.readline().rstrip(b"\r\n")
            if not line:
                raise AssertionError("the server hung up in IDLE")
            if wanted(line):
                break
        self.send(b"DONE\r\n")
        while not self.readline().startswith(tag):
            pass
        return line


class Control:
    """The administration's socket (docs/administration.md). For making many
    users, because a process for each user takes long."""

    def __init__(self, server):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(str(server.data / "control.sock"))
        self.file = self.socket.makefile("rb")
        self.file.readline()

    def ask(self, **request):
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            answer = json.loads(self.file.readline())
            if "result" in answer:
                if answer["result"] != "RC_OK":
                    raise AssertionError("%r: %r" % (request, answer))
                return answer

    def close(self):
        self.file.close()
        self.socket.close()


class PostTest(ServerTest):
    """ServerTest with the domain example.test; `self.address` is this test's
    user's."""

    domains = (DOMAIN,)

    @classmethod
    def setUpClass(cls):
        cls.server = RoostServer(cls.settings, cls.find_leaks)
        cls.prepare(cls.server)
        cls.server.start()
        for domain in cls.domains:
            cls.server.roost("domain", "add", domain)

    @classmethod
    def prepare(cls, server):
        """Called before the server runs, for tests that need the server's
        folder."""

    @classmethod
    def tearDownClass(cls):
        try:
            # Whatever was done to it, what is stored is in order.
            if cls.server.running():
                cls.server.check()
        finally:
            super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.address = self.address_of(self.user)

    def connect(self, tls=True, user=None, password=None):
        """As ServerTest's, but user names may have any script."""
        c = self.server.connect(tls=tls)
        self.addCleanup(c.close)
        c.command("LOGIN", Literal((user or self.user).encode()),
                  Literal((password or self.password).encode()))
        return c

    def address_of(self, user):
        return "%s@%s" % (user, DOMAIN)

    def another(self):
        """(user, password, address) of one more user."""
        user, password = self.server.new_user()
        return user, password, self.address_of(user)

    # -- connections; closed after the test

    def open(self, name, verb="EHLO", tls=None, **options):
        c = Smtp(self.server.ports[name], tls, **options)
        self.addCleanup(c.close)
        if verb:
            c.hello(verb)
        return c

    def mx(self, **options):
        return self.open("smtp", **options)

    def lmtp(self, **options):
        return self.open("lmtp", "LHLO", **options)

    def submission(self, user=None, password=None, **options):
        """Over TLS, logged in."""
        c = self.open("submission", **options)
        c.start_tls(self.server.tls())
        c.login(user or self.user, password or self.password)
        c.hello()
        return c

    # -- what has arrived

    def inbox(self, user=None, password=None, box="INBOX"):
        """The messages' bytes, oldest first."""
        c = self.connect(user=user, password=password)
        try:
            return [message for _, message in self.contents(box, c)]
        finally:
            c.close()

    def wait_for_mail(self, count=1, user=None, password=None, box="INBOX"):
        """Waits for `count` messages, not more, and gives them."""
        def arrived():
            messages = self.inbox(user, password, box)
            return messages if len(messages) >= count else None
        messages = wait_until(arrived, "%d messages" % count)
        self.assertEqual(len(messages), count)
        return messages

    def parsed(self, message):
        return email.message_from_bytes(message, policy=email.policy.default)

    def idle(self, user, password):
        """A session of Python's imaplib that has INBOX selected."""
        m = IdleImap("127.0.0.1", self.server.tls_port, timeout=TIMEOUT,
                     ssl_context=self.server.tls())
        self.addCleanup(m.shutdown)
        self.assertEqual(m.login(user, password)[0], "OK")
        self.assertEqual(m.select("INBOX")[0], "OK")
        return m

    def queue(self):
        return self.server.roost("queue", "list")
