# SPDX-License-Identifier: Apache-2.0
"""Attacks on mail servers of the last years, tried on IMAP, POP3 and TLS.
docs/security_attacks.md lists them all, with those that other files try."""

import base64
import os
import pathlib
import re
import socket
import ssl
import subprocess
import zlib

import mail
from budget_test import status
from harness import Literal, PROJECT, RoostServer, ServerTest, only_roost, \
    wait_until
from imap_client import Closed, Connection, ImapError

KIB = 1024
TABLE = PROJECT / "docs" / "security_attacks.md"
HTML = b"<script>alert(1)</script>"


@only_roost
class Attack(ServerTest):
    settings = "plain_on_loopback = yes\nmax_per_user = 0\n"

    @classmethod
    def setUpClass(cls):
        cls.server = RoostServer(cls.settings, cls.find_leaks)
        cls.server.start()

    def plain(self, door="imap"):
        """A socket, after the greeting."""
        c = socket.create_connection(
            ("127.0.0.1", self.server.ports[door]), 60)
        self.addCleanup(c.close)
        while not c.recv(4096).endswith(b"\r\n"):
            pass
        return c

    def to_the_end(self, c):
        """What is said until the connection ends."""
        said = b""
        try:
            while True:
                more = c.recv(65536)
                if not more:
                    break
                said += more
        except ConnectionError:
            pass
        return said

    def still_serves(self):
        c = self.connect()
        c.command("NOOP")
        c.command("LOGOUT")


class TableTest(Attack):
    """The document names only tests that there are."""

    def test_each_named_test_is_there(self):
        rows = 0
        for line in TABLE.read_text().splitlines():
            if not line.startswith("| ") or line.startswith("| ---"):
                continue
            named = re.findall(r"`([\w/]+\.(?:py|c))`((?:,? `\w+`)*)", line)
            if not line.startswith("| Attack"):
                self.assertTrue(named, line)
                rows += 1
            for name, tests in named:
                path = PROJECT / ("src" if name.endswith(".c") else "tests")
                text = (path / name).read_text()
                for test in re.findall(r"`(\w+)`", tests):
                    self.assertIn(test, text, "%s of %s" % (test, name))
        self.assertGreater(rows, 40)


class CrossProtocolTest(Attack):
    """ALPACA (2021) and its predecessors: a web page makes a browser send an
    HTTP request, with commands in its body, to a mail port; or an attacker in
    the network leads a browser's TLS connection there."""

    DOORS = ("imap", "imaps", "pop3", "pop3s")

    def open(self, door):
        if not door.endswith("s"):
            return self.plain(door)
        c = self.server.tls().wrap_socket(
            socket.create_connection(
                ("127.0.0.1", self.server.ports[door]), 60),
            server_hostname="localhost")
        self.addCleanup(c.close)
        return c

    def test_http_is_hung_up_on_and_not_repeated(self):
        login = b"a LOGIN %s %s\r\nUSER %s\r\nPASS %s\r\n" % (
            (self.user.encode(), self.password.encode()) * 2)
        for door in self.DOORS:
            for first in (b"POST / HTTP/1.1", b"GET /%s HTTP/1.0" % HTML,
                          b"OPTIONS * HTTP/1.1", b"PRI * HTTP/2.0",
                          b"%s / HTTP/1.1" % HTML):
                with self.subTest(door=door, first=first):
                    c = self.open(door)
                    c.sendall(first + b"\r\n" + login)
                    said = self.to_the_end(c)
                    self.assertNotIn(b"script", said)
                    # The first line ends it: nothing is tried as a command.
                    self.assertNotIn(b"BAD", said)
                    self.assertNotIn(b"-ERR", said)
        self.assertNotIn("user=\"%s" % self.user, self.server.log())

    def test_protocols_of_others_are_fatal(self):
        """RFC 7301 section 3.2, and the advice after ALPACA."""
        for door, own in (("imaps", ["imap"]), ("pop3s", ["pop3"]),
                          ("submissions", ["smtp"]),
                          ("https", ["h2", "http/1.1"])):
            for names in ("h2", "http/1.1", "ftp", "imap", "pop3", "smtp"):
                context = self.server.tls()
                context.set_alpn_protocols([names])
                with socket.create_connection(
                        ("127.0.0.1", self.server.ports[door]), 60) as raw:
                    try:
                        with context.wrap_socket(
                                raw, server_hostname="localhost") as c:
                            chosen = c.selected_alpn_protocol()
                    except (ssl.SSLError, ConnectionError):
                        chosen = "refused"
                with self.subTest(door=door, names=names):
                    self.assertEqual(
                        chosen, names if names in own else "refused")


