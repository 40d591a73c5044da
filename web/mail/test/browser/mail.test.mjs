// SPDX-License-Identifier: Apache-2.0
// A day with the page, as a person has it, against the mock server.
import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {startMock} from "../mock/server.mjs";
import {launch, logIn, openPage, SIZES} from "./browser.mjs";

const FOLDER = process.env.ROOST_PAGE;
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

// A server and a page of their own for each test.
async function withPage(run, {count = 300, at = "", ...options} = {}) {
	const mock = await startMock({folder: FOLDER, count, factor: options.factor});
	const page = await openPage(browser, mock.url + at, options);
	const play = async (what, args) => (await fetch(
		`http://127.0.0.1:${mock.port}/mock/${what}`,
		{method: "POST", body: JSON.stringify(args)})).json();
	try {
		if (!options.stranger)
			await logIn(page);
		await run(page, play, mock);
		assert.deepEqual(page.faults.filter((one) =>
			!/status of (401|404)/.test(one) && !(options.expect ?? /^$/).test(one)), []);
	} finally {
		await page.context().close();
		mock.stop();
	}
}

const row = (page, text) => page.locator(`.row:has-text("${text}")`).first();
const open = (page, text) => page.click(`.row-link:has-text("${text}")`);
const inboxCount = (page) => page.locator(".folder.current .folder-count").innerText()
	.then((text) => parseInt(text, 10));
const toast = (page, text) => page.waitForSelector(`.toast:has-text("${text}")`);

