# SPDX-License-Identifier: Apache-2.0
"""What mail programs ask before they know anything but an address: autoconfig,
Autodiscover and Apple's profiles, by http and https, for all domains."""

import base64
import json
import plistlib
import re
import socket
import ssl
import subprocess
import urllib.parse
import xml.etree.ElementTree as ElementTree

from harness import (RoostServer, ServerTest, TESTS, give_away, only_roost,
                     run_program)

SERVER = "mail.example.org"
IDN = "b\u00fccher.example"
IDN_ASCII = "xn--bcher-kva.example"
DOMAINS = ["one.example", "two.example", IDN_ASCII]
SCHEMAS = "http://schemas.microsoft.com/exchange/autodiscover/"
SETTINGS = SCHEMAS + "outlook/responseschema/2006a"


def make_authority(folder, names):
    """An authority, and a certificate from it: (authority, chain, key)."""
    paths = [folder / name for name in (
        "authority.pem", "authority.key", "chain.pem", "chain.key", "request",
        "extensions")]
    authority, authority_key, chain, key, request, extensions = paths
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run_program("openssl", "req", "-x509", *new, "-days", 30, "-subj",
                "/CN=Authority", "-addext", "keyUsage=critical,keyCertSign",
                "-keyout", authority_key, "-out", authority)
    run_program("openssl", "req", *new, "-subj", "/CN=" + names[0],
                "-keyout", key, "-out", request)
    # Python 3.13 asks for all that RFC 5280 does.
    extensions.write_text("authorityKeyIdentifier=keyid\n"
                          "subjectAltName=%s\n" % ",".join(
                              "DNS:" + name for name in names))
    run_program("openssl", "x509", "-req", "-in", request, "-CA", authority,
                "-CAkey", authority_key, "-CAcreateserial", "-days", 30,
                "-extfile", extensions, "-out", chain)
    give_away(key)
    return authority, chain, key


def draw(picture, scale=4):
    """The squares of a QR code in SVG, as an image (PGM)."""
    side = int(picture.get("viewBox").split()[2])
    rows = [bytearray(b"\xff" * side * scale) for _ in range(side)]
    white, black = picture.findall("{http://www.w3.org/2000/svg}path")
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z",
                                  black.get("d")):
        begin, end = int(x) * scale, (int(x) + int(width)) * scale
        rows[int(y)][begin:end] = bytes(end - begin)
    return b"P5 %d %d 255\n" % (side * scale, side * scale) + b"".join(
        bytes(row) * scale for row in rows)


class WebServer(RoostServer):
    """Listens on all addresses: what is for this machine only is not told."""

    LISTENERS = [
        ("imap", "imap", "starttls"), ("imaps", "imap", "implicit"),
        ("pop3s", "pop3", "implicit"),
        ("submission", "submission", "starttls"),
        ("submissions", "submission", "implicit"),
        ("https", "http", "implicit"), ("http", "http", "none")]

    def __init__(self):
        super().__init__('server_name = "%s"\n' % SERVER)
        names = [SERVER, "autoconfig.example.org"]
        for domain in DOMAINS:
            names += [prefix + domain for prefix in (
                "", "autoconfig.", "autodiscover.")]
        self.authority, chain, key = make_authority(self.folder, names)
        self.certificates = [(chain, key)]
        self.write_config()

    def listener(self, name, protocol, tls):
        return super().listener(name, protocol, tls).replace(
            "127.0.0.1", "*")


