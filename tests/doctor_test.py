# SPDX-License-Identifier: Apache-2.0
"""`roost doctor --account` at Debian's Dovecot and Postfix, and at Roost. Each
server is a host of a network of its own. Faults are put in, and the test must
name each: the cause, and that nothing else is told. The faults are looked for
side by side, because most of them cost time."""

import concurrent.futures
import datetime
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from harness import PROJECT, program, run_program, wait_until
from mail_network_test import RoostHost
from network import Dns, Network, ip, needs_network
from postfix_server import Postfix

DOVECOT = """
base_dir = {folder}/run
log_path = {folder}/dovecot.log
listen = *, ::
protocols = imap pop3
ssl = {ssl}
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = yes
auth_mechanisms = plain login scram-sha-256
auth_failure_delay = 0
mail_location = mbox:~/mail
first_valid_uid = 8
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail/%u
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = 12345
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
    ssl = {swapped}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = {tls}
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
    ssl = {swapped}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = {tls}
  }}
}}
{more}
"""

WRAPPED = "smtpd -o smtpd_tls_wrappermode=yes"
SUBMISSION = """
smtps inet n - n - - {smtps}
submission inet n - n - - {submission}
"""
ADDRESS, PASSWORD = "anna@plain.test", "correct horse"


class Authority:
    """Issues certificates: {names}, from and to some days from now."""

    def __init__(self, folder):
        self.folder = folder
        self.path, self.key = folder / "ca.pem", folder / "ca.key"
        run_program("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", "/O=Test Authority/CN=Root", "-keyout", self.key,
                    "-out", self.path)
        (folder / "index").touch()
        (folder / "serial").write_text("01\n")
        (folder / "ca.conf").write_text(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = %s/index\n"
            "serial = %s/serial\nnew_certs_dir = %s\ndefault_md = sha256\n"
            "policy = any\ncopy_extensions = copy\nunique_subject = no\n"
            "[any]\ncommonName = supplied\n" % (folder, folder, folder))

    def issue(self, *names, days=(-2, 30), own=False):
        base = self.folder / names[0]
        key, request, out = (base.with_suffix(base.suffix + end)
                             for end in (".key", ".csr", ".pem"))
        alternatives = ",".join("DNS:" + name for name in names)
        if own:
            run_program(
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                "/CN=" + names[0], "-keyout", key, "-out", out, "-addext",
                "subjectAltName=" + alternatives)
            return out, key
        run_program("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=" + names[0], "-keyout", key, "-out", request,
                    "-addext", "subjectAltName=" + alternatives)
        day = [(datetime.datetime.utcnow() + datetime.timedelta(n))
               .strftime("%Y%m%d%H%M%SZ") for n in days]
        run_program("openssl", "ca", "-batch", "-notext", "-config",
                    self.folder / "ca.conf", "-cert", self.path, "-keyfile",
                    self.key, "-startdate", day[0], "-enddate", day[1],
                    "-in", request, "-out", out)
        return out, key


