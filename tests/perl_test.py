# SPDX-License-Identifier: Apache-2.0
"""Perl's Mail::IMAPClient and Mail::IMAPTalk: the scripts of tests/perl."""

import re

from harness import TESTS, ServerTest, run_program


class PerlTest(ServerTest):
    def run_script(self, name):
        output = run_program(
            "perl", TESTS / "perl" / name, self.server.tls_port, self.user,
            self.password, self.server.certificate, want=None).decode(
                "utf-8", "replace")
        bad = [line for line in output.splitlines()
               if not re.match(r"ok \d+ (- |# skip)", line)]
        # What is left is the plan and what failed.
        self.assertEqual(len(bad), 1, output[-6000:] if not bad
                         else "\n".join(bad))
        self.assertRegex(bad[0], r"^1\.\.\d\d+$")

    def test_mail_imapclient(self):
        self.run_script("imapclient.pl")

    def test_mail_imaptalk(self):
        self.run_script("imaptalk.pl")
