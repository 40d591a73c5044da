#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The power cuts of power_cut_test.py on Dovecot, for comparison. By hand:

    python3 tests/power_dovecot.py [--images 100] [--location maildir:~/mail]
                                   [--fsync optimized] [--seed 1]

Dovecot is recorded below its folder of mail: IMAP (APPEND, STORE, MOVE,
EXPUNGE) and LMTP. For each image it is started anew, and what it answered is
compared. What is missing is counted by kinds, because Dovecot does not promise
all of it with every value of mail_fsync."""

import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import unittest

import disk
import power
import power_cut_test
from dovecot_server import DovecotServer
from imap_client import ImapError
from smtp_client import Smtp, SmtpError

USER = 8  # who owns the mail, as dovecot_server.py says


class Replay(power.Disk):
    """All that was done, with nothing lost."""

    def name(self, kind, paths, inode):
        self.rename(self.names, (0, 0, kind, paths, inode))


class RecordedDovecot(DovecotServer):
    def __init__(self, fsync):
        super().__init__()
        self.mail = self.folder / "mail"
        self.record = self.folder / "record"
        self.record.touch()
        self.record.chmod(0o666)
        self.recorded = True
        with open(self.config, "a") as config:
            config.write("mail_fsync = %s\nimport_environment = TZ LD_PRELOAD "
                         "ROOST_DISK_RECORD ROOST_DISK_FOLDER\n" % fsync)

    def environment(self):
        return {} if not self.recorded else {
            "LD_PRELOAD": disk.library("disk_record"),
            "ROOST_DISK_RECORD": str(self.record),
            "ROOST_DISK_FOLDER": str(self.mail)}


class DovecotCuts(power_cut_test.PowerCutTest):
    """Borrows the work that is recorded, and the moments."""

    def __init__(self, options):
        super().__init__("make_record")
        power_cut_test.IMAGES = options.images
        power_cut_test.SEED = options.seed
        self.options = options
        self.server = RecordedDovecot(options.fsync)
        self.kinds, self.seen = collections.Counter(), {}
        self.image, self.model = 0, ""

    def add(self, kind, text):
        kind = "%s, %s" % (self.model, kind)
        if self.seen.get(kind) != self.image:
            self.kinds["images with: " + kind] += 1
        self.seen[kind] = self.image
        self.kinds[kind] += 1
        if self.kinds[kind] <= 3:
            print("image %d: %s: %s" % (self.image, kind, text), flush=True)

    # -- the work

    def deliver(self, worker):
        for number in range(worker.rounds):
            s = Smtp(self.server.ports["lmtp"])
            s.hello("LHLO")
            subject = "in-%d" % number
            size = worker.chance.choice((100, 8000, 90000))
            s.mail("far@there.test")
            s.rcpt("carl@here.test")
            s.data(power_cut_test.mail.simple(
                number, subject, ("y" * 70 + "\r\n") * (size // 72)))
            worker.mark("deliver", user="carl", subject=subject)
            s.close()

    def make_record(self, rounds):
        for user in power_cut_test.USERS:
            self.server.new_user(user)
        self.server.start()
        workers = [power_cut_test.Worker(self, *what, rounds) for what in (
            ("anna", self.imap), ("bert", self.imap), ("in", self.deliver))]
        for user in power_cut_test.USERS:
            workers[0].mark("user", user=user)
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
            if worker.error:
                raise worker.error
        self.server.crash()
        self.server.recorded = False
        return power.read_record(self.server.record)

    # -- what is there

    def verify_box(self, c, known, user, box):
        try:
            found = self.box_of(c, box)
        except (ImapError, OSError):
            # It hangs up once while it repairs a mailbox.
            c = self.server.connect(user, "secret-" + user)
            self.addCleanup(c.close)
            found = self.box_of(c, box)
        begun = known.open.get(user, {})
        there = {subject for subject, _ in found.values()}
        for uid, entry in known.boxes.get((user, box), {}).items():
            if begun.get("uid") == uid and begun.get("box") == box:
                continue
            if entry[0] not in there:
                self.add("mail lost", "%s in %s" % (entry[0], box))
            elif found.get(uid, ("",))[0] != entry[0]:
                self.add("another UID", "%s in %s" % (entry[0], box))
            elif found[uid] != entry:
                self.add("flags lost", "%s in %s" % (entry[0], box))
        counts = collections.Counter(s for s, _ in found.values())
        if max(counts.values(), default=0) > 1:
            self.add("mail twice", "in %s of %s" % (box, user))
        for subject in known.arrived.get(user, set()) - there:
            if box == "INBOX":
                self.add("mail lost", subject)
        new = c.append(box, power_cut_test.mail.simple(1, "afterwards"))[1]
        if new <= known.highest.get((user, box), 0):
            self.add("UID again", "%s of %s" % (box, user))

    def try_image(self, number, contents, known):
        self.image = number
        root = self.server.mail
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        power.write_image(contents, root)
        subprocess.run(["chown", "-R", "%d:%d" % (USER, USER), str(root)],
                       check=True)
        self.server.start()
        for user in sorted(known.users):
            for box in ("INBOX", "Archive"):
                try:
                    c = self.server.connect(user, "secret-" + user)
                    self.verify_box(c, known, user, box)
                    c.close()
                except (ImapError, SmtpError, OSError) as error:
                    self.add("cannot be opened", "%s of %s: %s" % (
                        box, user, str(error)[:200]))
        self.server.crash()

    def check_record(self, entries):
        """With nothing lost, the record makes the folder as it is."""
        state = Replay(self.server.mail)
        for entry in entries:
            state.take(entry)
        wrong = []
        for path, inode in state.names.items():
            real = self.server.mail / path
            if inode is None:
                same = real.is_dir()
            else:
                file = state.files.get(inode, power.File())
                content = bytearray(file.durable)
                for _, entry in file.pending:
                    power.apply(content, entry)
                same = real.is_file() and real.read_bytes() == content
            wrong += [] if same else [path]
        missing = [str(p) for p in self.server.mail.rglob("*") if str(
            p.relative_to(self.server.mail)) not in state.names]
        print("the record makes %d names; %d are not as they were: %s; %d are "
              "missing: %s" % (len(state.names), len(wrong), wrong[:5],
                               len(missing), missing[:5]), flush=True)

    def run_all(self):
        chance = random.Random(self.options.seed)
        entries = self.make_record(max(20, min(self.options.images, 100)))
        self.check_record(entries)
        state = power.Disk(self.server.mail)
        known = power_cut_test.Known()
        for number, moment in enumerate(self.moments(entries, chance)):
            while state.position < moment:
                entry = entries[state.position]
                state.take(entry)
                if entry.kind == "m":
                    known.take(entry.data.decode())
            self.model = power.MODELS[number % 2]
            self.try_image(number, state.image(self.model, chance), known)
            if (number + 1) % 10 == 0 or number + 1 == self.options.images:
                print("%d changes, %d images of %s, mail_fsync = %s: %s" % (
                    len(entries), number + 1, self.options.location,
                    self.options.fsync, json.dumps(self.kinds)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--location", default="maildir:~/mail")
    parser.add_argument("--fsync", default="optimized",
                        choices=("optimized", "always", "never"))
    options = parser.parse_args()
    os.environ["ROOST_DOVECOT_MAIL"] = options.location
    cuts = DovecotCuts(options)
    try:
        cuts.run_all()
    finally:
        cuts.doCleanups()
        cuts.server.remove()


if __name__ == "__main__":
    unittest.installHandler()
    main()
