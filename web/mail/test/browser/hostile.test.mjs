// SPDX-License-Identifier: Apache-2.0
// None of the hostile mails runs a script, leaves its frame or calls out.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {startMock} from "../mock/server.mjs";
import {HOSTILE, TRACKERS} from "./hostile.mjs";
import {launch, logIn, openPage} from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

// Delivers the mails, opens one after the other, and gives what went out.
async function readAll(mails, pictures) {
	const mock = await startMock({folder: process.env.ROOST_PAGE, count: 0});
	const page = await openPage(browser, mock.url);
	const out = [], boxes = [];
	let at = "";
	await page.context().route(/out\.example/, (route) => {
		out.push(`${at}: ${route.request().resourceType()} ${route.request().url()}`);
		return route.abort();
	});
	page.on("dialog", (dialog) => {
		boxes.push(`${at}: ${dialog.message()}`);
		void dialog.dismiss();
	});
	page.on("framenavigated", (frame) => {
		if (!frame.url().startsWith(mock.url))
			out.push(`${at}: went to ${frame.url()}`);
	});
	const windows = [];
	page.context().on("page", (one) => windows.push(`${at}: ${one.url()}`));
	try {
		await logIn(page);
		if (pictures)
			await page.evaluate(() => localStorage.setItem(
				"roost.picture-senders", JSON.stringify(["mallory@x.example"])));
		mails.forEach(([name, html], index) => mock.data.deliver(["h" + index,
			{name: "Mallory", email: "mallory@x.example"}, [], name, -index, "inbox", "",
			{html: `<p>START</p>${html}`}]));
		await page.reload();
		await page.waitForSelector(".row-link");
		for (const [name] of [...mails].reverse()) {
			at = name;
			await page.keyboard.press("j");
			await page.waitForFunction((subject) => {
				const frame = document.querySelector("iframe.html-body");
				return document.querySelector(".reader h2")?.textContent.trim() === subject &&
					frame?.contentDocument?.body?.textContent.includes("START");
			}, name);
			await page.evaluate(() => {
				const inside = document.querySelector("iframe.html-body").contentDocument;
				inside.querySelector("[id$=go]")?.click();
				return new Promise((resolve) => requestAnimationFrame(
					() => requestAnimationFrame(resolve)));
			});
			const owned = await page.evaluate(() => "owned" in window ||
				"owned" in document.querySelector("iframe.html-body").contentWindow);
			assert.equal(owned, false, name);
			if (await page.locator("dialog[open]").count())
				await page.keyboard.press("Escape");
		}
	} finally {
		await page.context().close();
		mock.stop();
	}
	return {out, boxes, windows};
}

test(`${HOSTILE.length} hostile mails do nothing`, async () => {
	assert(HOSTILE.length >= 100);
	assert.deepEqual(await readAll(HOSTILE, false), {out: [], boxes: [], windows: []});
});

test("with pictures, nothing but pictures is loaded", async () => {
	const {out, boxes, windows} = await readAll(TRACKERS, true);
	assert(out.length > 0);
	assert.deepEqual(out.filter((one) => !/: image /.test(one)), []);
	assert.deepEqual([boxes, windows], [[], []]);
});
