# SPDX-License-Identifier: Apache-2.0
"""Debian's Postfix as another server on a Network, with its own configuration,
queue and mailboxes in a temporary folder."""

import email
import os
import pathlib
import pwd
import shutil
import subprocess

from harness import make_certificate, run_program, wait_until

MASTER = """
smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Mail for `domain` is delivered to Maildirs; all other mail goes where
    DNS says."""

    def __init__(self, host, folder, name, domain, settings=None,
                 services=""):
        self.host, self.folder = host, pathlib.Path(folder)
        self.domain = domain
        self.config = self.folder / "conf"
        self.mail = self.folder / "mail"
        for path in (self.config, self.mail, self.folder / "queue",
                     self.folder / "data"):
            path.mkdir(parents=True)
        user = pwd.getpwnam("postfix")
        os.chown(self.folder / "data", user.pw_uid, user.pw_gid)
        os.chown(self.mail, user.pw_uid, user.pw_gid)
        certificate, key = make_certificate(self.folder, name)
        lines = {
            "compatibility_level": "3.6",
            "myhostname": name,
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "inet_interfaces": "all",
            "queue_directory": self.folder / "queue",
            "data_directory": self.folder / "data",
            "command_directory": "/usr/sbin",
            "daemon_directory": "/usr/lib/postfix/sbin",
            "maillog_file": self.folder / "log",
            "maillog_file_prefixes": self.folder.parents[-2],
            "virtual_mailbox_domains": domain,
            "virtual_mailbox_base": self.mail,
            "virtual_mailbox_maps": "static:all/",
            "virtual_uid_maps": "static:%d" % user.pw_uid,
            "virtual_gid_maps": "static:%d" % user.pw_gid,
            "virtual_minimum_uid": "1",
            "smtpd_recipient_restrictions":
                "permit_mynetworks, reject_unauth_destination",
            "smtpd_relay_restrictions":
                "permit_mynetworks, reject_unauth_destination",
            "smtpd_tls_cert_file": certificate,
            "smtpd_tls_key_file": key,
            "smtpd_tls_security_level": "may",
            "smtp_tls_security_level": "may",
            "smtp_tls_loglevel": "1",
            "smtpd_tls_received_header": "yes",
            "minimal_backoff_time": "2s",
            "queue_run_delay": "1s",
            "smtp_connection_cache_on_demand": "no",
            "alias_maps": "",
            "alias_database": "",
            "biff": "no",
        }
        lines.update(settings or {})
        (self.config / "main.cf").write_text(
            "".join("%s = %s\n" % line for line in lines.items()))
        (self.config / "master.cf").write_text(MASTER + services)

    def start(self):
        run_program(*self.host.command("postfix", "-c", self.config, "start"))
        wait_until(self._answers, "Postfix answers")
        return self

    def _answers(self):
        try:
            self.host.connect(("127.0.0.1", 25), 1).close()
            return True
        except OSError:
            return False

    def stop(self):
        subprocess.run(self.host.command(
            "postfix", "-c", self.config, "stop"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def log(self):
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def messages(self):
        """Every message delivered here, parsed, oldest first."""
        files = sorted(self.mail.glob("**/new/*"),
                       key=lambda path: path.stat().st_mtime_ns)
        return [email.message_from_bytes(path.read_bytes())
                for path in files]

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
