# SPDX-License-Identifier: Apache-2.0
"""What neither strangers nor a stolen password can make this server send."""

from harness import wait_until
from post import DOMAIN, PATIENT, PostTest

FORGED = b"Delivered-To: %s\r\nSubject: x\r\n\r\nBUY NOW\r\n"


class StrangerTest(PostTest):
    # Nothing leaves: what would be sent can be seen in the queue.
    settings = PATIENT + "relay = no\nsmtp_messages_max = 10000\n"

    def waiting(self):
        return self.queue()

    def test_a_forged_trace_makes_no_reports(self):
        c = self.mx()
        for n in range(50):
            c.mail("v@victim.test", "RET=FULL")
            c.rcpt(self.address, "NOTIFY=SUCCESS,FAILURE,DELAY")
            c.data(FORGED % self.address.encode(), want="554 5.4.6")
        self.assertEqual(self.inbox(), [])
        self.assertNotIn("victim", self.waiting())

    def test_a_success_is_not_reported(self):
        c = self.mx()
        for n in range(20):
            c.mail("v@victim.test", "RET=FULL")
            c.rcpt(self.address, "NOTIFY=SUCCESS")
            c.data(b"Subject: x\r\n\r\nBUY NOW\r\n")
        self.wait_for_mail(20)
        self.assertNotIn("victim", self.waiting())

    def test_an_alias_elsewhere_says_so_and_takes_nothing_back(self):
        alias = "away-%s@%s" % (self.user, DOMAIN)
        self.server.roost("alias", "add", alias, "x@far.test", self.user)
        c = self.mx()
        c.message("s@friend.test", [alias], b"Subject: x\r\n\r\nHello\r\n")
        self.wait_for_mail()
        listed = self.waiting()
        self.assertEqual(listed.count("to x@far.test"), 1)
        ident = next(line.split()[0] for line in listed.splitlines()
                     if "s@friend.test" in line)
        header = self.server.roost("queue", "show", ident)
        self.assertIn("Delivered-To: %s" % alias, header)
        c.mail("s@friend.test")
        c.rcpt(alias)
        c.data(FORGED % alias.encode(), want="554 5.4.6")
        self.assertEqual(len(self.inbox()), 1)
        self.server.check()


class SendingTest(PostTest):
    settings = (PATIENT + "relay = no\nsending_messages_per_hour = 3\n"
                "sending_messages_per_day = 10\n")

    def submit(self, c, want="250 2."):
        text = "From: %s\r\nSubject: x\r\n\r\nHello\r\n" % self.address
        c.message(self.address, [self.address], text.encode(), want=want)

    def shown(self):
        return self.server.roost("user", "sending", self.user)

    def test_what_is_over_the_limit_waits_and_can_be_released(self):
        mark = self.server.log_mark()
        c = self.submission()
        for _ in range(3):
            self.submit(c)
        self.wait_for_mail(3)
        self.assertIn("room for more: now", self.shown())
        for _ in range(2):
            self.submit(c, want="250 2.0.0")
        self.server.wait_for_log(
            lambda line: "sending_limited user=%s" % self.user in line, mark)
        self.assertIn("messages that wait: 2\n", self.shown())
        self.assertRegex(self.server.roost("status"),
                         r"(?m)^sending_limited_users=[1-9]")
        self.assertIn(self.user, self.server.roost(
            "user", "sending"))
        # A retry of all that waits does not help.
        self.server.roost("queue", "retry", "--all")
        self.assertEqual(len(self.inbox()), 3)
        # It is still known after a restart.
        self.server.stop()
        self.server.start()
        self.assertIn("messages that wait: 2\n", self.shown())
        self.assertNotIn("room for more: now", self.shown())
        self.assertEqual(self.server.roost(
            "user", "sending", self.user, "release"), "2 messages\n")
        self.wait_for_mail(5)
        self.assertIn("room for more: now", self.shown())

    def test_no_more_than_a_day_of_mail_waits(self):
        c = self.submission()
        wants = []
        for _ in range(40):
            c.mail(self.address)
            c.rcpt(self.address)
            reply = c.data(b"Subject: x\r\n\r\nHello\r\n", want=None)
            wants.append(str(reply)[:9])
        self.assertIn("450 4.7.0", wants)
        self.assertLess(len([w for w in wants if w.startswith("250")]), 25)
        removed = self.server.roost("user", "sending", self.user, "remove")
        self.assertRegex(removed, r"^[0-9]+ messages\n$")
        self.assertIn("messages that wait: 0\n", self.shown())
        self.server.check()

    def test_what_was_to_be_sent_later_is_removed_too(self):
        c = self.submission()
        c.mail(self.address, "HOLDFOR=3600")
        c.rcpt(self.address)
        c.data(b"Subject: later\r\n\r\nHello\r\n")
        self.assertIn("messages that wait: 0\n", self.shown())
        self.assertEqual(self.server.roost(
            "user", "sending", self.user, "release"), "0 messages\n")
        self.assertIn("as its sender wants", self.server.roost(
            "queue", "list"))
        self.assertEqual(self.server.roost(
            "user", "sending", self.user, "remove"), "1 messages\n")
        self.assertEqual(self.server.roost("queue", "list"),
                         "nothing waits\n")

    def test_an_administrator_sets_limits(self):
        self.server.roost(
            "user", "sending", self.user, "limit", "1000", "0")
        self.assertIn("300 in an hour, 1000 in a day (own)", self.shown())
        c = self.submission()
        for _ in range(12):
            self.submit(c)
        self.wait_for_mail(12)
        self.server.roost("user", "sending", self.user, "default")
        self.assertIn("3 in an hour, 10 in a day (settings)", self.shown())


class HarvestTest(PostTest):
    settings = (PATIENT + "smtp_unknown_slow = 1000\n"
                "smtp_unknown_max = 5\n")

    def test_this_machine_is_never_sent_away(self):
        c = self.mx()
        c.mail("s@friend.test")
        for n in range(20):
            c.rcpt("nobody%d@%s" % (n, DOMAIN), want="550 5.1.1")
        c.rcpt(self.address)
        self.assertTrue(wait_until(self.server.running, "the server"))
