// SPDX-License-Identifier: Apache-2.0
// All mailboxes of the account: they are few, so all of them are always here.
import {computed, signal} from "@preact/signals";
import type {Id, Mailbox, Role} from "../jmap/types.ts";

export interface Folder {
	mailbox: Mailbox;
	depth: number;
	children: Folder[];
}

// The order in which people look for them. The rest follows by name.
const ROLES: (Role | null)[] = [
	"inbox", "flagged", "important", "drafts", "sent", "archive", "all", "junk",
	"trash",
];

function rank(mailbox: Mailbox): number {
	const at = ROLES.indexOf(mailbox.role);
	return at < 0 ? ROLES.length : at;
}

export function compareFolders(a: Mailbox, b: Mailbox): number {
	return rank(a) - rank(b) || a.sortOrder - b.sortOrder ||
		a.name.localeCompare(b.name, undefined, {numeric: true});
}

// As a tree. A mailbox whose parent may not be seen stands at the top.
export function foldersOf(mailboxes: Iterable<Mailbox>): Folder[] {
	const all = new Map<Id, Folder>();
	for (const mailbox of mailboxes)
		all.set(mailbox.id, {mailbox, depth: 0, children: []});
	const top: Folder[] = [];
	for (const folder of all.values()) {
		const parent = folder.mailbox.parentId &&
			all.get(folder.mailbox.parentId);
		(parent ? parent.children : top).push(folder);
	}
	const arrange = (folders: Folder[], depth: number): void => {
		folders.sort((a, b) => compareFolders(a.mailbox, b.mailbox));
		for (const folder of folders) {
			folder.depth = depth;
			arrange(folder.children, depth + 1);
		}
	};
	arrange(top, 0);
	return top;
}

export class Mailboxes {
	readonly all = signal<ReadonlyMap<Id, Mailbox>>(new Map());
	// Those that go away as soon as nobody can undo it any more.
	readonly hidden = signal<ReadonlySet<Id>>(new Set());
	readonly tree = computed(() => foldersOf(
		[...this.all.value.values()].filter((one) => !this.hidden.value.has(one.id))));
	readonly roles = computed(() => {
		const found = new Map<Role, Mailbox>();
		for (const mailbox of this.all.value.values())
			if (mailbox.role)
				found.set(mailbox.role, mailbox);
		return found;
	});

	set(mailboxes: Mailbox[]): void {
		this.all.value = new Map(mailboxes.map((one) => [one.id, one]));
	}

	update(changed: Mailbox[], destroyed: Id[]): void {
		if (changed.length === 0 && destroyed.length === 0)
			return;
		const next = new Map(this.all.peek());
		for (const mailbox of changed)
			next.set(mailbox.id, {...next.get(mailbox.id), ...mailbox});
		for (const id of destroyed)
			next.delete(id);
		this.all.value = next;
	}

	// It, and all that are in it; what is inside comes first.
	within(id: Id): Mailbox[] {
		const all = [...this.all.peek().values()];
		const walk = (at: Id, depth: number): Mailbox[] => depth > 50 ? []
			: all.filter((one) => one.parentId === at)
				.flatMap((one) => [...walk(one.id, depth + 1), one]);
		const self = this.all.peek().get(id);
		return self ? [...walk(id, 0), self] : [];
	}

	hide(ids: Id[]): () => void {
		this.hidden.value = new Set([...this.hidden.peek(), ...ids]);
		return () => {
			this.hidden.value = new Set(
				[...this.hidden.peek()].filter((id) => !ids.includes(id)));
		};
	}

	get(id: Id): Mailbox | undefined {
		return this.all.value.get(id);
	}

	withRole(role: Role): Mailbox | undefined {
		return this.roles.value.get(role);
	}

	// "Work / Clients / Acme": where it is, for lists without a tree.
	pathOf(mailbox: Mailbox, nameOf: (mailbox: Mailbox) => string): string[] {
		const path: string[] = [];
		let at: Mailbox | undefined = mailbox;
		while (at && path.length < 50) {
			path.unshift(nameOf(at));
			at = at.parentId ? this.all.value.get(at.parentId) : undefined;
		}
		return path;
	}
}
