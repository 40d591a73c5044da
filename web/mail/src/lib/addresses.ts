// SPDX-License-Identifier: Apache-2.0
// Names and addresses of people.
import type {Address} from "../jmap/types.ts";
import {oneLine} from "./text.ts";

// Anna Adler <a@x.example>; just the address where there is no name.
export function nameOf(address: Address): string {
	return oneLine(address.name ?? "").trim() || oneLine(address.email);
}

// For lists: the first name of people with two names in Latin letters, because
// three whole names find no place.
export function shortName(address: Address): string {
	const name = nameOf(address);
	const match = /^(\p{Script=Latin}[\p{L}'’-]+) [\p{L}'’. -]+$/u.exec(name);
	return match ? match[1]! : name;
}

export function fullAddress(address: Address): string {
	const name = oneLine(address.name ?? "").trim();
	if (!name)
		return address.email;
	return /^[\p{L}\p{N} '-]+$/u.test(name) ? `${name} <${address.email}>`
		: `"${name.replace(/[\\"]/g, "\\$&")}" <${address.email}>`;
}

export function sameAddress(a: string, b: string): boolean {
	return a.toLowerCase() === b.toLowerCase();
}

// One or two letters for the round picture.
export function initials(address: Address): string {
	const words = nameOf(address).replace(/["'“”()<>[\]]/g, "").trim()
		.split(/[\s._-]+/).filter(Boolean);
	const first = [...(words[0] ?? "?")][0]!;
	// One character of Chinese, Japanese or Korean says more than two.
	if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u
		.test(first))
		return first;
	const last = words.length > 1 && !nameOf(address).includes("@")
		? [...words[words.length - 1]!][0]! : "";
	return (first + last).toUpperCase();
}

// The same person has the same hue everywhere. 0 to 11.
export function hueOf(address: Address): number {
	let hash = 0;
	for (const c of address.email.toLowerCase())
		hash = (hash * 31 + c.codePointAt(0)!) >>> 0;
	return hash % 12;
}

// The address that a name shows, if it is another one than the real one: a
// common trick.
export function misleadingName(address: Address): string | undefined {
	const shown = /[^\s<>"'(),;:]+@[^\s<>"'(),;:]+\.[^\s<>"'(),;:]+/
		.exec((address.name ?? "").replace(/[\p{Cc}\p{Cf}]/gu, ""))?.[0];
	return shown && !sameAddress(shown, address.email) ? shown : undefined;
}
