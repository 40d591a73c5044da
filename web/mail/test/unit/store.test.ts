// SPDX-License-Identifier: Apache-2.0
// The store against the mock server, without a network: whatever is changed here
// and elsewhere, in any order, the store ends with what the server has.
import {test} from "node:test";
import assert from "node:assert/strict";
import {Data} from "../mock/data.mjs";
import {answer} from "../mock/methods.mjs";
import {JmapClient} from "../../src/jmap/client.ts";
import {SUBMISSION} from "../../src/jmap/methods.ts";
import {changeEmails, undoChange, type Change, type Patches} from "../../src/store/change.ts";
import {Draft} from "../../src/store/draft.ts";
import {isUnread} from "../../src/store/emails.ts";
import {NEWEST_FIRST, PAGE, type MailList} from "../../src/store/list.ts";
import {Store} from "../../src/store/store.ts";

const CORE = "urn:ietf:params:jmap:core", MAIL = "urn:ietf:params:jmap:mail";

function random(seed: number): (below: number) => number {
	let a = seed;
	return (below) => {
		a = (Math.imul(a, 1664525) + 1013904223) >>> 0;
		return Math.floor(a / 4294967296 * below);
	};
}

interface Bed {
	data: Data;
	store: Store;
	requests: number;
}

// `delay`: an answer comes so many ticks after the server made it.
async function bed(count: number, delay: () => number = () => 0): Promise<Bed> {
	const data = new Data({count, now: 1_800_000_000_000});
	const made = {data, requests: 0} as Bed;
	const client = new JmapClient({
		defer: (run) => queueMicrotask(run),
		fetch: async (_url, init) => {
			made.requests++;
			const text = JSON.stringify(answer(data, JSON.parse(String(init?.body))));
			for (let left = delay(); left > 0; left--)
				await Promise.resolve();
			return new Response(text);
		},
	});
	client.session = {
		capabilities: {[CORE]: {maxCallsInRequest: 16, maxObjectsInGet: 100,
			maxObjectsInSet: 50}, [MAIL]: {}},
		primaryAccounts: {[MAIL]: "a1"}, apiUrl: "/", username: "demo",
	} as unknown as JmapClient["session"];
	made.store = new Store(client);
	await made.store.start();
	return made;
}

function inbox(store: Store, collapseThreads: boolean): MailList {
	return store.list({filter: {inMailbox: "minbox"}, sort: NEWEST_FIRST, collapseThreads});
}

async function until(check: () => boolean): Promise<void> {
	for (let tries = 0; !check(); tries++) {
		assert(tries < 20_000, "it never happens");
		await Promise.resolve();
	}
}

async function show(list: MailList, from: number, to: number): Promise<void> {
	list.want(from, to);
	await until(() => list.total.value !== undefined &&
		list.ids.slice(from, Math.min(to, list.total.value)).every((id) => id !== undefined) &&
		list.ids.length === list.total.value);
}

function truth(data: Data, list: MailList): string[] {
	const {methodResponses: [[, result]]} = answer(data, {methodCalls: [
		["Email/query", {...list.query, limit: 1_000_000}, "q"]]});
	return result.ids;
}

// Every row that the list knows is the server's, and each mailbox counts right.
function agree({data, store}: Bed, list: MailList, hint: string): void {
	const ids = truth(data, list);
	assert.equal(list.total.value, ids.length, hint);
	list.ids.forEach((id, index) => {
		if (id !== undefined)
			assert.equal(id, ids[index], `${hint}: row ${index}`);
	});
	for (const id of store.emails.objects.ids()) {
		const mine = store.emails.objects.peek(id)!, its = data.emails.get(id)!;
		assert.deepEqual([mine.keywords, mine.mailboxIds], [its.keywords, its.mailboxIds],
			`${hint}: ${id}`);
	}
	for (const mailbox of store.mailboxes.all.value.values()) {
		const {totalEmails, unreadEmails} = data.mailbox(mailbox.id)!;
		assert.deepEqual([mailbox.totalEmails, mailbox.unreadEmails],
			[totalEmails, unreadEmails], `${hint}: ${mailbox.name}`);
	}
}

test("pages are loaded where one looks, in one request each", async () => {
	const it = await bed(1000);
	const list = inbox(it.store, false);
	await show(list, 0, 20);
	const before = it.requests;
	await show(list, 500, 520);
	assert.equal(it.requests - before, 1);
	assert.equal(list.ids[500 - PAGE - 1], undefined);
	await show(list, 500, 520);
	assert.equal(it.requests - before, 1);
	agree(it, list, "pages");
});

test("a change is seen before the server answers, and taken back when it refuses", async () => {
	const it = await bed(100);
	const {store, data} = it;
	const list = inbox(store, false);
	await show(list, 0, 20);
	const id = list.ids[3]!;
	const unread = store.mailboxes.get("minbox")!.unreadEmails;
	const was = isUnread(store.emails.objects.peek(id)!);
	data.refuse = true;
	const change = changeEmails(store, new Map([[id, {
		keywords: {$seen: was ? true : null}, mailboxIds: {minbox: null, mtrash: true}}]]));
	assert.equal(list.indexOf(id), -1);
	assert.equal(isUnread(store.emails.objects.peek(id)!), !was);
	await assert.rejects(change.done);
	assert.equal(list.indexOf(id), 3);
	assert.equal(store.mailboxes.get("minbox")!.unreadEmails, unread);
	data.refuse = false;
	await store.sync();
	agree(it, list, "refused");
});

