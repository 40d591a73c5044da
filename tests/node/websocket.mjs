// SPDX-License-Identifier: Apache-2.0
// A WebSocket of JMAP in Chromium: node websocket.mjs JSON, where JSON has
// chromium, port, user, password, timeout. Prints a line of JSON for each thing
// that a page hears: "open", the messages, "closed".
import {chromium} from "playwright-core";

const order = JSON.parse(process.argv[2]);
const host = `localhost:${order.port}`;
const browser = await chromium.launch({
	executablePath: order.chromium,
	args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const context = await browser.newContext({ignoreHTTPSErrors: true});
const page = await context.newPage();
page.setDefaultTimeout(order.timeout);
page.setDefaultNavigationTimeout(order.timeout);
await page.exposeFunction("tell", (what) => console.log(JSON.stringify(what)));
// From now on the browser knows the password for this host.
await page.goto(`https://${encodeURIComponent(order.user)}:` +
	`${encodeURIComponent(order.password)}@${host}/jmap/session`);
await page.goto(`https://${host}${order.page}`);
await page.evaluate((host) => new Promise((resolve) => {
	const socket = new WebSocket(`wss://${host}/jmap/ws`, "jmap");
	socket.onopen = () => {
		tell({open: socket.protocol});
		socket.send(JSON.stringify({"@type": "WebSocketPushEnable"}));
		socket.send(JSON.stringify({
			"@type": "Request", "id": "R1",
			"using": ["urn:ietf:params:jmap:core"],
			"methodCalls": [["Core/echo", {"text": "x".repeat(500000)}, "0"]],
		}));
	};
	socket.onmessage = (event) => {
		const message = JSON.parse(event.data);
		tell({type: message["@type"], length: event.data.length});
		if (message["@type"] === "StateChange")
			socket.close(4000, "enough");
	};
	socket.onclose = (event) => {
		tell({closed: event.code, clean: event.wasClean});
		resolve();
	};
}), host);
await browser.close();
