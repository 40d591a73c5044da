// SPDX-License-Identifier: Apache-2.0
// One query's results as a list with holes: positions are known for what was
// looked at, and loaded when somebody looks elsewhere. Changes are merged in
// exactly where that can be done, so that nothing that is looked at jumps.
import {signal} from "@preact/signals";
import type {JmapClient} from "../jmap/client.ts";
import {JmapError} from "../jmap/errors.ts";
import type {Comparator, Filter, Id, QueryChangesResponse, QueryResponse} from "../jmap/types.ts";
import {LIST_PROPERTIES, type Emails} from "./emails.ts";

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
	// Sparse: undefined where nobody has looked.
	ids: (Id | undefined)[] = [];
	readonly total = signal<number | undefined>(undefined);
	// Goes up whenever `ids` changes.
	readonly version = signal(0);
	readonly failed = signal(false);
	state: string | undefined;
	private canFollow = true;
	private wanted: [from: number, to: number] = [0, PAGE];
	private loading = new Set<number>(); // pages
	private gone = new Set<Id>(); // removed here before the server said so
	private shifts = 0; // goes up whenever positions become others

	constructor(
		private readonly client: JmapClient,
		private readonly accountId: Id,
		private readonly emails: Emails,
		readonly query: ListQuery,
	) {}

	get key(): string {
		return queryKey(this.query);
	}

	private changed(): void {
		this.version.value = this.version.peek() + 1;
	}

	// ---- Looking -------------------------------------------------------

	// Somebody looks at the rows `from` to `to` (not included).
	want(from: number, to: number): void {
		this.wanted = [from, to];
		this.loadWanted();
	}

	private loadWanted(): void {
		if (this.loading.size >= 2)
			return;
		const total = this.total.peek() ?? PAGE;
		const [from, to] = this.wanted;
		const last = Math.min(to, Math.max(total, 1)) - 1;
		for (let page = Math.floor(from / PAGE); page * PAGE <= last; page++) {
			if (this.loading.has(page) || !this.hasHole(page, total))
				continue;
			void this.loadPage(page);
			if (this.loading.size >= 2)
				return;
		}
	}

	private hasHole(page: number, total: number): boolean {
		const end = Math.min((page + 1) * PAGE, total);
		for (let i = page * PAGE; i < end; i++)
			if (this.ids[i] === undefined)
				return true;
		return this.total.peek() === undefined;
	}

	private async loadPage(page: number): Promise<void> {
		this.loading.add(page);
		const shifts = this.shifts;
		try {
			const answer = await this.fetch(page * PAGE);
			if (shifts === this.shifts)
				this.merge(answer);
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
		const got = this.client.call("Email/get", {
			accountId, "#ids": query.ref("/ids"), properties: LIST_PROPERTIES});
		const threads = this.query.collapseThreads
			? this.client.call("Thread/get", {
				accountId, "#ids": got.ref("/list/*/threadId")})
			: undefined;
		const answer = await query;
		this.emails.put((await got).list);
		if (threads) {
			for (const thread of (await threads).list)
				this.emails.threads.put(thread);
			void this.loadMembers((await threads).list.flatMap(
				(thread) => thread.emailIds));
		}
		return answer;
	}

	// The other emails of the conversations: they say whether one is unread, and
	// who takes part.
	private async loadMembers(ids: Id[]): Promise<void> {
		const missing = ids.filter((id) => !this.emails.objects.has(id));
		const max = this.client.limits.maxObjectsInGet;
		for (let at = 0; at < missing.length; at += max) {
			const {list} = await this.client.call("Email/get", {
				accountId: this.accountId, ids: missing.slice(at, at + max),
				properties: LIST_PROPERTIES});
			this.emails.put(list);
		}
	}

	private merge(answer: QueryResponse): void {
		const total = answer.total ?? answer.ids.length;
		if (this.state !== undefined && this.state !== answer.queryState)
			this.forgetOutside(answer);
		this.state = answer.queryState;
		this.canFollow = answer.canCalculateChanges;
		this.ids.length = total;
		answer.ids.forEach((id, index) => {
			this.ids[answer.position + index] = id;
		});
		this.total.value = total;
		this.changed();
	}

	// The list is another one than before: what else we know may be wrong.
	private forgetOutside(answer: QueryResponse): void {
		this.ids = [];
		this.gone.clear();
		this.ids.length = answer.total ?? 0;
	}

	indexOf(id: Id): number {
		return this.ids.indexOf(id);
	}

	// ---- Changes -------------------------------------------------------

	// What has changed since we last asked. Called when the server says that
	// something did.
	async refresh(): Promise<void> {
		if (this.state === undefined)
			return;
		if (!this.canFollow)
			return this.reload();
		const known = this.ids.findLast((id) => id !== undefined);
		const isWhole = this.isPrefix();
		const since = this.state;
		try {
			const changes = await this.client.call("Email/queryChanges", {
				accountId: this.accountId, ...this.query,
				sinceQueryState: since, calculateTotal: true,
				...(known && isWhole && {upToId: known}),
			});
			if (this.state === since)
				await this.apply(changes);
		} catch (error) {
			if (error instanceof JmapError)
				await this.reload();
		}
	}

	private async apply(changes: QueryChangesResponse): Promise<void> {
		const fresh = changes.added.map((one) => one.id)
			.filter((id) => !this.emails.objects.has(id));
		if (fresh.length > 0)
			await this.loadAdded(fresh);
		this.state = changes.newQueryState;
		if (changes.removed.length === 0 && changes.added.length === 0)
			return;
		this.splice(changes);
		this.changed();
		this.loadWanted();
	}

	private async loadAdded(ids: Id[]): Promise<void> {
		const max = this.client.limits.maxObjectsInGet;
		const {list} = await this.client.call("Email/get", {
			accountId: this.accountId, ids: ids.slice(0, max),
			properties: LIST_PROPERTIES});
		this.emails.put(list);
		if (!this.query.collapseThreads)
			return;
		const threads = await this.client.call("Thread/get", {
			accountId: this.accountId, ids: [...new Set(list.map((one) => one.threadId))]});
		for (const thread of threads.list)
			this.emails.threads.put(thread);
		await this.loadMembers(threads.list.flatMap((thread) => thread.emailIds));
	}

	// RFC 8620 section 5.6: first out, then in, in the order of their index.
	private splice(changes: QueryChangesResponse): void {
		this.shifts++;
		const at = new Map<Id, number>();
		this.ids.forEach((id, index) => {
			if (id !== undefined)
				at.set(id, index);
		});
		const out: number[] = [];
		let exact = true;
		for (const id of changes.removed) {
			const index = at.get(id);
			if (index !== undefined)
				out.push(index);
			else if (!this.gone.has(id))
				exact = false; // it was in a hole, or not there at all
			this.gone.delete(id);
		}
		// The server adds what we had put back ourselves.
		for (const {id} of changes.added) {
			const index = at.get(id);
			if (index !== undefined && !changes.removed.includes(id))
				out.push(index);
			this.gone.delete(id);
		}
		for (const index of [...new Set(out)].sort((a, b) => b - a))
			this.ids.splice(index, 1);
		if (!exact)
			this.keepPrefix();
		for (const {id, index} of [...changes.added].sort((a, b) => a.index - b.index)) {
			if (index > this.ids.length)
				this.ids.length = index;
			this.ids.splice(index, 0, id);
		}
		const total = changes.total ?? this.ids.length;
		if (this.ids.length !== total)
			this.keepPrefix();
		this.ids.length = total;
		this.total.value = total;
	}

	private isPrefix(): boolean {
		return this.firstHole() >= this.lastKnown();
	}

	private firstHole(): number {
		for (let i = 0; i < this.ids.length; i++)
			if (this.ids[i] === undefined)
				return i;
		return this.ids.length;
	}

	private lastKnown(): number {
		return this.ids.findLastIndex((id) => id !== undefined);
	}

	// Of rows behind a hole nobody knows where they are now.
	private keepPrefix(): void {
		const length = this.ids.length;
		this.ids.length = this.firstHole();
		this.ids.length = length;
	}

	// Everything anew, what is looked at first.
	async reload(): Promise<void> {
		const page = Math.floor(this.wanted[0] / PAGE);
		try {
			const answer = await this.fetch(page * PAGE);
			this.shifts++;
			this.ids = [];
			this.gone.clear();
			this.state = undefined;
			this.merge(answer);
			this.failed.value = false;
			this.loadWanted();
		} catch {
			this.failed.value = true;
		}
	}

	// ---- What is done here, before the server says so ------------------

	remove(ids: Iterable<Id>): Removed {
		const removed: Removed = [];
		for (const id of ids) {
			const index = this.indexOf(id);
			if (index < 0)
				continue;
			removed.push({id, index});
			this.ids.splice(index, 1);
			this.gone.add(id);
		}
		if (removed.length > 0) {
			this.shifts++;
			this.total.value = this.ids.length;
			this.changed();
		}
		return removed;
	}

	putBack(removed: Removed): void {
		this.shifts++;
		for (const {id, index} of [...removed].reverse()) {
			if (this.indexOf(id) >= 0)
				continue;
			this.ids.splice(Math.min(index, this.ids.length), 0, id);
			this.gone.delete(id);
		}
		this.total.value = this.ids.length;
		this.changed();
	}
}
