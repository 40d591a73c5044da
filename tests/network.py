# SPDX-License-Identifier: Apache-2.0
"""Hosts of a small internet: network namespaces joined by a bridge.

    with Network() as net:
        a = net.host("a")                 10.77.0.2 and fd77::2
        a.popen("roost", "serve", …)      runs there
        a.connect(("10.77.0.3", 25))      a socket that lives there
        a.down()                          its cable is pulled

Nothing leaves it: the namespaces have no way out. It takes root; tests that
need it are skipped without. Each host's /etc/resolv.conf names `net.dns`.
"""

import contextlib
import ctypes
import itertools
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time
import unittest

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
numbers = itertools.count(1)

needs_network = unittest.skipUnless(
    os.geteuid() == 0 and shutil.which("ip"),
    "network namespaces take root and iproute2")


def ip(*arguments):
    subprocess.run(("ip",) + arguments, check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                   stderr=subprocess.PIPE)


class Host:
    """One namespace with the addresses `.ip` and `.ip6`."""

    def __init__(self, net, name, number):
        self.net, self.name = net, name
        self.space = "%s-%s" % (net.prefix, name)
        self.ip, self.ip6 = "10.77.0.%d" % number, "fd77::%x" % number
        self.cable = "rt%d" % number
        self.processes = []
        etc = pathlib.Path("/etc/netns") / self.space
        etc.mkdir(parents=True)
        (etc / "resolv.conf").write_text("nameserver %s\n" % net.dns_ip)
        ip("netns", "add", self.space)
        ip("-n", self.space, "link", "set", "lo", "up")
        ip("-n", net.hub, "link", "add", self.cable, "type", "veth",
           "peer", "name", "eth0", "netns", self.space)
        ip("-n", net.hub, "link", "set", self.cable, "master", "br0", "up")
        ip("-n", self.space, "address", "add", self.ip + "/24", "dev", "eth0")
        ip("-n", self.space, "address", "add", self.ip6 + "/64", "dev", "eth0",
           "nodad")
        ip("-n", self.space, "link", "set", "eth0", "up")

    def down(self):
        ip("-n", self.net.hub, "link", "set", self.cable, "down")

    def up(self):
        ip("-n", self.net.hub, "link", "set", self.cable, "up")

    def command(self, *arguments):
        return ["ip", "netns", "exec", self.space] + [
            str(a) for a in arguments]

    def popen(self, *arguments, **options):
        process = subprocess.Popen(self.command(*arguments),
                                   stdin=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def inside(self, function, *arguments):
        """Calls the function in a thread that is in the namespace. Sockets
        that it makes stay there."""
        result = []

        def run():
            with open("/run/netns/" + self.space) as space:
                if libc.setns(space.fileno(), CLONE_NEWNET) != 0:
                    result.append(OSError(ctypes.get_errno(), "setns"))
                    return
            try:
                result.append(function(*arguments))
            except Exception as error:
                result.append(error)
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if isinstance(result[0], Exception):
            raise result[0]
        return result[0]

    def connect(self, address, timeout=60):
        return self.inside(socket.create_connection, address, timeout)

    def listen(self, port):
        return self.inside(
            lambda: socket.create_server((self.ip, port), backlog=64))

    def remove(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            if process.poll() is None:
                process.kill()
                process.wait()
        ip("netns", "del", self.space)
        shutil.rmtree(pathlib.Path("/etc/netns") / self.space)


class Network:
    """The hub, the hosts, and their DNS."""

    def __init__(self):
        self.prefix = "roost%d-%d" % (os.getpid(), next(numbers))
        self.hub = self.prefix + "-hub"
        self.hosts = {}
        self.dns_ip = "10.77.0.1"
        ip("netns", "add", self.hub)
        ip("-n", self.hub, "link", "add", "br0", "type", "bridge")
        ip("-n", self.hub, "link", "set", "br0", "up")

    def host(self, name):
        host = Host(self, name, len(self.hosts) + 1)
        self.hosts[name] = host
        return host

    def remove(self):
        for host in self.hosts.values():
            host.remove()
        ip("netns", "del", self.hub)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


class Dns:
    """unbound on a host of its own, which must be the network's first host. It
    knows only the records that the test adds."""

    def __init__(self, net, folder):
        self.host = net.host("dns")
        assert self.host.ip == net.dns_ip
        self.folder = pathlib.Path(folder)
        self.records = []
        self.zones = []
        self.process = None

    def add(self, *lines):
        """Zone file lines with names in full: "b.test. MX 10 mx.b.test."."""
        self.records += lines

    def start(self):
        config = self.folder / "unbound.conf"
        zones = sorted({line.split()[0].rstrip(".").split(".")[-1]
                        for line in self.records})
        config.write_text(
            "server:\n directory: \"%s\"\n chroot: \"\"\n username: \"\"\n"
            " pidfile: \"\"\n do-daemonize: no\n use-syslog: no\n"
            " logfile: \"%s\"\n interface: 0.0.0.0\n interface: ::0\n"
            " access-control: 0.0.0.0/0 allow\n access-control: ::/0 allow\n"
            " do-not-query-localhost: no\n module-config: iterator\n"
            % (self.folder, self.folder / "unbound.log")
            + "".join(" local-zone: \"%s.\" static\n" % z for z in zones)
            + "".join(" local-data: '%s'\n" % r for r in self.records)
            + "remote-control:\n control-enable: no\n")
        self.process = self.host.popen("unbound", "-d", "-c", config)
        end = time.monotonic() + 20
        while subprocess.run(
                self.host.command("true")).returncode == 0:
            try:
                self.host.connect(("127.0.0.1", 53), 1).close()
                return self
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
