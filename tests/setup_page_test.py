# SPDX-License-Identifier: Apache-2.0
"""The set-up page over HTTPS, and its test of the connection: what it says in
both languages, and to whom it says nothing."""

import json
import urllib.parse

from autoconfig_test import DOMAINS, IDN, IDN_ASCII, SERVER, WebServer
from dns_server import DnsServer
from harness import ServerTest, only_roost, run_program, wait_until

HERE = "https://" + SERVER
CHINESE = ("-H", "Accept-Language: zh-CN,zh;q=0.9,en;q=0.8")
STAGES = ["connect", "tls", "greeting", "certificate", "login", "use"]


class PageServer(WebServer):
    """Finds its own name in a DNS server of the test, and trusts the authority
    of its certificate, as if that were one of the system's."""

    def __init__(self, trusts=True):
        self.dns = DnsServer()
        self.trusts = trusts
        super().__init__()
        self.settings += 'dns_servers = "127.0.0.1@%d"\n' % self.dns.port
        self.write_config()

    def environment(self):
        more = {"SSL_CERT_FILE": str(self.authority)} if self.trusts else {}
        return {**super().environment(), **more}


class PageTest(ServerTest):
    trusts = True

    @classmethod
    def setUpClass(cls):
        cls.server = PageServer(cls.trusts)
        cls.server.dns.__enter__()
        cls.server.start()
        cls.server.roost("domain", "add", DOMAINS[0], "--primary")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.server.dns.__exit__(None, None, None)

    def setUp(self):
        super().setUp()
        self.address = "%s@%s" % (self.user, DOMAINS[0])

    def ask(self, path, *arguments, want=200):
        """Asks with curl; returns (the fields, the body)."""
        fields = self.work / "fields"
        out = run_program(
            "curl", "--silent", "--show-error", "--max-time", 200,
            "--cacert", self.server.authority, "--dump-header", fields,
            "--connect-to", "::127.0.0.1:%d" % self.server.ports["https"],
            *arguments, HERE + path)
        head = fields.read_text()
        self.assertEqual(int(head.split()[1]), want, (path, head, out))
        return head.lower(), out

    def try_connection(self, address=None, password=None, lang="en",
                       source="127.0.0.1"):
        """Returns the events of a test."""
        form = urllib.parse.urlencode({
            "address": address or self.address, "lang": lang,
            "password": self.password if password is None else password})
        head, out = self.ask(
            "/setup/test", "-H", "Origin: " + HERE, "--data", form,
            "--interface", source)
        self.assertIn("content-type: application/x-ndjson", head)
        self.assertIn("cache-control: no-store", head)
        events = [json.loads(line) for line in out.splitlines()]
        self.assertTrue(all(event["text"] for event in events), events)
        self.assertTrue(events[-1]["end"], events)
        return events

    def causes(self, events):
        return sorted({event["cause"] for event in events[:-1]} - {"ok"})


