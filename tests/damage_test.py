# SPDX-License-Identifier: Apache-2.0
"""Damaged files of the database. The server is killed, so that the log holds
what was acknowledged; then a file is damaged. The server refuses to start and
names the file; `roost repair` saves what is there."""

import glob
import os
import random
import unittest

import mail
from harness import ServerTest

MESSAGES = 60


class DamageTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.chance = random.Random(8)

    def fill(self):
        c = self.connect()
        for number in range(MESSAGES):
            c.append("INBOX", mail.simple(number, body="x" * 500 + "\r\n"))
        validity = c.select("INBOX").codes()["UIDVALIDITY"]
        self.server.crash()
        return validity

    def log(self):
        logs = glob.glob(os.path.join(self.server.data, "store", "*.log"))
        return max(logs, key=os.path.getsize)

    def damage(self, change):
        path = self.log()
        with open(path, "r+b") as log:
            data = bytearray(log.read())
            change(data)
            log.seek(0)
            log.write(data)
        return os.path.basename(path)

    def refused(self, name):
        for command in "check", "serve":
            out = self.server.roost(command, want=None)
            self.assertIn(name, out)
            self.assertIn("roost repair", out)

    def stored(self):
        c = self.connect()
        validity = c.select("INBOX").codes()["UIDVALIDITY"]
        fetched = c.fetch("1:*", "(UID BODY.PEEK[])")
        c.close()
        return validity, fetched

    def test_a_flipped_bit_is_turned_back(self):
        validity = self.fill()

        def flip(data):
            at = len(data) // 2 + self.chance.randrange(len(data) // 4)
            data[at] ^= 1 << self.chance.randrange(8)
        name = self.damage(flip)
        self.refused(name)
        out = self.server.roost("repair")
        self.assertIn("turned back", out)
        self.assertIn("0 problems", out)
        self.assertTrue(glob.glob(os.path.join(
            self.server.data, "damaged-*", name)))
        self.server.start()
        now, fetched = self.stored()
        self.assertEqual(now, validity)
        self.assertEqual(len(fetched), MESSAGES)
        self.server.check()

    def test_what_is_behind_a_lost_sector_is_saved(self):
        validity = self.fill()

        def lose(data):
            at = len(data) // 2 // 512 * 512
            data[at:at + 512] = bytes(512)
        self.refused(self.damage(lose))
        out = self.server.roost("repair", want=1)
        self.assertIn("are lost", out)
        self.assertIn("another UIDVALIDITY", out)
        self.server.start()
        now, fetched = self.stored()
        self.assertNotEqual(now, validity)
        self.assertGreater(len(fetched), MESSAGES - 10)
        self.server.roost("repair", want=1)  # not while a server runs

    def test_a_manifest_that_is_missing_is_made_anew(self):
        self.fill()
        for path in glob.glob(os.path.join(
                self.server.data, "store", "MANIFEST-*")):
            os.unlink(path)
        self.refused("MANIFEST")
        out = self.server.roost("repair", want=None)
        self.assertIn("is new", out)
        self.server.start()
        _, fetched = self.stored()
        self.assertEqual(len(fetched), MESSAGES)
        self.server.check()

    def test_a_table_takes_only_what_is_in_it(self):
        self.fill()
        self.server.start()
        self.server.stop()  # writes the log to tables
        tables = glob.glob(os.path.join(self.server.data, "store", "*.sst"))
        name = os.path.basename(max(tables, key=os.path.getsize))
        with open(os.path.join(self.server.data, "store", name), "r+b") as f:
            f.truncate(os.path.getsize(f.name) // 2)
        self.refused(name)
        out = self.server.roost("repair", want=None)
        self.assertIn(name + " was damaged", out)
        self.assertTrue(glob.glob(os.path.join(
            self.server.data, "damaged-*", name)))
        self.server.start()


if __name__ == "__main__":
    unittest.main()
