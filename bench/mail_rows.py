# SPDX-License-Identifier: Apache-2.0
"""The rows of mail that comes and goes: LMTP, SMTP in and out, POP3. Beside
Roost stand Dovecot's LMTP and POP3, and Postfix in front of that LMTP."""
import imaplib
import os
import re
import select
import shutil
import subprocess
import time

import servers
from rows import RowFailed

PATH = '/usr/sbin:/usr/bin:/bin'
PATIENCE = 120
# smtp-source has one recipient: so many of it run at once, each with two
# sessions and a user.
SOURCES, SESSIONS = 10, 2


def program(name):
    path = shutil.which(name, path=PATH)
    if path is None:
        raise RowFailed(f'{name} is not installed (postfix)')
    return path


class Sources:
    """smtp-source with 4 KB mails, each over a connection of its own."""

    def __init__(self, port, count, recipient):
        each = count // SOURCES
        self.count = each * SOURCES
        self.each = each
        self.running = [subprocess.Popen(
            [program('smtp-source'), '-s', str(SESSIONS), '-m', str(each),
             '-l', '4096', '-f', 'sender@example.org', '-M', 'load.example.org',
             '-t', recipient(i), f'127.0.0.1:{port}'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True) for i in range(SOURCES)]

    def wait(self):
        for source in self.running:
            _, errors = source.communicate(timeout=PATIENCE)
            if source.returncode != 0:
                raise RowFailed(f'smtp-source: {errors.strip()[-200:]}')

    def close(self):
        for source in self.running:
            if source.poll() is None:
                source.kill()
                source.wait()


class Sink:
    """smtp-sink, which says of each message that it has come."""

    def __init__(self, port):
        as_root = ['-u', 'nobody'] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(
            [program('smtp-sink'), '-c', *as_root, f'127.0.0.1:{port}', '256'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.text, self.messages = b'', 0
        servers.wait_for_port(port, self.process, greeting=b'220')

    def wait_for(self, count):
        """Until it has taken so many since it was started."""
        end = time.monotonic() + PATIENCE
        while self.messages < count:
            left = end - time.monotonic()
            if left < 0:
                raise RowFailed(f'{count - self.messages} mails did not come '
                                'out')
            if not select.select([self.process.stdout], [], [], left)[0]:
                continue
            got = os.read(self.process.stdout.fileno(), 65536)
            if not got:
                raise RowFailed('smtp-sink ended')
            self.text = (self.text + got)[-200:]
            found = re.findall(rb'mesg=(\d+)', self.text)
            self.messages = max(map(int, found), default=0)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Inboxes:
    """How many messages the users have got since this was made."""

    def __init__(self, side, users):
        self.lines = []
        for user in users:
            line = imaplib.IMAP4('127.0.0.1', side.port, PATIENCE)
            line.login(user, servers.PASSWORD)
            self.lines.append(line)
        self.before = [self.messages(line) for line in self.lines]

    @staticmethod
    def messages(line):
        _, answer = line.status('INBOX', '(MESSAGES)')
        return int(re.search(rb'MESSAGES (\d+)', answer[0])[1])

    def wait_for(self, each):
        """In turn: a full mailbox is not looked at again."""
        end = time.monotonic() + PATIENCE
        for line, before in zip(self.lines, self.before):
            while (got := self.messages(line) - before) < each:
                if time.monotonic() > end:
                    raise RowFailed(f'{got} of {each} mails arrived')
                time.sleep(0.01)
            if got > each:
                raise RowFailed(f'{got} mails arrived, not {each}')

    def close(self):
        for line in self.lines:
            line.shutdown()


class MailRows:
    """A part of Bench."""

    def with_mail(self):
        for side in self.sides:
            side.prepare_mail()
            self.each(side, lambda side: side.need('lmtp'))

    # ---- LMTP ---------------------------------------------------------------

    def lmtp(self):
        self.with_mail()
        seconds = 1.5 if self.quick else 4
        self.loop_rows(
            'lmtp', 'LMTP 4 KB, 32 connections and users, durable', 'lmtp', 3,
            seconds, 'mails', written=True, conns=32, users=32, user='m',
            domain=servers.DOMAIN, size=4096)
        self.loop_rows(
            'lmtp.many', 'LMTP 4 KB, each to 100 users, 4 connections', 'lmtp',
            3, seconds, 'mails', written=True, conns=4, users=100, user='m',
            domain=servers.DOMAIN, size=4096, count=100)
        self.loop_rows(
            'lmtp.large', 'LMTP 1 MB, 8 connections and users', 'lmtp', 3,
            seconds, 'mails', written=True, conns=8, users=8, user='m',
            domain=servers.DOMAIN, size=1 << 20)

    # ---- SMTP ---------------------------------------------------------------

    def smtp_rows(self, key, title, count, run):
        """run(side, count) sends mails and returns when they are there."""
        self.with_mail()
        rate = self.row(key + '.rate', title, 'mails/s',
                        lower_is_better=False)
        cpu = self.row(key + '.cpu', '  server CPU each', 'µs', scale=1e6)

        def one(side):
            run(side, count // 10)  # all processes are up then
            seconds, used, done = run(side, count)
            rate.add(side.name, done / seconds)
            cpu.add(side.name, used / done)
        started = []

        def start(side):
            side.start_smtp()
            started.append(side)
        try:
            for side in self.sides:
                self.each(side, start)
            for side in self.turns(3):
                if side in started:
                    self.each(side, one)
        finally:
            for side in self.sides:
                side.stop_smtp()

    def smtp_in(self):
        """Until the last mail is in its mailbox."""
        def run(side, count):
            inboxes = Inboxes(side, [f'm{i}' for i in range(SOURCES)])
            before, start = servers.cost(side.smtp_roots()), time.monotonic()
            sources = Sources(side.smtp_port, count,
                              lambda i: f'm{i}@{servers.DOMAIN}')
            try:
                sources.wait()
                inboxes.wait_for(sources.each)
                seconds = time.monotonic() - start
                after = servers.cost(side.smtp_roots())
            finally:
                sources.close()
                inboxes.close()
            return seconds, after[0] - before[0], sources.count
        self.smtp_rows('smtp.in', 'SMTP in, until in the mailboxes',
                       1000 if self.quick else 5000, run)

    def smtp_out(self):
        """An alias leads out: until the sink has the last mail."""
        sinks = {side.name: Sink(side.sink_port) for side in self.sides}

        def run(side, count):
            sink = sinks[side.name]
            had = sink.messages
            before, start = servers.cost(side.smtp_roots()), time.monotonic()
            sources = Sources(side.smtp_port, count, lambda i: servers.ALIAS)
            try:
                sources.wait()
                sink.wait_for(had + sources.count)
                seconds = time.monotonic() - start
                after = servers.cost(side.smtp_roots())
                self.wait_for_queue(side)
            finally:
                sources.close()
            return seconds, after[0] - before[0], sources.count
        try:
            self.smtp_rows(
                'smtp.out', 'SMTP in and out, until smtp-sink has all',
                1000 if self.quick else 5000, run)
        finally:
            for sink in sinks.values():
                sink.close()

    @staticmethod
    def wait_for_queue(side):
        end = time.monotonic() + PATIENCE
        while not side.queue_is_empty():
            if time.monotonic() > end:
                raise RowFailed('mail stays in the queue')
            time.sleep(0.05)

    # ---- POP3 ---------------------------------------------------------------

    def pop3(self):
        for side in self.sides:
            if not (side.folder / 'popper-filled').exists():
                self.load(side, 'fill', user='popper', mailbox='INBOX',
                          corpus=self.corpus, count=self.bodies)
                (side.folder / 'popper-filled').touch()
        opened = self.row('pop3.open',
                          f'POP3 log-in, STAT, UIDL of {self.bodies:,}', 'ms')
        each = self.row('pop3.retr', f'RETR of {self.bodies:,} mixed mails, '
                        'each', 'µs')
        cpu = self.row('pop3.cpu', '  server CPU each', 'µs')

        def one(side):
            side.need('pop3')
            # The first look makes what is kept.
            self.load(side, 'pop3', user='popper')
            answer = self.load(side, 'pop3', user='popper')
            opened.add(side.name, *answer['open_ms'])
            each.add(side.name, answer['seconds'] * 1e6 / answer['ops'])
            cpu.add(side.name, answer['server_us'] / answer['ops'])
        for side in self.turns(3):
            self.each(side, one)