test("an undo leads back to the same place", async () => {
	const it = await bed(100);
	const list = inbox(it.store, false);
	await show(list, 0, 20);
	const before = [...list.ids];
	const ids = [list.ids[2]!, list.ids[3]!, list.ids[9]!];
	const change = changeEmails(it.store, new Map(ids.map((id) =>
		[id, {mailboxIds: {minbox: null, marchive: true}}])));
	const undo = undoChange(it.store, change);
	assert.deepEqual([...list.ids], before);
	await change.done;
	await undo.done;
	await it.store.sync();
	assert.deepEqual([...list.ids], before);
	agree(it, list, "undone");
});

test("a conversation leaves the list when all of it has left", async () => {
	const it = await bed(0);
	const list = inbox(it.store, true);
	await show(list, 0, 20);
	const thread = [...it.data.threads.values()].find((one) => one.id === "tpatch")!;
	await it.store.need([thread.emailIds[0]!], true);
	const row = list.ids.find((id) => id && it.store.emails.objects.peek(id)?.threadId === "tpatch")!;
	const move = (ids: string[]): Change => changeEmails(it.store, new Map(ids.map((id) =>
		[id, {mailboxIds: {minbox: null, marchive: true}}])));
	const first = move([thread.emailIds[0]!]);
	assert(list.indexOf(row) >= 0);
	const rest = move(thread.emailIds.slice(1));
	assert.equal(list.indexOf(row), -1);
	await first.done;
	await rest.done;
	await it.store.sync();
	agree(it, list, "conversation");
});

// What somebody else does.
function elsewhere({data}: Bed, below: (n: number) => number): void {
	const all = [...data.emails.values()];
	const email = all[below(all.length)]!;
	switch (below(4)) {
	case 0:
		data.now = 1_800_000_000_000 - below(100) * 60_000_000;
		data.deliver([below(2) ? email.threadId.slice(1) : "n" + all.length,
			{name: "A", email: "a@x.example"}, [], "New", 0, "inbox", below(2) ? "S" : "", "x"]);
		break;
	case 1:
		data.commit(data.update(email, {keywords: below(2) ? {$seen: true} : {}}));
		break;
	case 2:
		data.commit(data.update(email,
			{mailboxIds: below(2) ? {minbox: true} : {marchive: true}}));
		break;
	case 3:
		data.commit(data.destroy(email));
		break;
	}
}

function here({store}: Bed, list: MailList, below: (n: number) => number): Change | undefined {
	const rows = list.ids.filter((id) => id !== undefined);
	const id = rows[below(rows.length)];
	if (!id || !store.emails.objects.has(id))
		return undefined;
	const email = store.emails.objects.peek(id)!;
	const ids = list.query.collapseThreads
		? store.emails.peekThread(email.threadId).map((one) => one.id) : [id];
	const patches: Patches = new Map(ids.map((one) => [one, below(2)
		? {keywords: {$seen: below(2) ? true : null}}
		: {mailboxIds: {minbox: null, marchive: true}}]));
	const change = changeEmails(store, patches);
	change.done.catch(() => undefined);
	return change;
}

for (const collapse of [false, true])
	test(`at random, ${collapse ? "conversations" : "messages"}`, async () => {
		for (let seed = 1; seed <= 10; seed++) {
			const below = random(seed);
			const it = await bed(300, () => below(40));
			const list = inbox(it.store, collapse);
			await show(list, 0, 60);
			const changes: Change[] = [];
			for (let step = 0; step < 60; step++) {
				const what = below(6);
				if (what < 2)
					elsewhere(it, below);
				else if (what === 2)
					changes.push(...[here(it, list, below)].filter((one) => one !== undefined));
				else if (what === 3 && changes.length > 0)
					undoChange(it.store, changes.pop()!).done.catch(() => undefined);
				else if (what === 4)
					void it.store.sync();
				else
					list.want(below(200), below(200) + 50);
				for (let ticks = below(60); ticks > 0; ticks--)
					await Promise.resolve();
			}
			await it.store.inTurn(async () => undefined);
			await it.store.sync();
			await it.store.sync();
			await show(list, 0, 60);
			await it.store.sync();
			agree(it, list, `seed ${seed}`);
		}
	});

test("how long a message may wait is what the server says", async () => {
	for (const [said, longest] of [[2_592_000, 2_592_000], [0, 0], [undefined, 0]] as const) {
		const {store} = await bed(1);
		const {session} = store.client;
		session.primaryAccounts[SUBMISSION] = "a1";
		session.accounts = {a1: {name: "demo", isPersonal: true, isReadOnly: false,
			accountCapabilities: {[SUBMISSION]: {
				...(said !== undefined && {maxDelayedSend: said})}}}};
		assert.equal(new Draft(store, {}).longestWait, longest);
	}
});
