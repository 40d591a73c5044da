// SPDX-License-Identifier: Apache-2.0
// One message: a line when it is folded, otherwise head, text and attachments.
import {useEffect, useRef, useState} from "preact/hooks";
import {run, setRead} from "../../app/actions.ts";
import {compose} from "../../app/compose.ts";
import {showDialog} from "../../app/dialogs.ts";
import {store} from "../../app/session.ts";
import {toastError} from "../../app/toasts.ts";
import {t} from "../../i18n/index.ts";
import type {Address, Email, EmailBody} from "../../jmap/types.ts";
import {fullAddress, misleadingName, nameOf, sameAddress} from "../../lib/addresses.ts";
import {longDate, mediumDate, shortDate} from "../../lib/dates.ts";
import {saveBlob} from "../../lib/save.ts";
import {isDraft, isUnread} from "../../store/emails.ts";
import {Avatar} from "../../ui/Avatar.tsx";
import {Button, IconButton} from "../../ui/Button.tsx";
import {Icon} from "../../ui/Icon.tsx";
import {MenuButton, type MenuEntry} from "../../ui/Menu.tsx";
import {Body} from "./Body.tsx";

interface MessageProps {
	email: Email;
	open: boolean;
	alone: boolean;
	last: boolean; // the one that is answered
	onToggle: () => void;
}

export function Message({email, open, onToggle, ...rest}: MessageProps) {
	return open ? <OpenMessage email={email} onToggle={onToggle} {...rest} />
		: <FoldedMessage email={email} onToggle={onToggle} />;
}

const sender = (email: Email): Address => email.from?.[0] ?? {name: null, email: ""};

function FoldedMessage({email, onToggle}: {email: Email; onToggle: () => void}) {
	const from = sender(email);
	return (
		<article class={`message shut ${isUnread(email) ? "unread" : ""}`}>
			<button type="button" class="message-line" aria-expanded="false" onClick={onToggle}>
				<Avatar address={from} size="small" />
				<span class="message-from" dir="auto">{nameOf(from)}</span>
				{isDraft(email) && <span class="row-draft">{t("list.draft")}</span>}
				<span class="message-preview" dir="auto">{email.preview}</span>
				<time dateTime={email.receivedAt}>{shortDate(email.receivedAt)}</time>
			</button>
		</article>
	);
}

function OpenMessage({email, alone, last, onToggle}: Omit<MessageProps, "open">) {
	const state = store().bodies.get(email.id).value;
	const [details, setDetails] = useState(false);
	const [asText, setAsText] = useState(false);
	const marked = useRef(false);
	useEffect(() => {
		// Once: whoever marks it as unread again means that.
		if (state.state !== "here" || marked.current)
			return;
		marked.current = true;
		if (isUnread(email))
			run(() => setRead(true, [email.id], true));
	}, [state.state]);
	const body = state.state === "here" ? state.body : undefined;
	return (
		<article class="message opened" aria-label={`${nameOf(sender(email))}, ${mediumDate(email.receivedAt)}`}>
			<Head email={email} body={body} alone={alone} onToggle={onToggle}
				details={details} setDetails={setDetails}
				asText={asText} setAsText={setAsText} />
			{details && <Details email={email} body={body} />}
			<Warning from={sender(email)} />
			<Body email={email} state={state} asText={asText} />
			{isDraft(email)
				? <div class="answers">
					<Button icon="draft" onClick={() => compose({kind: "draft", email})}>
						{t("list.draft")}</Button>
				</div>
				: last && <Answers email={email} />}
		</article>
	);
}

function Answers({email}: {email: Email}) {
	const others = [...email.to ?? [], ...email.cc ?? []].length > 1;
	return (
		<div class="answers">
			<Button icon="reply" onClick={() => compose({kind: "reply", email})}>
				{t("act.reply")}</Button>
			{others && (
				<Button icon="replyAll" onClick={() => compose({kind: "reply-all", email})}>
					{t("act.reply.all")}</Button>
			)}
			<Button icon="forward" onClick={() => compose({kind: "forward", email})}>
				{t("act.forward")}</Button>
		</div>
	);
}

function recipients(email: Email): string {
	const all = [...email.to ?? [], ...email.cc ?? []];
	const isMe = (one: Address): boolean => store().identities.value
		.some((me) => sameAddress(me.email, one.email));
	if (all.length === 1 && isMe(all[0]!))
		return t("read.to.me");
	const names = all.map((one) => isMe(one) ? t("list.me") : nameOf(one));
	const shown = names.length > 4 ? [...names.slice(0, 3), "…"] : names;
	return t("read.to", {names: shown.join(", ") || t("list.nobody")});
}

