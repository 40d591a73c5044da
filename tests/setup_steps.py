# SPDX-License-Identifier: Apache-2.0
"""What setup_test.py runs inside its machine: `roost setup` from an installed
program to mail that works, with everything in its way that a machine can have.
The tests run in the order of their names; each goes on where the last one
stopped."""

import os
import pathlib
import pty
import re
import select
import shutil
import socket
import ssl
import subprocess
import time
import unittest
import urllib.request

from dns_server import DnsServer, listen
from pebble import Pebble

CONFIG = pathlib.Path("/etc/roost/roost.conf")
HOST, DOMAIN, ADDRESS = "mail.example.test", "example.test", "10.77.0.5"
REVERSE = "5.0.77.10.in-addr.arpa"
ANSWERS = ["setup", "--host", HOST, "--domain", DOMAIN, "--user", "anna"]
SECONDS = 300  # more than anything may take

# A service that has the port of mail, as Debian's exim4 does.
SQUATTER = """
[Unit]
DefaultDependencies=no
[Service]
ExecStart=/usr/bin/python3 -c "import socket, time; \
s = [socket.create_server(('127.0.0.1', port)) for port in (80, 25)]; \
time.sleep(1000)"
"""


def run(*words, user=None, given=""):
    """Exit code and what was said."""
    done = subprocess.run(
        ["roost", *words], input=given.encode(), user=user,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
    return done.returncode, done.stdout.decode()


def trust(ca):
    """Makes this machine trust the authority."""
    url = "https://%s/roots/0" % ca.settings["managementListenAddress"]
    with urllib.request.urlopen(
            url, context=ssl._create_unverified_context()) as answer:
        root = answer.read()
    bundle = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
    bundle.write_bytes(bundle.read_bytes() + root)
    os.environ["SSL_CERT_FILE"] = str(bundle)


class Person:
    """Who sits at the terminal."""

    def __init__(self, *words):
        self.said = ""
        self.seen = 0
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvp("roost", ["roost", *words])

    def read(self):
        ready, _, _ = select.select([self.terminal], [], [], SECONDS)
        try:
            piece = os.read(self.terminal, 4096) if ready else b""
        except OSError:
            piece = b""
        self.said += piece.decode().replace("\r\n", "\n")
        return bool(piece)

    def wait(self, words):
        """Reads on until this is said."""
        while words not in self.said[self.seen:]:
            if not self.read():
                raise AssertionError(
                    "never said: %s\n%s" % (words, self.said))
        self.seen = self.said.index(words, self.seen) + len(words)

    def answer(self, question, line):
        self.wait(question)
        os.write(self.terminal, line.encode() + b"\n")

    def end(self):
        while self.read():
            pass
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Setup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dns = DnsServer(listening=listen(port=53))
        cls.sample = CONFIG.read_text()

    def said(self, said, *lines):
        """`said` has these lines, or what is left of them."""
        for line in lines:
            self.assertRegex(said, r"(?m)^" + line.replace(" ", " +"), said)

    def test_1_only_root_can(self):
        code, said = run(*ANSWERS, "--generate", user="nobody")
        self.assertEqual(code, 6, said)
        self.said(said, "FAILED rights Only root", " Run it as root: sudo")
        self.assertEqual(CONFIG.read_text(), self.sample)

    def test_2_what_is_missing_or_nonsense_is_said(self):
        table = [
            (["setup"], "--host is missing"),
            (["setup", "--host", "mail"], "the name has no domain"),
            (["setup", "--host", "10.1.2.3"], "this is an address"),
            (["setup", "--host", "a..b"], "not a name as DNS has them"),
            (ANSWERS[:-1] + ["ben@other.test"], "is one of the domain"),
            (ANSWERS, "Nobody can be asked for the user's password"),
            (ANSWERS + ["--acme", "perhaps"], "the answer is yes or no"),
        ]
        for words, want in table:
            with self.subTest(want):
                code, said = run(*words)
                self.assertEqual(code, 2, said)
                self.said(said, "FAILED questions ")
                self.assertIn(want, said)
        self.assertEqual(CONFIG.read_text(), self.sample)
        self.assertFalse(pathlib.Path("/var/lib/roost").exists())

    def test_3_a_port_that_is_taken(self):
        unit = pathlib.Path("/etc/systemd/system/exim4.service")
        unit.write_text(SQUATTER)
        subprocess.run(["systemctl", "daemon-reload"], check=True)
        subprocess.run(["systemctl", "start", "exim4"], check=True)
        until = time.monotonic() + SECONDS
        while not self.is_open(25):
            self.assertLess(time.monotonic(), until)
            time.sleep(0.1)
        code, said = run(*ANSWERS, "--password-stdin", given="secret-anna\n")
        self.assertEqual(code, 4, said)
        self.said(said, "ok config /etc/roost/roost.conf was written",
                  r"FAILED ports Port 25 is taken by python3 of exim4.service",
                  ".*systemctl disable --now exim4.service",
                  "note ports Port 80 is taken by python3, so mail programs")
        subprocess.run(["systemctl", "stop", "exim4"], check=True)
        # The file begins with what was answered; the sample is kept.
        text = CONFIG.read_text()
        self.assertTrue(text.endswith(self.sample), text[:300])
        self.assertEqual(
            re.findall(r"(?m)^\w.*", text),
            ['server_name = "%s"' % HOST, 'postmaster = "anna"'])
        self.assertEqual(
            CONFIG.with_name("roost.conf.before-setup").read_text(),
            self.sample)
        self.assertEqual(CONFIG.stat().st_mode & 0o777, 0o644)

    def test_4_a_person_is_led_through_it(self):
        self.dns.add("gmail.com. IN MX 5 mx.gmail.com.\n"
                     "mx.gmail.com. IN A 192.0.2.1\n"
                     "%s. IN PTR other.test." % REVERSE)
        person = Person("setup")
        person.answer("Name of this server [%s]: " % HOST, "")
        person.answer("(behind the @) [%s]: " % DOMAIN, "")
        person.answer("First user (before the @) [anna]: ", "@")
        person.answer("a name is wanted", "anna")
        person.answer("Password: ", "secret-anna")
        person.answer("Again: ", "secret-anna")
        person.answer("Go on? [yes]: ", "")
        person.wait("Put these records into the zone of %s:" % DOMAIN)
        start = person.seen
        person.wait("Press Enter when they are there: ")
        zone = "\n".join(
            line for line in person.said[start:person.seen].splitlines()
            if " IN " in line and not line.startswith(HOST))
        self.assertIn("_domainkey", zone)
        # One is forgotten at first. The names of mail programs lead to the
        # host's address.
        zone = re.sub(r"(?m)^(auto\S+) IN CNAME .*", r"\1 IN A " + ADDRESS,
                      zone)
        mx = [line for line in zone.splitlines() if " MX " in line]
        self.assertEqual(len(mx), 1, zone)
        self.dns.add("%s. IN A %s\n%s" % (
            HOST, ADDRESS, zone.replace(mx[0], "")))
        os.write(person.terminal, b"\n")
        person.wait("Records that DNS does not have yet: 1.")
        self.dns.add(mx[0])
        code = person.end()
        said = person.said
        self.assertEqual(code, 1, said)
        self.said(
            said, "ok config .* stays as it is", r"ok ports \d+ ports are free",
            "ok folder ", "ok domain The domain example.test was added",
            "ok user The user anna was added: anna@example.test",
            "ok keys Two keys",
            "wait dns Records that DNS does not have yet: 1",
            "FAILED dns Not right: the name of its address.*: other.test",
            ".*the address 10.77.0.5 sets its name.*it must be " + HOST,
            r"FAILED port 25 .*mx.gmail.com \(192.0.2.1\)",
            ".*relay_host", "ok service The server was started",
            "note certificate .*signed itself",
            "ok mail A message from anna@example.test to itself was sent, "
            "and arrived; it is deleted again",
            "IMAP mail.example.test 993 SSL/TLS anna@example.test",
            "sending mail.example.test 465 SSL/TLS anna@example.test")
        self.assertNotIn("secret-anna", said)
        self.assertEqual(len(re.findall("(?m)^FAILED", said)), 2, said)

    def test_5_a_second_run_changes_nothing(self):
        self.dns.records.pop((REVERSE, 12))
        self.dns.add("%s. IN PTR %s." % (REVERSE, HOST))
        before = CONFIG.read_bytes(), CONFIG.stat().st_ino, \
            self.main_pid(), self.listed()
        # Here the server itself stands for another one that can be reached.
        self.dns.add("mx.outlook.com. IN A 127.0.0.9\n"
                     "outlook.com. IN MX 5 mx.outlook.com.")
        code, said = self.run_until_dns_is_new()
        self.assertEqual(code, 0, said)
        self.said(said, "ok config .* stays as it is",
                  "ok ports The server runs already", "ok folder ",
                  "ok domain example.test is a domain",
                  "ok user The user anna exists", "ok keys 2 keys",
                  r"ok dns (\d+) of \1 records", "ok port 25 Other",
                  "ok service The server runs", "ok mail ")
        self.assertEqual(before, (
            CONFIG.read_bytes(), CONFIG.stat().st_ino, self.main_pid(),
            self.listed()))

    def run_until_dns_is_new(self):
        """The server remembers an answer as long as its time to live."""
        until = time.monotonic() + SECONDS
        while True:
            code, said = run("setup", "--yes", "--password-stdin", "--no-wait",
                             given="secret-anna\n")
            if code == 0 or "other.test" not in said or \
                    time.monotonic() > until:
                return code, said
            time.sleep(1)

    def test_6_a_wrong_password_and_another_name(self):
        code, said = run("setup", "--yes", "--password-stdin", "--no-wait",
                         given="wrong\n")
        self.assertEqual(code, 1, said)
        self.said(said, "FAILED mail The server refuses the log-in",
                  ".*roost user passwd anna")
        person = Person("setup")
        for question in ("Name of this server", "behind the @", "First user",
                         "nothing: no test): ", "Go on?"):
            person.answer(question, "")
        self.assertEqual(person.end(), 0, person.said)
        self.said(person.said, "skipped mail Without the user's password")
        code, said = run("setup", "--yes", "--host", "mx.example.test")
        self.assertEqual(code, 2, said)
        self.said(said, "FAILED config .* called mail.example.test, not mx")
        self.assertIn('server_name = "mx.example.test"', said)

    def test_7_a_server_that_does_not_start_and_a_mistake(self):
        subprocess.run(["systemctl", "stop", "roost"], check=True)
        good = CONFIG.read_text()
        junk = CONFIG.with_name("junk.pem")
        junk.write_text("junk")
        CONFIG.write_text('%scertificate {\n certificate = "%s"\n key = "%s"'
                          '\n}\n' % (good, junk, junk))
        code, said = run("setup", "--yes", "--no-wait")
        self.assertEqual(code, 2, said)
        self.said(said, "FAILED check The server cannot run with")
        self.assertIn(str(junk), said)
        # The unit is not allowed to use it.
        CONFIG.write_text(good + 'data = "/srv/mail"\n')
        subprocess.run(["install", "-d", "-o", "roost", "/srv/mail"],
                       check=True)
        code, said = run(*ANSWERS, "--generate", "--no-wait")
        self.assertEqual(code, 7, said)
        self.said(said, "FAILED service The server did not start",
                  ".*journalctl -u roost")
        # systemd would try again by itself.
        subprocess.run(["systemctl", "stop", "roost"], check=True)
        CONFIG.write_text(good + "no_such = 1\n")
        code, said = run("setup", "--yes", "--no-wait")
        self.assertEqual(code, 2, said)
        self.said(said, "FAILED config .* has mistakes",
                  " Correct /etc/roost/roost.conf")
        CONFIG.write_text(good.replace('postmaster = "anna"', ""))
        code, said = run(*ANSWERS, "--yes", "--no-wait", "--no-start")
        self.assertEqual(code, 1, said)
        self.said(said, "FAILED check The server can run with .* not all is",
                  " Correct that in /etc/roost/roost.conf")
        CONFIG.write_text(good)
        code, said = run("setup", "--yes", "--no-wait", "--no-start")
        self.said(said, "skipped service .*systemctl enable --now roost",
                  "skipped mail ")

    def test_8_a_configuration_elsewhere_and_nothing_in_dns(self):
        folder = pathlib.Path("/tmp/elsewhere")
        (folder / "data").mkdir(parents=True)
        path, data = folder / "etc" / "roost.conf", folder / "data"
        where = ["--config", str(path), "--data", str(data)]
        words = ["setup", "--host", "mx.other.test", "--domain", "other.test",
                 "--user", "ben", "--acme", "yes", "--no-wait", "--no-start",
                 *where]
        code, said = run(*words, "--generate")
        self.assertEqual(code, 6, said)
        self.said(said, "FAILED folder .*is root's",
                  ".*chown -R roost: %s" % data)
        subprocess.run(["chown", "roost:", data], check=True)
        resolvers = pathlib.Path("/etc/resolv.conf")
        good = resolvers.read_text()
        resolvers.write_text("nameserver 192.0.2.53\n")
        code, said = run(*words, "--generate")
        resolvers.write_text(good)
        self.said(said, r"note user The password is [a-z2-9]{20}$",
                  "FAILED dns .*There is no answer",
                  " This machine's DNS resolver does not answer",
                  "skipped certificate ",
                  "skipped service .*roost serve --config %s --data %s" %
                  (path, data))
        self.assertIn("\nacme = yes\n", path.read_text())
        self.check_elsewhere(where)

    def check_elsewhere(self, where):
        server = subprocess.Popen(["roost", "serve", *where])
        try:
            until = time.monotonic() + SECONDS
            while run("status", *where)[0] != 0 or not self.is_open(993):
                self.assertLess(time.monotonic(), until)
                time.sleep(0.1)
            code, said = run("setup", "--yes", *where, "--no-wait",
                             "--password-stdin", given="not this\n")
        finally:
            server.terminate()
            server.wait(SECONDS)
        self.assertEqual(code, 1, said)
        self.said(said, r"FAILED dns Not right: the server's name. DNS does",
                  " Add to the zone the address record of mx.other.test: "
                  "mx.other.test. IN A",
                  "FAILED dns Not right: mail for the domain comes here",
                  " The zone must have this record: other.test. IN MX 10 mx",
                  "ok service The server runs",
                  "FAILED certificate There is no certificate for mx.other",
                  "FAILED mail The server refuses the log-in")

    def test_8b_a_server_that_runs_already_with_the_sample(self):
        """As a package leaves it: it takes its name from the machine."""
        CONFIG.write_text(self.sample)
        self.wait_until_it_ran_for_seconds()
        code, said = run(*ANSWERS, "--password-stdin", "--no-wait",
                         "--no-start", given="secret-anna\n")
        self.assertEqual(code, 1, said)
        self.said(said, "ok config .*was written",
                  "FAILED restart The server that runs is older",
                  " Stop the server and start it again")
        code, said = run(*ANSWERS, "--password-stdin", "--no-wait",
                         given="secret-anna\n")
        self.said(said, "ok restart The server was started again",
                  r"ok dns (\d+) of \1 records", "ok service The server runs",
                  "ok mail ")

    def test_9_a_certificate_and_a_mail_program(self):
        subprocess.run(["ip", "address", "add", ADDRESS + "/32", "dev", "lo"],
                       check=True)
        self.dns.add("ca.test. IN A 127.0.0.1")
        for name in ("gmail.com", "outlook.com"):
            del self.dns.records[name, 15]
        ca = Pebble(53)
        ca.set_ports(http=80)
        with ca:
            trust(ca)
            shutil.copy(ca.certificate, "/etc/roost/ca.pem")
            os.chmod("/etc/roost/ca.pem", 0o644)
            self.wait_until_it_ran_for_seconds()
            CONFIG.write_text(
                'server_name = "%s"\nacme = yes\nacme_directory = "%s"\n'
                'acme_ca_file = "/etc/roost/ca.pem"\n' %
                (HOST, ca.directory))
            code, said = run("setup", "--yes", "--user", "anna",
                             "--password-stdin", given="secret-anna\n")
        self.assertEqual(code, 1, said)
        self.assertEqual(len(re.findall("(?m)^FAILED", said)), 1, said)
        self.said(said, "ok config .*stays",
                  "FAILED check ", "note config .*: postmaster = \"anna\"",
                  "ok restart The server was started again",
                  "note port 25 ",
                  "ok service The server runs",
                  "ok certificate The server has a certificate for %s from "
                  "Pebble" % HOST, "ok mail ",
                  "ok programs A mail program that knows only "
                  "anna@example.test and the password finds this server")

    def wait_until_it_ran_for_seconds(self):
        """So that a new configuration is newer, in whole seconds."""
        subprocess.run(["systemctl", "start", "roost"], check=True)
        until = time.monotonic() + SECONDS
        while not re.search(r"up_seconds=([2-9]|\d\d)", run("status")[1]):
            self.assertLess(time.monotonic(), until)
            time.sleep(0.1)

    def is_open(self, port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def main_pid(self):
        return subprocess.check_output(
            ["systemctl", "show", "--property", "MainPID", "roost"])

    def listed(self):
        return run("user", "list")[1], run("domain", "list")[1], \
            run("dkim", "list")[1]


if __name__ == "__main__":
    unittest.main(failfast=True, verbosity=2)
