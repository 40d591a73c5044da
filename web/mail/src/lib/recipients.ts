// SPDX-License-Identifier: Apache-2.0
// Addresses as people type and paste them: "Anna <a@x.example>, b@x.example".
import type {Address} from "../jmap/types.ts";

const ADDRESS = /^[^\s@<>"(),;:\p{Cc}]+@[^\s@<>"(),;:.\p{Cc}]+(?:\.[^\s@<>"(),;:.\p{Cc}]+)*$/u;

export function isAddress(text: string): boolean {
	return ADDRESS.test(text);
}

// Where one address ends and the next begins: not within quotes or brackets.
function parts(text: string): string[] {
	const found: string[] = [];
	let part = "", quoted = false, angled = false, escaped = false;
	for (const c of text) {
		const literal: boolean = escaped;
		escaped = quoted && !literal && c === "\\";
		if (c === '"' && !literal)
			quoted = !quoted;
		else if (!quoted && c === "<")
			angled = true;
		else if (!quoted && c === ">")
			angled = false;
		if (/[,;\n，；]/.test(c) && !quoted && !angled) {
			found.push(part);
			part = "";
		} else {
			part += c;
		}
	}
	found.push(part);
	return found.map((one) => one.trim()).filter(Boolean);
}

// A name in a comment behind the address, and what comes before an address in
// groups and links ("Team: a@x.example; ", "mailto:a@x.example"), are known, too.
function readOne(whole: string): Address | undefined {
	const text = whole.replace(/^[^@"<>:]+:\s*(?=\S)/, "");
	const comment = /^(\S+)\s*\(([^()]*)\)$/u.exec(text);
	if (comment && isAddress(comment[1]!))
		return {name: comment[2]!.trim() || null, email: comment[1]!};
	const match = /^(.*?)\s*<\s*([^<>]*?)\s*>$/su.exec(text);
	if (match) {
		const name = match[1]!.trim().replace(/^"(.*)"$/s, "$1")
			.replace(/\\(.)/g, "$1");
		return isAddress(match[2]!) ? {name: name || null, email: match[2]!} : undefined;
	}
	return isAddress(text) ? {name: null, email: text} : undefined;
}

// `rest`: what is no address.
export function parseRecipients(text: string): {addresses: Address[]; rest: string} {
	const addresses: Address[] = [];
	const rest: string[] = [];
	for (const part of parts(text)) {
		const one = readOne(part);
		if (one) {
			addresses.push(one);
			continue;
		}
		// Several addresses with nothing but blanks between them.
		const words = part.split(/\s+/);
		if (words.length > 1 && words.every(isAddress))
			addresses.push(...words.map((email) => ({name: null, email})));
		else
			rest.push(part);
	}
	return {addresses, rest: rest.join(", ")};
}
