# SPDX-License-Identifier: Apache-2.0
"""The rows of JMAP, over HTTPS with one connection that is kept. Dovecot has no
JMAP: its column stays empty."""
import base64
import http.client
import json
import ssl
import time

import servers
from rows import RowFailed

# What a list shows of each mail.
LIST = ['threadId', 'mailboxIds', 'keywords', 'size', 'receivedAt', 'from',
        'to', 'subject', 'preview', 'hasAttachment']
USING = ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail']


class Client:
    def __init__(self, side, user):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.connection = http.client.HTTPSConnection(
            '127.0.0.1', side.web_port, timeout=60, context=context)
        login = base64.b64encode(
            f'{user}:{servers.PASSWORD}'.encode()).decode()
        self.headers = {'Host': 'localhost',
                        'Authorization': 'Basic ' + login,
                        'Content-Type': 'application/json'}
        self.account, = self.ask('GET', '/jmap/session')['accounts']

    def ask(self, method, path, body=None):
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RowFailed(f'{path}: {answer.status} {text[:200]}')
        return json.loads(text)

    def calls(self, *calls):
        """(name, arguments) each; gives the milliseconds and the answers."""
        body = json.dumps({'using': USING, 'methodCalls': [
            [name, dict(arguments, accountId=self.account), str(i)]
            for i, (name, arguments) in enumerate(calls)]})
        begun = time.perf_counter()
        answer = self.ask('POST', '/jmap/api', body)
        ms = (time.perf_counter() - begun) * 1000
        results = [arguments for _, arguments, _ in answer['methodResponses']]
        for result in results:
            if 'type' in result:
                raise RowFailed(f'JMAP: {result}')
        return ms, results


def list_calls(inbox, **more):
    return (('Email/query', dict({
        'filter': {'inMailbox': inbox}, 'limit': 50,
        'sort': [{'property': 'receivedAt', 'isAscending': False}]}, **more)),
            ('Email/get', {'properties': LIST, '#ids': {
                'resultOf': '0', 'name': 'Email/query', 'path': '/ids'}}))


class JmapRows:
    """A part of Bench."""

    def jmap(self):
        first = self.row('jmap.list', 'JMAP, the first 50 of '
                         f'{self.big:,}, with what a list shows', 'ms')
        threads = self.row('jmap.threads', '  by threads, and their number',
                           'ms')
        changes = self.row('jmap.changes',
                           'JMAP, Email/changes after one new mail', 'ms')
        query = self.row('jmap.query_changes',
                         '  and Email/queryChanges by threads', 'ms')

        def one(side):
            client = Client(side, 'big')
            _, (boxes,) = client.calls(('Mailbox/query', {
                'filter': {'role': 'inbox'}}))
            plain = list_calls(boxes['ids'][0])
            folded = list_calls(boxes['ids'][0], collapseThreads=True,
                                calculateTotal=True)
            for row, calls in ((first, plain), (threads, folded)):
                client.calls(*calls)
                row.add(side.name, *(client.calls(*calls)[0]
                                     for _ in range(20)))
            for _ in range(10):
                self.one_more(side, client, folded[0], changes, query)
        for side in self.turns(2):
            if side.name == 'roost':
                self.each(side, one)

    def one_more(self, side, client, folded, changes, query):
        """One new mail, and what asking for the changes takes."""
        _, (before,) = client.calls(folded)
        state = before['queryState']
        self.load(side, 'fill', user='big', mailbox='INBOX',
                  corpus=self.corpus, count=1)
        ms, (got,) = client.calls(('Email/changes', {'sinceState': state}))
        if len(got['created']) != 1:
            raise RowFailed(f'JMAP: {got}')
        changes.add(side.name, ms)
        again = {key: folded[1][key] for key in (
            'filter', 'sort', 'collapseThreads', 'calculateTotal')}
        query.add(side.name, client.calls(
            ('Email/queryChanges', dict(again, sinceQueryState=state)))[0])
