# SPDX-License-Identifier: Apache-2.0
"""The rows of push: what JMAP's streams of events cost, and how soon they tell
of a new mail. Dovecot has nothing of the kind, so its column stays empty."""
import base64
import smtplib
import socket
import ssl
import time

import servers
from rows import RowFailed

USERS = 32
MESSAGE = b'Subject: push\r\n\r\n' + b'Hello\r\n' * 30


class Stream:
    """One connection that listens to /jmap/events."""

    def __init__(self, side, user):
        pair = base64.b64encode(
            f'{user}:{servers.PASSWORD}'.encode()).decode()
        context = ssl._create_unverified_context()
        context.set_alpn_protocols(['http/1.1'])
        self.line = context.wrap_socket(
            socket.create_connection(('127.0.0.1', side.web_port), 60),
            server_hostname='localhost')
        self.line.sendall(
            (f'GET /jmap/events?types=*&closeafter=no&ping=0 HTTP/1.1\r\n'
             f'Host: mail.{servers.DOMAIN}\r\n'
             f'Authorization: Basic {pair}\r\n\r\n').encode())
        self.text = b''
        self.wait_for(b'\nid: ')
        if not self.text.startswith(b'HTTP/1.1 200'):
            raise RowFailed(self.text[:60].decode())

    def wait_for(self, what):
        while what not in self.text:
            more = self.line.recv(65536)
            if not more:
                raise RowFailed('the stream ended: ' + repr(self.text[-200:]))
            self.text += more

    def close(self):
        self.line.close()


class PushRows:
    """A part of Bench."""

    def push(self):
        sides = [side for side in self.sides if side.name == 'roost']
        for side in sides:
            side.prepare_mail()
            self.each(side, self.push_memory)
            self.each(side, self.push_delay)

    def push_delay(self, side):
        delay = self.row('push.delay',
                         'delivery by LMTP until a stream of events tells',
                         'ms')
        tail = self.row('push.delay.p99', '  99th percentile', 'ms')
        stream = Stream(side, 'm0')
        samples = []
        with smtplib.LMTP('127.0.0.1', side.lmtp_port) as lmtp:
            lmtp.ehlo_or_helo_if_needed()
            for _ in range(50 if self.quick else 300):
                lmtp.mail('a@elsewhere.example')
                lmtp.rcpt(f'm0@{servers.DOMAIN}')
                if lmtp.docmd('DATA')[0] != 354:
                    raise RowFailed('LMTP takes no mail')
                stream.text = b''
                begun = time.monotonic()
                lmtp.send(MESSAGE + b'.\r\n')
                stream.wait_for(b'EmailDelivery')
                samples.append((time.monotonic() - begun) * 1000)
                lmtp.getreply()
        stream.close()
        delay.add(side.name, *samples)
        samples.sort()
        tail.add(side.name, samples[int(len(samples) * 0.99)])

    def push_memory(self, side):
        count = 200 if self.quick else 1000
        pss = self.row('push.idle.pss',
                       f'memory of each of {count:,} streams, TLS, PSS', 'KB',
                       scale=1 / 1024)
        # What a user's first log-in costs is not the next one's.
        for i in range(USERS):
            Stream(side, f'm{i}').close()
        time.sleep(0.5)
        before = servers.memory(side.pid)
        streams = [Stream(side, f'm{i % USERS}') for i in range(count)]
        time.sleep(0.5)
        after = servers.memory(side.pid)
        for stream in streams:
            stream.close()
        pss.add(side.name, (after[0] - before[0]) / count)
