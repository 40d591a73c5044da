# SPDX-License-Identifier: Apache-2.0
"""Whose mail is accepted: only users may relay through this server. And where
an address of our domains leads."""

import os
import sys
import time

import mail
from harness import wait_until
from post import DOMAIN, PATIENT, Control, PostTest, trace_of

MANY = int(os.environ.get("ROOST_RECIPIENTS", "1000"))

OURS = "ours"  # taken, and this test's user has one copy more
# ESMTP addresses in RCPT TO, U for the user, and what is answered to them:
# without SMTPUTF8, and with it where that differs. `DOM` is our domain.
RELAYS = [
    # Ours, so that the table can be seen to work.
    ("<U@DOM>", OURS),
    ("<U@EXAMPLE.Test>", OURS),
    ('<"U"@DOM>', OURS),
    ('<"\\U"@DOM>', OURS),
    ("<U+detail@DOM>", OURS),
    # Plainly elsewhere.
    ("<victim@example.net>", "550 5.7.1"),
    ("<U@example.net>", "550 5.7.1"),
    ("<postmaster@example.net>", "550 5.7.1"),
    ("<U@localhost>", "550"),
    ("<U@localhost.localdomain>", "550"),
    # Literals (RFC 5321 section 4.1.3).
    ("<victim@[192.0.2.99]>", "550 5.7.1"),
    ("<victim@[127.0.0.1]>", "55"),
    ("<U%example.net@[127.0.0.1]>", "55"),
    ("<victim@[IPv6:2001:db8::1]>", "550 5.7.1"),
    ("<victim@[IPv6:::1]>", "55"),
    ("<victim@[x:y]>", "5"),
    ("<victim@127.0.0.1>", "5"),
    ("<victim@2130706433>", "5"),
    ("<victim@#2130706433>", "5"),
    ("<victim@[127.0.0.1>", "5"),
    # Names around ours.
    ("<victim@sub.DOM>", "550 5.7.1"),
    ("<U@sub.DOM>", "550 5.7.1"),
    ("<victim@test>", "550 5.7.1"),
    ("<victim@notDOM>", "550 5.7.1"),
    ("<victim@DOM.example.net>", "550 5.7.1"),
    ("<victim@DOM.>", "5"),
    ("<victim@.DOM>", "5"),
    ("<victim@example..test>", "5"),
    ("<victim@DOM%example.net>", "5"),
    ("<victim@DOM\\@example.net>", "5"),
    # Source routes (RFC 5321 appendix C) are forgotten, not followed.
    ("<@example.net:U@DOM>", OURS),
    ("<@DOM:victim@example.net>", "550 5.7.1"),
    ("<@DOM,@DOM:victim@example.net>", "550 5.7.1"),
    ("<@DOM,@example.net:victim@example.net>", "550 5.7.1"),
    ("<@example.net:victim@DOM>", "550 5.1.1"),
    ("<@[127.0.0.1]:victim@example.net>", "550"),
    ("<@DOM:@example.net:U@DOM>", "501"),
    ("<@DOM:>", "501"),
    ("<@DOM:U>", "501"),
    # The percent hack, bang paths, and two at signs.
    ("<victim%example.net@DOM>", "550 5.1.1"),
    ("<U%example.net@DOM>", "550 5.1.1"),
    ("<victim%example.net%DOM@DOM>", "550 5.1.1"),
    ("<@DOM:victim%example.net@DOM>", "550 5.1.1"),
    ("<example.net!victim@DOM>", "550 5.1.1"),
    ("<example.net!U@DOM>", "550 5.1.1"),
    ("<DOM!victim@example.net>", "550 5.7.1"),
    ("<example.net!victim>", "501"),
    ("<victim@example.net@DOM>", "501"),
    ("<U@DOM@example.net>", "501"),
    ("<U@DOM,victim@example.net>", "5"),
    ("<U@DOM;victim@example.net>", "5"),
    ("<U@DOM victim@example.net>", "5"),
    ("<U@DOM>,<victim@example.net>", "501"),
    ("<U@DOM><victim@example.net>", "501"),
    ("<victim@example.net:U@DOM>", "501"),
    # Quoted.
    ('<"victim@example.net"@DOM>', "550 5.1.1"),
    ('<"victim%example.net"@DOM>', "550 5.1.1"),
    ('<"example.net!victim"@DOM>', "550 5.1.1"),
    ('<"victim\\@example.net"@DOM>', "550 5.1.1"),
    ('<"U@DOM"@example.net>', "550 5.7.1"),
    ('<"victim@example.net">', "501"),
    ('"victim@example.net"', "501"),
    ('<"U"@"DOM">', "5"),
    ('<""@DOM>', "55"),
    ('<" U"@DOM>', "550 5.1.1"),
    ('<"U "@DOM>', "550 5.1.1"),
    ("<U @DOM>", "5"),
    ('<"U@DOM>', "501"),
    # What other programs do with them.
    ('<"|/bin/sh"@DOM>', "550 5.1.1"),
    ("<|/bin/sh@DOM>", "550 5.1.1"),
    ("</etc/passwd@DOM>", "550 5.1.1"),
    ("<../U@DOM>", "550 5.1.1"),
    ('<":include:/etc/passwd"@DOM>', "550 5.1.1"),
    ("<U`id`@DOM>", "550 5.1.1"),
    ("<*@DOM>", "550 5.1.1"),
    ("<%@DOM>", "550 5.1.1"),
    ("<@DOM>", "501"),
    # No paths at all.
    ("<>", "501"),
    ("<U>", "501"),
    ("<U@>", "501"),
    ("U@DOM", "501"),
    ("U@DOM victim@example.net", "501"),
    ("", "501"),
    ("<U@DOM", "501"),
    ("<<U@DOM>>", "501"),
    ("<(x)U@DOM>", "501"),
    # Look-alikes: what IDNA maps to ours is ours, what looks like it is not.
    ("<U@ｅxample.test>", "55", OURS),
    ("<U@example。test>", "55", OURS),
    ("<victim@ｅxample.test>", "55", "550 5.1.1"),
    ("<victim@exаmple.test>", "55", "550 5.7.1"),  # Cyrillic a
    ("<U@exаmple.test>", "55", "550 5.7.1"),
    ("<victim@xn--exmple-4nf.test>", "550 5.7.1"),
    ("<victim＠example.net@DOM>", "55", "550 5.1.1"),
    ("<victim％example.net@DOM>", "55", "550 5.1.1"),
    ("<victim﹫example.net@DOM>", "55", "550 5.1.1"),
    ("<U\u200b@DOM>", "55", "550 5.1.1"),
    ("<U\u202e@DOM>", "55", "550 5.1.1"),
    ("<victim@example\u2024net>", "55", "55"),
    (b"<victim\xff@DOM>", "5"),
    (b"<victim\xc0\xafx@example.net>", "5"),
    (b"<victim@example\xc0\xaenet>", "5"),
    ("<victim\x00@DOM>", "5"),
    ("<victim\x01@DOM>", "5"),
    ("<U@DOM\x00.example.net>", "5"),
    ("<U@DOM\t>", "5"),
]
# Far over what has to be taken (RFC 5321 section 4.5.3.1).
TOO_LONG = ["<%s@DOM>" % ("x" * 300), "<x@%s>" % ("a." * 200 + "test"),
            "<x@%s.test>" % ("a" * 64), "<@%s:U@DOM>" % (
                ",@".join(["a.example"] * 10_000))]


