# SPDX-License-Identifier: Apache-2.0
"""Commands for domains, aliases, DKIM keys and routes. Each runs while the
server runs and while it does not, and must do the same in both cases."""

import re
import unittest

from admin_test import Bed


class Commands:
    """Run by both classes below."""

    def test_domains(self):
        self.assertEqual(self.roost("domain", "add", "Example.ORG"), "")
        self.assertIn("already", self.roost(
            "domain", "add", "example.org", want=5))
        self.roost("domain", "add", "B\u00fccher.example")
        self.roost("domain", "add", "alias.example", "--alias-of",
                   "example.org")
        self.roost("domain", "add", "third.example", "--catch-all",
                   "someone@other.example", "--primary")
        self.assertEqual(self.roost("domain", "list").splitlines(), [
            "alias.example, alias of example.org",
            "example.org",
            "third.example, primary, catch-all someone@other.example",
            "b\u00fccher.example (xn--bcher-kva.example)"])
        self.roost("domain", "set", "example.org", "--primary")
        self.roost("domain", "set", "third.example", "--no-catch-all")
        self.roost("domain", "set", "alias.example", "--no-alias")
        self.roost("domain", "set", "b\u00fccher.example", "--alias-of",
                   "third.example")
        self.assertEqual(self.roost("domain", "list").splitlines(), [
            "alias.example",
            "example.org, primary",
            "third.example",
            "b\u00fccher.example (xn--bcher-kva.example), "
            "alias of third.example"])
        self.roost("domain", "remove", "XN--bcher-kva.example")
        self.roost("domain", "remove", "alias.example")
        self.roost("domain", "remove", "third.example")
        self.roost("domain", "remove", "example.org")
        self.assertEqual(self.roost("domain", "list"), "")

    def test_a_user_of_two_names_is_refused(self):
        self.add("anna")
        self.roost("domain", "add", "example.org")
        self.roost("domain", "add", "b\u00fccher.example")
        self.add("eva@b\u00fccher.example")
        for name, other in (
                ("anna@Example.org", "user anna"),
                ("eva@xn--bcher-kva.example", "user eva@b\u00fccher.example")):
            out = self.roost("user", "add", name, "--generate", want=5)
            self.assertIn(other, out)
            # A password that nobody has is not printed.
            self.assertEqual(out.count("\n"), 1)
        self.assertEqual(self.roost("user", "list").count("enabled"), 2)

    def test_a_user_of_no_domain_is_told_of(self):
        self.assertIn("roost domain add example.org", self.roost(
            "user", "add", "anna@example.org", "--password-stdin",
            input=b"x\n", want=1))
        self.roost("domain", "add", "example.org")
        self.roost("domain", "add", "old.example", "--alias-of",
                   "example.org")
        self.assertEqual("", self.roost(
            "user", "add", "ben", "--password-stdin", input=b"x\n"))
        self.assertEqual("", self.roost(
            "user", "add", "cleo@example.org", "--password-stdin",
            input=b"x\n"))
        self.assertIn("does not reach", self.roost(
            "user", "add", "dora@old.example", "--password-stdin",
            input=b"x\n", want=1))
        out = self.roost("user", "list")
        for name, address in (("anna@example.org", "anna@example.org"),
                              ("ben", "ben@example.org"),
                              ("cleo@example.org", "cleo@example.org")):
            self.assertRegex(out, r"(?m)^%s +enabled .* %s$" % (name, address))

    def test_a_users_mail_that_an_alias_takes_is_told_of(self):
        self.add("anna")
        self.add("ben")
        self.roost("domain", "add", "example.org")
        self.add("cleo@example.org")
        out = self.roost("alias", "add", "Anna@example.org", "ben", want=1)
        self.assertIn("the user anna, whose address it is", out)
        self.assertIn("roost alias add anna@example.org anna@example.org", out)
        # What it says helps.
        self.assertEqual("", self.roost(
            "alias", "add", "anna@example.org", "anna@example.org"))
        self.assertIn("user anna gets it", self.roost(
            "route", "anna@example.org"))
        # The other way round: taken away from an alias that leads to both.
        self.assertIn("the user anna", self.roost(
            "alias", "remove", "anna@example.org", "anna@example.org",
            want=1))
        self.assertEqual("", self.roost(
            "alias", "remove", "anna@example.org"))
        self.assertIn("the user cleo@example.org", self.roost(
            "alias", "add", "cleo@example.org", "else@other.example", want=1))
        self.roost("alias", "remove", "cleo@example.org")
        out = self.roost("alias", "add", "cleo@example.org",
                         "nobody@example.org", want=1)
        self.assertIn("leads to nobody; and the user cleo@example.org", out)
        # No user's own address, and a user who gets nothing anyway.
        self.assertEqual("", self.roost(
            "alias", "add", "anna+x@example.org", "ben"))
        self.roost("user", "disable", "anna")
        self.assertEqual("", self.roost(
            "alias", "add", "anna@example.org", "ben"))

    def test_users_whom_a_domain_cuts_off_are_told_of(self):
        self.roost("domain", "add", "example.org")
        self.roost("domain", "add", "example.net")
        for name in "abcd":
            self.add(name + "@example.net")
        self.roost("user", "disable", "d@example.net")
        self.assertEqual("", self.roost(
            "domain", "set", "example.net", "--catch-all", "a@example.net"))
        self.roost("domain", "set", "example.net", "--no-catch-all")
        out = self.roost(
            "domain", "set", "example.net", "--alias-of", "example.org",
            want=1)
        self.assertIn("example.net was changed, but mail does not reach", out)
        for name in "abc":
            self.assertIn("%s@example.net (user %s@example.net)" % (
                name, name), out)
        self.assertNotIn("d@example.net", out)
        self.assertEqual("", self.roost(
            "domain", "set", "example.net", "--no-alias"))
        # Two users of one address, made by the domain.
        self.add("a")
        out = self.roost("domain", "set", "example.net", "--primary", want=1)
        self.assertIn("a@example.net (user a)", out)
        self.assertNotIn("b@example.net", out)
        self.roost("domain", "set", "example.org", "--primary")

    def test_what_is_not_utf8_is_refused(self):
        self.roost("domain", "add", "example.org")
        for arguments in (("user", "add", b"\xff", "--generate"),
                          ("alias", "add", b"\xff@example.org", "x@y.example"),
                          ("domain", "set", "example.org", "--catch-all",
                           b"\xff@example.org")):
            self.assertIn("UTF-8", self.roost(*arguments, want=2))
        self.assertIn("UTF-8", self.roost(
            "user", "add", "anna", "--password-stdin", input=b"\xe9\n",
            want=6))
        self.assertEqual(self.roost("user", "list"), "")
        self.assertEqual(self.roost("alias", "list"), "")

    def test_the_servers_name_without_a_domain_is_in_no_record(self):
        # The settings of these tests say "localhost".
        self.roost("domain", "add", "example.org")
        self.assertIn("example.org. IN MX 10 mail.example.org.\n", self.roost(
            "domain", "check", "example.org", "--no-lookup"))

    def test_two_dkim_keys_of_a_month(self):
        self.roost("domain", "add", "example.org")
        self.roost("dkim", "new", "example.org")
        self.assertRegex(self.roost("dkim", "new", "example.org"),
                         r"^r\d{6}-2\._domainkey")
        self.assertEqual(
            len(zone(self.roost("dkim", "dns", "example.org"))), 4)

    def test_domain_mistakes(self):
        self.roost("domain", "add", "one.example")
        self.roost("domain", "add", "two.example", "--alias-of", "one.example")
        for arguments, code, words in (
                (("add",), 2, "usage"),
                (("add", "a b"), 6, "not a domain"),
                (("add", "a..b"), 6, "not a domain"),
                (("add", "192.0.2.1"), 6, "not a domain"),
                (("add", "-a.example"), 2, "no option"),
                (("add", "\u2603\u00ad..example"), 6, "not a domain"),
                (("add", "a.example", "--alias-of", "none.example"), 6,
                 "not a domain of ours"),
                (("add", "a.example", "--alias-of", "two.example"), 6,
                 "an alias itself"),
                (("add", "a.example", "--catch-all", "nobody"), 6,
                 "neither an address nor a user"),
                (("add", "a.example", "--catch-all", "a@b@c"), 6,
                 "not an address"),
                (("set", "none.example", "--primary"), 3,
                 "not a domain of ours"),
                (("set", "two.example", "--alias-of", "one.example",
                  "--no-alias"), 2, "exclude"),
                (("set", "one.example", "--alias-of", "one.example"), 6,
                 "itself"),
                (("set", "two.example", "--primary"), 6, "primary"),
                (("remove", "one.example"), 4, "two.example is an alias"),
                (("remove", "none.example"), 3, "not a domain of ours"),
                (("check", "none.example", "--no-lookup"), 3,
                 "not a domain of ours"),
        ):
            with self.subTest(" ".join(arguments)):
                self.assertIn(words, self.roost("domain", *arguments,
                                                want=code))
        self.assertEqual(len(self.roost("domain", "list").splitlines()), 2)

    def test_aliases(self):
        self.add("anna")
        self.add("ben")
        self.roost("domain", "add", "example.org")
        self.roost("domain", "add", "b\u00fccher.example")
        self.roost("alias", "add", "Sales@example.org", "anna",
                   "someone@Other.example")
        self.roost("alias", "add", "sales@example.org", "ben", "ANNA")
        self.roost("alias", "add", "info@b\u00fccher.example",
                   "sales@example.org")
        self.assertIn("leads to nobody", self.roost(
            "alias", "add", "lost@example.org", "gone@example.org", want=1))
        self.assertIn("loop", self.roost(
            "alias", "add", "gone@example.org", "lost@example.org", want=1))
        self.assertEqual(self.roost("alias", "list").splitlines(), [
            "gone@example.org: lost@example.org",
            "lost@example.org: gone@example.org",
            "sales@example.org: anna, someone@other.example, ben",
            "info@b\u00fccher.example (info@xn--bcher-kva.example): "
            "sales@example.org"])
        self.assertEqual(
            self.roost("alias", "list", "B\u00dcCHER.example").count("\n"), 1)
        self.assertEqual(
            self.roost("alias", "list", "example.org").count("\n"), 3)
        self.assertIn("aliases", self.roost(
            "domain", "remove", "b\u00fccher.example", want=4))
        self.roost("alias", "remove", "sales@example.org", "someone@"
                   "other.example", "anna")
        self.roost("alias", "remove", "lost@example.org")
        self.roost("alias", "remove", "gone@example.org", "lost@example.org")
        self.assertEqual(self.roost("alias", "list", "example.org"),
                         "sales@example.org: ben\n")
        for arguments, code, words in (
                (("add", "x@example.org"), 2, "usage"),
                (("add", "x@other.example", "anna"), 6,
                 "not a domain of ours"),
                (("add", "x", "anna"), 6, "not an address"),
                (("add", "x@example.org", "nobody"), 6,
                 "neither an address nor a user"),
                (("add", "x@example.org", "anna", "a@@b"), 6,
                 "not an address"),
                (("remove", "x@example.org"), 3, "no alias"),
                (("remove", "sales@example.org", "anna"), 3,
                 "does not lead to"),
                (("list", "other.example"), 3, "not a domain of ours"),
        ):
            with self.subTest(" ".join(arguments)):
                self.assertIn(words, self.roost("alias", *arguments,
                                                want=code))
        self.assertNotIn("x@", self.roost("alias", "list"))

    def test_routes_and_details(self):
        self.add("anna")
        self.add("ben")
        self.roost("user", "disable", "ben")
        self.roost("domain", "add", "example.org")
        self.roost("alias", "add", "sales@example.org", "anna",
                   "x@[192.0.2.1]")
        self.assertIn("user anna gets it", self.roost(
            "route", "ANNA+Work@example.org"))
        self.assertEqual(self.roost("user", "detail", "anna"), "inbox\n")
        self.roost("user", "detail", "anna", "folder")
        self.assertEqual(self.roost("user", "detail", "anna"), "folder\n")
        self.assertIn("in mailbox Work", self.roost(
            "route", "anna+Work@example.org"))
        self.roost("user", "detail", "anna", "refuse")
        self.assertIn("refuses", self.roost(
            "route", "anna+Work@example.org", want=3))
        self.assertIn("not nonsense", self.roost(
            "user", "detail", "anna", "nonsense", want=6))
        self.roost("user", "detail", "nobody", want=3)
        # There is no DNS here.
        self.assertIn("not now: ", self.roost(
            "route", "x@other.example", want=1))
        out = self.roost("route", "sales@example.org")
        self.assertIn("alias sales@example.org leads to anna, x@[192.0.2.1]",
                      out)
        self.assertIn("x@[192.0.2.1] is for another server", out)
        self.assertIn("disabled", self.roost("route", "ben@example.org",
                                             want=6))
        self.roost("route", "nobody@example.org", want=3)
        self.roost("route", "nonsense", want=6)
        self.roost("alias", "add", "a@example.org", "b@example.org", want=1)
        self.roost("alias", "add", "b@example.org", "a@example.org", want=1)
        self.assertIn("loop", self.roost("route", "a@example.org", want=1))

    def test_removed_user_leaves_no_detail(self):
        self.add("anna")
        self.roost("user", "detail", "anna", "refuse")
        self.roost("user", "remove", "anna", "--yes")
        self.add("anna")
        self.assertEqual(self.roost("user", "detail", "anna"), "inbox\n")

    def test_dkim_keys(self):
        self.roost("domain", "add", "b\u00fccher.example")
        lines = self.roost("dkim", "new", "b\u00fccher.example").splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r'^r2\d{5}\._domainkey\.xn--bcher-kva\.'
                         r'example\. IN TXT "v=DKIM1; k=rsa; p=')
        self.assertRegex(lines[1], r'^e2\d{5}\._domainkey\.xn--bcher-kva\.'
                         r'example\. IN TXT "v=DKIM1; k=ed25519; p=[^"]{44}"$')
        self.assertEqual(
            sorted(self.roost("dkim", "dns",
                              "b\u00fccher.example").splitlines()),
            sorted(lines))
        self.roost("dkim", "new", "b\u00fccher.example", "--selector",
                   lines[1].split(".")[0], want=5)
        for bits in ("99999", "512"):
            self.assertRegex(self.roost(
                "dkim", "new", "b\u00fccher.example", "--bits", bits, want=6),
                r"bits, not %s\b" % bits)
        self.roost("dkim", "new", "b\u00fccher.example", "--selector", "old",
                   "--bits", "1024")
        out = self.roost("dkim", "list")
        self.assertRegex(out, r"(?m)^xn--bcher-kva.example +old +rsa-sha256 +"
                         r"1024 +2\d\d\d-\d\d-\d\d$")
        self.assertRegex(out, r"(?m) +ed25519-sha256 +256 ")
        self.assertRegex(out, r"(?m) +rsa-sha256 +2048 ")
        self.roost("dkim", "remove", "b\u00fccher.example", "old")
        self.assertNotIn(" old ", self.roost("dkim", "list"))
        for arguments, code, words in (
                (("new", "none.example"), 3, "not a domain of ours"),
                (("new", "b\u00fccher.example", "--selector", "a b"), 6,
                 "not a selector"),
                (("new", "b\u00fccher.example", "--selector", "s",
                  "--algorithm", "both"), 2, "one selector"),
                (("new", "b\u00fccher.example", "--algorithm", "dsa"), 6,
                 "not dsa"),
                (("new", "b\u00fccher.example", "--selector", "s", "--bits",
                  "512"), 6, "1024 to 4096"),
                (("new", "b\u00fccher.example", "--selector", "s", "--bits",
                  "many"), 2, "a number from 1024 to 4096, not many"),
                (("new", "b\u00fccher.example", "--algorithm", "ed25519",
                  "--bits", "2048"), 2, "for RSA keys"),
                (("remove", "b\u00fccher.example", "old"), 3, "no key"),
                (("dns", "none.example"), 3, "no key"),
        ):
            with self.subTest(" ".join(arguments)):
                self.assertIn(words, self.roost("dkim", *arguments, want=code))

    def test_the_printed_records_are_a_zone(self):
        self.roost("domain", "add", "example.org")
        out = self.roost("domain", "check", "example.org", "--no-lookup")
        self.assertIn("there is none: roost dkim new example.org", out)
        self.roost("dkim", "new", "example.org")
        out = self.roost("domain", "check", "example.org", "--no-lookup")
        records = zone(out)
        self.assertIn(("example.org.", "TXT", "v=spf1 mx -all"), records)
        self.assertIn(("_dmarc.example.org.", "TXT",
                       "v=DMARC1; p=none; rua=mailto:postmaster@example.org"),
                      records)
        # These tests' listeners are for this machine only.
        self.assertEqual(services(records), {
            name: "0 0 0 ." for name in (
                "_imaps", "_imap", "_pop3s", "_pop3", "_submissions",
                "_submission", "_autodiscover")})
        self.assertNotIn("CNAME", out)
        keys = [data for name, kind, data in records
                if name.endswith("._domainkey.example.org.")]
        self.assertEqual(len(keys), 2)
        self.assertEqual(sum(kind == "MX" for _, kind, _ in records), 1)


