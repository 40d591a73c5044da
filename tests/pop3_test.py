# SPDX-License-Identifier: Apache-2.0
"""POP3: poplib, curl, fetchmail, getmail and mpop fetch mail byte for byte;
what IMAP shows of it; and what a stranger is not allowed to do."""

import base64
import os
import poplib
import re
import socket
import ssl

import mail
import maildir
from corpus_test import DATA, wire
from harness import ServerTest, only_roost, run_program

poplib._MAXLINE = 1 << 20  # some mail has longer lines than it likes

DELIVER = """#!/bin/sh
file=$(mktemp "{folder}/tmp.XXXXXX") && cat > "$file" &&
mv "$file" "{folder}/new.$(date +%s%N).$$"
"""


def real_mail(count):
    """This many messages of the corpus, from all parts of it."""
    files = sorted(DATA.glob("*/*.txt"))
    if not files:
        raise AssertionError("no messages in %s: see tests/prepare" % DATA)
    return [wire(file.read_bytes())
            for file in files[::len(files) // count]][:count]


def as_lines(message):
    """The message as POP3 sends it: the last line has a line end, too."""
    return message if message.endswith(b"\r\n") else message + b"\r\n"


class Lines:
    """A plain POP3 client that hides nothing."""

    def __init__(self, port, context=None):
        self.socket = socket.create_connection(("localhost", port), 60)
        if context:
            self.start_tls(context)
        self.file = self.socket.makefile("rb")

    def start_tls(self, context):
        self.socket = context.wrap_socket(
            self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        line = self.file.readline()
        if line and not line.endswith(b"\r\n"):
            raise AssertionError("no line: %r" % line)
        return line[:-2]

    def lines(self):
        """The lines after a status line, up to the "."."""
        found = []
        while True:
            line = self.line()
            if line == b".":
                return found
            found.append(line[1:] if line.startswith(b".") else line)

    def ask(self, command, want=b"+OK"):
        self.send(command.encode() + b"\r\n")
        line = self.line()
        if not line.startswith(want):
            raise AssertionError("%s: %r" % (command, line))
        return line

    def close(self):
        self.file.close()
        self.socket.close()


@only_roost
class Pop3Test(ServerTest):
    settings = "plain_on_loopback = yes\n"

    def fill(self, messages):
        c = self.connect()
        for message in messages:
            c.append("INBOX", message)
        return messages

    def pop3(self, tls="implicit", user=None):
        """A connection that Python's poplib has logged in."""
        if tls == "implicit":
            pop = poplib.POP3_SSL("localhost", self.server.ports["pop3s"],
                                  context=self.server.tls())
        else:
            pop = poplib.POP3("localhost", self.server.ports["pop3"])
            if tls == "starttls":
                pop.stls(self.server.tls())
        self.addCleanup(pop.close)
        pop.user(self.user)
        pop.pass_(self.password)
        return pop

    def lines(self, log_in=True, tls=False):
        client = Lines(self.server.ports["pop3s" if tls else "pop3"],
                       self.server.tls() if tls else None)
        self.addCleanup(client.close)
        client.line()
        if log_in:
            client.ask("USER " + self.user)
            client.ask("PASS " + self.password)
        return client

    def retrieve(self, pop, number):
        """Fetches the message and compares its length with the announced one.
        """
        _, lines, _ = pop.retr(number)
        message = b"".join(line + b"\r\n" for line in lines)
        self.assertEqual(int(pop.list(number).split()[2]), len(message))
        return message

    # -- poplib

    def test_poplib_takes_all_mail_over_each_kind_of_connection(self):
        kinds = [message for _, message in mail.kinds()]
        for tls in ("implicit", "starttls", "none"):
            with self.subTest(tls):
                messages = self.fill(kinds)
                pop = self.pop3(tls)
                count, octets = pop.stat()
                self.assertEqual(count, len(messages))
                self.assertEqual(
                    octets, sum(len(as_lines(m)) for m in messages))
                for number, message in enumerate(messages, 1):
                    self.assertEqual(
                        self.retrieve(pop, number), as_lines(message))
                    pop.dele(number)
                self.assertEqual(len(self.contents("INBOX")), count)
                pop.quit()
                self.assertEqual(self.contents("INBOX"), [])

    def test_poplib_takes_real_mail(self):
        messages = self.fill(real_mail(200))
        pop = self.pop3()
        got = [self.retrieve(pop, n + 1) for n in range(len(messages))]
        pop.quit()
        self.assertTrue(got == [as_lines(m) for m in messages])
        self.assertEqual({frozenset(flags) for flags, _
                          in self.contents("INBOX")}, {frozenset({"\\Seen"})})

    def test_top_gives_the_header_and_so_many_lines(self):
        message = self.fill([mail.with_attachment(1, 200000)])[0]
        header, _, body = message.partition(b"\r\n\r\n")
        pop = self.pop3()
        for count in (0, 1, 20, 1000000):
            _, lines, _ = pop.top(1, count)
            self.assertEqual(lines, header.split(b"\r\n") + [b""]
                             + body.split(b"\r\n")[:-1][:count])
        pop.quit()
        self.assertEqual(self.contents("INBOX")[0][0], set())

    def test_uidls_stay_for_good(self):
        self.fill([mail.simple(n) for n in range(4)])
        pop = self.pop3()
        first = [line.split()[1] for line in pop.uidl()[1]]
        self.assertEqual(len(set(first)), 4)
        pop.dele(2)
        pop.quit()
        self.server.stop()
        self.server.start()
        self.fill([mail.simple(1)])  # the same message is another one
        pop = self.pop3()
        second = [line.split()[1] for line in pop.uidl()[1]]
        self.assertEqual(second[:3], [first[0], first[2], first[3]])
        self.assertNotIn(second[3], first)
        pop.quit()

    def test_a_30_mb_message_comes_whole(self):
        message = mail.simple(1, body=".123456789abcde\r\n" * 1_760_000)
        self.fill([message])
        pop = self.pop3()
        self.assertTrue(self.retrieve(pop, 1) == message)

    def test_auth_by_each_mechanism(self):
        plain = base64.b64encode(
            b"\0%s\0%s" % (self.user.encode(), self.password.encode()))
        for steps in ([b"AUTH PLAIN " + plain], [b"AUTH PLAIN", plain],
                      [b"AUTH LOGIN", base64.b64encode(self.user.encode()),
                       base64.b64encode(self.password.encode())]):
            client = self.lines(log_in=False, tls=True)
            for n, step in enumerate(steps):
                client.send(step + b"\r\n")
                line = client.line()
                self.assertTrue(line.startswith(
                    b"+OK" if n == len(steps) - 1 else b"+ "), line)
            client.ask("STAT")

    # -- with other clients

    def test_imap_sees_what_quit_deletes_and_no_more(self):
        self.fill([mail.simple(n) for n in range(5)])
        c = self.connect()
        c.select("INBOX")
        c.command("STORE 1:3 +FLAGS (\\Deleted)")
        watcher = self.connect()
        watcher.select("INBOX")
        idle = watcher.idle()
        pop = self.pop3()
        self.assertEqual(pop.stat()[0], 5)
        pop.dele(2)
        pop.dele(5)
        pop.retr(4)
        pop.quit()
        watcher.wait_for(lambda r: r.name == "EXPUNGE")
        watcher.done(idle)
        self.assertEqual(
            [flags for flags, _ in self.contents("INBOX")],
            [{"\\Deleted"}, {"\\Deleted"}, {"\\Seen"}])

    def test_a_message_that_imap_deleted_is_an_error_and_no_more(self):
        self.fill([mail.simple(n) for n in range(3)])
        pop = self.pop3()
        pop.dele(1)
        c = self.connect()
        c.select("INBOX")
        c.command("STORE 1:2 +FLAGS (\\Deleted)")
        c.command("EXPUNGE")
        for call in (lambda: pop.retr(2), lambda: pop.top(2, 0),
                     lambda: pop.dele(2)):
            self.assertRaises(poplib.error_proto, call)
        self.assertEqual(pop.stat()[0], 2)
        self.assertEqual(pop.retr(3)[1][2], b"Subject: Message number 2")
        pop.quit()
        self.assertEqual(len(self.contents("INBOX")), 1)

    def test_several_read_at_once(self):
        messages = self.fill([mail.simple(n) for n in range(20)])
        pops = [self.pop3() for _ in range(5)]
        for number, message in enumerate(messages, 1):
            for pop in pops:
                self.assertEqual(self.retrieve(pop, number), message)
        for pop in pops:
            for number in range(1, 21):
                pop.dele(number)
        for pop in pops:
            pop.quit()
        self.assertEqual(self.contents("INBOX"), [])

    def test_without_quit_nothing_is_deleted(self):
        self.fill([mail.simple(1)])
        pop = self.pop3()
        pop.dele(1)
        pop.close()
        self.assertEqual(len(self.contents("INBOX")), 1)

    def test_what_quit_said_survives_a_crash(self):
        self.fill([mail.simple(n) for n in range(10)])
        pop = self.pop3()
        for number in range(1, 10):
            pop.dele(number)
        pop.quit()
        self.server.crash()
        self.server.start()
        self.assertEqual(len(self.contents("INBOX")), 1)
        self.server.check()

    # -- the wire

    def test_many_commands_at_once(self):
        messages = self.fill([mail.simple(n) for n in range(100)])
        client = self.lines(tls=True)
        client.send(b"".join(b"RETR %d\r\nTOP %d 0\r\nDELE %d\r\n" % (n, n, n)
                             for n in range(1, 101)) + b"QUIT\r\n")
        for message in messages:
            self.assertTrue(client.line().startswith(b"+OK"))
            self.assertEqual(
                b"".join(x + b"\r\n" for x in client.lines()), message)
            self.assertTrue(client.line().startswith(b"+OK"))
            self.assertEqual(
                client.lines(),
                message.partition(b"\r\n\r\n")[0].split(b"\r\n") + [b""])
            self.assertTrue(client.line().startswith(b"+OK"))
        self.assertTrue(client.line().startswith(b"+OK"))
        self.assertEqual(client.line(), b"")
        self.assertEqual(self.contents("INBOX"), [])

    def test_capabilities(self):
        plain, secure = self.lines(log_in=False), self.lines(tls=True)
        plain.ask("CAPA")
        before = plain.lines()
        secure.ask("CAPA")
        after = secure.lines()
        for name in (b"TOP", b"UIDL", b"PIPELINING", b"RESP-CODES",
                     b"AUTH-RESP-CODE"):
            self.assertIn(name, before)
            self.assertIn(name, after)
        self.assertIn(b"STLS", before)
        self.assertNotIn(b"STLS", after)
        self.assertTrue(any(x.startswith(b"SASL ") for x in after), after)

    def test_capabilities_that_roost_has(self):
        client = self.lines(tls=True)
        client.ask("CAPA")
        found = client.lines()
        self.assertIn(b"EXPIRE NEVER", found)
        self.assertIn(b"UTF8 USER", found)
        self.assertIn(b"LANG", found)
        self.assertTrue(
            any(x.startswith(b"IMPLEMENTATION Roost") for x in found), found)
        client.ask("LANG")
        self.assertIn(b"en English", client.lines())

    def test_a_wrong_password_is_told(self):
        client = self.lines(log_in=False)
        client.ask("USER " + self.user)
        client.ask("PASS wrong", want=b"-ERR [AUTH]")

    def test_commands_injected_before_tls_are_not_obeyed(self):
        client = self.lines(log_in=False)
        client.send(b"STLS\r\nUSER %s\r\nCAPA\r\n" % self.user.encode())
        self.assertTrue(client.line().startswith(b"+OK"))
        context = self.server.tls()
        client.start_tls(context)
        client.ask("PASS " + self.password, want=b"-ERR")
        client.ask("USER " + self.user)
        client.ask("PASS " + self.password)
        client.ask("STAT")

    def test_tls_says_which_protocol(self):
        context = self.server.tls()
        context.set_alpn_protocols(["pop3"])
        client = self.lines(log_in=False, tls=True)
        client.close()
        client = Lines(self.server.ports["pop3s"], context)
        self.assertEqual(client.socket.selected_alpn_protocol(), "pop3")
        client.close()
        context = self.server.tls()
        context.set_alpn_protocols(["imap"])
        self.assertRaises((ssl.SSLError, OSError), Lines,
                          self.server.ports["pop3s"], context)

    def test_a_stranger_s_patience_has_limits(self):
        client = self.lines(log_in=False)
        client.send(b"x" * 2000)
        self.assertEqual(client.line(), b"-ERR Line too long")
        self.assertEqual(client.line(), b"")
        client = self.lines(log_in=False)
        for _ in range(3):
            client.ask("HELLO", want=b"-ERR")
        self.assertEqual(client.line(), b"")
        client = self.lines(log_in=False)
        client.send(b"GET / HTTP/1.1\r\n")
        self.assertEqual(client.line(), b"")

    # -- curl

    def curl(self, path, *arguments, tls=True, want=0):
        return run_program(
            "curl", "--silent", "--show-error", "--max-time", 60,
            "--cacert", self.server.certificate,
            "--user", "%s:%s" % (self.user, self.password),
            *(() if tls else ("--ssl-reqd",)), *arguments,
            "%s://localhost:%d%s" % (
                "pop3s" if tls else "pop3",
                self.server.ports["pop3s" if tls else "pop3"], path),
            want=want)

    def test_curl_takes_all_mail(self):
        messages = self.fill(real_mail(12)
                             + [message for _, message in mail.kinds()])
        listed = self.curl("/").decode().split("\r\n")[:-1]
        self.assertEqual(
            listed, ["%d %d" % (n, len(as_lines(m)))
                     for n, m in enumerate(messages, 1)])
        for number, message in enumerate(messages, 1):
            got = self.curl("/%d" % number, tls=number % 2 == 0)
            self.assertEqual(got, as_lines(message))
        for _ in messages:
            self.curl("/1", "--request", "DELE", "--head")
        self.assertEqual(self.contents("INBOX"), [])
        # 67: CURLE_LOGIN_DENIED
        self.curl("/", "--user", self.user + ":wrong", want=67)

    # -- programs that take mail to a folder

    def folder(self, name="got"):
        folder = self.work / name
        maildir.create(folder)
        os.chmod(self.work, 0o755)
        return folder

    def in_folder(self, folder):
        return sorted(message for _, message in maildir.read(folder))

    def deliverer(self):
        """(a program that accepts mail on its input, the folder where it puts
        mail)"""
        got = self.work / "got"
        got.mkdir(exist_ok=True)
        os.chmod(self.work, 0o755)
        deliver = self.work / "deliver"
        deliver.write_text(DELIVER.format(folder=got))
        deliver.chmod(0o755)
        return deliver, got

    def fetchmail(self, more, tls="ssl", port="pop3s", want=0):
        deliver, got = self.deliverer()
        rc = self.work / "fetchmailrc"
        rc.write_text(
            "set no bouncemail\nset no spambounce\nset invisible\n"
            "poll localhost protocol pop3 port %d uidl\n"
            '  user "%s" password "%s"\n'
            '  %s sslcertck sslcertfile "%s" no rewrite\n'
            '  mda "%s"\n  %s\n' % (
                self.server.ports[port], self.user, self.password, tls,
                self.server.certificate, deliver, more))
        rc.chmod(0o600)
        run_program("fetchmail", "--fetchmailrc", rc,
                    "--pidfile", self.work / "pid",
                    "--idfile", self.work / "ids", "--nosyslog",
                    env={"HOME": str(self.work)}, want=want)
        return [path.read_bytes() for path in sorted(got.glob("new.*"))]

    def test_fetchmail_takes_all_mail(self):
        messages = self.fill(real_mail(30) + [
            mail.simple(1), mail.with_attachment(3), mail.nested(4),
            mail.simple(7, body=".\r\n..\r\n.hidden\r\n"),
            mail.simple(8, body="x" * 900 + "\r\n" + "ä" * 300)])

        def comparable(message):
            """The message without the fields that fetchmail adds or removes.
            """
            message = maildir.unix(message)
            if not message.endswith(b"\n"):
                message += b"\n"
            message = re.sub(rb"\AFrom .*\n", b"", message)
            return re.sub(rb"(?m)^Return-Path:.*\n", b"", message)

        got = [comparable(m) for m in self.fetchmail("fetchall no keep")]
        want = [comparable(m) for m in messages]
        self.assertTrue(sorted(got) == sorted(want))
        self.assertEqual(self.contents("INBOX"), [])

    def test_fetchmail_keeps_and_knows_what_it_had(self):
        self.fill([mail.simple(n) for n in range(3)])
        how = {"tls": 'sslproto "TLS1.2+"', "port": "pop3"}
        self.assertEqual(len(self.fetchmail("keep", **how)), 3)
        # 1: there was no mail.
        self.assertEqual(len(self.fetchmail("keep", want=1, **how)), 3)
        self.fill([mail.simple(3)])
        self.assertEqual(len(self.fetchmail("keep", **how)), 4)
        # It takes what it keeps by TOP, which leaves no mark.
        self.assertEqual([flags for flags, _ in self.contents("INBOX")],
                         [set()] * 4)

    def getmail(self, delete):
        """getmail can deliver to folders itself, but not when it runs as root.
        """
        deliver, got = self.deliverer()
        rc = self.work / "getmailrc"
        rc.write_text(
            "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = localhost\n"
            "port = %d\nusername = %s\npassword = %s\nca_certs = %s\n"
            "[destination]\ntype = MDA_external\npath = %s\n"
            "allow_root_commands = true\n"
            "[options]\nread_all = false\ndelete = %s\ndelivered_to = false\n"
            "received = false\nverbose = 1\n" % (
                self.server.ports["pop3s"], self.user, self.password,
                self.server.certificate, deliver,
                "true" if delete else "false"))
        run_program("getmail", "--getmaildir", self.work, "--rcfile", rc,
                    env={"HOME": str(self.work)})
        return sorted(path.read_bytes() for path in got.glob("new.*"))

    def test_getmail_takes_all_mail(self):
        # It mends broken multiparts while it has them.
        messages = self.fill([m for m in real_mail(100)
                              if b"multipart/" not in m])

        def body(message):
            """The body. Only the body can be compared: headers are folded
            again, and Return-Path is written again."""
            return maildir.unix(message).partition(b"\n\n")[2]

        first = self.getmail(delete=False)
        self.assertEqual(len(first), len(messages))
        self.assertEqual(self.getmail(delete=False), first)  # nothing is new
        messages += self.fill([mail.simple(1), mail.with_attachment(2)])
        got = self.getmail(delete=True)
        self.assertTrue(
            sorted(map(body, got)) == sorted(map(body, messages)))
        self.assertEqual(self.contents("INBOX"), [])

    def mpop(self, folder, keep, tls=True):
        rc = self.work / "mpoprc"
        rc.write_text(
            "defaults\ntls on\ntls_trust_file %s\ntls_starttls %s\n"
            "uidls_file %s\nreceived_header off\nkeep %s\n"
            "account default\nhost localhost\nport %d\nuser %s\n"
            "password %s\ndelivery maildir %s\n" % (
                self.server.certificate, "off" if tls else "on",
                self.work / "uidls", "on" if keep else "off",
                self.server.ports["pop3s" if tls else "pop3"], self.user,
                self.password, folder))
        rc.chmod(0o600)
        run_program("mpop", "--file", rc, env={"HOME": str(self.work)})

    def test_mpop_takes_all_mail(self):
        folder = self.folder()
        messages = self.fill(real_mail(100))
        self.mpop(folder, keep=True, tls=False)
        first = self.in_folder(folder)
        self.mpop(folder, keep=True)  # nothing is new
        self.assertEqual(self.in_folder(folder), first)
        messages += self.fill([mail.simple(1), mail.with_attachment(2)])
        self.mpop(folder, keep=False)
        self.assertEqual(
            self.in_folder(folder),
            sorted(maildir.unix(as_lines(m)) for m in messages))
        self.assertEqual(self.contents("INBOX"), [])
