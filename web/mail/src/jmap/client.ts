// SPDX-License-Identifier: Apache-2.0
// A JMAP client (RFC 8620 section 3): the calls of one tick go in one request.
//
//	const query = client.call("Email/query", {filter, limit: 50});
//	const got = client.call("Email/get", {"#ids": query.ref("/ids")});
//	const {list} = await got;
//
// A call is a promise of its response. It fails with a JmapError when the server
// refuses it, and with a TransportError when no answer came.
import type {CoreLimits, Id, ResultReference, Session} from "./types.ts";
import {capabilitiesOf, type Methods, type MethodName} from "./methods.ts";
import {JmapError, TransportError} from "./errors.ts";

const CORE = "urn:ietf:params:jmap:core";

export interface ClientOptions {
	// fetch(), with what every request needs.
	fetch: (url: string, init?: RequestInit) => Promise<Response>;
	// Runs the function when the present tick is over.
	defer?: (run: () => void) => void;
	// Nobody is logged in any more.
	onUnauthorized?: () => void;
}

type Invocation = [name: string, args: Record<string, unknown>, id: string];

interface Waiting {
	name: string;
	args: Record<string, unknown>;
	id: string;
	resolve: (value: never) => void;
	reject: (error: Error) => void;
}

export class Call<T> implements PromiseLike<T> {
	constructor(
		readonly id: string,
		readonly name: string,
		readonly promise: Promise<T>,
	) {}

	// For another call of the same tick: "#ids": query.ref("/ids").
	ref(path: string): ResultReference {
		return {resultOf: this.id, name: this.name, path};
	}

	then<A = T, B = never>(
		good?: ((value: T) => A | PromiseLike<A>) | null,
		bad?: ((reason: unknown) => B | PromiseLike<B>) | null,
	): Promise<A | B> {
		return this.promise.then(good, bad);
	}
}

// Not delayed while the page is in the background, as setTimeout() would be.
function nextTick(): (run: () => void) => void {
	const channel = new MessageChannel();
	const runs: (() => void)[] = [];
	channel.port1.onmessage = () => runs.shift()?.();
	return (run) => {
		runs.push(run);
		channel.port2.postMessage(null);
	};
}

// All calls that a call refers to, and those that refer to it, must be in the
// same request. So `calls` is cut only where nothing refers across the cut.
export function splitCalls<T extends {args: Record<string, unknown>; id: string}>(
	calls: T[], max: number,
): T[][] {
	const lastUse = new Map<string, number>();
	calls.forEach((call, index) => {
		for (const [name, value] of Object.entries(call.args))
			if (name.startsWith("#"))
				lastUse.set((value as ResultReference).resultOf, index);
	});
	const groups: T[][] = [];
	let group: T[] = [];
	let openUntil = -1;
	calls.forEach((call, index) => {
		group.push(call);
		openUntil = Math.max(openUntil, lastUse.get(call.id) ?? -1);
		if (openUntil <= index) {
			groups.push(group);
			group = [];
		}
	});
	if (group.length > 0)
		groups.push(group);
	const requests: T[][] = [];
	for (const one of groups) {
		const last = requests[requests.length - 1];
		if (last && last.length + one.length <= max)
			last.push(...one);
		else
			requests.push([...one]);
	}
	return requests;
}

export class JmapClient {
	session!: Session;
	private waiting: Waiting[] = [];
	private counter = 0;
	private readonly defer: (run: () => void) => void;

	constructor(private readonly options: ClientOptions) {
		this.defer = options.defer ?? nextTick();
	}

	// ---- The session (section 2) --------------------------------------

	async open(): Promise<Session> {
		const response = await this.fetch("/.well-known/jmap");
		this.session = await response.json() as Session;
		// The page's policy lets it speak with its own origin only. The server may
		// know itself by another name or port than the browser does.
		for (const name of ["apiUrl", "downloadUrl", "uploadUrl", "eventSourceUrl"] as const)
			this.session[name] = this.session[name]?.replace(/^https?:\/\/[^/]+/, "");
		return this.session;
	}

