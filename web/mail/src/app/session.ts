// SPDX-License-Identifier: Apache-2.0
// Who is logged in, and the store of his mail. The cookie of the session is not
// readable by script; whether there is one, the server says.
import {batch, signal} from "@preact/signals";
import {JmapClient} from "../jmap/client.ts";
import {Push} from "../jmap/push.ts";
import {Store} from "../store/store.ts";
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

export type LoginAnswer =
	| {status: "ok"}
	| {status: "second-factor"; factors: string[]; ticket: string}
	| {status: "wrong" | "slow" | "trouble"};

async function ask(body: Record<string, unknown>): Promise<LoginAnswer> {
	let response: Response;
	try {
		response = await roostFetch("/account/login", {
			method: "POST",
			headers: {"Content-Type": "application/json"},
			body: JSON.stringify(body),
		});
	} catch {
		return {status: "trouble"};
	}
	if (response.status === 429)
		return {status: "slow"};
	if (response.status === 401 || response.status === 403)
		return {status: "wrong"};
	if (!response.ok)
		return {status: "trouble"};
	return await response.json() as LoginAnswer;
}

export async function logIn(
	user: string, password: string, remember: boolean,
): Promise<LoginAnswer> {
	const answer = await ask({user, password, remember});
	if (answer.status === "ok")
		await begin();
	return answer;
}

export async function secondFactor(ticket: string, code: string): Promise<LoginAnswer> {
	const answer = await ask({ticket, code});
	if (answer.status === "ok")
		await begin();
	return answer;
}

export async function logOut(): Promise<void> {
	try {
		await roostFetch("/account/logout", {method: "POST"});
	} finally {
		end();
	}
}
