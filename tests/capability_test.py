# SPDX-License-Identifier: Apache-2.0
"""Every announced capability works. Each capability has a test here, and a
capability that is announced without a test fails."""

import base64
import re
import time
import zlib

import mail
from harness import ServerTest, only_roost
from imap_client import Connection, Literal, expand
from jmap_client import Jmap

# Tested in other files: that they are announced where they work, and there
# only, is tested there.
ELSEWHERE = {"STARTTLS", "LOGINDISABLED", "AUTH=SCRAM-SHA-256",
             "AUTH=SCRAM-SHA-256-PLUS", "AUTH=OAUTHBEARER", "AUTH=XOAUTH2"}


class Deflated:
    """A socket with compression (RFC 4978) above it."""

    def __init__(self, socket):
        self.socket = socket
        self.deflate = zlib.compressobj(wbits=-15)
        self.inflate = zlib.decompressobj(wbits=-15)
        self.read = self.written = 0

    def recv(self, size):
        while True:
            data = self.socket.recv(size)
            self.read += len(data)
            plain = self.inflate.decompress(data)
            if plain or not data:
                return plain

    def sendall(self, data):
        packed = self.deflate.compress(data)
        self.socket.sendall(packed + self.deflate.flush(zlib.Z_SYNC_FLUSH))
        self.written += len(data)

    def close(self):
        self.socket.close()


def method(capability):
    """The name of the test of a capability."""
    return "test_" + re.sub(r"\W", "_", capability.split("=")[0] if
                           capability.startswith("APPENDLIMIT")
                           else capability.replace("+", "plus").replace(
                               "LITERAL-", "LITERALminus")).lower()


