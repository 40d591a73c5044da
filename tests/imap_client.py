# SPDX-License-Identifier: Apache-2.0
"""A small IMAP client for tests: it hides nothing.

A Connection sends what it is told, reads whole responses (a line with the
literals in it) and gives them both raw and parsed. Parsed: an atom is a `str`,
a quoted string or literal is `bytes`, NIL is None, a list is a list.
"""

import re
import socket
import ssl

TIMEOUT = 60  # seconds that a server may be silent; sanitizers are slow


class ImapError(AssertionError):
    """The server sent something that the test did not expect."""


class Closed(ImapError):
    """The server closed the connection."""


class Literal:
    """A literal in a command: synchronising unless `plus` is True."""

    def __init__(self, data, plus=False, binary=False):
        self.data, self.plus, self.binary = data, plus, binary

    def announcement(self):
        return b"%s{%d%s}\r\n" % (b"~" if self.binary else b"", len(self.data),
                                  b"+" if self.plus else b"")


def quote(text):
    """A mailbox name or the like as a quoted string."""
    if isinstance(text, str):
        text = text.encode()
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


LITERAL_END = re.compile(rb"~?\{(\d+)\}\r\n\Z")
ATOM_END = re.compile(rb'[\s()\[{"]|\Z')
LITERAL = re.compile(rb"~?\{(\d+)\}\r\n")
QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.S)


def section_end(raw, at):
    """`at` is behind a '['. Returns where the atom goes on after its ']'."""
    while raw[at:at + 1] != b"]":
        match = QUOTED.match(raw, at) or LITERAL.match(raw, at)
        if match and match.re is LITERAL:
            at = match.end() + int(match[1])
        else:
            at = match.end() if match else at + 1
        if at >= len(raw):
            raise ImapError("no ] in %r" % raw[:200])
    return at + 1


def parse(raw):
    """The tokens of a response line without its "* " and CRLF."""
    top = []
    stack = [top]
    at = 0
    while at < len(raw):
        c = raw[at:at + 1]
        if c == b" ":
            at += 1
        elif c == b"(":
            inner = []
            stack[-1].append(inner)
            stack.append(inner)
            at += 1
        elif c == b")":
            stack.pop()
            if not stack:
                raise ImapError("one ) too many in %r" % raw[:200])
            at += 1
        elif c == b'"':
            match = QUOTED.match(raw, at)
            if not match:
                raise ImapError("open quoted string in %r" % raw[:200])
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", match[1]))
            at = match.end()
        elif LITERAL.match(raw, at):
            match = LITERAL.match(raw, at)
            at = match.end() + int(match[1])
            stack[-1].append(raw[match.end():at])
        else:
            end = at
            while True:
                end = ATOM_END.search(raw, end).start()
                if raw[end:end + 1] == b"[":
                    end = section_end(raw, end + 1)
                elif end == at or raw[end:end + 1] in (b"{", b'"'):
                    raise ImapError("bad byte at %d in %r" % (end, raw[:200]))
                else:
                    break
            atom = raw[at:end].decode("utf-8", "surrogateescape")
            stack[-1].append(None if atom.upper() == "NIL" else atom)
            at = end
    if len(stack) != 1:
        raise ImapError("open ( in %r" % raw[:200])
    return top


class Response:
    """One response: `raw` without CRLF; `tag` is "*", "+" or a command's."""

    def __init__(self, raw):
        self.raw = raw
        tag, _, self.rest = raw.partition(b" ")
        self.tag = tag.decode("ascii", "replace")
        self._tokens = None

    @property
    def tokens(self):
        if self._tokens is None:
            self._tokens = parse(self.rest)
        return self._tokens

    @property
    def name(self):
        """EXISTS, FETCH, LIST, OK, ...: in capitals."""
        words = self.rest.split(b" ", 2)
        word = words[1] if words[0].isdigit() and len(words) > 1 else words[0]
        return word.decode("ascii", "replace").upper()

    @property
    def number(self):
        """Of "* 12 EXISTS" and its like."""
        return int(self.rest.split(b" ", 1)[0])

    @property
    def code(self):
        """What is in the brackets of a status response, or None."""
        word, _, text = self.rest.partition(b" ")
        if not text.startswith(b"["):
            return None
        return text[1:section_end(text, 1) - 1].decode()

    @property
    def text(self):
        return self.rest.partition(b" ")[2].decode("utf-8", "replace")

    def items(self):
        """A FETCH response's items: {name: value}."""
        pairs = self.tokens[2]
        return {pairs[i].upper(): pairs[i + 1]
                for i in range(0, len(pairs), 2)}

    def __repr__(self):
        raw = self.raw if len(self.raw) < 400 else self.raw[:400] + b"..."
        return "<%s>" % raw.decode("utf-8", "replace")


class Reply:
    """A command's outcome: the tagged response and the untagged before it."""

    def __init__(self, tagged, untagged):
        self.tagged, self.untagged = tagged, untagged
        self.status, self.code, self.text = \
            tagged.name, tagged.code, tagged.text

    def named(self, name):
        return [r for r in self.untagged if r.name == name]

    def one(self, name):
        found = self.named(name)
        if len(found) != 1:
            raise ImapError("wanted one %s: %r" % (name, self.untagged))
        return found[0]

    def codes(self):
        """{name: text} of the response codes of all status responses."""
        codes = {}
        for r in self.untagged + [self.tagged]:
            if r.name in ("OK", "NO", "BAD", "BYE", "PREAUTH") and r.code:
                name, _, text = r.code.partition(" ")
                codes[name.upper()] = text
        return codes

    def __repr__(self):
        return "%r after %r" % (self.tagged, self.untagged)


