// SPDX-License-Identifier: Apache-2.0
// An attachment, shown. What it holds never becomes a part of the page: pictures
// are pictures, text is text, a PDF file is in a frame of the browser's viewer.
import {useEffect, useState} from "preact/hooks";
import {closeDialog} from "../../app/dialogs.ts";
import {store} from "../../app/session.ts";
import {t} from "../../i18n/index.ts";
import type {BodyPart, Email, EmailBody} from "../../jmap/types.ts";
import {fullAddress} from "../../lib/addresses.ts";
import {kindOf} from "../../lib/attachments.ts";
import {longDate} from "../../lib/dates.ts";
import {saveBlob} from "../../lib/save.ts";
import {oneLine} from "../../lib/text.ts";
import {LIST_PROPERTIES} from "../../store/emails.ts";
import {Button} from "../../ui/Button.tsx";
import {Dialog} from "../../ui/Dialog.tsx";
import {Attachments, loadPart, partName} from "../reader/Attachments.tsx";
import {HtmlBody} from "../reader/HtmlBody.tsx";
import {TextBody} from "../reader/TextBody.tsx";

const TEXT_MAX = 500_000; // characters

export function ViewerDialog({part}: {part: BodyPart}) {
	const name = partName(part);
	const [failed, setFailed] = useState(false);
	const onFail = (): void => setFailed(true);
	return (
		<Dialog title={name} onClose={closeDialog} wide class="viewer">
			{failed ? <p role="alert">{t("attach.failed", {name})}</p>
				: kindOf(part) === "message" ? <ViewedMessage part={part} onFail={onFail} />
					: <ViewedBlob part={part} onFail={onFail} />}
			<div class="dialog-foot">
				<Button icon="download" onClick={() => void loadPart(part)
					.then((blob) => saveBlob(blob, name), onFail)}>{t("attach.download")}</Button>
			</div>
		</Dialog>
	);
}

function ViewedBlob({part, onFail}: {part: BodyPart; onFail: () => void}) {
	const [blob, setBlob] = useState<Blob>();
	const [url, setUrl] = useState<string>();
	useEffect(() => {
		let made: string | undefined;
		loadPart(part).then((got) => {
			// The type is ours and not the sender's, so that no HTML is shown.
			const type = kindOf(part) === "pdf" ? "application/pdf" : got.type;
			made = URL.createObjectURL(new Blob([got], {type}));
			setBlob(got);
			setUrl(made);
		}, onFail);
		return () => {
			if (made)
				URL.revokeObjectURL(made);
		};
	}, [part.blobId]);
	if (!blob || !url)
		return <p aria-busy="true">{t("app.loading")}</p>;
	switch (kindOf(part)) {
	case "image": return <img class="viewed-image" src={url} alt={partName(part)} />;
	case "pdf": return <iframe class="viewed-pdf" src={url} title={partName(part)} />;
	default: return <ViewedText blob={blob} />;
	}
}

function ViewedText({blob}: {blob: Blob}) {
	const [text, setText] = useState("");
	useEffect(() => {
		void blob.text().then((whole) => setText(whole.slice(0, TEXT_MAX)));
	}, [blob]);
	return <pre class="source" tabIndex={0}>{text}</pre>;
}

// A mail in a mail (RFC 8621 section 4.9).
function ViewedMessage({part, onFail}: {part: BodyPart; onFail: () => void}) {
	const [email, setEmail] = useState<Email & EmailBody>();
	useEffect(() => {
		const {client, accountId} = store();
		client.call("Email/parse", {
			accountId, blobIds: [part.blobId!],
			properties: [...LIST_PROPERTIES.filter((one) =>
				!["id", "threadId", "mailboxIds", "keywords", "receivedAt"].includes(one)),
			"htmlBody", "textBody", "attachments", "bodyValues"],
			bodyProperties: ["partId", "blobId", "size", "name", "type", "charset",
				"disposition", "cid"],
			fetchHTMLBodyValues: true, fetchTextBodyValues: true,
		}).then(({parsed}) => {
			const found = parsed?.[part.blobId!];
			if (found)
				setEmail(found);
			else
				onFail();
		}, onFail);
	}, [part.blobId]);
	if (!email)
		return <p aria-busy="true">{t("app.loading")}</p>;
	return (
		<div class="viewed-message">
			<h3 dir="auto">{oneLine(email.subject ?? "") || t("list.subject.none")}</h3>
			<dl class="details">
				<div><dt>{t("read.from")}</dt>
					<dd dir="auto">{email.from?.map(fullAddress).join(", ")}</dd></div>
				<div><dt>{t("read.to.field")}</dt>
					<dd dir="auto">{email.to?.map(fullAddress).join(", ")}</dd></div>
				{email.sentAt && <div><dt>{t("read.date")}</dt>
					<dd>{longDate(email.sentAt)}</dd></div>}
			</dl>
			{email.htmlBody.map((one) => {
				const value = one.partId === null ? undefined
					: email.bodyValues[one.partId]?.value;
				if (value === undefined)
					return null;
				return one.type === "text/html"
					? <HtmlBody key={one.partId} email={email} body={email} html={value} />
					: <TextBody key={one.partId} text={value} />;
			})}
			<Attachments email={email} body={email} />
		</div>
	);
}
