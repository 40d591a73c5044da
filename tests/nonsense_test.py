# SPDX-License-Identifier: Apache-2.0
"""A command that is asked for nonsense says so: every command of the program,
with every kind of nonsense. Of each run the class of the exit code, a sentence
on standard error that names what is wrong, and that nothing has changed."""

import atexit
import functools
import itertools
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

import harness
from docs_test import commands
from harness import REPORT, RoostServer, only_roost, program

USAGE, NOT_FOUND, REFUSED, FAILED = 2, 3, 6, 7
LONG = "x" * 100000  # the system passes no argument of a megabyte
NONE = "no-such-thing"

# Arguments that make sense: for each command its arguments, and the options
# that it needs. What is named exists, but for what the command makes.
SENSE = {
    "serve": [[], []],
    "config check": [[], []],
    "config sample": [[], []],
    "version": [[], []],
    "metrics": [[], []],
    "doctor": [[], []],
    "setup": [[], ["--yes"]],
    "certificate list": [[], []],
    "certificate renew": [["_server"], []],
    "user add": [["new"], ["--generate"]],
    "user passwd": [["anna"], ["--generate"]],
    "user list": [[], []],
    "user disable": [["anna"], []],
    "user enable": [["anna"], []],
    "user remove": [["anna"], ["--yes"]],
    "user import": [["FILE"], []],
    "user detail": [["anna"], []],
    "user sessions": [["anna"], []],
    "user kick": [["anna"], []],
    "user sending": [["anna"], []],
    "user logins": [["anna"], []],
    "user credentials": [["anna"], []],
    "user revoke": [["anna", "all"], []],
    "user app-password": [["anna", "Printer"], []],
    "domain add": [["new.example"], []],
    "domain set": [["example.org"], ["--primary"]],
    "domain remove": [["example.net"], []],
    "domain list": [[], []],
    "domain check": [["example.org"], ["--no-lookup"]],
    "alias add": [["new@example.org", "anna"], []],
    "alias remove": [["sales@example.org"], []],
    "alias list": [["example.org"], []],
    "dkim new": [["example.org"], []],
    "dkim list": [["example.org"], []],
    "dkim dns": [["example.org"], []],
    "dkim remove": [["example.org", "sel"], []],
    "route": [["anna@example.org"], []],
    "import maildir": [["PATH"], ["--user", "anna"]],
    "import mbox": [["PATH"], ["--user", "anna"]],
    "import eml": [["PATH"], ["--user", "anna"]],
    "export maildir": [["PATH"], ["--user", "anna"]],
    "undelete": [["anna"], []],
    "backup": [["PATH"], []],
    "backup list": [["PATH"], []],
    "backup verify": [["PATH"], []],
    "restore": [["PATH"], ["--user", "anna"]],
    "queue list": [[], []],
    "queue show": [["0" * 20], []],
    "queue retry": [["0" * 20], []],
    "queue hold": [["0" * 20], []],
    "queue release": [["0" * 20], []],
    "queue remove": [["0" * 20], []],
    "check": [[], []],
    "repair": [[], []],
    "trace": [["anna", "on"], []],
    "status": [[], []],
}
# Of these the arguments may be left out, or there may be any number.
OPTIONAL = {"alias list", "certificate renew", "dkim list", "queue retry",
            "user sending", "user sessions"}
MANY = {"alias add", "alias remove"}
# They read no configuration and touch no data.
ALONE = {"version", "config sample"}
# They look at the whole installation, and say on standard output what is wrong
# with it (doctor_install_test.py, setup_test.py).
WHOLE = {"doctor", "setup"}
# Values that make sense for options, where the option's own name does not.
VALUES = {"--format": "csv", "--scheme": "PLAIN", "--bits": "2048", "--algorithm": "rsa", "--data": "/nonsense"}
# What lists, and so prints nothing when there is nothing by that name.
EXCLUSIVE = [
    ("user add", "--generate", "--hash-stdin"),
    ("user add", "--generate", "--password-stdin"),
    ("user add", "--password-stdin", "--hash-stdin"),
    ("user passwd", "--generate", "--hash-stdin"),
    ("user passwd", "--generate", "--password-stdin"),
    ("user passwd", "--password-stdin", "--hash-stdin"),
    ("domain set", "--alias-of=example.net", "--no-alias"),
    ("domain set", "--catch-all=anna", "--no-catch-all"),
    ("queue retry", "--all", "--domain=example.org"),
    ("undelete", "--restore", "--purge"),
    ("restore", "--to=data", "--user=anna"),
    ("restore", "--backup=2026-11-20T000000Z", "--as-of=2026-11-20"),
    ("dkim new", "--algorithm=ed25519", "--bits=2048"),
    ("dkim new", "--algorithm=both", "--selector=sel"),
]


