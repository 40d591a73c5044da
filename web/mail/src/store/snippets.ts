// SPDX-License-Identifier: Apache-2.0
// Which words of a message a search found (RFC 8621 section 5).
import {signal, type Signal} from "@preact/signals";
import type {JmapClient} from "../jmap/client.ts";
import type {Filter, Id, SearchSnippet} from "../jmap/types.ts";

export type Marked = {text: string; marked: boolean}[];

const ENTITIES: Record<string, string> = {
	amp: "&", lt: "<", gt: ">", quot: "\"", apos: "'", nbsp: " ",
};

function decodeEntities(text: string): string {
	return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi,
		(whole, decimal?: string, hex?: string, name?: string) => {
			if (name)
				return ENTITIES[name.toLowerCase()] ?? whole;
			const code = decimal ? parseInt(decimal, 10) : parseInt(hex!, 16);
			return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
		});
}

// A snippet is HTML of one element only, <mark>. It is never put into the page
// as HTML.
export function parseMarked(html: string): Marked {
	const parts: Marked = [];
	let marked = false;
	for (const part of html.split(/(<\/?mark>)/i)) {
		if (/^<mark>$/i.test(part))
			marked = true;
		else if (/^<\/mark>$/i.test(part))
			marked = false;
		else if (part)
			parts.push({text: decodeEntities(part), marked});
	}
	return parts;
}

export class Snippets {
	private readonly map = new Map<Id, Signal<SearchSnippet | undefined>>();
	private wanted: Id[] = [];

	constructor(
		private readonly client: JmapClient,
		private readonly accountId: Id,
		readonly filter: Filter,
	) {}

	get(id: Id): Signal<SearchSnippet | undefined> {
		let found = this.map.get(id);
		if (!found) {
			found = signal<SearchSnippet | undefined>(undefined);
			this.map.set(id, found);
			this.wanted.push(id);
			if (this.wanted.length === 1)
				queueMicrotask(() => void this.load());
		}
		return found;
	}

	private async load(): Promise<void> {
		const emailIds = this.wanted;
		this.wanted = [];
		try {
			const {list} = await this.client.call("SearchSnippet/get",
				{accountId: this.accountId, filter: this.filter, emailIds});
			for (const one of list)
				this.get(one.emailId).value = one;
		} catch {
			// The list shows the message without marks.
		}
	}
}
