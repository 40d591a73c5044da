# SPDX-License-Identifier: Apache-2.0
"""Root's commands in folders where other people write: links, hard links,
pipes and exchanged folders. Nothing of root's may come into the mail, nothing
may be written elsewhere, and no command may hang (Bed.roost() has a limit)."""

import os
import signal
import socket
import threading
import unittest

from admin_test import Bed
from harness import only_roost

OTHER = 65534  # who writes in the hostile folders
SECRET = b"root:$y$SECRET:1::\n"
MAIL = b"Subject: good\n\ngood\n"
FIFTY = 50


def is_not_root():
    return os.geteuid() != 0


class HostileBed(Bed):
    def setUp(self):
        super().setUp()
        os.chmod(self.work, 0o755)
        self.secret = self.work / "secret"
        self.secret.write_bytes(SECRET)
        self.secret.chmod(0o600)
        self.secrets = self.work / "secrets"  # a folder of root's mail
        for part in ("cur", "new", "tmp"):
            (self.secrets / part).mkdir(parents=True)
        (self.secrets / "cur" / "9.x").write_bytes(b"Subject: " + SECRET)
        (self.secrets / "9.eml").write_bytes(b"Subject: " + SECRET)
        self.home = self.work / "home"
        self.home.mkdir()
        self.add("anna")

    def maildir(self):
        root = self.home / "Maildir"
        for part in ("cur", "new", "tmp"):
            (root / part).mkdir(parents=True)
        (root / "cur" / "1.good:2,S").write_bytes(MAIL)
        return root

    def folder(self):
        root = self.home / "mail"
        root.mkdir()
        (root / "good.eml").write_bytes(MAIL)
        return root

    def give_away(self):
        """All in the home belongs to OTHER afterwards, as if OTHER had made
        it; a second name of root's file stays root's."""
        for folder, folders, files in os.walk(self.home):
            os.chown(folder, OTHER, OTHER)
            for name in folders + files:
                path = os.path.join(folder, name)
                if os.path.islink(path) or os.stat(path).st_nlink == 1 or (
                        os.path.isdir(path)):
                    os.chown(path, OTHER, OTHER, follow_symlinks=False)

    def mail_of(self, user):
        out = self.work / ("out-" + user)
        self.roost("export", "maildir", "--user", user, out)
        return b"".join(p.read_bytes() for p in sorted(out.rglob("*"))
                        if p.is_file())


