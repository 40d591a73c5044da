// SPDX-License-Identifier: Apache-2.0
// The bodies of emails that were opened. They never change (RFC 8621 section
// 4.1), so what was read once is kept, the last ones at least.
import {signal, type Signal} from "@preact/signals";
import type {JmapClient} from "../jmap/client.ts";
import type {EmailBody, EmailHeader, Id} from "../jmap/types.ts";

const BODY_PROPERTIES = [
	"id", "sender", "replyTo", "messageId", "inReplyTo", "references",
	"htmlBody", "textBody", "attachments", "bodyValues",
	"header:List-Unsubscribe:asURLs",
	"header:Disposition-Notification-To:asAddresses",
];
const PART_PROPERTIES = [
	"partId", "blobId", "size", "name", "type", "charset", "disposition", "cid",
];
const FIRST_BYTES = 256 * 1024; // of a part; the rest when asked for
const KEPT = 200;

export type BodyState =
	| {state: "loading"}
	| {state: "failed"; error: Error}
	| {state: "gone"}
	| {state: "here"; body: EmailBody};

export class Bodies {
	// The last used last.
	private readonly map = new Map<Id, Signal<BodyState>>();

	constructor(
		private readonly client: JmapClient,
		private readonly accountId: Id,
	) {}

	get(id: Id): Signal<BodyState> {
		let found = this.map.get(id);
		if (found) {
			this.map.delete(id);
		} else {
			found = signal<BodyState>({state: "loading"});
			void this.load(id, found, FIRST_BYTES);
		}
		this.map.set(id, found);
		if (this.map.size > KEPT)
			this.map.delete(this.map.keys().next().value!);
		return found;
	}

	kept(): EmailBody[] {
		return [...this.map.values()].flatMap((one) => {
			const state = one.peek();
			return state.state === "here" ? [state.body] : [];
		});
	}

	restore(bodies: EmailBody[]): void {
		for (const body of bodies)
			this.map.set(body.id, signal<BodyState>({state: "here", body}));
	}

	// What could not be loaded without a network.
	retryFailed(): void {
		for (const [id, one] of this.map)
			if (one.peek().state === "failed")
				void this.retry(id);
	}

	// The whole text of a long message; or another try.
	async loadWhole(id: Id): Promise<void> {
		await this.load(id, this.get(id), 0);
	}

	async retry(id: Id): Promise<void> {
		const found = this.get(id);
		found.value = {state: "loading"};
		await this.load(id, found, FIRST_BYTES);
	}

	private async load(
		id: Id, into: Signal<BodyState>, maxBytes: number,
	): Promise<void> {
		try {
			const {list} = await this.client.call("Email/get", {
				accountId: this.accountId, ids: [id],
				properties: BODY_PROPERTIES, bodyProperties: PART_PROPERTIES,
				fetchHTMLBodyValues: true, fetchTextBodyValues: true,
				maxBodyValueBytes: maxBytes,
			});
			into.value = list[0] ? {state: "here", body: list[0]} : {state: "gone"};
		} catch (error) {
			into.value = {state: "failed", error: error as Error};
		}
	}

	async headers(id: Id): Promise<EmailHeader[]> {
		const {list} = await this.client.call("Email/get", {
			accountId: this.accountId, ids: [id], properties: ["id", "headers"]});
		return list[0]?.headers ?? [];
	}

	clear(): void {
		this.map.clear();
	}
}
