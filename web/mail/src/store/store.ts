// SPDX-License-Identifier: Apache-2.0
// What the page knows of the account, kept up to date: the server says that
// something changed, then the changes since the state that we know are read
// (RFC 8620 sections 5.2 and 7.1).
import {signal} from "@preact/signals";
import type {JmapClient} from "../jmap/client.ts";
import {JmapError, TransportError} from "../jmap/errors.ts";
import {MAIL, SUBMISSION} from "../jmap/methods.ts";
import type {Email, Id, Identity, State, StateChange, Thread} from "../jmap/types.ts";
import {Bodies} from "./bodies.ts";
import {Emails, isUnread, LIST_PROPERTIES, MUTABLE_PROPERTIES} from "./emails.ts";
import {needEmails} from "./fetch.ts";
import {MailList, queryKey, type ListQuery} from "./list.ts";
import {Mailboxes} from "./mailboxes.ts";
import type {Kept} from "./offline.ts";
import {People} from "./people.ts";

const CHANGES_MAX = 200; // in one answer
const LISTS_KEPT = 12;
const ROWS_KEPT = 500; // of a list, without a network

export class Store {
	readonly mailboxes = new Mailboxes();
	readonly emails = new Emails();
	readonly bodies: Bodies;
	readonly people: People;
	readonly identities = signal<Identity[]>([]);
	readonly ready = signal(false);
	// New mail that just came, for notices.
	readonly arrived = signal<Email[]>([]);
	readonly accountId: Id;
	// The state of each type that we know.
	readonly states: Record<string, State> = {};
	private readonly lists = new Map<string, MailList>(); // the last used last
	private syncing: Promise<void> | undefined;
	private again = false;
	private onlines = 0; // how often the server was reached again
	private readonly waking: (() => void)[] = [];
	private turn: Promise<unknown> = Promise.resolve();

	constructor(readonly client: JmapClient) {
		this.accountId = client.accountFor(MAIL)!;
		this.bodies = new Bodies(client, this.accountId);
		this.people = new People(this);
	}

	// ---- The start -----------------------------------------------------

	async start(): Promise<void> {
		const {accountId} = this;
		const mailboxes = this.client.call("Mailbox/get", {accountId, ids: null});
		// Nobody wants these emails: it is the state that counts.
		const emails = this.client.call("Email/get", {
			accountId, ids: [], properties: ["id"]});
		if (this.client.has(SUBMISSION))
			void this.loadIdentities();
		const got = await mailboxes;
		this.mailboxes.set(got.list);
		this.states["Mailbox"] = got.state;
		this.states["Email"] = (await emails).state;
		this.ready.value = true;
	}

	async loadIdentities(): Promise<void> {
		const accountId = this.client.accountFor(SUBMISSION);
		if (!accountId)
			return;
		const got = await this.client.call("Identity/get", {accountId, ids: null});
		this.identities.value = got.list;
		this.states["Identity"] = got.state;
	}

	// ---- Without a network ---------------------------------------------

	keep(): Kept {
		const lists = this.openLists().map((list) => list.keep(ROWS_KEPT))
			.filter((list) => list !== undefined);
		const bodies = this.bodies.kept();
		const threads = new Map<Id, Thread>();
		const ids = new Set([...lists.flatMap((list) => list.ids),
			...bodies.map((body) => body.id)]);
		for (const id of [...ids]) {
			const thread = this.emails.threads.peek(
				this.emails.objects.peek(id)?.threadId ?? "");
			if (!thread)
				continue;
			threads.set(thread.id, thread);
			thread.emailIds.forEach((one) => ids.add(one));
		}
		return {
			session: this.client.session, states: {...this.states}, lists, bodies,
			mailboxes: [...this.mailboxes.all.peek().values()],
			identities: this.identities.peek(), threads: [...threads.values()],
			...this.emails.kept(ids),
		};
	}

