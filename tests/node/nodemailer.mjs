// SPDX-License-Identifier: Apache-2.0
// nodemailer sends what its users send; senders_test.py looks at what arrives.
// One test a function; prints "ok NAME", or "not ok NAME" and why.
// Arguments: submission port, submissions port, user, password, sender's
// address, recipient's address, file with the certificate.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import nodemailer from 'nodemailer';

const [starttls, implicit, user, pass, from, to, certificate] =
	process.argv.slice(2);
const ca = readFileSync(certificate);

function transport(options = {}) {
	const secure = options.secure ?? false;
	return nodemailer.createTransport({
		host: 'localhost', port: Number(secure ? implicit : starttls),
		secure, requireTLS: true, tls: { ca, servername: 'localhost' },
		auth: { user, pass }, ...options,
	});
}

const blob = Buffer.alloc(300000, Buffer.from('0123456789\r\n.\r\n\0\xff'));

const tests = {
	async starttls() {
		const mailer = transport();
		await mailer.verify();
		const sent = await mailer.sendMail({
			from, to, subject: 'node starttls', text: 'Hello\n.\n..\n',
		});
		assert.match(sent.response, /^250 2\./);
		assert.deepEqual(sent.accepted, [to]);
	},

	async 'implicit tls and each mechanism'() {
		for (const authMethod of ['PLAIN', 'LOGIN']) {
			const mailer = transport({ secure: true, authMethod });
			await mailer.sendMail({
				from, to, subject: `node ${authMethod}`, text: 'x',
			});
		}
	},

	async 'cram is refused'() {
		const mailer = transport({ authMethod: 'CRAM-MD5' });
		await assert.rejects(mailer.verify(),
			(error) => error.responseCode === 504);
	},

	async 'a wrong password is refused'() {
		const mailer = transport({ auth: { user, pass: 'wrong' } });
		await assert.rejects(mailer.verify(),
			(error) => error.responseCode === 535);
	},

	async 'attachments, html and a hidden copy'() {
		await transport().sendMail({
			from: { name: 'Żółw, A.', address: from }, to,
			bcc: from, subject: 'node attachments: grüße',
			text: 'Grüße', html: '<p>Grüße <img src="cid:i@x"></p>',
			attachments: [
				{ filename: 'blob ü.bin', content: blob },
				{ filename: 'i.png', content: blob.subarray(0, 99), cid: 'i@x' },
			],
		});
	},

	async 'eight bits by 8BITMIME'() {
		await transport().sendMail({
			envelope: { from, to, use8BitMime: true },
			raw: `From: ${from}\r\nSubject: node 8bit\r\n\r\nżółw\r\n`,
		});
	},

	async 'a pool of connections'() {
		const mailer = transport({ pool: true, maxConnections: 3 });
		await Promise.all(Array.from({ length: 30 }, (_, n) =>
			mailer.sendMail({ from, to, subject: `node pool ${n}`, text: 'x' })));
		mailer.close();
	},

	async 'delivery status on request'() {
		await transport().sendMail({
			from, to, subject: 'node dsn', text: 'x',
			dsn: {
				id: 'dsn id+1', return: 'headers', recipient: from,
				notify: ['success', 'failure'],
			},
		});
	},

	async 'addresses beyond ascii'() {
		const sent = await transport().sendMail({
			from, to: 'żółw@example.test', subject: 'node utf8', text: 'x',
		});
		assert.deepEqual(sent.accepted, ['żółw@example.test']);
	},

	async 'an unknown one among known ones'() {
		const sent = await transport().sendMail({
			from, to: [to, 'nobody@example.test'],
			subject: 'node half', text: 'x',
		});
		assert.deepEqual(sent.accepted, [to]);
		assert.deepEqual(sent.rejected, ['nobody@example.test']);
		assert.equal(sent.rejectedErrors[0].responseCode, 550);
	},

	async 'somebody else as the sender is refused'() {
		await assert.rejects(transport().sendMail({
			from: 'nobody@example.test', to, subject: 'no', text: 'x',
		}), (error) => error.responseCode === 550);
		await assert.rejects(transport().sendMail({
			envelope: { from, to },
			from: 'nobody@example.test', to, subject: 'no', text: 'x',
		}), (error) => error.responseCode === 550);
	},
};

for (const [name, test] of Object.entries(tests)) {
	try {
		await test();
		console.log(`ok ${name}`);
	} catch (error) {
		console.log(`not ok ${name}: ${error.stack.replaceAll('\n', ' | ')}`);
	}
}
