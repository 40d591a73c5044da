// SPDX-License-Identifier: Apache-2.0
// Changes of mailboxes, and of all that is in one of them. They are shown at once,
// sent, and taken back when the server refuses.
import {JmapError} from "../jmap/errors.ts";
import type {Filter, Id, Mailbox, SetError} from "../jmap/types.ts";
import {changeEmails, type Change, type Patches} from "./change.ts";
import {NEWEST_FIRST} from "./list.ts";
import type {Store} from "./store.ts";

// The server refused it; `type` and `properties` are those of RFC 8620 section 5.3.
export class FolderError extends JmapError {
	constructor(error: SetError) {
		super("Mailbox/set", error.type, error.description);
		this.properties = error.properties ?? [];
	}

	readonly properties: string[];
}

export type FolderPart = Partial<Pick<Mailbox, "name" | "parentId" | "isSubscribed">>;

const QUERY_MAX = 500;
// How often mail that comes meanwhile is moved away before a folder is deleted.
const TRIES = 5;

function send<T>(store: Store, run: () => Promise<T>): Promise<T> {
	return store.inTurn(() => store.sendWhenOnline(run));
}

function show(store: Store, id: Id, part: Partial<Mailbox>): void {
	const now = store.mailboxes.all.peek().get(id);
	if (now)
		store.mailboxes.update([{...now, ...part}], []);
}

// What somebody else changed meanwhile stays.
function takeBack(store: Store, id: Id, old: Mailbox, part: FolderPart): void {
	const now = store.mailboxes.all.peek().get(id);
	if (!now)
		return;
	const back: Record<string, unknown> = {};
	for (const name of Object.keys(part) as (keyof FolderPart)[])
		if (now[name] === part[name])
			back[name] = old[name];
	show(store, id, back);
}

export async function changeFolder(store: Store, id: Id, part: FolderPart): Promise<void> {
	const old = store.mailboxes.all.peek().get(id);
	if (!old)
		return;
	show(store, id, part);
	try {
		const answer = await send(store, async () => store.client.call("Mailbox/set", {
			accountId: store.accountId, update: {[id]: part}}));
		const error = answer.notUpdated?.[id];
		if (error)
			throw new FolderError(error);
	} catch (error) {
		takeBack(store, id, old, part);
		throw error;
	}
	await store.sync();
}

const NO_RIGHTS: Mailbox["myRights"] = {mayReadItems: true, mayAddItems: false,
	mayRemoveItems: false, maySetSeen: false, maySetKeywords: false, mayCreateChild: false,
	mayRename: false, mayDelete: false, maySubmit: false};
let made = 0;

// Until the server knows it, nothing can be done with it. Resolves with its id.
export async function makeFolder(
	store: Store, name: string, parentId: Id | null,
): Promise<Id> {
	const key = `new-${++made}`;
	store.mailboxes.update([{id: key, name, parentId, role: null, sortOrder: 10,
		totalEmails: 0, unreadEmails: 0, totalThreads: 0, unreadThreads: 0,
		myRights: NO_RIGHTS, isSubscribed: true}], []);
	try {
		const answer = await send(store, async () => store.client.call("Mailbox/set", {
			accountId: store.accountId,
			create: {[key]: {name, parentId, isSubscribed: true}}}));
		const id = answer.created?.[key]?.id;
		if (!id)
			throw new FolderError(answer.notCreated![key]!);
		await store.sync();
		return id;
	} finally {
		store.mailboxes.update([], [key]);
	}
}

// ---- All messages of a folder ------------------------------------------------

async function allIds(store: Store, filter: Filter): Promise<Id[]> {
	const found = new Set<Id>();
	for (let position = 0;;) {
		const {ids} = await store.client.call("Email/query", {
			accountId: store.accountId, filter, sort: NEWEST_FIRST, position,
			limit: QUERY_MAX});
		if (ids.length === 0)
			return [...found];
		ids.forEach((id) => found.add(id));
		position += ids.length;
	}
}

