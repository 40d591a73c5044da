// SPDX-License-Identifier: Apache-2.0
// Who is logged in, and the store of his mail. The cookie of the session is not
// readable by script; whether there is one, the server says.
import {batch, signal} from "@preact/signals";
import {JmapClient} from "../jmap/client.ts";
import {Push} from "../jmap/push.ts";
import {Store} from "../store/store.ts";
import {registerWorker} from "./worker.ts";
import {closeDialog} from "./dialogs.ts";
import {roostFetch} from "./http.ts";

export type Phase = "starting" | "login" | "mail" | "unreachable";

export const phase = signal<Phase>("starting");
export const online = signal(true);
const current = signal<Store | undefined>(undefined);
let push: Push | undefined;

// For whatever is shown while somebody is logged in.
export function store(): Store {
	return current.value!;
}

export async function begin(): Promise<void> {
	const client = new JmapClient({fetch: roostFetch, onUnauthorized: end});
	try {
		await client.open();
		const made = new Store(client);
		const started = made.start();
		current.value = made;
		phase.value = "mail";
		await started;
		listen(client, made);
		registerWorker();
	} catch {
		if (phase.peek() === "starting")
			phase.value = "unreachable";
		else if (phase.peek() === "mail" && !current.peek()?.ready.peek())
			phase.value = "unreachable";
	}
}

function listen(client: JmapClient, made: Store): void {
	push = new Push({
		url: client.session.eventSourceUrl,
		fetch: roostFetch,
		onChange: (change) => made.onStateChange(change),
		onOpen: () => {
			online.value = true;
			void made.sync().catch(() => undefined);
		},
		onClose: () => {
			online.value = false;
		},
	});
}

window.addEventListener("online", () => push?.retry());
window.addEventListener("offline", () => push?.drop());
document.addEventListener("visibilitychange", () => {
	if (document.visibilityState === "visible" && !online.peek())
		push?.retry();
});

// Nobody is logged in: on request, or because the server says so.
function end(): void {
	push?.stop();
	push = undefined;
	// At once, so that nothing is drawn that needs a store.
	batch(() => {
		phase.value = "login";
		current.value = undefined;
		online.value = true;
	});
	closeDialog();
}

// ---- Logging in and out (src/account) ----------------------------------------

export type Factor = "passkey" | "totp" | "recovery";

export type LoginAnswer =
	| {status: "ok"}
	| {status: "second-factor"; factors: Factor[]; ticket: string}
	| {status: "wrong" | "slow" | "trouble"};

async function post(path: string, body: Record<string, unknown>): Promise<Response | undefined> {
	try {
		return await roostFetch("/account/" + path, {
			method: "POST",
			headers: {"Content-Type": "application/json"},
			body: JSON.stringify(body),
		});
	} catch {
		return undefined;
	}
}

async function ask(path: string, body: Record<string, unknown>): Promise<LoginAnswer> {
	const response = await post(path, body);
	if (response?.status === 429)
		return {status: "slow"};
	if (response?.status === 401)
		return {status: "wrong"};
	if (!response?.ok)
		return {status: "trouble"};
	const answer = await response.json() as LoginAnswer;
	if (answer.status === "ok")
		await begin();
	return answer;
}

export function logIn(
	user: string, password: string, remember: boolean,
): Promise<LoginAnswer> {
	return ask("login", {user, password, remember});
}

// A code of an app, or one of those for emergencies.
export function enterCode(
	ticket: string, code: string, remember: boolean,
): Promise<LoginAnswer> {
	return ask("login/totp", {ticket, code, remember});
}

export function hasPasskeys(): boolean {
	return "PublicKeyCredential" in window &&
		"parseRequestOptionsFromJSON" in PublicKeyCredential;
}

// With a ticket it is the second factor; without, it is all that is needed.
export async function usePasskey(
	ticket: string | undefined, remember: boolean,
): Promise<LoginAnswer> {
	const order = ticket === undefined ? {} : {ticket};
	const response = await post("login/passkey/begin", order);
	if (!response?.ok)
		return {status: response?.status === 429 ? "slow" : "trouble"};
	const {publicKey} = await response.json() as
		{publicKey: PublicKeyCredentialRequestOptionsJSON};
	let given: PublicKeyCredential | null;
	try {
		given = await navigator.credentials.get({publicKey:
			PublicKeyCredential.parseRequestOptionsFromJSON(publicKey)}) as
				PublicKeyCredential | null;
	} catch {
		return {status: "wrong"}; // or the user does not want to
	}
	if (!given)
		return {status: "wrong"};
	const {rawId, response: answer} = given.toJSON() as
		{rawId: string; response: unknown};
	return ask("login/passkey/finish", {...order, rawId, response: answer, remember});
}

export async function logOut(): Promise<void> {
	push?.stop();
	await post("logout", {});
	end();
}
