# SPDX-License-Identifier: Apache-2.0
"""An IMAP session and a JMAP client change the same account at random. After
each step the JMAP client brings what it has kept up to date by /changes and
/queryChanges alone. What it has then is what it would get if it asked for all,
and what the IMAP session sees."""

import os
import random

from harness import ServerTest
from imap_client import quote
from jmap_client import Jmap

STEPS = int(os.environ.get("ROOST_TEST_STEPS", "60"))
NAMES = ["INBOX", "Archive", "Trash", "a", "a/b", "c"]
FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft", "\\Deleted", "$one",
         "Two"]
COUNTS = ["totalEmails", "unreadEmails", "totalThreads", "unreadThreads"]
EMAIL = ["mailboxIds", "keywords", "threadId", "size", "receivedAt"]

NEWEST = [{"property": "receivedAt", "isAscending": False}]
QUERIES = [
    {},
    {"sort": NEWEST, "collapseThreads": True},
    {"filter": {"inMailbox": "INBOX"}, "sort": NEWEST},
    {"filter": {"inMailbox": "INBOX"}, "sort": NEWEST,
     "collapseThreads": True},
    {"filter": {"inMailbox": "Archive", "notKeyword": "$seen"}},
    {"filter": {"inMailboxOtherThan": ["Trash"]},
     "sort": [{"property": "subject"}, {"property": "size"}]},
    {"filter": {"hasKeyword": "two"}, "sort": [
        {"property": "hasKeyword", "keyword": "$flagged"},
        {"property": "receivedAt"}]},
    {"filter": {"someInThreadHaveKeyword": "$flagged"}},
    {"filter": {"operator": "NOT", "conditions": [
        {"allInThreadHaveKeyword": "$seen"}, {"text": "pears"}]},
     "sort": [{"property": "someInThreadHaveKeyword", "keyword": "$one"}]},
    {"filter": {"text": "apples"}, "collapseThreads": True},
]
BOX_QUERIES = [
    {},
    {"sort": [{"property": "name"}], "sortAsTree": True},
    {"filter": {"hasAnyRole": False}, "sort": [{"property": "sortOrder"}]},
    {"filter": {"isSubscribed": True}, "filterAsTree": True},
]

SYSTEM = {"\\Seen": "$seen", "\\Flagged": "$flagged",
          "\\Answered": "$answered", "\\Draft": "$draft"}


def by_id(objects):
    return {one["id"]: one for one in objects}


