# SPDX-License-Identifier: Apache-2.0
"""Mail in many scripts and charsets. It is fetched unchanged, and a search
finds it by its words and by nothing else."""

import base64
import re

import mail
from harness import Literal, ServerTest, only_roost

# name, charset as mail names it, Python's codec, subject, body, a needle in
# the body and one in the subject, both in another case where there is one.
SCRIPTS = [
    ("German", "iso-8859-1", "latin-1", "Übergrößenträger",
     "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich",
     "ÜBER DEN GROßEN SYLTER", "übergrÖßENTRÄGER"),
    ("French", "windows-1252", "cp1252", "L’été à l’Élysée",
     "Dès Noël où un zéphyr haï me vêt de glaçons würmiens", "NOËL OÙ UN ZÉPHYR",
     "ÉTÉ À L’ÉLYSÉE"),
    ("Polish", "iso-8859-2", "iso-8859-2", "Zażółć gęślą jaźń",
     "Pchnąć w tę łódź jeża lub ośm skrzyń fig", "PCHNĄĆ W TĘ ŁÓDŹ",
     "GĘŚLĄ JAŹŃ"),
    ("Czech", "windows-1250", "cp1250", "Příliš žluťoučký kůň",
     "úpěl ďábelské ódy na zemi", "ĎÁBELSKÉ ÓDY", "ŽLUŤOUČKÝ"),
    ("Russian", "koi8-r", "koi8-r", "Съешь же ещё этих булок",
     "Широкая электрификация южных губерний", "ШИРОКАЯ электриФИКАЦИЯ",
     "ЕЩЁ ЭТИХ"),
    ("Ukrainian", "koi8-u", "koi8-u", "Їжак їсть",
     "Гей, хлопці, не вспію — на ґанку ваша файда зникає бурундучком".replace(
         "—", "-"), "НА ҐАНКУ", "ЇЖАК"),
    ("Bulgarian", "windows-1251", "cp1251", "Жълтата дюля",
     "беше щастлива, че пухът, който цъфна, замръзна като гьон",
     "ПУХЪТ, КОЙТО", "ДЮЛЯ"),
    ("Serbian", "iso-8859-5", "iso-8859-5", "Љубазни фењерџија",
     "чађавог лица хоће да ми покаже штос", "ЧАЂАВОГ ЛИЦА", "ФЕЊЕРЏИЈА"),
    ("Greek", "iso-8859-7", "iso-8859-7", "Ξεσκεπάζω την ψυχοφθόρα",
     "βδελυγμία με τους φίλους μας", "ΒΔΕΛΥΓΜΊΑ ΜΕ ΤΟΥΣ ΦΊΛΟΥΣ",
     "ξεσκεπάζω ΤΗΝ"),
    ("Greek on Windows", "windows-1253", "cp1253", "Καλημέρα",
     "Ταχίστη αλώπηξ βαφής", "ΑΛΏΠΗΞ ΒΑΦΉΣ", "ΚΑΛΗΜΈΡΑ"),
    ("Turkish", "iso-8859-9", "iso-8859-9", "Pijamalı hasta",
     "yağız şoföre çabucak güvendi", "YAĞIZ ŞOFÖRE", "HASTA"),
    ("Hebrew", "windows-1255", "cp1255", "דג סקרן",
     "שט בים מאוכזב ולפתע מצא חברה", "ולפתע מצא", "דג סקרן"),
    ("Arabic", "windows-1256", "cp1256", "صِف خَلقَ خَودٍ",
     "نص حكيم له سر قاطع وذو شأن عظيم", "سر قاطع", "خَلقَ"),
    ("Lithuanian", "windows-1257", "cp1257", "Įlinkdama fechtuotojo",
     "špaga sublykčiojusi pragręžė apvalų arbūzą", "PRAGRĘŽĖ APVALŲ",
     "ĮLINKDAMA"),
    ("Vietnamese", "utf-8", "utf-8", "Chào thế giới",
     "Do bạch kim rất quý nên sẽ dùng để lắp vô xương",
     "BẠCH KIM RẤT QUÝ", "THẾ GIỚI"),
    ("Thai", "tis-620", "tis-620", "สวัสดีชาวโลก",
     "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า", "ประเสริฐเลิศ", "ชาวโลก"),
    ("Chinese", "gb2312", "gb2312", "你好世界", "我能吞下玻璃而不伤身体",
     "玻璃而不伤", "世界"),
    ("Chinese of today", "gb18030", "gb18030", "中文邮件㐀𠀀",
     "𠮷野家的牛肉饭很好吃", "𠮷野家的牛肉", "邮件㐀"),
    ("Chinese of Taiwan", "big5", "big5", "繁體中文郵件",
     "視野無限廣，窗外有藍天", "窗外有藍天", "中文郵件"),
    ("Japanese by mail", "iso-2022-jp", "iso2022_jp", "日本語の件名",
     "いろはにほへと散りぬるを我が世誰ぞ常ならむ", "散りぬるを我が世", "の件名"),
    ("Japanese on Windows", "shift_jis", "shift_jis", "週報の件",
     "有為の奥山今日越えて浅き夢見じ酔ひもせず", "奥山今日越えて", "週報"),
    ("Japanese on Unix", "euc-jp", "euc_jp", "会議のお知らせ",
     "明日の午後三時から会議室で行います", "午後三時から", "お知らせ"),
    ("Korean", "euc-kr", "euc_kr", "안녕하세요",
     "키스의 고유조건은 입술끼리 만나야 하고", "고유조건은 입술끼리", "안녕"),
    ("UTF-16", "utf-16", "utf-16", "sixteen bits",
     "Wide ÄÖÜ letters ложка 漢字", "WIDE äöü LETTERS ЛОЖКА", "SIXTEEN"),
    ("UTF-7", "utf-7", "utf-7", "seven bits",
     "Hi Mom ☺ and ÇA VA, 日本語 too", "mom ☺ and ça va", "SEVEN"),
    ("Emoji", "utf-8", "utf-8", "Party 🎉🥳 time", "See you 👩‍👩‍👧 at eight 🕗",
     "YOU 👩‍👩‍👧 AT", "🥳 TIME"),
    ("Georgian", "utf-8", "utf-8", "გამარჯობა", "ვეპხის ტყაოსანი შოთა",
     "ტყაოსანი", "გამარჯ"),
    ("Hindi", "utf-8", "utf-8", "नमस्ते दुनिया", "ऋषियों को सताने वाले",
     "को सताने", "दुनिया"),
]

