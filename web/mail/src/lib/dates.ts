// SPDX-License-Identifier: Apache-2.0
// Dates as people read them, in the page's language and the chosen time zone.
import {language, t} from "../i18n/index.ts";
import {dayOf, timeZone} from "../i18n/zone.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	const zone = timeZone.value;
	const key = language.value + zone + JSON.stringify(options);
	let found = formats.get(key);
	if (!found) {
		found = new Intl.DateTimeFormat(language.value,
			{...options, ...(zone && {timeZone: zone})});
		formats.set(key, found);
	}
	return found;
}

// Whole days between two times, by the calendar.
export function daysBetween(from: Date, to: Date): number {
	const count = (date: Date): number => {
		const {year, month, day} = dayOf(date, timeZone.value);
		return Date.UTC(year, month - 1, day) / 86_400_000;
	};
	return count(to) - count(from);
}

function isSameYear(one: Date, other: Date): boolean {
	return dayOf(one, timeZone.value).year === dayOf(other, timeZone.value).year;
}

// For a list: the time today, the day this week, the date before.
export function shortDate(text: string, now = new Date()): string {
	const date = new Date(text);
	if (isNaN(date.getTime()))
		return "";
	const days = daysBetween(date, now);
	if (days === 0)
		return format({hour: "numeric", minute: "2-digit"}).format(date);
	if (days === 1)
		return t("date.yesterday");
	if (days > 1 && days < 7)
		return format({weekday: "long"}).format(date);
	if (isSameYear(date, now))
		return format({day: "numeric", month: "short"}).format(date);
	return format({year: "numeric", month: "2-digit", day: "2-digit"}).format(date);
}

// For a message: day and time, without what goes without saying.
export function mediumDate(text: string, now = new Date()): string {
	const date = new Date(text);
	if (isNaN(date.getTime()))
		return "";
	const time = {hour: "numeric", minute: "2-digit"} as const;
	const days = daysBetween(date, now);
	if (days === 0 || days === 1)
		return `${t(days ? "date.yesterday" : "date.today")}, ${
			format(time).format(date)}`;
	return format({day: "numeric", month: "short", ...time,
		...(!isSameYear(date, now) && {year: "numeric"})})
		.format(date);
}

export function longDate(text: string): string {
	const date = new Date(text);
	return isNaN(date.getTime()) ? text
		: format({dateStyle: "full", timeStyle: "long"}).format(date);
}

export function dateTime(date: Date): string {
	return format({dateStyle: "medium", timeStyle: "short"}).format(date);
}

export function dayOnly(date: Date): string {
	return format({dateStyle: "medium"}).format(date);
}

export function timeOnly(date: Date): string {
	return format({timeStyle: "short"}).format(date);
}
