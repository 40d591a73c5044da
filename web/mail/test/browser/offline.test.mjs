// SPDX-License-Identifier: Apache-2.0
// The page without a network.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {startMock} from "../mock/server.mjs";
import {launch, logIn, openPage} from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test("the page itself opens without a server", async () => {
	const mock = await startMock({folder: process.env.ROOST_PAGE, count: 50});
	const page = await openPage(browser, mock.url, {serviceWorkers: "allow"});
	try {
		await logIn(page);
		await page.evaluate(() => navigator.serviceWorker.ready);
		await page.reload();
		await page.waitForSelector(".row-link");
		await page.waitForFunction(() => navigator.serviceWorker.controller);
		mock.cut();
		await page.reload();
		await page.waitForSelector(".start .button, .row-link");
		mock.down = false;
		await page.reload();
		await page.waitForSelector(".row-link");
		assert.deepEqual(page.faults.filter((one) => !/status of 401|ERR_|Failed/.test(one)), []);
	} finally {
		await page.context().close();
		mock.stop();
	}
});

// Logged in to stay, with two messages read; then the server is gone.
async function awayFrom(mock, page) {
	await page.check("[name=remember]");
	await logIn(page);
	await page.click(".row-link:has-text('Budget for')");
	await page.waitForSelector(".text-body:has-text('row 14')");
	await page.click(".row-link:has-text('kick-off')");
	await page.waitForSelector(".text-body:has-text('coffee')");
	await page.waitForSelector(".row:not(.unread):has-text('kick-off')");
	await page.evaluate(() => navigator.serviceWorker.ready);
	await page.reload();
	await page.waitForSelector(".row-link");
	await page.waitForFunction(() => navigator.serviceWorker.controller);
	await page.click(".row-link:has-text('Budget for')");
	await page.waitForSelector(".text-body:has-text('row 14')");
	await kept(page, "row 14");
	mock.cut();
	await page.reload();
	await page.waitForSelector(".offline");
}

// Waits until what the device keeps has these words.
async function kept(page, words) {
	await page.waitForFunction(async (text) => {
		document.dispatchEvent(new Event("visibilitychange"));
		const open = indexedDB.open("roost-mail");
		const database = await new Promise((resolve) => {
			open.onsuccess = () => resolve(open.result);
		});
		const get = database.objectStoreNames.contains("kept") &&
			database.transaction("kept").objectStore("kept").get("all");
		const found = get && await new Promise((resolve) => {
			get.onsuccess = () => resolve(get.result);
		});
		database.close();
		return JSON.stringify(found ?? "").includes(text);
	}, words);
}

async function withServer(run) {
	const mock = await startMock({folder: process.env.ROOST_PAGE, count: 50});
	const page = await openPage(browser, mock.url, {serviceWorkers: "allow"});
	const find = async (subject) => (await (await fetch(
		`http://127.0.0.1:${mock.port}/mock/find`,
		{method: "POST", body: JSON.stringify({subject})})).json())[0];
	try {
		await run(page, mock, find);
	} finally {
		await page.context().close();
		mock.stop();
	}
}

test("what was seen is read, and what is done is sent afterwards", () =>
	withServer(async (page, mock, find) => {
		await awayFrom(mock, page);
		await page.click(".row-link:has-text('Budget for')");
		await page.waitForSelector(".text-body:has-text('row 14')");
		await page.keyboard.press("e");
		await page.waitForSelector(".row:has-text('Budget for')", {state: "detached"});
		await kept(page, "marchive\":true");
		// Also when the page is closed meanwhile.
		await page.reload();
		await page.waitForSelector(".row-link:has-text('kick-off')");
		await page.waitForSelector(".row:has-text('Budget for')", {state: "detached"});
		mock.data.deliver(["new", {name: "A", email: "a@x.example"}, [], "Meanwhile", 0,
			"inbox", "", "x"]);
		mock.down = false;
		await page.waitForSelector(".row-link:has-text('Meanwhile')");
		await page.waitForSelector(".offline", {state: "detached"});
		await page.waitForSelector(".row:has-text('Budget for')", {state: "detached"});
		for (let tries = 0; !(await find("Budget for the second quarter")).mailboxIds.marchive;
			tries++)
			assert(tries < 1000);
	}));

test("what the server refuses afterwards is told and taken back", () =>
	withServer(async (page, mock) => {
		await awayFrom(mock, page);
		await page.click(".row-link:has-text('Budget for')");
		await page.keyboard.press("e");
		await page.waitForSelector(".row:has-text('Budget for')", {state: "detached"});
		mock.data.refuse = true;
		mock.down = false;
		await page.waitForSelector(".toast.error");
		await page.waitForSelector(".row:has-text('Budget for')");
	}));

test("logging out leaves nothing on the device", () => withServer(async (page) => {
	await page.check("[name=remember]");
	await logIn(page);
	await kept(page, "Budget for");
	await page.click(".account button");
	await page.click(".menu-item:has-text('Log out')");
	await page.waitForSelector("[name=password]");
	await page.waitForFunction(async () => (await indexedDB.databases())
		.every((one) => one.name !== "roost-mail"));
}));
