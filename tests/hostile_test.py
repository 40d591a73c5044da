# SPDX-License-Identifier: Apache-2.0
"""Broken mail and broken clients: all mail is kept and readable, and a bad
client does not disturb the others."""

import random
import socket
import time

import hostile_mail
import mail
from harness import Literal, ServerTest, only_roost
from imap_client import Closed, Connection, ImapError

ITEMS = ("UID", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE", "BODY",
         "INTERNALDATE", "FLAGS", "BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]",
         "BODY.PEEK[1]", "BODY.PEEK[1.MIME]", "BODY.PEEK[2.1]",
         "BODY.PEEK[HEADER.FIELDS (SUBJECT X-LONG FROM)]")
SECONDS = 30  # that any one of these may take; sanitizers are slow


class BrokenMailTest(ServerTest):
    find_leaks = True

    def check_message(self, c, name, message):
        uid = c.append("INBOX", message)[1] if not (
            b"\0" in message or not message) else self.append_binary(c, message)
        if uid is None:
            return
        c.command("NOOP")
        # A plain literal holds no NUL (RFC 9051 section 9, rule 3).
        plain = message.replace(b"\0", b"\x80")
        got = c.fetch(str(uid), "(BODY.PEEK[])")[uid]["BODY[]"] or b""
        self.assertTrue(got == plain, "%s came back changed: %r... %r..." % (
            name, got[:200], plain[:200]))
        exact = c.fetch(str(uid), "(BINARY.PEEK[])")[uid]["BINARY[]"] or b""
        self.assertTrue(exact == message, "%s: BINARY[] is %r... not %r..." % (
            name, exact[:200], message[:200]))
        values = c.fetch(str(uid), "(%s)" % " ".join(ITEMS))[uid]
        self.assertEqual(int(values["RFC822.SIZE"]), len(message))
        halves = (values["BODY[HEADER]"] or b"") + (
            values["BODY[TEXT]"] or b"")
        self.assertTrue(halves == plain, "header and text are not all")
        self.assertEqual(len(values["ENVELOPE"]), 10)
        self.assertIsInstance(values["BODYSTRUCTURE"], list)
        part = c.fetch(str(uid), "(BODY.PEEK[]<1.100>)")[uid]
        self.assertEqual(list(part.values())[-1] or b"", plain[1:101])
        for command in ("UID SEARCH UID %d TEXT zzzz OR BODY yy SUBJECT xx",
                        "UID SEARCH UID %d SENTSINCE 1-Jan-2020 NOT CC q",
                        "UID SORT (SUBJECT FROM DATE) UTF-8 UID %d",
                        "UID THREAD REFERENCES UTF-8 UID %d",
                        "UID FETCH %d (BINARY.PEEK[1])",
                        "UID FETCH %d (PREVIEW)"):
            # BINARY may say NO [UNKNOWN-CTE] of what cannot be decoded.
            reply = c.command(command % uid, want=None)
            self.assertIn(reply.status,
                          ("OK", "NO") if "BINARY" in command else ("OK",),
                          reply)

    def append_binary(self, c, message):
        """Appends with literal8 (RFC 3516). The server may refuse an empty
        one."""
        reply = c.command("APPEND INBOX", Literal(message, binary=True),
                          want=None if not message else "OK")
        return int(reply.code.split()[2]) if reply.status == "OK" else None

    @only_roost
    def test_broken_mail_is_kept_and_readable(self):
        c = self.connect()
        c.select("INBOX")
        for name, message in hostile_mail.broken():
            with self.subTest(name):
                begun = time.monotonic()
                try:
                    self.check_message(c, name, message)
                except (OSError, Closed):
                    c = self.connect()
                    c.select("INBOX")
                    raise
                self.assertLess(time.monotonic() - begun, SECONDS)
        # All of them together, as a mail program looks at a mailbox.
        everything = c.fetch("1:*", "(UID ENVELOPE BODYSTRUCTURE FLAGS)")
        self.assertGreater(len(everything), 40)
        c.command("UID SORT (SUBJECT) UTF-8 ALL")
        c.command("UID THREAD REFERENCES UTF-8 ALL")
        c.command("UID COPY 1:* Archive")
        self.assertEqual(
            sorted(v["RFC822.SIZE"] for v in c.fetch(
                "1:*", "(RFC822.SIZE)").values()),
            sorted(v["RFC822.SIZE"] for v in self.sizes("Archive")))
        self.server.check()

    def sizes(self, box):
        c = self.connect()
        c.select(box)
        return c.fetch("1:*", "(UID RFC822.SIZE)").values()

    def test_truncated_and_nested_parts_are_described(self):
        c = self.connect()
        uid = c.append("INBOX", hostile_mail.many_parts(10_000))[1]
        deep = c.append("INBOX", hostile_mail.nested_multiparts(90))[1]
        c.select("INBOX")
        structure = c.fetch(str(uid), "(BODYSTRUCTURE)")[uid]["BODYSTRUCTURE"]
        described = sum(isinstance(part, list) for part in structure)
        self.assertGreaterEqual(described, 100)
        self.assertEqual(
            c.fetch(str(uid), "(BODY.PEEK[77])")[uid]["BODY[77]"], b"part 76")
        structure = c.fetch(str(deep), "(BODYSTRUCTURE)")[deep][
            "BODYSTRUCTURE"]
        depth = 0
        while isinstance(structure[0], list):
            structure = structure[0]
            depth += 1
        self.assertGreaterEqual(depth, 20)


