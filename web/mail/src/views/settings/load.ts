// SPDX-License-Identifier: Apache-2.0
// What a page of the settings reads from the server, and reads again after a change.
import {useEffect, useState} from "preact/hooks";
import {AccountError} from "../../app/account.ts";
import {toast, toastError} from "../../app/toasts.ts";
import {t, type Key} from "../../i18n/index.ts";

export function useLoaded<T>(load: () => Promise<T>): [T | undefined, () => void] {
	const [value, setValue] = useState<T>();
	const again = (): void => void load().then(setValue, toastError);
	useEffect(again, []);
	return [value, again];
}

// The server's words of what went wrong, in those of people.
const WORDS: Record<string, Key> = {
	refused: "security.password.wrong", limited: "login.slow", trouble: "login.trouble",
	"not-allowed": "security.not.allowed", "too-many": "security.too.many",
	"too-short": "security.too.short",
};

export function wordsOf(error: unknown): string {
	const key = error instanceof AccountError ? WORDS[error.status] : undefined;
	return key ? t(key) : t("app.failed", {why: error instanceof Error ? error.message : String(error)});
}

// What goes wrong is told, except that the user did not want to.
export function tell(error: unknown): void {
	if (!(error instanceof AccountError && error.status === "cancelled"))
		toast(wordsOf(error), {kind: "error"});
}
