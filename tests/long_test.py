# SPDX-License-Identifier: Apache-2.0
"""Commands on so many messages that they are several commits: the server is
killed while they are under way."""

import re
import time

from admin_test import run
from harness import ServerTest, only_roost
from imap_client import Literal, quote

COUNT = 3500
AT_ONCE = 500


@only_roost
class LongTest(ServerTest):

    def connection(self):
        return self.server.connect(self.user, self.password)

    def fill(self):
        """A mailbox with COUNT messages, all \\Deleted."""
        c = self.connection()
        c.command("CREATE", "Big")
        c.command("CREATE", "Other")
        for first in range(0, COUNT, AT_ONCE):
            parts = []
            for number in range(first, first + AT_ONCE):
                parts += ["(\\Deleted)", Literal(
                    b"Subject: %d\r\n\r\nx\r\n" % number)]
            c.command("APPEND", "Big", *parts)
        return c

    def numbers(self, c, mailbox):
        if not c.command("LIST", '""', mailbox).untagged:
            return []
        c.select(mailbox)
        rows = c.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")
        return [int(re.search(rb"\d+", row[
            "BODY[HEADER.FIELDS (SUBJECT)]"]).group()) for row in rows.values()]

    def left(self, c):
        """How many messages the mailbox has; 0: there is no such mailbox."""
        reply = c.command("STATUS", "Big", "(MESSAGES)", want=None)
        found = re.search(r"MESSAGES (\d+)", str(reply.untagged))
        return int(found.group(1)) if found else 0

    def cut(self, *command):
        """Kills the server when the first part of the command is done. The
        command may be done by then, or not; both must be right."""
        c = self.fill()
        other = self.connection()
        c.select("Big")
        if command[0] == "DELETE":
            c.command("UNSELECT")
        c.start(*command)
        deadline = time.monotonic() + 60
        while self.left(other) == COUNT:
            self.assertLess(time.monotonic(), deadline)
        self.server.crash()
        self.server.start()
        code, out, err = run(self.server.config, "check")
        self.assertEqual(code, 0, out + err)
        return self.connection()

    def test_move(self):
        c = self.cut("UID MOVE", "1:*", "Other")
        there, moved = self.numbers(c, "Big"), self.numbers(c, "Other")
        self.assertTrue(moved)
        self.assertEqual(sorted(there + moved), list(range(COUNT)))

    def test_expunge(self):
        c = self.cut("EXPUNGE")
        there = self.numbers(c, "Big")
        # They go in the order of their UIDs.
        self.assertEqual(there, list(range(COUNT - len(there), COUNT)))

    def test_delete(self):
        c = self.cut("DELETE", "Big")
        self.assertEqual(self.numbers(c, "Big"), [])
        c.command("CREATE", quote("Big"))
        self.assertEqual(self.left(c), 0)
        self.assertEqual(run(self.server.config, "check")[0], 0)
