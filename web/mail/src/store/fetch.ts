// SPDX-License-Identifier: Apache-2.0
// Reads emails into the store. An answer can be overtaken by the news of a change:
// then it is older than what the store knows, and what can change is read again.
import type {Call, JmapClient} from "../jmap/client.ts";
import type {Email, GetResponse, Id, ResultReference} from "../jmap/types.ts";
import {LIST_PROPERTIES, MUTABLE_PROPERTIES, type Emails} from "./emails.ts";

const TRIES = 5;

export interface Source {
	client: JmapClient;
	accountId: Id;
	emails: Emails;
}

// The call is made at once, so that others of the same tick can refer to it.
export function callEmails(
	{client, accountId}: Source, ids: Id[] | ResultReference,
): Call<GetResponse<Email>> {
	return client.call("Email/get", {accountId, properties: LIST_PROPERTIES,
		...(Array.isArray(ids) ? {ids} : {"#ids": ids})}) as Call<GetResponse<Email>>;
}

// `epoch`: emails.epoch when the call was made.
export async function takeEmails(
	source: Source, call: Call<GetResponse<Email>>, epoch: number,
): Promise<Email[]> {
	const {list} = await call;
	const {emails} = source;
	emails.put(list);
	for (let tries = 0; epoch !== emails.epoch && list.length > 0 && tries < TRIES; tries++) {
		epoch = emails.epoch;
		const again = await source.client.call("Email/get", {
			accountId: source.accountId, ids: list.map((one) => one.id),
			properties: MUTABLE_PROPERTIES});
		emails.putMutable(again.list);
		for (const id of again.notFound)
			emails.objects.drop(id);
	}
	return list;
}

// All of these that are not here yet.
export async function needEmails(source: Source, ids: Id[]): Promise<void> {
	const missing = [...new Set(ids)].filter((id) => !source.emails.objects.has(id));
	const max = source.client.limits.maxObjectsInGet;
	for (let at = 0; at < missing.length; at += max)
		await takeEmails(source, callEmails(source, missing.slice(at, at + max)),
			source.emails.epoch);
}
