// SPDX-License-Identifier: Apache-2.0
// HTML that is written and sent. What is pasted or quoted is cleaned by DOMPurify
// before it comes into the editor; what leaves it is read from its nodes.
import DOMPurify from "dompurify";

const TAGS = [
	"a", "b", "blockquote", "br", "code", "del", "div", "em", "font", "h1", "h2",
	"h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "span",
	"strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
	"thead", "tr", "u", "ul",
];
const ATTRIBUTES = [
	"href", "src", "alt", "title", "width", "height", "dir", "type", "color",
	"align", "colspan", "rowspan", "style", "cite", "data-cid",
];

// What is only letters and their colours, boxes and lists. Nothing that is fetched,
// and nothing that could lie over the page: it is the page's own document.
const STYLES = /^(?:color|background-color|direction|unicode-bidi|line-height|letter-spacing|white-space.*|vertical-align|list-style-type|font(?:-family|-size|-style|-weight|-variant)?|text-(?:align|indent|transform|decoration.*)|(?:max-)?width|(?:max-)?height|border-(?!image).*|padding-.*|margin-.*)$/;
const FETCHED = /\b(?:url|image|image-set|cross-fade|element|src|attr|var|env)\s*\(/i;

// As the browser understands it, so that no spelling deceives us.
function safeStyle(text: string): string {
	const {style} = document.createElement("span");
	style.cssText = text;
	return [...style].filter((name) => STYLES.test(name)).map((name) =>
		[name, style.getPropertyValue(name)] as const)
		.filter(([name, value]) => value !== "initial" && !FETCHED.test(value) &&
			!(/^(?:margin|text-indent|letter-spacing)/.test(name) && value.includes("-")))
		.map(([name, value]) => `${name}: ${value}`).join("; ");
}

// One for the page: its Trusted Types policy can be made once only.
let purifier: ReturnType<typeof DOMPurify> | undefined;

function makePurifier(): ReturnType<typeof DOMPurify> {
	const purify = DOMPurify(window);
	purify.addHook("afterSanitizeAttributes", (node) => {
		const style = node.getAttribute("style");
		if (style !== null)
			(node as HTMLElement).style.cssText = safeStyle(style);
		if (node.nodeName !== "IMG")
			return;
		const cid = /^\s*cid:(.*)$/i.exec(node.getAttribute("src") ?? "")?.[1];
		if (cid !== undefined) {
			node.setAttribute("data-cid", decoded(cid.trim()));
			node.removeAttribute("src");
		} else if (/^\s*data:/i.test(node.getAttribute("src") ?? "") &&
			!/^\s*data:image\/(?:png|gif|jpeg|webp)[;,]/i.test(node.getAttribute("src")!)) {
			node.removeAttribute("src");
		}
	});
	return purify;
}

// Pictures of a mail itself ("cid:") wait for their bytes: `data-cid` names them.
export function cleanEditable(html: string): DocumentFragment {
	purifier ??= makePurifier();
	return purifier.sanitize(html, {
		ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ATTRIBUTES, ALLOW_DATA_ATTR: false,
		RETURN_DOM_FRAGMENT: true,
		ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|tel|cid):|data:image\/(?:png|gif|jpeg|webp)[;,])/i,
	});
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

// RFC 2392. Programs that do not decode it find most Content-IDs, too.
export function cidUrl(cid: string): string {
	return "cid:" + cid.replace(/[^\w.@$+*!=~-]/g, encodeURIComponent);
}

// Lines of plain text as nodes of an editor.
export function textToNodes(text: string): DocumentFragment {
	const fragment = document.createDocumentFragment();
	for (const line of text.split("\n")) {
		const block = document.createElement("div");
		if (line)
			block.textContent = line.replace(/\t/g, "    ").replace(/^ | (?= )/g, "\u00a0");
		else
			block.append(document.createElement("br"));
		fragment.append(block);
	}
	return fragment;
}

// What is sent: the editor's HTML, with its pictures as "cid:".
export function htmlOf(root: Element): string {
	// In a document that loads nothing.
	const copy = document.implementation.createHTMLDocument("").importNode(root, true);
	for (const image of copy.querySelectorAll("img[data-cid]")) {
		image.setAttribute("src", cidUrl(image.getAttribute("data-cid") ?? ""));
		image.removeAttribute("data-cid");
	}
	return copy.innerHTML;
}

// Those with an empty line around them.
const APART = /^(?:H[1-6]|P|TABLE)$/;
const BLOCKS = /^(?:ADDRESS|BLOCKQUOTE|DIV|H[1-6]|HR|LI|OL|P|PRE|TABLE|TR|UL)$/;

// The text beside the HTML (multipart/alternative), and what a switch to plain
// text gives. `plain`: it is plain text already, in which spaces and line ends count.
export function textOf(root: Node, plain = false): string {
	const lines: string[] = [""];
	const add = (text: string): void => {
		lines[lines.length - 1] += text;
	};
	const breakLine = (): void => {
		if (lines.at(-1) !== "")
			lines.push("");
	};
	const emptyLine = (): void => {
		if (lines.length > 1 && lines.at(-1) === "" && lines.at(-2) !== "")
			lines.push("");
	};
	const items = new Map<Element | null, number>(); // of each list, so far
	const walk = (node: Node, pre: boolean): void => {
		if (node instanceof Text) {
			const text = node.data.replace(/\u200b/g, "");
			if (pre)
				text.split("\n").forEach((line, at) => {
					if (at > 0)
						lines.push("");
					add(line);
				});
			else
				add(text.replace(/[ \t\n\r\f]+/g, " ")
					.replace(/^ /, /(?:^|[ \t])$/.test(lines.at(-1)!) ? "" : " "));
			return;
		}
		if (!(node instanceof Element))
			return;
		const name = node.nodeName;
		if (name === "BR") {
			lines.push("");
			return;
		}
		if (name === "IMG") {
			const alt = node.getAttribute("alt");
			add(alt ? `[${alt}]` : "");
			return;
		}
		if (name === "BLOCKQUOTE") {
			breakLine();
			lines.pop();
			for (const line of textOf(node, pre).split("\n"))
				lines.push(line.startsWith(">") ? ">" + line : ("> " + line).trimEnd());
			lines.push("");
			return;
		}
		const block = BLOCKS.test(name);
		if (block)
			breakLine();
		const apart = APART.test(name);
		if (apart)
			emptyLine();
		if (name === "LI") {
			const parent = node.parentElement;
			const number = (items.get(parent) ?? 0) + 1;
			items.set(parent, number);
			add(parent?.nodeName === "OL" ? `${number}. ` : "• ");
		}
		if (name === "HR")
			add("--------");
		for (const child of node.childNodes)
			walk(child, pre || name === "PRE");
		const href = name === "A" ? node.getAttribute("href") : null;
		if (href && /^https?:/i.test(href) && !node.textContent?.includes(href))
			add(` <${href}>`);
		if (name === "TD" || name === "TH")
			add("\t");
		// An empty line of the editor is <div><br></div>: the break was enough.
		if (block && node.lastChild?.nodeName !== "BR")
			breakLine();
		if (apart)
			emptyLine();
	};
	for (const child of root.childNodes)
		walk(child, plain);
	// "-- " begins a signature (RFC 3676 section 4.3).
	return lines.map((line) => line.replace(/\u00a0/g, " "))
		.map((line) => line === "-- " ? line : line.trimEnd())
		.join("\n").replace(/\n+$/, "");
}
