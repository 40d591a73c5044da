# SPDX-License-Identifier: Apache-2.0
"""In which places of a message TEXT, BODY and HEADER search.

One message has a different word in each place. RFC 9051 section 6.4.4: BODY
finds what is "in the body of the message" and "doesn't match any header
fields"; TEXT finds "the header (including MIME header fields) or body"; parts
"other than TEXT and MESSAGE" may be left out, and Roost leaves them out. Roost
searches HTML as people read it; Dovecot 2.3 searches it with its tags. With
--against dovecot the answers are the same except for those in DOVECOT."""

import base64
import collections
import urllib.parse

from harness import ServerTest, against_roost, only_roost
from imap_client import Literal


def b64(text):
    return base64.b64encode(text.encode())


def word(charset, text, kind="b"):
    raw = text.encode("utf-8" if charset == "x-none" else charset)
    return b"=?%s?%s?%s?=" % (
        charset.encode(), kind.encode(),
        base64.b64encode(raw) if kind == "b" else
        "".join("=%02X" % byte for byte in raw).encode())


INNERMOST = b"""\
Subject: innermost-subject
Content-Type: text/plain

innermost-body
"""

MESSAGE = b"""\
Return-Path: <return-path@example.com>
Received: from received-host.example.com by example.net
From: From-Name <from-address@example.com>
To: "To-Name" <to-address@example.com>
Subject: subject-plain %(encoded)s
Comments: %(unknown)s %(unknown_b)s
X-Folded: folded-first
\tfolded-second
This line is no-field
Message-ID: <message-id@example.com>
Content-Type: multipart/mixed; boundary="outer";
\tx-note=top-parameter
MIME-Version: 1.0

preamble-word
--outer
Content-Type: text/plain; charset=utf-8; x-note=text-parameter
Content-Description: text-description
Content-ID: <text-content-id@example.com>
X-Part: part-own-field

text-plain-body \xc3\xa4\xc3\xb6\xc3\xbc-utf8
--outer
Content-Type: multipart/alternative; boundary=inner

inner-preamble
--inner
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<p title=3D"html-attribute">html-te=
xt <b>m=E4rz</b> M&uuml;ller&nbsp;B=FCro <!--html-comment--></p>
--inner
Content-Type: text/calendar

SUMMARY:calendar-body
--inner
Content-Type: text/plain; charset=x-no-such-charset
Content-Transfer-Encoding: base64

%(unknown_body)s
--inner--
inner-epilogue
--outer
Content-Type: image/png; name="image-name.png"
Content-Description: %(description)s
Content-Disposition: attachment;
 filename="image-filename.png"
Content-Transfer-Encoding: base64
Content-ID: <image-content-id@example.com>

%(image)s
--outer
Content-Type: application/pdf; name*0=continued-;
 name*1=name.pdf
Content-Disposition: attachment; filename*=utf-8''%(percent)s
Content-Location: http://content-location.example.com/

application-body
--outer
Content-Type: message/delivery-status

Reporting-MTA: dns; reporting-mta.example.com

Final-Recipient: rfc822; final-recipient@example.com
Diagnostic-Code: smtp; 550 diagnostic-text
--outer
Content-Type: message/disposition-notification

Disposition: manual-action/mdn-sent; disposition-word
--outer
Content-Type: message/feedback-report

User-Agent: feedback-agent
--outer
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: base64

%(global_status)s
--outer
Content-Type: message/partial; id=partial-id

partial-body
--outer
Content-Type: text/rfc822-headers

Subject: returned-header
--outer
Content-Type: message/rfc822
Content-Description: attached-description

Subject: attached-subject %(attached)s
From: attached-from@example.com
Content-Type: multipart/mixed; boundary=attached

attached-preamble
--attached
Content-Type: text/plain
Content-ID: <attached-content-id@example.com>

attached-body
--attached
Content-Type: message/rfc822

%(innermost)s
--attached--
--outer
Content-Type: message/global
Content-Transfer-Encoding: base64

%(global_message)s
--outer
Content-Type: application/x-none; name="%(encoded_name)s"

no-body
--outer

untyped-body
--outer--
epilogue-word
""" % {
    b"encoded": word("iso-2022-jp", "日本語"),
    b"unknown": word("x-none", "unknown-plain", "q"),
    b"unknown_b": word("x-none", "unknown-base64"),
    b"unknown_body": b64("unknown-body"),
    b"description": word("utf-8", "bild-ü", "q"),
    b"image": b64("image-body"),
    b"percent": urllib.parse.quote("prozent-ß.pdf").encode(),
    b"global_status": b64("Reporting-MTA: global-status\r\n"),
    b"attached": word("utf-8", "angehängt"),
    b"innermost": INNERMOST,
    b"global_message": b64("Subject: global-subject\r\n\r\nglobal-body\r\n"),
    b"encoded_name": word("utf-8", "übung.doc"),
}

