# SPDX-License-Identifier: Apache-2.0
"""The Debian package. What it says of itself is held against the project; with
a package in build-deb (`make deb`) it is installed, upgraded, removed and
purged on a machine of its own (machine.py)."""

import re
import shutil
import subprocess
import unittest

from harness import PROJECT, only_roost
from machine import Machine

CONTROL = (PROJECT / "debian/control").read_text()

INSTALL = r"""
set -e
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
rm -f /usr/sbin/policy-rc.d
list() {
	curl -sk -u anna:secret 'imaps://127.0.0.1:993/INBOX;MAILINDEX=1'
}
dpkg --install /run/test/first.deb </dev/null
echo "installed $(systemctl is-active roost) $(systemctl is-enabled roost)"
stat --format 'owner %U %a' /var/lib/roost
echo secret | roost user add anna --password-stdin
roost domain add example.org
printf 'From: anna@example.org\nTo: anna@example.org\nSubject: Hello\n\nThere\n' |
	curl -sk --crlf -u anna:secret smtps://127.0.0.1:465 \
		--mail-from anna@example.org --mail-rcpt anna@example.org -T -
echo "read $(list | grep Subject)"
systemd-analyze security --no-pager roost | tail -n 1
echo '# Mine.' >> /etc/roost/roost.conf
before=$(systemctl show --property MainPID --value roost)
dpkg --install /run/test/next.deb </dev/null
after=$(systemctl show --property MainPID --value roost)
test "$before" != "$after" && echo 'upgraded and restarted'
echo "upgraded $(systemctl is-active roost) $(tail -n 1 /etc/roost/roost.conf)"
echo "read $(list | grep Subject)"
dpkg --remove roost
echo "removed $(systemctl is-active roost || :) $(ls /etc/roost)"
stat --format 'kept %U %a' /var/lib/roost
dpkg --install /run/test/next.deb </dev/null
echo "read $(list | grep Subject)"
dpkg --purge roost
echo "purged $(ls -d /etc/roost /var/lib/roost /run/roost /lib/systemd/system/roost* \
	/etc/systemd/system/*/roost.service 2>/dev/null)"
"""


@only_roost
class PackageTest(unittest.TestCase):
    def test_it_builds_with_what_the_project_builds_with(self):
        wanted = {line.strip() for line in (
            PROJECT / "scripts/packages_build").read_text().splitlines()
            if line and not line.startswith("#")}
        # Every build of a Debian package has these; pkgconf is pkg-config.
        wanted -= {"gcc", "g++", "libc6-dev", "pkg-config"}
        field = re.search(r"(?ms)^Build-Depends:(.*?)^\S", CONTROL)[1]
        given = {part.split()[0] for part in field.split(",") if part.strip()}
        self.assertEqual(given - {"debhelper-compat", "pkgconf"}, wanted)

    def test_its_version_is_the_project_s(self):
        project = re.search(r"version: '(.*?)'",
                            (PROJECT / "meson.build").read_text())[1]
        first = (PROJECT / "debian/changelog").read_text().splitlines()[0]
        self.assertTrue(first.startswith("roost (%s) " % project), first)


@only_roost
class InstallTest(Machine):
    def test_it_installs_upgrades_and_goes(self):
        packages = sorted(PROJECT.glob("build-deb/roost_*.deb"))
        if not packages:
            self.skipTest("build-deb has no package: make deb")
        shutil.copy(packages[-1], self.folder / "first.deb")
        self.make_next()
        said, whole = self.run_machine(INSTALL)
        self.assertIn("\nexit 0\n", said, whole)
        for line in ("installed active enabled", "owner roost 700",
                     "upgraded and restarted", "upgraded active # Mine.",
                     "removed inactive roost.conf", "kept roost 700",
                     "purged "):
            self.assertIn("\n%s\n" % line, "\n" + said, whole)
        self.assertEqual(
            re.findall("(?m)^read (.*)", said.replace("\r", "")),
            3 * ["Subject: Hello"], whole)
        level = re.search(r"Overall exposure level.*: ([0-9.]+)", said)
        self.assertLessEqual(float(level[1]), 1.5, whole)

    def make_next(self):
        """The same package with a higher version."""
        unpacked = self.folder / "unpacked"
        subprocess.run(["dpkg-deb", "--raw-extract", self.folder / "first.deb",
                        unpacked], check=True)
        control = unpacked / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^Version: .*", r"\g<0>+next",
                                  control.read_text()))
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", unpacked,
                        self.folder / "next.deb"],
                       check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    unittest.main()