class Kept:
    """What a JMAP client keeps."""

    def __init__(self, jmap, random):
        self.jmap, self.random = jmap, random
        boxes, emails = self.all()
        self.boxes, self.box_state = by_id(boxes["list"]), boxes["state"]
        self.emails, self.state = by_id(emails["list"]), emails["state"]
        self.ids = {self.path(box): box["id"] for box in self.boxes.values()}
        self.queries = [("Email", self.named(q), *self.asked("Email", q))
                        for q in QUERIES]
        self.queries += [("Mailbox", q, *self.asked("Mailbox", q))
                         for q in BOX_QUERIES]

    def path(self, box):
        name = "INBOX" if box["role"] == "inbox" else box["name"]
        above = self.boxes.get(box["parentId"])
        return self.path(above) + "/" + name if above else name

    def named(self, value):
        """With ids where a query has the names of mailboxes."""
        if isinstance(value, dict):
            return {key: self.ids[item] if key == "inMailbox" else
                    self.named(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.named(item) for item in value]
        return self.ids.get(value, value) if isinstance(value, str) else value

    def all(self):
        ids = self.jmap.call("Email/query")["ids"]
        (_, boxes), (_, emails) = self.jmap.calls(
            ("Mailbox/get", {"ids": None}),
            ("Email/get", {"ids": ids, "properties": EMAIL}))
        return boxes, emails

    def asked(self, kind, query):
        got = self.jmap.call(kind + "/query", calculateTotal=True,
                             **(self.named(query) if kind == "Email"
                                else query))
        assert got["canCalculateChanges"]
        return got["ids"], got["queryState"]

    def changes(self, kind, state, kept):
        """The ids to get again, and the new state. What comes in one answer
        is exact."""
        again, pages = set(), 0
        most = self.random.choice([None, None, None, 2])
        while True:
            arguments = {"maxChanges": most} if most else {}
            got = self.jmap.call(kind + "/changes", sinceState=state,
                                 **arguments)
            created, updated, destroyed = (
                set(got[key]) for key in ("created", "updated", "destroyed"))
            if not most:
                assert not created & set(kept), (kind, got)
                assert not updated - set(kept), (kind, got)
                assert not destroyed - set(kept), (kind, got)
            else:
                pages += 1
                assert pages < 2000
                assert len(created | updated | destroyed) <= most, got
            again |= created | updated
            again -= destroyed
            for id in destroyed:
                kept.pop(id, None)
            state = got["newState"]
            if not got["hasMoreChanges"]:
                return again, state, got

    def follow_emails(self):
        again, self.state, _ = self.changes("Email", self.state, self.emails)
        got = self.jmap.call("Email/get", ids=sorted(again), properties=EMAIL)
        self.emails.update(by_id(got["list"]))
        for id in got["notFound"]:
            self.emails.pop(id, None)

    def follow_boxes(self):
        since, before = self.box_state, dict(self.boxes)
        got = self.jmap.call("Mailbox/changes", sinceState=since)
        created, updated, destroyed = (
            set(got[key]) for key in ("created", "updated", "destroyed"))
        assert not created & set(before) and not updated - set(before), got
        assert not destroyed - set(before), got
        properties = got["updatedProperties"]
        assert properties in (None, COUNTS), got
        new, old = self.jmap.calls(
            ("Mailbox/get", {"ids": sorted(created)}),
            ("Mailbox/get", {"ids": sorted(updated),
                             "properties": properties}))
        for box in new[1]["list"] + old[1]["list"]:
            self.boxes[box["id"]] = dict(
                self.boxes.get(box["id"], {}), **box)
        for id in destroyed:
            del self.boxes[id]
        self.box_state = got["newState"]

    def follow_queries(self):
        calls = [(kind + "/queryChanges", dict(
            query, sinceQueryState=state, calculateTotal=True))
            for kind, query, ids, state in self.queries]
        for i, (name, got) in enumerate(self.jmap.calls(*calls)):
            kind, query, ids, _ = self.queries[i]
            assert name != "error", (query, got)
            removed = set(got["removed"])
            ids = [id for id in ids if id not in removed]
            for one in got["added"]:
                assert one["id"] not in ids, (query, got)
                assert one["index"] <= len(ids), (query, got)
                ids.insert(one["index"], one["id"])
            assert got["total"] == len(ids), (query, got, ids)
            self.queries[i] = kind, query, ids, got["newQueryState"]

    def check(self, test):
        boxes, emails = self.all()
        test.assertEqual(self.boxes, by_id(boxes["list"]))
        test.assertEqual(self.emails, by_id(emails["list"]))
        fresh = self.jmap.calls(*(
            (kind + "/query", dict(query, calculateTotal=True))
            for kind, query, _, _ in self.queries))
        for (kind, query, ids, _), (_, got) in zip(self.queries, fresh):
            test.assertEqual(ids, got["ids"], (kind, query))
            test.assertEqual(len(ids), got["total"], (kind, query))


class JmapModelTest(ServerTest):
    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("ROOST_TEST_SEED", "8621"))
        self.random = random.Random(seed)
        self.imap = self.connect()
        self.imap.command("CREATE a/b")
        self.jmap = Jmap(self.server, self.user, self.password)
        self.sent = 0

    # What is done at random.

    def some(self, *choices):
        return self.random.choice(choices)

    def select(self):
        name = self.some(*NAMES)
        if self.imap.command("SELECT", quote(name), want=None).status != "OK":
            self.imap.select("INBOX")
        reply = self.imap.command("UID SEARCH ALL")
        uids = [n for r in reply.named("SEARCH") for n in r.tokens[1:]]
        uids += [n for r in reply.named("ESEARCH") for n in r.tokens
                 if isinstance(n, str) and n[0].isdigit()]
        return ",".join(uids)

    def some_uids(self):
        listed = self.select()
        uids = [uid for part in listed.split(",") if part
                for uid in range(int(part.split(":")[0]),
                                 int(part.split(":")[-1]) + 1)]
        if not uids:
            return None
        chosen = self.random.sample(uids, min(len(uids), self.some(1, 1, 3)))
        return ",".join(map(str, chosen))

    def imap_append(self):
        self.sent += 1
        about = self.random.randrange(12)
        text = ("Subject: %s\r\nMessage-ID: <%d.%d@x>\r\n"
                "References: <%d.0@x>\r\n\r\n%s\r\n" % (
                    self.some("Re: one", "two", "three"), about, self.sent,
                    about, self.some("apples", "pears", "apples and pears")))
        flags = " ".join(self.random.sample(FLAGS, self.some(0, 0, 1, 2)))
        self.imap.append("INBOX" if self.random.random() < .6 else "Archive",
                         text.encode(), flags,
                         "%02d-Jan-2024 10:00:00 +0000" %
                         self.random.randrange(1, 28))

    def imap_store(self):
        uids = self.some_uids()
        if uids:
            self.imap.command("UID STORE", uids, self.some(
                "+FLAGS", "-FLAGS", "FLAGS"), "(%s)" % self.some(*FLAGS))

    def imap_move(self):
        uids = self.some_uids()
        if uids:
            self.imap.command("UID", self.some("COPY", "MOVE"), uids,
                              quote(self.some(*NAMES)), want=None)

    def imap_expunge(self):
        uids = self.some_uids()
        if uids:
            self.imap.command("UID STORE", uids, "+FLAGS (\\Deleted)")
            self.imap.command("UID EXPUNGE", uids)

    def imap_mailbox(self):
        self.imap.command("UNSELECT", want=None)
        name = self.some("a", "a/b", "c")
        self.imap.command(*self.some(
            ("CREATE", name), ("CREATE", name), ("DELETE", name),
            ("RENAME", name, self.some("a", "c", "c/d", "a/b")),
            ("SUBSCRIBE", name), ("UNSUBSCRIBE", name)), want=None)

    def jmap_set(self):
        ids = self.jmap.call("Email/query", limit=30)["ids"]
        if not ids:
            return
        boxes = [box["id"] for box in self.jmap.call(
            "Mailbox/get", ids=None)["list"]]
        id = self.some(*ids)
        box = self.some(*boxes)
        change = self.some(
            {"update": {id: {"keywords/" + self.some(
                "$seen", "$flagged", "two"): self.some(True, None)}}},
            {"update": {id: {"mailboxIds": {box: True}}}},
            {"update": {id: {"mailboxIds/" + box: self.some(True, None)}}},
            {"destroy": [id]})
        self.jmap.call("Email/set", **change)

    def jmap_mailbox(self):
        # A session whose mailbox is deleted ends.
        self.imap.command("UNSELECT", want=None)
        boxes = [box["id"] for box in self.jmap.call(
            "Mailbox/get", ids=None)["list"] if box["role"] is None]
        id = self.some(None, *boxes)
        self.jmap.call("Mailbox/set", onDestroyRemoveEmails=True, **self.some(
            {"create": {"k": {"name": self.some("a", "b", "c"),
                              "parentId": id}}},
            {"update": {id or "x": {"name": self.some("a", "b", "d")}}},
            {"update": {id or "x": {"sortOrder": self.some(1, 20)}}},
            {"update": {id or "x": {"isSubscribed": self.some(True, False)}}},
            {"update": {id or "x": {"role": self.some(None, "important")}}},
            {"destroy": [id or "x"]}))

    def step(self):
        act = self.some(self.imap_append, self.imap_append, self.imap_store,
                        self.imap_store, self.imap_move, self.imap_expunge,
                        self.imap_mailbox, self.jmap_set, self.jmap_set,
                        self.jmap_mailbox)
        act()
        return act.__name__

    # What IMAP sees.

    def imap_emails(self):
        """{email id: (thread, mailbox ids, keywords)}, without \\Deleted."""
        found = {}
        listed = self.imap.command('LIST "" "*" RETURN (STATUS (MAILBOXID))')
        for r in listed.named("STATUS"):
            box = r.tokens[2][r.tokens[2].index("MAILBOXID") + 1][0]
            name = r.tokens[1]
            self.imap.command("EXAMINE", quote(name))
            for one in self.imap.fetch(
                    "1:*", "(UID FLAGS EMAILID THREADID)").values():
                if "\\Deleted" in one["FLAGS"]:
                    continue
                thread, boxes, keywords = found.setdefault(
                    one["EMAILID"][0], (one["THREADID"][0], set(), set()))
                boxes.add(box)
                keywords |= {SYSTEM.get(flag, flag.lower())
                             for flag in one["FLAGS"] if flag != "\\Recent"}
        self.imap.command("UNSELECT")
        return found

    def check_all(self, kept):
        kept.follow_emails()
        kept.follow_boxes()
        kept.follow_queries()
        kept.check(self)
        self.assertEqual(self.imap_emails(), {
            id: (email["threadId"], set(email["mailboxIds"]),
                 set(email["keywords"]))
            for id, email in kept.emails.items()})

    def test_both_see_the_same_after_each_step(self):
        for _ in range(12):
            self.imap_append()
        kept = Kept(self.jmap, self.random)
        for number in range(STEPS):
            done = [self.step() for _ in range(self.some(1, 1, 2))]
            try:
                self.check_all(kept)
            except Exception as error:
                raise AssertionError("step %d: %s" % (number, done)) from error
        self.server.check()
