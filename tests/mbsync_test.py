# SPDX-License-Identifier: Apache-2.0
"""mbsync keeps two Maildirs and the server equal while another client makes
changes."""

import os
import pathlib
import random
import subprocess

import mail
import maildir
from harness import ServerTest, run_program
from imap_client import quote

CONFIG = """
IMAPAccount test
Host localhost
Port {port}
User {user}
Pass {password}
SSLType IMAPS
CertificateFile {certificate}

IMAPStore far
Account test
PathDelimiter /

MaildirStore near
Path {path}/
Inbox {path}/INBOX
SubFolders Verbatim

Channel test
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
"""


# It refuses a message whose header never ends.
KINDS = [message for _, message in mail.kinds() if b"\r\n\r\n" in message]


class MbsyncTest(ServerTest):
    def local(self, name):
        """A Maildir tree with its own configuration; returns its path."""
        path = self.work / name
        path.mkdir()
        (self.work / (name + ".rc")).write_text(CONFIG.format(
            port=self.server.tls_port, user=self.user,
            password=self.password, certificate=self.server.certificate,
            path=path))
        return path

    def sync(self, path, want=0):
        return run_program(
            "mbsync", "-c", self.work / (path.name + ".rc"), "test",
            env={"HOME": str(self.work)}, want=want)

    def start_sync(self, path):
        return subprocess.Popen(
            ["mbsync", "-c", str(self.work / (path.name + ".rc")), "test"],
            env={**os.environ, "HOME": str(self.work)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def server_side(self):
        """{mailbox: sorted [(sorted flags, comparable message)]}"""
        c = self.connect()
        found = {}
        for name in self.mailboxes(c):
            found[name] = sorted(
                (sorted(flags & set(maildir.FLAGS.values())),
                 maildir.comparable(message))
                for flags, message in self.contents(name, c))
        return found

    def local_side(self, path):
        found = {}
        for root, folders, _ in os.walk(path):
            if "cur" in folders:
                found[os.path.relpath(root, path)] = maildir.read(root)
        return found

    def assert_same(self, *paths):
        server = self.server_side()
        for path in paths:
            local = self.local_side(path)
            self.assertEqual({n: len(m) for n, m in local.items()},
                             {n: len(m) for n, m in server.items()})
            for name in server:
                here = [m for m in local[name] if m not in server[name]]
                there = [m for m in server[name] if m not in local[name]]
                self.assertEqual((here, there), ([], []), name)

    def test_first_sync_brings_all_mail_flags_and_folders(self):
        c = self.connect()
        for n, message in enumerate(KINDS):
            c.append("INBOX", message,
                     ("", "\\Seen", "\\Flagged \\Answered", "\\Draft")[n % 4])
        for name in ("Work", "Work/2024", "A & B", "Work/2024/Q1 report"):
            c.command("CREATE", quote(name.replace("&", "&-")))
        for n in range(120):
            c.append("Work/2024", mail.simple(n), "\\Seen" if n % 3 else "")
        path = self.local("one")
        self.sync(path)
        self.assert_same(path)
        inbox = maildir.read(path / "INBOX")
        self.assertEqual(len(inbox), len(KINDS))
        self.sync(path)
        self.assert_same(path)

    def test_local_changes_arrive_on_the_server(self):
        c = self.connect()
        for n in range(30):
            c.append("INBOX", mail.simple(n))
        path = self.local("one")
        self.sync(path)
        inbox = path / "INBOX"
        listed = maildir.files(inbox)
        deleted = []
        for n, file in enumerate(listed[:20]):
            letters = ("S", "F", "RS", "T", "DFS")[n % 5]
            file = maildir.set_flags(file, letters)
            if letters == "T":
                deleted.append(maildir.comparable(
                    pathlib.Path(file).read_bytes()))
        for n, message in enumerate(KINDS):
            maildir.deliver(inbox, message, ("", "S", "FS")[n % 3])
        maildir.create(path / "Made here")
        maildir.deliver(path / "Made here", mail.simple(99), "F")
        self.sync(path)
        self.assert_same(path)
        self.assertEqual(len(self.server_side()["Made here"]), 1)
        left = [m for _, m in self.server_side()["INBOX"]]
        self.assertEqual([m for m in deleted if m in left], [])
        self.assertEqual(len(deleted), 4)

    def change_by_imap(self, c, chance, round_number):
        """Changes made by a second client, which sees only INBOX and Busy."""
        for _ in range(12):
            box = chance.choice(("INBOX", "Busy"))
            c.select(box)
            uids = c.search("ALL")
            what = chance.randrange(6)
            if what == 0 or len(uids) < 5:
                c.append(box, mail.simple(chance.randrange(10 ** 6)),
                         chance.choice(("", "\\Seen", "\\Flagged")))
                continue
            chosen = ",".join(map(str, chance.sample(uids, 3)))
            if what in (1, 2):
                c.command("UID STORE", chosen,
                          chance.choice(("+FLAGS", "-FLAGS")),
                          chance.choice(("(\\Seen)", "(\\Flagged)",
                                         "(\\Answered \\Seen)")))
            elif what == 3:
                c.command("UID STORE", chosen, "+FLAGS.SILENT (\\Deleted)")
                c.command("UID EXPUNGE", chosen)
            elif what == 4:
                c.command("UID MOVE", chosen,
                          "Busy" if box == "INBOX" else "INBOX")
            else:
                c.command("UID COPY", chosen, "Archive")
        c.command("CREATE Round%d" % round_number)
        c.append("Round%d" % round_number, mail.simple(round_number))
        c.command("UNSELECT")

    def change_by_hand(self, path, chance):
        """Changes that a mail program makes in the Maildir between two syncs.
        """
        for box in ("INBOX", "Busy"):
            listed = maildir.files(path / box)
            for file in chance.sample(listed, min(4, len(listed))):
                maildir.set_flags(file, chance.choice(
                    ("S", "FS", "RS", "", "ST")))
            maildir.deliver(path / box, mail.simple(
                chance.randrange(10 ** 6, 10 ** 7)), "S")

    def test_two_maildirs_and_a_client_converge_whatever_happens(self):
        chance = random.Random(7)
        c = self.connect()
        c.command("CREATE Busy")
        for n in range(60):
            c.append(("INBOX", "Busy")[n % 2], mail.simple(n))
        one, two = self.local("one"), self.local("two")
        self.sync(one)
        self.sync(two)
        for round_number in range(5):
            self.change_by_hand(one, chance)
            self.change_by_hand(two, chance)
            running = [self.start_sync(one), self.start_sync(two)]
            self.change_by_imap(c, chance, round_number)
            for process in running:
                # What vanished under its hands may be a complaint; what
                # counts is that the next runs put it right.
                process.communicate(timeout=120)
        # What A brings, B must fetch, and the other way round.
        for path in (one, two, one, two):
            self.sync(path)
        self.assert_same(one, two)
        boxes = self.server_side()
        self.assertLessEqual({"Round%d" % n for n in range(5)}, set(boxes))

    def test_a_folder_renamed_by_another_client_is_followed(self):
        c = self.connect()
        c.command('CREATE "Projects/Alpha"')
        for n in range(10):
            c.append("Projects/Alpha", mail.simple(n), "\\Seen")
        path = self.local("one")
        self.sync(path)
        c.command('RENAME "Projects/Alpha" "Projects/Beta"')
        self.sync(path, want=None)
        self.assertEqual(len(maildir.read(path / "Projects/Beta")), 10)
        server = self.server_side()
        self.assertEqual(maildir.read(path / "Projects/Beta"),
                         server["Projects/Beta"])
