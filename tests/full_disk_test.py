# SPDX-License-Identifier: Apache-2.0
"""A real file system that another program fills to its last byte. Mail can be
deleted on it, the server and `roost check` start on it, and new mail is taken
again when there is space. Needs the right to mount a tmpfs."""

import os
import subprocess
import unittest

import mail
from harness import RoostServer, give_away, wait_until
from imap_client import ImapError
from smtp_client import Smtp

DISK_MIB = 320
RESERVE_MIB = DISK_MIB // 32


class FullDiskTest(unittest.TestCase):
    def setUp(self):
        self.server = RoostServer("write_buffer_mib = 4\n")
        self.addCleanup(self.server.remove)
        self.server.data.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=%dm" % DISK_MIB, "tmpfs",
             str(self.server.data)], capture_output=True)
        if done.returncode != 0:
            self.skipTest("cannot mount a tmpfs here")
        self.addCleanup(subprocess.run,
                        ["umount", "-l", str(self.server.data)])
        os.chmod(self.server.data, 0o700)
        give_away(self.server.data)
        self.filler = self.server.data / "of-another-program"

    def free(self):
        disk = os.statvfs(self.server.data)
        return disk.f_bavail * disk.f_frsize

    def fill(self, leave=0):
        """Another program takes all but `leave` bytes."""
        with open(self.filler, "ab") as file:
            while self.free() > leave:
                piece = min(1 << 20, self.free() - leave)
                try:
                    file.write(b"x" * piece)
                    file.flush()
                except OSError:
                    break

    def state(self):
        status = self.server.roost("status").split()
        return next(word.partition("=")[2] for word in status
                    if word.startswith("storage="))

    def wait_for_state(self, *wanted):
        wait_until(lambda: self.state() in wanted, "storage %s" % (wanted,))

    def connect(self):
        c = self.server.connect("anna", "secret-anna")
        self.addCleanup(c.close)
        c.select("INBOX")
        return c

    def start(self):
        self.server.start()
        self.server.roost("domain", "add", "here.test")
        self.server.new_user("anna")
        c = self.connect()
        for number in range(20):
            c.append("INBOX", mail.simple(number, body="x" * 70000 + "\r\n"))
        return c

    def test_below_the_reserve_only_what_frees_is_taken(self):
        c = self.start()
        self.fill(RESERVE_MIB * (1 << 20) // 2)
        self.wait_for_state("full")
        reply = c.command("APPEND INBOX {10+}\r\n0123456789", want="NO")
        self.assertEqual(reply.code, "LIMIT")
        reply = c.command("UID COPY 1 Trash", want="NO")
        self.assertEqual(reply.code, "LIMIT")
        for kind, hello in ("smtp", "EHLO"), ("lmtp", "LHLO"):
            s = Smtp(self.server.ports[kind])
            s.hello(hello)
            text = s.command("MAIL FROM:<x@there.test>", want="452")
            self.assertIn("4.3.1", str(text))
            s.close()
        c.command("UID STORE 1 +FLAGS (\\Seen)")
        c.command("UID MOVE 2 Trash")
        c.command("UID STORE 3 +FLAGS (\\Deleted)")
        c.command("EXPUNGE")
        c.command("DELETE Archive")
        self.assertEqual(len(c.fetch("1:*", "(BODY.PEEK[])")), 18)
        self.connect()
        self.filler.unlink()
        self.wait_for_state("well")
        c.append("INBOX", mail.simple(100))
        self.server.stop()
        told = [line for line in self.server.log().splitlines()
                if " storage " in line]
        self.assertEqual(len(told), 2, told)

    def test_on_a_disk_without_a_byte_mail_can_be_deleted(self):
        c = self.start()
        self.fill()
        self.wait_for_state("full", "reading")

        def deleted():
            try:
                c.command("UID STORE 1:10 +FLAGS.SILENT (\\Deleted)")
                c.command("EXPUNGE")
                return True
            except ImapError:
                return False
        wait_until(deleted, "mail is deleted")
        self.assertEqual(len(c.fetch("1:*", "(BODY.PEEK[])")), 10)
        self.server.crash()
        self.fill()
        # Both start, whatever is left.
        self.server.check()
        self.fill()
        self.server.start()
        c = self.connect()
        self.assertEqual(len(c.fetch("1:*", "(BODY.PEEK[])")), 10)
        wait_until(deleted, "mail is deleted")
        self.server.stop()
        self.filler.unlink()
        self.server.start()
        self.wait_for_state("well")
        self.connect().append("INBOX", mail.simple(100))
        self.server.stop()
        self.server.check()


if __name__ == "__main__":
    unittest.main()
