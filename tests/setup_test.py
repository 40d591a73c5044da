# SPDX-License-Identifier: Apache-2.0
"""`roost setup` on a machine of its own (machine.py), on which the program was
installed and nothing else was done. setup_steps.py has the steps."""

import pathlib
import unittest

from harness import only_roost, program
from machine import Machine

# As a package leaves it, before its user was made.
INSTALL = r"""
set -e
cp /run/test/roost /usr/bin/roost
mkdir -p /etc/roost /usr/lib/sysusers.d /usr/lib/tmpfiles.d
cp packaging/roost.conf /etc/roost/roost.conf
cp packaging/sysusers.conf /usr/lib/sysusers.d/roost.conf
cp packaging/tmpfiles.conf /usr/lib/tmpfiles.d/roost.conf
sed 's,@bindir@,/usr/bin,' packaging/roost.service > \
	/etc/systemd/system/roost.service
rm -rf /var/lib/roost
rm -f /etc/resolv.conf
echo 'nameserver 127.0.0.1' > /etc/resolv.conf
systemctl daemon-reload
export ASAN_OPTIONS=detect_leaks=0
python3 tests/setup_steps.py
"""


@only_roost
class SetupTest(Machine):
    def setUp(self):
        super().setUp()
        self.mounts = "touch /run/test/roost\n" \
            "mount --bind %s /run/test/roost" % pathlib.Path(
                program()).resolve()

    def test_from_an_installed_program_to_mail(self):
        said, whole = self.run_machine(INSTALL)
        self.assertIn("\nOK\n", said, whole)
        self.assertIn("\nexit 0\n", said, whole)


if __name__ == "__main__":
    unittest.main()
