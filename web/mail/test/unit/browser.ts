// SPDX-License-Identifier: Apache-2.0
// What the page's modules touch of a browser when they are loaded, for Node.
const values = new Map<string, string>();
const nothing = (): void => undefined;

const parts: Record<string, unknown> = {
	window: Object.assign(globalThis, {innerWidth: 1440, addEventListener: nothing}),
	location: {pathname: "/mail/", search: ""},
	document: {documentElement: {dataset: {}}, addEventListener: nothing},
	localStorage: {
		getItem: (name: string) => values.get(name) ?? null,
		setItem: (name: string, value: string) => void values.set(name, value),
		removeItem: (name: string) => void values.delete(name),
	},
	matchMedia: () => ({matches: false, addEventListener: nothing}),
};
for (const [name, value] of Object.entries(parts))
	if (!(name in globalThis))
		Object.defineProperty(globalThis, name, {value, configurable: true});
if (!("navigator" in globalThis))
	Object.defineProperty(globalThis, "navigator",
		{value: {platform: "Linux", languages: ["en"]}});