@only_roost
@unittest.skipIf(is_not_root(), "other people's files need root")
class HostileImportTest(HostileBed):

    # (what is planted below the home, kind of import, what is said of it)
    def plants(self):
        return {
            "a link among the messages": ("maildir", lambda root: os.symlink(
                self.secret, root / "cur/2.x:2,"), "it is a link"),
            "a link in new": ("maildir", lambda root: os.symlink(
                self.secret, root / "new/2.x"), "it is a link"),
            "a second name": ("maildir", lambda root: os.link(
                self.secret, root / "cur/2.x:2,"), "several names"),
            "a pipe": ("maildir", lambda root: os.mkfifo(
                root / "cur/2.x:2,"), "not a regular file"),
            "a socket": ("maildir", lambda root: socket.socket(
                socket.AF_UNIX).bind(str(root / "cur/2.x")),
                "not a regular file"),
            "a linked mailbox": ("maildir", lambda root: os.symlink(
                self.secrets, root / ".Work"), "a link to a folder"),
            "a linked new": ("maildir", lambda root: (
                os.rmdir(root / "new"),
                os.symlink(self.secrets / "cur", root / "new")),
                "a link to a folder"),
            "uids from a pipe": ("maildir", lambda root: os.mkfifo(
                root / "dovecot-uidlist"), "not a regular file"),
            "linked keywords": ("maildir", lambda root: os.symlink(
                self.secret, root / "dovecot-keywords"), "it is a link"),
            "linked subscriptions": ("maildir", lambda root: os.symlink(
                self.secret, root / "subscriptions"), "it is a link"),
            "a link to an mbox": ("mbox", lambda root: os.symlink(
                self.secret, root / "Work"), "it is a link"),
            "a folder linked beside mboxes": ("mbox", lambda root: os.symlink(
                self.secrets, root / "Work"), "it is a link"),
            "a pipe for an mbox": ("mbox", lambda root: os.mkfifo(
                root / "Work"), "not a regular file"),
            "a second name of an mbox": ("mbox", lambda root: os.link(
                self.secret, root / "Work"), "several names"),
            "a linked eml": ("eml", lambda root: os.symlink(
                self.secret, root / "a.eml"), "it is a link"),
            "a pipe for an eml": ("eml", lambda root: os.mkfifo(
                root / "a.eml"), "not a regular file"),
            "a linked folder of emls": ("eml", lambda root: os.symlink(
                self.secrets, root / "Work"), "a link to a folder"),
        }

    def test_what_is_planted_is_named_and_not_taken(self):
        for number, (name, (kind, plant, text)) in enumerate(
                self.plants().items()):
            with self.subTest(name):
                user = "user%d" % number
                self.add(user)
                self.home = self.work / ("home%d" % number)
                self.home.mkdir()
                root = self.maildir() if kind == "maildir" else self.folder()
                plant(root)
                self.give_away()
                if kind == "mbox":
                    (root / "good.eml").rename(root / ".good")
                said = self.roost("import", kind, "--user", user, root, want=1)
                self.assertIn(text, said)
                mail = self.mail_of(user)
                self.assertNotIn(b"SECRET", mail)
                if kind != "mbox":
                    self.assertIn(b"Subject: good", mail)

    def test_a_path_through_a_link_of_another_user_is_refused(self):
        root = self.home / "Maildir"
        os.symlink(self.secrets, root)
        os.symlink(self.secret, self.home / "users")
        os.symlink(self.work, self.home / "way")
        self.give_away()
        for command in (
                ("import", "maildir", "--user", "anna", root),
                ("import", "maildir", "--user", "anna",
                 self.home / "way" / "secrets"),
                ("import", "mbox", "--user", "anna", self.home / "users"),
                ("import", "eml", "--user", "anna", root),
                ("user", "import", self.home / "users"),
                ("export", "maildir", "--user", "anna", root),
                ("export", "maildir", "--user", "anna",
                 self.home / "way" / "made")):
            with self.subTest(" ".join(map(str, command))):
                said = self.roost(*command, want=6)
                self.assertIn("is a link of another user", said)
        self.assertFalse((self.work / "made").exists())
        self.assertNotIn(b"SECRET", self.mail_of("anna"))

    def test_ones_own_link_is_followed(self):
        root = self.maildir()
        os.symlink(root, self.work / "way")
        self.roost("import", "maildir", "--user", "anna", self.work / "way")
        self.assertIn(b"Subject: good", self.mail_of("anna"))

    def test_files_exchanged_while_they_are_imported(self):
        root = self.maildir()
        names = [root / "cur" / ("%d.x" % n) for n in range(FIFTY)]
        for name in names:
            name.write_bytes(b"Subject: x\n\n%s\n" % os.fsencode(name))
        self.give_away()
        stop = threading.Event()

        def exchange():
            link, real = root / "tmp/link", root / "tmp/real"
            while not stop.is_set():
                for name in names:
                    os.symlink(self.secret, link)
                    os.rename(link, name)
                    real.write_bytes(b"Subject: x\n\n")
                    os.rename(real, name)

        thread = threading.Thread(target=exchange)
        thread.start()
        try:
            for _ in range(5):
                self.roost("import", "maildir", "--user", "anna", root,
                           want=None)
        finally:
            stop.set()
            thread.join()
        self.assertNotIn(b"SECRET", self.mail_of("anna"))


@only_roost
@unittest.skipIf(is_not_root(), "other people's files need root")
class HostileExportTest(HostileBed):

    def test_links_planted_while_it_exports(self):
        root = self.maildir()
        box = root / ".Work"
        for part in ("cur", "new", "tmp"):
            (box / part).mkdir(parents=True)
            (box / part).mkdir(parents=True, exist_ok=True)
        (box / "cur" / "1.w").write_bytes(MAIL)
        self.roost("import", "maildir", "--user", "anna", root)
        victim = self.work / "victim"
        victim.mkdir()
        for part in ("cur", "new", "tmp"):
            (victim / part).mkdir()
        plants = ("cur", "new", "tmp", ".Work", ".Work/cur", ".Work/new",
                  ".Work/dovecot-uidlist", "dovecot-uidlist", "subscriptions")
        for turn in range(6):
            out = self.home / ("out%d" % turn)
            out.mkdir()
            os.chown(out, OTHER, OTHER)
            stop = threading.Event()

            def plant():
                n = turn
                while not stop.is_set():
                    path = out / plants[n % len(plants)]
                    n += 1
                    if path.parent.is_symlink():
                        continue
                    try:
                        if path.is_dir() and not path.is_symlink():
                            os.rename(path, str(out) + ".away%d" % n)
                        os.symlink(victim if n % 2 else victim / "file", path)
                    except OSError:
                        pass

            thread = threading.Thread(target=plant)
            thread.start()
            try:
                self.roost("export", "maildir", "--user", "anna", out,
                           want=None)
            finally:
                stop.set()
                thread.join()
        found = [p for p in victim.rglob("*") if not p.is_dir()]
        self.assertEqual(found, [])

    def test_a_folder_with_anything_in_it_is_refused(self):
        out = self.work / "out"
        out.mkdir()
        os.symlink(self.secrets, out / "cur")
        self.assertIn("not an empty folder", self.roost(
            "export", "maildir", "--user", "anna", out, want=5))


