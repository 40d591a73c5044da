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

import nginx
import postfix

PASSWORD = 'secret'
MAIL_USERS = 100  # m0 to m99 get mail by SMTP and LMTP
DOMAIN = 'bench.example'
# An address of the domain that leads to another server, the sink.
ALIAS, ALIAS_TARGET = f'out@{DOMAIN}', 'someone@sink.example'


def wait_for_port(port, process, seconds=30, greeting=b'* OK'):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f'{process.args[0]} ended: {process.returncode}')
        try:
            with socket.create_connection(('127.0.0.1', port), 1) as line:
                if line.recv(100).startswith(greeting):
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


def cost(roots):
    """CPU seconds, and bytes written to disk, so far: of the processes, all
    that descend from them, and those of them that have ended."""
    cpu = written = 0
    tick = 1 / os.sysconf('SC_CLK_TCK')
    for pid in {pid for root in roots for pid in tree(root)}:
        folder = pathlib.Path(f'/proc/{pid}')
        try:
            rest = (folder / 'stat').read_text(errors='replace')
            cutime, cstime = rest.rpartition(')')[2].split()[13:15]
            cpu += (int(cutime) + int(cstime)) * tick
            for task in (folder / 'task').iterdir():
                cpu += int((task / 'schedstat').read_text().split()[0]) / 1e9
            # Holds those of children that were waited for.
            io = dict(line.split(': ') for line in
                      (folder / 'io').read_text().splitlines())
            written += int(io['write_bytes'])
            written -= int(io['cancelled_write_bytes'])
        except OSError:
            pass
    return cpu, written


class Server:
    """What both have in common; `users` are known from the first start."""

    def __init__(self, folder, port, users):
        self.folder = pathlib.Path(folder)
        self.port, self.tls_port, self.users = port, port + 1, users
        self.lmtp_port, self.pop3_port = port + 2, port + 3
        self.smtp_port, self.sink_port = port + 4, port + 5
        self.web_port = port + 6
        self.process = None
        self.log = None

    def port_for(self, work, tls):
        ports = {'lmtp': self.lmtp_port, 'pop3': self.pop3_port}
        return ports.get(work, self.tls_port if tls else self.port)

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

    def need(self, protocol):
        """RuntimeError when it cannot speak it."""

    def prepare_mail(self):
        """The domain, its users and the alias are there. It runs."""

    def start_smtp(self):
        """Mail is taken at smtp_port, and what leaves goes to sink_port."""

    def stop_smtp(self):
        pass

    def smtp_roots(self):
        """Of the processes that the way of a mail goes through."""
        return [self.pid]

    def start_web(self):
        """/healthz is served at web_port."""

    def stop_web(self):
        pass

    def web_roots(self):
        return [self.pid]