# (what is looked for, TEXT, BODY, [(a field, HEADER of it)], why)
Place = collections.namedtuple("Place", "text in_text in_body fields why")
HEADER = "a field of the message's header"
MIME = "a MIME header field"
TEXT = "text of a text part"
STATUS = "text of a part under MESSAGE"
INNER = "a field of a message within: TEXT only"
NOT_TEXT = "RFC 9051: types other than TEXT and MESSAGE are left out"
BETWEEN = "RFC 2046 section 5.1.1: to be ignored"

PLACES = [Place(*place) for place in [
    ("return-path@example", True, False, [("Return-Path", True)], HEADER),
    ("received-host", True, False, [("Received", True)], HEADER),
    ("from-name", True, False, [("From", True), ("To", False)], HEADER),
    ("to-address", True, False, [("To", True), ("From", False)], HEADER),
    ("subject-plain", True, False, [("Subject", True)], HEADER),
    ("日本語", True, False, [("Subject", True)], HEADER),
    ("subject: subject", True, False, [("Subject", False)],
     "TEXT sees names of fields, HEADER values"),
    ("unknown-plain", True, False, [("Comments", True)], HEADER),
    ("unknown-base64", True, False, [("Comments", True)], HEADER),
    ("folded-first folded-second", True, False, [("X-Folded", True)], HEADER),
    ("no-field", True, False, [("X-Folded", False), ("", False)],
     "it stands in the header, though in no field"),
    ("top-parameter", True, False, [("Content-Type", True)], HEADER),
    ("preamble-word", False, False, [], BETWEEN),
    ("text-parameter", True, False, [("Content-Type", False)], MIME),
    ("text-description", True, False, [("Content-Description", False)], MIME),
    ("text-content-id", True, False, [("Content-ID", False)], MIME),
    ("content-id: <text-content-id", True, False, [], MIME),
    ("part-own-field", True, False, [("X-Part", False)], MIME),
    ("text-plain-body äöü", True, True, [], TEXT),
    ("inner-preamble", False, False, [], BETWEEN),
    ("boundary=inner", True, False, [], MIME),
    ("html-text", True, True, [], TEXT),
    ("märz", True, True, [], TEXT),
    ("html-text märz müller büro", True, True, [], "HTML as it is read"),
    ("html-attribute", True, True, [], "it is shown, too"),
    ("title=", False, False, [], "nobody sees tags"),
    ("html-comment", False, False, [], "nor comments"),
    ("calendar-body", True, True, [], TEXT),
    ("unknown-body", True, True, [], TEXT),
    ("inner-epilogue", False, False, [], BETWEEN),
    ("image-name.png", True, False, [("Content-Type", False)], MIME),
    ("bild-ü", True, False, [("Content-Description", False)], MIME),
    ("image-filename", True, False, [("Content-Disposition", False)], MIME),
    ("image-content-id", True, False, [("Content-ID", False)], MIME),
    ("image-body", False, False, [], NOT_TEXT),
    ("continued-name.pdf", True, False, [], MIME),
    ("prozent-ß.pdf", True, False, [], MIME),
    ("content-location.example", True, False, [], MIME),
    ("application-body", False, False, [], NOT_TEXT),
    ("reporting-mta.example", True, True, [], STATUS),
    ("final-recipient", True, True, [], STATUS),
    ("550 diagnostic-text", True, True, [], STATUS),
    ("disposition-word", True, True, [("Disposition", False)], STATUS),
    ("feedback-agent", True, True, [("User-Agent", False)], STATUS),
    ("global-status", True, True, [], STATUS),
    ("partial-id", True, False, [], MIME),
    ("partial-body", True, True, [], STATUS),
    ("returned-header", True, True, [("Subject", False)], TEXT),
    ("attached-description", True, False, [], MIME),
    ("attached-subject", True, False, [("Subject", False)], INNER),
    ("angehängt", True, False, [("Subject", False)], INNER),
    ("attached-from", True, False, [("From", False)], INNER),
    ("attached-preamble", False, False, [], BETWEEN),
    ("attached-content-id", True, False, [], MIME),
    ("attached-body", True, True, [], TEXT),
    ("innermost-subject", True, False, [("Subject", False)], INNER),
    ("innermost-body", True, True, [], TEXT),
    ("global-subject", True, True, [("Subject", False)],
     "a message that is encoded is not looked into: all of it is text"),
    ("global-body", True, True, [], TEXT),
    ("übung.doc", True, False, [], MIME),
    ("no-body", False, False, [], NOT_TEXT),
    ("untyped-body", True, True, [], TEXT),
    ("epilogue-word", False, False, [], BETWEEN),
    ("nowhere-at-all", False, False, [("Subject", False)], "not there"),
    ("reporting", True, True, [], "in both kinds of places"),
]]


# What Dovecot 2.3 does not find: words in a charset that it does not know, and
# parameters cut or encoded by RFC 2231. (It finds a line that is no field by
# HEADER "".) HTML: see above.
DOVECOT = {"unknown-plain", "unknown-base64", "continued-name.pdf",
           "prozent-ß.pdf", "no-field", "html-text märz müller büro",
           "title=", "html-comment"}


