// SPDX-License-Identifier: Apache-2.0
// What people do with folders. Each action is shown at once and says what it did.
import {h} from "preact";
import {t} from "../i18n/index.ts";
import type {Id, Mailbox} from "../jmap/types.ts";
import {undoChange} from "../store/change.ts";
import {
	changeFolder, destroyFolders, emptyFolder, FolderError, makeFolder, readAll,
	type FolderPart,
} from "../store/folders.ts";
import {makeRoleFolder} from "./actions.ts";
import {currentFolder, folderName} from "./current.ts";
import {showDialog} from "./dialogs.ts";
import {HOME, navigate} from "./router.ts";
import {store} from "./session.ts";
import {toast, toastError} from "./toasts.ts";

// ---- What can go wrong -------------------------------------------------------

export function folderTrouble(error: unknown): string {
	if (!(error instanceof FolderError))
		return error instanceof Error ? error.message : String(error);
	const wrong = new Set(error.properties);
	switch (error.type) {
	case "alreadyExists": return t("folders.why.exists");
	case "mailboxHasChild": return t("folders.why.child");
	case "mailboxHasEmail": return t("folders.why.email");
	case "forbidden": return t("folders.why.forbidden");
	case "notFound": return t("folders.why.gone");
	case "overQuota": return t("folders.why.quota");
	case "invalidProperties":
		if (wrong.has("name"))
			return t("folders.why.name");
		if (wrong.has("parentId"))
			return t("folders.why.parent");
	}
	return error.description ?? error.message;
}

function tell(error: unknown): void {
	toast(folderTrouble(error), {kind: "error"});
}

// Why a folder cannot have this name, as far as it is known here.
export function nameTrouble(
	name: string, parentId: Id | null, self?: Id,
): string | undefined {
	if (name.includes("/"))
		return t("folders.why.slash");
	if (/[\u0000-\u001f\u007f]/.test(name))
		return t("folders.why.name");
	const same = (one: Mailbox): boolean => one.name === name ||
		parentId === null && one.role === "inbox" && name.toLowerCase() === "inbox";
	for (const one of store().mailboxes.all.peek().values())
		if (one.id !== self && one.parentId === parentId && same(one))
			return t("folders.why.exists");
	return undefined;
}

// ---- Dialogs -----------------------------------------------------------------

const load = () => import("../views/folders/dialogs.tsx");

export interface Typed {
	text: string;
	problem: string;
}

// `typed`: the server refused it before.
export function askNew(parent?: Mailbox, typed?: Typed): void {
	void load().then(({NameDialog}) => showDialog(h(NameDialog, {
		title: parent ? t("folders.new.in", {name: folderName(parent)}) : t("folders.new"),
		button: t("folders.make"), parentId: parent?.id ?? null, ...(typed && {typed}),
		onName: (name: string) => make(name, parent)})), toastError);
}

export function askRename(mailbox: Mailbox, typed?: Typed): void {
	void load().then(({NameDialog}) => showDialog(h(NameDialog, {
		title: t("folders.rename.title", {name: mailbox.name}),
		button: t("folders.rename.set"), parentId: mailbox.parentId, self: mailbox,
		...(typed && {typed}), onName: (name: string) => rename(mailbox, name)})), toastError);
}

export function askMove(mailbox: Mailbox): void {
	void import("../views/dialogs/FolderPicker.tsx").then(({FolderPicker}) =>
		showDialog(h(FolderPicker, {
			title: t("folders.move.title", {name: mailbox.name}),
			accepts: (one: Mailbox) => canMoveInto(mailbox.id, one),
			...(mailbox.parentId !== null && {first: {
				name: t("folders.top"), onPick: () => moveFolder(mailbox.id, null)}}),
			onPick: (to: Mailbox) => moveFolder(mailbox.id, to.id)})), toastError);
}

export function askEmpty(mailbox: Mailbox): void {
	void load().then(({QuestionDialog}) => showDialog(h(QuestionDialog, {
		title: t("folders.empty.title", {name: folderName(mailbox)}),
		lines: [t("folders.empty.text", {n: mailbox.totalEmails})],
		button: t("folders.empty.do"), onYes: () => empty(mailbox)})), toastError);
}

function isInTrash(mailbox: Mailbox): boolean {
	const {all} = store().mailboxes;
	let at: Mailbox | undefined = mailbox;
	for (let depth = 0; at && depth < 50; depth++) {
		if (at.role === "trash")
			return true;
		at = at.parentId ? all.peek().get(at.parentId) : undefined;
	}
	return false;
}

