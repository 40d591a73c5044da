// SPDX-License-Identifier: Apache-2.0
// A mail's HTML in a document of its own, without scripts and without anything
// from elsewhere (src/webmail). This script fills the document and listens to it.
import {useEffect, useRef, useState} from "preact/hooks";
import {composeMailto} from "../../app/compose.ts";
import {showDialog} from "../../app/dialogs.ts";
import {handleKey} from "../../app/keys.ts";
import {isDark, pictureSenders} from "../../app/preferences.ts";
import {store} from "../../app/session.ts";
import {language, t} from "../../i18n/index.ts";
import type {Email, EmailBody} from "../../jmap/types.ts";
import {nameOf} from "../../lib/addresses.ts";
import {cleanMail, type CleanMail} from "../../lib/html.ts";
import {doubtLink, readableHost} from "../../lib/links.ts";
import {Button} from "../../ui/Button.tsx";
import {Icon} from "../../ui/Icon.tsx";
import {frameStyle, lendFonts} from "./frameStyle.ts";

export function HtmlBody({email, body, html}: {
	email: Email; body: EmailBody; html: string;
}) {
	const sender = email.from?.[0];
	const address = sender?.email.toLowerCase() ?? "";
	const trusted = pictureSenders.value.includes(address);
	const [asked, setAsked] = useState(false);
	const [remote, setRemote] = useState(0);
	const [link, setLink] = useState("");
	const pictures = trusted || asked;
	return (
		<>
			{remote > 0 && !pictures && (
				<p class="banner">
					<Icon name="image" size={18} />
					<span>{t("read.pictures")}</span>
					<Button kind="quiet" onClick={() => setAsked(true)}>
						{t("read.pictures.show")}</Button>
					{sender && (
						<Button kind="quiet" onClick={() => {
							pictureSenders.value = [...pictureSenders.value, address];
						}}>{t("read.pictures.always", {name: nameOf(sender)})}</Button>
					)}
				</p>
			)}
			<Frame key={String(pictures)} email={email} body={body} html={html} pictures={pictures}
				onRemote={setRemote} onLink={setLink} />
			{link && <p class="link-shown" aria-hidden="true">{link}</p>}
		</>
	);
}

interface FrameProps {
	email: Email;
	body: EmailBody;
	html: string;
	pictures: boolean;
	onRemote: (count: number) => void;
	onLink: (url: string) => void;
}

function Frame({body, html, pictures, onRemote, onLink}: FrameProps) {
	const frame = useRef<HTMLIFrameElement>(null);
	const [loaded, setLoaded] = useState(0);
	const dark = isDark();
	const words = language.value;
	useEffect(() => {
		const inside = frame.current?.contentDocument;
		if (!loaded || !inside)
			return;
		const clean = cleanMail(html, {
			view: inside.defaultView!, pictures, quoteLabel: t("read.quoted")});
		onRemote(clean.remote);
		fill(inside, clean, dark, words);
		void lendFonts(inside);
		const cleanups = [
			loadInline(inside, body),
			fit(frame.current!, inside),
			listen(inside, onLink),
		];
		return () => cleanups.forEach((cleanup) => cleanup());
	}, [loaded, html, dark, words]);
	return (
		<iframe ref={frame} class="html-body" title={t("read.frame")}
			sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-modals"
			referrerpolicy="no-referrer"
			src={pictures ? "/mail/frame-pictures.html" : "/mail/frame.html"}
			onLoad={() => setLoaded((count) => count + 1)} />
	);
}

