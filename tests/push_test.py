# SPDX-License-Identifier: Apache-2.0
"""Push: what clients that stay connected are told, by a stream of events over
both versions of HTTP and by a WebSocket, with curl, Debian's python3-websockets
and Chromium."""

import base64
import json
import os
import shutil
import signal
import subprocess
import unittest

from harness import TESTS, TIMEOUT, ServerTest, only_roost, wait_until

PYTHON = "/usr/bin/python3"
HAS = subprocess.run([PYTHON, "-c", "import websockets"],
                     stderr=subprocess.DEVNULL).returncode == 0
CHROMIUM = shutil.which("chromium")
HAS_BROWSER = CHROMIUM and (
    TESTS / "node/node_modules/playwright-core").exists()
ECHO = ('{"@type":"Request","id":"%s","using":["urn:ietf:params:jmap:core"],'
        '"methodCalls":[["Core/echo",%s,"0"]]}')


class Program:
    """A program whose output is read line by line."""

    def __init__(self, test, *arguments, env=None):
        self.process = subprocess.Popen(
            [str(a) for a in arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, **(env or {})})
        test.addCleanup(self.end)

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def lines_until(self, wanted):
        lines = []
        while not lines or lines[-1] != wanted:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError("it ended: %s" % lines)
            lines.append(line.rstrip("\r\n"))
        return lines

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass


@only_roost
class PushTest(ServerTest):
    settings = "log_level = debug\nhttp_ping_seconds = 1\nmax_per_user = 3\n"

    def fields(self):
        pair = base64.b64encode(
            ("%s:%s" % (self.user, self.password)).encode()).decode()
        return ["Authorization: Basic " + pair]

    def url(self, path, scheme="https"):
        return "%s://localhost:%d%s" % (
            scheme, self.server.ports["https"], path)

    def append(self):
        connection = self.server.connect(self.user, self.password)
        connection.append("INBOX", b"Subject: x\r\n\r\nHello\r\n")
        connection.close()

    def events(self, version, query="?types=*&closeafter=no&ping=0",
               fields=()):
        return Program(
            self, "curl", "-sSN", version, "--cacert",
            self.server.certificate, "-u",
            "%s:%s" % (self.user, self.password),
            *(part for field in fields for part in ("-H", field)),
            self.url("/jmap/events" + query))

    def test_events(self):
        for version in ("--http1.1", "--http2"):
            with self.subTest(version=version):
                stream = self.events(version)
                first = stream.lines_until("")
                self.assertRegex(first[0], r"^id: \d+$")
                self.append()
                lines = stream.lines_until("")
                self.assertEqual(lines[0], "event: state")
                change = json.loads(lines[2].removeprefix("data: "))
                self.assertEqual(change["@type"], "StateChange")
                (types,) = change["changed"].values()
                self.assertEqual(set(types), {
                    "Mailbox", "Email", "EmailDelivery", "Thread", "Quota"})
                # Who comes back is told what was missed, and the stream ends.
                again = self.events(
                    version, "?types=Email&closeafter=state&ping=0",
                    ["Last-Event-ID: " + first[0].removeprefix("id: ")])
                again.lines_until("")
                lines = again.lines_until("")
                self.assertEqual(json.loads(lines[2].removeprefix("data: ")), {
                    "@type": "StateChange", "changed": {
                        account: {"Email": types["Email"]}
                        for account in change["changed"]}})
                self.assertEqual(again.process.wait(TIMEOUT), 0)
                stream.end()

    def open(self, *fields):
        return Program(
            self, PYTHON, TESTS / "websocket_client.py",
            self.url("/jmap/ws", "wss"), self.server.certificate,
            *(fields or self.fields()))

    @unittest.skipUnless(HAS, "needs python3-websockets")
    def test_websocket(self):
        socket = self.open()
        self.assertEqual(socket.line(), "open jmap")
        socket.say(ECHO % ("R1", '{"hello":true}'))
        answer = json.loads(socket.line())
        self.assertEqual(answer["requestId"], "R1")
        self.assertEqual(answer["methodResponses"],
                         [["Core/echo", {"hello": True}, "0"]])
        socket.say('{"@type":"WebSocketPushEnable","dataTypes":["Email"]}')
        self.append()
        change = json.loads(socket.line())
        self.assertEqual(change["@type"], "StateChange")
        (types,) = change["changed"].values()
        self.assertEqual(types, {"Email": change["pushState"]})
        # A long message, both ways.
        much = json.dumps({"text": "x" * 1000000})
        socket.say(ECHO % ("R2", much))
        answer = json.loads(socket.line())
        self.assertEqual(answer["methodResponses"][0][1], json.loads(much))
        socket.process.stdin.close()
        self.assertEqual(socket.line(), "closed 1000")

    @unittest.skipUnless(HAS, "needs python3-websockets")
    def test_who_may_open_a_websocket(self):
        for fields, said in (
                (["X: y"], "refused 401"),
                (self.fields() + ["Origin: https://evil.example"],
                 "refused 403"),
                (self.fields() + ["Origin: " + self.url("")], "open jmap")):
            with self.subTest(fields=fields):
                self.assertEqual(self.open(*fields).line(), said)

    @unittest.skipUnless(HAS, "needs python3-websockets")
    def test_sessions_of_a_user_have_a_limit(self):
        sockets = [self.open() for _ in range(3)]
        for socket in sockets:
            self.assertEqual(socket.line(), "open jmap")
        self.assertEqual(self.open().line(), "refused 429")
        sockets[0].process.stdin.close()
        self.assertEqual(sockets[0].line(), "closed 1000")
        wait_until(lambda: self.open().line() == "open jmap", "a place")

    @unittest.skipUnless(HAS, "needs python3-websockets")
    def test_a_client_that_stands_still_is_cut_off(self):
        socket = self.open()
        self.assertEqual(socket.line(), "open jmap")
        mark = self.server.log_mark()
        socket.process.send_signal(signal.SIGSTOP)
        self.addCleanup(socket.process.send_signal, signal.SIGCONT)
        self.server.wait_for_log(
            lambda line: " disconnect " in line and "protocol=http" in line,
            mark)

    @unittest.skipUnless(HAS, "needs python3-websockets")
    def test_a_user_who_is_shut_out_is_told(self):
        socket = self.open()
        self.assertEqual(socket.line(), "open jmap")
        self.server.roost("user", "passwd", self.user, "--password-stdin",
                          input=b"another secret\n")
        self.assertEqual(socket.line(), "closed 1001")

    @unittest.skipUnless(HAS_BROWSER, "needs chromium and the Node modules")
    def test_a_browser(self):
        """Its WebSocket is a stream of the HTTP/2 connection of its page."""
        browser = Program(
            self, "node", TESTS / "node/websocket.mjs", json.dumps({
                "chromium": CHROMIUM, "port": self.server.ports["https"],
                "user": self.user, "password": self.password,
                "page": "/setup", "timeout": TIMEOUT * 1000}),
            env={"HOME": str(self.work)})
        mark = self.server.log_mark()
        self.assertEqual(json.loads(browser.line()), {"open": "jmap"})
        answer = json.loads(browser.line())
        self.assertEqual(answer["type"], "Response")
        self.assertGreater(answer["length"], 500000)
        self.append()
        self.assertEqual(json.loads(browser.line())["type"], "StateChange")
        self.assertEqual(json.loads(browser.line()),
                         {"closed": 4000, "clean": True})
        self.assertEqual(browser.process.wait(TIMEOUT), 0)
        self.assertIn("method=CONNECT", self.server.wait_for_log(
            lambda line: " http_request " in line and "/jmap/ws" in line,
            mark))
