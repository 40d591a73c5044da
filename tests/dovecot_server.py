# SPDX-License-Identifier: Apache-2.0
"""Runs Debian's Dovecot instead of Roost, to check that a test itself is
right: tests/run --against dovecot. ROOST_DOVECOT_MAIL is its mail_location."""

import os
import pathlib
import signal
import time

from harness import ServerBase, free_port

CONFIG = """
base_dir = {folder}/run
log_path = /dev/stderr
listen = 127.0.0.1
protocols = imap pop3 lmtp
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
auth_mechanisms = plain login scram-sha-256
mail_location = {location}
mail_max_userip_connections = 0
first_valid_uid = 8
auth_failure_delay = 0
auth_username_format = %Ln
postmaster_address = postmaster@here.test
imap_capability = +SPECIAL-USE
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = subscribe
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
  mailbox Archive {{
    special_use = \\Archive
    auto = subscribe
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = 0
  }}
  inet_listener pop3s {{
    port = {ports[pop3s]}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {ports[lmtp]}
  }}
}}
protocol imap {{
  imap_max_line_length = 128 k
}}
"""


class DovecotServer(ServerBase):
    def __init__(self):
        super().__init__()
        (self.folder / "mail").mkdir()
        os.chown(self.folder / "mail", 8, 8)
        (self.folder / "run").mkdir()
        # Made beforehand: it reads the file again only when a second has
        # passed.
        (self.folder / "users").write_text("".join(
            "user%d:secret-user%d\n" % (n, n) for n in range(1, 200)))
        self.ports = {name: free_port() for name in ("pop3s", "lmtp")}
        self.config = self.folder / "dovecot.conf"
        self.config.write_text(CONFIG.format(
            folder=self.folder, certificate=self.certificate, key=self.key,
            port=self.port, tls_port=self.tls_port, ports=self.ports,
            location=os.environ.get("ROOST_DOVECOT_MAIL", "mdbox:~/mail")))

    def command_line(self):
        return ["dovecot", "-F", "-c", str(self.config)]

    def is_ready(self, line):
        return "starting up" in line

    def start(self):
        super().start()
        # Its log says so a little early.
        for _ in range(100):
            try:
                self.connect().close()
                break
            except OSError:
                time.sleep(0.05)
        return self

    def add_user(self, name, password):
        if not name.startswith("user"):
            with open(self.folder / "users", "a") as users:
                users.write("%s:%s\n" % (name, password))

    def check(self):
        return ""

    def crash(self):
        """kill -9 of all its processes."""
        self.process.send_signal(signal.SIGSTOP)  # it starts no more of them
        for pid in descendants(self.process.pid):
            os.kill(pid, signal.SIGKILL)
        return super().crash()


def descendants(pid):
    """The processes below this one, which are not reaped before it runs."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, new = [], [pid]
    while new:
        new = [child for parent in new for child in parents.get(parent, [])]
        found += new
    return found
