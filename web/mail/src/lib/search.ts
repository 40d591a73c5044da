// SPDX-License-Identifier: Apache-2.0
// What is typed into the search box, as chips and words, and as a filter of JMAP
// (RFC 8621 section 4.4.1): from:anna has:attachment before:2026-01-31 summer
import type {Filter, FilterCondition, Id} from "../jmap/types.ts";

export const CHIP_KINDS = [
	"from", "to", "subject", "in", "before", "after", "has", "is",
] as const;
export type ChipKind = (typeof CHIP_KINDS)[number];

export interface Chip {
	kind: ChipKind;
	value: string;
}

export interface Search {
	chips: Chip[];
	words: string;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

function isGood(kind: ChipKind, value: string): boolean {
	switch (kind) {
	case "before":
	case "after":
		return DATE.test(value) && !isNaN(new Date(value).getTime());
	case "has":
		return value === "attachment";
	case "is":
		return value === "unread" || value === "flagged";
	default:
		return value !== "";
	}
}

const TOKEN = /(?:(\w+):)?(?:"([^"]*)"|(\S+))/g;

// What is no filter is a word to look for, also "https://x.example".
export function parseSearch(text: string): Search {
	const chips: Chip[] = [];
	const words: string[] = [];
	for (const match of text.matchAll(TOKEN)) {
		const kind = match[1]?.toLowerCase() as ChipKind | undefined;
		const value = match[2] ?? match[3]!;
		if (kind && CHIP_KINDS.includes(kind) && isGood(kind, value))
			chips.push({kind, value});
		else
			words.push(match[0]);
	}
	return {chips, words: words.join(" ")};
}

export function formatChip({kind, value}: Chip): string {
	return `${kind}:${/[\s"]/.test(value) ? `"${value.replace(/"/g, "")}"` : value}`;
}

export function formatSearch(search: Search): string {
	return [...search.chips.map(formatChip), search.words].filter(Boolean).join(" ");
}

export function isEmptySearch(search: Search): boolean {
	return search.chips.length === 0 && search.words.trim() === "";
}

function conditionOf(
	chip: Chip, folder: (name: string) => Id | undefined,
): FilterCondition {
	switch (chip.kind) {
	case "in": {
		const id = folder(chip.value);
		return id ? {inMailbox: id} : {text: chip.value};
	}
	case "before":
		return {before: localDay(chip.value)};
	case "after":
		return {after: localDay(chip.value)};
	case "has":
		return {hasAttachment: true};
	case "is":
		return chip.value === "unread" ? {notKeyword: "$seen"}
			: {hasKeyword: "$flagged"};
	default:
		return {[chip.kind]: chip.value};
	}
}

// The beginning of that day where the user is.
function localDay(text: string): string {
	return new Date(text + "T00:00:00").toISOString().replace(/\.\d+Z$/, "Z");
}

// `hidden`: mailboxes that are searched only if the search names them.
export function searchFilter(
	search: Search, folder: (name: string) => Id | undefined, hidden: Id[],
): Filter {
	const conditions: Filter[] = search.chips.map((chip) => conditionOf(chip, folder));
	if (search.words.trim())
		conditions.push({text: search.words.trim()});
	if (hidden.length > 0 && !search.chips.some((chip) => chip.kind === "in"))
		conditions.push({inMailboxOtherThan: hidden});
	return conditions.length === 1 ? conditions[0]!
		: {operator: "AND", conditions};
}
