// SPDX-License-Identifier: Apache-2.0
// The folders with what is unread in them. Messages can be dropped on them.
import {useState} from "preact/hooks";
import {moveTo, run} from "../../app/actions.ts";
import {compose} from "../../app/compose.ts";
import {currentFolder, folderName, folderSlug} from "../../app/current.ts";
import {draggedFolder, draggedRows} from "../../app/drag.ts";
import {askNew, canMoveInto, moveFolder} from "../../app/folders.ts";
import {drawerOpen} from "../../app/layout.ts";
import {conversations, shutFolders} from "../../app/preferences.ts";
import {follow, formatRoute, type Route} from "../../app/router.ts";
import {store} from "../../app/session.ts";
import {formatNumber, t} from "../../i18n/index.ts";
import type {Mailbox} from "../../jmap/types.ts";
import type {Folder} from "../../store/mailboxes.ts";
import {Button, IconButton} from "../../ui/Button.tsx";
import {folderIcon} from "../../ui/folderIcon.ts";
import {Icon} from "../../ui/Icon.tsx";
import {FolderMenu, folderMenu, openFolderMenu} from "./FolderMenu.tsx";

// Drafts are not unread, but all of them wait for something.
function countOf(mailbox: Mailbox): number {
	if (mailbox.role === "drafts")
		return mailbox.totalEmails;
	if (mailbox.role === "sent" || mailbox.role === "trash")
		return 0;
	return conversations.value ? mailbox.unreadThreads : mailbox.unreadEmails;
}

export function FolderPane() {
	const tree = store().mailboxes.tree.value;
	const roles = tree.filter((one) => one.mailbox.role);
	const others = tree.filter((one) => !one.mailbox.role);
	return (
		<>
			<Button kind="primary" icon="compose" class="compose-button"
				onClick={() => {
					drawerOpen.value = false;
					compose();
				}}>{t("act.compose")}</Button>
			<nav class="folders" aria-label={t("folders.title")}>
				<ul>{roles.map((one) => <Row key={one.mailbox.id} folder={one} />)}</ul>
				<Title />
				<ul>{others.map((one) => <Row key={one.mailbox.id} folder={one} />)}</ul>
				<FolderMenu />
			</nav>
		</>
	);
}

// A folder that is dropped here comes to the top.
function Title() {
	const [over, setOver] = useState(false);
	return (
		<div class={`folders-title ${over ? "over" : ""}`}
			onDragOver={(event) => {
				if (draggedFolder.value !== undefined) {
					event.preventDefault();
					setOver(true);
				}
			}}
			onDragLeave={() => setOver(false)}
			onDrop={(event) => {
				event.preventDefault();
				setOver(false);
				if (draggedFolder.value !== undefined)
					moveFolder(draggedFolder.value, null);
			}}>
			<h2>{t("folders.title")}</h2>
			<IconButton icon="folderPlus" size={18} label={t("folders.new")}
				onClick={() => askNew()} />
		</div>
	);
}

function Row({folder}: {folder: Folder}) {
	const {mailbox, children, depth} = folder;
	const [over, setOver] = useState(false);
	const name = folderName(mailbox);
	const shut = shutFolders.value.includes(mailbox.id);
	const count = countOf(mailbox);
	const isCurrent = currentFolder.value?.id === mailbox.id;
	const to: Route = {view: "folder", folder: folderSlug(mailbox)};
	const accepts = (): boolean => draggedFolder.value !== undefined
		? canMoveInto(draggedFolder.value, mailbox)
		: draggedRows.value !== undefined && !isCurrent && mailbox.myRights.mayAddItems;
	const mayMove = mailbox.role === null && mailbox.myRights.mayRename;
	const hasMenu = folderMenu.value?.mailbox.id === mailbox.id;
	return (
		<li>
			<div class={`folder ${isCurrent ? "current" : ""} ${over ? "over" : ""} ${hasMenu ? "has-menu" : ""} ${mailbox.isSubscribed ? "" : "unsubscribed"} depth-${Math.min(depth, 6)}`}
				draggable={mayMove}
				onDragStart={(event) => {
					if (!mayMove)
						return;
					draggedFolder.value = mailbox.id;
					event.dataTransfer!.effectAllowed = "move";
					event.dataTransfer!.setData("text/plain", name);
				}}
				onDragEnd={() => { draggedFolder.value = undefined; }}
				onContextMenu={(event) => {
					event.preventDefault();
					const link = event.currentTarget.querySelector("a")!;
					// The keyboard's comes from no place of the mouse.
					if (event.button === 2)
						folderMenu.value = {mailbox, opener: link,
							at: {x: event.clientX, y: event.clientY}};
					else
						openFolderMenu(mailbox, link);
				}}
				onKeyDown={(event) => {
					if (event.key !== "ContextMenu" && !(event.key === "F10" && event.shiftKey))
						return;
					event.preventDefault();
					openFolderMenu(mailbox, event.currentTarget.querySelector("a")!);
				}}
				onDragOver={(event) => {
					if (accepts()) {
						event.preventDefault();
						setOver(true);
					}
				}}
				onDragLeave={() => setOver(false)}
				onDrop={(event) => {
					event.preventDefault();
					setOver(false);
					const rows = draggedRows.value;
					if (draggedFolder.value !== undefined)
						moveFolder(draggedFolder.value, mailbox.id);
					else if (rows)
						run(() => moveTo(mailbox, rows));
				}}>
				{children.length > 0 && (
					<button type="button" class={`twist ${shut ? "" : "open"}`}
						aria-expanded={!shut}
						aria-label={t(shut ? "folders.open" : "folders.shut", {name})}
						onClick={() => {
							shutFolders.value = shut
								? shutFolders.value.filter((id) => id !== mailbox.id)
								: [...shutFolders.value, mailbox.id];
						}}>
						<Icon name="right" size={16} />
					</button>
				)}
				<a href={formatRoute(to)} aria-current={isCurrent ? "page" : undefined}
					onClick={(event) => {
						drawerOpen.value = false;
						follow(event, to);
					}}>
					<Icon name={folderIcon(mailbox)} size={19} />
					<span class="folder-name" dir="auto">{name}</span>
					{!mailbox.isSubscribed && <span class="unseen">{t("folders.hidden")}</span>}
					{count > 0 && (
						<span class="folder-count">
							{formatNumber(count)}
							{mailbox.role !== "drafts" && <span class="unseen">
								{" " + t("folders.unread", {n: count}).replace(/^[\d.,\s]+/, "")}
							</span>}
						</span>
					)}
				</a>
				<IconButton icon="more" size={16} class="folder-more" popup="menu" expanded={hasMenu}
					label={t("folders.menu", {name})}
					onClick={(event) => openFolderMenu(mailbox, event.currentTarget as HTMLElement)} />
			</div>
			{children.length > 0 && !shut && (
				<ul>{children.map((one) => <Row key={one.mailbox.id} folder={one} />)}</ul>
			)}
		</li>
	);
}
