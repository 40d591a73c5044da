// SPDX-License-Identifier: Apache-2.0
// What is attached: shown where the page can, downloaded one by one or together.
import {useEffect, useState} from "preact/hooks";
import {showDialog} from "../../app/dialogs.ts";
import {store} from "../../app/session.ts";
import {toast, toastError} from "../../app/toasts.ts";
import {t} from "../../i18n/index.ts";
import type {BodyPart, Email, EmailBody} from "../../jmap/types.ts";
import {kindOf, type AttachmentKind} from "../../lib/attachments.ts";
import {saveBlob} from "../../lib/save.ts";
import {formatSize} from "../../lib/sizes.ts";
import {oneLine} from "../../lib/text.ts";
import {Button, IconButton} from "../../ui/Button.tsx";
import {Icon, type IconName} from "../../ui/Icon.tsx";
import {EventCard} from "./EventCard.tsx";

const ICONS: Record<AttachmentKind, IconName> = {
	image: "image", pdf: "fileText", text: "fileText", message: "mail",
	calendar: "calendar", sheet: "fileSheet", document: "fileText", archive: "fileArchive",
	audio: "music", video: "film", program: "warning", other: "file",
};
const VIEWABLE: AttachmentKind[] = ["image", "pdf", "text", "message", "calendar"];
const THUMBNAIL_MAX = 8_000_000; // bytes

export function partName(part: BodyPart): string {
	return oneLine(part.name ?? "").trim() || (part.type === "message/rfc822" ? t("attach.message")
		: t("attach.none"));
}

export function loadPart(part: BodyPart): Promise<Blob> {
	const {client, accountId} = store();
	return client.download(accountId, part.blobId!, part.type, partName(part));
}

// A picture that the text shows is not listed again.
function listed(body: EmailBody): BodyPart[] {
	const html = body.htmlBody.map((part) =>
		body.bodyValues[part.partId ?? ""]?.value ?? "").join("");
	return body.attachments.filter((part) => part.blobId &&
		!(part.cid && part.type.startsWith("image/") && html.includes("cid:" + part.cid)));
}

export function Attachments({email, body}: {email: Email; body: EmailBody}) {
	const parts = listed(body);
	if (parts.length === 0)
		return null;
	const calendar = parts.find((part) => kindOf(part) === "calendar");
	return (
		<section class="attachments" aria-label={t("attach.title", {n: parts.length})}>
			{calendar && <EventCard part={calendar} />}
			<header>
				<h3>{t("attach.title", {n: parts.length})}</h3>
				{parts.length > 1 && (
					<Button kind="quiet" icon="download"
						onClick={() => void saveAll(email, parts)}>{t("attach.all")}</Button>
				)}
			</header>
			<ul>{parts.map((part) => <Attachment key={part.partId ?? part.blobId} part={part} />)}</ul>
		</section>
	);
}

async function saveAll(email: Email, parts: BodyPart[]): Promise<void> {
	try {
		const {zip} = await import("../../lib/zip.ts");
		const entries = await Promise.all(parts.map(async (part) => ({
			name: partName(part),
			bytes: new Uint8Array(await (await loadPart(part)).arrayBuffer()),
		})));
		saveBlob(zip(entries), `${(email.subject || "mail").slice(0, 80)}.zip`);
	} catch (error) {
		toastError(error);
	}
}

async function save(part: BodyPart): Promise<void> {
	try {
		saveBlob(await loadPart(part), partName(part));
	} catch {
		toast(t("attach.failed", {name: partName(part)}), {kind: "error"});
	}
}

async function view(part: BodyPart): Promise<void> {
	const {ViewerDialog} = await import("../dialogs/ViewerDialog.tsx");
	showDialog(<ViewerDialog part={part} />);
}

function Attachment({part}: {part: BodyPart}) {
	const kind = kindOf(part);
	const name = partName(part);
	const canView = VIEWABLE.includes(kind);
	return (
		<li class="attachment">
			<button type="button" class="attachment-open"
				title={kind === "program" ? t("attach.risky") : name}
				onClick={() => void (canView ? view(part) : save(part))}>
				{kind === "image" && part.size <= THUMBNAIL_MAX
					? <Thumbnail part={part} />
					: <span class={`attachment-icon ${kind}`}><Icon name={ICONS[kind]} size={22} /></span>}
				<span class="unseen">{t(canView ? "attach.open" : "attach.download")}: </span>
				<span class="attachment-name"><bdi>{name}</bdi></span>
				<span class="attachment-size">{formatSize(part.size)}</span>
			</button>
			<IconButton icon="download" size={17} label={`${t("attach.download")}: ${name}`}
				onClick={() => void save(part)} />
		</li>
	);
}

function Thumbnail({part}: {part: BodyPart}) {
	const [url, setUrl] = useState<string>();
	useEffect(() => {
		let made: string | undefined, stopped = false;
		loadPart(part).then((blob) => {
			if (!stopped)
				setUrl(made = URL.createObjectURL(blob));
		}, () => undefined);
		return () => {
			stopped = true;
			if (made)
				URL.revokeObjectURL(made);
		};
	}, [part.blobId]);
	return url ? <img class="attachment-picture" src={url} alt="" />
		: <span class="attachment-icon image"><Icon name="image" size={22} /></span>;
}
