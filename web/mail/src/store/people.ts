// SPDX-License-Identifier: Apache-2.0
// Whom the user has written to: for suggestions. Read from the newest sent
// messages when somebody first writes an address, and kept up by what is sent.
import type {Address, Email} from "../jmap/types.ts";
import type {Store} from "./store.ts";

const SENT_PROPERTIES = ["id", "to", "cc", "bcc", "receivedAt"];
const SENT_MAX = 500;
const HALF_LIFE_DAYS = 60;

interface Person {
	address: Address;
	weight: number; // often and lately
}

export class People {
	private readonly byEmail = new Map<string, Person>();
	private loading: Promise<void> | undefined;

	constructor(private readonly store: Store) {}

	load(): Promise<void> {
		this.loading ??= this.read().catch(() => {
			this.loading = undefined;
		});
		return this.loading;
	}

	private async read(): Promise<void> {
		const {client, accountId, mailboxes} = this.store;
		const sent = mailboxes.withRole("sent");
		if (!sent)
			return;
		const query = client.call("Email/query", {
			accountId, filter: {inMailbox: sent.id}, limit: SENT_MAX,
			sort: [{property: "receivedAt", isAscending: false}]});
		const {list} = await client.call("Email/get", {
			accountId, "#ids": query.ref("/ids"), properties: SENT_PROPERTIES});
		for (const email of list)
			this.note(email);
	}

	// Each message counts half after two months.
	note(email: Pick<Email, "to" | "cc" | "bcc" | "receivedAt">): void {
		const days = (Date.now() - Date.parse(email.receivedAt)) / 86_400_000;
		const weight = 0.5 ** (Math.max(0, days) / HALF_LIFE_DAYS);
		for (const address of [...email.to ?? [], ...email.cc ?? [], ...email.bcc ?? []]) {
			const key = address.email.toLowerCase();
			const person = this.byEmail.get(key);
			if (person) {
				person.weight += weight;
				person.address = {...person.address, name: person.address.name ?? address.name};
			} else {
				this.byEmail.set(key, {address, weight});
			}
		}
	}

	// Those of whose name or address a word begins so; the most likely first.
	find(text: string, taken: Address[], max = 6): Address[] {
		const wanted = text.trim().toLowerCase();
		if (!wanted)
			return [];
		const used = new Set(taken.map((one) => one.email.toLowerCase()));
		const fits = ({address}: Person): boolean => {
			const whole = `${address.name ?? ""} ${address.email}`.toLowerCase();
			return whole.split(/[\s@.<>"'_-]+/).some((word) => word.startsWith(wanted)) ||
				whole.includes(" " + wanted) || address.email.toLowerCase().startsWith(wanted) ||
				// Scripts without blanks between words.
				/[^\x00-\x7f]/.test(wanted) && whole.includes(wanted);
		};
		return [...this.byEmail]
			.filter(([key, person]) => !used.has(key) && fits(person))
			.sort(([, a], [, b]) => b.weight - a.weight)
			.slice(0, max).map(([, person]) => person.address);
	}
}
