# SPDX-License-Identifier: Apache-2.0
"""The administration's commands. Each runs while the server runs and while it
does not, and must do the same in both cases."""

import bz2
import gzip
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import harness
from harness import RoostServer, ServerTest, program, wait_until


def run(config, *arguments, input=b"", env=None):
    """(exit code, stdout, stderr) of `roost ARGUMENTS --config CONFIG`."""
    extra = ["--config", str(config)] if config else []
    done = subprocess.run(
        [program(), *(a if isinstance(a, bytes) else str(a)
                       for a in arguments), *extra], input=input,
        capture_output=True, timeout=120,
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1", **(env or {})})
    return (done.returncode, done.stdout.decode("utf-8", "replace"),
            done.stderr.decode("utf-8", "replace"))


class Bed(unittest.TestCase):
    """A data folder of its own. `serving` says whether a server answers the
    commands."""

    serving = False
    settings = ""

    def setUp(self):
        self.server = RoostServer(self.settings)
        if self.serving:
            self.server.start()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="roost-admin-"))
        self.addCleanup(shutil.rmtree, self.work, True)
        self.addCleanup(self.server.remove)
        if self.serving:
            self.addCleanup(self.server.stop)

    def roost(self, *arguments, want=0, input=b""):
        code, out, err = run(self.server.config, *arguments, input=input)
        if want is not None:
            self.assertEqual(code, want, "roost %s\n%s%s" % (
                " ".join(map(str, arguments)), out, err))
        return out + err

    def add(self, name, password=b"pass word"):
        self.roost("user", "add", name, "--password-stdin",
                   input=password + b"\n")


