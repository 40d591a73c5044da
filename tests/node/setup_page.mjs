// SPDX-License-Identifier: Apache-2.0
// Looks at the set-up page with Chromium: node setup_page.mjs JSON, where JSON
// has chromium, port, folder (for screenshots), address, password. Prints a
// line of JSON for each look.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {chromium} from "playwright-core";

const order = JSON.parse(process.argv[2]);
const axe = readFileSync(
	createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
	executablePath: order.chromium,
	args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		`--host-resolver-rules=MAP * 127.0.0.1:${order.port}`],
});

async function faults(page) {
	await page.evaluate(axe);
	const found = await page.evaluate(() => axe.run());
	return found.violations.map((one) =>
		`${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
}

async function look(name, options) {
	const context = await browser.newContext({
		ignoreHTTPSErrors: true,
		permissions: ["clipboard-read", "clipboard-write"],
		...options,
	});
	const page = await context.newPage();
	const told = [];
	page.on("console", (message) => told.push(message.text()));
	page.on("pageerror", (error) => told.push(String(error)));
	page.setDefaultTimeout(order.timeout);
	page.setDefaultNavigationTimeout(order.timeout);

	await page.goto("https://mail.example.org/setup");
	const start = await faults(page);
	await page.fill("#address", order.address);
	await page.press("#address", "Enter");
	await page.waitForSelector(".cards");
	await page.click("[data-copy] + .copy");
	await page.waitForFunction(() =>
		document.getElementById("said").textContent !== "");
	const copied = await page.evaluate(() => navigator.clipboard.readText());
	await page.fill("#password", order.password);
	await page.click("#test-form button");
	await page.waitForSelector(".verdict");
	await page.evaluate(() => {
		for (const details of document.querySelectorAll("details"))
			details.open = true;
	});
	await page.waitForFunction(() =>
		[...document.images].every((image) => image.complete));
	const looked = {
		name, copied, told, start,
		lang: await page.getAttribute("html", "lang"),
		url: page.url(),
		faults: await faults(page),
		verdict: await page.textContent(".verdict"),
		services: await page.locator("#result h3").count(),
		pictures: await page.evaluate(() => [...document.images].every(
			(image) => image.naturalWidth > 0)),
		wide: await page.evaluate(() =>
			document.documentElement.scrollWidth >
			document.documentElement.clientWidth),
	};
	await page.screenshot(
		{path: `${order.folder}/${name}.png`, fullPage: true});
	await page.click("nav a");
	await page.waitForSelector(".cards");
	looked.other = await page.getAttribute("html", "lang");
	await context.close();
	console.log(JSON.stringify(looked));
}

async function lookWithoutScript() {
	const context = await browser.newContext(
		{ignoreHTTPSErrors: true, javaScriptEnabled: false});
	const page = await context.newPage();
	await page.goto("https://mail.example.org/setup");
	await page.fill("#address", order.address);
	await page.click("#find button");
	await page.waitForSelector(".cards");
	console.log(JSON.stringify({
		name: "without script",
		cards: await page.locator(".card").count(),
		test: await page.isVisible("#test"),
	}));
	await context.close();
}

const phone = {viewport: {width: 360, height: 740}, hasTouch: true};
const desk = {viewport: {width: 1280, height: 900}};
try {
	await look("en-desk", {locale: "en-US", ...desk});
	await look("zh-phone", {locale: "zh-CN", ...phone});
	await look("zh-desk-dark",
		{locale: "zh-CN", colorScheme: "dark", ...desk});
	await look("en-phone-dark",
		{locale: "en-US", colorScheme: "dark", ...phone});
	await lookWithoutScript();
} finally {
	await browser.close();
}
