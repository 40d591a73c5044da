// SPDX-License-Identifier: Apache-2.0
// A JMAP server in memory, for tests of the page and for work on it; never a part
// of the product.
//
//	node server.mjs FOLDER [PORT [COUNT]]   FOLDER: what build.mjs made
//
// or startMock({folder, port, count}) in a test. POST /mock/… plays what others do
// to the account meanwhile: deliver, keywords, refuse.
import {createServer} from "node:http";
import {readFile} from "node:fs/promises";
import {extname, join} from "node:path";
import {Account} from "./account.mjs";
import {Data} from "./data.mjs";
import {answer, headersOf} from "./methods.mjs";
import {ME} from "./mails.mjs";

const TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2",
	".webmanifest": "application/manifest+json"};

// As in src/webmail/webmail.c.
const PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; " +
	"img-src 'self' data: blob:; media-src blob:; font-src 'self'; connect-src 'self'; " +
	"frame-src 'self' blob:; manifest-src 'self'; worker-src 'self'; form-action 'none'; " +
	"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; " +
	"trusted-types roost dompurify";
const framePolicy = (pictures) => "default-src 'none'; style-src 'unsafe-inline'; " +
	`img-src data: blob:${pictures}; font-src data:; form-action 'none'; base-uri 'none'; ` +
	"frame-ancestors 'self'; sandbox allow-same-origin allow-popups " +
	"allow-popups-to-escape-sandbox allow-modals";
export const POLICIES = {"index.html": PAGE_POLICY,
	"worker.js": "default-src 'none'; script-src 'self'; connect-src 'self'",
	 "frame.html": framePolicy(""),
	"frame-pictures.html": framePolicy(" https: http:")};

async function bodyOf(request) {
	const parts = [];
	for await (const part of request)
		parts.push(part);
	return Buffer.concat(parts);
}

function send(response, status, value, type = "application/json") {
	response.writeHead(status, {"Content-Type": type, "Cache-Control": "no-store"});
	response.end(type === "application/json" ? JSON.stringify(value) : value);
}

class Mock {
	constructor(options) {
		this.folder = options.folder;
		this.data = new Data(options);
		this.account = new Account();
		this.loggedIn = options.loggedIn ?? false;
		this.factor = options.factor ?? false;
		this.requests = []; // what the page asked for
		this.delay = 0;
	}

	async file(response, path) {
		let name = path === "" || !path.includes(".") ? "index.html" : path;
		const policy = POLICIES[name];
		if (name === "frame-pictures.html")
			name = "frame.html";
		try {
			const bytes = await readFile(join(this.folder, name));
			response.writeHead(200, {"Content-Type": TYPES[extname(name)],
				"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer",
				"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache",
				...(policy && {"Content-Security-Policy": policy})});
			response.end(bytes);
		} catch {
			send(response, 404, {status: 404});
		}
	}

	session() {
		return {
			capabilities: {
				"urn:ietf:params:jmap:core": {maxSizeUpload: 50_000_000,
					maxConcurrentUpload: 4, maxSizeRequest: 10_000_000,
					maxConcurrentRequests: 8, maxCallsInRequest: 32, maxObjectsInGet: 500,
					maxObjectsInSet: 500, collationAlgorithms: []},
				"urn:ietf:params:jmap:mail": {}, "urn:ietf:params:jmap:submission": {},
				"urn:ietf:params:jmap:vacationresponse": {}},
			accounts: {a1: {name: ME.email, isPersonal: true, isReadOnly: false,
				accountCapabilities: {"urn:ietf:params:jmap:mail": {},
					"urn:ietf:params:jmap:submission": {maxDelayedSend: 31_536_000,
						submissionExtensions: {FUTURERELEASE: []}}}}},
			primaryAccounts: {"urn:ietf:params:jmap:mail": "a1",
				"urn:ietf:params:jmap:submission": "a1",
				"urn:ietf:params:jmap:vacationresponse": "a1"},
			username: "demo", state: "1", apiUrl: "/jmap/api",
			downloadUrl: "/jmap/download/{accountId}/{blobId}/{name}?type={type}",
			uploadUrl: "/jmap/upload/{accountId}/",
			eventSourceUrl: "/jmap/events?types={types}&closeafter={closeafter}&ping={ping}"};
	}

	async login(request, response) {
		const {user, password, ticket, code} = JSON.parse(await bodyOf(request));
		if (ticket !== undefined) {
			this.loggedIn = code === "123456";
			return send(response, this.loggedIn ? 200 : 401, {status: this.loggedIn ? "ok" : "wrong"});
		}
		const right = user === "demo" && password === "demo";
		if (right && this.factor)
			return send(response, 200, {status: "second-factor", factors: ["totp"], ticket: "t"});
		this.loggedIn ||= right;
		return send(response, right ? 200 : 401, {status: right ? "ok" : "wrong"});
	}

	events(request, response) {
		response.writeHead(200, {"Content-Type": "text/event-stream",
			"Cache-Control": "no-store"});
		response.write(": hello\n\n");
		const watch = () => {
			const state = String(this.data.version);
			response.write("event: state\ndata: " + JSON.stringify({"@type": "StateChange",
				changed: {a1: {Email: state, Mailbox: state, Thread: state}}}) + "\n\n");
		};
		this.data.watchers.add(watch);
		request.on("close", () => this.data.watchers.delete(watch));
	}

