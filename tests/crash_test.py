# SPDX-License-Identifier: Apache-2.0
"""kill -9 while several connections change mail. Whatever was answered with OK
is there afterwards. Of all other changes only those under way may be there,
and the store is sound. ROOST_CRASHES sets the number of crashes."""

import hashlib
import os
import random
import re
import ssl
import threading
import unittest

import mail
from harness import ServerTest
from imap_client import Closed, ImapError, expand

CRASHES = int(os.environ.get("ROOST_CRASHES", "5"))
WORKERS = 4


def digest(message):
    return hashlib.sha256(message).hexdigest()


class Worker:
    """The work of one connection on two mailboxes of its own and on a shared
    one.

    `sure`: {mailbox: {uid: (flags, digest)}}, the changes that were answered
    with OK. `maybe`: what the command under way may have done, completely or
    in part."""

    def __init__(self, number, seed):
        self.number = number
        self.boxes = ["W%d-a" % number, "W%d-b" % number]
        self.sure = {box: {} for box in self.boxes}
        self.shared = {}  # uid: digest, of what this one put there
        self.highest = {box: 0 for box in self.boxes}
        self.chance = random.Random(seed)
        self.serial = 0
        self.error = None
        self.done = 0

    def run(self, connection):
        self.maybe = {}
        try:
            while True:
                self.maybe = {}
                self.work(connection)
                self.done += 1
        except (Closed, OSError, ssl.SSLError):
            pass  # the crash
        except ImapError as error:
            self.error = error

    def work(self, c):
        box = self.chance.choice(self.boxes)
        other = self.boxes[1 - self.boxes.index(box)]
        c.select(box)
        uids = sorted(self.sure[box])
        what = self.chance.randrange(7)
        if what <= 1 or len(uids) < 4:
            self.append(c, box)
            return
        chosen = self.chance.sample(uids, self.chance.randrange(1, 4))
        if what == 2:
            self.store(c, box, chosen)
        elif what == 3:
            self.transfer(c, "COPY", box, other, chosen)
        elif what == 4:
            self.transfer(c, "MOVE", box, other, chosen)
        elif what == 5:
            self.expunge(c, box, chosen)
        else:
            message = self.message()
            self.maybe = {"shared": digest(message)}
            uid = c.append("Shared", message)[1]
            self.shared[uid] = digest(message)

    def message(self):
        self.serial += 1
        size = self.chance.choice((10, 500, 5000, 200000))
        return mail.simple(
            self.number * 10 ** 6 + self.serial,
            body="%d-%d\r\n" % (self.number, self.serial) + "x" * 70 + "\r\n"
                 * (size // 72))

    def append(self, c, box):
        message = self.message()
        flags = self.chance.choice(("", "\\Seen", "\\Flagged $W"))
        entry = (frozenset(flags.split()), digest(message))
        self.maybe = {"added": {box: [entry]}}
        self.sure[box][c.append(box, message, flags)[1]] = entry

    def store(self, c, box, uids):
        flag = self.chance.choice(("\\Answered", "\\Draft", "Later"))
        add = self.chance.random() < 0.7
        new = {}
        for uid in uids:
            flags, what = self.sure[box][uid]
            new[uid] = (flags | {flag} if add else flags - {flag}, what)
        self.maybe = {"changed": {box: new}}
        c.command("UID STORE", ",".join(map(str, uids)),
                  "+FLAGS.SILENT" if add else "-FLAGS.SILENT", "(%s)" % flag)
        self.sure[box].update(new)

    def transfer(self, c, how, box, other, uids):
        self.maybe = {"added": {other: [self.sure[box][u] for u in uids]}}
        if how == "MOVE":
            self.maybe["moved"] = (box, other, uids)
        reply = c.command("UID " + how, ",".join(map(str, uids)), other)
        code = reply.codes()["COPYUID"].split()
        for old, new in zip(expand(code[1]), expand(code[2])):
            self.sure[other][new] = self.sure[box][old]
        if how == "MOVE":
            for uid in uids:
                del self.sure[box][uid]

    def expunge(self, c, box, uids):
        chosen = ",".join(map(str, uids))
        new = {}
        for uid in uids:
            flags, what = self.sure[box][uid]
            new[uid] = (flags | {"\\Deleted"}, what)
        self.maybe = {"changed": {box: new}}
        c.command("UID STORE", chosen, "+FLAGS.SILENT (\\Deleted)")
        self.sure[box].update(new)
        self.maybe = {"removed": {box: set(uids)}}
        c.command("UID EXPUNGE", chosen)
        for uid in uids:
            del self.sure[box][uid]


class CrashTest(ServerTest):
    def stored(self, c, box):
        reply = c.command("EXAMINE", box)
        fetched = c.fetch("1:*", "(UID FLAGS BODY.PEEK[])")
        return reply.codes(), {
            uid: (frozenset(set(v["FLAGS"]) - {"\\Recent"}),
                  digest(v["BODY[]"])) for uid, v in fetched.items()}

    def compare(self, worker, box, found):
        sure, maybe = worker.sure[box], worker.maybe
        changed = maybe.get("changed", {}).get(box, {})
        removed = set(maybe.get("removed", {}).get(box, ()))
        moved = maybe.get("moved", (None, None, ()))
        if moved[0] == box:
            removed |= set(moved[2])
        added = list(maybe.get("added", {}).get(box, ()))
        for uid, entry in sure.items():
            if uid not in found:
                self.assertIn(uid, removed, "%s: %d is lost" % (box, uid))
            elif found[uid] != entry:
                self.assertEqual(found[uid], changed.get(uid, entry),
                                 "%s: %d is changed" % (box, uid))
        for uid in set(found) - set(sure):
            self.assertIn(found[uid], added,
                          "%s: %d came from nowhere" % (box, uid))
            added.remove(found[uid])
            self.assertGreater(uid, max(sure, default=0))

    def verify(self, workers, validity):
        c = self.connect()
        shared = self.stored(c, "Shared")[1]
        for worker in workers:
            self.assertIsNone(worker.error)
            found = {}
            for box in worker.boxes:
                codes, found[box] = self.stored(c, box)
                self.assertEqual(codes["UIDVALIDITY"], validity[box])
                self.assertGreaterEqual(int(codes["HIGHESTMODSEQ"]),
                                        worker.highest[box])
                self.assertGreater(int(codes["UIDNEXT"]),
                                   max(worker.sure[box], default=0))
                worker.highest[box] = int(codes["HIGHESTMODSEQ"])
                self.compare(worker, box, found[box])
            if "moved" in worker.maybe:
                source, target, uids = worker.maybe["moved"]
                gone = [u for u in uids if u not in found[source]]
                came = set(found[target]) - set(worker.sure[target])
                self.assertEqual(len(gone), len(came), "half a MOVE")
            for uid, what in worker.shared.items():
                self.assertEqual(shared[uid][1], what)
            worker.sure = found
        known = {what for w in workers for what in w.shared.values()}
        known |= {w.maybe["shared"] for w in workers if "shared" in w.maybe}
        for uid, (_, what) in shared.items():
            self.assertIn(what, known)
            for worker in workers:
                if worker.maybe.get("shared") == what:
                    worker.shared[uid] = what
        c.close()

    def test_what_was_answered_ok_survives_kill_9(self):
        chance = random.Random(11)
        workers = [Worker(n, n) for n in range(WORKERS)]
        c = self.connect()
        c.command("CREATE Shared")
        validity = {}
        for worker in workers:
            for box in worker.boxes:
                c.command("CREATE", box)
                validity[box] = c.select(box).codes()["UIDVALIDITY"]
        c.close()
        for crash in range(CRASHES):
            threads = []
            for worker in workers:
                worker.done = 0
                connection = self.server.connect(self.user, self.password)
                threads.append(threading.Thread(
                    target=worker.run, args=(connection,)))
            for thread in threads:
                thread.start()
            threading.Event().wait(chance.uniform(0.2, 1.5))
            self.server.crash()
            for thread in threads:
                thread.join()
            self.assertGreater(sum(w.done for w in workers), 0)
            # The store is sound before anybody has touched it, ...
            with self.subTest(crash=crash):
                self.server.check()
                self.server.start()
                self.verify(workers, validity)
        # ... and when the server that runs on it is asked.
        self.server.check()


if __name__ == "__main__":
    unittest.main()