class Commands:
    """Run by both classes below."""

    def test_users(self):
        self.add("anna")
        self.assertIn("already", self.roost(
            "user", "add", "ANNA", "--password-stdin", input=b"x\n", want=5))
        self.assertRegex(self.roost("user", "list"),
                         r"(?m)^anna +enabled +1000 +6 +0 +0$")
        made = self.roost("user", "add", "ben", "--generate").strip()
        self.assertRegex(made, r"^[a-z2-9]{20}$")
        self.roost("user", "disable", "ben")
        self.assertRegex(self.roost("user", "list"), r"(?m)^ben +disabled ")
        self.roost("user", "enable", "ben")
        self.assertRegex(self.roost("user", "list"), r"(?m)^ben +enabled ")
        self.roost("user", "passwd", "ben", "--password-stdin", input=b"neu\n")
        self.roost("user", "remove", "ben", "--yes")
        self.assertNotIn("ben", self.roost("user", "list"))
        for command in (("disable",), ("enable",), ("remove", "--yes")):
            self.roost("user", command[0], "ben", *command[1:], want=3)
        self.roost("user", "passwd", "ben", "--password-stdin", input=b"x\n",
                   want=3)
        self.roost("user", "add", "a/b", "--password-stdin", input=b"x\n",
                   want=6)
        self.roost("user", "add", "cleo", "--hash-stdin",
                   input=b"{PLAIN}secret\n")
        self.roost("user", "add", "dora", "--hash-stdin",
                   input=b"{NOSUCH}secret\n", want=6)
        self.roost("check")

    def maildir(self):
        root = self.work / "Maildir"
        for folder in ("", ".Work", ".Work.Entw&APw-rfe", ".Caf\u00e9"):
            for part in ("cur", "new", "tmp"):
                (root / folder / part).mkdir(parents=True)
        self.write(root / "cur/1000000000.a.h,S=17:2,FSa", b"Subject: a\n\n1\n",
                   1111111111)
        self.write(root / "cur/1000000001.b.h:2,RT", b"Subject: b\r\n\r\n2\r\n",
                   1222222222)
        self.write(root / "new/1000000002.c.h", b"Subject: c\n\n3\n",
                   1333333333)
        (root / "dovecot-keywords").write_text("0 $Work\n1 other\n")
        self.write(root / ".Work/cur/1000000003.d.h:2,", b"Subject: d\n\n4\n",
                   1444444444)
        self.write(root / ".Work.Entw&APw-rfe/cur/1.e.h:2,DP",
                   b"Subject: e\n\n5\n", 1555555555)
        self.write(root / ".Caf\u00e9/new/2.f.h", b"Subject: f\n\n6\n",
                   1666666666)
        (root / "subscriptions").write_text("Work\nWork.Entw&APw-rfe\n")
        return root

    @staticmethod
    def write(path, text, when):
        path.write_bytes(text)
        os.utime(path, (when, when))

    def test_what_is_no_maildir_is_named(self):
        self.add("anna")
        for names, words in (
                ((), "no Maildir"), (("passwd", "hosts"), "no Maildir"),
                (("1", "2", "3"), "MH"), (("a.pst",), "Outlook"),
                (("1.emlx",), "Apple Mail"), (("x.mbox",), "import mbox"),
                (("1.eml",), "import eml"), (("dbox-Mails",), "mdbox")):
            with self.subTest(words):
                folder = self.work / "-".join(("some",) + names)
                folder.mkdir()
                for name in names:
                    (folder / name).write_bytes(b"x")
                self.assertIn(words, self.roost(
                    "import", "maildir", "--user", "anna", folder, want=3))
        empty = self.work / "some"
        self.assertIn("no file *.eml", self.roost(
            "import", "eml", "--user", "anna", empty, want=3))
        for magic, words in ((b"!BDN", "Outlook"), (b"*mbx*\r\n", "MBX"),
                             (b"\x1f\x8b", "gzip"), (b"nothing", "no mbox")):
            file = self.work / words
            file.write_bytes(magic + b" and more\n")
            self.assertIn(words, self.roost(
                "import", "mbox", "--user", "anna", file, want=1))

    def test_compressed_messages_are_unpacked(self):
        self.add("anna")
        root = self.work / "Packed"
        for part in ("cur", "new", "tmp"):
            (root / part).mkdir(parents=True)
        def zstd(text):
            return subprocess.run(["zstd", "-c"], input=text, check=True,
                                  capture_output=True).stdout
        texts = []
        for n, pack in enumerate((
                gzip.compress, bz2.compress, zstd, bytes,
                lambda t: gzip.compress(t[:9]) + gzip.compress(t[9:]))):
            text = b"Subject: %d\n\n" % n + b"all the same\n" * 9999
            texts.append(text)
            self.write(root / ("cur/%d.x.h:2,S" % n), pack(text), 10 ** 9)
        bad = {
            "cut": gzip.compress(texts[0])[:-20],
            "cut2": bz2.compress(texts[0])[:-20],
            "cut3": zstd(texts[0])[:-3],
            "bomb": gzip.compress(b"x" * (300 << 20), 1),
            "secret": b"CRYPTED\x03\x07\x02more",
            "lz4": b"Dovecot-LZ4\x0d\x2a\x9b\xc5",
        }
        for name, data in bad.items():
            self.write(root / "new" / name, data, 10 ** 9)
        out = self.roost("import", "maildir", "--user", "anna", root, want=1)
        self.assertIn("all: 5 new, 0 known, 6 bad", out)
        for name, why in (("cut", "damaged"), ("cut2", "damaged"),
                          ("cut3", "damaged"), ("bomb", "too large"),
                          ("secret", "mail_crypt"), ("lz4", "LZ4")):
            self.assertRegex(out, "(?m)/%s: .*%s" % (name, why))
        self.roost("export", "maildir", "--user", "anna", self.work / "out")
        self.assertEqual(sorted(texts), sorted(
            path.read_bytes()
            for path in (self.work / "out").glob("cur/*")))

    def test_a_separator_without_a_usual_date_is_told(self):
        self.add("anna")
        file = self.work / "odd"
        text = b"From anna yesterday\nSubject: %d\n\nx\n\n"
        for texts, new, doubt in (
                ([b"Subject: 0\n\nx\n\n", text % 1], 1, True),
                ([b"Subject: 3\n\nFrom me:\n\nFrom you, too.\n"], 1,
                 False)):
            file.write_bytes(
                b"From a Mon Jan 01 12:00:00 2024\n" + b"".join(texts))
            out = self.roost("import", "mbox", "--user", "anna", file,
                             want=1 if doubt else 0)
            self.assertIn("all: %d new, 0 known, 0 bad" % new, out)
            self.assertEqual("a message may begin there" in out, doubt)
            if doubt:
                at = int(out.partition("at byte ")[2].partition(":")[0])
                self.assertTrue(file.read_bytes()[at:].startswith(
                    b"From anna yesterday"))

    def test_mail_from_before_1970(self):
        self.add("anna")
        root = self.work / "Old"
        for part in ("cur", "new", "tmp"):
            (root / part).mkdir(parents=True)
        self.write(root / "cur/5.x.h:2,S", b"Subject: old\n\nx\n", -86400)
        self.roost("import", "maildir", "--user", "anna", root)
        self.roost("export", "maildir", "--user", "anna", self.work / "out")
        [path] = (self.work / "out").glob("cur/*")
        self.assertEqual(path.stat().st_mtime, -86400)

    def test_thunderbirds_flags(self):
        self.add("anna")
        file = self.work / "Inbox"
        file.write_bytes(b"".join(
            b"From - Mon Jan 01 12:00:00 2024\nX-Mozilla-Status: %s\n"
            b"X-Mozilla-Status2: 00000000\nX-Mozilla-Keys: %s\n"
            b"Subject: %d\n\nx\n\n" % (status, keys, n)
            for n, (status, keys) in enumerate((
                (b"0001", b"$label1"), (b"0009", b""), (b"1007", b""),
                (b"0000", b"            ")))))
        self.assertIn("INBOX: 3 new, 0 known, 0 bad", self.roost(
            "import", "mbox", "--user", "anna", file))
        self.roost("export", "maildir", "--user", "anna", self.work / "out")
        mails = {}
        for path in (self.work / "out").glob("[cn]*/*"):
            text = path.read_bytes()
            self.assertNotIn(b"Mozilla", text)
            mails[text] = path.name.partition(":2,")[2].strip("a")
        self.assertEqual(mails, {
            b"Subject: 0\n\nx\n": "S", b"Subject: 2\n\nx\n": "FPRS",
            b"Subject: 3\n\nx\n": ""})

    def test_import_maildir_twice_and_export(self):
        self.add("anna")
        root = self.maildir()
        out = self.roost("import", "maildir", "--user", "anna", root)
        self.assertIn("INBOX: 3 new, 0 known, 0 bad", out)
        self.assertIn("Work/Entw\u00fcrfe: 1 new, 0 known, 0 bad", out)
        self.assertIn("all: 6 new, 0 known, 0 bad", out)
        # Once more, with one more message and times lost on the way.
        shutil.copytree(root, self.work / "copy", copy_function=shutil.copy)
        self.write(self.work / "copy/new/3.g.h", b"Subject: g\n\n7\n", 1)
        out = self.roost("import", "maildir", "--user", "anna",
                         self.work / "copy")
        self.assertIn("all: 1 new, 6 known, 0 bad", out)
        self.roost("check")
        self.roost("export", "maildir", "--user", "anna", self.work / "out")
        self.compare(root, self.work / "out")
        self.roost("export", "maildir", "--user", "anna", self.work / "out",
                   want=5)
        # And back, into another user: nothing may be lost on the way.
        self.add("ben")
        self.roost("import", "maildir", "--user", "ben", self.work / "out")
        self.roost("export", "maildir", "--user", "ben", self.work / "again")
        self.assertEqual(self.contents(self.work / "out"),
                         self.contents(self.work / "again"))

    @staticmethod
    def contents(root):
        """{(folder, bytes): (flags, date)} of a Maildir++."""
        found = {}
        for path in root.rglob("*"):
            if path.parent.name in ("cur", "new") and path.is_file():
                folder = path.parent.parent.relative_to(root)
                name, _, flags = path.name.partition(":2,")
                text = path.read_bytes().replace(b"\r\n", b"\n")
                found[str(folder), text] = (flags,
                                            int(path.stat().st_mtime))
        return found

    def compare(self, before, after):
        want, got = self.contents(before), self.contents(after)
        got = {k: v for k, v in got.items() if b"Subject: g" not in k[1]}
        # One folder was named in UTF-8.
        want = {(folder.replace("\u00e9", "&AOk-"), text): v
                for (folder, text), v in want.items()}
        self.assertEqual(want, got)
        self.assertEqual((after / "dovecot-keywords").read_text(), "0 $Work\n")
        subscribed = (after / "subscriptions").read_text().splitlines()
        self.assertIn("Work.Entw&APw-rfe", subscribed)
        self.assertNotIn("Caf&AOk-", subscribed)
        uids = (after / "dovecot-uidlist").read_text().splitlines()
        self.assertRegex(uids[0], r"^3 V\d+ N5$")
        self.assertEqual([u.split()[0] for u in uids[1:]],
                         ["1", "2", "3", "4"])

    def test_twins_are_both_kept_and_not_doubled(self):
        self.add("anna")
        root = self.work / "m"
        (root / "cur").mkdir(parents=True)
        for name in ("1.a.h:2,S", "2.b.h:2,S"):
            (root / "cur" / name).write_bytes(b"Subject: same\n\nx\n")
        for want in ("2 new, 0 known", "0 new, 2 known"):
            self.assertIn(want, self.roost(
                "import", "maildir", "--user", "anna", root))

    def test_bad_messages_are_named_and_counted(self):
        self.add("anna")
        root = self.work / "m"
        (root / "cur").mkdir(parents=True)
        (root / "cur/1.empty.h:2,S").write_bytes(b"")
        (root / "cur/2.good.h:2,S").write_bytes(b"Subject: x\n\ny\n")
        (root / "cur/3.dangling.h:2,S").symlink_to("nowhere")
        (root / "cur/4.folder").mkdir()
        out = self.roost("import", "maildir", "--user", "anna", root, want=1)
        self.assertIn("1.empty.h:2,S: the message is empty", out)
        self.assertIn("3.dangling.h:2,S: it is a link, which is not", out)
        self.assertIn("4.folder: it is not a regular file", out)
        self.assertIn("all: 1 new, 0 known, 3 bad", out)

    def test_import_mbox(self):
        self.add("anna")
        box = self.work / "box"
        box.write_bytes(
            b"From a@b Sat Jan  3 01:05:34 1996\nSubject: 1\nStatus: RO\n"
            b"X-Status: F\n\n>From here\n\n"
            b"From c@d Sun Jan  4 01:05:34 1998\nSubject: 2\n"
            b"X-Keywords: $Later\n\nto there\n\nFrom now on\n")
        out = self.roost("import", "mbox", "--user", "anna",
                         "--mailbox", "Old/Box", box)
        self.assertIn("Old/Box: 2 new, 0 known, 0 bad", out)
        self.assertIn("2 known", self.roost(
            "import", "mbox", "--user", "anna", "--mailbox", "Old/Box", box))
        self.roost("export", "maildir", "--user", "anna", self.work / "out")
        got = self.contents(self.work / "out")
        self.assertEqual(got, {
            (".Old.Box", b"Subject: 1\n\nFrom here\n"): ("FS", 820631134),
            (".Old.Box", b"Subject: 2\n\nto there\n\nFrom now on\n"):
                ("a", 883875934)})
        bad = self.work / "no-mbox"
        bad.write_bytes(b"hello\n")
        self.assertIn("no mbox", self.roost(
            "import", "mbox", "--user", "anna", bad, want=1))

    def test_import_of_what_is_not_there(self):
        self.add("anna")
        self.roost("import", "mbox", "--user", "anna", self.work / "no",
                   want=3)
        self.roost("import", "maildir", "--user", "nobody", self.work, want=3)
        self.roost("export", "maildir", "--user", "nobody", self.work / "x",
                   want=3)
        self.assertIn("--user USER is needed", self.roost(
            "import", "maildir", self.work, want=2))

    def test_many_messages_in_batches(self):
        self.add("anna")
        root = self.work / "m"
        (root / "cur").mkdir(parents=True)
        for i in range(1500):
            (root / "cur" / ("%d.n%d.h:2,S" % (1000000000 + i, i))
             ).write_bytes(b"Subject: n%d\n\n%s\n" % (i, b"x" * (i % 97)))
        big = b"Subject: big\n\n" + b"0123456789abcde\n" * 500000
        (root / "cur/2000000000.big.h:2,").write_bytes(big)
        out = self.roost("import", "maildir", "--user", "anna", root)
        self.assertIn("all: 1501 new, 0 known, 0 bad", out)
        self.assertIn("all: 0 new, 1501 known, 0 bad", self.roost(
            "import", "maildir", "--user", "anna", root))
        self.assertIn("1501 messages: 0 problems", self.roost("check"))
        self.roost("export", "maildir", "--user", "anna", self.work / "out")
        texts = {k[1] for k in self.contents(self.work / "out")}
        self.assertEqual(len(texts), 1501)
        self.assertIn(big, texts)

    def test_check_says_what_it_saw(self):
        self.add("anna")
        self.assertEqual(
            self.roost("check"),
            "1 users, 6 mailboxes, 0 messages: 0 problems, 0 mended\n")
        self.roost("check", "--mend")
        self.assertIn("derived data of 0 users dropped",
                      self.roost("check", "--drop-derived"))


