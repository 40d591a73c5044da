# SPDX-License-Identifier: Apache-2.0
"""A browser, as far as the account's routes need one: a cookie, the fields that
tell where a request comes from, forms. And a mail program that uses OAuth."""

import base64
import hashlib
import html.parser
import http.client
import imaplib
import json
import secrets
import ssl
import urllib.parse

from imap_client import TIMEOUT

MAIL_SCOPE = "urn:ietf:params:oauth:scope:mail"
COOKIE = "__Host-roost"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.fields = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


class _Forms(html.parser.HTMLParser):
    """The forms of a page: their action, and what their fields hold."""

    def __init__(self, page):
        super().__init__()
        self.forms = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.forms.append((attrs.get("action"), {}))
        elif tag == "input" and self.forms and "name" in attrs:
            self.forms[-1][1][attrs["name"]] = attrs.get("value", "")


class Browser:
    def __init__(self, server, host):
        self.host = host
        self.port = server.ports["https"]
        self.context = ssl.create_default_context(
            cafile=str(server.authority))
        self.cookie = None
        self.page = None  # the last one, for its forms

    def ask(self, method, path, body=None, **fields):
        """Asks over a new connection; `_` in a field's name is "-"."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, context=self._context(), timeout=TIMEOUT)
        connection.connect()
        headers = {"Host": self.host}
        if self.cookie:
            headers["Cookie"] = "%s=%s" % (COOKIE, self.cookie)
        headers.update((name.replace("_", "-"), value)
                       for name, value in fields.items())
        connection.request(method, path, body, headers)
        answer = Answer(connection.getresponse())
        connection.close()
        for line in answer.fields.get_all("Set-Cookie") or ():
            name, _, value = line.split(";")[0].partition("=")
            if name == COOKIE:
                self.cookie = value or None
        return answer

    def _context(self):
        """The certificate is checked for the server's name, whatever address
        is connected to."""
        host, context = self.host, self.context

        class Named:
            def wrap_socket(self, sock, server_hostname=None):
                return context.wrap_socket(sock, server_hostname=host)

            def __getattr__(self, name):
                return getattr(context, name)
        return Named()

    def call(self, method, path, body=None):
        """As a page of the server does it."""
        return self.ask(
            method, path, None if body is None else json.dumps(body),
            Sec_Fetch_Site="same-origin", X_Roost="1",
            Content_Type="application/json")

    def log_in(self, user, password, **more):
        return self.call("POST", "/account/login",
                         {"user": user, "password": password, **more})

    def open(self, path):
        answer = self.ask("GET", path, Sec_Fetch_Site="none",
                          Accept_Language="en")
        self.page = answer.text
        return answer

    def form(self, action):
        for where, fields in _Forms(self.page).forms:
            if where == action:
                return fields
        raise AssertionError("no form %s in %s" % (action, self.page))

    def submit(self, action, **values):
        """Fills in a form of the page, and follows where it leads to, but not
        out of the server. Gives the last answer."""
        fields = {**self.form(action), **values}
        answer = self.ask(
            "POST", action, urllib.parse.urlencode(fields),
            Sec_Fetch_Site="same-origin",
            Content_Type="application/x-www-form-urlencoded")
        location = answer.fields.get("Location", "")
        if answer.status == 303 and location.startswith("/"):
            return self.open(location)
        self.page = answer.text
        return answer


class Program:
    """A mail program: it registers, and asks for tokens."""

    def __init__(self, browser, name="A mail program",
                 redirect="http://127.0.0.1/done"):
        self.browser = browser
        self.metadata = self.get("/.well-known/oauth-authorization-server")
        registered = browser.ask(
            "POST", self.path("registration_endpoint"), json.dumps({
                "redirect_uris": [redirect], "client_name": name,
                "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"], "scope": MAIL_SCOPE}),
            Content_Type="application/json")
        assert registered.status == 201, registered.text
        self.client = registered.json["client_id"]
        self.redirect = redirect.replace("127.0.0.1", "127.0.0.1:50123")
        self.verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(16)

    def get(self, path):
        answer = self.browser.ask("GET", path)
        assert answer.status == 200, answer.text
        return answer.json

    def path(self, name):
        return urllib.parse.urlsplit(self.metadata[name]).path

    def page(self, **more):
        """Where the program sends the browser."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return self.path("authorization_endpoint") + "?" + \
            urllib.parse.urlencode({
                "client_id": self.client, "redirect_uri": self.redirect,
                "response_type": "code", "scope": MAIL_SCOPE,
                "code_challenge_method": "S256", "state": self.state,
                "code_challenge": base64.urlsafe_b64encode(
                    digest).decode().rstrip("="), **more})

    def came_back(self, location):
        """The code in the URL to which the browser was led."""
        where, _, query = location.partition("?")
        values = dict(urllib.parse.parse_qsl(query))
        assert where == self.redirect, location
        assert values["state"] == self.state, location
        assert values["iss"] == self.metadata["issuer"], location
        return values["code"]

    def ask_for(self, endpoint="token_endpoint", **form):
        return self.browser.ask(
            "POST", self.path(endpoint),
            urllib.parse.urlencode({"client_id": self.client, **form}),
            Content_Type="application/x-www-form-urlencoded")

    def redeem(self, code):
        return self.ask_for(grant_type="authorization_code", code=code,
                            redirect_uri=self.redirect,
                            code_verifier=self.verifier)

    def refresh(self, token):
        return self.ask_for(grant_type="refresh_token", refresh_token=token)


def imap(server):
    """imaplib over TLS."""
    context = ssl.create_default_context(cafile=str(server.authority))
    context.check_hostname = False
    return imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"],
                             ssl_context=context, timeout=TIMEOUT)


def imap_with_token(server, token):
    """RFC 7628: the token alone says who it is."""
    connection = imap(server)
    connection.authenticate("OAUTHBEARER", lambda _: (
        "n,,\x01auth=Bearer %s\x01\x01" % token).encode())
    return connection


def wait_for_end(connection):
    """Reads until the server has ended the session; gives its last words."""
    words = b""
    while True:
        try:
            line = connection.readline()
        except (OSError, ssl.SSLError):
            return words
        if not line:
            return words
        words = line