// Without a message and a folder in it there is nothing to ask.
export function askDelete(mailbox: Mailbox): void {
	const all = store().mailboxes.within(mailbox.id);
	const emails = all.reduce((sum, one) => sum + one.totalEmails, 0);
	const forever = isInTrash(mailbox);
	if (all.length === 1 && emails === 0)
		return remove(mailbox, forever);
	const lines = [emails === 0 ? t("folders.delete.none")
		: t(forever ? "folders.delete.forever" : "folders.delete.trash", {n: emails})];
	if (all.length > 1)
		lines.push(t("folders.delete.inside", {n: all.length - 1}));
	void load().then(({QuestionDialog}) => showDialog(h(QuestionDialog, {
		title: t("folders.delete.title", {name: folderName(mailbox)}), lines,
		button: t("folders.delete.do"), onYes: () => remove(mailbox, forever)})), toastError);
}

// ---- Actions -----------------------------------------------------------------

function change(mailbox: Mailbox, part: FolderPart, text: string): Promise<void> {
	const {name, parentId, isSubscribed} = mailbox;
	const back: FolderPart = {...("name" in part && {name}),
		...("parentId" in part && {parentId}),
		...("isSubscribed" in part && {isSubscribed})};
	const done = changeFolder(store(), mailbox.id, part);
	// Those who undo it do not wait: changes go out in their order.
	done.then(() => toast(text, {undo: () =>
		void changeFolder(store(), mailbox.id, back).catch(tell)}), () => undefined);
	return done;
}

function make(name: string, parent?: Mailbox): void {
	makeFolder(store(), name, parent?.id ?? null).then(
		(id) => toast(t("folders.done.made", {name}), {undo: () => {
			leave([id]);
			destroyFolders(store(), [id]).catch(tell);
		}}),
		(error) => askNew(parent, {text: name, problem: folderTrouble(error)}));
}

function rename(mailbox: Mailbox, name: string): void {
	if (name !== mailbox.name)
		change(mailbox, {name}, t("folders.done.renamed", {name})).catch((error) =>
			askRename(mailbox, {text: name, problem: folderTrouble(error)}));
}

// Not into itself, nor into what is in it.
export function canMoveInto(id: Id, to: Mailbox): boolean {
	const {mailboxes} = store();
	const mailbox = mailboxes.all.peek().get(id);
	return !!mailbox && mailbox.parentId !== to.id && to.myRights.mayCreateChild &&
		!mailboxes.within(id).some((one) => one.id === to.id);
}

export function moveFolder(id: Id, parentId: Id | null): void {
	const mailbox = store().mailboxes.all.peek().get(id);
	if (!mailbox || mailbox.parentId === parentId)
		return;
	const problem = nameTrouble(mailbox.name, parentId, id);
	if (problem)
		return toast(problem, {kind: "error"});
	change(mailbox, {parentId}, t("folders.done.moved", {name: mailbox.name})).catch(tell);
}

export function setSubscribed(mailbox: Mailbox, isSubscribed: boolean): void {
	const name = folderName(mailbox);
	change(mailbox, {isSubscribed}, isSubscribed ? t("folders.done.subscribed", {name})
		: t("folders.done.unsubscribed", {name})).catch(tell);
}

// Nobody looks at what is no longer there.
function leave(ids: Id[]): void {
	if (currentFolder.peek() && ids.includes(currentFolder.peek()!.id))
		navigate(HOME);
}

function empty(mailbox: Mailbox): void {
	emptyFolder(store(), mailbox.id).then(
		(n) => toast(t("folders.done.emptied", {n})), toastError);
}

// It is gone from the page, and from the server when the time to undo is over.
function remove(mailbox: Mailbox, forever: boolean): void {
	const {mailboxes} = store();
	const ids = mailboxes.within(mailbox.id).map((one) => one.id);
	leave(ids);
	const unhide = mailboxes.hide(ids);
	const destroy = async (): Promise<void> => {
		const trash = forever ? undefined
			: mailboxes.withRole("trash") ?? await makeRoleFolder("trash");
		await destroyFolders(store(), ids, trash?.id);
	};
	toast(t("folders.done.deleted", {name: folderName(mailbox)}), {
		undo: unhide,
		onGone: () => void destroy().catch(tell).finally(unhide),
	});
}

export async function markAllRead(mailbox: Mailbox): Promise<void> {
	const done = await readAll(store(), mailbox.id);
	if (done.patches.size === 0)
		return;
	done.done.catch(toastError);
	toast(t("folders.done.read", {n: done.patches.size}), {undo: () => {
		undoChange(store(), done).done.catch(toastError);
	}});
}
