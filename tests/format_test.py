# SPDX-License-Identifier: Apache-2.0
"""Data of each earlier format opens with this program: everything in it is
read, the check finds nothing, it can be changed, and it opens again. Data of a
newer format is refused by everything, and not touched."""

import ctypes
import ctypes.util
import hashlib
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import data_fixture as fixture
from harness import RoostServer, give_away, only_roost
from smtp_client import Smtp

NEWER = 4000000000


def format_text(lines):
    """The text of a file FORMAT."""
    xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash"))
    xxhash.XXH3_64bits.restype = ctypes.c_uint64
    xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    return lines + "check %016x\n" % xxhash.XXH3_64bits(
        lines.encode(), len(lines))


def format_of(data):
    """The first line of the file FORMAT; None without one."""
    path = data / "store" / "FORMAT"
    return path.read_text().splitlines()[0] if path.exists() else None


def digest(folder):
    """{file: hash} of a folder."""
    return {str(path.relative_to(folder)):
            hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file()}


class FormatCase(unittest.TestCase):
    maxDiff = 4000

    def new_server(self):
        server = RoostServer()
        self.addCleanup(server.remove)
        return server

    def started(self, server):
        server.start()
        self.addCleanup(self.stop, server)

    def stop(self, server):
        if server.running():
            server.stop()


@only_roost
class FixtureTest(FormatCase):
    def compare(self, expected, found):
        """Members of what is expected, one after the other: the difference of
        all at once could not be read."""
        for part, wanted in expected["all"].items():
            if part != "mail":
                self.assertEqual(found[part], wanted, part)
        for user, boxes in expected["all"]["mail"].items():
            self.assertEqual(set(found["mail"][user]), set(boxes), user)
            for name, box in boxes.items():
                have = found["mail"][user][name]
                self.assertEqual(set(have["messages"]), set(box["messages"]))
                for uid, message in box["messages"].items():
                    self.assertEqual(have["messages"][uid], message,
                                     "%s %s %s" % (user, name, uid))
                self.assertEqual({**have, "messages": 0},
                                 {**box, "messages": 0}, name)

    def change(self, server):
        c = fixture.log_in(server, "anna", fixture.USERS["anna"])
        c.append("INBOX", fixture.LONG, "\\Flagged new")
        c.select("INBOX")
        c.command("UID STORE", "1", "+FLAGS", "(another)")
        c.command("UID MOVE", "2", "Many")
        c.command("UID STORE", "3", "+FLAGS", "(\\Deleted)")
        c.command("UID EXPUNGE", "3")
        c.select("Many")
        c.command("UID STORE", "1:20", "+FLAGS", "(\\Flagged)")
        c.command("CREATE", "New")
        c.command("UID COPY", "5", "New")
        c.command("DELETE", "A/D/C")
        c.close()
        c = Smtp(server.ports["smtp"])
        c.hello()
        c.mail("far@far.test")
        c.rcpt("anna@example.test")
        c.rcpt("bert@other.test")
        c.data(b"From: far@far.test\r\nSubject: new\r\n\r\n" + fixture.LINE)
        c.close()
        server.roost("user", "enable", fixture.DISABLED)
        server.add_user("new", "secret")
        server.roost("alias", "add", "sales@example.test", "new")
        server.roost("dkim", "new", "other.test")

    def expect_changes(self, before, after):
        anna = after["mail"]["anna"]
        old = before["mail"]["anna"]
        self.assertIn("another", anna["INBOX"]["messages"]["1"]["FLAGS"])
        self.assertNotIn("2", anna["INBOX"]["messages"])
        self.assertNotIn("3", anna["INBOX"]["messages"])
        self.assertIn("2:3", str(anna["INBOX"]["gone"]))
        self.assertNotIn("A/D/C", anna)
        self.assertEqual(len(anna["New"]["messages"]), 1)
        self.assertEqual(anna["New"]["messages"]["1"]["EMAILID"],
                         old["Many"]["messages"]["5"]["EMAILID"])
        self.assertEqual(len(anna["INBOX"]["messages"]),
                         len(old["INBOX"]["messages"]))  # 2 gone, 2 new
        for uid, message in old["INBOX"]["messages"].items():
            if uid not in "123":
                self.assertEqual(anna["INBOX"]["messages"][uid], message)
        bert = after["mail"]["bert"]["INBOX"]["messages"]
        self.assertEqual(len(bert), 1 + len(
            before["mail"]["bert"]["INBOX"]["messages"]))
        self.assertEqual(after["mail"]["jörg"], before["mail"]["jörg"])
        self.assertEqual(after["queue"], before["queue"])
        self.assertEqual(after["routes"]["doris@example.test"], "ok")
        self.assertIn("new", str(after["aliases"]))
        self.assertEqual(after["keys"][:2], before["keys"])

    def unpacked(self, path):
        """A server, which does not run, with the data of the fixture."""
        server = self.new_server()
        expected = fixture.unpack(path, server.folder)
        for entry in [server.data, *server.data.rglob("*")]:
            give_away(entry)
        return server, expected

    def present(self):
        """The first line of FORMAT in new data."""
        server = self.new_server()
        server.add_user("a", "b")
        return format_of(server.data)

    def try_fixture(self, path):
        server, expected = self.unpacked(path)
        before = expected["all"]
        if expected.get("kept"):
            self.assertEqual(fixture.read_kept(server), expected["kept"])
        self.started(server)
        self.assertEqual(format_of(server.data), self.present())
        self.compare(expected, fixture.read_all(server))
        self.assertIn("0 problems", server.check())
        newer = fixture.read_newer(server)
        for part, wanted in expected["newer"].items():
            self.assertEqual(newer[part], wanted, part)
        self.change(server)
        server.check()
        server.stop()
        self.assertIn("0 problems", server.check())
        server.start()
        self.expect_changes(before, fixture.read_all(server))
        server.stop()

    def test_each_fixture_opens_and_can_be_changed(self):
        paths = sorted(fixture.FIXTURES.glob("*.tar.xz"))
        names = " ".join(path.name for path in paths)
        # The format of this version has a fixture, too.
        number = int(self.present().split()[-1])
        for wanted in range(1, number + 1):
            self.assertRegex(names, r"\bformat-%d\b" % wanted)
        for path in paths:
            with self.subTest(path.name):
                self.try_fixture(path)

    def test_a_command_upgrades_the_data_as_well(self):
        server, expected = self.unpacked(
            fixture.FIXTURES / "format-1.tar.xz")
        self.assertIsNone(format_of(server.data))
        self.assertIn("jörg", server.roost("user", "list"))
        self.assertEqual(format_of(server.data), self.present())
        self.assertIn("0 problems", server.check())


