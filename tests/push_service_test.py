# SPDX-License-Identifier: Apache-2.0
"""Push subscriptions (RFC 8620 section 7.2) with a push service on loopback
that decrypts what it gets (RFC 8291) and checks who sends it (RFC 8292), and
the addresses to which nothing goes."""

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import unittest
import urllib.request

from dns_server import DnsServer
from harness import (TESTS, TIMEOUT, ServerTest, free_port, make_certificate,
                     only_roost, run_program)
from push_test import PYTHON, Program

HAS = subprocess.run([PYTHON, "-c", "import cryptography"],
                     stderr=subprocess.DEVNULL).returncode == 0


class PushServiceBase(ServerTest):
    def jmap(self, method, arguments):
        """The arguments of the response."""
        pair = base64.b64encode(
            ("%s:%s" % (self.user, self.password)).encode()).decode()
        request = urllib.request.Request(
            "https://localhost:%d/jmap/api" % self.server.ports["https"],
            json.dumps({"using": ["urn:ietf:params:jmap:core"],
                        "methodCalls": [[method, arguments, "0"]]}).encode(),
            {"Authorization": "Basic " + pair,
             "Content-Type": "application/json"})
        with urllib.request.urlopen(request, context=self.server.tls(),
                                    timeout=TIMEOUT) as answer:
            return json.load(answer)["methodResponses"][0][1]

    def subscribe(self, url, **more):
        made = self.jmap("PushSubscription/set", {"create": {"k": {
            "deviceClientId": "test", "url": url, **more}}})
        return made["created"]["k"]["id"]

    def wait_for_log(self, event, identifier, words=""):
        self.server.wait_for_log(
            lambda line: " %s " % event in line and words in line
            and "user=%s subscription=%d " % (
                self.user, int(identifier[1:], 16)) in line)

    def append(self):
        connection = self.server.connect(self.user, self.password)
        connection.append("INBOX", b"Subject: x\r\n\r\nHello\r\n")
        connection.close()


@only_roost
@unittest.skipUnless(HAS, "needs python3-cryptography")
class PushServiceTest(PushServiceBase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.dns = DnsServer("push.test. IN A 127.0.0.1\n"
                            "inner.test. IN A 10.1.2.3\n"
                            "other.test. IN A 127.0.0.1")
        cls.dns.__enter__()
        cls.addClassCleanup(cls.dns.__exit__, None, None, None)
        folder = tempfile.mkdtemp(prefix="roost-push-")
        cls.addClassCleanup(shutil.rmtree, folder, True)
        cls.pair = make_certificate(folder, "push.test")
        os.chmod(folder, 0o755)
        cls.settings = (
            'push_networks = "127.0.0.0/8"\npush_port = %d\n'
            'push_ca_file = "%s"\ndns_servers = "127.0.0.1@%d"\n' % (
                cls.port, cls.pair[0], cls.dns.port))
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.service = Program(self, PYTHON, TESTS / "push_receiver.py",
                               self.port, *self.pair)
        self.keys = json.loads(self.service.line())

    def heard(self):
        return json.loads(self.service.line())

    def verify(self, identifier):
        heard = self.heard()
        self.assertEqual(heard["text"]["@type"], "PushVerification")
        self.assertEqual(heard["text"]["pushSubscriptionId"], identifier)
        self.assertEqual(self.jmap("PushSubscription/set", {"update": {
            identifier: {"verificationCode":
                         heard["text"]["verificationCode"]}}})["updated"],
            {identifier: None})
        return heard

    def test_encrypted_and_signed(self):
        identifier = self.subscribe(
            "https://push.test:%d/x?y=z" % self.port, keys=self.keys,
            types=["EmailDelivery", "Mailbox"])
        heard = self.verify(identifier)
        self.assertTrue(heard["sealed"])
        self.assertEqual(heard["path"], "/x?y=z")
        self.append()
        heard = self.heard()
        self.assertTrue(heard["sealed"])
        self.assertEqual(heard["type"], "application/octet-stream")
        self.assertEqual(heard["text"]["@type"], "StateChange")
        (types,) = heard["text"]["changed"].values()
        self.assertEqual(set(types), {"EmailDelivery", "Mailbox"})
        self.assertEqual(heard["claims"]["aud"],
                         "https://push.test:%d" % self.port)
        self.assertEqual(heard["claims"]["sub"], "https://localhost")
        self.assertGreater(int(heard["ttl"]), 0)
        self.assertEqual(heard["urgency"], "normal")
        session = json.loads(run_program(
            "curl", "-sS", "--cacert", self.server.certificate, "-u",
            "%s:%s" % (self.user, self.password),
            "https://localhost:%d/jmap/session" % self.server.ports["https"]))
        self.assertEqual(heard["key"], session["capabilities"][
            "urn:ietf:params:jmap:webpush-vapid"]["applicationServerKey"])

    def test_plain_and_gone(self):
        identifier = self.subscribe("https://127.0.0.1:%d/410" % self.port)
        heard = self.heard()
        self.assertFalse(heard["sealed"])
        self.assertEqual(heard["type"], "application/json")
        self.wait_for_log("push_ended", identifier, "no such address")
        self.assertEqual(self.jmap("PushSubscription/get", {
            "ids": [identifier]})["notFound"], [identifier])

    def test_it_goes_on_after_a_restart(self):
        identifier = self.subscribe("https://push.test:%d/" % self.port)
        self.verify(identifier)
        self.server.stop()
        self.server.start()
        self.append()
        self.assertEqual(self.heard()["text"]["@type"], "StateChange")

    def test_no_private_network(self):
        self.wait_for_log("push_failed", self.subscribe(
            "https://inner.test:%d/" % self.port), "no public")

    def test_a_certificate_of_another(self):
        self.wait_for_log("push_failed", self.subscribe(
            "https://other.test:%d/" % self.port), "certificate")


@only_roost
class NoPrivateAddressTest(PushServiceBase):
    """What users name is no way into the operator's networks."""

    @classmethod
    def setUpClass(cls):
        cls.listener = socket.create_server(
            ("", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        cls.addClassCleanup(cls.listener.close)
        cls.listener.setblocking(False)
        cls.settings = "push_port = %d\n" % cls.listener.getsockname()[1]
        super().setUpClass()

    def test_addresses_to_which_nothing_goes(self):
        for host in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.1.1",
                     "[::1]", "[fe80::1]", "[::ffff:127.0.0.1]", "localhost",
                     "2130706433", "0x7f.1"):
            with self.subTest(host=host):
                self.wait_for_log("push_failed", self.subscribe(
                    "https://%s:%d/" % (
                        host, self.listener.getsockname()[1])))
        with self.assertRaises(BlockingIOError):
            self.listener.accept()


@only_roost
class SilentDnsTest(PushServiceBase):
    """A resolver that never answers holds nothing up."""

    @classmethod
    def setUpClass(cls):
        cls.silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        cls.addClassCleanup(cls.silent.close)
        cls.silent.bind(("127.0.0.1", 0))
        cls.silent.settimeout(TIMEOUT)
        cls.settings = ('dns_servers = "127.0.0.1@%d"\n'
                        'dns_timeout_seconds = 300\n' % (
                            cls.silent.getsockname()[1]))
        super().setUpClass()

    def test_the_server_stops_in_the_middle_of_a_look_up(self):
        self.subscribe("https://push.test/")
        self.silent.recv(1000)
        self.server.stop()