class SearchTest(ServerTest):
    def test_each_place_is_found_by_the_keys_that_look_there(self):
        c = self.connect()
        c.append("INBOX", MESSAGE.replace(b"\n", b"\r\n"))
        c.select("INBOX")
        wrong = []
        for place in PLACES:
            if place.text in DOVECOT and not against_roost():
                continue
            keys = [(("TEXT",), place.in_text), (("BODY",), place.in_body)]
            keys += [(("HEADER", '"%s"' % field), found)
                     for field, found in place.fields]
            for key, wanted in keys:
                answer = c.search("CHARSET", "UTF-8", *key,
                                  Literal(place.text.encode(), plus=True))
                if (len(answer) > 0) != wanted:
                    wrong.append("%s %r: %sfound, but it is %s" % (
                        " ".join(key), place.text,
                        "not " if wanted else "", place.why))
        self.assertEqual(wrong, [])


# Content-Transfer-Encoding as it is written, and what is meant by it.
QUOTED = b"w=61nted w=C3=B6rd"
ENCODED = base64.b64encode("wanted wörd".encode())
ENCODINGS = [
    (b"quoted-printable", QUOTED, "QUOTED-PRINTABLE"),
    (b"quoted printable", QUOTED, "QUOTED-PRINTABLE"),
    (b"quoted_printable", QUOTED, "QUOTED-PRINTABLE"),
    (b"Quotedprintable (so to say)", QUOTED, "QUOTED-PRINTABLE"),
    (b"base64", ENCODED, "BASE64"),
    (b"base64", ENCODED.rstrip(b"="), "BASE64"),
    (b"base64", ENCODED[:5] + b" * \r\n" + ENCODED[5:], "BASE64"),
    (b"\"base64\"", ENCODED, "BASE64"),
    (b"base 64", ENCODED, "BASE64"),
    (b"BASE-64;", ENCODED, "BASE64"),
    (b"(a comment) base64 (another)", ENCODED, "BASE64"),
    (b"8 bit", "wanted wörd".encode(), "8BIT"),
    (b"8-bits", "wanted wörd".encode(), "8BIT"),
    (b"7 bit", "wanted wörd".encode(), "7BIT"),
    (b"binary", "wanted wörd".encode(), "BINARY"),
]
PART = (b"Content-Type: multipart/mixed; %s\r\n\r\n--a=b\r\n"
        b"Content-Type: text/plain; %s\r\n"
        b"Content-Transfer-Encoding: %s\r\n\r\n%s\r\n--a=b--\r\n")
# Parameters in all the forms of RFC 2231.
BOUNDARIES = [b"boundary=\"a=b\"", b"boundary*=us-ascii''a%3Db",
              b"boundary*0=a; boundary*1=\"=b\"",
              b"boundary*0*=us-ascii'en'a; boundary*1*=%3Db"]
CHARSETS = [b"charset=utf-8", b"charset=\"UTF8; format=flowed\"",
            b"charset*=us-ascii''utf-8", b"charset*0=ut; charset*1=f-8"]


@only_roost
class EncodingTest(ServerTest):
    def test_a_message_that_is_encoded_is_decoded_whole(self):
        # RFC 6532 section 3.7
        c = self.connect()
        c.select("INBOX")
        inner = b"Subject: inner\r\n\r\nbody\r\n"
        c.append("INBOX", b"Content-Type: message/global\r\n"
                 b"Content-Transfer-Encoding: base64\r\n\r\n"
                 + base64.b64encode(inner))
        self.assertEqual(
            c.fetch("1", "(BINARY.PEEK[1])")[1]["BINARY[1]"], inner)

    def test_all_commands_read_an_encoding_the_same_way(self):
        c = self.connect()
        c.select("INBOX")
        for number, (field, body, name) in enumerate(ENCODINGS, 1):
            boundary = BOUNDARIES[number % len(BOUNDARIES)]
            charset = CHARSETS[number // 3 % len(CHARSETS)]
            with self.subTest(number=number, field=field, body=body,
                              boundary=boundary, charset=charset):
                c.append("INBOX", PART % (boundary, charset, field, body))
                values = c.fetch("%d" % number, "(BODYSTRUCTURE PREVIEW "
                                 "BINARY.PEEK[1] BINARY.SIZE[1])")[number]
                text = "wanted wörd".encode()
                self.assertEqual(values["BINARY[1]"], text)
                self.assertEqual(int(values["BINARY.SIZE[1]"]), len(text))
                part = values["BODYSTRUCTURE"][0]
                self.assertEqual(part[5].decode(), name)
                self.assertEqual(values["PREVIEW"], text)
                found = c.search("UID", str(number), "BODY",
                                 Literal(text, plus=True))
                self.assertEqual(found, [number])
