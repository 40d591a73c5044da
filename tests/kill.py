# SPDX-License-Identifier: Apache-2.0
"""What a server has to hold after kill -9, made from what it has answered; and
what the clients that work until then have in common (kill_imap.py,
kill_post.py). Each tells the model what it is going to ask for, and what was
answered.

Whatever was answered is there. A command that was under way is done wholly or
not at all. What differs from that is a finding; the model then goes on from
what the server holds, so that one fault is told once."""

import collections
import hashlib
import random
import re
import threading

import mail
from imap_client import expand

SUBJECT = re.compile(rb"(?m)^Subject: (\S+)\r$")
SIZES = (10, 500, 3000, 5000, 60_000, 200_000)
SIZE_WEIGHTS = (4, 8, 8, 4, 2, 1)


def digest(message):
    return hashlib.sha256(message).hexdigest()


class Findings:
    """Faults: a kind in a word or two, and what was seen. `where` names the
    kill, for those who read it."""

    def __init__(self):
        self.found = []
        self.where = ""

    def add(self, kind, text):
        self.found.append((kind, "%s: %s: %s" % (self.where, kind, text)))

    def add_all(self, pairs):
        for kind, text in pairs:
            self.add(kind, text)

    def kinds(self):
        return collections.Counter(kind for kind, _ in self.found)

    def __str__(self):
        return "\n".join(text for _, text in self.found[:30])


class Box:
    """A mailbox as its one client knows it, and as a server shows it.

    `messages`: {uid: (flags, digest)}; `given`: the highest UID that was told;
    `next`: the UIDNEXT that was told last; `modseq`: the highest value that
    was seen; `modseqs`: {uid: value}."""

    def __init__(self, validity, next=1, modseq=0, messages=None,
                 modseqs=None):
        self.validity, self.next, self.modseq = validity, next, modseq
        self.messages, self.modseqs = messages or {}, modseqs or {}
        self.given = max(self.messages, default=0)
        self.identity = object()  # stays when the mailbox is renamed

    def gave(self, uids):
        self.given = max([self.given, *uids])


class Change:
    """A command under way: what is there afterwards if it is done.

    `messages`: {mailbox: {uid: (flags, digest)}}; `added`: {mailbox: [(flags,
    digest)]}, in the order of the UIDs that nobody knows yet; `names`: {old
    name or None: new name or None}."""

    def __init__(self, messages=None, added=None, names=None):
        self.messages, self.added = messages or {}, added or {}
        self.names = names or {}

    def apply(self, boxes):
        """The mailboxes afterwards, without what is added."""
        after = dict(boxes)
        for old, new in self.names.items():
            box = after.pop(old) if old else None
            if new:
                after[new] = box
        return after


NOTHING = Change()


class Boxes:
    """The mailboxes of one client. Only it changes them, by one command at a
    time."""

    def __init__(self, boxes):
        self.boxes = boxes  # {name: Box}
        self.change = NOTHING
        self.cut = self.cut_done = 0  # how many were under way, and were done
        # {(name, UIDVALIDITY): identity} of all mailboxes that ever were.
        self.earlier = {}

    def begin(self, **what):
        self.change = Change(**what)

    def end(self, new_uids=None):
        """The command was answered; `new_uids`: {mailbox: [uid]}."""
        change, self.change = self.change, NOTHING
        self.boxes = change.apply(self.boxes)
        for name, messages in change.messages.items():
            self.boxes[name].messages = dict(messages)
        for name, uids in (new_uids or {}).items():
            self.boxes[name].messages.update(zip(uids, change.added[name]))
            self.boxes[name].gave(uids)

    def differences(self, change, found):
        """[(kind, text)] between what is `found` and what has to be there if
        the change is made."""
        boxes = change.apply(self.boxes)
        wrong = [("lost", "mailbox " + name) for name in set(boxes)
                 - set(found)]
        wrong += [("back", "mailbox " + name) for name in set(found)
                  - set(boxes)]
        for name in sorted(set(boxes) & set(found)):
            known = boxes[name].messages if boxes[name] else {}
            known = change.messages.get(name, known)
            wrong += self.box_differences(
                name, known, change.added.get(name, []), found[name].messages)
        return wrong

    @staticmethod
    def box_differences(name, known, added, there):
        for uid, entry in known.items():
            if uid not in there:
                yield "lost", "%s: UID %d" % (name, uid)
            elif there[uid] != entry:
                kind = "flags" if there[uid][1] == entry[1] else "changed"
                yield kind, "%s: UID %d: %s, not %s" % (
                    name, uid, set(there[uid][0]), set(entry[0]))
        left = list(added)
        for uid in sorted(set(there) - set(known)):
            if there[uid] in left:
                left.remove(there[uid])
            else:
                yield "nowhere", "%s: UID %d" % (name, uid)
        for _ in left:
            yield "not added", name

    def verify(self, found, findings):
        """Compares with {name: Box}, which becomes what is known."""
        before = self.differences(NOTHING, found)
        after = self.differences(self.change, found) if before else []
        known = self.boxes
        if before and not after:
            known = self.change.apply(known)
        elif before:
            known = {**known, **self.change.apply(known)}
            both = [one for one in before if one in after]
            findings.add_all(both or [("half", "%s; or else %s" % (
                before[:4], after[:4]))])
        self.cut += self.change is not NOTHING
        self.cut_done += bool(before) and not after
        for name, box in found.items():
            self.verify_numbers(name, known.get(name), box, findings)
        self.boxes, self.change = found, NOTHING

    def named(self, name, box, findings):
        """A mailbox has this name now. No other may have had it under the same
        UIDVALIDITY."""
        before = self.earlier.setdefault((name, box.validity), box.identity)
        if before is not box.identity:
            self.earlier[name, box.validity] = box.identity
            findings.add("UIDVALIDITY", "%s has that of an earlier one" % name)

    def verify_numbers(self, name, known, box, findings):
        if known is None:
            pass
        elif known.validity != box.validity:
            findings.add("UIDVALIDITY", "%s has another one" % name)
        else:
            new = set(box.messages) - set(known.messages)
            if new and min(new) <= known.given:
                findings.add("UID again", "%s: %d, and %d was given" % (
                    name, min(new), known.given))
            if box.next < known.next or box.next <= known.given:
                findings.add("UIDNEXT", "%s: %d after %d" % (
                    name, box.next, known.given))
            back = [uid for uid, value in box.modseqs.items()
                    if value < known.modseqs.get(uid, 0)]
            if box.modseq < known.modseq or back:
                findings.add("MODSEQ", "%s: back from %d to %d, UIDs %s" % (
                    name, known.modseq, box.modseq, back))
            box.gave([known.given])
            box.identity = known.identity
        self.named(name, box, findings)


