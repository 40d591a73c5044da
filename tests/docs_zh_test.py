# SPDX-License-Identifier: Apache-2.0
"""The documents for users and operators say the same in English and in
Chinese: section by section the same commands, settings, log events and other
words in backquotes, the same code, the same rows of tables, the same numbers,
names and links, and as many paragraphs. The links lead somewhere."""

import pathlib
import re
import unittest

from harness import PROJECT

NAMES = ("mail-server.md", "administration.md", "configuration.md",
         "troubleshooting.md", "monitoring.md", "security.md")
PAIRS = {PROJECT / "README.md": PROJECT / "README.zh-CN.md"}
PAIRS.update((PROJECT / "docs" / name, PROJECT / "docs" / "zh-CN" / name)
             for name in NAMES)

FENCE = re.compile(r"(?ms)^```[^\n]*\n(.*?)^```$")
LINK = re.compile(r"\]\(([^)\s]+)\)")
# A Chinese character, and what needs a blank beside one.
HAN = "\u3400-\u9fff"
LATIN = "A-Za-z0-9`"


class Section:
    """What stands below one heading."""

    def __init__(self, level, title, text):
        self.level, self.title = level, title
        self.code = [code_lines(block) for block in FENCE.findall(text)]
        prose = FENCE.sub("", text)
        self.spans = set(spans(prose))
        self.tables = tables(prose)
        self.links = LINK.findall(prose)
        self.numbers = numbers(prose)
        self.words = latin(prose)
        self.paragraphs = len(re.findall(
            r"(?m)(?:\A|\n\n)(?=[^|\s])|^(?:- |\d\. )", text.strip()))


def spans(text):
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def numbers(text):
    """The numbers outside backquotes and links."""
    text = LINK.sub("]", re.sub(r"`[^`]+`", "", text))
    return set(re.findall(r"\d[\d,.]*\d|\d", text))


def latin(text):
    """The words in Latin letters outside backquotes and links."""
    text = re.sub(r"\[[^]]*\]\([^)]*\)|`[^`]+`", "", text)
    return set(re.findall("[A-Za-z][A-Za-z0-9]+", text))


def without(words, others):
    """The words that begin none of the others: UID begins UIDs."""
    others = [other.lower() for other in others]
    return sorted(word for word in words if not any(
        other.startswith(word.lower()) for other in others))


def names(words):
    """Those that are names in any sentence, without the s of the plural."""
    return {word.rstrip("s") for word in words
            if re.search(".[A-Z0-9]", word)}


def code_lines(block):
    """The lines of a block without comments: what follows a #, and what
    stands two blanks behind a command of ours."""
    lines = [re.sub(r"(^|\s)#.*$", "", line) for line in block.splitlines()]
    return [re.sub(r"^(roost .*?) {2,}\S.*$", r"\1", line).rstrip()
            for line in lines]


