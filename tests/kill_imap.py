# SPDX-License-Identifier: Apache-2.0
"""IMAP clients that work until their server is killed: one that changes its
mailboxes, and one that keeps copies of mailboxes by QRESYNC."""

from imap_client import Literal, expand, quote
from kill import Box, Boxes, Client, Memory, digest

BOX_SIZE = 25  # a mailbox with more is made smaller


class Editor(Client):
    """One IMAP client, and all mailboxes below a name that only it changes."""

    user = "anna"

    def __init__(self, world, name):
        super().__init__(world, name)
        self.boxes = Boxes({})
        self.fixed = [name + "/a", name + "/b"]
        self.works = [self.append] * 4 + [self.append_two, self.to_inbox] + [
            self.store, self.copy, self.move, self.expunge] * 2 + [
            self.folder] * 3

    def prepare(self):
        self.connect()
        for name in self.fixed:
            self.create(name)
        self.c.close()

    def connect(self):
        self.c = self.server.connect(*self.world.login(self.user))
        self.replace_too = "REPLACE" in self.world.capabilities
        self.selected = None

    def step(self):
        name = self.chance.choice(sorted(self.boxes.boxes))
        if name not in self.fixed and self.chance.random() < 0.5:
            name = self.chance.choice(self.fixed)
        work = self.chance.choice(self.works)
        count = len(self.boxes.boxes[name].messages)
        if count < 4 and work not in (self.to_inbox, self.folder):
            work = self.append
        elif count > BOX_SIZE:
            work = self.expunge
        work(name)

    def select(self, name):
        if self.selected != name:
            reply = self.c.select(name)
            self.selected = name
            return reply.codes()
        return None

    def choose(self, name):
        """Some UIDs, as a set and as a command's argument."""
        self.select(name)
        uids = sorted(self.boxes.boxes[name].messages)
        chosen = sorted(self.chance.sample(uids, self.chance.randrange(1, 5)
                                           if len(uids) > 4 else 1))
        return chosen, ",".join(map(str, chosen))

    def known(self, name):
        return dict(self.boxes.boxes[name].messages)

    def flags(self):
        return self.chance.choice(("", "\\Seen", "\\Flagged $Work"))

    # -- messages

    def append(self, name):
        _, message = self.message()
        flags = self.flags()
        self.boxes.begin(added={name: [
            (frozenset(flags.split()), digest(message))]})
        self.boxes.end({name: [self.c.append(name, message, flags)[1]]})

    def append_two(self, name):
        """MULTIAPPEND is all or nothing (RFC 3502)."""
        parts, added = [], []
        for _ in range(2):
            _, message = self.message()
            flags = self.flags()
            parts += ["(%s)" % flags, Literal(message)]
            added.append((frozenset(flags.split()), digest(message)))
        self.boxes.begin(added={name: added})
        reply = self.c.command("APPEND", quote(name), *parts)
        self.boxes.end({name: expand(reply.code.split()[2])})

    def to_inbox(self, _):
        """A mailbox to which many write at once."""
        subject, message = self.message()
        inbox = self.world.inboxes[self.user]
        inbox.maybe.add(subject)
        uid = self.c.append("INBOX", message)[1]
        inbox.accepted(subject)
        inbox.uids[subject] = uid

    def store(self, name):
        chosen, text = self.choose(name)
        flag = self.chance.choice(("\\Answered", "\\Draft", "Later"))
        add = self.chance.random() < 0.7
        self.set_flag(name, chosen, text, flag, add)

    def set_flag(self, name, chosen, text, flag, add=True):
        messages = self.known(name)
        for uid in chosen:
            flags, what = messages[uid]
            messages[uid] = (flags | {flag} if add else flags - {flag}, what)
        self.boxes.begin(messages={name: messages})
        self.c.command("UID STORE", text, "%sFLAGS.SILENT (%s)" % (
            "+" if add else "-", flag))
        self.boxes.end()

    def transfer(self, how, name):
        other = self.chance.choice(sorted(set(self.boxes.boxes) - {name}))
        chosen, text = self.choose(name)
        messages = self.known(name)
        added = {other: [messages[uid] for uid in chosen]}
        if how == "MOVE":
            left = {u: e for u, e in messages.items() if u not in chosen}
            self.boxes.begin(messages={name: left}, added=added)
        else:
            self.boxes.begin(added=added)
        reply = self.c.command("UID " + how, text, quote(other))
        code = reply.codes()["COPYUID"].split()
        pairs = dict(zip(expand(code[1]), expand(code[2])))
        self.boxes.end({other: [pairs[uid] for uid in chosen]})

    def copy(self, name):
        self.transfer("COPY", name)

    def move(self, name):
        self.transfer("MOVE", name)

    def expunge(self, name):
        if self.replace_too and self.chance.random() < 0.3:
            self.replace(name)
            return
        chosen, text = self.choose(name)
        self.set_flag(name, chosen, text, "\\Deleted")
        messages = self.known(name)
        for uid in chosen:
            del messages[uid]
        self.boxes.begin(messages={name: messages})
        self.c.command("UID EXPUNGE", text)
        self.boxes.end()

    def replace(self, name):
        """RFC 8508: the new one is there and the old one is gone, at once."""
        self.select(name)
        messages = self.known(name)
        uid = self.chance.choice(sorted(messages))
        del messages[uid]
        _, message = self.message()
        self.boxes.begin(messages={name: messages}, added={name: [
            (frozenset(), digest(message))]})
        reply = self.c.command("UID REPLACE", str(uid), quote(name),
                               Literal(message))
        self.boxes.end({name: [int(reply.codes()["APPENDUID"].split()[1])]})

    # -- mailboxes

    def folder(self, _):
        """Few names, so that they are used again."""
        names = [self.name + "/" + n for n in ("p", "q", "r")]
        name, other = self.chance.sample(names, 2)
        if name not in self.boxes.boxes:
            self.create(name)
        elif name + "/in" not in self.boxes.boxes \
                and self.chance.random() < 0.3:
            self.create(name + "/in")
        elif other not in self.boxes.boxes and self.chance.random() < 0.6:
            self.rename(name, other)
        else:
            self.delete(name)

    def create(self, name):
        self.boxes.begin(names={None: name})
        self.c.command("CREATE", quote(name))
        self.boxes.end()
        self.selected = None
        codes = self.select(name)
        box = Box(codes["UIDVALIDITY"], int(codes["UIDNEXT"]))
        self.boxes.boxes[name] = box
        self.boxes.named(name, box, self.world.findings)

    def rename(self, name, other):
        names = {old: other + old[len(name):] for old in self.boxes.boxes
                 if old == name or old.startswith(name + "/")}
        self.leave()
        self.boxes.begin(names=names)
        self.c.command("RENAME", quote(name), quote(other))
        self.boxes.end()
        for new in names.values():
            self.boxes.named(new, self.boxes.boxes[new], self.world.findings)

    def delete(self, name):
        if name + "/in" in self.boxes.boxes:
            name += "/in"
        self.leave()
        self.boxes.begin(names={name: None})
        self.c.command("DELETE", quote(name))
        self.boxes.end()

    def leave(self):
        """What is renamed or deleted is not selected."""
        self.c.select(self.fixed[0])
        self.selected = self.fixed[0]

    # -- afterwards

    def verify(self, c):
        found = {}
        listed = c.command("LIST", '""', quote(self.name + "/*"))
        for r in listed.named("LIST"):
            if {"\\Noselect", "\\NonExistent"} & set(r.tokens[1]):
                continue
            name = r.tokens[3]
            name = name.decode() if isinstance(name, bytes) else name
            box = box_of(c, name)
            if box:
                found[name] = box
            else:
                self.world.findings.add("shut", "mailbox " + name)
        self.boxes.verify(found, self.world.findings)