class RelayTest(PostTest):
    settings = PATIENT

    def expanded(self, path):
        if isinstance(path, bytes):
            return path.replace(b"DOM", DOMAIN.encode())
        return path.replace("DOM", DOMAIN).replace(
            "\\U", "".join("\\" + c for c in self.user)).replace(
            "U", self.user).encode()

    def try_path(self, c, sender, path, want):
        """The answer is the expected one. Returns how many copies there will
        be."""
        c.command("RSET", "250")
        c.command(sender, "250")
        reply = c.command(b"RCPT TO:" + self.expanded(path), "")
        with self.subTest(path=path, sender=sender):
            if want is OURS:
                self.assertEqual(reply.code, 250, reply)
            else:
                self.assertTrue(reply.is_like(want), reply)
        if reply.code != 250:
            c.command("DATA", "5")
            return 0
        c.data(b"Subject: %s\r\n\r\n" % repr(path).encode("ascii", "replace"))
        return 1

    def waiting(self):
        """The messages that wait for other servers, as another test's user has
        them."""
        return [line.split()[0] for line in self.queue().splitlines()
                if " from " in line]

    def try_all(self, make, senders, utf8):
        c = make()
        copies = 0
        waiting = self.waiting()
        for sender in senders:
            for path, *wants in RELAYS:
                try:
                    copies += self.try_path(c, sender, path, wants[-utf8])
                except (OSError, EOFError, AssertionError):
                    with self.subTest(path=path, sender=sender):
                        raise
                    c = make()
        ours = sum(wants[-utf8] is OURS for _, *wants in RELAYS)
        self.assertEqual(copies, ours * len(senders))
        self.assertEqual(len(self.inbox()), copies)
        self.assertEqual(self.waiting(), waiting)

    def test_strangers_do_not_relay(self):
        # Neither as nobody, nor as one of ours.
        self.try_all(self.mx, [
            "MAIL FROM:<ann@example.net>", "MAIL FROM:<>",
            "MAIL FROM:<%s>" % self.address,
            "MAIL FROM:<victim@[127.0.0.1]>",
            "MAIL FROM:<@%s:x@example.net>" % DOMAIN,
            "MAIL FROM:<postmaster@%s>" % DOMAIN], 0)

    def test_strangers_with_smtputf8_do_not_relay(self):
        self.try_all(self.mx, ["MAIL FROM:<ann@example.net> SMTPUTF8",
                               "MAIL FROM:<%s> SMTPUTF8" % self.address], 1)

    def test_strangers_over_tls_do_not_relay(self):
        def over_tls():
            c = self.mx()
            c.start_tls(self.server.tls())
            return c
        self.try_all(over_tls, ["MAIL FROM:<%s>" % self.address], 0)

    def test_servers_by_lmtp_do_not_relay(self):
        self.try_all(self.lmtp, ["MAIL FROM:<ann@example.net>",
                                 "MAIL FROM:<%s>" % self.address], 0)

    def test_nobody_submits_without_a_login(self):
        c = self.open("submissions", tls=self.server.tls())
        waiting = self.waiting()
        for path, *_ in RELAYS:
            c.command("MAIL FROM:<%s>" % self.address, "530")
            c.command(b"RCPT TO:" + self.expanded(path), "5")
        self.assertEqual(self.inbox(), [])
        self.assertEqual(self.waiting(), waiting)

    def test_a_user_sends_to_the_outside_as_it_is_written(self):
        """Mail of a user to another domain goes to that domain, and no trick
        in the address leads elsewhere."""
        c = self.submission()
        for path, domain in (("<@evil.test:a@one.test>", "one.test"),
                             ("<a%evil.test@two.test>", "two.test"),
                             ('<"a@evil.test"@three.test>', "three.test"),
                             ("<evil.test!a@four.test>", "four.test")):
            c.mail(self.address)
            c.command("RCPT TO:" + path, "250")
            c.data(mail.simple(1, sender=self.address))
            self.assertIn("@" + domain, self.queue())
        self.assertNotIn("@evil.test:", self.queue())
        self.assertIn("a%evil.test@two.test", self.queue())

    def test_addresses_that_are_too_long(self):
        for path in TOO_LONG:
            c = self.mx()
            c.mail("")
            c.command(b"RCPT TO:" + self.expanded(path), "5")
        self.assertEqual(self.inbox(), [])


