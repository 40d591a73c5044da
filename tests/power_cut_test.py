# SPDX-License-Identifier: Apache-2.0
"""Power cuts at any moment, the very first start included. A record is made of
every change on the disk, with a mark for each answer that a client got; then
images of what a power cut may leave (tests/power.py). A server has to start on
each, and whatever was acknowledged before has to be there: mail with its UID,
flags and places, users, domains, and what waits in the queue.

ROOST_POWER_IMAGES sets the number of images (default 50)."""

import json
import os
import random
import re
import shutil
import threading
import unittest

import disk
import mail
import power
from harness import RoostServer, give_away
from smtp_client import Smtp

IMAGES = int(os.environ.get("ROOST_POWER_IMAGES", "50"))
SEED = int(os.environ.get("ROOST_SEED", "1"))
SUBJECT = re.compile(rb"(?m)^Subject: (\S+)\r$")
DOMAIN = "here.test"
USERS = ("anna", "bert", "carl")


class RecordedServer(RoostServer):
    """A server whose changes on the disk are recorded."""

    def __init__(self, settings):
        super().__init__(settings)
        self.record = self.folder / "record"
        self.record.touch()
        self.record.chmod(0o666)
        self.recorded = True

    def environment(self):
        found = super().environment()
        if not self.recorded:
            return found
        found["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        return {**found, "LD_PRELOAD": disk.library("disk_record"),
                "ROOST_DISK_RECORD": str(self.record),
                "ROOST_DISK_FOLDER": str(self.folder)}


class Known:
    """What was acknowledged: made from the marks before a power cut."""

    def __init__(self):
        self.users, self.queued = set(), set()
        self.boxes = {}  # (user, mailbox): {uid: (subject, flags)}
        self.arrived = {}  # user: subjects in INBOX, by SMTP or LMTP
        self.highest = {}  # (user, mailbox): the highest UID given out
        # Of a change that has begun, the old or the new state is right.
        self.open = {}  # who: a mark

    def take(self, text):
        mark = json.loads(text)
        if mark["what"] == "begins":
            self.open[mark["who"]] = mark
            return
        self.open.pop(mark.get("who"), None)
        getattr(self, mark["what"])(mark)

    def box(self, mark, name="box"):
        return self.boxes.setdefault((mark["user"], mark[name]), {})

    def user(self, mark):
        self.users.add(mark["user"])

    def queue(self, mark):
        self.queued.add(mark["address"])

    def deliver(self, mark):
        self.arrived.setdefault(mark["user"], set()).add(mark["subject"])

    def append(self, mark):
        self.box(mark)[mark["uid"]] = (mark["subject"], frozenset())
        self.gave(mark["user"], mark["box"], mark["uid"])

    def gave(self, user, box, uid):
        self.highest[user, box] = max(self.highest.get((user, box), 0), uid)

    def flag(self, mark):
        box = self.box(mark)
        box[mark["uid"]] = (box[mark["uid"]][0], frozenset(["\\Seen"]))

    def move(self, mark):
        entry = self.box(mark).pop(mark["uid"])
        self.box(mark, "to")[mark["new"]] = entry
        self.gave(mark["user"], mark["to"], mark["new"])

    def expunge(self, mark):
        self.box(mark).pop(mark["uid"], None)


class Worker(threading.Thread):
    """One client that marks each answer in the record."""

    def __init__(self, test, name, work, rounds):
        super().__init__()
        self.test, self.who, self.work, self.rounds = test, name, work, rounds
        self.marker = power.Marker(test.server.record)
        self.chance = random.Random("%s-%d" % (name, SEED))
        self.error = None

    def mark(self, what, **more):
        self.marker.mark(json.dumps({"what": what, "who": self.who, **more}))

    def run(self):
        try:
            self.work(self)
        except Exception as error:  # noqa: told by the test
            self.error = error
        self.marker.close()


