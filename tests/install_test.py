# SPDX-License-Identifier: Apache-2.0
"""Step 1 of docs/mail-server.md on a machine of its own. The commands are run
as they stand, under a real systemd, with copies of Debian's /etc, /usr and
/var (copy on write). The machine is a set of namespaces with no network but
loopback."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from docs_test import MAIL_SERVER, blocks
from harness import PROJECT, SYSTEM_USER, only_roost, program

SYSTEMD = pathlib.Path("/lib/systemd/systemd")
MACHINE_SECONDS = 400

# What is written goes to memory, and only what is needed is started: the units
# that clean /tmp or set the kernel's parameters would reach this machine's.
MACHINE = r"""
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -t tmpfs tmpfs /run
mkdir /run/test /run/upper
mount --bind {folder} /run/test
mount -t tmpfs tmpfs /tmp
for path in /etc /usr /var {project}; do
	upper=/run/upper/$(echo $path | tr / _)
	mkdir $upper $upper.work
	mount -t overlay overlay \
		-o lowerdir=$path,upperdir=$upper,workdir=$upper.work $path
done
cd {project}
mkdir -p build
mount --bind {build} build
mount -t tmpfs tmpfs /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
find /etc/systemd/system -name '*.wants' -type d -prune -exec rm -r {{}} +
mkdir -p /etc/systemd/system/roost.service.d /etc/roost
cp /run/test/guide.* /etc/systemd/system/
cp /run/test/build.conf /etc/systemd/system/roost.service.d/
cp /run/test/mail.example.org.* /etc/roost/
exec env container=test PATH=$PATH {systemd} --system --unit=guide.target \
	--log-target=console --show-status=no
"""

SERVICE = """
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
TimeoutStartSec=infinity
WorkingDirectory={project}
Environment="PATH={path}"
ExecStart=/bin/sh /run/test/guide
StandardOutput=append:/run/test/said
StandardError=append:/run/test/said
"""

# A sanitizer's build looks for leaks at its end, which the unit forbids.
BUILD = """
[Unit]
DefaultDependencies=no
Wants=
[Service]
Environment=ASAN_OPTIONS=detect_leaks=0
"""

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


def can_make_machines():
    if os.geteuid() != 0 or not SYSTEMD.exists() or not shutil.which("unshare"):
        return False
    probe = subprocess.run(
        ["unshare", "--mount", "--pid", "--net", "--cgroup", "--fork", "sh",
         "-c", "mount -t tmpfs t /run && mount -t tmpfs t /sys/fs/cgroup && "
         "mount -t cgroup2 c /sys/fs/cgroup && mkdir /run/u /run/w && mount -t "
         "overlay o -o lowerdir=/etc,upperdir=/run/u,workdir=/run/w /etc"],
        capture_output=True)
    return probe.returncode == 0


@only_roost
@unittest.skipUnless(can_make_machines(),
                     "takes root, systemd, and a kernel that lets it mount")
class Machine(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-machine-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.build = pathlib.Path(program()).parent
        if not (self.build / "build.ninja").exists():
            self.skipTest("the program does not lie in its build folder")
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
        step = MAIL_SERVER.split("## 2.")[0]
        parts = ["set -e"]
        for block in blocks(step):
            if "server_name" in block:
                parts.append("cat > /etc/roost/roost.conf <<'END'\n%sEND" %
                             block)
            else:
                parts += ['echo "> %s"\n%s' % (line, line)
                          for line in block.splitlines()]
        return "\n".join(parts)

    def write(self):
        words = {"folder": self.folder, "project": PROJECT,
                 "build": self.build, "systemd": SYSTEMD,
                 "path": os.environ["PATH"]}
        for name, text in (("machine", MACHINE), ("guide.service", SERVICE)):
            (self.folder / name).write_text(text.format(**words))
        (self.folder / "guide.target").write_text(
            "[Unit]\nDefaultDependencies=no\nWants=guide.service\n")
        (self.folder / "build.conf").write_text(BUILD)
        (self.folder / "guide").write_text(
            "trap 'echo exit $?; systemctl --force --force poweroff' EXIT\n"
            + self.guide() + PROOF)

    def run_machine(self):
        self.write()
        machine = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--cgroup", "--ipc",
             "--uts", "--fork", "--kill-child", "sh",
             self.folder / "machine"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            log, _ = machine.communicate(timeout=MACHINE_SECONDS)
        except subprocess.TimeoutExpired:
            machine.kill()
            log, _ = machine.communicate()
        said = ""
        with contextlib.suppress(FileNotFoundError):
            said = (self.folder / "said").read_text("utf-8", "replace")
        return said, log.decode("utf-8", "replace")

    def test_the_guide_leads_to_a_server_that_serves(self):
        said, log = self.run_machine()
        whole = "%s\n---- the machine\n%s" % (said, log[-4000:])
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
