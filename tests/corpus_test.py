# SPDX-License-Identifier: Apache-2.0
"""6,046 real messages, with spam among them, are imported and read back
unchanged."""

import email
import email.policy
import os
import re

from harness import TESTS, ServerTest, only_roost

DATA = (TESTS / "node" / "node_modules" / "@stdlib"
        / "datasets-spam-assassin" / "data")
COUNT = 6046


def wire(message):
    """The message with CRLF line ends, as IMAP sends it."""
    return re.sub(rb"\r?\n", b"\r\n", message)


def leaves(structure, path=()):
    """[(section, structure)] of all parts that have no parts of their own."""
    if isinstance(structure[0], list):
        found = []
        for n, part in enumerate(structure):
            if not isinstance(part, list):
                break
            found += leaves(part, path + (n + 1,))
        return found
    return [(".".join(map(str, path or (1,))), structure)]


@only_roost
class CorpusTest(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        files = sorted(DATA.glob("*/*.txt"))
        if len(files) != COUNT:
            raise AssertionError("%d messages in %s: see tests/prepare"
                                 % (len(files), DATA))
        cls.messages = [file.read_bytes() for file in files]

    def numbered(self, fetched):
        return [fetched[uid] for uid in sorted(fetched)]

    def test_the_corpus_goes_through_a_maildir_unchanged(self):
        folder = self.work / "Maildir"
        for sub in ("cur", "new", "tmp"):
            (folder / sub).mkdir(parents=True)
        letters = ("", "S", "FS", "RS")
        for n, message in enumerate(self.messages):
            name = "%d.M%dP1.host:2,%s" % (1000000000 + n, n, letters[n % 4])
            path = folder / "cur" / name
            path.write_bytes(message)
            os.utime(path, (1000000000 + n,) * 2)
        arguments = ("import", "maildir", "--user", self.user, str(folder))
        self.server.roost(*arguments)
        c = self.connect()
        self.assertEqual(c.select("INBOX").one("EXISTS").number, COUNT)
        want = {wire(message): letters[n % 4]
                for n, message in enumerate(self.messages)}
        got = []
        flags = {"S": "\\Seen", "F": "\\Flagged", "R": "\\Answered"}
        for first in range(1, COUNT + 1, 500):
            fetched = self.numbered(c.fetch(
                "%d:%d" % (first, first + 499),
                "(UID FLAGS RFC822.SIZE BODY.PEEK[])"))
            for values in fetched:
                message = values["BODY[]"]
                self.assertIn(message, want)
                self.assertEqual(int(values["RFC822.SIZE"]), len(message))
                self.assertLessEqual(
                    {flags[letter] for letter in want[message]},
                    set(values["FLAGS"]))
                got.append(message)
        self.assertEqual(len(got), COUNT)
        self.assertEqual(sorted(got), sorted(map(wire, self.messages)))
        # Again, and nothing is there twice.
        self.server.roost(*arguments)
        self.assertEqual(c.select("INBOX").one("EXISTS").number, COUNT)
        self.look_at_structures(c)
        self.server.check()

    def look_at_structures(self, c):
        """Each structure is well formed, the parts are as long as it says, and
        the subjects are those that another parser finds."""
        fetched = c.fetch("1:*", "(UID BODYSTRUCTURE ENVELOPE "
                                 "BODY.PEEK[HEADER])")
        self.assertEqual(len(fetched), COUNT)
        different = []
        for uid, values in fetched.items():
            parsed = email.message_from_bytes(
                values["BODY[HEADER]"], policy=email.policy.compat32)
            theirs = parsed.get("subject")
            ours = values["ENVELOPE"][1]
            theirs = (None if theirs is None else re.sub(
                r"\s+", " ", str(theirs)).strip())
            ours = (None if ours is None else re.sub(
                r"\s+", " ", ours.decode("utf-8", "replace")).strip())
            if theirs != ours and str(theirs).isascii():
                different.append((uid, theirs, ours))
        self.assertEqual(different, [])
        for uid in range(1, COUNT, 40):
            for section, part in leaves(fetched[uid]["BODYSTRUCTURE"]):
                body = c.fetch(str(uid), "BODY.PEEK[%s]" % section)[uid][
                    "BODY[%s]" % section] or b""
                self.assertEqual(int(part[6]), len(body), (uid, section))
                if part[0].upper() == b"TEXT":
                    # A last line without its end may count as one.
                    lines = body.count(b"\n")
                    self.assertIn(int(part[7]), (
                        lines, lines + (not body.endswith(b"\n"))),
                        (uid, section))

    def test_500_of_them_go_through_an_mbox_unchanged(self):
        # Without what an mbox gives a meaning of its own.
        chosen = [m.replace(b"\r\n", b"\n") for m in self.messages
                  if not re.search(
                      rb"(?mi)\n>*From |^(X-)?(Status|Keywords|UID|IMAP\w*):"
                      rb"|^Content-Length:", m)][::10][:500]
        mbox = self.work / "mail.mbox"
        with open(mbox, "wb") as file:
            for n, message in enumerate(chosen):
                body = re.sub(rb"\AFrom .*\n", b"", message)
                chosen[n] = body
                file.write(b"From somebody Thu Aug 22 13:17:22 2002\n")
                file.write(body if body.endswith(b"\n") else body + b"\n")
                file.write(b"\n")
        self.server.roost("import", "mbox", "--user", self.user, "--mailbox",
                          "Old/Letters", str(mbox))
        got = sorted(m for _, m in self.contents("Old/Letters"))
        want = sorted(wire(m if m.endswith(b"\n") else m + b"\n")
                      for m in chosen)
        self.assertEqual(len(got), len(want))
        for a, b in zip(got, want):
            self.assertEqual(a, b)
