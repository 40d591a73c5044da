# SPDX-License-Identifier: Apache-2.0
"""Mail between servers: two Roosts, Debian's Postfix with opendkim, and
servers that misbehave. Each is a host of its own on a network with its own
DNS."""

import email
import email.policy
import imaplib
import os
import pathlib
import re
import shutil
import signal
import smtplib
import tempfile
import threading
import unittest

from harness import RoostServer, run_program, wait_until
from network import Dns, Network, needs_network
from postfix_server import Postfix
from smtp_peer import DROP, SmtpPeer

PORTS = {"imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995, "smtp": 25,
         "submission": 587, "submissions": 465, "lmtp": 24, "https": 443,
         "http": 80}


class RoostHost(RoostServer):
    """A Roost that is alone on its host and uses the standard ports."""

    def __init__(self, host, domain, settings=""):
        self.host, self.domain = host, domain
        super().__init__(
            'server_name = "mx.%s"\nrelay = yes\ndns_servers = "%s"\n'
            "queue_retry_first_seconds = 1\nqueue_retry_last_seconds = 2\n"
            "dns_timeout_seconds = 2\n"
            'relay_networks = "10.77.0.0/16 10.78.0.0/16 fd77::/64"\n'
            'postmaster = "postmaster@%s"\n%s' % (
                domain, host.net.dns_ip, domain, settings))
        self.ports = PORTS
        self.write_config()

    def listener(self, name, protocol, tls):
        address = "127.0.0.1" if name == "lmtp" else "*"
        return ('listen "%s" { protocol = %s\n address = "%s"\n'
                ' port = %d\n tls = %s }\n' % (
                    name, protocol, address, PORTS[name], tls))

    def command_line(self):
        return self.host.command(*super().command_line())

    def crash(self):
        # The process is `ip netns exec`, which became the server.
        super().crash()

    def imap(self, user):
        host, tls = self.host, self.tls()

        class Imap(imaplib.IMAP4_SSL):
            def _create_socket(self, timeout):
                return tls.wrap_socket(host.connect((host.ip, 993)),
                                       server_hostname="localhost")
        connection = Imap(host.ip, 993, ssl_context=tls)
        connection.login(user, "secret-" + user)
        return connection

    def inbox(self, user, folder="INBOX"):
        """The messages of a mailbox, parsed, oldest first."""
        connection = self.imap(user)
        try:
            connection.select(folder, readonly=True)
            _, found = connection.uid("FETCH", "1:*", "(BODY.PEEK[])")
            return [email.message_from_bytes(part[1],
                                             policy=email.policy.default)
                    for part in found if isinstance(part, tuple)]
        finally:
            connection.logout()

    def smtp(self, port=587):
        host = self.host

        class Smtp(smtplib.SMTP):
            def _get_socket(self, name, port, timeout):
                return host.connect((host.ip, port))
        return Smtp(host.ip, port, local_hostname="client.test")

    def send(self, sender, recipients, subject, text="Hello\r\n",
             headers="", **options):
        """Submits a message as the user named by the local part of the sender.
        """
        user = sender.split("@")[0]
        message = ("From: %s\r\nTo: %s\r\nSubject: %s\r\n%s\r\n%s" % (
            sender, ", ".join(recipients), subject, headers, text))
        client = self.smtp()
        try:
            client.starttls(context=self.insecure())
            client.login(user, "secret-" + user)
            return client.sendmail(sender, recipients, message.encode(),
                                   **options)
        finally:
            client.quit()

    def insecure(self):
        context = self.tls()
        context.check_hostname = False
        return context

    def wait_for_mail(self, user, wanted, what, seconds=120):
        """The first message in the user's INBOX that wanted(message)."""
        return wait_until(
            lambda: next((m for m in self.inbox(user) if wanted(m)), None),
            what, seconds)

    def queue_is_empty(self):
        return "@" not in self.roost("queue", "list")


def subject_is(subject):
    return lambda message: message["Subject"] == subject


def is_report_on(address):
    """Whether a message is an RFC 3464 report about this address."""
    def wanted(message):
        if message.get_content_type() != "multipart/report":
            return False
        return address in report_of(message)
    return wanted


def report_of(message):
    """{address: {field: value}} of a delivery status report."""
    found = {}
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for group in part.get_payload()[1:]:
            address = group["Final-Recipient"].split(";")[1].strip()
            found[address] = {name.lower(): value
                              for name, value in group.items()}
    return found


