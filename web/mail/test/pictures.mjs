// SPDX-License-Identifier: Apache-2.0
// Makes the pictures of the documentation: node pictures.mjs [OUT_FOLDER]
import {mkdirSync} from "node:fs";
import {join} from "node:path";
import {launch, logIn, openPage, SIZES as TEST_SIZES} from "./browser/browser.mjs";
import {buildPage, HERE} from "./folder.mjs";
import {startMock} from "./mock/server.mjs";

const folder = process.env.ROOST_PAGE ?? buildPage();
const out = process.argv[2] ?? join(HERE, "../../docs/pictures");
// As small as can be looked at.
const SIZES = {...TEST_SIZES, phone: {...TEST_SIZES.phone, deviceScaleFactor: 1.5}};
const DESK = {viewport: {width: 1280, height: 780}};
mkdirSync(out, {recursive: true});
const mock = await startMock({folder, count: 2000});
const browser = await launch();

async function still(page) {
	await page.evaluate(() => document.fonts.ready);
	await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
	await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished)));
}

async function take(name, options, steps) {
	mock.loggedIn = false;
	const page = await openPage(browser, mock.url, {...DESK, ...options});
	await steps(page);
	await still(page);
	await page.screenshot({path: join(out, name + ".png")});
	if (page.faults.length)
		console.log(name, page.faults.filter((one) => !one.includes("401")));
	await page.context().close();
}

const open = (page, text) => page.click(`.row-link:has-text("${text}")`);

try {
	await take("login", {}, async () => undefined);
	await take("mail", {}, async (page) => {
		await logIn(page);
		await open(page, "first sketches");
		await page.waitForSelector(".html-body");
	});
	await take("mail-dark", {colorScheme: "dark"}, async (page) => {
		await logIn(page);
		await open(page, "first sketches");
		await page.waitForSelector(".html-body");
	});
	await take("mail-chinese", {locale: "zh-CN"}, async (page) => {
		await logIn(page);
		await open(page, "春季郊游");
		await page.waitForSelector(".text-body");
	});
	await take("newsletter", {}, async (page) => {
		await logIn(page);
		await open(page, "lighthouse");
		await page.waitForSelector(".html-body");
	});
	await take("search", {}, async (page) => {
		await logIn(page);
		await page.fill("#search", "invoice");
		await page.press("#search", "Enter");
		await page.waitForSelector("mark");
		await page.click("#search");
	});
	await take("keyboard", {}, async (page) => {
		await logIn(page);
		await page.keyboard.press("?");
		await page.waitForSelector(".keys");
	});
	await take("phone-list", SIZES.phone, (page) => logIn(page));
	await take("phone-mail", SIZES.phone, async (page) => {
		await logIn(page);
		await open(page, "kick-off");
		await page.waitForSelector(".event");
	});
	await take("tablet", SIZES.tablet, async (page) => {
		await logIn(page);
		await open(page, "Dinner");
		await page.waitForSelector(".text-body");
	});
} finally {
	await browser.close();
	mock.stop();
}
