// SPDX-License-Identifier: Apache-2.0
// Each hostile mail is answered: its text comes into the editor, which is a part of
// the page itself, runs nothing, calls nobody, and lies over nothing. And
// hostile names, subjects and attachments.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {startMock} from "../mock/server.mjs";
import {HOSTILE} from "./hostile.mjs";
import {COVERS, PARTS} from "./hostile-parts.mjs";
import {launch, logIn, openPage} from "./browser.mjs";
import {isOwned, settle, watch} from "./watch.mjs";

let browser, bench;
before(async () => {
	browser = await launch();
	bench = await browser.newPage();
});
after(() => browser.close());

const MALLORY = {name: "Mallory", email: "mallory@x.example"};

async function withMails(mails, run) {
	const mock = await startMock({folder: process.env.ROOST_PAGE, count: 0});
	const page = await openPage(browser, mock.url);
	const seen = await watch(page, mock);
	try {
		await logIn(page);
		mails.forEach((mail, index) => mock.data.deliver(["h" + index, mail.from ?? MALLORY, [],
			mail.subject, -index, "inbox", "", {html: `<p>START${index}.</p>${mail.html ?? ""}`,
				...(mail.attachments && {attachments: mail.attachments})}]));
		await page.reload();
		await page.waitForSelector(".row-link");
		for (const mail of [...mails].reverse()) {
			seen.at = mail.name;
			await page.keyboard.press("j");
			await page.waitForFunction((mark) => [...document.querySelectorAll("iframe.html-body")]
				.some((one) => one.contentDocument?.body?.textContent.includes(mark)),
			`START${mails.indexOf(mail)}.`);
			await run(page, mail, mock);
			assert.equal(await isOwned(page), false, mail.name);
		}
		const {out, boxes, windows} = seen;
		assert.deepEqual({out, boxes, windows}, {out: [], boxes: [], windows: []});
	} finally {
		await page.context().close();
		mock.stop();
	}
}

// What stands in the editor that should not.
const faultsOfEditor = (page) => page.evaluate(() => {
	const editor = document.querySelector(".editor"), found = [];
	for (const one of editor.querySelectorAll("*")) {
		for (const {name, value} of one.attributes)
			if (/^on|^srcdoc$|^action$|^formaction$|^is$|^id$|^name$|^class$/i.test(name) ||
				/^\s*(javascript|vbscript|data:text)/i.test(value))
				found.push(`${one.tagName} ${name}`);
		if (/^(script|style|iframe|object|embed|form|input|button|svg|math|meta|link|base|template)$/i
			.test(one.tagName))
			found.push(one.tagName);
		if (getComputedStyle(one).position !== "static")
			found.push(`${one.tagName} is placed`);
	}
	// Nothing lies over what one clicks.
	for (const name of [".composer-foot .primary", ".subject-input", ".compose-button"]) {
		const button = document.querySelector(name), box = button.getBoundingClientRect();
		const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
		if (!button.contains(top))
			found.push(`${top?.tagName} lies over ${name}`);
	}
	return found;
});

async function answer(page, mail, mock) {
	await page.keyboard.press("r");
	await page.waitForSelector(".editor blockquote:has-text('START')");
	await page.evaluate(() => Promise.all(document.getAnimations()
		.map((one) => one.finished.catch(() => undefined))));
	await settle(page);
	assert.deepEqual(await faultsOfEditor(page), [], mail.name);
	await page.keyboard.type("No."); // so that it is kept
	await page.keyboard.press("Escape");
	await page.waitForFunction(() => !document.querySelector(".composer"));
	const draft = [...mock.data.emails.values()].at(-1);
	assert(draft.keywords.$draft, mail.name);
	// A browser's parser, not a pattern, says what is in what would be sent.
	assert.deepEqual(await bench.evaluate((html) => [...new DOMParser()
		.parseFromString(html, "text/html").querySelectorAll("*")].flatMap((one) => [
		...(/^(script|style|iframe|object|embed|form|svg|math|link)$/i.test(one.tagName)
			? [one.tagName] : []),
		...[...one.attributes].filter(({name, value}) => /^on/i.test(name) ||
			/^\s*javascript:/i.test(value)).map(({name}) => name)]), draft.body.html), [], mail.name);
	assert(!/[\r\n]/.test(draft.subject), mail.name);
	mock.data.commit(mock.data.destroy(draft));
}

const mails = [...HOSTILE, ...COVERS].map(([name, html]) => ({name, subject: name, html}));
const PER_PAGE = 45;
for (let at = 0; at < mails.length; at += PER_PAGE)
	test(`answers to hostile mails ${at + 1} to ${Math.min(at + PER_PAGE, mails.length)}`, () =>
		withMails(mails.slice(at, at + PER_PAGE), answer));

test(`${PARTS.length} hostile names, subjects and attachments`, () =>
	withMails(PARTS, async (page, mail) => {
		await settle(page);
		// No text of theirs is markup, and none turns the text around it.
		const {markup, text} = await page.evaluate(() => {
			const all = [...document.querySelectorAll(
				".message-from, .message-to, .reader h2, .attachment-name, .row-link, .event")];
			return {markup: all.flatMap((one) => [...one.querySelectorAll(
				"script, img, b, iframe, object")].map(({outerHTML}) => outerHTML)),
			text: all.map((one) => one.textContent).join("\n")};
		});
		assert.deepEqual(markup, [], mail.name);
		assert(!/[\u0000-\u0008\u000e-\u001f\u202a-\u202e\u2066-\u2069]/.test(text), mail.name);
		for (const one of await page.locator(".attachment-open").all()) {
			if (!/^Open/.test(await one.locator(".unseen").textContent())) {
				const [download] = await Promise.all([page.waitForEvent("download"), one.click()]);
				assert(!/[/\\\u0000-\u001f\u202a-\u202e]/.test(download.suggestedFilename()), mail.name);
				continue;
			}
			await one.click();
			await page.waitForSelector("dialog[open]");
			await page.waitForFunction(() => !document.querySelector("dialog [aria-busy=true]"));
			await settle(page);
			assert.equal(await isOwned(page), false, mail.name);
			await page.keyboard.press("Escape");
			await page.waitForFunction(() => !document.querySelector("dialog"));
		}
	}));
