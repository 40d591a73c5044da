// SPDX-License-Identifier: Apache-2.0
// Chromium for the tests of the page. Playwright and axe-core are those of
// tests/node.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {startMock} from "../mock/server.mjs";

const require = createRequire(new URL("../../../../tests/node/package.json", import.meta.url));
const {chromium} = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const SIZES = {
	desk: {viewport: {width: 1440, height: 900}},
	tablet: {viewport: {width: 900, height: 1100}, hasTouch: true},
	phone: {viewport: {width: 390, height: 844}, hasTouch: true, isMobile: true,
		deviceScaleFactor: 2},
};

export function launch(path = process.env.CHROMIUM ?? "/usr/bin/chromium", more = []) {
	return chromium.launch({executablePath: path,
		args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", ...more]});
}

// A page that writes down what goes wrong in it, in `page.faults`.
export async function openPage(browser, url, options = {}) {
	const context = await browser.newContext({ignoreHTTPSErrors: true, locale: "en-US",
		timezoneId: "Europe/Berlin", ...SIZES.desk,
		// Requests through a service worker are not seen by the tests.
		serviceWorkers: "block", ...options});
	const page = await context.newPage();
	page.setDefaultTimeout(options.timeout ?? Number(process.env.ROOST_WAIT ?? 30_000));
	page.faults = [];
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()) &&
			!/Service Worker registration blocked/.test(message.text()))
			page.faults.push(message.text());
	});
	page.on("pageerror", (error) => page.faults.push(String(error)));
	if (url)
		await page.goto(url);
	return page;
}

export async function logIn(page, user = "demo", password = "demo") {
	await page.fill("[name=username]", user);
	await page.fill("[name=password]", password);
	await page.press("[name=password]", "Enter");
	await page.waitForSelector(".row:not(.hole), .list-pane .empty");
}

// A server and a page of their own for each test. `run` gets the page, what plays
// the others, and the server.
export async function withMock(browser, run, {count = 300, at = "", expect = /^$/,
	prepare, ...options} = {}) {
	const mock = await startMock({folder: process.env.ROOST_PAGE, count});
	prepare?.(mock);
	const page = await openPage(browser, mock.url + at, options);
	const play = async (what, args) => (await fetch(
		`http://127.0.0.1:${mock.port}/mock/${what}`,
		{method: "POST", body: JSON.stringify(args)})).json();
	try {
		await logIn(page);
		await run(page, play, mock);
		const faults = page.faults.filter((one) =>
			!/status of 401/.test(one) && !expect.test(one));
		if (faults.length > 0)
			throw new Error(faults.join("\n"));
	} finally {
		await page.context().close();
		mock.stop();
	}
}

// What keeps people out, as axe-core sees it (WCAG 2.2 AA and its best practices).
// The frame of a mail is not ours to judge.
export async function axeFaults(page) {
	// Evaluated outside the page's world, so that its policy stays as it is.
	await page.evaluate(axeSource);
	return page.evaluate(async () => {
		const found = await globalThis.axe.run(
			{exclude: [["iframe"]]}, {iframes: false});
		return found.violations.map((one) =>
			`${one.id}: ${one.nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`);
	});
}
