# SPDX-License-Identifier: Apache-2.0
"""Strangers cannot use up what users need: places for connections, and memory.
docs/configuration.md has the figures."""

import os
import poplib
import socket

import mail
from harness import only_roost, wait_until
from imap_client import ImapError
from post import PostTest
from smtp_client import Smtp, SmtpError

KIB = 1024
MIB = 1024 * 1024


def status(server):
    """{key: value} of `roost status`."""
    pairs = [line.split("=", 1) for line in
             server.roost("status").splitlines() if "=" in line]
    return {key: int(value) if value.isdigit() else value
            for key, value in pairs}


class Crowd(PostTest):
    def plain(self, door):
        """A connection, and the first line that the server says on it."""
        c = socket.create_connection(("127.0.0.1", self.server.ports[door]),
                                     60)
        self.addCleanup(c.close)
        said = b""
        while not said.endswith(b"\n"):
            try:
                more = c.recv(1000)
            except ConnectionResetError:
                more = b""
            if not more:
                break
            said += more
        return c, said.decode()

    def fill(self, door, most):
        """Opens connections until one is refused: how many were taken, and
        the refusal."""
        for count in range(most):
            _, said = self.plain(door)
            if not said.startswith(("220 ", "* OK ", "+OK ")):
                return count, said
        return most, ""

    def wait_until_empty(self):
        wait_until(lambda: status(self.server)["connections"] == 0,
                   "all connections are gone")

    def setUp(self):
        super().setUp()
        self.addCleanup(self.wait_until_empty)


@only_roost
class PlacesTest(Crowd):
    settings = ('unlimited_networks = ""\nmax_per_address = 10\n'
                'max_per_user = 4\nplain_on_loopback = yes\n')

    def test_one_address_at_port_25(self):
        mark = self.server.log_mark()
        self.assertEqual(self.fill("smtp", 20), (
            10, "421 4.7.0 Too many connections from your address\r\n"))
        for _ in range(5):
            self.assertTrue(self.plain("smtp")[1].startswith("421 4.7.0 "))
        # The doors of users count apart, and LMTP does not count at all.
        self.connect().append("INBOX", mail.simple(1))
        self.assertEqual(self.fill("lmtp", 20), (20, ""))
        refused = [line for line in self.server._log_lines[mark:]
                   if " refused " in line]
        self.assertEqual(len(refused), 1, refused)
        self.assertGreaterEqual(status(self.server)["refused"], 6)

    def test_one_address_that_does_not_log_in(self):
        self.assertEqual(self.fill("imap", 6), (6, ""))
        count, said = self.fill("pop3", 20)
        self.assertEqual((count, said), (
            4, "-ERR [SYS/TEMP] Too many connections from your address\r\n"))
        self.assertEqual(
            self.plain("imap")[1],
            "* BYE [LIMIT] Too many connections from your address\r\n")
        self.assertTrue(self.plain("submission")[1].startswith("421 4.7.0 "))
        # A door with TLS from its first byte says nothing.
        self.assertEqual(self.plain("imaps")[1], "")
        self.assertTrue(self.plain("smtp")[1].startswith("220 "))

    def test_who_logs_in_makes_room_for_the_next(self):
        users = [self.server.new_user() for _ in range(5)]
        ones = [self.connect(user=user, password=password)
                for user, password in users for _ in range(4)]
        self.assertEqual(len(ones), 20)
        for c in ones:
            c.command("NOOP")
        self.assertEqual(status(self.server)["strangers"], 0)
        # Who logs out is a stranger again.
        ones[0].command("UNAUTHENTICATE")
        self.assertEqual(status(self.server)["strangers"], 1)

    def test_one_user(self):
        ones = [self.connect(), self.connect()]
        pop = poplib.POP3("127.0.0.1", self.server.ports["pop3"], 60)
        self.addCleanup(pop.close)
        pop.user(self.user)
        pop.pass_(self.password)
        self.submission()
        c = self.server.connect()
        self.addCleanup(c.close)
        reply = c.command("LOGIN %s %s" % (self.user, self.password),
                          want="NO")
        self.assertEqual(reply.code, "LIMIT")
        late = poplib.POP3("127.0.0.1", self.server.ports["pop3"], 60)
        self.addCleanup(late.close)
        late.user(self.user)
        with self.assertRaisesRegex(poplib.error_proto, "IN-USE"):
            late.pass_(self.password)
        s = self.open("submission")
        s.login(self.user, self.password, "454 4.7.0")
        # Others are not concerned, and one that ends makes room.
        user, password, _ = self.another()
        self.connect(user=user, password=password)
        ones[0].command("LOGOUT")

        def has_room():
            try:
                c.command("LOGIN %s %s" % (self.user, self.password))
            except ImapError:
                return False
            return True
        wait_until(has_room, "there is room for one more")


