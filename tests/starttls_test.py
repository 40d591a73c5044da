# SPDX-License-Identifier: Apache-2.0
"""TLS, STARTTLS and the known attack on it, passwords without TLS, SCRAM with
channel binding, certificates: names, reload, resumption."""

import base64
import hashlib
import os
import shutil
import socket
import ssl
import warnings

import mail
import scram
from harness import (ServerTest, client_context, give_away, make_certificate,
                     only_roost, wait_until)
from imap_client import Closed, Connection


def capabilities(c):
    return set(c.command("CAPABILITY").one("CAPABILITY").tokens[1:])


class StarttlsTest(ServerTest):
    def plain(self):
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        return c

    def started(self):
        c = self.plain()
        c.command("STARTTLS")
        c.start_tls(self.server.tls())
        return c

    def test_no_password_goes_in_the_clear(self):
        c = self.plain()
        announced = capabilities(c)
        self.assertLessEqual({"STARTTLS", "LOGINDISABLED"}, announced)
        self.assertEqual({"AUTH=PLAIN", "AUTH=LOGIN"} & announced, set())
        reply = c.command("LOGIN", self.user, self.password, want="NO")
        self.assertEqual(reply.code, "PRIVACYREQUIRED")
        token = base64.b64encode(b"\0%s\0%s" % (
            self.user.encode(), self.password.encode())).decode()
        c.command("AUTHENTICATE PLAIN", token, want="NO")
        c.command("SELECT INBOX", want="BAD")
        c.command("NOOP")

    def test_starttls_and_then_log_in(self):
        c = self.started()
        announced = capabilities(c)
        self.assertEqual({"STARTTLS", "LOGINDISABLED"} & announced, set())
        self.assertIn("AUTH=PLAIN", announced)
        c.command("STARTTLS", want="BAD")
        c.login(self.user, self.password)
        c.append("INBOX", mail.simple(1))
        self.assertEqual(self.contents("INBOX", c), [(set(), mail.simple(1))])

    def test_starttls_is_refused_when_it_is_too_late(self):
        c = self.connect()
        c.command("STARTTLS", want="BAD")
        c.select("INBOX")
        c.command("STARTTLS", want="BAD")

    def test_commands_put_behind_starttls_are_thrown_away(self):
        # CVE-2011-0411 and its kin: the attacker's bytes come before the
        # handshake, and must not be taken for what came protected.
        for behind in (b"x NOOP\r\n", b"x LOGIN attacker secret\r\n",
                       b"x LOGIN {8}\r\n", b"x NOOP\r\ny CAPABILITY\r\n",
                       b"x LOGIN attacker {6+}\r\nsecret\r\n", b"x NO"):
            with self.subTest(behind):
                c = self.plain()
                c.send(b"s STARTTLS\r\n" + behind)
                r = c.response()
                self.assertEqual((r.tag, r.name), ("s", "OK"))
                if c.input:
                    self.fail("answered in the clear: %r" % bytes(c.input))
                try:
                    c.start_tls(self.server.tls())
                except (ssl.SSLError, ConnectionError):
                    continue  # hung up: as good
                tag = c.start("NOOP")
                reply = c.finish(tag)
                self.assertEqual((reply.status, reply.untagged), ("OK", []))
                c.login(self.user, self.password)

    def test_garbage_for_a_handshake_only_costs_the_connection(self):
        c = self.plain()
        c.command("STARTTLS")
        c.send(b"a NOOP\r\n" * 100)
        try:
            while c.socket.recv(65536):
                pass
        except ConnectionError:
            pass
        self.connect().command("NOOP")

    def test_a_tls_connection_hung_up_half_way_harms_nobody(self):
        for size in (1, 5, 100, 200):
            with socket.create_connection(
                    ("127.0.0.1", self.server.tls_port)) as s:
                s.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
                          + bytes(size))
        self.connect().command("NOOP")


