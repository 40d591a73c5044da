# SPDX-License-Identifier: Apache-2.0
"""A stranger who brings domains whose servers are there only to hold our
connections delays nobody's mail."""

import os
import pathlib
import shutil
import socket
import tempfile
import threading
import unittest

from mail_network_test import RoostHost
from network import Dns, Network, ip, needs_network
from smtp_peer import SmtpPeer

DOMAINS = 130
LIMIT = int(os.environ.get("ROOST_ATTACK_LIMIT", 300))
# Connections that are not kept for users' mail, of the default 100.
FOR_OTHERS = 75


class Holder:
    """A server that accepts connections and gives them to `serve`, in a thread
    each. It closes them only at the end, or when the peer has closed."""

    def __init__(self, listening, serve):
        self.listening, self.serve = listening, serve
        self.changed = threading.Condition()
        self.open, self.connections, self.most = [], 0, 0
        self.ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with self.changed:
                self.open.append(connection)
                self.connections += 1
                self.most = max(self.most, len(self.open))
                self.changed.notify_all()
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        try:
            self.serve(self, connection)
        except OSError:
            pass
        with self.changed:
            self.open.remove(connection)
            self.changed.notify_all()
        connection.close()

    def wait_for(self, condition, what):
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self), LIMIT):
                raise AssertionError("waited in vain: " + what)

    def close(self):
        self.ended.set()
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        with self.changed:
            for connection in self.open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def says_nothing(_, connection):
    while connection.recv(65536):
        pass


def drips(*steps):
    """Answers the first lines as told, and the next one with a byte every
    second."""
    def serve(holder, connection):
        lines = connection.makefile("rb")
        for step in steps:
            connection.sendall(step)
            if not lines.readline():
                return
        while not holder.ended.wait(1):
            connection.sendall(b"2")
    return serve


def reads_slowly(holder, connection):
    """Takes the message byte by byte."""
    connection.sendall(b"220 slow.test\r\n")
    lines = connection.makefile("rb", buffering=0)
    for reply in (b"250 slow.test\r\n", b"250 OK\r\n", b"250 OK\r\n",
                  b"354 Go on\r\n"):
        if not lines.readline():
            return
        connection.sendall(reply)
    while not holder.ended.wait(0.5):
        if not connection.recv(1):
            return


