# SPDX-License-Identifier: Apache-2.0
"""What was expunged, by whatever protocol, comes back with `roost undelete`:
with its bytes, flags and date, to the mailbox where it was."""

import glob
import os
import poplib
import re

from admin_test import run
from harness import ServerTest, only_roost
from imap_client import quote

BIG = b"0123456789abcdef\r\n" * 20000


class Bed(ServerTest):

    def roost(self, *arguments, want=0):
        code, out, err = run(self.server.config, *arguments)
        self.assertEqual(code, want, "roost %s\n%s%s" % (
            " ".join(map(str, arguments)), out, err))
        return out + err

    def undelete(self, *options, want=0):
        return self.roost("undelete", self.user, *options, want=want)

    def ids(self, *options):
        return re.findall(r"(?m)^ *(\d+)  20", self.undelete(*options))

    def connection(self):
        connection = self.server.connect(self.user, self.password)
        connection.select("INBOX")
        return connection

    def append(self, connection, subject, mailbox="INBOX", flags="\\Seen",
               body=b"x\r\n"):
        message = (b"From: Zo\xc3\xab <zoe@example.org>\r\nSubject: "
                   + subject.encode() + b"\r\n\r\n" + body)
        connection.append(mailbox, message, flags,
                          "11-Nov-2026 10:00:00 +0100")
        return message

    def expunge(self, connection, numbers="1:*"):
        connection.command("STORE", numbers, "+FLAGS", "(\\Deleted)")
        connection.command("EXPUNGE")

    def messages(self, connection, mailbox="INBOX"):
        connection.select(mailbox)
        return sorted(
            (items["BODY[]"], items["INTERNALDATE"],
             tuple(sorted(f for f in items["FLAGS"] if f != "\\Recent")))
            for items in connection.fetch(
                "1:*", "(FLAGS INTERNALDATE BODY.PEEK[])").values())


