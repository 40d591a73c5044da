# SPDX-License-Identifier: Apache-2.0
"""A server that does not answer is not tried for a while, and mail for it
waits. After the administrator's command everything is tried at once."""

import smtplib
import socket
import unittest

from harness import RoostServer, free_port, wait_until
from smtp_peer import SmtpPeer

SETTINGS = """
relay = yes
relay_host = "127.0.0.1:%d"
relay_tls = none
"""


class QueueRetryTest(unittest.TestCase):
    def setUp(self):
        self.port = free_port()
        self.server = RoostServer(SETTINGS % self.port)
        self.addCleanup(self.server.remove)
        self.server.roost("domain", "add", "here.test")
        self.server.new_user("anna")
        self.server.start()
        self.addCleanup(self.server.stop)

    def send(self, recipient):
        with smtplib.SMTP("127.0.0.1",
                          self.server.ports["submission"]) as client:
            context = self.server.tls()
            context.check_hostname = False
            client.starttls(context=context)
            client.login("anna", "secret-anna")
            client.sendmail("anna@here.test", [recipient],
                            "From: anna@here.test\r\n\r\nHello\r\n")

    def listed(self, wanted):
        return lambda: wanted in self.server.roost("queue", "list")

    def test_what_waits_for_a_dead_server_is_sent_on_command(self):
        self.send("tried@there.test")
        wait_until(self.listed("after 1 try"), "a try")
        # The server is left alone: this one is not tried, and says why.
        self.send("untried@elsewhere.test")
        wait_until(lambda: self.server.roost("queue", "list").count(
            "127.0.0.1: connection refused") == 2, "a reason")
        self.assertEqual(self.server.roost("queue", "list").count("after"), 1)
        peer = SmtpPeer(socket.create_server(("127.0.0.1", self.port)))
        self.addCleanup(peer.close)
        self.server.roost("queue", "retry", "--all")
        found = peer.wait_for_messages(2, 20)
        self.assertEqual(sorted(recipients for _, recipients, _ in found),
                         [["tried@there.test"], ["untried@elsewhere.test"]])
