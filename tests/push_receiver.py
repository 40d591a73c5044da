#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A push service and its client in one, by Debian's python3-cryptography:
push_receiver.py PORT CERTIFICATE KEY. Its first line of output has the client's
keys; then there is a line of JSON for each request: what it says when it is
decrypted (RFC 8291, RFC 8188), and what its token says (RFC 8292). A path
"/410" is answered with that status, any other with 201."""

import base64
import http.server
import json
import os
import re
import ssl
import sys

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

own = ec.generate_private_key(ec.SECP256R1())
auth = os.urandom(16)


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key):
    return key.public_bytes(serialization.Encoding.X962,
                            serialization.PublicFormat.UncompressedPoint)


def hmac256(key, data):
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(data)
    return made.finalize()


def decrypt(body):
    salt, size, length = body[:16], body[16:20], body[20]
    sender, sealed = body[21:21 + length], body[21 + length:]
    assert len(sealed) <= int.from_bytes(size, "big")
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey
                          .from_encoded_point(ec.SECP256R1(), sender))
    ikm = hmac256(hmac256(auth, shared), b"WebPush: info\0"
                  + point(own.public_key()) + sender + b"\1")
    prk = hmac256(salt, ikm)
    key = hmac256(prk, b"Content-Encoding: aes128gcm\0\1")[:16]
    nonce = hmac256(prk, b"Content-Encoding: nonce\0\1")[:12]
    text = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
    assert text[-1] == 2  # the delimiter of the last record
    return text[:-1]


def check_token(field):
    """The claims of the token, whose signature is good; and the key."""
    token, key = re.fullmatch(r"vapid t=(\S+), k=(\S+)", field).groups()
    text, _, signature = token.rpartition(".")
    raw = decode(signature)
    ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), decode(key)).verify(
            utils.encode_dss_signature(int.from_bytes(raw[:32], "big"),
                                       int.from_bytes(raw[32:], "big")),
            text.encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(decode(text.split(".")[1])), key


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        claims, key = check_token(self.headers["Authorization"])
        sealed = self.headers["Content-Encoding"] == "aes128gcm"
        print(json.dumps({
            "path": self.path, "sealed": sealed, "claims": claims, "key": key,
            "ttl": self.headers["TTL"], "urgency": self.headers["Urgency"],
            "type": self.headers["Content-Type"],
            "text": json.loads(decrypt(body) if sealed else body)}),
            flush=True)
        self.send_response(int(self.path[1:]) if self.path[1:].isdigit()
                           else 201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", int(sys.argv[1])), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(json.dumps({"p256dh": encode(point(own.public_key())),
                  "auth": encode(auth)}), flush=True)
server.serve_forever()
