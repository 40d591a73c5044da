# SPDX-License-Identifier: Apache-2.0
"""A client of Marionette, by which Thunderbird and Firefox are driven: JSON
over a socket, each message with its length before it."""

import base64
import json


class Marionette:
    """`connection` is a socket to a program that was started with
    --marionette --remote-allow-system-access."""

    def __init__(self, connection):
        self.socket, self.rest, self.number = connection, b"", 0
        self.receive()  # the greeting
        self.call("WebDriver:NewSession", capabilities={})
        # Scripts see the program's own windows and parts.
        self.call("Marionette:SetContext", value="chrome")

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError("the program closed the connection")
        self.rest += piece

    def receive(self):
        while b":" not in self.rest:
            self.more()
        length, _, self.rest = self.rest.partition(b":")
        while len(self.rest) < int(length):
            self.more()
        message = self.rest[:int(length)]
        self.rest = self.rest[int(length):]
        return json.loads(message)

    def call(self, command, **parameters):
        self.number += 1
        message = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self.receive()
        if error:
            raise AssertionError("%s: %s" % (command, error))
        return result

    def run(self, script, *arguments):
        """Runs a script in the program; returns what it returns."""
        return self.call("WebDriver:ExecuteScript", script=script,
                         args=list(arguments), sandbox="system")["value"]

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(
            self.call("WebDriver:TakeScreenshot", full=False)["value"]))
