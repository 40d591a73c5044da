// SPDX-License-Identifier: Apache-2.0
// What is looked at, as an address that can be kept and gone back to:
//
//	/mail/folder/inbox              a folder, by its role or its id
//	/mail/folder/inbox/EMAIL        a message or conversation in it
//	/mail/search?q=WORDS            /mail/search/EMAIL?q=WORDS
//	/mail/settings/PAGE
import {signal} from "@preact/signals";
import type {Id} from "../jmap/types.ts";

const BASE = "/mail/";

export type ListFilter = "all" | "unread" | "flagged";

export type Route =
	| {view: "folder"; folder: string; open?: Id | undefined; only?: ListFilter | undefined}
	| {view: "search"; query: string; open?: Id | undefined}
	| {view: "settings"; page: string};

export const HOME: Route = {view: "folder", folder: "inbox"};

export function parseRoute(path: string, query: string): Route {
	const parts = path.slice(BASE.length).split("/").filter(Boolean)
		.map(decodeURIComponent);
	const values = new URLSearchParams(query);
	const [view, first, second] = parts;
	if (view === "folder" && first) {
		const only = values.get("only");
		return {view, folder: first, open: second,
			only: only === "unread" || only === "flagged" ? only : undefined};
	}
	if (view === "search")
		return {view, query: values.get("q") ?? "", open: first};
	if (view === "settings")
		return {view, page: first ?? ""};
	return HOME;
}

export function formatRoute(route: Route): string {
	const parts: string[] = [route.view];
	const values = new URLSearchParams();
	switch (route.view) {
	case "folder":
		parts.push(route.folder, ...(route.open ? [route.open] : []));
		if (route.only && route.only !== "all")
			values.set("only", route.only);
		break;
	case "search":
		parts.push(...(route.open ? [route.open] : []));
		values.set("q", route.query);
		break;
	case "settings":
		parts.push(...(route.page ? [route.page] : []));
		break;
	}
	const query = values.toString();
	return BASE + parts.map(encodeURIComponent).join("/") + (query ? "?" + query : "");
}

function here(): Route {
	return parseRoute(location.pathname, location.search);
}

export const route = signal<Route>(here());
// How often "back" leads to a place of this page.
let depth = 0;

window.addEventListener("popstate", () => {
	depth = Math.max(0, depth - 1);
	route.value = here();
});

export function navigate(to: Route, replace = false): void {
	const path = formatRoute(to);
	if (path === location.pathname + location.search)
		replace = true;
	if (replace) {
		history.replaceState(null, "", path);
	} else {
		history.pushState(null, "", path);
		depth++;
	}
	route.value = to;
}

// As the browser's button, if that leads to `to`; otherwise there directly.
export function goBack(to: Route): void {
	if (depth > 0)
		history.back();
	else
		navigate(to, true);
}

// For links: opened here, unless the browser is asked for a new window.
export function follow(event: MouseEvent, to: Route, replace = false): void {
	if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey ||
		event.altKey)
		return;
	event.preventDefault();
	navigate(to, replace);
}
