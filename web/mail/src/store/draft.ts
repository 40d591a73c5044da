// SPDX-License-Identifier: Apache-2.0
// A message that is being written. It is kept on the server by itself: a draft
// never changes there (RFC 8621 section 4.1), so each time a new one takes the
// place of the old one, in one call.
import {signal, type Signal} from "@preact/signals";
import {JmapError} from "../jmap/errors.ts";
import {SUBMISSION} from "../jmap/methods.ts";
import type {Address, Email, Id, Identity} from "../jmap/types.ts";
import {cidUrl} from "../lib/editable.ts";
import type {Store} from "./store.ts";
import {upload, type Upload} from "./upload.ts";

export interface Attachment {
	key: number;
	name: string;
	type: string;
	size: number;
	// A picture within the text has one, and stands there by it.
	cid?: string;
	blobId: Signal<Id | undefined>;
	progress: Signal<number>; // 0 to 1
	failed: Signal<boolean>;
	upload?: Upload;
}

export type DraftState = "clean" | "changed" | "saving" | "failed";

// What the editor has now. Without `html` the message is plain text.
export interface Content {
	text: string;
	html?: string;
}

export interface DraftStart {
	identity?: Identity | undefined;
	to?: Address[];
	cc?: Address[];
	bcc?: Address[];
	subject?: string;
	inReplyTo?: string[];
	references?: string[];
	attachments?: Attachment[];
	emailId?: Id; // it is on the server already
	answers?: {email: Email; keyword: "$answered" | "$forwarded"};
}

const SAVE_MS = 2000; // after the last change
// How long the server holds a message that is sent, so that it can be taken back. It
// is longer than the offer to do so is shown.
export const HOLD_SECONDS = 15;
const JOURNEY_MS = 2000; // of the request that takes it back

let keys = 0;

export function newAttachment(
	name: string, type: string, size: number, blobId?: Id, cid?: string,
): Attachment {
	return {key: ++keys, name, type, size, ...(cid !== undefined && {cid}),
		blobId: signal(blobId), progress: signal(blobId ? 1 : 0), failed: signal(false)};
}

export class Draft {
	readonly identity: Signal<Identity | undefined>;
	readonly to: Signal<Address[]>;
	readonly cc: Signal<Address[]>;
	readonly bcc: Signal<Address[]>;
	readonly subject: Signal<string>;
	readonly attachments: Signal<Attachment[]>;
	readonly state = signal<DraftState>("clean");
	// The editor's; asked for when the draft is saved.
	content: () => Content = () => ({text: ""});
	private emailId: Id | undefined;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private saving: Promise<void> = Promise.resolve();
	private changes = 0;
	private ended = false;

	constructor(private readonly store: Store, private readonly start: DraftStart) {
		this.identity = signal(start.identity);
		this.to = signal(start.to ?? []);
		this.cc = signal(start.cc ?? []);
		this.bcc = signal(start.bcc ?? []);
		this.subject = signal(start.subject ?? "");
		this.attachments = signal(start.attachments ?? []);
		this.emailId = start.emailId;
	}

	get id(): Id | undefined {
		return this.emailId;
	}

	// How many seconds the server lets a message wait before it is sent; 0: it
	// sends at once only (RFC 8621 section 1.3.2), and nothing can be taken back.
	get longestWait(): number {
		const {client, accountId} = this.store;
		const account = client.session.accounts[client.accountFor(SUBMISSION) ?? accountId];
		const seconds = account?.accountCapabilities[SUBMISSION]?.["maxDelayedSend"];
		return typeof seconds === "number" ? seconds : 0;
	}

	// Nothing was written yet, so nothing of it has to be kept.
	isEmpty(): boolean {
		return !this.emailId && (this.state.peek() === "clean" ||
			this.recipients().length === 0 && !this.subject.peek() &&
			this.attachments.peek().length === 0 &&
			!this.content().text.split("\n-- \n")[0]!.trim());
	}

	recipients(): Address[] {
		return [...this.to.peek(), ...this.cc.peek(), ...this.bcc.peek()];
	}

	isUploading(): boolean {
		return this.attachments.peek().some((one) => !one.blobId.peek());
	}

	// ---- Keeping it ----------------------------------------------------

	touch(): void {
		this.changes++;
		if (this.state.peek() !== "saving")
			this.state.value = "changed";
		clearTimeout(this.timer);
		this.timer = setTimeout(() => void this.save().catch(() => undefined), SAVE_MS);
	}

	// One at a time. What changed meanwhile is saved by the next one.
	save(): Promise<void> {
		clearTimeout(this.timer);
		this.saving = this.saving.catch(() => undefined).then(() => this.saveNow());
		return this.saving;
	}

	private async saveNow(): Promise<void> {
		if (this.ended || this.state.peek() === "clean" && this.emailId)
			return;
		const changes = this.changes;
		this.state.value = "saving";
		try {
			await this.replace();
			this.state.value = changes === this.changes ? "clean" : "changed";
		} catch (error) {
			this.state.value = "failed";
			throw error;
		}
	}

	private async replace(): Promise<void> {
		const {client, accountId} = this.store;
		const old = this.emailId;
		const answer = await client.call("Email/set", {
			accountId, create: {draft: this.object()}, ...(old && {destroy: [old]})});
		const made = answer.created?.["draft"];
		if (!made)
			throw JmapError.ofSet("Email/set", answer.notCreated!["draft"]!);
		this.emailId = made.id;
		void this.store.sync().catch(() => undefined);
	}

