// SPDX-License-Identifier: Apache-2.0
// Folders, as a person has them, against the mock server.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {axeFaults, launch, SIZES, withMock} from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());
const withPage = (run, options) => withMock(browser, run, options);

const folder = (page, name) => page.locator(
	`.folder:has(.folder-name:text-is("${name}"))`).first();
const gone = (page, name) => folder(page, name).waitFor({state: "detached"});
const toast = (page, text) => page.waitForSelector(`.toast:has-text("${text}")`);
const undo = async (page, text) => {
	await toast(page, text);
	await page.keyboard.press("z");
};
const dismissToasts = async (page) => {
	while (await page.locator(".toast").count() > 0)
		await page.locator(".toast button").last().click();
};

async function menu(page, name, item) {
	await folder(page, name).locator("a").click({button: "right"});
	await page.click(`.menu-item:has-text("${item}")`);
}

// Waits until the server has it so.
async function server(mock, check, what) {
	for (let tries = 0; !check(mock.data); tries++) {
		assert(tries < 600, what);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
const named = (data, name) => [...data.mailboxes.values()].find((one) => one.name === name);
const inside = (data, id) => [...data.emails.values()].filter((one) => one.mailboxIds[id]);

async function typeName(page, name) {
	await page.fill("dialog input", name);
	await page.press("dialog input", "Enter");
}

test("a folder is made, nested, renamed, and each is undone", () => withPage(
	async (page, play, mock) => {
		await page.click(".folders-title button");
		await typeName(page, "Travel");
		await folder(page, "Travel").waitFor();
		await server(mock, (data) => named(data, "Travel"), "made");
		await toast(page, "Travel is made");

		await menu(page, "Travel", "New folder inside");
		await typeName(page, "Norway");
		await page.waitForSelector(".folder.depth-1:has-text('Norway')");
		await server(mock, (data) => named(data, "Norway")?.parentId ===
			named(data, "Travel").id, "nested");

		await menu(page, "Norway", "Rename");
		assert.equal(await page.inputValue("dialog input"), "Norway");
		await typeName(page, "Lofoten");
		await server(mock, (data) => named(data, "Lofoten"), "renamed");
		await undo(page, "Renamed to Lofoten");
		await folder(page, "Norway").waitFor();
		await server(mock, (data) => named(data, "Norway"), "named as before");
	}));

test("a new folder is taken away by undo", () => withPage(async (page, play, mock) => {
	await page.click(".folders-title button");
	await typeName(page, "Travel");
	await undo(page, "Travel is made");
	await gone(page, "Travel");
	await server(mock, (data) => !named(data, "Travel"), "gone");
}));

test("names that cannot be are told before they are sent", () => withPage(async (page) => {
	await page.click(".folders-title button");
	for (const [name, words] of [["Family", "already"], ["iNBoX", "already"], ["a/b", "“/”"]]) {
		await page.fill("dialog input", name);
		await page.waitForSelector(`dialog .form-problem:has-text("${words}")`);
		assert(await page.isDisabled("dialog [type=submit]"));
		await page.press("dialog input", "Enter");
		await page.waitForSelector("dialog[open] input");
	}
	await page.fill("dialog input", "   ");
	assert(await page.isDisabled("dialog [type=submit]"));
	await page.keyboard.press("Escape");
	await page.waitForFunction(() => !document.querySelector("dialog[open]"));
}));

test("what the server refuses is taken back, and what was typed is kept", () => withPage(
	async (page, play) => {
		await play("refuse", {refuse: true});
		await menu(page, "Family", "Rename");
		await typeName(page, "Relatives");
		await page.waitForSelector("dialog .form-problem:has-text('may not')");
		assert.equal(await page.inputValue("dialog input"), "Relatives");
		assert.equal(await folder(page, "Relatives").count(), 0);
		await folder(page, "Family").waitFor();
		await play("refuse", {refuse: false});
		await page.fill("dialog input", "Relations");
		await page.press("dialog input", "Enter");
		await toast(page, "Renamed to Relations");

		await play("refuse", {refuse: true});
		await page.click(".folders-title button");
		await typeName(page, "Travel");
		await page.waitForSelector("dialog .form-problem:has-text('may not')");
		assert.equal(await page.inputValue("dialog input"), "Travel");
		assert.equal(await folder(page, "Travel").count(), 0);
		await page.keyboard.press("Escape");

		await menu(page, "Relations", "Hide in mail");
		await toast(page, "You may not");
		await page.waitForFunction(() => !document.querySelector(".unsubscribed"));
	}));

test("a folder is moved by the picker and by drag, and back", () => withPage(
	async (page, play, mock) => {
		await menu(page, "Family", "Move into");
		await page.fill(".picker-input", "arch");
		await page.keyboard.press("Enter");
		await page.waitForSelector(".folder.depth-1:has-text('Family')");
		await server(mock, (data) => named(data, "Family").parentId === "marchive", "moved");
		await undo(page, "Family is moved");
		await page.waitForSelector(".folder.depth-0:has-text('Family')");

		await folder(page, "Garden").dragTo(folder(page, "Family"));
		await server(mock, (data) => named(data, "Garden").parentId === "mfamily", "dragged");
		await folder(page, "Garden").dragTo(page.locator(".folders-title"));
		await page.waitForSelector(".folder.depth-0:has-text('Garden')");
		await server(mock, (data) => named(data, "Garden").parentId === null, "to the top");

		// Not into itself, nor into what is in it.
		await folder(page, "Projects").dragTo(folder(page, "Harbour"));
		await menu(page, "Projects", "Move into");
		await page.fill(".picker-input", "harbour");
		await page.waitForSelector(".picker-none");
		await page.fill(".picker-input", "projects");
		await page.waitForSelector(".picker-none");
		await page.keyboard.press("Escape");
		assert.equal(named(mock.data, "Projects").parentId, null);
	}));

test("a folder is hidden from mail programs and shown again", () => withPage(
	async (page, play, mock) => {
		await menu(page, "Family", "Hide in mail programs");
		await page.waitForSelector(".folder.unsubscribed:has-text('Family')");
		await server(mock, (data) => !named(data, "Family").isSubscribed, "unsubscribed");
		await menu(page, "Family", "Show in mail programs");
		await server(mock, (data) => named(data, "Family").isSubscribed, "subscribed");
		await page.waitForFunction(() => !document.querySelector(".unsubscribed"));
	}));

test("the trash is emptied after a question, and only the trash", () => withPage(
	async (page, play, mock) => {
		await page.click(".folder a:has-text('Trash')");
		await page.waitForSelector(".list-pane .empty, .row-link");
		await play("deliver", {count: 3, subject: "Rubbish", folder: "trash"});
		await page.waitForSelector(".row-link:has-text('Rubbish')");
		const both = inside(mock.data, "mtrash")[0];
		mock.data.commit(mock.data.update(both, {mailboxIds: {mtrash: true, marchive: true}}));
		const n = inside(mock.data, "mtrash").length;
		await menu(page, "Trash", "Empty");
		await page.waitForSelector(`dialog:has-text("${n} messages")`);
		await page.click("dialog .button:has-text('Cancel')");
		assert.equal(inside(mock.data, "mtrash").length, n);
		await menu(page, "Trash", "Empty");
		await page.click("dialog .danger");
		await page.waitForSelector(".list-pane .empty");
		await toast(page, `${n} messages deleted for ever`);
		assert.equal(inside(mock.data, "mtrash").length, 0);
		assert(mock.data.emails.get(both.id).mailboxIds.marchive);
	}));

test("a folder with mail is deleted when nobody undoes it; its mail is in the trash", () =>
	withPage(async (page, play, mock) => {
		await play("deliver", {count: 2, subject: "From the sea", folder: "harbour"});
		const total = mock.data.emails.size, before = inside(mock.data, "mtrash").length;
		await page.click(".folder a:has-text('Harbour')");
		await menu(page, "Projects", "Delete");
		await page.waitForSelector("dialog:has-text('moved to the trash'):has-text('2 folders inside')");
		await page.click("dialog .danger");
		await gone(page, "Projects");
		await gone(page, "Harbour");
		await page.waitForSelector(".folder.current:has-text('Inbox')");
		await undo(page, "Projects is deleted");
		await folder(page, "Harbour").waitFor();
		assert(named(mock.data, "Projects"));

		await menu(page, "Projects", "Delete");
		await page.click("dialog .danger");
		await toast(page, "Projects is deleted");
		await dismissToasts(page);
		await server(mock, (data) => !named(data, "Projects") && !named(data, "Harbour") &&
			!named(data, "Garden"), "deleted");
		assert.equal(mock.data.emails.size, total);
		assert(inside(mock.data, "mtrash").length >= before + 2);
		await gone(page, "Projects");
	}));

test("an empty folder is deleted without a question", () => withPage(async (page, play, mock) => {
	await page.click(".folders-title button");
	await typeName(page, "Travel");
	await toast(page, "Travel is made");
	await menu(page, "Travel", "Delete");
	await toast(page, "Travel is deleted");
	await gone(page, "Travel");
	await dismissToasts(page);
	await server(mock, (data) => !named(data, "Travel"), "deleted");
}));

test("all of a folder is marked as read, and unread again", () => withPage(
	async (page, play, mock) => {
		await play("deliver", {count: 3, subject: "From the sea", folder: "harbour"});
		await folder(page, "Harbour").locator(".folder-count").waitFor();
		const unread = () => inside(mock.data, "mharbour").filter((one) => !one.keywords.$seen).length;
		const n = unread();
		await menu(page, "Harbour", "Mark all as read");
		await toast(page, `${n} messages marked as read`);
		await server(mock, () => unread() === 0, "read");
		await folder(page, "Harbour").locator(".folder-count").waitFor({state: "detached"});
		await page.keyboard.press("z");
		await server(mock, () => unread() === n, "unread again");
	}));

test("the menu by keyboard: its button, Shift+F10, and back to where one was", () => withPage(
	async (page) => {
		const link = folder(page, "Family").locator("a");
		for (const key of ["Shift+F10", "ContextMenu"]) {
			await link.focus();
			await page.keyboard.press(key);
			await page.waitForSelector(".menu-item:focus");
			await page.keyboard.press("ArrowDown");
			await page.keyboard.press("Escape");
			await page.waitForFunction(() => !document.querySelector(".menu") &&
				document.activeElement.textContent.includes("Family"));
		}
		await page.keyboard.press("Tab");
		await page.keyboard.press("Enter");
		await page.waitForSelector(".menu-item:focus");
		assert.deepEqual(await axeFaults(page), []);
		await page.keyboard.press("ArrowDown");
		await page.keyboard.press("Enter");
		await page.waitForSelector("dialog input:focus");
	}));

test("what others do with folders is seen", () => withPage(async (page, play, mock) => {
	mock.data.mailboxes.get("mfamily").name = "Kin";
	mock.data.commit([["Mailbox", "updated", "mfamily"]]);
	await folder(page, "Kin").waitFor();
}));

for (const [title, options] of [["desk", {}], ["desk, dark", {colorScheme: "dark"}],
	["phone", SIZES.phone], ["phone, dark, Chinese",
		{...SIZES.phone, colorScheme: "dark", locale: "zh-CN"}]])
	test(`axe finds nothing on folders: ${title}`, () => withPage(async (page, play, mock) => {
		await play("deliver", {subject: "Rubbish", folder: "trash"});
		const faults = [];
		const still = () => page.evaluate(() => Promise.all(document.getAnimations()
			.map((one) => one.finished.catch(() => undefined))));
		const look = async (name) => {
			await still();
			faults.push(...(await axeFaults(page)).map((one) => `${name}: ${one}`));
			assert(await page.evaluate(() => document.documentElement.scrollWidth <=
				document.documentElement.clientWidth), `${name} is too wide`);
		};
		const open = async (id, item) => {
			if (await page.locator(".side").count() === 0)
				await page.click(".top .icon-button");
			await page.locator(`.folder:has(a[href$="/folder/${id}"]) .folder-more`).click();
			await page.waitForSelector(".menu");
			if (item === undefined)
				return;
			await page.locator(".menu-item").nth(item).click();
			await page.waitForSelector("dialog[open]");
		};
		mock.data.mailboxes.get("mlists").isSubscribed = false;
		mock.data.commit([["Mailbox", "updated", "mlists"]]);
		await open("mfamily");
		await look("menu");
		await page.keyboard.press("Escape");
		for (const [id, item, name] of [["inbox", 1, "new"], ["mfamily", -3, "move"],
			["trash", -1, "empty"], ["mprojects", -1, "delete"], ["mfamily", -4, "rename"]]) {
			await open(id, item);
			if (name === "rename") {
				await page.fill("dialog input", "a/b");
				await page.waitForSelector(".form-problem:not(:empty)");
			}
			await look(name);
			await page.keyboard.press("Escape");
			await page.waitForFunction(() => !document.querySelector("dialog[open]"));
		}
		assert.deepEqual(faults, []);
	}, options));
