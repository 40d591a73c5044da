# SPDX-License-Identifier: Apache-2.0
"""A JMAP client (RFC 8620) over HTTPS, for tests.

    jmap = Jmap(server, user, password)
    got = jmap.call("Mailbox/get", ids=None)["list"]
"""

import base64
import http.client
import json

from harness import TIMEOUT


class JmapError(Exception):
    """A method answered with an error; `type` names it."""

    def __init__(self, arguments):
        super().__init__(json.dumps(arguments))
        self.type = arguments["type"]


class Jmap:
    def __init__(self, server, user, password):
        self.server = server
        login = base64.b64encode(
            ("%s:%s" % (user, password)).encode()).decode()
        self.headers = {"Authorization": "Basic " + login,
                        "Content-Type": "application/json"}
        self.session = self.ask("GET", "/jmap/session")
        self.account, = self.session["accounts"]
        self.using = list(self.session["capabilities"])

    def http(self, method, path, body=None, **fields):
        """(status, fields, bytes). `fields` as in Content_Type="text/x"."""
        context = self.server.tls()
        context.check_hostname = False
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.server.ports["https"], timeout=TIMEOUT,
            context=context)
        more = {name.replace("_", "-"): value
                for name, value in fields.items()}
        try:
            connection.request(method, path, body, {
                **self.headers, "Host": "localhost", **more})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def ask(self, method, path, body=None):
        status, _, text = self.http(method, path, body)
        if status != 200:
            raise AssertionError("%s %s: %d %r" % (
                method, path, status, text[:1000]))
        return json.loads(text)

    def upload(self, body, kind="application/octet-stream"):
        """The id of the blob."""
        status, _, text = self.http(
            "POST", "/jmap/upload/%s/" % self.account, body,
            Content_Type=kind)
        if status != 201:
            raise AssertionError("upload: %d %r" % (status, text))
        return json.loads(text)["blobId"]

    def download(self, blob, name="x", **fields):
        return self.http("GET", "/jmap/download/%s/%s/%s" % (
            self.account, blob, name), **fields)

    def calls(self, *calls):
        """(name, arguments) each; gives [(name, arguments), …]."""
        request = {"using": self.using, "methodCalls": [
            [name, dict({"accountId": self.account}, **arguments), str(i)]
            for i, (name, arguments) in enumerate(calls)]}
        answer = self.ask("POST", "/jmap/api", json.dumps(request))
        return [(name, arguments)
                for name, arguments, _ in answer["methodResponses"]]

    def call(self, name, **arguments):
        (found, result), *_ = self.calls((name, arguments))
        if found == "error":
            raise JmapError(result)
        return result
