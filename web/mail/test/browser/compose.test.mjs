// SPDX-License-Identifier: Apache-2.0
// Writing, as a person does it, against the mock server.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {axeFaults, launch, logIn, SIZES, withMock} from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());
const withPage = (run, options) => withMock(browser, run, options);

const toast = (page, text) => page.waitForSelector(`.toast:has-text("${text}")`);
const button = (page, label) => page.locator(`.composer [aria-label="${label}"]`).first();
const send = (page) => page.click(".composer-foot .primary");
const state = (page, text) => page.waitForSelector(`.composer-state:text-is("${text}")`);
const closed = (page) => page.waitForFunction(() => !document.querySelector(".composer"));
const editor = (page) => page.locator(".editor");

// Waits until the server has it so.
async function server(mock, check, what) {
	for (let tries = 0; !check(mock.data); tries++) {
		assert(tries < 600, what);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
const about = (data, subject) => [...data.emails.values()].filter((one) => one.subject === subject);
const theOne = (mock, subject) => {
	const found = about(mock.data, subject);
	assert.equal(found.length, 1, subject);
	return found[0];
};
const submissions = (mock) => [...mock.data.submissions.values()];

async function write(page, {to = "bob@x.example", subject, text}) {
	await page.keyboard.press("c");
	await page.waitForSelector(".composer .chips input:focus");
	await page.keyboard.type(`${to},`);
	if (subject)
		await page.fill(".subject-input", subject);
	await editor(page).click();
	await page.keyboard.type(text);
}

test("recipients become chips, and people are suggested", () => withPage(async (page, play, mock) => {
	await page.keyboard.press("c");
	const input = page.locator(".composer .chips input").first();
	await page.waitForSelector(".composer .chips input:focus");
	await input.pressSequentially("cla");
	await page.waitForSelector(".suggestions li:has-text('Clara')");
	assert.deepEqual(await axeFaults(page), []);
	await page.keyboard.press("Enter");
	await page.waitForSelector(".chip:has-text('Clara')");
	await input.pressSequentially("b@x.example, Cy <c@x.example>;");
	await page.waitForSelector(".chip:has-text('Cy')");
	assert.equal(await page.locator(".chip").count(), 3);
	await page.keyboard.press("Backspace");
	assert.equal(await page.locator(".chip").count(), 2);
	// The same one is there once.
	await input.pressSequentially("B@x.example,");
	assert.equal(await page.locator(".chip").count(), 2);
	// What is left in the field counts when one goes on.
	await input.pressSequentially("d@x.example");
	await page.fill(".subject-input", "Chips");
	await page.waitForSelector(".chip:has-text('d@x.example')");
	await input.pressSequentially("nobody");
	await page.focus(".subject-input");
	await page.waitForSelector(".chips input[aria-invalid=true]");
	await input.fill("");
	await state(page, "Draft saved");
	assert.deepEqual(theOne(mock, "Chips").to.map((one) => one.email).slice(1),
		["b@x.example", "d@x.example"]);
}));

test("a draft is kept by itself, never twice, and goes on where it was left", () => withPage(
	async (page, play, mock) => {
		await write(page, {subject: "Plans", text: "One"});
		await state(page, "Draft saved");
		assert.match(theOne(mock, "Plans").body.text, /One/);
		await page.keyboard.type(" and two");
		await page.waitForFunction(() => document.querySelector(".composer-state").textContent
			!== "Draft saved");
		await state(page, "Draft saved");
		const draft = theOne(mock, "Plans");
		assert.match(draft.body.text, /One and two/);
		assert.deepEqual([draft.keywords.$draft, draft.mailboxIds], [true, {mdrafts: true}]);
		await page.keyboard.press("Escape");
		await closed(page);

		await page.click(".folder a:has-text('Drafts')");
		await page.click(".row-link:has-text('Plans')");
		await page.waitForSelector(".chip:has-text('bob@x.example')");
		await page.click(".row-link:has-text('Plans')");
		assert.equal(await page.locator(".composer").count(), 1);
		await editor(page).click();
		await page.keyboard.press("End");
		await page.keyboard.type(" and three");
		await state(page, "Draft saved");
		assert.match(theOne(mock, "Plans").body.text, /two and three/);
	}));

test("an empty message leaves nothing behind, also with a signature", () => withPage(
	async (page, play, mock) => {
		const before = mock.data.emails.size;
		await page.keyboard.press("c");
		await page.waitForSelector(".editor:has-text('Demo & Sons')");
		await button(page, "Save and close").click();
		await closed(page);
		assert.equal(mock.data.emails.size, before);
	}, {prepare: (mock) => { mock.data.identities[0].textSignature = "Demo & Sons"; }}));

test("a reply quotes, is sent, and can be taken back", () => withPage(async (page, play, mock) => {
	await page.click(".row-link:has-text('first sketches')");
	await page.waitForSelector(".html-body");
	await page.keyboard.press("r");
	await page.waitForSelector(".chip:has-text('Clara')");
	assert.equal(await page.inputValue(".subject-input"), "Re: Harbour café: first sketches");
	await page.waitForSelector(".editor blockquote:has-text('façade variants')");
	await page.waitForSelector(".editor:focus");
	await page.keyboard.type("Lovely!");
	await page.keyboard.press("Control+Enter");
	await toast(page, "Message sent");
	await closed(page);
	const [submission] = submissions(mock);
	assert.deepEqual(submission.envelope.rcptTo.map((one) => one.email).length, 1);
	assert.equal(submission.envelope.mailFrom.parameters.HOLDFOR, "15");
	const sent = mock.data.emails.get(submission.emailId);
	assert.deepEqual([sent.mailboxIds, sent.keywords.$draft], [{msent: true}, undefined]);
	assert.match(sent.body.text, /^Lovely!\n[^]*wrote on[^]*\n> [^]*façade/);
	assert.match(sent.body.html, /Lovely!.*<blockquote type="cite">/s);
	assert.equal(sent.references.at(-1), sent.inReplyTo[0]);
	await server(mock, (data) => about(data, "Harbour café: first sketches")
		.some((one) => one.keywords.$answered), "answered");

	await page.keyboard.press("z");
	await page.waitForSelector(".editor:has-text('Lovely!')");
	await server(mock, () => submission.undoStatus === "canceled", "canceled");
	await server(mock, (data) => data.emails.get(submission.emailId)?.mailboxIds.mdrafts, "a draft");
	await editor(page).click({position: {x: 30, y: 20}});
	await page.keyboard.press("End");
	await page.keyboard.type(" Indeed.");
	await send(page);
	await server(mock, () => submissions(mock).length === 2, "sent again");
	const again = mock.data.emails.get(submissions(mock)[1].emailId);
	assert.match(again.body.text, /Lovely! Indeed\./);
	assert(!mock.data.emails.has(submission.emailId), "the old draft is gone");
}));

test("reply to all, forward, and forward as attachment", () => withPage(async (page) => {
	await page.click(".row-link:has-text('kick-off')");
	await page.waitForSelector(".answers");
	await page.keyboard.press("a");
	await page.waitForSelector(".chip:has-text('Jonas')");
	await page.waitForSelector(".chip:has-text('Amara')");
	assert.equal(await page.locator(".chip").count(), 2); // not to oneself
	await page.keyboard.press("Escape");
	await closed(page);
	await page.focus("#main");
	await page.keyboard.press("f");
	await page.waitForSelector(".editor:has-text('Forwarded message')");
	assert.match(await page.inputValue(".subject-input"), /^Fwd: /);
	await page.waitForSelector(".compose-files li");
	await page.keyboard.press("Escape");
	await closed(page);
	await page.click(".message-tools [aria-haspopup=menu]");
	await page.click(".menu-item:has-text('as attachment')");
	await page.waitForSelector(".compose-files li:has-text('.eml')");
}));

// Many programs give a Content-ID to every file.
test("a file with a Content-ID is forwarded, and a picture of the text stays in it", () => withPage(
	async (page, play, mock) => {
		await page.click(".row-link:has-text('Everything')");
		await page.waitForSelector(".html-body");
		await page.keyboard.press("f");
		await page.waitForSelector(".compose-files li:has-text('plan.pdf')");
		assert.equal(await page.locator(".compose-files li").count(), 1);
		await page.locator(".composer .chips input").first().pressSequentially("bob@x.example,");
		await send(page);
		await toast(page, "Message sent");
		const {body} = theOne(mock, "Fwd: Everything");
		assert.deepEqual(body.attachments.map((one) => [one.name, one.cid ?? null]),
			[["dot.png", "dot@x"], ["plan.pdf", null]]);
		assert.match(body.html, /src="cid:dot@x"/);
	}, {prepare: (mock) => mock.data.deliver(["all", {name: "Ada", email: "ada@x.example"}, [],
		"Everything", 0, "inbox", "", {html: "<p>Look: <img src='cid:dot@x'></p>", attachments: [
			{name: "dot.png", type: "image/png", cid: "dot@x", bytes: Buffer.from("x")},
			{name: "plan.pdf", type: "application/pdf", cid: "plan@x", bytes: Buffer.from("%PDF-")}]}])}));

test("files are attached, taken away, and sent", () => withPage(async (page, play, mock) => {
	await write(page, {subject: "Files", text: "Here"});
	const choose = async (files) => {
		const chooser = page.waitForEvent("filechooser");
		await button(page, "Attach files").click();
		await (await chooser).setFiles(files);
	};
	await choose([{name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("plan")},
		{name: "räume 图.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-")}]);
	await page.waitForSelector(".compose-files li:has-text('räume 图.pdf')");
	await button(page, "Remove plan.txt").click();
	await page.waitForFunction(() => document.querySelectorAll(".compose-files li").length === 1 &&
		!document.querySelector(".compose-files progress"));
	await send(page);
	await toast(page, "Message sent");
	const sent = theOne(mock, "Files");
	assert.deepEqual(sent.body.attachments.map((one) => [one.name, String(one.bytes)]),
		[["räume 图.pdf", "%PDF-"]]);
}));

test("a file that the server does not take is told, and nothing is sent", () => withPage(
	async (page, play, mock) => {
		await play("set", {full: true});
		await write(page, {subject: "Files", text: "Here"});
		const chooser = page.waitForEvent("filechooser");
		await button(page, "Attach files").click();
		await (await chooser).setFiles([{name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a")}]);
		await page.waitForSelector(".compose-files .failed");
		await send(page);
		await toast(page, "Could not be sent to the server");
		assert.equal(submissions(mock).length, 0);
	}, {expect: /status of 413/}));

test("a picture is pasted into the text", () => withPage(async (page, play, mock) => {
	await write(page, {subject: "Picture", text: "Look: "});
	await page.evaluate(() => {
		const data = new DataTransfer();
		data.items.add(new File([Uint8Array.from(atob("R0lGODlhAQABAAAAACw="),
			(c) => c.charCodeAt(0))], "dot.gif", {type: "image/gif"}));
		document.querySelector(".editor").dispatchEvent(new ClipboardEvent("paste",
			{clipboardData: data, bubbles: true, cancelable: true}));
	});
	await page.waitForSelector(".editor img[data-cid]");
	await server(mock, (data) => data.blobs.size > 0, "uploaded");
	await send(page);
	await toast(page, "Message sent");
	const {body} = theOne(mock, "Picture");
	assert.equal(body.attachments.length, 1);
	assert(body.html.includes(`"cid:${body.attachments[0].cid}"`), body.html);
}));

test("formatted text is pasted clean", () => withPage(async (page, play, mock) => {
	await write(page, {subject: "Pasted", text: "Look: "});
	await page.evaluate(() => {
		const data = new DataTransfer();
		data.setData("text/html", "<p onclick='x' style='position:fixed;color:red'>Some <b>bold</b></p>" +
			"<script>top.owned=1</script><img src=x onerror='top.owned=1'>");
		data.setData("text/plain", "Some bold");
		document.querySelector(".editor").dispatchEvent(new ClipboardEvent("paste",
			{clipboardData: data, bubbles: true, cancelable: true}));
	});
	await page.waitForSelector(".editor b:text-is('bold')");
	await state(page, "Draft saved");
	const {html} = theOne(mock, "Pasted").body;
	assert(!/onclick|position|script|onerror/.test(html), html);
	assert.equal(await page.evaluate(() => "owned" in window), false);
}, {expect: /violates the following Content Security Policy/}));

test("what is missing is asked before it goes", () => withPage(async (page, play, mock) => {
	await page.keyboard.press("c");
	await page.waitForSelector(".composer");
	await send(page);
	await toast(page, "Name at least one recipient");
	await page.locator(".composer .chips input").first().pressSequentially("bob@x.example,");
	await page.fill(".subject-input", "Plan");
	await editor(page).click();
	await page.keyboard.type("The plan is attached.");
	await send(page);
	await page.waitForSelector("dialog:has-text('nothing is attached')");
	assert.deepEqual(await axeFaults(page), []);
	await page.click("dialog .button:has-text('Go on writing')");
	assert.equal(submissions(mock).length, 0);
	await page.fill(".subject-input", "");
	await editor(page).fill("Nothing of it.");
	await send(page);
	await page.waitForSelector("dialog:has-text('no subject')");
	await page.click("dialog .primary");
	await toast(page, "Message sent");
	assert.equal(submissions(mock).length, 1);
}));

test("what is sent later waits", () => withPage(async (page, play, mock) => {
	await write(page, {subject: "Later", text: "Good morning"});
	await page.click(".composer-foot [aria-label='Send later']");
	await page.click(".menu-item:has-text('Send later')");
	await page.waitForSelector(".later-choices button");
	assert.deepEqual(await axeFaults(page), []);
	await page.locator(".later-choices button").first().click();
	await toast(page, "It will be sent on");
	const seconds = Number(submissions(mock)[0].envelope.mailFrom.parameters.HOLDFOR);
	assert(seconds > 60 && seconds <= 49 * 3600, String(seconds));
	await page.keyboard.press("z");
	await page.waitForSelector(".editor:has-text('Good morning')");
	await page.click(".composer-foot [aria-label='Send later']");
	await page.click(".menu-item:has-text('Send later')");
	await page.fill("dialog input", "2020-01-01T08:00");
	assert(await page.isDisabled("dialog [type=submit]"));
}));

test("plain text goes as plain text, with its lines and spaces", () => withPage(
	async (page, play, mock) => {
		await write(page, {subject: "Plain", text: "bold "});
		await page.click(".composer-foot [aria-label='More']");
		await page.click("[role^=menuitem]:has-text('Plain text')");
		await page.waitForSelector(".editor.plain");
		await editor(page).fill("");
		await editor(page).click();
		for (const line of ["One  two", "", "  three", "> four"]) {
			await page.keyboard.type(line);
			await page.keyboard.press("Enter");
		}
		await page.keyboard.type("end");
		await send(page);
		await toast(page, "Message sent");
		const {body} = theOne(mock, "Plain");
		assert.equal(body.html, undefined);
		assert.equal(body.text, "One  two\n\n  three\n> four\nend");
		// Taken back, it is plain text still.
		await page.keyboard.press("z");
		await page.waitForSelector(".editor.plain");
		await send(page);
		await server(mock, () => submissions(mock).length === 2, "sent again");
		assert.equal(theOne(mock, "Plain").body.text, "One  two\n\n  three\n> four\nend");
	}));

test("discarded, and not after all", () => withPage(async (page, play, mock) => {
	await write(page, {subject: "Away", text: "with it"});
	await state(page, "Draft saved");
	await button(page, "Discard the draft").click();
	await toast(page, "Draft discarded");
	await page.keyboard.press("z");
	await page.waitForSelector(".editor:has-text('with it')");
	assert.equal(about(mock.data, "Away").length, 1);
	await button(page, "Discard the draft").click();
	await closed(page);
	while (await page.locator(".toast").count() > 0)
		await page.locator(".toast button").last().click();
	await server(mock, (data) => about(data, "Away").length === 0, "gone");
}));

// By the clock of the page.
test("the undo of a sent message ends before the server lets it go", () => withPage(
	async (page, play, mock) => {
		await page.clock.install();
		await write(page, {subject: "Held", text: "Wait"});
		await send(page);
		await toast(page, "Message sent");
		assert.equal(submissions(mock)[0].envelope.mailFrom.parameters.HOLDFOR, "15");
		// While the pointer rests on it, it stays longer than the ten seconds.
		await page.hover(".toast-text");
		await page.clock.runFor(11_000);
		assert.equal(await page.locator(".toast-undo").count(), 1);
		await page.clock.runFor(3_000);
		await page.waitForFunction(() => !document.querySelector(".toast"));
	}));

test("a reply that nobody wrote in leaves nothing; what is typed while it is saved stays",
	() => withPage(async (page, play, mock) => {
		const before = mock.data.emails.size;
		await page.click(".row-link:has-text('first sketches')");
		await page.waitForSelector(".html-body");
		await page.keyboard.press("r");
		await page.waitForSelector(".chip:has-text('Clara')");
		await page.keyboard.press("Escape");
		await closed(page);
		assert.equal(mock.data.emails.size, before);

		await page.focus("#main");
		await write(page, {subject: "Both", text: "One"});
		await page.evaluate(() => {
			document.querySelector(".composer [aria-label='Save and close']").click();
			document.execCommand("insertText", false, "Two");
		});
		await closed(page);
		assert.match(theOne(mock, "Both").body.text, /Two/);
	}));

test("an address that is being typed is kept, and a menu is closed before the message", () =>
	withPage(async (page, play, mock) => {
		await write(page, {subject: "Menu", text: "Text"});
		await page.click(".composer-foot [aria-label='More']");
		await page.waitForSelector(".menu");
		await page.keyboard.press("Escape");
		await page.waitForFunction(() => !document.querySelector(".menu"));
		assert.equal(await page.locator(".composer").count(), 1);
		await page.locator(".composer .chips input").first().pressSequentially("zoe@x.example");
		await page.keyboard.press("Escape");
		await closed(page);
		assert.deepEqual(theOne(mock, "Menu").to.map((one) => one.email),
			["bob@x.example", "zoe@x.example"]);
	}));

test("who logs out finds the message in the drafts, and the page forgets it", () => withPage(
	async (page, play, mock) => {
		await write(page, {subject: "Unsaved", text: "Not yet"});
		await page.click(".account .menu-face");
		await page.click(".menu-item:has-text('Log out')");
		await page.waitForSelector("[name=password]");
		assert.match(theOne(mock, "Unsaved").body.text, /Not yet/);
		await logIn(page);
		await page.keyboard.press("c");
		await page.waitForSelector(".composer");
		assert.equal(await page.locator(".composer").count(), 1);
		assert.equal(await page.locator(".editor:has-text('Not yet')").count(), 0);
	}));

test("what the server does not send comes back as it was", () => withPage(
	async (page, play, mock) => {
		await write(page, {subject: "Refused", text: "Dear Bob"});
		await state(page, "Draft saved");
		await play("refuse", {refuse: true});
		await send(page);
		await toast(page, "You may not send");
		await page.waitForSelector(".editor:has-text('Dear Bob')");
		await play("refuse", {refuse: false, late: true});
		await send(page);
		await toast(page, "Message sent");
		await page.keyboard.press("z");
		await toast(page, "too late");
		assert.equal(await page.locator(".composer").count(), 0);
		assert.equal(submissions(mock).length, 1);
		assert.equal(theOne(mock, "Refused").keywords.$draft, undefined);
	}));

for (const [title, options] of [["desk", {}], ["desk, dark", {colorScheme: "dark"}],
	["phone", SIZES.phone], ["phone, dark, Chinese",
		{...SIZES.phone, colorScheme: "dark", locale: "zh-CN"}]])
	test(`axe finds nothing on the composer: ${title}`, () => withPage(async (page) => {
		const faults = [];
		const look = async (name) => {
			await page.evaluate(() => Promise.all(document.getAnimations()
				.map((one) => one.finished.catch(() => undefined))));
			faults.push(...(await axeFaults(page)).map((one) => `${name}: ${one}`));
			assert(await page.evaluate(() => document.documentElement.scrollWidth <=
				document.documentElement.clientWidth), `${name} is too wide`);
		};
		await page.keyboard.press("c");
		await page.waitForSelector(".composer");
		await look("empty");
		await page.click(".more-fields");
		await page.locator(".composer .chips input").first()
			.pressSequentially("bob@x.example, Anna <anna@x.example>,");
		await page.locator(".composer .chips input").first().pressSequentially("c");
		await page.waitForSelector(".suggestions li");
		await look("suggestions");
		await page.keyboard.press("Escape");
		await page.locator("input[type=file]").setInputFiles(
			[{name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("plan")}]);
		await page.waitForSelector(".compose-files li");
		await look("full");
		await page.locator(".composer-foot [aria-haspopup=menu]").first().click();
		await page.waitForSelector(".menu");
		await look("menu");
		await page.click(".menu-item");
		await page.waitForSelector("dialog[open]");
		await look("later");
		await page.keyboard.press("Escape");
		await page.waitForFunction(() => !document.querySelector("dialog[open]"));
		await page.locator(".format-bar button").last().click();
		await page.waitForSelector("dialog[open]");
		await look("link");
		assert.deepEqual(faults, []);
	}, options));
