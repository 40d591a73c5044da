// SPDX-License-Identifier: Apache-2.0
// Desktop notices of new mail, for who wants them, while the page is not looked at.
import {effect} from "@preact/signals";
import {t} from "../i18n/index.ts";
import type {Email} from "../jmap/types.ts";
import {nameOf} from "../lib/addresses.ts";
import {notices} from "./preferences.ts";
import {navigate} from "./router.ts";
import {store} from "./session.ts";

const MANY = 3; // so many at once are one notice

export const canNotify = (): boolean => "Notification" in window;

// Asks the browser, which asks the user.
export async function allowNotices(): Promise<boolean> {
	const permission = canNotify() ? await Notification.requestPermission() : "denied";
	notices.value = permission === "granted";
	return notices.value;
}

function tell(title: string, body: string, tag: string, open?: string): void {
	const notice = new Notification(title, {body, tag, icon: "/mail/icon.svg"});
	notice.onclick = () => {
		window.focus();
		navigate({view: "folder", folder: "inbox", open});
		notice.close();
	};
}

function tellOf(emails: Email[]): void {
	if (emails.length > MANY)
		return tell(t("app.name"), t("list.new", {n: emails.length}), "many");
	for (const email of emails) {
		const from = email.from?.[0];
		tell(from ? nameOf(from) : t("list.nobody"),
			email.subject || t("list.subject.none"), email.id, email.id);
	}
}

export function watchArrivals(): () => void {
	return effect(() => {
		const emails = store()?.arrived.value ?? [];
		if (emails.length > 0 && notices.peek() && document.hidden && canNotify() &&
			Notification.permission === "granted")
			tellOf(emails);
	});
}
