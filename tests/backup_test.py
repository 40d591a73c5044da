# SPDX-License-Identifier: Apache-2.0
"""The drill: backups of a server at work, verified and pruned; a whole server,
a user and a mailbox brought back, and compared by a mail program."""

import os
import pathlib
import re
import shutil
import tempfile
import threading
import time
import unittest

from admin_test import run
from harness import RoostServer, only_roost, wait_until
from imap_client import quote

BIG = b"0123456789abcdef\r\n" * 20000


def contents(connection):
    """{mailbox: (uidnext, {uid: (flags, date, bytes)})} of a user."""
    found = {}
    for response in connection.command("LIST", '""', '"*"').named("LIST"):
        name = response.tokens[-1]
        name = name.decode() if isinstance(name, bytes) else str(name)
        reply = connection.select(name)
        uidnext = int(re.search(r"UIDNEXT (\d+)", " ".join(map(repr, reply.untagged)))[1])
        messages = {}
        for uid, items in connection.fetch(
                "1:*", "(FLAGS INTERNALDATE BODY.PEEK[])").items():
            messages[uid] = (
                sorted(str(f) for f in items["FLAGS"] if f != "\\Recent"),
                items["INTERNALDATE"], items["BODY[]"])
        found[name] = (uidnext, messages)
    return found


