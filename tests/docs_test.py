# SPDX-License-Identifier: Apache-2.0
"""What the documentation says is true: its commands are read from it and run,
and the manual page, the help and the documents name the same commands."""

import os
import pathlib
import pty
import re
import shutil
import tempfile
import unittest

from dns_server import DnsServer
from harness import (PROJECT, SYSTEM_USER, RoostServer, give_away,
                     make_certificate, only_roost, program, run_program,
                     wait_until)

DOCS = PROJECT / "docs"
MAIL_SERVER = (DOCS / "mail-server.md").read_text()


def blocks(text):
    return re.findall(r"(?ms)^```\n(.*?)^```$", text)


def help_of(*command):
    return run_program(program(), *command, "--help").decode()


def commands():
    """{command: its options} as the program prints them."""
    listed = help_of().split("Commands:\n")[1].split("\n\n")[0]
    names = [re.match(r"  ([a-z]+(?: [a-z-]+)?)(?: |$)", line)
             for line in listed.splitlines()]
    names = [found[1] for found in names if found]
    # "serve   run": the summary is no part of the name.
    known = {}
    for name in names:
        words = name.split()
        if len(words) > 1 and not re.search(
                r"(?m)^  %s( |$)" % re.escape(name), listed):
            words = words[:1]
        known[" ".join(words)] = re.findall(
            r"(?m)^  --([a-z-]+)", help_of(*words))
    return known


def manual():
    """roost.1 without its markup."""
    text = (PROJECT / "packaging" / "roost.1").read_text()
    text = re.sub(r"\\f[A-Z]|\\fP", "", text).replace("\\-", "-")
    text = re.sub(r'(?m)^\.[A-Z]+ ?', "", text).replace('"', "")
    return re.sub(r"[ \t]+", " ", text)


class Agreement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.commands = commands()

    def test_all_commands_are_found(self):
        self.assertGreater(len(self.commands), 35)
        self.assertIn("serve", self.commands)
        self.assertIn("queue remove", self.commands)

    def test_the_manual_page_has_each_command_and_option(self):
        text = manual()
        for name, options in self.commands.items():
            with self.subTest(name):
                self.assertRegex(text, r"roost %s\b" % name)
                for option in options:
                    self.assertIn("--" + option, text)

    def test_the_documents_have_each_command(self):
        text = "".join((DOCS / f).read_text() for f in (
            "administration.md", "mail-server.md"))
        for name in self.commands:
            with self.subTest(name):
                self.assertRegex(text, r"roost %s\b" % name)

    def test_every_command_that_is_named_exists(self):
        texts = [manual(), (PROJECT / "README.md").read_text()]
        texts += [path.read_text() for path in DOCS.glob("*.md")]
        for text in texts:
            found = re.findall(r"(?m)^roost ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?", "".join(
                blocks(text)))
            found += re.findall(r"`roost ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?", text)
            found += re.findall(
                r"(?m)^roost ([a-z]+) ([a-z-]+) (?=[A-Z])", text)
            for first, second in found:
                self.assertTrue(
                    first in self.commands or first == "help"
                    or "%s %s" % (first, second) in self.commands
                    or not second and any(
                        name.startswith(first + " ")
                        for name in self.commands), (first, second))

    def test_exit_codes_are_the_same(self):
        shown = re.findall(r"(?m)^  (\d)  ", help_of())
        written = re.findall(r"(?m)^\.B (\d)$", (
            PROJECT / "packaging" / "roost.1").read_text())
        self.assertEqual(shown, written)

    def test_each_ports_capability_and_family_is_in_the_unit(self):
        unit = (PROJECT / "packaging" / "roost.service").read_text()
        for kind in ("CapabilityBoundingSet", "AmbientCapabilities"):
            self.assertEqual(
                re.findall(r"(?m)^%s=(.*)$" % kind, unit),
                ["CAP_NET_BIND_SERVICE"])
        self.assertIn("User=roost\n", unit)
        families = re.search(
            r"(?m)^RestrictAddressFamilies=(.*)$", unit)[1].split()
        self.assertEqual(families, ["AF_INET", "AF_INET6", "AF_UNIX"])
        self.assertIn("RuntimeDirectory=roost\n", unit)