def box_of(c, name):
    """A mailbox as it is, with all of every message; None if it is listed and
    cannot be opened."""
    reply = c.command("EXAMINE", quote(name), "(CONDSTORE)", want=None)
    if reply.status != "OK":
        return None
    codes = reply.codes()
    fetched = c.fetch("1:*", "(UID FLAGS MODSEQ BODY.PEEK[])")
    return Box(
        codes["UIDVALIDITY"], int(codes["UIDNEXT"]),
        int(codes["HIGHESTMODSEQ"]),
        {uid: (frozenset(v["FLAGS"]) - {"\\Recent"}, digest(v["BODY[]"]))
         for uid, v in fetched.items()},
        {uid: int(v["MODSEQ"][0]) for uid, v in fetched.items()})


class Watcher(Client):
    """A QRESYNC client (RFC 7162) that keeps copies of mailboxes which others
    change. `memories`: {mailbox: what it remembers}."""

    user = "anna"

    def __init__(self, world, name, editors):
        super().__init__(world, name)
        self.names = [n for e in editors for n in e.fixed] + ["INBOX"]
        self.memories, self.older = {}, {}

    def connect(self):
        self.c = self.server.connect(*self.world.login(self.user))
        self.c.command("ENABLE QRESYNC")

    def step(self):
        with self.world.changed:
            self.world.changed.wait(0.1)  # for another's change
        name = self.chance.choice(self.names)
        memory = self.memories.get(name, Memory()).copy()
        self.synchronize(self.c, name, memory)
        # No command is cut: what was told by then is remembered.
        self.memories[name] = memory
        for _ in range(self.chance.randrange(4)):
            memory = memory.copy()
            self.finish(self.c, memory, self.c.command("NOOP"))
            self.memories[name] = memory

    def finish(self, c, memory, reply):
        """Behind a tagged response."""
        highest = memory.take(reply.untagged)
        told = reply.codes().get("HIGHESTMODSEQ")
        memory.modseq = int(told) if told else max(memory.modseq, highest)
        for _ in range(50):
            if len(memory.flags) == memory.exists:
                return
            # The values of MODSEQ in what was asked for count for nothing.
            memory.take(c.command("UID FETCH", "%d:*" % (
                max(memory.flags, default=0) + 1), "(FLAGS)").untagged)
        raise AssertionError("%d messages are known, and %d exist" % (
            len(memory.flags), memory.exists))

    def known(self, memory):
        """What a client may say of what it knows."""
        uids = sorted(memory.flags)
        how = self.chance.randrange(3)
        if how == 0 or not uids:
            return ""
        text = " " + ",".join(map(str, uids))
        if how == 1:
            return text
        some = sorted(self.chance.sample(range(len(uids)),
                                         (len(uids) + 1) // 2))
        return text + " (%s %s)" % (",".join(str(n + 1) for n in some),
                                    ",".join(str(uids[n]) for n in some))

    def synchronize(self, c, name, memory):
        argument = ["(QRESYNC (%s %d%s))" % (
            memory.validity, memory.modseq, self.known(memory))] \
            if memory.validity else []
        reply = c.select(name, *argument)
        codes = reply.codes()
        if codes["UIDVALIDITY"] != memory.validity:
            memory.validity = codes["UIDVALIDITY"]
            memory.flags = {}
        # After CLOSED, all is of the new mailbox.
        self.finish(c, memory, reply)

    def verify(self, fresh):
        """`fresh`: {mailbox: (HIGHESTMODSEQ, {uid: flags})}, as a client sees
        it that knows nothing. What was remembered before the kill, and long
        before, has to become the same."""
        c = self.server.connect(*self.world.login(self.user))
        c.command("ENABLE QRESYNC")
        for name, (modseq, flags) in fresh.items():
            for when, kept in (("new", self.memories), ("old", self.older)):
                memory = kept.get(name)
                if memory:
                    self.verify_one(c, name, when, memory.copy(), modseq,
                                    flags)
            if name in self.memories and (name not in self.older or
                                          self.chance.random() < 0.3):
                self.older[name] = self.memories[name]
        c.close()

    def verify_one(self, c, name, when, memory, modseq, flags):
        findings = self.world.findings
        validity, remembered = memory.validity, memory.modseq
        if remembered > modseq:
            findings.add("MODSEQ", "%s: %d was told, and now it is %d" % (
                name, remembered, modseq))
        try:
            self.synchronize(c, name, memory)
        except AssertionError as error:
            findings.add("QRESYNC", "%s, %s memory of %d: %s" % (
                name, when, remembered, error))
            return
        if memory.validity != validity:
            findings.add("UIDVALIDITY", "%s has another one" % name)
        if memory.flags != flags:
            wrong = {uid for uid in set(flags) | set(memory.flags)
                     if flags.get(uid) != memory.flags.get(uid)}
            findings.add("QRESYNC", "%s, %s memory of %d: UIDs %s" % (
                name, when, remembered, sorted(wrong)))
