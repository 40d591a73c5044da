// SPDX-License-Identifier: Apache-2.0
// The mock server's account: mailboxes, emails, threads, and what changed when.
import {ME, generated, written} from "./mails.mjs";

const FOLDERS = [
	["inbox", "INBOX", "inbox"], ["drafts", "Drafts", "drafts"],
	["sent", "Sent", "sent"], ["archive", "Archive", "archive"],
	["junk", "Junk", "junk"], ["trash", "Trash", "trash"],
	["projects", "Projects", null], ["harbour", "Harbour", null, "projects"],
	["garden", "Garden", null, "projects"], ["lists", "Lists", null],
	["dev", "dev", null, "lists"], ["family", "Family", null],
];
const KEYWORDS = {S: "$seen", F: "$flagged", R: "$answered", D: "$draft", 2: "$label2", 4: "$label4", P: "harbour"};

export class Data {
	constructor({count = 2000, now = Date.now()} = {}) {
		this.now = now;
		this.version = 1;
		this.log = []; // {version, type, kind, id}
		this.mailboxes = new Map();
		this.emails = new Map();
		this.threads = new Map();
		this.blobs = new Map();
		this.queries = new Map(); // cached results by key and version
		this.identities = [{id: "i1", ...ME, replyTo: null, bcc: null,
			textSignature: "", htmlSignature: "", mayDelete: false}];
		this.submissions = new Map();
		this.watchers = new Set();
		this.counter = 0;
		for (const [id, name, role, parent] of FOLDERS)
			this.mailboxes.set("m" + id, {
				id: "m" + id, name, parentId: parent ? "m" + parent : null,
				role, sortOrder: 0, isSubscribed: true, myRights: rights()});
		for (const row of written)
			this.add(row);
		for (const row of generated(count))
			this.add(row);
		this.log = [];
	}

	// ---- Making ----------------------------------------------------------

	blob(bytes, type) {
		const id = "b" + this.blobs.size;
		this.blobs.set(id, {bytes, type});
		return id;
	}

	add([thread, from, to, subject, minutes, folder, flags, content]) {
		const body = typeof content === "string" ? {text: content} : content;
		const keywords = {};
		for (const flag of flags)
			keywords[KEYWORDS[flag]] = true;
		const attachments = body.attachments ?? [];
		const email = {
			id: "e" + ++this.counter,
			threadId: "t" + thread,
			mailboxIds: {["m" + folder]: true},
			keywords,
			receivedAt: new Date(this.now - minutes * 60_000).toISOString()
				.replace(/\.\d+Z/, "Z"),
			from: [from], to, cc: null, bcc: null, subject, body,
			size: (body.html ?? body.text ?? "").length + 900 + attachments
				.reduce((sum, one) => sum + one.bytes.length, 0),
			hasAttachment: attachments.some((one) => !one.cid),
		};
		this.insert(email);
		return email;
	}

	insert(email) {
		email.preview ??= (email.body.text ?? email.body.html ?? "")
			.replace(/<style[^]*?<\/style>/g, " ").replace(/<[^>]*>/g, " ")
			.replace(/&amp;/g, "&").replace(/\s+/g, " ").trim().slice(0, 256);
		this.emails.set(email.id, email);
		const thread = this.threads.get(email.threadId) ??
			{id: email.threadId, emailIds: []};
		thread.emailIds.push(email.id);
		thread.emailIds.sort((a, b) => this.emails.get(a).receivedAt <
			this.emails.get(b).receivedAt ? -1 : 1);
		this.threads.set(thread.id, thread);
	}

	// ---- Changes ---------------------------------------------------------

	// Makes a commit: `changes` is a list of [type, kind, id].
	commit(changes) {
		if (changes.length === 0)
			return;
		this.version++;
		for (const [type, kind, id] of changes)
			this.log.push({version: this.version, type, kind, id});
		for (const watch of this.watchers)
			watch();
	}

	mailboxesOf(...emails) {
		const ids = new Set(emails.flatMap((one) => Object.keys(one.mailboxIds)));
		return [...ids].map((id) => ["Mailbox", "updated", id]);
	}