def services(records):
    return {name.split(".")[0]: data
            for name, kind, data in records if kind == "SRV"}


def zone(text):
    """The records of a zone file: (name, type, data), with a TXT's strings
    joined."""
    records = []
    for line in text.splitlines():
        if not line or line.startswith(";"):
            continue
        name, _, kind, data = line.split(" ", 3)
        if kind == "TXT":
            strings = re.findall(r'"([^"]*)"', data)
            assert all(len(s) <= 255 for s in strings)
            data = "".join(strings)
        records.append((name, kind, data))
    return records


class Offline(Commands, Bed):
    def test_records_lead_to_what_the_configuration_serves(self):
        self.server.LISTENERS = []
        self.server.settings = (
            'server_name = "mail.example.org"\n'
            'listen "a" { protocol = imap\n tls = implicit\n port = 1993 }\n'
            'listen "b" { protocol = submission\n port = 587 }\n'
            'listen "c" { protocol = smtp\n port = 25 }\n')
        self.server.write_config()
        self.roost("domain", "add", "example.org")
        out = self.roost("domain", "check", "example.org", "--no-lookup")
        self.assertEqual(services(zone(out)), {
            "_imaps": "0 1 1993 mail.example.org.", "_imap": "0 0 0 .",
            "_pop3s": "0 0 0 .", "_pop3": "0 0 0 .",
            "_submissions": "0 0 0 .", "_autodiscover": "0 0 0 .",
            "_submission": "0 1 587 mail.example.org."})
        self.assertIn("; POP3 with TLS is not served: ", out)
        self.assertNotIn("autoconfig", out)

    def test_names_for_settings_are_printed_where_https_is(self):
        self.server.LISTENERS = []
        self.roost("domain", "add", "example.org")
        for port, served in ((443, True), (8443, False)):
            self.server.settings = (
                'server_name = "mail.example.org"\n'
                'listen "a" { protocol = http\n tls = none\n port = 80 }\n'
                'listen "b" { protocol = http\n tls = implicit\n'
                ' port = %d }\n' % port)
            self.server.write_config()
            records = zone(self.roost(
                "domain", "check", "example.org", "--no-lookup"))
            self.assertEqual(services(records)["_autodiscover"],
                             "0 1 %d mail.example.org." % port)
            # Mail programs ask these at port 443 only.
            self.assertEqual(
                [(name, data) for name, kind, data in records
                 if kind == "CNAME"],
                [(name + ".example.org.", "mail.example.org.")
                 for name in ("autoconfig", "autodiscover") if served])


class Online(Commands, Bed):
    serving = True


if __name__ == "__main__":
    unittest.main()
