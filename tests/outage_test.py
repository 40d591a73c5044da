# SPDX-License-Identifier: Apache-2.0
"""DNS that refuses, says nonsense or does not answer, and a network that goes
away in the middle: outgoing mail waits and the queue says why, mail for users
here comes in as ever, and when DNS and the network are back, what waited is
sent without anybody's help.

The hosts are on a network of their own (tests/network.py)."""

import random
import re
import socket
import struct
import threading
import unittest

import mail_network_test
from dns_server import DnsServer, encode_name, listen
from harness import wait_until
from mail_network_test import subject_is
from network import Network, ip, needs_network
from smtp_peer import SmtpPeer

REFUSED, SERVFAIL, FORMERR, NOTIMP = 5, 2, 1, 4
CNAME, IN = 5, 1


def with_code(code):
    return lambda question, right: [
        question[:2] + struct.pack(">5H", 0x8180 | code, 1, 0, 0, 0)
        + question[12:end_of_name(question) + 4]]


def end_of_name(question):
    at = 12
    while question[at]:
        at += 1 + question[at]
    return at + 1


def name_of(question):
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    return ".".join(labels).lower()


def circle(question, right):
    """The name is an alias of another one, which is an alias of the first."""
    name = name_of(question)
    other = "other." + name if not name.startswith("other.") else name[6:]
    data = encode_name(other)
    return [question[:2] + struct.pack(">5H", 0x8180, 1, 1, 0, 0)
            + question[12:end_of_name(question) + 4]
            + b"\xc0\x0c" + struct.pack(">HHIH", CNAME, IN, 1, len(data))
            + data]


def about_another(question, right):
    """The answer to a question that nobody has asked."""
    end = end_of_name(question)
    return [right[:12] + encode_name("elsewhere.test") + right[end:]]


def broken_record(question, right):
    """A record whose data is longer than the packet says."""
    return [right[:-1]]


def endless_name(question, right):
    """The name in the record points to itself."""
    end = end_of_name(question) + 4
    return [right[:end] + struct.pack(">H", 0xc000 | end)
            + right[end + 2:] if len(right) > end else right[:end]]


def silent(question, right):
    return []


