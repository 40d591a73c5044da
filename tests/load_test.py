# SPDX-License-Identifier: Apache-2.0
"""Many messages come in and go out, with Postfix's smtp-source and smtp-sink.
Each message is there once, the server's memory does not grow, and what is
stored is in order.

The full numbers are ROOST_LOAD_IN=100000 ROOST_LOAD_OUT=20000, for a release
build: tests/run --roost build/roost load

ROOST_LOAD_SHOW names a file to which the memory after each wave is added."""

import collections
import os
import pathlib
import re
import shutil
import socket
import subprocess
import unittest
import unittest.mock

from harness import ServerTest, free_port, only_roost, quote, wait_until

IN = int(os.environ.get("ROOST_LOAD_IN", "2000"))
OUT = int(os.environ.get("ROOST_LOAD_OUT", "500"))
WAVES = 5  # memory is compared between the first and the last
SOURCES, SESSIONS = 10, 2
SIZE = 4096  # of a body
SECONDS = 500
# What the server may grow by from the first wave to the last: caches that fill
# and what the allocator loses between its arenas, in MiB; and for each message
# in bytes, since a message of an open mailbox takes up to 48. The full numbers
# so find a leak of 400 bytes a message; smaller ones the sanitizer finds.
GROWTH_MIB, GROWTH_EACH = 32, 48
DOMAIN = "load.test"
MESSAGE_ID = re.compile(rb"^Message-Id: *<([^>]*)>", re.I | re.M)


def program(name):
    path = shutil.which(name, path="/usr/sbin:/usr/bin")
    if path is None:
        raise AssertionError(name + " is not installed (postfix)")
    return path


def memory(pid):
    """PSS in bytes."""
    text = pathlib.Path("/proc/%d/smaps_rollup" % pid).read_text()
    return int(re.search(r"^Pss: +(\d+) kB", text, re.M)[1]) << 10


def send(port, each, wave, recipient):
    """Runs SOURCES programs at once that send `each` messages each. All
    Message-Ids differ, because a program numbers its messages and has its own
    host name."""
    sources = []
    for n in range(SOURCES):
        # Four of five keep their connections.
        keep = ["-d"] if n % 5 else []
        sources.append(subprocess.Popen(
            [program("smtp-source"), *keep, "-s", str(SESSIONS),
             "-m", str(each), "-l", str(SIZE), "-f", "sender@source.test",
             "-M", "w%d-%d.source.test" % (wave, n), "-t", recipient(n),
             "127.0.0.1:%d" % port],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT))
    for source in sources:
        output = source.communicate(timeout=SECONDS)[0]
        if source.returncode != 0:
            raise AssertionError("smtp-source: " + output.decode()[-500:])


class Sink:
    """smtp-sink, which writes each message to a file of its own."""

    def __init__(self, folder, port):
        self.folder = folder
        folder.mkdir()
        folder.chmod(0o777)
        as_root = ["-u", "nobody"] if os.geteuid() == 0 else []
        self.counts = folder.with_suffix(".counts")
        with open(self.counts, "wb") as counts:
            self.process = subprocess.Popen(
                [program("smtp-sink"), "-c", "-d", "%s/%%M." % folder,
                 *as_root, "127.0.0.1:%d" % port, "256"],
                stdin=subprocess.DEVNULL, stdout=counts,
                stderr=subprocess.DEVNULL)
        wait_until(lambda: self.answers(port), "smtp-sink answers")

    @staticmethod
    def answers(port):
        try:
            with socket.create_connection(("127.0.0.1", port), 10):
                return True
        except OSError:
            return False

    def taken(self):
        """The messages that it answered with 250."""
        with open(self.counts, "rb") as counts:
            counts.seek(max(0, self.counts.stat().st_size - 200))
            found = re.findall(rb"mesg=(\d+)", counts.read())
        return int(found[-1]) if found else 0

    def message_ids(self):
        found = []
        for path in self.folder.iterdir():
            with open(path, "rb") as file:
                found += MESSAGE_ID.findall(file.read(2000))[:1]
        return found

    def close(self):
        self.process.kill()
        self.process.wait()


