# SPDX-License-Identifier: Apache-2.0
"""SMTP smuggling (CVE-2023-51764 to -51766 and similar): byte sequences that
one server reads as the end of a message and another does not. When they come
in, what follows them never becomes a second message. Roost never sends any."""

import re
import socket

from harness import free_port
from post import PATIENT, PostTest, trace_of
from smtp_peer import SmtpPeer

BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
# Each with what becomes of it where bare line ends are normalized.
SEQUENCES = [
    (b"\n.\n", b"\r\n.\r\n"),
    (b"\n.\r\n", b"\r\n.\r\n"),
    (b"\n.\r", b"\r\n.\r\n"),
    (b"\r.\r", b"\r\n.\r\n"),
    (b"\r.\n", b"\r\n.\r\n"),
    (b"\r.\r\n", b"\r\n.\r\n"),
    (b"\r\n.\n", b"\r\n.\r\n"),
    (b"\r\n.\r", b"\r\n.\r\n"),
    (b"\n\n.\n\n", b"\r\n\r\n.\r\n\r\n"),
    (b"\r\r.\r\r", b"\r\n\r\n.\r\n\r\n"),
    (b"\r\n\n.\r\n", b"\r\n\r\n.\r\n"),
    (b"\r\n\r.\r\n", b"\r\n\r\n.\r\n"),
    (b"\r\r\n.\r\n\n", None),  # has a true end of data in it
    (b"\r\r\n.\r\r\n", b"\r\n\r\n.\r\n\r\n"),
    (b"\r\n.\r\r\n", b"\r\n.\r\n\r\n"),
    (b"\n\r\n..\r\n", b"\r\n\r\n.\r\n"),
    (b"\n\r.\n\r", b"\r\n\r\n.\r\n\r\n"),
    (b"\r\x00\n.\r\n", b"\r\n\x00\r\n.\r\n"),
    (b"\r\n.\r\x00\n", b"\r\n.\r\n\x00\r\n"),
    # These have no bare line end, and mean nothing.
    (b"\r\n\x00.\r\n", b"\r\n\x00.\r\n"),
    (b"\r\n.\x00\r\n", b"\r\n\x00\r\n"),
    (b"\r\n..\r\n", b"\r\n.\r\n"),
    (b"\r\n. \r\n", b"\r\n \r\n"),
    (b"\r\n .\r\n", b"\r\n .\r\n"),
    (b"\r\n.\t\r\n", b"\r\n\t\r\n"),
    (b".\r\n", b".\r\n"),
    (b"\x85.\x85", b"\x85.\x85"),
    (b"\x0b.\x0b", b"\x0b.\x0b"),
    (b"\x0c.\x0c", b"\x0c.\x0c"),
    (b"\xe2\x80\xa8.\xe2\x80\xa8", b"\xe2\x80\xa8.\xe2\x80\xa8"),
]


