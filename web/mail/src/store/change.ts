// SPDX-License-Identifier: Apache-2.0
// Changes of emails: shown at once, then sent; taken back when the server
// refuses. Each change knows how to be undone.
import {JmapError, TransportError} from "../jmap/errors.ts";
import type {Email, Id, Mailbox} from "../jmap/types.ts";
import {
	applyPatch, isUnread, patchBetween, patchObject, type Patch,
} from "./emails.ts";
import type {MailList, Removed} from "./list.ts";
import type {Store} from "./store.ts";

export type Patches = Map<Id, Patch>;

export interface Change {
	patches: Patches;
	// Resolves when the server has answered; rejects when it refused all or some
	// of it, which is taken back then.
	done: Promise<void>;
	// What leads back.
	inverse: Patches;
	removed: {list: MailList; rows: Removed}[];
}

// ---- Counts ------------------------------------------------------------------

type Counts = Pick<Mailbox,
	"totalEmails" | "unreadEmails" | "totalThreads" | "unreadThreads">;

// What each mailbox counts of these threads (RFC 8621 section 2: an unread thread
// has an unread email anywhere but in the trash, while the mailbox is none).
function countThreads(store: Store, emails: Email[]): Map<Id, Counts> {
	const counts = new Map<Id, Counts>();
	const of = (id: Id): Counts => {
		let found = counts.get(id);
		if (!found) {
			found = {totalEmails: 0, unreadEmails: 0, totalThreads: 0, unreadThreads: 0};
			counts.set(id, found);
		}
		return found;
	};
	const threads = new Map<Id, Email[]>();
	for (const email of emails) {
		threads.set(email.threadId,
			[...(threads.get(email.threadId) ?? []), email]);
		for (const id of Object.keys(email.mailboxIds)) {
			of(id).totalEmails++;
			if (isUnread(email))
				of(id).unreadEmails++;
		}
	}
	const trash = store.mailboxes.withRole("trash")?.id;
	for (const thread of threads.values()) {
		const boxes = new Set(thread.flatMap((one) => Object.keys(one.mailboxIds)));
		for (const id of boxes) {
			of(id).totalThreads++;
			if (thread.some((one) => isUnread(one) &&
				(trash === undefined || !!one.mailboxIds[trash] === (id === trash))))
				of(id).unreadThreads++;
		}
	}
	return counts;
}

function adjustCounts(store: Store, before: Email[], after: Email[]): void {
	const was = countThreads(store, before), is = countThreads(store, after);
	const changed: Mailbox[] = [];
	for (const id of new Set([...was.keys(), ...is.keys()])) {
		const mailbox = store.mailboxes.all.peek().get(id);
		if (!mailbox)
			continue;
		const next = {...mailbox};
		for (const name of ["totalEmails", "unreadEmails", "totalThreads",
			"unreadThreads"] as const)
			next[name] = Math.max(0, mailbox[name] -
				(was.get(id)?.[name] ?? 0) + (is.get(id)?.[name] ?? 0));
		changed.push(next);
	}
	store.mailboxes.update(changed, []);
}

// All emails of the threads that are changed.
function around(store: Store, ids: Iterable<Id>): Email[] {
	const found = new Map<Id, Email>();
	for (const id of ids) {
		const email = store.emails.objects.peek(id);
		if (!email)
			continue;
		found.set(id, email);
		for (const other of store.emails.peekThread(email.threadId))
			found.set(other.id, other);
	}
	return [...found.values()];
}

// ---- Lists -------------------------------------------------------------------

// Whether a row still belongs into a list of one mailbox. Of other lists only the
// server knows.
function leaves(store: Store, list: MailList, id: Id): boolean {
	const filter = list.query.filter;
	if (!filter || !("inMailbox" in filter) || !filter.inMailbox)
		return false;
	const email = store.emails.objects.peek(id);
	if (!email)
		return false;
	const emails = list.query.collapseThreads
		? [email, ...store.emails.peekThread(email.threadId)] : [email];
	return !emails.some((one) => one.mailboxIds[filter.inMailbox!]);
}

