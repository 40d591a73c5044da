// SPDX-License-Identifier: Apache-2.0
// Emails and threads that were seen. Of an email the list's properties are kept
// here; its body is read when it is opened (bodies.ts).
import type {Email, Flags, Id, Thread} from "../jmap/types.ts";
import {oneLine} from "../lib/text.ts";
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
	// Changes that the server has not answered yet, and the emails without them.
	// They are laid over whatever the server says of an email meanwhile.
	private readonly pending = new Map<Id, Patch[]>();
	private readonly plain = new Map<Id, Email>();

	put(emails: Email[]): void {
		for (const email of emails)
			this.show({...email, subject: email.subject && oneLine(email.subject),
				preview: email.preview && oneLine(email.preview)});
	}

	// Of the ones that are here, what may have changed.
	putMutable(emails: Pick<Email, "id" | "keywords" | "mailboxIds">[]): void {
		for (const {id, keywords, mailboxIds} of emails) {
			const now = this.objects.peek(id);
			if (now)
				this.show({...now, keywords, mailboxIds});
		}
	}

	private show(email: Email): void {
		const patches = this.pending.get(email.id);
		if (patches)
			this.plain.set(email.id, email);
		this.objects.put((patches ?? []).reduce(applyPatch, email));
	}

	isPending(id: Id): boolean {
		return this.pending.has(id);
	}

	// As the server has them, as far as it has said; and what is on its way.
	kept(ids: Iterable<Id>): {emails: Email[]; pending: [Id, Patch[]][]} {
		const emails: Email[] = [];
		for (const id of ids) {
			const email = this.plain.get(id) ?? this.objects.peek(id);
			if (email)
				emails.push(email);
		}
		return {emails, pending: [...this.pending]};
	}

	// Shows the change at once. The function that comes back is called when the
	// server has answered.
	begin(id: Id, patch: Patch): (failed: boolean) => void {
		const now = this.objects.peek(id);
		this.pending.set(id, [...(this.pending.get(id) ?? []), patch]);
		if (now) {
			if (!this.plain.has(id))
				this.plain.set(id, now);
			this.objects.put(applyPatch(now, patch));
		}
		return (failed) => this.end(id, patch, failed);
	}

	private end(id: Id, patch: Patch, failed: boolean): void {
		const rest = (this.pending.get(id) ?? []).filter((one) => one !== patch);
		const plain = this.plain.get(id);
		if (rest.length > 0)
			this.pending.set(id, rest);
		else
			this.pending.delete(id);
		this.plain.delete(id);
		if (plain && this.objects.has(id))
			this.show(failed ? plain : applyPatch(plain, patch));
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