@needs_network
class RelayAttackTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-attack-"))
        os.chmod(self.folder, 0o755)
        self.net = Network()
        self.addCleanup(self.remove)
        self.dns = Dns(self.net, self.folder)
        self.host = self.net.host("a")
        self.good, self.evil = self.net.host("good"), self.net.host("evil")
        self.dns.add("a.test. MX 10 mx.a.test.",
                     "mx.a.test. A %s" % self.host.ip,
                     "good.test. MX 10 mx.good.test.",
                     "mx.good.test. A %s" % self.good.ip)
        self.server = None

    def start(self, first_seconds):
        self.dns.start()
        self.server = RoostHost(
            self.host, "a.test",
            "relay_first_seconds = %d\n" % first_seconds).start()
        self.server.roost("domain", "add", "a.test")
        for user in ("anna", "postmaster"):
            self.server.new_user(user)
        self.peer = SmtpPeer(self.good.listen(25))
        self.addCleanup(self.peer.close)

    def remove(self):
        if self.server:
            self.server.stop()
            self.server.remove()
        self.net.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def hold(self, serve, address="0.0.0.0"):
        listening = self.evil.inside(
            lambda: socket.create_server((address, 25), backlog=256))
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        holder = Holder(listening, serve)
        self.addCleanup(holder.close)
        return holder

    def more_addresses(self, count):
        """The attacker's host gets addresses in so many networks."""
        addresses = ["10.78.%d.1" % n for n in range(count)]
        for address in addresses:
            ip("-n", self.evil.space, "address", "add", address + "/32",
               "dev", "eth0")
        ip("-n", self.host.space, "route", "add", "10.78.0.0/16", "via",
           self.evil.ip)
        return addresses

    def add_domains(self, addresses):
        """Domains whose servers have different names."""
        domains = ["e%d.test" % n for n in range(len(addresses))]
        for domain, address in zip(domains, addresses):
            self.dns.add("%s. MX 10 mx.%s." % (domain, domain),
                         "mx.%s. A %s" % (domain, address))
        return domains

    def attack(self, domains, text="Hello\r\n"):
        """A stranger's mail that is passed on to all these domains."""
        aliases = []
        for n in range(0, len(domains), 50):
            aliases.append("all%d@a.test" % n)
            self.server.roost(
                "alias", "add", aliases[-1],
                *["x@" + domain for domain in domains[n:n + 50]])
        client = self.server.smtp(25)
        client.sendmail("x@elsewhere.test", aliases,
                        b"Subject: hold\r\n\r\n" + text.encode())
        client.quit()

    def users_mail_arrives(self, subject):
        before = len(self.peer.messages)
        self.server.send("anna@a.test", ["bert@good.test"], subject)
        self.peer.wait_for_messages(before + 1, LIMIT)

    def all_hear_of_it(self, domains):
        """The reason for waiting is known of each recipient."""
        for domain in domains:
            self.server.wait_for_log(
                lambda line: " to=x@%s " % domain in line and
                "greeting" in line, 0, LIMIT)

    def test_one_address_under_many_names(self):
        holder = self.hold(says_nothing)
        domains = self.add_domains([self.evil.ip] * DOMAINS)
        self.start(5)
        self.attack(domains)
        holder.wait_for(lambda h: h.connections > 0, "a connection")
        self.users_mail_arrives("in the middle of it")
        # One attempt tells all of them.
        self.all_hear_of_it(domains)
        self.assertEqual(holder.most, 1)
        self.assertLess(holder.connections, DOMAINS // 10)
        self.users_mail_arrives("afterwards")

    def test_many_addresses_in_one_network(self):
        holder = self.hold(says_nothing)
        domains = self.add_domains(["10.78.0.%d" % n for n in range(1, 41)])
        self.start(300)  # no connection ends
        self.more_addresses(1)
        for n in range(2, 41):
            ip("-n", self.evil.space, "address", "add", "10.78.0.%d/32" % n,
               "dev", "eth0")
        self.attack(domains)
        holder.wait_for(lambda h: h.connections >= 15, "15 connections")
        self.users_mail_arrives("in the middle of it")
        self.assertEqual(holder.most, 15)  # of relay_connections_per_network

    def test_many_addresses_in_many_networks(self):
        holder = self.hold(says_nothing)
        addresses = ["10.78.%d.1" % n for n in range(DOMAINS)]
        domains = self.add_domains(addresses)
        self.start(300)
        self.more_addresses(DOMAINS)
        self.attack(domains)
        holder.wait_for(lambda h: h.connections >= FOR_OTHERS,
                        "%d connections" % FOR_OTHERS)
        for n in range(5):
            self.users_mail_arrives("in the middle of it %d" % n)
        self.assertEqual(holder.most, FOR_OTHERS)

    def test_servers_that_drip(self):
        """A server gets no time for single bytes, whatever they belong to."""
        hello = [b"220 drip.test\r\n"]
        ready = hello + [b"250 drip.test\r\n"]
        steps = [drips(), drips(*hello), drips(*ready),
                 drips(*ready, b"250 OK\r\n"), reads_slowly]
        addresses = ["10.78.%d.1" % n for n in range(len(steps))]
        domains = self.add_domains(addresses)
        self.start(5)
        self.more_addresses(len(steps))
        holders = [self.hold(serve, address)
                   for serve, address in zip(steps, addresses)]
        self.attack(domains, ("y" * 70 + "\r\n") * 4000)
        for holder in holders:
            holder.wait_for(lambda h: h.connections > 0, "a connection")
        self.users_mail_arrives("in the middle of it")
        for domain in domains:
            self.server.wait_for_log(
                lambda line: " to=x@%s " % domain in line and
                (" while waiting for " in line), 0, LIMIT)


if __name__ == "__main__":
    unittest.main()
