// SPDX-License-Identifier: Apache-2.0
// Adds to the page what needs a script: buttons that copy, and the test. All
// words are in the page; sentences about the test come from the server in the
// page's language. Text is never read as HTML.
"use strict";

(() => {
	const element = (name, className, text) => {
		const made = document.createElement(name);
		if (className)
			made.className = className;
		if (text)
			made.textContent = text;
		return made;
	};

	// ---- Copying

	const said = document.getElementById("said");

	async function copy(value) {
		await navigator.clipboard.writeText(value.textContent);
		said.textContent = "";
		said.textContent = said.dataset.copied;
	}

	function addCopyButtons() {
		if (!navigator.clipboard)
			return;
		for (const value of document.querySelectorAll("[data-copy]")) {
			const button = element("button", "copy",
				said.dataset.copyShort);
			button.type = "button";
			button.setAttribute("aria-label", value.dataset.copy +
				": " + value.textContent);
			button.addEventListener("click", () => copy(value));
			value.after(button);
		}
	}

	// ---- The test

	const result = document.getElementById("result");
	const form = document.getElementById("test-form");
	let lists; // by the service

	function addPart(event) {
		const part = element("div");
		const list = element("ul");
		if (event.service) {
			const title = result.dataset.for
				.replace("{protocol}", event.protocol)
				.replace("{port}", event.port)
				.replace("{security}", event.security);
			part.append(element("h3", "", title));
		}
		part.append(list);
		part.dataset.service = event.service || "";
		return part;
	}

	// The services are tried side by side, and shown in the order of the
	// settings above.
	const order = ["", ...Array.from(document.querySelectorAll(".card"),
		(card) => card.dataset.service)];

	function listOf(event) {
		const key = event.service || "";
		if (!lists.has(key)) {
			const part = addPart(event);
			const place = (other) =>
				order.indexOf(other.dataset.service);
			const next = [...result.querySelectorAll("div")].find(
				(other) => place(other) > place(part));
			result.insertBefore(part, next || null);
			lists.set(key, part.querySelector("ul"));
		}
		return lists.get(key);
	}

	function show(event) {
		if (event.end) {
			result.prepend(element("p", "verdict", event.text));
			return;
		}
		const item = element("li", event.state);
		const state = result.dataset[event.state];
		if (event.state === "good")
			item.append(element("span", "unseen", state + ": "));
		else
			item.append(element("b", "", state + ": "));
		item.append(event.text);
		if (event.mend)
			item.append(element("span", "mend", event.mend));
		listOf(event).append(item);
	}

	// The answer has an event on each line, as it happens.
	async function read(body) {
		const reader = body.getReader();
		const decoder = new TextDecoder();
		let text = "";
		let ended = false;
		for (;;) {
			const {done, value} = await reader.read();
			if (done)
				return ended;
			text += decoder.decode(value, {stream: true});
			const lines = text.split("\n");
			text = lines.pop();
			for (const line of lines.filter(Boolean)) {
				const event = JSON.parse(line);
				ended = ended || Boolean(event.end);
				show(event);
			}
		}
	}

	async function test() {
		const running = element("p", "", result.dataset.running);
		lists = new Map();
		result.replaceChildren(running);
		let whole = false;
		try {
			const answer = await fetch(form.action, {
				method: "POST",
				body: new URLSearchParams(new FormData(form)),
				cache: "no-store",
				credentials: "omit",
			});
			if (answer.ok)
				whole = await read(answer.body);
		} catch (error) {
			// The network's fault: said below.
		}
		running.remove();
		if (!whole)
			result.prepend(element("p", "verdict",
				result.dataset.lost));
	}

	if (form) {
		const button = form.querySelector("button");
		document.getElementById("test").hidden = false;
		form.addEventListener("submit", async (event) => {
			event.preventDefault();
			button.disabled = true;
			await test();
			button.disabled = false;
		});
	}
	addCopyButtons();
})();
