// SPDX-License-Identifier: Apache-2.0
// The settings: each page works, and axe-core finds nothing on it.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {axeFaults, launch, SIZES, withMock} from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const toast = (page, text) => page.waitForSelector(`.toast:has-text("${text}")`);
const go = async (page, mock, slug) => {
	await page.goto(`${mock.url}settings/${slug}`);
	await page.waitForSelector(["security", "sessions", "programs"].includes(slug)
		? ".settings-list li" : ".settings-page :is(input, textarea)");
};
const withPage = (run, options) => withMock(browser, run, {expect: /status of 403/, ...options});
const shut = async (page) => {
	await page.keyboard.press("Escape");
	await page.waitForFunction(() => !document.querySelector("dialog[open]"));
};

test("a password of a program is made with a proof, shown once, and ended", () => withPage(
	async (page, play, mock) => {
		await go(page, mock, "programs");
		await page.fill(".settings-line input", "My phone");
		await page.keyboard.press("Enter");
		await page.fill("dialog input[type=password]", "wrong");
		await page.keyboard.press("Enter");
		await page.waitForSelector("dialog .form-problem:not(:empty)");
		await page.fill("dialog input[type=password]", "demo");
		await page.keyboard.press("Enter");
		await page.waitForSelector("dialog .secret:has-text('abcd efgh')");
		await shut(page);
		assert.equal(await page.locator("text=abcd efgh").count(), 0);
		await page.click(".settings-list li:has-text('My phone') button");
		await page.locator(".settings-list li:has-text('My phone')").waitFor({state: "detached"});
	}));

test("what the server does not allow is said in words", () => withPage(
	async (page, play, mock) => {
		mock.account.noPasswords = true;
		await go(page, mock, "programs");
		await page.fill(".settings-line input", "My phone");
		await page.keyboard.press("Enter");
		await page.fill("dialog input[type=password]", "demo");
		await page.keyboard.press("Enter");
		await toast(page, "This server does not allow it");
	}));

test("a new name leaves the signature of another program as it is", () => withPage(
	async (page, play, mock) => {
		Object.assign(mock.data.identities[0], {textSignature: "Ada", htmlSignature: "<b>Ada</b>",
			replyTo: [{name: "Desk", email: "a@x.example"}, {name: null, email: "b@x.example"}]});
		await go(page, mock, "writing");
		await page.fill(".settings-page [autocomplete=name]", "Ada L.");
		await page.click(".settings-page [type=submit]");
		await toast(page, "Saved");
		const {name, htmlSignature, replyTo} = mock.data.identities[0];
		assert.deepEqual([name, htmlSignature, replyTo.length], ["Ada L.", "<b>Ada</b>", 2]);
	}));

test("sessions are ended, and the password is changed", () => withPage(async (page, play, mock) => {
	await go(page, mock, "sessions");
	await page.click(".settings-page .danger");
	await page.waitForFunction(() => document.querySelectorAll(".settings-list li").length === 1);
	await go(page, mock, "security");
	const [old, fresh] = await page.locator(".settings-page input[type=password]").all();
	await old.fill("wrong");
	await fresh.fill("longer than before");
	await page.keyboard.press("Enter");
	await page.waitForSelector(".form-problem:has-text('not right')");
	await old.fill("demo");
	await page.keyboard.press("Enter");
	await toast(page, "The password is changed");
}));

for (const [title, options] of [["desk", {}], ["desk, dark", {colorScheme: "dark"}],
	["phone", SIZES.phone], ["phone, dark, Chinese",
		{...SIZES.phone, colorScheme: "dark", locale: "zh-CN"}]])
	test(`axe finds nothing on the settings: ${title}`, () => withPage(async (page, play, mock) => {
		const faults = [];
		const look = async (name) => {
			await page.evaluate(() => Promise.all(document.getAnimations()
				.map((one) => one.finished.catch(() => undefined))));
			faults.push(...(await axeFaults(page)).map((one) => `${name}: ${one}`));
			if (await page.evaluate(() => document.documentElement.scrollWidth >
				document.documentElement.clientWidth))
				faults.push(`${name} is too wide`);
		};
		await go(page, mock, "");
		const links = await page.locator(".settings-nav a").evaluateAll((all) =>
			all.map((one) => one.getAttribute("href").split("/").at(-1)));
		assert(links.length >= 6);
		for (const slug of links) {
			await go(page, mock, slug);
			await look(slug);
		}
		await go(page, mock, "security");
		await page.locator(".settings-list button").first().click();
		await page.waitForSelector("dialog .qr");
		await look("authenticator");
		await page.fill("dialog input", "000000");
		await page.keyboard.press("Enter");
		await page.waitForSelector("dialog .form-problem:not(:empty)");
		await look("a wrong code");
		await page.fill("dialog input", "123456");
		await page.keyboard.press("Enter");
		await page.waitForSelector("dialog .codes");
		await look("recovery codes");
		await shut(page);
		await look("with a second factor");
		await go(page, mock, "programs");
		await page.fill(".settings-line input", "My phone");
		await page.keyboard.press("Enter");
		await page.waitForSelector("dialog[open] input");
		await look("proof");
		await page.fill("dialog input", "demo");
		await page.keyboard.press("Enter");
		await page.waitForSelector("dialog .secret");
		await look("a password");
		assert.deepEqual(faults, []);
	}, options));
