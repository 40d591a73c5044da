# SPDX-License-Identifier: Apache-2.0
"""A small SMTP and LMTP client for tests: it hides nothing, sends whatever it
is told, and accepts no reply that breaks RFC 5321's rules."""

import base64
import contextlib
import re
import socket
import ssl

TIMEOUT = 60  # seconds that a server may be silent; sanitizers are slow
REPLY_LINE = re.compile(rb"([2-5]\d\d)([ -])([^\r\n]*)\r\n\Z")
ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |\Z)")


class SmtpError(AssertionError):
    """The server sent something that the test did not expect."""


class Closed(SmtpError):
    """The server closed the connection."""


class Reply:
    """One reply: `code` 250, `status` "2.1.0" or None, `lines` of text."""

    def __init__(self, code, lines):
        self.code, self.lines = code, lines
        statuses = {m and m[1] for m in map(ENHANCED.match, lines)}
        self.status = statuses.pop() if len(statuses) == 1 else None
        # RFC 2034 section 4: the class is the code's first digit.
        if self.status and self.status[0] != str(code)[0]:
            raise SmtpError("the classes differ: %s" % self)

    def is_like(self, wanted):
        """Whether the reply begins as `wanted` does, such as "5", "550", "550
        5.1.1"."""
        return str(self).startswith(wanted)

    def __str__(self):
        return "%d %s" % (self.code, " / ".join(self.lines))

    __repr__ = __str__


def stuff(message):
    """A message as it is sent after DATA: with doubled dots, and the end."""
    if message and not message.endswith(b"\r\n"):
        message += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", message) + b".\r\n"


def plain(user, password):
    return base64.b64encode(
        ("\0%s\0%s" % (user, password)).encode()).decode()


class Smtp:
    """`where`: a port on loopback, or the path of a Unix socket. `tls`: an
    SSLContext for TLS from the first byte."""

    def __init__(self, where, tls=None, timeout=TIMEOUT, greet=True,
                 buffer=None):
        if isinstance(where, int):
            self.socket = socket.socket()
            if buffer:
                self.socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            where = ("127.0.0.1", where)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            where = str(where)
        self.socket.settimeout(timeout)
        self.socket.connect(where)
        if isinstance(where, tuple):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = bytearray()
        self.extensions = {}
        self.greeting = None
        if tls:
            self.wrap(tls)
        if greet:
            self.greeting = self.reply("220")

    # -- bytes

    def wrap(self, context, name="localhost"):
        self.socket = context.wrap_socket(self.socket, server_hostname=name)

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def _more(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise Closed("closed by the server; unread: %r"
                         % bytes(self.input[:200]))
        self.input += data

    def line(self):
        while b"\n" not in self.input:
            self._more()
        end = self.input.index(b"\n") + 1
        line = bytes(self.input[:end])
        del self.input[:end]
        return line

    def reply(self, want=None):
        """The next reply; raises unless it begins with `want`."""
        lines, code = [], None
        while True:
            line = self.line()
            match = REPLY_LINE.match(line)
            # RFC 5321 section 4.5.3.1.5.
            if not match or len(line) > 512 or code not in (None, match[1]):
                raise SmtpError("not a line of a reply: %r" % line[:600])
            code = match[1]
            lines.append(match[3].decode("ascii"))
            if match[2] == b" ":
                break
        reply = Reply(int(code), lines)
        if want and not reply.is_like(want):
            raise SmtpError("wanted %s: %s" % (want, reply))
        return reply

    def at_end(self):
        """Whether the server closes the connection with nothing unread."""
        with contextlib.suppress(Closed, ConnectionError, ssl.SSLError):
            self._more()
        return not self.input

    def silent(self, seconds=0.3):
        """Whether the server says nothing for a moment. Use it only to check
        that something does not come at all."""
        self.socket.settimeout(seconds)
        try:
            self._more()
        except (TimeoutError, ssl.SSLWantReadError):
            return not self.input
        except Closed:
            return False
        finally:
            self.socket.settimeout(TIMEOUT)
        return False

    def close(self):
        self.socket.close()

    # -- commands

    def command(self, line, want="2"):
        self.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        try:
            return self.reply(want)
        except SmtpError as error:
            raise type(error)("%s\nafter %r" % (error, line[:200])) from None

    def hello(self, verb="EHLO", name="client.test"):
        """{keyword: parameters} of what is offered."""
        reply = self.command("%s %s" % (verb, name), "250")
        self.extensions = {}
        for line in reply.lines[1:]:
            keyword, _, rest = line.partition(" ")
            if keyword in self.extensions:
                raise SmtpError("%s is there twice" % keyword)
            self.extensions[keyword] = rest
        return self.extensions

    def start_tls(self, context):
        self.command("STARTTLS", "220")
        if self.input:
            raise SmtpError("spoke before TLS: %r" % bytes(self.input))
        self.wrap(context)
        return self.hello()

    def login(self, user, password, want="235 2.7.0"):
        return self.command("AUTH PLAIN " + plain(user, password), want)

    def mail(self, sender, parameters="", want="250 2.1.0"):
        return self.command(
            "MAIL FROM:<%s> %s" % (sender, parameters) if parameters
            else "MAIL FROM:<%s>" % sender, want)

    def rcpt(self, recipient, parameters="", want="250 2.1.5"):
        return self.command(
            "RCPT TO:<%s> %s" % (recipient, parameters) if parameters
            else "RCPT TO:<%s>" % recipient, want)

    def data(self, message, want="250 2."):
        """Sends a message by DATA; returns the reply to it."""
        self.command("DATA", "354")
        self.send(stuff(message))
        return self.reply(want)

    def bdat(self, chunk, last=True, want="250 2."):
        self.send(b"BDAT %d%s\r\n" % (len(chunk), b" LAST" if last else b"")
                  + chunk)
        return self.reply(want)

    def message(self, sender, recipients, message, parameters="",
                want="250 2."):
        """Runs a whole transaction in which every recipient is accepted."""
        self.mail(sender, parameters)
        for recipient in recipients:
            self.rcpt(recipient)
        return self.data(message, want)

    def quit(self):
        self.command("QUIT", "221 2.0.0")
        if not self.at_end():
            raise SmtpError("it goes on after QUIT")
        self.close()
