# SPDX-License-Identifier: Apache-2.0
"""Sockets that systemd binds for the server (socket activation), and the
privilege to bind ports that it gives to the server."""

import fcntl
import os
import pathlib
import shutil
import socket
import unittest

from harness import RoostServer, SYSTEM_USER, TIMEOUT, only_roost


class Passed(RoostServer):
    """Gets its sockets as sd_listen_fds(3) says."""

    def command_line(self):
        moves = "".join(" %d<&%d" % (3 + i, fd)
                        for i, fd in enumerate(self.pass_fds))
        return ["bash", "-c", 'export LISTEN_PID=$$ LISTEN_FDS=%d; exec "$@"%s'
                % (len(self.pass_fds), moves), "bash", *super().command_line()]


class Privileged(RoostServer):
    """Is a user with one privilege, as in the systemd unit."""

    def command_line(self):
        right = "+net_bind_service"
        return ["setpriv", "--reuid", SYSTEM_USER, "--clear-groups",
                "--inh-caps", right, "--ambient-caps", right,
                *super().command_line()]


@only_roost
class PassedTest(unittest.TestCase):
    def test_what_connects_before_the_start_is_served(self):
        server = Passed()
        self.addCleanup(server.remove)
        ours, other = socket.socket(), socket.socket()
        self.addCleanup(ours.close)
        self.addCleanup(other.close)
        ours.bind(("127.0.0.1", server.port))
        ours.listen()
        other.bind(("127.0.0.1", 0))
        # Above the places to which the shell moves them; dash cannot.
        server.pass_fds = tuple(
            fcntl.fcntl(s.fileno(), fcntl.F_DUPFD_CLOEXEC, 50)
            for s in (other, ours))
        for fd in server.pass_fds:
            self.addCleanup(os.close, fd)
        early = socket.create_connection(("127.0.0.1", server.port), TIMEOUT)
        self.addCleanup(early.close)
        server.start()
        self.addCleanup(server.stop)
        self.assertTrue(early.recv(100).startswith(b"* OK"))
        self.assertIn("no listener has: it is closed", server.log())

    @unittest.skipUnless(SYSTEM_USER and shutil.which("setpriv"),
                         "takes root to give the privilege")
    def test_the_privilege_is_gone_when_it_serves(self):
        server = Privileged("sandbox = no\n")
        self.addCleanup(server.remove)
        os.chmod(server.config, 0o644)
        server.start()
        self.addCleanup(server.stop)
        status = pathlib.Path(
            "/proc/%d/status" % server.process.pid).read_text()
        for kind in ("CapEff", "CapPrm", "CapAmb"):
            self.assertRegex(status, r"(?m)^%s:\t0+$" % kind)
        server.connect().close()


if __name__ == "__main__":
    unittest.main()
