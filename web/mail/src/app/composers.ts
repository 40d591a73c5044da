// SPDX-License-Identifier: Apache-2.0
// The messages that are being written now, and how each begins.
import {signal} from "@preact/signals";
import {t} from "../i18n/index.ts";
import type {BodyPart, Email, EmailBody, Identity} from "../jmap/types.ts";
import {fullAddress, sameAddress} from "../lib/addresses.ts";
import {longDate} from "../lib/dates.ts";
import {cleanEditable, textToNodes} from "../lib/editable.ts";
import {
	addressedAs, forwardSubject, replyRecipients, replyReferences, replySubject,
} from "../lib/reply.ts";
import {Draft, newAttachment, UNDO_SECONDS, type Attachment} from "../store/draft.ts";
import type {ComposeOrder} from "./compose.ts";
import {store} from "./session.ts";
import {toast, toastError} from "./toasts.ts";

export interface Composer {
	key: number;
	draft: Draft;
	begin: DocumentFragment; // what the editor shows first
	plain: boolean; // it begins as plain text
	focus: "to" | "text";
}

export const composers = signal<Composer[]>([]);
let keys = 0;

// ---- Parts of a beginning ----------------------------------------------------

async function bodyOf(email: Email): Promise<EmailBody> {
	const {bodies} = store();
	const found = bodies.get(email.id);
	if (found.peek().state !== "here")
		await bodies.loadWhole(email.id);
	const state = found.peek();
	if (state.state !== "here")
		throw state.state === "failed" ? state.error : new Error(t("read.gone"));
	return state.body;
}

function valueOf(body: EmailBody, parts: BodyPart[], type: string): string | undefined {
	const texts = parts.filter((part) => part.type === type)
		.map((part) => body.bodyValues[part.partId ?? ""]?.value ?? "");
	return texts.length > 0 ? texts.join("\n") : undefined;
}

function htmlOfBody(body: EmailBody): DocumentFragment {
	const html = valueOf(body, body.htmlBody, "text/html");
	if (html !== undefined)
		return cleanEditable(html);
	return textToNodes(valueOf(body, body.textBody, "text/plain") ?? "");
}

function chooseIdentity(email?: Email): Identity | undefined {
	const all = store().identities.peek();
	const used = email && addressedAs(email, all.map((one) => one.email));
	return all.find((one) => used !== undefined && sameAddress(one.email, used)) ?? all[0];
}

function block(text = ""): HTMLElement {
	const made = document.createElement("div");
	if (text)
		made.textContent = text;
	else
		made.append(document.createElement("br"));
	return made;
}

function signature(identity: Identity | undefined): DocumentFragment {
	const fragment = document.createDocumentFragment();
	if (!identity?.htmlSignature && !identity?.textSignature)
		return fragment;
	const holder = document.createElement("div");
	holder.append(block("-- "), identity.htmlSignature
		? cleanEditable(identity.htmlSignature) : textToNodes(identity.textSignature));
	fragment.append(block(), holder);
	return fragment;
}

function beginning(identity: Identity | undefined, ...more: Node[]): DocumentFragment {
	const fragment = document.createDocumentFragment();
	fragment.append(block(), signature(identity), ...more);
	return fragment;
}

function quotation(email: Email, body: EmailBody): Node[] {
	const who = email.from?.[0];
	const line = block(t("write.quoted", {
		name: who ? fullAddress(who) : "?", date: longDate(email.sentAt ?? email.receivedAt)}));
	const quote = document.createElement("blockquote");
	quote.setAttribute("type", "cite");
	quote.append(htmlOfBody(body));
	return [block(), line, quote];
}

function forwarded(email: Email, body: EmailBody): Node[] {
	const names = (list: Email["to"]): string => (list ?? []).map(fullAddress).join(", ");
	const holder = document.createElement("div");
	holder.append(block(t("write.forwarded")),
		block(`${t("read.from")}: ${names(email.from)}`),
		block(`${t("read.date")}: ${longDate(email.sentAt ?? email.receivedAt)}`),
		block(`${t("read.subject")}: ${email.subject ?? ""}`),
		block(`${t("read.to.field")}: ${names(email.to)}`),
		block(), htmlOfBody(body));
	return [block(), holder];
}

function attachmentsOf(body: EmailBody): Attachment[] {
	return body.attachments.filter((part) => part.blobId).map((part) => newAttachment(
		part.name ?? t("attach.none"), part.type, part.size, part.blobId!,
		part.cid ?? undefined));
}

// ---- Beginnings --------------------------------------------------------------

interface Start {
	draft: Draft;
	begin: DocumentFragment;
	plain?: boolean;
	focus?: "to" | "text";
}

function startNew(order: ComposeOrder): Start {
	const identity = chooseIdentity();
	const draft = new Draft(store(), {identity, to: order.to ?? [],
		subject: order.subject ?? ""});
	const begin = beginning(identity);
	if (order.text)
		begin.prepend(textToNodes(order.text));
	return {draft, begin, focus: order.to?.length ? "text" : "to"};
}

