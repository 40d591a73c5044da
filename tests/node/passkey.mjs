// SPDX-License-Identifier: Apache-2.0
// Passkeys in Chromium, with a virtual authenticator: node passkey.mjs JSON,
// where JSON has chromium, port, timeout, user, password, page (of an
// authorization request; 50123 stands for the program's port). Prints a line of JSON for each thing that it saw.
import {readFileSync} from "node:fs";
import {createServer} from "node:http";
import {createRequire} from "node:module";
import {chromium} from "playwright-core";

const axe = readFileSync(
	createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const order = JSON.parse(process.argv[2]);
const here = "https://mail.example.org";
const browser = await chromium.launch({
	executablePath: order.chromium,
	args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		`--host-resolver-rules=MAP mail.example.org 127.0.0.1:${order.port}`],
});

// The program that opened the page: it listens for the browser to come back.
let cameBack;
const led = new Promise((resolve) => {
	cameBack = resolve;
});
const program = createServer((request, response) => {
	if (request.url.startsWith("/done"))
		cameBack(request.url);
	response.end("You can close this page.");
});
await new Promise((resolve) => program.listen(0, "127.0.0.1", resolve));
const own = `http://127.0.0.1:${program.address().port}`;
const start = order.page.replace(
	"127.0.0.1%3A50123", `127.0.0.1%3A${program.address().port}`);

function say(name, value) {
	console.log(JSON.stringify({name, value}));
}

// Asks the server as a page of it does.
function ask(page, method, path, body) {
	return page.evaluate(async ([method, path, body]) => {
		const answer = await fetch(path, {
			method,
			headers: {
				"X-Roost": "1",
				...(body ? {"Content-Type": "application/json"} : {}),
			},
			body: body && JSON.stringify(body),
		});
		return {status: answer.status, ...await answer.json()};
	}, [method, path, body]);
}

