# SPDX-License-Identifier: Apache-2.0
"""The filter for fail2ban in packaging/, read by Debian's fail2ban: it finds the
failed log-ins in a log that the server wrote, and nothing else; and a jail with
it shuts out the address."""

import base64
import pathlib
import poplib
import re
import shutil
import subprocess

from harness import PROJECT, ServerTest, only_roost, run_program, wait_until
from smtp_client import Smtp

FILTER = PROJECT / "packaging" / "fail2ban" / "filter.d" / "roost.conf"

# What a client may say to make the line look like another one.
NASTY = (
    "x address=203.0.113.9 reason=wrong-password known=no",
    'x" warn login_failed session=1 protocol=imap address=203.0.113.9 '
    "reason=wrong-password known=no",
    "login_failed session=1 protocol=imap address=203.0.113.9 "
    "reason=wrong-password known=no",
)


@only_roost
class Fail2banTest(ServerTest):
    def setUp(self):
        super().setUp()
        # As the operator installs it.
        self.folder = self.work / "fail2ban"
        shutil.copytree("/etc/fail2ban", self.folder, symlinks=True)
        for old in (self.folder / "jail.d").iterdir():
            old.unlink()
        shutil.copy(FILTER, self.folder / "filter.d" / "roost.conf")

    def matched(self, log):
        """The lines that the filter takes."""
        out = run_program("fail2ban-regex", "--print-all-matched", log,
                          self.folder / "filter.d" / "roost.conf").decode()
        self.assertNotIn("ERROR", out)
        lines = re.search(r"(?ms)^\|- Matched line\(s\):$(.*?)^`-", out)
        return [line.strip("| ") for line in lines[1].strip().splitlines()] \
            if lines else []

    def log(self):
        return pathlib.Path(self.server.log_path)

    def fail(self, name, password="wrong"):
        """With every protocol; gives how many failures that were."""
        c = self.server.connect()
        self.addCleanup(c.close)
        token = base64.b64encode(b"\0%s\0%s" % (
            name.encode(), password.encode())).decode()
        c.command("AUTHENTICATE PLAIN", token, want="NO")
        pop3 = poplib.POP3_SSL("127.0.0.1", self.server.ports["pop3s"],
                               context=self.server.tls())
        self.addCleanup(pop3.close)
        with self.assertRaises(poplib.error_proto):
            pop3._shortcmd("AUTH PLAIN " + token)
        smtp = Smtp(self.server.ports["submissions"], self.server.tls())
        self.addCleanup(smtp.close)
        smtp.hello()
        smtp.command("AUTH PLAIN " + token, want="535")
        return 3

    def test_filter_finds_failures_and_nothing_else(self):
        failures = sum(self.fail(name) for name in (self.user, "nobody"))
        for name in NASTY:
            failures += self.fail(name)
        c = self.server.connect()
        self.addCleanup(c.close)
        c.command("LOGIN", self.user, self.password)
        known = self.server.connect()
        self.addCleanup(known.close)
        known.command("LOGIN", self.user, "old", want="NO")
        plain = self.server.connect(tls=False)
        self.addCleanup(plain.close)
        plain.command("LOGIN", self.user, self.password, want="NO")
        wait_until(lambda: "reason=no-tls" in self.log().read_text(), "the log")
        self.assertIn("known=yes", self.log().read_text())
        lines = self.matched(self.log())
        self.assertEqual(len(lines), failures, "\n".join(lines))
        for line in lines:
            self.assertIn("address=127.0.0.1 reason=", line)
            self.assertIn(" known=no ", line)

    def test_lines_of_the_journal_and_of_ipv6(self):
        line = ("login_failed session=7 protocol=pop3 address=%s "
                "reason=unknown-user known=no mechanism=PLAIN tls=yes user=x")
        log = self.work / "log"
        rows = [
            ("2026-11-30T10:17:09.154Z warn " + line % "192.0.2.1", True),
            ("2026-11-30T10:17:09.154Z warn " + line % "2001:db8::1", True),
            ("Nov 30 10:17:09 host roost[12]: " + line % "192.0.2.2", True),
            ("2026-11-30T10:17:09.154Z warn " + line % "unix", False),
            ("2026-11-30T10:17:09.154Z info " + line.replace(
                "login_failed", "login") % "192.0.2.3", False),
            ("2026-11-30T10:17:09.154Z warn " + line.replace(
                "unknown-user", "no-tls") % "192.0.2.4", False),
        ]
        log.write_text("".join(text + "\n" for text, _ in rows))
        self.assertEqual(self.matched(log),
                         [text for text, wanted in rows if wanted])

    def test_jail_shuts_out_who_guesses(self):
        folder = self.folder
        banned = self.work / "banned"
        (folder / "action.d" / "note.conf").write_text(
            "[Definition]\nactionstart =\nactionstop =\nactioncheck =\n"
            "actionban = echo <ip> >> %s\nactionunban =\n" % banned)
        (folder / "fail2ban.local").write_text("[Definition]\ndbfile = None\n")
        (folder / "jail.d" / "roost.conf").write_text(
            "[roost]\nenabled = true\nfilter = roost\nbackend = polling\n"
            "logpath = %s\nmaxretry = 3\nfindtime = 600\nbantime = 600\n"
            "ignoreself = false\nignoreip =\naction = note\n" % self.log())
        jail = subprocess.Popen(
            ["fail2ban-server", "-f", "-c", folder, "-s", self.work / "socket",
             "-p", self.work / "pid", "--loglevel", "INFO", "--logtarget",
             self.work / "jail.log", "start"],
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        self.addCleanup(jail.wait)
        self.addCleanup(jail.terminate)
        wait_until(lambda: (self.work / "jail.log").exists()
                   and "Jail 'roost' started" in
                   (self.work / "jail.log").read_text(), "the jail")
        self.fail(self.user)
        wait_until(lambda: banned.exists(), "the ban")
        self.assertEqual(banned.read_text().split(), ["127.0.0.1"])
