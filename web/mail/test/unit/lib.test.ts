// SPDX-License-Identifier: Apache-2.0
import {test} from "node:test";
import assert from "node:assert/strict";
import {fullAddress, initials, misleadingName, shortName} from "../../src/lib/addresses.ts";
import {kindOf} from "../../src/lib/attachments.ts";
import {parseCalendar} from "../../src/lib/calendar.ts";
import {daysBetween, shortDate} from "../../src/lib/dates.ts";
import {dayOf, isZone, timeZone} from "../../src/i18n/zone.ts";
import {keywordOf, labelsOf} from "../../src/lib/labels.ts";
import {cleanStyle} from "../../src/lib/html.ts";
import {decodeLabel, doubtLink, isSafeUrl} from "../../src/lib/links.ts";
import {formatSearch, parseSearch, searchFilter} from "../../src/lib/search.ts";
import {formatSize} from "../../src/lib/sizes.ts";
import {isRightToLeft, linkSpans, textBlocks} from "../../src/lib/text.ts";
import {crc32, zip, zipNames} from "../../src/lib/zip.ts";

test("initials and short names", () => {
	const table: [string | null, string, string, string][] = [
		["Anna Adler", "a@x.example", "AA", "Anna"],
		["李薇", "w@x.example", "李", "李薇"],
		["김민수", "m@x.example", "김", "김민수"],
		[null, "bob.smith@x.example", "B", "bob.smith@x.example"],
		["The Long Read", "l@x.example", "TR", "The"],
		["O’Neil, Pat", "p@x.example", "OP", "O’Neil, Pat"],
		["", "x@x.example", "X", "x@x.example"],
	];
	for (const [name, email, letters, short] of table) {
		assert.equal(initials({name, email}), letters, email);
		assert.equal(shortName({name, email}), short, email);
	}
});

test("whole addresses are quoted where they must be", () => {
	const table: [string | null, string][] = [
		[null, "a@x.example"], ["Anna Adler", "Anna Adler <a@x.example>"],
		["Adler, Anna", "\"Adler, Anna\" <a@x.example>"],
		["A \"B\" C", "\"A \\\"B\\\" C\" <a@x.example>"],
	];
	for (const [name, whole] of table)
		assert.equal(fullAddress({name, email: "a@x.example"}), whole);
});

test("a name that shows another address is told", () => {
	const table: [string | null, string, string | undefined][] = [
		["Bank <service@bank.example>", "x@evil.example", "service@bank.example"],
		["service@bank.example", "service@BANK.example", undefined],
		["Anna at home", "a@x.example", undefined], [null, "a@x.example", undefined],
	];
	for (const [name, email, shown] of table)
		assert.equal(misleadingName({name, email}), shown);
});

test("kinds of attachments", () => {
	const table: [string, string | null, string][] = [
		["image/png", "a.png", "image"], ["image/tiff", "a.tiff", "other"],
		["application/pdf", null, "pdf"], ["application/octet-stream", "a.PDF", "pdf"],
		["image/png", "a.png.exe", "program"], ["text/html", "a.html", "other"],
		["message/rfc822", null, "message"], ["text/calendar", "invite.ics", "calendar"],
		["text/x-patch", "0001.patch", "text"],
	];
	for (const [type, name, kind] of table)
		assert.equal(kindOf({type, name}), kind, `${type} ${name}`);
});

test("labels", () => {
	assert.deepEqual(labelsOf([{$seen: true, $label2: true, Work_Stuff: true, junk: true},
		{$label2: true}]).map((one) => one.key ?? one.text), ["label.2", "Work Stuff"]);
	const table: [string, string | undefined][] = [
		["To do", "to_do"], ["", undefined], ["标签", undefined], ["$x", undefined],
		["a(b", undefined], ["a-b.c", "a-b.c"], ["x".repeat(101), undefined],
	];
	for (const [text, keyword] of table)
		assert.equal(keywordOf(text), keyword, text);
});