interface HeadProps {
	email: Email;
	body: EmailBody | undefined;
	alone: boolean;
	onToggle: () => void;
	details: boolean;
	setDetails: (shown: boolean) => void;
	asText: boolean;
	setAsText: (shown: boolean) => void;
}

function Head(props: HeadProps) {
	const {email, alone, onToggle, details, setDetails} = props;
	const from = sender(email);
	return (
		<header class="message-head">
			<Avatar address={from} />
			<div class="message-who">
				<p class="message-from" dir="auto">
					<strong>{nameOf(from)}</strong>
					{from.name && <span class="message-address">{from.email}</span>}
				</p>
				<button type="button" class="message-to" aria-expanded={details}
					title={t(details ? "read.details.hide" : "read.details")}
					onClick={() => setDetails(!details)}>
					<span dir="auto">{recipients(email)}</span>
					<Icon name={details ? "up" : "down"} size={14} />
				</button>
			</div>
			<div class="message-side">
				<time dateTime={email.receivedAt} title={longDate(email.receivedAt)}>
					{mediumDate(email.receivedAt)}
				</time>
				<span class="message-tools">
					<IconButton icon="reply" label={t("act.reply")} size={18}
						onClick={() => compose({kind: "reply", email})} />
					<MenuButton label={t("app.more")} items={() => entries(props)} />
					{!alone && <IconButton icon="up" size={18} label={t("read.collapse")}
						onClick={onToggle} />}
				</span>
			</div>
		</header>
	);
}

function entries({email, body, asText, setAsText}: HeadProps): MenuEntry[] {
	const hasHtml = body?.htmlBody.some((part) => part.type === "text/html");
	const unsubscribe = body?.["header:List-Unsubscribe:asURLs"]
		?.find((url) => /^https:/i.test(url));
	return [
		{label: t("act.reply.all"), icon: "replyAll",
			run: () => compose({kind: "reply-all", email})},
		{label: t("act.forward"), icon: "forward",
			run: () => compose({kind: "forward", email})},
		{label: t("act.forward.attached"), icon: "paperclip",
			run: () => compose({kind: "forward-attached", email})},
		"line",
		{label: t("act.unread"), icon: "mail",
			run: () => run(() => setRead(false, [email.id]))},
		...(hasHtml ? [{
			label: t(asText ? "read.as.html" : "read.as.text"), icon: "fileText",
			run: () => setAsText(!asText)} as const] : []),
		...(unsubscribe ? [{
			label: t("read.unsubscribe"), icon: "ban",
			run: () => void window.open(unsubscribe, "_blank", "noopener,noreferrer"),
		} as const] : []),
		"line",
		{label: t("read.print"), icon: "printer", run: () => window.print()},
		{label: t("read.headers"), icon: "filters", run: () => void showSource(email, true)},
		{label: t("read.source"), icon: "code", run: () => void showSource(email, false)},
		{label: t("read.download"), icon: "download", run: () => void download(email)},
	];
}

async function showSource(email: Email, headers: boolean): Promise<void> {
	const {SourceDialog} = await import("../dialogs/SourceDialog.tsx");
	showDialog(<SourceDialog email={email} headers={headers} />);
}

async function download(email: Email): Promise<void> {
	const {client, accountId} = store();
	try {
		const blob = await client.download(accountId, email.blobId, "message/rfc822");
		saveBlob(blob, `${(email.subject || t("attach.message")).slice(0, 80)}.eml`);
	} catch (error) {
		toastError(error);
	}
}

function Warning({from}: {from: Address}) {
	const shown = misleadingName(from);
	return shown ? (
		<p class="banner warn" role="alert">
			<Icon name="shield" size={18} />
			<span>{t("read.warning.name", {shown, real: from.email})}</span>
		</p>
	) : null;
}

function Details({email, body}: {email: Email; body: EmailBody | undefined}) {
	const rows: [string, Address[] | null | undefined][] = [
		[t("read.from"), email.from], [t("read.replyto"), body?.replyTo],
		[t("read.to.field"), email.to], [t("read.cc"), email.cc], [t("read.bcc"), email.bcc],
	];
	return (
		<dl class="details">
			{rows.map(([name, addresses]) => addresses && addresses.length > 0 && (
				<div key={name}>
					<dt>{name}</dt>
					<dd dir="auto">{addresses.map(fullAddress).join(", ")}</dd>
				</div>
			))}
			<div><dt>{t("read.date")}</dt><dd>{longDate(email.sentAt ?? email.receivedAt)}</dd></div>
		</dl>
	);
}
