// SPDX-License-Identifier: Apache-2.0
// The service worker: keeps the page itself, so that it opens without a network.
// Mail is not its business (src/store/offline.ts). build.mjs fills in the names.
const FILES = [/* FILES */];
const CACHE = "roost-" + FILES.join();
const BASE = "/mail/";

self.addEventListener("install", (event) => {
	event.waitUntil(caches.open(CACHE).then((cache) =>
		cache.addAll([BASE, ...FILES.map((name) => BASE + name)])));
});

// The one before goes when no page needs it any more.
self.addEventListener("activate", (event) => {
	event.waitUntil(caches.keys().then((names) => Promise.all(names
		.filter((name) => name.startsWith("roost-") && name !== CACHE)
		.map((name) => caches.delete(name)))));
});

async function fromCache(path) {
	return await (await caches.open(CACHE)).match(path) ?? Response.error();
}

async function networkFirst(request, path) {
	try {
		return await fetch(request);
	} catch {
		return fromCache(path);
	}
}

self.addEventListener("fetch", (event) => {
	const {request} = event;
	const url = new URL(request.url);
	if (request.method !== "GET" || url.origin !== location.origin ||
		!url.pathname.startsWith(BASE))
		return;
	const name = url.pathname.slice(BASE.length);
	if (/-[A-Z0-9]{8}\.\w+$/.test(name))
		event.respondWith(caches.match(request).then((found) => found ?? fetch(request)));
	else if (FILES.includes(name))
		event.respondWith(networkFirst(request, url.pathname));
	else if (request.mode === "navigate")
		event.respondWith(networkFirst(request, BASE));
});
