# SPDX-License-Identifier: Apache-2.0
"""offlineimap keeps a Maildir and the server equal, in both directions."""

import os

import mail
import maildir
from harness import ServerTest, run_program

CONFIG = """
[general]
accounts = test
metadata = {path}/meta
maxsyncaccounts = 1
ui = basic

[Account test]
localrepository = local
remoterepository = remote

[Repository local]
type = Maildir
localfolders = {path}/mail
sync_deletes = yes

[Repository remote]
type = IMAP
remotehost = localhost
remoteport = {port}
remoteuser = {user}
remotepass = {password}
ssl = yes
sslcacertfile = {certificate}
maxconnections = {connections}
"""


class OfflineimapTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.mail = self.work / "mail"
        self.configure(2)

    def configure(self, connections):
        (self.work / "rc").write_text(CONFIG.format(
            path=self.work, port=self.server.tls_port, user=self.user,
            password=self.password, certificate=self.server.certificate,
            connections=connections))

    def sync(self, *arguments):
        output = run_program(
            "offlineimap", "-o", "-c", self.work / "rc", *arguments,
            env={"HOME": str(self.work)}).decode("utf-8", "replace")
        self.assertNotIn("ERROR", output)
        return output

    def server_side(self):
        c = self.connect()
        found = {}
        for name in self.mailboxes(c):
            found[name.replace("/", ".")] = sorted(
                (sorted(flags & set(maildir.FLAGS.values())),
                 self.body_of(message))
                for flags, message in self.contents(name, c))
        return found

    def body_of(self, message):
        """The body without the line that offlineimap adds to an upload."""
        return b"\n".join(
            line for line in maildir.unix(message).split(b"\n")
            if not line.startswith(b"X-OfflineIMAP:"))

    def local_side(self):
        return {name: sorted((flags, self.body_of(message))
                             for flags, message
                             in maildir.read(self.mail / name))
                for name in os.listdir(self.mail)}

    def assert_same(self):
        local, server = self.local_side(), self.server_side()
        self.assertEqual({n: len(m) for n, m in local.items()},
                         {n: len(m) for n, m in server.items()})
        for name in server:
            here = [m for m in local[name] if m not in server[name]]
            there = [m for m in server[name] if m not in local[name]]
            self.assertEqual((here, there), ([], []), name)

    def test_mail_flags_and_folders_go_both_ways(self):
        c = self.connect()
        for n, (_, message) in enumerate(mail.kinds()):
            if b"\r\n\r\n" in message and message.isascii():
                c.append("INBOX", message, ("", "\\Seen", "\\Flagged")[n % 3])
        c.command("CREATE Work/2024")
        for n in range(60):
            c.append("Work/2024", mail.simple(n), "\\Seen" if n % 3 else "")
        self.sync()
        self.assert_same()
        # Both sides change, on different messages.
        files = maildir.files(self.mail / "Work.2024")
        for n, file in enumerate(files[:20]):
            maildir.set_flags(file, ("FS", "RS", "ST", "")[n % 4])
        for n in range(100, 110):
            maildir.deliver(self.mail / "INBOX", mail.simple(n), "S")
        c.select("Work/2024")
        newest = c.search("ALL")[-8:]
        c.command("UID STORE %d:%d +FLAGS (\\Answered)"
                  % (newest[0], newest[3]))
        c.command("UID STORE %d:%d +FLAGS (\\Deleted)"
                  % (newest[4], newest[7]))
        c.command("EXPUNGE")
        c.append("INBOX", mail.simple(200), "\\Flagged")
        c.command("CREATE Later")
        c.append("Later", mail.simple(201))
        self.sync()
        self.sync()
        # What is \Deleted on one side stays so until somebody expunges.
        self.assert_same()
        self.assertIn("Later", os.listdir(self.mail))

    def test_local_deletion_expunges_on_the_server(self):
        c = self.connect()
        for n in range(10):
            c.append("INBOX", mail.simple(n))
        self.sync("-f", "INBOX")
        for file in maildir.files(self.mail / "INBOX")[:4]:
            os.unlink(file)
        self.sync("-f", "INBOX")
        left = sorted(maildir.read(self.mail / "INBOX"))
        self.assertEqual(len(left), 6)
        self.assertEqual(self.server_side()["INBOX"], left)
