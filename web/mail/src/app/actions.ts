// SPDX-License-Identifier: Apache-2.0
// What people do with messages. Each action is shown at once, says what it did,
// and can be undone.
import {h} from "preact";
import {t, type Key} from "../i18n/index.ts";
import type {Email, Id, Mailbox, Role} from "../jmap/types.ts";
import {changeEmails, destroyEmails, undoChange, type Change, type Patches} from "../store/change.ts";
import {isFlagged, isUnread, type Patch} from "../store/emails.ts";
import {currentFolder, currentList, folderName, openId, openIndex, withOpen} from "./current.ts";
import {showDialog} from "./dialogs.ts";
import {panes} from "./layout.ts";
import {goBack, navigate, route, type Route} from "./router.ts";
import {FolderPicker} from "../views/dialogs/FolderPicker.tsx";
import {clearSelection, cursor, selected} from "./selection.ts";
import {store} from "./session.ts";
import {toast, toastError} from "./toasts.ts";

// ---- What an action is for ---------------------------------------------------

// The selected rows; without any, the open message, or the row with the keyboard.
export function targetRows(): Id[] {
	if (selected.value.size > 0)
		return [...selected.value];
	const list = currentList.value;
	const index = openIndex();
	const row = index >= 0 ? list?.ids[index] : openId.value ?? cursor.value;
	return row ? [row] : [];
}

// Rows of conversations stand for all their messages. `here`: only for those in
// the folder that is looked at.
async function emailsOf(rows: Id[], here: boolean): Promise<Email[]> {
	const {emails} = store();
	const list = currentList.peek();
	await store().need(rows, !!list?.query.collapseThreads);
	const found = new Map<Id, Email>();
	for (const id of rows) {
		const email = emails.objects.peek(id);
		if (!email)
			continue;
		const all = list?.query.collapseThreads
			? [email, ...emails.peekThread(email.threadId)] : [email];
		for (const one of all)
			found.set(one.id, one);
	}
	const folder = currentFolder.peek()?.id;
	return [...found.values()].filter((one) =>
		!here || !folder || one.mailboxIds[folder]);
}

// ---- After it ----------------------------------------------------------------

// The open message leaves the list: the next one is opened, or the list where it
// has no room beside a message.
function moveOn(rows: Id[]): void {
	const list = currentList.peek(), open = openId.peek();
	if (!list || !open)
		return;
	const index = openIndex();
	const isOpen = index >= 0 ? rows.includes(list.ids[index]!) : rows.includes(open);
	if (!isOpen)
		return;
	const at = route.peek();
	if (panes.peek() === 1)
		return goBack(withOpen(at, undefined));
	const rest = new Set(rows);
	const after = list.ids.slice(index + 1).find((id) => id && !rest.has(id));
	const before = list.ids.slice(0, Math.max(0, index)).findLast((id) => id && !rest.has(id));
	navigate(withOpen(at, after ?? before), true);
}

// `at`: what was looked at before.
function report(change: Change, text: string, at: Route): void {
	change.done.catch(toastError);
	toast(text, {undo: () => {
		undoChange(store(), change).done.catch(toastError);
		if (panes.peek() > 1 && at.view !== "settings" && at.open)
			navigate(at, true);
	}});
}

interface Action {
	rows?: Id[] | undefined;
	here: boolean; // only the messages in this folder
	leaves: boolean; // they go away from the list
	patch: (email: Email) => Patch | undefined;
	done: Key;
	values?: Record<string, string>;
}

async function act(action: Action): Promise<void> {
	const rows = action.rows ?? targetRows();
	const patches: Patches = new Map();
	for (const email of await emailsOf(rows, action.here)) {
		const patch = action.patch(email);
		if (patch)
			patches.set(email.id, patch);
	}
	if (patches.size === 0)
		return;
	const at = route.peek();
	if (action.leaves)
		moveOn(rows);
	if (selected.peek().size > 0 && action.leaves)
		clearSelection();
	const change = changeEmails(store(), patches);
	report(change, t(action.done, {n: rows.length, ...action.values}), at);
}

// ---- Where messages are ------------------------------------------------------

// Out of this folder, or, in a search, out of all where it is.
function movePatch(email: Email, to: Mailbox, more?: Patch["keywords"]): Patch | undefined {
	const folder = currentFolder.peek()?.id;
	const from = folder && email.mailboxIds[folder] ? [folder]
		: Object.keys(email.mailboxIds);
	if (email.mailboxIds[to.id] && from.every((id) => id === to.id))
		return undefined;
	const mailboxIds: Record<Id, true | null> = {};
	for (const id of from)
		mailboxIds[id] = null;
	mailboxIds[to.id] = true;
	return {mailboxIds, ...(more && {keywords: more})};
}

function roleFolder(role: Role): Mailbox | undefined {
	return store().mailboxes.withRole(role);
}

