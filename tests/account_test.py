# SPDX-License-Identifier: Apache-2.0
"""What a user does with the own log-in by HTTP: logging in from a browser,
application passwords, and programs that get access by OAuth."""

import base64
import hashlib
import hmac
import imaplib
import struct
import time

from account_client import (Browser, Program, imap, imap_with_token,
                            wait_for_end)
from autoconfig_test import SERVER, WebServer
from harness import ServerTest, only_roost


class AccountTest(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.server = WebServer()
        cls.server.start()

    def setUp(self):
        super().setUp()
        self.browser = Browser(self.server, SERVER)

    def log_in(self, browser=None):
        answer = (browser or self.browser).log_in(self.user, self.password)
        self.assertEqual(answer.json, {"status": "ok"})


@only_roost
class BrowserTest(AccountTest):
    def test_the_cookie_is_a_log_in(self):
        browser = self.browser
        self.assertEqual(browser.call("GET", "/account/session").status, 401)
        self.log_in()
        session = browser.call("GET", "/account/session").json
        self.assertEqual(session["user"], self.user)
        # For JMAP, too, and for pages of this server only.
        jmap = browser.call("GET", "/jmap/session")
        self.assertEqual(jmap.json["username"], self.user)
        for site in ("cross-site", "same-site"):
            self.assertEqual(browser.ask("GET", "/jmap/session",
                                         Sec_Fetch_Site=site).status, 403)
        echo = {"using": ["urn:ietf:params:jmap:core"],
                "methodCalls": [["Core/echo", {"a": 1}, "c"]]}
        self.assertEqual(
            browser.call("POST", "/jmap/api", echo).json["methodResponses"],
            [["Core/echo", {"a": 1}, "c"]])
        self.assertEqual(browser.ask("POST", "/jmap/api", "{}",
                                     Sec_Fetch_Site="same-origin",
                                     Content_Type="application/json").status,
                         403)
        self.assertEqual(browser.call("POST", "/account/logout").status, 200)
        self.assertIsNone(browser.cookie)

    def test_a_new_password_ends_the_other_sessions(self):
        other = Browser(self.server, SERVER)
        self.log_in(other)
        self.log_in()
        mail = imap(self.server)
        mail.login(self.user, self.password)
        answer = self.browser.call(
            "POST", "/account/password",
            {"old": self.password, "new": "another password"})
        self.assertEqual(answer.json, {"status": "ok"})
        self.assertIn(b"BYE", wait_for_end(mail))
        self.assertEqual(
            self.browser.call("GET", "/account/session").status, 200)
        self.assertEqual(other.call("GET", "/account/session").status, 401)
        self.assertEqual(
            self.browser.log_in(self.user, self.password).status, 401)

    def test_an_application_password_ends_its_own_sessions(self):
        self.log_in()
        made = [self.browser.call("POST", "/account/passwords",
                                  {"name": name, "scopes": ["imap"]}).json
                for name in ("Laptop", "Phone")]
        laptop, phone = imap(self.server), imap(self.server)
        laptop.login(self.user, made[0]["password"])
        phone.login(self.user, made[1]["password"].upper().replace("-", " "))
        self.assertEqual(
            self.browser.call("DELETE", "/account/passwords/" +
                              made[0]["id"]).status, 200)
        self.assertIn(b"BYE", wait_for_end(laptop))
        self.assertEqual(phone.noop()[0], "OK")
        phone.logout()
        with self.assertRaises(imaplib.IMAP4.error):
            imap(self.server).login(self.user, made[0]["password"])
        left = self.browser.call("GET", "/account/passwords").json
        self.assertEqual([one["name"] for one in left["passwords"]],
                         ["Phone"])


def totp(secret, step):
    """RFC 6238."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step),
                      hashlib.sha1).digest()
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at:at + 4])[0] & 0x7fffffff
    return "%06d" % (number % 1000000)


@only_roost
class SecondFactorTest(AccountTest):
    def setUp(self):
        super().setUp()
        self.log_in()
        begun = self.browser.call(
            "POST", "/account/factors/totp/begin").json
        self.secret = begun["secret"]
        self.step = int(time.time()) // 30
        self.recovery = self.browser.call(
            "POST", "/account/factors/totp/confirm",
            {"code": self.code()}).json["recovery"]

    def code(self):
        """The next one that was not used: the one of the step to come is good,
        too, so that nobody has to wait."""
        step = max(self.step, int(time.time()) // 30)
        self.step = step + 1
        return totp(self.secret, step)

    def test_the_browser_asks_for_a_code(self):
        other = Browser(self.server, SERVER)
        first = other.log_in(self.user, self.password).json
        self.assertEqual(first["status"], "second-factor")
        self.assertIsNone(other.cookie)
        done = other.call("POST", "/account/login/totp", {
            "ticket": first["ticket"], "code": self.code()})
        self.assertEqual(done.json, {"status": "ok"})
        self.assertEqual(other.call("GET", "/account/session").status, 200)
        again = Browser(self.server, SERVER)
        ticket = again.log_in(self.user, self.password).json["ticket"]
        self.assertEqual(again.call("POST", "/account/login/totp", {
            "ticket": ticket, "code": self.recovery[0]}).status, 200)
        # The session in which it was turned on is still there.
        self.assertEqual(
            self.browser.call("GET", "/account/session").status, 200)

    def test_the_password_alone_is_no_log_in_for_programs(self):
        with self.assertRaises(imaplib.IMAP4.error):
            imap(self.server).login(self.user, self.password)
        made = self.browser.call("POST", "/account/passwords",
                                 {"name": "Laptop"}).json
        mail = imap(self.server)
        mail.login(self.user, made["password"])
        mail.logout()

    def test_a_program_gets_access_after_the_second_step(self):
        browser = Browser(self.server, SERVER)
        program = Program(browser)
        browser.open(program.page())
        second = browser.submit("/oauth/login", user=self.user,
                                password=self.password)
        self.assertIn("Second step", second.text)
        consent = browser.submit("/oauth/login/second", code=self.code())
        self.assertIn("A mail program", consent.text)
        back = browser.submit("/oauth/authorize", decision="allow")
        tokens = program.redeem(
            program.came_back(back.fields["Location"])).json
        imap_with_token(self.server, tokens["access_token"]).logout()


@only_roost
class OAuthTest(AccountTest):
    def allow(self, program):
        """The user logs in on the page, and allows it."""
        browser = Browser(self.server, SERVER)
        self.assertIn(program.client, browser.open(program.page()).text)
        wrong = browser.submit("/oauth/login", user=self.user, password="no")
        self.assertIn("The user name or the password is wrong.", wrong.text)
        consent = browser.submit("/oauth/login", user=self.user,
                                 password=self.password)
        self.assertIn("A mail program", consent.text)
        self.assertIn(self.user, consent.text)
        back = browser.submit("/oauth/authorize", decision="allow")
        self.assertEqual(back.status, 303)
        return program.came_back(back.fields["Location"])

    def find_server(self):
        """As a program does that knows only the URL of JMAP (RFC 9728)."""
        refused = self.browser.ask("GET", "/jmap/session")
        self.assertEqual(refused.status, 401)
        told = " ".join(refused.fields.get_all("WWW-Authenticate"))
        url = told.split('resource_metadata="')[1].split('"')[0]
        resource = self.browser.ask("GET", url.split(SERVER)[1]).json
        self.assertEqual(resource["resource"],
                         "https://%s/jmap/session" % SERVER)
        return resource["authorization_servers"]

    def test_a_mail_program_gets_access(self):
        program = Program(self.browser)
        self.assertEqual(self.find_server()[0].split(":%d" % (
            self.server.ports["https"]))[0], program.metadata["issuer"])
        code = self.allow(program)
        first = program.redeem(code).json
        mail = imap_with_token(self.server, first["access_token"])
        self.assertEqual(mail.select()[0], "OK")
        jmap = self.browser.ask(
            "GET", "/jmap/session",
            Authorization="Bearer " + first["access_token"])
        self.assertEqual(jmap.json["username"], self.user)
        # A new token does not end the session that began with the old one.
        second = program.refresh(first["refresh_token"]).json
        third = program.refresh(second["refresh_token"]).json
        self.assertEqual(mail.noop()[0], "OK")
        other = imap_with_token(self.server, third["access_token"])
        # A refresh token that was used up: somebody has a copy of it.
        reused = program.refresh(first["refresh_token"])
        self.assertEqual((reused.status, reused.json["error"]),
                         (400, "invalid_grant"))
        self.assertIn(b"BYE", wait_for_end(mail))
        self.assertIn(b"BYE", wait_for_end(other))
        self.assertEqual(program.refresh(third["refresh_token"]).status, 400)
        with self.assertRaises(imaplib.IMAP4.error):
            imap_with_token(self.server, third["access_token"])

    def test_the_program_gives_its_access_back(self):
        program = Program(self.browser)
        tokens = program.redeem(self.allow(program)).json
        mail = imap_with_token(self.server, tokens["access_token"])
        self.assertEqual(program.ask_for(
            "revocation_endpoint", token=tokens["refresh_token"]).status, 200)
        self.assertIn(b"BYE", wait_for_end(mail))

    def test_the_user_takes_the_access_back(self):
        program = Program(self.browser)
        tokens = program.redeem(self.allow(program)).json
        mail = imap_with_token(self.server, tokens["access_token"])
        self.log_in()
        listed = self.browser.call("GET", "/account/sessions").json["sessions"]
        grant, = [one for one in listed if one["kind"] == "program"]
        self.assertEqual(grant["name"], "A mail program")
        self.assertEqual(self.browser.call(
            "DELETE", "/account/sessions/" + grant["id"]).status, 200)
        self.assertIn(b"BYE", wait_for_end(mail))
        self.assertEqual(
            program.refresh(tokens["refresh_token"]).json["error"],
            "invalid_grant")

    def test_a_device_without_a_browser(self):
        program = Program(self.browser)
        begun = program.ask_for("device_authorization_endpoint").json
        browser = Browser(self.server, SERVER)
        browser.open(begun["verification_uri_complete"].split(SERVER)[1]
                     .lstrip(":0123456789"))
        consent = browser.submit("/oauth/login", user=self.user,
                                 password=self.password)
        self.assertIn(begun["user_code"], consent.text)
        done = browser.submit("/oauth/device", decision="allow")
        self.assertIn("The device has access now.", done.text)
        tokens = program.ask_for(
            grant_type="urn:ietf:params:oauth:grant-type:device_code",
            device_code=begun["device_code"]).json
        mail = imap_with_token(self.server, tokens["access_token"])
        self.assertEqual(mail.select()[0], "OK")
        mail.logout()
