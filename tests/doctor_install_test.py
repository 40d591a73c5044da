# SPDX-License-Identifier: Apache-2.0
"""`roost doctor` without an account: an installation where all is well, then
the same with faults put in, each of which must be named."""

import json
import os
import pathlib
import shutil
import smtplib
import ssl
import subprocess
import tempfile
import unittest

from doctor_test import Authority
from harness import SYSTEM_USER, program
from mail_network_test import RoostHost
from network import Dns, Network, needs_network

NAME, DOMAIN = "mx.well.test", "well.test"
# What a namespace or a container cannot have right.
OF_THE_MACHINE = {"clock", "sandbox", "disk", "files", "memory"}


@needs_network
class DoctorInstallation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-test-"))
        os.chmod(cls.folder, 0o755)
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.net = Network()
        cls.addClassCleanup(cls.net.remove)
        cls.dns = Dns(cls.net, cls.folder)
        cls.authority = Authority(cls.folder)
        cls.server = RoostHost(
            cls.net.host("well"), DOMAIN,
            'doctor_blocklists = "bl.test"\nrelay_ipv6 = no\n')
        cls.put_certificate()
        cls.write_records()
        cls.dns.start()
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        cls.server.roost("domain", "add", DOMAIN)
        cls.server.add_user("anna", "secret-anna")
        for user in ("ben", "carl"):
            cls.server.add_user(user, "secret-" + user)
        cls.server.roost("alias", "add", "postmaster@" + DOMAIN, "anna")
        keys = cls.server.roost("dkim", "new", DOMAIN)
        cls.add_zone(cls.server.roost("domain", "check", DOMAIN,
                                      "--no-lookup"), keys)
        cls.well = cls.doctor()
        cls.locked = cls.doctor_of_locked_key()
        cls.put_faults_in()
        cls.ill = cls.doctor("--config", cls.bad_config())
        cls.mistaken = cls.doctor("--config", cls.mistaken_config())
        cls.server.stop()
        cls.stopped = cls.doctor()
        cls.dns.stop()
        cls.deaf = cls.doctor()

    @classmethod
    def put_certificate(cls, *names, **options):
        issued = cls.authority.issue(*(names or (NAME,)), **options)
        for mine, new in zip((cls.server.certificate, cls.server.key),
                             issued):
            mine.write_bytes(new.read_bytes())
        os.chmod(cls.server.key, 0o600)
        if SYSTEM_USER:
            shutil.chown(cls.server.key, SYSTEM_USER)

    @classmethod
    def reverse(cls):
        parts = cls.server.host.ip.split(".")
        return ".".join(reversed(parts))

    @classmethod
    def add_records(cls, *lines):
        """Records that nobody keeps: they will change."""
        cls.dns.add(*(line.replace(" ", " 0 ", 1) for line in lines))

    @classmethod
    def write_records(cls):
        cls.dns.records = []
        cls.add_records("iana.org. A 192.0.2.1",
                    "%s. A %s" % (NAME, cls.server.host.ip),
                    "%s.in-addr.arpa. PTR %s." % (cls.reverse(), NAME),
                    "2.0.0.127.bl.test. A 127.0.0.2")

    @classmethod
    def add_zone(cls, zone, keys):
        for line in zone.splitlines() + keys.splitlines():
            if line and not line.startswith(";") and " IN " in line:
                cls.add_records(line.replace(" IN ", " ", 1))
        cls.dns.stop()
        cls.dns.start()

    @classmethod
    def doctor(cls, *options):
        if "--config" not in options:
            options = ("--config", cls.server.config) + options
        done = subprocess.run(
            cls.server.host.command(
                program(), "doctor", "--json", "--ca-file",
                cls.authority.path, *options),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=300)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            raise AssertionError("%d\n%s\n%s" % (
                done.returncode, done.stdout, done.stderr.decode()))

    @classmethod
    def doctor_of_locked_key(cls):
        """What is said when only root can read the key."""
        owner = cls.server.key.stat()
        os.chown(cls.server.key, 0, 0)
        try:
            return cls.doctor()
        finally:
            os.chown(cls.server.key, owner.st_uid, owner.st_gid)

    @classmethod
    def put_faults_in(cls):
        server = cls.server
        os.chmod(server.folder / "data", 0o755)
        cls.put_certificate("old.test", days=(-40, -3))
        os.chmod(server.key, 0o644)
        server.roost("alias", "add", "sales@" + DOMAIN, "carl", "anna")
        server.roost("domain", "set", DOMAIN, "--catch-all", "ben")
        for user in ("ben", "carl"):
            server.roost("user", "remove", user, "--yes")
        with server.smtp() as client:
            client.starttls(context=ssl._create_unverified_context())
            try:
                client.login("anna", "wrong")
                raise AssertionError("a wrong password was accepted")
            except smtplib.SMTPAuthenticationError:
                pass
        cls.write_records()
        cls.dns.records = [
            record for record in cls.dns.records if "PTR" not in record]
        cls.add_records("%s. A 10.77.0.99" % NAME,
                    "%s.in-addr.arpa. PTR other.test." % cls.reverse(),
                    "%s.bl.test. A 127.0.0.4" % cls.reverse())
        cls.dns.stop()
        cls.dns.start()

    @classmethod
    def bad_config(cls):
        path = cls.server.folder / "bad.conf"
        path.write_text(
            cls.server.config.read_text() +
            "sandbox = no\nmemory_max_mib = 4000000\n"
            "disk_reserve_mib = 1000000\n")
        return path

    @classmethod
    def mistaken_config(cls):
        path = cls.server.folder / "mistaken.conf"
        path.write_text(cls.server.config.read_text() + "no_such = 1\n")
        return path

    def find(self, result, check, state, part):
        """A finding of this check that says `part`."""
        for finding in result[1]["findings"]:
            if finding["check"] == check and finding["state"] == state and \
                    part in finding["sentence"]:
                return finding
        self.fail("%s, %s, %s\n%s" % (
            check, state, part, json.dumps(result[1], indent=1)))

    def test_all_is_well(self):
        bad = [f for f in self.well[1]["findings"]
               if f["state"] in ("wrong", "doubtful") and
               f["check"] not in OF_THE_MACHINE]
        self.assertEqual(bad, [], json.dumps(self.well[1], indent=1))
        for check, part in (
                ("server", "The server runs"),
                ("names", "the name leads back to it"),
                ("resolver", "The resolver answers"),
                ("records", "DNS records of well.test are right"),
                ("blocklists", "is not in the blocklist bl.test"),
                ("certificates", "issued by Test Authority Root"),
                ("ports", "Reached: "),
                ("rights", "Only its owner"),
                ("domains", "Mail is accepted for 1 domain"),
                ("aliases", "1 alias was looked at"),
                ("queue", "No mail waits")):
            with self.subTest(check):
                states = [f for f in self.well[1]["findings"]
                          if f["check"] == check and part in f["sentence"]]
                self.assertTrue(states, json.dumps(self.well[1], indent=1))

    def test_every_check_speaks(self):
        spoken = {f["check"] for f in self.well[1]["findings"]}
        self.assertEqual(len(spoken), 18, spoken)

    def test_faults_are_named(self):
        table = [
            ("names", "wrong", "is called other.test, not " + NAME),
            ("names", "wrong", "10.77.0.99 has no name"),
            ("records", "wrong", "A record is missing (mail for the domain"),
            ("records", "wrong", "A record is missing (who sends mail"),
            ("blocklists", "wrong", "is in the blocklist bl.test (127.0.0.4)"),
            ("certificates", "wrong", "expired on "),
            ("certificates", "wrong", "No certificate has the name " + NAME),
            ("ports", "wrong", "Through 10.77.0.99: "),
            ("rights", "wrong", "Others than the owner may look"),
            ("rights", "wrong", "Everybody on this machine can read or "
                                "change the key"),
            ("sandbox", "doubtful", "switched off"),
            ("disk", "wrong", "is full"),
            ("memory", "ok", "that the server may use are in use"),
            ("aliases", "wrong", "The target carl of the alias sales@"),
            ("domains", "wrong", "The catch-all "),
            ("logins", "note", "with a wrong password"),
        ]
        for check, state, part in table:
            with self.subTest("%s: %s" % (check, part)):
                finding = self.find(self.ill, check, state, part)
                if state == "wrong":
                    self.assertTrue(finding["mend"], finding)
        self.assertEqual(self.ill[0], 1)
        self.assertEqual(self.ill[1]["worst"], "wrong")

    @unittest.skipUnless(SYSTEM_USER, "root serves nobody's mail here")
    def test_a_key_that_only_root_reads_is_named(self):
        """Root, who runs the doctor, could read it; the server's user
        cannot."""
        finding = self.find(
            self.locked, "certificates", "wrong",
            "%s: cannot be opened: Permission denied" % self.server.key)
        self.assertIn("user", finding["mend"])

    def test_an_address_that_is_not_reached_is_told_once(self):
        told = [f for f in self.ill[1]["findings"]
                if "Through 10.77.0.99: " in f["sentence"]]
        self.assertEqual(len(told), 1, told)

    def test_a_mistaken_configuration_does_not_stop_it(self):
        self.find(self.mistaken, "configuration", "wrong",
                  "The configuration has mistakes")
        self.find(self.mistaken, "server", "ok", "The server runs")

    def test_a_dead_resolver_is_named(self):
        self.find(self.deaf, "resolver", "wrong",
                  "The DNS resolver does not answer")
        self.find(self.deaf, "records", "doubtful",
                  "could not be looked up")
        self.find(self.deaf, "names", "doubtful", "could not be looked up")

    def test_it_works_without_a_server(self):
        self.find(self.stopped, "server", "wrong", "No server runs")
        self.find(self.stopped, "aliases", "wrong", "The target carl")
        self.find(self.stopped, "ports", "note", "were not tried")


if __name__ == "__main__":
    unittest.main()