// What keeps people out of a page.
async function faults(page) {
	await page.evaluate(axe);
	const found = await page.evaluate(() => axe.run());
	return found.violations.map((one) =>
		`${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
}

// What a page does with the options; the credential as JSON.
function useAuthenticator(page, what, options) {
	return page.evaluate(async ([what, options]) => {
		const bytes = (text) => Uint8Array.from(
			atob(text.replace(/-/g, "+").replace(/_/g, "/")),
			(character) => character.charCodeAt(0));
		const text = (buffer) =>
			btoa(String.fromCharCode(...new Uint8Array(buffer)))
				.replace(/\+/g, "-").replace(/\//g, "_")
				.replace(/=+$/, "");
		options.challenge = bytes(options.challenge);
		for (const name of ["allowCredentials", "excludeCredentials"])
			for (const one of options[name] ?? [])
				one.id = bytes(one.id);
		if (options.user)
			options.user.id = bytes(options.user.id);
		const credential =
			await navigator.credentials[what]({publicKey: options});
		const response = {};
		for (const name of ["clientDataJSON", "attestationObject",
			"authenticatorData", "signature", "userHandle"])
			if (credential.response[name])
				response[name] = text(credential.response[name]);
		return {id: credential.id, rawId: text(credential.rawId),
			type: credential.type, response};
	}, [what, options]);
}

async function addAuthenticator(context, page, options) {
	const session = await context.newCDPSession(page);
	await session.send("WebAuthn.enable");
	const {authenticatorId} =
		await session.send("WebAuthn.addVirtualAuthenticator", {options: {
			protocol: "ctap2", transport: "internal", hasResidentKey: true,
			hasUserVerification: true, isUserVerified: true,
			automaticPresenceSimulation: true, ...options,
		}});
	return {session, authenticatorId};
}

async function openPage(context) {
	const page = await context.newPage();
	page.setDefaultTimeout(order.timeout);
	page.setDefaultNavigationTimeout(order.timeout);
	page.on("pageerror", (error) => say("error", String(error)));
	return page;
}

async function register(page, name) {
	const begun = await ask(
		page, "POST", "/account/factors/passkeys/begin", {});
	const made = await useAuthenticator(page, "create", begun.publicKey);
	return ask(page, "POST", "/account/factors/passkeys/finish",
		{name, ...made});
}

// The second step; `change` spoils the answer.
async function logIn(page, change) {
	const first = await ask(page, "POST", "/account/login",
		{user: order.user, password: order.password});
	const begun = await ask(page, "POST", "/account/login/passkey/begin",
		{ticket: first.ticket});
	const proof = await useAuthenticator(page, "get", begun.publicKey);
	change?.(proof);
	const last = await ask(page, "POST", "/account/login/passkey/finish",
		{ticket: first.ticket, ...proof});
	return {first, last};
}

async function logInWithoutName(page) {
	const begun = await ask(
		page, "POST", "/account/login/passkey/begin", {});
	const proof = await useAuthenticator(page, "get", begun.publicKey);
	const body = {...proof};
	const last = await ask(
		page, "POST", "/account/login/passkey/finish", body);
	return {last, body};
}

try {
	const context = await browser.newContext(
		{ignoreHTTPSErrors: true, locale: "en-US"});
	const page = await openPage(context);
	await page.goto(`${here}/setup`);
	const {session, authenticatorId} =
		await addAuthenticator(context, page, {});

	await ask(page, "POST", "/account/login",
		{user: order.user, password: order.password});
	say("registered", await register(page, "A key"));
	say("twice", await register(page, "Again").catch(
		(error) => ({status: String(error).match(/\w+Error/)?.[0]})));
	say("factors", await ask(page, "GET", "/account/factors"));
	await ask(page, "POST", "/account/logout");

	say("second step", await logIn(page));
	say("session", await ask(page, "GET", "/account/session"));
	await ask(page, "POST", "/account/logout");
	say("spoiled", await logIn(page, (proof) => {
		const text = proof.response.signature;
		proof.response.signature = text.slice(0, 20) +
			(text[20] === "A" ? "B" : "A") + text.slice(21);
	}));

	const alone = await logInWithoutName(page);
	say("alone", alone.last);
	say("alone session", await ask(page, "GET", "/account/session"));
	await ask(page, "POST", "/account/logout");
	// Without the user's finger or PIN the passkey is one factor only.
	await session.send("WebAuthn.setUserVerified",
		{authenticatorId, isUserVerified: false});
	say("unverified", await logInWithoutName(page).then(
		({last}) => last, (error) => ({refused: String(error)
			.includes("NotAllowedError")})));
	await session.send("WebAuthn.setUserVerified",
		{authenticatorId, isUserVerified: true});

	// On the page of the authorization server, by its own script.
	await page.goto(here + start);
	const kept = await faults(page);
	await page.fill("#user", order.user);
	await page.fill("#password", order.password);
	await page.click("form[action='/oauth/login'] button");
	await page.waitForSelector("h1:has-text('Second step')");
	kept.push(...await faults(page));
	await page.click(".passkey button");
	await page.waitForSelector("button[value=allow]");
	say("consent", await page.textContent("main"));
	say("faults", kept.concat(await faults(page)));
	await page.click("button[value=allow]");
	say("led to", own + await led);
	await page.waitForSelector("text=You can close this page.");

	// And without a name.
	await page.goto(`${here}/setup`);
	await ask(page, "POST", "/account/logout");
	await page.goto(here + start);
	await page.click(".passkey button");
	await page.waitForSelector("button[value=allow]");
	say("consent alone", await page.isVisible("button[value=deny]"));

	const {passkeys} = await ask(page, "GET", "/account/factors");
	say("renamed", await ask(page, "POST",
		`/account/factors/passkeys/${passkeys[0].id}`, {name: "Old key"}));
	say("names", (await ask(page, "GET", "/account/factors")).passkeys.map(
		(one) => one.name));
	say("removed", await ask(page, "DELETE",
		`/account/factors/passkeys/${passkeys[0].id}`));
	say("gone", (await logInWithoutName(page)).last);
	await context.close();
} finally {
	await browser.close();
	program.close();
}
