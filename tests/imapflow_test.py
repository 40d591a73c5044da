# SPDX-License-Identifier: Apache-2.0
"""node's imapflow: the script of tests/node."""

from harness import TESTS, ServerTest, run_program


class ImapflowTest(ServerTest):
    def test_imapflow(self):
        output = run_program(
            "node", TESTS / "node" / "imapflow.mjs", self.server.tls_port,
            self.user, self.password, self.server.certificate,
            want=None).decode("utf-8", "replace")
        bad = [line for line in output.splitlines()
               if not line.startswith("ok ")]
        self.assertEqual(bad, [], "\n".join(bad))
        self.assertGreaterEqual(output.count("ok "), 8)
