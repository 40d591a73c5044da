#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the data folders that tests/fixtures keeps, and reads them back.

tests/data_fixture.py [--roost PROGRAM] NAME

starts the program with a new data folder, puts something of everything that
a server stores into it, writes down what clients see, kills the server (so
that a part is in tables and a part only in the log), and packs the folder and
what was seen into tests/fixtures/NAME.tar.xz. A fixture stays for good:
format_test.py opens each of them with the present program. Run this for each
release that stores something new (docs/format.md)."""

import argparse
import base64
import hashlib
import io
import json
import os
import pathlib
import re
import sys
import tarfile

import scram
from harness import (PROJECT, RoostServer, program, run_program,
                     wait_until)
from imap_client import Literal
from post import Control
from smtp_client import Smtp

FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"
DOMAIN = "example.test"
# The name in SCRAM and LOGIN, and the password.
USERS = {"anna": "annas secret", "bert": "berts secret",
         "jörg": "Jörgs Geheimnis", "doris": "doris' secret"}
DISABLED = "doris"
# Mail for other servers is tried, and no name is found.
MAKING = "relay = yes\nqueue_retry_first_seconds = 3600\n"
LEFT_OUT = re.compile(
    r"store/(LOCK|ballast|LOG.*)$|control\.sock$|lock$|damaged-")

SHORT = (b"From: Anna <anna@example.test>\r\nTo: bert@example.test\r\n"
         b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= %d\r\n"
         b"Message-ID: <%d@example.test>\r\n%s"
         b"Date: Mon, 30 Nov 2026 10:00:%02d +0100\r\n\r\nHello %d\r\n")
LINE = b"The same line again and again: so the fixture stays small.\r\n"
LONG = (b"From: far@far.test\r\nSubject: long\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/plain; charset=iso-8859-1\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nSch=F6n\r\n"
        b"--b\r\n"
        b"Content-Type: application/octet-stream; name=x\r\n"
        b"Content-Disposition: attachment\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(LINE * 3000).replace(b"\n", b"\r\n")
        + b"--b--\r\n")
RAGGED = b"Subject: bare\nFrom: x@far.test\n\nLines with LF only\nno end"
BINARY = (b"Subject: binary\r\nMIME-Version: 1.0\r\n"
          b"Content-Type: application/octet-stream\r\n"
          b"Content-Transfer-Encoding: binary\r\n\r\n"
          + bytes(range(256)) * 100)


def short(number, answers=None):
    more = b"References: <%d@example.test>\r\n" % answers if answers else b""
    return SHORT % (number, number, more, number % 60, number)


# ---- Asking -----------------------------------------------------------------

def ask(server, **request):
    """The notes before an answer of the control socket, and the answer."""
    control = Control(server)
    try:
        control.socket.sendall(json.dumps(request).encode() + b"\n")
        notes = []
        while True:
            message = json.loads(control.file.readline())
            if "result" in message:
                if message["result"] != "RC_OK":
                    raise AssertionError("%r: %r" % (request, message))
                return notes + [message]
            notes.append(message)
    finally:
        control.close()


def picked(notes, *keys):
    """The members of the notes that a later version still has to give."""
    return [{key: note.get(key) for key in keys}
            for note in notes if "note" in note]


def log_in(server, user, password):
    connection = server.connect()
    connection.command("LOGIN", Literal(user.encode()),
                       Literal(password.encode()))
    return connection


def plain(value):
    """A value of imap_client as JSON, so that it can be compared."""
    if isinstance(value, bytes):
        if len(value) > 200:
            return "%d bytes, SHA-256 %s" % (
                len(value), hashlib.sha256(value).hexdigest())
        return value.decode("latin-1")
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def read_mailbox(connection, name):
    selected = connection.select(name)
    codes = selected.codes()
    found = {key: codes[key] for key in (
        "UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ", "MAILBOXID")}
    messages = {}
    for uid, items in connection.fetch(
            "1:*", "(FLAGS INTERNALDATE SAVEDATE RFC822.SIZE MODSEQ EMAILID "
            "THREADID ENVELOPE BODYSTRUCTURE PREVIEW BODY.PEEK[HEADER] "
            "BODY.PEEK[])").items():
        items["FLAGS"] = sorted(set(items["FLAGS"]) - {"\\Recent"})
        messages[str(uid)] = plain(items)
    found["messages"] = messages
    found["gone"] = [plain(r.tokens[1:]) for r in connection.command(
        "SELECT", '"%s"' % name, "(QRESYNC (%s 1))" % codes["UIDVALIDITY"])
        .named("VANISHED")]
    found["sorted"] = plain(connection.command(
        "UID SORT", "(SUBJECT REVERSE DATE)", "UTF-8", "ALL").one(
            "SORT").tokens)
    found["threads"] = plain(connection.command(
        "UID THREAD", "REFERENCES", "UTF-8", "ALL").one("THREAD").tokens)
    found["hits"] = connection.search("TEXT", "hello")
    return found


def read_user(server, user, password):
    connection = log_in(server, user, password)
    connection.command("ENABLE", "QRESYNC")
    found = {}
    listed = connection.command(
        "LIST", '""', '"*"', "RETURN", "(SUBSCRIBED SPECIAL-USE)")
    for response in listed.named("LIST"):
        name = response.tokens[-1]
        name = name.decode() if isinstance(name, bytes) else str(name)
        found[name] = read_mailbox(connection, name)
        found[name]["attributes"] = sorted(
            set(response.tokens[1]) & {
                "\\Subscribed", "\\Sent", "\\Trash", "\\Archive"})
    connection.close()
    connection = server.connect()
    if scram.login(connection, user, password).status != "OK":
        raise AssertionError("SCRAM failed for %s" % user)
    connection.close()
    return found


def leads_to(server, address):
    return ask(server, do="route", address=address)[-1]["verdict"]


def read_all(server):
    """What clients and the administrator see; the same for every version."""
    found = {"users": picked(ask(server, do="user.list"), "name", "address",
                             "account", "disabled", "created", "mailboxes",
                             "messages", "size")}
    found["domains"] = picked(ask(server, do="domain.list"), "domain",
                              "alias_of", "catch_all", "primary")
    found["aliases"] = picked(ask(server, do="alias.list"), "address",
                              "targets")
    found["keys"] = picked(ask(server, do="dkim.list"), "domain", "selector",
                           "algorithm", "bits", "created", "dns")
    found["routes"] = {address + "@" + DOMAIN: leads_to(
        server, address + "@" + DOMAIN) for address in (
            "anna", "anna+detail", "bert+detail", "sales", "nobody", DISABLED)}
    waiting = [note for note in ask(server, do="queue.list")
               if note.get("note") == "message"]
    found["queue"] = []
    for note in waiting:
        shown = ask(server, do="queue.show", id=note["id"])
        found["queue"].append({
            **{key: note.get(key) for key in (
                "id", "sender", "size", "created", "account", "release",
                "envid", "count")},
            "recipients": picked(
                [n for n in shown if n.get("note") == "recipient"],
                "address", "state", "attempts", "next", "reply"),
            "header": [n["text"] for n in shown
                       if n.get("note") == "header"]})
    found["mail"] = {user: read_user(server, user, password)
                     for user, password in USERS.items() if user != DISABLED}
    return json.loads(json.dumps(found))


def knows(server, command):
    """Whether the program has the command."""
    return command.encode() in run_program(program(), "--help")


def read_newer(server):
    """What the first format does not have."""
    found = {}
    if knows(server, "user sending"):
        found["sending"] = [
            {"name": note["name"], "limits": [
                [note[kind]["limits"], note[kind]["day"]]
                for kind in ("messages", "recipients")]}
            for note in ask(server, do="user.sending")
            if note.get("note") == "sending"]
    if knows(server, "user logins"):
        found["logins"] = sorted(
            {note["address"] for note in ask(
                server, do="user.logins", user="anna")
             if note.get("note") == "login"})
    return found


def read_kept(server):
    """The subjects of what anna can have back. A running server removes it
    after some days; so a test reads it before the server runs."""
    if not knows(server, "undelete"):
        return []
    return sorted(re.findall(r"Gr\u00fc\u00dfe \d+", server.roost(
        "undelete", "anna")))


# ---- Making -----------------------------------------------------------------

def fill_directory(server):
    server.roost("domain", "add", DOMAIN)
    server.roost("domain", "add", "other.test", "--alias-of", DOMAIN)
    for user, password in USERS.items():
        server.add_user(user, "another one")
        server.roost("user", "passwd", user, "--password-stdin",
                     input=password.encode() + b"\n")
    server.roost("domain", "add", "catch.test", "--catch-all", "anna")
    server.roost("user", "disable", DISABLED)
    server.roost("user", "detail", "bert", "folder")
    server.roost("user", "detail", "jörg", "refuse")
    server.roost("alias", "add", "sales@" + DOMAIN, "anna", "bert",
                 "far@far.test")
    server.roost("alias", "add", "loop@" + DOMAIN, "sales@" + DOMAIN)
    server.roost("dkim", "new", DOMAIN)
    if knows(server, "user sending"):
        server.roost("user", "sending", "bert", "limit", "77", "88")


def fill_mailboxes(server):
    c = log_in(server, "anna", USERS["anna"])
    for name, use in (("Gesendet", "\\Sent"), ("M&APw-ll", "\\Trash"),
                      ("A/B/C", None), ("Many", None)):
        more = ("(USE (%s))" % use,) if use else ()
        c.command("CREATE", Literal(name.encode()), *more)
        c.command("SUBSCRIBE", Literal(name.encode()))
    c.command("UNSUBSCRIBE", '"Many"')
    c.append("INBOX", short(1), "\\Seen $Work $Forwarded",
             "01-Feb-2024 03:04:05 +0530")
    c.append("INBOX", short(2, answers=1), "\\Answered \\Flagged")
    c.append("INBOX", LONG, "\\Draft")
    c.append("INBOX", RAGGED)
    c.append("INBOX", BINARY.replace(b"\0", b"\1"))
    c.command("APPEND", "INBOX", Literal(BINARY, binary=True))
    c.append("INBOX", short(3), "\\Deleted")
    for number in range(10, 150):
        c.append("Many", short(number, answers=number // 2 if number % 3
                               else None), "\\Seen" if number % 2 else "")
    c.select("Many")
    # More keywords than fit into an entry.
    for number in range(70):
        c.command("UID STORE", "5", "+FLAGS.SILENT", "(k%d)" % number)
    c.command("UID STORE", "20:60", "+FLAGS.SILENT", "(\\Deleted)")
    c.command("UID EXPUNGE", "20:25,30,40:45")
    c.command("UID STORE", "20:60", "-FLAGS.SILENT", "(\\Deleted)")
    c.command("UID MOVE", "100:103", '"A/B/C"')
    c.command("UID COPY", "104", '"A/B/C"')
    c.command("CREATE", "Gone")
    c.append("Gone", short(200))
    c.command("DELETE", "Gone")
    c.command("RENAME", '"A/B"', '"A/D"')
    c.select("INBOX")
    c.command("UID EXPUNGE", "7")
    c.close()


def submit(server, recipient, parameters="", body=LINE):
    c = Smtp(server.ports["submission"])
    c.hello()
    c.start_tls(server.tls())
    c.login("anna", USERS["anna"])
    c.hello()
    c.mail("anna@" + DOMAIN, parameters)
    c.rcpt(recipient, "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;" + recipient)
    c.data(b"From: anna@example.test\r\nSubject: away\r\n\r\n" + body)
    c.close()


def fill_by_mail(server):
    c = Smtp(server.ports["smtp"])
    c.hello()
    for body in (LINE * 20, LINE * 2000):  # the users share it
        c.mail("far@far.test")
        for user in ("anna", "bert+work", "bert"):
            c.rcpt("%s@%s" % (user, DOMAIN))
        c.data(b"From: far@far.test\r\nSubject: for several\r\n\r\n" + body)
    c.mail("far@far.test")
    c.rcpt("loop@" + DOMAIN)
    c.data(b"From: far@far.test\r\nSubject: by an alias\r\n\r\n" + LINE)
    c.close()
    submit(server, "tried@there.test")
    submit(server, "later@there.test", "HOLDFOR=7200", LINE * 2000)

    def tried():
        return server.roost("queue", "list").count("after 1 try") == 2
    wait_until(tried, "two tries")


def hold_all(server):
    for note in ask(server, do="queue.list"):
        if note.get("note") == "message":
            server.roost("queue", "hold", note["id"])


def pack(data, expected, path):
    with tarfile.open(path, "w:xz", preset=9) as archive:
        def add(name, content):
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(content), 0o600, 0
            archive.addfile(info, io.BytesIO(content))
        for file in sorted(data.rglob("*")):
            name = str(file.relative_to(data))
            if file.is_file() and not LEFT_OUT.search(name):
                add("data/" + name, file.read_bytes())
        add("expected.json", json.dumps(
            expected, sort_keys=True, indent=1).encode())


def unpack(path, folder):
    """Unpacks a fixture into a folder: the data folder is `data` in it. Gives
    what was seen."""
    with tarfile.open(path) as archive:
        for info in archive:
            target = folder / info.name
            if ".." in target.parts or not info.isfile():
                raise ValueError(info.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.extractfile(info).read())
    return json.loads((folder / "expected.json").read_text())


def make(name):
    server = RoostServer(MAKING)
    try:
        server.start()
        fill_directory(server)
        fill_mailboxes(server)
        fill_by_mail(server)
        hold_all(server)
        server.stop()
        server.start()
        c = log_in(server, "anna", USERS["anna"])
        c.append("INBOX", short(4), "\\Seen")
        c.append("INBOX", LONG.replace(b"long", b"in the log"))
        c.close()
        found = {"all": read_all(server), "newer": read_newer(server),
                 "kept": read_kept(server)}
        server.crash()
        FIXTURES.mkdir(exist_ok=True)
        pack(server.data, found, FIXTURES / (name + ".tar.xz"))
    finally:
        if server.running():
            server.crash()
        server.remove()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roost", help="the program that makes the data")
    parser.add_argument("name", metavar="NAME")
    options = parser.parse_args()
    if options.roost:
        os.environ["ROOST"] = os.path.abspath(options.roost)
    make(options.name)
    for path in sorted(FIXTURES.glob(options.name + ".*")):
        print("%s: %d bytes" % (path.relative_to(PROJECT),
                                path.stat().st_size))
    return 0


if __name__ == "__main__":
    sys.exit(main())
