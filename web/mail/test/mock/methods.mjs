// SPDX-License-Identifier: Apache-2.0
// The methods of the mock server: what the page uses of RFC 8620 and RFC 8621.

class Refused extends Error {
	constructor(type) {
		super(type);
		this.type = type;
	}
}

function pick(object, properties) {
	if (!properties)
		return object;
	const picked = {id: object.id};
	for (const name of properties)
		picked[name] = object[name] ?? null;
	return picked;
}

function got(data, list, ids, properties) {
	if (ids.length > 500)
		throw new Refused("requestTooLarge");
	const found = new Map(list.map((one) => [one.id, one]));
	return {accountId: "a1", state: String(data.version),
		list: list.map((one) => pick(one, properties)),
		notFound: ids.filter((id) => !found.has(id))};
}

function changed(data, type, args) {
	const {created, updated, destroyed} = data.changes(type, Number(args.sinceState));
	return {accountId: "a1", oldState: args.sinceState, newState: String(data.version),
		hasMoreChanges: false, created, updated, destroyed};
}

// ---- Email/query -------------------------------------------------------------

function contains(text, part) {
	return text.toLowerCase().includes(part.toLowerCase());
}

const names = (list) => (list ?? []).map((one) => `${one.name} ${one.email}`).join(" ");
const textOf = (email) => email.body.text ??
	email.body.html.replace(/<style[^]*?<\/style>/g, "").replace(/<[^>]*>/g, " ");

const TESTS = {
	inMailbox: (email, id) => !!email.mailboxIds[id],
	inMailboxOtherThan: (email, ids) => Object.keys(email.mailboxIds)
		.some((id) => !ids.includes(id)),
	hasKeyword: (email, name) => !!email.keywords[name],
	notKeyword: (email, name) => !email.keywords[name],
	hasAttachment: (email, wanted) => email.hasAttachment === wanted,
	before: (email, date) => email.receivedAt < date,
	after: (email, date) => email.receivedAt >= date,
	from: (email, part) => contains(names(email.from), part),
	to: (email, part) => contains(names(email.to), part),
	subject: (email, part) => contains(email.subject, part),
	body: (email, part) => contains(textOf(email), part),
	text: (email, part) => part.split(/\s+/).every((word) => contains(
		`${names(email.from)} ${names(email.to)} ${email.subject} ${textOf(email)}`, word)),
};

function matches(filter, email) {
	if (!filter)
		return true;
	if (filter.operator) {
		const one = (condition) => matches(condition, email);
		if (filter.operator === "AND")
			return filter.conditions.every(one);
		return filter.conditions.some(one) === (filter.operator === "OR");
	}
	return Object.entries(filter).every(([name, value]) => {
		if (!TESTS[name])
			throw new Refused("unsupportedFilter");
		return TESTS[name](email, value);
	});
}

function results(data, args) {
	const key = JSON.stringify([args.filter, args.sort, args.collapseThreads]);
	const versioned = `${key}@${data.version}`;
	let ids = data.queries.get(versioned);
	if (!ids) {
		const found = [...data.emails.values()].filter((one) => matches(args.filter, one));
		found.sort((a, b) => a.receivedAt < b.receivedAt ? 1
			: a.receivedAt > b.receivedAt ? -1 : a.id < b.id ? -1 : 1);
		const threads = new Set();
		ids = found.filter((one) => {
			if (!args.collapseThreads)
				return true;
			const first = !threads.has(one.threadId);
			threads.add(one.threadId);
			return first;
		}).map((one) => one.id);
		data.queries.set(versioned, ids);
		while (data.queries.size > 60)
			data.queries.delete(data.queries.keys().next().value);
	}
	return {key, ids};
}

function query(data, args) {
	const {ids} = results(data, args);
	let position = args.position ?? 0;
	if (args.anchor) {
		const at = ids.indexOf(args.anchor);
		if (at < 0)
			throw new Refused("anchorNotFound");
		position = Math.max(0, at + (args.anchorOffset ?? 0));
	}
	return {accountId: "a1", queryState: String(data.version), canCalculateChanges: true,
		position, ids: ids.slice(position, position + (args.limit ?? 256)),
		...(args.calculateTotal && {total: ids.length})};
}