	// As Email/set takes it (RFC 8621 section 4.6).
	private object(): Record<string, unknown> {
		const drafts = this.store.mailboxes.withRole("drafts") ??
			this.store.mailboxes.withRole("inbox")!;
		const {text, html} = this.content();
		const identity = this.identity.peek();
		const values: Record<string, {value: string}> = {text: {value: text}};
		if (html !== undefined)
			values["html"] = {value: html};
		const {inReplyTo, references} = this.start;
		return {
			mailboxIds: {[drafts.id]: true},
			keywords: {$draft: true, $seen: true},
			...(identity && {from: [{name: identity.name || null, email: identity.email}]}),
			...(identity?.replyTo?.length && {replyTo: identity.replyTo}),
			to: this.to.peek(), cc: this.cc.peek(), bcc: this.bcc.peek(),
			subject: this.subject.peek(),
			...(inReplyTo && {inReplyTo}), ...(references && {references}),
			bodyValues: values,
			textBody: [{partId: "text", type: "text/plain"}],
			...(html !== undefined && {htmlBody: [{partId: "html", type: "text/html"}]}),
			attachments: this.attachments.peek().filter((one) => one.blobId.peek() &&
				(!one.cid || html?.includes(`"${cidUrl(one.cid)}"`)))
				.map((one) => ({
					blobId: one.blobId.peek(), type: one.type, name: one.name,
					disposition: one.cid ? "inline" : "attachment",
					...(one.cid && {cid: one.cid}),
				})),
		};
	}

	// ---- Attachments ---------------------------------------------------

	attach(blob: Blob, name: string, cid?: string): Attachment {
		const one = newAttachment(
			name, blob.type || "application/octet-stream", blob.size, undefined, cid);
		this.attachments.value = [...this.attachments.peek(), one];
		this.send(one, blob);
		return one;
	}

	private send(one: Attachment, blob: Blob): void {
		one.upload = upload(this.store.client, this.store.accountId, blob, (part) => {
			one.progress.value = part;
		});
		one.upload.done.then(({blobId}) => {
			one.blobId.value = blobId;
			one.progress.value = 1;
			this.touch();
		}, () => {
			one.failed.value = true;
		});
	}

	detach(one: Attachment): void {
		if (!one.blobId.peek())
			one.upload?.abort();
		this.attachments.value = this.attachments.peek().filter((other) => other !== one);
		this.touch();
	}

	// ---- The end -------------------------------------------------------

	// Nothing more of it is sent to the server.
	stop(): void {
		clearTimeout(this.timer);
		this.ended = true;
		for (const one of this.attachments.peek())
			if (!one.blobId.peek())
				one.upload?.abort();
	}

	async discard(): Promise<void> {
		this.stop();
		await this.saving.catch(() => undefined);
		if (!this.emailId)
			return;
		await this.store.client.call("Email/set", {
			accountId: this.store.accountId, destroy: [this.emailId]});
		await this.store.sync();
	}

	// Sends after so many seconds; unsend() takes it back `until` that moment. Resolves
	// when the server has it.
	async submit(seconds: number): Promise<{id: Id; until: number}> {
		const {client, accountId, mailboxes} = this.store;
		this.changes++;
		this.state.value = "changed";
		await this.save();
		const identity = this.identity.peek()!;
		const drafts = mailboxes.withRole("drafts"), sent = mailboxes.withRole("sent");
		const account = client.accountFor(SUBMISSION) ?? accountId;
		const until = Date.now() + seconds * 1000 - JOURNEY_MS;
		const answer = await client.call("EmailSubmission/set", {
			accountId: account,
			create: {send: {
				emailId: this.emailId, identityId: identity.id,
				envelope: {
					mailFrom: {email: identity.email, ...(seconds > 0 &&
						{parameters: {HOLDFOR: String(Math.ceil(seconds))}})},
					rcptTo: this.recipients().map(({email}) => ({email})),
				},
			}},
			onSuccessUpdateEmail: {"#send": {
				"keywords/$draft": null,
				...(sent && {[`mailboxIds/${sent.id}`]: true}),
				...(sent && drafts && {[`mailboxIds/${drafts.id}`]: null}),
			}},
		});
		const made = answer.created?.["send"];
		if (!made)
			throw JmapError.ofSet("EmailSubmission/set", answer.notCreated!["send"]!);
		this.ended = true;
		this.markAnswered();
		this.store.people.note({to: this.to.peek(), cc: this.cc.peek(), bcc: this.bcc.peek(),
			receivedAt: new Date().toISOString()});
		void this.store.sync().catch(() => undefined);
		return {id: made.id, until};
	}

	private markAnswered(): void {
		const {answers} = this.start;
		if (!answers)
			return;
		void this.store.client.call("Email/set", {
			accountId: this.store.accountId,
			update: {[answers.email.id]: {[`keywords/${answers.keyword}`]: true}}})
			.then(undefined, () => undefined);
	}

	// Takes it back: it is a draft again. Fails when it is too late.
	async unsend(submission: Id): Promise<void> {
		const {client, accountId, mailboxes} = this.store;
		const drafts = mailboxes.withRole("drafts"), sent = mailboxes.withRole("sent");
		const answer = await client.call("EmailSubmission/set", {
			accountId: client.accountFor(SUBMISSION) ?? accountId,
			update: {[submission]: {undoStatus: "canceled"}},
			onSuccessUpdateEmail: {[submission]: {
				"keywords/$draft": true,
				...(drafts && {[`mailboxIds/${drafts.id}`]: true}),
				...(drafts && sent && {[`mailboxIds/${sent.id}`]: null}),
			}},
		});
		const error = answer.notUpdated?.[submission];
		if (error)
			throw JmapError.ofSet("EmailSubmission/set", error);
		this.ended = false;
		void this.store.sync().catch(() => undefined);
	}
}