@functools.cache
def program_for_all():
    """The program where every user can run it: the one that is tested may lie
    in a folder that only root can enter."""
    folder = tempfile.mkdtemp(prefix="roost-program-")
    atexit.register(shutil.rmtree, folder, True)
    os.chmod(folder, 0o755)
    return shutil.copy(program(), folder)


class Run:
    def __init__(self, arguments, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        self.arguments = [
            a if isinstance(a, bytes) else str(a).encode() for a in arguments]
        # In its sandbox a server cannot look for leaks.
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=%d" % (
            b"serve" not in self.arguments)}
        process = subprocess.Popen(
            [program_for_all() if "user" in options else program(),
             *self.arguments], stderr=subprocess.PIPE, env=environment,
            **options)
        out, err = process.communicate(timeout=300)
        self.code, self.out, self.raw = process.returncode, out, err
        self.err = err.decode("utf-8", "replace")

    def __str__(self):
        line = b" ".join(self.arguments)[:300].decode("utf-8", "replace")
        return "roost %s\nexit code %s\n%s" % (line, self.code,
                                                self.err[-3000:])


class Bed(unittest.TestCase):
    """A data folder with one of everything, and no server."""

    serving = False

    @classmethod
    def setUpClass(cls):
        cls.server = RoostServer('postmaster = "anna"\n')
        if cls.serving:
            cls.server.start()
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="roost-nonsense-"))
        os.chmod(cls.work, 0o755)
        cls.known = commands()
        users = cls.server.folder / "users.csv"
        users.write_text("new,{PLAIN}secret\n")
        for command in (
                ["user", "add", "anna", "--generate"],
                ["domain", "add", "example.org"],
                ["domain", "add", "example.net"],
                ["alias", "add", "sales@example.org", "anna"],
                ["dkim", "new", "example.org", "--selector", "sel",
                 "--bits", "1024"]):
            cls.server.roost(*command)

    @classmethod
    def tearDownClass(cls):
        if cls.serving:
            cls.server.stop()
        cls.server.remove()
        shutil.rmtree(cls.work, True)

    def run_command(self, name, arguments, config=None, **options):
        where = [] if name in ALONE else [
            "--config", config or self.server.config]
        return Run(name.split() + where + list(arguments), **options)

    def sense(self, name):
        arguments, options = SENSE[name]
        path = self.work / ("out" if name.startswith("export") else ".")
        places = {"PATH": str(path),
                  "FILE": str(self.server.folder / "users.csv")}
        return [places.get(a, a) for a in arguments], list(options)

    @classmethod
    def state(cls):
        """What no nonsense may change."""
        return [cls.server.roost(*words) for words in (
            ("user", "list"), ("domain", "list"), ("alias", "list"),
            ("dkim", "list"), ("queue", "list"), ("user", "detail", "anna"))]

    def judge(self, run, *codes, named=False):
        """A sentence, and no more than the person may see. `named`: the name
        of a file or folder and the system's reason are enough of one."""
        self.assertIn(run.code, codes, run)
        self.assertIsNone(REPORT.search(run.err), run)
        self.assertEqual(run.err.encode(), run.raw, run)  # it is UTF-8
        self.assertTrue(run.err.endswith("\n"), run)
        self.assertIsNone(re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]",
                                    run.err), run)
        line = run.err.splitlines()[-1]
        self.assertLess(len(line), 1500, run)
        # Three words at least, beyond a path and the name of an error.
        said = re.sub(r"^[^ ]*: ", "", line)
        said = re.sub(r"(^|[ :])/[^ ]*", " ", said)
        for number in range(1, 134):
            said = said.replace(": " + os.strerror(number), "")
            if said.strip() == os.strerror(number):
                said = ""
        if not named:
            self.assertGreaterEqual(len(re.findall(r"\w\w+", said)), 3, run)
        # Paths that the person did not name.
        given = b" ".join(run.arguments).decode("utf-8", "replace") + str(
            self.server.data) + self.server.config.read_text()
        for path in re.findall(r"(?:^|[ \"'])(/[^ :,;\"')]+)", line):
            self.assertIn(path.split("...")[0].rstrip(".:"), given, run)

    def refuse(self, name, arguments, *codes, named=False, **options):
        with self.subTest(name, arguments=str(arguments)[:200]):
            self.judge(self.run_command(name, arguments, **options), *codes,
                       named=named)