class AddressTest(PostTest):
    """Where addresses of our domains lead."""

    settings = PATIENT + "dns_timeout_seconds = 1\n"
    domains = (DOMAIN, "other.test")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.new_user("postmaster")

    def send(self, *recipients, parameters="", sender="ann@example.net"):
        c = self.mx()
        c.message(sender, recipients, mail.simple(1), parameters)

    def delivered_to(self, user=None, password=None, box="INBOX"):
        """The Delivered-To field of each copy."""
        return [trace_of(m)[0]["Delivered-To"]
                for m in self.inbox(user, password, box)]

    def test_unknown_users_are_refused_and_the_others_get_it(self):
        c = self.mx()
        c.mail("")
        c.rcpt("nobody@" + DOMAIN, want="550 5.1.1")
        c.rcpt(self.address)
        c.rcpt("%sx@%s" % (self.user, DOMAIN), want="550 5.1.1")
        c.data(mail.simple(1))
        self.assertEqual(self.delivered_to(), [self.address])
        # A user without a domain lives in the primary one only.
        c.mail("")
        c.rcpt(self.user + "@other.test", want="550 5.1.1")

    def test_case_does_not_matter(self):
        self.send(self.address.upper())
        self.assertEqual([a.lower() for a in self.delivered_to()],
                         [self.address])

    def test_one_named_twice_gets_one_copy(self):
        other, password, address = self.another()
        alias = "both-%s@%s" % (self.user, DOMAIN)
        self.server.roost("alias", "add", alias, self.user, other)
        self.send(self.address, self.address.upper(), alias,
                  "%s+x@%s" % (self.user, DOMAIN), address, alias)
        self.assertEqual(len(self.inbox()), 1)
        self.assertEqual(len(self.inbox(other, password)), 1)

    def test_aliases_lead_to_several_and_through_each_other(self):
        other, password, address = self.another()
        first, second = ("%s-%s@%s" % (n, self.user, DOMAIN)
                         for n in ("first", "second"))
        self.server.roost("alias", "add", first, self.user, second)
        self.server.roost("alias", "add", second, address)
        self.send(first)
        self.assertEqual(self.delivered_to(), [self.address])
        self.assertEqual(self.delivered_to(other, password), [address])
        self.server.roost("alias", "remove", second)
        self.send(first)
        self.assertEqual(len(self.inbox()), 2)
        self.assertEqual(len(self.inbox(other, password)), 1)

    def test_an_alias_goes_before_a_user_and_may_name_itself(self):
        other, password, _ = self.another()
        # It takes the user's mail away, which the command says: exit code 1.
        self.assertIn("does not get that mail", self.server.roost(
            "alias", "add", self.address, other, want=1))
        self.send(self.address)
        self.assertEqual(len(self.inbox(other, password)), 1)
        self.assertEqual(self.inbox(), [])
        self.server.roost("alias", "add", self.address, self.user)
        self.send(self.address)
        self.assertEqual(len(self.inbox(other, password)), 2)
        self.assertEqual(len(self.inbox()), 1)

    def test_aliases_in_a_circle_are_refused(self):
        first, second = ("%s-%s@%s" % (n, self.user, DOMAIN)
                         for n in ("round", "about"))
        for at, to in ((first, second), (second, first)):
            self.server.roost("alias", "add", at, to, want=None)
        c = self.mx()
        c.mail("")
        c.rcpt(first, want="5")
        c.rcpt(self.address)

    def test_an_alias_to_the_outside_waits_in_the_queue(self):
        other, password, address = self.another()
        alias = "team-%s@%s" % (self.user, DOMAIN)
        remote = "bert-%s@elsewhere.test" % self.user
        self.server.roost("alias", "add", alias, self.user, remote, address)
        self.send(alias)
        self.assertEqual(self.delivered_to_soon(), [self.address])
        self.wait_for_mail(1, other, password)
        self.assertIn("to %s: not sent" % remote, self.queue())
        self.assertNotIn(alias, self.queue())

    def delivered_to_soon(self):
        return [trace_of(m)[0]["Delivered-To"] for m in self.wait_for_mail()]

    def test_a_catch_all_gets_what_nobody_else_gets(self):
        domain = "catch-%s.test" % self.user
        self.server.roost("domain", "add", domain, "--catch-all", self.user)
        other, password = self.server.new_user("real@" + domain)
        self.send("anything@" + domain, "real@" + domain)
        self.assertEqual(len(self.inbox(other, password)), 1)
        self.assertEqual(len(self.inbox()), 1)
        self.server.roost("domain", "set", domain, "--no-catch-all")
        c = self.mx()
        c.mail("")
        c.rcpt("anything@" + domain, want="550 5.1.1")

    def test_a_detail_leads_where_the_user_says(self):
        self.connect().command("CREATE Lists/Roost")
        details = [("%s+%s@%s" % (self.user, d, DOMAIN)) for d in (
            "Archive", "archive", "nothing", "Lists/Roost", "")]
        self.send(*details)
        self.assertEqual(len(self.inbox()), 1)  # one person, one copy
        self.server.roost("user", "detail", self.user, "folder")
        for address, box in zip(details, (
                "Archive", None, "INBOX", "Lists/Roost", "INBOX")):
            before = len(self.inbox(box=box or "INBOX"))
            self.send(address)
            if box:
                with self.subTest(address):
                    self.assertEqual(len(self.inbox(box=box)), before + 1)
        self.server.roost("user", "detail", self.user, "refuse")
        c = self.mx()
        c.mail("")
        c.rcpt(details[0], want="550 5.1.1")
        c.rcpt(self.address)

    def test_postmaster_is_there_in_every_domain(self):
        """RFC 5321 section 4.5.1."""
        password = "secret-postmaster"
        before = len(self.inbox("postmaster", password))
        for address in ("postmaster", "PostMaster", "POSTMASTER@" + DOMAIN,
                        "postmaster@other.test"):
            c = self.mx()
            c.message("", [address], mail.simple(1))
        self.assertEqual(len(self.inbox("postmaster", password)), before + 4)
        self.server.roost("alias", "add", "postmaster@other.test", self.user)
        self.send("postmaster@other.test")
        self.assertEqual(len(self.inbox()), 1)
        self.server.roost("alias", "remove", "postmaster@other.test")

    def test_a_domain_alias_has_the_same_names(self):
        domain = "alias-%s.test" % self.user
        self.server.roost("domain", "add", domain, "--alias-of", DOMAIN)
        alias = "thing-%s@" % self.user
        self.server.roost("alias", "add", alias + DOMAIN, self.user)
        for local in (self.user + "@", alias, self.user + "+x@"):
            self.send(local + domain)
        self.assertEqual(len(self.inbox()), 3)
        c = self.mx()
        c.mail("")
        c.rcpt("nobody@" + domain, want="550 5.1.1")
        # To both names of one: one copy.
        self.send(self.address, self.user + "@" + domain)
        self.assertEqual(len(self.inbox()), 4)

    def test_an_idn_domain_by_both_its_names(self):
        self.server.roost("domain", "add", "bücher.test", "--alias-of", DOMAIN)
        self.send(self.user + "@xn--bcher-kva.test")
        self.send(self.user + "@XN--BCHER-KVA.Test")
        for domain in ("bücher.test", "BÜCHER.test", "bu\u0308cher.test",
                       "xn--bcher-kva.test"):
            self.send(self.user + "@" + domain, parameters="SMTPUTF8")
        self.assertEqual(len(self.inbox()), 6)
        c = self.mx()
        c.mail("")
        # RFC 6531 section 3.5: not without SMTPUTF8.
        c.rcpt(self.user + "@bücher.test", want="553 5.6.7")
        # The same domain twice is one.
        self.server.roost("domain", "add", "xn--bcher-kva.test", want=None)
        self.assertEqual(self.server.roost("domain", "list").count(
            "xn--bcher-kva"), 1)

    def test_users_of_an_idn_domain(self):
        self.server.roost("domain", "add", "żółw.test")
        self.server.new_user("anna@żółw.test", "secret-anna")
        self.send("anna@xn--w-uga1v8h.test")
        self.send("anna@żółw.test", parameters="SMTPUTF8")
        self.assertEqual(len(self.inbox("anna@żółw.test", "secret-anna")), 2)

    def test_local_parts_beyond_ascii(self):
        names = ["żółw-%s" % self.user, "ジェシカ-%s" % self.user,
                 "Ünï.%s" % self.user]
        for name in names:
            self.server.new_user(name, "secret")
            address = "%s@%s" % (name, DOMAIN)
            self.send(address, parameters="SMTPUTF8")
            c = self.mx()
            c.mail("")
            c.rcpt(address, want="553 5.6.7")
            got = self.inbox(name.lower(), "secret")
            self.assertEqual(len(got), 1)
            trace, rest = trace_of(got[0])
            self.assertEqual(trace["Delivered-To"].lower(), address.lower())
            self.assertIn("UTF8SMTP", trace["Received"])
            self.assertEqual(rest, mail.simple(1))
        # Composed and decomposed are one name (RFC 8265).
        self.send("z\u0307o\u0301\u0142w-%s@%s" % (self.user, DOMAIN),
                  parameters="SMTPUTF8")
        self.assertEqual(len(self.inbox(names[0], "secret")), 2)

    def test_route_says_what_would_happen(self):
        alias = "why-%s@%s" % (self.user, DOMAIN)
        self.server.roost("alias", "add", alias, self.user, "a@else.test")
        # There is no DNS to find the other server by.
        said = self.server.roost("route", alias, want=1)
        self.assertIn(self.user, said)
        self.assertIn("a@else.test", said)
        self.server.roost("route", "nobody@" + DOMAIN, want=3)

    def test_a_removed_domain_is_foreign(self):
        self.server.roost("domain", "add", "gone.test", "--catch-all",
                          self.user)
        self.send("x@gone.test")
        self.server.roost("domain", "remove", "gone.test")
        c = self.mx()
        c.mail("")
        c.rcpt("x@gone.test", want="550 5.7.1")
        self.assertEqual(len(self.inbox()), 1)


