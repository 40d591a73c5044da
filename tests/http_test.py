# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 and HTTP/2 with curl and nghttp; what is served without TLS; slow
clients and floods; and a server whose ports another program has."""

import itertools
import os
import re
import select
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from harness import (REPORT, SYSTEM_USER, TIMEOUT, ServerTest, only_roost,
                     program, run_program)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, stream, payload=b""):
    return (len(payload).to_bytes(3, "big") + bytes((kind, flags)) +
            struct.pack(">I", stream) + payload)


def literal(name, value):
    """A field without HPACK's tables (RFC 7541 section 6.2.2)."""
    return (b"\0" + bytes((len(name),)) + name.encode() +
            bytes((len(value),)) + value.encode())


def request(stream, path):
    fields = b"".join(literal(*pair) for pair in (
        (":method", "GET"), (":scheme", "https"), (":authority", "localhost"),
        (":path", path)))
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, fields)


@only_roost
class Http(ServerTest):
    settings = ("log_level = debug\nhttp_header_seconds = 2\n"
                "http_send_seconds = 2\nhttp_bytes_per_second = 1000000\n"
                "http_requests_max = 1000000\n")

    def url(self, path, listener="https", host="localhost"):
        scheme = "https" if listener == "https" else "http"
        return "%s://%s:%d%s" % (
            scheme, host, self.server.ports[listener], path)

    def curl(self, *arguments, version="--http1.1", want=0):
        """The head as text, and the body."""
        said = run_program(
            "curl", "-sS", "-i", version, "--path-as-is", "--cacert",
            self.server.certificate, *arguments, want=want)
        head, _, body = said.partition(b"\r\n\r\n")
        return head.decode(), body

    def both(self, *arguments):
        for version in ("--http1.1", "--http2"):
            with self.subTest(version=version):
                yield self.curl(*arguments, version=version)

    def connect_tls(self, *protocols):
        context = self.server.tls()
        context.set_alpn_protocols(protocols)
        raw = socket.create_connection(
            ("127.0.0.1", self.server.ports["https"]), TIMEOUT)
        self.addCleanup(raw.close)
        return context.wrap_socket(raw, server_hostname="localhost")

    def test_both_versions(self):
        for version, name in (("--http1.1", "HTTP/1.1"), ("--http2", "HTTP/2")):
            head, body = self.curl(self.url("/healthz"), version=version)
            self.assertTrue(head.startswith(name + " 200"), head)
            self.assertEqual(body, b"ready\n")

    def test_what_keeps_a_browser_safe(self):
        for head, _ in self.both(self.url("/healthz")):
            fields = dict(line.lower().split(": ", 1)
                          for line in head.split("\r\n")[1:])
            self.assertIn("default-src 'none'",
                          fields["content-security-policy"])
            self.assertEqual(fields["x-content-type-options"], "nosniff")
            self.assertEqual(fields["referrer-policy"], "no-referrer")
            self.assertEqual(fields["cache-control"], "no-store")
            self.assertRegex(fields["strict-transport-security"],
                             r"^max-age=\d+$")
            self.assertNotIn("server", fields)

    def test_errors(self):
        for arguments, status in (
                ([self.url("/nothing")], 404),
                ([self.url("/a/../healthz")], 400),
                (["-X", "POST", self.url("/healthz")], 405),
                (["-X", "BREW", self.url("/healthz")], 501),
                (["-H", "Host: evil.example", self.url("/nothing")], 421),
                (["-d", "x", self.url("/healthz")], 405),
                (["-H", "X: " + "x" * 40000, self.url("/healthz")], 431),
                (["-I", self.url("/healthz")], 200),
                (["-r", "0-2", self.url("/healthz")], 206)):
            for head, _ in self.both(*arguments):
                self.assertEqual(int(head.split()[1]), status, arguments)

    def test_a_connection_is_used_again(self):
        for version in ("--http1.1", "--http2"):
            said = run_program(
                "curl", "-sS", version, "--cacert", self.server.certificate,
                "-w", "%{num_connects}\n",
                *[self.url("/healthz")] * 3).decode().split()
            self.assertEqual(said, ["ready", "1", "ready", "0", "ready", "0"])

    def test_without_tls_pages_lead_to_https(self):
        head, _ = self.curl(self.url("/a?b=c", "http"))
        self.assertTrue(head.startswith("HTTP/1.1 301"), head)
        self.assertIn("Location: %s\r\n" % self.url("/a?b=c"), head)
        self.assertNotIn("Strict-Transport", head)
        head, _ = self.curl("-d", "x", self.url("/a", "http"))
        self.assertTrue(head.startswith("HTTP/1.1 403"), head)
        head, _ = self.curl("-H", "Host: evil.example",
                            self.url("/a", "http"))
        self.assertTrue(head.startswith("HTTP/1.1 421"), head)
        _, body = self.curl("-H", "Host: 10.0.0.1:8080",
                            self.url("/healthz", "http"))
        self.assertEqual(body, b"ready\n")

    def test_nghttp_asks_for_many_at_a_time(self):
        said = run_program("nghttp", "-nv", "-m", "50",
                           self.url("/healthz")).decode()
        self.assertEqual(len(re.findall(r":status: 200", said)), 50)
        self.assertIn("SETTINGS_MAX_CONCURRENT_STREAMS(0x03):100", said)

    def test_another_protocol_is_refused(self):
        with self.assertRaises(ssl.SSLError):
            self.connect_tls("imap")
        self.assertEqual(
            self.connect_tls("imap", "http/1.1").selected_alpn_protocol(),
            "http/1.1")
        self.assertEqual(
            self.connect_tls("http/1.1", "h2").selected_alpn_protocol(), "h2")

    def end_of(self, mark):
        """Why the next session ended, by the log."""
        line = self.server.wait_for_log(
            lambda line: " http_end " in line, mark)
        return re.search(r'why="([^"]*)"', line)[1]

    def read_all(self, connection):
        said = b""
        try:
            while True:
                more = connection.recv(65536)
                if not more:
                    return said
                said += more
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            return said

    def test_a_slow_client_is_told(self):
        mark = self.server.log_mark()
        connection = self.connect_tls("http/1.1")
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        said = self.read_all(connection)
        self.assertTrue(said.startswith(b"HTTP/1.1 408 "), said)
        self.assertEqual(self.end_of(mark), "the head came too slowly")

    def test_who_asks_and_does_not_read_is_cut_off(self):
        mark = self.server.log_mark()
        connection = self.connect_tls("http/1.1")
        connection.settimeout(TIMEOUT)
        some = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000
        with self.assertRaises(OSError):
            for _ in range(100000):
                connection.sendall(some)
        self.server.wait_for_log(
            lambda line: " disconnect " in line and
            'reason="the peer does not read"' in line, mark)

    def test_who_says_nothing_is_sent_away(self):
        mark = self.server.log_mark()
        self.assertEqual(self.read_all(self.connect_tls("http/1.1")), b"")
        self.assertEqual(self.end_of(mark), "no request came")

    def test_a_connection_without_requests_ends(self):
        mark = self.server.log_mark()
        connection = self.connect_tls("h2")
        connection.sendall(PREFACE + frame(SETTINGS, 0, 0))
        said = self.read_all(connection)
        self.assertIn(frame(GOAWAY, 0, 0, b"\0" * 8), said)
        self.assertEqual(self.end_of(mark), "no request came")

    def flood(self, frames):
        """Sends these until the server closes the connection; gives what it
        said. One thread: Python's TLS does not bear two."""
        connection = self.connect_tls("h2")
        connection.settimeout(0)
        frames = iter(frames)
        waiting = PREFACE + frame(SETTINGS, 0, 0)
        said = b""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            waiting = waiting or b"".join(itertools.islice(frames, 100))
            moved = False
            try:
                if waiting:
                    waiting = waiting[connection.send(waiting):]
                    moved = True
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            except OSError:
                waiting, frames = b"", iter(())
            try:
                data = connection.recv(65536)
                if not data:
                    return said
                said += data
                moved = True
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            except OSError:
                return said
            if not moved:
                select.select([connection], [connection] if waiting else [],
                              [], 1)
        self.fail("the server does not close the connection")

    def test_rapid_reset(self):
        mark = self.server.log_mark()
        said = self.flood(
            request(stream, "/healthz") +
            frame(RST_STREAM, 0, stream, struct.pack(">I", 8))
            for stream in range(1, 100001, 2))
        # Enhance your calm (RFC 9113 section 7).
        self.assertIn(struct.pack(">I", 11), said[-200:])
        self.assertEqual(self.end_of(mark),
                         "too many frames that bring nothing")
        _, body = self.curl(self.url("/healthz"))
        self.assertEqual(body, b"ready\n")

    def test_a_head_without_end(self):
        mark = self.server.log_mark()
        self.flood([frame(HEADERS, END_STREAM, 1, literal("x", "y"))] +
                   [frame(9, 0, 1, literal("x", "y"))] * 10000)
        self.assertNotEqual(self.end_of(mark), "no request came")

    def test_the_log_has_no_queries(self):
        mark = self.server.log_mark()
        self.curl(self.url("/healthz?token=secret"))
        line = self.server.wait_for_log(
            lambda line: " http_request " in line, mark)
        self.assertIn('path="/healthz"' if '"/healthz"' in line
                      else "path=/healthz", line)
        self.assertNotIn("secret", line)


