# SPDX-License-Identifier: Apache-2.0
"""What becomes of the mail that users hand over: whose name it has, what is
added, when it leaves; and the limits of users and of messages."""

import email.utils
import re
import time

import mail
from harness import wait_until
from post import DOMAIN, PATIENT, PostTest, fields_of, trace_of

QUEUE_ID = re.compile(r"\b[0-9a-v]{20}\b")


class SubmissionTest(PostTest):
    settings = PATIENT

    def header(self, text, **options):
        """Submits a message with these fields; returns what the user gets."""
        c = self.submission()
        c.message(self.address, [self.address], text + b"\r\nbody\r\n",
                  **options)
        return self.inbox()[-1] if "want" not in options else None

    def test_the_sender_has_to_be_the_users(self):
        _, _, other = self.another()
        self.server.roost("alias", "add", "sales-%s@%s" % (self.user, DOMAIN),
                          self.user, other)
        self.server.roost("alias", "add", "away-%s@%s" % (self.user, DOMAIN),
                          other)
        c = self.submission()
        for sender, allowed in (
                (self.address, True), (self.address.upper(), True),
                ("%s+list@%s" % (self.user, DOMAIN), True),
                ("sales-%s@%s" % (self.user, DOMAIN), True),
                ("", True),  # a report of the user's own program
                (other, False), ("away-%s@%s" % (self.user, DOMAIN), False),
                ("nobody@" + DOMAIN, False), ("postmaster@" + DOMAIN, False),
                ("%s@example.net" % self.user, False),
                ("@%s:%s" % (DOMAIN, other), False),
                ('"%s"@%s' % (other, DOMAIN), False),
                ("%s%%example.net@%s" % (self.user, DOMAIN), False)):
            with self.subTest(sender):
                c.mail(sender, want="250" if allowed else "550 5.7.1")
                c.command("RSET", "250")

    def test_from_and_sender_have_to_be_the_users(self):
        _, _, other = self.another()
        mine = self.address
        for text, want in (
                ("From: %s" % mine, "250"),
                ("From: Ann <%s>" % mine.upper(), "250"),
                ("From: =?utf-8?q?%C5%BB?= <{}>".format(mine), "250"),
                ("From: Ann\r\n <%s>" % mine, "250"),
                ("FROM: (%s) %s" % (other, mine), "250"),
                ("From: \"%s\" <%s>" % (other, mine), "250"),
                ("From: %s\r\nSender: %s" % (mine, mine), "250"),
                ("Reply-To: %s\r\nFrom: %s" % (other, mine), "250"),
                ("From: %s" % other, "550"),
                ("From: \"%s\" <%s>" % (mine, other), "550"),
                ("From: %s (%s)" % (other, mine), "550"),
                ("From: %s, %s" % (mine, other), "550"),
                ("From: Ann <%s>, Bob\r\n <%s>" % (mine, other), "550"),
                ("From: us: %s, %s;" % (mine, other), "550"),
                ("From: <%s> <%s>" % (mine, other), "550"),
                ("From: <%s\r\n >, <%s>" % (mine, other), "550"),
                ("From: %s\r\nFrom: %s" % (mine, other), "550"),
                ("From : %s" % other, "550"),
                ("From: %s\r\nSender: %s" % (mine, other), "550"),
                ("From:", "550"), ("From: undisclosed:;", "550"),
                ("From: Ann", "550"),
                ("From: @example.net:%s" % other, "550")):
            with self.subTest(text):
                c = self.submission()
                c.message(mine, [mine], text.encode() + b"\r\n\r\nx\r\n",
                          want=want)

    def test_bcc_goes_and_nothing_else(self):
        header = (b"Bcc: a@example.net,\r\n\tb@example.net\r\nFrom: "
                  + self.address.encode() + b"\r\nX-Bcc: stays\r\n"
                  b"bcc:\r\nBCC : c@example.net\r\nTo: d@example.net\r\n"
                  b"Resent-Bcc: e@example.net\r\n"
                  b"Date: Tue, 2 Jan 2024 03:04:05 +0100\r\n"
                  b"Message-ID: <kept@example.net>\r\nBcc: f@example.net\r\n")
        _, rest = trace_of(self.header(header))
        self.assertEqual(
            rest, b"From: " + self.address.encode() + b"\r\nX-Bcc: stays\r\n"
            b"To: d@example.net\r\nDate: Tue, 2 Jan 2024 03:04:05 +0100\r\n"
            b"Message-ID: <kept@example.net>\r\n\r\nbody\r\n")
        # What looks like one in the body is none.
        c = self.submission()
        message = mail.simple(1, sender=self.address, body="Bcc: x\r\n")
        c.message(self.address, [self.address], message)
        self.assertEqual(trace_of(self.inbox()[-1])[1], message)

    def test_what_is_missing_is_added(self):
        before = time.time()
        fields = fields_of(trace_of(self.header(b"Subject: bare\r\n"))[1])
        names = [name for name, _ in fields]
        self.assertEqual(sorted(names),
                         ["Date", "From", "Message-ID", "Subject"])
        values = dict(fields)
        self.assertIn(self.address, values["From"])
        when = email.utils.parsedate_to_datetime(values["Date"]).timestamp()
        self.assertLess(abs(when - before), 60)
        self.assertRegex(values["Message-ID"], r"\A<[^<>@\s]+@[^<>@\s]+>\Z")
        again = dict(fields_of(trace_of(self.header(b"Subject: two\r\n"))[1]))
        self.assertNotEqual(again["Message-ID"], values["Message-ID"])

    def test_received_tells_of_tls_and_the_login(self):
        trace, _ = trace_of(self.header(b"Subject: x\r\n"))
        self.assertIn("with ESMTPSA", trace["Received"])
        self.assertIn("by localhost", trace["Received"])
        self.assertEqual(trace["Return-Path"], "<%s>" % self.address)

    def test_what_is_for_others_waits_in_the_queue(self):
        other, password, address = self.another()
        remote = "bert-%s@elsewhere.test" % self.user
        c = self.submission()
        message = mail.simple(1, sender=self.address)
        c.message(self.address, [address, remote], message)
        self.assertEqual(
            trace_of(self.wait_for_mail(1, other, password)[0])[1], message)
        self.assertIn(remote, self.queue())
        # It is what it was after a restart.
        self.server.stop()
        self.server.start()
        self.assertIn(remote, self.queue())
        self.assertEqual(len(self.inbox(other, password)), 1)

    def test_a_message_waits_for_its_time(self):
        _, _, address = self.another()
        c = self.submission()
        longest = int(c.extensions["FUTURERELEASE"].split()[0])
        c.mail(self.address, "HOLDFOR=%d" % (longest + 10), "5")
        c.mail(self.address, "HOLDFOR=1 HOLDUNTIL=2030-01-01T00:00:00Z", "501")
        c.mail(self.address, "HOLDFOR=x", "501")
        c.mail(self.address, "HOLDUNTIL=tomorrow", "501")
        message = mail.simple(1, sender=self.address)
        begun = time.time()
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begun + 3))
        for parameter in ("HOLDFOR=3", "HOLDUNTIL=" + until):
            c.message(self.address, [self.address], message, parameter)
        self.assertEqual(self.inbox(), [])
        self.assertEqual(len(set(QUEUE_ID.findall(self.queue()))), 2)
        messages = self.wait_for_mail(2)
        self.assertGreaterEqual(time.time() - begun, 2)
        for stored in messages:
            self.assertEqual(trace_of(stored)[1], message)
        wait_until(lambda: self.address not in self.queue(), "it is empty")

    def test_nobody_is_quicker_than_the_sender_said(self):
        c = self.submission()
        c.message(self.address, [self.address],
                  mail.simple(1, sender=self.address), "HOLDFOR=3000")
        id, = [line.split()[0] for line in self.queue().splitlines()
               if self.address in line and " from " in line]
        self.assertIn(self.address, self.server.roost("queue", "show", id))
        self.server.roost("queue", "retry", id)
        other, password, address = self.another()
        c.message(self.address, [address],
                  mail.simple(2, sender=self.address), "HOLDFOR=1")
        self.wait_for_mail(1, other, password)
        self.assertEqual(self.inbox(), [])
        self.assertIn(", as its sender wants", self.queue())
        # But the administrator may let it go, and that outlives a crash.
        self.server.crash()
        self.server.start()
        self.assertIn(id, self.queue())
        self.server.roost("queue", "release", id)
        stored, = self.wait_for_mail(1)
        self.assertIn(b"Subject", stored)
        wait_until(lambda: id not in self.queue(), "it is gone")

    def test_a_report_says_what_was_asked_for(self):
        c = self.submission()
        count = 0
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                              time.gmtime(time.time() + 86400))
        for hold, field in (("HOLDFOR=86400", "for;86400"),
                            ("HOLDUNTIL=" + until, "until;" + until)):
            reply = c.message(self.address, ["x@elsewhere.test"],
                              mail.simple(1, sender=self.address), hold)
            id = QUEUE_ID.search(str(reply))[0]
            self.server.roost("queue", "remove", "--bounce", id)
            count += 1
            report = self.parsed(self.wait_for_mail(count)[-1])
            status = list(report.iter_parts())[1].get_payload()
            self.assertEqual(status[0]["Future-Release-Request"], field)
            self.assertTrue(status[0]["Arrival-Date"])

    def test_the_answer_names_the_message_in_the_queue(self):
        reply = self.submission().message(
            self.address, ["x@elsewhere.test"],
            mail.simple(1, sender=self.address))
        id = QUEUE_ID.search(str(reply))
        self.assertTrue(id, reply)
        self.assertIn("x@elsewhere.test", self.server.roost(
            "queue", "show", id[0]))

    def test_deliverby(self):
        c = self.submission()
        least = int(c.extensions["DELIVERBY"] or 1)
        message = mail.simple(1, sender=self.address)
        for by in ("%d;R" % (least + 600), "600;N", "600;NT", "-10;N"):
            c.message(self.address, [self.address], message, "BY=" + by)
        for by in ("0;R", "-1;R", "600", "600;X", "9999999999;N", ";R"):
            c.mail(self.address, "BY=" + by, "501")
        self.wait_for_mail(4)

    def test_a_report_of_success_where_it_is_asked_for(self):
        other, password, address = self.another()
        c = self.submission()
        c.mail(self.address, "RET=HDRS ENVID=QQ+2B314159")
        c.rcpt(address, "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob+40x.test")
        c.data(mail.simple(1, sender=self.address))
        self.wait_for_mail(1, other, password)
        report = self.parsed(self.wait_for_mail(1)[0])
        self.assertEqual(report["Return-Path"], "<>")
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertEqual(report.get_param("report-type"), "delivery-status")
        status = list(report.iter_parts())[1].get_payload()
        self.assertEqual(status[0]["Original-Envelope-Id"], "QQ+314159")
        self.assertEqual(status[1]["Original-Recipient"].split(),
                         ["rfc822;", "Bob@x.test"])
        self.assertEqual(status[1]["Action"], "delivered")
        self.assertRegex(status[1]["Status"], r"\A2\.\d+\.\d+\Z")
        self.assertIn(address, status[1]["Final-Recipient"])

    def test_eight_bits_and_utf8(self):
        message = ("From: %s\r\nSubject: grüße\r\n"
                   "Date: Tue, 2 Jan 2024 03:04:05 +0100\r\n"
                   "Message-ID: <u@example.net>\r\n\r\nżółw\r\n"
                   % self.address).encode()
        for parameters in ("BODY=8BITMIME", "SMTPUTF8 BODY=8BITMIME", ""):
            self.submission().message(
                self.address, [self.address], message, parameters)
        for stored in self.inbox():
            self.assertEqual(trace_of(stored)[1], message)


