# SPDX-License-Identifier: Apache-2.0
"""Debian's nginx for the bench: one small page over HTTPS, on a loopback port.
Its settings are Debian's, but for what Roost does as well: a line in the log
for each connection and not for each request, and as many requests of a
connection."""
import os
import pathlib
import subprocess
import time

PAGE = 'ready\n'
CONF = '''
daemon off;
pid {folder}/pid;
error_log {folder}/log;
worker_processes auto;
events {{
  worker_connections 1024;
}}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  types_hash_max_size 2048;
  default_type text/plain;
  keepalive_requests 10000000;
  ssl_protocols TLSv1.2 TLSv1.3;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {cert};
    ssl_certificate_key {key};
    root {folder}/pages;
  }}
}}
'''


class Nginx:
    def __init__(self, folder, port, cert, key):
        self.folder, self.port = pathlib.Path(folder), port
        pages = self.folder / 'pages'
        pages.mkdir(parents=True, exist_ok=True)
        os.chmod(self.folder, 0o755)
        (pages / 'healthz').write_text(PAGE)
        (self.folder / 'conf').write_text(CONF.format(
            folder=self.folder, port=port, cert=cert, key=key))
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        self.process = subprocess.Popen(
            ['/usr/sbin/nginx', '-c', str(self.folder / 'conf'),
             '-e', str(self.folder / 'log')],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not (self.folder / 'pid').exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError('nginx does not start: see '
                                   f'{self.folder / "log"}')
            time.sleep(0.05)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(60)
