// SPDX-License-Identifier: Apache-2.0
// What an invitation says (RFC 5545), as far as people need it to decide: what,
// when, where, who.

export interface CalendarEvent {
	method: string;
	summary: string;
	start: Date | undefined;
	end: Date | undefined;
	wholeDay: boolean;
	location: string;
	organizer: string;
	description: string;
}

interface Line {
	name: string;
	parameters: Record<string, string>;
	value: string;
}

// Section 3.1: folded lines, name;parameter=value:value.
function lineOf(text: string): Line | undefined {
	const match = /^([A-Za-z-]+)((?:;[A-Za-z-]+=(?:"[^"]*"|[^":;])*)*):(.*)$/s.exec(text);
	if (!match)
		return undefined;
	const parameters: Record<string, string> = {};
	for (const [, name, value] of match[2]!.matchAll(/;([A-Za-z-]+)=("[^"]*"|[^";]*)/g))
		parameters[name!.toUpperCase()] = value!.replace(/^"|"$/g, "");
	return {name: match[1]!.toUpperCase(), parameters, value: match[3]!};
}

// Section 3.3.11.
function unescape(text: string): string {
	return text.replace(/\\([nN,;\\])/g, (_, c: string) => /n/i.test(c) ? "\n" : c);
}

// Of time zones only UTC is known; others are taken for the reader's own, and
// named beside it by whoever shows it.
function dateOf(value: string): Date | undefined {
	const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/.exec(value);
	if (!match)
		return undefined;
	const [year, month, day, hour, minute, second] =
		match.slice(1, 7).map((one) => Number(one ?? 0)) as
			[number, number, number, number, number, number];
	return match[7]
		? new Date(Date.UTC(year, month - 1, day, hour, minute, second))
		: new Date(year, month - 1, day, hour, minute, second);
}

export function parseCalendar(text: string): CalendarEvent[] {
	const events: CalendarEvent[] = [];
	let method = "", event: CalendarEvent | undefined, depth = 0;
	for (const raw of text.replace(/\r?\n[ \t]/g, "").split(/\r?\n/)) {
		const line = lineOf(raw);
		if (!line)
			continue;
		const {name, value} = line;
		if (name === "METHOD")
			method = value.toUpperCase();
		else if (name === "BEGIN" && value.toUpperCase() === "VEVENT")
			event = {method, summary: "", start: undefined, end: undefined,
				wholeDay: false, location: "", organizer: "", description: ""};
		else if (name === "BEGIN" && event)
			depth++; // an alarm in the event
		else if (name === "END" && depth > 0)
			depth--;
		else if (name === "END" && event && value.toUpperCase() === "VEVENT") {
			events.push(event);
			event = undefined;
		} else if (event && depth === 0)
			take(event, line);
	}
	return events;
}

function take(event: CalendarEvent, {name, parameters, value}: Line): void {
	switch (name) {
	case "SUMMARY": event.summary = unescape(value); break;
	case "LOCATION": event.location = unescape(value); break;
	case "DESCRIPTION": event.description = unescape(value); break;
	case "DTSTART":
		event.start = dateOf(value);
		event.wholeDay = !value.includes("T");
		break;
	case "DTEND": event.end = dateOf(value); break;
	case "ORGANIZER":
		event.organizer = parameters["CN"] ?? value.replace(/^mailto:/i, "");
		break;
	}
}