	download(response, path, query) {
		const [, blobId, name] = path.split("/").map(decodeURIComponent);
		if (blobId.startsWith("raw-")) {
			const email = this.data.emails.get(blobId.slice(4));
			return send(response, 200, headersOf(email).map((one) =>
				`${one.name}:${one.value}\r\n`).join("") + "\r\n" +
				(email.body.html ?? email.body.text), "message/rfc822");
		}
		const blob = this.data.blobs.get(blobId);
		if (!blob)
			return send(response, 404, {status: 404});
		const type = query.get("type") ?? blob.type;
		response.writeHead(200, {"Content-Type": /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type
			: "application/octet-stream",
			"Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`});
		return response.end(blob.bytes);
	}

	async control(request, response, path) {
		const args = JSON.parse((await bodyOf(request)).toString() || "{}");
		if (path === "deliver") {
			const {count = 1, subject = "Just arrived", from = {name: "Ada", email: "ada@example.org"},
				text = "Hello!\n", html, attachments, thread, folder = "inbox"} = args;
			for (let i = 0; i < count; i++) {
				this.data.now = Date.now();
				this.data.deliver([thread ?? "d" + this.data.counter, from, [ME], subject,
					0, folder, "", {text: html ? undefined : text, html,
						attachments: attachments?.map((one) =>
							({...one, bytes: Buffer.from(one.bytes, "base64")}))}]);
			}
		} else if (path === "keywords") {
			const email = [...this.data.emails.values()]
				.find((one) => one.subject === args.subject);
			this.data.commit(this.data.update(email, {keywords: args.keywords}));
		} else if (path === "refuse") {
			this.data.refuse = args.refuse;
			this.data.late = args.late;
		} else if (path === "find") {
			return send(response, 200, [...this.data.emails.values()]
				.filter((one) => one.subject === args.subject).map((one) =>
					({...one, body: undefined, parts: undefined})));
		} else if (path === "set") {
			Object.assign(this, args);
		}
		return send(response, 200, {});
	}

	async handle(request, response) {
		if (this.down && !request.url.startsWith("/mock/"))
			return request.socket.destroy();
		const url = new URL(request.url, "http://mock");
		const path = url.pathname;
		this.requests.push(`${request.method} ${path}`);
		if (path === "/" || path === "/mail") {
			response.writeHead(302, {Location: "/mail/"});
			return response.end();
		}
		if (path.startsWith("/mail/"))
			return this.file(response, path.slice(6));
		if (path.startsWith("/mock/"))
			return this.control(request, response, path.slice(6));
		if (request.headers["x-roost"] !== "1")
			return send(response, 403, {status: 403, detail: "X-Roost is missing"});
		if (path === "/account/login" || path === "/account/login/totp")
			return this.login(request, response);
		if (!this.loggedIn)
			return send(response, 401, {status: 401});
		if (this.delay)
			await new Promise((resolve) => setTimeout(resolve, this.delay));
		if (path === "/account/logout") {
			this.loggedIn = false;
			return send(response, 200, {status: "ok"});
		}
		if (path === "/account/session")
			return send(response, 200, {user: "demo", address: ME.email, name: ME.name});
		if (path.startsWith("/account/")) {
			const text = (await bodyOf(request)).toString();
			const [status, value] = this.account.answer(request.method, path.slice(9),
				text ? JSON.parse(text) : {}) ?? [404, {status: "not-found"}];
			return send(response, status, value);
		}
		if (path === "/.well-known/jmap")
			return send(response, 200, this.session());
		if (path === "/jmap/api")
			return send(response, 200, answer(this.data, JSON.parse(await bodyOf(request))));
		if (path === "/jmap/events")
			return this.events(request, response);
		if (path.startsWith("/jmap/download/"))
			return this.download(response, path.slice(15), url.searchParams);
		if (path.startsWith("/jmap/upload/")) {
			const bytes = await bodyOf(request);
			if (this.full)
				return send(response, 413, {status: 413, detail: "too large"});
			const type = request.headers["content-type"] ?? "application/octet-stream";
			return send(response, 201, {accountId: "a1", type, size: bytes.length,
				blobId: this.data.blob(bytes, type)});
		}
		return send(response, 404, {status: 404});
	}
}

export async function startMock(options) {
	const mock = new Mock(options);
	const server = createServer((request, response) =>
		mock.handle(request, response).catch((error) => {
			console.error(error);
			response.destroy();
		}));
	await new Promise((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
	mock.port = server.address().port;
	mock.url = `http://127.0.0.1:${mock.port}/mail/`;
	// The server cannot be reached for a while.
	mock.cut = () => {
		mock.down = true;
		server.closeAllConnections();
	};
	mock.stop = () => {
		server.closeAllConnections();
		server.close();
	};
	return mock;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
	const [folder, port = "8500", count = "100000"] = process.argv.slice(2);
	const mock = await startMock({folder, port: Number(port), count: Number(count)});
	console.log(`${mock.url} (demo / demo)`);
}