function queryChanges(data, args) {
	const {key, ids} = results(data, args);
	const old = data.queries.get(`${key}@${args.sinceQueryState}`);
	if (!old)
		throw new Refused("cannotCalculateChanges");
	const touched = new Set(data.log.filter((one) => one.type === "Email" &&
		one.version > Number(args.sinceQueryState)).map((one) => one.id));
	const is = new Map(ids.map((id, index) => [id, index]));
	const was = new Set(old);
	return {accountId: "a1", oldQueryState: args.sinceQueryState,
		newQueryState: String(data.version), total: ids.length,
		removed: old.filter((id) => !is.has(id) || touched.has(id)),
		added: ids.filter((id) => !was.has(id) || touched.has(id))
			.map((id) => ({id, index: is.get(id)}))};
}

// ---- Email/set ---------------------------------------------------------------

function patched(email, patch) {
	const next = {keywords: {...email.keywords}, mailboxIds: {...email.mailboxIds}};
	for (const [path, value] of Object.entries(patch)) {
		const [property, ...rest] = path.split("/");
		if (rest.length === 0) {
			next[property] = value;
			continue;
		}
		const name = rest.join("/").replace(/~1/g, "/").replace(/~0/g, "~");
		if (value)
			next[property][name] = true;
		else
			delete next[property][name];
	}
	return next;
}

function bodyOf(data, create) {
	const body = {attachments: []};
	const walk = (part) => {
		if (!part)
			return;
		(part.subParts ?? []).forEach(walk);
		const text = part.partId && create.bodyValues?.[part.partId]?.value;
		if (part.type === "text/html" && text !== undefined)
			body.html = text;
		else if (part.type === "text/plain" && text !== undefined)
			body.text = text;
		else if (part.blobId)
			body.attachments.push({name: part.name, type: part.type, cid: part.cid,
				blobId: part.blobId, bytes: data.blobs.get(part.blobId).bytes});
	};
	walk(create.bodyStructure);
	[...(create.textBody ?? []), ...(create.htmlBody ?? []),
		...(create.attachments ?? [])].forEach(walk);
	return body;
}

function createEmail(data, create) {
	const id = "e" + ++data.counter;
	const body = bodyOf(data, create);
	const reply = [...data.emails.values()].find((one) =>
		create.inReplyTo?.includes(`${one.id}@roost.test`));
	const email = {
		id, threadId: reply?.threadId ?? "tn" + id,
		mailboxIds: create.mailboxIds, keywords: create.keywords ?? {},
		receivedAt: create.receivedAt ?? new Date().toISOString().replace(/\.\d+Z/, "Z"),
		from: create.from ?? null, to: create.to ?? null, cc: create.cc ?? null,
		bcc: create.bcc ?? null, subject: create.subject ?? "", body,
		inReplyTo: create.inReplyTo, references: create.references,
		size: 1000 + (body.html ?? body.text ?? "").length,
		hasAttachment: body.attachments.some((one) => !one.cid),
	};
	data.insert(email);
	return [email, [["Email", "created", id],
		["Thread", reply ? "updated" : "created", email.threadId],
		...data.mailboxesOf(email)]];
}

function setEmails(data, args, created) {
	const answer = {accountId: "a1", oldState: String(data.version), created: {},
		updated: {}, destroyed: [], notCreated: null, notUpdated: null, notDestroyed: null};
	const changes = [];
	for (const [key, create] of Object.entries(args.create ?? {})) {
		const [email, made] = createEmail(data, create);
		changes.push(...made);
		created.set(key, email.id);
		answer.created[key] = {id: email.id, blobId: "raw-" + email.id,
			threadId: email.threadId, size: email.size};
	}
	for (const [id, patch] of Object.entries(args.update ?? {})) {
		const email = data.emails.get(id.startsWith("#") ? created.get(id.slice(1)) : id);
		if (!email || data.refuse) {
			(answer.notUpdated ??= {})[id] = {type: email ? "forbidden" : "notFound"};
			continue;
		}
		changes.push(...data.update(email, patched(email, patch)));
		answer.updated[id] = null;
	}
	for (const id of args.destroy ?? []) {
		const email = data.emails.get(id);
		if (!email) {
			(answer.notDestroyed ??= {})[id] = {type: "notFound"};
			continue;
		}
		changes.push(...data.destroy(email));
		answer.destroyed.push(id);
	}
	data.commit(changes);
	answer.newState = String(data.version);
	return answer;
}

// ---- Mailbox/set -------------------------------------------------------------