@only_roost
@unittest.skipUnless(SYSTEM_USER and shutil.which("unshare"),
                     "takes root to make a network of its own")
class Taken(unittest.TestCase):
    """In a network of its own another program has the ports of HTTP."""

    def test_the_server_goes_on_without(self):
        folder = tempfile.mkdtemp(prefix="roost-test-")
        self.addCleanup(shutil.rmtree, folder, True)
        script = """ip link set lo up
            python3 -m http.server --bind 127.0.0.1 8443 >other 2>&1 &
            other=$!
            until curl -s http://127.0.0.1:8443/ >page; do :; done
            "$0" serve --demo --data data & server=$!
            trap 'kill $server; wait $server; kill $other' TERM
            wait $server"""
        process = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", script, program()], cwd=folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        watchdog = threading.Timer(TIMEOUT, process.kill)
        watchdog.start()
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C stops" in line:
                process.terminate()
        process.wait(TIMEOUT)
        process.stdout.close()
        watchdog.cancel()
        said = "".join(lines)
        self.assertIsNone(REPORT.search(said))
        self.assertEqual(len(re.findall(
            r" warn listen .*cannot bind 127.0.0.1 port 8443: Address already "
            r"in use: the server goes on without https", said)), 1, said)
        self.assertRegex(said, r" listen listener=http address=127.0.0.1")
        self.assertIn(" ready ", said)


if __name__ == "__main__":
    unittest.main()