DOVECOT_CONF = '''
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = {protocols}
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_cache_size = 16 M
auth_username_format = %Ln
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
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
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
        users = users + [f'm{i}' for i in range(MAIL_USERS)]
        (self.folder / 'passwd').write_text(
            ''.join(f'{user}:{PASSWORD}::::::\n' for user in users))
        self.cert, self.key, self.fast, self.sync = cert, key, False, True
        self.postfix = self.nginx = None

    def command(self):
        text = DOVECOT_CONF.format(
            folder=self.folder, cert=self.cert, key=self.key, port=self.port,
            tls_port=self.tls_port, lmtp_port=self.lmtp_port,
            pop3_port=self.pop3_port, protocols=' '.join(self.protocols()),
            login=DOVECOT_FAST_LOGIN if self.fast else '',
            imap=DOVECOT_FAST_IMAP if self.fast else '')
        if not self.sync:
            text += 'mail_fsync = never\n'
        path = self.folder / 'conf'
        path.write_text(text)
        return ['/usr/sbin/dovecot', '-F', '-c', str(path)]

    @staticmethod
    def protocols():
        """Those of its packages that are installed."""
        return [name for name in ('imap', 'lmtp', 'pop3')
                if pathlib.Path('/usr/lib/dovecot', name).exists()]

    def start_filling(self):
        self.sync = False
        self.start()
        self.sync = True

    def need(self, protocol):
        if protocol not in self.protocols():
            raise RuntimeError(f'dovecot-{protocol}d is not installed')

    def start_smtp(self):
        self.need('lmtp')
        if not pathlib.Path('/usr/sbin/postfix').exists():
            raise RuntimeError('postfix is not installed')
        self.postfix = postfix.Postfix(
            self.folder / 'postfix', self.smtp_port, DOMAIN,
            [f'm{i}' for i in range(MAIL_USERS)],
            {ALIAS: ALIAS_TARGET}, self.lmtp_port, self.sink_port)
        self.postfix.start()
        wait_for_port(self.smtp_port, self.process, greeting=b'220')

    def stop_smtp(self):
        if self.postfix:
            self.postfix.stop()
        self.postfix = None

    def smtp_roots(self):
        return [self.pid, self.postfix.pid]

    def start_web(self):
        if not pathlib.Path('/usr/sbin/nginx').exists():
            raise RuntimeError('nginx is not installed')
        self.nginx = nginx.Nginx(
            self.folder / 'nginx', self.web_port, self.cert, self.key)
        self.nginx.start()

    def stop_web(self):
        if self.nginx:
            self.nginx.stop()
        self.nginx = None

    def web_roots(self):
        return [self.nginx.pid]

    def stop(self):
        self.stop_smtp()
        self.stop_web()
        super().stop()

    def queue_is_empty(self):
        return self.postfix.queue_is_empty()

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
user = "{system_user}"
server_name = "mail.{domain}"
plain_on_loopback = yes
relay_host = "127.0.0.1:{sink_port}"
relay_tls = none
# As many as Postfix has to one destination.
relay_connections_per_host = 20
# As many as nginx is told to allow.
http_requests_max = 1000000
certificate "bench" {{
  certificate = "{cert}"
  key = "{key}"
}}
'''
ROOST_LISTENER = '''listen "{name}" {{
  protocol = {protocol}
  address = "127.0.0.1"
  port = {port}
  tls = {tls}
}}
'''


class Roost(Server):
    name = 'roost'

    def __init__(self, folder, port, users, cert, key, program, preload):
        super().__init__(folder, port, users)
        self.program, self.preload = program, preload
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / 'conf').write_text(
            ROOST_CONF.format(folder=self.folder, cert=cert, key=key,
                              domain=DOMAIN, sink_port=self.sink_port,
                              # Root does not serve mail.
                              system_user='' if os.geteuid() else 'nobody')
            + ''.join(ROOST_LISTENER.format(
                name=name, protocol=protocol, port=at, tls=tls)
                for name, protocol, at, tls in (
                    ('imap', 'imap', self.port, 'starttls'),
                    ('imaps', 'imap', self.tls_port, 'implicit'),
                    ('lmtp', 'lmtp', self.lmtp_port, 'none'),
                    ('pop3', 'pop3', self.pop3_port, 'starttls'),
                    ('https', 'http', self.web_port, 'implicit'),
                    ('smtp', 'smtp', self.smtp_port, 'none'))))
        if not (self.folder / 'data').exists():
            for user in users:
                self.add_user(user)

    def roost(self, *arguments, text=None):
        done = subprocess.run(
            [self.program, *arguments, '--config', self.folder / 'conf'],
            check=False, input=text, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError(f'roost {arguments}: {done.stdout.strip()}')
        return done.stdout

    def add_user(self, user):
        self.roost('user', 'add', user, '--password-stdin',
                   text=PASSWORD + '\n')

    def prepare_mail(self):
        if (self.folder / 'mail-ready').exists():
            return
        self.roost('domain', 'add', DOMAIN)
        for i in range(MAIL_USERS):
            self.add_user(f'm{i}')
        self.roost('alias', 'add', ALIAS, ALIAS_TARGET)
        (self.folder / 'mail-ready').touch()

    def queue_is_empty(self):
        return '@' not in self.roost('queue', 'list')

    def command(self):
        return [self.program, 'serve', '--config', str(self.folder / 'conf')]

    def environment(self):
        if not self.preload:
            return None
        return dict(os.environ, LD_PRELOAD=self.preload)