@only_roost
class NamesTest(Bed):
    """Names that a file system cannot hold come back from an export."""

    NAMES = ["\u00dc" * 300, "x" * 900, "Work/" + "\u65e5\u672c" * 100,
             "/".join(["level"] * 60), "..", "a/..", "a&b.c", ".", "-",
             "Tag." + "z" * 300]

    def test_long_names_are_told_and_come_back(self):
        self.add("anna")
        self.add("ben")
        mbox = self.work / "m"
        for name in self.NAMES:
            mbox.write_bytes(b"From a@b Thu Jan  1 00:00:00 2026\n"
                             b"Subject: " + name.encode()[:400] + b"\n\nx\n")
            self.roost("import", "mbox", "--user", "anna", "--mailbox", name,
                       mbox)
        told = self.roost("export", "maildir", "--user", "anna",
                          self.work / "one")
        # The mailboxes above one are made with it.
        made = {"/".join(name.split("/")[:n + 1]) for name in self.NAMES
                for n in range(name.count("/") + 1)}
        long = [n for n in made if len(n.encode("utf-7")) > 254]
        self.assertGreater(len(long), 5)
        self.assertEqual(told.count("the file system cannot hold"), len(long))
        for name in long:
            self.assertIn(name, told)
        self.roost("import", "maildir", "--user", "ben", self.work / "one")
        self.roost("export", "maildir", "--user", "ben", self.work / "two")
        one, two = (self.tree(self.work / n) for n in ("one", "two"))
        self.assertEqual(one, two)
        self.assertEqual(sum("roost-mailbox-name" in n for n in one),
                         len(long))

    @staticmethod
    def tree(root):
        """The files by their place; messages by their bytes."""
        found = {}
        for path in root.rglob("*"):
            if not path.is_file() or path.name == "dovecot-uidlist":
                continue
            at = path.relative_to(root)
            key = str(at.parent / path.read_bytes().hex()[:400]
                      if at.parent.name == "cur" else at)
            found[key] = path.read_bytes()
        return found


@only_roost
@unittest.skipIf(is_not_root(), "root's rights are at stake")
class RootTest(HostileBed):
    """Root makes and gives away nothing through a path that others control."""

    def serve(self, data):
        config = self.work / "serve.conf"
        config.write_text(self.server.config.read_text().replace(
            str(self.server.data), str(data)))
        return self.roost("serve", "--config", config, want=None)

    def roost(self, *arguments, want=0, input=b""):
        if "--config" not in arguments:
            return super().roost(*arguments, want=want, input=input)
        config, self.server.config = self.server.config, arguments[-1]
        try:
            return super().roost(*arguments[:-2], want=want, input=input)
        finally:
            self.server.config = config

    def test_no_data_folder_behind_a_link_of_another_user(self):
        victim = self.work / "victim"
        victim.mkdir()
        os.symlink(victim, self.home / "way")
        self.give_away()
        for path in ("way/data", "way/more/data", "way"):
            with self.subTest(path):
                said = self.serve(self.home / path)
                self.assertIn("is a link of another user", said)
                self.assertEqual(os.listdir(victim), [])
                self.assertEqual(victim.stat().st_uid, 0)

    def test_root_stays_out_of_what_others_can_exchange(self):
        data = self.home / "data"
        data.mkdir()
        os.chown(self.home, OTHER, OTHER)
        config = self.work / "root.conf"
        config.write_text('data = "%s"\n' % data)
        said = self.roost("user", "list", "--config", config, want=6)
        self.assertIn("root does not work there", said)
        self.assertEqual(os.listdir(data), [])

    def test_a_socket_of_another_user_is_no_server(self):
        listener = socket.socket(socket.AF_UNIX)
        made = self.server.data / "made.sock"
        listener.bind(str(made))
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.setresuid(4242, 4242, 4242)
            listener.listen()
            os.write(writing, b"x")
            while True:
                listener.accept()
        try:
            os.read(reading, 1)
            made.rename(self.server.data / "control.sock")
            said = self.roost("user", "list", want=6)
            self.assertIn("another user's program answers", said)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            listener.close()
            os.close(reading)
            os.close(writing)
