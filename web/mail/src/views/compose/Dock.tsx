// SPDX-License-Identifier: Apache-2.0
// The messages that are being written, at the lower edge of the page; on a phone
// one over all of it.
import {useEffect} from "preact/hooks";
import {composing} from "../../app/compose.ts";
import {composers, openComposer} from "../../app/composers.ts";
import {Composer} from "./Composer.tsx";

export function Dock() {
	useEffect(() => composing.subscribe((orders) => {
		if (orders.length === 0)
			return;
		composing.value = [];
		for (const order of orders)
			void openComposer(order);
	}), []);
	return (
		<div class="dock">
			{composers.value.map((one) => <Composer key={one.key} composer={one} />)}
		</div>
	);
}
