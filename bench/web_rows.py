# SPDX-License-Identifier: Apache-2.0
"""The rows of web pages: h2load asks both servers for the same small page.
Beside Roost stands nginx, in Dovecot's column."""
import re
import shutil
import subprocess
import time

import servers
from rows import RowFailed

CONNECTIONS = 32
STREAMS = 10


def h2load(port, requests, *options):
    """Asks for the page so often; gives the seconds that it took."""
    if not shutil.which('h2load'):
        raise RowFailed('h2load is not installed (nghttp2-client)')
    begun = time.monotonic()
    done = subprocess.run(
        ['h2load', '-n', str(requests), '-c', str(CONNECTIONS), *options,
         f'https://localhost:{port}/healthz'], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=300, check=False)
    seconds = time.monotonic() - begun
    good = re.search(r'(\d+) succeeded', done.stdout)
    if not good or int(good[1]) != requests:
        raise RowFailed(f'h2load: {done.stdout[-300:]}{done.stderr[-200:]}')
    return seconds


class WebRows:
    """A part of Bench."""

    def web(self):
        started = []

        def start(side):
            side.start_web()
            started.append(side)
        count = 20000 if self.quick else 100000
        try:
            for side in self.sides:
                self.each(side, start)
            self.web_rows(started, 'web.h1', 'HTTP/1.1, a small page',
                          count, '--h1')
            self.web_rows(started, 'web.h2',
                          f'HTTP/2, a small page, {STREAMS} at a time', count,
                          '-m', str(STREAMS))
        finally:
            for side in self.sides:
                side.stop_web()

    def web_rows(self, started, key, title, count, *options):
        rate = self.row(key + '.rate', title, 'requests/s',
                        lower_is_better=False)
        cpu = self.row(key + '.cpu', '  server CPU each', 'µs', scale=1e6)

        def one(side):
            h2load(side.web_port, count // 10, *options)
            before = servers.cost(side.web_roots())
            seconds = h2load(side.web_port, count, *options)
            after = servers.cost(side.web_roots())
            rate.add(side.name, count / seconds)
            cpu.add(side.name, (after[0] - before[0]) / count)
        for side in self.turns(3):
            if side in started:
                self.each(side, one)
