// SPDX-License-Identifier: Apache-2.0
// The own log-in (src/account of the server): sessions, application passwords,
// second factors. What changes it may need that the user shows again who he is.
import {h} from "preact";
import {showDialog} from "./dialogs.ts";
import {roostFetch} from "./http.ts";

// `status` is the server's word: "refused", "wrong", "limited" …
export class AccountError extends Error {
	constructor(readonly status: string) {
		super(status);
		this.name = "AccountError";
	}
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
	const response = await roostFetch("/account/" + path, {
		method,
		...(method !== "GET" && {
			headers: {"Content-Type": "application/json"},
			body: JSON.stringify(body ?? {})}),
	});
	const answer = await response.json().catch(() => ({})) as T & {status?: string};
	if (!response.ok)
		throw new AccountError(answer.status ?? String(response.status));
	return answer;
}

// Asks for the proof if it is needed, then again. Rejects with "cancelled" when the
// user does not want to.
export async function account<T = {status: string}>(
	method: "GET" | "POST" | "DELETE", path: string, body?: unknown,
): Promise<T> {
	try {
		return await ask<T>(method, path, body);
	} catch (error) {
		if (!(error instanceof AccountError) || error.status !== "proof-needed")
			throw error;
		await prove();
		return ask<T>(method, path, body);
	}
}

async function prove(): Promise<void> {
	const {ProofDialog} = await import("../views/settings/ProofDialog.tsx");
	await new Promise<void>((resolve, reject) => showDialog(h(ProofDialog, {
		onProved: resolve, onCancelled: () => reject(new AccountError("cancelled"))})));
}

// A password, or a code of the second factor.
export function giveProof(proof: {password: string} | {code: string}): Promise<unknown> {
	return ask("POST", "proof", proof);
}

export async function proveByPasskey(): Promise<void> {
	const {publicKey} = await ask<{publicKey: PublicKeyCredentialRequestOptionsJSON}>(
		"POST", "proof/passkey/begin");
	const given = await navigator.credentials.get({publicKey:
		PublicKeyCredential.parseRequestOptionsFromJSON(publicKey)}) as PublicKeyCredential;
	const {rawId, response} = given.toJSON() as {rawId: string; response: unknown};
	await ask("POST", "proof/passkey/finish", {rawId, response});
}

export async function addPasskey(name: string): Promise<{recovery?: string[]}> {
	const {publicKey} = await account<{publicKey: PublicKeyCredentialCreationOptionsJSON}>(
		"POST", "factors/passkeys/begin");
	const made = await navigator.credentials.create({publicKey:
		PublicKeyCredential.parseCreationOptionsFromJSON(publicKey)}) as PublicKeyCredential;
	const {response} = made.toJSON() as {response: unknown};
	return account("POST", "factors/passkeys/finish", {name, response});
}

export interface Credential {
	id: string;
	name: string;
	created: string | null;
	lastUsed: string | null;
	address: string;
	protocol: string;
}

export interface SessionEntry extends Credential {
	kind: "browser" | "program";
	current: boolean;
}

export interface Factors {
	on: boolean;
	totp: boolean;
	recovery: number;
	passkeys: {id: string; name: string; created: string | null; lastUsed: string | null}[];
}