class TlsTest(ServerTest):
    def handshake(self, context, name="localhost"):
        """(version, DER certificate, session was resumed)"""
        s = context.wrap_socket(
            socket.create_connection(("127.0.0.1", self.server.tls_port), 60),
            server_hostname=name)
        with s:
            s.recv(100)
            return s.version(), s.getpeercert(True), s.session_reused

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                              (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            context = self.server.tls()
            context.minimum_version = context.maximum_version = version
            self.assertEqual(self.handshake(context)[0], name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
                context = self.context()
                context.set_ciphers("ALL:@SECLEVEL=0")
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = version
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    self.handshake(context)

    def test_weak_ciphers_are_refused(self):
        context = self.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        for cipher in ("NULL", "aNULL", "3DES", "RC4", "EXPORT"):
            try:
                context.set_ciphers(cipher + ":@SECLEVEL=0")
            except ssl.SSLError:
                continue  # not even this client has it
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                self.handshake(context)

    def test_sessions_are_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.server.tls()
            context.minimum_version = context.maximum_version = version
            c = self.server.connect()
            c.close()
            first = Connection(self.server.tls_port, context)
            first.login(self.user, self.password)
            session = first.socket.session
            first.command("LOGOUT")
            first.close()
            self.assertTrue(session.has_ticket)
            again = context.wrap_socket(
                socket.create_connection(
                    ("127.0.0.1", self.server.tls_port), 60),
                server_hostname="localhost", session=session)
            with again:
                self.assertTrue(again.session_reused)
                # Resumed or not, a log-in is needed.
                self.assertTrue(again.recv(1000).startswith(b"* OK"))
                again.sendall(b"a SELECT INBOX\r\n")
                self.assertIn(b"a BAD", again.recv(1000))

    # -- SCRAM

    def test_scram_logs_in_with_and_without_channel_binding(self):
        c = self.server.connect()
        self.addCleanup(c.close)
        self.assertLessEqual({"AUTH=SCRAM-SHA-256"}, capabilities(c))
        self.assertEqual(scram.login(c, self.user, self.password).status,
                         "OK")
        c.append("INBOX", mail.simple(1))

    @only_roost
    def test_scram_plus_binds_to_the_tls_connection(self):
        self.assertIn("AUTH=SCRAM-SHA-256-PLUS",
                      capabilities(self.server.connect()))
        # RFC 9266: the binding of TLS 1.3.
        s = scram.ExportingSocket(self.server.tls_port)
        c = Connection.__new__(Connection)
        c.socket, c.input, c.count, c.unsolicited = s, bytearray(), 0, []
        self.addCleanup(c.close)
        c.response()
        reply = scram.login(c, self.user, self.password, "tls-exporter",
                            s.exporter())
        self.assertEqual(reply.status, "OK")
        c.append("INBOX", mail.simple(1))
        # RFC 5929 section 4: the hash of the certificate.
        c = self.server.connect()
        self.addCleanup(c.close)
        digest = hashlib.sha256(c.socket.getpeercert(True)).digest()
        reply = scram.login(c, self.user, self.password,
                            "tls-server-end-point", digest)
        self.assertEqual(reply.status, "OK")
        # RFC 5929 section 3: only of TLS 1.2.
        context = self.server.tls()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        c = Connection(self.server.tls_port, context)
        self.addCleanup(c.close)
        reply = scram.login(c, self.user, self.password, "tls-unique",
                            c.socket.get_channel_binding("tls-unique"))
        self.assertEqual(reply.status, "OK")

    @only_roost
    def test_scram_refuses_what_is_forged(self):
        def flip(proof):
            return bytes([proof[0] ^ 1]) + proof[1:]
        for what, how in {
                "another connection's binding": dict(
                    binding_name="tls-server-end-point", binding=bytes(32)),
                "an unknown kind of binding": dict(
                    binding_name="tls-nonsense", binding=bytes(32)),
                # RFC 5802 section 6: the client could, and was told by a man
                # in the middle that the server could not.
                "a downgrade": dict(gs2="y,,"),
                "a wrong proof": dict(change=flip),
                "an empty proof": dict(change=lambda proof: b""),
                "another's name": dict(gs2="n,a=somebody,"),
        }.items():
            with self.subTest(what):
                c = self.server.connect()
                self.addCleanup(c.close)
                reply = scram.login(c, self.user, self.password, **how)
                self.assertIn(reply.status, ("NO", "BAD"))
                c.command("SELECT INBOX", want="BAD")
        for user, password in ((self.user, "wrong"), ("nobody", "wrong")):
            c = self.server.connect()
            self.addCleanup(c.close)
            reply = scram.login(c, user, password)
            self.assertEqual((reply.status, reply.code),
                             ("NO", "AUTHENTICATIONFAILED"))


@only_roost
class CertificatesTest(ServerTest):
    """Two names; the second certificate is replaced while the server runs."""

    @classmethod
    def setUpClass(cls):
        from harness import RoostServer
        cls.server = RoostServer()
        cls.second = make_certificate(cls.server.folder, "mail.example.org",
                                      "*.example.net")
        cls.server.certificates.append(cls.second)
        cls.server.write_config()
        cls.server.start()

    def shown(self, name):
        """The certificate the server shows to a client that asks for it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(
                socket.create_connection(
                    ("127.0.0.1", self.server.tls_port), 60),
                server_hostname=name) as s:
            return s.getpeercert(True)

    def der(self, path):
        return ssl.PEM_cert_to_DER_cert(path.read_text())

    def test_each_name_has_its_certificate(self):
        first, second = self.der(self.server.certificate), self.der(
            self.second[0])
        for name, want in (("localhost", first), ("LocalHost", first),
                           ("mail.example.org", second),
                           ("MAIL.example.ORG", second),
                           ("any.example.net", second),
                           ("a.b.example.net", first), ("other", first),
                           (None, first)):
            self.assertEqual(self.shown(name), want, name)
        c = Connection(self.server.tls_port,
                       client_context(self.second[0]), "mail.example.org")
        self.addCleanup(c.close)
        c.login(self.user, self.password)

    def test_reload_changes_the_certificate_and_drops_nobody(self):
        old = self.der(self.server.certificate)
        c, idler = self.connect(), self.connect()
        c.select("INBOX")
        idler.select("INBOX")
        tag = idler.idle()
        fresh = self.work / "fresh"
        fresh.mkdir()
        certificate, key = make_certificate(fresh, "localhost")
        shutil.move(key, self.server.key)
        os.replace(certificate, self.server.certificate)
        new = self.der(self.server.certificate)
        self.assertNotEqual(old, new)
        self.server.reload()
        wait_until(lambda: self.shown("localhost") == new,
                   "the new certificate is shown")
        # Those from before go on.
        c.append("INBOX", mail.simple(1))
        idler.wait_for(lambda r: r.name == "EXISTS")
        idler.done(tag)
        self.assertEqual(self.contents("INBOX", idler),
                         [(set(), mail.simple(1))])
        self.connect().command("NOOP")

    def bad_pairs(self):
        """{what: function that spoils the second pair's files}."""
        certificate, key = self.second
        other, other_key = make_certificate(self.work, "mail.example.org")

        def write(path, data):
            return lambda: path.write_bytes(data)
        half = certificate.read_bytes()[:200]
        der = self.der(certificate)
        return {
            "rubbish": write(certificate, b"this is no certificate\n"),
            "bytes": write(certificate, bytes(range(256)) * 64),
            "nothing": write(certificate, b""),
            "half of it": write(certificate, half),
            "DER": write(certificate, der),
            "removed": certificate.unlink,
            "a folder": lambda: (certificate.unlink(), certificate.mkdir()),
            "another certificate": write(certificate, other.read_bytes()),
            "another key": write(key, other_key.read_bytes()),
            "a key of rubbish": write(key, b"this is no key\n"),
            "no key": key.unlink,
            "the certificate as the key": write(
                key, certificate.read_bytes()),
        }

    def put_back(self, good):
        for path, data in good.items():
            if path.is_dir():
                path.rmdir()
            path.write_bytes(data)
            give_away(path)

    def test_a_bad_certificate_is_not_taken_at_reload(self):
        good = {path: path.read_bytes() for path in self.second}
        self.addCleanup(self.put_back, good)
        shown = self.shown("mail.example.org")
        c = self.connect()
        for what, spoil in self.bad_pairs().items():
            with self.subTest(what):
                mark = self.server.log_mark()
                spoil()
                self.server.reload()
                named = self.server.wait_for_log(
                    lambda line: " error " in line
                    and "mail.example.org" in line, mark)
                self.assertRegex(named, r"mail\.example\.org\.(pem|key)")
                self.server.wait_for_log(
                    lambda line: " error reload " in line
                    and "stay as they were" in line, mark)
                self.assertEqual(self.shown("mail.example.org"), shown)
                self.assertEqual(self.shown("localhost"),
                                 self.der(self.server.certificate))
                c.command("NOOP")
                self.put_back(good)
        mark = self.server.log_mark()
        self.server.reload()
        self.server.wait_for_log(lambda line: " info reload " in line, mark)
        self.assertEqual(self.shown("mail.example.org"), shown)

    def test_a_wrong_file_is_not_taken_at_reload(self):
        """Whatever is wrong with it: the server goes on as before, says so,
        and takes up the right file afterwards."""
        self.addCleanup(self.server.write_config)
        shown = self.shown("mail.example.org")
        right = self.server.config.read_text()
        c, idler = self.connect(), self.connect()
        idler.select("INBOX")
        tag = idler.idle()
        for what, text in {
            "an unknown setting": right + "nonsense = 1\n",
            "a wrong value": right + "log_level = loud\n",
            "an open bracket": right + 'listen "x" {\n',
            "an open string": right + 'server_name = "x\n',
            "bytes": "\0\1\2" * 100,
        }.items():
            with self.subTest(what):
                mark = self.server.log_mark()
                self.server.config.write_text(text)
                self.server.reload()
                self.server.wait_for_log(
                    lambda line: " error mistake " in line, mark)
                self.server.wait_for_log(
                    lambda line: " error reload " in line
                    and "stay as they were" in line, mark)
                self.assertEqual(self.shown("mail.example.org"), shown)
                c.append("INBOX", mail.simple(1))
                idler.wait_for(lambda r: r.name == "EXISTS")
        self.server.write_config()
        mark = self.server.log_mark()
        self.server.reload()
        self.server.wait_for_log(lambda line: " info reload " in line, mark)
        idler.done(tag)

    def test_nothing_of_a_reload_is_taken_with_a_bad_certificate(self):
        """A reload with a bad certificate changes nothing else: neither
        log_level nor the paths for the next reload."""
        before = self.server.settings, self.server.certificates
        self.addCleanup(self.server.write_config)
        self.addCleanup(setattr, self.server, "certificates", before[1])
        self.addCleanup(setattr, self.server, "settings", before[0])
        rubbish = self.server.folder / "rubbish.pem"
        rubbish.write_text("this is no certificate")
        self.server.settings += "log_level = error\n"
        self.server.certificates = [(rubbish, rubbish)]
        self.server.write_config()
        mark = self.server.log_mark()
        self.server.reload()
        self.server.wait_for_log(
            lambda line: " reload " in line and "stay as they were" in line,
            mark)
        self.server.settings, self.server.certificates = before
        self.server.write_config()
        mark = self.server.log_mark()
        self.server.reload()
        # With log_level = error this line would not be there.
        self.server.wait_for_log(
            lambda line: " info reload " in line and "are taken up" in line,
            mark)


@only_roost
class PlainOnLoopbackTest(ServerTest):
    settings = "plain_on_loopback = yes\n"

    def test_passwords_go_without_tls_where_the_settings_say_so(self):
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        announced = capabilities(c)
        self.assertIn("AUTH=PLAIN", announced)
        self.assertNotIn("LOGINDISABLED", announced)
        # There is nothing to bind to.
        self.assertNotIn("AUTH=SCRAM-SHA-256-PLUS", announced)
        with self.assertRaises((Closed, AssertionError)):
            c.command("LOGIN", self.user, "wrong")
        c.login(self.user, self.password)
        c.append("INBOX", mail.simple(1))
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        self.assertEqual(scram.login(c, self.user, self.password).status,
                         "OK")