class Smuggling(PostTest):
    normalize = False

    def header(self):
        return (b"From: %s\r\nDate: Tue, 2 Jan 2024 03:04:05 +0100\r\n"
                b"Message-ID: <first@example.net>\r\nSubject: first\r\n\r\n"
                % self.address.encode())

    def hidden(self, verb=b""):
        me = self.address.encode()
        return (verb + b"MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n"
                b"From: %s\r\nSubject: second\r\n\r\nsmuggled\r\n"
                % (me, me, me))

    def try_one(self, c, sequence, becomes, cut=None):
        """Returns the message that has to be there, or None."""
        c.mail(self.address)
        c.rcpt(self.address)
        c.command("DATA", "354")
        text = (self.header() + b"body" + sequence + self.hidden()
                + b".\r\n")
        at = len(self.header()) + 4 + (cut or 0)
        c.send(text[:at])
        c.send(text[at:])
        reply = c.reply()
        if BARE.search(sequence) and not self.normalize:
            self.assertTrue(reply.is_like("550 5.5.2"), reply)
            wanted = None
        else:
            self.assertEqual(reply.code, 250, reply)
            wanted = self.header() + b"body" + becomes + self.hidden()
        # One answer there was: the next is the next command's.
        c.command("RSET", "250 2.0.0")
        return wanted

    def try_all(self, c, cuts):
        wanted = []
        for sequence, becomes in SEQUENCES:
            if becomes is None:
                continue
            for cut in range(len(sequence) + 1) if cuts else (0,):
                with self.subTest(sequence=sequence, cut=cut):
                    message = self.try_one(c, sequence, becomes, cut)
                    if message:
                        wanted.append(message)
        arrived = [trace_of(m)[1] for m in self.inbox()]
        self.assertEqual(len(arrived), len(wanted))
        for got, message in zip(arrived, wanted):
            self.assertEqual(got, message)

    def test_from_strangers_whole_and_in_two_pieces(self):
        self.try_all(self.mx(), True)

    def test_from_users(self):
        self.try_all(self.submission(), False)

    def test_from_servers_that_are_trusted(self):
        self.try_all(self.lmtp(), False)

    def test_an_end_behind_a_bare_line_end_is_an_end(self):
        """CR CR LF . CR LF: its last five bytes are CRLF.CRLF. The client did
        not wait for the answer to DATA, so there may be one message at most.
        """
        for rest in (b"", b"\n", b"\r\n"):
            c = self.mx()
            c.mail(self.address)
            c.rcpt(self.address)
            c.command("DATA", "354")
            c.send(self.header() + b"body\r\r\n.\r\n" + rest + self.hidden()
                   + b".\r\n")
            c.reply("250" if self.normalize else "550 5.5.2")
            while not c.at_end():
                c.input.clear()
        for message in self.inbox():
            self.assertNotIn(b"smuggled", message)

    def test_chunks_cannot_smuggle(self):
        c = self.mx()
        count = 0
        for sequence, _ in SEQUENCES:
            text = self.header() + b"body" + sequence + self.hidden() + b"."
            for cut in (len(text), len(self.header()) + 5):
                c.mail(self.address)
                c.rcpt(self.address)
                if cut < len(text):
                    c.bdat(text[:cut], last=False)
                    reply = c.bdat(text[cut:], want="")
                else:
                    reply = c.bdat(text, want="")
                refused = BARE.search(sequence) and not self.normalize
                self.assertEqual(reply.code, 550 if refused else 250, reply)
                count += not refused
                c.command("RSET", "250 2.0.0")
        arrived = [trace_of(m)[1] for m in self.inbox()]
        self.assertEqual(len(arrived), count)
        for message in arrived:
            self.assertTrue(message.startswith(self.header()))
            self.assertIsNone(BARE.search(message))

    def test_bare_line_ends_in_the_header(self):
        for text in (b"Subject: a\nBcc: x\r\n", b"Subject: a\rX: y\r\n",
                     b"Subject: a\n\nbody\r\n", b"\nSubject: a\r\n"):
            c = self.mx()
            c.message("", [self.address], text + b"\r\nx\r\n",
                      want="250" if self.normalize else "550 5.5.2")
        for message in self.inbox():
            self.assertIsNone(BARE.search(message))

    def test_commands_end_with_crlf_only(self):
        for text in (b"NOOP\nNOOP\r\n", b"NOOP\rNOOP\r\n", b"NOOP\r\r\n",
                     b"MAIL FROM:<>\nRCPT TO:<%s>\r\n"
                     % self.address.encode(),
                     b"MAIL FROM:<>\rRCPT TO:<%s>\r\n"
                     % self.address.encode()):
            with self.subTest(text):
                c = self.mx()
                c.send(text)
                self.assertGreaterEqual(c.reply().code, 500)
                c.close()


class RefusingTest(Smuggling):
    settings = PATIENT


class NormalizingTest(Smuggling):
    settings = RefusingTest.settings + "smtp_line_ends = normalize\n"
    normalize = True


del Smuggling