ENCODINGS = ("8bit", "quoted-printable", "base64")


def compose(number, script, encoding):
    """A message that alone contains the needle, which is often split over
    lines."""
    name, charset, codec, subject, body, _, _ = script
    filler = "0123456789 " * 5
    raw = ("%s\r\n%s%s %d\r\n" % (filler, filler[:number % 50], body,
                                  number)).encode(codec)
    if encoding == "base64":
        raw = mail.b64(raw)
    elif encoding == "quoted-printable":
        raw = mail.qp(raw, line_ends=charset != "utf-16")
    return mail.top(number, mail.word(
        subject, codec.replace("_", "-") if codec == "utf-16" else charset,
        "BQ"[number % 2])) + mail.part(
            "text/plain; charset=%s" % charset, raw, encoding)


class ScriptTest(ServerTest):
    find_leaks = True

    def setUp(self):
        super().setUp()
        self.c = self.connect()

    def search(self, key, needle):
        return self.c.search("CHARSET UTF-8", key,
                             Literal(needle.encode(), True))

    def encodings(self, script):
        """UTF-16 has NULs, so it cannot be sent as 8bit."""
        return ENCODINGS[1:] if script[1] == "utf-16" else (
            ENCODINGS[:2] if script[1] in ("iso-2022-jp", "utf-7")
            else ENCODINGS)

    def test_every_script_is_kept_and_found_in_every_encoding(self):
        want = {}
        messages = {}
        for script in SCRIPTS:
            for encoding in self.encodings(script):
                message = compose(len(messages) + 1, script, encoding)
                uid = self.c.append("INBOX", message)[1]
                messages[uid] = message
                want.setdefault(script[0], []).append(uid)
        self.c.select("INBOX")
        fetched = self.c.fetch("1:*", "(BODY.PEEK[])")
        for uid, message in messages.items():
            self.assertEqual(fetched[uid]["BODY[]"], message)
        for script in SCRIPTS:
            name, _, _, subject, body, in_body, in_subject = script
            uids = want[name]
            for key, needle in (("BODY", body), ("BODY", in_body),
                                ("TEXT", in_body), ("SUBJECT", subject),
                                ("SUBJECT", in_subject),
                                ("TEXT", in_subject)):
                with self.subTest("%s: %s %s" % (name, key, needle)):
                    self.assertEqual(self.search(key, needle), uids)
        self.assertEqual(self.search("BODY", "not in any of them"), [])
        self.assertEqual(self.search("BODY", "玻璃而不伤身体!"), [])

    @only_roost
    def test_binary_and_preview_give_decoded_text(self):
        for number, script in enumerate(SCRIPTS, 1):
            name, charset, codec, _, body, _, _ = script
            encoding = "base64" if number % 2 else "quoted-printable"
            uid = self.c.append("INBOX", compose(number, script,
                                                 encoding))[1]
            self.c.select("INBOX")
            got = self.c.fetch(str(uid), "(BINARY.PEEK[1] PREVIEW)")[uid]
            with self.subTest(name):
                self.assertIn("%s %d" % (body, number),
                              got["BINARY[1]"].decode(codec))
                preview = got["PREVIEW"]
                self.assertIn(body[:20], re.sub(
                    r"\s+", " ", preview.decode("utf-8")))

    def test_a_needle_split_by_the_encoding_is_found(self):
        needle = "eine sehr lange Wörterschlange ohne Ende"
        for shift in range(0, 80, 3):
            text = "x" * shift + " " + needle + " y\r\n"
            raw = text.encode()
            for encoding, data in (
                    ("quoted-printable", mail.qp(raw)),
                    ("base64", mail.b64(raw)),
                    ("base64", re.sub(rb"(.{5})", rb"\1\r\n",
                                      base64.b64encode(raw)))):
                self.c.append("INBOX", mail.top(shift, "split") + mail.part(
                    "text/plain; charset=utf-8", data, encoding))
        self.c.append("INBOX", mail.top(1, "other") + mail.part(
            "text/plain", b"eine sehr lange Schlange\r\n"))
        self.c.select("INBOX")
        self.assertEqual(len(self.search("BODY", needle.upper())), 81)

    def test_headers_are_searched_decoded(self):
        subject = "Besprechung über Änderungen am Förderprogramm der Universität"
        folded = "\r\n ".join(mail.word(subject[i:i + 13], "utf-8", "QB"[i % 2])
                              for i in range(0, len(subject), 13))
        message = mail.simple(1, folded, sender="a@b.example", extra=(
            "Cc: %s <c@d.example>\r\nX-Note: %s\r\n" % (
                mail.word("Łukasz Żółć", "iso-8859-2"),
                mail.word("секрет", "koi8-r", "Q"))))
        uid = self.c.append("INBOX", message)[1]
        self.c.append("INBOX", mail.simple(2))
        self.c.select("INBOX")
        for key, needle in (
                ("SUBJECT", "ÄNDERUNGEN AM FÖRDERPROGRAMM DER UNIVERSITÄT"),
                ("TEXT", "besprechung ÜBER"), ("CC", "łUKASZ żółć"),
                ("HEADER X-Note", "СЕКРЕТ"), ("TEXT", "секрет")):
            with self.subTest(needle):
                self.assertEqual(self.search(key, needle), [uid])
        # UTF-8 in the header as it is (RFC 6532).
        uid = self.c.append("INBOX", mail.simple(
            3, "Прямо так", extra="X-Other: Ещё\r\n"))[1]
        self.c.command("NOOP")
        self.assertEqual(self.search("SUBJECT", "прямо"), [uid])
        self.assertEqual(self.search("HEADER X-Other", "ЕЩЁ"), [uid])

    def test_parts_and_messages_inside_are_searched(self):
        inner = mail.multipart("mixed", [
            mail.part("text/html; charset=koi8-r",
                      mail.b64("<p>внутри <b>письма</b></p>".encode("koi8-r")),
                      "base64"),
            mail.part("application/octet-stream",
                      mail.b64("внутри файла".encode()), "base64"),
        ], "=_in", mail.top(2, mail.word("Вложенное", "windows-1251")))
        message = mail.multipart("mixed", [
            mail.part("text/plain; charset=us-ascii", b"Outside\r\n"),
            mail.part("message/rfc822", inner),
        ], "=_out", mail.top(1, "Outer"))
        uid = self.c.append("INBOX", message)[1]
        self.c.append("INBOX", mail.simple(2))
        self.c.select("INBOX")
        self.assertEqual(self.search("BODY", "outside"), [uid])
        self.assertEqual(self.search("BODY", "ВНУТРИ"), [uid])
        # RFC 9051 section 6.4.4: BODY matches no header fields.
        self.assertEqual(self.search("TEXT", "вложенное"), [uid])
        self.assertEqual(self.search("BODY", "вложенное"), [])
        self.assertEqual(self.search("SUBJECT", "вложенное"), [])

    def test_the_same_needle_in_other_charsets(self):
        message = mail.simple(1, body="Широкая дорога\r\n")
        uid = self.c.append("INBOX", message)[1]
        self.c.append("INBOX", mail.simple(2))
        self.c.select("INBOX")
        for charset, codec in (("KOI8-R", "koi8-r"),
                               ("WINDOWS-1251", "cp1251"),
                               ("ISO-8859-5", "iso-8859-5")):
            found = self.c.search("CHARSET", charset, "BODY", Literal(
                "ДОРОГА".encode(codec), True))
            self.assertEqual(found, [uid], charset)
        reply = self.c.command("SEARCH CHARSET X-NONSENSE BODY",
                               Literal(b"x", True), want="NO")
        self.assertTrue(reply.code.startswith("BADCHARSET"), reply)

    def test_an_unknown_charset_hides_nothing_else(self):
        uid = self.c.append("INBOX", mail.top(1, "odd") + mail.part(
            "text/plain; charset=x-unheard-of", b"plain words inside\r\n"))[1]
        self.c.select("INBOX")
        self.assertEqual(self.search("BODY", "PLAIN WORDS"), [uid])
        self.assertEqual(self.search("SUBJECT", "odd"), [uid])
