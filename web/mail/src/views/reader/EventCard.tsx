// SPDX-License-Identifier: Apache-2.0
// An invitation in words.
import {useEffect, useState} from "preact/hooks";
import {t} from "../../i18n/index.ts";
import type {BodyPart} from "../../jmap/types.ts";
import {parseCalendar, type CalendarEvent} from "../../lib/calendar.ts";
import {dateTime, dayOnly, daysBetween, timeOnly} from "../../lib/dates.ts";
import {Icon} from "../../ui/Icon.tsx";
import {loadPart} from "./Attachments.tsx";

const SIZE_MAX = 500_000; // bytes

function when(event: CalendarEvent): string {
	if (!event.start)
		return "";
	if (event.wholeDay)
		return dayOnly(event.start);
	if (!event.end)
		return dateTime(event.start);
	const sameDay = daysBetween(event.start, event.end) === 0;
	return `${dateTime(event.start)} – ${sameDay ? timeOnly(event.end) : dateTime(event.end)}`;
}

export function EventCard({part}: {part: BodyPart}) {
	const [event, setEvent] = useState<CalendarEvent>();
	useEffect(() => {
		if (part.size > SIZE_MAX)
			return;
		loadPart(part).then((blob) => blob.text())
			.then((text) => setEvent(parseCalendar(text)[0]), () => undefined);
	}, [part.blobId]);
	if (!event)
		return null;
	const rows: [string, string][] = [
		[t("attach.event.when"), when(event)],
		[t("attach.event.where"), event.location],
		[t("attach.event.who"), event.organizer],
	];
	return (
		<div class="event">
			<span class="event-icon"><Icon name="calendar" size={24} /></span>
			<div>
				<h3>{event.summary || t("attach.event")}</h3>
				<dl>
					{rows.filter(([, value]) => value).map(([name, value]) => (
						<div key={name}><dt>{name}</dt><dd>{value}</dd></div>
					))}
				</dl>
			</div>
		</div>
	);
}
