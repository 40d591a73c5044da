# SPDX-License-Identifier: Apache-2.0
"""A person at mutt: reads, flags, files, deletes and answers mail in a
terminal, with the keys that a person presses."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import termios
import threading

import mail
from harness import ServerTest, wait_until

CONFIG = """
set folder="imaps://localhost:{port}/"
set spoolfile="+INBOX"
set imap_user="{user}"
set imap_pass="{password}"
set ssl_ca_certificates_file="{certificate}"
set certificate_file="{certificate}"
set postponed="+Drafts"
set record=""
set trash=""
set editor="{editor}"
set charset="utf-8"
set from="bob@example.net"
set realname="Bob"
set quit=yes
set delete=yes
set move=no
set confirmappend=no
set confirmcreate=no
set wait_key=no
set include=yes
set fast_reply=yes
set abort_unmodified=no
set mark_old=no
set sort=mailbox-order
set timeout=2
set mail_check=2
set imap_idle=yes
set imap_keepalive=60
set sendmail="/bin/false"
set beep=no
unset help
"""


class Terminal:
    """A program in a terminal of its own, and what it has written."""

    def __init__(self, arguments, environment):
        self.written = b""
        self.changed = threading.Condition()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execvpe(arguments[0], arguments, environment)
            finally:
                os._exit(127)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 40, 120, 0, 0))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            select.select([self.fd], [], [])
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            with self.changed:
                self.written += data
                self.changed.notify_all()
            if not data:
                return

    def wait_for(self, text, mark=0, seconds=60):
        """Waits until the program has written `text` after the position
        `mark`."""
        wanted = text.encode()
        with self.changed:
            if not self.changed.wait_for(
                    lambda: wanted in plain(self.written[mark:]), seconds):
                raise AssertionError("%r never came; the screen: %s" % (
                    text, plain(self.written[mark:])[-3000:]))

    def press(self, keys, then=None):
        """Presses keys, and waits for what is written after them."""
        mark = len(self.written)
        os.write(self.fd, keys.encode())
        if then:
            self.wait_for(then, mark)

    def end(self):
        """Waits until the program ends; returns its exit code."""
        self.reader.join(60)
        if self.reader.is_alive():
            os.kill(self.pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return code


def plain(written):
    """Without the terminal's control sequences."""
    return re.sub(rb"\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>78])", b"",
                  written)


class MuttTest(ServerTest):
    def mutt(self):
        if not shutil.which("mutt"):
            raise AssertionError("mutt is not installed: see scripts/packages_clients")
        editor = self.work / "editor"
        editor.write_text('#!/bin/sh\necho "My answer." >> "$1"\n')
        editor.chmod(0o755)
        rc = self.work / "muttrc"
        rc.write_text(CONFIG.format(
            port=self.server.tls_port, user=self.user,
            password=self.password, editor=editor,
            certificate=self.server.certificate))
        terminal = Terminal(
            ["mutt", "-n", "-F", str(rc)],
            {"TERM": "xterm", "HOME": str(self.work), "LC_ALL": "C.UTF-8",
             "PATH": os.environ["PATH"], "TMPDIR": str(self.work)})

        def stop():
            if terminal.reader.is_alive():
                os.kill(terminal.pid, signal.SIGKILL)
                terminal.end()
        self.addCleanup(stop)
        return terminal

    def wait_for_flags(self, c, uid, wanted):
        wait_until(lambda: c.command("NOOP") and c.flags(str(uid)).get(
            uid) == wanted, "message %d has %s" % (uid, wanted))

    def test_a_person_reads_flags_files_and_deletes(self):
        c = self.connect()
        messages = [mail.simple(n, "Subject no%d" % n) for n in range(1, 8)]
        for message in messages:
            c.append("INBOX", message)
        c.command("CREATE Filed")
        c.select("INBOX")
        t = self.mutt()
        t.wait_for("Subject no7")
        t.press("1\n")
        t.press("\n", "This is message 1.")     # reads the first
        t.press("i", "Subject no2")             # back to the index
        t.press("2\nF")                         # flags the second
        t.press("3\ns=Filed\n")                 # files the third
        t.press("4\nd")                         # deletes the fourth
        t.press("5\nwr")                        # "replied" by hand
        t.press("$")
        self.wait_for_flags(c, 1, {"\\Seen"})
        self.wait_for_flags(c, 2, {"\\Flagged"})
        self.wait_for_flags(c, 5, {"\\Answered", "\\Seen"})
        wait_until(lambda: c.command("NOOP") and c.search("ALL")
                   == [1, 2, 5, 6, 7], "3 and 4 are expunged")
        # Another client flags and adds mail while mutt has the mailbox open.
        c.command("UID STORE 6 +FLAGS (\\Flagged)")
        c.append("INBOX", mail.simple(8, "Subject no8 just came"))
        t.wait_for("Subject no8 just came")
        t.press("q")
        self.assertEqual(t.end(), 0)
        inbox = self.contents("INBOX")
        self.assertEqual([m for _, m in inbox],
                         [messages[n - 1] for n in (1, 2, 5, 6, 7)]
                         + [mail.simple(8, "Subject no8 just came")])
        self.assertEqual([f for f, _ in inbox],
                         [{"\\Seen"}, {"\\Flagged"}, {"\\Answered", "\\Seen"},
                          {"\\Flagged"}, set(), set()])
        filed = self.contents("Filed")
        self.assertEqual([m for _, m in filed], [messages[2]])

    def test_an_answer_is_postponed_to_drafts_and_taken_up_again(self):
        c = self.connect()
        c.append("INBOX", mail.simple(1, "A question"))
        t = self.mutt()
        t.wait_for("A question")
        t.press("r", "Re: A question")
        t.press("P")
        wait_until(lambda: self.contents("Drafts"), "the draft is there")
        (_, draft), = self.contents("Drafts")
        self.assertIn(b"Subject: Re: A question\r\n", draft)
        self.assertIn(b"In-Reply-To: <m1@example.org>\r\n", draft)
        self.assertIn(b"> This is message 1.\r\n", draft)
        self.assertIn(b"My answer.\r\n", draft)
        t.press("q")
        self.assertEqual(t.end(), 0)
        # Recalled, and postponed again: the old draft goes, a new one comes.
        t = self.mutt()
        t.wait_for("A question")
        mark = len(t.written)
        t.press("m")
        t.wait_for("postponed", mark)
        t.press("y", "Re: A question")
        t.press("P")
        wait_until(lambda: b"My answer.\r\nMy answer.\r\n" in b"".join(
            m for _, m in self.contents("Drafts")), "the draft has grown")
        t.press("q")
        self.assertEqual(t.end(), 0)
        self.assertEqual(len(self.contents("Drafts")), 1)