@only_roost
class CapabilityTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.c = self.connect()

    def fill(self, count, box="INBOX", flags=""):
        return [self.c.append(box, mail.simple(n), flags)[1]
                for n in range(1, count + 1)]

    def test_every_announced_capability_has_a_test_here(self):
        before = self.server.connect()
        self.addCleanup(before.close)
        names = before.command("CAPABILITY").one("CAPABILITY").tokens[1:]
        names += self.c.command("CAPABILITY").one("CAPABILITY").tokens[1:]
        self.assertEqual([name for name in set(names) - ELSEWHERE
                          if not hasattr(self, method(name))], [])
        self.assertGreater(len(set(names)), 35)

    def test_imap4rev1(self):
        self.fill(2)
        reply = self.c.select("INBOX")
        self.assertEqual(reply.one("EXISTS").number, 2)
        self.assertEqual(len(reply.named("RECENT")), 1)
        self.assertEqual(reply.codes()["UNSEEN"], "1")
        self.assertEqual(self.c.command("SEARCH ALL").one("SEARCH").tokens,
                         ["SEARCH", "1", "2"])

    def test_imap4rev2(self):
        self.fill(2)
        self.c.command("CREATE", '"Entw&APw-rfe"')
        reply = self.c.command("ENABLE IMAP4rev2")
        self.assertIn("IMAP4rev2", reply.one("ENABLED").tokens)
        reply = self.c.select("INBOX")
        # RFC 9051 appendix E: no RECENT; LIST in SELECT; ESEARCH; UTF-8.
        self.assertEqual(reply.named("RECENT"), [])
        self.assertEqual(len(reply.named("LIST")), 1)
        self.assertNotIn("UNSEEN", reply.codes())
        reply = self.c.command("SEARCH ALL")
        self.assertEqual(reply.named("SEARCH"), [])
        self.assertIn("1:2", reply.one("ESEARCH").tokens)
        listed = self.c.command('LIST "" Entw*').one("LIST")
        self.assertEqual(listed.raw.decode().split(" ")[-1].strip('"'),
                         "Entwürfe")

    def test_sasl_ir(self):
        c = self.server.connect()
        self.addCleanup(c.close)
        token = base64.b64encode(("\0%s\0%s" % (
            self.user, self.password)).encode()).decode()
        c.command("AUTHENTICATE PLAIN", token)
        c.select("INBOX")

    def test_auth_plain(self):
        c = self.server.connect()
        self.addCleanup(c.close)
        tag = c.start("AUTHENTICATE PLAIN")
        c.continuation(tag)
        c.send(base64.b64encode(("\0%s\0%s" % (
            self.user, self.password)).encode()) + b"\r\n")
        self.assertEqual(c.finish(tag).status, "OK")
        # RFC 9051 section 6.2.2: "*" gives up.
        c = self.server.connect()
        self.addCleanup(c.close)
        tag = c.start("AUTHENTICATE PLAIN")
        c.continuation(tag)
        c.send("*\r\n")
        self.assertEqual(c.finish(tag).status, "BAD")
        c.login(self.user, self.password)

    def test_auth_login(self):
        c = self.server.connect()
        self.addCleanup(c.close)
        tag = c.start("AUTHENTICATE LOGIN")
        for word in (self.user, self.password):
            c.continuation(tag)
            c.send(base64.b64encode(word.encode()) + b"\r\n")
        self.assertEqual(c.finish(tag).status, "OK")

    def test_literalplus(self):
        self.c.send(b"a APPEND INBOX {%d+}\r\n%s\r\nb NOOP\r\n" % (
            len(mail.simple(1)), mail.simple(1)))
        self.assertEqual(self.c.wait_for(lambda r: r.tag == "b").name, "OK")
        self.assertEqual(self.contents("INBOX"), [(set(), mail.simple(1))])

    def test_literalminus(self):
        c = Connection(self.server.tls_port, self.server.tls())
        self.addCleanup(c.close)
        c.command("LOGIN", Literal(self.user.encode(), True),
                  Literal(self.password.encode(), True))

    def test_id(self):
        reply = self.c.command('ID ("name" "test" "version" NIL)')
        fields = reply.one("ID").tokens[1]
        self.assertIn(b"name", fields)

    def test_enable(self):
        reply = self.c.command("ENABLE CONDSTORE X-NONSENSE")
        self.assertEqual(reply.one("ENABLED").tokens[1:], ["CONDSTORE"])

    def test_idle(self):
        self.c.select("INBOX")
        tag = self.c.idle()
        other = self.connect()
        other.append("INBOX", mail.simple(1))
        self.c.wait_for(lambda r: r.name == "EXISTS")
        self.assertEqual(self.c.done(tag).status, "OK")

    def test_namespace(self):
        self.assertEqual(self.c.command("NAMESPACE").one("NAMESPACE").tokens,
                         ["NAMESPACE", [[b"", b"/"]], None, None])

    def listed(self, *parts):
        """{name: attributes}"""
        return {r.tokens[3] if isinstance(r.tokens[3], str)
                else r.tokens[3].decode(): set(r.tokens[1])
                for r in self.c.command(*parts).named("LIST")}

    def test_children(self):
        self.c.command("CREATE a/b")
        found = self.listed('LIST "" "*"')
        self.assertIn("\\HasChildren", found["a"])
        self.assertIn("\\HasNoChildren", found["a/b"])

    def test_list_extended(self):
        self.c.command("CREATE x/y")
        self.c.command("CREATE x/z")
        self.c.command("SUBSCRIBE x/y")
        self.c.command("CREATE gone")
        self.c.command("SUBSCRIBE gone")
        self.c.command("DELETE gone")
        found = self.listed('LIST (SUBSCRIBED) "" "*"')
        self.assertIn("\\Subscribed", found["x/y"])
        self.assertNotIn("x/z", found)
        self.assertIn("\\NonExistent", found["gone"])
        found = self.listed('LIST (SUBSCRIBED RECURSIVEMATCH) "" "%"')
        self.assertIn("x", found)
        reply = self.c.command('LIST (SUBSCRIBED RECURSIVEMATCH) "" "x"')
        self.assertIn("CHILDINFO", str(reply.one("LIST").tokens).upper())
        found = self.listed('LIST "" ("INBOX" "x/%") RETURN (SUBSCRIBED '
                            'CHILDREN)')
        self.assertEqual(set(found), {"INBOX", "x/y", "x/z"})
        self.assertIn("\\Subscribed", found["x/y"])
        self.assertNotIn("\\Subscribed", found["x/z"])

    def test_list_status(self):
        self.fill(3)
        reply = self.c.command(
            'LIST "" "*" RETURN (STATUS (MESSAGES UIDNEXT))')
        status = {r.tokens[1]: r.tokens[2] for r in reply.named("STATUS")}
        self.assertEqual(status["INBOX"], ["MESSAGES", "3", "UIDNEXT", "4"])
        self.assertEqual(len(status), len(reply.named("LIST")))

    def test_special_use(self):
        found = self.listed('LIST (SPECIAL-USE) "" "*"')
        self.assertEqual(len(found), 5)
        self.assertIn("\\Sent", found["Sent"])
        self.assertIn("\\Sent", self.listed(
            'LIST "" Sent RETURN (SPECIAL-USE)')["Sent"])

    def test_create_special_use(self):
        self.c.command("DELETE Archive")
        self.c.command("CREATE Attic (USE (\\Archive))")
        self.assertIn("\\Archive", self.listed(
            'LIST (SPECIAL-USE) "" "*"')["Attic"])
        reply = self.c.command("CREATE Other (USE (\\Nonsense))", want="NO")
        self.assertEqual(reply.code, "USEATTR")

    def test_status_size(self):
        self.fill(3)
        reply = self.c.command("STATUS INBOX (MESSAGES SIZE)")
        self.assertEqual(reply.one("STATUS").tokens[2][3], str(sum(
            len(mail.simple(n)) for n in range(1, 4))))

    def test_objectid(self):
        reply = self.c.command("CREATE Box")
        box = reply.codes()["MAILBOXID"].strip("()")
        self.assertEqual(self.c.select("Box").codes()["MAILBOXID"].strip(
            "()"), box)
        self.c.command("RENAME Box Renamed")
        reply = self.c.command("STATUS Renamed (MAILBOXID)")
        self.assertEqual(reply.one("STATUS").tokens[2][1], [box])
        self.c.append("INBOX", mail.simple(1))
        self.c.append("INBOX", mail.simple(2, extra=(
            "In-Reply-To: <m1@example.org>\r\n"), subject="Re: "
            "Message number 1"))
        self.c.append("INBOX", mail.simple(3))
        self.c.select("INBOX")
        self.c.command("UID COPY 1 Renamed")
        got = self.c.fetch("1:*", "(EMAILID THREADID)")
        emails = [got[n]["EMAILID"][0] for n in (1, 2, 3)]
        threads = [(got[n]["THREADID"] or [None])[0] for n in (1, 2, 3)]
        self.assertEqual(len(set(emails)), 3)
        self.assertEqual(threads[0], threads[1])
        self.assertNotEqual(threads[0], threads[2])
        self.assertEqual(self.c.search("EMAILID", emails[1]), [2])
        self.assertEqual(self.c.search("THREADID", threads[0]), [1, 2])
        self.c.select("Renamed")
        self.assertEqual(self.c.fetch("1", "(EMAILID)")[1]["EMAILID"],
                         [emails[0]])

    def test_unselect(self):
        self.fill(1, flags="\\Deleted")
        self.c.select("INBOX")
        self.c.command("UNSELECT")
        self.c.command("FETCH 1 FLAGS", want="BAD")
        self.assertEqual(self.c.select("INBOX").one("EXISTS").number, 1)

    def test_uidplus(self):
        self.fill(3, flags="\\Deleted")
        codes = self.c.select("INBOX").codes()
        reply = self.c.command("UID COPY 2 Archive")
        self.assertEqual(reply.codes()["COPYUID"].split()[1:], ["2", "1"])
        self.c.command("UID EXPUNGE 2")
        self.assertEqual(self.c.search("ALL"), [1, 3])
        self.assertEqual(self.c.append("INBOX", mail.simple(9)),
                         (int(codes["UIDVALIDITY"]), 4))

    def test_multiappend(self):
        messages = [mail.simple(n) for n in range(30)]
        parts = []
        for n, message in enumerate(messages):
            parts += ["(k%d)" % n, '"01-Jan-2020 00:00:%02d +0000"' % n,
                      Literal(message, n % 2 == 0)]
        reply = self.c.command("APPEND INBOX", *parts)
        self.assertEqual(reply.code.split()[2], "1:30")
        self.assertEqual(self.contents("INBOX"), [
            ({"k%d" % n}, m) for n, m in enumerate(messages)])
        # All or nothing (RFC 3502 section 6.3.11).
        self.c.command("APPEND INBOX", Literal(messages[0]), "(bad",
                       Literal(messages[1], True), want=None)
        self.assertEqual(len(self.contents("INBOX")), 30)

    def test_replace(self):
        self.fill(3)
        self.c.select("INBOX")
        reply = self.c.command("UID REPLACE 2 INBOX (\\Draft)",
                               Literal(mail.simple(77)))
        self.assertEqual(reply.codes()["APPENDUID"].split()[1], "4")
        self.assertEqual(self.contents("INBOX"), [
            (set(), mail.simple(1)), (set(), mail.simple(3)),
            ({"\\Draft"}, mail.simple(77))])
        self.c.select("INBOX")
        self.c.command("REPLACE 1 Archive", Literal(mail.simple(78)))
        self.assertEqual(len(self.contents("INBOX")), 2)
        self.assertEqual(self.contents("Archive"), [(set(), mail.simple(78))])

    def test_binary(self):
        message = mail.top(1, "binary") + mail.part(
            "application/octet-stream", b"\0\1\2\r\n\0", "binary")
        self.c.command("APPEND INBOX", Literal(message, binary=True))
        self.c.append("INBOX", mail.with_attachment(1))
        self.c.select("INBOX")
        got = self.c.fetch("1", "(BINARY.PEEK[1] BINARY.SIZE[1])")[1]
        self.assertEqual(got["BINARY[1]"], b"\0\1\2\r\n\0")
        self.assertEqual(got["BINARY.SIZE[1]"], "6")
        self.c.command("UID FETCH 2 (BINARY[1.1])")
        self.assertIn("\\Seen", self.c.flags("2")[2])

    def test_utf8_accept(self):
        self.c.command("ENABLE UTF8=ACCEPT")
        self.c.command("CREATE", '"Ärger"')
        self.c.command("APPEND", '"Ärger"', b"UTF8 (" + b"~{%d+}\r\n" % len(
            mail.simple(1, "Ü")) + mail.simple(1, "Ü") + b")")
        self.c.command("SELECT", '"Ärger"')
        got = self.c.fetch("1", "(ENVELOPE)")[1]["ENVELOPE"]
        self.assertEqual(got[1].decode(), "Ü")
        self.assertEqual(self.c.search("SUBJECT", '"ü"'), [1])
        self.c.command("SEARCH CHARSET UTF-8 ALL", want="BAD")

    def test_move(self):
        self.fill(3)
        self.c.select("INBOX")
        reply = self.c.command("MOVE 1:2 Archive")
        self.assertEqual(reply.codes()["COPYUID"].split()[1:], ["1:2", "1:2"])
        self.assertEqual(len(reply.named("EXPUNGE")), 2)
        self.assertEqual(self.c.search("ALL"), [3])

    def test_condstore(self):
        self.fill(3)
        codes = self.c.select("INBOX", "(CONDSTORE)").codes()
        start = int(codes["HIGHESTMODSEQ"])
        reply = self.c.command("STORE 2 +FLAGS (\\Flagged)")
        modseq = int(reply.one("FETCH").items()["MODSEQ"][0])
        self.assertGreater(modseq, start)
        reply = self.c.command("FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" % start)
        self.assertEqual([r.number for r in reply.named("FETCH")], [2])
        reply = self.c.command("SEARCH MODSEQ %d" % modseq)
        self.assertEqual(reply.one("SEARCH").tokens,
                         ["SEARCH", "2", ["MODSEQ", str(modseq)]])
        reply = self.c.command("STORE 1:3 (UNCHANGEDSINCE %d) +FLAGS (x)"
                               % start)
        self.assertEqual(reply.codes()["MODIFIED"], "2")
        reply = self.c.command("STATUS INBOX (HIGHESTMODSEQ)")
        self.assertGreater(int(reply.one("STATUS").tokens[2][1]), modseq)

    def test_qresync(self):
        self.fill(5)
        self.c.command("ENABLE QRESYNC")
        codes = self.c.select("INBOX").codes()
        other = self.connect()
        other.select("INBOX")
        other.command("STORE 1,5 +FLAGS (\\Deleted)")
        other.command("EXPUNGE")
        reply = self.c.command("NOOP")
        self.assertEqual(reply.named("EXPUNGE"), [])
        self.assertEqual(expand(reply.one("VANISHED").tokens[1]), [1, 5])
        reply = self.c.select("INBOX", "(QRESYNC (%s %s))" % (
            codes["UIDVALIDITY"], codes["HIGHESTMODSEQ"]))
        vanished = reply.one("VANISHED").tokens
        self.assertEqual((vanished[1], expand(vanished[2])),
                         (["EARLIER"], [1, 5]))

    def test_esearch(self):
        self.fill(9)
        self.c.select("INBOX")
        tag = self.c.start("UID SEARCH RETURN (MIN MAX COUNT ALL) 2:5,8")
        tokens = self.c.finish(tag).one("ESEARCH").tokens
        self.assertEqual(tokens[:3], ["ESEARCH", ["TAG", tag.encode()],
                                      "UID"])
        rest = dict(zip(tokens[3::2], tokens[4::2]))
        self.assertEqual(rest, {"MIN": "2", "MAX": "8", "COUNT": "5",
                                "ALL": "2:5,8"})

    def test_searchres(self):
        self.fill(9)
        self.c.select("INBOX")
        self.c.command("SEARCH RETURN (SAVE) 2:5,8")
        self.c.command("UID STORE $ +FLAGS.SILENT (\\Flagged)")
        self.assertEqual(self.c.search("FLAGGED"), [2, 3, 4, 5, 8])
        self.c.command("UID MOVE $ Archive")
        self.assertEqual(self.c.search("ALL"), [1, 6, 7, 9])
        self.assertEqual(self.c.search("$"), [])

    def test_within(self):
        self.c.append("INBOX", mail.simple(1),
                      date="01-Jan-2020 00:00:00 +0000")
        self.c.append("INBOX", mail.simple(2))
        self.c.select("INBOX")
        self.assertEqual(self.c.search("OLDER 86400"), [1])
        self.assertEqual(self.c.search("YOUNGER 86400"), [2])

    def test_sort(self):
        for n, subject in enumerate(("b", "Re: a", "[list] C", "fwd: b")):
            self.c.append("INBOX", mail.simple(n, subject))
        self.c.select("INBOX")
        reply = self.c.command("UID SORT (SUBJECT REVERSE DATE) UTF-8 ALL")
        self.assertEqual(reply.one("SORT").tokens[1:], ["2", "4", "1", "3"])
        reply = self.c.command("UID SORT (REVERSE SIZE) US-ASCII 1:2")
        self.assertEqual(reply.one("SORT").tokens[1:], ["2", "1"])

    def test_sort_display(self):
        for name in ("Zoe <a@x.example>", "b@x.example",
                     "=?utf-8?Q?=C3=84nne?= <z@x.example>"):
            self.c.append("INBOX", b"From: %s\r\n\r\nx" % name.encode())
        self.c.select("INBOX")
        reply = self.c.command("SORT (DISPLAYFROM) UTF-8 ALL")
        self.assertEqual(reply.one("SORT").tokens[1:], ["3", "2", "1"])

    def conversation(self):
        for n, subject, more in (
                (1, "one", ""), (2, "two", ""),
                (3, "Re: one", "References: <m1@example.org>\r\n"),
                (4, "Re: one", "References: <m1@example.org> "
                               "<m3@example.org>\r\n")):
            self.c.append("INBOX", mail.simple(n, subject, extra=more))
        self.c.select("INBOX")

    def test_thread_references(self):
        self.conversation()
        reply = self.c.command("THREAD REFERENCES UTF-8 ALL")
        self.assertEqual(reply.one("THREAD").tokens[1:],
                         [["1", "3", "4"], ["2"]])

    def test_thread_orderedsubject(self):
        self.conversation()
        reply = self.c.command("THREAD ORDEREDSUBJECT UTF-8 ALL")
        self.assertEqual(reply.one("THREAD").tokens[1:],
                         [["1", ["3"], ["4"]], ["2"]])

    def test_savedate(self):
        self.c.append("INBOX", mail.simple(1),
                      date="01-Jan-2000 00:00:00 +0000")
        self.c.select("INBOX")
        got = self.c.fetch("1", "(SAVEDATE)")[1]["SAVEDATE"].decode()
        saved = time.strptime(got.strip()[:20].strip(), "%d-%b-%Y %H:%M:%S")
        self.assertGreaterEqual(saved.tm_year, 2024)
        self.assertEqual(self.c.search("SAVEDSINCE 1-Jan-2020"), [1])
        self.assertEqual(self.c.search("SAVEDBEFORE 1-Jan-2020"), [])
        self.c.command("SEARCH SAVEDATESUPPORTED")

    def test_preview(self):
        self.c.append("INBOX", mail.multipart("alternative", [
            mail.part("text/plain; charset=utf-8", mail.b64(
                "Schöne  Grüße\r\n> quoted\r\n".encode()), "base64"),
            mail.part("text/html", b"<p>no</p>")], "=_p", mail.top(1, "p")))
        self.c.select("INBOX")
        for item in ("PREVIEW", "PREVIEW (LAZY)"):
            got = self.c.command("FETCH 1 (%s)" % item).one("FETCH").items()
            self.assertTrue(got["PREVIEW"].decode().startswith(
                "Schöne Grüße"), got)
        self.assertEqual(self.c.flags("1")[1], set())

    def test_jmapaccess(self):
        # RFC 9698: the same password is good there, and the ids are the same.
        self.fill(1)
        told = self.c.command("GETJMAPACCESS").one("JMAPACCESS")
        jmap = Jmap(self.server, self.user, self.password)
        self.assertEqual(
            told.tokens[1].decode(),
            "https://localhost:%d/.well-known/jmap" %
            self.server.ports["https"])
        self.assertEqual(jmap.ask("GET", "/.well-known/jmap")["username"],
                         self.user)
        self.c.select("INBOX")
        fetched = str(self.c.command("FETCH 1 (EMAILID THREADID)"))
        email, = jmap.call("Email/get", ids=None)["list"]
        self.assertIn("EMAILID (%s)" % email["id"], fetched)
        self.assertIn("THREADID (%s)" % email["threadId"], fetched)

    def test_unauthenticate(self):
        self.fill(1)
        self.c.select("INBOX")
        self.c.command("ENABLE QRESYNC")
        self.c.command("UNAUTHENTICATE")
        self.c.command("SELECT INBOX", want="BAD")
        user, password = self.server.new_user()
        self.c.login(user, password)
        reply = self.c.select("INBOX")
        self.assertEqual(reply.one("EXISTS").number, 0)

    def test_compress_deflate(self):
        self.c.command("COMPRESS DEFLATE")
        self.c.socket = Deflated(self.c.socket)
        message = mail.simple(1, body="the same line again\r\n" * 20_000)
        self.c.append("INBOX", message)
        self.c.select("INBOX")
        got = self.c.fetch("1", "(BODY.PEEK[])")[1]["BODY[]"]
        self.assertTrue(got == message)
        self.assertLess(self.c.socket.read, len(message) // 10)
        reply = self.c.command("COMPRESS DEFLATE", want="NO")
        self.assertEqual(reply.code, "COMPRESSIONACTIVE")

    def test_appendlimit(self):
        names = self.c.command("CAPABILITY").one("CAPABILITY").tokens
        limit = next(int(n.split("=")[1]) for n in names
                     if n.startswith("APPENDLIMIT="))
        reply = self.c.finish(self.c.start("APPEND INBOX {%d}" % (limit + 1)))
        self.assertEqual((reply.status, reply.code), ("NO", "TOOBIG"))
        tag = self.c.start("APPEND INBOX {%d}" % limit)
        self.c.continuation(tag)
        self.c.close()