	restore(kept: Kept): void {
		this.mailboxes.set(kept.mailboxes);
		this.identities.value = kept.identities;
		Object.assign(this.states, kept.states);
		this.emails.put(kept.emails);
		for (const thread of kept.threads)
			this.emails.threads.put(thread);
		for (const list of kept.lists)
			this.list(list.query).restore(list);
		this.bodies.restore(kept.bodies);
		this.ready.value = true;
	}

	// The server can be reached (again).
	onOnline(): void {
		this.wakeUp();
		this.bodies.retryFailed();
		for (const list of this.openLists())
			if (list.failed.peek())
				void list.reload();
	}

	// Sends again, when there is a network, what could not be sent without one.
	async sendWhenOnline<T>(send: () => Promise<T>): Promise<T> {
		for (;;) {
			const before = this.onlines;
			try {
				return await send();
			} catch (error) {
				if (!(error instanceof TransportError) || !error.isOffline)
					throw error;
			}
			if (before === this.onlines)
				await new Promise<void>((resolve) => this.waking.push(resolve));
		}
	}

	private wakeUp(): void {
		this.onlines++;
		this.waking.splice(0).forEach((wake) => wake());
	}

	// ---- Lists ---------------------------------------------------------

	list(query: ListQuery): MailList {
		const key = queryKey(query);
		let list = this.lists.get(key);
		if (list) {
			this.lists.delete(key);
		} else {
			list = new MailList(this.client, this.accountId, this.emails, query);
			if (this.lists.size >= LISTS_KEPT)
				this.lists.delete(this.lists.keys().next().value!);
		}
		this.lists.set(key, list);
		return list;
	}

	openLists(): MailList[] {
		return [...this.lists.values()];
	}

	// Changes go out one after the other: requests can overtake each other, and
	// an undo must not come before what it undoes.
	inTurn<T>(send: () => Promise<T>): Promise<T> {
		const result = this.turn.then(send);
		this.turn = result.catch(() => undefined);
		return result;
	}

	// So that emails, and all of their threads, are here.
	async need(ids: Id[], threads: boolean): Promise<void> {
		await needEmails(this, ids);
		if (!threads)
			return;
		const missing = new Set(ids.map((id) => this.emails.objects.peek(id)?.threadId)
			.filter((id) => id !== undefined && !this.emails.threads.has(id)));
		for (const part of this.parts([...missing] as Id[])) {
			const {list} = await this.client.call("Thread/get",
				{accountId: this.accountId, ids: part});
			for (const thread of list)
				this.emails.threads.put(thread);
		}
		await needEmails(this, ids.flatMap((id) => this.emails.threads.peek(
			this.emails.objects.peek(id)?.threadId ?? "")?.emailIds ?? []));
	}

	private parts(ids: Id[]): Id[][] {
		const max = this.client.limits.maxObjectsInGet;
		const parts: Id[][] = [];
		for (let at = 0; at < ids.length; at += max)
			parts.push(ids.slice(at, at + max));
		return parts;
	}

	// ---- Changes -------------------------------------------------------

	onStateChange(change: StateChange): void {
		const changed = change.changed[this.accountId] ?? {};
		const isNew = Object.entries(changed).some(
			([type, state]) => this.states[type] !== undefined &&
				this.states[type] !== state);
		if (isNew)
			this.sync().catch(() => undefined); // the next news bring it
	}

	// One at a time; whoever asks meanwhile gets the next one.
	sync(): Promise<void> {
		if (this.syncing) {
			this.again = true;
			return this.syncing;
		}
		this.syncing = this.syncUntilQuiet().finally(() => {
			this.syncing = undefined;
		});
		return this.syncing;
	}

	private async syncUntilQuiet(): Promise<void> {
		do {
			this.again = false;
			await this.syncOnce();
		} while (this.again);
	}

