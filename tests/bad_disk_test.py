# SPDX-License-Identifier: Apache-2.0
"""A disk that is full or fails (tests/disk/disk_fault.c): at the n-th call on
each kind of file, once or until it is mended. Whatever was answered with OK is
there, once; whatever was refused is not; the server does not end, can be read
meanwhile, and serves again when the disk does.

ROOST_DISK_CALLS sets which n are tried, such as 1-200; ROOST_DISK_CASES which
cases, by a part of their names. With either, figures are printed."""

import collections
import errno
import os
import re
import ssl
import time
import unittest

import disk
import mail
from disk import (BLOB, CHANGE, EVERY_KIND, FOR_EVER, LOG, MANIFEST, READ,
                  SHORT, SYNC, TABLE, WRITE)
from harness import wait_until
from imap_client import Closed, ImapError

SAMPLE = (1, 2, 5)
# In a round, or until a call has failed. Tables, blob files and MANIFEST are
# written only when much has come.
MESSAGES = int(os.environ.get("ROOST_DISK_MESSAGES", "12"))
SUBJECT = re.compile(rb"Subject: (\S+)\r\n")

# name: kinds, calls, error, how many calls fail
CASES = {
    "log full": (LOG, WRITE, errno.ENOSPC, FOR_EVER),
    "log full once": (LOG, WRITE, errno.ENOSPC, 1),
    "log write": (LOG, WRITE, errno.EIO, FOR_EVER),
    "log short write": (LOG, WRITE, SHORT, 3),
    "log sync once": (LOG, SYNC, errno.EIO, 1),
    "log sync full": (LOG, SYNC, errno.ENOSPC, 1),
    "log sync": (LOG, SYNC, errno.EIO, FOR_EVER),
    "log new": (LOG, CHANGE, errno.ENOSPC, 2),
    "table full": (TABLE, WRITE | CHANGE, errno.ENOSPC, FOR_EVER),
    "table write": (TABLE, WRITE, errno.EIO, 1),
    "table sync once": (TABLE, SYNC, errno.EIO, 1),
    "table read": (TABLE, READ, errno.EIO, 1),
    "blob full": (BLOB, WRITE | CHANGE, errno.ENOSPC, FOR_EVER),
    "blob sync once": (BLOB, SYNC, errno.EIO, 1),
    "blob read": (BLOB, READ, errno.EIO, 1),
    "manifest full": (MANIFEST, WRITE | CHANGE, errno.ENOSPC, FOR_EVER),
    "manifest write": (MANIFEST, WRITE, errno.EIO, 1),
    "manifest sync once": (MANIFEST, SYNC, errno.EIO, 1),
    "folder sync once": (disk.FOLDER, SYNC, errno.EIO, 1),
    "all full": (EVERY_KIND, WRITE | CHANGE, errno.ENOSPC, FOR_EVER),
    "read-only": (EVERY_KIND, WRITE | CHANGE | SYNC, errno.EROFS, FOR_EVER),
    "all dead": (EVERY_KIND, WRITE | CHANGE | SYNC | READ, errno.EIO,
                 FOR_EVER),
}


def numbers():
    given = os.environ.get("ROOST_DISK_CALLS")
    if not given:
        return SAMPLE
    first, _, last = given.partition("-")
    return range(int(first), int(last or first) + 1)


