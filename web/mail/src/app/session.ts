// SPDX-License-Identifier: Apache-2.0
// Who is logged in, and the store of his mail. The cookie of the session is not
// readable by script; whether there is one, the server says.
import {batch, signal} from "@preact/signals";
import {JmapClient} from "../jmap/client.ts";
import {Push} from "../jmap/push.ts";
import {Store} from "../store/store.ts";
import {registerWorker} from "./worker.ts";
import {TransportError} from "../jmap/errors.ts";
import {changeEmails} from "../store/change.ts";
import {deleteKept, readKept, writeKept} from "../store/offline.ts";
import {keepsMail} from "./preferences.ts";
import {dismissAll, toastError, toasts} from "./toasts.ts";
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
		show(made);
		await started;
		listen(client, made);
		registerWorker();
	} catch (error) {
		if (phase.peek() === "login" ||
			error instanceof TransportError && error.isOffline && await beginOffline(client))
			return;
		phase.value = "unreachable";
	}
}

// With what this device has kept.
async function beginOffline(client: JmapClient): Promise<boolean> {
	const kept = keepsMail.peek() ? await readKept() : undefined;
	if (!kept)
		return false;
	client.session = kept.session;
	const made = new Store(client);
	made.restore(kept);
	online.value = false;
	show(made);
	listen(client, made);
	for (const [id, patches] of kept.pending)
		for (const patch of patches)
			changeEmails(made, new Map([[id, patch]])).done.catch(toastError);
	return true;
}

function show(made: Store): void {
	batch(() => {
		current.value = made;
		phase.value = "mail";
	});
}

// ---- What is kept on this device ---------------------------------------------

const KEEP_MS = 4000;
let keeping: ReturnType<typeof setInterval> | undefined;
let keptText = "";

// What is known changes in many places, so this looks from time to time.
async function keep(): Promise<void> {
	const made = current.peek();
	if (!made?.ready.peek() || !keepsMail.peek())
		return;
	const kept = made.keep();
	const text = JSON.stringify([kept.states, kept.pending, kept.bodies.length,
		kept.lists.map((list) => [list.state, list.ids.length]), kept.emails.length]);
	if (text === keptText)
		return;
	keptText = text;
	await writeKept(kept);
}

function startKeeping(): void {
	clearInterval(keeping);
	keeping = setInterval(() => void keep(), KEEP_MS);
}

document.addEventListener("visibilitychange", () => void keep());

function listen(client: JmapClient, made: Store): void {
	startKeeping();
	push = new Push({
		url: client.session.eventSourceUrl,
		fetch: roostFetch,
		onChange: (change) => made.onStateChange(change),
		onOpen: () => {
			online.value = true;
			made.onOnline();
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
	clearInterval(keeping);
	keptText = "";
	deleteKept();
	// At once, so that nothing is drawn that needs a store.
	batch(() => {
		phase.value = "login";
		current.value = undefined;
		online.value = true;
	});
	closeDialog();
	toasts.value = []; // nothing can be undone any more
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
	keepsMail.value = remember;
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
	keepsMail.value = remember;
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

// What is done before the log-out, while the server still answers.
export const beforeLogOut = new Set<() => Promise<unknown>>();

export async function logOut(): Promise<void> {
	push?.stop();
	dismissAll();
	await Promise.allSettled([...beforeLogOut].map((run) => run()));
	await post("logout", {});
	end();
}
