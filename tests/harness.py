# SPDX-License-Identifier: Apache-2.0
"""What the black-box tests stand on: a server of their own on loopback.

A test file holds unittest classes derived from ServerTest; tests/run runs
them. ServerTest starts one server for the class (`self.server`) and gives
each test a user of its own (`self.user`, `self.password`). A server that
ends badly, or whose log holds a sanitizer's report, fails its class.

Environment: ROOST, the program to test (default: build-asan's, else
build's); ROOST_TEST_KEEP=1 keeps the temporary folders.
"""

import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from imap_client import Connection, Literal, TIMEOUT, quote  # noqa: F401

TESTS = pathlib.Path(__file__).resolve().parent
PROJECT = TESTS.parent
START_SECONDS = 60
STOP_SECONDS = 60
# "__FUNCTION" lines of ASan, UBSan and TSan, and of an assertion.
REPORT = re.compile(
    r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|"
    r"Assertion|assertion failed|ERROR: LeakSanitizer")

servers = []  # of this process, for tests/run to show their logs


def program():
    """The path of the roost under test."""
    named = os.environ.get("ROOST")
    if named:
        return os.path.abspath(named)
    for folder in ("build-asan", "build"):
        for path in (PROJECT / folder / "roost",
                     PROJECT / folder / "src" / "roost"):
            if path.is_file():
                return str(path)
    raise unittest.SkipTest("no roost is built; see ROOST")


ports_given = set()


def free_port():
    """A loopback port on which nobody listens and that was not returned
    before. It is below the range from which the kernel chooses outgoing ports,
    so that it is still free when the server, or its successor after a crash,
    binds it."""
    while True:
        port = random.randint(12000, 31999)
        if port in ports_given:
            continue
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports_given.add(port)
        return port