class MailHost:
    """A host with Dovecot and Postfix, which are wrong in some way."""

    def __init__(self, net, folder, name, certificate, kind="good",
                 others=()):
        self.host = net.host(name)
        self.folder = folder / name
        (self.folder / "mail").mkdir(parents=True)
        (self.folder / "run").mkdir()
        os.chown(self.folder / "mail", 8, 8)
        self.name = name + ".test"
        (self.folder / "users").write_text(
            "%s:%s\nben:%s\n" % (ADDRESS, PASSWORD, PASSWORD))
        self.write_dovecot(certificate, kind, others)
        self.start_postfix(certificate, kind, others)
        self.host.popen("dovecot", "-F", "-c", self.folder / "dovecot.conf")

    def write_dovecot(self, certificate, kind, others):
        bare = kind == "bare"
        swapped = kind == "swapped"
        more = "".join(
            "local_name %s {\n ssl_cert = <%s\n ssl_key = <%s\n}\n" % (
                (name,) + pair) for name, pair in others)
        (self.folder / "dovecot.conf").write_text(DOVECOT.format(
            folder=self.folder, certificate=certificate[0],
            key=certificate[1], ssl="no" if bare else "yes",
            swapped="yes" if swapped else "no",
            tls="no" if swapped or bare else "yes",
            imap=143, imaps=0 if bare else 993, pop3=110,
            pop3s=0 if bare else 995, more=more))

    def start_postfix(self, certificate, kind, others):
        services = SUBMISSION.format(
            smtps="smtpd" if kind == "swapped" else WRAPPED,
            submission=WRAPPED if kind == "swapped" else "smtpd")
        settings = {
            "smtpd_tls_cert_file": certificate[0],
            "smtpd_tls_key_file": certificate[1],
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": "inet:127.0.0.1:12345",
            "smtpd_tls_auth_only": "yes",
            "smtpd_sender_login_maps":
                "inline:{%s=%s, x@plain.test=nobody, ben@auto.test=ben, "
                "ben@pox.test=ben, ben@away.test=ben}" % (ADDRESS, ADDRESS),
            "smtpd_sender_restrictions": "reject_sender_login_mismatch",
            "smtpd_delay_reject": "no",
            "virtual_mailbox_domains": "plain.test",
        }
        if kind == "bare":
            settings["smtpd_tls_security_level"] = "none"
            services = services.split("\n")[2]
        folder = self.folder / "postfix"
        folder.mkdir()
        if others:
            chains = "".join("%s %s,%s\n" % (name, key, path)
                             for name, (path, key) in others)
            (folder / "sni").write_text(chains)
            run_program("postmap", "-F", "hash:%s" % (folder / "sni"))
            settings["tls_server_sni_maps"] = "hash:%s" % (folder / "sni")
        self.postfix = Postfix(self.host, folder, self.name, "plain.test",
                               settings, services)
        self.postfix.start()

    def wait(self):
        def answers(port):
            try:
                self.host.connect(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                return False
        wait_until(lambda: answers(143) and answers(110) and answers(12345),
                   "Dovecot answers at " + self.name)


def forward(listener, target, seconds):
    """A slow server: takes a connection, and lets it through later."""
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve(client):
        time.sleep(seconds)  # the fault itself
        try:
            server = target()
        except OSError:
            return client.close()
        threading.Thread(target=pump, args=(server, client),
                         daemon=True).start()
        pump(client, server)

    def run():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,),
                             daemon=True).start()
    threading.Thread(target=run, daemon=True).start()


AUTOCONFIG = """<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="auto.test">
<domain>auto.test</domain>
<incomingServer type="imap"><hostname>good.test</hostname><port>993</port>
<socketType>SSL</socketType><username>%EMAILLOCALPART%</username>
<authentication>password-cleartext</authentication></incomingServer>
<outgoingServer type="smtp"><hostname>good.test</hostname><port>587</port>
<socketType>STARTTLS</socketType><username>%EMAILLOCALPART%</username>
</outgoingServer></emailProvider></clientConfig>"""
POX = """<?xml version="1.0"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/\
responseschema/2006"><Response xmlns="http://schemas.microsoft.com/exchange/\
autodiscover/outlook/responseschema/2006a"><Account>
<AccountType>email</AccountType><Action>settings</Action>
<Protocol><Type>POP3</Type><Server>good.test</Server><Port>995</Port>
<LoginName>ben</LoginName><SSL>on</SSL></Protocol>
<Protocol><Type>SMTP</Type><Server>good.test</Server><Port>465</Port>
<LoginName>ben</LoginName><SSL>on</SSL></Protocol>
</Account></Response></Autodiscover>"""