class Mailbox:
    """What one user's INBOX has to hold."""

    def __init__(self, server):
        self.server = server
        self.sure = {}  # subject: (uid, flags)
        self.refused, self.unknown = set(), set()
        self.serial = 0
        self.connection = None

    def connect(self):
        if self.connection is None:
            c = self.server.connect("anna", "secret-anna")
            c.select("INBOX")
            self.connection = c
        return self.connection

    def drop(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def append(self):
        """True: it was answered OK."""
        self.serial += 1
        subject = "n-%d" % self.serial
        size = (200, 9000, 150000)[self.serial % 3]
        message = mail.simple(self.serial, subject, "%d\r\n" % self.serial
                              + ("z" * 70 + "\r\n") * (size // 72))
        try:
            c = self.connect()
            self.unknown.add(subject)
            uid = c.append("INBOX", message)[1]
            self.sure[subject] = (uid, frozenset())
        except Closed:
            self.drop()
            return False
        except ImapError:
            self.refused.add(subject)
            self.unknown.discard(subject)
            return False
        self.unknown.discard(subject)
        return True

    def change(self):
        """Marks one message and expunges another one."""
        if len(self.sure) < 5:
            return
        subjects = sorted(self.sure, key=lambda s: self.sure[s][0])
        try:
            c = self.connect()
            uid, flags = self.sure[subjects[0]]
            c.command("UID STORE", str(uid), "+FLAGS.SILENT (\\Deleted)")
            self.sure[subjects[0]] = (uid, flags | {"\\Deleted"})
            c.command("UID EXPUNGE", str(uid))
            del self.sure[subjects[0]]
        except Closed:
            self.drop()
            # It may be gone or marked.
            self.unknown.add(subjects[0])
            del self.sure[subjects[0]]
        except ImapError:
            pass

    def stored(self):
        c = self.server.connect("anna", "secret-anna")
        c.command("EXAMINE INBOX")
        fetched = c.fetch(
            "1:*", "(UID FLAGS BODY.PEEK[])")
        c.close()
        return {uid: (SUBJECT.search(v["BODY[]"])[1].decode(),
                      frozenset(set(v["FLAGS"]) - {"\\Recent"}))
                for uid, v in fetched.items()}

    def compare(self, test):
        found = self.stored()
        for subject, (uid, flags) in self.sure.items():
            test.assertIn(uid, found, "%s is lost" % subject)
            test.assertEqual(found.pop(uid), (subject, flags))
        for uid, (subject, flags) in found.items():
            test.assertIn(subject, self.unknown,
                          "%s came from nowhere, or was refused" % subject)


class BadDiskTest(unittest.TestCase):
    settings = "write_buffer_mib = 1\n"

    def setUp(self):
        self.figures = collections.Counter()
        self.slowest = 0

    def until_it_serves(self, box):
        begin = time.monotonic()
        wait_until(box.append, "the server serves again")
        self.slowest = max(self.slowest, time.monotonic() - begin)

    def round(self, server, box, case, n):
        kinds, calls, error, times = case
        server.fail(kinds, calls, error, n, times,
                    full=error == errno.ENOSPC and kinds == EVERY_KIND)
        for _ in range(MESSAGES):
            try:
                box.append()
                box.change()
            except (OSError, ssl.SSLError):
                box.drop()
            if server.failed:
                break
        self.figures["failures"] += server.failed > 0
        server.mend()
        self.assertTrue(server.running(), server.log_tail())
        self.until_it_serves(box)
        self.figures["rounds"] += 1

    def run_case(self, name, case):
        server = disk.FaultyServer(self.settings).start()
        self.addCleanup(server.remove)
        server.new_user("anna")
        box = Mailbox(server)
        for _ in range(6):
            self.assertTrue(box.append())
        for n in numbers():
            with self.subTest(case=name, n=n):
                self.round(server, box, case, n)
                if n % 10 == 1:
                    box.compare(self)
        box.compare(self)
        box.drop()
        server.stop()
        server.check()
        server.start()
        box.compare(self)
        server.stop()
        self.figures["answered"] += box.serial - len(box.refused)
        self.figures["refused"] += len(box.refused)

    def test_nothing_is_lost_and_the_server_serves_again(self):
        chosen = os.environ.get("ROOST_DISK_CASES", "")
        for name, case in CASES.items():
            if chosen not in name:
                continue
            before = self.figures.copy()
            self.slowest = 0
            self.run_case(name, case)
            if chosen or os.environ.get("ROOST_DISK_CALLS"):
                print("%-20s %s slowest %.2f s" % (name, dict(
                    self.figures - before), self.slowest), flush=True)


if __name__ == "__main__":
    unittest.main()
