# SPDX-License-Identifier: Apache-2.0
"""Passkeys in Chromium, with its virtual authenticator: registered, as the
second step, and without a name and a password; on the authorization server's
page, too, which then leads the browser back to a program."""

import json
import shutil
import unittest

from account_client import Program
from account_test import AccountTest as _AccountTest
from harness import TESTS, TIMEOUT, only_roost, run_program

NODE = TESTS / "node"
CHROMIUM = shutil.which("chromium")
HAS = CHROMIUM and all((NODE / "node_modules" / name).exists()
                       for name in ("playwright-core", "axe-core"))


@only_roost
@unittest.skipUnless(HAS, "needs chromium and the Node modules")
class PasskeyTest(_AccountTest):
    def test_a_browser_with_an_authenticator(self):
        program = Program(self.browser)
        out = run_program(
            "node", NODE / "passkey.mjs", json.dumps({
                "chromium": CHROMIUM, "port": self.server.ports["https"],
                "timeout": TIMEOUT * 1000, "user": self.user,
                "password": self.password, "page": program.page()}),
            env={"HOME": str(self.work)}, seconds=600)
        seen = {}
        for line in out.splitlines():
            told = json.loads(line)
            seen[told["name"]] = told["value"]
        self.assertNotIn("error", seen)
        self.assertEqual(seen["registered"]["status"], "ok")
        self.assertEqual(len(seen["registered"]["recovery"]), 10)
        self.assertEqual(seen["twice"]["status"], "InvalidStateError")
        self.assertTrue(seen["factors"]["on"])
        passkey, = seen["factors"]["passkeys"]
        self.assertEqual(passkey["name"], "A key")
        step = seen["second step"]
        self.assertEqual(step["first"]["status"], "second-factor")
        self.assertEqual(step["first"]["factors"], ["passkey", "recovery"])
        self.assertEqual(step["last"]["status"], "ok")
        self.assertEqual(seen["session"]["user"], self.user)
        self.assertEqual(seen["spoiled"]["last"]["status"], "refused")
        self.assertEqual(seen["alone"]["status"], "ok")
        self.assertEqual(seen["alone session"]["user"], self.user)
        self.assertIn(seen["unverified"],
                      [{"refused": True}, {"status": "refused"}])
        self.assertIn("A mail program", seen["consent"])
        self.assertEqual(seen["faults"], [])
        program.redirect = seen["led to"].partition("?")[0]
        code = program.came_back(seen["led to"])
        self.assertEqual(program.redeem(code).status, 200)
        self.assertTrue(seen["consent alone"])
        self.assertEqual(seen["renamed"]["status"], "ok")
        self.assertEqual(seen["names"], ["Old key"])
        self.assertEqual(seen["removed"]["status"], "ok")
        self.assertEqual(seen["gone"]["status"], "refused")