@only_roost
class NewerTest(FormatCase):
    """No older version opens what a newer one has made."""

    def setUp(self):
        self.server = self.new_server()
        self.server.add_user("anna", "secret")
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="roost-format-"))
        os.chmod(self.work, 0o755)
        self.addCleanup(shutil.rmtree, self.work, True)

    def test_every_command_refuses_newer_data_and_changes_nothing(self):
        path = self.server.data / "store" / "FORMAT"
        commands = [["serve"], ["check"], ["repair"], ["user", "list"],
                    ["user", "remove", "anna", "--yes"], ["queue", "list"],
                    ["domain", "add", "a.test"],
                    ["backup", self.work / "backups"],
                    ["import", "eml", "--user", "anna", self.work],
                    ["export", "maildir", "--user", "anna", self.work / "x"]]
        for lines in ("roost data format %d\n" % NEWER,
                      "roost data format %d\nupgrading from 1\n" % NEWER,
                      "roost data format %d\nand more\n" % NEWER):
            path.write_text(format_text(lines))
            before = digest(self.server.data)
            for command in commands:
                said = self.server.roost(*command, want=None)
                self.assertIn("newer version", said, command)
                self.assertIn(str(NEWER), said, command)
                self.assertEqual(digest(self.server.data), before, command)

    def test_a_backup_of_newer_data_is_not_restored(self):
        vault = self.work / "backups"
        self.server.roost("backup", vault)
        [name] = [p for p in vault.iterdir() if re.match(r"\d{4}-", p.name)]
        text = format_text("roost data format %d\n" % NEWER).encode()
        newer = hashlib.sha256(text).hexdigest()
        (vault / "files" / newer).write_bytes(text)
        lines = re.sub(r"(?m)^file \w+ \d+( \d+ \d+ store/FORMAT)$",
                       r"file %s %d\1" % (newer, len(text)),
                       name.read_text())
        self.assertIn(newer, lines)
        lines = lines[:lines.index("\nend ") + 1]
        name.write_text(lines + "end %s\n" % hashlib.sha256(
            lines.encode()).hexdigest())
        self.server.roost("backup", "verify", vault)
        self.assertIn("newer version", self.server.roost(
            "restore", vault, "--to", self.work / "data", want=None))
        self.assertFalse((self.work / "data").exists())
        self.assertIn("newer version", self.server.roost(
            "restore", vault, "--user", "anna", want=None))

    def test_a_damaged_file_is_named_and_repaired(self):
        path = self.server.data / "store" / "FORMAT"
        good = path.read_bytes()
        path.write_bytes(good[:5] + bytes([good[5] ^ 16]) + good[6:])
        for command in ("serve", "check"):
            said = self.server.roost(command, want=None)
            self.assertIn("FORMAT", said)
            self.assertIn("roost repair", said)
        self.assertIn("turned back", self.server.roost("repair"))
        self.assertEqual(path.read_bytes(), good)

    def test_a_backup_has_the_format(self):
        self.server.roost("backup", self.work / "backups")
        data = self.work / "data"
        self.server.roost("restore", self.work / "backups", "--to", data)
        self.assertEqual(format_of(data), format_of(self.server.data))


if __name__ == "__main__":
    unittest.main()