class TlsLayerTest(Attack):
    def client(self, *arguments, input=b""):
        return subprocess.run(
            ["openssl", "s_client", "-connect",
             "127.0.0.1:%d" % self.server.tls_port, *arguments],
            input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=60).stdout

    def test_no_renegotiation(self):
        """CVE-2009-3555, CVE-2011-1473, CVE-2021-3449."""
        c = subprocess.Popen(
            ["openssl", "s_client", "-tls1_2", "-legacy_renegotiation",
             "-connect", "127.0.0.1:%d" % self.server.tls_port],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        # A greeting that arrives while the client renegotiates ends the
        # client with an error of its own: the test waits for the greeting.
        said = b""
        while b"* OK" not in said:
            piece = os.read(c.stdout.fileno(), 65536)
            self.assertTrue(piece, said)
            said += piece
        said += c.communicate(b"R\n", timeout=60)[0]
        self.assertIn(b"RENEGOTIATING", said)
        self.assertRegex(said, b"(?i)no renegotiation|handshake failure")
        self.still_serves()

    def test_no_early_data(self):
        """RFC 8446 section 8: early data can be sent again by others."""
        session = self.work / "session"
        # The session ticket comes with the greeting.
        c = subprocess.Popen(
            ["openssl", "s_client", "-quiet", "-sess_out", str(session),
             "-tls1_3", "-connect", "127.0.0.1:%d" % self.server.tls_port],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.assertIn(b"* OK", c.stdout.readline())
        c.communicate(b"a LOGOUT\r\n", timeout=60)
        early = self.work / "early"
        early.write_bytes(b"a NOOP\r\n")
        said = self.client("-sess_in", str(session), "-early_data",
                           str(early))
        self.assertIn(b"Reused, TLSv1.3", said)
        self.assertIn(b"Early data was not sent", said)


class BeforeLoginTest(Attack):
    COUNT = 8

    def held(self):
        return status(self.server)["memory_held"]

    def each_holds(self, begin):
        """How much the server holds for each client of begin()."""
        before = self.held()
        clients = [begin() for _ in range(self.COUNT)]
        seen = [-1]

        def settled():
            same = seen[0] == (now := self.held())
            seen[0] = now
            return same
        wait_until(settled, "it holds no more")
        for c in clients:
            c.close()
        wait_until(lambda: self.held() <= before, "nothing is held")
        return (seen[0] - before) / self.COUNT

    def test_what_strangers_send_is_held_up_to_a_limit(self):
        """CVE-2024-34055 (Cyrus), CVE-2025-61600 (Stalwart), CVE-2026-27858
        (Dovecot), CVE-2024-37358 (James): literals and lists without end."""
        def stranger(text):
            def begin():
                c = self.plain()
                try:
                    c.sendall(text)
                except ConnectionError:
                    pass
                return c
            return begin
        for text in (b"a LOGIN {100000000}\r\n",
                     b"a LOGIN {100000000+}\r\n" + b"x" * 1_000_000,
                     b"a LOGIN {4000+}\r\n" + b"x" * 3999,
                     b"a LOGIN {4000+}\r\n" + b"x" * 4000 + b" {4000+}\r\n"
                     + b"x" * 3999,
                     b"a LOGIN " + b"(" * 39_000, b"a LOGIN " + b"{" * 39_000,
                     b"a ID (" + b"\"a\" NIL " * 200_000,
                     b"a AUTHENTICATE PLAIN\r\n" + b"A" * 39_000,
                     b"a AUTHENTICATE PLAIN\r\n" + b"A" * 1_000_000,
                     b"a" * 1_000_000):
            with self.subTest(text[:30]):
                self.assertLess(self.each_holds(stranger(text)), 48 * KIB)
        self.still_serves()

    def test_brackets_without_end(self):
        """CVE-2026-27857 and CVE-2026-42006 (Dovecot): 1 MB of brackets took
        65 times as much."""
        for bracket in (b"(", b")", b"{", b"[", b"(a", b"NOT ", b"OR "):
            for command in (b"SEARCH ", b"FETCH 1 ", b"LIST \"\" ",
                            b"STORE 1 FLAGS ", b"NOOP ",
                            b"FETCH 1 BODY[HEADER.FIELDS "):
                def begin():
                    c = Connection(self.server.port)
                    c.login(self.user, self.password)
                    c.select("INBOX")
                    c.send(b"a " + command
                           + (bracket * 65_000)[:65_000 - len(command)])
                    return c
                with self.subTest(command + bracket):
                    self.assertLess(self.each_holds(begin), 80 * KIB)
        self.still_serves()

    def test_mechanisms_that_are_not_there(self):
        """CVE-2023-42114 to -42116, CVE-2026-40687 (Exim: NTLM, EXTERNAL),
        CVE-2020-12673, CVE-2020-12674 (Dovecot: NTLM, RPA), CVE-2025-59028
        and CVE-2025-59032 (responses that are no base64, or literals)."""
        other = Connection(self.server.port)
        self.addCleanup(other.close)
        tag = other.start("AUTHENTICATE PLAIN")
        other.continuation(tag)
        ntlm = base64.b64encode(b"NTLMSSP\0\1\0\0\0" + b"\xff" * 200).decode()
        for line in ("NTLM", "NTLM " + ntlm, "RPA", "EXTERNAL", "EXTERNAL =",
                     "EXTERNAL " + "A" * 3000, "GSSAPI " + ntlm,
                     "DIGEST-MD5", "CRAM-MD5", "ANONYMOUS", "PLAIN ====",
                     "PLAIN A", "PLAIN =A==", "PLAIN {10+}\r\n0123456789",
                     "PLAIN (AA==)", "LOGIN !", "SCRAM-SHA-256 " + ntlm,
                     "SCRAM-SHA-256 " + base64.b64encode(
                         b"n,," + b"n=a," * 500).decode()):
            with self.subTest(line[:40]):
                c = Connection(self.server.port)
                self.addCleanup(c.close)
                c.start("AUTHENTICATE " + line)
                r = c.response()
                self.assertIn(r.name, ("NO", "BAD"))
        # Who was in the middle of a login is not concerned.
        other.send(base64.b64encode(b"\0%s\0%s" % (
            self.user.encode(), self.password.encode())) + b"\r\n")
        self.assertEqual(other.finish(tag).status, "OK")

    def test_nobody_is_logged_in_before_tls(self):
        """CVE-2020-25031 and its kind, "NO STARTTLS" (2021): PREAUTH makes a
        client skip STARTTLS. The server never says it, and after STARTTLS
        tells its capabilities anew."""
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        self.assertEqual(c.greeting.name, "OK")
        reply = c.command("STARTTLS")
        self.assertEqual(reply.untagged, [])
        self.assertIsNone(reply.code)
        c.start_tls(self.server.tls())
        after = c.command("CAPABILITY").one("CAPABILITY").tokens
        self.assertNotIn("STARTTLS", after)


class CompressionTest(Attack):
    def compressed(self):
        """A session that speaks DEFLATE (RFC 4978) from now on."""
        c = self.connect()
        c.command("COMPRESS DEFLATE")
        return c

    def pack(self, text, times=1):
        packer = zlib.compressobj(9, wbits=-15)
        out = b"".join(packer.compress(text) for _ in range(times))
        return out + packer.flush(zlib.Z_SYNC_FLUSH)

    def test_bombs(self):
        """A kilobyte becomes a megabyte: what comes out counts for every
        limit, and is worked on in pieces."""
        before = status(self.server)["memory_held"]
        line = self.pack(b"x" * 1_000_000, 200)
        self.assertLess(len(line), 300_000)
        for bomb in (line, self.pack(b"a APPEND INBOX {2000000000+}\r\n")
                     + line, self.pack(b"a SEARCH " + b"(" * 1_000_000, 20),
                     self.pack(b"\r\n" * 500_000, 50)):
            c = self.compressed()
            try:
                c.send(bomb)
                c.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            self.to_the_end(c.socket)
            self.still_serves()
        wait_until(lambda: status(self.server)["memory_held"] <= before,
                   "nothing is held")

    def test_strangers_cannot_compress(self):
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        c.command("COMPRESS DEFLATE", want="BAD")


class NameTest(Attack):
    # What would be a path, a command for a terminal, or a line of its own.
    STEERING = ("a\r\nb", "a\nb", "a\x1b[2Jb", "a\x07b", "a\x7fb",
                "a\u009b31mb", "a\u0085b", "a\u2028b", "a\u2029b")
    PATHS = ("../escaped", "a/../../escaped", "..", ".", "a/./b", "~root/x",
             "etc/passwd", "user/%s/INBOX", "Other Users/%s", "#shared/%s",
             ".ssh/authorized_keys", "dovecot-uidlist", "cur", "new/x",
             "-rf", "a\\b", "$(id)", "`id`", "a;b", "%00", "COM1")

    def names(self, c):
        return {r.tokens[3] if isinstance(r.tokens[3], str)
                else r.tokens[3].decode()
                for r in c.command('LIST "" *').named("LIST")}

    def test_names_that_steer_are_refused(self):
        """CRLF injection and terminal escapes by names of mailboxes."""
        c = self.connect()
        before = self.names(c)
        c.command("ENABLE UTF8=ACCEPT")
        c.append("INBOX", mail.simple(1))
        for name in self.STEERING:
            c.select("INBOX")
            for command in ("CREATE", "SUBSCRIBE", "RENAME Archive",
                            "COPY 1", "MOVE 1", "STATUS", "SELECT"):
                with self.subTest(command, name=name):
                    reply = c.finish(c.start(
                        command, Literal(name.encode()),
                        *(["(MESSAGES)"] if command == "STATUS" else [])))
                    self.assertIn(reply.status, ("NO", "BAD"))
        self.assertEqual(self.names(c), before)
        for r in c.command('LIST "" *').untagged:
            self.assertNotRegex(r.raw, rb"[\x00-\x1f\x7f]")

    def test_names_are_no_paths(self):
        """CVE-2024-23186 and many before: a name leads out of the folder of
        mail, here or where the mail is exported to."""
        other, _ = self.server.new_user()
        c = self.connect()
        c.command("ENABLE UTF8=ACCEPT")
        made = set()
        for name in self.PATHS:
            if "%s" in name:
                name %= other
            reply = c.finish(c.start("CREATE", Literal(name.encode())))
            if reply.status == "OK":
                made.add(name)
                c.append(name, mail.simple(len(made)))
        self.assertLess(12, len(made))
        outside = self.work / "outside"
        outside.mkdir()
        before = {p for p in self.work.rglob("*")}
        self.server.roost("export", "maildir", str(outside / "mail"),
                          "--user", self.user)
        for path in self.work.rglob("*"):
            if path not in before:
                self.assertTrue(path.is_relative_to(outside / "mail"), path)
        found = [p for p in (outside / "mail").rglob("*")
                 if p.is_file() and p.parent.name in ("new", "cur")]
        self.assertEqual(len(found), len(made))

    def test_no_name_is_another_user_s(self):
        """Cyrus's nine of 2026, and CVE-2020-24386 (Dovecot): a command that
        forgets whose mailbox it is."""
        secret, password = self.server.new_user()
        owner = self.connect(user=secret, password=password)
        owner.append("INBOX", mail.simple(1, body="top secret\r\n"))
        owner.command("CREATE hidden")
        c = self.connect()
        c.append("INBOX", mail.simple(2))
        c.select("INBOX")
        for name in ("user/%s/INBOX", "user.%s.INBOX", "Other Users/%s/INBOX",
                     "~%s/INBOX", "../%s/INBOX", "%s/INBOX", "#user/%s",
                     "Shared/%s/hidden", "hidden", "%s@example.test/INBOX"):
            name = name.replace("%s", secret)
            for command in ("SELECT %s", "EXAMINE %s", "STATUS %s (MESSAGES)",
                            "APPEND %s {5+}\r\na: b\n", "COPY 1 %s",
                            "MOVE 1 %s", "DELETE %s", "RENAME %s mine"):
                with self.subTest(command % name):
                    reply = c.finish(c.start(command % ('"%s"' % name)))
                    self.assertIn(reply.status, ("NO", "BAD"))
            self.assertEqual(
                c.command('LIST "" "%s"' % name).named("LIST"), [])
            c.select("INBOX")
        c.select("INBOX")
        self.assertEqual(c.search("TEXT", "secret"), [])

    def test_wildcards_do_not_multiply(self):
        """LIST patterns that take exponential time in a matcher that tries
        everything."""
        c = self.connect()
        c.command("CREATE", '"%s"' % ("a" * 200))
        for wild in ("*", "%"):
            pattern = (wild + "a") * 100 + wild + "b"
            self.assertEqual(
                c.command("LIST \"\" \"%s\"" % pattern).named("LIST"), [])
            self.assertEqual(len(c.command("LIST \"\" \"%s\"" % (
                (wild + "a") * 100)).named("LIST")), 1)

    def test_looks_are_not_names(self):
        """Homographs: a letter that looks like another makes another name."""
        for name in ("us\u0435r", "u\u0455er"):  # Cyrillic
            c = Connection(self.server.port)
            self.addCleanup(c.close)
            other = self.user.replace("user", name)
            self.assertNotEqual(other, self.user)
            reply = c.command("LOGIN", Literal(other.encode()),
                              Literal(self.password.encode()), want="NO")
            self.assertEqual(reply.code, "AUTHENTICATIONFAILED")


class LogTest(Attack):
    LINE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z "
                      r"(debug|info|warn|error) [a-z0-9_]+( [a-z_]+=.*)?")

    def test_no_line_and_no_command_gets_into_the_log(self):
        """Log injection (CWE-117), and escapes for the reader's terminal."""
        forged = "2026-01-01T00:00:00.000Z info login address=192.0.2.66"
        mark = self.server.log_mark()
        for text in ("x\r\n" + forged, "x\n" + forged, "x\" " + forged,
                     "x\\\" " + forged, "\x1b]0;x\x07", "\u009b2J",
                     "\u2028" + forged, "\u202egnirts", "\x00x"):
            c = Connection(self.server.port)
            self.addCleanup(c.close)
            c.command("AUTHENTICATE PLAIN", base64.b64encode(
                b"\0%s\0x" % text.encode()).decode(), want=None)
            c = Connection(self.server.port)
            c.command("LOGIN", Literal(text.replace("\0", "").encode()),
                      Literal(b"x"), want=None)
            c.close()
        wait_until(lambda: sum(
            " login_failed " in line for line
            in self.server._log_lines[mark:]) >= 14, "the failures")
        for line in self.server._log_lines[mark:]:
            self.assertRegex(line.rstrip("\n"), self.LINE)
            self.assertNotRegex(line.rstrip("\n"),
                                "[\x00-\x1f\x7f-\x9f\u2028-\u202e]")
            self.assertNotIn("192.0.2.66",
                             re.sub(r'"(?:[^"\\]|\\.)*"', "", line))


class MailTest(Attack):
    """Mail that costs its reader more than its sender."""

    def described(self, message):
        c = self.connect()
        uid = c.append("INBOX", message)[1]
        c.select("INBOX")
        found = c.fetch(str(uid), "(ENVELOPE BODYSTRUCTURE RFC822.SIZE)")[uid]
        self.assertEqual(int(found["RFC822.SIZE"]), len(message))
        for command in ("UID SEARCH FROM x", "UID SEARCH HEADER To x",
                        "UID SORT (FROM TO) UTF-8 ALL",
                        "UID THREAD REFERENCES UTF-8 ALL"):
            c.command(command)
        return found

    def test_headers_without_end(self):
        """CVE-2024-23184 and CVE-2024-23185 (Dovecot): 500,000 fields with
        addresses took 18 minutes."""
        for message in (b"To: a@b.example\r\n" * 300_000 + b"\r\nx\r\n",
                        b"To: " + b"a@b.example, " * 300_000 + b"\r\n\r\nx",
                        b"To: " + b"(" * 3_000_000 + b"\r\n\r\nx",
                        b"X: " + b"y" * 5_000_000 + b"\r\n\r\nx",
                        b"References:" + b" <a@b>" * 500_000 + b"\r\n\r\nx",
                        b"Subject: " + b"=?utf-8?q?a?= " * 200_000
                        + b"\r\n\r\nx"):
            with self.subTest(message[:20]):
                self.described(message)

    def test_parameters_without_end(self):
        """CVE-2026-27859 (Dovecot): RFC 2231 parameters in great number;
        CVE-2024-39929 (Exim): file names in several of them, in several
        lines."""
        for n in (10_000,):
            for pieces in ("; name*%d=a", "; name*%d*=%%41", "; a%d=b",
                           ";\r\n name*%d*=''%%41"):
                text = "".join(pieces % i for i in range(n))
                self.described(("Content-Type: application/x-y" + text
                                + "\r\n\r\nx").encode())
        found = self.described(
            b"Content-Type: application/x-y\r\nContent-Disposition: "
            b"attachment;\r\n filename*0*=utf-8''evil;\r\n filename*1*=%2e;"
            b"\r\n filename*2=exe\r\n\r\nx\r\n")
        shown = repr(found["BODYSTRUCTURE"])
        # A reader sees the whole name, in one piece or in all pieces.
        for piece in ("evil", "exe"):
            self.assertIn(piece, shown)

    def test_parts_in_parts(self):
        """CVE-2020-12100, CVE-2020-25275 (Dovecot), CVE-2026-26312
        (Stalwart): nested parts, the 10,000th a message, parts that contain
        each other."""
        head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        inner = b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
        for message in (head + (b"--b\r\n" + head) * 10_000,
                        inner.replace(b"--b\r\n", b"") * 20_000,
                        head + inner * 10_001,
                        head + (inner + head) * 5_000,
                        head + b"--b\r\n\r\n" * 9_999 + inner + b"x: y\r\n",
                        head.replace(b"mixed", b"digest")
                        + b"--b\r\n\r\n" * 10_001,
                        b"Content-Type: message/rfc822\r\n\r\n"
                        b"Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n"
                        b"--\r\nContent-Type: message/rfc822\r\n\r\n--\r\n"):
            with self.subTest(message[:40]):
                self.described(message)

    def test_searching_does_not_multiply(self):
        """A needle that fits everywhere but at its end, in text that is all
        the same."""
        c = self.connect()
        c.append("INBOX", b"\r\n" + b"a" * 4_000_000 + b"\r\n")
        c.select("INBOX")
        needle = Literal(b"a" * 30_000 + b"b")
        self.assertEqual(c.search("BODY", needle), [])


class FormerLoginTest(Attack):
    def test_a_login_opens_no_one_else_s(self):
        """CVE-2025-30189 (Dovecot): a cache of logins that mixed up users.
        CVE-2026-27856: comparing secrets takes the same time."""
        other, password = self.server.new_user()
        self.connect()
        self.connect(user=other, password=password)
        for user, wrong in ((self.user, password), (other, self.password),
                            (self.user, "")):
            c = Connection(self.server.port)
            self.addCleanup(c.close)
            with self.assertRaises((ImapError, Closed)):
                c.login(user, wrong)