// What the server would refuse, as a SetError; undefined: nothing.
function mailboxTrouble(data, id, next) {
	if (data.refuse)
		return {type: "forbidden"};
	if (!next.name || /[/\u0000-\u001f]/.test(next.name))
		return {type: "invalidProperties", properties: ["name"]};
	for (let at = next.parentId; at; at = data.mailboxes.get(at)?.parentId ?? null)
		if (at === id || !data.mailboxes.has(at))
			return {type: "invalidProperties", properties: ["parentId"]};
	const same = [...data.mailboxes.values()].find((one) => one.id !== id &&
		one.parentId === next.parentId && one.name === next.name);
	return same && {type: "alreadyExists", existingId: same.id};
}

function setMailboxes(data, args) {
	const answer = {accountId: "a1", oldState: String(data.version), created: {},
		updated: {}, destroyed: [], notCreated: null, notUpdated: null, notDestroyed: null};
	const changes = [];
	for (const [key, create] of Object.entries(args.create ?? {})) {
		const id = "mn" + ++data.counter;
		const inbox = data.mailboxes.get("minbox");
		const mailbox = {id, parentId: null, role: null, sortOrder: 0,
			isSubscribed: true, myRights: inbox.myRights, ...create};
		const trouble = mailboxTrouble(data, id, mailbox);
		if (trouble) {
			(answer.notCreated ??= {})[key] = trouble;
			continue;
		}
		data.mailboxes.set(id, mailbox);
		changes.push(["Mailbox", "created", id]);
		answer.created[key] = {id};
	}
	for (const [id, patch] of Object.entries(args.update ?? {})) {
		const mailbox = data.mailboxes.get(id);
		const trouble = mailbox ? mailboxTrouble(data, id, {...mailbox, ...patch})
			: {type: "notFound"};
		if (trouble) {
			(answer.notUpdated ??= {})[id] = trouble;
			continue;
		}
		Object.assign(mailbox, patch);
		changes.push(["Mailbox", "updated", id]);
		answer.updated[id] = null;
	}
	for (const id of args.destroy ?? []) {
		const inside = [...data.emails.values()].filter((one) => one.mailboxIds[id]);
		const child = [...data.mailboxes.values()].some((one) => one.parentId === id);
		if (child || (inside.length > 0 && !args.onDestroyRemoveEmails)) {
			(answer.notDestroyed ??= {})[id] =
				{type: child ? "mailboxHasChild" : "mailboxHasEmail"};
			continue;
		}
		for (const one of inside) {
			const {[id]: here, ...others} = one.mailboxIds;
			changes.push(...(here && Object.keys(others).length > 0
				? data.update(one, {mailboxIds: others}) : data.destroy(one)));
		}
		data.mailboxes.delete(id);
		changes.push(["Mailbox", "destroyed", id]);
		answer.destroyed.push(id);
	}
	data.commit(changes.filter(([type, kind, id]) => type !== "Mailbox" ||
		kind === "destroyed" || data.mailboxes.has(id)));
	answer.newState = String(data.version);
	return answer;
}

// ---- The table ---------------------------------------------------------------

function emailObject(data, email) {
	return {...email, ...data.parts(email), blobId: "raw-" + email.id,
		sentAt: email.receivedAt, sender: null, replyTo: null,
		messageId: [`${email.id}@roost.test`], inReplyTo: email.inReplyTo ?? null,
		references: email.references ?? null,
		"header:List-Unsubscribe:asURLs": email.body.list ? [email.body.list] : null,
		headers: headersOf(email)};
}

export function headersOf(email) {
	const list = (addresses) => (addresses ?? []).map((one) =>
		one.name ? `${one.name} <${one.email}>` : one.email).join(", ");
	return [
		{name: "Received", value: ` from mx.example by roost.test; ${email.receivedAt}`},
		{name: "From", value: " " + list(email.from)}, {name: "To", value: " " + list(email.to)},
		{name: "Subject", value: " " + email.subject},
		{name: "Message-ID", value: ` <${email.id}@roost.test>`}];
}

function snippet(filter, email) {
	const words = [];
	const walk = (one) => {
		(one.conditions ?? []).forEach(walk);
		for (const name of ["text", "subject", "body"])
			if (one[name])
				words.push(...one[name].split(/\s+/));
	};
	walk(filter);
	const escape = (text) => text.replace(/[&<>]/g, (c) =>
		({"&": "&amp;", "<": "&lt;", ">": "&gt;"})[c]);
	const mark = (text) => words.reduce((marked, word) => marked.replace(
		new RegExp(word.replace(/[^\p{L}\p{N}]/gu, "\\$&"), "gi"), "<mark>$&</mark>"),
	escape(text));
	return {emailId: email.id, subject: mark(email.subject), preview: mark(email.preview)};
}

