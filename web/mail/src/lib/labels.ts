// SPDX-License-Identifier: Apache-2.0
// Keywords that people set, as labels with a colour. The five that mail programs
// share have names and colours of their own; the others are named as they are.
import type {Key} from "../i18n/index.ts";
import type {Flags} from "../jmap/types.ts";

export interface Label {
	keyword: string;
	text: string; // as it is, or
	key?: Key; // in the page's language
	hue: number; // of tokens.css
}

const SHARED: Label[] = [
	{keyword: "$label1", text: "", key: "label.1", hue: 0},
	{keyword: "$label2", text: "", key: "label.2", hue: 1},
	{keyword: "$label3", text: "", key: "label.3", hue: 4},
	{keyword: "$label4", text: "", key: "label.4", hue: 7},
	{keyword: "$label5", text: "", key: "label.5", hue: 9},
];
// What programs set for themselves.
const HIDDEN = /^[$\\]|^(?:(?:non|not)?junk|forwarded|redirected|old|receipt-handled)$/i;

export function labelOf(keyword: string): Label | undefined {
	const shared = SHARED.find((one) => one.keyword === keyword.toLowerCase());
	if (shared || HIDDEN.test(keyword))
		return shared;
	let hash = 0;
	for (const c of keyword.toLowerCase())
		hash = (hash * 31 + c.codePointAt(0)!) >>> 0;
	return {keyword, text: keyword.replace(/_/g, " "), hue: hash % 12};
}

export function labelsOf(keywords: Iterable<Flags>): Label[] {
	const found = new Map<string, Label>();
	for (const flags of keywords)
		for (const keyword of Object.keys(flags)) {
			const label = labelOf(keyword);
			if (label)
				found.set(keyword, label);
		}
	return [...found.values()].sort((a, b) =>
		a.keyword < b.keyword ? -1 : a.keyword > b.keyword ? 1 : 0);
}

// The five, and those that are in use.
export function allLabels(keywords: Iterable<Flags>): Label[] {
	return [...SHARED, ...labelsOf(keywords).filter((one) => !one.key)];
}

// What is typed, as a keyword (RFC 8621 section 4.1.1: ASCII without blanks and
// some signs). Undefined: it cannot be one.
export function keywordOf(text: string): string | undefined {
	const keyword = text.trim().toLowerCase().replace(/\s+/g, "_");
	return /^[\x21-\x7e]{1,100}$/.test(keyword) && !/[()\]{%*"\\$]/.test(keyword)
		? keyword : undefined;
}