class Quota:
    """The quota also counts for an import, whoever runs it."""

    settings = "quota_messages = 2\n"

    def test_an_import_stops_at_the_quota(self):
        self.add("anna")
        for n in range(3):
            (self.work / ("%d.eml" % n)).write_bytes(b"Subject: %d\n\nx\n" % n)
        self.roost("import", "eml", "--user", "anna", self.work, want=1)
        self.assertRegex(self.roost("user", "list"),
                         r"(?m)^anna +enabled +1000 +6 +2 ")


class QuotaOffline(Quota, Bed):
    pass


class QuotaOnline(Quota, Bed):
    serving = True


class Offline(Commands, Bed):
    def test_status_and_trace_want_a_server(self):
        self.add("anna")
        self.assertIn("serving=no", self.roost("status", want=3))
        self.roost("trace", "anna", "on", want=3)

    def test_no_data_folder(self):
        self.assertIn("no data folder", self.roost("user", "list", want=3))

    def test_an_empty_queue(self):
        self.add("anna")
        self.assertEqual(self.roost("queue", "list"), "nothing waits\n")
        self.roost("queue", "retry", "--all")
        self.roost("queue", "retry", want=2)
        for command in ("show", "retry", "hold", "release", "remove"):
            self.roost("queue", command, "0" * 20, want=3)
            self.roost("queue", command, "nonsense", want=3)

    def test_commands_side_by_side_take_turns(self):
        self.add("anna")
        jobs = [subprocess.Popen(
            [program(), "user", "add", "u%d" % i, "--generate", "--config",
             str(self.server.config)], stdout=subprocess.DEVNULL)
            for i in range(20)]
        self.assertEqual([j.wait(600) for j in jobs], [0] * 20)
        self.assertEqual(self.roost("user", "list").count("enabled"), 21)


