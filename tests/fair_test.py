# SPDX-License-Identifier: Apache-2.0
"""One user keeps forty connections busy with the heaviest commands there are;
another one hardly notices.

Nothing here is measured by a clock. The heavy connections have far more
commands in the pipe than the server can do while the test lasts, and the test
counts how many of them are finished while the other user does something. A
server that serves one connection after another finishes a command of each
heavy connection, or more, for every answer that the other user gets."""

import base64
import random

import mail
from harness import only_roost, wait_until
from imap_client import Connection
from post import PostTest

HEAVY = 40      # connections
IN_PIPE = 300   # commands on each
MESSAGES = 30
LINES = 1500    # of each message
ROUNDS = 50     # of the other user
# How many heavy commands may be finished for each answer to the other user:
# half of what it would be if each connection had its turn.
FINISHED_MAX = HEAVY // 2


def long_text(number):
    words = random.Random(number)
    return mail.simple(number, body="".join(
        "%x %x %x %x\r\n" % tuple(words.getrandbits(48) for _ in range(4))
        for _ in range(LINES)))


def attachment():
    data = random.Random(1).randbytes(2 << 20)
    body = base64.encodebytes(data).replace(b"\n", b"\r\n")
    return (b"Subject: attachment\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + body)


def heavy_list():
    many = " ".join("NOT TEXT nothing%d" % n for n in range(1000))
    fields = " ".join("NOT HEADER X-%d z" % n for n in range(1000))
    pieces = " ".join("BINARY.PEEK[1]<%d.1>" % (n * 7919) for n in range(200))
    names = " ".join("X-Not-There-%d" % n for n in range(500))
    return [
        'SEARCH TEXT "nothing like this"',
        'SEARCH BODY "nothing like this"',
        "SEARCH " + many,
        "SEARCH " + fields,
        "SORT (SUBJECT REVERSE DATE FROM TO) UTF-8 TEXT nothing",
        "THREAD REFERENCES UTF-8 TEXT nothing",
        "FETCH %d (%s)" % (MESSAGES + 1, pieces),
        "FETCH 1:* (BODY.PEEK[HEADER.FIELDS (%s)]<0.1>)" % names,
        "STORE 1:* +FLAGS.SILENT ($Busy)",
        "STORE 1:* -FLAGS.SILENT ($Busy)",
        "COPY 1:%d Copies" % MESSAGES,
        'LIST "" (%s)' % " ".join('"*%%a%d*%%"' % n for n in range(100)),
    ]


class Crowd:
    """The heavy user's connections."""

    def __init__(self, server, user, password):
        self.connections = []
        commands = heavy_list()
        for n in range(HEAVY):
            connection = Connection(server.port)
            connection.login(user, password)
            connection.select("INBOX")
            connection.socket.setblocking(False)
            # Each begins at another place of the list.
            line = "".join("h %s\r\n" % commands[(n + i) % len(commands)]
                           for i in range(IN_PIPE)).encode()
            self.connections.append([connection, line])
        self.finished = 0
        self.pump()

    def pump(self):
        """Sends what the server takes, reads what there is, and gives the
        number of commands that were finished since the last call."""
        finished = 0
        for entry in self.connections:
            connection, unsent = entry
            while unsent:
                try:
                    sent = connection.socket.send(unsent)
                except BlockingIOError:
                    break
                unsent = unsent[sent:]
            entry[1] = unsent
            while True:
                try:
                    data = connection.socket.recv(1 << 18)
                except BlockingIOError:
                    break
                if not data:
                    raise AssertionError("the server closed a connection")
                connection.input += data
            finished += connection.input.count(b"\r\nh ")
            # What is counted is dropped; the rest may be a beginning.
            del connection.input[:-3]
        self.finished += finished
        return finished

    def close(self):
        for entry in self.connections:
            entry[0].close()


@only_roost
class FairTest(PostTest):
    settings = "plain_on_loopback = yes\n"

    def setUp(self):
        super().setUp()
        user, password, _ = self.another()
        c = self.connect(user=user, password=password)
        for number in range(MESSAGES):
            c.append("INBOX", long_text(number))
        c.append("INBOX", attachment())
        c.command("CREATE Copies")
        for n in range(100):
            c.command("CREATE a%d" % n)
        self.crowd = Crowd(self.server, user, password)
        self.addCleanup(self.crowd.close)
        # They are at work.
        wait_until(lambda: self.crowd.pump() > 0, "a heavy command is done")

    def check(self, what, answers, finished):
        self.assertLess(finished, FINISHED_MAX * answers,
                        "%s: heavy commands were served first" % what)
        self.assertLess(self.crowd.finished, HEAVY * IN_PIPE,
                        "the crowd was done too early to tell anything")

    def test_another_user_is_served_meanwhile(self):
        self.crowd.pump()
        light = self.connect()
        light.select("INBOX")
        # A log-in is four answers, and hashes a password.
        self.check("log-in", 20, self.crowd.pump())

        for number in range(ROUNDS):
            light.command("NOOP")
            if number % 5 == 0:
                light.append("INBOX", mail.simple(number))
            light.command("UID FETCH 1:* (FLAGS BODY.PEEK[])")
            light.command('UID SEARCH SUBJECT "x"')
        self.check("commands", 3 * ROUNDS, self.crowd.pump())

        tag = light.start("IDLE")
        light.continuation(tag)
        lmtp = self.lmtp()
        lmtp.message("ann@example.net", [self.address], mail.simple(99))
        while light.response().name != "EXISTS":
            pass
        light.send("DONE\r\n")
        light.finish(tag)
        self.check("delivery", 10, self.crowd.pump())

    def test_the_heavy_user_is_served_too(self):
        """Its commands are slow, but all kinds of them are done, by all
        connections, while another user works all the time."""
        light = self.connect()
        light.select("INBOX")
        wanted = self.crowd.finished + 3 * HEAVY

        def done():
            light.command("NOOP")
            self.crowd.pump()
            return self.crowd.finished >= wanted

        wait_until(done, "the heavy user's commands are done", 600)
