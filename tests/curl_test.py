# SPDX-License-Identifier: Apache-2.0
"""curl reads, stores and searches over imaps:// and imap:// with STARTTLS."""

import mail
from harness import ServerTest, run_program


class CurlTest(ServerTest):
    def curl(self, path, *arguments, tls=True, input=None, want=0):
        return run_program(
            "curl", "--silent", "--show-error", "--max-time", 60,
            "--cacert", self.server.certificate,
            "--user", "%s:%s" % (self.user, self.password),
            *(() if tls else ("--ssl-reqd",)), *arguments,
            "%s://localhost:%d%s" % (
                "imaps" if tls else "imap",
                self.server.tls_port if tls else self.server.port, path),
            input=input, want=want)

    def test_the_mailboxes_are_listed(self):
        listed = self.curl("/").decode()
        for name in ("INBOX", "Drafts", "Sent", "Junk", "Trash", "Archive"):
            self.assertRegex(listed, r'(?m)^\* LIST .*"?%s"?\r$' % name)

    def test_messages_go_up_and_come_down_the_same(self):
        for number, (name, message) in enumerate(mail.kinds()):
            if len(message) < 2:
                continue  # curl takes one byte for nothing
            with self.subTest(name):
                file = self.work / "message"
                file.write_bytes(message)
                self.curl("/Archive", "--upload-file", file)
                uid = self.connect().select("Archive").one("EXISTS").number
                for tls in (True, False):
                    got = self.curl("/Archive/;UID=%d" % uid, tls=tls)
                    self.assertEqual(got, message)

    def test_one_section_is_read(self):
        self.connect().append("INBOX", mail.with_attachment(3))
        self.assertEqual(
            self.curl("/INBOX;UID=1;SECTION=HEADER.FIELDS%20(SUBJECT)"),
            b"Subject: With attachment 3\r\n\r\n")
        self.assertEqual(self.curl("/INBOX;MAILINDEX=1;SECTION=1.1"),
                         b"Gr=C3=BC=C3=9Fe 3\r\n")

    def test_a_30_mb_message_goes_both_ways(self):
        message = mail.simple(1, body="0123456789abcde\r\n" * 1_850_000)
        file = self.work / "message"
        file.write_bytes(message)
        self.curl("/INBOX", "--upload-file", file)
        got = self.curl("/INBOX;UID=1")
        self.assertTrue(got == message, "30 MB came back changed")

    def test_search_and_custom_commands(self):
        c = self.connect()
        for n in range(1, 6):
            c.append("INBOX", mail.simple(n), "\\Seen" if n < 3 else "")
        self.assertEqual(self.curl("/INBOX?UNSEEN").split(),
                         b"* SEARCH 3 4 5".split())
        self.curl("/INBOX", "--request", "STORE 4:5 +FLAGS (\\Deleted)")
        self.curl("/INBOX", "--request", "EXPUNGE")
        self.assertEqual(len(self.contents("INBOX")), 3)
        got = self.curl("/", "--request", "STATUS INBOX (MESSAGES UNSEEN)")
        self.assertIn(b"MESSAGES 3", got)
        self.assertIn(b"UNSEEN 1", got)

    def test_a_wrong_password_is_told(self):
        # 67: CURLE_LOGIN_DENIED
        self.curl("/", "--user", self.user + ":wrong", want=67)
