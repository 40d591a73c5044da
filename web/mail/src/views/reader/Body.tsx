// SPDX-License-Identifier: Apache-2.0
// The text of a message in its best form, and what belongs to it.
import {store} from "../../app/session.ts";
import {t} from "../../i18n/index.ts";
import type {BodyPart, Email, EmailBody} from "../../jmap/types.ts";
import type {BodyState} from "../../store/bodies.ts";
import {Button} from "../../ui/Button.tsx";
import {Icon} from "../../ui/Icon.tsx";
import {Attachments} from "./Attachments.tsx";
import {HtmlBody} from "./HtmlBody.tsx";
import {TextBody} from "./TextBody.tsx";

export function Body({email, state, asText}: {
	email: Email; state: BodyState; asText: boolean;
}) {
	switch (state.state) {
	case "loading":
		return <div class="message-body bones" aria-busy="true"><i /><i /><i /><i /></div>;
	case "gone":
		return <p class="message-body">{t("read.gone")}</p>;
	case "failed":
		return (
			<div class="message-body" role="alert">
				<p>{t("read.failed")}</p>
				<Button onClick={() => void store().bodies.retry(email.id)}>
					{t("app.retry")}</Button>
			</div>
		);
	case "here":
		return (
			<>
				<Notes email={email} body={state.body} />
				<div class="message-body">
					<Parts email={email} body={state.body} asText={asText} />
				</div>
				<Attachments email={email} body={state.body} />
			</>
		);
	}
}

function Notes({email, body}: {email: Email; body: EmailBody}) {
	const values = Object.values(body.bodyValues);
	return (
		<>
			{values.some((one) => one.isEncodingProblem) && (
				<p class="banner"><Icon name="alert" size={18} />
					<span>{t("read.charset")}</span></p>
			)}
			{values.some((one) => one.isTruncated) && (
				<p class="banner">
					<Icon name="alert" size={18} />
					<span>{t("read.truncated")}</span>
					<Button kind="quiet" onClick={() => void store().bodies.loadWhole(email.id)}>
						{t("read.truncated.all")}</Button>
				</p>
			)}
		</>
	);
}

// The parts that are text, one below the other (RFC 8621 section 4.1.4).
function Parts({email, body, asText}: {email: Email; body: EmailBody; asText: boolean}) {
	const parts = asText ? body.textBody : body.htmlBody;
	return <>{parts.map((part) => <Part key={part.partId} email={email} body={body} part={part} />)}</>;
}

function Part({email, body, part}: {email: Email; body: EmailBody; part: BodyPart}) {
	const value = part.partId === null ? undefined : body.bodyValues[part.partId]?.value;
	if (value === undefined)
		return null; // a picture: it is among the attachments
	return part.type === "text/html"
		? <HtmlBody email={email} body={body} html={value} />
		: <TextBody text={value} />;
}
