# SPDX-License-Identifier: Apache-2.0
"""The web mail's page in Chromium, with the mock server of web/mail/test: what a
person does, every view, hostile mail, and no network."""

import shutil
import tempfile
import unittest

from harness import TIMEOUT, only_roost, run_program
from webmail_test import CHROMIUM, HAS, PAGE


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


if __name__ == "__main__":
    unittest.main()