async function startReply(email: Email, all: boolean): Promise<Start> {
	const body = await bodyOf(email);
	const identity = chooseIdentity(email);
	const me = store().identities.peek().map((one) => one.email);
	const draft = new Draft(store(), {
		identity, ...replyRecipients(email, body, me, all),
		subject: replySubject(email.subject), ...replyReferences(body),
		answers: {email, keyword: "$answered"},
		// Pictures that the quoted text shows go with it.
		attachments: attachmentsOf(body).filter((one) => one.cid &&
			one.type.startsWith("image/")),
	});
	return {draft, begin: beginning(identity, ...quotation(email, body)), focus: "text"};
}

async function startForward(email: Email): Promise<Start> {
	const body = await bodyOf(email);
	const identity = chooseIdentity(email);
	const {references} = replyReferences(body);
	const draft = new Draft(store(), {
		identity, subject: forwardSubject(email.subject),
		...(references && {references}), attachments: attachmentsOf(body),
		answers: {email, keyword: "$forwarded"},
	});
	return {draft, begin: beginning(identity, ...forwarded(email, body))};
}

// As a file: nothing of it is lost, not even its header.
function startAttached(email: Email): Start {
	const identity = chooseIdentity(email);
	const name = (email.subject ?? t("attach.message")).slice(0, 100) + ".eml";
	const draft = new Draft(store(), {
		identity, subject: forwardSubject(email.subject),
		attachments: [newAttachment(name, "message/rfc822", email.size, email.blobId)],
		answers: {email, keyword: "$forwarded"},
	});
	return {draft, begin: beginning(identity)};
}

async function startDraft(email: Email): Promise<Start> {
	const body = await bodyOf(email);
	const html = valueOf(body, body.htmlBody, "text/html");
	const draft = new Draft(store(), {
		identity: chooseIdentity({...email, to: email.from, cc: null, bcc: null}),
		to: email.to ?? [], cc: email.cc ?? [], bcc: email.bcc ?? [],
		subject: email.subject ?? "", emailId: email.id,
		...(body.inReplyTo && {inReplyTo: body.inReplyTo}),
		...(body.references && {references: body.references}),
		attachments: attachmentsOf(body),
	});
	return {draft, begin: htmlOfBody(body), plain: html === undefined, focus: "text"};
}

function startOf(order: ComposeOrder): Start | Promise<Start> {
	const {email} = order;
	if (!email || order.kind === "new")
		return startNew(order);
	switch (order.kind) {
	case "reply":
	case "reply-all":
		return startReply(email, order.kind === "reply-all");
	case "forward":
		return startForward(email);
	case "forward-attached":
		return startAttached(email);
	case "draft":
		return startDraft(email);
	}
}

export async function openComposer(order: ComposeOrder): Promise<void> {
	// A draft is open once only.
	if (order.kind === "draft" &&
		composers.peek().some((one) => one.draft.id === order.email?.id))
		return;
	try {
		const {draft, begin, plain = false, focus = "to"} = await startOf(order);
		composers.value = [...composers.peek(), {key: ++keys, draft, begin, plain, focus}];
	} catch (error) {
		toastError(error);
	}
}

export function closeComposer(composer: Composer): void {
	composers.value = composers.peek().filter((one) => one !== composer);
}

// ---- Ends --------------------------------------------------------------------

function reopen(composer: Composer, begin: DocumentFragment): void {
	composers.value = [...composers.peek(), {...composer, key: ++keys, begin, focus: "text"}];
}

// The editor goes away; what it has now is what counts.
function freeze(draft: Draft): void {
	const content = draft.content();
	draft.content = () => content;
}

// `content`: the editor's nodes, for when it is taken back. `at`: not before then.
export async function sendComposer(
	composer: Composer, content: DocumentFragment, at?: Date,
): Promise<void> {
	const {draft} = composer;
	freeze(draft);
	closeComposer(composer);
	try {
		const seconds = at ? (at.getTime() - Date.now()) / 1000
			: Math.min(UNDO_SECONDS, draft.longestWait);
		const submission = await draft.submit(Math.max(0, seconds));
		toast(at ? t("write.later.done", {date: longDate(at.toISOString())}) : t("write.sent"), {
			...(seconds > 0 && {undo: () => void draft.unsend(submission).then(
				() => reopen(composer, content),
				() => toast(t("write.sent.late"), {kind: "error"}))}),
		});
	} catch (error) {
		reopen(composer, content);
		toastError(error);
	}
}

export async function discardComposer(
	composer: Composer, content: DocumentFragment,
): Promise<void> {
	freeze(composer.draft);
	closeComposer(composer);
	toast(t("write.discarded"), {
		undo: () => reopen(composer, content),
		onGone: () => void composer.draft.discard().catch(toastError),
	});
}