	get limits(): CoreLimits {
		return this.session.capabilities[CORE] as unknown as CoreLimits;
	}

	has(capability: string): boolean {
		return capability in this.session.capabilities;
	}

	accountFor(capability: string): Id | undefined {
		return this.session.primaryAccounts[capability];
	}

	// ---- Calls ---------------------------------------------------------

	call<M extends MethodName>(
		name: M, args: Methods[M]["args"],
	): Call<Methods[M]["response"]> {
		const id = "c" + this.counter++;
		const promise = new Promise<Methods[M]["response"]>((resolve, reject) => {
			if (this.waiting.length === 0)
				this.defer(() => this.flush());
			this.waiting.push(
				{name, args: {...args}, id, resolve: resolve as never, reject});
		});
		// Whoever only refers to a call does not wait for it.
		promise.catch(() => undefined);
		return new Call(id, name, promise);
	}

	private flush(): void {
		const calls = this.waiting;
		this.waiting = [];
		for (const request of splitCalls(calls, this.limits.maxCallsInRequest))
			void this.send(request);
	}

	private async send(calls: Waiting[]): Promise<void> {
		const using = new Set([CORE]);
		for (const call of calls)
			for (const capability of capabilitiesOf(call.name))
				using.add(capability);
		const methodCalls: Invocation[] = calls.map(
			(call) => [call.name, call.args, call.id]);
		try {
			const response = await this.fetch(this.session.apiUrl, {
				method: "POST",
				headers: {"Content-Type": "application/json"},
				body: JSON.stringify({using: [...using], methodCalls}),
			});
			const answer = await response.json() as {methodResponses: Invocation[]};
			this.deliver(calls, answer.methodResponses);
		} catch (error) {
			for (const call of calls)
				call.reject(error as Error);
		}
	}

	// The first answer of a call counts; further ones are of calls that the
	// server made by itself (onSuccessUpdateEmail).
	private deliver(calls: Waiting[], responses: Invocation[]): void {
		const first = new Map<string, Invocation>();
		for (const response of responses)
			if (!first.has(response[2]))
				first.set(response[2], response);
		for (const call of calls) {
			const response = first.get(call.id);
			if (!response)
				call.reject(new TransportError("no answer to " + call.name));
			else if (response[0] === "error")
				call.reject(JmapError.of(call.name, response[1]));
			else
				call.resolve(response[1] as never);
		}
	}

	// ---- Bytes (section 6) ---------------------------------------------

	downloadUrl(accountId: Id, blobId: Id, name: string, type: string): string {
		return expand(this.session.downloadUrl, {accountId, blobId, name, type});
	}

	async download(
		accountId: Id, blobId: Id, type = "application/octet-stream",
		name = "blob",
	): Promise<Blob> {
		const response = await this.fetch(
			this.downloadUrl(accountId, blobId, name, type));
		const blob = await response.blob();
		return blob.type === type ? blob : new Blob([blob], {type});
	}

	uploadUrl(accountId: Id): string {
		return expand(this.session.uploadUrl, {accountId});
	}

	// ---- Transport -----------------------------------------------------

	async fetch(url: string, init?: RequestInit): Promise<Response> {
		let response: Response;
		try {
			response = await this.options.fetch(url, init);
		} catch (error) {
			if ((error as Error).name === "AbortError")
				throw error;
			throw new TransportError(String(error));
		}
		if (response.status === 401)
			this.options.onUnauthorized?.();
		if (!response.ok)
			throw await TransportError.of(response);
		return response;
	}
}

// URI templates of level 1 (RFC 6570 section 1.2), as in a session.
export function expand(template: string, values: Record<string, string>): string {
	return template.replace(/\{(\w+)\}/g,
		(_, name: string) => encodeURIComponent(values[name] ?? ""));
}
