# SPDX-License-Identifier: Apache-2.0
"""Step 1 of docs/mail-server.md on a machine of its own (machine.py). The
commands are run as they stand."""

import pathlib
import re
import subprocess
import unittest

from docs_test import MAIL_SERVER, blocks
from harness import only_roost, program
from machine import Machine

# Behind the guide's own commands: who it is, and mail by TLS.
PROOF = r"""
systemctl is-active roost
pid=$(systemctl show --property MainPID --value roost)
grep -E '^(Uid|CapEff|CapPrm|CapAmb|Seccomp|NoNewPrivs):' /proc/$pid/status
stat --format 'owner %U %a' /var/lib/roost /var/lib/roost/store
export ASAN_OPTIONS=detect_leaks=0
echo secret | roost user add anna --password-stdin
roost domain add example.org
roost alias list
printf 'From: anna@example.org\nTo: anna@example.org\nSubject: Hello\n\nThere\n' |
	curl -sk --crlf -u anna:secret smtps://127.0.0.1:465 \
		--mail-from anna@example.org --mail-rcpt anna@example.org -T -
curl -sk -u anna:secret 'imaps://127.0.0.1:993/INBOX;MAILINDEX=1'
curl -skv -u anna:secret imaps://127.0.0.1/ 2>&1 | grep 'subject:'
systemctl reload roost
systemctl stop roost
# With no server the commands have the folder, as its owner.
roost user list
find /var/lib/roost ! -user roost
systemctl start roost
echo "status $(systemctl show --property NRestarts --value roost)"
systemd-analyze security --no-pager roost | tail -n 1
systemctl stop roost
# By hand, as root: it becomes the folder's owner.
roost serve & server=$!
until roost status 2>/dev/null; do
	kill -0 $server
	sleep 0.1
done
echo "by hand $(stat --format %U /proc/$(roost status | grep -o 'pid=[0-9]*' |
	cut -d= -f2))"
kill $server
wait $server
echo "by hand ended $?"
"""


@only_roost
class InstallTest(Machine):
    def setUp(self):
        super().setUp()
        build = pathlib.Path(program()).parent
        if not (build / "build.ninja").exists():
            self.skipTest("the program does not lie in its build folder")
        self.mounts = ("mkdir -p build /etc/roost\nmount --bind %s build\n"
                       "cp /run/test/mail.example.org.* /etc/roost/" % build)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
             "/CN=mail.example.org", "-keyout",
             self.folder / "mail.example.org.key", "-out",
             self.folder / "mail.example.org.pem"],
            check=True, capture_output=True)

    def guide(self):
        """The commands of step 1; its configuration is written at the place
        where the guide says so."""
        step = MAIL_SERVER.split("## 1.")[1].split("## 2.")[0]
        parts = ["set -e"]
        for block in blocks(step):
            if "server_name" in block or "certificate {" in block:
                parts.append("cat %s /etc/roost/roost.conf <<'END'\n%sEND" % (
                    ">" if "server_name" in block else ">>", block))
            else:
                parts += ['echo "> %s"\n%s' % (line, line)
                          for line in block.splitlines()]
        return "\n".join(parts)

    def test_the_guide_leads_to_a_server_that_serves(self):
        said, whole = self.run_machine(self.guide() + PROOF)
        self.assertIn("\nexit 0\n", said, whole)
        self.assertIn("no mistakes", said)
        self.assertIn("\nactive\n", said)
        self.assertRegex(said, r"Uid:\t(?!0\t)(\d+)\t\1\t\1\t\1\n")
        for kind in ("CapEff", "CapPrm", "CapAmb"):
            self.assertRegex(said, r"%s:\s+0+\n" % kind)
        self.assertRegex(said, r"NoNewPrivs:\s+1\n")
        self.assertRegex(said, r"Seccomp:\s+2\n")
        self.assertEqual(re.findall("owner (.*)", said),
                         ["roost 700", "roost 700"])
        self.assertIn("Subject: Hello", said)
        self.assertIn("CN=mail.example.org", said)
        self.assertRegex(said, r"(?m)^anna +enabled")
        self.assertNotRegex(said, r"(?m)^/var/lib/roost")
        self.assertIn("\nstatus 0\n", said)
        level = re.search(r"Overall exposure level.*: ([0-9.]+)", said)
        self.assertLessEqual(float(level[1]), 1.5, said)
        for line in ("by hand roost", "by hand ended 0"):
            self.assertIn("\n%s\n" % line, said)


if __name__ == "__main__":
    unittest.main()
