// SPDX-License-Identifier: Apache-2.0
// Emails and threads that were seen. Of an email the list's properties are kept
// here; its body is read when it is opened (bodies.ts).
import type {Email, Flags, Id, Thread} from "../jmap/types.ts";
import {Objects} from "./objects.ts";

export const LIST_PROPERTIES = [
	"id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt",
	"sentAt", "from", "to", "cc", "bcc", "subject", "hasAttachment", "preview",
];
// All else of an email never changes (RFC 8621 section 4.1).
export const MUTABLE_PROPERTIES = ["id", "keywords", "mailboxIds"];

// What to change of an email: true sets a keyword or adds it to a mailbox, null
// takes it away.
export interface Patch {
	keywords?: Record<string, true | null>;
	mailboxIds?: Record<Id, true | null>;
}

function applyFlags(flags: Flags, patch: Record<string, true | null> = {}): Flags {
	const next = {...flags};
	for (const [name, value] of Object.entries(patch)) {
		if (value)
			next[name] = true;
		else
			delete next[name];
	}
	return next;
}

export function applyPatch(email: Email, patch: Patch): Email {
	return {
		...email,
		keywords: applyFlags(email.keywords, patch.keywords),
		mailboxIds: applyFlags(email.mailboxIds, patch.mailboxIds),
	};
}

function changedFlags(
	before: Flags, after: Flags,
): Record<string, true | null> | undefined {
	const changed: Record<string, true | null> = {};
	for (const name of Object.keys(before))
		if (!after[name])
			changed[name] = null;
	for (const name of Object.keys(after))
		if (!before[name])
			changed[name] = true;
	return Object.keys(changed).length > 0 ? changed : undefined;
}

// What leads from `from` to `to`; undefined: nothing.
export function patchBetween(from: Email, to: Email): Patch | undefined {
	const keywords = changedFlags(from.keywords, to.keywords);
	const mailboxIds = changedFlags(from.mailboxIds, to.mailboxIds);
	if (!keywords && !mailboxIds)
		return undefined;
	return {...(keywords && {keywords}), ...(mailboxIds && {mailboxIds})};
}

// As Email/set takes it (RFC 8620 section 5.3).
export function patchObject(patch: Patch): Record<string, true | null> {
	const object: Record<string, true | null> = {};
	const escape = (name: string): string =>
		name.replace(/~/g, "~0").replace(/\//g, "~1");
	for (const property of ["keywords", "mailboxIds"] as const)
		for (const [name, value] of Object.entries(patch[property] ?? {}))
			object[`${property}/${escape(name)}`] = value;
	return object;
}

export const isUnread = (email: Email): boolean => !email.keywords["$seen"];
export const isFlagged = (email: Email): boolean => !!email.keywords["$flagged"];
export const isDraft = (email: Email): boolean => !!email.keywords["$draft"];

export class Emails {
	readonly objects = new Objects<Email>();
	readonly threads = new Objects<Thread>();
	// Goes up whenever the server told of changes.
	epoch = 0;
	// Changes that the server has not answered yet. They are laid over whatever
	// it says of an email meanwhile.
	private readonly pending = new Map<Id, Patch[]>();

	put(emails: Email[]): void {
		for (const email of emails)
			this.objects.put(this.overlay(email));
	}

	// Of the ones that are here, what may have changed.
	putMutable(emails: Pick<Email, "id" | "keywords" | "mailboxIds">[]): void {
		for (const {id, keywords, mailboxIds} of emails) {
			const now = this.objects.peek(id);
			if (now)
				this.objects.put(this.overlay({...now, keywords, mailboxIds}));
		}
	}

	isPending(id: Id): boolean {
		return this.pending.has(id);
	}

	private overlay(email: Email): Email {
		return (this.pending.get(email.id) ?? []).reduce(applyPatch, email);
	}

	// Shows the change at once. The function that comes back is called when the
	// server has answered: with the email as it was if the change failed.
	begin(id: Id, patch: Patch): (failed: boolean) => void {
		const before = this.objects.peek(id);
		if (before)
			this.objects.put(applyPatch(before, patch));
		this.pending.set(id, [...(this.pending.get(id) ?? []), patch]);
		return (failed) => {
			const rest = (this.pending.get(id) ?? []).filter((one) => one !== patch);
			if (rest.length > 0)
				this.pending.set(id, rest);
			else
				this.pending.delete(id);
			const now = this.objects.peek(id);
			const back = failed && before && now &&
				patchBetween(applyPatch(before, patch), before);
			if (back)
				this.objects.put(applyPatch(now, back));
		};
	}

	// The emails of a thread that are here, the oldest first.
	inThread(threadId: Id): Email[] {
		const thread = this.threads.signal(threadId).value;
		return (thread?.emailIds ?? [])
			.map((id) => this.objects.signal(id).value)
			.filter((email) => email !== undefined);
	}

	peekThread(threadId: Id): Email[] {
		return (this.threads.peek(threadId)?.emailIds ?? [])
			.map((id) => this.objects.peek(id))
			.filter((email) => email !== undefined);
	}

	clear(): void {
		this.objects.clear();
		this.threads.clear();
	}
}
