// SPDX-License-Identifier: Apache-2.0
// Passkeys on the pages of the authorization server. Everything else works
// without this script.
"use strict";

function bytesOf(text) {
	const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
	return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function textOf(buffer) {
	return btoa(String.fromCharCode(...new Uint8Array(buffer)))
		.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function ask(path, body) {
	const answer = await fetch(path, {
		method: "POST",
		headers: {"Content-Type": "application/json", "X-Roost": "1"},
		body: JSON.stringify(body),
	});
	if (!answer.ok)
		throw new Error(String(answer.status));
	return answer.json();
}

async function usePasskey(form) {
	const ticket = form.dataset.ticket;
	const begun = await ask(form.dataset.begin, ticket ? {ticket} : {});
	const options = begun.publicKey;
	options.challenge = bytesOf(options.challenge);
	for (const allowed of options.allowCredentials || [])
		allowed.id = bytesOf(allowed.id);
	const credential = await navigator.credentials.get({publicKey: options});
	const response = credential.response;
	const finished = await ask(
		form.dataset.begin.replace(/begin$/, "finish"), {
			ticket: begun.ticket || ticket,
			id: credential.id,
			rawId: textOf(credential.rawId),
			type: credential.type,
			response: {
				clientDataJSON: textOf(response.clientDataJSON),
				authenticatorData: textOf(response.authenticatorData),
				signature: textOf(response.signature),
				userHandle: response.userHandle &&
					textOf(response.userHandle),
			},
		});
	if (finished.status !== "ok")
		throw new Error(finished.status);
	location.assign(form.elements.request.value);
}

if (window.PublicKeyCredential)
	for (const form of document.querySelectorAll(".passkey")) {
		form.hidden = false;
		form.addEventListener("submit", async (event) => {
			event.preventDefault();
			const problem = form.querySelector(".problem");
			problem.hidden = true;
			try {
				await usePasskey(form);
			} catch (error) {
				problem.textContent = form.dataset.failed;
				problem.hidden = false;
			}
		});
	}
