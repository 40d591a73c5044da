// SPDX-License-Identifier: Apache-2.0
// imapflow does a day's work; every result is checked. One test a function;
// prints "ok NAME", or "not ok NAME" and why.
// Arguments: port, user, password, file with the certificate.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ImapFlow } from 'imapflow';

const [port, user, pass, certificate] = process.argv.slice(2);
const ca = readFileSync(certificate);

function client(options = {}) {
	const imap = new ImapFlow({
		host: 'localhost', port: Number(port), secure: true,
		tls: { ca, servername: 'localhost' },
		auth: { user, pass }, logger: false, ...options,
	});
	imap.on('error', (error) => { throw error; });
	return imap;
}

async function connected(options) {
	const imap = client(options);
	await imap.connect();
	return imap;
}

function message(n, body = `Body of number ${n}.`) {
	return Buffer.from([
		'From: "Ann, A." <ann@example.org>', 'To: bob@example.net',
		`Subject: =?utf-8?Q?N=C3=BAmber?= ${n}`,
		`Message-ID: <f${n}@example.org>`,
		'Date: Thu, 01 Feb 2024 10:20:30 +0000', 'MIME-Version: 1.0',
		'Content-Type: multipart/mixed; boundary=cut', '',
		'--cut', 'Content-Type: text/plain; charset=utf-8', '', body, '',
		'--cut', 'Content-Type: application/octet-stream; name=data.bin',
		'Content-Disposition: attachment; filename=data.bin',
		'Content-Transfer-Encoding: base64', '', 'AAECAwQFBgc=', '',
		'--cut--', '',
	].join('\r\n'));
}

async function all(iterator) {
	const found = [];
	for await (const item of iterator)
		found.push(item);
	return found;
}

// Resolves when the event comes; rejects after a minute.
function event(imap, name, wanted = () => true) {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(
			() => reject(new Error(`no ${name} came`)), 60000);
		function listener(data) {
			if (!wanted(data))
				return;
			clearTimeout(timer);
			imap.off(name, listener);
			resolve(data);
		}
		imap.on(name, listener);
	});
}

