// SPDX-License-Identifier: Apache-2.0
// What the address means for the account: the folder, the list, the open message.
import {computed} from "@preact/signals";
import {t, type Key} from "../i18n/index.ts";
import type {Email, Filter, Id, Mailbox} from "../jmap/types.ts";
import {parseSearch, searchFilter} from "../lib/search.ts";
import {NEWEST_FIRST, type ListQuery, type MailList} from "../store/list.ts";
import {conversations} from "./preferences.ts";
import {route, type Route} from "./router.ts";
import {phase, store} from "./session.ts";

export function folderName(mailbox: Mailbox): string {
	return mailbox.role ? t(`folder.${mailbox.role}` as Key) : mailbox.name;
}

// How the folder is called in addresses of the page.
export function folderSlug(mailbox: Mailbox): string {
	return mailbox.role ?? mailbox.id;
}

export function findFolder(slug: string): Mailbox | undefined {
	const {mailboxes} = store();
	for (const mailbox of mailboxes.all.value.values())
		if (mailbox.role === slug)
			return mailbox;
	return mailboxes.get(slug);
}

// By what people type: its name, in their language or in the server's.
export function folderByName(name: string): Id | undefined {
	const wanted = name.toLowerCase();
	for (const mailbox of store().mailboxes.all.value.values())
		if (mailbox.role === wanted || mailbox.name.toLowerCase() === wanted ||
			folderName(mailbox).toLowerCase() === wanted)
			return mailbox.id;
	return undefined;
}

export const currentFolder = computed<Mailbox | undefined>(() =>
	phase.value === "mail" && route.value.view === "folder"
		? findFolder(route.value.folder) : undefined);

// So that a folder whose counts change is not a new list.
const folderId = computed(() => currentFolder.value?.id);

function hiddenFolders(): Id[] {
	const {mailboxes} = store();
	return (["trash", "junk"] as const)
		.map((role) => mailboxes.withRole(role)?.id)
		.filter((id) => id !== undefined);
}

const filter = computed<Filter | undefined>(() => {
	const at = route.value;
	if (phase.value !== "mail")
		return undefined;
	if (at.view === "search")
		return searchFilter(parseSearch(at.query), folderByName, hiddenFolders());
	if (at.view !== "folder" || !folderId.value)
		return undefined;
	return {inMailbox: folderId.value,
		...(at.only === "unread" && {notKeyword: "$seen"}),
		...(at.only === "flagged" && {hasKeyword: "$flagged"})};
});

// As text, so that what is equal is no change.
const queryText = computed(() => filter.value && JSON.stringify({
	filter: filter.value, sort: NEWEST_FIRST,
	collapseThreads: conversations.value && route.value.view === "folder",
} satisfies ListQuery));

export const currentList = computed<MailList | undefined>(() =>
	queryText.value === undefined ? undefined
		: store().list(JSON.parse(queryText.value) as ListQuery));

export const openId = computed<Id | undefined>(() =>
	route.value.view === "settings" ? undefined : route.value.open);

export function withOpen(at: Route, open: Id | undefined): Route {
	return at.view === "settings" ? at : {...at, open};
}

// Whether a row stands for the open message: the same, or the same conversation.
export function isRowOf(list: MailList, row: Email | undefined, open: Email | undefined): boolean {
	return !!row && !!open && (row.id === open.id ||
		list.query.collapseThreads && row.threadId === open.threadId);
}

// The place of the open message in the list; -1: it is not in it.
export function openIndex(): number {
	const list = currentList.value, id = openId.value;
	if (!list || !id)
		return -1;
	void list.version.value;
	const direct = list.indexOf(id);
	if (direct >= 0 || !list.query.collapseThreads)
		return direct;
	const threadId = store().emails.objects.signal(id).value?.threadId;
	return list.ids.findIndex((one) => one !== undefined && threadId !== undefined &&
		store().emails.objects.peek(one)?.threadId === threadId);
}

export function listTitle(): string {
	const folder = currentFolder.value;
	return route.value.view === "search" ? t("search.title")
		: folder ? folderName(folder) : "";
}
