// SPDX-License-Identifier: Apache-2.0
// The list of messages with its head: where one is, filters, what to do with what
// is selected.
import {
	archive, junk, notJunk, pickFolder, pickLabels, remove, run, setRead, toggleFlag, toggleRead,
} from "../../app/actions.ts";
import {currentFolder, currentList, listTitle} from "../../app/current.ts";
import {conversations} from "../../app/preferences.ts";
import {navigate, route, type ListFilter, type Route} from "../../app/router.ts";
import {clearSelection, selectAllLoaded, selected} from "../../app/selection.ts";
import {store} from "../../app/session.ts";
import {t} from "../../i18n/index.ts";
import {Button, IconButton} from "../../ui/Button.tsx";
import {Icon} from "../../ui/Icon.tsx";
import {MenuButton} from "../../ui/Menu.tsx";
import {VirtualList} from "./VirtualList.tsx";

export function ListPane() {
	const list = currentList.value;
	return (
		<section class="list-pane" aria-label={t("list.title")}>
			{selected.value.size > 0 ? <SelectionHead /> : <Head />}
			{list?.failed.value && list.total.value === undefined
				? <Failed />
				: list?.total.value === 0 ? <Empty /> : list && <VirtualList list={list} />}
		</section>
	);
}

function Head() {
	const total = currentList.value?.total.value;
	const at = route.value;
	return (
		<header class="list-head">
			<div class="list-title">
				<h1>{listTitle()}</h1>
				{total !== undefined && (
					<p role="status">{t(at.view === "search" ? "list.found"
						: conversations.value ? "list.conversations" : "list.count", {n: total})}</p>
				)}
			</div>
			{at.view === "folder" && <Filters at={at} />}
			<IconButton icon="refresh" label={t("act.refresh")} keys="Shift+N" size={18}
				onClick={() => void store().sync().catch(() => undefined)} />
		</header>
	);
}

function Filters({at}: {at: Route & {view: "folder"}}) {
	const only = at.only ?? "all";
	return (
		<div class="segments" role="group" aria-label={t("search.add")}>
			{(["all", "unread", "flagged"] satisfies ListFilter[]).map((one) => (
				<button key={one} type="button" aria-pressed={only === one}
					onClick={() => navigate({...at, only: one, open: undefined})}>
					{t(`list.filter.${one}`)}
				</button>
			))}
		</div>
	);
}

function SelectionHead() {
	const isJunk = currentFolder.value?.role === "junk";
	const isTrash = currentFolder.value?.role === "trash";
	return (
		<header class="list-head selecting">
			<h1 class="unseen">{listTitle()}</h1>
			<IconButton icon="close" label={t("list.select.none")} keys="Esc"
				onClick={clearSelection} />
			<p class="selected-count" role="status">
				{t("list.selected", {n: selected.value.size})}
			</p>
			<div class="tools">
				<IconButton icon="archive" label={t("act.archive")} keys="e"
					onClick={() => run(() => archive())} />
				<IconButton icon="trash" keys="#"
					label={t(isTrash ? "act.delete.forever" : "act.delete")}
					onClick={() => run(() => remove())} />
				<IconButton icon="move" label={t("act.move")} keys="m"
					onClick={() => pickFolder()} />
				<IconButton icon="mailOpen" label={t("act.read")} keys="Shift+I"
					onClick={() => run(() => toggleRead())} />
				<MenuButton label={t("app.more")} items={() => [
					{label: t("act.unread"), icon: "mail", run: () => run(() => setRead(false))},
					{label: t("act.flag"), icon: "star", run: () => run(() => toggleFlag())},
					{label: t("act.keyword"), icon: "tag", run: () => run(() => pickLabels())},
					isJunk
						? {label: t("act.not.junk"), icon: "inbox", run: () => run(() => notJunk())}
						: {label: t("act.junk"), icon: "junk", run: () => run(() => junk())},
					"line",
					{label: t("list.select.all"), icon: "check", run: selectAllLoaded},
				]} />
			</div>
		</header>
	);
}

function Empty() {
	const isSearch = route.value.view === "search";
	const isInbox = currentFolder.value?.role === "inbox" &&
		(route.value.view !== "folder" || !route.value.only);
	return (
		<div class="empty">
			<span class="empty-picture"><Icon size={34}
				name={isSearch ? "search" : isInbox ? "done" : "mailOpen"} /></span>
			<p>{t(isSearch ? "list.empty.search" : isInbox ? "list.empty.inbox" : "list.empty")}</p>
		</div>
	);
}

function Failed() {
	return (
		<div class="empty" role="alert">
			<span class="empty-picture"><Icon name="alert" size={34} /></span>
			<p>{t("list.failed")}</p>
			<Button onClick={() => void currentList.value?.reload()}>{t("app.retry")}</Button>
		</div>
	);
}
