// SPDX-License-Identifier: Apache-2.0
// The pictures on buttons. Each that is used is named here, so that only these
// become a part of the page.
import {h} from "preact";
import archive from "lucide/dist/esm/icons/archive.mjs";
import back from "lucide/dist/esm/icons/arrow-left.mjs";
import ban from "lucide/dist/esm/icons/ban.mjs";
import calendar from "lucide/dist/esm/icons/calendar.mjs";
import check from "lucide/dist/esm/icons/check.mjs";
import down from "lucide/dist/esm/icons/chevron-down.mjs";
import right from "lucide/dist/esm/icons/chevron-right.mjs";
import up from "lucide/dist/esm/icons/chevron-up.mjs";
import alert from "lucide/dist/esm/icons/circle-alert.mjs";
import done from "lucide/dist/esm/icons/circle-check.mjs";
import clock from "lucide/dist/esm/icons/clock.mjs";
import code from "lucide/dist/esm/icons/code.mjs";
import copy from "lucide/dist/esm/icons/copy.mjs";
import download from "lucide/dist/esm/icons/download.mjs";
import more from "lucide/dist/esm/icons/ellipsis.mjs";
import external from "lucide/dist/esm/icons/external-link.mjs";
import eye from "lucide/dist/esm/icons/eye.mjs";
import eyeOff from "lucide/dist/esm/icons/eye-off.mjs";
import file from "lucide/dist/esm/icons/file.mjs";
import fileArchive from "lucide/dist/esm/icons/file-archive.mjs";
import draft from "lucide/dist/esm/icons/file-pen-line.mjs";
import fileSheet from "lucide/dist/esm/icons/file-spreadsheet.mjs";
import fileText from "lucide/dist/esm/icons/file-text.mjs";
import film from "lucide/dist/esm/icons/film.mjs";
import folder from "lucide/dist/esm/icons/folder.mjs";
import move from "lucide/dist/esm/icons/folder-input.mjs";
import forward from "lucide/dist/esm/icons/forward.mjs";
import folderPlus from "lucide/dist/esm/icons/folder-plus.mjs";
import image from "lucide/dist/esm/icons/image.mjs";
import inbox from "lucide/dist/esm/icons/inbox.mjs";
import key from "lucide/dist/esm/icons/key-round.mjs";
import italic from "lucide/dist/esm/icons/italic.mjs";
import keyboard from "lucide/dist/esm/icons/keyboard.mjs";
import link from "lucide/dist/esm/icons/link.mjs";
import list from "lucide/dist/esm/icons/list.mjs";
import listOrdered from "lucide/dist/esm/icons/list-ordered.mjs";
import logout from "lucide/dist/esm/icons/log-out.mjs";
import mail from "lucide/dist/esm/icons/mail.mjs";
import mailOpen from "lucide/dist/esm/icons/mail-open.mjs";
import enlarge from "lucide/dist/esm/icons/maximize-2.mjs";
import menu from "lucide/dist/esm/icons/menu.mjs";
import shrink from "lucide/dist/esm/icons/minimize-2.mjs";
import minimise from "lucide/dist/esm/icons/minus.mjs";
import music from "lucide/dist/esm/icons/file-music.mjs";
import paperclip from "lucide/dist/esm/icons/paperclip.mjs";
import printer from "lucide/dist/esm/icons/printer.mjs";
import clear from "lucide/dist/esm/icons/remove-formatting.mjs";
import refresh from "lucide/dist/esm/icons/rotate-cw.mjs";
import reply from "lucide/dist/esm/icons/reply.mjs";
import replyAll from "lucide/dist/esm/icons/reply-all.mjs";
import search from "lucide/dist/esm/icons/search.mjs";
import send from "lucide/dist/esm/icons/send.mjs";
import settings from "lucide/dist/esm/icons/settings.mjs";
import shield from "lucide/dist/esm/icons/shield-alert.mjs";
import filters from "lucide/dist/esm/icons/sliders-horizontal.mjs";
import compose from "lucide/dist/esm/icons/square-pen.mjs";
import strike from "lucide/dist/esm/icons/strikethrough.mjs";
import star from "lucide/dist/esm/icons/star.mjs";
import quote from "lucide/dist/esm/icons/text-quote.mjs";
import tag from "lucide/dist/esm/icons/tag.mjs";
import trash from "lucide/dist/esm/icons/trash.mjs";
import warning from "lucide/dist/esm/icons/triangle-alert.mjs";
import underline from "lucide/dist/esm/icons/underline.mjs";
import undo from "lucide/dist/esm/icons/undo-2.mjs";
import close from "lucide/dist/esm/icons/x.mjs";

// It is not among lucide's.
const bold: [string, Record<string, string>][] = [
	["path", {d: "M7 4h6.5a4 4 0 0 1 0 8H7zM7 12h7.5a4 4 0 0 1 0 8H7z"}]];

const ICONS = {
	alert, archive, back, ban, calendar, check, close, code, compose, copy, done,
	down, download, draft, external, eye, eyeOff, file, fileArchive, fileSheet,
	fileText, film, filters, folder, folderPlus,
	forward, image, inbox, junk: ban, key,
	keyboard, logout, mail, mailOpen, menu, more, move, music, paperclip, printer,
	refresh, reply, replyAll, right, search, send, settings, shield, star, tag, trash,
	undo, up, warning,
	bold, clear, clock, enlarge, italic, link, list, listOrdered, minimise, quote,
	shrink, strike, underline,
};
export type IconName = keyof typeof ICONS;

// It says nothing to screen readers: what it stands on has a name.
export function Icon({name, size = 20, filled = false}: {
	name: IconName; size?: number; filled?: boolean;
}) {
	return (
		<svg class={filled ? "icon filled" : "icon"} width={size} height={size}
			viewBox="0 0 24 24" aria-hidden="true">
			{ICONS[name].map(([tag, attributes]) => h(tag, attributes))}
		</svg>
	);
}
