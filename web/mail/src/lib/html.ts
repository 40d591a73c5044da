// SPDX-License-Identifier: Apache-2.0
// A mail's HTML, cleaned by DOMPurify, as nodes for the frame that shows it. What
// is taken out here is one of three walls: the frame's document has a policy that
// runs no script and loads nothing (src/webmail), and it is in a sandbox.
import DOMPurify from "dompurify";

export interface CleanMail {
	// A picture of the mail itself has its Content-ID in data-roost-cid.
	content: DocumentFragment;
	styles: string[];
	// What the sender's server would learn of if it were loaded.
	remote: number;
	// It sets colours of its own, so it is shown on white paper.
	hasColors: boolean;
}

const FORBIDDEN_TAGS = [
	"form", "input", "button", "select", "textarea", "option", "dialog",
	"audio", "video", "source", "track", "object", "embed", "iframe", "frame",
	"frameset", "link", "meta", "base", "portal", "math", "slot", "template",
	"marquee", "svg",
];
const URL_ATTRIBUTES = ["src", "background", "poster", "srcset", "longdesc"];

const REMOTE = /^\s*(?:https?:)?\/\//i;
const STYLE_URL = /url\(\s*(['"]?)(.*?)\1\s*\)/gis;
const COLORS = /(?:^|[;{\s"'])(?:background(?:-color|-image)?|color)\s*:\s*(?!inherit|initial|transparent|currentcolor)/i;

// What a style sheet of a mail may not do: fetch, or stand on top of the page.
export function cleanStyle(
	text: string, pictures: boolean,
): {style: string; remote: number} {
	let remote = 0;
	const style = text
		.replace(/\/\*.*?\*\//gs, "")
		.replace(/@import\b[^;]*;?/gi, () => (remote++, ""))
		.replace(STYLE_URL, (whole, _quote, url: string) => {
			if (REMOTE.test(url)) {
				remote++;
				return pictures ? whole : "none";
			}
			return /^\s*data:image\//i.test(url) ? whole : "none";
		})
		.replace(/position\s*:\s*(?:fixed|sticky)/gi, "position:static")
		.replace(/expression\s*\(|-moz-binding|behavior\s*:/gi, "x:");
	return {style, remote};
}

function isSafeSource(value: string): boolean {
	return /^\s*(?:https?:|\/\/|cid:|data:image\/(?:png|gif|jpeg|webp|avif|bmp|svg\+xml)[;,]|blob:)/i
		.test(value);
}

interface Findings {
	remote: number;
	hasColors: boolean;
	styles: string[];
	pictures: boolean;
}

function takeStyle(text: string, found: Findings): string {
	const {style, remote} = cleanStyle(text, found.pictures);
	found.remote += remote;
	found.hasColors ||= COLORS.test(style);
	return style;
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

function cleanAttributes(node: Element, found: Findings): void {
	for (const name of URL_ATTRIBUTES) {
		const value = node.getAttribute(name);
		if (value === null)
			continue;
		const cid = /^\s*cid:(.*)$/i.exec(value)?.[1];
		if (cid !== undefined) {
			node.setAttribute("data-roost-cid", decoded(cid.trim()));
			node.removeAttribute(name);
			continue;
		}
		const remote = REMOTE.test(value) || name === "srcset" && /https?:\/\//i.test(value);
		if (remote)
			found.remote++;
		if (remote ? !found.pictures : !isSafeSource(value))
			node.removeAttribute(name);
	}
	const style = node.getAttribute("style");
	if (style !== null)
		node.setAttribute("style", takeStyle(style, found));
	for (const name of ["bgcolor", "color", "background", "text"])
		found.hasColors ||= node.hasAttribute(name);
	node.removeAttribute("target");
	node.removeAttribute("ping");
}

// Links open in a window of their own, which learns nothing of this page.
function cleanLink(node: Element): void {
	const url = node.getAttribute("href");
	if (url === null)
		return;
	if (url.startsWith("#")) {
		node.removeAttribute("href"); // it would lead the frame elsewhere
		return;
	}
	if (!/^\s*(?:https?:|mailto:|tel:)/i.test(url)) {
		node.removeAttribute("href");
		return;
	}
	node.setAttribute("target", "_blank");
	node.setAttribute("rel", "noopener noreferrer nofollow");
	node.setAttribute("referrerpolicy", "no-referrer");
}

// Quotes at the end are folded: <details> needs no script.
function foldQuotes(content: DocumentFragment, label: string): void {
	const quotes = [...content.querySelectorAll(
		"blockquote[type=cite], .gmail_quote, .yahoo_quoted, .moz-cite-prefix + blockquote, #divRplyFwdMsg ~ *")];
	for (const quote of quotes) {
		if (quote.parentElement?.closest("details.roost-quote") ||
			(quote.textContent?.trim().length ?? 0) < 40)
			continue;
		const details = content.ownerDocument.createElement("details");
		details.className = "roost-quote";
		const summary = content.ownerDocument.createElement("summary");
		summary.textContent = "•••";
		summary.title = label;
		summary.setAttribute("aria-label", label);
		quote.replaceWith(details);
		details.append(summary, quote);
	}
}

// Cleans in the window of the frame that will show it: what is read there is read
// as it will be shown (without scripts), and under the frame's policy for styles.
// `pictures`: those of other servers stay in; otherwise they are taken out, too.
export function cleanMail(
	html: string,
	options: {view: Window; pictures: boolean; quoteLabel: string},
): CleanMail {
	const found: Findings =
		{remote: 0, hasColors: false, styles: [], pictures: options.pictures};
	const purify = DOMPurify(options.view as unknown as Parameters<typeof DOMPurify>[0]);
	purify.addHook("uponSanitizeElement", (node, data) => {
		if (data.tagName === "style")
			found.styles.push(takeStyle(node.textContent ?? "", found));
	});
	purify.addHook("afterSanitizeAttributes", (node) => {
		cleanAttributes(node, found);
		if (node.nodeName === "A" || node.nodeName === "AREA")
			cleanLink(node);
	});
	const content = purify.sanitize(html, {
		WHOLE_DOCUMENT: true,
		RETURN_DOM_FRAGMENT: true,
		FORBID_TAGS: FORBIDDEN_TAGS,
		FORBID_ATTR: ["action", "formaction", "autofocus", "contenteditable", "popover"],
		ADD_ATTR: ["bgcolor", "background"],
		ALLOW_DATA_ATTR: false,
		ALLOW_ARIA_ATTR: false,
		SANITIZE_NAMED_PROPS: true,
		ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|tel|cid|data|blob):|\/\/|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
	});
	for (const one of content.querySelectorAll("style, title"))
		one.remove();
	foldQuotes(content, options.quoteLabel);
	const {styles, remote, hasColors} = found;
	return {content, styles, remote, hasColors};
}