class PowerCutTest(unittest.TestCase):
    def setUp(self):
        self.server = RecordedServer("write_buffer_mib = 1\n"
                                     "disk_reserve_mib = 1\n"
                                     "smtp_messages_max = 100000\n")
        self.addCleanup(self.server.remove)

    # -- the work that is recorded

    def imap(self, worker):
        user = worker.who
        c = self.server.connect(user, "secret-" + user)
        here = []
        c.select("INBOX")
        for number in range(worker.rounds):
            size = worker.chance.choice((100, 8000, 90000))
            subject = "%s-%d" % (user, number)
            worker.mark("begins")
            uid = c.append("INBOX", mail.simple(
                number, subject, ("x" * 70 + "\r\n") * (size // 72)))[1]
            worker.mark("append", user=user, box="INBOX", uid=uid,
                        subject=subject)
            here.append(uid)
            if number % 3 == 1:
                worker.mark("begins", box="INBOX", uid=uid)
                c.command("UID STORE", str(uid), "+FLAGS.SILENT (\\Seen)")
                worker.mark("flag", user=user, box="INBOX", uid=uid)
            if number % 4 == 2:
                old = here.pop(0)
                worker.mark("begins", box="INBOX", uid=old)
                code = c.command("UID MOVE", str(old), "Archive").codes()
                worker.mark("move", user=user, box="INBOX", uid=old,
                            to="Archive",
                            new=int(code["COPYUID"].split()[-1]))
            if number % 5 == 3:
                old = here.pop(0)
                worker.mark("begins", box="INBOX", uid=old)
                c.command("UID STORE", str(old), "+FLAGS.SILENT (\\Deleted)")
                c.command("UID EXPUNGE", str(old))
                worker.mark("expunge", user=user, box="INBOX", uid=old)
        c.close()

    def deliver(self, worker):
        for number in range(worker.rounds):
            kind = ("smtp", "lmtp")[number % 2]
            s = Smtp(self.server.ports[kind])
            s.hello("LHLO" if kind == "lmtp" else "EHLO")
            subject = "in-%d" % number
            size = worker.chance.choice((100, 8000, 90000))
            s.mail("far@there.test")
            s.rcpt("carl@" + DOMAIN)
            s.data(mail.simple(number, subject,
                               ("y" * 70 + "\r\n") * (size // 72)))
            worker.mark("deliver", user="carl", subject=subject)
            s.close()

    def submit(self, worker):
        s = Smtp(self.server.ports["submission"])
        s.hello()
        s.start_tls(self.server.tls())
        s.login("anna", "secret-anna")
        for number in range(worker.rounds):
            address = "out-%d@there.test" % number
            s.mail("anna@" + DOMAIN)
            s.rcpt(address)
            s.data(mail.simple(number, "out-%d" % number,
                               sender="anna@" + DOMAIN))
            worker.mark("queue", address=address)
        s.close()

    def make_record(self, rounds):
        server = self.server
        marker = power.Marker(server.record)
        server.start()
        server.roost("domain", "add", DOMAIN)
        for user in USERS:
            server.new_user(user)
            marker.mark(json.dumps({"what": "user", "user": user}))
        workers = [Worker(self, "anna", self.imap, rounds),
                   Worker(self, "bert", self.imap, rounds),
                   Worker(self, "in", self.deliver, rounds),
                   Worker(self, "out", self.submit, rounds)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
            self.assertIsNone(worker.error)
        marker.close()
        server.crash()
        server.recorded = False
        return power.read_record(server.record)

    # -- what an image has to hold

    def box_of(self, c, name):
        c.command("EXAMINE", name)
        found = c.fetch("1:*", "(UID FLAGS BODY.PEEK[HEADER])")
        return {uid: (SUBJECT.search(v["BODY[HEADER]"])[1].decode(),
                      frozenset(set(v["FLAGS"]) - {"\\Recent", "\\Deleted"}))
                for uid, v in found.items()}

    def verify_box(self, c, known, user, box):
        found = self.box_of(c, box)
        begun = known.open.get(user, {})
        for uid, entry in known.boxes.get((user, box), {}).items():
            if begun.get("uid") == uid and begun.get("box") == box:
                continue  # under way: it may be changed or gone
            self.assertIn(uid, found, "%s of %s is lost" % (entry, user))
            self.assertEqual(found[uid], entry)
        given = known.highest.get((user, box), 0)
        for uid, (subject, _) in found.items():
            known_as = known.boxes.get((user, box), {}).get(uid)
            if known_as:
                self.assertEqual(subject, known_as[0])
        return max(given, max(found, default=0))

    def verify_user(self, known, user):
        c = self.server.connect(user, "secret-" + user)
        self.addCleanup(c.close)
        c.command("EXAMINE INBOX")
        for box in ("INBOX", "Archive"):
            highest = self.verify_box(c, known, user, box)
            new = c.append(box, mail.simple(1, "afterwards"))[1]
            self.assertGreater(new, highest, "a UID is given out again")
        inbox = {subject for subject, _ in self.box_of(c, "INBOX").values()}
        self.assertLessEqual(known.arrived.get(user, set()), inbox)
        c.close()

    def verify(self, known):
        for user in sorted(known.users):
            self.verify_user(known, user)
        if known.queued:
            listed = self.server.roost("queue", "list")
            for address in known.queued:
                self.assertIn(address, listed)

    def try_image(self, number, contents, known):
        data = self.server.data
        shutil.rmtree(data, ignore_errors=True)
        inside = {path: content for path, content in contents.items()
                  if path == "data" or path.startswith("data/")}
        power.write_image(inside, self.server.folder)
        for path in inside:
            give_away(self.server.folder / path)
        if not inside:
            self.assertEqual(known.users, set(), "the data folder is lost")
        # A cut in the middle of `user add` leaves no half of a user either.
        if number % 10 == 0 and inside:
            self.server.check()
        try:
            self.server.start()
            self.verify(known)
        finally:
            self.server.crash()

    def moments(self, entries, chance):
        """Positions in the record: some at its beginning, some right after a
        sync or an answer, some anywhere."""
        first = next(at for at, e in enumerate(entries) if e.kind == "m")
        ends = [at for at, e in enumerate(entries) if e.kind in "sm"]
        chosen = []
        for number in range(IMAGES):
            if number % 5 == 0:
                chosen.append(chance.randint(0, first + 5))
            elif number % 5 < 3:
                chosen.append(chance.choice(ends) + 1)
            else:
                chosen.append(chance.randint(0, len(entries)))
        return sorted(chosen)

    def test_what_was_acknowledged_survives_a_power_cut(self):
        chance = random.Random(SEED)
        entries = self.make_record(max(20, min(IMAGES, 100)))
        state = power.Disk(self.server.folder)
        known = Known()
        for number, moment in enumerate(self.moments(entries, chance)):
            while state.position < moment:
                entry = entries[state.position]
                state.take(entry)
                if entry.kind == "m":
                    known.take(entry.data.decode())
            model = power.MODELS[number % 2]
            contents = state.image(model, chance)
            with self.subTest(image=number, model=model, moment=moment):
                self.try_image(number, contents, known)
        if os.environ.get("ROOST_POWER_IMAGES"):
            print("%d changes and answers, %d images" % (
                len(entries), IMAGES))


if __name__ == "__main__":
    unittest.main()