class Inbox:
    """What arrives for a user, from many clients at once. A message is known
    by its subject, and is there once.

    `sure`: was accepted; `maybe`: was sent, and the answer did not come;
    `gone`: was deleted; `deleting`: subjects that a command under way
    deletes; `uids`: {subject: UID} where it was told."""

    def __init__(self):
        self.uids = {}
        self.sure, self.maybe, self.gone = set(), set(), set()
        self.deleting = set()
        self.box, self.numbers = None, Boxes({})

    def accepted(self, subject):
        self.sure.add(subject)

    def deleted(self, subjects):
        self.gone |= subjects
        self.deleting = set()

    def missing(self, there):
        """What has to be there and is not; it may still be in a queue."""
        return self.sure - self.gone - self.deleting - there

    def seen(self, subject):
        return subject in self.sure or subject in self.gone

    def verify(self, user, there, findings):
        """`there`: {UID: subject}."""
        counts = collections.Counter(there.values())
        for uid, subject in there.items():
            if self.uids.get(subject, uid) != uid:
                findings.add("UID", "%s of %s has %d, not %d" % (
                    subject, user, uid, self.uids[subject]))
        for subject in sorted(self.missing(set(counts))):
            findings.add("lost", "%s of %s" % (subject, user))
        left = self.deleting & set(counts)
        if left and self.deleting - left - self.gone:
            findings.add("half", "%s deletes %s, and %s are left" % (
                user, sorted(self.deleting), sorted(left)))
        self.gone |= (self.deleting - left)
        self.deleting = set()
        for subject, count in sorted(counts.items()):
            if subject in self.gone:
                findings.add("back", "%s of %s" % (subject, user))
            elif subject not in self.sure | self.maybe:
                findings.add("nowhere", "%s of %s" % (subject, user))
            elif count > 1:
                findings.add("twice", "%s of %s" % (subject, user))
        self.sure = set(counts)


class Memory:
    """What a QRESYNC client remembers of a mailbox (RFC 7162 section 6)."""

    def __init__(self, validity=0, modseq=0, flags=None):
        self.validity, self.modseq = validity, modseq
        self.flags = flags or {}  # uid: frozenset
        self.exists = len(self.flags)

    def copy(self):
        return Memory(self.validity, self.modseq, dict(self.flags))

    def take(self, responses):
        """Untagged responses; returns the highest MODSEQ among them."""
        highest = 0
        for r in responses:
            if r.name == "VANISHED":
                uids = expand(r.tokens[-1])
                for uid in uids:
                    self.flags.pop(uid, None)
                if r.tokens[1] != ["EARLIER"]:
                    self.exists -= len(uids)
            elif r.name == "EXISTS":
                self.exists = r.number
            elif r.name == "FETCH":
                items = r.items()
                if "UID" in items and "FLAGS" in items:
                    self.flags[int(items["UID"])] = frozenset(
                        items["FLAGS"]) - {"\\Recent"}
                if "MODSEQ" in items:
                    highest = max(highest, int(items["MODSEQ"][0]))
        return highest


class Client:
    """`done`: how many steps since it began; `steps`: in all."""

    def __init__(self, world, name):
        self.world, self.server, self.name = world, world.server, name
        self.chance = random.Random("%s-%s" % (world.seed, name))
        self.serial = self.steps = 0
        self.c = None  # the connection

    def begin(self):
        self.done, self.error = 0, None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            self.connect()
            while True:
                self.step()
                self.done += 1
                self.steps += 1
                self.world.ring()
        except Exception as error:  # noqa: told by the test
            # Whoever is cut off before the end, or gets a wrong answer.
            if not self.world.ending:
                self.error = error
        if self.c:
            self.c.close()
        self.world.ring()

    def message(self, sender="ann@example.org"):
        """(subject, a message with this subject, which no other has)."""
        self.serial += 1
        subject = "%s-%d" % (self.name, self.serial)
        size = self.chance.choices(SIZES, SIZE_WEIGHTS)[0]
        message = mail.simple(self.serial, subject, "%s\r\n" % subject
                              + ("x" * 70 + "\r\n") * (size // 72),
                              sender=sender)
        self.world.digests[subject] = digest(message)
        return subject, message
