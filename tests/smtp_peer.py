# SPDX-License-Identifier: Apache-2.0
"""An SMTP server that does what a test tells it, the wrong things included.

    peer = SmtpPeer(listening_socket)
    peer.on_rcpt = lambda peer, address: "550 5.1.1 Nobody" or None
    peer.messages          [(sender, [recipients], bytes), …] taken with 250

A hook gives the reply's line, DROP to hang up without a word, or None for the
usual answer. Each connection has a thread; nothing is on disk.
"""

import socket
import threading

DROP = "drop"


class SmtpPeer:
    def __init__(self, listening, extensions=("PIPELINING", "8BITMIME",
                                              "SMTPUTF8", "DSN"), tls=None):
        self.listening = listening
        self.extensions = list(extensions)
        self.tls = tls
        self.on_connect = self.on_mail = self.on_rcpt = None
        self.on_data = self.on_line = self.on_end = None
        self.messages, self.commands = [], []
        self.connections = 0
        self.changed = threading.Condition()
        self.open = []
        threading.Thread(target=self._accept, daemon=True).start()

    # -- for tests

    def wait_for(self, condition, what, seconds=120):
        """Until condition(self); looked at whenever something happens."""
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self), seconds):
                raise AssertionError("waited %d s in vain: %s" % (
                    seconds, what))

    def wait_for_messages(self, count, seconds=120):
        self.wait_for(lambda p: len(p.messages) >= count,
                      "%d messages, not %d" % (count, len(self.messages)),
                      seconds)
        return self.messages

    def close(self):
        with self.changed:
            # Wakes the thread in accept(), which else keeps the port.
            self.listening.shutdown(socket.SHUT_RDWR)
            self.listening.close()
            for connection in self.open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    # -- the server

    def _accept(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with self.changed:
                self.connections += 1
                self.open.append(connection)
                self.changed.notify_all()
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        session = _Session(self, connection)
        try:
            session.run()
        except (OSError, ValueError, _Gone):
            pass
        finally:
            session.close()
            with self.changed:
                self.open.remove(connection)


class _Gone(Exception):
    pass


class _Session:
    def __init__(self, peer, connection):
        self.peer, self.socket = peer, connection
        self.raw = connection
        self.file = connection.makefile("rb")
        self.secure = False
        self.reset()

    def reset(self):
        self.sender, self.recipients, self.chunks = None, [], b""

    def close(self):
        self.file.close()
        if self.socket is not self.raw:
            self.socket.close()
        self.raw.close()

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")

    def answer(self, hook, usual, *arguments):
        reply = hook(self.peer, *arguments) if hook else None
        if reply == DROP:
            raise _Gone()
        self.say(reply or usual)
        return (reply or usual)[0] in "23"

    def read_line(self):
        line = self.file.readline()
        if not line:
            raise _Gone()
        return line

    def run(self):
        if not self.answer(self.peer.on_connect, "220 peer.test ESMTP"):
            return
        while True:
            line = self.read_line().decode("utf-8", "replace").strip()
            with self.peer.changed:
                self.peer.commands.append(line)
                self.peer.changed.notify_all()
            verb = line.split(" ")[0].upper()
            if verb == "QUIT":
                self.say("221 Bye")
                return
            getattr(self, "do_" + verb.lower(), self.unknown)(line)

    def unknown(self, line):
        self.say("500 5.5.1 No such command")

    def do_ehlo(self, line):
        extensions = list(self.peer.extensions)
        if self.peer.tls and not self.secure:
            extensions.append("STARTTLS")
        lines = ["peer.test"] + extensions
        for one in lines[:-1]:
            self.say("250-" + one)
        self.say("250 " + lines[-1])

    def do_helo(self, line):
        self.say("250 peer.test")

    def do_starttls(self, line):
        self.say("220 Go ahead")
        self.file.close()
        self.socket = self.peer.tls.wrap_socket(self.socket, server_side=True)
        self.file = self.socket.makefile("rb")
        self.secure = True

    def do_rset(self, line):
        self.reset()
        self.say("250 OK")

    do_noop = do_rset

    def address(self, line):
        return line[line.index("<") + 1:line.index(">")]

    def do_mail(self, line):
        sender = self.address(line)
        if self.answer(self.peer.on_mail, "250 2.1.0 OK", sender):
            self.sender = sender

    def do_rcpt(self, line):
        recipient = self.address(line)
        if self.answer(self.peer.on_rcpt, "250 2.1.5 OK", recipient):
            self.recipients.append(recipient)

    def take(self, message):
        if self.answer(self.peer.on_end, "250 2.0.0 Taken", message):
            with self.peer.changed:
                self.peer.messages.append(
                    (self.sender, self.recipients, message))
                self.peer.changed.notify_all()
        self.reset()

    def do_data(self, line):
        if not self.recipients:
            self.say("554 5.5.1 No valid recipients")
            return
        if not self.answer(self.peer.on_data, "354 Go on"):
            self.reset()
            return
        message = b""
        while True:
            line = self.read_line()
            if line == b".\r\n":
                break
            message += line[1:] if line.startswith(b".") else line
            if self.peer.on_line and \
                    self.peer.on_line(self.peer, message) == DROP:
                raise _Gone()
        self.take(message)

    def do_bdat(self, line):
        words = line.split()
        self.chunks += self.file.read(int(words[1]))
        if self.peer.on_line and \
                self.peer.on_line(self.peer, self.chunks) == DROP:
            raise _Gone()
        if words[-1].upper() == "LAST":
            self.take(self.chunks)
        else:
            self.say("250 2.0.0 OK")
