// SPDX-License-Identifier: Apache-2.0
// The messages that are being written now, and how each begins.
import {effect, signal, type Signal} from "@preact/signals";
import {t} from "../i18n/index.ts";
import {JmapError} from "../jmap/errors.ts";
import type {BodyPart, Email, EmailBody, Identity} from "../jmap/types.ts";
import {fullAddress, sameAddress} from "../lib/addresses.ts";
import {longDate} from "../lib/dates.ts";
import {cleanEditable, textToNodes} from "../lib/editable.ts";
import {
	addressedAs, forwardSubject, replyRecipients, replyReferences, replySubject,
} from "../lib/reply.ts";
import {Draft, HOLD_SECONDS, newAttachment, type Attachment} from "../store/draft.ts";
import type {ComposeOrder} from "./compose.ts";
import {beforeLogOut, phase, store} from "./session.ts";
import {toast, toastError} from "./toasts.ts";

export interface Composer {
	key: number;
	draft: Draft;
	begin: DocumentFragment; // what the editor shows first
	plain: Signal<boolean>;
	focus: "to" | "text";
	// Object URLs of the pictures that the text shows; they are revoked when it is over.
	pictures: Set<string>;
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

// Many programs give a Content-ID to every file. Only what `text` shows by it is a
// part of the text; the rest are files.
function attachmentsOf(body: EmailBody, text: DocumentFragment): Attachment[] {
	const shown = new Set([...text.querySelectorAll<HTMLElement>("img[data-cid]")]
		.map((image) => image.dataset["cid"]));
	return body.attachments.filter((part) => part.blobId).map((part) => newAttachment(
		part.name ?? t("attach.none"), part.type, part.size, part.blobId!,
		part.cid && shown.has(part.cid) ? part.cid : undefined));
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
	const begin = beginning(identity, ...quotation(email, body));
	const draft = new Draft(store(), {
		identity, ...replyRecipients(email, body, me, all),
		subject: replySubject(email.subject), ...replyReferences(body),
		answers: {email, keyword: "$answered"},
		// Pictures that the quoted text shows go with it.
		attachments: attachmentsOf(body, begin).filter((one) => one.cid &&
			one.type.startsWith("image/")),
	});
	return {draft, begin, focus: "text"};
}

async function startForward(email: Email): Promise<Start> {
	const body = await bodyOf(email);
	const identity = chooseIdentity(email);
	const {references} = replyReferences(body);
	const begin = beginning(identity, ...forwarded(email, body));
	const draft = new Draft(store(), {
		identity, subject: forwardSubject(email.subject),
		...(references && {references}), attachments: attachmentsOf(body, begin),
		answers: {email, keyword: "$forwarded"},
	});
	return {draft, begin};
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
	const begin = htmlOfBody(body);
	const draft = new Draft(store(), {
		identity: chooseIdentity({...email, to: email.from, cc: null, bcc: null}),
		to: email.to ?? [], cc: email.cc ?? [], bcc: email.bcc ?? [],
		subject: email.subject ?? "", emailId: email.id,
		...(body.inReplyTo && {inReplyTo: body.inReplyTo}),
		...(body.references && {references: body.references}),
		attachments: attachmentsOf(body, begin),
	});
	return {draft, begin, plain: html === undefined, focus: "text"};
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
	const isOpen = (): boolean => order.kind === "draft" &&
		composers.peek().some((one) => one.draft.id === order.email?.id);
	if (isOpen())
		return;
	try {
		const {draft, begin, plain = false, focus = "to"} = await startOf(order);
		if (isOpen() || phase.peek() !== "mail") // meanwhile
			return;
		composers.value = [...composers.peek(), {key: ++keys, draft, begin, focus,
			plain: signal(plain), pictures: new Set<string>()}];
	} catch (error) {
		toastError(error);
	}
}

// ---- Pictures of the text ----------------------------------------------------

export function showPicture(composer: Composer, image: HTMLImageElement, blob: Blob): void {
	const url = URL.createObjectURL(blob);
	composer.pictures.add(url);
	image.src = url;
}

function forgetPictures({pictures}: Composer): void {
	for (const url of pictures)
		URL.revokeObjectURL(url);
	pictures.clear();
}

// ---- Ends --------------------------------------------------------------------

function hide(composer: Composer): void {
	composers.value = composers.peek().filter((one) => one !== composer);
}

function reopen(composer: Composer, begin: DocumentFragment): void {
	if (phase.peek() !== "mail") // logged out meanwhile
		return;
	composers.value = [...composers.peek(), {...composer, key: ++keys, begin, focus: "text"}];
}

// It is kept as a draft, with all that is typed while it is being saved.
export async function closeComposer(composer: Composer): Promise<void> {
	const {draft} = composer;
	if (draft.isEmpty())
		return dropComposer(composer);
	do
		await draft.save();
	while (draft.state.peek() !== "clean" && composers.peek().includes(composer));
	hide(composer);
	forgetPictures(composer);
}

function dropComposer(composer: Composer): Promise<void> {
	hide(composer);
	forgetPictures(composer);
	return composer.draft.discard();
}

// Whoever logs out finds in the drafts what he was writing. The next user of the
// page finds nothing of it here.
beforeLogOut.add(() => Promise.allSettled(composers.peek().map(({draft}) =>
	draft.isEmpty() || draft.state.peek() === "clean" ? undefined : draft.save())));
effect(() => {
	if (phase.value === "mail")
		return;
	for (const one of composers.peek()) {
		hide(one);
		forgetPictures(one);
		one.draft.stop();
	}
});

// `content`: the editor's nodes, for when it is taken back. `at`: not before then.
export async function sendComposer(
	composer: Composer, content: DocumentFragment, at?: Date,
): Promise<void> {
	const {draft} = composer;
	hide(composer);
	try {
		const seconds = at ? (at.getTime() - Date.now()) / 1000
			: Math.min(HOLD_SECONDS, draft.longestWait);
		const {id, until} = await draft.submit(Math.max(0, seconds));
		toast(at ? t("write.later.done", {date: longDate(at.toISOString())}) : t("write.sent"), {
			onGone: () => forgetPictures(composer),
			...(until > Date.now() && {until, undo: () => void draft.unsend(id).then(
				() => reopen(composer, content),
				(error) => error instanceof JmapError
					? toast(t("write.sent.late"), {kind: "error"}) : toastError(error))}),
		});
	} catch (error) {
		reopen(composer, content);
		toastError(error);
	}
}

export function discardComposer(composer: Composer, content: DocumentFragment): void {
	if (composer.draft.isEmpty())
		return void dropComposer(composer).catch(toastError);
	hide(composer);
	toast(t("write.discarded"), {
		undo: () => reopen(composer, content),
		onGone: () => void dropComposer(composer).catch(toastError),
	});
}