class HostileClientTest(ServerTest):
    def answers_quickly(self):
        """Whether the server answers another client while one misbehaves."""
        begun = time.monotonic()
        c = self.connect()
        c.command("NOOP")
        c.select("INBOX")
        self.assertLess(time.monotonic() - begun, 10)

    def test_forty_clients_that_do_not_read_hold_up_nobody(self):
        # Three of these are more than the kernel keeps for a connection.
        message = mail.simple(1, body="0123456789abcde\r\n" * 400_000)
        self.connect().append("INBOX", message)
        stalled = []
        for _ in range(40):
            c = self.connect()
            c.select("INBOX")
            c.send(b"x FETCH 1:* BODY.PEEK[]\r\n" * 3)
            stalled.append(c)
        self.answers_quickly()
        # One of them wakes up, and gets all it asked for.
        c = stalled[7]
        for _ in range(3):
            r = c.wait_for(lambda r: r.name == "FETCH")
            self.assertTrue(r.items()["BODY[]"] == message, "changed")
            self.assertEqual(c.response().name, "OK")
        for c in stalled:
            c.close()
        self.answers_quickly()

    def test_clients_that_write_byte_by_byte_hold_up_nobody(self):
        slow = [self.connect() for _ in range(40)]
        for n, c in enumerate(slow):
            c.send((b"a NO", b"a APPEND INBOX {1000}\r\n",
                    b"a APPEND INBOX {1000+}\r\nhalf of it",
                    b'a SELECT "INB')[n % 4])
        self.answers_quickly()
        c = slow[0]
        for byte in b"OP":
            c.send(bytes([byte]))
        c.send("\r\n")
        self.assertEqual((c.response().rest[:2]), b"OK")
        c = slow[2]
        c.send(b"x" * (1000 - len("half of it")) + b"\r\n")
        self.assertEqual(c.wait_for(lambda r: r.tag == "a").name, "OK")
        for c in slow:
            c.close()
        # What was half said is not done.
        self.assertEqual(len(self.contents("INBOX")), 1)

    def test_a_thousand_commands_at_once_are_answered_in_order(self):
        c = self.connect()
        for n in range(10):
            c.append("INBOX", mail.simple(n))
        c.select("INBOX")
        kinds = ["NOOP", "FETCH 1:* (UID FLAGS)", "STORE %d +FLAGS (k%d)",
                 "UID SEARCH ALL", "APPEND INBOX {9+}\r\nX: y\r\n\r\nz",
                 "STATUS Archive (MESSAGES)", "BOGUS", "LIST \"\" *"]
        out = []
        for n in range(1000):
            command = kinds[n % len(kinds)]
            if "%d" in command:
                command %= (n % 10 + 1, n % 7)
            out.append("p%d %s\r\n" % (n, command if n % 56 else "NOOP"))
        # No more than 20 BAD in a row, but 125 in all.
        c.send("".join(out))
        for n in range(1000):
            r = c.wait_for(lambda r: r.tag not in ("*", "+"))
            want = "BAD" if "BOGUS" in out[n] else "OK"
            self.assertEqual((r.tag, r.name), ("p%d" % n, want))
        c.command("NOOP")
        self.assertEqual(c.select("INBOX").one("EXISTS").number,
                         10 + sum("APPEND" in line for line in out))

    def test_lines_up_to_64_kib_with_very_long_sets(self):
        c = self.connect()
        for n in range(20):
            c.append("INBOX", mail.simple(n))
        c.select("INBOX")
        chance = random.Random(3)
        numbers = [chance.randrange(1, 21) for _ in range(20_000)]
        text = ",".join(map(str, numbers))[:64_000].rstrip(",")
        found = c.fetch(text, "(UID)")
        self.assertEqual(sorted(found), list(range(1, 21)))
        wide = ",".join("%d:%d" % (n, n + 1)
                        for n in range(1, 2 * 5_400, 2))
        self.assertGreater(len(wide), 50_000)
        self.assertEqual(c.search("UID", wide), list(range(1, 21)))
        sets = ",".join(["1:4294967295"] * 4_000)
        self.assertEqual(len(c.fetch(sets, "(UID)")), 20)
        c.command("UID STORE", text, "+FLAGS.SILENT (Seen1)")
        c.command("UID COPY", text, "Archive")
        self.assertEqual(len(self.contents("Archive")), 20)

    @only_roost
    def test_what_is_over_the_limits_is_told_so(self):
        c = self.connect()
        c.send(b"a SEARCH SUBJECT " + b"x" * 200_000 + b"\r\n")
        r = c.wait_for(lambda r: r.name == "BYE")
        self.assertGreater(len(r.text), 10)
        self.assertTrue(c.at_end())
        c = self.connect()
        reply = c.finish(c.start("APPEND INBOX {999999999}"))
        self.assertEqual((reply.status, reply.code), ("NO", "TOOBIG"))
        c.command("NOOP")
        c.send("b APPEND INBOX {999999999+}\r\n")
        told = c.wait_for(lambda r: r.name in ("BYE", "NO"))
        self.assertGreater(len(told.text), 10)
        c = self.connect()
        c.send("d SEARCH SUBJECT {999999999}\r\n")
        told = c.wait_for(lambda r: r.tag in ("*", "d"))
        self.assertIn(told.name, ("BYE", "NO", "BAD"))
        c = self.connect()
        c.send("c NOOP {99999999999999999999999999}\r\n")
        told = c.wait_for(lambda r: r.tag in ("*", "c"))
        self.assertIn(told.name, ("BYE", "BAD"))
        self.answers_quickly()

    @only_roost
    def test_twenty_bad_commands_end_a_session_and_three_before_login(self):
        for logged_in, limit in ((True, 20), (False, 3)):
            c = (self.connect() if logged_in else self.server.connect())
            for n in range(1, limit + 1):
                tag = c.start("FROBNICATE %d" % n)
                r = c.wait_for(lambda r: r.tag == tag or r.name == "BYE")
                if r.name == "BYE":
                    break
                self.assertEqual(r.name, "BAD")
                self.assertGreater(len(r.text), 10)
            self.assertEqual(n, limit)
            if r.name != "BYE":
                r = c.wait_for(lambda r: r.name == "BYE")
            self.assertGreater(len(r.text), 10)
            self.assertTrue(c.at_end())

    def test_wrong_commands_are_told_and_the_session_goes_on(self):
        c = self.connect()
        c.append("INBOX", mail.simple(1))
        c.select("INBOX")
        wrong = [
            "", "SELECT", "SELECT INBOX INBOX", "SELECT (INBOX", 'SELECT "INB',
            "SELECT INBOX (NONSENSE)", "EXAMINE", "CREATE", "DELETE",
            "RENAME Sent", "SUBSCRIBE", "LIST", 'LIST ""', 'LIST "" ( *',
            "LIST (NONSENSE) \"\" *", "STATUS INBOX", "STATUS INBOX ()",
            "STATUS INBOX (NONSENSE)", "STATUS INBOX MESSAGES", "APPEND",
            "APPEND INBOX", "APPEND INBOX (\\Seen", "APPEND INBOX () {x}",
            "APPEND INBOX 99-Foo-2024 {1+}\r\nx",
            "FETCH", "FETCH 1", "FETCH 1 ()", "FETCH 1 NONSENSE",
            "FETCH 0 FLAGS", "FETCH 1: FLAGS", "FETCH 1,,2 FLAGS",
            "FETCH 1 BODY[", "FETCH 1 BODY[NONSENSE]", "FETCH 1 BODY[]<1>",
            "FETCH 1 BODY[]<1.>", "FETCH 1 BODY[HEADER.FIELDS]",
            "FETCH 1 BODY[HEADER.FIELDS ()]", "FETCH 1 BODY[1.]",
            "FETCH 1 BODY[MIME]", "FETCH 99999999999 FLAGS", "FETCH 1 FLAGS )",
            "STORE", "STORE 1", "STORE 1 FLAGS", "STORE 1 *FLAGS (\\Seen)",
            "STORE 1 +FLAGS (\\*)", "STORE 1 +FLAGS ((\\Seen))",
            "STORE 1 (UNCHANGEDSINCE x) +FLAGS (\\Seen)", "COPY", "COPY 1",
            "MOVE 1", "UID", "UID NOOP", "UID FETCH 1", "SEARCH",
            "SEARCH NONSENSE", "SEARCH (", "SEARCH OR SEEN", "SEARCH NOT",
            "SEARCH SINCE yesterday", "SEARCH LARGER x", "SEARCH UID",
            "SEARCH CHARSET", "SEARCH HEADER", "SORT", "SORT (NONSENSE) UTF-8 "
            "ALL", "SORT () UTF-8 ALL", "THREAD NONSENSE UTF-8 ALL",
            "ENABLE", "AUTHENTICATE PLAIN", "LOGIN a b", "STARTTLS", "IDLE x",
            "EXPUNGE x", "UID EXPUNGE", "CLOSE x", "NOOP x", "\x01", "FETCH\t1"
            " FLAGS", "SELECT {3}x\r\n",
        ]
        for text in wrong:
            with self.subTest(text):
                try:
                    reply = c.finish(c.start(text))
                    self.assertIn(reply.status, ("BAD", "NO"), reply)
                    self.assertGreater(len(reply.text), 5)
                    c.command("NOOP")
                except (Closed, ConnectionError, TimeoutError):
                    c = self.connect()
                    c.select("INBOX")
                    raise
        c.command("NOOP")
        c.select("INBOX")

    def test_noise_before_login_harms_nobody(self):
        chance = random.Random(5)
        for n in range(60):
            noise = chance.randbytes(chance.choice((1, 100, 5000)))
            if n % 3 == 0:
                noise = noise.replace(b"\n", b"{5}\r\n")
            if n % 3 == 1:
                noise = b"a LOGIN {%d}\r\n" % chance.randrange(10 ** 12)
            try:
                c = Connection(self.server.port, timeout=10)
                c.send(noise)
                c.socket.shutdown(socket.SHUT_WR)
                while c.socket.recv(65536):
                    pass
                c.close()
            except (ConnectionError, ImapError, TimeoutError):
                pass
        self.answers_quickly()

    def test_300_connections_at_once(self):
        idle = [self.connect() for _ in range(60)]
        idle += [self.server.connect() for _ in range(240)]
        self.answers_quickly()
        for c in idle[:60]:
            c.select("INBOX")
        tags = [c.idle() for c in idle[:60]]
        self.connect().append("INBOX", mail.simple(1))
        for c, tag in zip(idle, tags):
            c.wait_for(lambda r: r.name == "EXISTS" and r.number == 1)
            c.done(tag)
        for c in idle:
            c.close()
