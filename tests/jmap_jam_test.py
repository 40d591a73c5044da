# SPDX-License-Identifier: Apache-2.0
"""node's jmap-jam, a JMAP client library: the script of tests/node. Its access
token comes from the authorization server, as a mail program gets it."""

import os

from account_client import Browser, Program
from harness import TESTS, ServerTest, only_roost, run_program


@only_roost
class JmapJamTest(ServerTest):
    def token(self):
        # The certificate is its own authority.
        self.server.authority = self.server.certificate
        browser = Browser(self.server, "localhost")
        program = Program(browser)
        browser.open(program.page())
        browser.submit("/oauth/login", user=self.user,
                       password=self.password)
        back = browser.submit("/oauth/authorize", decision="allow")
        return program.redeem(program.came_back(
            back.fields["Location"])).json["access_token"]

    def test_a_days_work(self):
        output = run_program(
            "node", TESTS / "node" / "jmap_jam.mjs",
            "https://localhost:%d/.well-known/jmap" %
            self.server.ports["https"], self.token(), want=None,
            env=dict(os.environ, NODE_EXTRA_CA_CERTS=str(
                self.server.certificate))).decode("utf-8", "replace")
        bad = [line for line in output.splitlines()
               if not line.startswith("ok ")]
        self.assertEqual(bad, [], "\n".join(bad))
        self.assertGreaterEqual(output.count("ok "), 8)
