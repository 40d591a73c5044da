# SPDX-License-Identifier: Apache-2.0
"""The web mail: its unit tests, and the page in Chromium beside an IMAP session.
With ROOST_TEST_PICTURES, screenshots are kept in that folder."""

import http.client
import json
import os
import shutil
import unittest

from autoconfig_test import SERVER, WebServer
from harness import (PROJECT, TESTS, TIMEOUT, ServerTest, only_roost,
                     run_program)

PAGE = PROJECT / "web/mail"
CHROMIUM = shutil.which("chromium")
HAS = CHROMIUM and all((TESTS / "node/node_modules" / name).exists()
                       for name in ("playwright-core", "axe-core"))


@only_roost
@unittest.skipUnless((PAGE / "node_modules").exists(),
                     "needs the Node modules of a build")
class UnitTest(unittest.TestCase):
    def test_the_pure_parts(self):
        run_program("node", PAGE / "test/unit.mjs")

    def test_the_types(self):
        run_program("node", PAGE / "node_modules/typescript/bin/tsc",
                    "-p", PAGE)


@only_roost
@unittest.skipUnless(HAS, "needs chromium and the Node modules")
class RealTest(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.server = WebServer()
        cls.server.start()

    def test_the_page_and_imap_see_the_same(self):
        out = run_program("node", PAGE / "test/browser/real.mjs", json.dumps({
            "url": "https://%s/" % SERVER, "chromium": CHROMIUM,
            "https": self.server.ports["https"],
            "imap": self.server.ports["imaps"],
            "user": self.user, "password": self.password,
            "folder": os.environ.get("ROOST_TEST_PICTURES", str(self.work)),
            "timeout": TIMEOUT * 1000}),
            env={"HOME": str(self.work)}, seconds=600)
        self.assertEqual([json.loads(line)["name"]
                          for line in out.splitlines()],
                         ["desk", "phone-zh"])


@only_roost
class OffTest(ServerTest):
    """webmail = no: there is no page, and the rest stays."""

    settings = "webmail = no\n"

    def ask(self, path):
        context = self.server.tls()
        context.check_hostname = False
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.server.ports["https"], timeout=TIMEOUT,
            context=context)
        self.addCleanup(connection.close)
        connection.request("GET", path, headers={"Host": "localhost"})
        return connection.getresponse()

    def test_without_a_web_mail_the_root_leads_to_the_set_up(self):
        answer = self.ask("/")
        self.assertEqual((answer.status, answer.getheader("Location")),
                         (302, "/setup"))
        self.assertEqual(self.ask("/mail/").status, 404)
        self.assertEqual(self.ask("/jmap/session").status, 401)


if __name__ == "__main__":
    unittest.main()
