# SPDX-License-Identifier: Apache-2.0
"""A client's SCRAM-SHA-256 (RFC 5802, RFC 7677) with channel binding, and a
TLS connection that can export key material (RFC 9266), which Python's own
cannot."""

import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import os
import socket

from imap_client import ImapError, Reply


def login(connection, user, password, binding_name=None, binding=b"",
          gs2=None, change=None):
    """Logs in; returns the Reply. With `binding_name` the mechanism is -PLUS.
    `gs2` replaces the header about channel binding. `change` is a function
    that spoils the client's proof, for tests."""
    mechanism = "SCRAM-SHA-256" + ("-PLUS" if binding_name else "")
    if gs2 is None:
        gs2 = "p=%s,," % binding_name if binding_name else "n,,"
    nonce = base64.b64encode(os.urandom(18)).decode()
    bare = "n=%s,r=%s" % (
        user.replace("=", "=3D").replace(",", "=2C"), nonce)
    tag = connection.start("AUTHENTICATE", mechanism)

    def answer(text):
        connection.send(base64.b64encode(text.encode()) + b"\r\n")

    def challenge():
        r = connection.response()
        if r.tag == tag:
            return None, Reply(r, [])
        if r.tag != "+":
            raise ImapError("wanted a challenge: %r" % r)
        return base64.b64decode(r.rest).decode(), None

    words, failed = challenge()
    if failed:
        return failed
    if words:
        raise ImapError("SCRAM's server spoke first: %r" % words)
    answer(gs2 + bare)
    first, failed = challenge()
    if failed:
        return failed
    values = dict(item.split("=", 1) for item in first.split(","))
    if not values["r"].startswith(nonce) or values["r"] == nonce:
        raise ImapError("bad nonce: %r" % first)
    if int(values["i"]) < 4096:
        raise ImapError("too few rounds: %r" % first)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(),
                                 base64.b64decode(values["s"]),
                                 int(values["i"]))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client_key).digest()
    final = "c=%s,r=%s" % (
        base64.b64encode(gs2.encode() + (binding if gs2.startswith("p")
                                         else b"")).decode(), values["r"])
    signed = ("%s,%s,%s" % (bare, first, final)).encode()
    proof = bytes(a ^ b for a, b in zip(
        client_key, hmac.digest(stored, signed, "sha256")))
    if change:
        proof = change(proof)
    answer(final + ",p=" + base64.b64encode(proof).decode())
    last, failed = challenge()
    if failed:
        return failed
    if last.startswith("e="):
        answer("")
        return connection.finish(tag)
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    want = "v=" + base64.b64encode(
        hmac.digest(server_key, signed, "sha256")).decode()
    if last != want:
        raise ImapError("the server did not prove itself: %r" % last)
    answer("")
    return connection.finish(tag)


class ExportingSocket:
    """TLS by OpenSSL itself; checks no certificate. Looks like a socket."""

    def __init__(self, port, timeout=60):
        lib = self.lib = ctypes.CDLL(ctypes.util.find_library("ssl"))
        pointer = ctypes.c_void_p
        for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
            getattr(lib, name).restype = pointer
        lib.SSL_CTX_new.argtypes = lib.SSL_new.argtypes = [pointer]
        lib.SSL_set_fd.argtypes = [pointer, ctypes.c_int]
        for name in ("SSL_connect", "SSL_free", "SSL_CTX_free"):
            getattr(lib, name).argtypes = [pointer]
        for name in ("SSL_read", "SSL_write"):
            getattr(lib, name).argtypes = [pointer, pointer, ctypes.c_int]
        lib.SSL_export_keying_material.argtypes = [
            pointer, pointer, ctypes.c_size_t, ctypes.c_char_p,
            ctypes.c_size_t, pointer, ctypes.c_size_t, ctypes.c_int]
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(None)  # OpenSSL reads it by itself
        self.context = lib.SSL_CTX_new(lib.TLS_client_method())
        self.ssl = lib.SSL_new(self.context)
        lib.SSL_set_fd(self.ssl, self.socket.fileno())
        if lib.SSL_connect(self.ssl) != 1:
            raise ConnectionError("no TLS")

    def exporter(self):
        """RFC 9266 section 2."""
        label = b"EXPORTER-Channel-Binding"
        key = ctypes.create_string_buffer(32)
        if self.lib.SSL_export_keying_material(
                self.ssl, key, 32, label, len(label), b"", 0, 1) != 1:
            raise ConnectionError("no key material")
        return key.raw

    def recv(self, size):
        data = ctypes.create_string_buffer(size)
        got = self.lib.SSL_read(self.ssl, data, size)
        return data.raw[:got] if got > 0 else b""

    def sendall(self, data):
        if data and self.lib.SSL_write(self.ssl, data, len(data)) <= 0:
            raise ConnectionError("cannot write")

    def close(self):
        if self.ssl:
            self.lib.SSL_free(self.ssl)
            self.lib.SSL_CTX_free(self.context)
            self.ssl = None
        self.socket.close()