const tests = {
	async 'mailboxes are made, listed, renamed and deleted'(imap) {
		const made = await imap.mailboxCreate(['Flow', 'Grüße', '日本']);
		assert.equal(made.path, 'Flow/Grüße/日本');
		assert.ok(made.created);
		const list = await imap.list({
			statusQuery: { messages: true, uidNext: true } });
		const paths = list.map((box) => box.path);
		assert.ok(paths.includes('Flow/Grüße/日本'), paths.join());
		const uses = Object.fromEntries(
			list.filter((b) => b.specialUse).map((b) => [b.specialUse, b.path]));
		assert.equal(uses['\\Sent'], 'Sent');
		assert.equal(uses['\\Trash'], 'Trash');
		assert.equal(list.find((b) => b.path === 'INBOX').status.messages, 0);
		const renamed = await imap.mailboxRename('Flow/Grüße', 'Flow/Новое');
		assert.equal(renamed.newPath, 'Flow/Новое');
		const status = await imap.status('Flow/Новое/日本', { messages: true });
		assert.equal(status.messages, 0);
		await imap.mailboxSubscribe('Flow/Новое/日本');
		await imap.mailboxDelete('Flow/Новое/日本');
		assert.ok(!(await imap.list()).some((b) => b.path.endsWith('日本')));
	},

	async 'messages are appended and fetched whole and in parts'(imap) {
		for (let n = 1; n <= 12; n++) {
			const done = await imap.append('INBOX', message(n),
				n % 3 ? ['\\Seen'] : ['$Work'], new Date('2024-02-03T04:05:06Z'));
			assert.equal(done.uid, n);
		}
		const lock = await imap.getMailboxLock('INBOX');
		try {
			assert.equal(imap.mailbox.exists, 12);
			assert.equal(imap.mailbox.uidNext, 13);
			const found = await all(imap.fetch('1:*', {
				uid: true, flags: true, envelope: true, bodyStructure: true,
				internalDate: true, size: true, source: true,
				headers: ['message-id', 'subject'], bodyParts: ['1', '2'],
				threadId: true,
			}));
			assert.equal(found.length, 12);
			for (const item of found) {
				const n = item.uid;
				assert.deepEqual(item.source, message(n));
				assert.equal(item.size, message(n).length);
				assert.equal(item.envelope.subject, `Númber ${n}`);
				assert.equal(item.envelope.messageId, `<f${n}@example.org>`);
				assert.equal(item.envelope.from[0].name, 'Ann, A.');
				assert.equal(item.envelope.from[0].address, 'ann@example.org');
				assert.equal(item.envelope.date.toISOString(),
					'2024-02-01T10:20:30.000Z');
				assert.equal(item.internalDate.toISOString(),
					'2024-02-03T04:05:06.000Z');
				assert.deepEqual([...item.flags].filter((f) => f !== '\\Recent'),
					n % 3 ? ['\\Seen'] : ['$Work']);
				assert.equal(item.bodyStructure.type, 'multipart/mixed');
				const [text, data] = item.bodyStructure.childNodes;
				assert.equal(text.type, 'text/plain');
				assert.equal(text.parameters.charset, 'utf-8');
				assert.equal(data.disposition, 'attachment');
				assert.equal(data.dispositionParameters.filename, 'data.bin');
				assert.equal(data.encoding, 'base64');
				assert.equal(item.bodyParts.get('1').toString(),
					`Body of number ${n}.\r\n`);
				assert.equal(item.bodyParts.get('2').toString(),
					'AAECAwQFBgc=\r\n');
				assert.match(item.headers.toString(),
					new RegExp(`message-id: <f${n}@example.org>`, 'i'));
				assert.ok(item.emailId, 'an email id');
				assert.ok(item.threadId, 'a thread id');
			}
		} finally {
			lock.release();
		}
	},

	async 'a part is downloaded and decoded'(imap) {
		const lock = await imap.getMailboxLock('INBOX');
		try {
			const { meta, content } = await imap.download('3', '2', { uid: true });
			assert.equal(meta.filename, 'data.bin');
			const pieces = await all(content);
			assert.deepEqual(Buffer.concat(pieces),
				Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]));
			const whole = await imap.download('3', undefined, {
				uid: true, chunkSize: 100 });
			assert.deepEqual(Buffer.concat(await all(whole.content)), message(3));
		} finally {
			lock.release();
		}
	},

	async 'flags, searches, copies and moves'(imap) {
		await imap.mailboxCreate('Filed');
		const lock = await imap.getMailboxLock('INBOX');
		try {
			assert.ok(await imap.messageFlagsAdd('1:4', ['\\Flagged', 'flow'],
				{ uid: true }));
			assert.ok(await imap.messageFlagsRemove('2', ['\\Flagged'], { uid: true }));
			assert.ok(await imap.messageFlagsSet('4', ['\\Answered'], { uid: true }));
			assert.deepEqual(await imap.search({ flagged: true }, { uid: true }), [1, 3]);
			assert.deepEqual(await imap.search({ keyword: 'flow' }, { uid: true }), [1, 2, 3]);
			assert.deepEqual(await imap.search({ answered: true }, { uid: true }), [4]);
			assert.deepEqual(await imap.search(
				{ subject: 'númber 1', uid: '1:9' }, { uid: true }), [1]);
			assert.deepEqual(await imap.search({ body: 'of number 12.' },
				{ uid: true }), [12]);
			assert.deepEqual(await imap.search({ or: [{ uid: 5 }, { uid: 7 }] },
				{ uid: true }), [5, 7]);
			assert.deepEqual(await imap.search({ header: { 'message-id': 'f6@' } },
				{ uid: true }), [6]);
			const copied = await imap.messageCopy('1:3', 'Filed', { uid: true });
			assert.deepEqual([...copied.uidMap], [[1, 1], [2, 2], [3, 3]]);
			const moved = await imap.messageMove('5,6', 'Filed', { uid: true });
			assert.deepEqual([...moved.uidMap], [[5, 4], [6, 5]]);
			assert.ok(await imap.messageDelete('7', { uid: true }));
			assert.deepEqual((await all(imap.fetch('1:*', { uid: true }))).map(
				(item) => item.uid), [1, 2, 3, 4, 8, 9, 10, 11, 12]);
			assert.equal(await imap.messageCopy('1', 'Nowhere', { uid: true })
				.catch(() => false), false);
		} finally {
			lock.release();
		}
		const filed = await imap.getMailboxLock('Filed', { readOnly: true });
		try {
			const found = await all(imap.fetch('1:*', {
				uid: true, flags: true, source: true }));
			assert.deepEqual(found.map((item) => item.source),
				[1, 2, 3, 5, 6].map((n) => message(n)));
			assert.ok(found[0].flags.has('\\Flagged') && found[0].flags.has('flow'));
			assert.ok(!found[1].flags.has('\\Flagged'));
		} finally {
			filed.release();
		}
	},

	async 'IDLE tells of new mail, flags and expunges'(imap) {
		const watcher = await connected();
		await watcher.mailboxOpen('INBOX');
		const before = watcher.mailbox.exists;
		const idling = watcher.idle();
		let waiting = event(watcher, 'exists');
		await imap.append('INBOX', message(50));
		assert.equal((await waiting).count, before + 1);
		const lock = await imap.getMailboxLock('INBOX');
		try {
			waiting = event(watcher, 'flags', (data) => data.flags.has('$Seen2'));
			await imap.messageFlagsAdd({ uid: '13' }, ['$Seen2']);
			assert.ok((await waiting).flags.has('$Seen2'));
			waiting = event(watcher, 'expunge');
			await imap.messageDelete({ uid: '13' });
			const gone = await waiting;
			assert.ok(gone.seq === before + 1 || gone.uid === 13);
		} finally {
			lock.release();
		}
		await watcher.noop();
		await idling;
		await watcher.logout();
	},

	async 'QRESYNC tells what happened meanwhile'(imap) {
		const first = await connected({ qresync: true });
		let box = await first.mailboxOpen('INBOX');
		assert.ok(first.enabled.has('QRESYNC') || first.enabled.has('CONDSTORE'));
		const { highestModseq: changedSince, uidValidity } = box;
		assert.ok(changedSince > 0n);
		await first.logout();
		const lock = await imap.getMailboxLock('INBOX');
		try {
			await imap.messageFlagsAdd({ uid: '8' }, ['while-away']);
			await imap.messageDelete({ uid: '9,10' });
		} finally {
			lock.release();
		}
		const again = await connected({ qresync: true });
		const gone = [], changed = [];
		again.on('expunge', (data) => gone.push(data.uid));
		again.on('flags', (data) => changed.push(data.uid));
		box = await again.mailboxOpen('INBOX', { changedSince, uidValidity });
		assert.ok(box.highestModseq > changedSince);
		assert.deepEqual(gone.sort((a, b) => a - b), [9, 10]);
		assert.deepEqual(changed, [8]);
		const since = await all(again.fetch('1:*',
			{ uid: true, flags: true }, { changedSince }));
		assert.deepEqual(since.map((item) => item.uid), [8]);
		assert.ok(since[0].flags.has('while-away'));
		assert.ok(since[0].modseq > changedSince);
		await again.logout();
	},

	async 'a wrong password is told as such'() {
		const wrong = client({ auth: { user, pass: 'wrong' } });
		await assert.rejects(wrong.connect(),
			(error) => error.authenticationFailed === true);
	},

	async 'a megabyte through compression'(imap) {
		const big = message(60, 'A rather long line of text.\r\n'.repeat(40000));
		await imap.append('Filed', big);
		const lock = await imap.getMailboxLock('Filed');
		try {
			const item = await imap.fetchOne('*', { source: true });
			assert.ok(item.source.equals(big));
		} finally {
			lock.release();
		}
	},
};

let failed = 0;
const imap = await connected();
for (const [name, test] of Object.entries(tests)) {
	try {
		await test(imap);
		console.log(`ok ${name}`);
	} catch (error) {
		failed++;
		console.log(`not ok ${name}\n${error.stack}`);
	}
}
await imap.logout();
process.exit(failed ? 1 : 0);
