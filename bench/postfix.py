# SPDX-License-Identifier: Apache-2.0
"""Debian's Postfix for the bench, in front of Dovecot's LMTP: a queue and a
configuration of its own on a loopback port. All else as Debian ships it."""
import os
import pathlib
import pwd
import subprocess

# As in Debian's master.cf, not in a chroot.
MASTER_CF = '''
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
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
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
'''
MAIN_CF = '''
compatibility_level = 3.6
myhostname = mail.{domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{folder}/users
virtual_alias_maps = texthash:{folder}/aliases
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
relayhost = [127.0.0.1]:{sink_port}
smtpd_tls_security_level = none
smtp_tls_security_level = none
alias_maps =
alias_database =
biff = no
'''
QUEUES = 'incoming', 'active', 'deferred', 'maildrop'


class Postfix:
    def __init__(self, folder, port, domain, users, aliases, lmtp_port,
                 sink_port):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / 'conf'
        for path in self.config, self.folder / 'queue', self.folder / 'data':
            path.mkdir(parents=True, exist_ok=True)
        os.chmod(self.folder, 0o755)
        owner = pwd.getpwnam('postfix')
        os.chown(self.folder / 'data', owner.pw_uid, owner.pw_gid)
        (self.config / 'main.cf').write_text(MAIN_CF.format(
            folder=self.folder, domain=domain, lmtp_port=lmtp_port,
            sink_port=sink_port))
        (self.config / 'master.cf').write_text(MASTER_CF.format(port=port))
        (self.folder / 'users').write_text(
            ''.join(f'{user}@{domain} yes\n' for user in users))
        (self.folder / 'aliases').write_text(
            ''.join(f'{alias} {to}\n' for alias, to in aliases.items()))

    def run(self, command):
        return subprocess.run(
            ['/usr/sbin/postfix', '-c', str(self.config), command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)

    @property
    def pid(self):
        path = self.folder / 'queue' / 'pid' / 'master.pid'
        return int(path.read_text())

    def start(self):
        done = self.run('start')
        if done.returncode != 0:
            raise RuntimeError(f'postfix: {done.stdout}{done.stderr}')

    def stop(self):
        """`postfix stop` returns when the master has ended."""
        self.run('stop')

    def queue_is_empty(self):
        return not any(path.is_file() for name in QUEUES
                       for path in (self.folder / 'queue' / name).rglob('*'))
