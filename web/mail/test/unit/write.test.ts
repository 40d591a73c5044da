// SPDX-License-Identifier: Apache-2.0
// What a message begins with, and addresses and links as people type them. What
// needs a document is in test/browser/editable.test.mjs.
import {test} from "node:test";
import assert from "node:assert/strict";
import {composeMailto, composing} from "../../src/app/compose.ts";
import type {Address, Email, EmailBody} from "../../src/jmap/types.ts";
import {fullAddress, misleadingName, nameOf} from "../../src/lib/addresses.ts";
import {kindOf} from "../../src/lib/attachments.ts";
import {linkUrl} from "../../src/lib/links.ts";
import {isAddress, parseRecipients} from "../../src/lib/recipients.ts";
import {
	addressedAs, forwardSubject, replyRecipients, replyReferences, replySubject,
	speaksOfAttachment,
} from "../../src/lib/reply.ts";

test("subjects of answers", () => {
	const table: [string | null, string, string][] = [
		["Tea", "Re: Tea", "Fwd: Tea"],
		["Re: Tea", "Re: Tea", "Fwd: Re: Tea"],
		["RE: re:Tea", "Re: Tea", "Fwd: RE: re:Tea"],
		["Re[2]: Tea", "Re: Tea", "Fwd: Re[2]: Tea"],
		["AW: WG: Tea", "Re: WG: Tea", "Fwd: AW: WG: Tea"],
		["Fwd: FW: Tea", "Re: Fwd: FW: Tea", "Fwd: Tea"],
		["回复：茶", "Re: 茶", "Fwd: 回复：茶"],
		["转发：茶", "Re: 转发：茶", "Fwd: 茶"],
		["Regards: Tea", "Re: Regards: Tea", "Fwd: Regards: Tea"],
		["Tea\r\nBcc: all@x.example", "Re: Tea Bcc: all@x.example", "Fwd: Tea Bcc: all@x.example"],
		["\u202eTea", "Re: Tea", "Fwd: Tea"],
		["", "Re: ", "Fwd: "],
		[null, "Re: ", "Fwd: "],
	];
	for (const [subject, reply, forward] of table) {
		assert.equal(replySubject(subject), reply);
		assert.equal(forwardSubject(subject), forward);
	}
});

const list = (text: string): Address[] | null => text === "" ? null
	: text.split(" ").map((name) => ({name: null, email: `${name}@x.example`}));
const names = (addresses: Address[]): string => addresses
	.map((one) => one.email.split("@")[0]).join(" ");

test("to whom an answer goes", () => {
	// from, reply to, to, cc; answer; to all: to and cc.
	const table: [string, string, string, string, string, string, string][] = [
		["ada", "", "me", "", "ada", "ada", ""],
		["ada", "", "me bob", "cy", "ada", "ada bob", "cy"],
		["ada", "list", "me bob", "ada", "list", "list bob", "ada"],
		["ada", "", "me ada", "bob ada ME", "ada", "ada", "bob"],
		["ada", "", "alias", "me", "ada", "ada", ""],
		["ada", "", "bob bob", "bob cy cy", "ada", "ada bob", "cy"],
		// An own message is answered to those to whom it went.
		["me", "", "ada", "bob", "ada", "ada", "bob"],
		["me", "", "me", "", "me", "me", ""],
		["me", "list", "ada bob", "cy me", "ada bob", "ada bob", "cy"],
		["", "", "me", "", "", "", ""],
	];
	for (const [from, replyTo, to, cc, one, allTo, allCc] of table) {
		const email = {from: list(from), to: list(to), cc: list(cc)} as Email;
		const body = {replyTo: list(replyTo)} as EmailBody;
		const me = ["me@X.example", "alias@x.example"];
		const answer = replyRecipients(email, body, me, false);
		assert.equal(names(answer.to), one, JSON.stringify([from, to, cc]));
		assert.deepEqual(answer.cc, []);
		const all = replyRecipients(email, body, me, true);
		assert.equal(names(all.to), allTo, JSON.stringify([from, to, cc]));
		assert.equal(names(all.cc), allCc, JSON.stringify([from, to, cc]));
	}
});

