# SPDX-License-Identifier: Apache-2.0
"""Python's imaplib: a wide range of commands, and several sessions at once."""

import base64
import imaplib
import random
import re
import time

import mail
from harness import Literal, ServerTest, client_context, only_roost
from imap_client import Connection, ImapError, expand, quote

imaplib._MAXLINE = 50_000_000  # its limit is on lines of its own

BIG = 30_000_000


def utf7(name):
    """A mailbox name in modified UTF-7 (RFC 3501 section 5.1.3)."""
    def encode(match):
        raw = base64.b64encode(match[0].encode("utf-16-be")).rstrip(b"=")
        return "&%s-" % raw.decode().replace("/", ",")
    return re.sub("[^\x20-\x7e]+", encode, name.replace("&", "&-"))


class ImaplibTest(ServerTest):
    find_leaks = True

    def setUp(self):
        super().setUp()
        self.m = self.login()

    def login(self):
        m = imaplib.IMAP4_SSL(
            "127.0.0.1", self.server.tls_port, timeout=120,
            ssl_context=client_context(self.server.certificate))
        self.ok(m.login(self.user, self.password))
        self.addCleanup(m.shutdown)
        return m

    def ok(self, result):
        """The data of a command that must end in OK."""
        self.assertEqual(result[0], "OK", result)
        return result[1]

    def no(self, result):
        self.assertEqual(result[0], "NO", result)
        return result[1][0].decode()

    def append(self, message, mailbox="INBOX", flags=None, date=None):
        """Appends a message; returns its UID."""
        data = self.ok(self.m.append(mailbox, flags, date, message))
        return int(re.search(rb"APPENDUID \d+ (\d+)", data[0])[1])

    def literal(self, data):
        """The literal of a FETCH that has exactly one."""
        return next(d[1] for d in data if isinstance(d, tuple))

    def flags_of(self, uid):
        data = self.ok(self.m.uid("fetch", str(uid), "(FLAGS)"))
        found = re.search(rb"FLAGS \(([^)]*)\)", data[0])[1]
        return set(found.decode().split()) - {"\\Recent"}

    # -- messages

    def test_every_kind_of_mail_reads_back_byte_for_byte(self):
        kinds = mail.kinds()
        uids = [self.append(message) for _, message in kinds]
        self.ok(self.m.select("INBOX"))
        for uid, (name, message) in zip(uids, kinds):
            with self.subTest(name):
                for item in ("BODY.PEEK[]", "RFC822"):
                    data = self.ok(self.m.uid("fetch", str(uid), item))
                    self.assertEqual(self.literal(data), message)
                data = self.ok(self.m.uid(
                    "fetch", str(uid), "(RFC822.SIZE)"))
                self.assertIn(b"RFC822.SIZE %d" % len(message), data[0])
        c = self.connect()
        c.select("INBOX")
        halves = c.fetch("1:*", "(UID RFC822.HEADER RFC822.TEXT "
                                "BODY.PEEK[HEADER] BODY.PEEK[TEXT])")
        for uid, (name, message) in zip(uids, kinds):
            with self.subTest(name):
                got = halves[uid]
                self.assertEqual(got["RFC822.HEADER"], got["BODY[HEADER]"])
                self.assertEqual(got["RFC822.TEXT"] or b"",
                                 got["BODY[TEXT]"] or b"")
                self.assertEqual(
                    got["BODY[HEADER]"] + (got["BODY[TEXT]"] or b""),
                    message)

    def test_30_mb_goes_in_and_comes_back_whole_and_in_parts(self):
        generator = random.Random(30)
        line = 76
        body = b"".join(
            base64.b64encode(generator.randbytes(57)) + b"\r\n"
            for _ in range(BIG // (line + 2)))
        message = mail.top(1, "Big") + b"\r\n" + body
        uid = self.append(message)
        self.ok(self.m.select("INBOX"))
        whole = self.literal(self.ok(
            self.m.uid("fetch", str(uid), "BODY.PEEK[]")))
        self.assertTrue(whole == message, "30 MB came back changed")
        for start, length in [(0, 1), (0, 1000), (65530, 20), (65536, 65536),
                              (1 << 20, 3), (len(message) - 5, 100),
                              (len(message), 10), (12345678, 2000000)]:
            data = self.ok(self.m.uid("fetch", str(uid),
                                      "BODY.PEEK[]<%d.%d>" % (start, length)))
            part = data[0]
            if isinstance(part, tuple):
                self.assertIn(b"BODY[]<%d>" % start, part[0])
                part = part[1]
            else:
                self.assertRegex(part, rb'BODY\[\]<%d> ""' % start)
                part = b""
            self.assertEqual(part, message[start:start + length])
        text = message.index(b"\r\n\r\n") + 4
        data = self.ok(self.m.uid("fetch", str(uid),
                                  "BODY.PEEK[TEXT]<1000000.5000>"))
        self.assertEqual(self.literal(data),
                         message[text + 1000000:][:5000])

    def test_dates_and_flags_given_to_append_are_kept(self):
        when = time.strptime("2019-03-04 05:06:07", "%Y-%m-%d %H:%M:%S")
        uid = self.append(mail.simple(1), flags="(\\Seen $Label1 Work)",
                          date='"04-Mar-2019 05:06:07 +0530"')
        self.ok(self.m.select("INBOX"))
        data = self.ok(self.m.uid("fetch", str(uid), "(INTERNALDATE)"))
        got = imaplib.Internaldate2tuple(data[0])
        want = imaplib.Internaldate2tuple(
            b'INTERNALDATE "04-Mar-2019 05:06:07 +0530"')
        self.assertEqual(got, want)
        self.assertEqual(when.tm_year, got.tm_year)
        self.assertEqual(self.flags_of(uid), {"\\Seen", "$Label1", "Work"})

    def test_parts_are_cut_where_they_are(self):
        uid = self.append(mail.with_attachment(3))
        self.ok(self.m.select("INBOX"))
        whole = mail.with_attachment(3)

        def section(name):
            return self.literal(self.ok(self.m.uid(
                "fetch", str(uid), "BODY.PEEK[%s]" % name)))
        self.assertEqual(section("1.1"), b"Gr=C3=BC=C3=9Fe 3\r\n")
        self.assertEqual(section("1.1.MIME"),
                         b"Content-Type: text/plain; charset=utf-8\r\n"
                         b"Content-Transfer-Encoding: quoted-printable\r\n"
                         b"\r\n")
        encoded = section("2")
        self.assertIn(encoded, whole)
        self.assertEqual(base64.b64decode(encoded),
                         random.Random(3).randbytes(20000))
        self.assertEqual(section("HEADER.FIELDS (SUBJECT FROM)"),
                         b"From: ann@example.org\r\n"
                         b"Subject: With attachment 3\r\n\r\n")
        rest = section("HEADER.FIELDS.NOT (SUBJECT FROM)")
        self.assertNotIn(b"Subject", rest)
        self.assertIn(b"Message-ID: <m3@example.org>\r\n", rest)

    def test_a_message_in_a_message_is_described_and_cut(self):
        uid = self.append(mail.nested(4))
        inner = mail.simple(1004, "The inner one")
        self.ok(self.m.select("INBOX"))

        def section(name):
            return self.literal(self.ok(self.m.uid(
                "fetch", str(uid), "BODY.PEEK[%s]" % name)))
        self.assertEqual(section("2"), inner)
        head, body = inner.split(b"\r\n\r\n", 1)
        self.assertEqual(section("2.HEADER"), head + b"\r\n\r\n")
        self.assertEqual(section("2.TEXT"), body)
        self.assertEqual(section("2.1"), body)
        self.assertEqual(section("2.HEADER.FIELDS (SUBJECT)"),
                         b"Subject: The inner one\r\n\r\n")
        c = self.connect()
        c.select("INBOX")
        structure = c.fetch(str(uid), "(BODYSTRUCTURE)")[uid]["BODYSTRUCTURE"]
        self.assertEqual(structure[2].lower(), b"mixed")
        message = structure[1]
        self.assertEqual([message[0].lower(), message[1].lower()],
                         [b"message", b"rfc822"])
        self.assertEqual(int(message[6]), len(inner))
        self.assertEqual(message[7][1], b"The inner one")
        self.assertEqual(message[8][1].lower(), b"plain")

    def test_binary_is_decoded(self):
        c = self.connect()
        _, uid = c.append("INBOX", mail.with_attachment(3))
        c.select("INBOX")
        got = c.fetch(str(uid), "(BINARY.PEEK[2] BINARY.SIZE[2] "
                                "BINARY.PEEK[1.1] BINARY.PEEK[2]<100.50>)")[uid]
        blob = random.Random(3).randbytes(20000)
        self.assertEqual(got["BINARY[2]"], blob)
        self.assertEqual(int(got["BINARY.SIZE[2]"]), len(blob))
        self.assertEqual(got["BINARY[1.1]"], "Grüße 3\r\n".encode())
        self.assertEqual(got["BINARY[2]<100>"], blob[100:150])

    # -- flags

    def test_flags_and_keywords_are_set_and_taken(self):
        uid = self.append(mail.simple(1))
        self.ok(self.m.select("INBOX"))
        permanent = self.m.response("PERMANENTFLAGS")[1][0]
        self.assertIn(b"\\*", permanent)
        steps = [
            ("+FLAGS", "(\\Flagged)", {"\\Flagged"}),
            ("+FLAGS", "(\\Answered $Forwarded)",
             {"\\Flagged", "\\Answered", "$Forwarded"}),
            ("-FLAGS", "(\\Flagged)", {"\\Answered", "$Forwarded"}),
            ("FLAGS", "(\\Seen Work)", {"\\Seen", "Work"}),
            ("+FLAGS.SILENT", "(\\Draft)", {"\\Seen", "Work", "\\Draft"}),
            ("-FLAGS.SILENT", "(Work NotThere)", {"\\Seen", "\\Draft"}),
            ("FLAGS.SILENT", "()", set()),
        ]
        for how, what, want in steps:
            data = self.ok(self.m.uid("store", str(uid), how, what))
            if "SILENT" in how:
                self.assertEqual(data, [None])
            else:
                self.assertIn(b"FLAGS", data[0])
            self.assertEqual(self.flags_of(uid), want)

    def test_reading_sets_seen_and_peeking_does_not(self):
        uid = self.append(mail.simple(1))
        self.ok(self.m.select("INBOX"))
        self.ok(self.m.uid("fetch", str(uid), "BODY.PEEK[TEXT]"))
        self.assertEqual(self.flags_of(uid), set())
        data = self.ok(self.m.uid("fetch", str(uid), "BODY[TEXT]"))
        self.assertIn(b"\\Seen", b"".join(
            d if isinstance(d, bytes) else d[0] for d in data))
        self.assertEqual(self.flags_of(uid), {"\\Seen"})
        self.ok(self.m.uid("store", str(uid), "FLAGS", "()"))
        self.ok(self.m.select("INBOX", readonly=True))
        self.ok(self.m.uid("fetch", str(uid), "BODY[TEXT]"))
        self.assertEqual(self.flags_of(uid), set())

    def test_250_keywords_in_a_mailbox(self):
        uid = self.append(mail.simple(1))
        self.ok(self.m.select("INBOX"))
        words = {"keyword%d" % i for i in range(250)}
        self.ok(self.m.uid("store", str(uid), "FLAGS",
                           "(%s)" % " ".join(sorted(words))))
        self.assertEqual(self.flags_of(uid), words)

    # -- copying, moving, expunging

    def test_copy_move_and_expunge_keep_count(self):
        messages = [mail.simple(n) for n in range(1, 9)]
        uids = [self.append(m, flags="(Tag%d)" % n)
                for n, m in enumerate(messages)]
        self.ok(self.m.create("Filed"))
        self.ok(self.m.select("INBOX"))
        self.ok(self.m.uid("copy", "%d,%d" % (uids[1], uids[3]), "Filed"))
        code = self.m.response("COPYUID")[1][0].split()
        self.assertEqual(expand(code[1].decode()), [uids[1], uids[3]])
        self.assertEqual(len(expand(code[2].decode())), 2)
        self.ok(self.m.uid("move", "%d:%d" % (uids[4], uids[5]), "Filed"))
        self.assertIn(self.m.untagged_responses.pop("EXPUNGE"),
                      ([b"5", b"5"], [b"6", b"5"]))
        self.ok(self.m.uid("store", "%d,%d" % (uids[0], uids[7]),
                           "+FLAGS", "(\\Deleted)"))
        self.ok(self.m.uid("expunge", str(uids[7])))
        self.assertEqual(self.m.untagged_responses.pop("EXPUNGE"), [b"6"])
        self.assertEqual(self.ok(self.m.expunge()), [b"1"])
        inbox = self.contents("INBOX")
        self.assertEqual(
            inbox, [({"Tag%d" % n}, messages[n]) for n in (1, 2, 3, 6)])
        filed = self.contents("Filed")
        self.assertEqual(
            filed, [({"Tag%d" % n}, messages[n]) for n in (1, 3, 4, 5)])

    def test_close_expunges_and_unselect_does_not(self):
        for n in range(4):
            self.append(mail.simple(n))
        self.ok(self.m.select("INBOX"))
        self.ok(self.m.store("1:2", "+FLAGS", "(\\Deleted)"))
        self.ok(self.m.unselect())
        self.assertEqual(self.ok(self.m.select("INBOX")), [b"4"])
        self.ok(self.m.close())
        self.assertEqual(self.ok(self.m.select("INBOX")), [b"2"])
        self.ok(self.m.store("1", "+FLAGS", "(\\Deleted)"))
        self.ok(self.m.select("INBOX", readonly=True))
        self.ok(self.m.close())
        self.assertEqual(self.ok(self.m.select("INBOX")), [b"2"])

    def test_copying_to_a_missing_mailbox_says_trycreate(self):
        uid = self.append(mail.simple(1))
        self.ok(self.m.select("INBOX"))
        self.assertIn("TRYCREATE", self.no(
            self.m.uid("copy", str(uid), "Nowhere")))
        self.assertIn("TRYCREATE", self.no(
            self.m.append("Nowhere", None, None, mail.simple(2))))

    # -- mailboxes

    def names(self):
        names = []
        for line in self.ok(self.m.list()):
            raw = line if isinstance(line, bytes) else line[0] + line[1]
            names.append(re.search(rb'"/" "?(.*?)"?$', raw)[1].decode())
        return set(names)

    def test_a_new_account_has_its_special_mailboxes_subscribed(self):
        c = self.connect()
        uses = {}
        for r in c.command('LIST (SPECIAL-USE) "" "*"').named("LIST"):
            for attribute in r.tokens[1]:
                uses[attribute.lower()] = r.tokens[3]
        for use in ("drafts", "sent", "junk", "trash", "archive"):
            name = uses["\\" + use]
            name = name if isinstance(name, str) else name.decode()
            self.assertEqual(name.lower(), use)
        subscribed = c.command('LSUB "" "*"').named("LSUB")
        self.assertGreaterEqual(len(subscribed), 5)

    def test_mailbox_names_in_many_scripts(self):
        names = ["Büro/Ärger", "日本語", "日本語/メール", "Почта", "بريد",
                 "A & B", "emoji 😀", "Ünïcödé/ñ/ø", "quote\"back\\slash",
                 "per%cent*star"[:3] + "cent", "trailing dot."]
        for name in names:
            self.ok(self.m.create(quote(utf7(name)).decode()))
            self.ok(self.m.subscribe(quote(utf7(name)).decode()))
        listed = {r.tokens[3] if isinstance(r.tokens[3], bytes)
                  else r.tokens[3].encode()
                  for r in self.connect().command('LIST "" "*"').named("LIST")}
        for name in names:
            self.assertIn(utf7(name).encode(), listed)
        self.append(mail.simple(1), quote(utf7("日本語/メール")).decode())
        self.ok(self.m.rename(quote(utf7("日本語")).decode(),
                              quote(utf7("古い")).decode()))
        self.assertEqual(self.ok(self.m.select(
            quote(utf7("古い/メール")).decode())), [b"1"])
        self.no(self.m.select(quote(utf7("日本語")).decode()))
        for name in names:
            if not name.startswith("日本語"):
                self.ok(self.m.delete(quote(utf7(name)).decode()))
        left = self.names()
        self.assertNotIn(utf7("Почта"), left)

    @only_roost
    def test_utf8_accept_gives_names_and_headers_as_they_are(self):
        self.ok(self.m.enable("UTF8=ACCEPT"))
        self.ok(self.m.create('"Grüße"'))
        self.ok(self.m.append('"Grüße"', None, None,
                              mail.simple(2, "Żółw")))
        self.assertEqual(self.ok(self.m.select('"Grüße"')), [b"1"])
        self.assertIn("Grüße".encode(),
                      b" ".join(self.ok(self.m.list())))
        # What is seen without it.
        c = self.connect()
        self.assertEqual(c.select(utf7("Grüße")).one("EXISTS").number, 1)

    def test_rename_and_delete_of_folders_with_children(self):
        for name in ("Top", "Top/Middle", "Top/Middle/Leaf"):
            self.ok(self.m.create(name))
        self.append(mail.simple(1), "Top/Middle/Leaf")
        self.ok(self.m.rename("Top/Middle", "Top/Centre"))
        self.assertLessEqual({"Top", "Top/Centre", "Top/Centre/Leaf"},
                             self.names())
        self.assertEqual(self.ok(self.m.select("Top/Centre/Leaf")), [b"1"])
        self.ok(self.m.close())
        self.no(self.m.rename("Top/Centre", "INBOX"))
        self.ok(self.m.delete("Top/Centre/Leaf"))
        self.no(self.m.select("Top/Centre/Leaf"))
        self.no(self.m.create("Top"))
        self.no(self.m.delete("Nowhere"))
        self.no(self.m.delete("INBOX"))

    def test_renaming_inbox_moves_its_mail(self):
        self.append(mail.simple(1), flags="(\\Flagged)")
        self.ok(self.m.rename("INBOX", "Old mail".replace(" ", "-")))
        self.assertEqual(self.contents("INBOX"), [])
        self.assertEqual(self.contents("Old-mail"),
                         [({"\\Flagged"}, mail.simple(1))])

    def test_status_tells_what_select_tells(self):
        for n in range(5):
            self.append(mail.simple(n), flags="(\\Seen)" if n < 2 else None)
        data = self.ok(self.m.status(
            "INBOX", "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)"))
        values = dict(zip(*[iter(
            data[0].split(b"(")[1].rstrip(b")").split())] * 2))
        self.assertEqual(values[b"MESSAGES"], b"5")
        self.assertEqual(values[b"UNSEEN"], b"3")
        self.ok(self.m.select("INBOX"))
        self.assertEqual(self.m.response("UIDVALIDITY")[1],
                         [values[b"UIDVALIDITY"]])
        self.assertEqual(self.m.response("UIDNEXT")[1], [values[b"UIDNEXT"]])

    # -- searching and sorting

    def test_search_sort_and_thread(self):
        bodies = ["apples and pears", "Pears only", "nothing"]
        uids = [self.append(mail.simple(
            n, subject, body + "\r\n",
            extra="In-Reply-To: <m1@example.org>\r\n"
                  "References: <m1@example.org>\r\n" if n == 3 else ""),
            flags=flags)
            for n, subject, body, flags in [
                (1, "zebra", bodies[0], "(\\Seen)"),
                (2, "Aardvark", bodies[1], "(\\Flagged Work)"),
                (3, "Re: zebra", bodies[2], None)]]
        self.ok(self.m.select("INBOX"))

        def search(*criteria):
            data = self.ok(self.m.uid("search", None, *criteria))
            return [int(n) for n in data[0].split()]
        first, second, third = uids
        for criteria, want in [
                ("ALL", uids), ("SEEN", [first]), ("UNSEEN", [second, third]),
                ("KEYWORD Work", [second]), ("UNKEYWORD Work", [first, third]),
                ("FLAGGED", [second]), ("BODY pears", [first, second]),
                ("BODY PEARS", [first, second]), ("TEXT zebra", [first, third]),
                ("SUBJECT aard", [second]), ("FROM ann@example", uids),
                ("TO bob", uids), ("CC bob", []),
                ("OR SEEN FLAGGED", [first, second]),
                ("NOT (OR SEEN FLAGGED)", [third]),
                ("UID %d" % second, [second]), ("1:2 UNSEEN", [second]),
                ("LARGER 10 SMALLER 100000", uids), ("LARGER 100000", []),
                ("SENTSINCE 3-Jan-2024", [second, third]),
                ("SENTON 3-Jan-2024", [second]),
                ("SENTBEFORE 3-Jan-2024", [first]),
                ("SINCE 1-Jan-2000", uids), ("BEFORE 1-Jan-2000", []),
                ("HEADER Message-ID m2@", [second]),
                ('HEADER In-Reply-To ""', [third])]:
            with self.subTest(criteria):
                self.assertEqual(search(criteria), want)
        sort = self.ok(self.m.uid("sort", "(SUBJECT)", "UTF-8", "ALL"))
        self.assertEqual([int(n) for n in sort[0].split()],
                         [second, first, third])
        sort = self.ok(self.m.uid("sort", "(REVERSE DATE)", "UTF-8", "ALL"))
        self.assertEqual([int(n) for n in sort[0].split()], uids[::-1])
        thread = self.ok(self.m.uid("thread", "REFERENCES", "UTF-8", "ALL"))
        self.assertEqual(thread[0].replace(b" ", b""),
                         b"(%d%d)(%d)" % (first, third, second))

    # -- connections

    def test_authenticate_plain_and_logout(self):
        m = imaplib.IMAP4_SSL(
            "127.0.0.1", self.server.tls_port, timeout=60,
            ssl_context=client_context(self.server.certificate))
        token = "\0%s\0%s" % (self.user, self.password)
        self.ok(m.authenticate("PLAIN", lambda _: token.encode()))
        self.ok(m.select("INBOX"))
        self.assertEqual(m.logout()[0], "BYE")
        m = imaplib.IMAP4_SSL(
            "127.0.0.1", self.server.tls_port, timeout=60,
            ssl_context=client_context(self.server.certificate))
        self.addCleanup(m.shutdown)
        with self.assertRaises(imaplib.IMAP4.error):
            m.login(self.user, "wrong")
        self.ok(m.login(self.user, self.password))

    def test_namespace_noop_check_and_capability(self):
        self.assertEqual(self.ok(self.m.namespace()),
                         [b'(("" "/")) NIL NIL'])
        self.ok(self.m.noop())
        self.ok(self.m.select())
        self.ok(self.m.check())
        self.assertIn(b"IMAP4REV1", self.ok(self.m.capability())[0].upper())
        self.ok(self.m.xatom("ID", "NIL"))


class SessionsTest(ServerTest):
    """Several sessions on one mailbox, with the client of imap_client.py."""

    def test_arguments_as_literals_of_both_kinds(self):
        c = Connection(self.server.tls_port, self.server.tls())
        self.addCleanup(c.close)
        for plus in (False, True):
            c.command("LOGIN" if not plus else "SELECT", *(
                [Literal(self.user.encode()),
                 Literal(self.password.encode(), True)]
                if not plus else [Literal(b"INBOX", True)]))
        c.append("INBOX", mail.simple(1, body="find the needle\r\n"))
        c.append("INBOX", mail.simple(2), plus=True)
        self.assertEqual(c.search("BODY", Literal(b"needle")), [1])
        self.assertEqual(c.search("CHARSET UTF-8 OR BODY",
                                  Literal(b"needle", True), "SUBJECT",
                                  Literal(b"number 2")), [1, 2])
        self.assertEqual(c.search("HEADER", Literal(b"subject"),
                                  Literal(b"NUMBER 2", True)), [2])

    @only_roost
    def test_mail_that_thunderbird_passes_over_is_told_again(self):
        """Thunderbird's dialogue, as MOZ_LOG=IMAP:5 shows it (153 ESR). It
        notices new mail in IDLE and in NOOP, but not inside a FETCH."""
        c, actor = self.connect(), self.connect()
        c.select("INBOX")
        fields = "(UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To)])"
        # A first message, in IDLE; a second while it says NOOP.
        tag = c.idle()
        actor.append("INBOX", mail.simple(1))
        self.assertEqual(
            c.wait_for(lambda r: r.name == "EXISTS").number, 1)
        c.done(tag)
        actor.append("INBOX", mail.simple(2))
        self.assertEqual(c.command("NOOP").one("EXISTS").number, 2)
        c.command("UID FETCH 1:* (FLAGS)")
        # More of them while it fetches those two.
        for n, items in ((3, fields), (4, "(UID RFC822.SIZE BODY.PEEK[])")):
            actor.append("INBOX", mail.simple(n))
            reply = c.command("UID FETCH 1:2 " + items)
            self.assertEqual(reply.one("EXISTS").number, n)
            self.assertEqual(len(reply.named("FETCH")), 2)
        # It idles, and hears of them again.
        tag = c.idle()
        self.assertEqual(
            c.wait_for(lambda r: r.name == "EXISTS").number, 4)
        c.done(tag)
        self.assertEqual(c.command("NOOP").named("EXISTS"), [])
        self.assertEqual(
            len(c.command("UID FETCH 3:* (FLAGS)").named("FETCH")), 2)
        # Now it knows them: nothing is told twice.
        tag = c.idle()
        self.assertEqual(c.done(tag).named("EXISTS"), [])

    def test_news_reaches_a_session_in_idle(self):
        watcher, actor = self.connect(), self.connect()
        watcher.select("INBOX")
        actor.select("INBOX")
        tag = watcher.idle()
        delays = []
        for n in range(1, 21):
            started = time.monotonic()
            actor.append("INBOX", mail.simple(n))
            watcher.wait_for(
                lambda r: r.name == "EXISTS" and r.number == n)
            delays.append(time.monotonic() - started)
        actor.command("UID STORE 1:5 +FLAGS.SILENT (\\Flagged Later)")
        seen = {}
        while len(seen) < 5:
            r = watcher.wait_for(lambda r: r.name == "FETCH")
            seen[r.number] = set(r.items()["FLAGS"]) - {"\\Recent"}
        self.assertEqual(seen, {n: {"\\Flagged", "Later"}
                                for n in range(1, 6)})
        actor.command("UID STORE 2,4 +FLAGS.SILENT (\\Deleted)")
        actor.command("EXPUNGE")
        gone = [watcher.wait_for(lambda r: r.name == "EXPUNGE").number
                for _ in range(2)]
        numbers = list(range(1, 21))
        for n in gone:
            numbers.pop(n - 1)
        self.assertEqual(numbers, [n for n in range(1, 21)
                                   if n not in (2, 4)])
        watcher.done(tag)
        self.assertEqual(sorted(watcher.flags()), numbers)

    def test_expunge_is_held_back_where_the_rfc_forbids_it(self):
        one, other = self.connect(), self.connect()
        for n in range(1, 7):
            one.append("INBOX", mail.simple(n))
        one.select("INBOX")
        other.select("INBOX")
        other.command("UID STORE 2,3 +FLAGS.SILENT (\\Deleted)")
        other.command("EXPUNGE")
        # RFC 9051 section 7.5.1: not in FETCH, STORE, SEARCH without UID.
        for command in ("FETCH 1:* (UID)", "STORE 1 +FLAGS (Seen1)",
                        "SEARCH ALL"):
            reply = one.command(command, want=None)
            self.assertEqual(reply.named("EXPUNGE"), [], command)
        fetched = one.fetch("4:6", "(UID)", uid=False)
        self.assertEqual([int(fetched[n]["UID"]) for n in (4, 5, 6)],
                         [4, 5, 6])
        reply = one.command("NOOP")
        self.assertEqual(len(reply.named("EXPUNGE")), 2)
        fetched = one.fetch("1:4", "(UID)", uid=False)
        self.assertEqual([int(fetched[n]["UID"]) for n in range(1, 5)],
                         [1, 4, 5, 6])

    def test_ten_sessions_agree_after_each_has_changed_something(self):
        sessions = [self.connect() for _ in range(10)]
        for n in range(30):
            sessions[n % 10].append("INBOX", mail.simple(n))
        for s in sessions:
            self.assertEqual(s.select("INBOX").one("EXISTS").number, 30)
        for n, s in enumerate(sessions):
            s.command("UID STORE %d +FLAGS (\\Flagged From%d)" % (n + 1, n))
            s.command("UID STORE %d +FLAGS (\\Deleted)" % (n + 11))
        for n, s in enumerate(sessions):
            s.command("UID EXPUNGE %d" % (n + 11))
        want = {uid: set() for uid in range(1, 31) if not 11 <= uid <= 20}
        for n in range(10):
            want[n + 1] = {"\\Flagged", "From%d" % n}
        for s in sessions:
            s.command("NOOP")
            self.assertEqual(s.flags(), want)
            count = s.command("FETCH 1:* (UID)")
            self.assertEqual([r.number for r in count.named("FETCH")],
                             list(range(1, 21)))

    def test_a_deleted_mailbox_ends_softly_for_who_has_it_open(self):
        one, other = self.connect(), self.connect()
        one.command("CREATE Doomed")
        one.append("Doomed", mail.simple(1))
        one.select("Doomed")
        other.command("DELETE Doomed")
        # RFC 9051 section 6.3.5 and RFC 2180 section 3 leave several ways;
        # the session must not hang, nor lie about new mail.
        try:
            reply = one.command("NOOP", want=None)
            self.assertIn(reply.status, ("OK", "NO", "BAD"))
            one.command("FETCH 1 (FLAGS)", want=None)
            one.select("INBOX")
        except (ImapError, ConnectionError):
            fresh = self.connect()
            fresh.command("SELECT Doomed", want="NO")

    def test_condstore_and_qresync_tell_only_what_changed(self):
        one, other = self.connect(), self.connect()
        for n in range(1, 21):
            one.append("INBOX", mail.simple(n))
        one.command("ENABLE QRESYNC")
        codes = one.select("INBOX").codes()
        validity, modseq = codes["UIDVALIDITY"], int(codes["HIGHESTMODSEQ"])
        one.command("UNSELECT")
        other.select("INBOX")
        other.command("UID STORE 3 +FLAGS (\\Flagged)")
        other.command("UID STORE 5,6,9 +FLAGS (\\Deleted)")
        other.command("EXPUNGE")
        other.append("INBOX", mail.simple(21))
        reply = one.select("INBOX", "(QRESYNC (%s %d 1:20))"
                           % (validity, modseq))
        gone = [uid for r in reply.named("VANISHED")
                for uid in expand(r.tokens[-1])]
        self.assertEqual(sorted(gone), [5, 6, 9])
        for r in reply.named("VANISHED"):
            self.assertEqual(r.tokens[1], ["EARLIER"])
        changed = {int(r.items()["UID"]): r.items()
                   for r in reply.named("FETCH")}
        self.assertEqual(set(changed) - {21}, {3})
        self.assertIn("\\Flagged", changed[3]["FLAGS"])
        self.assertGreater(int(changed[3]["MODSEQ"][0]), modseq)
        since = one.command("UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d VANISHED)"
                            % modseq)
        self.assertEqual({int(r.items()["UID"])
                          for r in since.named("FETCH")}, {3, 21})
        # A conditional STORE that lost the race.
        reply = one.command("UID STORE 3,4 (UNCHANGEDSINCE %d) +FLAGS (X)"
                            % modseq, want=None)
        self.assertEqual(reply.codes()["MODIFIED"], "3")
        other.command("NOOP")
        self.assertIn("X", other.flags("4")[4])
        self.assertNotIn("X", other.flags("3")[3])
