# SPDX-License-Identifier: Apache-2.0
"""Debian's pebble, a certificate authority for tests, on loopback.

    ca = Pebble(dns_port)
    ca.set_ports(http=…)      where it makes its challenges
    with ca:
        … acme_directory = ca.directory, acme_ca_file = ca.certificate …

It finds names by the DNS server at `dns_port`. `faults` are variables of its
environment; other settings are those of its configuration.
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from harness import free_port, make_certificate


class Pebble:
    NAME = "ca.test"

    def __init__(self, dns_port, faults=None, **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-pebble-"))
        os.chmod(self.folder, 0o755)
        self.certificate, key = make_certificate(self.folder, self.NAME)
        self.port = free_port()
        self.dns_port = dns_port
        self.faults = {"PEBBLE_VA_NOSLEEP": "1", **(faults or {})}
        self.config = self.folder / "pebble.json"
        self.settings = {
            "listenAddress": "127.0.0.1:%d" % self.port,
            "managementListenAddress": "127.0.0.1:%d" % free_port(),
            "certificate": str(self.certificate), "privateKey": str(key),
            "httpPort": 1, "tlsPort": 1, **settings}
        self.directory = "https://%s:%d/dir" % (self.NAME, self.port)
        self.process = None

    def set_ports(self, http=1, https=1):
        """For the next start. Nobody answers at port 1."""
        self.settings.update(httpPort=http, tlsPort=https)

    def start(self):
        self.config.write_text(json.dumps({"pebble": self.settings}))
        self.log = open(self.folder / "pebble.log", "ab")
        self.process = subprocess.Popen(
            ["pebble", "-config", str(self.config), "-dnsserver",
             "127.0.0.1:%d" % self.dns_port],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env={**os.environ, **self.faults})
        end = time.monotonic() + 60
        while self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                return self
            except OSError:
                if time.monotonic() > end:
                    break
                time.sleep(0.02)
        raise AssertionError("pebble does not start:\n" + self.text())

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(60)
            self.log.close()
        self.process = None

    def text(self):
        return (self.folder / "pebble.log").read_text("utf-8", "replace")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        if not os.environ.get("ROOST_TEST_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
