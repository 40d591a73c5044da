// SPDX-License-Identifier: Apache-2.0
// jmap-jam does a day's work by JMAP; every result is checked. One test a
// function; prints "ok NAME", or "not ok NAME" and why.
// Arguments: URL of the session, an access token. The program trusts the
// server's certificate by NODE_EXTRA_CA_CERTS.
import assert from 'node:assert/strict';
import JamClient from 'jmap-jam';

const [sessionUrl, bearerToken] = process.argv.slice(2);
const jam = new JamClient({ sessionUrl, bearerToken });
const accountId = await jam.getPrimaryAccount();
const roles = {};

async function create(email) {
	const [answer] = await jam.api.Email.set({
		accountId, create: { k: email } });
	assert.equal(answer.notCreated ?? null, null);
	return answer.created.k.id;
}

function draft(subject, text, more = {}) {
	return {
		mailboxIds: { [roles.drafts]: true }, keywords: { $draft: true },
		subject, textBody: [{ partId: 't', type: 'text/plain' }],
		bodyValues: { t: { value: text } }, ...more,
	};
}

const tests = {
	async mailboxes() {
		const [{ list }] = await jam.api.Mailbox.get({ accountId });
		for (const { role, id } of list)
			roles[role] = id;
		for (const role of ['inbox', 'drafts', 'sent', 'trash', 'junk'])
			assert.ok(roles[role], role);
	},

	async folders() {
		const [made] = await jam.api.Mailbox.set({
			accountId, create: {
				a: { name: 'Projects' },
				b: { name: '计划', parentId: '#a' },
			} });
		const { a, b } = made.created;
		const [{ list }] = await jam.api.Mailbox.get({
			accountId, ids: [b.id], properties: ['name', 'parentId'] });
		assert.deepEqual(list, [
			{ id: b.id, name: '计划', parentId: a.id }]);
		const [gone] = await jam.api.Mailbox.set({
			accountId, destroy: [b.id, a.id] });
		assert.deepEqual(gone.destroyed, [b.id, a.id]);
	},

	async writing() {
		const id = await create(draft('Grüße', 'Zeile 1\nZeile 2', {
			from: [{ name: 'Анна', email: 'anna@example.org' }],
			to: [{ name: null, email: 'bob@example.net' }] }));
		const [{ list: [email] }] = await jam.api.Email.get({
			accountId, ids: [id], fetchTextBodyValues: true,
			properties: ['subject', 'from', 'to', 'keywords', 'bodyValues',
				'textBody', 'messageId'] });
		assert.equal(email.subject, 'Grüße');
		assert.deepEqual(email.from,
			[{ name: 'Анна', email: 'anna@example.org' }]);
		assert.deepEqual(email.keywords, { $draft: true });
		assert.equal(email.messageId.length, 1);
		assert.equal(email.bodyValues[email.textBody[0].partId].value,
			'Zeile 1\nZeile 2');
	},

	async attachments() {
		const bytes = new Uint8Array(300000).map((_, i) => i * 7);
		const blob = await jam.uploadBlob(accountId,
			new Blob([bytes], { type: 'application/x-test' }));
		assert.equal(blob.size, bytes.length);
		const id = await create(draft('with a file', 'see', { attachments: [
			{ blobId: blob.blobId, type: 'application/x-test',
				name: '数据.bin', disposition: 'attachment' }] }));
		const [{ list: [email] }] = await jam.api.Email.get({
			accountId, ids: [id],
			properties: ['attachments', 'hasAttachment'] });
		assert.equal(email.hasAttachment, true);
		assert.equal(email.attachments[0].name, '数据.bin');
		const answer = await jam.downloadBlob({
			accountId, blobId: email.attachments[0].blobId,
			mimeType: 'application/x-test', fileName: 'data.bin' });
		assert.equal(answer.headers.get('content-type'),
			'application/x-test');
		assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), bytes);
	},

	async searching() {
		await create(draft('needle one', 'haystack',
			{ receivedAt: '2024-01-02T03:04:05Z' }));
		await create(draft('needle two', 'haystack',
			{ receivedAt: '2024-01-03T03:04:05Z' }));
		const [{ query, emails }] = await jam.requestMany((r) => {
			const query = r.Email.query({
				accountId, calculateTotal: true,
				filter: { operator: 'AND', conditions: [
					{ subject: 'NEEDLE' }, { body: 'haystack' }] },
				sort: [{ property: 'receivedAt', isAscending: false }] });
			const emails = r.Email.get({
				accountId, ids: query.$ref('/ids'),
				properties: ['subject'] });
			return { query, emails };
		});
		assert.equal(query.total, 2);
		assert.deepEqual(emails.list.map((one) => one.subject),
			['needle two', 'needle one']);
	},

	async filing() {
		const id = await create(draft('to be filed', 'x'));
		const [before] = await jam.api.Email.get({
			accountId, ids: [id], properties: ['mailboxIds'] });
		await jam.api.Email.set({ accountId, update: { [id]: {
			[`mailboxIds/${roles.drafts}`]: null,
			[`mailboxIds/${roles.archive}`]: true,
			'keywords/$seen': true } } });
		const [changes] = await jam.api.Email.changes({
			accountId, sinceState: before.state });
		assert.deepEqual(changes.updated, [id]);
		const [{ list: [after] }] = await jam.api.Email.get({
			accountId, ids: [id], properties: ['mailboxIds', 'keywords'] });
		assert.deepEqual(after.mailboxIds, { [roles.archive]: true });
		assert.deepEqual(after.keywords, { $seen: true, $draft: true });
		const [gone] = await jam.api.Email.set({ accountId, destroy: [id] });
		assert.deepEqual(gone.destroyed, [id]);
	},

	async threads() {
		const first = await create(draft('thread', 'a',
			{ messageId: ['first@example.org'] }));
		const second = await create(draft('Re: thread', 'b', {
			inReplyTo: ['first@example.org'],
			references: ['first@example.org'] }));
		const [{ emails, threads }] = await jam.requestMany((r) => {
			const emails = r.Email.get({
				accountId, ids: [second], properties: ['threadId'] });
			const threads = r.Thread.get({
				accountId, ids: emails.$ref('/list/*/threadId') });
			return { emails, threads };
		});
		assert.equal(emails.list.length, 1);
		assert.deepEqual(new Set(threads.list[0].emailIds),
			new Set([first, second]));
	},

	async vacation() {
		const [answer] = await jam.api.VacationResponse.set({ accountId,
			update: { singleton: { isEnabled: true, subject: '休假' } } });
		assert.ok('singleton' in answer.updated);
		const [{ list: [vacation] }] =
			await jam.api.VacationResponse.get({ accountId });
		assert.equal(vacation.isEnabled, true);
		assert.equal(vacation.subject, '休假');
	},
};

for (const [name, run] of Object.entries(tests)) {
	try {
		await run();
		console.log(`ok ${name}`);
	} catch (error) {
		console.log(`not ok ${name}: ${JSON.stringify(error)} ${error.stack}`);
	}
}