@only_roost
class LoadTest(ServerTest):
    find_leaks = True
    # Caches that are full at the first measure; connections that bring more
    # than a stranger's may.
    SETTINGS = ("cache_mib = 8\nwrite_buffer_mib = 4\n"
                "smtp_messages_max = 1000000\n"
                'relay = yes\nrelay_host = "127.0.0.1:%d"\n'
                "relay_tls = none\nrelay_connections_per_host = 20\n")

    @classmethod
    def setUpClass(cls):
        cls.sink_port = free_port()
        cls.settings = cls.SETTINGS % cls.sink_port
        # What the sanitizer keeps of freed memory is no growth.
        options = unittest.mock.patch.dict(os.environ, {
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
            ":quarantine_size_mb=1:thread_local_quarantine_size_kb=16"})
        options.start()
        cls.addClassCleanup(options.stop)
        super().setUpClass()
        cls.server.roost("domain", "add", DOMAIN)

    def assert_flat(self, measured, messages):
        growth = measured[-1] - measured[0]
        if os.environ.get("ROOST_LOAD_SHOW"):
            with open(os.environ["ROOST_LOAD_SHOW"], "a") as show:
                print("%d messages, KiB after each wave: %s" % (
                    messages, [m >> 10 for m in measured]), file=show)
        limit = (GROWTH_MIB << 20) + GROWTH_EACH * messages
        self.assertLess(growth, limit, "grew by %d KiB for %d messages: %s" % (
            growth >> 10, messages, [m >> 10 for m in measured]))

    def waves(self, count, recipient, after=lambda sent: None):
        """Sends `count` messages in waves; returns how many each program sent.
        """
        each = count // (WAVES * SOURCES)
        measured = []
        for wave in range(WAVES):
            send(self.server.ports["smtp"], each, wave, recipient)
            after(each * SOURCES * (wave + 1))
            measured.append(memory(self.server.process.pid))
        self.assert_flat(measured, each * SOURCES * (WAVES - 1))
        return each * WAVES

    def test_each_message_that_comes_in_is_there_once(self):
        users = [self.server.new_user() for _ in range(SOURCES)]
        each = self.waves(
            IN, lambda n: "%s@%s" % (users[n][0], DOMAIN))
        ids = collections.Counter()
        for user, password in users:
            c = self.connect(user=user, password=password)
            c.command("EXAMINE", quote("INBOX"))
            found = c.fetch("1:*", "(UID RFC822.SIZE BODY.PEEK"
                            "[HEADER.FIELDS (MESSAGE-ID)])")
            self.assertEqual(len(found), each, user)
            for values in found.values():
                self.assertGreater(int(values["RFC822.SIZE"]), SIZE)
                header = next(v for k, v in values.items()
                              if k.startswith("BODY["))
                ids[MESSAGE_ID.search(header)[1]] += 1
        self.assertEqual(len(ids), each * SOURCES)
        self.assertEqual(set(ids.values()), {1})
        self.check()

    def test_each_message_that_goes_out_arrives_once(self):
        self.server.roost("alias", "add", "out@" + DOMAIN, "one@sink.test")
        sink = Sink(self.server.folder / "sink", self.sink_port)
        self.addCleanup(sink.close)
        each = self.waves(
            OUT, lambda n: "out@" + DOMAIN,
            lambda sent: wait_until(lambda: sink.taken() >= sent,
                                    "%d messages come out" % sent, SECONDS))
        wait_until(lambda: "@" not in self.server.roost("queue", "list"),
                   "the queue is empty", SECONDS)
        ids = collections.Counter(sink.message_ids())
        self.assertEqual(sink.taken(), each * SOURCES)
        self.assertEqual(len(ids), each * SOURCES)
        self.assertEqual(set(ids.values()), {1})
        self.check()

    def check(self):
        self.server.stop()
        self.server.check()
        self.server.start()


if __name__ == "__main__":
    unittest.main()
