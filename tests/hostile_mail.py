# SPDX-License-Identifier: Apache-2.0
"""Mail that is broken, or that was made to break its reader."""

import base64

import mail


def nested_multiparts(depth):
    out = [b"Subject: %d multiparts in each other\r\nMIME-Version: 1.0\r\n"
           % depth]
    for n in range(depth):
        out.append(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n'
                   b"--b%d\r\n" % (n, n))
    out.append(b"Content-Type: text/plain\r\n\r\nthe innermost\r\n")
    for n in reversed(range(depth)):
        out.append(b"--b%d--\r\n" % n)
    return b"".join(out)


def nested_messages(depth):
    return b"".join(
        b"Subject: message %d\r\nContent-Type: message/rfc822\r\n\r\n" % n
        for n in range(depth)) + b"Subject: the innermost\r\n\r\nend\r\n"


def many_parts(count):
    return (b"Subject: %d parts\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" % count
            + b"".join(b"--x\r\nContent-Type: text/plain\r\n\r\npart %d\r\n"
                       % n for n in range(count)) + b"--x--\r\n")


def broken():
    """[(name, message)]"""
    text = b"Subject: s\r\nContent-Type: text/plain\r\n"
    multi = (b"Subject: s\r\nMIME-Version: 1.0\r\n"
             b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n")
    return [
        ("NUL in the body", text + b"\r\nbefore\0after\r\n\0\0\0"),
        ("NUL in the header", b"Subject: a\0b\r\nX\0Y: z\r\n\r\nbody\r\n"),
        ("NUL in Content-Type", b"Content-Type: text/\0plain; a=\0\r\n\r\nx"),
        ("bare CR", text + b"\r\nold\rMac\rlines\r"),
        ("bare LF", b"Subject: unix\nFrom: a@b\n\nlines\nend\n"),
        ("CR and LF mixed", b"Subject: m\n\r\r\nA: b\r\r\n\n\r\n\rx\n\r"),
        ("CR LF at odd places", b"\r\n\r\n\r\nSubject: late\r\n\r\n"),
        ("8-bit header", b"Subject: \xff\xfe\x80\xc3(\r\nFrom: \xe9 <\xe9@\xe9>"
                         b"\r\nContent-Type: text/\xe9\r\n\r\n\xff\xfe\r\n"),
        ("10 MB header line", b"Subject: s\r\nX-Long: " + b"y" * 10_000_000
         + b"\r\nFrom: late@example.org\r\n\r\nbody\r\n"),
        ("10 MB subject", b"Subject: " + b"word " * 2_000_000 + b"\r\n\r\nx"),
        ("10 MB with no line end", b"z" * 10_000_000),
        ("300,000 header lines", b"".join(
            b"X-%d: y\r\n" % n for n in range(300_000)) + b"\r\nbody\r\n"),
        ("100,000 folded lines", b"Subject: s\r\n" + b" folded\r\n" * 100_000
         + b"\r\nbody\r\n"),
        ("100,000 addresses", b"To: " + b",\r\n ".join(
            b"u%d@example.org" % n for n in range(100_000)) + b"\r\n\r\nx"),
        ("nested comments", b"From: " + b"(" * 100_000 + b")" * 100_000
         + b" a@b\r\nDate: " + b"(" * 50_000 + b"\r\n\r\nx"),
        ("open angle brackets", b"From: " + b"<" * 100_000 + b"\r\n\r\nx"),
        ("open quote", b'Subject: s\r\nFrom: "no end <a@b>\r\n'
                       b'Content-Type: text/plain; name="no end\r\n\r\nx'),
        ("open group", b"To: friends: a@b, c@d: e@f;;;;\r\n\r\nx"),
        ("10,000 parts", many_parts(10_000)),
        ("1,000 nested multiparts", nested_multiparts(1_000)),
        ("1,000 nested messages", nested_messages(1_000)),
        ("multipart without end", multi % b"x" + b"--x\r\n\r\none\r\n--x\r\n"),
        ("multipart without parts", multi % b"x" + b"just text\r\n"),
        ("multipart without boundary", b"Content-Type: multipart/mixed\r\n\r\n"
                                       b"--x\r\n\r\none\r\n--x--\r\n"),
        ("empty boundary", multi % b'""' + b"--\r\n\r\none\r\n----\r\n"),
        ("1 MB boundary", multi % (b"b" * 1_000_000)
         + b"--" + b"b" * 1_000_000 + b"\r\n\r\none\r\n"),
        ("boundaries that begin alike", multi % b"a" + b"--a\r\n"
         b"Content-Type: multipart/mixed; boundary=ab\r\n\r\n--ab\r\n\r\n1"
         b"\r\n--ab--\r\n--a--\r\n"),
        ("the same boundary twice", multi % b"a" + b"--a\r\nContent-Type: "
         b"multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n1\r\n--a--\r\n--a--"),
        ("nothing but boundaries", multi % b"x" + b"--x\r\n" * 50_000),
        ("truncated base64", text + b"Content-Transfer-Encoding: base64\r\n"
         b"\r\n" + base64.b64encode(b"x" * 1000)[:-3]),
        ("base64 with garbage", text + b"Content-Transfer-Encoding: base64\r\n"
         b"\r\n!!!!" + b"=A=B=" * 1000 + b"\xff\r\n"),
        ("broken quoted-printable", text + b"Content-Transfer-Encoding: "
         b"quoted-printable\r\n\r\n=\r\n==G=4=\r\n=zz =E9=\xe9=" + b"=" * 9999),
        ("unknown encoding", text + b"Content-Transfer-Encoding: x-yes\r\n"
         b"\r\nwhat now\r\n"),
        ("encoded multipart", b"Content-Type: multipart/mixed; boundary=x\r\n"
         b"Content-Transfer-Encoding: base64\r\n\r\n--x\r\n\r\none\r\n"),
        ("broken encoded words", b"Subject: =?utf-8?B?\xff==?= =?x?Q?=?= =?"
         b"utf-8?Q?=ZZ?= =?utf-8?B?" + b"A" * 99_999 + b"?=\r\n\r\nx"),
        ("50,000 encoded words", b"Subject: " + b"=?utf-8?Q?=C3=A9?=\r\n "
         * 50_000 + b"\r\n\r\nx"),
        ("10,000 parameter pieces", b"Content-Type: text/plain; " + b"; ".join(
            b"name*%d=x" % n for n in range(10_000)) + b"\r\n\r\nx"),
        ("parameters out of order", b"Content-Type: text/plain; a*1=b; a*0=c;"
         b" a*999999999999=d; a*-1=e; a*0*=''%zz; =; ;;\r\n\r\nx"),
        ("header without colon", b"Subject s\r\nno colon\r\n\r\nbody\r\n"),
        ("space before colon", b"Subject : s\r\nFrom\t: a@b\r\n\r\nbody\r\n"),
        ("headers twice", b"Subject: one\r\nSubject: two\r\nContent-Type: "
         b"text/plain\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x"
         b"\r\n\r\nx\r\n--x--"),
        ("dates of all kinds", b"Date: 99 Foo 99999 99:99:99 +9999\r\n\r\nx"),
        ("wrong charset", b"Content-Type: text/plain; charset=utf-16\r\n\r\n"
         b"odd"),
        ("escape into nowhere", b"Content-Type: text/plain; "
         b"charset=iso-2022-jp\r\n\r\n\x1b$B!!\x1b$\x1b\xff\x1b(J" * 100),
        ("references to all", b"Message-ID: <loop@x>\r\nIn-Reply-To: <loop@x>"
         b"\r\nReferences: " + b" ".join(
             b"<r%d@x>" % n for n in range(50_000)) + b" <loop@x>\r\n\r\nx"),
        ("control characters", bytes(range(1, 32)) * 100 + b"\r\n\r\n"
         + bytes(range(256)) * 100),
        ("empty", b""),
        ("one LF", b"\n"),
        ("one CR", b"\r"),
        ("CR LF", b"\r\n"),
        ("good after all", mail.simple(1)),
    ]