// RFC 5322 section 3.6.4.
test("what an answer belongs to", () => {
	const table: [string | null, string | null, string | null, string][] = [
		["c", "a b", "b", "a b c"],
		["c", null, "b", "b c"],
		["c", null, "a b", "c"], // which of them is the parent is not known
		["c", null, null, "c"],
		["c", "a c b", null, "a b c"],
		[null, "a", "a", ""],
	];
	const ids = (text: string | null): string[] | null => text?.split(" ") ?? null;
	for (const [id, references, inReplyTo, expected] of table) {
		const answer = replyReferences({messageId: ids(id), references: ids(references),
			inReplyTo: ids(inReplyTo)} as EmailBody);
		assert.equal(answer.references?.join(" ") ?? "", expected);
		assert.deepEqual(answer.inReplyTo, id ? [id] : undefined);
	}
});

test("from which own address one answers", () => {
	const me = ["me@x.example", "alias@x.example"];
	const email = (to: string, cc: string): Email => ({from: list("ada"), to: list(to),
		cc: list(cc), bcc: null}) as Email;
	assert.equal(addressedAs(email("alias", ""), me), "alias@x.example");
	assert.equal(addressedAs(email("bob", "ALIAS"), me), "alias@x.example");
	assert.equal(addressedAs(email("bob", "alias me"), me), "me@x.example");
	assert.equal(addressedAs(email("list", ""), me), undefined);
});

test("attachments that are spoken of", () => {
	const table: [string, boolean][] = [
		["See the attached plan.", true],
		["Attachment: none", true],
		["I attach it.", true],
		["The plan is enclosed", true],
		["Der Plan ist angehängt.", true],
		["Im Anhang der Plan", true],
		["En pièce jointe", true],
		["请查收附件。", true],
		["添付しました", true],
		["Во вложении план", true],
		["Nothing of it", false],
		["A reattachable thing", false],
		["> See the attached plan.\nThanks!", false],
		["Thanks!\n-- \nAttached Systems Ltd", false],
		["-- \nAttached Systems Ltd", false],
		["Look at this.\n\n---------- Forwarded message ----------\nSee attached", false],
		["I attached it.\n---------- 转发的邮件 ----------\nNothing", true],
	];
	for (const [text, expected] of table)
		assert.equal(speaksOfAttachment(text), expected, text);
});

test("addresses as they are typed and pasted", () => {
	// What comes out: "name|address" of each, and the rest.
	const table: [string, string[], string][] = [
		["a@x.example", ["|a@x.example"], ""],
		["  a@x.example , ", ["|a@x.example"], ""],
		["Anna Adler <a@x.example>", ["Anna Adler|a@x.example"], ""],
		["<a@x.example>", ["|a@x.example"], ""],
		['"Adler, Anna" <a@x.example>, b@x.example', ["Adler, Anna|a@x.example", "|b@x.example"], ""],
		['"A \\"x, y\\" B" <a@x.example>, b@x.example', ['A "x, y" B|a@x.example', "|b@x.example"], ""],
		["a@x.example; b@x.example", ["|a@x.example", "|b@x.example"], ""],
		["a@x.example，b@x.example；", ["|a@x.example", "|b@x.example"], ""],
		["a@x.example\r\nb@x.example", ["|a@x.example", "|b@x.example"], ""],
		["a@x.example b@x.example\tc@x.example",
			["|a@x.example", "|b@x.example", "|c@x.example"], ""],
		["李薇 <w@例子.example>", ["李薇|w@例子.example"], ""],
		["a@x.example (Anna)", ["Anna|a@x.example"], ""],
		["mailto:a@x.example", ["|a@x.example"], ""],
		["Team: a@x.example, Bob <b@x.example>;", ["|a@x.example", "Bob|b@x.example"], ""],
		["Anna", [], "Anna"],
		["Anna, b@x.example", ["|b@x.example"], "Anna"],
		["Anna <a@x>", ["Anna|a@x"], ""],
		["Anna <a@@x.example>", [], "Anna <a@@x.example>"],
		["a@x..example", [], "a@x..example"],
		["a b@x.example", [], "a b@x.example"],
		["a@x.example\u0000", [], "a@x.example\u0000"],
		["", [], ""],
		[" ,; ", [], ""],
	];
	for (const [text, expected, rest] of table) {
		const found = parseRecipients(text);
		assert.deepEqual(found.addresses.map((one) => `${one.name ?? ""}|${one.email}`),
			expected, text);
		assert.equal(found.rest, rest, text);
	}
});

