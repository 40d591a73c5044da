// SPDX-License-Identifier: Apache-2.0
// Each view, on a desk, a tablet and a phone, light and dark, in both languages:
// axe-core finds nothing, nothing is wider than the screen, nothing goes wrong.
import assert from "node:assert/strict";
import {readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {after, before, test} from "node:test";
import {gzipSync} from "node:zlib";
import {startMock} from "../mock/server.mjs";
import {axeFaults, launch, logIn, openPage, SIZES} from "./browser.mjs";

const FOLDER = process.env.ROOST_PAGE;
const KB = 1000;
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const open = async (page, text) => {
	const link = page.locator(`.row-link:has-text("${text}")`).first();
	await link.scrollIntoViewIfNeeded();
	await link.click();
};
const back = async (page) => {
	if (await page.locator(".list-pane").count() === 0)
		await page.goBack();
};
const escape = (page) => page.keyboard.press("Escape");

// Name, how one gets there, how one gets back.
const VIEWS = [
	["list", async () => undefined],
	["text", async (page) => {
		await open(page, "Dinner on");
		await page.waitForSelector(".text-body");
	}, back],
	["html and attachments", async (page) => {
		await open(page, "first sketches");
		await page.waitForSelector(".attachment-picture");
	}, back],
	["newsletter", async (page) => {
		await open(page, "lighthouse");
		await page.waitForSelector(".banner");
	}, back],
	["event", async (page) => {
		await open(page, "kick-off");
		await page.waitForSelector(".event");
		await page.click(".message-to");
	}, back],
	["viewer", async (page) => {
		await open(page, "first sketches");
		await page.click(".attachment-open:has-text('facade-1')");
		await page.waitForSelector(".viewed-image");
	}, async (page) => {
		await escape(page);
		await back(page);
	}],
	["selection", async (page) => {
		await page.locator(".row-select").first().click();
		await page.waitForSelector(".selecting");
	}, async (page) => {
		await page.click(".selecting .icon-button");
	}],
	["folders to move to", async (page) => {
		await page.locator(".row-select").first().click();
		await page.keyboard.press("m");
		await page.waitForSelector(".picker-input:focus");
	}, async (page) => {
		await escape(page);
		await page.click(".selecting .icon-button");
	}],
	["labels", async (page) => {
		await page.locator(".row-select").first().click();
		await page.keyboard.press("l");
		await page.waitForSelector(".label-list");
	}, async (page) => {
		await escape(page);
		await page.click(".selecting .icon-button");
	}],
	["menu", (page) => page.click(".account button"), escape],
	["keyboard", async (page) => {
		await page.keyboard.press("?");
		await page.waitForSelector(".keys kbd");
	}, escape],
	["search", async (page) => {
		await page.fill("#search", "invoice has:attachment ");
		await page.press("#search", "Enter");
		await page.fill("#search", "order");
		await page.waitForSelector(".chip");
	}, (page) => page.press("#search", "Escape")],
	["settings", async (page, mock) => {
		await page.goto(mock.url + "settings");
		await page.waitForSelector(".settings-page");
	}],
];

const LOOKS = [
	["desk, English", {}],
	["tablet, dark, Chinese", {...SIZES.tablet, colorScheme: "dark", locale: "zh-CN"}],
	["phone, English", SIZES.phone],
];

async function look(page, name) {
	await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
	await page.evaluate(() => Promise.all(document.getAnimations()
		.map((one) => one.finished.catch(() => undefined))));
	const wide = await page.evaluate(() => document.documentElement.scrollWidth >
		document.documentElement.clientWidth);
	return [...await axeFaults(page), ...(wide ? ["too wide"] : [])]
		.map((fault) => `${name}: ${fault}`);
}

async function lookAtAll(page, mock) {
	await page.waitForSelector("[name=password]");
	const faults = await look(page, "log-in");
	await logIn(page);
	for (const [name, go, leave] of VIEWS) {
		await go(page, mock);
		faults.push(...await look(page, name));
		await leave?.(page);
	}
	return faults;
}

for (const [title, options] of LOOKS)
	test(`every view: ${title}`, async () => {
		const mock = await startMock({folder: FOLDER, count: 200});
		const page = await openPage(browser, mock.url, options);
		try {
			assert.deepEqual(await lookAtAll(page, mock), []);
			assert.equal(await page.getAttribute("html", "lang"), options.locale ?? "en");
			assert.deepEqual(page.faults.filter((one) => !/status of 401/.test(one)), []);
		} finally {
			await page.context().close();
			mock.stop();
		}
	});

test("the first view needs less than 160 KB of script", () => {
	const scripts = readdirSync(FOLDER).filter((name) => name.endsWith(".js"));
	const size = (name) => gzipSync(readFileSync(join(FOLDER, name)), {level: 9}).length;
	const first = scripts.find((name) => name.startsWith("app-"));
	const seen = new Set();
	const add = (name) => {
		if (seen.has(name))
			return;
		seen.add(name);
		const text = readFileSync(join(FOLDER, name), "utf8");
		for (const [, other] of text.matchAll(/(?:from|import)\s*"(?:\.|\/mail)\/([^"]+\.js)"/g))
			add(other);
	};
	add(first);
	const total = [...seen].reduce((sum, name) => sum + size(name), 0);
	assert(total > 30 * KB && total < 160 * KB, `${total} bytes`);
});
