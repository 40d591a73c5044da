# SPDX-License-Identifier: Apache-2.0
"""The two servers of the bench, each with its own data, configuration and
ports on loopback, started and stopped by process id."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PASSWORD = 'secret'


def wait_for_port(port, process, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f'{process.args[0]} ended: {process.returncode}')
        try:
            with socket.create_connection(('127.0.0.1', port), 1) as line:
                if line.recv(100).startswith(b'* OK'):
                    return
        except OSError:
            pass
        time.sleep(0.01)
    raise RuntimeError(f'nothing answers on port {port}')


def tree(root):
    """The process and all that descend from it."""
    children = {}
    for entry in pathlib.Path('/proc').iterdir():
        if not entry.name.isdigit():
            continue
        try:
            rest = (entry / 'stat').read_text(errors='replace')
        except OSError:
            continue
        parent = int(rest.rpartition(')')[2].split()[1])
        children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def memory(root):
    """PSS and USS in bytes, summed over all processes."""
    pss = uss = 0
    for pid in tree(root):
        try:
            text = pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text()
        except OSError:
            continue
        for line in text.splitlines():
            name, _, value = line.partition(':')
            if name == 'Pss':
                pss += int(value.split()[0]) * 1024
            elif name in ('Private_Clean', 'Private_Dirty'):
                uss += int(value.split()[0]) * 1024
    return pss, uss


class Server:
    """What both have in common; `users` are known from the first start."""

    def __init__(self, folder, port, users):
        self.folder = pathlib.Path(folder)
        self.port, self.tls_port, self.users = port, port + 1, users
        self.process = None
        self.log = None

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        self.log = open(self.folder / 'log', 'ab')
        begun = time.monotonic()
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, env=self.environment(), cwd=self.folder)
        wait_for_port(self.port, self.process)
        return time.monotonic() - begun

    def environment(self):
        return None

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self.log.close()

    def restart(self):
        self.stop()
        self.start()

    def start_filling(self):
        self.start()

    def set_fast_login(self, fast):
        """Dovecot's high-performance mode for log-ins; Roost has one mode."""

    def forget(self):
        """Drops what was derived from mail and can be made again."""


DOVECOT_CONF = '''
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_cache_size = 16 M
mail_location = sdbox:~/sdbox
mail_max_userip_connections = 0
default_vsz_limit = 4 G
first_valid_uid = 1
login_trusted_networks =
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/passwd
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/home/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
  process_limit = 6000
{login}}}
service imap {{
  process_limit = 6000
{imap}}}
service auth {{
  client_limit = 30000
}}
service anvil {{
  client_limit = 30000
}}
default_process_limit = 6000
default_client_limit = 30000
'''
# Dovecot's "high-performance mode" of log-in: no process for each connection.
DOVECOT_FAST_LOGIN = '''  service_count = 0
  process_min_avail = 2
'''
# And a process of a session serves others after it, one at a time.
DOVECOT_FAST_IMAP = '''  service_count = 1000
  process_min_avail = 32
'''


class Dovecot(Server):
    name = 'dovecot'

    def __init__(self, folder, port, users, cert, key):
        super().__init__(folder, port, users)
        (self.folder / 'run').mkdir(parents=True, exist_ok=True)
        home = self.folder / 'home'
        home.mkdir(exist_ok=True)
        os.chmod(self.folder, 0o755)
        shutil.chown(home, 'mail', 'mail')
        (self.folder / 'passwd').write_text(
            ''.join(f'{user}:{PASSWORD}::::::\n' for user in users))
        self.cert, self.key, self.fast, self.sync = cert, key, False, True

    def command(self):
        text = DOVECOT_CONF.format(
            folder=self.folder, cert=self.cert, key=self.key, port=self.port,
            tls_port=self.tls_port,
            login=DOVECOT_FAST_LOGIN if self.fast else '',
            imap=DOVECOT_FAST_IMAP if self.fast else '')
        if not self.sync:
            text += 'mail_fsync = never\n'
        path = self.folder / 'conf'
        path.write_text(text)
        return ['/usr/sbin/dovecot', '-F', '-c', str(path)]

    def start_filling(self):
        self.sync = False
        self.start()
        self.sync = True

    def set_fast_login(self, fast):
        self.stop()
        self.fast = fast
        self.start()

    def forget(self):
        for path in (self.folder / 'home').rglob('dovecot.index.cache'):
            path.unlink()
        for path in (self.folder / 'home').rglob('dovecot.index.thread'):
            path.unlink()

    @staticmethod
    def version():
        out = subprocess.run(['/usr/sbin/dovecot', '--version'],
                             capture_output=True, text=True, check=True)
        return out.stdout.split()[0]


ROOST_CONF = '''
data = "{folder}/data"
plain_on_loopback = yes
listen "imap" {{
  address = "127.0.0.1"
  port = {port}
}}
listen "imaps" {{
  address = "127.0.0.1"
  port = {tls_port}
  tls = implicit
}}
certificate "bench" {{
  certificate = "{cert}"
  key = "{key}"
}}
'''


class Roost(Server):
    name = 'roost'

    def __init__(self, folder, port, users, cert, key, program, preload):
        super().__init__(folder, port, users)
        self.program, self.preload = program, preload
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / 'conf').write_text(ROOST_CONF.format(
            folder=self.folder, cert=cert, key=key, port=self.port,
            tls_port=self.tls_port))
        if not (self.folder / 'data').exists():
            for user in users:
                subprocess.run(
                    [program, 'user', 'add', user, '--password-stdin',
                     '--config', self.folder / 'conf'], check=True,
                    input=PASSWORD + '\n', text=True)

    def command(self):
        return [self.program, 'serve', '--config', str(self.folder / 'conf')]

    def environment(self):
        if not self.preload:
            return None
        return dict(os.environ, LD_PRELOAD=self.preload)
