# SPDX-License-Identifier: Apache-2.0
"""Sending by JMAP: to users here and to another server, held and taken back,
with what becomes of each recipient; also after kill -9."""

import calendar
import re
import socket
import time

from harness import free_port, wait_until
from jmap_client import Jmap, JmapError
from post import DOMAIN, PostTest, fields_of, trace_of
from smtp_peer import SmtpPeer

PEER = free_port()


class JmapSubmissionTest(PostTest):
    settings = ("relay = yes\nrelay_host = \"127.0.0.1:%d\"\n"
                "relay_tls = none\n" % PEER)

    def setUp(self):
        super().setUp()
        self.jmap = Jmap(self.server, self.user, self.password)
        self.identity = self.jmap.call("Identity/get", ids=None)["list"][0]

    def peer(self):
        peer = SmtpPeer(socket.create_server(("127.0.0.1", PEER)))
        self.addCleanup(peer.close)
        return peer

    def draft(self, *to, bcc=(), **more):
        """The id of a new email in INBOX."""
        said = str(self.connect().command("STATUS INBOX (MAILBOXID)"))
        mailbox = re.search(r"MAILBOXID \((\w+)\)", said)[1]
        result = self.jmap.call("Email/set", create={"k": {
            "mailboxIds": {mailbox: True},
            "from": [{"name": "Anna", "email": self.address}],
            "to": [{"email": address} for address in to],
            "bcc": [{"email": address} for address in bcc],
            "subject": "By JMAP",
            "textBody": [{"partId": "t", "type": "text/plain"}],
            "bodyValues": {"t": {"value": "Hello."}}, **more}})
        return result["created"]["k"]["id"]

    def submit(self, email, **more):
        result = self.jmap.call("EmailSubmission/set", create={"k": dict(
            {"identityId": self.identity["id"], "emailId": email}, **more)})
        return (result["created"] or result["notCreated"])["k"]

    def get(self, id):
        return self.jmap.call("EmailSubmission/get", ids=[id])["list"][0]

    def cancel(self, id):
        return self.jmap.call("EmailSubmission/set", update={
            id: {"undoStatus": "canceled"}})

    def wait_for_status(self, id, recipient, delivered):
        def reached():
            status = self.get(id)["deliveryStatus"][recipient]
            return status if status["delivered"] == delivered else None
        return wait_until(reached, "%s is %s" % (recipient, delivered))

    def held(self, seconds, *to):
        return {"mailFrom": {"email": self.address,
                             "parameters": {"HOLDFOR": str(seconds)}},
                "rcptTo": [{"email": address} for address in to]}

    def test_the_identity_is_the_users_address(self):
        self.assertEqual(self.identity["email"], self.address)
        self.assertFalse(self.identity["mayDelete"])

    def test_mail_goes_here_and_elsewhere(self):
        other, password, address = self.another()
        peer = self.peer()
        sent = self.submit(self.draft(
            address, "far@there.test", bcc=["secret@there.test"]))
        self.assertEqual(sent["undoStatus"], "pending")
        self.assertEqual(sorted(sent["deliveryStatus"]), sorted(
            [address, "far@there.test", "secret@there.test"]))
        message, = self.wait_for_mail(1, other, password)
        trace, text = trace_of(message)
        self.assertIn(" with HTTP", trace["Received"])
        names = [name for name, _ in fields_of(text)]
        self.assertNotIn("Bcc", names)
        self.assertEqual(names.count("Message-ID"), 1)
        (sender, recipients, _), = peer.wait_for_messages(1)
        self.assertEqual(sender, self.address)
        self.assertEqual(sorted(recipients),
                         ["far@there.test", "secret@there.test"])
        status = self.wait_for_status(sent["id"], address, "yes")
        self.assertRegex(status["smtpReply"], r"\A250 2\.\d\.\d ")
        status = self.wait_for_status(sent["id"], "far@there.test", "unknown")
        self.assertRegex(status["smtpReply"], r"\A250 ")
        self.assertEqual(self.get(sent["id"])["undoStatus"], "final")
        self.assertIn("cannotUnsend", str(self.cancel(sent["id"])))

    def test_a_refusal_is_shown_and_reported(self):
        peer = self.peer()
        peer.on_rcpt = lambda peer, address: "550 5.1.1 Nobody of that name"
        sent = self.submit(self.draft("wrong@there.test"))
        status = self.wait_for_status(sent["id"], "wrong@there.test", "no")
        self.assertEqual(status["smtpReply"], "550 5.1.1 Nobody of that name")
        wait_until(lambda: any(b"report-type" in message
                               for message in self.inbox()), "a report")

    def test_a_read_receipt_is_sent_only_when_it_is_asked_for(self):
        other, password, address = self.another()
        email = self.draft(address, **{
            "header:Disposition-Notification-To:asAddresses": [
                {"email": self.address}]})
        self.submit(email)
        self.wait_for_mail(1, other, password)
        reader = Jmap(self.server, other, password)
        got, = reader.call("Email/query")["ids"]
        reader.call("Email/set", update={got: {"keywords/$seen": True}})
        identity, = reader.call("Identity/get", ids=None)["list"]
        receipt = {
            "identityId": identity["id"],
            "send": {"k": {"forEmailId": got, "disposition": {
                "actionMode": "manual-action",
                "sendingMode": "mdn-sent-manually", "type": "displayed"}}},
            "onSuccessUpdateEmail": {"#k": {"keywords/$mdnsent": True}}}
        before = len(self.inbox())
        (_, sent), (_, updated) = reader.calls(("MDN/send", receipt))
        self.assertEqual(sent["sent"]["k"]["finalRecipient"],
                         "rfc822; " + address)
        self.assertEqual(updated["updated"], {got: None})
        refused = reader.call("MDN/send", **receipt)["notSent"]["k"]
        self.assertEqual(refused["type"], "mdnAlreadySent")
        message = self.parsed(self.wait_for_mail(before + 1)[-1])
        self.assertEqual(message["Return-Path"], "<>")
        self.assertEqual(message["From"], address)
        self.assertEqual(message.get_content_type(), "multipart/report")
        self.assertEqual([part.get_content_type()
                          for part in message.get_payload()],
                         ["text/plain", "message/disposition-notification"])
        # It is the sender's newest mail, and leads to what was sent.
        newest = self.jmap.call("Email/query", sort=[
            {"property": "receivedAt", "isAscending": False}],
            filter={"subject": "Read: By JMAP"})["ids"][0]
        blob = self.jmap.call("Email/get", ids=[newest], properties=[
            "blobId"])["list"][0]["blobId"]
        told = self.jmap.call("MDN/parse", blobIds=[blob])["parsed"][blob]
        self.assertEqual(told["forEmailId"], email)
        self.assertEqual(told["disposition"]["type"], "displayed")

    def test_what_waits_is_taken_back_also_after_a_crash(self):
        other, password, address = self.another()
        before = int(time.time())
        sent = self.submit(self.draft(address),
                           envelope=self.held(3600, address, "a@there.test"))
        when = time.strptime(sent["sendAt"], "%Y-%m-%dT%H:%M:%SZ")
        self.assertGreaterEqual(calendar.timegm(when) - before, 3600)
        self.assertIn(", as its sender wants", self.queue())
        self.server.crash()
        self.server.start()
        self.assertEqual(self.get(sent["id"])["undoStatus"], "pending")
        self.assertEqual(self.cancel(sent["id"])["updated"],
                         {sent["id"]: None})
        self.assertEqual(self.queue(), "nothing waits\n")
        self.server.crash()
        self.server.start()
        self.assertEqual(self.get(sent["id"])["undoStatus"], "canceled")
        self.assertEqual(self.inbox(other, password), [])

    def test_what_was_not_taken_back_is_sent_in_time(self):
        other, password, address = self.another()
        sent = self.submit(self.draft(address),
                           envelope=self.held(2, address))
        self.assertEqual(self.inbox(other, password), [])
        self.wait_for_mail(1, other, password)
        self.wait_for_status(sent["id"], address, "yes")
        pending = self.jmap.call("EmailSubmission/query", filter={
            "undoStatus": "pending"})["ids"]
        self.assertNotIn(sent["id"], pending)

    def test_each_is_sent_or_taken_back_whatever_happens(self):
        other, password, address = self.another()
        email = self.draft(address)
        envelope = self.held(1, address)
        envelope["mailFrom"]["parameters"] = {"HOLDUNTIL": time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))}
        ids = [self.submit(email, envelope=envelope)["id"] for _ in range(20)]
        # Some are taken back before they are due, some while they are sent.
        for id in ids[:5]:
            self.cancel(id)
        self.wait_for_mail_of(other, password)
        for id in reversed(ids[10:]):
            self.cancel(id)
        self.server.crash()
        self.server.start()
        wait_until(lambda: self.queue() == "nothing waits\n", "all are sent")

        def undo():
            found = [self.get(id)["undoStatus"] for id in ids]
            return found if "pending" not in found else None
        found = wait_until(undo, "all are final")
        self.assertEqual(found[:5], ["canceled"] * 5)
        self.assertEqual(len(self.inbox(other, password)),
                         found.count("final"))

    def wait_for_mail_of(self, user, password):
        wait_until(lambda: self.inbox(user, password), "the first mail")

    def test_others_addresses_are_refused(self):
        _, _, address = self.another()
        email = self.draft(address)
        envelope = {"mailFrom": {"email": address},
                    "rcptTo": [{"email": address}]}
        self.assertEqual(self.submit(email, envelope=envelope)["type"],
                         "forbiddenMailFrom")
        refused = self.jmap.call("Identity/set", create={
            "k": {"email": address}})["notCreated"]["k"]
        self.assertEqual(refused["type"], "forbiddenFrom")

    def test_the_vacation_response_is_kept(self):
        self.jmap.call("VacationResponse/set", update={"singleton": {
            "isEnabled": True, "textBody": "Gone fishing"}})
        self.server.crash()
        self.server.start()
        kept, = self.jmap.call("VacationResponse/get", ids=None)["list"]
        self.assertEqual((kept["isEnabled"], kept["textBody"]),
                         (True, "Gone fishing"))

    def test_an_unknown_argument_is_an_error(self):
        with self.assertRaises(JmapError) as caught:
            self.jmap.call("Identity/get", ids=None, nonsense=1)
        self.assertEqual(caught.exception.type, "invalidArguments")