class ManyTest(PostTest):
    def disk(self):
        # Not blocks: the engine sets some aside before it needs them.
        return sum(path.stat().st_size
                   for path in self.server.data.rglob("*") if path.is_file())

    def test_one_message_to_a_thousand_is_stored_once(self):
        control = Control(self.server)
        # A hash that costs nothing: only one of them logs in, by another.
        stored = "{SSHA}" + "A" * 28 + "AAAA"
        for n in range(MANY - 1):
            control.ask(do="user.add", user="many%d" % n, stored=stored)
        control.close()
        c = self.mx()
        addresses = ["many%d@%s" % (n, DOMAIN) for n in range(MANY - 1)]
        c.mail("ann@example.net")
        c.send("".join("RCPT TO:<%s>\r\n" % a
                       for a in addresses + [self.address]))
        for _ in range(MANY):
            c.reply("250 2.1.5")
        message = mail.with_attachment(1, 750_000)  # 1 MB
        self.assertGreater(len(message), 1_000_000)
        before = self.disk()
        begun = time.monotonic()
        c.data(message)
        grown = self.disk() - before
        if "ROOST_RECIPIENTS" in os.environ:
            print("%d recipients: %d bytes in %.1f s" % (
                MANY, grown, time.monotonic() - begun), file=sys.stderr)
        # Once, and again in the log that precedes the files; and for each
        # recipient an entry, its special mailboxes and a description.
        self.assertLess(grown, 2 * len(message) + MANY * 5_000)
        trace, rest = trace_of(self.inbox()[0])
        self.assertEqual(rest, message)
        for n in (0, MANY // 2, MANY - 2):
            user = "many%d" % n
            self.server.roost("user", "passwd", user, "--password-stdin",
                              input=b"secret\n")
            got = self.inbox(user, "secret")
            self.assertEqual(len(got), 1)
            trace, rest = trace_of(got[0])
            self.assertEqual(trace["Delivered-To"], self.address_of(user))
            self.assertEqual(rest, message)
        self.server.check()
        self.one_deletes_and_the_others_keep_it(message)

    def one_deletes_and_the_others_keep_it(self, message):
        c = self.connect()
        c.select("INBOX")
        c.command("STORE 1:* +FLAGS (\\Deleted)")
        c.command("EXPUNGE")
        self.server.roost("user", "remove", "many0", "--yes")
        self.server.stop()
        self.server.start()
        self.server.check()
        got = self.inbox("many%d" % (MANY // 2), "secret")
        self.assertEqual(trace_of(got[0])[1], message)


class NoDomainTest(PostTest):
    """A server without a configured domain."""

    domains = ()

    def test_nothing_is_ours(self):
        c = self.mx()
        c.mail("")
        for address in (self.address, self.user + "@localhost",
                        "postmaster@localhost"):
            c.rcpt(address, want="550")
        wait_until(lambda: "@" not in self.queue(), "nothing is queued")