@needs_network
class MailNetwork(unittest.TestCase):
    """All tests share one network; each has addresses and subjects of its own.
    """

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-network-"))
        os.chmod(cls.folder, 0o755)
        cls.net = Network()
        cls.addClassCleanup(cls.remove)
        cls.servers = []
        cls.dns = Dns(cls.net, cls.folder)
        cls.a = cls.make_roost("a")
        cls.b = cls.make_roost("b")
        cls.p = cls.net.host("p")
        cls.f = cls.net.host("f")
        for host in ("p", "f"):
            cls.dns.add("%s.test. MX 10 mx.%s.test." % (host, host),
                        "mx.%s.test. A %s" % (host, cls.net.hosts[host].ip),
                        "mx.%s.test. AAAA %s" % (
                            host, cls.net.hosts[host].ip6))
        cls.dns.add("null.test. MX 0 .",
                    "two.test. MX 10 dead.two.test.",
                    "two.test. MX 20 mx.f.test.",
                    "dead.two.test. A 10.77.0.200",
                    "down.test. MX 10 mx.down.test.",
                    "mx.down.test. A 10.77.0.201",
                    "bare.test. A %s" % cls.f.ip,
                    "loop.test. MX 10 mx.loop.test.",
                    "mx.loop.test. A %s" % cls.a.host.ip,
                    "inside.test. MX 10 mx.inside.test.",
                    "mx.inside.test. A 192.168.7.7",
                    "mx.inside.test. AAAA ::ffff:10.9.9.9",
                    "mapped.test. MX 10 mx.mapped.test.",
                    "mx.mapped.test. AAAA ::ffff:%s" % cls.a.host.ip)
        cls.add_keys(cls.a)
        cls.dns.start()
        cls.postfix = cls.start_postfix()

    @classmethod
    def make_roost(cls, name, settings=""):
        host = cls.net.host(name)
        domain = name + ".test"
        cls.dns.add("%s. MX 10 mx.%s." % (domain, domain),
                    "mx.%s. A %s" % (domain, host.ip),
                    "mx.%s. AAAA %s" % (domain, host.ip6))
        server = RoostHost(host, domain, settings).start()
        cls.servers.append(server)
        server.roost("domain", "add", domain)
        for user in ("anna", "bert", "carla", "postmaster"):
            server.new_user(user)
        return server

    @classmethod
    def add_keys(cls, server):
        server.roost("dkim", "new", server.domain, "--algorithm", "both")
        zone = server.roost("dkim", "dns", server.domain)
        for name, text in re.findall(
                r'^(\S+)\s+(?:\d+\s+)?IN\s+TXT\s+\(?((?:\s*"[^"]*")+)', zone,
                re.M):
            value = "".join(re.findall(r'"([^"]*)"', text))
            pieces = [value[i:i + 250] for i in range(0, len(value), 250)]
            cls.dns.add("%s TXT %s" % (
                name, " ".join('"%s"' % p for p in pieces)))

    @classmethod
    def start_postfix(cls):
        # It asks by libunbound, which by itself knows that there is no .test.
        resolver = cls.folder / "resolver.conf"
        resolver.write_text(
            'server:\n local-zone: "test." nodefault\n'
            'forward-zone:\n name: "."\n forward-addr: %s\n'
            % cls.net.dns_ip)
        config = cls.folder / "opendkim.conf"
        config.write_text(
            "Mode v\nSocket inet:8891@127.0.0.1\nSyslog no\n"
            "ResolverConfiguration %s\nUserID root\n"
            "AuthservID mx.p.test\nAlwaysAddARHeader yes\n" % resolver)
        cls.p.popen("opendkim", "-f", "-x", config)
        return Postfix(cls.p, cls.folder / "p", "mx.p.test", "p.test", {
            "smtpd_milters": "inet:127.0.0.1:8891",
            "milter_default_action": "tempfail"}).start()

    @classmethod
    def remove(cls):
        failures = []
        if hasattr(cls, "postfix"):
            cls.postfix.remove()
        for server in getattr(cls, "servers", []):
            try:
                server.stop()
            except AssertionError as error:
                failures.append(str(error))
            server.remove()
        cls.net.remove()
        if not os.environ.get("ROOST_TEST_KEEP"):
            shutil.rmtree(cls.folder, ignore_errors=True)
        if failures:
            raise AssertionError("\n".join(failures))

    def peer(self, **options):
        peer = SmtpPeer(self.f.listen(25), **options)
        self.addCleanup(peer.close)
        return peer

    def assert_no_report(self, server, user, address):
        """To be called when everything else is done: waits until the queue is
        empty."""
        wait_until(server.queue_is_empty, "the queue is empty")
        self.assertEqual([], [m for m in server.inbox(user)
                              if is_report_on(address)(m)])

    def assert_one_report(self, server, user, address):
        message = server.wait_for_mail(user, is_report_on(address),
                                       "a report on " + address)
        wait_until(server.queue_is_empty, "the queue is empty")
        reports = [m for m in server.inbox(user) if is_report_on(address)(m)]
        self.assertEqual(len(reports), 1)
        return message, report_of(message)[address]

    def postfix_got(self, subject):
        return wait_until(
            lambda: next((m for m in self.postfix.messages()
                          if m["Subject"] == subject), None),
            "Postfix has %r" % subject, 60)

    # -- mail goes round

    def test_swaks_through_roost_to_postfix_signed_and_over_tls(self):
        run_program(*self.a.host.command(
            "swaks", "--server", "127.0.0.1:587", "--tls",
            "--auth-user", "anna", "--auth-password", "secret-anna",
            "--from", "anna@a.test", "--to", "bert@p.test",
            "--header", "Subject: to postfix", "--body", "Hello Postfix"))
        message = self.postfix_got("to postfix")
        self.assertEqual(message["Return-Path"], "<anna@a.test>")
        self.assertIn("TLSv1.3", message.get_all("Received")[0])
        self.assertIn("ESMTPSA", " ".join(message.get_all("Received")))
        results = " ".join(message.get_all("Authentication-Results"))
        self.assertIn("dkim=pass", results)
        self.assertNotIn("dkim=fail", results)
        # Both signatures, by a second opinion.
        raw = next(path.read_bytes() for path in
                   self.postfix.mail.glob("**/new/*")
                   if b"Subject: to postfix" in path.read_bytes())
        raw = raw[raw.index(b"DKIM-Signature"):]
        for n in ("0", "1"):
            said = run_program(*self.p.command("dkimverify", "--index", n),
                               input=raw.replace(b"\n", b"\r\n"))
            self.assertIn(b"signature ok", said)

    def test_postfix_to_roost(self):
        run_program(*self.p.command(
            "swaks", "--server", "127.0.0.1", "--from", "bert@p.test",
            "--to", "carla@b.test", "--header", "Subject: from postfix"))
        message = self.b.wait_for_mail(
            "carla", subject_is("from postfix"), "mail from Postfix")
        self.assertEqual(message["Return-Path"], "<bert@p.test>")
        self.assertEqual(message["Delivered-To"], "carla@b.test")
        received = message.get_all("Received")[0]
        self.assertIn("with ESMTPS", received)
        self.assertIn("TLS_", received)

    def test_roost_to_roost_and_back(self):
        self.a.send("anna@a.test", ["bert@b.test", "carla@b.test"], "to b")
        for user in ("bert", "carla"):
            message = self.b.wait_for_mail(user, subject_is("to b"), "mail")
            self.assertIn("with ESMTPS", message.get_all("Received")[0])
        self.b.send("bert@b.test", ["anna@a.test"], "back to a")
        self.a.wait_for_mail("anna", subject_is("back to a"), "mail back")
        self.assert_no_report(self.a, "anna", "bert@b.test")

    def test_an_alias_leads_outside_and_home_again(self):
        self.b.roost("alias", "add", "team@b.test", "carla", "bert@p.test",
                     "anna@a.test")
        self.a.send("bert@a.test", ["team@b.test"], "to the team")
        self.b.wait_for_mail("carla", subject_is("to the team"), "mail")
        self.a.wait_for_mail("anna", subject_is("to the team"), "mail")
        self.postfix_got("to the team")
        wait_until(self.b.queue_is_empty, "the queue is empty")
        self.assertEqual(1, sum(m["Subject"] == "to the team"
                                for m in self.a.inbox("anna")))

    def test_one_message_to_all_kinds_at_once(self):
        self.a.send("anna@a.test",
                    ["carla@a.test", "carla@b.test", "carla@p.test"],
                    "to all kinds")
        self.a.wait_for_mail("carla", subject_is("to all kinds"), "mail")
        self.b.wait_for_mail("carla", subject_is("to all kinds"), "mail")
        self.postfix_got("to all kinds")

    def test_a_success_report_on_request(self):
        self.a.send("anna@a.test", ["carla@b.test"], "with receipt",
                    mail_options=["RET=HDRS", "ENVID=receipt1"],
                    rcpt_options=["NOTIFY=SUCCESS,FAILURE"])
        message, report = self.assert_one_report(
            self.a, "anna", "carla@b.test")
        # B makes no reports of success for strangers, and does not offer to.
        self.assertEqual(report["action"], "relayed")
        self.assertTrue(report["status"].startswith("2."))

    # -- faults

    def test_a_refused_recipient_comes_back_once(self):
        peer = self.peer()
        peer.on_rcpt = lambda p, address: (
            "550 5.1.1 Nobody of that name" if "nobody" in address else None)
        self.a.send("anna@a.test", ["nobody@f.test", "bert@f.test"],
                    "half refused")
        peer.wait_for_messages(1)
        self.assertEqual(peer.messages[0][1], ["bert@f.test"])
        message, report = self.assert_one_report(
            self.a, "anna", "nobody@f.test")
        self.assertEqual(report["action"], "failed")
        self.assertEqual(report["status"], "5.1.1")
        self.assertIn("Nobody of that name", report["diagnostic-code"])
        self.assertNotIn("bert@f.test", report_of(message))
        self.assertEqual(message["Return-Path"], "<>")

    def test_4xx_for_a_while(self):
        peer = self.peer()
        tries = []

        def later(_, address):
            tries.append(address)
            return "451 4.7.1 Come back later" if len(tries) < 4 else None
        peer.on_rcpt = later
        self.a.send("anna@a.test", ["bert@f.test"], "greylisted")
        peer.wait_for_messages(1)
        self.assertEqual(len(tries), 4)
        self.assert_no_report(self.a, "anna", "bert@f.test")
        self.assertEqual(len(peer.messages), 1)

    def test_a_host_that_is_down_for_a_while(self):
        mark = self.a.log_mark()
        self.a.send("anna@a.test", ["anna@f.test"], "to one who is down")
        self.a.wait_for_log(lambda line: "anna@f.test" in line and
                            "refused" in line, mark)
        peer = self.peer()
        peer.wait_for_messages(1)
        self.assert_no_report(self.a, "anna", "anna@f.test")
        self.assertEqual(len(peer.messages), 1)

    def test_the_second_mx_takes_what_the_first_does_not(self):
        peer = self.peer()
        self.a.send("anna@a.test", ["bert@two.test"], "to the second MX")
        peer.wait_for_messages(1)
        self.assertEqual(len(peer.messages), 1)

    def test_a_domain_without_mx_is_its_own_host(self):
        peer = self.peer()
        self.a.send("anna@a.test", ["bert@bare.test"], "no MX")
        peer.wait_for_messages(1)

    def test_a_slow_peer_delays_nobody_else(self):
        peer = self.peer()
        gate = threading.Event()
        self.addCleanup(gate.set)

        def wait(_, address):
            gate.wait(100)
        peer.on_rcpt = wait
        self.a.send("anna@a.test", ["slow@f.test"], "to a slow one")
        peer.wait_for(lambda p: any("slow@" in c for c in p.commands),
                      "RCPT")
        self.a.send("anna@a.test", ["fast@b.test", "bert@b.test"], "overtakes")
        self.b.wait_for_mail("bert", subject_is("overtakes"), "mail")
        self.assertEqual(peer.messages, [])
        gate.set()
        peer.wait_for_messages(1)
        self.assert_no_report(self.a, "anna", "slow@f.test")
        self.assertEqual(len(peer.messages), 1)

    def test_a_peer_that_dies_in_the_middle_of_the_message(self):
        peer = self.peer()
        deaths = []

        def die(_, so_far):
            if len(so_far) > 50000 and len(deaths) < 2:
                deaths.append(len(so_far))
                return DROP
        peer.on_line = die
        text = "All work and no play.\r\n" * 20000
        self.a.send("anna@a.test", ["bert@f.test"], "broken off", text)
        peer.wait_for_messages(1)
        self.assertEqual(len(deaths), 2)
        self.assert_no_report(self.a, "anna", "bert@f.test")
        self.assertEqual(len(peer.messages), 1)
        self.assertTrue(peer.messages[0][2].endswith(text.encode()))

    def test_dns_that_times_out(self):
        peer = self.peer()
        self.dns.process.send_signal(signal.SIGSTOP)
        try:
            mark = self.a.log_mark()
            # A name that was not asked for before.
            self.a.send("anna@a.test", ["bert@bare.test", "x@dns.f.test"],
                        "no DNS")
            self.a.wait_for_log(lambda line: "x@dns.f.test" in line and
                                "4.4.3" in line, mark)
        finally:
            self.dns.process.send_signal(signal.SIGCONT)
        peer.wait_for_messages(1)
        # DNS now says that there is no such name.
        _, report = self.assert_one_report(self.a, "anna", "x@dns.f.test")
        self.assertEqual(report["status"], "5.1.2")

    def test_a_domain_that_takes_no_mail(self):
        self.a.send("anna@a.test", ["bert@null.test"], "to a null MX")
        _, report = self.assert_one_report(self.a, "anna", "bert@null.test")
        self.assertEqual(report["status"], "5.1.10")

    def test_an_mx_that_leads_back_here_is_a_loop(self):
        self.a.send("anna@a.test", ["bert@loop.test"], "round and round")
        _, report = self.assert_one_report(self.a, "anna", "bert@loop.test")
        self.assertEqual(report["status"], "5.4.6")

    def test_private_addresses_in_dns_are_refused(self):
        self.a.send("anna@a.test", ["bert@inside.test", "bert@[10.9.9.9]"],
                    "into somebody's network")
        for address in ("bert@inside.test", "bert@[10.9.9.9]"):
            _, report = self.assert_one_report(self.a, "anna", address)
            self.assertEqual(report["status"], "5.4.4")
        self.a.send("anna@a.test", ["bert@mapped.test"], "to ourselves")
        _, report = self.assert_one_report(self.a, "anna", "bert@mapped.test")
        self.assertEqual(report["status"], "5.4.6")

    def test_an_unknown_user_elsewhere(self):
        self.a.send("anna@a.test", ["nobody@b.test"], "to nobody")
        _, report = self.assert_one_report(self.a, "anna", "nobody@b.test")
        self.assertEqual(report["status"], "5.1.1")

    def test_never_means_no_report(self):
        self.a.send("anna@a.test", ["nobody2@b.test"], "to nobody quietly",
                    rcpt_options=["NOTIFY=NEVER"])
        self.assert_no_report(self.a, "anna", "nobody2@b.test")

    def test_a_peer_without_8bitmime_gets_seven_bits_or_nothing(self):
        peer = self.peer(extensions=())
        self.a.send("anna@a.test", ["bert@f.test"], "in 8 bits",
                    "Gr\u00fc\u00dfe\r\n",
                    "MIME-Version: 1.0\r\nContent-Type: text/plain; "
                    "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
                    mail_options=["BODY=8BITMIME"])
        wait_until(self.a.queue_is_empty, "the queue is empty")
        if peer.messages:
            raw = peer.messages[0][2]
            self.assertTrue(all(byte < 128 for byte in raw))
            self.assertEqual(
                email.message_from_bytes(raw).get_payload(decode=True),
                "Gr\u00fc\u00dfe\r\n".encode())
        else:
            _, report = self.assert_one_report(
                self.a, "anna", "bert@f.test")
            self.assertEqual(report["status"], "5.6.3")

    def test_kill_9_loses_nothing_and_doubles_little(self):
        peer = self.peer()
        count = 60
        hold = threading.Event()
        peer.on_end = lambda p, message: None
        for n in range(count):
            self.a.send("carla@a.test", ["n%d@f.test" % n], "crash %d" % n)
            if n == count // 2:
                self.a.crash()
                self.a.start()
        self.a.crash()
        self.a.start()
        peer.wait_for(lambda p: len({m[1][0] for m in p.messages}) == count,
                      "all %d have arrived" % count)
        wait_until(self.a.queue_is_empty, "the queue is empty")
        self.assertFalse(hold.is_set())
        # SMTP's own window: what was taken while the server was killed.
        self.assertLessEqual(len(peer.messages), count + 2 * 5)
        self.assertEqual([], [m for m in self.a.inbox("carla") if
                              m.get_content_type() == "multipart/report"])
        self.a.check()

    def test_an_old_message_is_announced_and_then_returned(self):
        c = self.make_expiring()
        c.send("anna@c.test", ["bert@down.test"], "never arrives")
        message = c.wait_for_mail(
            "anna", lambda m: is_report_on("bert@down.test")(m) and
            report_of(m)["bert@down.test"]["action"] == "failed", "a bounce")
        reports = [report_of(m)["bert@down.test"]["action"]
                   for m in c.inbox("anna")
                   if is_report_on("bert@down.test")(m)]
        self.assertEqual(sorted(reports), ["delayed", "failed"])
        self.assertEqual(report_of(message)["bert@down.test"]["status"],
                         "4.4.7")
        wait_until(c.queue_is_empty, "the queue is empty")

    def make_expiring(self):
        host = self.net.host("c")
        server = RoostHost(
            host, "c.test", "queue_lifetime_seconds = 8\n"
            "queue_delay_notice_seconds = 2\n").start()
        self.servers.append(server)
        server.roost("domain", "add", "c.test")
        server.new_user("anna")
        return server


if __name__ == "__main__":
    unittest.main()
