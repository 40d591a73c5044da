# SPDX-License-Identifier: Apache-2.0
"""Reading mail by JMAP: real messages, compared with what Python's email
package reads in them; uploads and downloads over HTTPS."""

import base64
import datetime
import email
import email.header
import email.policy
import email.utils
import hashlib
import json
import re
import urllib.parse

from corpus_test import COUNT, DATA, wire
from harness import ServerTest, only_roost
from jmap_client import Jmap, JmapError

EVERY = 25  # message of the corpus
PROPERTIES = ["blobId", "size", "subject", "from", "to", "sentAt",
              "messageId", "headers", "bodyStructure", "bodyValues",
              "textBody", "htmlBody", "attachments", "preview"]
PART = ["partId", "blobId", "size", "type", "charset", "disposition", "name",
        "cid"]
# What has only one reading, whatever parser.
ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\Z", re.ASCII)
NAMED = re.compile(r'"?([\w ]+\w)"? <([\w.+-]+@[\w.-]+)>\Z', re.ASCII)


def leaves(part):
    if part.get("subParts"):
        return [leaf for sub in part["subParts"] for leaf in leaves(sub)]
    return [part]


@only_roost
class JmapReadTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.jmap = Jmap(self.server, self.user, self.password)

    def deliver(self, messages):
        """The ids of the emails, in the order of the messages."""
        folder = self.work / "mail"
        folder.mkdir()
        for n, message in enumerate(messages):
            (folder / ("%05d.eml" % n)).write_bytes(message)
        self.server.roost("import", "eml", "--user", self.user, str(folder))
        c = self.connect()
        c.command("SELECT INBOX")
        return [str(e) for e in self.email_ids(c)]

    def email_ids(self, c):
        fetched = c.command("UID FETCH 1:* (EMAILID)")
        found = re.findall(r"UID (\d+) EMAILID \((\w+)\)|"
                           r"EMAILID \((\w+)\) UID (\d+)", str(fetched))
        pairs = [(int(a or d), b or c) for a, b, c, d in found]
        return [e for _, e in sorted(pairs)]

    def get(self, ids, **more):
        got = {}
        for at in range(0, len(ids), 50):
            answer = self.jmap.call("Email/get", ids=ids[at:at + 50], **more)
            self.assertEqual(answer["notFound"], [])
            got.update((e["id"], e) for e in answer["list"])
        return [got[i] for i in ids]

    # ---- Compared with Python --------------------------------------------

    def check_header(self, parsed, said):
        fields = [(h["name"], h["value"]) for h in said["headers"]]
        theirs = parsed.raw_items()
        ours = {name.lower() for name, _ in fields}
        for name, value in theirs:
            self.assertIn(name.lower(), ours)
        subject = parsed.get_all("Subject", [""])[-1]
        if (isinstance(subject, str) and subject.isascii()
                and "=?" not in subject):
            plain = re.sub(r"\r?\n(?=[ \t])", "", subject).lstrip(" ")
            self.assertEqual((said["subject"] or "").strip(), plain.strip())
        for name, key in (("From", "from"), ("To", "to")):
            value = parsed.get_all(name, [None])[-1]
            if value and ADDRESS.match(value):
                self.assertEqual(said[key], [{"name": None, "email": value}])
            elif value and NAMED.match(value):
                match = NAMED.match(value)
                self.assertEqual(
                    said[key], [{"name": match[1], "email": match[2]}])
            elif value is None:
                self.assertIsNone(said[key])
        date = parsed.get_all("Date", [None])[-1]
        if date and re.match(r"\w\w\w, \d+ \w\w\w \d{4} \d\d:\d\d:\d\d "
                             r"[+-](0\d|1[0-4])[0-5]\d\Z", date):
            theirs = email.utils.parsedate_to_datetime(date)
            if not theirs.tzinfo:  # "-0000"
                theirs = theirs.replace(tzinfo=datetime.timezone.utc)
            self.assertEqual(datetime.datetime.fromisoformat(
                said["sentAt"].replace("Z", "+00:00")), theirs)

    def check_parts(self, parsed, said):
        ours = leaves(said["bodyStructure"])
        if parsed.defects or any(p.defects for p in parsed.walk()):
            return 0
        theirs = []
        stack = [parsed]
        while stack:
            part = stack.pop()
            if part.get_content_maintype() == "multipart":
                stack += reversed(part.get_payload())
            else:
                theirs.append(part)
        self.assertEqual([p["type"] for p in ours],
                         [p.get_content_type() for p in theirs])
        for mine, part in zip(ours, theirs):
            if part.get_content_maintype() == "message":
                continue
            encoding = (part.get("Content-Transfer-Encoding") or "").strip()
            raw = part.get_payload(decode=True)
            status, fields, blob = self.jmap.download(mine["blobId"])
            self.assertEqual(status, 200)
            self.assertEqual(len(blob), mine["size"])
            self.assertEqual(int(fields["Content-Length"]), len(blob))
            if encoding.lower() in ("base64", "7bit", "8bit", ""):
                self.assertEqual(blob.rstrip(b"\r\n"), raw.rstrip(b"\r\n"))
            self.check_text(mine, part, raw, said)
        return len(ours)

    def check_text(self, mine, part, raw, said):
        value = said["bodyValues"].get(mine["partId"])
        self.assertEqual(value is not None, mine["type"].startswith("text/"))
        charset = part.get_content_charset("us-ascii")
        if value is None or charset not in ("us-ascii", "utf-8", "koi8-r",
                                            "iso-8859-2", "gb2312", "big5"):
            return
        try:
            text = raw.decode(charset)
        except UnicodeDecodeError:
            return
        # Blanks at the ends of lines are no part of quoted-printable (RFC
        # 2045 section 6.7); Python keeps them.
        self.assertEqual(*(
            "\n".join(line.rstrip(" ") for line in t.split("\n")).rstrip()
            for t in (value["value"], text.replace("\r\n", "\n"))))
        self.assertFalse(value["isEncodingProblem"])
        self.assertFalse(value["isTruncated"])

    def test_real_mail_is_read_as_python_reads_it(self):
        files = sorted(DATA.glob("*/*.txt"))
        self.assertEqual(len(files), COUNT)
        messages = [wire(f.read_bytes()) for f in files[::EVERY]]
        ids = self.deliver(messages)
        self.assertEqual(len(ids), len(messages))
        parts = 0
        for message, said in zip(messages, self.get(
                ids, properties=PROPERTIES, bodyProperties=PART,
                fetchAllBodyValues=True)):
            parsed = email.message_from_bytes(
                message, policy=email.policy.compat32)
            with self.subTest(subject=said["subject"]):
                self.assertEqual(said["size"], len(message))
                self.assertLessEqual(len(said["preview"]), 256)
                # A line that is no field ends the header for Python.
                if parsed.defects:
                    continue
                self.check_header(parsed, said)
                parts += self.check_parts(parsed, said)
        self.assertGreater(parts, len(messages) / 2)
        _, _, blob = self.jmap.download(
            self.get(ids[:1], properties=["blobId"])[0]["blobId"])
        self.assertEqual(blob, messages[0])

    # ---- Uploads and downloads -------------------------------------------

    def test_a_large_file_goes_up_and_comes_back(self):
        body = bytes(range(256)) * 20000
        blob = self.jmap.upload(body, "image/x-big")
        status, fields, got = self.jmap.download(
            blob, "gr%C3%BC%C3%9Fe.bin?type=image/x-big")
        self.assertEqual((status, got), (200, body))
        self.assertEqual(fields["Content-Type"], "image/x-big")
        self.assertEqual(fields["X-Content-Type-Options"], "nosniff")
        self.assertIn("sandbox", fields["Content-Security-Policy"])
        self.assertIn("filename*=UTF-8''gr%C3%BC%C3%9Fe.bin",
                      fields["Content-Disposition"])
        status, more, got = self.jmap.download(
            blob, Range="bytes=1000000-1000009")
        self.assertEqual((status, got), (206, body[1000000:1000010]))
        self.assertEqual(more["Content-Range"],
                         "bytes 1000000-1000009/%d" % len(body))
        status, _, got = self.jmap.download(
            blob, If_None_Match=fields["ETag"])
        self.assertEqual((status, got), (304, b""))
        status, more, got = self.jmap.http(
            "HEAD", "/jmap/download/%s/%s/x" % (self.jmap.account, blob))
        self.assertEqual((status, got), (200, b""))
        self.assertEqual(int(more["Content-Length"]), len(body))
        said = self.jmap.call("Blob/get", ids=[blob], properties=[
            "size", "digest:sha-256"])["list"][0]
        self.assertEqual(said["size"], len(body))
        self.assertEqual(base64.b64decode(said["digest:sha-256"]),
                         hashlib.sha256(body).digest())

    def test_an_upload_survives_a_restart_and_is_its_users_own(self):
        blob = self.jmap.upload(b"mine")
        self.server.stop()
        self.server.start()
        self.assertEqual(self.jmap.download(blob)[2], b"mine")
        self.server.check()
        other = Jmap(self.server, *self.server.new_user())
        self.assertEqual(other.download(blob)[0], 404)
        self.assertEqual(other.call("Blob/get", ids=[blob])["notFound"],
                         [blob])
        status, _, text = other.http(
            "POST", "/jmap/upload/%s/" % self.jmap.account, b"x")
        self.assertEqual((status, json.loads(text)["status"]), (404, 404))
        status, _, _ = self.jmap.http("GET", "/jmap/download/%s/%s/x" % (
            self.jmap.account, blob), Authorization="Basic eDp5")
        self.assertEqual(status, 401)

    def test_what_is_too_long_is_refused(self):
        limit = self.jmap.session["capabilities"][
            "urn:ietf:params:jmap:core"]["maxSizeUpload"]
        status, _, _ = self.jmap.http(
            "POST", "/jmap/upload/%s/" % self.jmap.account,
            Content_Length=str(limit + 1))
        self.assertEqual(status, 413)

    def test_an_upload_becomes_an_attachment_and_a_message(self):
        picture = bytes(range(256)) * 300
        blob = self.jmap.upload(picture, "image/png")
        inbox = self.jmap.call("Mailbox/query",
                               filter={"role": "inbox"})["ids"][0]
        made = self.jmap.call("Email/set", create={"k": {
            "mailboxIds": {inbox: True}, "subject": "Grüße",
            "textBody": [{"partId": "t", "type": "text/plain"}],
            "bodyValues": {"t": {"value": "Hallo\nWelt\n"}},
            "attachments": [{"blobId": blob, "type": "image/png",
                             "name": "bäume.png"}]}})["created"]["k"]
        said, = self.get([made["id"]], properties=[
            "attachments", "hasAttachment", "blobId", "bodyValues"],
            fetchTextBodyValues=True)
        self.assertTrue(said["hasAttachment"])
        part, = said["attachments"]
        self.assertEqual((part["name"], part["type"], part["size"]),
                         ("bäume.png", "image/png", len(picture)))
        self.assertEqual(self.jmap.download(part["blobId"])[2], picture)
        value, = said["bodyValues"].values()
        self.assertEqual(value["value"], "Hallo\nWelt\n")
        # The message itself, uploaded and parsed.
        whole = self.jmap.download(said["blobId"])[2]
        again = self.jmap.upload(whole, "message/rfc822")
        parsed = self.jmap.call("Email/parse", blobIds=[again])["parsed"]
        self.assertEqual(parsed[again]["subject"], "Grüße")
        inner, = parsed[again]["attachments"]
        self.assertEqual(self.jmap.download(inner["blobId"])[2], picture)

    def test_an_error_is_told_as_the_rfc_says(self):
        with self.assertRaises(JmapError) as raised:
            self.jmap.call("Email/get", ids=[],
                           properties=["header:From:asDate"])
        self.assertEqual(raised.exception.type, "invalidArguments")
        path = "/jmap/download/%s/%s/x" % (
            self.jmap.account, urllib.parse.quote("no such"))
        status, fields, text = self.jmap.http("GET", path)
        self.assertEqual(status, 404)
        self.assertEqual(fields["Content-Type"], "application/problem+json")
        self.assertEqual(json.loads(text)["status"], 404)
