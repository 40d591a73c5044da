# SPDX-License-Identifier: Apache-2.0
"""A machine of its own for a test: a real systemd with copies of Debian's /etc,
/usr and /var (copy on write), in a set of namespaces with no network but
loopback. It runs one script, and ends."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import PROJECT

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
{mounts}
mount -t tmpfs tmpfs /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
find /etc/systemd/system -name '*.wants' -type d -prune -exec rm -r {{}} +
mkdir -p /etc/systemd/system/roost.service.d
cp /run/test/guide.* /etc/systemd/system/
cp /run/test/build.conf /etc/systemd/system/roost.service.d/
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


class Machine(unittest.TestCase):
    """`self.folder` is /run/test in the machine."""

    # Shell commands that add to the machine before it starts.
    mounts = ""

    def setUp(self):
        if not can_make_machines():
            self.skipTest("takes root, systemd, and a kernel that lets it "
                          "mount")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-machine-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def write(self, script):
        words = {"folder": self.folder, "project": PROJECT,
                 "mounts": self.mounts, "systemd": SYSTEMD,
                 "path": os.environ["PATH"]}
        for name, text in (("machine", MACHINE), ("guide.service", SERVICE)):
            (self.folder / name).write_text(text.format(**words))
        (self.folder / "guide.target").write_text(
            "[Unit]\nDefaultDependencies=no\nWants=guide.service\n")
        (self.folder / "build.conf").write_text(BUILD)
        (self.folder / "guide").write_text(
            "trap 'echo exit $?; systemctl --force --force poweroff' EXIT\n"
            + script)

    def run_machine(self, script):
        """Gives what the script said, and both that and the machine's log for
        a failure's message."""
        self.write(script)
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
        return said, "%s\n---- the machine\n%s" % (
            said, log.decode("utf-8", "replace")[-4000:])