def tables(text):
    """[[[cell]]]: tables, rows, cells."""
    found = re.findall(r"(?m)(?:^\|.*\|$\n?)+", text)
    return [[[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
             for row in table.splitlines()] for table in found]


def sections(text):
    """A heading is a line outside a block that begins with #."""
    hidden = FENCE.sub(lambda found: found[0].replace("#", "\0"), text)
    parts = re.split(r"(?m)^(#+) (.*)$", hidden)
    return [Section(len(level), title, body.replace("\0", "#"))
            for level, title, body in zip(
                parts[1::3], parts[2::3], parts[3::3])]


def slug(title):
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def rows_differ(english, chinese):
    """In which rows a cell has other words in backquotes (their order may
    differ), or the first cell is no prose and differs. What a program prints
    stays as it prints it."""
    printed = english[0][:2] == ["cause", "what it says"]
    for row, (left, right) in enumerate(zip(english, chinese)):
        bare = [re.sub(r"[\s,、]", "", side[0]) for side in (left, right)]
        prose = re.search("[A-Za-z]", re.sub("`[^`]+`", "", left[0]))
        if ([sorted(spans(cell)) for cell in left]
                != [sorted(spans(cell)) for cell in right]
                or not prose and bare[0] != bare[1]
                or printed and row and left[1] != right[1]):
            yield left, right


def words_differ(a, b):
    for word in sorted(a.spans - b.spans):
        yield "only English has `%s`" % word
    for word in sorted(b.spans - a.spans):
        yield "only Chinese has `%s`" % word
    for word in without(names(a.words), b.words):
        yield "only English has " + word
    for word in without(b.words, a.words | latin(" ".join(a.spans))):
        yield "only Chinese has " + word
    for number in sorted(a.numbers - b.numbers):
        yield "only English has the number " + number


def blocks_differ(a, b):
    if a.paragraphs != b.paragraphs:
        yield "%d and %d paragraphs" % (a.paragraphs, b.paragraphs)
    if len(a.code) != len(b.code):
        yield "%d and %d blocks of code" % (len(a.code), len(b.code))
    for one, other in zip(a.code, b.code):
        if one != other:
            yield "code: %r, %r" % ([line for line in one if line not in other],
                                    [line for line in other if line not in one])
    if list(map(len, a.tables)) != list(map(len, b.tables)):
        yield "tables with %r and %r rows" % (
            list(map(len, a.tables)), list(map(len, b.tables)))
        return
    for one, other in zip(a.tables, b.tables):
        for left, right in rows_differ(one, other):
            yield "row: %r, %r" % (left, right)


def differences(english, chinese):
    """Sentences about what two documents do not have in common."""
    left, right = sections(english), sections(chinese)
    levels = [[s.level for s in side] for side in (left, right)]
    if levels[0] != levels[1]:
        yield "sections: %r, %r" % ([s.title for s in left],
                                    [s.title for s in right])
        return
    for a, b in zip(left, right):
        for found in (words_differ(a, b), blocks_differ(a, b)):
            for text in found:
                yield "%s (%s): %s" % (a.title, b.title, text)


def leads(path, link):
    """(file, anchor) to which a relative link in a document leads."""
    name, _, anchor = link.partition("#")
    return (path.parent / name).resolve() if name else path, anchor


def relative_links(text):
    return [link for link in LINK.findall(FENCE.sub("", text))
            if not re.match("[a-z]+:", link)]


class Documents(unittest.TestCase):
    def test_each_document_says_the_same_in_both_languages(self):
        for english, chinese in PAIRS.items():
            with self.subTest(english.name):
                found = list(differences(
                    english.read_text(), chinese.read_text()))
                if found:
                    self.fail("\n" + "\n".join(found))

    def test_no_translation_is_without_its_original(self):
        self.assertEqual(set((PROJECT / "docs" / "zh-CN").glob("*")),
                         {path for path in PAIRS.values()
                          if path.parent.name == "zh-CN"})

    def test_each_leads_to_the_other_at_its_top(self):
        for pair in PAIRS.items():
            for path, other in (pair, reversed(pair)):
                with self.subTest(str(path.relative_to(PROJECT))):
                    top = "\n".join(path.read_text().splitlines()[:4])
                    self.assertIn(other, [leads(path, link)[0]
                                          for link in relative_links(top)])

    def test_links_lead_to_files_and_headings(self):
        for path in [*PAIRS, *PAIRS.values()]:
            for link in relative_links(path.read_text()):
                with self.subTest("%s: %s" % (path.name, link)):
                    target, anchor = leads(path, link)
                    self.assertTrue(target.exists())
                    if anchor:
                        self.assertIn(anchor, [slug(s.title) for s in sections(
                            target.read_text())])

    def test_a_translation_leads_where_the_original_leads(self):
        for english, chinese in PAIRS.items():
            for a, b in zip(sections(english.read_text())[1:],
                            sections(chinese.read_text())[1:]):
                with self.subTest("%s: %s" % (chinese.name, b.title)):
                    wanted, found = [
                        {leads(path, link)[0] for link in s.links
                         if not re.match("[a-z]+:", link)}
                        for path, s in ((english, a), (chinese, b))]
                    self.assertEqual(
                        {PAIRS.get(path, path) for path in wanted},
                        {PAIRS.get(path, path) for path in found})
                    self.assertFalse(found & PAIRS.keys(), "English")

    def test_the_chinese_is_set_as_chinese(self):
        for path in PAIRS.values():
            prose = FENCE.sub("", path.read_text())
            bare = re.sub(r"`[^`]+`", "`", LINK.sub("]", prose))
            for what, pattern in (
                    ("a blank is missing", "[%s][%s]|[%s][%s]" % (
                        HAN, LATIN, LATIN, HAN)),
                    ("punctuation is half-width", "[%s] ?[,;:?!()]|[,;:?!(] ?"
                     "[%s]|[%s]\\.(\\s|$)" % (HAN, HAN, HAN)),
                    ("a line end shows as a blank",
                     r"[%s，。；：、]\n *[%s]" % (HAN, HAN))):
                with self.subTest("%s: %s" % (path.name, what)):
                    self.assertEqual(
                        [bare[max(0, found.start() - 12):found.end() + 12]
                         for found in re.finditer(pattern, bare)], [])


    def test_markdown_sees_emphasis(self):
        """It does not where punctuation stands before the closing * or ** and
        a letter behind it."""
        for path in PAIRS.values():
            prose = re.sub(r"`[^`]+`", "a", FENCE.sub("", path.read_text()))
            strong = re.findall(r"\*+([^*\n]+)\*+(.)", prose)
            self.assertEqual([text for text, behind in strong
                              if re.match(r"\W", text[-1])
                              and re.match(r"\w", behind)], [], path.name)


class Comparison(unittest.TestCase):
    """The comparison sees each kind of difference."""

    TEXT = ("# A\n\nSay `roost user add`; it waits 5 minutes.\n\n"
            "```\nroost user add anna    # adds\nport = 25 # a port\n```\n\n"
            "| event | says |\n| --- | --- |\n| `login` | `ok` |\n"
            "| 993 | IMAP |\n\n## B\n\nText\n")
    CHANGES = {
        "a command": ("`roost user add`", "`roost user add` `roost check`"),
        "a setting": ("5 minutes", "`queue_x` 5 minutes"),
        "a command in code": ("anna  ", "anna --generate  "),
        "a line of code": ("port = 25", "roost status\nport = 25"),
        "a value": ("port = 25", "port = 26"),
        "a block of code": ("## B", "```\nx\n```\n\n## B"),
        "a row": ("| 993 | IMAP |\n", ""),
        "a word that is known in the section": ("| `ok` |", "| `login` |"),
        "a first column": ("| 993 |", "| 995 |"),
        "a number": ("5 minutes", "7 minutes"),
        "a name": ("Text", "Text of OpenSSL"),
        "a sentence of its own": ("Text", "Text\n\nMore"),
        "an item of a list": ("Text", "- Text\n- More"),
        "a section": ("## B", "## B\n\n## C"),
        "a level": ("## B", "### B"),
    }

    def test_the_same_text_is_the_same(self):
        other = self.TEXT.replace("# adds", "# 添加").replace(
            "## B\n\nText", "## 乙\n\n文字")
        self.assertEqual(list(differences(self.TEXT, other)), [])
        self.assertEqual(code_lines("roost check    looks"), ["roost check"])

    def test_each_change_is_seen_on_each_side(self):
        for what, (old, new) in self.CHANGES.items():
            changed = self.TEXT.replace(old, new)
            self.assertNotEqual(changed, self.TEXT)
            for pair in ((self.TEXT, changed), (changed, self.TEXT)):
                with self.subTest(what):
                    self.assertTrue(list(differences(*pair)))

    def test_what_a_program_prints_is_not_translated(self):
        text = "# A\n\n| cause | what it says |\n| --- | --- |\n| `x` | %s |\n"
        self.assertTrue(list(differences(text % "No.", text % "不行。")))

    def test_every_pair_has_commands_and_settings(self):
        found = set()
        for english in PAIRS:
            for section in sections(english.read_text()):
                found |= section.spans
        for word in ("roost doctor", "relay_host", "queue_settled",
                     "roost_queue_messages", "certificate.list"):
            self.assertIn(word, found)


if __name__ == "__main__":
    unittest.main()