	deliver(row) {
		const email = this.add(row);
		const isNew = this.threads.get(email.threadId).emailIds.length === 1;
		this.commit([["Email", "created", email.id],
			["Thread", isNew ? "created" : "updated", email.threadId],
			...this.mailboxesOf(email)]);
		return email;
	}

	update(email, next) {
		const before = {...email};
		Object.assign(email, next);
		return [["Email", "updated", email.id], ...this.mailboxesOf(before, email)];
	}

	destroy(email) {
		this.emails.delete(email.id);
		const thread = this.threads.get(email.threadId);
		thread.emailIds = thread.emailIds.filter((id) => id !== email.id);
		if (thread.emailIds.length === 0)
			this.threads.delete(thread.id);
		return [["Email", "destroyed", email.id],
			["Thread", thread.emailIds.length ? "updated" : "destroyed", thread.id],
			...this.mailboxesOf(email)];
	}

	changes(type, since, max = Infinity) {
		const kinds = new Map();
		for (const {version, type: of, kind, id} of this.log) {
			if (version <= since || of !== type)
				continue;
			const was = kinds.get(id);
			if (was === "created" && kind === "updated")
				continue;
			if (was === "created" && kind === "destroyed")
				kinds.delete(id);
			else
				kinds.set(id, kind);
		}
		void max;
		const of = (kind) => [...kinds].filter(([, one]) => one === kind)
			.map(([id]) => id);
		return {created: of("created"), updated: of("updated"),
			destroyed: of("destroyed")};
	}

	// ---- Reading ---------------------------------------------------------

	counted() {
		if (this.countedAt === this.version)
			return this.counts;
		const counts = new Map();
		const threads = new Map();
		for (const id of this.mailboxes.keys())
			counts.set(id, {totalEmails: 0, unreadEmails: 0, totalThreads: 0,
				unreadThreads: 0});
		for (const email of this.emails.values())
			for (const id of Object.keys(email.mailboxIds)) {
				const count = counts.get(id);
				count.totalEmails++;
				const unread = !email.keywords.$seen;
				count.unreadEmails += unread;
				const key = id + " " + email.threadId;
				threads.set(key, (threads.get(key) ?? false) || unread);
			}
		for (const [key, unread] of threads) {
			const count = counts.get(key.split(" ")[0]);
			count.totalThreads++;
			count.unreadThreads += unread;
		}
		this.counts = counts;
		this.countedAt = this.version;
		return counts;
	}

	mailbox(id) {
		const found = this.mailboxes.get(id);
		return found && {...found, ...this.counted().get(id)};
	}

	parts(email) {
		if (email.parts)
			return email.parts;
		const {body} = email;
		const part = (partId, type, text, extra) => ({partId, type, size: text.length,
			blobId: this.blob(Buffer.from(text), type), name: null, charset: "utf-8",
			disposition: null, cid: null, ...extra});
		const text = body.text !== undefined && part("1", "text/plain", body.text);
		const html = body.html !== undefined && part("2", "text/html", body.html);
		email.parts = {
			textBody: [text || html], htmlBody: [html || text],
			attachments: (body.attachments ?? []).map((one, at) => ({
				partId: "a" + at, type: one.type, name: one.name, charset: null,
				size: one.bytes.length, disposition: one.cid ? "inline" : "attachment",
				cid: one.cid ?? null, blobId: one.blobId ?? this.blob(one.bytes, one.type)})),
			bodyValues: {
				...(text && {1: value(body.text)}), ...(html && {2: value(body.html)})},
		};
		return email.parts;
	}
}

function value(text) {
	return {value: text, isEncodingProblem: false, isTruncated: false};
}

function rights() {
	return Object.fromEntries(["mayReadItems", "mayAddItems", "mayRemoveItems",
		"maySetSeen", "maySetKeywords", "mayCreateChild", "mayRename", "mayDelete",
		"maySubmit"].map((name) => [name, true]));
}
