// SPDX-License-Identifier: Apache-2.0
// One query's results as a list with holes: positions are known for what was
// looked at, and loaded when somebody looks elsewhere. Changes are merged in
// exactly where that can be done, so that nothing that is looked at jumps.
import {signal} from "@preact/signals";
import type {JmapClient} from "../jmap/client.ts";
import {JmapError} from "../jmap/errors.ts";
import type {Comparator, Filter, Id, QueryChangesResponse, QueryResponse} from "../jmap/types.ts";
import type {Emails} from "./emails.ts";
import type {KeptList} from "./offline.ts";
import {callEmails, needEmails, takeEmails, type Source} from "./fetch.ts";

export interface ListQuery {
	filter: Filter | null;
	sort: Comparator[];
	collapseThreads: boolean;
}

export const NEWEST_FIRST: Comparator[] = [
	{property: "receivedAt", isAscending: false}];

export const PAGE = 50;

// Where rows were, to put them back.
export type Removed = {id: Id; index: number}[];

export function queryKey(query: ListQuery): string {
	return JSON.stringify(query);
}

export class MailList {
	// What is shown. Sparse: undefined where nobody has looked.
	ids: (Id | undefined)[] = [];
	readonly total = signal<number | undefined>(undefined);
	// Goes up whenever `ids` changes.
	readonly version = signal(0);
	readonly failed = signal(false);
	// The list as the server had it in `state`; `ids` is this, without what is
	// gone here, and with what was put back here, before the server said so.
	private server: (Id | undefined)[] = [];
	private state: string | undefined;
	private canFollow = true;
	private readonly gone = new Set<Id>();
	private back: Removed = [];
	private wanted: [from: number, to: number] = [0, PAGE];
	private loading = new Set<number>(); // pages

	constructor(
		private readonly client: JmapClient,
		private readonly accountId: Id,
		private readonly emails: Emails,
		readonly query: ListQuery,
	) {}

	private get source(): Source {
		return {client: this.client, accountId: this.accountId, emails: this.emails};
	}

	get key(): string {
		return queryKey(this.query);
	}

	// For later, without a network: the first rows without a hole.
	keep(max: number): KeptList | undefined {
		const ids = this.server.slice(0, Math.min(this.firstHole(), max)) as Id[];
		return this.state === undefined || ids.length === 0 ? undefined
			: {query: this.query, state: this.state, total: this.server.length, ids};
	}

	restore(kept: KeptList): void {
		this.state = kept.state;
		this.server = [...kept.ids];
		this.server.length = kept.total;
		this.show();
	}

	indexOf(id: Id): number {
		return this.ids.indexOf(id);
	}

	// Makes `ids` from what is known.
	private show(): void {
		let ids = this.server;
		if (this.gone.size > 0) {
			ids = [];
			for (const id of this.server)
				if (id === undefined)
					ids.length++;
				else if (!this.gone.has(id))
					ids.push(id);
		}
		for (const {id, index} of this.back) {
			if (ids === this.server)
				ids = [...ids];
			ids.splice(Math.min(index, ids.length), 0, id);
		}
		this.ids = ids;
		this.total.value = ids.length;
		this.version.value = this.version.peek() + 1;
	}

	// ---- Looking -------------------------------------------------------

	// Somebody looks at the rows `from` to `to` (not included).
	want(from: number, to: number): void {
		this.wanted = [from, to];
		this.loadWanted();
	}

	private loadWanted(): void {
		const first = Math.max(0, this.wanted[0] - this.back.length);
		const end = this.wanted[1] + this.gone.size;
		const last = this.state === undefined ? PAGE - 1
			: Math.min(end, this.server.length) - 1;
		for (let page = Math.floor(first / PAGE); page * PAGE <= last; page++) {
			if (this.loading.size >= 2)
				return;
			if (!this.loading.has(page) && this.hasHole(page))
				void this.loadPage(page);
		}
	}

	private hasHole(page: number): boolean {
		if (this.state === undefined)
			return true;
		const end = Math.min((page + 1) * PAGE, this.server.length);
		for (let i = page * PAGE; i < end; i++)
			if (this.server[i] === undefined)
				return true;
		return false;
	}

	private async loadPage(page: number): Promise<void> {
		this.loading.add(page);
		const before = this.state;
		try {
			const answer = await this.fetch(page * PAGE);
			if (before === undefined && this.state === undefined ||
				before === this.state && answer.queryState === before)
				this.merge(answer);
			else if (before === this.state)
				await this.refresh(); // the list is another one by now
			this.failed.value = false;
		} catch {
			this.failed.value = true;
			this.loading.delete(page);
			return;
		}
		this.loading.delete(page);
		this.loadWanted();
	}

	private async fetch(position: number): Promise<QueryResponse> {
		const accountId = this.accountId;
		const query = this.client.call("Email/query", {
			accountId, ...this.query, position, limit: PAGE, calculateTotal: true});
		const {epoch} = this.emails;
		const got = callEmails(this.source, query.ref("/ids"));
		const threads = this.query.collapseThreads
			? this.client.call("Thread/get", {
				accountId, "#ids": got.ref("/list/*/threadId")})
			: undefined;
		const answer = await query;
		await takeEmails(this.source, got, epoch);
		if (threads) {
			for (const thread of (await threads).list)
				this.emails.threads.put(thread);
			// The other emails of the conversations: they say whether one is unread,
			// and who takes part.
			needEmails(this.source, (await threads).list.flatMap(
				(thread) => thread.emailIds)).catch(() => undefined);
		}
		return answer;
	}

