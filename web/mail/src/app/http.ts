// SPDX-License-Identifier: Apache-2.0
// fetch() with what the server asks of the page: the field shows that the request
// comes from our own script, because no other page can send it (CSRF).
export function roostFetch(url: string, init: RequestInit = {}): Promise<Response> {
	const headers = new Headers(init.headers);
	headers.set("X-Roost", "1");
	return fetch(url, {...init, headers, credentials: "same-origin"});
}