class Online(Commands, Bed):
    serving = True

    def test_status(self):
        out = self.roost("status")
        self.assertRegex(out, r"(?m)^serving=yes$")
        self.assertRegex(out, r"(?m)^connections=0$")
        self.assertRegex(out, r"(?m)^pid=\d+$")

    def test_derived_data_is_built_and_dropped(self):
        self.add("anna")
        for n in range(300):
            (self.work / ("%d.eml" % n)).write_bytes(
                b"From: <u%d@a.test>\nSubject: s%d\n\nx\n" % (
                    n * 7 % 100, n % 10))
        self.roost("import", "eml", "--user", "anna", self.work)
        c = self.server.connect("anna", "pass word", True)
        c.command("SELECT INBOX")
        search = "UID SORT (REVERSE FROM SUBJECT) UTF-8 ALL"

        def order():
            return c.command(search).one("SORT").rest.split()[1:]

        first = order()
        self.assertEqual(len(first), 300)
        # The server builds what the first SORT wanted to have.
        wait_until(lambda: "derived data of 1 users dropped" in self.roost(
            "check", "--drop-derived"), "columns are built")
        self.assertEqual(order(), first)
        self.assertIn("0 problems", self.roost("check"))
        c.command("LOGOUT")

    def test_the_socket_is_its_owners_alone(self):
        socket = self.server.data / "control.sock"
        self.assertEqual(socket.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.server.data.stat().st_mode & 0o777, 0o700)

    def test_a_second_server_is_refused(self):
        code, out, err = run(self.server.config, "serve")
        self.assertEqual(code, 4, out + err)
        self.assertNotIn(" listen ", err)  # it has bound nothing

    def test_trace_shows_the_dialogue_and_no_secret(self):
        self.add("anna", b"s3cret-pass")
        self.roost("trace", "anna", "on")
        self.assertIn("traced_users=1", self.roost("status"))
        c = self.server.connect("anna", "s3cret-pass", True)
        c.command("NOOP")
        c.command("LOGOUT")
        c.close()
        wait_until(lambda: "LOGOUT" in self.log(), "the trace")
        self.roost("trace", "anna", "off")
        self.assertIn("traced_users=0", self.roost("status"))
        log = self.log()
        self.assertRegex(log, r"trace session=\d+ user=anna from=client")
        self.assertNotIn("s3cret-pass", log)
        self.roost("trace", "nobody", "on", want=3)
        self.roost("trace", "anna", "maybe", want=2)

    def log(self):
        return pathlib.Path(self.server.log_path).read_text(errors="replace")

    def test_imported_mail_is_pushed(self):
        self.add("anna", b"pw")
        c = self.server.connect("anna", "pw", True)
        self.addCleanup(c.close)
        c.command("SELECT INBOX")
        root = self.work / "m"
        (root / "cur").mkdir(parents=True)
        (root / "cur/1.a.h:2,F").write_bytes(b"Subject: a\n\nx\n")
        self.roost("import", "maildir", "--user", "anna", root)
        answer = c.command("NOOP")
        self.assertTrue(answer.named("EXISTS"), answer)

    def test_hangup_takes_up_certificates_and_stays(self):
        pid = int(re.search(r"pid=(\d+)", self.roost("status"))[1])
        os.kill(pid, signal.SIGHUP)
        wait_until(lambda: " reload " in self.log(), "the reload")
        self.server.config.write_text(
            self.server.config.read_text() + "nonsense = 1\n")
        os.kill(pid, signal.SIGHUP)
        wait_until(lambda: "there is no setting" in self.log(), "the mistake")
        self.server.write_config()
        self.roost("status")

    def test_sandboxed(self):
        pid = int(re.search(r"pid=(\d+)", self.roost("status"))[1])
        status = pathlib.Path("/proc/%d/status" % pid).read_text()
        self.assertRegex(status, r"(?m)^NoNewPrivs:\s+1$")
        self.assertRegex(status, r"(?m)^Seccomp:\s+2$")


