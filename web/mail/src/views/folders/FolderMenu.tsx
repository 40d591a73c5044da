// SPDX-License-Identifier: Apache-2.0
// What can be done with a folder: at its button, or where it was clicked.
import {signal} from "@preact/signals";
import {useEffect, useRef} from "preact/hooks";
import {run} from "../../app/actions.ts";
import {folderName} from "../../app/current.ts";
import {
	askDelete, askEmpty, askMove, askNew, askRename, markAllRead, setSubscribed,
} from "../../app/folders.ts";
import {t} from "../../i18n/index.ts";
import type {Mailbox} from "../../jmap/types.ts";
import {MenuList, type MenuEntry} from "../../ui/Menu.tsx";

interface Opened {
	mailbox: Mailbox;
	at: {x: number; y: number};
	opener: HTMLElement; // gets the focus back
}

export const folderMenu = signal<Opened | undefined>(undefined);

// Below the element.
export function openFolderMenu(mailbox: Mailbox, opener: HTMLElement): void {
	const {left, bottom} = opener.getBoundingClientRect();
	folderMenu.value = {mailbox, at: {x: left, y: bottom + 4}, opener};
}

function entries(mailbox: Mailbox): MenuEntry[] {
	const {role, myRights, isSubscribed} = mailbox;
	// The programs of mail look for these under their names.
	const own = role === null;
	const found: MenuEntry[] = [];
	if (mailbox.unreadEmails > 0 && myRights.maySetSeen)
		found.push({label: t("folders.read"), icon: "mailOpen",
			run: () => run(() => markAllRead(mailbox))});
	if (myRights.mayCreateChild)
		found.push({label: t("folders.new.inside"), icon: "folderPlus",
			run: () => askNew(mailbox)});
	if (own && myRights.mayRename)
		found.push({label: t("folders.rename"), icon: "compose", run: () => askRename(mailbox)},
			{label: t("folders.move"), icon: "move", run: () => askMove(mailbox)});
	found.push({label: t(isSubscribed ? "folders.unsubscribe" : "folders.subscribe"),
		icon: isSubscribed ? "eyeOff" : "eye",
		run: () => setSubscribed(mailbox, !isSubscribed)});
	if ((role === "trash" || role === "junk") && myRights.mayRemoveItems &&
		mailbox.totalEmails > 0)
		found.push("line", {label: t("folders.empty"), icon: "trash",
			run: () => askEmpty(mailbox)});
	if (own && myRights.mayDelete)
		found.push("line", {label: t("folders.delete"), icon: "trash",
			run: () => askDelete(mailbox)});
	return found;
}

export function FolderMenu() {
	const open = folderMenu.value;
	const root = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (!open)
			return;
		const outside = (event: Event): void => {
			if (!root.current?.contains(event.target as Node))
				folderMenu.value = undefined;
		};
		document.addEventListener("pointerdown", outside);
		window.addEventListener("blur", outside);
		window.addEventListener("resize", outside);
		document.addEventListener("wheel", outside);
		return () => {
			document.removeEventListener("pointerdown", outside);
			window.removeEventListener("blur", outside);
			window.removeEventListener("resize", outside);
			document.removeEventListener("wheel", outside);
		};
	}, [open]);
	if (!open)
		return null;
	const {mailbox, at, opener} = open;
	return (
		<div ref={root}>
			<MenuList key={mailbox.id} items={entries(mailbox)} at={at}
				label={t("folders.menu", {name: folderName(mailbox)})}
				onClose={(focus) => {
					folderMenu.value = undefined;
					if (focus)
						opener.focus();
				}} />
		</div>
	);
}
