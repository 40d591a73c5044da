# SPDX-License-Identifier: Apache-2.0
"""The model of the kill test (kill.py) sees each kind of fault."""

import unittest

from kill import Box, Boxes, Findings, Inbox

A, B, C = ((frozenset(), text) for text in "ABC")
SEEN = (frozenset(["\\Seen"]), "A")


def box(messages, validity="1", next=10, modseq=100):
    return Box(validity, next, modseq, dict(messages),
               dict.fromkeys(messages, modseq))


class ModelTest(unittest.TestCase):
    MOVE = dict(messages={"a": {2: B}}, added={"b": [A]})
    TWO = dict(added={"a": [C, C]})
    RENAME, DELETE = dict(names={"b": "c"}), dict(names={"b": None})
    # What is under way, what is there, and the kind of the finding. Before,
    # "a" had 1: A and 2: B, "b" had 7: C, and 5 had been given out in "a".
    CASES = [
        ({}, {}, None),
        ({}, {"a": box({1: A})}, "lost"),
        ({}, {"a": box({1: SEEN, 2: B})}, "flags"),
        ({}, {"a": box({1: C, 2: B})}, "changed"),
        ({}, {"a": box({1: A, 2: B, 8: C})}, "nowhere"),
        ({}, {"b": None}, "lost"),
        ({}, {"c": box({})}, "back"),
        ({}, {"a": box({1: A, 2: B}, validity="2")}, "UIDVALIDITY"),
        ({}, {"a": box({1: A, 2: B}, next=5)}, "UIDNEXT"),
        ({}, {"a": box({1: A, 2: B}, modseq=99)}, "MODSEQ"),
        (TWO, {}, None),
        (TWO, {"a": box({1: A, 2: B, 6: C, 7: C})}, None),
        (TWO, {"a": box({1: A, 2: B, 6: C})}, "half"),
        (TWO, {"a": box({1: A, 2: B, 5: C, 6: C})}, "UID again"),
        (TWO, {"a": box({2: B, 6: C, 7: C})}, "lost"),
        (MOVE, {"a": box({2: B}), "b": box({7: C, 8: A})}, None),
        (MOVE, {"a": box({2: B})}, "half"),
        (MOVE, {"b": box({7: C, 8: A})}, "half"),
        (RENAME, {"b": None, "c": box({7: C})}, None),
        (RENAME, {"b": None, "c": box({})}, "half"),
        (DELETE, {"b": None}, None),
        (DELETE, {"b": box({})}, "half"),
        (RENAME, {"b": None}, "half"),
    ]

    def test_boxes(self):
        for change, there, kind in self.CASES:
            boxes = Boxes({"a": box({1: A, 2: B}), "b": box({7: C})})
            boxes.boxes["a"].gave([5])
            if change:
                boxes.begin(**change)
            found = {"a": box({1: A, 2: B}), "b": box({7: C}), **there}
            findings = Findings()
            boxes.verify({n: b for n, b in found.items() if b}, findings)
            with self.subTest(change=change, there=there):
                self.assertEqual(set(findings.kinds()), {kind} - {None})

    def test_inbox(self):
        for there, kind in (
                ("sure", None), ("sure maybe", None), ("", "lost"),
                ("sure sure", "twice"), ("sure gone", "back"),
                ("sure other", "nowhere"), ("sure x y", None),
                ("sure x", "half")):
            inbox, findings = Inbox(), Findings()
            inbox.sure = {"sure", "gone", "x", "y"}
            inbox.maybe, inbox.gone = {"maybe"}, {"gone"}
            inbox.deleting = {"x", "y"}
            inbox.verify("anna", dict(enumerate(there.split())), findings)
            with self.subTest(there=there):
                self.assertEqual(set(findings.kinds()), {kind} - {None})


if __name__ == "__main__":
    unittest.main()
