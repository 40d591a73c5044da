# SPDX-License-Identifier: Apache-2.0
"""fetchmail gives the server's mail to a program, at once or after IDLE."""

import os
import signal
import subprocess

import mail
import maildir
from harness import ServerTest, run_program, wait_until

DELIVER = """#!/bin/sh
file=$(mktemp "{folder}/tmp.XXXXXX") && cat > "$file" &&
mv "$file" "{folder}/new.$(date +%s%N).$$"
"""


class FetchmailTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.got = self.work / "got"
        self.got.mkdir()
        os.chmod(self.work, 0o755)
        self.deliver = self.work / "deliver"
        self.deliver.write_text(DELIVER.format(folder=self.got))
        self.deliver.chmod(0o755)

    def configure(self, more="", tls="ssl", port=None):
        rc = self.work / "fetchmailrc"
        rc.write_text(
            "set no bouncemail\n"
            'poll localhost protocol imap port %d\n'
            '  user "%s" password "%s"\n'
            '  %s sslcertck sslcertfile "%s"\n'
            '  mda "%s"\n  %s\n' % (
                port or self.server.tls_port, self.user, self.password, tls,
                self.server.certificate, self.deliver, more))
        rc.chmod(0o600)
        return ["fetchmail", "--fetchmailrc", str(rc), "--pidfile",
                str(self.work / "pid"), "--idfile", str(self.work / "ids"),
                "--nosyslog"]

    def fetch(self, *arguments, **how):
        run_program(*self.configure(*arguments, **how),
                    env={"HOME": str(self.work)})

    def delivered(self):
        return [path.read_bytes() for path in sorted(self.got.glob("new.*"))]

    def without_trace(self, message):
        """The message without the Received field that fetchmail adds."""
        head, mark, rest = message.partition(b"From: ")
        self.assertTrue(head.startswith((b"Received:", b"Return-Path:")), head)
        return mark + rest

    def test_new_mail_is_delivered_whole_and_taken_away(self):
        c = self.connect()
        messages = [mail.simple(1), mail.with_attachment(3), mail.nested(4),
                    mail.simple(7, body=".\r\n..\r\n.hidden\r\n"),
                    mail.simple(8, body="x" * 900 + "\r\n" + "ä" * 300)]
        for message in messages:
            c.append("INBOX", message)
        self.fetch("no keep")
        got = sorted(self.without_trace(m) for m in self.delivered())
        self.assertEqual(got, sorted(
            maildir.unix(m) if m.endswith(b"\n") else maildir.unix(m) + b"\n"
            for m in messages))
        self.assertEqual(self.contents("INBOX"), [])

    def test_kept_mail_is_seen_and_not_fetched_again(self):
        c = self.connect()
        for n in range(3):
            c.append("INBOX", mail.simple(n))
        self.fetch("keep", tls='sslproto "TLS1.2+"', port=self.server.port)
        self.assertEqual(len(self.delivered()), 3)
        self.assertEqual([flags for flags, _ in self.contents("INBOX")],
                         [{"\\Seen"}] * 3)
        # 1: there was no mail.
        run_program(*self.configure("keep"), env={"HOME": str(self.work)},
                    want=1)
        self.assertEqual(len(self.delivered()), 3)

    def test_idle_delivers_mail_as_it_comes(self):
        c = self.connect()
        c.append("INBOX", mail.simple(0))
        process = subprocess.Popen(
            self.configure("idle no keep") + ["--nodetach"],
            env={**os.environ, "HOME": str(self.work)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            for n in range(1, 4):
                wait_until(lambda: len(self.delivered()) == n,
                           "mail %d is delivered" % n)
                if n < 3:
                    c.append("INBOX", mail.simple(n))
        finally:
            process.send_signal(signal.SIGTERM)
            output = process.communicate(timeout=60)[0]
        self.assertNotIn(b"rotocol error", output)
        subjects = sorted(
            line for m in self.delivered() for line in m.split(b"\n")
            if line.startswith(b"Subject:"))
        self.assertEqual(subjects, [b"Subject: Message number %d" % n
                                    for n in range(3)])
