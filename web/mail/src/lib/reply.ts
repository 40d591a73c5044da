// SPDX-License-Identifier: Apache-2.0
// What an answer begins with: to whom, about what, and what it belongs to.
import type {Address, Email, EmailBody} from "../jmap/types.ts";
import {sameAddress} from "./addresses.ts";
import {oneLine} from "./text.ts";

// "Re:" and "Fwd:" in the languages in which programs write them. Each is there
// once, whatever stood before.
const REPLY = /^\s*(?:(?:re|aw|sv|antw|odp|回复|回覆|答复|ответ)(?:\[\d+\])?\s*[:：]\s*)+/i;
const FORWARD = /^\s*(?:(?:fwd?|wg|tr|转发|轉寄)\s*[:：]\s*)+/i;

export function replySubject(subject: string | null): string {
	return "Re: " + oneLine(subject ?? "").replace(REPLY, "");
}

export function forwardSubject(subject: string | null): string {
	return "Fwd: " + oneLine(subject ?? "").replace(FORWARD, "");
}

function without(list: Address[], taken: Address[]): Address[] {
	const found: Address[] = [];
	for (const one of list)
		if (![...taken, ...found].some((other) => sameAddress(one.email, other.email)))
			found.push(one);
	return found;
}

// `me`: the addresses of the user. Who answers an own message writes to those to
// whom it went.
export function replyRecipients(
	email: Email, body: EmailBody, me: string[], all: boolean,
): {to: Address[]; cc: Address[]} {
	const mine = me.map((one) => ({name: null, email: one}));
	const from = email.from ?? [];
	const own = from.some((one) => me.some((two) => sameAddress(one.email, two)));
	const sender = body.replyTo?.length ? body.replyTo : from;
	const to = own ? email.to ?? [] : sender;
	if (!all)
		return {to: without(to, []), cc: []};
	const first = without(own ? to : [...to, ...without(email.to ?? [], mine)], []);
	return {to: first, cc: without(email.cc ?? [], [...first, ...mine])};
}

// RFC 5322 section 3.6.4.
export function replyReferences(body: EmailBody): {
	inReplyTo?: string[]; references?: string[];
} {
	const id = body.messageId?.[0];
	if (!id)
		return {};
	// Several in In-Reply-To say nothing of their order.
	const parents = body.inReplyTo ?? [];
	const before = body.references ?? (parents.length === 1 ? parents : []);
	return {inReplyTo: [id], references: [...before.filter((one) => one !== id), id]};
}

// Which of the own addresses a message was sent to: it is answered from there.
export function addressedAs(email: Email, me: string[]): string | undefined {
	const all = [...email.to ?? [], ...email.cc ?? [], ...email.bcc ?? [], ...email.from ?? []];
	return me.find((one) => all.some((other) => sameAddress(one, other.email)));
}

// Whether the text speaks of an attachment, in what the user wrote: not in what is
// quoted or forwarded, or in a signature.
const ATTACHED = /\b(?:attach(?:ed|ment|ments|ing)?|enclosed|see the file|angehängt|im anhang|anbei|ci-joint|pièce jointe|adjunt[oa]|allegat[oi])\b|附件|附上|见附|添付|во вложении|прикрепл|첨부/iu;

export function speaksOfAttachment(text: string): boolean {
	const own = text.split(/(?:^|\n)(?:-- \n|-{5,}[^\n]+-{5,}\n)/)[0]!.split("\n")
		.filter((line) => !line.startsWith(">")).join("\n");
	return ATTACHED.test(own);
}
