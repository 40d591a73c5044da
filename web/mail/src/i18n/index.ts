// SPDX-License-Identifier: Apache-2.0
// The page's words. Each language is one file with the same keys as en.ts;
// TypeScript finds what is missing. README.md says how to add one.
import {computed, signal} from "@preact/signals";
import {en} from "./en.ts";

// "{name}" is filled in. With `one` and so on the form is chosen by the value
// `n` (Intl.PluralRules); `other` is always there.
export type Message = string | ({other: string} &
	Partial<Record<"zero" | "one" | "two" | "few" | "many", string>>);
export type Key = keyof typeof en;
export type Messages = Record<Key, Message>;
export type Values = Record<string, string | number>;

export const LANGUAGES = {
	"en": {name: "English", load: async (): Promise<Messages> => en},
	"zh-CN": {
		name: "简体中文",
		load: async (): Promise<Messages> => (await import("./zh-CN.ts")).zhCN,
	},
} as const satisfies Record<string, {name: string; load: () => Promise<Messages>}>;
export type Language = keyof typeof LANGUAGES;

const STORED = "roost.language";

export const language = signal<Language>("en");
const messages = signal<Messages>(en);
const plurals = computed(() => new Intl.PluralRules(language.value));
const numbers = computed(() => new Intl.NumberFormat(language.value));

// The best of the languages that the browser asks for.
export function chooseLanguage(wanted: readonly string[]): Language {
	const known = Object.keys(LANGUAGES) as Language[];
	for (const tag of wanted) {
		const base = tag.toLowerCase().split("-")[0];
		// Traditional Chinese is another language than what we have.
		if (/^zh-(tw|hk|mo|hant)/i.test(tag))
			continue;
		const found = known.find((one) => one.toLowerCase() === tag.toLowerCase()) ??
			known.find((one) => one.split("-")[0] === base);
		if (found)
			return found;
	}
	return "en";
}

// What the user chose, or undefined: as the browser says.
export function storedLanguage(): Language | undefined {
	const stored = localStorage.getItem(STORED);
	return stored && stored in LANGUAGES ? stored as Language : undefined;
}

export async function setLanguage(wanted: Language | undefined): Promise<void> {
	if (wanted)
		localStorage.setItem(STORED, wanted);
	else
		localStorage.removeItem(STORED);
	await useLanguage(wanted ?? chooseLanguage(navigator.languages));
}

export async function useLanguage(wanted: Language): Promise<void> {
	messages.value = await LANGUAGES[wanted].load();
	language.value = wanted;
	document.documentElement.lang = wanted;
}

export function fill(text: string, values: Values): string {
	return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
		const value = values[name];
		if (value === undefined)
			return whole;
		return typeof value === "number" ? numbers.value.format(value) : value;
	});
}

export function t(key: Key, values: Values = {}): string {
	const message = messages.value[key];
	if (typeof message === "string")
		return fill(message, values);
	const n = Number(values["n"] ?? 0);
	// A language without a singular may still say one thing shorter.
	const form = n === 1 && message.one ? "one" : plurals.value.select(n);
	return fill(message[form] ?? message.other, values);
}

export function formatNumber(value: number): string {
	return numbers.value.format(value);
}
