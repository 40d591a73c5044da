// SPDX-License-Identifier: Apache-2.0
// The page with a real server, while an IMAP session works on the same mail.
// tests/webmail_test.py starts it: node real.mjs JSON, with url, user, password,
// imap (its port), https (its port), host, folder (for pictures), chromium,
// timeout.
import assert from "node:assert/strict";
import {createRequire} from "node:module";
import {join} from "node:path";
import {POLICIES} from "../mock/server.mjs";
import {axeFaults, launch, logIn, openPage, SIZES} from "./browser.mjs";

const require = createRequire(new URL("../../../../tests/node/package.json", import.meta.url));
const {ImapFlow} = require("imapflow");
const order = JSON.parse(process.argv[2]);
const browser = await launch(order.chromium, [
	`--host-resolver-rules=MAP * 127.0.0.1:${order.https}`]);
const imap = new ImapFlow({host: "127.0.0.1", port: order.imap, secure: true, logger: false,
	auth: {user: order.user, pass: order.password}, tls: {rejectUnauthorized: false}});

const mail = (subject, text, more = "") => `From: Ada <ada@example.org>\r\nTo: demo@roost.test\r\n` +
	`Subject: ${subject}\r\nMessage-ID: <${subject.replace(/\W/g, "")}@example.org>\r\n` +
	`Date: Thu, 12 Mar 2026 09:00:00 +0000\r\n${more}\r\n${text}\r\n`;

// Waits until IMAP sees it.
async function seen(mailbox, check) {
	for (let tries = 0; ; tries++) {
		const lock = await imap.getMailboxLock(mailbox);
		const found = [];
		try {
			const all = await imap.search({all: true});
			for await (const one of all.length ? imap.fetch(all, {envelope: true, flags: true}) : [])
				// News of flags that come in between have no envelope.
				if (one.envelope)
					found.push({subject: one.envelope.subject, flags: one.flags});
		} finally {
			lock.release();
		}
		if (check(found))
			return;
		assert(tries < 100, `${mailbox}: ${JSON.stringify(found.map((one) => one.subject))}`);
		await new Promise((resolve) => setTimeout(resolve, order.timeout / 1000));
	}
}

const has = (subject, flag) => (list) => list.some((one) => one.subject === subject &&
	(!flag || one.flags.has(flag)));

async function work(name, options) {
	const page = await openPage(browser, order.url, {timeout: order.timeout, ...options});
	const words = (text) => page.waitForSelector(text);
	await page.waitForSelector("[name=password]");
	assert.deepEqual(await axeFaults(page), []);
	// The mock's policies, under which most tests run, are the server's.
	for (const [name, policy] of Object.entries(POLICIES))
		assert.equal(await page.evaluate(async (path) => (await fetch("/mail/" + path)).headers
			.get("content-security-policy"), name === "index.html" ? "" : name), policy, name);
	await logIn(page, order.user, order.password);

	// What comes in is seen at once, and read here it is read there.
	const subject = `News for ${name}`;
	await imap.append("INBOX", mail(subject, "See https://example.org/a.\r\n> quoted"));
	await words(`.row.unread:has-text("${subject}")`);
	await page.click(`.row-link:has-text("${subject}")`);
	await words(".text-body a[href='https://example.org/a']");
	await seen("INBOX", has(subject, "\\Seen"));

	// Flagged there, seen here.
	const lock = await imap.getMailboxLock("INBOX");
	const [uid] = await imap.search({subject}, {uid: true});
	await imap.messageFlagsAdd({uid: String(uid)}, ["\\Flagged"], {uid: true});
	lock.release();
	await words(".toolbar .is-flagged");
	assert.deepEqual(await axeFaults(page), []);
	await page.screenshot({path: join(order.folder, `webmail-${name}.png`)});

	// Archived, and back.
	await page.keyboard.press("e");
	await words(".toast-undo");
	await seen("Archive", has(subject));
	await page.keyboard.press("z");
	await seen("INBOX", has(subject));

	// HTML with tricks.
	await imap.append("INBOX", mail(`Tricks for ${name}`,
		"<p id=a>Hello</p><script>document.title='x'</script><img src=x onerror=alert(1)>" +
		"<img src='https://track.example/a.png'>",
		"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"));
	if (await page.locator(".list-pane").count() === 0)
		await page.goBack();
	await words(`.row-link:has-text("Tricks for ${name}")`);
	await page.click(`.row-link:has-text("Tricks for ${name}")`);
	await page.frameLocator(".html-body").locator("p:has-text('Hello')").waitFor();
	await words(".banner");
	if (await page.locator(".list-pane").count() === 0)
		await page.goBack();

	// Found again.
	await page.fill("#search", `subject:"Tricks for ${name}"`);
	await page.press("#search", "Enter");
	await words(".list-title p:has-text('1')");
	await page.press("#search", "Escape");
	await words(`.row-link:has-text("Tricks for ${name}")`);

	// Logging out ends connections, which browsers report.
	assert.deepEqual(page.faults.filter((one) =>
		!/status of 401|Blocked script execution/.test(one)), []);
	await page.click(".account button");
	await page.locator(".menu-item").last().click();
	await page.waitForSelector("[name=password]");
	await page.context().close();
	console.log(JSON.stringify({name, done: true}));
}

try {
	await imap.connect();
	await work("desk", {});
	await work("phone-zh", {...SIZES.phone, locale: "zh-CN"});
	await imap.logout();
} finally {
	await browser.close();
}