	private merge(answer: QueryResponse): void {
		this.state = answer.queryState;
		this.canFollow = answer.canCalculateChanges;
		this.server.length = answer.total ?? answer.ids.length;
		answer.ids.forEach((id, index) => {
			this.server[answer.position + index] = id;
		});
		this.show();
	}

	// ---- Changes -------------------------------------------------------

	// What has changed since we last asked. Called when the server says that
	// something did.
	async refresh(): Promise<void> {
		if (this.state === undefined)
			return;
		if (!this.canFollow)
			return this.reload();
		const since = this.state;
		// Without holes the last row that is known bounds what is of interest.
		const last = this.firstHole() > this.lastKnown()
			? this.server[this.lastKnown()] : undefined;
		try {
			const changes = await this.client.call("Email/queryChanges", {
				accountId: this.accountId, ...this.query,
				sinceQueryState: since, calculateTotal: true,
				...(last !== undefined && {upToId: last}),
			});
			await this.loadAdded(changes.added.map((one) => one.id));
			if (this.state === since)
				this.apply(changes);
		} catch (error) {
			if (error instanceof JmapError)
				await this.reload();
		}
	}

	private async loadAdded(ids: Id[]): Promise<void> {
		const fresh = ids.filter((id) => !this.emails.objects.has(id));
		if (fresh.length === 0)
			return;
		await needEmails(this.source, fresh);
		if (!this.query.collapseThreads)
			return;
		const threadIds = new Set(fresh.map((id) => this.emails.objects.peek(id)?.threadId)
			.filter((id) => id !== undefined));
		const threads = await this.client.call("Thread/get", {accountId: this.accountId,
			ids: [...threadIds].slice(0, this.client.limits.maxObjectsInGet)});
		for (const thread of threads.list)
			this.emails.threads.put(thread);
		await needEmails(this.source, threads.list.flatMap((thread) => thread.emailIds));
	}

	private apply(changes: QueryChangesResponse): void {
		this.state = changes.newQueryState;
		if (changes.removed.length > 0 || changes.added.length > 0) {
			this.splice(changes);
			this.show();
		}
		this.loadWanted();
	}

	// RFC 8620 section 5.6: first out, then in, in the order of their index.
	private splice(changes: QueryChangesResponse): void {
		const at = new Map<Id, number>();
		this.server.forEach((id, index) => {
			if (id !== undefined)
				at.set(id, index);
		});
		const removed = new Set(changes.removed);
		const out: number[] = [];
		for (const id of removed) {
			const index = at.get(id);
			if (index !== undefined)
				out.push(index);
			this.gone.delete(id);
		}
		// It was in a hole, so nobody knows from where it went; or it never was
		// in the list.
		if (out.length < removed.size)
			this.keepPrefix();
		for (const index of out.sort((a, b) => b - a))
			if (index < this.server.length)
				this.server.splice(index, 1);
		const added = new Set(changes.added.map((one) => one.id));
		this.back = this.back.filter((one) => !added.has(one.id));
		for (const {id, index} of [...changes.added].sort((a, b) => a.index - b.index)) {
			if (index > this.server.length)
				this.server.length = index;
			this.server.splice(index, 0, id);
		}
		const total = changes.total ?? this.server.length;
		if (this.server.length !== total) {
			this.keepPrefix();
			this.server.length = total;
		}
	}

	private firstHole(): number {
		for (let i = 0; i < this.server.length; i++)
			if (this.server[i] === undefined)
				return i;
		return this.server.length;
	}

	private lastKnown(): number {
		for (let i = this.server.length - 1; i >= 0; i--)
			if (this.server[i] !== undefined)
				return i;
		return -1;
	}

	// Of rows behind a hole nobody knows where they are now.
	private keepPrefix(): void {
		const length = this.server.length;
		this.server.length = this.firstHole();
		this.server.length = length;
	}

	// Everything anew, what is looked at first.
	async reload(): Promise<void> {
		const page = Math.floor(this.wanted[0] / PAGE);
		try {
			const answer = await this.fetch(page * PAGE);
			this.server = [];
			this.gone.clear();
			this.back = [];
			this.merge(answer);
			this.failed.value = false;
			this.loadWanted();
		} catch {
			this.failed.value = true;
		}
	}

	// ---- What is done here, before the server says so ------------------

	remove(ids: Iterable<Id>): Removed {
		const wanted = new Set(ids);
		const removed: Removed = [];
		this.ids.forEach((id, index) => {
			if (id !== undefined && wanted.has(id))
				removed.push({id, index});
		});
		if (removed.length === 0)
			return removed;
		this.back = this.back.filter((one) => !wanted.has(one.id));
		for (const {id} of removed)
			if (this.server.includes(id))
				this.gone.add(id);
		this.show();
		return removed;
	}

	// Where they were, whether the server has heard of it or not.
	putBack(removed: Removed): void {
		for (const one of removed) {
			if (this.gone.delete(one.id) || this.server.includes(one.id) ||
				this.back.some((other) => other.id === one.id))
				continue;
			this.back.push(one);
		}
		this.back.sort((a, b) => a.index - b.index);
		this.show();
	}

	// The server has answered, and the list was refreshed since: of these rows it
	// knows all.
	settle(removed: Removed): void {
		const ids = new Set(removed.map((one) => one.id));
		const before = this.gone.size + this.back.length;
		for (const id of ids)
			this.gone.delete(id);
		this.back = this.back.filter((one) => !ids.has(one.id));
		if (this.gone.size + this.back.length !== before)
			this.show();
	}
}
