# SPDX-License-Identifier: Apache-2.0
"""Files of users from other servers. They are imported while the server runs
and while it does not, and the users can log in."""

import re
import shutil
import subprocess
import unittest

import scram
from admin_test import Bed

# {PLAIN} and {CLEARTEXT} are hashed at once, the others at the first log-in.
SCHEMES = ("SSHA256", "SHA512-CRYPT", "BLF-CRYPT", "PLAIN-MD5", "SHA",
           "SMD5", "PBKDF2", "ARGON2ID", "SCRAM-SHA-256", "PLAIN", "SHA.HEX")


class Commands:
    """Run by both classes below."""

    def file(self, text, name="users"):
        path = self.work / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def users(self):
        return re.findall(r"(?m)^(\S+) +(enabled|disabled) ",
                          self.roost("user", "list"))

    def test_a_passwd_file(self):
        self.roost("user", "add", "dora", "--generate")
        file = self.file(
            "# Dovecot's\n"
            "anna:{PLAIN}secret1:1000:1000::/home/anna::\n"
            "bert@roost.test:{PLAIN-MD5}%s:::::: nologin\n"
            "cleo:{CRAM-MD5}8b4ef9d9588dc32be8c3b8958ee84fab\n"
            "dora:{PLAIN}secret2\n"
            "Anna:{PLAIN}secret3\n"
            "emil:!\n"
            "f/g:{PLAIN}secret4\n"
            "gina:{SSHA}cutoff5ecret\n"
            "no password here\n" % ("0" * 32))
        want = [
            "%s:4: cleo: this server cannot check passwords by scheme {CRAM-MD5}",
            '%s:5: dora: there is a user "dora" already',
            "%s:6: anna: the user is in the file before",
            "%s:7: emil: there is no password, or it is locked",
            "%s:8: nobody can be called that",
            "%s:9: gina: this is not a stored password of scheme {SSHA}",
            '%s:10: the line has no ":" with a password behind it'
        ]
        for options in (("--dry-run",), (), ("--dry-run",)):
            out = self.roost("user", "import", file, *options, want=1)
            first = len(self.users()) == 1 or not options
            named = [line for line in out.splitlines()
                     if line.startswith(str(file)) and "was added" not in line]
            if first:
                self.assertEqual(named, [line % file for line in want])
                self.assertIn(
                    "2 could be added, 7 not" if options else
                    "2 added, 7 not", out)
            else:
                self.assertIn("0 could be added, 9 not", out)
            self.assertNotIn("ecret", out.replace(str(file), ""))
        self.assertEqual(self.users(), [
            ("anna", "enabled"), ("bert@roost.test", "disabled"),
            ("dora", "enabled")])
        self.roost("check")

    def test_a_dry_run_adds_nothing(self):
        file = self.file("username,password\nanna,{PLAIN}x\n")
        self.roost("user", "add", "dora", "--generate")
        self.assertEqual(self.roost("user", "import", "--dry-run", file),
                         "1 could be added, 0 not\n")
        self.assertEqual(self.users(), [("dora", "enabled")])

    def test_each_format(self):
        for number, (format, text) in enumerate((
                ("passwd-file", "%s:{PLAIN}x\n"),
                ("csv", "username,password\n%s,{PLAIN}x\n"),
                ("sasldb", "VERSION=3\nformat=print\nHEADER=END\n"
                 " %s\\00\\00userPassword\n x\nDATA=END\n"),
                ("userdb", "%s\tuid=1|systempw=$1$abcdefgh$"
                 "Gqo0dW5ZZwRMuhky6A93q0\n"),
                ("json", '[{"name": "%s", "secrets": ["x"]}]'),
                ("toml", '[[directory.a.principals]]\nname = "%s"\n'
                 'secret = "x"\n'))):
            for options in ((), ("--format", format)):
                name = "user%d%s" % (number, "x" * len(options))
                with self.subTest(name):
                    self.assertEqual("1 added, 0 not\n", self.roost(
                        "user", "import", self.file(text % name), *options))

    def test_passwords_without_a_scheme(self):
        file = self.file("anna:in clear\n")
        self.roost("user", "import", file, want=1)
        self.roost("user", "import", file, "--scheme", "PLAIN")
        self.assertEqual(self.users(), [("anna", "enabled")])

    def test_what_is_no_file_of_users_is_named(self):
        sqlite = b"SQLite format 3\0"
        for text, words in ((b"", "empty"), (sqlite, "SQLite"),
                            (b"\0" * 12 + b"\x61\x15\x06\0" + b"\0" * 50,
                             "db_dump"),
                            (b"anna\n", "--format"),
                            (b'{"name": ', "not JSON"),
                            (b"{}", "no user is in it")):
            out = self.roost("user", "import", self.file(text), want=6)
            self.assertIn(words, out)
        self.roost("user", "import", self.work / "none", want=3)
        self.roost("user", "import", self.file("a:b"), "--format", "x", want=6)


class Offline(Commands, Bed):
    pass


class Online(Commands, Bed):
    serving = True

    @unittest.skipUnless(shutil.which("doveadm"), "doveadm makes the hashes")
    def test_users_of_dovecot_log_in(self):
        lines = []
        for scheme in SCHEMES:
            made = subprocess.run(
                ["doveadm", "pw", "-s", scheme, "-p", "pass:" + scheme],
                capture_output=True, text=True, check=True).stdout.strip()
            lines.append("%s:%s:1000:1000::/home::\n" % (scheme, made))
        # A password may have a ":" only where it is hashed.
        lines = [line.replace("{PLAIN}pass:PLAIN", "{PLAIN}pass_PLAIN")
                 for line in lines]
        self.assertIn("%d added, 0 not" % len(SCHEMES), self.roost(
            "user", "import", self.file("".join(lines))))
        for scheme in SCHEMES:
            with self.subTest(scheme):
                password = ("pass_" if scheme == "PLAIN" else
                            "pass:") + scheme
                keys = scheme in ("PLAIN", "SCRAM-SHA-256")
                self.assertEqual(self.scram(scheme, password), keys)
                self.server.connect(scheme, password).close()
                # The log-in has made the keys.
                self.assertTrue(self.scram(scheme, password))
                self.assertFalse(self.scram(scheme, password + "x"))
        self.roost("check")

    def scram(self, user, password):
        c = self.server.connect()
        try:
            return scram.login(c, user, password).status == "OK"
        finally:
            c.close()