@only_roost
class RepairTest(Bed):
    """What was expunged comes back also after a repair of the database."""

    def store(self, pattern):
        return glob.glob(os.path.join(self.server.data, "store", pattern))

    def expunged(self):
        connection = self.connection()
        for number in range(5):
            self.append(connection, "holiday %d" % number, body=BIG)
            self.append(connection, "small %d" % number)
        before = self.messages(connection)
        self.expunge(connection, "1:6")
        connection.close()
        return before

    def come_back(self, before):
        self.server.start()
        self.assertEqual(len(self.ids()), 6)
        self.assertIn("6 brought back", self.undelete("--restore"))
        self.assertEqual(self.messages(self.connection()), before)
        self.server.check()

    def test_when_the_manifest_was_lost(self):
        before = self.expunged()
        self.server.crash()
        for path in self.store("MANIFEST-*"):
            os.unlink(path)
        self.roost("repair", want=1)  # another UIDVALIDITY
        self.come_back(before)

    def test_when_a_bit_was_flipped(self):
        before = self.expunged()
        self.server.crash()
        log = max(self.store("*.log"), key=os.path.getsize)
        with open(log, "r+b") as file:
            file.seek(os.path.getsize(log) // 2)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 4]))
        self.roost("repair")
        self.come_back(before)

    def test_when_nobody_knew_any_more_who_owns_what(self):
        before = self.expunged()
        self.server.stop()  # writes the log to tables
        for path in self.store("*.sst"):
            with open(path, "r+b") as file:
                table = file.read()
                if b"owners" in table:
                    file.seek(0)
                    file.write(bytes(len(table)))
        self.assertIn("records of owners are lost",
                      self.roost("repair", want=1))
        self.come_back(before)


@only_roost
class UndeleteTest(Bed):

    settings = "quota_messages = 6\n"

    def test_what_was_expunged_comes_back(self):
        connection = self.connection()
        self.append(connection, "The invoice", flags="\\Flagged $Work")
        self.append(connection, "holiday", body=BIG)
        self.append(connection, "other", body=b"no end")
        before = self.messages(connection)
        self.expunge(connection)
        self.assertEqual(len(self.ids()), 3)
        self.assertEqual(len(self.ids("--subject", "INVOICE")), 1)
        self.assertEqual(len(self.ids("--from", "zoe")), 3)
        self.assertEqual(len(self.ids("--mailbox", "inbox")), 3)
        self.assertEqual(self.ids("--mailbox", "Sent"), [])
        self.assertEqual(len(self.ids("--since", "2001-01-01")), 3)
        self.assertEqual(self.ids("--since", "2999-01-01"), [])
        self.roost("check")
        self.assertIn("1 brought back", self.undelete(
            "--subject", "invoice", "--restore"))
        self.assertEqual(self.messages(connection), [
            m for m in before if b"invoice" in m[0]])
        self.assertIn("2 brought back", self.undelete("--restore"))
        self.assertEqual(self.messages(connection), before)
        self.assertEqual(self.ids(), [])
        # The UIDs are new.
        self.assertEqual(sorted(connection.fetch("1:*", "(FLAGS)")), [4, 5, 6])
        self.roost("check")

    def test_sessions_see_it_come(self):
        connection = self.connection()
        self.append(connection, "one")
        self.append(connection, "two")
        self.expunge(connection)
        watcher = self.server.connect(self.user, self.password)
        watcher.command("ENABLE", "QRESYNC")
        reply = watcher.select("INBOX")
        tag = watcher.idle()
        self.undelete("--restore")
        watcher.wait_for(lambda r: r.name == "EXISTS" and r.number == 2)
        watcher.done(tag)
        modseq = int(re.search(r"HIGHESTMODSEQ (\d+)", " ".join(
            map(repr, reply.untagged)))[1])
        changed = watcher.command(
            "UID FETCH", "1:*", "(FLAGS)", "(CHANGEDSINCE %d VANISHED)"
            % modseq)
        self.assertEqual(len(changed.named("FETCH")), 2)

    def test_the_quota_is_free_at_once(self):
        connection = self.connection()
        for number in range(6):
            self.append(connection, "full %d" % number)
        connection.select("INBOX")
        self.expunge(connection, "1:4")
        for number in range(3):
            self.append(connection, "more %d" % number)
        said = self.undelete("--restore", want=6)
        self.assertIn("full", said)
        self.assertEqual(len(self.ids()), 4)
        self.assertIn("1 brought back", self.undelete(
            "--restore", "--subject", "full 0"))
        self.roost("check")

    def test_every_way_of_deleting(self):
        connection = self.connection()
        connection.command("CREATE", quote("Work/A"))
        self.append(connection, "in a mailbox", "Work/A")
        self.append(connection, "moved first")
        self.append(connection, "by pop3")
        self.append(connection, "replaced")
        self.append(connection, "in two mailboxes")
        connection.select("INBOX")
        connection.command("MOVE", "1", "Trash")
        connection.command("COPY", "3", "Archive")
        self.assertEqual(self.ids(), [])  # it is not deleted yet
        connection.command("DELETE", quote("Work/A"))
        connection.select("Trash")
        self.expunge(connection)
        connection.select("INBOX")
        self.expunge(connection, "3")  # has a place in Archive
        pop = poplib.POP3_SSL("127.0.0.1", self.server.ports["pop3s"],
                              context=self.server.tls())
        pop.user(self.user)
        pop.pass_(self.password)
        pop.dele(1)
        pop.quit()
        said = self.undelete()
        self.assertEqual(len(self.ids()), 3, said)
        for mailbox, subject in (("Work/A", "in a mailbox"),
                                 ("Trash", "moved first"),
                                 ("INBOX", "by pop3")):
            self.assertRegex(said, r"(?m) %s +\d+ +Zo. +%s$" % (
                mailbox, subject))
        connection.command("RENAME", "Trash", "Bin")
        self.assertIn("3 brought back", self.undelete("--restore"))
        for mailbox in ("Work/A", "Bin", "INBOX"):
            self.assertTrue(self.messages(connection, mailbox), mailbox)
        self.roost("check")

    def test_into_another_mailbox_by_number(self):
        connection = self.connection()
        for number in range(3):
            self.append(connection, "number %d" % number)
        connection.select("INBOX")
        self.expunge(connection)
        ids = self.ids()
        self.assertIn("2 brought back", self.undelete(
            "--restore", "--id", ",".join(ids[:2]), "--into", "Back"))
        self.assertEqual(len(self.messages(connection, "Back")), 2)
        self.undelete("--id", "999999", want=3)

    def test_purged_is_gone(self):
        connection = self.connection()
        self.append(connection, "secret", body=BIG)
        self.append(connection, "kept")
        connection.select("INBOX")
        self.expunge(connection)
        self.assertIn("1 removed for good", self.undelete(
            "--purge", "--subject", "secret"))
        self.assertEqual(len(self.ids()), 1)
        self.assertIn("0 brought back", self.undelete(
            "--restore", "--subject", "secret"))
        self.roost("check")

    def test_mistakes(self):
        self.roost("undelete", "nobody", want=3)
        for options in (("--since", "yesterday"), ("--id", "x"),
                        ("--into", "A"), ("--restore", "--purge")):
            self.undelete(*options, want=2)

    def test_it_survives_a_crash(self):
        connection = self.connection()
        message = self.append(connection, "crash", body=BIG)
        connection.select("INBOX")
        self.expunge(connection)
        connection.close()
        self.server.crash()
        self.server.start()
        self.assertIn("1 brought back", self.undelete("--restore"))
        self.assertEqual(
            [m[0] for m in self.messages(self.connection())], [message])


@only_roost
class NoUndeleteTest(Bed):

    settings = "undelete_days = 0\n"

    def test_nothing_is_kept(self):
        connection = self.connection()
        self.append(connection, "gone")
        connection.select("INBOX")
        self.expunge(connection)
        self.assertEqual(self.ids(), [])
        self.roost("check")