async function toRole(
	role: Role, done: Key, rows?: Id[], keywords?: Patch["keywords"],
): Promise<void> {
	const to = roleFolder(role) ?? await makeRoleFolder(role);
	await act({rows, here: true, leaves: true, done,
		patch: (email) => movePatch(email, to, keywords)});
}

// The account has no such folder yet.
export async function makeRoleFolder(role: Role): Promise<Mailbox> {
	const {client, accountId} = store();
	const name = role[0]!.toUpperCase() + role.slice(1);
	const answer = await client.call("Mailbox/set", {
		accountId, create: {new: {name, role, parentId: null}}});
	const id = answer.created?.["new"]?.id;
	if (!id)
		throw new Error(answer.notCreated?.["new"]?.description ?? "Mailbox/set");
	await store().sync();
	return store().mailboxes.all.peek().get(id)!;
}

export const archive = (rows?: Id[]): Promise<void> =>
	toRole("archive", "done.archived", rows);

export const junk = (rows?: Id[]): Promise<void> => toRole(
	"junk", "done.junk", rows, {$junk: true, $notjunk: null});

export const notJunk = (rows?: Id[]): Promise<void> => toRole(
	"inbox", "done.not.junk", rows, {$junk: null, $notjunk: true});

export function moveTo(to: Mailbox, rows?: Id[]): Promise<void> {
	return act({rows, here: true, leaves: true, done: "done.moved",
		values: {folder: folderName(to)}, patch: (email) => movePatch(email, to)});
}

// In the trash already: for ever, but only when the time to undo is over.
export async function remove(rows = targetRows()): Promise<void> {
	if (currentFolder.peek()?.role !== "trash")
		return toRole("trash", "done.deleted", rows);
	const list = currentList.peek();
	const emails = await emailsOf(rows, true);
	if (!list || emails.length === 0)
		return;
	moveOn(rows);
	clearSelection();
	const removed = list.remove(rows);
	toast(t("done.destroyed", {n: rows.length}), {
		undo: () => list.putBack(removed),
		onGone: () => {
			destroyEmails(store(), emails.map((one) => one.id)).catch((error) => {
				list.putBack(removed);
				toastError(error);
			});
		},
	});
}

export function pickFolder(rows = targetRows()): void {
	if (rows.length === 0)
		return;
	showDialog(h(FolderPicker, {
		title: t("move.title"),
		onPick: (mailbox: Mailbox) => void moveTo(mailbox, rows).catch(toastError),
	}));
}

// ---- Keywords ----------------------------------------------------------------

export function setRead(read: boolean, rows?: Id[], quiet = false): Promise<void> {
	const patch = (email: Email): Patch | undefined => isUnread(email) === read
		? {keywords: {$seen: read ? true : null}} : undefined;
	if (quiet)
		return setQuietly(rows ?? [], patch);
	return act({rows, here: false, leaves: false, patch,
		done: read ? "done.read" : "done.unread"});
}

// Opening marks as read. Nobody needs to be told.
async function setQuietly(
	ids: Id[], patchOf: (email: Email) => Patch | undefined,
): Promise<void> {
	const patches: Patches = new Map();
	for (const id of ids) {
		const email = store().emails.objects.peek(id);
		const patch = email && patchOf(email);
		if (patch)
			patches.set(id, patch);
	}
	if (patches.size > 0)
		await changeEmails(store(), patches).done;
}

export function toggleRead(rows = targetRows()): Promise<void> {
	return emailsOf(rows, false).then((emails) =>
		setRead(emails.some(isUnread), rows));
}

// One message of a conversation gets the flag; taking it away takes all away.
export async function toggleFlag(rows = targetRows()): Promise<void> {
	const flagged = (await emailsOf(rows, false)).some(isFlagged);
	await act({rows, here: false, leaves: false,
		done: flagged ? "done.unflagged" : "done.flagged",
		patch: (email) => {
			if (flagged)
				return isFlagged(email) ? {keywords: {$flagged: null}} : undefined;
			return rows.includes(email.id) ? {keywords: {$flagged: true}} : undefined;
		}});
}

// A label, on all messages of the rows.
export function setKeyword(keyword: string, on: boolean, rows: Id[]): Promise<void> {
	return act({rows, here: false, leaves: false,
		done: on ? "done.labelled" : "done.unlabelled",
		patch: (email) => !!email.keywords[keyword] === on ? undefined
			: {keywords: {[keyword]: on ? true : null}}});
}

export async function pickLabels(rows = targetRows()): Promise<void> {
	if (rows.length === 0)
		return;
	const {LabelPicker} = await import("../views/dialogs/LabelPicker.tsx");
	showDialog(h(LabelPicker, {rows}));
}

export async function flagEmail(email: Email): Promise<void> {
	await setQuietly([email.id], (one) =>
		({keywords: {$flagged: isFlagged(one) ? null : true}}));
}

// For buttons: what goes wrong is told.
export function run(action: () => Promise<void>): void {
	action().catch(toastError);
}
