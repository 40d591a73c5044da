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