def wait_until(condition, what, seconds=TIMEOUT):
    """Waits for something that no event announces, such as a file of another
    program."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain: %s" % (seconds, what))
        time.sleep(0.02)


# Root does not serve mail: servers that root starts become this user.
SYSTEM_USER = "nobody" if os.geteuid() == 0 else None


def give_away(path):
    """Makes the server the owner of a file, as an administrator would."""
    if SYSTEM_USER:
        entry = pwd.getpwnam(SYSTEM_USER)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def run_program(*arguments, input=None, env=None, seconds=180, want=0,
                cwd=None):
    """Runs a program to its end and gives its output; bytes in, bytes out."""
    if not shutil.which(arguments[0]):
        raise AssertionError("%s is not installed: see scripts/packages_clients"
                             % arguments[0])
    done = subprocess.run(
        [str(a) for a in arguments], input=input, timeout=seconds, cwd=cwd,
        env=env and {**os.environ, **env},
        stdin=subprocess.DEVNULL if input is None else None,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if want is not None and done.returncode != want:
        raise AssertionError("%s gave %d\n%s" % (
            " ".join(map(str, arguments)), done.returncode,
            done.stdout.decode("utf-8", "replace")[-8000:]))
    return done.stdout


def make_certificate(folder, name, *more_names):
    """A self-signed certificate for `name`, 127.0.0.1 and `more_names`."""
    folder = pathlib.Path(folder)
    certificate, key = folder / (name + ".pem"), folder / (name + ".key")
    names = ",".join("DNS:" + n for n in (name,) + more_names)
    run_program("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=" + name, "-keyout", key, "-out", certificate,
                "-addext", "subjectAltName=%s,IP:127.0.0.1" % names)
    give_away(key)
    return certificate, key


def client_context(certificate):
    """TLS for a client that trusts this certificate only."""
    context = ssl.create_default_context(cafile=str(certificate))
    return context


class ServerBase:
    """What all servers under test have in common. A subclass runs one program:
    it has command_line(), is_ready(line), add_user() and perhaps stop_signal.
    Everything that a server leaves behind is in its folder."""

    stop_signal = signal.SIGTERM
    pass_fds = ()  # descriptors that the program gets

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-test-"))
        self.bad_end = ""
        os.chmod(self.folder, 0o755)
        give_away(self.folder)
        self.log_path = self.folder / "server.log"
        self.log_path.touch()
        self.port, self.tls_port = free_port(), free_port()
        self.certificate, self.key = make_certificate(
            self.folder, "localhost")
        self.process = None
        self.users = 0
        self._logged = threading.Condition()
        self._log_lines = []
        self._reader = None
        servers.append(self)

    # -- life

    def start(self):
        """Starts the server; returns when it says that it is ready."""
        mark = len(self._log_lines)
        self.launch()
        self.wait_for_log(self.is_ready, mark, START_SECONDS)
        return self

    def launch(self):
        """Starts the server and waits for nothing."""
        if self.process:
            self.bad_end += "the server ended with %s\n%s\n" % (
                self.process.wait(), self.log_tail())
        self.process = subprocess.Popen(
            self.command_line(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, **self.environment()}, cwd=self.folder,
            pass_fds=self.pass_fds)
        self._reader = threading.Thread(
            target=self._read_log, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def environment(self):
        return {}

    def _read_log(self, pipe):
        with open(self.log_path, "ab") as copy:
            for raw in pipe:
                copy.write(raw)
                copy.flush()
                with self._logged:
                    self._log_lines.append(raw.decode("utf-8", "replace"))
                    self._logged.notify_all()
        pipe.close()
        with self._logged:
            self._log_lines.append("")  # wakes whoever waits in vain
            self._logged.notify_all()

    def log_mark(self):
        return len(self._log_lines)

    def wait_for_log(self, wanted, mark=0, seconds=TIMEOUT):
        """The first log line after `mark` for which wanted(line) is true."""
        end = time.monotonic() + seconds
        with self._logged:
            while True:
                for line in self._log_lines[mark:]:
                    if line and wanted(line):
                        return line
                mark = len(self._log_lines)
                if self.process.poll() is not None:
                    raise AssertionError("the server ended with %d\n%s" % (
                        self.process.returncode, self.log_tail()))
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError("not logged in %d s\n%s" % (
                        seconds, self.log_tail()))
                self._logged.wait(min(left, 1))

    def log(self):
        return self.log_path.read_text("utf-8", "replace")

    def log_tail(self, lines=40):
        """The end of the log; if it has a sanitizer's report, all of that."""
        log = self.log()
        found = REPORT.search(log)
        if found:
            return log[found.start():][:5000]
        return "\n".join(log.splitlines()[-lines:])

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Stops the server as an administrator would, and checks how it ended.
        """
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server did not stop\n"
                                 + self.log_tail())
        self._reader.join(STOP_SECONDS)
        self.process = None
        if status != 0:
            self.bad_end += "the server ended with %d\n%s" % (
                status, self.log_tail())
        if self.bad_end:
            raise AssertionError(self.bad_end)
        self.check_log()

    def crash(self):
        """kill -9; returns how the process ended."""
        self.process.kill()
        status = self.process.wait()
        self._reader.join(STOP_SECONDS)
        self.process = None
        return status

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def check_log(self):
        if REPORT.search(self.log()):
            raise AssertionError("in the server's log:\n" + self.log_tail())

    def remove(self):
        if not os.environ.get("ROOST_TEST_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- users and connections

    def new_user(self, name=None, password=None):
        """Makes a new user; returns (name, password)."""
        self.users += 1
        name = name or "user%d" % self.users
        password = password or "secret-%s" % name
        self.add_user(name, password)
        return name, password

    def tls(self):
        return client_context(self.certificate)

    def connect(self, user=None, password=None, tls=True):
        """A connection, logged in when a user is named."""
        connection = Connection(self.tls_port if tls else self.port,
                                self.tls() if tls else None)
        if user:
            connection.login(user, password)
        return connection


class RoostServer(ServerBase):
    """`roost serve` with a data folder of its own.

    `settings`: configuration lines that replace or add to the file's."""

    LISTENERS = [
        ("imap", "imap", "starttls"), ("imaps", "imap", "implicit"),
        ("pop3", "pop3", "starttls"), ("pop3s", "pop3", "implicit"),
        ("smtp", "smtp", "starttls"),
        ("submission", "submission", "starttls"),
        ("submissions", "submission", "implicit"),
        ("lmtp", "lmtp", "none"),
        ("https", "http", "implicit"), ("http", "http", "none")]
    # Nothing goes to another server unless a test says so.
    DEFAULTS = {"server_name": '"localhost"', "relay": "no",
                "dns_servers": '"127.0.0.1@1"', "postmaster": '"postmaster"'}
    if SYSTEM_USER:
        DEFAULTS["user"] = '"%s"' % SYSTEM_USER

    def __init__(self, settings="", find_leaks=False):
        super().__init__()
        self.find_leaks = find_leaks
        if find_leaks:
            settings += "sandbox = no\n"
        self.data = self.folder / "data"
        self.config = self.folder / "roost.conf"
        self.ports = {name: free_port() for name, _, _ in self.LISTENERS[2:]}
        self.ports["imap"], self.ports["imaps"] = self.port, self.tls_port
        self.settings = settings
        self.certificates = [(self.certificate, self.key)]
        self.write_config()

    def write_config(self):
        certificates = "".join(
            'certificate { certificate = "%s"\n key = "%s" }\n' % pair
            for pair in self.certificates)
        named = re.findall(r"^(\w+) *=", self.settings, re.M)
        self.config.write_text(
            'data = "%s"\n' % self.data
            + "".join("%s = %s\n" % default for default
                      in self.DEFAULTS.items() if default[0] not in named)
            + "".join(self.listener(*parts) for parts in self.LISTENERS)
            + certificates + self.settings)

    def listener(self, name, protocol, tls):
        return ('listen "%s" { protocol = %s\n address = "127.0.0.1"\n'
                ' port = %d\n tls = %s }\n' % (
                    name, protocol, self.ports[name], tls))

    def environment(self):
        return self.sanitize(self.find_leaks)

    def sanitize(self, find_leaks):
        return {
            "ASAN_OPTIONS": "%s:detect_leaks=%d" % (
                os.environ.get("ASAN_OPTIONS", ""), find_leaks),
            "UBSAN_OPTIONS": "%s:print_stacktrace=1" % (
                os.environ.get("UBSAN_OPTIONS", "")),
        }

    def command_line(self):
        return [program(), "serve", "--config", str(self.config)]

    def is_ready(self, line):
        return " ready " in line

    def roost(self, *arguments, input=None, want=0, seconds=300):
        """Runs `roost ARGUMENTS` on this server's data; returns its output."""
        return run_program(program(), *arguments, "--config", self.config,
                           input=input, env=self.sanitize(True), want=want,
                           seconds=seconds).decode("utf-8", "replace")

    def add_user(self, name, password):
        self.roost("user", "add", name, "--password-stdin",
                   input=password.encode() + b"\n")

    def check(self):
        """`roost check`: fails unless all stored data is in order."""
        return self.roost("check")