@only_roost
class AutoconfigTest(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.server = WebServer().start()
        for domain in DOMAINS:
            cls.server.roost("domain", "add", domain)

    def ask(self, url, *arguments, want=200, body=None):
        """Asks with curl, as if the host were in DNS and the ports 443 and 80;
        returns (the fields, the body)."""
        ports = self.server.ports
        port = ports["https" if url.startswith("https:") else "http"]
        fields = self.work / "fields"
        if body is not None:
            arguments += ("--data-binary", "@-", "-H",
                          "Content-Type: text/xml")
        out = run_program(
            "curl", "--silent", "--show-error", "--max-time", 60, "--globoff",
            "--cacert", self.server.authority, "--dump-header", fields,
            "--connect-to", "::127.0.0.1:%d" % port, *arguments, url,
            input=body)
        head = fields.read_text()
        self.assertEqual(int(head.split()[1]), want, (url, head, out))
        return head, out

    def validate(self, schema, document):
        run_program("xmllint", "--noout", "--nonet", "--relaxng",
                    TESTS / "schemas" / (schema + ".rng"), "-",
                    input=document)
        return ElementTree.fromstring(document)

    # -- Thunderbird and others

    def config(self, url, **more):
        head, document = self.ask(url, **more)
        self.assertRegex(head, r"(?mi)^content-type: text/xml")
        return self.validate("autoconfig", document)

    def servers(self, config):
        return [(s.tag[:8], s.get("type"), s.findtext("hostname"),
                 int(s.findtext("port")), s.findtext("socketType"),
                 s.findtext("username"))
                for s in config.find("emailProvider")
                if s.tag.endswith("Server")]

    def expected(self, user):
        ports = self.server.ports
        return [
            ("incoming", "imap", SERVER, ports["imaps"], "SSL", user),
            ("incoming", "imap", SERVER, ports["imap"], "STARTTLS", user),
            ("incoming", "pop3", SERVER, ports["pop3s"], "SSL", user),
            ("outgoing", "smtp", SERVER, ports["submissions"], "SSL", user),
            ("outgoing", "smtp", SERVER, ports["submission"], "STARTTLS",
             user)]

    def test_autoconfig_for_every_domain_by_http_and_https(self):
        for domain in DOMAINS:
            for address, told in (
                    ("", "%EMAILADDRESS%"),
                    ("?emailaddress=anna%40" + domain, "anna@" + domain),
                    ("?emailaddress=nobody%2Bx@" + domain,
                     "nobody+x@" + domain)):
                for url in ("://autoconfig.%s/mail/config-v1.1.xml" % domain,
                            "://%s/.well-known/autoconfig/mail/"
                            "config-v1.1.xml" % domain):
                    for scheme in ("http", "https"):
                        with self.subTest(scheme + url + address):
                            config = self.config(scheme + url + address)
                            self.assertEqual(self.servers(config),
                                             self.expected(told))
                            self.assertEqual(config.findtext(
                                "emailProvider/domain"), domain)

    def test_an_internationalised_domain_in_any_form(self):
        for domain in (IDN, IDN.upper(), IDN_ASCII):
            config = self.config(
                "https://autoconfig.%s/mail/config-v1.1.xml?emailaddress=%s"
                % (IDN_ASCII, urllib.parse.quote("anna@" + domain)))
            self.assertEqual(config.findtext("emailProvider/domain"),
                             IDN_ASCII)
            self.assertEqual(config.findtext("emailProvider/displayName"), IDN)
            self.assertEqual(self.servers(config),
                             self.expected("anna@" + domain))

    def test_under_the_name_of_the_mx(self):
        for host in ("autoconfig.example.org", SERVER):
            url = "https://%s/mail/config-v1.1.xml" % host
            config = self.config(url)
            self.assertEqual(self.servers(config),
                             self.expected("%EMAILADDRESS%"))
            self.assertEqual(
                config.find("emailProvider/domain").get("purpose"), "mx")
            config = self.config(url + "?emailaddress=anna@two.example")
            self.assertEqual(config.findtext("emailProvider/domain"),
                             "two.example")

    def test_other_domains_and_what_is_no_address(self):
        base = "https://autoconfig.one.example/mail/config-v1.1.xml"
        for address, status in (
                ("anna@other.example", 404), ("anna@mail.example.org", 404),
                ("anna", 400), ("%22%3E%3Cscript%3E@one.example", 400),
                ("anna@one.example%0d%0aX:y", 400), ("%ff@one.example", 200),
                ("x" * 10000 + "@one.example", 400), ("a@b@one.example", 400)):
            with self.subTest(address[:40]):
                self.ask(base + "?emailaddress=" + address, want=status)
        self.ask("http://autoconfig.other.example/mail/config-v1.1.xml",
                 want=421)

    def test_nobody_learns_who_exists(self):
        answers = []
        for name in (self.user, "x" * len(self.user)):
            self.server.roost("domain", "set", "one.example", "--primary")
            head, document = self.ask(
                "https://autoconfig.one.example/mail/config-v1.1.xml"
                "?emailaddress=%s@one.example" % name)
            answers.append(document.replace(name.encode(), b"NAME"))
        self.assertEqual(*answers)

    def test_what_is_told_lets_users_log_in(self):
        self.server.roost("domain", "set", "two.example", "--primary")
        self.server.roost("alias", "add", "info@one.example", self.user)
        self.server.add_user("eva@" + IDN, self.password)
        for address in (self.user + "@two.example", "info@one.example",
                        "eva@" + IDN, "eva@" + IDN_ASCII):
            config = self.config(
                "https://autoconfig.one.example/mail/config-v1.1.xml"
                "?emailaddress=" + urllib.parse.quote(address))
            for _, kind, host, port, encryption, user in self.servers(config):
                with self.subTest(address=address, port=port):
                    self.log_in(kind, host, port, encryption, user)

    def log_in(self, kind, host, port, encryption, user):
        context = ssl.create_default_context(cafile=str(self.server.authority))
        plain = base64.b64encode(
            ("\0%s\0%s" % (user, self.password)).encode()).decode()
        line = {"imap": "a AUTHENTICATE PLAIN " + plain,
                "pop3": "AUTH PLAIN " + plain,
                "smtp": "EHLO x\r\nAUTH PLAIN " + plain}[kind]
        good = {"imap": "a OK", "pop3": "+OK", "smtp": "235"}[kind]
        start = {"imap": ("a STARTTLS", "a OK"), "smtp": (
            "EHLO x\r\nSTARTTLS", "220 2.0.0")}.get(kind)
        with socket.create_connection(("127.0.0.1", port), 60) as sock:
            if encryption == "STARTTLS":
                self.dialogue(sock, *start)
            with context.wrap_socket(sock, server_hostname=host) as tls:
                self.dialogue(tls, line, good, encryption == "SSL")

    def dialogue(self, sock, lines, good, greeted=True):
        """Sends each line after an answer, and waits for the good one."""
        file = sock.makefile("rwb")
        if greeted:
            file.readline()
        for line in lines.split("\r\n"):
            file.write(line.encode() + b"\r\n")
            file.flush()
            answer = file.readline().decode()
            while answer[3:4] == "-" or answer.startswith("* "):
                answer = file.readline().decode()
        self.assertTrue(answer.startswith(good), answer)

    # -- Outlook

    def request(self, address, schema=SETTINGS):
        return (
            '<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="%s">'
            "<Request><EMailAddress>%s</EMailAddress>"
            "<AcceptableResponseSchema>%s</AcceptableResponseSchema></Request>"
            "</Autodiscover>" % (SCHEMAS + "outlook/requestschema/2006",
                                 address, schema)).encode()

    def discover(self, body, path="/autodiscover/autodiscover.xml",
                 host="autodiscover.one.example", want=200):
        head, document = self.ask(
            "https://%s%s" % (host, path), body=body, want=want)
        if want != 200:
            return None
        self.assertRegex(head, r"(?mi)^content-type: text/xml")
        return self.validate("autodiscover", document)

    def test_autodiscover_for_every_domain(self):
        ports = self.server.ports
        name = "{%s}" % SETTINGS
        for domain in DOMAINS:
            for host in (domain, "autodiscover." + domain):
                answer = self.discover(
                    self.request("anna@" + domain), host=host)
                got = [[p.findtext(name + key) for key in (
                    "Type", "Server", "Port", "LoginName", "Encryption")]
                    for p in answer.iter(name + "Protocol")]
                self.assertEqual(got, [
                    [kind, SERVER, str(ports[port]), "anna@" + domain, "SSL"]
                    for kind, port in (("IMAP", "imaps"), ("POP3", "pop3s"),
                                       ("SMTP", "submissions"))])

    def test_autodiscover_in_any_case_of_letters(self):
        for path in ("/Autodiscover/Autodiscover.xml",
                     "/AutoDiscover/AutoDiscover.xml",
                     "/AUTODISCOVER/autodiscover.XML"):
            self.discover(self.request("anna@one.example"), path)

    def test_what_autodiscover_does_not_do(self):
        code = ".//{%sresponseschema/2006}ErrorCode" % SCHEMAS
        for body, error in (
                (b"", "600"), (b"<x/>", "600"),
                (self.request("anna"), "600"),
                (self.request("&lt;script&gt;@one.example"), "600"),
                (b'<!DOCTYPE x [<!ENTITY e "f">]>'
                 + self.request("&e;@one.example"), "600"),
                (self.request("anna@one.example", SCHEMAS
                              + "mobilesync/responseschema/2006"), "601")):
            with self.subTest(body):
                self.assertEqual(self.discover(body).findtext(code), error)
        self.discover(self.request("anna@other.example"), want=404)
        self.ask("https://one.example/autodiscover/autodiscover.xml",
                 "--http1.1", body=b" " * 20000, want=413)
        _, document = self.ask(
            "https://one.example/autodiscover/autodiscover.xml")
        self.assertEqual(self.validate(
            "autodiscover", document).findtext(code), "600")

    def test_autodiscover_in_clear_text_only_redirects(self):
        head, _ = self.ask(
            "http://autodiscover.one.example/Autodiscover/Autodiscover.xml",
            want=301)
        self.assertRegex(
            head, r"(?mi)^location: https://autodiscover\.one\.example(:\d+)?"
            r"/Autodiscover/Autodiscover\.xml\r?$")
        self.ask("http://autodiscover.one.example/autodiscover/"
                 "autodiscover.xml", body=self.request("anna@one.example"),
                 want=403)

    def test_autodiscover_in_json(self):
        for path in ("autodiscover.json?Email=anna@one.example&Protocol="
                     "AutodiscoverV1",
                     "AutoDiscover.json/v1.0/anna@one.example?Protocol="
                     "Autodiscoverv1"):
            _, document = self.ask(
                "https://autodiscover.one.example/Autodiscover/" + path)
            self.assertEqual(json.loads(document), {
                "Protocol": "AutodiscoverV1",
                "Url": "https://autodiscover.one.example/autodiscover/"
                "autodiscover.xml"})
        base = "https://one.example/autodiscover/autodiscover.json"
        for query, status, code in (
                ("?Protocol=ActiveSync", 404, "ProtocolNotSupported"),
                ("", 400, "MandatoryParameterMissing")):
            _, document = self.ask(base + query, want=status)
            self.assertEqual(json.loads(document)["ErrorCode"], code)

    # -- Apple

    def profile(self, query, host=SERVER):
        """The profile, after its signature was verified."""
        head, signed = self.ask(
            "https://%s/apple/mail.mobileconfig?%s" % (host, query))
        self.assertRegex(
            head, r"(?mi)^content-type: application/x-apple-aspen-config\r?$")
        out = subprocess.run(
            ["openssl", "cms", "-verify", "-inform", "DER", "-binary",
             "-purpose", "any", "-CAfile", str(self.server.authority)],
            input=signed, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=60)
        self.assertEqual(out.returncode, 0, out.stderr)
        return plistlib.loads(out.stdout)

    def test_a_profile_for_apple(self):
        ports = self.server.ports
        profile = self.profile("address=anna@one.example&name=Anna+%3CA%3E")
        mail, = profile.pop("PayloadContent")
        self.assertEqual(profile["PayloadType"], "Configuration")
        self.assertTrue(profile["PayloadIdentifier"].startswith(
            "example.one.roost."))
        self.assertNotEqual(profile["PayloadUUID"], mail["PayloadUUID"])
        for key, value in (
                ("PayloadType", "com.apple.mail.managed"),
                ("EmailAccountType", "EmailTypeIMAP"),
                ("EmailAccountName", "Anna <A>"),
                ("EmailAddress", "anna@one.example"),
                ("IncomingMailServerAuthentication", "EmailAuthPassword"),
                ("IncomingMailServerHostName", SERVER),
                ("IncomingMailServerPortNumber", ports["imaps"]),
                ("IncomingMailServerUseSSL", True),
                ("IncomingMailServerUsername", "anna@one.example"),
                ("OutgoingMailServerHostName", SERVER),
                ("OutgoingMailServerPortNumber", ports["submissions"]),
                ("OutgoingMailServerUseSSL", True),
                ("OutgoingMailServerUsername", "anna@one.example"),
                ("OutgoingPasswordSameAsIncomingPassword", True)):
            self.assertEqual(mail[key], value, key)

    def test_a_second_profile_replaces_the_first(self):
        def number(address, host=SERVER):
            profile = self.profile("address=" + address, host)
            return (profile["PayloadIdentifier"], profile["PayloadUUID"])
        first = number("anna@one.example")
        self.assertEqual(number("ANNA@One.Example", "one.example"), first)
        self.assertNotEqual(number("ben@one.example"), first)
        self.server.stop()
        self.server.start()
        self.assertEqual(number("anna@one.example"), first)

    def test_what_is_no_profile(self):
        base = "https://%s/apple/mail.mobileconfig" % SERVER
        for query, status in (("", 400), ("?address=", 400),
                              ("?address=anna", 400),
                              ("?address=anna@other.example", 404),
                              ("?address=anna@one.example&name=a%07b", 400),
                              ("?address=anna@one.example&name="
                               + "x" * 200, 400)):
            self.ask(base + query, want=status)
        head, _ = self.ask(
            "http://%s/apple/mail.mobileconfig?address=a@one.example" % SERVER,
            want=301)

    def test_a_qr_code_leads_to_the_profile(self):
        head, picture = self.ask(
            "https://%s/apple/mail.svg?address=anna@one.example&name=Anna+B"
            % SERVER)
        self.assertRegex(head, r"(?mi)^content-type: image/svg\+xml\r?$")
        image = self.work / "code.pgm"
        image.write_bytes(draw(ElementTree.fromstring(picture)))
        told = run_program("zbarimg", "--quiet", "--raw", "--nodbus", image)
        self.assertEqual(
            told.decode().strip(), "https://%s/apple/mail.mobileconfig?"
            "address=anna@one.example&name=Anna%%20B" % SERVER)

    # -- DNS

    def test_the_records_name_the_same_ports(self):
        ports = self.server.ports
        out = self.server.roost(
            "domain", "check", "one.example", "--no-lookup")
        for service, port in (("imaps", "imaps"), ("imap", "imap"),
                              ("pop3s", "pop3s"),
                              ("submissions", "submissions"),
                              ("submission", "submission"),
                              ("autodiscover", "https")):
            self.assertIn("\n_%s._tcp.one.example. IN SRV 0 1 %d %s.\n" % (
                service, ports[port], SERVER), out)
        self.assertIn("\n_pop3._tcp.one.example. IN SRV 0 0 0 .\n", out)