class Unchanged:
    """Nonsense in what is written on the command line changes nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.before = cls.state()

    @classmethod
    def tearDownClass(cls):
        after = cls.state()
        left = list(cls.work.iterdir())
        super().tearDownClass()
        if after != cls.before or left:
            raise AssertionError("%s\nbecame %s, %s" % (
                cls.before, after, left))

    def each_argument(self, words, *codes, paths=()):
        """Each command with nonsense for each of its arguments in turn; a path
        may be anything and then has codes of its own. The first command gets
        all words, the others the last one."""
        for name in SENSE:
            arguments, options = self.sense(name)
            some = words if name == "user add" else words[-1:]
            for word, i in itertools.product(some, range(len(arguments))):
                path = SENSE[name][0][i] in ("PATH", "FILE")
                changed = arguments[:i] + [word] + arguments[i + 1:]
                if not path:
                    self.refuse(name, options + changed, *codes)
                elif paths:
                    self.refuse(name, options + changed, *paths, named=True)


@only_roost
class Words(Unchanged, Bed):
    """Nonsense that is seen before anybody is asked."""

    def test_every_command_is_in_the_table(self):
        self.assertEqual(sorted(SENSE), sorted(self.known))

    def test_missing_arguments(self):
        for name in SENSE:
            arguments, options = self.sense(name)
            if arguments and name not in OPTIONAL:
                self.refuse(name, options + arguments[:-1], USAGE)
            if options[:1] == ["--user"]:
                self.refuse(name, arguments, USAGE)

    def test_arguments_too_many(self):
        for name in SENSE:
            arguments, options = self.sense(name)
            more = 101 if name in MANY else 1
            if name == "user detail":
                arguments.append("inbox")
            self.refuse(name, options + arguments + ["more"] * more, USAGE)

    def test_empty_arguments(self):
        self.each_argument([""], USAGE, paths=(USAGE,))

    def test_control_characters(self):
        self.each_argument(["a\nb", "a\x7f", "a\u009bb", "\t", "a\x1b[2Jb"],
                           USAGE)

    def test_what_is_not_utf8(self):
        self.each_argument([b"a\xc3", b"\xed\xa0\x80@example.org",
                            b"\xff\xfe"], USAGE)

    def test_very_long_arguments(self):
        self.each_argument([LONG], USAGE, paths=(NOT_FOUND, REFUSED, FAILED))

    def test_unknown_options(self):
        for name in SENSE:
            arguments, options = self.sense(name)
            unknown = ["--nonsense", "-x"]
            if name == "user add":
                unknown += ["--nonsense=x", "--\x1b[2J", b"--\xff",
                            "--" + LONG]
            for option in unknown:
                self.refuse(name, arguments + options + [option], USAGE)

    def test_options_without_or_with_a_value_and_twice(self):
        for name, options in self.known.items():
            text = harness.run_program(
                program(), *name.split(), "--help").decode()
            for option in options:
                if option in ("help", "config"):
                    continue
                takes = re.search(r"(?m)^  --%s \S" % option, text)
                option = "--" + option
                value = VALUES.get(option, NONE)
                arguments, needed = self.sense(name)
                if needed and needed[0] == option:
                    needed = []
                if takes:
                    self.refuse(name, arguments + needed + [option], USAGE)
                    self.refuse(name, arguments + needed + [option + "="],
                                USAGE)
                    self.refuse(name, arguments + needed + [
                        option, value, option, value], USAGE)
                else:
                    self.refuse(name, arguments + needed + [option + "=x"],
                                USAGE)
                    self.refuse(name, arguments + needed + [option, option],
                                USAGE)

    def test_options_that_exclude_each_other(self):
        for name, one, other in EXCLUSIVE:
            arguments, _ = self.sense(name)
            if name == "queue retry":
                arguments = []
            for order in ([one, other], [other, one]):
                self.refuse(name, arguments + order, USAGE)
        for name in ("queue retry",):
            self.refuse(name, ["0" * 20, "--all"], USAGE)
            self.refuse(name, [], USAGE)

    def test_numbers(self):
        for number in ("-1", "0", "12x", "0x800", "1e3", " 2048", "2048 ",
                       "2 048", "99999999999999999999", "4294967296", "\u0663"):
            self.refuse("dkim new", ["example.org", "--bits=" + number], USAGE)

    def test_no_command(self):
        for words in ([], ["nonsense"], ["user"], ["user", "nonsense"],
                      ["user", "add", "a", "b"], ["--nonsense"], [""], ["-"],
                      ["--"], ["\x1b[2J"], [b"\xff"], [LONG],
                      ["help", "nonsense"], ["help", "user", "nonsense"],
                      ["help", "user", "add", "nonsense"],
                      ["--data", "/nonsense", "user", "list"],
                      ["version", "nonsense"], ["--version", "nonsense"]):
            with self.subTest(str(words)[:100]):
                run = Run(words)
                self.assertEqual(run.out, b"")
                if words not in ([], ["user"]):
                    self.judge(run, USAGE)
                self.assertEqual(run.code, USAGE)
                self.assertTrue(run.err)

    def test_questions_that_are_answered(self):
        for words in (["--version"], ["-V"], ["version"], ["help"], ["-h"],
                      ["--help"], ["help", "user"], ["user", "--help"],
                      ["help", "user", "add"], ["user", "add", "--help"],
                      ["user", "help"], ["user", "add", "x", "-h"]):
            with self.subTest(words):
                run = Run(words)
                self.assertEqual((run.code, run.err), (0, ""))
                self.assertIn(b"roost", run.out)


class Names(Unchanged):
    """Nonsense that whoever has the data sees."""

    def test_blank_arguments(self):
        # "trace anna '   '": neither on nor off.
        self.each_argument(["   "], USAGE, NOT_FOUND, REFUSED)

    def test_arguments_as_long_as_may_be(self):
        # The sentence must still say what is wrong.
        self.each_argument(["y" * 1000], USAGE, NOT_FOUND, REFUSED)

    def test_names_that_do_not_exist(self):
        for name, arguments, code in (
                ("user passwd", [NONE, "--generate"], NOT_FOUND),
                ("user disable", [NONE], NOT_FOUND),
                ("user enable", [NONE], NOT_FOUND),
                ("user remove", [NONE, "--yes"], NOT_FOUND),
                ("user detail", [NONE], NOT_FOUND),
                ("user sessions", [NONE], NOT_FOUND),
                ("user sending", [NONE], NOT_FOUND),
                ("user sending", [NONE, "default"], NOT_FOUND),
                ("user kick", [NONE], NOT_FOUND),
                ("user logins", [NONE], NOT_FOUND),
                ("user credentials", [NONE], NOT_FOUND),
                ("user revoke", [NONE, "all"], NOT_FOUND),
                ("user revoke", ["anna", "12345"], NOT_FOUND),
                ("user revoke", ["anna", NONE], REFUSED),
                ("user revoke", ["anna", "second-factor"], NOT_FOUND),
                ("user app-password", [NONE, "x"], NOT_FOUND),
                ("user app-password", ["anna", "x", "--for", NONE], REFUSED),
                ("user app-password", ["anna", "x", "--days", NONE], USAGE),
                ("user detail", [NONE, "inbox"], NOT_FOUND),
                ("user detail", ["anna", NONE], REFUSED),
                ("domain set", [NONE, "--primary"], NOT_FOUND),
                ("domain remove", [NONE], NOT_FOUND),
                ("domain check", [NONE], NOT_FOUND),
                ("domain add", ["new.example", "--alias-of", NONE], REFUSED),
                ("domain add", ["new.example", "--catch-all", NONE], REFUSED),
                ("domain set", ["example.net", "--catch-all", NONE], REFUSED),
                ("alias add", ["x@example.org", NONE], REFUSED),
                ("alias add", ["x@other.example", "anna"], REFUSED),
                ("alias remove", [NONE + "@example.org"], NOT_FOUND),
                ("alias remove", ["sales@example.org", NONE], NOT_FOUND),
                ("alias list", [NONE], NOT_FOUND),
                ("dkim new", [NONE], NOT_FOUND),
                ("dkim new", ["example.org", "--algorithm", NONE], REFUSED),
                ("dkim list", [NONE], NOT_FOUND),
                ("dkim dns", [NONE], NOT_FOUND),
                ("dkim remove", [NONE, "sel"], NOT_FOUND),
                ("dkim remove", ["example.org", NONE], NOT_FOUND),
                ("queue list", ["--domain", "a b"], REFUSED),
                ("queue show", [NONE], NOT_FOUND),
                ("queue retry", [NONE], NOT_FOUND),
                ("queue hold", [NONE], NOT_FOUND),
                ("queue release", [NONE], NOT_FOUND),
                ("queue remove", [NONE], NOT_FOUND),
                ("import mbox", ["--user", NONE, self.work], NOT_FOUND),
                ("import maildir", ["--user", NONE, self.work], NOT_FOUND),
                ("import eml", ["--user", NONE, self.work], NOT_FOUND),
                ("export maildir", ["--user", NONE, self.work], NOT_FOUND),
                ("trace", [NONE, "on"], NOT_FOUND),
                ("trace", ["anna", NONE], USAGE)):
            self.refuse(name, arguments, code)

    def test_numbers_out_of_range(self):
        for number in ("1", "1023", "4097", "4294967295"):
            self.refuse("dkim new", ["example.org", "--bits=" + number],
                        REFUSED)


@only_roost
class NamesOffline(Names, Bed):
    pass


@only_roost
class NamesOnline(Names, Bed):
    serving = True


@only_roost
class Files(Bed):
    """Files and folders that are not what they should be."""

    # What is one for all commands is tried with all kinds only with these.
    SOME = ("serve", "user add", "user list", "domain check",
            "import maildir")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-files-"))
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, True)

    def configured(self):
        return [name for name in SENSE if name not in ALONE | WHOLE]

    def test_configurations(self):
        (self.folder / "rubbish").write_bytes(os.urandom(5000))
        (self.folder / "nul").write_bytes(b"threads = 1\n\0")
        (self.folder / "long").write_bytes(b"#" * (2 << 20))
        (self.folder / "closed").write_text("")
        (self.folder / "closed").chmod(0)
        (self.folder / "loop").symlink_to("loop")
        for what in ("none", "", "rubbish", "nul", "long", "loop",
                     "rubbish/below"):
            for name in ("user list", "serve", "config check"):
                self.refuse(name, self.sense(name)[0], USAGE,
                            config=self.folder / what)
        for name in self.SOME:
            arguments, options = self.sense(name)
            self.refuse(name, arguments + options, USAGE,
                        config=self.folder / "none")

    def test_a_pipe_for_a_configuration(self):
        os.mkfifo(self.folder / "fifo")
        self.refuse("config check", [], USAGE, config=self.folder / "fifo")
        # One to which somebody writes is read.
        reader, writer = os.pipe()
        os.write(writer, b"threads = nonsense\n")
        os.close(writer)
        run = Run(["config", "check", "--config", "/dev/fd/%d" % reader],
                  pass_fds=[reader])
        os.close(reader)
        self.assertEqual(run.code, USAGE)
        self.assertIn("threads wants a number", run.err)

    def test_data_folders(self):
        (self.folder / "file").write_text("mail")
        os.mkfifo(self.folder / "fifo")
        (self.folder / "loop").symlink_to("loop")
        for name in self.configured():
            arguments, options = self.sense(name)
            some = 6 if name in self.SOME else 1
            for what, codes in (
                    ("file", (REFUSED,)), ("fifo", (REFUSED,)),
                    ("file/below", (NOT_FOUND, REFUSED, FAILED)),
                    ("loop", (NOT_FOUND, REFUSED, FAILED)),
                    ("d" * 200, (REFUSED,)), ("d" * 5000, (REFUSED,)))[:some]:
                if name == "config check":
                    continue  # it reads the data only where there is some
                self.refuse(name, arguments + options + [
                    "--data", self.folder / what], *codes)
        self.assertEqual((self.folder / "file").read_text(), "mail")
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()),
                         ["fifo", "file", "loop"])

    def test_no_data_folder(self):
        made = {"serve", "user add", "user import", "domain add",
                "config check"}
        # They look into the folder of backups first.
        elsewhere = {"backup list", "backup verify", "restore"}
        for name in self.configured():
            arguments, options = self.sense(name)
            if name not in made and name not in elsewhere:
                self.refuse(name, arguments + options + [
                    "--data", self.folder / "none"], NOT_FOUND)
        self.assertEqual(list(self.folder.iterdir()), [])

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user")
    def test_a_user_who_may_not(self):
        other = pwd.getpwnam("daemon").pw_uid
        self.server.start()
        try:
            for name in self.configured():
                arguments, options = self.sense(name)
                if name == "config check":
                    continue
                self.refuse(name, arguments + options, REFUSED, FAILED,
                            user=other)
        finally:
            self.server.stop()
        for name in self.SOME:
            arguments, options = self.sense(name)
            self.refuse(name, arguments + options, REFUSED, FAILED, user=other)

    def test_sources_and_targets_of_mail(self):
        (self.folder / "file").write_text("no mail\n")
        (self.folder / "folder").mkdir()
        (self.folder / "folder" / "x").write_text("x")
        (self.folder / "loop").symlink_to("loop")
        os.mkfifo(self.folder / "fifo")
        for kind in ("maildir", "mbox", "eml"):
            for what in ("none", "file/below", "loop", LONG, "fifo"):
                self.refuse("import " + kind, [
                    "--user", "anna", self.folder / what],
                    1, NOT_FOUND, REFUSED, FAILED, named=True)
        for what in ("file", "folder", "loop", "file/below", "none/below",
                     LONG, "fifo"):
            self.refuse("export maildir", [
                "--user", "anna", self.folder / what],
                NOT_FOUND, 5, REFUSED, FAILED, named=True)
        self.assertEqual((self.folder / "file").read_text(), "no mail\n")
        self.assertIn("1000          6         0      0",
                      self.server.roost("user", "list"))

    def test_passwords(self):
        for name in ("user add", "user passwd"):
            who = self.sense(name)[0]
            for option in ("--password-stdin", "--hash-stdin"):
                for text in (b"", b"\n", b"x" * (1 << 20), b"\xff\n",
                             b"a\0b\n", b"{\x1b[2J}x\n"):
                    with self.subTest(name, option=option, text=text[:20]):
                        with tempfile.TemporaryFile() as file:
                            file.write(text)
                            file.seek(0)
                            run = self.run_command(
                                name, who + [option], stdin=file)
                        self.judge(run, USAGE, REFUSED)
                        self.assertEqual(run.out, b"")
            self.refuse(name, who, USAGE)  # no terminal to ask
        self.refuse("user remove", ["anna"], USAGE)
        self.assertEqual(self.server.roost("user", "list").count("enabled"), 1)


@only_roost
class Streams(Bed):
    """Standard input, output and error that are not there."""

    PRINTING = ["user list", "user detail", "domain list", "domain check",
                "alias list", "dkim list", "dkim dns", "route", "queue list",
                "check", "status", "config check", "config sample", "version"]

    def printing(self):
        for name in self.PRINTING:
            arguments, options = self.sense(name)
            yield name, arguments + options
        yield "help", []
        yield "user add", ["--help"]
        yield "user passwd", ["anna", "--generate"]

    def judge_lost(self, name, arguments, **options):
        with self.subTest(name):
            if name == "help":
                run = Run(["help"], **options)
            else:
                run = self.run_command(name, arguments, **options)
            self.judge(run, FAILED)
            self.assertIn("could be written", run.err)

    def test_a_full_disk(self):
        for name, arguments in self.printing():
            with open("/dev/full", "w") as full:
                self.judge_lost(name, arguments, stdout=full)

    def test_a_reader_who_is_gone(self):
        for name, arguments in self.printing():
            reader, writer = os.pipe()
            os.close(reader)
            self.judge_lost(name, arguments, stdout=writer)
            os.close(writer)

    def test_output_that_is_closed(self):
        for name, arguments in self.printing():
            self.judge_lost(name, arguments, preexec_fn=lambda: os.close(1))

    def test_all_closed(self):
        def close():
            for fd in range(3):
                os.close(fd)
        before = self.server.roost("user", "list")
        # What is opened must not be taken for one of them.
        for name, arguments in self.printing():
            with self.subTest(name):
                words = ["help"] if name == "help" else name.split()
                run = Run(words + arguments + (
                    [] if name in ALONE or name == "help"
                    else ["--config", self.server.config]), preexec_fn=close)
                self.assertEqual(run.code, FAILED)
        self.assertEqual(self.server.roost("user", "list"), before)
        self.assertIn(": 0 problems", self.server.roost("check"))

    def test_input_that_is_closed(self):
        for name in ("user add", "user passwd"):
            for option in ("--password-stdin", "--hash-stdin"):
                self.refuse(name, self.sense(name)[0] + [option], USAGE,
                            preexec_fn=lambda: os.close(0))
        self.refuse("user remove", ["anna"], USAGE,
                    preexec_fn=lambda: os.close(0))


class BadServer:
    """Listens at a data folder's control socket, sends `greeting` to whoever
    comes, reads a request, sends `answer`, and hangs up."""

    def __init__(self, data, greeting, answer=None):
        self.greeting, self.answer = greeting, answer
        self.path = data / "control.sock"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(self.path))
        self.socket.listen(8)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with peer:
                try:
                    peer.sendall(self.greeting)
                    if self.answer is not None:
                        peer.recv(65536)
                        peer.sendall(self.answer)
                except OSError:
                    pass  # the command has gone

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()
        self.path.unlink()


@only_roost
class LostServers(Bed):
    """A server that stops in the middle, or is none."""

    GREETING = b'{"roost": "0", "serving": true}\n'

    def lose(self, greeting, answer=None, names=(
            "user list", "queue list", "check", "import maildir")):
        bad = BadServer(self.server.data, greeting, answer)
        try:
            for name in names:
                # The last wants no server, and sees one here.
                if name in ALONE or name in ("config check", "serve",
                                             "repair"):
                    continue
                arguments, options = self.sense(name)
                self.refuse(name, arguments + options, FAILED, REFUSED)
        finally:
            bad.close()

    def test_it_hangs_up_at_once(self):
        self.lose(b"")

    def test_it_hangs_up_in_the_middle(self):
        self.lose(self.GREETING, b"",
                  [name for name in SENSE if name not in WHOLE])

    def test_it_hangs_up_in_an_answer(self):
        self.lose(self.GREETING, b'{"note": "user", "na')

    def test_it_says_nonsense(self):
        self.lose(b"220 mail.example.org ESMTP\r\n")
        self.lose(self.GREETING, b"[]\n")
        self.lose(self.GREETING, b"\xff\n")
        self.lose(self.GREETING, b'{"result": "RC_NONSENSE"}\n')

    def test_it_says_too_much(self):
        self.lose(self.GREETING, b'{"note": "' + b"x" * (6 << 20))


if __name__ == "__main__":
    unittest.main()