	private async syncOnce(): Promise<void> {
		if (!this.ready.peek())
			return;
		const done = [this.syncMailboxes(), this.syncEmails()];
		// In the same request. Lists that nobody looks at follow, too: they are
		// shown at once when somebody goes back to them.
		for (const list of this.lists.values())
			done.push(list.refresh());
		await Promise.all(done);
	}

	private async syncMailboxes(): Promise<void> {
		const {accountId} = this;
		const changes = this.client.call("Mailbox/changes", {
			accountId, sinceState: this.states["Mailbox"]!});
		const created = this.client.call("Mailbox/get", {
			accountId, "#ids": changes.ref("/created")});
		const updated = this.client.call("Mailbox/get", {
			accountId, "#ids": changes.ref("/updated")});
		try {
			const {newState, destroyed, hasMoreChanges} = await changes;
			const all = [...(await created).list, ...(await updated).list];
			this.mailboxes.update(all, destroyed);
			this.states["Mailbox"] = newState;
			this.again ||= hasMoreChanges;
		} catch (error) {
			if (!(error instanceof JmapError))
				throw error;
			const got = await this.client.call("Mailbox/get", {accountId, ids: null});
			this.mailboxes.set(got.list);
			this.states["Mailbox"] = got.state;
		}
	}

	private async syncEmails(): Promise<void> {
		const {accountId} = this;
		const changes = this.client.call("Email/changes", {
			accountId, sinceState: this.states["Email"]!, maxChanges: CHANGES_MAX});
		const created = this.client.call("Email/get", {
			accountId, "#ids": changes.ref("/created"), properties: LIST_PROPERTIES});
		const updated = this.client.call("Email/get", {
			accountId, "#ids": changes.ref("/updated"),
			properties: MUTABLE_PROPERTIES});
		try {
			const answer = await changes;
			const fresh = (await created).list;
			this.emails.put(fresh);
			this.emails.putMutable((await updated).list);
			for (const id of answer.destroyed)
				this.emails.objects.drop(id);
			if (answer.newState !== answer.oldState)
				this.emails.epoch++;
			this.states["Email"] = answer.newState;
			this.again ||= answer.hasMoreChanges;
			await this.syncThreads(fresh, answer.destroyed);
			this.tellArrived(fresh);
		} catch (error) {
			if (!(error instanceof JmapError))
				throw error;
			await this.startAnew();
		}
	}

	// Threads change when their emails come and go.
	private async syncThreads(fresh: Email[], destroyed: Id[]): Promise<void> {
		const gone = new Set(destroyed);
		const ids = new Set(fresh.map((email) => email.threadId)
			.filter((id) => this.emails.threads.has(id)));
		for (const id of this.emails.threads.ids())
			if (this.emails.threads.peek(id)!.emailIds.some((one) => gone.has(one)))
				ids.add(id);
		if (ids.size === 0)
			return;
		const {list, notFound} = await this.client.call("Thread/get", {
			accountId: this.accountId, ids: [...ids]});
		for (const thread of list)
			this.emails.threads.put(thread);
		for (const id of notFound)
			this.emails.threads.drop(id);
	}

	private tellArrived(fresh: Email[]): void {
		const inbox = this.mailboxes.withRole("inbox")?.id;
		const news = fresh.filter((email) =>
			isUnread(email) && inbox && email.mailboxIds[inbox]);
		if (news.length > 0)
			this.arrived.value = news;
	}

	// The server no longer knows what changed since we asked.
	private async startAnew(): Promise<void> {
		const {accountId} = this;
		const got = await this.client.call("Email/get", {
			accountId, ids: [], properties: ["id"]});
		this.states["Email"] = got.state;
		this.emails.epoch++;
		for (const ids of this.parts(this.emails.objects.ids())) {
			const {list, notFound} = await this.client.call("Email/get", {
				accountId, ids, properties: MUTABLE_PROPERTIES});
			this.emails.putMutable(list);
			for (const id of notFound)
				this.emails.objects.drop(id);
		}
		for (const list of this.lists.values())
			void list.reload();
	}
}