@only_roost
class SetupPageTest(PageTest):
    def test_the_page_in_both_languages(self):
        for fields, query, tag, title in (
                ((), "", "en", "Set up your mail"),
                (CHINESE, "", "zh-CN", "\u8bbe\u7f6e\u90ae\u7bb1"),
                (CHINESE, "&lang=en", "en", "Set up your mail"),
                ((), "&lang=zh-CN", "zh-CN", "\u8bbe\u7f6e\u90ae\u7bb1")):
            with self.subTest(fields=fields, query=query):
                head, page = self.ask(
                    "/setup?address=anna@one.example" + query, *fields)
                page = page.decode()
                self.assertIn('<html lang="%s">' % tag, page)
                self.assertIn("<h1>%s</h1>" % title, page)
                self.assertIn("content-language: " + tag.lower(), head)
                self.assertIn("default-src 'none'", head)
                self.assertNotIn("unsafe", head)
                self.assertNotIn("set-cookie", head)
                self.assertIn(
                    "strict-transport-security: max-age=", head)
                for port in ("imap", "imaps", "pop3s", "submission",
                             "submissions"):
                    self.assertIn(">%d</span>" % self.server.ports[port], page)

    def test_caching_compression_and_head(self):
        for path in ("/setup", "/setup/page.css", "/setup/page.js",
                     "/setup/icon.svg"):
            head, page = self.ask(path)
            tag = head.split("etag: ")[1].split("\n")[0]
            _, rest = self.ask(path, "-H", "If-None-Match: " + tag, want=304)
            self.assertEqual(rest, b"")
            _, rest = self.ask(path, "--head")
            _, unpacked = self.ask(path, "--compressed")
            self.assertEqual(unpacked, page)
        head, _ = self.ask("/", want=302)
        self.assertIn("location: /mail/", head)

    def test_everything_works(self):
        self.server.dns.add(SERVER + ". IN A 127.0.0.2")
        for lang, text in (("en", "Everything works."),
                           ("zh-CN", "\u4e00\u5207\u6b63\u5e38\u3002")):
            events = self.try_connection(lang=lang)
            self.assertEqual(self.causes(events), [], events)
            self.assertEqual(events[-1]["state"], "good")
            self.assertEqual(events[-1]["text"], text)
            for service in ("imap", "imaps", "pop3s", "submission",
                            "submissions"):
                got = [event["stage"] for event in events
                       if event.get("service") == service]
                self.assertEqual(sorted(got), sorted(STAGES), events)
        self.assertNotIn(self.password, self.server.log())

    def test_aliases_and_internationalised_addresses(self):
        self.server.dns.add(SERVER + ". IN A 127.0.0.2")
        self.server.roost("domain", "add", IDN_ASCII)
        self.server.add_user("eva@" + IDN, self.password)
        self.server.roost("alias", "add", "info@one.example", self.user)
        for address in ("eva@" + IDN, "eva@" + IDN_ASCII, "info@one.example",
                        self.user.upper() + "@ONE.example"):
            with self.subTest(address):
                events = self.try_connection(address)
                self.assertEqual(self.causes(events), [], events)

    def try_until(self, text):
        """The resolver remembers for some seconds what DNS had before."""
        def found():
            events = self.try_connection()
            return text in str(events) and events
        return wait_until(found, text)

    def test_what_dns_has_is_wrong(self):
        self.server.dns.records.clear()
        events = self.try_until("no-name")
        self.assertEqual(self.causes(events), ["no-name"])
        self.assertEqual(events[-1]["state"], "fault")
        self.assertIn("127.0.0.1", str(events))
        self.server.dns.add(SERVER + ". IN AAAA fd00::240")
        events = self.try_until("fd00::240")
        self.assertEqual(self.causes(events), ["from-inside"], events)
        self.assertEqual(events[-1]["state"], "doubt")
        self.assertIn("fd00::240", str(events))

    def test_a_wrong_log_in_tells_nothing(self):
        wrong = [self.try_connection(password="wrong", source="127.0.0.21"),
                 self.try_connection("nobody@one.example", "wrong",
                                     source="127.0.0.22")]
        self.assertEqual(wrong[0], wrong[1])
        self.assertEqual(self.causes(wrong[0]), ["wrong-password"])
        self.server.roost("user", "disable", self.user)
        events = self.try_connection(password="wrong", source="127.0.0.23")
        self.assertEqual(events, wrong[0])
        events = self.try_connection(source="127.0.0.24")
        self.assertEqual(self.causes(events), ["disabled"])

    def test_only_the_page_may_ask(self):
        form = urllib.parse.urlencode(
            {"address": self.address, "password": self.password})
        origin = ("-H", "Origin: " + HERE)
        for want, arguments in (
                (403, ()),
                (403, ("-H", "Origin: https://evil.example")),
                (403, ("-H", "Origin: http://" + SERVER)),
                (403, ("-H", "Origin: null")),
                (403, (*origin, "-H", "Sec-Fetch-Site: cross-site")),
                (403, (*origin, "-H", "Sec-Fetch-Site: same-site")),
                (403, (*origin, "-H", "Sec-Fetch-Site: none")),
                (415, (*origin, "-H", "Content-Type: application/json")),
                (413, (*origin, "--http1.1", "--data", "x" * 9000))):
            with self.subTest(arguments=str(arguments)[:80]):
                self.ask("/setup/test", *arguments, "--data", form, want=want)
        self.ask("/setup/test?" + form, want=405)
        self.ask("/setup/test", *origin, "--data", "address=anna", want=400)
        self.ask("/setup/test", *origin, "--data", form.replace(
            "one.example", "other.example"), want=404)


@only_roost
class UntrustedTest(PageTest):
    """The certificate is from an authority that nobody knows."""

    trusts = False

    def test_no_password_is_sent(self):
        self.server.dns.add(SERVER + ". IN A 127.0.0.2")
        events = self.try_connection()
        self.assertEqual(self.causes(events), ["certificate-unknown-issuer"])
        self.assertNotIn("login", [event["stage"] for event in events[1:-1]
                                   if event["cause"] == "ok"])
