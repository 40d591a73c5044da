// SPDX-License-Identifier: Apache-2.0
// The folders with what is unread in them. Messages can be dropped on them.
import {useState} from "preact/hooks";
import {moveTo, run} from "../../app/actions.ts";
import {compose} from "../../app/compose.ts";
import {currentFolder, folderName, folderSlug} from "../../app/current.ts";
import {draggedRows} from "../../app/drag.ts";
import {drawerOpen} from "../../app/layout.ts";
import {conversations, shutFolders} from "../../app/preferences.ts";
import {follow, formatRoute, type Route} from "../../app/router.ts";
import {store} from "../../app/session.ts";
import {formatNumber, t} from "../../i18n/index.ts";
import type {Mailbox} from "../../jmap/types.ts";
import type {Folder} from "../../store/mailboxes.ts";
import {Button} from "../../ui/Button.tsx";
import {folderIcon} from "../../ui/folderIcon.ts";
import {Icon} from "../../ui/Icon.tsx";

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
				{others.length > 0 && (
					<>
						<h2 class="folders-title">{t("folders.title")}</h2>
						<ul>{others.map((one) => <Row key={one.mailbox.id} folder={one} />)}</ul>
					</>
				)}
			</nav>
		</>
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
	const accepts = (): boolean => draggedRows.value !== undefined && !isCurrent &&
		mailbox.myRights.mayAddItems;
	return (
		<li>
			<div class={`folder ${isCurrent ? "current" : ""} ${over ? "over" : ""} depth-${Math.min(depth, 6)}`}
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
					if (rows)
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
					<span class="folder-name">{name}</span>
					{count > 0 && (
						<span class="folder-count">
							{formatNumber(count)}
							{mailbox.role !== "drafts" && <span class="unseen">
								{" " + t("folders.unread", {n: count}).replace(/^[\d.,\s]+/, "")}
							</span>}
						</span>
					)}
				</a>
			</div>
			{children.length > 0 && !shut && (
				<ul>{children.map((one) => <Row key={one.mailbox.id} folder={one} />)}</ul>
			)}
		</li>
	);
}