class CommandLine(unittest.TestCase):
    def test_help_everywhere(self):
        code, out, _ = run(None, "--help")
        self.assertEqual(code, 0)
        commands = re.findall(r"(?m)^  ([a-z]+(?: [a-z-]+)?)(?= |$)",
                              out.split("Every command")[0])
        self.assertGreater(len(commands), 14)
        for command in commands:
            with self.subTest(command=command):
                code, text, err = run(None, *command.split(), "--help")
                self.assertEqual(code, 0, err)
                self.assertIn("Usage: roost " + command, text)

    def test_the_man_page_names_every_command_and_exit_code(self):
        page = (harness.PROJECT / "packaging/roost.1").read_text()
        _, out, _ = run(None, "--help")
        head, _, exits = out.partition("Exit codes:")
        for command in re.findall(r"(?m)^  ([a-z]+(?: [a-z-]+)?)(?= |$)",
                                  head.split("Every command")[0]):
            self.assertIn("roost " + command, page)
        for number in re.findall(r"(?m)^  (\d)", exits):
            self.assertIn(".B %s\n" % number, page)

    def test_mistakes_are_usage(self):
        for arguments in ((), ("nonsense",), ("user", "nonsense"),
                          ("user", "add"), ("user", "list", "extra"),
                          ("check", "--nonsense"), ("check", "--config"),
                          ("check", "--mend=yes"),
                          ("check", "--config", "/no/such/file")):
            with self.subTest(arguments=arguments):
                self.assertEqual(run(None, *arguments)[0], 2)

    def test_all_mistakes_of_the_configuration_at_once(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write("threads = x\n\ncompress = y\nlisten {\n")
            file.flush()
            code, out, err = run(file.name, "config", "check")
        self.assertEqual(code, 2)
        lines = [int(m) for m in re.findall(r":(\d+): ", err)]
        self.assertEqual(lines, sorted(lines))
        self.assertEqual(set(lines), {1, 3, 4})


class ConfigCheck(Bed, unittest.TestCase):
    """`config check` finds mistakes beyond the configuration's syntax."""

    serving = False

    def pair(self, name, days):
        """A certificate for `name` that ends in `days`, and its key."""
        made = {what: self.work / (name + str(days) + what)
                for what in (".pem", ".key", ".csr", ".ext")}
        harness.run_program(
            "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
            "-keyout", made[".key"], "-out", made[".csr"])
        made[".ext"].write_text("subjectAltName = DNS:%s\n" % name)
        times = ["-days", days]
        # From OpenSSL 3.4 on, negative days are refused and dates are known.
        if days < 0 and b"-not_after" in harness.run_program(
                "openssl", "x509", "-help"):
            times = ["-not_before", "20200101000000Z",
                     "-not_after", "20200201000000Z"]
        harness.run_program(
            "openssl", "x509", "-req", "-in", made[".csr"], "-signkey",
            made[".key"], *times, "-extfile", made[".ext"],
            "-out", made[".pem"])
        harness.give_away(made[".key"])
        return made[".pem"], made[".key"]

    def check(self, certificates, settings='server_name = "mail.a.test"\n'):
        self.server.certificates = certificates
        self.server.settings = settings
        self.server.write_config()
        code, out, err = run(self.server.config, "config", "check")
        self.assertEqual(out == "", code != 0)
        lines = self.server.config.read_text().splitlines()
        for number in re.findall(r"(?m)^[^:]+:(\d+): ", err):
            self.assertRegex(lines[int(number) - 1], "^certificate")
        return code, err

    def test_certificates(self):
        good = self.pair("mail.a.test", 30)
        old = self.pair("mail.a.test", -1)
        other = self.pair("other.test", 30)
        self.work.chmod(0o755)
        (self.work / "rubbish").write_text("no certificate")
        for pairs, code, wanted in (
                ([good], 0, []),
                ([other, good], 0, []),
                ([(good[0], other[1])], 2,
                 ["is not the key of the certificate"]),
                ([old], 1, ["has expired"]),
                ([other], 1, ['no certificate is for "mail.a.test"']),
                ([(self.work / "rubbish", good[1])], 2, ["rubbish"]),
                # All at once.
                ([(good[0], other[1]), old, other], 2,
                 ["is not the key", "has expired"]),
                ([old, other], 1, ["has expired"])):
            with self.subTest(code=code, wanted=wanted):
                got, err = self.check(pairs)
                self.assertEqual(got, code, err)
                for words in wanted:
                    self.assertIn(words, err)
                self.assertEqual(len(err.splitlines()), len(wanted), err)

    @unittest.skipUnless(harness.SYSTEM_USER, "only root can look for another")
    def test_a_key_that_the_server_cannot_read(self):
        certificate, key = self.pair("mail.a.test", 30)
        self.work.chmod(0o755)
        os.chown(key, 0, 0)
        self.server.data.mkdir()
        harness.give_away(self.server.data)
        code, err = self.check([(certificate, key)])
        self.assertEqual(code, 1)
        self.assertIn("%s: the user that Roost runs as cannot read" % key, err)

    def test_a_postmaster_that_nobody_is(self):
        good = self.pair("mail.a.test", 30)
        self.work.chmod(0o755)
        settings = 'server_name = "mail.a.test"\npostmaster = "anna"\n'
        # Before there is anybody nothing is said of it.
        self.assertEqual(self.check([good], settings)[0], 0)
        self.roost("domain", "add", "a.test")
        code, err = self.check([good], settings)
        self.assertEqual(code, 1)
        self.assertIn("nobody gets mail to postmaster", err)
        self.add("anna")
        self.assertEqual(self.check([good], settings)[0], 0)
        self.roost("user", "disable", "anna")
        self.assertEqual(self.check([good], settings)[0], 1)


@unittest.skipUnless(os.geteuid() == 0, "only root can give rights up")
class Privileges(unittest.TestCase):
    """When root has started the server, no file is root's afterwards."""

    def setUp(self):
        self.server = RoostServer()
        self.addCleanup(self.server.remove)

    def user_of(self, pid):
        status = pathlib.Path("/proc/%s/status" % pid).read_text()
        self.assertRegex(status, r"(?m)^CapEff:\s+0+$")
        self.assertRegex(status, r"(?m)^CapPrm:\s+0+$")
        return re.search(r"(?m)^Uid:\t(\d+)\t\1\t\1\t\1$", status)[1]

    def serves_as_nobody(self):
        self.server.start()
        try:
            pid = re.search(r"pid=(\d+)", self.server.roost("status"))[1]
            self.assertEqual(int(self.user_of(pid)),
                             pwd.getpwnam("nobody").pw_uid)
        finally:
            self.server.stop()
        self.server.roost("user", "add", "anna%s" % pid, "--generate")
        owners = {p.stat().st_uid for p in self.server.data.rglob("*")}
        self.assertEqual(owners, {pwd.getpwnam("nobody").pw_uid})

    def test_root_becomes_the_user(self):
        self.serves_as_nobody()

    def test_without_a_name_root_becomes_the_owner_of_the_folder(self):
        self.serves_as_nobody()
        self.server.settings += 'user = ""\n'
        self.server.write_config()
        self.serves_as_nobody()

    def refused(self, *wanted):
        for command in (("serve",), ("user", "add", "anna", "--generate")):
            code, out, err = run(self.server.config, *command)
            self.assertEqual((code, out), (6, ""), err)
            for words in wanted:
                self.assertIn(words, err)

    def test_root_does_not_serve(self):
        self.server.settings += 'user = ""\n'
        self.server.write_config()
        self.refused("which user", 'user = "roost"')
        self.server.data.mkdir()
        code, _, err = run(self.server.config, "serve")
        self.assertEqual(code, 6)
        self.assertIn("root does not serve", err)
        self.assertEqual(list(self.server.data.iterdir()), [])

    def test_root_is_no_user_to_run_as(self):
        self.server.settings += 'user = "root"\n'
        self.server.write_config()
        self.refused("is root")
        self.assertFalse(self.server.data.exists())

    def test_a_folder_of_somebody_else_is_told_of(self):
        self.server.data.mkdir()
        self.refused("chown -R %d:" % pwd.getpwnam("nobody").pw_uid)
        self.assertEqual(list(self.server.data.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
