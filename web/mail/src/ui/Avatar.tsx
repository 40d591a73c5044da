// SPDX-License-Identifier: Apache-2.0
import type {Address} from "../jmap/types.ts";
import {hueOf, initials} from "../lib/addresses.ts";

export function Avatar({address, size = "medium"}: {
	address: Address | undefined; size?: "small" | "medium";
}) {
	const who = address ?? {name: "?", email: ""};
	return (
		<span class={`avatar ${size} hue-${hueOf(who)}`} aria-hidden="true"
			data-letters={initials(who)} />
	);
}
