# SPDX-License-Identifier: Apache-2.0
"""The set-up page in Chromium: both languages, a desk and a phone, light and
dark, with axe-core looking for what keeps people out. With ROOST_TEST_PICTURES,
screenshots are kept in that folder."""

import json
import os
import shutil
import unittest

from harness import TESTS, TIMEOUT, only_roost, run_program
from setup_page_test import PageTest as _PageTest, SERVER

NODE = TESTS / "node"
CHROMIUM = shutil.which("chromium")
HAS = CHROMIUM and all((NODE / "node_modules" / name).exists()
                       for name in ("playwright-core", "axe-core"))


@only_roost
@unittest.skipUnless(HAS, "needs chromium and the Node modules")
class SetupBrowserTest(_PageTest):
    def test_the_page_in_a_browser(self):
        self.server.dns.add(SERVER + ". IN A 127.0.0.2")
        out = run_program(
            "node", NODE / "setup_page.mjs", json.dumps({
                "chromium": CHROMIUM, "port": self.server.ports["https"],
                "folder": os.environ.get("ROOST_TEST_PICTURES",
                                         str(self.work)),
                "address": self.address, "password": self.password,
                "timeout": TIMEOUT * 1000}),
            env={"HOME": str(self.work)}, seconds=600)
        looks = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(len(looks), 5)
        *looks, plain = looks
        for look in looks:
            with self.subTest(look["name"]):
                chinese = look["name"].startswith("zh")
                self.assertEqual(look["lang"], "zh-CN" if chinese else "en")
                self.assertEqual(look["other"], "en" if chinese else "zh-CN")
                self.assertEqual(look["verdict"], (
                    "\u4e00\u5207\u6b63\u5e38\u3002" if chinese
                    else "Everything works."))
                self.assertEqual(look["copied"], SERVER)
                self.assertEqual(look["services"], 5)
                self.assertEqual(look["start"] + look["faults"], [])
                self.assertEqual(look["told"], [])
                self.assertFalse(look["wide"])
                self.assertTrue(look["pictures"])
                self.assertNotIn(self.password, look["url"])
        self.assertEqual(plain["cards"], 5)
        self.assertFalse(plain["test"])
