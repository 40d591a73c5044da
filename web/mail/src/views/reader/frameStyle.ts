// SPDX-License-Identifier: Apache-2.0
// The style of a mail's document, before the mail's own. It stands alone there:
// nothing of the page's style reaches it, and nothing of its style the page.
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

export function frameStyle(): string {
	return STYLE;
}
