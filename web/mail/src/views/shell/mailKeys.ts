// SPDX-License-Identifier: Apache-2.0
// The keys for lists and messages.
import {h} from "preact";
import {
	archive, junk, notJunk, pickFolder, pickLabels, remove, run, setRead, targetRows, toggleFlag,
} from "../../app/actions.ts";
import {
	currentFolder, currentList, folderSlug, openId, openIndex, withOpen,
} from "../../app/current.ts";
import {compose, type ComposeOrder} from "../../app/compose.ts";
import {showDialog} from "../../app/dialogs.ts";
import type {KeyBinding} from "../../app/keys.ts";
import {panes} from "../../app/layout.ts";
import {goBack, navigate, route} from "../../app/router.ts";
import {clearSelection, cursor, selectAllLoaded, selected, selectTo, toggle} from "../../app/selection.ts";
import {store} from "../../app/session.ts";
import {undoLast} from "../../app/toasts.ts";
import {t} from "../../i18n/index.ts";
import type {Id, Mailbox, Role} from "../../jmap/types.ts";
import {FolderPicker} from "../dialogs/FolderPicker.tsx";
import {isDraft} from "../../store/emails.ts";
import {showKeys} from "./TopBar.tsx";

// The row that is left or right of where one is. The list scrolls to it.
export function neighbour(step: number): Id | undefined {
	const list = currentList.value;
	if (!list)
		return undefined;
	const open = openIndex();
	const at = open >= 0 ? open : cursor.value ? list.indexOf(cursor.value) : -1;
	if (at < 0)
		return list.ids[step > 0 ? 0 : list.ids.length - 1];
	return list.ids[at + step];
}

export function step(by: number): boolean {
	const id = neighbour(by);
	if (!id)
		return false;
	cursor.value = id;
	// Beside the list the message follows; on a small page only when it is open.
	if (panes.value > 1 || openId.value !== undefined)
		navigate(withOpen(route.value, id), openId.value !== undefined);
	return true;
}

function atRow(action: (id: Id) => void): boolean {
	const index = openIndex();
	const id = cursor.value ?? (index >= 0 ? currentList.value?.ids[index] : undefined);
	if (!id)
		return false;
	action(id);
	return true;
}

function back(): boolean {
	if (selected.value.size > 0) {
		clearSelection();
	} else if (openId.value !== undefined) {
		goBack(withOpen(route.value, undefined));
	} else if (route.value.view === "search") {
		navigate({view: "folder", folder: "inbox"});
	} else {
		return false;
	}
	return true;
}

function goTo(role: Role): boolean {
	navigate({view: "folder", folder: role});
	return true;
}

function goToFolder(): void {
	showDialog(h(FolderPicker, {title: t("go.title"), onPick: (mailbox: Mailbox) =>
		navigate({view: "folder", folder: folderSlug(mailbox)})}));
}

function withTargets(action: () => Promise<void>): boolean {
	if (targetRows().length === 0)
		return false;
	run(action);
	return true;
}

// The newest message of what is open or has the keyboard is answered.
function answer(kind: ComposeOrder["kind"]): boolean {
	const row = targetRows()[0];
	const {emails} = store();
	const email = row && emails.objects.peek(row);
	if (!email)
		return false;
	const newest = currentList.value?.query.collapseThreads
		? emails.peekThread(email.threadId).findLast((one) => !isDraft(one)) : undefined;
	compose(isDraft(newest ?? email) ? {kind: "draft", email} : {kind, email: newest ?? email});
	return true;
}

export const mailKeys: KeyBinding[] = [
	{keys: ["j", "ArrowDown"], label: "keys.next", group: "move", run: () => step(1)},
	{keys: ["k", "ArrowUp"], label: "keys.previous", group: "move", run: () => step(-1)},
	{keys: ["Enter", "o"], label: "keys.open", group: "move", run: () => atRow((id) =>
		navigate(withOpen(route.value, id)))},
	{keys: ["u", "Escape"], label: "keys.back", group: "move", run: back},
	{keys: ["/"], label: "keys.search", group: "move", run: () => {
		document.getElementById("search")?.focus();
	}},
	{keys: ["g i"], label: "keys.go.inbox", group: "move", run: () => goTo("inbox")},
	{keys: ["g d"], label: "keys.go.drafts", group: "move", run: () => goTo("drafts")},
	{keys: ["g t"], label: "keys.go.sent", group: "move", run: () => goTo("sent")},
	{keys: ["g a"], label: "keys.go.archive", group: "move", run: () => goTo("archive")},
	{keys: ["g f"], label: "keys.go.folder", group: "move", run: () => goToFolder()},

	{keys: ["e"], label: "act.archive", group: "act", run: () => withTargets(archive)},
	{keys: ["#", "Delete"], label: "act.delete", group: "act",
		run: () => withTargets(() => remove())},
	{keys: ["!"], label: "act.junk", group: "act", run: () => withTargets(
		currentFolder.value?.role === "junk" ? notJunk : junk)},
	{keys: ["m"], label: "act.move", group: "act", run: () => withTargets(async () => pickFolder())},
	{keys: ["s"], label: "act.flag", group: "act", run: () => withTargets(() => toggleFlag())},
	{keys: ["l"], label: "act.keyword", group: "act", run: () => withTargets(() => pickLabels())},
	{keys: ["Shift+i"], label: "act.read", group: "act",
		run: () => withTargets(() => setRead(true))},
	{keys: ["Shift+u"], label: "act.unread", group: "act",
		run: () => withTargets(() => setRead(false))},
	{keys: ["x"], label: "keys.select", group: "act", run: () => atRow(toggle)},
	{keys: ["Shift+x"], label: "keys.select.more", group: "act", run: () => atRow(selectTo)},
	{keys: ["Mod+a"], label: "keys.select.all", group: "act", run: () => selectAllLoaded()},
	{keys: ["z"], label: "app.undo", group: "act", run: () => undoLast()},

	{keys: ["c"], label: "act.compose", group: "write", run: () => compose()},
	{keys: ["r"], label: "act.reply", group: "write", run: () => answer("reply")},
	{keys: ["a"], label: "act.reply.all", group: "write", run: () => answer("reply-all")},
	{keys: ["f"], label: "act.forward", group: "write", run: () => answer("forward")},

	{keys: ["?"], label: "keys.help", group: "other", run: () => void showKeys()},
	{keys: ["Shift+n"], label: "act.refresh", group: "other",
		run: () => void store().sync().catch(() => undefined)},
];