chance = random.Random(8)
# What DNS does with questions about NAME.test and the names in it.
TROUBLES = {
    "refused": with_code(REFUSED),
    "servfail": with_code(SERVFAIL),
    "formerr": with_code(FORMERR),
    "notimp": with_code(NOTIMP),
    "silent": silent,
    "wrong-id": lambda question, right: [
        bytes([right[0] ^ 0x5a]) + right[1:]],
    # Over TCP the connection is closed.
    "truncated": lambda question, right: [
        right[:2] + struct.pack(">5H", 0x8380, 1, 0, 0, 0)
        + question[12:end_of_name(question) + 4]],
    "cut-off": lambda question, right: [right[:len(right) // 2]],
    "empty": lambda question, right: [b""],
    "random": lambda question, right: [chance.randbytes(
        chance.randrange(1, 500)) for _ in range(20)],
    "random-behind-id": lambda question, right: [
        question[:2] + chance.randbytes(100)],
    "question-back": lambda question, right: [question],
    "circle": circle,
    "another": about_another,
    "broken-record": broken_record,
    "endless-name": endless_name,
}
# Only the look-up of the mail server's addresses fails.
TROUBLES["no-address"] = lambda question, right: (
    with_code(SERVFAIL)(question, right)
    if name_of(question).startswith("mx.") else [right])


class TroubledDns(DnsServer):
    """Knows its zone, and while it is in trouble answers as TROUBLES says."""

    def __init__(self, host, zone):
        self.trouble = True
        super().__init__(zone, host.inside(listen, "0.0.0.0", 53))
        self.tcp = host.inside(socket.create_server, ("0.0.0.0", 53))
        threading.Thread(target=self.hang_up, daemon=True).start()

    def hang_up(self):
        while True:
            try:
                self.tcp.accept()[0].close()
            except OSError:
                return

    def packets(self, question):
        labels = name_of(question).split(".")
        right = self.answer(question)
        if self.trouble and len(labels) > 1:
            return TROUBLES.get(labels[-2], silent)(question, right)
        return [right]

    def close(self):
        self.tcp.shutdown(socket.SHUT_RDWR)
        self.tcp.close()
        super().close()


@needs_network
class OutageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.net = Network()
        cls.addClassCleanup(cls.net.remove)
        dns = cls.net.host("dns")
        host = cls.net.host("a")
        cls.f = cls.net.host("f")
        names = list(TROUBLES) + ["cable", "interface", "later-cable",
                                  "later-interface"]
        cls.dns = TroubledDns(dns, "".join(
            "%s.test. IN MX 10 mx.%s.test.\nmx.%s.test. IN A %s\n" % (
                name, name, name, cls.f.ip) for name in names))
        cls.addClassCleanup(cls.dns.close)
        cls.a = mail_network_test.RoostHost(host, "a.test").start()
        cls.addClassCleanup(cls.a.remove)
        cls.addClassCleanup(cls.a.stop)
        cls.a.roost("domain", "add", "a.test")
        for user in ("anna", "bert"):
            cls.a.new_user(user)

    def setUp(self):
        self.peer = SmtpPeer(self.f.listen(25))
        self.addCleanup(self.peer.close)

    def wait_for_reasons(self, reasons):
        """Until `roost queue list` gives them, by address."""
        def all_are_there():
            listed = self.a.roost("queue", "list")
            return all(re.search(r"to %s: .*\n +%s" % (
                re.escape(address), reason), listed)
                for address, reason in reasons.items())
        wait_until(all_are_there, "%s in the queue" % reasons)

    def assert_users_here_get_mail(self, subject):
        """From each other, and from other servers."""
        self.a.send("bert@a.test", ["anna@a.test"], subject + " sent")
        s = self.a.smtp(25)
        s.sendmail("far@elsewhere.example", ["anna@a.test"],
                   "From: far@elsewhere.example\r\nSubject: %s came\r\n"
                   "\r\nHello\r\n" % subject)
        s.quit()
        for what in ("sent", "came"):
            self.a.wait_for_mail(
                "anna", subject_is("%s %s" % (subject, what)), "mail")

    def assert_all_arrive_once(self, addresses):
        self.peer.wait_for_messages(len(addresses))
        wait_until(self.a.queue_is_empty, "the queue is empty")
        self.assertEqual(sorted(m[1][0] for m in self.peer.messages),
                         sorted(addresses))
        self.assertEqual([m["Subject"] for m in self.a.inbox("bert")], [],
                         "no report")

    def test_dns_refuses_says_nonsense_or_nothing(self):
        self.dns.trouble = True
        addresses = ["x@%s.test" % name for name in TROUBLES]
        for address in addresses:
            self.a.send("bert@a.test", [address], "to " + address)
        self.wait_for_reasons({
            "x@%s.test" % name: "DNS did not answer for (the mail servers of )?"
            "%s\\.test" % name for name in TROUBLES})
        self.assert_users_here_get_mail("no DNS")
        self.assertEqual(self.peer.messages, [])
        self.dns.trouble = False
        self.assert_all_arrive_once(addresses)

    def vanish(self, name, down, up):
        """The network goes away while a message is sent. DNS is there a
        little later than the rest."""
        self.dns.trouble = False
        gone = threading.Event()

        def cut(_, so_far):
            if len(so_far) > 100000 and not gone.is_set():
                down()
                self.dns.trouble = True
                gone.set()
        self.peer.on_line = cut
        before, after = "x@%s.test" % name, "x@later-%s.test" % name
        self.a.send("bert@a.test", [before], "cut off",
                    ("x" * 900 + "\r\n") * 4000)
        self.assertTrue(gone.wait(60))
        try:
            self.a.send("bert@a.test", [after], "no network")
            self.wait_for_reasons({after: "DNS did not answer for later-"})
            self.assert_users_here_get_mail("no network " + name)
            self.assertEqual(self.peer.messages, [])
        finally:
            up()
        wait_until(self.is_reachable, "the network is back")
        self.dns.trouble = False
        self.assert_all_arrive_once([before, after])

    def is_reachable(self):
        try:
            self.a.host.connect((self.f.ip, 25), 1).close()
        except OSError:
            return False
        return True

    def test_the_cable_is_pulled(self):
        self.vanish("cable", self.a.host.down, self.a.host.up)

    def test_the_interface_goes_down(self):
        def set_link(state):
            return lambda: ip("-n", self.a.host.space, "link", "set", "eth0",
                              state)
        self.vanish("interface", set_link("down"), set_link("up"))


if __name__ == "__main__":
    unittest.main()
