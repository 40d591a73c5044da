// SPDX-License-Identifier: Apache-2.0
// The style of a mail's document, before the mail's own. It stands alone there:
// nothing of the page's style reaches it, and nothing of its style the page.
import latin from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";
import latinExt from "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2";

const STYLE = `
html { overflow: hidden; background: transparent; color: #1d211f; }
html.dark { color: #e6eae7; color-scheme: dark; }
html.paper { background: #fff; color-scheme: light; }
body { margin: 0; padding: 1px 0; overflow-wrap: break-word; height: auto !important;
	min-height: 0 !important;
	font: 15px/1.6 "Inter Variable", Inter, system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
html.paper body { padding: 16px; }
img { max-width: 100%; height: auto; }
table { max-width: 100%; }
pre { white-space: pre-wrap; }
a { color: #1a6b57; }
html.dark a { color: #6fc9b0; }
blockquote { margin: .5em 0; padding-inline-start: 12px; border-inline-start: 3px solid #c9d2cd; }
html.dark blockquote { border-color: #3a443f; }
details.roost-quote > summary { list-style: none; display: inline-block; cursor: pointer;
	margin: 8px 0; padding: 0 9px; border-radius: 9px; line-height: 18px; font-size: 11px;
	letter-spacing: 1px; background: #e7ebe8; color: #46504b; }
html.dark details.roost-quote > summary { background: #2c3430; color: #b9c4be; }
details.roost-quote > summary::-webkit-details-marker { display: none; }
:focus-visible { outline: 2px solid #1a6b57; outline-offset: 2px; border-radius: 3px; }
@media print { html { color: #000; } }
`;

// The document may load no fonts. It is lent the page's: bytes that the browser has
// already.
const FONTS: [url: string, range: string][] = [
	[latin, "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, U+02DA, U+02DC, U+2000-206F, U+20AC, U+2122"],
	[latinExt, "U+0100-02BA, U+02BD-02C5, U+1E00-1E9F, U+1EF2-1EFF, U+20A0-20AB, U+20AD-20C0"],
];
const loaded = new Map<string, Promise<ArrayBuffer>>();

export async function lendFonts(inside: Document): Promise<void> {
	const view = inside.defaultView as (Window & typeof globalThis) | null;
	for (const [url, unicodeRange] of FONTS) {
		if (url === latinExt && !/[\u0100-\u024f\u1e00-\u1eff]/.test(inside.body.textContent ?? ""))
			continue;
		let bytes = loaded.get(url);
		if (!bytes) {
			bytes = fetch(url).then((response) => response.arrayBuffer());
			loaded.set(url, bytes);
		}
		try {
			inside.fonts.add(new view!.FontFace("Inter Variable", await bytes,
				{weight: "100 900", unicodeRange}));
		} catch {
			// The message is shown with the next font of its list.
		}
	}
}

export function frameStyle(): string {
	return STYLE;
}