AWAY = """<?xml version="1.0"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/\
responseschema/2006"><Response xmlns="http://schemas.microsoft.com/exchange/\
autodiscover/outlook/responseschema/2006a"><Account>
<Action>redirectUrl</Action>
<RedirectUrl>https://autodiscover.pox.test/autodiscover/autodiscover.xml\
</RedirectUrl></Account></Response></Autodiscover>"""


# A proxy that does not answer: none is used.
NOBODY = "http://127.0.0.1:1"
# An address that is none of a private network, though nobody routes it.
PUBLIC = "198.51.100.7"


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, text):
        body = text.encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        host = self.headers["Host"]
        wanted = self.path == ("/mail/config-v1.1.xml?emailaddress=ben%40" +
                               host.partition(".")[2])
        tls = isinstance(self.connection, ssl.SSLSocket)
        if wanted and host == "autoconfig.trap.test" and tls:
            self.send_response(302)
            self.send_header("Location", "https://autoconfig.auto.test"
                             "/mail/config-v1.1.xml?"
                             "emailaddress=ben%40auto.test")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if wanted and host == "autoconfig.down.test" and tls:
            self.send_response(302)
            self.send_header("Location", "http://autoconfig.clear.test"
                             "/mail/config-v1.1.xml?"
                             "emailaddress=ben%40clear.test")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.answer(AUTOCONFIG if wanted and (
            host in ("autoconfig.auto.test", "autoconfig.open.test") or
            host == "autoconfig.clear.test" and not tls) else "")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        host = self.headers["Host"]
        if host == "autodiscover.away.test":
            self.answer(AWAY)
        elif any(b"<EMailAddress>ben@%s</EMailAddress>" % name in body
                 for name in (b"pox.test", b"away.test", b"page-lure.test")):
            self.answer(POX)
        else:
            self.answer("")

    def log_message(self, *_):
        pass