describe("a day", {concurrency: 3}, () => {

test("a wrong password is told, a right one leads to the mail", () => withPage(async (page) => {
	await page.fill("[name=username]", "demo");
	await page.fill("[name=password]", "wrong");
	await page.press("[name=password]", "Enter");
	await page.waitForSelector(".form-problem:has-text('wrong')");
	await page.fill("[name=password]", "demo");
	await page.press("[name=password]", "Enter");
	await page.waitForSelector(".row-link:has-text('first sketches')");
	await page.reload();
	await page.waitForSelector(".row-link:has-text('first sketches')");
	await page.click(".account button");
	await page.click(".menu-item:has-text('Log out')");
	await page.waitForSelector("[name=password]");
}, {stranger: true}));

test("a second factor is asked for", () => withPage(async (page) => {
	await page.fill("[name=username]", "demo");
	await page.fill("[name=password]", "demo");
	await page.press("[name=password]", "Enter");
	await page.fill("[name=code]", "000000");
	await page.press("[name=code]", "Enter");
	await page.waitForSelector(".form-problem:has-text('code')");
	await page.fill("[name=code]", "123 456");
	await page.press("[name=code]", "Enter");
	await page.waitForSelector(".row-link");
}, {stranger: true, factor: true}));

test("a list of 100,000 scrolls anywhere and does not jump", () => withPage(async (page, play) => {
	const total = Number((await page.innerText(".list-title p")).replace(/\D/g, ""));
	assert(total > 50_000, String(total));
	const box = page.locator(".list-scroll");
	await box.evaluate((node) => { node.scrollTop = node.scrollHeight; });
	await page.waitForSelector(`.row[aria-posinset="${total}"]:not(.hole)`);
	await box.evaluate((node) => { node.scrollTop = node.scrollHeight / 2; });
	await page.waitForFunction((total) => {
		const rows = [...document.querySelectorAll(".row")];
		return rows.length > 8 && rows.every((row) => !row.classList.contains("hole") &&
			Math.abs(row.getAttribute("aria-posinset") - total / 2) < total / 10);
	}, total);
	const place = () => box.evaluate((node) => {
		const top = node.getBoundingClientRect().top;
		const first = [...node.querySelectorAll(".row")].map((one) =>
			[one.querySelector(".row-link")?.href, one.getBoundingClientRect().top - top])
			.filter(([, at]) => at > -80).sort((a, b) => a[1] - b[1])[0];
		return JSON.stringify(first);
	});
	const before = await place();
	await play("deliver", {count: 3, subject: "Above"});
	await page.waitForFunction((n) => document.querySelector(".list-title p").textContent
		.replace(/\D/g, "") === String(n), total + 3);
	assert.equal(await place(), before);
	await box.evaluate((node) => { node.scrollTop = 0; });
	await page.waitForSelector(".row[aria-posinset='1']:has-text('Above')");
}, {count: 100_000}));

test("opening marks as read, and what others do is seen", () => withPage(async (page, play) => {
	const count = await inboxCount(page);
	await open(page, "Budget for the second");
	await page.waitForSelector(".text-body:has-text('row 14')");
	await page.waitForSelector(".row.open:not(.unread):has-text('Budget')");
	assert.equal(await inboxCount(page), count - 1);
	await play("keywords", {subject: "Budget for the second quarter", keywords: {}});
	await page.waitForSelector(".row.unread:has-text('Budget')");
	await play("deliver", {subject: "Fresh from the press"});
	await page.waitForSelector(".row.unread[aria-posinset='1']:has-text('Fresh from')");
	await page.waitForFunction((n) => document.querySelector(
		".folder.current .folder-count").textContent.startsWith(String(n)), count + 1);
	await page.waitForFunction(() => document.title.startsWith("("));
}));

test("archiving can be undone", () => withPage(async (page, play) => {
	await open(page, "Budget for the second");
	await page.waitForSelector(".text-body:has-text('row 14')");
	await page.keyboard.press("e");
	await toast(page, "Archived");
	await row(page, "Budget for").waitFor({state: "detached"});
	await page.waitForSelector(".reader h2:has-text('春季')"); // the next one
	await page.waitForFunction(async () => true);
	const [moved] = await play("find", {subject: "Budget for the second quarter"});
	assert.deepEqual(Object.keys(moved.mailboxIds), ["marchive"]);
	await page.keyboard.press("z");
	await row(page, "Budget for").waitFor();
	await page.waitForSelector(".reader h2:has-text('Budget')");
	await page.waitForFunction(async () => {
		const response = await fetch("/mock/find", {method: "POST",
			body: JSON.stringify({subject: "Budget for the second quarter"})});
		return "minbox" in (await response.json())[0].mailboxIds;
	});
}));

test("what the server refuses is taken back", () => withPage(async (page, play) => {
	const count = await inboxCount(page);
	await play("refuse", {refuse: true});
	await row(page, "Jonas").locator(".row-select").click();
	await page.keyboard.press("#");
	await toast(page, "did not work");
	await row(page, "Budget for").waitFor();
	assert.equal(await inboxCount(page), count);
}));

test("many are selected and moved", () => withPage(async (page, play) => {
	await row(page, "Amara").locator(".row-select").click();
	await row(page, "Northern Rail").locator(".row-select").click({modifiers: ["Shift"]});
	await page.waitForSelector(".selected-count:has-text('5')");
	await page.keyboard.press("m");
	await page.waitForSelector(".picker-input:focus");
	await page.keyboard.type("gard");
	await page.waitForSelector(".picker-row.at:has-text('Garden')");
	await page.keyboard.press("Enter");
	await toast(page, "5 conversations moved to Garden");
	await page.click(".folder a:has-text('Garden')");
	await page.waitForSelector(".list-title p:has-text('5')");
	await page.goBack();
	await page.waitForSelector(".row-link:has-text('first sketches')");
	await page.click(".toast-undo");
	await row(page, "Northern Rail").waitFor();
	await page.waitForFunction(async () => {
		const response = await fetch("/mock/find", {method: "POST",
			body: JSON.stringify({subject: "Budget for the second quarter"})});
		return "minbox" in (await response.json())[0].mailboxIds;
	});
	void play;
}));

test("messages are dragged to a folder", () => withPage(async (page) => {
	await row(page, "Budget for").dragTo(page.locator(".folder a:has-text('Family')"));
	await toast(page, "Moved to Family");
	await row(page, "Budget for").waitFor({state: "detached"});
}));

test("junk, and not junk", () => withPage(async (page, play) => {
	await open(page, "春季");
	await page.keyboard.press("!");
	await toast(page, "junk");
	await page.keyboard.press("g");
	await page.click(".folder a:has-text('Junk')");
	await open(page, "春季");
	await page.waitForSelector(".text-body");
	await page.keyboard.press("!");
	await toast(page, "Moved to the inbox");
	await page.waitForSelector(".row:has-text('almost full')");
	const [mail] = await play("find", {subject: "春季郊游的安排"});
	assert.deepEqual(mail.mailboxIds, {minbox: true});
	assert.equal(mail.keywords.$notjunk, true);
}));

test("deleting in the trash waits for the end of the undo", () => withPage(async (page, play) => {
	await open(page, "Budget for");
	await page.waitForSelector(".text-body");
	await page.keyboard.press("#");
	await toast(page, "trash");
	await page.click(".folder a:has-text('Trash')");
	await open(page, "Budget for");
	await page.waitForSelector(".text-body");
	await page.keyboard.press("#");
	await toast(page, "Deleted for ever");
	await row(page, "Budget for").waitFor({state: "detached"});
	assert.equal((await play("find", {subject: "Budget for the second quarter"})).length, 1);
	await page.click(".toast:has-text('for ever') [aria-label=Close]");
	await page.waitForFunction(async () => {
		const response = await fetch("/mock/find", {method: "POST",
			body: JSON.stringify({subject: "Budget for the second quarter"})});
		return (await response.json()).length === 0;
	});
}));

test("searching as one types, with filters", () => withPage(async (page) => {
	await page.keyboard.press("/");
	await page.keyboard.type("kick-off");
	await page.waitForSelector(".row mark:has-text('kick-off')");
	await page.waitForSelector(".list-title p:has-text('2 found')");
	await page.keyboard.type(" from:amara ");
	await page.waitForSelector(".chip:has-text('amara')");
	await page.waitForSelector(".list-title p:has-text('1 found')");
	assert.match(page.url(), /search\?q=from/);
	await page.click(".chip-choice:has-text('flagged')");
	await page.waitForSelector(".empty:has-text('Nothing was found')");
	await page.press("#search", "Escape");
	await page.waitForSelector(".row-link:has-text('first sketches')");
}));

test("the address leads to what was seen", () => withPage(async (page, play, mock) => {
	await open(page, "Dinner on");
	await page.waitForSelector(".text-body");
	const address = page.url();
	await page.goBack();
	await page.waitForSelector(".reader .empty");
	await page.goForward();
	await page.waitForSelector(".reader h2:has-text('Dinner')");
	await page.goto("about:blank");
	await page.goto(address);
	await page.waitForSelector(".reader h2:has-text('Dinner')");
	await page.goto(mock.url + "folder/inbox/nothing");
	await page.waitForSelector(".empty:has-text('no longer here')");
	void play;
}));

test("HTML mail runs nothing, loads nothing, and warns of links", () => withPage(async (page, play) => {
	const outside = [];
	page.on("request", (request) => {
		if (!/^(http:\/\/127|data:|blob:)/.test(request.url()))
			outside.push(request.url());
	});
	await page.context().route(/^https:/, (route) => route.fulfill(
		{contentType: "image/png", body: ""}));
	await play("deliver", {subject: "Tricks", html:
		"<script>parent.document.title='owned'</script>" +
		"<img src=x onerror=\"parent.document.title='owned'\">" +
		"<img src='https://track.example/a.png'><p style='background:url(https://track.example/b)'>x</p>" +
		"<a href='javascript:parent.document.title=1'>A</a>" +
		"<a id=bad href='https://evil.example/'>https://bank.example/</a>" +
		"<a id=good href='https://bank.example/'>bank</a><form action='https://evil.example'><input></form>"});
	await open(page, "Tricks");
	const frame = page.frameLocator(".html-body");
	await frame.locator("#user-content-bad").click();
	await page.waitForSelector(".dialog:has-text('evil.example')");
	await page.keyboard.press("Escape");
	await frame.locator("#user-content-good").hover();
	await page.waitForSelector(".link-shown:has-text('https://bank.example/')");
	assert.equal(await frame.locator("script, form, input, [onerror], [href^=javascript]").count(), 0);
	assert.deepEqual(outside, []);
	assert.doesNotMatch(await page.title(), /owned/);
	await page.click(".banner .button:has-text('Show them')");
	await frame.locator("img[src^=https]").waitFor();
	await page.waitForFunction(() => true);
	assert(outside.every((url) => url.startsWith("https://track.example/")));
}, {expect: /Failed to load resource|ERR_|Blocked script execution/}));

test("a picture of the mail itself is shown", () => withPage(async (page) => {
	await page.locator(".row-link:has-text('صور')").scrollIntoViewIfNeeded();
	await open(page, "صور");
	const image = page.frameLocator(".html-body").locator("img");
	await image.waitFor();
	await page.waitForFunction(() => document.querySelector(".html-body").contentDocument
		.images[0]?.naturalWidth > 0);
	assert.equal(await page.locator(".attachments").count(), 0);
}));

test("attachments are shown and saved", () => withPage(async (page) => {
	await open(page, "first sketches");
	await page.waitForSelector(".attachment-picture");
	await page.click(".attachment-open:has-text('facade-1')");
	await page.waitForSelector(".viewed-image");
	await page.keyboard.press("Escape");
	const one = page.waitForEvent("download");
	await page.click("[aria-label='Download: floor-plan.pdf']");
	assert.equal((await one).suggestedFilename(), "floor-plan.pdf");
	const all = page.waitForEvent("download");
	await page.click(".button:has-text('Download all')");
	assert.match((await all).suggestedFilename(), /\.zip$/);
	await open(page, "kick-off");
	await page.waitForSelector(".event:has-text('Pier 4, meeting room 2')");
}));

test("source and headers are shown", () => withPage(async (page) => {
	await open(page, "Budget for");
	await page.waitForSelector(".text-body");
	await page.click(".message-tools [aria-haspopup=menu]");
	await page.click(".menu-item:has-text('All headers')");
	await page.waitForSelector(".headers dt:has-text('Message-ID')");
	await page.keyboard.press("Escape");
	await page.click(".message-tools [aria-haspopup=menu]");
	await page.click(".menu-item:has-text('Source')");
	await page.waitForSelector(".source:has-text('Subject: Budget')");
}));

test("labels are set and taken away", () => withPage(async (page, play) => {
	await page.waitForSelector(".row:has-text('Budget for') .label:has-text('Work')");
	await open(page, "Budget for");
	await page.waitForSelector(".text-body");
	await page.keyboard.press("l");
	await page.waitForSelector(".label-list");
	await page.click(".label-list .check:has-text('To do')");
	await page.click(".label-list .check:has-text('Work')");
	await page.fill(".label-new input", "Second Quarter");
	await page.press(".label-new input", "Enter");
	await page.waitForSelector(".label-list .check:has-text('second quarter') :checked");
	await page.keyboard.press("Escape");
	await page.waitForSelector(".reader h2 .label:has-text('second quarter')");
	await page.waitForSelector(".row.open .label:has-text('Work')", {state: "detached"});
	await page.waitForFunction(async () => {
		const response = await fetch("/mock/find", {method: "POST",
			body: JSON.stringify({subject: "Budget for the second quarter"})});
		return Object.keys((await response.json())[0].keywords).sort().join() ===
			"$flagged,$label4,$seen,second_quarter";
	});
	void play;
}));

test("the keyboard alone is enough", () => withPage(async (page) => {
	await page.keyboard.press("j");
	await page.waitForSelector(".row.cursor[aria-posinset='1']");
	await page.keyboard.press("j");
	await page.waitForSelector(".reader h2:has-text('kick-off')");
	await page.keyboard.press("k");
	await page.waitForSelector(".reader h2:has-text('first sketches')");
	await page.keyboard.press("s");
	await page.waitForSelector(".row.open .row-flag[aria-pressed=true]");
	await page.keyboard.press("x");
	await page.waitForSelector(".row.selected");
	await page.keyboard.press("Escape");
	await page.waitForSelector(".row.selected", {state: "detached"});
	await page.keyboard.press("g");
	await page.keyboard.press("t");
	await page.waitForSelector(".list-title h1:has-text('Sent')");
	await page.keyboard.press("?");
	await page.waitForSelector(".keys kbd");
}));

test("on a phone one thing after the other", () => withPage(async (page) => {
	await open(page, "Budget for");
	await page.waitForSelector(".text-body");
	assert.equal(await page.locator(".list-pane").count(), 0);
	await page.click(".toolbar [aria-label=Archive]");
	await page.waitForSelector(".list-pane");
	await toast(page, "Archived");
	await page.click("[aria-label=Folders]");
	await page.click(".drawer .folder a:has-text('Archive')");
	await page.waitForSelector(".drawer", {state: "detached"});
	await row(page, "Budget for").waitFor();
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth >
		document.documentElement.clientWidth), false);
}, SIZES.phone));

test("the connection goes and comes back", () => withPage(async (page, play, mock) => {
	mock.cut();
	await page.waitForSelector(".offline");
	await play("deliver", {subject: "While you were away"});
	mock.down = false;
	await page.waitForSelector(".row:has-text('While you were away')");
	await page.waitForSelector(".offline", {state: "detached"});
}, {expect: /ERR_|Failed to load/}));

});
