// SPDX-License-Identifier: Apache-2.0
import type {Mailbox, Role} from "../jmap/types.ts";
import type {IconName} from "./Icon.tsx";

const ICONS: Partial<Record<Role, IconName>> = {
	inbox: "inbox", drafts: "draft", sent: "send", archive: "archive", junk: "junk",
	trash: "trash", flagged: "star", important: "alert", all: "mail",
};

export function folderIcon(mailbox: Mailbox): IconName {
	return (mailbox.role && ICONS[mailbox.role]) ?? "folder";
}