@needs_network
class DoctorAccount(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The servers' settings are in 2.3's words; Debian 13 has 2.4.
        if not run_program("dovecot", "--version").startswith(b"2.3"):
            raise unittest.SkipTest("Dovecot is not 2.3")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-test-"))
        os.chmod(cls.folder, 0o755)
        cls.net = Network()
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.addClassCleanup(cls.net.remove)
        cls.servers = []
        cls.dns = Dns(cls.net, cls.folder)
        cls.client = cls.net.host("client")
        cls.authority = Authority(cls.folder)
        cls.make_servers()
        cls.make_records()
        cls.dns.start()
        cls.make_pages()
        for server in cls.servers:
            server.wait()
        cls.run_faults()

    @classmethod
    def make_servers(cls):
        issue = cls.authority.issue
        others = [
            ("old.test", issue("old.test", days=(-40, -3))),
            ("own.test", issue("own.test", own=True)),
            ("early.test", issue("early.test", days=(5, 30))),
            ("other.test", issue("elsewhere.test", "www.elsewhere.test")),
        ]
        good = issue("good.test", "half.test", "slow.test", "mail.guess.test",
                     "good.srv.test", "imap.six.test", "mail.both.test")

        def server(*arguments, **more):
            mail = MailHost(cls.net, cls.folder, *arguments, **more)
            cls.servers.append(mail)
            cls.addClassCleanup(mail.postfix.remove)
            return mail
        cls.good = server("good", good, others=others)
        cls.swapped = server("swapped", issue("swapped.test"), "swapped")
        cls.bare = server("bare", issue("bare.test"), "bare")
        cls.wall = cls.net.host("wall")
        ip("-n", cls.wall.space, "route", "add", "blackhole",
           cls.client.ip + "/32")
        cls.slow = cls.net.host("slow")
        for port in (993, 465):
            forward(cls.slow.listen(port), lambda port=port: cls.slow.connect(
                (cls.good.host.ip, port)), 6)
        cls.roost = RoostHost(cls.net.host("roost"), "mx.roost.test")
        cls.make_roost(issue("mx.roost.test"))

    @classmethod
    def make_roost(cls, pair):
        for mine, issued in zip((cls.roost.certificate, cls.roost.key), pair):
            mine.write_bytes(issued.read_bytes())
        cls.roost.start()
        cls.addClassCleanup(cls.roost.stop)
        cls.roost.roost("domain", "add", "roost.test")
        cls.roost.add_user("anna", PASSWORD)

    @classmethod
    def make_records(cls):
        a = {"good": cls.good.host, "old": cls.good.host,
             "own": cls.good.host, "early": cls.good.host,
             "other": cls.good.host, "swapped": cls.swapped.host,
             "bare": cls.bare.host, "wall": cls.wall, "slow": cls.slow,
             "mx.roost": cls.roost.host, "autoconfig.auto": cls.client,
             "autodiscover.pox": cls.client,
             "autodiscover.away": cls.client, "good.srv": cls.good.host,
             "mail.guess": cls.good.host, "mail.both": cls.good.host,
             "autoconfig.clear": cls.client, "autoconfig.down": cls.client}
        for name, host in a.items():
            cls.dns.add("%s.test. A %s" % (name, host.ip))
        cls.dns.add("autoconfig.open.test. A " + PUBLIC,
                    "autoconfig.trap.test. A " + PUBLIC,
                    "open.test. TXT \"x\"", "trap.test. TXT \"x\"",
                    "_imaps._tcp.loop.test. SRV 0 1 993 imap.loop.test.",
                    "imap.loop.test. A 127.0.0.1", "loop.test. TXT \"x\"",
                    "half.test. A %s" % cls.good.host.ip,
                    "half.test. AAAA fd77::dead",
                    "imap.six.test. AAAA %s" % cls.good.host.ip6,
                    "srv.test. MX 10 mx.nowhere.test.",
                    "_imaps._tcp.srv.test. SRV 0 1 993 good.srv.test.",
                    "_submissions._tcp.srv.test. SRV 0 1 465 good.srv.test.",
                    "_pop3s._tcp.srv.test. SRV 0 0 0 .",
                    "guess.test. MX 10 mail.guess.test.",
                    "auto.test. TXT \"x\"", "pox.test. TXT \"x\"",
                    "away.test. TXT \"x\"", "clear.test. TXT \"x\"",
                    "down.test. TXT \"x\"",
                    "_imaps._tcp.lure.test. SRV 0 1 993 good.test.",
                    "lure.test. TXT \"x\"", "both.test. TXT \"x\"",
                    "_imaps._tcp.both.test. SRV 0 1 993 good.test.",
                    "mx-lure.test. MX 10 good.test.",
                    "page-lure.test. TXT \"x\"",
                    "_autodiscover._tcp.page-lure.test. SRV 0 1 443 "
                    "autodiscover.pox.test.",
                    "roost.test. MX 10 mx.roost.test.",
                    "empty.test. TXT \"x\"", "plain.test. TXT \"x\"")

    @classmethod
    def make_pages(cls):
        certificate, key = cls.authority.issue(
            "autoconfig.auto.test", "autodiscover.pox.test",
            "autodiscover.away.test", "autoconfig.down.test",
            "autoconfig.open.test", "autoconfig.trap.test")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        ip("-n", cls.client.space, "addr", "add", PUBLIC + "/32", "dev", "lo")
        for listener in (cls.client.listen(443), cls.client.inside(
                lambda: socket.create_server((PUBLIC, 443)))):
            server = http.server.ThreadingHTTPServer(
                ("", 443), Page, bind_and_activate=False)
            server.socket.close()
            server.socket = context.wrap_socket(listener, server_side=True)
            threading.Thread(
                target=server.serve_forever, daemon=True).start()
            cls.addClassCleanup(server.server_close)
            cls.addClassCleanup(server.shutdown)
        clear = http.server.ThreadingHTTPServer(
            ("", 80), Page, bind_and_activate=False)
        clear.socket.close()
        clear.socket = cls.client.listen(80)
        threading.Thread(target=clear.serve_forever, daemon=True).start()
        cls.addClassCleanup(clear.server_close)
        cls.addClassCleanup(clear.shutdown)

    @classmethod
    def doctor(cls, address, *options, password=PASSWORD):
        # The networks of the test are private ones.
        if OUTSIDE in options:
            options = [o for o in options if o != OUTSIDE]
        elif "--server" not in options:
            options = ("--private", *options)
        command = cls.client.command(
            program(), "doctor", "--json", "--account", address, "--ca-file",
            cls.authority.path, "--seconds", "90", *options,
            *(["--password-stdin"] if password else []))
        done = subprocess.run(
            command, input=(password or "").encode() + b"\n",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300,
            env=dict(os.environ, http_proxy=NOBODY, https_proxy=NOBODY,
                     all_proxy=NOBODY))
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            raise AssertionError("%d\n%s\n%s" % (
                done.returncode, done.stdout, done.stderr.decode()))

    @classmethod
    def run_faults(cls):
        cls.results = {}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            running = {}
            for name, (address, options, password, _, _) in CASES.items():
                running[name] = pool.submit(
                    cls.doctor, address, *options, password=password)
            for name, future in running.items():
                try:
                    cls.results[name] = future.result()
                except Exception as error:
                    cls.results[name] = error

    def check(self, name):
        _, _, _, causes, settings = CASES[name]
        result = self.results[name]
        if isinstance(result, Exception):
            raise result
        code, report = result
        told = json.dumps(report, indent=1)
        self.assertEqual(
            sorted({finding["cause"] for finding in report["findings"]}),
            sorted(causes), told)
        self.assertEqual(code, 1 if causes else 0, told)
        self.assertEqual(
            {(s["protocol"], s["server"], s["port"], s["encryption"],
              s["user"], s["logged_in"]) for s in report["settings"]},
            set(settings), told)
        for finding in report["findings"]:
            self.assertTrue(finding["sentence"] and finding["mend"], told)
            self.assertNotIn("{", finding["sentence"] + finding["mend"], told)
            self.assertNotIn(PASSWORD, told)
        return report


def at(host, *options):
    return ("--server", host + ".test") + options


def port(host, number, *options):
    return at(host, "--port", str(number), *options)


def works(host, user=ADDRESS, imap=(993, "tls"), pop3=(995, "tls"),
          smtp=(465, "tls"), logged_in=True):
    """The settings that are found: one for each protocol that is given."""
    return [(protocol, host, pair[0], pair[1], user, logged_in)
            for protocol, pair in (("imap", imap), ("pop3", pop3),
                                   ("smtp", smtp)) if pair]


OUTSIDE = "without --private"
IMAP, SMTP = ("--protocol", "imap"), ("--protocol", "smtp")
ONLY_IMAP = {"pop3": None, "smtp": None}
ONLY_SMTP = {"imap": None, "pop3": None}
GOOD_IMAP = works("good.test", **ONLY_IMAP)
GOOD_SMTP = works("good.test", **ONLY_SMTP)
TLS, STARTTLS = ("--encryption", "tls"), ("--encryption", "starttls")

# What it is called: address, options, password, causes, settings that work.
CASES = {
    "all_is_well": (ADDRESS, at("good"), PASSWORD, [], works("good.test")),
    "no_password": (ADDRESS, at("good"), None, [],
                    works("good.test", logged_in=False)),
    "wrong_port_of_dovecot": (
        ADDRESS, port("good", 994, *IMAP), PASSWORD, ["refused"], GOOD_IMAP),
    "wrong_port_of_postfix": (
        ADDRESS, port("good", 466, *SMTP), PASSWORD, ["refused"], GOOD_SMTP),
    "the_port_of_another_protocol": (
        ADDRESS, port("good", 995, *IMAP, *TLS), PASSWORD,
        ["wrong-protocol"], GOOD_IMAP),
    "tls_chosen_for_a_starttls_port_of_dovecot": (
        ADDRESS, port("good", 143, *IMAP, *TLS), PASSWORD, ["not-tls"],
        [("imap", "good.test", 143, "starttls", ADDRESS, True)]),
    "tls_chosen_for_a_starttls_port_of_postfix": (
        ADDRESS, port("good", 587, *SMTP, *TLS), PASSWORD, ["not-tls"],
        [("smtp", "good.test", 587, "starttls", ADDRESS, True)]),
    "starttls_chosen_for_a_tls_port_of_dovecot": (
        ADDRESS, port("good", 993, *IMAP, *STARTTLS), PASSWORD,
        ["not-starttls"], [("imap", "good.test", 993, "tls", ADDRESS, True)]),
    "starttls_chosen_for_a_tls_port_of_postfix": (
        ADDRESS, port("good", 465, *SMTP, *STARTTLS), PASSWORD,
        ["not-starttls"], [("smtp", "good.test", 465, "tls", ADDRESS, True)]),
    "ports_swapped_at_dovecot": (
        ADDRESS, at("swapped", *IMAP), PASSWORD, ["not-starttls", "not-tls"],
        [("imap", "swapped.test", 143, "tls", ADDRESS, True)]),
    "ports_swapped_at_postfix": (
        ADDRESS, at("swapped", *SMTP), PASSWORD, ["not-starttls", "not-tls"],
        [("smtp", "swapped.test", 587, "tls", ADDRESS, True)]),
    "expired": (ADDRESS, at("old"), PASSWORD,
                ["certificate-expired", "password-withheld"], []),
    "self_signed": (ADDRESS, at("own"), PASSWORD,
                    ["certificate-self-signed", "password-withheld"], []),
    "not_yet_valid": (ADDRESS, at("early"), None, ["certificate-not-yet"],
                      []),
    "wrong_name": (ADDRESS, at("other"), PASSWORD,
                   ["certificate-wrong-name", "password-withheld"], []),
    "expired_at_dovecot": (ADDRESS, at("old", *IMAP), None,
                           ["certificate-expired"], []),
    "expired_at_postfix": (ADDRESS, at("old", *SMTP), None,
                           ["certificate-expired"], []),
    "self_signed_but_insecure": (
        ADDRESS, at("own", "--insecure", *IMAP), PASSWORD,
        ["certificate-self-signed"], works("own.test", **ONLY_IMAP)),
    "wrong_password_at_dovecot": (
        ADDRESS, at("good", *IMAP), "wrong", ["wrong-password"], []),
    "wrong_password_at_postfix": (
        ADDRESS, at("good", *SMTP), "wrong", ["wrong-password"], []),
    "log_in_without_tls_at_dovecot": (
        ADDRESS, at("bare", *IMAP), PASSWORD, ["login-needs-tls"], []),
    "log_in_without_tls_at_postfix": (
        ADDRESS, at("bare", *SMTP), PASSWORD, ["login-needs-tls"], []),
    "ipv6_broken": (ADDRESS, at("half"), PASSWORD, ["ipv6-broken"],
                    works("half.test")),
    "ipv6_alone": (ADDRESS, ("--server", "imap.six.test") + IMAP, PASSWORD,
                   [], works("imap.six.test", **ONLY_IMAP)),
    "firewall_at_dovecot": (ADDRESS, at("wall", *IMAP), PASSWORD, ["silent"],
                            []),
    "firewall_at_postfix": (ADDRESS, at("wall", *SMTP), PASSWORD, ["silent"],
                            []),
    "slow_dovecot": (ADDRESS, at("slow", *IMAP), PASSWORD, ["slow"],
                     works("slow.test", **ONLY_IMAP)),
    "slow_postfix": (ADDRESS, at("slow", *SMTP), PASSWORD, ["slow"],
                     works("slow.test", **ONLY_SMTP)),
    "sender_refused": (
        "x@plain.test", at("good", "--user", ADDRESS, *SMTP), PASSWORD,
        ["sender-refused"], []),
    "local_part_is_the_name": (
        "ben@plain.test", at("good", *IMAP), PASSWORD, [],
        works("good.test", "ben", **ONLY_IMAP)),
    "no_such_server": (ADDRESS, at("nowhere"), PASSWORD, ["no-name"], []),
    "no_address": (ADDRESS, at("plain"), PASSWORD, ["no-address"], []),
    "no_domain": ("anna@nowhere.test", (), PASSWORD, ["no-domain"], []),
    "nothing_found": ("anna@empty.test", (), PASSWORD, ["nothing-found"], []),
    "bad_address": ("anna", (), PASSWORD, ["bad-address"], []),
    "by_autoconfig": (
        "ben@auto.test", (), PASSWORD, [],
        works("good.test", "ben", pop3=None, smtp=(587, "starttls"))),
    "by_autodiscover": ("ben@pox.test", (), PASSWORD, [],
                        works("good.test", "ben", imap=None)),
    "by_autodiscover_of_another_place": (
        "ben@away.test", (), PASSWORD, [],
        works("good.test", "ben", imap=None)),
    "by_srv_records": (
        ADDRESS.replace("plain", "srv"), ("--user", ADDRESS), None, [],
        works("good.srv.test", pop3=None, logged_in=False)),
    "named_by_dns_alone": (
        "anna@lure.test", ("--user", ADDRESS), PASSWORD,
        ["server-not-proven"],
        works("good.test", logged_in=False, **ONLY_IMAP)),
    "named_by_an_mx_record_alone": (
        "anna@mx-lure.test", ("--user", ADDRESS), PASSWORD,
        ["server-not-proven"], works("good.test", logged_in=False)),
    "named_by_a_page_that_dns_named": (
        "ben@page-lure.test", (), PASSWORD, ["server-not-proven"],
        works("good.test", "ben", imap=None, logged_in=False)),
    "named_by_a_page_without_tls": (
        "ben@clear.test", (), PASSWORD, ["server-not-proven"],
        works("good.test", "ben", pop3=None, smtp=(587, "starttls"),
              logged_in=False)),
    "a_page_that_leads_away_from_tls": (
        "ben@down.test", (), PASSWORD, ["nothing-found"], []),
    "private_pages_are_not_asked": (
        "ben@auto.test", (OUTSIDE,), PASSWORD, ["nothing-found"], []),
    "private_servers_of_records_are_not_met": (
        ADDRESS.replace("plain", "srv"), (OUTSIDE, "--user", ADDRESS, *IMAP),
        PASSWORD, ["private-address"], []),
    "private_servers_of_usual_names_are_not_met": (
        "anna@guess.test", (OUTSIDE,), PASSWORD, ["private-address"], []),
    "private_servers_of_a_public_page_are_not_met": (
        "ben@open.test", (OUTSIDE,), PASSWORD, ["private-address"], []),
    "private_pages_are_not_led_to": (
        "ben@trap.test", (OUTSIDE,), None, ["nothing-found"], []),
    "private_pages_are_led_to_when_allowed": (
        "ben@trap.test", (), None, [],
        works("good.test", "ben", pop3=None, smtp=(587, "starttls"),
              logged_in=False)),
    "private_addresses_of_this_machine_are_not_met": (
        "anna@loop.test", (OUTSIDE, *IMAP), None, ["private-address"], []),
    "named_by_dns_and_by_the_user": (
        "anna@lure.test", at("good", "--user", ADDRESS, *IMAP), PASSWORD, [],
        GOOD_IMAP),
    "named_by_dns_but_insecure": (
        "anna@lure.test", ("--user", ADDRESS, "--insecure"), PASSWORD,
        [], GOOD_IMAP),
    "the_domain_s_own_server_goes_first": (
        "anna@both.test", ("--user", ADDRESS, *IMAP), PASSWORD, [],
        works("mail.both.test", **ONLY_IMAP)),
    "by_usual_names": (
        "anna@guess.test", ("--user", ADDRESS), None, [],
        works("mail.guess.test", logged_in=False)),
    "roost_itself": ("anna@roost.test", (), PASSWORD, [],
                     works("mx.roost.test", "anna@roost.test")),
    "roost_itself_wrong_password": (
        "anna@roost.test", (), "wrong", ["wrong-password"], []),
}


def add_test(name):
    setattr(DoctorAccount, "test_" + name, lambda self: self.check(name))


for case in CASES:
    add_test(case)


class DoctorSentences(unittest.TestCase):
    """What a person sees, without a network."""

    def test_the_document_has_each_cause_and_each_check(self):
        text = (PROJECT / "docs" / "troubleshooting.md").read_text()
        causes = re.findall(
            r'X\(PROBE_\w+, "([\w-]+)", \w+, (?:GOOD|DOUBT|FAULT),',
            (PROJECT / "src" / "probe" / "cause.h").read_text())
        checks = re.findall(
            r'X\("(\w+)", "',
            (PROJECT / "src" / "server" / "doctor_impl.h").read_text())
        self.assertGreater(len(causes), 40)
        self.assertEqual(len(checks), 18)
        for word in causes + checks:
            self.assertIn("`%s`" % word, text)

    def test_a_person_reads_sentences(self):
        done = subprocess.run(
            [program(), "doctor", "--account", "anna"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("wrong: anna is not a mail address.",
                      done.stdout.decode())

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_strangers_are_not_met_with_root_s_rights(self):
        """Neither where no server is installed, nor where one is; neither a
        server nor the resolver."""
        with tempfile.TemporaryDirectory(prefix="roost-test-") as folder:
            os.chmod(folder, 0o755)
            data = pathlib.Path(folder, "data")
            config = pathlib.Path(folder, "roost.conf")
            for owner, expected in ((None, None), (0, None), (8, 8)):
                if owner is not None:
                    data.mkdir(mode=0o700, exist_ok=True)
                    os.chown(data, owner, owner)
                for meet in (self.meet_server, self.meet_resolver):
                    config.write_text('data = "%s"\n' % data)
                    with self.subTest(meet.__name__, owner=owner):
                        found = meet(config)
                        self.assertEqual(len(set(found)), 1, found)
                        self.assertNotEqual(found[0], 0)
                        self.assertEqual(found[0], expected or found[0])

    def meet_server(self, config):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return self.users_when(
                listener, lambda: listener.accept()[0].close(), config,
                "--account", "anna@example.org", "--server", "127.0.0.1",
                "--port", str(listener.getsockname()[1]), "--protocol",
                "imap")

    def meet_resolver(self, config):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
            resolver.bind(("127.0.0.1", 0))
            with config.open("a") as file:
                file.write('dns_servers = "127.0.0.1@%d"\n'
                           % resolver.getsockname()[1])
            return self.users_when(
                resolver, lambda: resolver.recv(4096), config)

    def users_when(self, waits, meet, config, *options):
        """The user and group identities of the doctor when it is met."""
        waits.settimeout(60)
        doctor = subprocess.Popen(
            [program(), "doctor", "--config", config, *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            meet()
            status = pathlib.Path(
                "/proc/%d/status" % doctor.pid).read_text()
        finally:
            doctor.kill()
            doctor.wait()
        return [int(number) for line in re.findall(
            r"(?m)^(?:Uid|Gid):(.*)$", status) for number in line.split()]

    def test_a_dead_resolver_is_not_a_missing_server(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
            config.write('dns_servers = "127.0.0.1@1"\n')
            config.flush()
            done = subprocess.run(
                [program(), "doctor", "--json", "--config", config.name,
                 "--account", "anna@example.org", "--seconds", "6"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual([f["cause"] for f in json.loads(
            done.stdout)["findings"]], ["no-dns"], done)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
