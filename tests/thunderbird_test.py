# SPDX-License-Identifier: Apache-2.0
"""Debian's Thunderbird is set up by typing a name, an address and a password;
then it reads, receives and sends. It runs on a host of its own, with a screen
that nobody sees (Xvfb). Skipped where Thunderbird is not installed."""

import functools
import imaplib
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import unittest

import mail
from autoconfig_test import SERVER, WebServer
from harness import only_roost, wait_until
from marionette import Marionette
from network import Dns, Network, needs_network

PORTS = {"imap": 143, "imaps": 993, "pop3s": 995, "submission": 587,
         "submissions": 465, "https": 443, "http": 80}
DOMAIN = "one.example"
ADDRESS = "anna@" + DOMAIN
PASSWORD = "pass word"
# Many times what a step takes.
SECONDS = 240

# The host is no network that Thunderbird would wait for, and nothing of its
# own is to be fetched.
PREFERENCES = {
    "network.manage-offline-status": "false", "offline.autoDetect": "false",
    "network.proxy.type": "0", "app.update.enabled": "false",
    "datareporting.policy.dataSubmissionPolicyBypassNotification": "true",
    "mailnews.start_page.enabled": "false", "mail.provider.enabled": "false",
    "mail.shell.checkDefaultClient": "false", "mail.rights.version": "1",
    "app.donation.eoy.version.viewed": "999",
    "intl.locale.requested": '"en-US"'}

# The steps of Thunderbird's Account Hub, which are in shadow trees.
HUB = """
const hub = document.querySelector("account-hub-container")?.shadowRoot;
function find(root, selector) {
  const found = [];
  for (const e of root?.querySelectorAll("*") ?? []) {
    if (e.matches(selector) && e.checkVisibility()) found.push(e);
    if (e.shadowRoot) found.push(...find(e.shadowRoot, selector));
  }
  return found;
}
const step = find(hub, ".account-hub-step")[0];
"""
INBOX = """
const { MailServices } = ChromeUtils.importESModule(
  "resource:///modules/MailServices.sys.mjs");
const inbox = MailServices.accounts.accounts.map(a => a.incomingServer).find(
  s => s.type == "imap")?.rootFolder.getFolderWithFlags(0x1000);
"""


class ServerHost(WebServer):
    """On the standard ports of its own host."""

    def __init__(self, host):
        self.host = host
        super().__init__()
        self.ports = PORTS
        self.write_config()

    def command_line(self):
        return self.host.command(*super().command_line())


@only_roost
@needs_network
@unittest.skipUnless(shutil.which("thunderbird") and shutil.which("Xvfb"),
                     "Debian's thunderbird and xvfb are not installed")
class ThunderbirdTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-work-"))
        os.chmod(self.folder, 0o755)
        if not os.environ.get("ROOST_TEST_KEEP"):
            self.addCleanup(shutil.rmtree, self.folder, True)
        self.net = Network()
        self.addCleanup(self.net.remove)
        dns = Dns(self.net, self.folder)
        self.server = ServerHost(self.net.host("server"))
        self.addCleanup(self.server.remove)
        for name in (SERVER, "autoconfig." + DOMAIN, "autodiscover." + DOMAIN):
            dns.add("%s. A %s" % (name, self.server.host.ip))
        dns.add("%s. MX 10 %s." % (DOMAIN, SERVER))
        dns.start()
        self.server.start()
        self.addCleanup(self.server.stop)
        self.server.roost("domain", "add", DOMAIN)
        self.server.add_user(ADDRESS, PASSWORD)
        self.host = self.net.host("client")
        self.thunderbird = self.start_thunderbird()
        self.shots = 0

    # -- Thunderbird

    def start_thunderbird(self):
        profile = self.folder / "profile"
        profile.mkdir()
        (profile / "user.js").write_text("".join(
            'user_pref("%s", %s);\n' % item for item in PREFERENCES.items()))
        screen = self.host.popen(
            "Xvfb", "-displayfd", 1, "-screen", 0, "1280x900x24",
            "-nolisten", "tcp", stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.addCleanup(screen.stdout.close)
        display = ":" + screen.stdout.readline().decode().strip()
        log = open(self.folder / "thunderbird.log", "wb")
        self.addCleanup(log.close)
        self.host.popen(
            "thunderbird", "--profile", profile, "--no-remote", "--marionette",
            "--remote-allow-system-access", stdout=log, stderr=log,
            env={**os.environ, "DISPLAY": display, "HOME": str(profile),
                 "LC_ALL": "C.UTF-8", "MOZ_CRASHREPORTER_DISABLE": "1"})

        def connect():
            try:
                return self.host.connect(("127.0.0.1", 2828), SECONDS)
            except OSError:
                return None
        connection = wait_until(connect, "Thunderbird's start", SECONDS)
        self.addCleanup(connection.close)
        return Marionette(connection)

    def run_script(self, script, *arguments):
        return self.thunderbird.run(script, *arguments)

    def wait_for(self, script, what, *arguments):
        return wait_until(lambda: self.run_script(script, *arguments), what,
                          SECONDS)

    def step(self, name):
        """Waits for a step of the hub; returns its text, in one line."""
        self.wait_for(HUB + "return step?.id == arguments[0]", name, name)
        self.shots += 1
        self.thunderbird.screenshot(
            self.folder / ("%d-%s.png" % (self.shots, name)))
        return " ".join(self.run_script(
            HUB + "return step.innerText").split())

    def type(self, field, text):
        self.wait_for(HUB + """
            const input = find(hub, "#" + arguments[0])[0];
            if (!input) return false;
            input.focus();
            input.value = arguments[1];
            input.dispatchEvent(new Event("input", { bubbles: true }));
            input.dispatchEvent(new Event("change", { bubbles: true }));
            return true;""", field, field, text)

    def go_on(self):
        self.wait_for(HUB + """
            const button = find(hub, "button#forward").find(b => !b.disabled);
            button?.click();
            return !!button;""", "a button to go on")

    def subjects(self):
        return self.run_script(INBOX + """
            if (!inbox) return [];
            inbox.updateFolder(null);
            return Array.from(inbox.messages, m => m.mime2DecodedSubject);""")

    def read(self, subject, text):
        """Opens the message, and waits until Thunderbird shows both."""
        self.wait_for(INBOX + """
            const pane = window.gTabmail.currentAbout3Pane;
            const message = Array.from(inbox.messages).find(
              m => m.mime2DecodedSubject == arguments[0]);
            const index = pane.gDBView?.findIndexOfMsgHdr(message, true);
            if (pane.gFolder != inbox) pane.displayFolder(inbox);
            else if (pane.threadTree.selectedIndex != index)
              pane.threadTree.selectedIndex = index;
            const view = pane.messageBrowser.contentWindow;
            const shown = view?.getMessagePaneBrowser?.();
            const text = shown?.contentDocument?.body?.innerText ?? "";
            return view?.gMessage?.mime2DecodedSubject == arguments[0] &&
              text.trim().endsWith(arguments[1]);""",
                      "the message's text", subject, text)

    def send(self, subject, text):
        self.run_script(INBOX + """
            const make = what => Cc["@mozilla.org/messengercompose/" + what]
              .createInstance();
            const fields = make("composefields;1").QueryInterface(
              Ci.nsIMsgCompFields);
            fields.to = arguments[0];
            fields.subject = arguments[1];
            fields.body = arguments[2];
            const params = make("composeparams;1").QueryInterface(
              Ci.nsIMsgComposeParams);
            params.type = Ci.nsIMsgCompType.New;
            params.format = Ci.nsIMsgCompFormat.PlainText;
            params.composeFields = fields;
            params.identity = MailServices.accounts.allIdentities[0];
            MailServices.compose.OpenComposeWindowWithParams(null, params);""",
                        ADDRESS, subject, text)
        self.wait_for("""
            const writing = Services.wm.getMostRecentWindow("msgcompose");
            if (!writing?.gMsgCompose || writing.gWindowLocked ||
                !writing.gMsgCompose.editor) return false;
            if (writing.document.readyState != "complete") return false;
            writing.goDoCommand("cmd_sendNow");
            return true;""", "the window to write in")

    # -- The server's side

    @functools.cached_property
    def imap(self):
        host = self.server.host
        tls = ssl.create_default_context(cafile=str(self.server.authority))

        class Imap(imaplib.IMAP4_SSL):
            def _create_socket(self, timeout):
                return tls.wrap_socket(host.connect((host.ip, 993)),
                                       server_hostname=SERVER)
        connection = Imap(SERVER, 993)
        self.addCleanup(connection.shutdown)
        connection.login(ADDRESS, PASSWORD)
        return connection

    def has(self, mailbox, subject, *more):
        self.imap.select(mailbox, readonly=True)
        _, found = self.imap.search(
            None, "SUBJECT", '"%s"' % subject, *more)
        return found[0]

    # -- The test

    def test_a_user_types_address_and_password(self):
        authority = "".join(
            line for line in self.server.authority.read_text().splitlines()
            if "-----" not in line)
        self.run_script("""
            Cc["@mozilla.org/security/x509certdb;1"].getService(
              Ci.nsIX509CertDB).addCertFromBase64(arguments[0], "CT,,");""",
                        authority)
        self.step("emailAutoConfigSubview")
        self.type("realName", "Anna Berg")
        self.type("email", ADDRESS)
        self.go_on()
        text = self.step("emailConfigFoundSubview")
        for words in ("SERVER: %s PORT: 993" % SERVER,
                      "SERVER: %s PORT: 465" % SERVER,
                      "USERNAME: " + ADDRESS, "SECURITY: SSL/TLS"):
            self.assertIn(words.lower(), text.lower())
        self.go_on()
        self.step("emailPasswordSubview")
        self.type("password", PASSWORD)
        self.go_on()
        self.step("emailAddedSuccessSubview")
        self.go_on()

        # Reading, receiving while it is open, sending.
        self.imap.append("INBOX", None, None, mail.simple(
            1, subject="The first one", body="Read me.\r\n"))
        wait_until(lambda: "The first one" in self.subjects(),
                   "the message in Thunderbird", SECONDS)
        self.read("The first one", "Read me.")
        wait_until(lambda: self.has("INBOX", "The first one", "SEEN"),
                   "the mark that it was read", SECONDS)
        self.send("The second one", "Sent by Thunderbird.")
        wait_until(lambda: self.has("INBOX", "The second one"),
                   "the message that was sent", SECONDS)
        wait_until(lambda: self.has("Sent", "The second one"),
                   "its copy in Sent", SECONDS)
        wait_until(lambda: "The second one" in self.subjects(),
                   "the message in Thunderbird", SECONDS)
        self.read("The second one", "Sent by Thunderbird.")
        self.thunderbird.screenshot(self.folder / "read.png")
        self.assertRegex(self.server.log(),
                         r"login .*protocol=(smtp|submission) .*user=anna@")