def new_server(settings="", find_leaks=False):
    if os.environ.get("ROOST_TEST_AGAINST") == "dovecot":
        from dovecot_server import DovecotServer
        return DovecotServer()
    return RoostServer(settings, find_leaks)


def against_roost():
    return os.environ.get("ROOST_TEST_AGAINST", "roost") == "roost"


only_roost = unittest.skipUnless(against_roost(), "asks more than others have")


class ServerTest(unittest.TestCase):
    """A class of tests on one server; see above."""

    settings = ""
    # Looks for leaks at the end, for which the sandbox must stay off: the
    # sanitizer reads /proc.
    find_leaks = False
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.server = new_server(cls.settings, cls.find_leaks).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.server.remove()

    def setUp(self):
        if not self.server.running():
            # A test before this one ended it; tearDownClass will tell.
            self.server.start()
        self.user, self.password = self.server.new_user()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="roost-work-"))
        if not os.environ.get("ROOST_TEST_KEEP"):
            self.addCleanup(shutil.rmtree, self.work, True)

    def connect(self, tls=True, user=None, password=None):
        """Logged in as this test's user; closed after the test."""
        connection = self.server.connect(
            user or self.user, password or self.password, tls)
        self.addCleanup(connection.close)
        return connection

    def mailboxes(self, connection):
        """The names, as they are sent, of all mailboxes with mail in them."""
        names = []
        for r in connection.command('LIST "" "*"').named("LIST"):
            if {"\\Noselect", "\\NonExistent"} & set(r.tokens[1]):
                continue
            name = r.tokens[3]
            names.append(name.decode() if isinstance(name, bytes) else name)
        return names

    def contents(self, mailbox, connection=None):
        """[(flags, message bytes)] of a mailbox, read afresh."""
        c = connection or self.connect()
        c.command("EXAMINE", quote(mailbox))
        # BODY[] shows NUL as 0x80 (RFC 9051 section 9, rule 3).
        item = "BINARY" if against_roost() else "BODY"
        fetched = c.fetch("1:*", "(UID FLAGS %s.PEEK[])" % item)
        return [(set(fetched[uid]["FLAGS"]) - {"\\Recent"},
                 fetched[uid][item + "[]"]) for uid in sorted(fetched)]