function removeFromLists(store: Store, patches: Patches): Change["removed"] {
	const threads = new Set([...patches.keys()].map(
		(id) => store.emails.objects.peek(id)?.threadId));
	const removed: Change["removed"] = [];
	for (const list of store.openLists()) {
		const rows = list.ids.filter((id): id is Id => {
			const email = id && store.emails.objects.peek(id);
			return !!email && threads.has(email.threadId) &&
				leaves(store, list, email.id);
		});
		if (rows.length > 0)
			removed.push({list, rows: list.remove(rows)});
	}
	return removed;
}

// ---- The change --------------------------------------------------------------

async function send(store: Store, patches: Patches): Promise<Set<Id>> {
	const entries = [...patches];
	const max = store.client.limits.maxObjectsInSet;
	const refused = new Set<Id>();
	let why: Error | undefined;
	for (let at = 0; at < entries.length; at += max) {
		const part = entries.slice(at, at + max);
		try {
			const answer = await store.client.call("Email/set", {
				accountId: store.accountId,
				update: Object.fromEntries(part.map(
					([id, patch]) => [id, patchObject(patch)])),
			});
			for (const [id, error] of Object.entries(answer.notUpdated ?? {})) {
				refused.add(id);
				why = JmapError.ofSet("Email/set", error);
			}
		} catch (error) {
			// Without a network all of it is sent again; it says the same twice.
			if (error instanceof TransportError && error.isOffline)
				throw error;
			for (const [id] of part)
				refused.add(id);
			why = error as Error;
		}
	}
	if (why)
		throw Object.assign(why, {refused});
	return refused;
}

export function changeEmails(store: Store, patches: Patches): Change {
	const inverse: Patches = new Map();
	const before = around(store, patches.keys());
	const ends: [Id, (failed: boolean) => void][] = [];
	for (const [id, patch] of patches) {
		const email = store.emails.objects.peek(id);
		const back = email && patchBetween(applyPatch(email, patch), email);
		if (back)
			inverse.set(id, back);
		ends.push([id, store.emails.begin(id, patch)]);
	}
	adjustCounts(store, before, around(store, patches.keys()));
	const removed = removeFromLists(store, patches);
	const done = store.inTurn(() => store.sendWhenOnline(() => send(store, patches))).then(
		() => {
			for (const [, end] of ends)
				end(false);
			settle(store, removed);
		},
		(error: Error & {refused?: Set<Id>}) => {
			takeBack(store, ends, removed, error.refused);
			throw error;
		});
	return {patches, done, inverse, removed};
}

function takeBack(
	store: Store, ends: [Id, (failed: boolean) => void][],
	removed: Change["removed"], refused?: Set<Id>,
): void {
	const ids = ends.map(([id]) => id);
	const before = around(store, ids);
	for (const [id, end] of ends)
		end(refused?.has(id) ?? true);
	adjustCounts(store, before, around(store, ids));
	for (const {list, rows} of removed)
		list.putBack(rows);
	settle(store, removed);
}

// What was shown before the server knew of it is left to the server now, but for
// rows with which something else is on its way.
function settle(store: Store, removed: Change["removed"]): void {
	store.sync().then(() => {
		for (const {list, rows} of removed)
			list.settle(rows.filter((one) => !store.emails.isPending(one.id)));
	}, () => undefined);
}

// Leads back what a change did, at the same places of the lists.
export function undoChange(store: Store, change: Change): Change {
	const undo = changeEmails(store, change.inverse);
	for (const {list, rows} of change.removed)
		list.putBack(rows);
	const done = undo.done.finally(() => settle(store, change.removed));
	return {...undo, done};
}

export async function destroyEmails(store: Store, ids: Id[]): Promise<void> {
	const max = store.client.limits.maxObjectsInSet;
	for (let at = 0; at < ids.length; at += max) {
		const answer = await store.client.call("Email/set", {
			accountId: store.accountId, destroy: ids.slice(at, at + max)});
		const first = Object.values(answer.notDestroyed ?? {})
			.find((error) => error.type !== "notFound");
		if (first)
			throw JmapError.ofSet("Email/set", first);
	}
	await store.sync();
}
