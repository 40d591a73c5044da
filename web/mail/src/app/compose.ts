// SPDX-License-Identifier: Apache-2.0
// The door to writing: whoever wants a message written says what it begins with.
// The editor is a part of its own (views/compose), loaded when it is first needed.
import {signal} from "@preact/signals";
import type {Address, Email} from "../jmap/types.ts";

export interface ComposeOrder {
	kind: "new" | "reply" | "reply-all" | "forward" | "forward-attached" | "draft";
	email?: Email; // that is answered, forwarded, or the draft itself
	to?: Address[];
	subject?: string;
	text?: string;
}

// What waits for an editor. views/compose takes it.
export const composing = signal<readonly ComposeOrder[]>([]);

export function compose(order: ComposeOrder = {kind: "new"}): void {
	composing.value = [...composing.peek(), order];
}

// mailto:a@x.example?subject=… (RFC 6068)
export function composeMailto(url: string): void {
	const [, to = "", query = ""] = /^mailto:([^?]*)\??(.*)$/i.exec(url) ?? [];
	const values = new Map<string, string>();
	for (const part of query.split("&")) {
		// A "=" in the value should be encoded, and often is not.
		const [, name = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(part) ?? [];
		values.set(name.toLowerCase(), decode(value));
	}
	const all = [decode(to), values.get("to") ?? ""].join(",").split(",")
		.map((one) => one.trim()).filter(Boolean);
	compose({kind: "new", to: all.map((email) => ({name: null, email})),
		...(values.has("subject") && {subject: values.get("subject")!}),
		...(values.has("body") && {text: values.get("body")!})});
}

function decode(text: string): string {
	try {
		return decodeURIComponent(text).replace(/\r\n?/g, "\n");
	} catch {
		return text;
	}
}
