// SPDX-License-Identifier: Apache-2.0
// What this device remembers: how the page looks. Nothing of mail, but for the
// senders whose pictures are wanted.
import {effect, signal, type Signal} from "@preact/signals";

function stored<T>(name: string, initial: T, isGood: (value: unknown) => boolean): Signal<T> {
	const key = "roost." + name;
	let value = initial;
	try {
		const read: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
		if (isGood(read))
			value = read as T;
	} catch {
		// What cannot be read is as if it were not there.
	}
	const made = signal(value);
	let first = true;
	effect(() => {
		const text = JSON.stringify(made.value);
		if (!first)
			localStorage.setItem(key, text);
		first = false;
	});
	return made;
}

const oneOf = (...values: unknown[]) => (value: unknown): boolean => values.includes(value);
const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isStrings = (value: unknown): boolean => Array.isArray(value) &&
	value.every((one) => typeof one === "string");

export type Theme = "system" | "light" | "dark";
export type Density = "roomy" | "compact";

export const theme = stored<Theme>("theme", "system", oneOf("system", "light", "dark"));
export const density = stored<Density>("density", "roomy", oneOf("roomy", "compact"));
export const conversations = stored("conversations", true, isBoolean);
export const notices = stored("notices", false, isBoolean);
// Whether mail that was seen is kept on this device (store/offline.ts).
export const keepsMail = stored("keeps-mail", false, isBoolean);
export const shutFolders = stored<string[]>("shut-folders", [], isStrings);
export const pictureSenders = stored<string[]>("picture-senders", [], isStrings);

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
export const systemDark = signal(prefersDark.matches);
prefersDark.addEventListener("change", () => {
	systemDark.value = prefersDark.matches;
});

export function isDark(): boolean {
	return theme.value === "dark" || theme.value === "system" && systemDark.value;
}

effect(() => {
	const root = document.documentElement;
	root.dataset["theme"] = isDark() ? "dark" : "light";
	root.dataset["density"] = density.value;
});