// The cleaned nodes become the document's. Nothing is parsed there any more.
function fill(inside: Document, clean: CleanMail, dark: boolean, lang: string): void {
	const body = inside.createElement("body");
	const from = clean.content.querySelector("body");
	for (const {name, value} of from?.attributes ?? [])
		if (name !== "id")
			body.setAttribute(name, value);
	for (const node of [...(from ?? clean.content).childNodes])
		body.append(inside.adoptNode(node));
	inside.body.replaceWith(body);
	const html = inside.documentElement;
	html.lang = lang;
	html.className = dark && !clean.hasColors ? "dark" : clean.hasColors ? "paper" : "";
	inside.title = t("read.frame");
	for (const old of inside.querySelectorAll("style"))
		old.remove();
	for (const text of [frameStyle(), ...clean.styles]) {
		const style = inside.createElement("style");
		style.textContent = text;
		inside.head.append(style);
	}
}

// Pictures of the mail itself (RFC 2392).
function loadInline(inside: Document, body: EmailBody): () => void {
	const urls: string[] = [];
	let stopped = false;
	const load = async (node: Element): Promise<void> => {
		const cid = node.getAttribute("data-roost-cid");
		const part = body.attachments.find((one) => one.cid === cid);
		if (!part?.blobId || !part.type.startsWith("image/"))
			return;
		const {client, accountId} = store();
		const blob = await client.download(accountId, part.blobId, part.type);
		if (stopped)
			return;
		const url = URL.createObjectURL(blob);
		urls.push(url);
		node.setAttribute(node.hasAttribute("background") ? "background" : "src", url);
	};
	for (const node of inside.querySelectorAll("[data-roost-cid]"))
		void load(node).catch(() => undefined);
	return () => {
		stopped = true;
		urls.forEach((url) => URL.revokeObjectURL(url));
	};
}

// As high as its content; what is too wide is made smaller, as paper would be.
function fit(frame: HTMLIFrameElement, inside: Document): () => void {
	const measure = (): void => {
		const {body} = inside;
		const room = frame.clientWidth;
		body.style.removeProperty("zoom");
		const width = body.scrollWidth;
		if (width > room + 1 && room > 0)
			body.style.setProperty("zoom", String(Math.max(0.4, room / width)));
		frame.style.height = Math.ceil(body.getBoundingClientRect().height) + 1 + "px";
	};
	const watch = new ResizeObserver(measure);
	watch.observe(inside.body);
	watch.observe(frame);
	measure();
	return () => watch.disconnect();
}

function listen(inside: Document, onLink: (url: string) => void): () => void {
	const linkOf = (event: Event): HTMLAnchorElement | null =>
		(event.target as Element).closest?.("a[href]") ?? null;
	const show = (event: Event): void => {
		const link = linkOf(event);
		onLink(link ? readableUrl(link.href) : "");
	};
	const hide = (): void => onLink("");
	const click = (event: Event): void => {
		const link = linkOf(event);
		if (!link)
			return;
		if (link.protocol === "mailto:") {
			event.preventDefault();
			composeMailto(link.href);
			return;
		}
		const doubt = doubtLink(link.href, link.textContent ?? "");
		if (!doubt)
			return;
		event.preventDefault();
		const url = link.href;
		void import("../dialogs/LinkDialog.tsx").then(({LinkDialog}) =>
			showDialog(<LinkDialog url={url} doubt={doubt} />));
	};
	inside.addEventListener("mouseover", show);
	inside.addEventListener("focusin", show);
	inside.addEventListener("mouseleave", hide);
	inside.addEventListener("focusout", hide);
	inside.addEventListener("click", click);
	inside.addEventListener("auxclick", click);
	inside.addEventListener("keydown", handleKey);
	return () => {
		inside.removeEventListener("mouseover", show);
		inside.removeEventListener("focusin", show);
		inside.removeEventListener("mouseleave", hide);
		inside.removeEventListener("focusout", hide);
		inside.removeEventListener("click", click);
		inside.removeEventListener("auxclick", click);
		inside.removeEventListener("keydown", handleKey);
		onLink("");
	};
}

function readableUrl(url: string): string {
	try {
		const parsed = new URL(url);
		return url.replace(parsed.hostname, readableHost(parsed.hostname));
	} catch {
		return url;
	}
}
