// SPDX-License-Identifier: Apache-2.0
// The time zone in which dates are shown: the device's, or one that was chosen.
import {effect, signal} from "@preact/signals";

const STORED = "roost.zone";

export function isZone(name: string): boolean {
	try {
		new Intl.DateTimeFormat("en", {timeZone: name});
		return true;
	} catch {
		return false;
	}
}

function stored(): string {
	const name = globalThis.localStorage?.getItem(STORED) ?? "";
	return name && isZone(name) ? name : "";
}

// Empty: the device's.
export const timeZone = signal(stored());

effect(() => {
	if (timeZone.value)
		globalThis.localStorage?.setItem(STORED, timeZone.value);
	else
		globalThis.localStorage?.removeItem(STORED);
});

// "Europe/Berlin" … as this browser knows them.
export function allZones(): string[] {
	return Intl.supportedValuesOf("timeZone");
}

export interface Day {
	year: number;
	month: number;
	day: number;
}

const calendars = new Map<string, Intl.DateTimeFormat>();

function calendarOf(zone: string): Intl.DateTimeFormat {
	let found = calendars.get(zone);
	if (!found) {
		found = new Intl.DateTimeFormat("en-US-u-ca-gregory", {
			timeZone: zone, year: "numeric", month: "numeric", day: "numeric"});
		calendars.set(zone, found);
	}
	return found;
}

// Which day it is there at that moment.
export function dayOf(date: Date, zone: string): Day {
	if (!zone)
		return {year: date.getFullYear(), month: date.getMonth() + 1, day: date.getDate()};
	const parts = calendarOf(zone).formatToParts(date);
	const of = (type: string): number =>
		Number(parts.find((part) => part.type === type)?.value ?? 0);
	return {year: of("year"), month: of("month"), day: of("day")};
}