@only_roost
class BackupTest(unittest.TestCase):

    def setUp(self):
        self.server = RoostServer().start()
        self.addCleanup(self.server.remove)
        self.addCleanup(self.server.stop)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="roost-backup-"))
        os.chmod(self.work, 0o755)
        self.addCleanup(shutil.rmtree, self.work, True)
        self.vault = self.work / "backups"
        self.user, self.password = self.server.new_user()

    def roost(self, *arguments, want=0, config=None):
        code, out, err = run(config or self.server.config, *arguments)
        self.assertEqual(code, want, "roost %s\n%s%s" % (
            " ".join(map(str, arguments)), out, err))
        return out + err

    def connect(self, server=None):
        return (server or self.server).connect(self.user, self.password)

    def fill(self, connection, first=0):
        for number in range(first, first + 5):
            connection.append(
                "INBOX", b"Subject: mail %d\r\n\r\n%d\r\n" % (number, number)
                + (BIG if number % 2 else b""),
                "\\Seen $Work" if number % 3 else "\\Flagged",
                "1%d-Nov-2026 10:00:00 +0100" % (number % 10))

    def other_server(self, data):
        other = RoostServer()
        self.addCleanup(other.remove)
        other.data = data
        other.write_config()
        other.start()
        self.addCleanup(other.stop)
        return other

    def backups(self):
        return re.findall(r"(?m)^(\d{4}-\S+Z)", self.roost(
            "backup", "list", self.vault))

    def next_second(self):
        """A backup is named by its second."""
        now = int(time.time())
        wait_until(lambda: int(time.time()) > now, "the next second")

    def test_the_drill(self):
        connection = self.connect()
        connection.command("CREATE", quote("Work"))
        self.fill(connection)
        connection.select("INBOX")
        connection.command("COPY", "2:3", quote("Work"))
        connection.command("STORE", "1", "+FLAGS", "(\\Deleted)")
        connection.command("EXPUNGE")
        before = contents(connection)
        said = self.roost("backup", self.vault)
        self.assertRegex(said, r"files, \d{3,} KiB, of which \d{3,} KiB")
        # What comes later is not in it.
        self.fill(connection, 5)
        connection.close()
        self.assertIn("good", self.roost("backup", "verify", self.vault))
        data = self.work / "data"
        self.roost("restore", self.vault, "--to", data)
        other = self.other_server(data)
        connection = self.connect(other)
        self.assertEqual(contents(connection), before)
        connection.close()
        self.roost("check", config=other.config)
        for server in (self.server, other):
            self.assertEqual(sorted(
                p.name for p in server.data.iterdir()
                if "checkpoint" in p.name or "part" in p.name), [])
        # UIDs that the old server gave out later are not given out again under
        # the same UIDVALIDITY.
        validity = [re.search(r"UIDVALIDITY (\d+)", " ".join(map(
            repr, self.connect(server).select("INBOX").untagged)))[1]
            for server in (self.server, other)]
        self.assertNotEqual(*validity)
        self.assertIn("not an empty folder", self.roost(
            "restore", self.vault, "--to", data, want=5))

    def test_a_user_and_a_mailbox_come_back(self):
        connection = self.connect()
        self.fill(connection)
        before = contents(connection)["INBOX"][1]
        self.roost("backup", self.vault)
        day = self.backups()[0][:10]
        connection.select("INBOX")
        connection.command("STORE", "1:3", "+FLAGS", "(\\Deleted)")
        connection.command("EXPUNGE")
        said = self.roost("restore", self.vault, "--user", self.user,
                          "--mailbox", "inbox")
        self.assertIn("Restored/INBOX %s: 5 new" % day, said)
        found = contents(connection)
        restored = found["Restored/INBOX %s" % day][1]
        self.assertEqual(sorted(restored.values()), sorted(before.values()))
        self.assertEqual(len(found["INBOX"][1]), 2)
        # The whole user: only what is missing is added.
        said = self.roost("restore", self.vault, "--user", self.user,
                          "--as-of", day)
        self.assertIn("INBOX: 3 new, 2 known", said)
        self.assertEqual(
            sorted(contents(connection)["INBOX"][1].values()),
            sorted(before.values()))
        said = self.roost("restore", self.vault, "--user", self.user,
                          "--mailbox", "INBOX", "--into", "Old")
        self.assertIn("Old: 5 new", said)
        self.roost("restore", self.vault, "--user", self.user, "--mailbox",
                   "None", want=3)
        self.roost("restore", self.vault, "--user", "nobody", want=3)
        self.roost("restore", self.vault, "--user", self.user, "--as-of",
                   "2001-01-01", want=3)
        self.assertEqual([p.name for p in self.vault.iterdir()
                          if p.name.startswith("open-")], [])
        self.roost("check")

    def test_only_what_is_new_is_copied_and_old_ones_go(self):
        connection = self.connect()
        self.fill(connection)
        sizes = []
        for _ in range(4):
            said = self.roost("backup", self.vault, "--keep", "2")
            sizes.append(int(re.search(r"which (\d+) KiB", said)[1]))
            self.next_second()
        self.assertEqual(len(self.backups()), 2)
        # Without a change the mail is not copied again.
        self.assertGreater(sizes[0], len(BIG) // 1024)
        self.assertLess(max(sizes[1:]), sizes[0] // 4)
        self.assertLess(sum(
            p.stat().st_size for p in (self.vault / "files").iterdir()),
            2 * len(BIG) * 5)
        self.assertEqual(self.roost("backup", "verify", self.vault).count(
            "good"), 2)
        listed = set()
        for name in self.backups():
            listed |= set(re.findall(r"(?m)^file (\w{64})", (
                self.vault / name).read_text()))
        self.assertEqual(
            {p.name for p in (self.vault / "files").iterdir()}, listed)

    def test_while_mail_comes_in_and_without_a_server(self):
        stop = threading.Event()
        sent = []

        def append():
            connection = self.connect()
            while not stop.is_set():
                connection.append("INBOX", b"Subject: %d\r\n\r\n" % len(sent)
                                  + BIG[:30000])
                sent.append(len(sent))

        thread = threading.Thread(target=append)
        thread.start()
        try:
            wait_until(lambda: len(sent) > 5, "mail")
            mark = len(sent)
            self.roost("backup", self.vault)
        finally:
            stop.set()
            thread.join()
        self.server.stop()
        self.next_second()
        self.roost("backup", self.vault)
        counts = []
        for name in self.backups():
            data = self.work / ("data" + name)
            self.roost("restore", self.vault, "--to", data, "--backup", name)
            self.assertEqual(0, run(self.server.config, "check", "--data",
                                    str(data))[0])
            out = self.work / ("out" + name)
            self.roost("export", "maildir", "--user", self.user, out,
                       "--data", data)
            counts.append(len(list((out / "cur").iterdir())))
        self.assertGreaterEqual(counts[0], mark)
        self.assertEqual(counts[1], len(sent))
        self.server.start()

    def test_damage_is_named(self):
        self.fill(self.connect())
        self.roost("backup", self.vault)
        files = sorted((self.vault / "files").iterdir(),
                       key=lambda p: p.stat().st_size)
        with open(files[-1], "r+b") as file:
            file.seek(1000)
            byte = file.read(1)
            file.seek(1000)
            file.write(bytes([byte[0] ^ 1]))
        said = self.roost("backup", "verify", self.vault, want=1)
        self.assertIn(files[-1].name, said)
        self.assertIn("damaged", said)
        self.roost("restore", self.vault, "--to", self.work / "data", want=7)
        self.assertFalse((self.work / "data" / "store").exists())
        files[-1].unlink()
        self.assertIn("No such file", self.roost(
            "backup", "verify", self.vault, want=1))
        name = self.backups()[0]
        text = (self.vault / name).read_text()
        for wrong in (text[:-70], text.replace("store/", "store/../"),
                      text.replace("file ", "fil ", 1), ""):
            (self.vault / name).write_text(wrong)
            self.roost("backup", "verify", self.vault, want=1)
            self.assertIn("damaged", self.roost(
                "backup", "list", self.vault, want=1))
        (self.vault / "roost-backups").write_text("roost backups 2\n")
        self.assertIn("is no folder of backups", self.roost(
            "backup", self.vault, want=6))

    def test_a_command_that_dies_leaves_nothing(self):
        self.fill(self.connect())
        (self.vault / "files").mkdir(parents=True)
        (self.vault / "files" / "new-file").write_bytes(b"x")
        (self.vault / "open-1").mkdir()
        (self.vault / "open-1" / "x").write_bytes(b"x")
        (self.vault / "roost-backups").write_text("roost backups 1\n")
        (self.server.data / "checkpoint").mkdir()
        (self.server.data / "checkpoint" / "x").write_bytes(b"x")
        os.chown(self.server.data / "checkpoint",
                 self.server.data.stat().st_uid, -1)
        self.roost("backup", self.vault)
        self.assertEqual(sorted(p.name for p in self.vault.iterdir()), sorted(
            ["files", "roost-backups"] + self.backups()))
        self.assertFalse((self.server.data / "checkpoint").exists())


if __name__ == "__main__":
    unittest.main()
