// SPDX-License-Identifier: Apache-2.0
// Where a link leads, and whether it pretends to lead elsewhere.

export type LinkDoubt =
	| {kind: "other"; shown: string; real: string}
	| {kind: "lookalike"; real: string}
	| {kind: "numbers"; real: string}
	| {kind: "user"; real: string};

function parse(url: string): URL | undefined {
	try {
		return new URL(url);
	} catch {
		return undefined;
	}
}

// The schemes that a mail may lead to.
export function isSafeUrl(url: string): boolean {
	const parsed = parse(url);
	return !!parsed && ["http:", "https:", "mailto:", "tel:"].includes(parsed.protocol);
}

// What somebody types as a link. "https://" and "mailto:" are added where they are
// missing; javascript: and the like are no links.
export function linkUrl(text: string): string | undefined {
	const trimmed = text.trim();
	if (/\s/.test(trimmed))
		return undefined;
	const url = /^[\w+-]+:(?!\d+(?:[/?#]|$))/.test(trimmed) ? trimmed
		: /^[^\s@/?#:]+@[^\s@/?#:]+$/.test(trimmed) ? "mailto:" + trimmed
			: /^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+(?:[/?#:].*)?$/u.test(trimmed)
				? "https://" + trimmed : "";
	return isSafeUrl(url) ? url : undefined;
}

// The host that a text names, if it looks like a URL or a host.
function shownHost(text: string): string | undefined {
	const trimmed = text.trim();
	if (!/^(https?:\/\/)?[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+([/:?#]\S*)?$/iu.test(trimmed))
		return undefined;
	// "notes.txt" is a file, "example.com" is a host.
	if (!/^https?:/i.test(trimmed) && !/^www\./i.test(trimmed) &&
		!/\.(com|org|net|info|biz|edu|gov|io|co|eu|app|dev|[a-z]{2})([/:?#]|$)/i.test(trimmed))
		return undefined;
	return parse(/^https?:/i.test(trimmed) ? trimmed : "https://" + trimmed)?.hostname;
}

function base(host: string): string {
	return host.replace(/^www\./, "");
}

const ALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;

// Punycode of one label (RFC 3492), because a URL object gives no Unicode.
export function decodeLabel(label: string): string {
	if (!label.startsWith("xn--"))
		return label;
	const text = label.slice(4);
	const cut = text.lastIndexOf("-");
	const out = cut > 0 ? [...text.slice(0, cut)].map((c) => c.codePointAt(0)!) : [];
	let n = 128, i = 0, bias = 72;
	for (let at = cut > 0 ? cut + 1 : 0; at < text.length;) {
		const before = i;
		for (let weight = 1, k = 36; ; k += 36) {
			const c = text.charCodeAt(at++);
			const digit = c >= 97 && c <= 122 ? c - 97 : c >= 48 && c <= 57 ? c - 22 : 36;
			if (digit >= 36)
				return label;
			i += digit * weight;
			const limit = Math.min(26, Math.max(1, k - bias));
			if (digit < limit)
				break;
			weight *= 36 - limit;
		}
		bias = adapt(i - before, out.length + 1, before === 0);
		n += Math.floor(i / (out.length + 1));
		i %= out.length + 1;
		if (n > 0x10ffff)
			return label;
		out.splice(i++, 0, n);
	}
	return String.fromCodePoint(...out);
}

function adapt(delta: number, points: number, first: boolean): number {
	delta = first ? Math.floor(delta / 700) : delta >> 1;
	delta += Math.floor(delta / points);
	let k = 0;
	for (; delta > 455; k += 36)
		delta = Math.floor(delta / 35);
	return k + Math.floor(36 * delta / (delta + 38));
}

export function readableHost(host: string): string {
	return host.split(".").map(decodeLabel).join(".");
}

// Cyrillic and Greek letters that nobody can tell from Latin ones.
const LIKE_LATIN = /^[асԁеһіјӏорԛѕѵԝхуαονριυκ\d-]+$/u;

// A label with Latin letters and their doubles, or with doubles only.
function looksAlike(host: string): boolean {
	return host.split(".").some((label) => {
		const text = decodeLabel(label);
		return text !== label && (LIKE_LATIN.test(text) ||
			/\p{Script=Latin}/u.test(text) && ALIKE.test(text));
	});
}

export function doubtLink(url: string, text: string): LinkDoubt | undefined {
	const parsed = parse(url);
	if (!parsed || !/^https?:$/.test(parsed.protocol))
		return undefined;
	const real = readableHost(parsed.hostname);
	if (parsed.username || parsed.password)
		return {kind: "user", real};
	if (looksAlike(parsed.hostname))
		return {kind: "lookalike", real: `${real} (${parsed.hostname})`};
	const shown = shownHost(text);
	if (shown && base(shown) !== base(parsed.hostname) &&
		!base(parsed.hostname).endsWith("." + base(shown)))
		return {kind: "other", shown: readableHost(shown), real};
	if (/^[\d.]+$/.test(parsed.hostname) || parsed.hostname.startsWith("["))
		return {kind: "numbers", real};
	return undefined;
}
