# SPDX-License-Identifier: Apache-2.0
"""The demonstration works as README.md says. The commands are read from
README.md and run as they stand. If another program uses one of the ports, the
server and the commands use other ports."""

import os
import pathlib
import re
import shutil
import signal
import smtplib
import poplib
import imaplib
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from harness import PROJECT, REPORT, free_port, only_roost, program

README = (PROJECT / "README.md").read_text()
# name: (protocol, tls), by the columns of README's table
ROWS = {"IMAP": "imap", "POP3": "pop3", "submission": "submission",
        "SMTP": "smtp"}


def table():
    """{(protocol, tls): port} of README's table of ports."""
    ports = {}
    for name, starttls, implicit in re.findall(
            r"(?m)^\| (\w+)[^|]*\| (\d*) *\| (\d*) *\|$", README):
        for tls, port in (("starttls", starttls), ("implicit", implicit)):
            if port:
                ports[ROWS[name], tls] = int(port)
    return ports


def commands():
    """The code blocks of README.md, without the commands for `make`."""
    blocks = re.findall(r"(?ms)^```\n(.*?)^```$", README)
    return [b for b in blocks if not b.startswith("make ")]


def are_free(ports):
    for port in ports:
        for family, address in ((socket.AF_INET, "127.0.0.1"),
                                (socket.AF_INET6, "::1")):
            with socket.socket(family) as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    s.bind((address, port))
                except OSError:
                    return False
    return True