class Recorder:
    """A listening socket that records everything its connections receive."""

    class Connection:
        def __init__(self, connection, wire):
            self.connection, self.wire = connection, wire

        def makefile(self, mode):
            self.file = self.connection.makefile(mode)
            return self

        def readline(self):
            line = self.file.readline()
            self.wire += line
            return line

        def read(self, size):
            data = self.file.read(size)
            self.wire += data
            return data

        def __getattr__(self, name):
            return getattr(self.connection, name)

    def __init__(self, port):
        self.socket = socket.create_server(("127.0.0.1", port), backlog=64)
        self.wires = []

    def accept(self):
        connection, address = self.socket.accept()
        self.wires.append(bytearray())
        return self.Connection(connection, self.wires[-1]), address

    def shutdown(self, how):
        self.socket.shutdown(how)

    def close(self):
        self.socket.close()


class OutgoingTest(PostTest):
    """Accepted messages are sent to a smart host, which records the bytes that
    it receives."""

    settings = PATIENT + (
        "smtp_line_ends = normalize\nrelay = yes\nrelay_tls = none\n"
        "queue_retry_first_seconds = 1\n")

    @classmethod
    def prepare(cls, server):
        cls.port = free_port()
        server.settings += 'relay_host = "127.0.0.1:%d"\n' % cls.port
        server.write_config()

    def peer(self, *extensions):
        self.recorder = Recorder(self.port)
        peer = SmtpPeer(self.recorder, extensions)
        self.addCleanup(peer.close)
        return peer

    def header(self, n):
        return (b"From: %s\r\nSubject: %d\r\nDate: Tue, 2 Jan 2024 03:04:05 "
                b"+0100\r\nMessage-ID: <m%d@example.net>\r\n"
                % (self.address.encode(), n, n))

    def hidden(self):
        return (b"MAIL FROM:<evil@example.net>\r\nRCPT TO:<x@example.net>\r\n"
                b"DATA\r\nSubject: second\r\n\r\nsmuggled\r\n")

    def send_all(self):
        """Sends by DATA and by BDAT; returns {number: the body that has to be
        sent}."""
        wanted = {}
        c = self.submission()

        def begin():
            c.mail(self.address)
            c.rcpt("bert@elsewhere.test")
            return self.header(len(wanted)) + b"\r\n"

        def by_data(body, becomes):
            header = begin()
            c.command("DATA", "354")
            c.send(header + body + b".\r\n")
            c.reply("250")
            wanted[len(wanted)] = becomes

        def by_bdat(body):
            c.bdat(begin() + body)
            body = re.sub(rb"\r\n|\r|\n", b"\r\n", body)
            if body and not body.endswith(b"\r\n"):
                body += b"\r\n"
            wanted[len(wanted)] = body

        for sequence, becomes in SEQUENCES:
            if becomes is not None:
                by_data(b"body" + sequence + self.hidden(),
                        b"body" + becomes + self.hidden())
            by_bdat(b"body" + sequence + self.hidden())
        for text in (b".\r\n", b"..\r\n.\r\n", b"open end", b".", b"a\r\n.",
                     b"", b"\r\n.\r\n\r\n.\r\n", b"x\r\n" * 5000, b"a\r"):
            by_bdat(text)
        return wanted

    def check(self, peer, wanted):
        peer.wait_for_messages(len(wanted))
        got = {}
        for sender, recipients, message in peer.messages:
            self.assertEqual(sender, self.address)
            self.assertEqual(recipients, ["bert@elsewhere.test"])
            head, _, body = message.partition(b"\r\n\r\n")
            n = int(re.search(rb"(?m)^Subject: (\d+)\r$", head)[1])
            self.assertNotIn(n, got)
            got[n] = body
        self.assertEqual(len(peer.messages), len(wanted))
        for n, body in wanted.items():
            with self.subTest(body[:60]):
                self.assertEqual(got[n], body)
        for wire in self.recorder.wires:
            self.assertIsNone(BARE.search(bytes(wire)), bytes(wire[:500]))

    def test_by_data(self):
        peer = self.peer("PIPELINING", "8BITMIME", "SMTPUTF8")
        self.check(peer, self.send_all())

    def test_by_data_to_one_without_any_extension(self):
        peer = self.peer("HELP")
        c = self.submission()
        c.message(self.address, ["bert@elsewhere.test"],
                  self.header(0) + b"\r\n.\r\n..\r\n")
        self.check(peer, {0: b".\r\n..\r\n"})

    def test_by_bdat(self):
        peer = self.peer("PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING")
        self.check(peer, self.send_all())

    def test_binary_to_one_who_knows_no_binary(self):
        """Binary mail for a server without BINARYMIME is encoded or returned.
        It is never sent unchanged."""
        peer = self.peer("PIPELINING", "8BITMIME", "CHUNKING")
        c = self.submission()
        c.mail(self.address, "BODY=BINARYMIME")
        c.rcpt("bert@elsewhere.test")
        blob = b"x\n.\nMAIL FROM:<evil@example.net>\r\n.\r\n\n.\r\n\r.\r\0\xff"
        c.bdat(self.header(1) + b"MIME-Version: 1.0\r\nContent-Type: "
               b"application/octet-stream\r\nContent-Transfer-Encoding: "
               b"binary\r\n\r\n" + blob)
        peer.wait_for(lambda p: p.messages or self.inbox(), "some end")
        for wire in self.recorder.wires:
            self.assertIsNone(BARE.search(bytes(wire)))
            self.assertNotIn(b"evil@example.net", bytes(wire))
        for _, _, message in peer.messages:
            self.assertEqual(self.parsed(message).get_payload(decode=True),
                             blob)

    def test_xtext_cannot_break_a_line(self):
        peer = self.peer("PIPELINING", "8BITMIME", "DSN")
        c = self.submission()
        for n, (envid, orcpt) in enumerate((
                ("a+0D+0ARSET", "rfc822;x+40y.test"),
                ("plain", "rfc822;x+0D+0ADATA+0D+0Ax"),
                ("a+0Ab", "rfc822;x+00+0Dy"))):
            reply = c.command("MAIL FROM:<%s> ENVID=%s" % (
                self.address, envid), "")
            if reply.code == 250:
                reply = c.command("RCPT TO:<bert@elsewhere.test> ORCPT=%s"
                                  % orcpt, "")
            if reply.code == 250:
                c.data(self.header(n) + b"\r\nx\r\n")
            else:
                self.assertEqual(reply.code, 501)
                c.command("RSET", "250")
        c.message(self.address, ["bert@elsewhere.test"],
                  self.header(9) + b"\r\nlast\r\n")
        peer.wait_for(lambda p: any(b"last" in m[2] for m in p.messages),
                      "the last one")
        for command in peer.commands:
            self.assertRegex(command, r"\A(EHLO|MAIL|RCPT|DATA|QUIT|RSET)\b")
        for wire in self.recorder.wires:
            self.assertIsNone(BARE.search(bytes(wire)))

    def test_a_stranger_s_message_by_an_alias(self):
        peer = self.peer("PIPELINING", "8BITMIME", "SMTPUTF8")
        alias = "away-%s" % self.user
        self.server.roost("alias", "add", alias + "@example.test",
                          "bert@elsewhere.test")
        c = self.mx()
        wanted = 0
        for sequence, becomes in SEQUENCES:
            if becomes is None:
                continue
            c.mail("ann@example.net")
            c.rcpt(alias + "@example.test")
            c.command("DATA", "354")
            c.send(b"Subject: 1\r\n\r\nbody" + sequence + self.hidden()
                   + b".\r\n")
            c.reply("250")
            wanted += 1
        peer.wait_for_messages(wanted)
        for sender, _, message in peer.messages:
            self.assertEqual(sender, "ann@example.net")
            self.assertTrue(message.endswith(self.hidden()))
        self.assertEqual(len(peer.messages), wanted)
        for wire in self.recorder.wires:
            self.assertIsNone(BARE.search(bytes(wire)))
