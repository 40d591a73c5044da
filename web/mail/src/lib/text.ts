// SPDX-License-Identifier: Apache-2.0
// Plain text as blocks: what somebody writes, what he quotes, his signature; and
// what can be followed in it.

export type TextBlock =
	| {kind: "text"; lines: string[]}
	| {kind: "quote"; blocks: TextBlock[]; lines: number}
	| {kind: "signature"; lines: string[]};

const QUOTE = /^>\s?/;

// "> > " and ">>" are levels (RFC 3676 section 4.5). "-- " begins a signature.
export function textBlocks(text: string): TextBlock[] {
	return blocksOf(text.replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n"));
}

function blocksOf(lines: string[]): TextBlock[] {
	const blocks: TextBlock[] = [];
	let at = 0;
	while (at < lines.length) {
		const start = at;
		const quoted = QUOTE.test(lines[at]!);
		if (!quoted && lines[at] === "-- " && isLastPart(lines, at)) {
			blocks.push({kind: "signature", lines: lines.slice(at)});
			break;
		}
		while (at < lines.length && QUOTE.test(lines[at]!) === quoted &&
			(quoted || at === start || lines[at] !== "-- "))
			at++;
		const part = lines.slice(start, at);
		if (quoted)
			blocks.push({kind: "quote", lines: part.length,
				blocks: blocksOf(part.map((line) => line.replace(QUOTE, "")))});
		else
			blocks.push({kind: "text", lines: part});
	}
	return blocks;
}

// A short rest without quotes.
function isLastPart(lines: string[], at: number): boolean {
	const rest = lines.slice(at + 1);
	return rest.length <= 15 && !rest.some((line) => QUOTE.test(line));
}

export type Span = {text: string} | {text: string; url: string};

// A link ends before the punctuation of its sentence; a bracket belongs to it
// only if it was opened in it.
const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"“”«»。，；：！？、（）「」《》]+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+/giu;

export function linkSpans(line: string): Span[] {
	const spans: Span[] = [];
	let from = 0;
	for (const match of line.matchAll(LINK)) {
		const text = trimLink(match[0]);
		if (match.index > from)
			spans.push({text: line.slice(from, match.index)});
		spans.push({text, url: urlOf(text)});
		from = match.index + text.length;
	}
	if (from < line.length)
		spans.push({text: line.slice(from)});
	return spans;
}

function trimLink(text: string): string {
	for (;;) {
		const last = text[text.length - 1]!;
		if (/[.,;:!?'’*_。，；：！？、]/.test(last))
			text = text.slice(0, -1);
		else if (last === ")" && count(text, ")") > count(text, "("))
			text = text.slice(0, -1);
		else if (last === "]" && count(text, "]") > count(text, "["))
			text = text.slice(0, -1);
		else
			return text;
	}
}

function count(text: string, c: string): number {
	return text.split(c).length - 1;
}

function urlOf(text: string): string {
	if (/^https?:/i.test(text))
		return text;
	return /^www\./i.test(text) ? "https://" + text : "mailto:" + text;
}

// Whether most of the letters are of a script that runs from right to left.
export function isRightToLeft(text: string): boolean {
	const sample = text.slice(0, 2000);
	const rtl = sample.match(/[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/gu);
	const all = sample.match(/\p{L}/gu);
	return !!rtl && !!all && rtl.length * 2 > all.length;
}

// A name or a subject as one line, in which nothing turns the order of the letters
// round: with U+202E "photo\u202Egpj.exe" looks like a picture.
export function oneLine(text: string): string {
	return text.replace(/[\r\n\t]+/g, " ").replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "");
}