@only_roost
def log_words():
    """All events, and all keys, of the log's lines in the source."""
    call = re.compile(r"\b(\w*log_(?:begin|text|add\w*)|\w*begin_line)"
                      r"\(([^;]*);")
    events, keys = set(), set()
    for path in sorted((PROJECT / "src").rglob("*.c")):
        if path.stem.endswith(("_test", "_fuzz", "_bench")):
            continue
        for name, arguments in call.findall(path.read_text()):
            words = re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)
            if "add" in name:
                keys.update(words[:1])
            elif "text" in name:
                events.update(words[:1])
            else:
                events.update(words)
    return events, keys


class Log(unittest.TestCase):
    def test_events_and_keys_are_words_joined_by_underscores(self):
        events, keys = log_words()
        self.assertGreater(len(events), 30)
        self.assertGreater(len(keys), 30)
        self.assertEqual([w for w in sorted(events | keys) if not
                          re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", w)], [])

    def test_the_guide_has_each_event(self):
        guide = (DOCS / "administration.md").read_text()
        table = guide.split("| event | says |")[1].split("\n\n")[0]
        events, _ = log_words()
        self.assertEqual(set(re.findall(r"`([a-z0-9_]+)`", table)), events)


class Install(unittest.TestCase):
    def test_all_is_put_below_destdir_and_no_configuration_is_lost(self):
        build = pathlib.Path(program()).parent
        if not (build / "build.ninja").exists():
            self.skipTest("the program does not lie in its build folder")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-install-"))
        self.addCleanup(shutil.rmtree, folder, True)

        def install():
            run_program("meson", "install", "-C", build, "--no-rebuild",
                        "--destdir", folder)
        install()
        files = {path.name: path for path in folder.rglob("*")
                 if path.is_file()}
        for name in ("roost", "roost.1", "roost.conf", "roost.service"):
            self.assertIn(name, files)
        unit = files["roost.service"].read_text()
        start = re.search(r"(?m)^ExecStart=(\S+) serve$", unit)[1]
        self.assertTrue((folder / start.lstrip("/")).is_file(), start)
        own = [path for path in folder.rglob("etc/roost/roost.conf")]
        self.assertEqual(len(own), 1)
        self.assertEqual(own[0].read_text(), (
            PROJECT / "packaging" / "roost.conf").read_text())
        own[0].write_text("threads = 3\n")
        install()
        self.assertEqual(own[0].read_text(), "threads = 3\n")


@only_roost
class MailServer(unittest.TestCase):
    """docs/mail-server.md, step by step, next to a server that was made with
    the configuration in it."""

    def setUp(self):
        self.dns = DnsServer("mail.example.org. IN A 192.0.2.1\n"
                             "1.2.0.192.in-addr.arpa. IN PTR "
                             "mail.example.org.\n"
                             "elsewhere.example. IN MX 10 "
                             "mx.elsewhere.example.\n"
                             "mx.elsewhere.example. IN A 192.0.2.9")
        self.addCleanup(self.dns.__exit__)
        config = next(b for b in blocks(MAIL_SERVER) if "server_name" in b)
        self.server = RoostServer("relay = yes\n")
        self.server.DEFAULTS = {}
        self.addCleanup(self.server.remove)
        self.server.certificate, self.server.key = make_certificate(
            self.server.folder, "mail.example.org")
        self.server.certificates = []
        config = config.replace(
            "/etc/roost/mail.example.org.pem", str(self.server.certificate)
        ).replace("/etc/roost/mail.example.org.key", str(self.server.key))
        if SYSTEM_USER:
            config += 'user = "%s"\n' % SYSTEM_USER
        self.server.settings += config
        self.server.settings += 'dns_servers = "127.0.0.1@%d"\n' % self.dns.port
        self.server.write_config()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="roost-docs-"))
        self.addCleanup(shutil.rmtree, self.work, True)
        (self.work / "roost").write_text(
            '#!/bin/sh\nexec "%s" "$@" --config "%s"\n' % (
                program(), self.server.config))
        (self.work / "roost").chmod(0o755)

    def shell(self, command):
        """(exit code, output) of a command line as a person types it. When it
        asks for a password, the person types one."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["PATH"] = "%s:%s" % (self.work, os.environ["PATH"])
            os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
            os.execvp("timeout", ["timeout", "--foreground", "60",
                                  "sh", "-c", command])
        output, answered = b"", 0
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            output += piece
            # Two questions, each without a line end.
            while answered < len(re.findall(rb"assword[^\n]*: |gain: ",
                                            output)):
                os.write(terminal, b"pass word\n")
                answered += 1
        os.close(terminal)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return code, output.decode().replace("\r\n", "\n")

    def test_step_by_step(self):
        lines = [line for block in blocks(MAIL_SERVER)
                 for line in block.splitlines()
                 if re.match("roost (?!setup)", line)]  # see setup_test.py
        self.assertGreater(len(lines), 12)
        self.assertIn("no mistakes", self.shell(lines.pop(0))[1])
        self.server.start()
        self.addCleanup(self.server.stop)
        said = {}
        for line in lines:
            with self.subTest(line):
                code, said[line] = self.shell(line)
                # Nothing is in DNS yet.
                wanted = 1 if line.startswith("roost domain check") else 0
                self.assertEqual(code, wanted, said[line])
        self.assertRegex(said["roost user list"],
                         r"(?m)^anna +enabled .* anna@example\.org\n")
        self.assertIn("user anna gets it", said[
            "roost route sales@example.org"])
        self.assertIn("nothing waits", said["roost queue list"])
        zone = said["roost domain check example.org"]
        self.assertIn("; missing: ", zone)
        self.assertNotIn("; unknown: ", zone)
        # What it prints is pasted, and then all is well.
        self.dns.add(zone)
        # A resolver remembers for some seconds that there was nothing.
        wait_until(lambda: self.shell("roost domain check example.org")[0] == 0,
                   "a good zone", 30)
        again = self.shell("roost domain check example.org")[1]
        self.assertEqual(again.count("; ok: "), 14, again)
        self.assertEqual(self.shell("roost route postmaster@example.com")[0], 0)
        self.assertNotIn("warn server_name", self.server.log())

    def test_a_name_that_dns_has_not_is_warned_of(self):
        self.dns.records = {}
        self.server.start()
        self.addCleanup(self.server.stop)
        self.server.wait_for_log(
            lambda line: "warn server_name" in line
            and "mail.example.org" in line)

    @unittest.skipUnless(os.geteuid() == 0, "another user takes root")
    def test_a_reload_as_another_user(self):
        self.server.start()
        self.addCleanup(self.server.stop)
        mark = self.server.log_mark()
        self.server.reload()
        line = self.server.wait_for_log(
            lambda line: " reload " in line or " mistake " in line, mark)
        self.assertIn("info reload", line)
        # For root only: the certificates are read again all the same.
        self.server.config.chmod(0o600)
        mark = self.server.log_mark()
        self.server.reload()
        self.server.wait_for_log(lambda line: " mistake " in line, mark)
        self.server.wait_for_log(lambda line: "info reload" in line, mark)

    def test_a_password_that_all_can_read_is_warned_of(self):
        self.server.settings += (
            'relay_host = "smtp.provider.example:587"\n'
            'relay_user = "anna"\nrelay_password = "secret"\n')
        self.server.write_config()
        self.server.config.chmod(0o644)
        code, said = self.shell("roost config check")
        self.assertEqual(code, 1)
        self.assertIn("can read relay_password", said)
        self.assertNotIn("secret", said)
        self.server.config.chmod(0o640)
        self.assertEqual(self.shell("roost config check")[0], 0)


class Examples(unittest.TestCase):
    def test_the_configurations_in_the_documents_are_right(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-docs-"))
        self.addCleanup(shutil.rmtree, folder, True)
        pair = make_certificate(folder, "mail.example.org")
        give_away(folder)
        count = 0
        for path in DOCS.glob("*.md"):
            for block in blocks(path.read_text()):
                if not re.search(r"(?m)^[a-z_]+ = \S|^listen", block):
                    continue
                count += 1
                text = re.sub(r'(certificate|key) = "/etc/roost/[^"]*"',
                              lambda found: '%s = "%s"' % (
                                  found[1], pair[found[1] == "key"]), block)
                text = re.sub(r'"/etc/roost/[^"]*"', '"/dev/null"', text)
                text += '\ndata = "%s"\n' % folder
                if "server_name" not in text:
                    text += 'server_name = "mail.example.org"\n'
                # The one that explains the syntax.
                text = re.sub(r"(?m)^setting = .*$", "", text)
                (folder / "c").write_text(text)
                (folder / "c").chmod(0o640)
                with self.subTest("%s: %s" % (path.name, block[:40])):
                    out = run_program(program(), "config", "check",
                                      "--config", folder / "c",
                                      want=None).decode()
                    self.assertRegex(out, "no mistakes")
        self.assertGreaterEqual(count, 3)


if __name__ == "__main__":
    unittest.main()