@only_roost
class PoolTest(Crowd):
    """Sixteen places: four for strangers of each kind."""

    settings = "max_connections = 16\nplain_on_loopback = yes\n"

    def test_strangers_leave_the_places_of_users(self):
        users = [self.connect() for _ in range(4)]
        busy = "The server is busy, try again later\r\n"
        self.assertEqual(self.fill("smtp", 20), (4, "421 4.3.2 " + busy))
        self.assertEqual(self.fill("imap", 20),
                         (4, "* BYE [UNAVAILABLE] " + busy))
        for c in users:
            c.command("NOOP")
        told = status(self.server)
        self.assertEqual((told["connections"], told["servers"],
                          told["strangers"]), (12, 4, 4))


@only_roost
class HoldTest(Crowd):
    """What one client can make the server hold between two of its bytes."""

    COUNT = 12

    def held(self):
        return status(self.server)["memory_held"]

    def expect(self, most, begin):
        """Each of some clients that begin() makes holds at most `most`."""
        before = self.held()
        clients = [begin() for _ in range(self.COUNT)]
        # The server answers a new client when it has heard the others.
        seen = [-1]

        def settled():
            now = self.held()
            same = now == seen[0]
            seen[0] = now
            return same
        wait_until(settled, "it holds no more")
        each = (seen[0] - before) / self.COUNT
        for c in clients:
            c.close()
        self.wait_until_empty()
        wait_until(lambda: self.held() <= before, "nothing is held")
        self.assertLess(each, most * KIB)
        return each

    def begin_data(self):
        c = self.mx()
        c.mail("a@b.example")
        c.rcpt(self.address)
        c.command("DATA", "354")
        return c

    def test_connections(self):
        def half_a_command():
            c = self.mx()
            c.send("NOOP " + "x" * 3000)
            return c

        def half_a_login():
            c = self.server.connect(tls=False)
            c.send("a LOGIN " + "x" * 3000)
            return c
        for begin in (self.mx, half_a_command, half_a_login,
                      lambda: self.server.connect(tls=False)):
            self.expect(16, begin)

    def test_headers(self):
        def tiny():
            c = self.begin_data()
            c.send("Subject: x\r\n")
            return c

        def large():
            c = self.begin_data()
            c.send(("X: " + "x" * 900 + "\r\n") * 280)
            return c
        self.expect(16, tiny)
        self.assertGreater(self.expect(280, large), 100 * KIB)

    def test_too_long_a_header_is_not_held(self):
        def long():
            c = self.begin_data()
            c.send(("X: " + "x" * 900 + "\r\n") * 400)
            return c
        self.expect(16, long)

    def test_messages_of_many_parts(self):
        part = ("--b\r\nContent-Type: text/plain; charset=us-ascii; %s\r\n"
                "Content-ID: <x>\r\nContent-Description: y\r\n"
                "Content-Disposition: attachment; filename=z\r\n\r\n")
        kinds = [part % "a=b", part % "; ".join(["a=b"] * 100), "--b\r\n\r\n",
                 "--b\r\nContent-Type: message/rfc822\r\n\r\nTo: x\r\n\r\n"]
        for kind in kinds:
            def many():
                c = self.begin_data()
                c.send("Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                       + kind * 10_000)
                return c
            self.assertGreater(self.expect(1300, many), 64 * KIB)

    def test_commands_of_users(self):
        def half(command):
            def begin():
                c = self.server.connect(tls=False)
                c.command("LOGIN %s %s" % (self.user, self.password))
                c.select("INBOX")
                c.send(command)
                return c
            return begin
        many = (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                + b"--b\r\nContent-Type: text/plain; a=b\r\n\r\n" * 10_000)
        self.expect(1300, half(b"a APPEND INBOX {100000000+}\r\n" + many))
        for command in (
                b"a SEARCH " + b"OR SUBJECT x " * 30_000,
                b"a SEARCH BODY {1000000+}\r\n" + b"x" * 500_000,
                b"a LIST \"\" (" + b"a%*b* " * 40_000,
                b"a UID FETCH " + b"1:2," * 60_000):
            self.expect(1100, half(command))

    def test_heavy_commands_hold_nothing_when_they_have_ended(self):
        c = self.connect()
        for n in range(60):
            c.append("INBOX", mail.simple(n))
        before = self.held()
        ones = [self.connect() for _ in range(50)]
        for one in ones:
            one.select("INBOX")
        for one in ones:
            one.send("a SORT (SUBJECT FROM DATE) UTF-8 ALL\r\n"
                     "b THREAD REFERENCES UTF-8 ALL\r\n"
                     "c LIST \"\" (" + " ".join(["*a*b*c%"] * 100) + ")\r\n")
        for one in ones:
            one.wait_for(lambda r: r.tag == "c")
        # TLS is 15 KiB of these.
        wait_until(lambda: self.held() - before < 50 * 40 * KIB,
                   "little is held")

    settings = "plain_on_loopback = yes\nmax_per_user = 0\n"


@only_roost
class BudgetTest(Crowd):
    """A server with little memory."""

    settings = "plain_on_loopback = yes\nsmtp_data_seconds = 600\n"
    # Besides what it has when it has started. A stage is a twentieth of the
    # limit, and a sanitizer's memory comes in larger pieces than others.
    ROOM = 192 * MIB

    @classmethod
    def setUpClass(cls):
        # A sanitizer keeps freed memory for a while; here as little as it can.
        cls.options = os.environ.get("ASAN_OPTIONS")
        os.environ["ASAN_OPTIONS"] = "%s:quarantine_size_mb=1:" \
            "thread_local_quarantine_size_kb=64:" \
            "allocator_release_to_os_interval_ms=500" % (cls.options or "")
        super().setUpClass()
        used = status(cls.server)["memory_used"]
        cls.limit = (used + cls.ROOM) // MIB
        cls.server.stop()
        cls.server.settings += "memory_max_mib = %d\n" % cls.limit
        cls.server.write_config()
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        if cls.options is None:
            del os.environ["ASAN_OPTIONS"]
        else:
            os.environ["ASAN_OPTIONS"] = cls.options

    def hold_header(self):
        """A stranger who does not finish; None: it was refused."""
        try:
            c = Smtp(self.server.ports["smtp"])
            self.addCleanup(c.close)
            c.hello()
            c.mail("a@b.example")
            c.rcpt(self.address)
            c.command("DATA", "354")
            c.send(("X: " + "x" * 900 + "\r\n") * 280)
        except SmtpError as error:
            self.refusals.add(str(error))
            return None
        return c

    def test_memory_runs_short_and_comes_back(self):
        self.refusals = set()
        user = self.connect()
        early = self.mx()
        early.mail("a@b.example")
        early.rcpt(self.address)
        held = []
        for _ in range(2000):
            c = self.hold_header()
            if not c:
                break
            held.append(c)
        self.assertTrue(any("421 4.3.2" in text for text in self.refusals),
                        self.refusals)
        told = status(self.server)
        self.assertLess(told["memory_used"], told["memory_max"])
        self.assertNotEqual(told["memory_stage"], "calm")
        self.server.wait_for_log(lambda line: " memory " in line)
        # Users are served as before; so is who had begun.
        user.append("INBOX", mail.simple(1))
        user.select("INBOX")
        user.command("SORT (SUBJECT) UTF-8 ALL")
        self.connect().command("NOOP")
        s = self.submission()
        s.message(self.address, [self.address],
                  mail.simple(2, sender=self.address))
        early.data(mail.simple(3))
        for c in held:
            c.close()

        def is_calm():
            return status(self.server)["memory_stage"] == "calm"
        wait_until(is_calm, "there is memory again", 120)
        again = self.mx()
        again.message("a@b.example", [self.address], mail.simple(4))
        self.server.wait_for_log(
            lambda line: " memory " in line and "stage=calm" in line)

    def test_those_who_are_in_already_are_shed(self):
        """Strangers who connected while there was memory, and all want it."""
        waiting = []
        for _ in range(900):
            c = self.mx()
            c.mail("a@b.example")
            c.rcpt(self.address)
            c.command("DATA", "354")
            waiting.append(c)
        user = self.connect()
        header = ("X: " + "x" * 900 + "\r\n") * 280
        for c in waiting:
            c.send(header)
        answers = []
        for c in waiting:
            c.send("\r\n.\r\n")
            answers.append(str(c.reply())[:9])
        # They are served or told to come again; the server is within its
        # limit.
        self.assertTrue(set(answers) <= {"250 2.0.0", "250 2.1.5",
                                         "452 4.3.1"}, set(answers))
        self.assertIn("452 4.3.1", answers)
        told = status(self.server)
        self.assertLess(told["memory_used"], told["memory_max"])
        user.append("INBOX", mail.simple(1))