class Connection:
    """`tls`: an SSLContext for TLS from the first byte, or None."""

    def __init__(self, port, tls=None, name="localhost", timeout=TIMEOUT,
                 greet=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = bytearray()
        self.count = 0
        self.unsolicited = []  # untagged responses of no command of ours
        if tls:
            self.start_tls(tls, name)
        self.greeting = self.response() if greet else None

    # -- bytes

    def start_tls(self, context, name="localhost"):
        self.socket = context.wrap_socket(self.socket, server_hostname=name)

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def _more(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise Closed("closed by the server; unread: %r"
                         % bytes(self.input[:200]))
        self.input += data

    def line(self):
        """One response, literals and all, without the last CRLF."""
        raw = bytearray()
        scanned = 0
        while True:
            end = self.input.find(b"\r\n", scanned)
            if end < 0:
                scanned = max(len(self.input) - 1, 0)
                self._more()
                continue
            part = self.input[:end + 2]
            del self.input[:end + 2]
            scanned = 0
            raw += part
            match = LITERAL_END.search(bytes(part[-24:]))
            if not match:
                return bytes(raw[:-2])
            size = int(match[1])
            while len(self.input) < size:
                self._more()
            raw += self.input[:size]
            del self.input[:size]

    def response(self):
        return Response(self.line())

    def at_end(self):
        """Whether the server closes the connection with nothing unread."""
        try:
            self._more()
        except (Closed, ConnectionError, ssl.SSLError):
            return not self.input
        return False

    def close(self):
        self.socket.close()

    # -- commands

    def start(self, *parts):
        """Sends a command and returns its tag; `parts` are joined by spaces.
        """
        self.count += 1
        tag = "t%d" % self.count
        out = tag.encode()
        for part in parts:
            if isinstance(part, Literal):
                out += b" " + part.announcement()
                if not part.plus:
                    self.send(out)
                    out = b""
                    self.continuation(tag)
                out += part.data
            else:
                out += b" " + (part.encode() if isinstance(part, str)
                               else part)
        self.send(out + b"\r\n")
        return tag

    def continuation(self, tag=None):
        while True:
            r = self.response()
            if r.tag == "+":
                return r
            if r.tag == tag:
                raise ImapError("no continuation: %r" % r)
            self.unsolicited.append(r)

    def finish(self, tag):
        untagged = self.unsolicited
        self.unsolicited = []
        while True:
            r = self.response()
            if r.tag == tag:
                return Reply(r, untagged)
            untagged.append(r)

    def command(self, *parts, want="OK"):
        """Runs a command; raises unless it ends with `want` (None: any)."""
        try:
            reply = self.finish(self.start(*parts))
        except ImapError as error:
            raise type(error)("%s\nafter %r" % (error, parts[:3])) from None
        if want and reply.status != want:
            raise ImapError("%r gave %r" % (parts[:3], reply.tagged))
        return reply

    def login(self, user, password):
        return self.command("LOGIN", quote(user), quote(password))

    def select(self, mailbox, *more):
        return self.command("SELECT", quote(mailbox), *more)

    def append(self, mailbox, message, flags="", date=None, plus=False):
        """Appends a message; returns (uidvalidity, uid)."""
        parts = ["APPEND", quote(mailbox)]
        if flags:
            parts.append("(%s)" % flags)
        if date:
            parts.append('"%s"' % date)
        reply = self.command(*parts, Literal(message, plus))
        name, validity, uid = reply.code.split()
        if name != "APPENDUID":
            raise ImapError("wanted APPENDUID: %r" % reply.tagged)
        return int(validity), int(uid)

    def fetch(self, numbers, items, uid=True):
        """{uid: {item: value}}, or by sequence number."""
        reply = self.command("UID FETCH" if uid else "FETCH", numbers, items)
        found = {}
        for r in reply.named("FETCH"):
            values = r.items()
            if uid and "UID" not in values:
                continue  # another session's change, told beside the answer
            key = int(values["UID"]) if uid else r.number
            found.setdefault(key, {}).update(values)
        return found

    def search(self, *criteria, uid=True):
        """A sorted list of numbers, of SEARCH or of ESEARCH's ALL."""
        reply = self.command("UID SEARCH" if uid else "SEARCH", *criteria)
        numbers = []
        for r in reply.named("SEARCH"):
            numbers += [int(n) for n in r.tokens[1:] if isinstance(n, str)]
        for r in reply.named("ESEARCH"):
            if "ALL" in r.tokens:
                numbers += expand(r.tokens[r.tokens.index("ALL") + 1])
        return sorted(numbers)

    def flags(self, numbers="1:*"):
        """{uid: set of flags}, without \\Recent."""
        return {uid: set(v["FLAGS"]) - {"\\Recent"}
                for uid, v in self.fetch(numbers, "(UID FLAGS)").items()}

    def idle(self):
        tag = self.start("IDLE")
        self.continuation(tag)
        return tag

    def done(self, tag):
        self.send("DONE\r\n")
        return self.finish(tag)

    def wait_for(self, wanted):
        """Reads untagged responses until wanted(response) is true."""
        while True:
            r = self.response()
            if wanted(r):
                return r


def expand(text):
    """The numbers of "1:3,7"."""
    numbers = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        low, high = sorted((int(first), int(last or first)))
        numbers += range(low, high + 1)
    return numbers
