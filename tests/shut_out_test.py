# SPDX-License-Identifier: Apache-2.0
"""Disabling, a new password and removing end the sessions of a user, of every
protocol: those that work, and those that wait. Listing and ending sessions."""

import os
import pathlib
import poplib
import re
import time

import mail
from harness import ServerTest, only_roost, wait_until
from smtp_client import Smtp


def password_line(password):
    return password.encode() + b"\n"


@only_roost
class ShutOutTest(ServerTest):
    # What shuts a user out.
    CHANGES = {
        "disable": lambda self: self.roost("user", "disable", self.user),
        "passwd": lambda self: self.roost(
            "user", "passwd", self.user, "--password-stdin",
            input=password_line("another " + self.password)),
        "remove": lambda self: self.roost(
            "user", "remove", self.user, "--yes"),
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.roost("domain", "add", "roost.test")

    def roost(self, *arguments, **more):
        return self.server.roost(*arguments, **more)

    def each_change(self):
        for name, change in self.CHANGES.items():
            self.user, self.password = self.server.new_user()
            with self.subTest(name):
                yield lambda: change(self)

    def submission(self):
        client = Smtp(self.server.ports["submissions"], self.server.tls())
        self.addCleanup(client.close)
        client.hello()
        client.login(self.user, self.password)
        return client

    def pop3(self):
        client = poplib.POP3_SSL("127.0.0.1", self.server.ports["pop3s"],
                                 context=self.server.tls())
        self.addCleanup(client.close)
        client.user(self.user)
        client.pass_(self.password)
        return client

    def test_imap_that_idles_is_told(self):
        for change in self.each_change():
            c = self.connect()
            c.select("INBOX")
            c.idle()
            change()
            bye = c.wait_for(lambda r: r.name == "BYE")
            self.assertIn("not valid any more", bye.text)
            self.assertTrue(c.at_end())

    def test_imap_that_sends_nothing_is_told(self):
        for change in self.each_change():
            c = self.connect()
            change()
            c.wait_for(lambda r: r.name == "BYE")
            self.assertTrue(c.at_end())

    def test_pop3_is_closed(self):
        for change in self.each_change():
            c = self.pop3()
            change()
            self.assertEqual(c.sock.recv(1000), b"")

    def test_submission_is_told(self):
        for change in self.each_change():
            c = self.submission()
            change()
            c.reply(want="421 4.7.0")
            self.assertTrue(c.at_end())

    def test_submission_in_the_middle_of_a_message(self):
        c = self.submission()
        address = self.user + "@roost.test"
        c.mail(address)
        c.rcpt(address)
        c.command("DATA", want="354")
        c.send(b"Subject: half\r\n\r\n")
        self.roost("user", "disable", self.user)
        c.reply(want="421 4.7.0")
        self.assertTrue(c.at_end())

    def test_other_users_and_enabling_disturb_nobody(self):
        mine = self.connect()
        other, password = self.server.new_user()
        self.roost("user", "disable", other)
        self.roost("user", "enable", self.user)
        self.roost("user", "enable", other)
        mine.append("INBOX", mail.simple(1))
        self.assertEqual(mine.command("NOOP").named("BYE"), [])

    def test_old_login_is_gone_and_new_one_works(self):
        c = self.connect()
        self.CHANGES["passwd"](self)
        c.wait_for(lambda r: r.name == "BYE")
        again = self.connect(password="another " + self.password)
        again.command("NOOP")

    def test_user_who_does_not_read_is_removed(self):
        c = self.connect()
        for n in range(8):
            c.append("INBOX", mail.simple(n) + b"x" * 70 + b"\r\n" * 500000)
        c.select("INBOX")
        c.start("FETCH 1:* BODY[]")
        c.line()  # the rest stays unread
        self.roost("user", "remove", self.user, "--yes")
        self.assertNotRegex(
            self.roost("user", "list"), r"(?m)^%s " % self.user)

    def test_name_that_is_used_again_starts_afresh(self):
        self.connect().append("INBOX", mail.simple(1))
        self.roost("user", "remove", self.user, "--yes")
        self.server.add_user(self.user, self.password)
        self.assertEqual(self.contents("INBOX", self.connect()), [])

    # -- roost user sessions, roost user kick

    def test_sessions_are_listed(self):
        self.assertEqual(self.roost("user", "sessions", self.user), "")
        imap, pop3, smtp = self.connect(), self.pop3(), self.submission()
        imap.command('ID ("name" "Client" "version" "1.2")')
        lines = self.roost("user", "sessions", self.user).splitlines()
        self.assertRegex(lines[0], "USER +PROTOCOL +ADDRESS +SINCE +TLS +"
                         "SESSION +CLIENT")
        rows = [re.split("  +", line.strip()) for line in lines[1:]]
        self.assertEqual([row[1] for row in rows], ["imap", "pop3", "smtp"])
        self.assertEqual({(row[0], row[2], row[4]) for row in rows},
                         {(self.user, "127.0.0.1", "yes")})
        self.assertEqual(rows[0][6], "Client 1.2")
        for row in rows:
            then = time.mktime(time.strptime(row[3], "%Y-%m-%d %H:%M:%S"))
            self.assertLess(abs(time.time() - then), 3600)
        self.assertIn(self.user, self.roost("user", "sessions"))
        imap.command("LOGOUT")
        pop3.quit()
        smtp.quit()
        wait_until(lambda: self.roost("user", "sessions", self.user) == "",
                   "the end of the sessions")

    def test_kick_ends_the_sessions_of_one_user(self):
        imap, pop3, smtp = self.connect(), self.pop3(), self.submission()
        other, password = self.server.new_user()
        kept = self.connect(user=other, password=password)
        imap.select("INBOX")
        imap.idle()
        self.assertEqual(self.roost("user", "kick", self.user),
                         "3 sessions ended\n")
        self.assertIn("administrator",
                      imap.wait_for(lambda r: r.name == "BYE").text)
        self.assertEqual(pop3.sock.recv(1000), b"")
        smtp.reply(want="421 4.7.0")
        kept.command("NOOP")
        self.connect().command("NOOP")  # nothing keeps the user out
        self.roost("user", "kick", "nobody", want=3)

    # -- roost user logins, the audit

    def log(self):
        return pathlib.Path(self.server.log_path).read_text(errors="replace")

    def test_log_ins_are_listed(self):
        self.assertEqual(self.roost("user", "logins", self.user), "")
        for _ in range(2):
            self.connect()
        self.submission()
        lines = self.roost("user", "logins", self.user).splitlines()
        self.assertRegex(lines[0], "LAST +FIRST +PROTOCOL +TLS +ADDRESS")
        self.assertEqual(len(lines), 2)
        self.assertRegex(
            lines[1], r"^\d{4}-\d\d-\d\d .* imap +yes +127\.0\.0\.1$")
        places = re.findall(
            r"login_new_place .* user=%s$" % self.user, self.log(), re.M)
        self.assertEqual(len(places), 1)
        self.roost("user", "logins", self.user, "--forget")
        self.assertEqual(self.roost("user", "logins", self.user), "")
        self.roost("user", "logins", "nobody", want=3)

    def test_changes_are_logged_with_who_made_them(self):
        self.roost("user", "disable", self.user)
        self.roost("user", "passwd", self.user, "--password-stdin",
                   input=b"do not log this\n")
        uid = os.getuid()
        log = self.log()
        self.assertRegex(
            log, r"(?m) admin do=user\.disable uid=%d pid=\d+ disabled=yes "
            r"user=%s result=RC_OK$" % (uid, self.user))
        self.assertRegex(
            log, r"(?m) admin do=user\.passwd uid=%d pid=\d+ user=%s "
            r"result=RC_OK$" % (uid, self.user))
        self.assertNotIn("do not log", log)