test("an invitation", () => {
	const [event] = parseCalendar("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n" +
		"SUMMARY:A long\r\n  name\\, folded\r\nDTSTART;TZID=Europe/Berlin:20260316T090000\r\n" +
		"DTEND:20260316T103000Z\r\nBEGIN:VALARM\r\nDESCRIPTION:no\r\nEND:VALARM\r\n" +
		"ORGANIZER;CN=\"A; B\":mailto:a@x.example\r\nLOCATION:Room\\n2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
	assert.equal(event?.summary, "A long name, folded");
	assert.equal(event?.method, "REQUEST");
	assert.equal(event?.organizer, "A; B");
	assert.equal(event?.location, "Room\n2");
	assert.equal(event?.description, "");
	assert.equal(event?.end?.toISOString(), "2026-03-16T10:30:00.000Z");
	assert.equal(event?.start?.getHours(), 9);
	assert.deepEqual(parseCalendar("nonsense\n:\n"), []);
});

test("a time zone that was chosen decides which day it is", () => {
	const moment = new Date("2026-03-01T15:30:00Z");
	assert.deepEqual(dayOf(moment, "Asia/Tokyo"), {year: 2026, month: 3, day: 2});
	assert.deepEqual(dayOf(moment, "America/Los_Angeles"), {year: 2026, month: 3, day: 1});
	assert.equal(isZone("Asia/Tokyo"), true);
	assert.equal(isZone("Moon/Crater"), false);
	timeZone.value = "Asia/Tokyo";
	assert.equal(daysBetween(new Date("2026-03-01T14:00:00Z"), moment), 1);
	assert.equal(/12:10/.test(shortDate("2026-03-01T15:10:00Z", moment)), true);
	timeZone.value = "";
});

test("dates by how long ago they are", () => {
	const now = new Date(2026, 2, 12, 15, 0);
	const on = (...parts: [number, number, number, number?]): string =>
		new Date(parts[0], parts[1], parts[2], parts[3] ?? 9).toISOString();
	assert.equal(daysBetween(new Date(2026, 2, 11, 23, 59), now), 1);
	assert.equal(shortDate(on(2026, 2, 12), now).replace(/\s/g, " "), "9:00 AM");
	assert.equal(shortDate(on(2026, 2, 11, 23), now), "Yesterday");
	assert.equal(shortDate(on(2026, 2, 8), now), "Sunday");
	assert.equal(shortDate(on(2026, 0, 5), now), "Jan 5");
	assert.equal(shortDate(on(2025, 11, 31), now), "12/31/2025");
	assert.equal(shortDate("never", now), "");
});

test("sizes", () => {
	const table: [number, string][] = [
		[1, "1 byte"], [999, "999 bytes"], [1000, "1 KB"], [1540, "1.5 KB"],
		[48_213, "48 KB"], [999_600, "1 MB"], [2_500_000, "2.5 MB"], [3e9, "3 GB"],
	];
	for (const [bytes, text] of table)
		assert.equal(formatSize(bytes), text);
});

test("styles fetch nothing and cover nothing", () => {
	const table: [string, string, number][] = [
		["color:red", "color:red", 0],
		["background:url(https://x.example/a.png)", "background:none", 1],
		["background:url( '//x.example/a' )", "background:none", 1],
		["background:url(data:image/png;base64,AA)", "background:url(data:image/png;base64,AA)", 0],
		["background:url(javascript:alert(1))", "background:none)", 0],
		["@import 'https://x.example/a.css';p{}", "p{}", 1],
		["position : fixed;top:0", "position:static;top:0", 0],
		["width:expression(alert(1))", "width:x:alert(1))", 0],
		["/* url(https://x.example) */p{}", "p{}", 0],
	];
	for (const [text, clean, remote] of table)
		assert.deepEqual(cleanStyle(text, false), {style: clean, remote}, text);
	assert.equal(cleanStyle("background:url(https://x.example/a.png)", true).style,
		"background:url(https://x.example/a.png)");
});

test("where links lead", () => {
	const table: [string, string, string | undefined][] = [
		["https://bank.example/a", "Log in", undefined],
		["https://bank.example/a", "https://bank.example/b", undefined],
		["https://www.bank.example/", "bank.example.com", "other"],
		["https://evil.example/", "https://bank.example/login", "other"],
		["https://login.bank.example/", "www.bank.example", undefined],
		["https://bank.example.evil.example/", "bank.example", undefined],
		["https://bank.example.evil.com/", "https://bank.example", "other"],
		["https://xn--80ak6aa92e.com/", "Apple", "lookalike"],
		["https://xn--mnchen-3ya.de/", "München", undefined],
		["https://xn--fiqs8s/", "中国", undefined],
		["https://192.0.2.7/x", "Here", "numbers"],
		["https://bank.example@evil.example/", "Here", "user"],
		["mailto:a@x.example", "b@x.example", undefined],
		["https://files.example/", "notes.txt", undefined],
	];
	for (const [url, text, kind] of table)
		assert.equal(doubtLink(url, text)?.kind, kind, `${url} ${text}`);
});

test("punycode (RFC 3492 section 7.1)", () => {
	const table: [string, string][] = [
		["xn--mnchen-3ya", "münchen"], ["xn--fiqs8s", "中国"], ["xn--80ak6aa92e", "аррӏе"],
		["xn--ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"],
		["xn--4dbcagdahymbxekheh6e0a7fei0b", "למההםפשוטלאמדבריםעברית"],
		["plain", "plain"], ["xn--!", "xn--!"], ["xn--", ""],
	];
	for (const [label, text] of table)
		assert.equal(decodeLabel(label), text, label);
});

test("safe URLs", () => {
	const table: [string, boolean][] = [
		["https://x.example", true], ["mailto:a@x.example", true], ["tel:+491", true],
		["javascript:alert(1)", false], ["data:text/html,x", false], ["file:///etc", false],
		["/mail/", false],
	];
	for (const [url, safe] of table)
		assert.equal(isSafeUrl(url), safe, url);
});

test("searches are read and written", () => {
	const table: [string, string][] = [
		["from:anna summer plans", "from:anna|summer plans"],
		["from:\"Anna A\" has:attachment", "from:Anna A,has:attachment|"],
		["before:2026-13-01 x", "|before:2026-13-01 x"],
		["before:2026-01-31 is:unread", "before:2026-01-31,is:unread|"],
		["https://x.example/a:b", "|https://x.example/a:b"],
		["is:great FROM:x", "from:x|is:great"], ["", "|"],
		["\"two words\"", "|\"two words\""],
	];
	for (const [text, want] of table) {
		const {chips, words} = parseSearch(text);
		assert.equal(chips.map((one) => `${one.kind}:${one.value}`).join() + "|" + words, want);
		assert.deepEqual(parseSearch(formatSearch({chips, words})), {chips, words});
	}
});

test("searches as filters", () => {
	const folder = (name: string): string | undefined => name === "inbox" ? "m1" : undefined;
	const filter = (text: string): unknown => searchFilter(parseSearch(text), folder, ["m9"]);
	assert.deepEqual(filter("in:inbox"), {inMailbox: "m1"});
	assert.deepEqual(filter("a b"), {operator: "AND", conditions: [
		{text: "a b"}, {inMailboxOtherThan: ["m9"]}]});
	assert.deepEqual(filter("in:inbox is:flagged has:attachment"), {operator: "AND",
		conditions: [{inMailbox: "m1"}, {hasKeyword: "$flagged"}, {hasAttachment: true}]});
});

test("quotes and signatures", () => {
	const blocks = textBlocks("a\n> b\n>> c\n> d\ne\n-- \nme\n");
	assert.deepEqual(blocks.map((one) => one.kind), ["text", "quote", "text", "signature"]);
	const quote = blocks[1]!;
	assert(quote.kind === "quote");
	assert.equal(quote.lines, 3);
	assert.deepEqual(quote.blocks.map((one) => one.kind), ["text", "quote", "text"]);
	// What follows a dash is no signature when quotes follow.
	assert.deepEqual(textBlocks("a\n-- \nb\n> c").map((one) => one.kind),
		["text", "text", "quote"]);
	assert.deepEqual(textBlocks(""), [{kind: "text", lines: [""]}]);
});

test("links in text", () => {
	const urls = (text: string): string[] => linkSpans(text)
		.flatMap((one) => "url" in one ? [one.url] : []);
	const table: [string, string[]][] = [
		["See https://x.example/a.", ["https://x.example/a"]],
		["(https://x.example/a_(b))", ["https://x.example/a_(b)"]],
		["<www.x.example>, a@x.example!", ["https://www.x.example", "mailto:a@x.example"]],
		["网址是https://x.example/a。谢谢", ["https://x.example/a"]],
		["javascript:alert(1)", []],
	];
	for (const [text, want] of table) {
		assert.deepEqual(urls(text), want, text);
		assert.equal(linkSpans(text).map((one) => one.text).join(""), text);
	}
});

test("text from right to left", () => {
	assert.equal(isRightToLeft("שלום, OK"), true);
	assert.equal(isRightToLeft("Hello שלום"), false);
	assert.equal(isRightToLeft("123"), false);
});

test("ZIP files", async () => {
	assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
	assert.deepEqual(zipNames(["a.txt", "A.txt", "../x", "", "a.txt"]),
		["a.txt", "A (2).txt", "__x", "file", "a (3).txt"]);
	const blob = zip([{name: "ä.txt", bytes: new Uint8Array([1, 2, 3])}],
		new Date(2026, 0, 2));
	const bytes = new Uint8Array(await blob.arrayBuffer());
	const view = new DataView(bytes.buffer);
	assert.equal(view.getUint32(0, true), 0x04034b50);
	assert.equal(view.getUint32(bytes.length - 22, true), 0x06054b50);
	assert.equal(view.getUint32(view.getUint32(bytes.length - 6, true), true), 0x02014b50);
});
