// SPDX-License-Identifier: Apache-2.0
// The page when somebody is logged in: folders, list, message, in as many panes
// as there is room for.
import {useEffect, useState} from "preact/hooks";
import type {ComponentType} from "preact";
import {effect} from "@preact/signals";
import {compose, composing} from "../../app/compose.ts";
import {currentFolder, folderName, openId} from "../../app/current.ts";
import {addKeys, handleKey} from "../../app/keys.ts";
import {drawerOpen, panes} from "../../app/layout.ts";
import {watchArrivals} from "../../app/notices.ts";
import {route} from "../../app/router.ts";
import {watchSelection} from "../../app/selection.ts";
import {online, store} from "../../app/session.ts";
import {toastError} from "../../app/toasts.ts";
import {t} from "../../i18n/index.ts";
import {Icon} from "../../ui/Icon.tsx";
import {FolderPane} from "../folders/FolderPane.tsx";
import {ListPane} from "../list/ListPane.tsx";
import {ReaderPane} from "../reader/ReaderPane.tsx";
import {mailKeys} from "./mailKeys.ts";
import {TopBar} from "./TopBar.tsx";

let watching = false;

function useTitle(): void {
	useEffect(() => effect(() => {
		const folder = currentFolder.value;
		const unread = store()?.mailboxes.withRole("inbox")?.unreadEmails ?? 0;
		const name = folder ? folderName(folder)
			: route.value.view === "search" ? t("search.title") : t("settings.title");
		document.title = `${unread ? `(${unread}) ` : ""}${name} – ${t("app.name")}`;
	}), []);
}

export function Shell() {
	useTitle();
	useEffect(() => {
		if (!watching)
			watchSelection();
		watching = true;
		document.addEventListener("keydown", handleKey);
		const removeKeys = addKeys(mailKeys);
		const stopNotices = watchArrivals();
		return () => {
			stopNotices();
			document.removeEventListener("keydown", handleKey);
			removeKeys();
		};
	}, []);
	return (
		<div class={`shell panes-${panes.value}`}>
			<a class="skip" href="#main">{t("app.skip")}</a>
			<TopBar />
			<Drawer />
			<Main />
			{panes.value < 3 && (panes.value === 2 || openId.value === undefined) && (
				<button type="button" class="compose-float" aria-label={t("act.compose")}
					title={t("act.compose")} onClick={() => compose()}>
					<Icon name="compose" size={24} />
				</button>
			)}
			<Writing />
			{!online.value && (
				<p class="offline" role="status">
					<Icon name="warning" size={16} /> {t("app.offline")}
				</p>
			)}
		</div>
	);
}

// A part of the page that is loaded when it is first needed.
function usePart(needed: boolean, load: () => Promise<ComponentType>): ComponentType | undefined {
	const [part, setPart] = useState<ComponentType>();
	useEffect(() => {
		if (needed && !part)
			load().then((one) => setPart(() => one), toastError);
	}, [needed]);
	return part;
}

function Writing() {
	const Dock = usePart(composing.value.length > 0,
		async () => (await import("../compose/Dock.tsx")).Dock);
	return Dock ? <Dock /> : null;
}

function Settings() {
	const Pane = usePart(true,
		async () => (await import("../settings/SettingsPane.tsx")).SettingsPane);
	return Pane ? <Pane /> : <p aria-busy="true">{t("app.loading")}</p>;
}

// The folders: a pane, or what comes over the page.
function Drawer() {
	const isPane = panes.value === 3;
	useEffect(() => {
		const shut = (event: KeyboardEvent): void => {
			if (event.key === "Escape")
				drawerOpen.value = false;
		};
		document.addEventListener("keydown", shut);
		return () => document.removeEventListener("keydown", shut);
	}, []);
	if (!isPane && !drawerOpen.value)
		return null;
	return (
		<>
			{!isPane && <div class="drawer-back"
				onClick={() => { drawerOpen.value = false; }} />}
			<div class={isPane ? "side" : "side drawer"}>
				<FolderPane />
			</div>
		</>
	);
}

function Main() {
	if (!store().ready.value)
		return <main id="main" tabIndex={-1} class="main start" aria-busy="true"><p>{t("app.loading")}</p></main>;
	if (route.value.view === "settings")
		return <main id="main" tabIndex={-1} class="main one"><Settings /></main>;
	if (panes.value === 1)
		return (
			<main id="main" tabIndex={-1} class="main one">
				{openId.value === undefined ? <ListPane /> : <ReaderPane />}
			</main>
		);
	return (
		<main id="main" tabIndex={-1} class="main two">
			<ListPane />
			<ReaderPane />
		</main>
	);
}
