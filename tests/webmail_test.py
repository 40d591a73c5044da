# SPDX-License-Identifier: Apache-2.0
"""The web mail: its unit tests, and the page in Chromium, with the mock server of
web/mail/test and with Roost. With ROOST_TEST_PICTURES, screenshots are kept in
that folder."""

import json
import os
import shutil
import tempfile
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
@unittest.skipUnless(HAS and (PAGE / "node_modules").exists(),
                     "needs chromium and the Node modules")
class BrowserTest(unittest.TestCase):
    """With the mock server, which does what a test wants."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="roost-webmail-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        run_program("node", PAGE / "build.mjs", cls.folder, "--no-check")

    def run_file(self, name):
        run_program("node", "--test", PAGE / "test/browser" / name,
                    env={"HOME": self.folder, "ROOST_PAGE": self.folder,
                         "CHROMIUM": CHROMIUM,
                         "ROOST_WAIT": str(TIMEOUT * 1000)}, seconds=900)

    def test_a_day_with_the_page(self):
        self.run_file("mail.test.mjs")

    def test_hostile_mail(self):
        self.run_file("hostile.test.mjs")

    def test_without_a_network(self):
        self.run_file("offline.test.mjs")

    def test_every_view(self):
        self.run_file("views.test.mjs")


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


if __name__ == "__main__":
    unittest.main()
