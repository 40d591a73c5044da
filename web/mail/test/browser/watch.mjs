// SPDX-License-Identifier: Apache-2.0
// Writes down what a page does that a mail must never make it do.
// (Chromium shows PDF files by an extension of its own.)
const INNER = /^(data|blob|about|chrome|chrome-extension):/;

export async function watch(page, mock) {
	const seen = {at: "", out: [], boxes: [], windows: []};
	const own = new URL(mock.url).origin + "/";
	const note = (list, text) => list.push(`${seen.at}: ${text}`);
	await page.context().route((url) => !INNER.test(url.href) &&
		!url.href.startsWith(own), (route) => {
		note(seen.out, `${route.request().resourceType()} ${route.request().url()}`);
		return route.abort();
	});
	page.on("dialog", (dialog) => {
		note(seen.boxes, dialog.message());
		void dialog.dismiss();
	});
	page.on("framenavigated", (frame) => {
		if (!INNER.test(frame.url()) && !frame.url().startsWith(mock.url))
			note(seen.out, `went to ${frame.url()}`);
	});
	page.context().on("page", (one) => note(seen.windows, one.url()));
	return seen;
}

// Two frames later, what runs by itself has run.
export const settle = (page) => page.evaluate(() => new Promise((resolve) =>
	requestAnimationFrame(() => requestAnimationFrame(resolve))));

export const isOwned = (page) => page.evaluate(() => "owned" in window ||
	[...document.querySelectorAll("iframe")].some((one) => one.contentWindow &&
		one.contentDocument && "owned" in one.contentWindow));