// Out of the folder. What is in no other folder goes to `trash`, or for ever.
async function clearPart(store: Store, folder: Id, ids: Id[], trash?: Id): Promise<void> {
	const {accountId, client} = store;
	const {list} = await client.call("Email/get", {accountId, ids, properties: ["mailboxIds"]});
	const update: Record<Id, Record<string, unknown>> = {};
	const destroy: Id[] = [];
	for (const {id, mailboxIds} of list) {
		const alone = Object.keys(mailboxIds).every((one) => one === folder);
		if (alone && trash === undefined)
			destroy.push(id);
		else
			update[id] = {[`mailboxIds/${folder}`]: null,
				...(alone && {[`mailboxIds/${trash}`]: true})};
	}
	const answer = await client.call("Email/set", {accountId, update, destroy});
	const error = Object.values({...answer.notUpdated, ...answer.notDestroyed})
		.find(({type}) => type !== "notFound");
	if (error)
		throw JmapError.ofSet("Email/set", error);
}

// Gives how many there were.
async function clear(store: Store, folder: Id, trash?: Id): Promise<number> {
	const {maxObjectsInGet, maxObjectsInSet} = store.client.limits;
	const part = Math.min(maxObjectsInGet, maxObjectsInSet);
	const ids = await allIds(store, {inMailbox: folder});
	for (let at = 0; at < ids.length; at += part)
		await clearPart(store, folder, ids.slice(at, at + part), trash);
	return ids.length;
}

// The rows of its lists go at once.
export async function emptyFolder(store: Store, id: Id): Promise<number> {
	const lists = store.openLists().filter(({query}) => query.filter &&
		"inMailbox" in query.filter && query.filter.inMailbox === id);
	const removed = lists.map((list) => ({list, rows: list.remove(
		list.ids.filter((one) => one !== undefined))}));
	const old = store.mailboxes.all.peek().get(id);
	show(store, id, {totalEmails: 0, unreadEmails: 0, totalThreads: 0, unreadThreads: 0});
	try {
		return await send(store, () => clear(store, id));
	} catch (error) {
		removed.forEach(({list, rows}) => list.putBack(rows));
		if (old)
			show(store, id, {totalEmails: old.totalEmails, unreadEmails: old.unreadEmails,
				totalThreads: old.totalThreads, unreadThreads: old.unreadThreads});
		throw error;
	} finally {
		await store.sync();
		removed.forEach(({list, rows}) => list.settle(rows));
	}
}

// `ids`: what is inside comes first. With `trash` nothing of their mail is lost;
// without it, what is in no other folder goes for ever.
export async function destroyFolders(store: Store, ids: Id[], trash?: Id): Promise<void> {
	await send(store, async () => {
		for (let tries = 1; ; tries++) {
			if (trash !== undefined)
				for (const id of ids)
					await clear(store, id, trash);
			const answer = await store.client.call("Mailbox/set", {
				accountId: store.accountId, destroy: ids,
				onDestroyRemoveEmails: trash === undefined});
			const errors = Object.values(answer.notDestroyed ?? {})
				.filter(({type}) => type !== "notFound");
			if (errors.length === 0)
				return;
			if (tries === TRIES || errors.every(({type}) => type !== "mailboxHasEmail"))
				throw new FolderError(errors[0]!);
		}
	});
	await store.sync();
}

// All that is unread, whether it is here or not. It can be undone.
export async function readAll(store: Store, id: Id): Promise<Change> {
	const ids = await allIds(store, {inMailbox: id, notKeyword: "$seen"});
	const patches: Patches = new Map(ids.map((one) => [one, {keywords: {$seen: true}}]));
	const change = changeEmails(store, patches);
	for (const one of ids)
		change.inverse.set(one, {keywords: {$seen: null}});
	show(store, id, {unreadEmails: 0, unreadThreads: 0});
	return change;
}