export const METHODS = {
	"Mailbox/get": (data, args) => {
		const ids = args.ids ?? [...data.mailboxes.keys()];
		return got(data, ids.map((id) => data.mailbox(id)).filter(Boolean), ids, args.properties);
	},
	"Mailbox/changes": (data, args) => ({...changed(data, "Mailbox", args), updatedProperties: null}),
	"Mailbox/set": setMailboxes,
	"Thread/get": (data, args) => {
		const ids = [...new Set(args.ids)];
		return got(data, ids.map((id) => data.threads.get(id)).filter(Boolean), ids);
	},
	"Thread/changes": (data, args) => changed(data, "Thread", args),
	"Email/get": (data, args) => got(data, args.ids.map((id) => data.emails.get(id))
		.filter(Boolean).map((one) => emailObject(data, one)), args.ids, args.properties ??
			["threadId", "mailboxIds", "keywords", "receivedAt", "from", "to", "subject"]),
	"Email/changes": (data, args) => changed(data, "Email", args),
	"Email/query": query,
	"Email/queryChanges": queryChanges,
	"Email/set": setEmails,
	"SearchSnippet/get": (data, args) => ({accountId: "a1", notFound: null,
		list: args.emailIds.map((id) => snippet(args.filter, data.emails.get(id)))}),
	"Identity/get": (data) => ({accountId: "a1", state: "1", list: data.identities, notFound: []}),
	"Identity/set": (data, args) => {
		for (const [id, patch] of Object.entries(args.update ?? {}))
			Object.assign(data.identities.find((one) => one.id === id), patch);
		return {accountId: "a1", newState: "1", updated: args.update, created: {}, destroyed: []};
	},
	"VacationResponse/get": (data) => ({accountId: "a1", state: "1", notFound: [],
		list: [{id: "singleton", isEnabled: false, fromDate: null, toDate: null,
			subject: null, textBody: null, htmlBody: null, ...data.vacation}]}),
	"VacationResponse/set": (data, args) => {
		data.vacation = {...data.vacation, ...args.update?.singleton};
		return {accountId: "a1", newState: "1", updated: {singleton: null}};
	},
	"EmailSubmission/set": (data, args, created) => {
		const answer = {accountId: "a1", oldState: "1", newState: "1", created: {}, updated: {}};
		const update = {};
		for (const [key, create] of Object.entries(args.create ?? {})) {
			if (data.refuse) {
				(answer.notCreated ??= {})[key] = {type: "forbiddenToSend",
					description: "You may not send"};
				continue;
			}
			const id = "s" + ++data.counter;
			data.submissions.set(id, {id, undoStatus: "pending", ...create});
			answer.created[key] = {id, undoStatus: "pending"};
			const email = create.emailId.replace(/^#/, "");
			const patch = args.onSuccessUpdateEmail?.["#" + key];
			if (patch)
				update[created.get(email) ?? email] = patch;
		}
		for (const [id, patch] of Object.entries(args.update ?? {})) {
			if (data.late) {
				(answer.notUpdated ??= {})[id] = {type: "cannotUnsend"};
				continue;
			}
			Object.assign(data.submissions.get(id), patch);
			answer.updated[id] = null;
			const after = args.onSuccessUpdateEmail?.[id];
			if (after)
				update[data.submissions.get(id).emailId] = after;
		}
		if (Object.keys(update).length > 0)
			setEmails(data, {update}, created);
		return answer;
	},
};

// ---- A request (RFC 8620 sections 3.4 to 3.7) --------------------------------

function point(value, path) {
	const [first, ...rest] = path;
	if (first === undefined)
		return value;
	if (first === "*")
		return value.flatMap((one) => point(one, rest));
	return point(value[first], rest);
}

export function answer(data, request) {
	const responses = [];
	const created = new Map();
	for (const [name, args, id] of request.methodCalls) {
		try {
			const resolved = {};
			for (const [key, value] of Object.entries(args)) {
				if (!key.startsWith("#")) {
					resolved[key] = value;
					continue;
				}
				const of = responses.find((one) => one[2] === value.resultOf);
				if (!of || of[0] !== value.name)
					throw new Refused("invalidResultReference");
				resolved[key.slice(1)] = point(of[1], value.path.split("/").slice(1));
			}
			if (!METHODS[name])
				throw new Refused("unknownMethod");
			responses.push([name, METHODS[name](data, resolved, created), id]);
		} catch (error) {
			if (!(error instanceof Refused))
				console.error(error);
			responses.push(["error", {type: error.type ?? "serverFail",
				description: error.message}, id]);
		}
	}
	return {methodResponses: responses, sessionState: "1"};
}