test("what is an address", () => {
	for (const good of ["a@x.example", "a.b+c@x-y.example", "ä@bücher.example", "a@localhost"])
		assert(isAddress(good), good);
	for (const bad of ["", "a", "a@", "@x", "a@x.", "a@.x", "a@b@c", "a b@x.example",
		"a@x.example\r\nBcc: b@x.example", "<a@x.example>", "a@x.example\u0000"])
		assert(!isAddress(bad), bad);
});

test("links as they are typed", () => {
	const table: [string, string | undefined][] = [
		["https://x.example/a?b#c", "https://x.example/a?b#c"],
		["HTTP://x.example", "HTTP://x.example"],
		[" x.example ", "https://x.example"],
		["x.example/a", "https://x.example/a"],
		["x.example:8443/a", "https://x.example:8443/a"],
		["bücher.example", "https://bücher.example"],
		["例子.example/路", "https://例子.example/路"],
		["mailto:a@x.example", "mailto:a@x.example"],
		["a@x.example", "mailto:a@x.example"],
		["tel:+4930123", "tel:+4930123"],
		["javascript:alert(1)", undefined],
		["JavaScript:alert(1)", undefined],
		["java\tscript:alert(1)", undefined],
		["javascript.x.example:alert(1)", undefined],
		["data:text/html,x", undefined],
		["vbscript:x", undefined],
		["file:///etc/passwd", undefined],
		["blob:https://x.example/1", undefined],
		["https://", undefined],
		["https://x y", undefined],
		["hello", undefined],
		["", undefined],
	];
	for (const [text, expected] of table)
		assert.equal(linkUrl(text), expected, text);
});

test("names hide nothing", () => {
	const address = (name: string): Address => ({name, email: "a@x.example"});
	assert.equal(nameOf(address("A\u202eda\r\nBcc: b@x.example")), "Ada Bcc: b@x.example");
	assert.equal(nameOf(address("\u202e\u0000")), "a@x.example");
	assert.equal(fullAddress(address("A\nB")), "A B <a@x.example>");
	assert.equal(misleadingName(address("b\u200d@bank.example")), "b@bank.example");
	assert.equal(nameOf(address("\u05d9\u05e2\u05dc\u200f")), "\u05d9\u05e2\u05dc\u200f");
	for (const name of ["a.exe", "a.exe ", "a.exe.", "a.e\u200bxe", "photo\u202egpj.exe", "A.EXE\u0000"])
		assert.equal(kindOf({type: "image/png", name}), "program", JSON.stringify(name));
});

// RFC 6068.
test("mailto: begins a message", () => {
	const table: [string, string[], string | undefined, string | undefined][] = [
		["mailto:a@x.example", ["a@x.example"], undefined, undefined],
		["MAILTO:a@x.example,b@x.example?to=c@x.example",
			["a@x.example", "b@x.example", "c@x.example"], undefined, undefined],
		["mailto:?Subject=A%20b&body=One%0D%0ATwo", [], "A b", "One\nTwo"],
		["mailto:a@x.example?body=https://x.example/?q=1=2", ["a@x.example"], undefined,
			"https://x.example/?q=1=2"],
		["mailto:a@x.example?subject=100%", ["a@x.example"], "100%", undefined],
	];
	for (const [url, to, subject, text] of table) {
		composing.value = [];
		composeMailto(url);
		const [order] = composing.value;
		assert.deepEqual([order?.to?.map((one) => one.email), order?.subject, order?.text],
			[to, subject, text], url);
	}
});
