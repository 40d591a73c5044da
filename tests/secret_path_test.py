# SPDX-License-Identifier: Apache-2.0
"""No answer to a client names a file or a folder of the server, even when the
files of the database are gone; the log does."""

import poplib

from harness import ServerTest, only_roost


@only_roost
class SecretPathTest(ServerTest):

    def test_a_broken_database_is_named_in_the_log_only(self):
        server = self.server
        imap = server.connect(self.user, self.password)
        for number in range(3):
            imap.append("INBOX", b"Subject: %d\r\n\r\n" % number
                        + b"0123456789\r\n" * 20000)
        imap.close()
        server.stop()
        server.start()
        # What is opened later is missing then.
        gone = 0
        for path in (server.data / "store").iterdir():
            if path.suffix == ".blob":
                path.unlink()
                gone += 1
        self.assertGreater(gone, 0)
        said = []
        for arguments in (("SELECT", "INBOX"), ("FETCH", "1", "BODY.PEEK[]"),
                          ("FETCH", "2", "BODY.PEEK[TEXT]"),
                          ("SEARCH", "BODY", '"nowhere"'),
                          ("COPY", "1:3", "Trash"),
                          ("MOVE", "1", "Archive"),
                          ("STATUS", "INBOX", "(MESSAGES)")):
            try:
                imap = server.connect(self.user, self.password)
                if arguments[0] not in ("SELECT", "STATUS"):
                    said.append(repr(imap.command("SELECT", "INBOX", want=None)))
                said.append(repr(imap.command(*arguments, want=None)))
                imap.close()
            except (OSError, EOFError, AssertionError) as error:
                said.append(repr(error))
        said.append(self.read_by_pop3())
        text = " ".join(said)
        self.assertNotIn(str(server.folder), text)
        self.assertNotIn("store/", text)
        self.assertNotIn(".blob", text)
        self.assertRegex(text, r"CORRUPTION|UNAVAILABLE|SERVERBUG")
        self.assertIn(".blob", server.log())

    def read_by_pop3(self):
        pop = poplib.POP3_SSL("127.0.0.1", self.server.ports["pop3s"],
                              context=self.server.tls())
        said = []
        try:
            pop.user(self.user)
            pop.pass_(self.password)
            pop.retr(1)
        except (poplib.error_proto, OSError) as error:
            said.append(repr(error))
        pop.close()
        return " ".join(said)
