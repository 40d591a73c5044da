# SPDX-License-Identifier: Apache-2.0
"""Mail for tests, made from a number or a seed, so that it is the same each
time."""

import base64
import quopri
import random


def simple(number, subject=None, body=None, sender="ann@example.org",
           extra=""):
    """A plain message; `extra` is more header lines, each ending in CRLF."""
    return (
        "From: Ann Example <%s>\r\n"
        "To: bob@example.net\r\n"
        "Subject: %s\r\n"
        "Date: Mon, %d Jan 2024 10:00:00 +0000\r\n"
        "Message-ID: <m%d@example.org>\r\n"
        "%s"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "\r\n%s" % (
            sender, subject or "Message number %d" % number,
            1 + number % 28, number, extra,
            body if body is not None
            else "This is message %d.\r\nGood bye.\r\n" % number)).encode()


def part(content_type, data, encoding="7bit", extra=""):
    return (b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n%s\r\n"
            % (content_type.encode(), encoding.encode(), extra.encode())
            + data)


def multipart(subtype, parts, boundary="=_b", header=b""):
    """`parts` joined; `header` comes before, for a whole message."""
    mark = boundary.encode()
    body = b"".join(b"--" + mark + b"\r\n" + p + b"\r\n" for p in parts)
    return (header + b'Content-Type: multipart/%s; boundary="%s"\r\n\r\n'
            % (subtype.encode(), mark) + body + b"--" + mark + b"--\r\n")


def top(number, subject):
    """The header of a message up to its Content-Type."""
    return (b"From: ann@example.org\r\nTo: bob@example.net\r\n"
            b"Subject: %s\r\nMessage-ID: <m%d@example.org>\r\n"
            b"Date: Tue, 2 Jan 2024 03:04:05 +0100\r\nMIME-Version: 1.0\r\n"
            % (subject.encode(), number))


def b64(data):
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def qp(data, line_ends=True):
    """Quoted-printable. With `line_ends`, CR LF is not encoded."""
    if not line_ends:
        return b"=\r\n".join(
            b"".join(b"=%02X" % byte for byte in data[at:at + 24])
            for at in range(0, len(data), 24))
    return quopri.encodestring(data).replace(b"\r\n", b"\n").replace(
        b"\n", b"\r\n")


def word(text, charset, how="B"):
    """An encoded word (RFC 2047)."""
    raw = text.encode(charset)
    if how == "B":
        return "=?%s?B?%s?=" % (charset, base64.b64encode(raw).decode())
    return "=?%s?Q?%s?=" % (charset, "".join("=%02X" % b for b in raw))


def with_attachment(number, size=20000):
    """Text and HTML alternatives and a binary attachment."""
    blob = random.Random(number).randbytes(size)
    alternative = multipart("alternative", [
        part("text/plain; charset=utf-8",
             qp(("Grüße %d\r\n" % number).encode()), "quoted-printable"),
        part("text/html; charset=utf-8",
             b64(("<p>Grüße %d</p>\r\n" % number).encode()), "base64"),
    ], "=_inner")
    return multipart("mixed", [
        alternative,
        part('application/octet-stream; name="blob.bin"', b64(blob),
             "base64",
             'Content-Disposition: attachment; filename="blob.bin"\r\n'),
    ], "=_outer", top(number, "With attachment %d" % number))


def nested(number):
    """A message in a message."""
    return multipart("mixed", [
        part("text/plain", b"See below.\r\n"),
        part("message/rfc822", simple(number + 1000, "The inner one")),
    ], "=_fwd", top(number, "Fwd: the inner one"))


def kinds():
    """[(name, message)]: every kind of mail that programs must get right."""
    return [
        ("plain", simple(1)),
        ("no body", b"Subject: no body\r\n\r\n"),
        ("header only", b"Subject: header only\r\n"),
        ("no header", b"\r\nOnly a body.\r\n"),
        ("eight bit", simple(2, "Żółw", "Zażółć gęślą jaźń\r\n")),
        ("attachment", with_attachment(3)),
        ("nested", nested(4)),
        ("no last line end", simple(5, body="The end is open")),
        ("long line", simple(6, body="x" * 20000 + "\r\n")),
        ("dots", simple(7, body=".\r\n..\r\n.hidden\r\n.\r\n")),
        ("from lines", simple(8, body="From me\r\n>From you\r\n")),
        ("one byte", b"x"),
        ("folded", simple(9, "a\r\n folded\r\n\tsubject")),
        ("latin1", b"Subject: raw latin1 \xe9\r\nContent-Type: text/plain; "
                   b"charset=iso-8859-1\r\n"
                   b"Content-Transfer-Encoding: 8bit\r\n\r\ncaf\xe9\r\n"),
    ]
