# SPDX-License-Identifier: Apache-2.0
"""Certificates by themselves, against Debian's pebble with its faults on."""

import http.server
import json
import os
import pathlib
import shutil
import socket
import ssl
import stat
import threading
import unittest

from dns_server import DnsServer
from harness import RoostServer, make_certificate, wait_until
from pebble import Pebble

ZONE = "\n".join("%s. IN A 127.0.0.1" % name for name in (
    "ca.test", "mail.test", "autoconfig.ours.test",
    "autodiscover.ours.test")) + "\nmta-sts.ours.test. IN A 192.0.2.7"


class AcmeServer(RoostServer):
    """Has no certificates of its own, and fetches them."""

    def __init__(self, directory, ca_file, dns_port, settings=""):
        super().__init__(
            'server_name = "mail.test"\nacme = yes\n'
            'acme_directory = "%s"\nacme_ca_file = "%s"\n'
            'dns_servers = "127.0.0.1@%d"\n%s'
            % (directory, ca_file, dns_port, settings))
        self.folder_of_certificates = self.data / "certificates"

    def write_config(self):
        self.certificates = []
        super().write_config()

    def tls(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def shown(self, name="mail.test"):
        """The certificate that a new connection gets."""
        with socket.create_connection(
                ("127.0.0.1", self.tls_port), 60) as plain:
            with self.tls().wrap_socket(plain, server_hostname=name) as tls:
                return Shown(tls.getpeercert(True), self.folder)

    def wait_for_certificate(self, name="_server", mark=0):
        self.wait_for_log(lambda line: " certificate_new " in line
                          and "certificate=%s " % name in line, mark)


class Shown:
    def __init__(self, der, folder):
        path = pathlib.Path(folder) / "shown.pem"
        path.write_text(ssl.DER_cert_to_PEM_cert(der))
        facts = ssl._ssl._test_decode_cert(str(path))
        self.serial = facts["serialNumber"]
        self.issuer = dict(part[0] for part in facts["issuer"])["commonName"]
        self.names = sorted(value for kind, value in facts["subjectAltName"]
                            if kind == "DNS")


class Nonsense(http.server.BaseHTTPRequestHandler):
    """Answers every request with a web page."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>It works!</html>")

    def log_message(self, *_):
        pass


@unittest.skipUnless(
    shutil.which("pebble"),
    "pebble is not installed: see scripts/packages_clients")
class AcmeTest(unittest.TestCase):
    def setUp(self):
        self.dns = DnsServer(ZONE)
        self.addCleanup(self.dns.__exit__)

    def pebble(self, **settings):
        ca = Pebble(self.dns.port, **settings)
        self.addCleanup(ca.__exit__)
        return ca

    def server(self, ca, settings="", listener="http", domains=()):
        """A server whose listener pebble asks."""
        server = AcmeServer(
            ca.directory, ca.certificate, self.dns.port, settings)
        self.addCleanup(server.remove)
        ca.set_ports(**{listener: server.ports[listener]})
        for domain in domains:
            server.roost("domain", "add", domain)
        return server

    def start(self, server):
        self.addCleanup(server.stop)
        return server.start()

    def test_the_whole_way(self):
        """By http-01, from a CA that refuses nonces, forgets what it has
        authorized, and is slow."""
        ca = self.pebble(faults={
            "PEBBLE_WFE_NONCEREJECT": "40", "PEBBLE_AUTHZREUSE": "0",
            "PEBBLE_VA_ALWAYS_VALID": "0", "PEBBLE_VA_NOSLEEP": "0",
            "PEBBLE_VA_SLEEPTIME": "2"})
        server = self.server(ca, domains=["ours.test"])
        # Before the first certificate the self-signed one serves.
        self.start(server)
        self.assertEqual(server.shown().issuer, "localhost")
        user, password = server.new_user()
        early = server.connect(user, password)
        self.addCleanup(early.close)
        ca.start()
        listed = server.roost("certificate", "renew", want=None)
        server.wait_for_certificate()
        server.wait_for_certificate("ours.test")
        # Taken up without a restart: the old connection lives on.
        early.command("NOOP")
        first = server.shown()
        self.assertIn("Pebble", first.issuer)
        self.assertEqual(first.names, ["mail.test"])
        domain = server.shown("autoconfig.ours.test")
        self.assertEqual(domain.names, [
            "autoconfig.ours.test", "autodiscover.ours.test"])
        # A name that leads elsewhere spoils nothing, and is named.
        listed = server.roost("certificate", "list")
        self.assertIn("without mta-sts.ours.test: it leads to 192.0.2.7, "
                      "which is not this machine", listed)
        self.assertIn("certificates=2\n", server.roost("status"))
        self.check_files(server.folder_of_certificates)
        # A backup has them.
        server.roost("backup", server.folder / "vault")
        restored = server.folder / "restored"
        server.roost("restore", server.folder / "vault", "--to", restored)
        self.check_files(restored / "certificates")
        # A renewal that is asked for.
        server.roost("certificate", "renew", "mail.test")
        self.assertNotEqual(server.shown().serial, first.serial)
        self.assertEqual(
            server.shown("autoconfig.ours.test").serial, domain.serial)
        self.assertIn("no certificate", server.roost(
            "certificate", "renew", "other.test", want=3))
        early.command("NOOP")

    def check_files(self, folder):
        names = sorted(p.name for p in folder.iterdir())
        self.assertEqual(names, [
            "account.json", "account.pem", "crt._server.json",
            "crt._server.pem", "crt.ours.test.json", "crt.ours.test.pem"])
        for path in folder.iterdir():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)
        self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700)

    def test_tls_alpn_with_an_external_account(self):
        key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
        ca = self.pebble(externalAccountBindingRequired=True,
                         externalAccountMACKeys={"kid-1": key})
        settings = "acme_challenge = tls-alpn-01\n"
        server = self.server(ca, settings, "https")
        ca.start()
        self.start(server)
        listed = server.roost("certificate", "renew", want=1)
        self.assertIn("acme_eab_key_id", listed)
        server.stop()
        server.settings += ('acme_eab_key_id = "kid-1"\nacme_eab_key = "%s"\n'
                            'acme_contact = "root@mail.test"\n' % key)
        server.write_config()
        server.start()
        server.roost("certificate", "renew")
        self.assertIn("Pebble", server.shown().issuer)
        self.assertIn("terms=data:text/plain", server.wait_for_log(
            lambda line: " acme_account " in line))

    def test_failures_are_told_and_the_old_certificate_serves(self):
        ca = self.pebble()
        server = self.server(ca)
        ca.start()
        self.start(server)
        server.wait_for_certificate()
        serial = server.shown().serial
        # Nobody answers the challenge.
        ca.stop()
        ca.set_ports(http=1)
        ca.start()
        listed = server.roost("certificate", "renew", want=1)
        self.assertIn("connection refused", listed)
        self.assertIn("let port 80", listed)
        # The authority is down.
        ca.stop()
        listed = server.roost("certificate", "renew", want=1)
        self.assertIn("the authority cannot be reached", listed)
        self.assertEqual(server.shown().serial, serial)
        # It is back; its database is a new one, without our account.
        ca.set_ports(http=server.ports["http"])
        ca.start()
        server.roost("certificate", "renew")
        self.assertNotEqual(server.shown().serial, serial)
        # What comes from the disk serves after a restart.
        serial = server.shown().serial
        ca.stop()
        server.stop()
        server.start()
        self.assertEqual(server.shown().serial, serial)

    def test_not_an_authority(self):
        folder = pathlib.Path(self.enterContext(Folder()))
        certificate, key = make_certificate(folder, "ca.test")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        web = http.server.HTTPServer(("127.0.0.1", 0), Nonsense)
        web.socket = context.wrap_socket(web.socket, server_side=True)
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        server = AcmeServer("https://ca.test:%d/dir" % web.server_port,
                            certificate, self.dns.port)
        self.addCleanup(server.remove)
        self.start(server)
        listed = server.roost("certificate", "renew", want=1)
        self.assertIn("no certificate authority: it sends no JSON", listed)
        # One whose certificate another authority has signed is not asked.
        server.stop()
        server.settings = server.settings.replace(
            str(certificate), str(server.certificate))
        server.write_config()
        server.start()
        listed = server.roost("certificate", "renew", want=1)
        self.assertIn("set acme_ca_file", listed)

    def test_short_lives_and_a_crash_in_the_middle(self):
        ca = self.pebble(certificateValidityPeriod=12, faults={
            "PEBBLE_VA_ALWAYS_VALID": "1", "PEBBLE_VA_NOSLEEP": "0",
            "PEBBLE_VA_SLEEPTIME": "3"})
        server = self.server(ca)
        ca.start()
        self.addCleanup(server.stop)
        server.start()
        record = server.folder_of_certificates / "crt._server.json"
        wait_until(lambda: record.exists()
                   and "order" in json.loads(record.read_text()),
                   "an order under way")
        server.crash()
        server.start()
        server.wait_for_certificate()
        self.assertIn("There are now 1 orders", ca.text())
        self.assertNotIn("There are now 2 orders", ca.text())
        # Renewed by itself.
        serial = server.shown().serial
        server.wait_for_certificate(mark=server.log_mark())
        self.assertNotEqual(server.shown().serial, serial)

    def test_certificates_by_hand_go_first(self):
        ca = self.pebble()
        server = self.server(ca, domains=["ours.test"])
        ca.start()
        own, key = make_certificate(server.folder, "mail.test")
        with open(server.config, "a") as config:
            config.write('certificate { certificate = "%s"\n key = "%s" }\n'
                         % (own, key))
        self.start(server)
        server.wait_for_certificate("ours.test")
        self.assertEqual(server.shown().issuer, "mail.test")
        self.assertIn("Pebble", server.shown("autoconfig.ours.test").issuer)
        self.assertFalse(
            (server.folder_of_certificates / "crt._server.pem").exists())


class Folder:
    """A temporary folder that the server may look into."""

    def __enter__(self):
        import tempfile
        self.path = tempfile.mkdtemp(prefix="roost-acme-")
        os.chmod(self.path, 0o755)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)
