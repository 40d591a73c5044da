// SPDX-License-Identifier: Apache-2.0
import {test} from "node:test";
import assert from "node:assert/strict";
import {expand, JmapClient, splitCalls} from "../../src/jmap/client.ts";
import {JmapError, TransportError} from "../../src/jmap/errors.ts";
import {EventReader, type ServerEvent} from "../../src/jmap/push.ts";
import type {Session} from "../../src/jmap/types.ts";

type Calls = [string, Record<string, unknown>, string][];

// A client whose server answers with what `reply` makes of the calls.
function client(reply: (calls: Calls) => unknown, status = 200) {
	const requests: {using: string[]; methodCalls: Calls}[] = [];
	const runs: (() => void)[] = [];
	const made = new JmapClient({
		defer: (run) => void runs.push(run),
		fetch: async (_url, init) => {
			const request = JSON.parse(String(init?.body)) as (typeof requests)[0];
			requests.push(request);
			return new Response(JSON.stringify(reply(request.methodCalls)), {status});
		},
	});
	made.session = {apiUrl: "/api", capabilities: {"urn:ietf:params:jmap:core":
		{maxCallsInRequest: 3}}} as unknown as Session;
	return {made, requests, flush: () => runs.splice(0).forEach((run) => run())};
}

const echo = (calls: Calls): unknown => ({methodResponses: calls});

test("the calls of one tick are one request", async () => {
	const {made, requests, flush} = client(echo);
	const query = made.call("Email/query", {accountId: "a"});
	const got = made.call("Email/get", {accountId: "a", "#ids": query.ref("/ids")});
	flush();
	await got;
	assert.equal(requests.length, 1);
	assert.deepEqual(requests[0]!.using,
		["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]);
	assert.deepEqual(requests[0]!.methodCalls[1]![1]["#ids"],
		{resultOf: query.id, name: "Email/query", path: "/ids"});
});

test("too many calls are several requests, references stay together", () => {
	const call = (id: string, of?: string) => ({id, args: of
		? {"#ids": {resultOf: of, name: "", path: ""}} : {}});
	const split = (...calls: ReturnType<typeof call>[]): string =>
		splitCalls(calls, 3).map((one) => one.map(({id}) => id).join("")).join(" ");
	assert.equal(split(call("a"), call("b"), call("c"), call("d")), "abc d");
	assert.equal(split(call("a"), call("b"), call("c"), call("d", "c")), "ab cd");
	assert.equal(split(call("a"), call("b", "a"), call("c", "b"), call("d", "a")), "abcd");
});

test("a refused call fails alone", async () => {
	const {made, flush} = client((calls) => ({methodResponses: [
		["error", {type: "invalidArguments", description: "no"}, calls[0]![2]], calls[1]]}));
	const bad = made.call("Email/query", {accountId: "a"});
	const good = made.call("Mailbox/get", {accountId: "a", ids: null});
	flush();
	await good;
	await assert.rejects(bad.promise, (error: unknown) => error instanceof JmapError &&
		error.type === "invalidArguments");
});

test("further answers of a call do not replace the first", async () => {
	const {made, flush} = client((calls) => ({methodResponses: [
		calls[0], ["Email/set", {late: true}, calls[0]![2]]]}));
	const call = made.call("EmailSubmission/set", {accountId: "a"});
	flush();
	assert.deepEqual(await call, {accountId: "a"});
});

test("without an answer all calls fail", async () => {
	const {made, flush} = client(() => ({type: "urn:ietf:params:jmap:error:limit",
		detail: "too much"}), 400);
	const call = made.call("Mailbox/get", {accountId: "a", ids: null});
	flush();
	await assert.rejects(call.promise, (error: unknown) => error instanceof TransportError &&
		error.status === 400 && error.message === "too much" &&
		error.problem === "urn:ietf:params:jmap:error:limit");
});

test("templates are filled in", () => {
	assert.equal(expand("/d/{accountId}/{name}?type={type}",
		{accountId: "a1", name: "ä/b.txt", type: "text/plain"}),
	"/d/a1/%C3%A4%2Fb.txt?type=text%2Fplain");
});

test("a stream of events in pieces of any size", () => {
	const text = ": hi\r\n\r\nevent: state\r\nid: 7\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\n" +
		"data:x\n\nevent: ping\ndata: {}\n\nid: 8\n\n";
	for (const size of [1, 2, 3, 7, text.length]) {
		const events: ServerEvent[] = [];
		const reader = new EventReader((event) => events.push(event));
		for (let at = 0; at < text.length; at += size)
			reader.add(text.slice(at, at + size));
		assert.deepEqual(events.map((one) => [one.event, one.data, one.id]), [
			["state", "{\"a\":\n1}", "7"], ["message", "x", "7"], ["ping", "{}", "7"]],
		String(size));
	}
});