class DisabledTest(PostTest):
    def test_a_disabled_user_neither_sends_nor_gets(self):
        c = self.mx()
        c.message("", [self.address], mail.simple(1))
        self.server.roost("user", "disable", self.user)
        c.mail("")
        c.rcpt(self.address, want="5")
        s = self.open("submissions", tls=self.server.tls())
        s.login(self.user, self.password, "535")
        self.server.roost("user", "enable", self.user)
        c.rcpt(self.address)
        self.assertEqual(len(self.inbox()), 1)


class LimitTest(PostTest):
    settings = ("message_max_mib = 1\nquota_mib = 2\nsmtp_messages_max = 3\n"
                "smtp_recipients_max = 100\nsmtp_hops_max = 10\n" + PATIENT)

    def test_what_is_too_big_is_told_before_and_after(self):
        big = mail.simple(1, body="0123456789abcde\r\n" * 70_000)
        c = self.mx()
        self.assertEqual(int(c.extensions["SIZE"]), 1 << 20)
        c.mail("", "SIZE=%d" % ((1 << 20) + 1), "552 5.3.4")
        c.message("", [self.address], big, want="552 5.3.4")
        c.mail("", "SIZE=100")  # a lie
        c.rcpt(self.address)
        c.data(big, want="552 5.3.4")
        c.mail("")
        c.rcpt(self.address)
        for at in range(0, len(big), 1 << 18):
            c.send(b"BDAT %d%s\r\n" % (
                len(big[at:at + (1 << 18)]),
                b" LAST" if at + (1 << 18) >= len(big) else b"")
                + big[at:at + (1 << 18)])
        replies = [c.reply().code for _ in range(0, len(big), 1 << 18)]
        self.assertEqual(replies[0], 250)
        self.assertGreaterEqual(replies[-1], 500)
        self.assertIn(552, replies)
        c = self.mx()
        c.message("", [self.address], mail.simple(2))
        self.assertEqual([trace_of(m)[1] for m in self.inbox()],
                         [mail.simple(2)])

    def test_who_is_over_quota_is_told_452(self):
        other, password, address = self.another()
        filler = mail.simple(1, body="0123456789abcde\r\n" * 50_000)
        imap = self.connect()
        imap.append("Archive", filler)
        imap.append("Archive", filler)
        c = self.mx()
        # RFC 1870 section 6.2, at RCPT, by what the client says ...
        c.mail("", "SIZE=900000")
        c.rcpt(self.address, want="452 4.2.2")
        c.command("RSET", "250")
        # ... and at the end by what it was.
        c.message("", [self.address], filler, want="452 4.2.2")
        c.message("", [self.address], mail.simple(2))
        self.assertEqual(len(self.inbox()), 1)
        # 250 for two is a promise for both: one now, the other when it can.
        c.message("", [self.address, address], filler)
        self.assertEqual(len(self.inbox(other, password)), 1)
        self.assertEqual(len(self.inbox()), 1)
        found = QUEUE_ID.search(self.queue())
        self.assertIn(self.address, self.server.roost(
            "queue", "show", found[0]))
        imap.select("Archive")
        imap.command("STORE 1:* +FLAGS (\\Deleted)")
        imap.command("EXPUNGE")
        self.server.roost("queue", "retry", found[0])
        messages = self.wait_for_mail(2)
        self.assertEqual(trace_of(messages[-1])[1], filler)
        self.assertEqual(len(self.inbox(other, password)), 1)

    def test_recipients_over_the_limit_are_for_another_time(self):
        c = self.mx()
        self.assertIn("RCPTMAX=100", c.extensions["LIMITS"])
        c.mail("")
        c.send("".join("RCPT TO:<%s+%d@%s>\r\n" % (self.user, n, DOMAIN)
                       for n in range(103)))
        for _ in range(100):
            c.reply("250 2.1.5")
        for _ in range(3):
            c.reply("452 4.5.3")
        c.data(mail.simple(1))
        # All of them are one person.
        self.assertEqual(len(self.inbox()), 1)

    def test_messages_over_the_limit_too(self):
        c = self.mx()
        self.assertIn("MAILMAX=3", c.extensions["LIMITS"])
        for n in range(3):
            c.message("", [self.address], mail.simple(n))
        c.command("MAIL FROM:<>", "4")
        self.assertTrue(c.at_end())
        self.assertEqual(len(self.inbox()), 3)

    def test_a_message_that_goes_in_circles_is_ended(self):
        hop = b"Received: from a by b; Tue, 2 Jan 2024 03:04:05 +0100\r\n"
        c = self.mx()
        c.message("", [self.address], hop * 10 + mail.simple(1))
        c.message("", [self.address], hop * 11 + mail.simple(1),
                  want="554 5.4.6")
        self.assertEqual(len(self.inbox()), 1)
        # Each copy says to whom it went (RFC 9228): it does not come again.
        again = self.inbox()[0]
        c.message("", [self.address], again.replace(hop, b""),
                  want="554 5.4.6")
        self.assertEqual(len(self.inbox()), 1)

    def test_a_copy_to_somebody_else_is_no_circle(self):
        other, password, address = self.another()
        c = self.mx()
        c.message("", [self.address], mail.simple(1))
        forwarded = self.inbox()[0]
        c.message("", [address], forwarded)
        got = self.inbox(other, password)[0]
        self.assertEqual(self.parsed(got).get_all("Delivered-To"),
                         [address, self.address])
        # To both: one copy, for whom it is new.
        c.message("", [address, self.address], got[got.index(b"From:"):])
        self.assertEqual(len(self.inbox(other, password)), 2)