@only_roost
class DemoTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-demo-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.ports = table()
        cls.moved = {p: p for p in cls.ports.values()}
        if not are_free(cls.ports.values()):
            cls.moved = {p: free_port() for p in cls.ports.values()}
        cls.start()
        cls.addClassCleanup(cls.stop)

    @classmethod
    def start(cls):
        extra = []
        if any(old != new for old, new in cls.moved.items()):
            config = cls.folder / "roost.conf"
            config.write_text("".join(
                'listen "%s-%s" { protocol = %s\n tls = %s\n'
                ' address = "127.0.0.1"\n port = %d }\n' % (
                    protocol, tls, protocol, tls, cls.moved[port])
                for (protocol, tls), port in cls.ports.items()))
            extra = ["--config", str(config)]
        cls.process = subprocess.Popen(
            [program(), "serve", "--demo", *extra], cwd=cls.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=open(cls.folder / "log", "ab"), text=True,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        watchdog = threading.Timer(120, cls.process.kill)
        watchdog.start()
        lines = []
        for line in cls.process.stdout:
            lines.append(line)
            if "Ctrl-C stops" in line:
                break
        watchdog.cancel()
        cls.printed = "".join(lines)
        if cls.process.poll() is not None:
            raise AssertionError((cls.folder / "log").read_text())

    def test_root_does_not_serve(self):
        with open("/proc/%d/status" % self.process.pid) as status:
            uids = re.search(r"(?m)^Uid:(.*)$", status.read())[1].split()
        self.assertNotIn("0", uids)

    @classmethod
    def stop(cls):
        cls.process.send_signal(signal.SIGINT)
        code = cls.process.wait(60)
        cls.process.stdout.close()
        log = (cls.folder / "log").read_text()
        if code != 0 or REPORT.search(log):
            raise AssertionError("ended with %d\n%s" % (code, log[-4000:]))

    def here(self, command):
        for old, new in self.moved.items():
            command = command.replace(":%d" % old, ":%d" % new)
        return command

    def shell(self, command):
        done = subprocess.run(
            ["bash", "-c", self.here(command)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
            cwd=self.folder)
        self.assertEqual(done.returncode, 0, "%s\n%s" % (
            command, done.stderr.decode()))
        return done.stdout.decode()

    def test_the_mail_is_the_users(self):
        """So that a reply to all finds the user's identity."""
        own = re.search(r"the address\s+`(demo@[^`]+)`", README)[1]
        imap = imaplib.IMAP4_SSL(
            "127.0.0.1", self.moved[self.ports["imap", "implicit"]],
            ssl_context=ssl._create_unverified_context())
        self.addCleanup(imap.logout)
        imap.login("demo", "demo")
        for mailbox, fields in (("INBOX", ("TO", "CC")), ("Sent", ("FROM",)),
                                ("Drafts", ("FROM",))):
            imap.select(mailbox, readonly=True)
            every = set(imap.search(None, "ALL")[1][0].split())
            named = set()
            for field in fields:
                named |= set(imap.search(None, field, own)[1][0].split())
            self.assertTrue(named, mailbox)
            for number in every - named:
                text = imap.fetch(number, "(BODY.PEEK[HEADER])")[1][0][1]
                self.assertNotRegex(text, rb"(?i)\bdemo@", mailbox)

    def test_the_readme_s_commands(self):
        send, read = commands()
        self.shell(send)
        self.assertRegex(self.shell(read),
                         r"(?s)From: demo@roost\.test\r\n.*"
                         r"Subject: Hello\r\n.*\r\n\r\nHello there\r\n$")

    def test_the_server_prints_the_same_commands(self):
        def plain(text):
            return re.sub(r"\s+", " ", text.replace("\\\n", "")).strip()
        printed = plain(self.printed)
        for command in commands():
            self.assertIn(plain(self.here(command)), printed)
        self.assertIn("FETCH", printed)

    def test_each_port_speaks_what_the_readme_says(self):
        tls = ssl._create_unverified_context()
        port = {key: self.moved[p] for key, p in self.ports.items()}
        self.assertEqual(len(port), 7)
        for user in ("demo", "friend"):
            self.assertIn("`%s@roost.test`" % user, README)
            with imaplib.IMAP4("127.0.0.1", port["imap", "starttls"]) as c:
                c.starttls(tls)
                c.login(user, user)
            with imaplib.IMAP4_SSL("127.0.0.1", port["imap", "implicit"],
                                   ssl_context=tls) as c:
                c.login(user, user)
            c = poplib.POP3("127.0.0.1", port["pop3", "starttls"])
            c.stls(tls)
            c.user(user)
            c.pass_(user)
            c.quit()
            c = poplib.POP3_SSL("127.0.0.1", port["pop3", "implicit"],
                                context=tls)
            c.user(user)
            c.pass_(user)
            c.quit()
            with smtplib.SMTP(
                    "127.0.0.1", port["submission", "starttls"]) as c:
                c.starttls(context=tls)
                c.login(user, user)
            with smtplib.SMTP_SSL("127.0.0.1", port["submission", "implicit"],
                                  context=tls) as c:
                c.login(user, user)
        with smtplib.SMTP("127.0.0.1", port["smtp", "starttls"]) as c:
            c.starttls(context=tls)
            c.ehlo()
            self.assertEqual(c.mail("x@other.example")[0], 250)
            self.assertEqual(c.rcpt("friend@roost.test")[0], 250)
            self.assertEqual(c.rcpt("x@elsewhere.example")[0] // 100, 5)

    def test_what_leaves_waits(self):
        tls = ssl._create_unverified_context()
        with smtplib.SMTP_SSL(
                "127.0.0.1", self.moved[self.ports["submission", "implicit"]],
                context=tls) as c:
            c.login("demo", "demo")
            c.sendmail("demo@roost.test", ["x@elsewhere.example"],
                       "From: demo@roost.test\r\nSubject: far\r\n\r\nx\r\n")
        out = subprocess.run(
            [program(), "queue", "list", "--data", "data"], cwd=self.folder,
            stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn("x@elsewhere.example", out)

    def test_it_starts_again_with_the_mail(self):
        send, read = commands()
        self.shell(send.replace("there", "again"))
        self.stop()
        self.start()
        self.assertIn("Hello again", self.shell(read))


if __name__ == "__main__":
    unittest.main()
