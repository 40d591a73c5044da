// SPDX-License-Identifier: Apache-2.0
// Registers the service worker. The policy of Trusted Types lets this one address
// through, and no other.
const URL_OF_WORKER = "/mail/worker.js";

interface TrustedTypesFactory {
	createPolicy(name: string, rules: {createScriptURL: (url: string) => string}):
		{createScriptURL(url: string): string};
}

let registered = false;

export function registerWorker(): void {
	if (registered || !("serviceWorker" in navigator))
		return;
	registered = true;
	const {trustedTypes} = window as {trustedTypes?: TrustedTypesFactory};
	const url = trustedTypes?.createPolicy("roost", {
		createScriptURL: (wanted) => {
			if (wanted !== URL_OF_WORKER)
				throw new TypeError("no script of ours");
			return wanted;
		},
	}).createScriptURL(URL_OF_WORKER) ?? URL_OF_WORKER;
	// Without it the page works with a network only.
	navigator.serviceWorker.register(url, {scope: "/mail/"}).catch(() => undefined);
}
