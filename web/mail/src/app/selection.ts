// SPDX-License-Identifier: Apache-2.0
// Which rows of the list are selected, and the row that the keyboard is at.
import {effect, signal} from "@preact/signals";
import type {Id} from "../jmap/types.ts";
import {currentList} from "./current.ts";

export const selected = signal<ReadonlySet<Id>>(new Set());
export const cursor = signal<Id | undefined>(undefined);
let anchor: Id | undefined; // where a range begins

export function clearSelection(): void {
	if (selected.peek().size > 0)
		selected.value = new Set();
	anchor = undefined;
}

export function toggle(id: Id): void {
	const next = new Set(selected.peek());
	if (!next.delete(id))
		next.add(id);
	selected.value = next;
	anchor = id;
}

// All rows from the last one that was selected to this one.
export function selectTo(id: Id): void {
	const list = currentList.peek();
	const from = anchor === undefined ? -1 : list?.indexOf(anchor) ?? -1;
	const to = list?.indexOf(id) ?? -1;
	if (!list || from < 0 || to < 0)
		return toggle(id);
	const range = list.ids.slice(Math.min(from, to), Math.max(from, to) + 1)
		.filter((one) => one !== undefined);
	selected.value = new Set([...selected.peek(), ...range]);
}

export function selectAllLoaded(): void {
	const ids = (currentList.peek()?.ids ?? []).filter((one) => one !== undefined);
	selected.value = new Set(ids);
}

// Another list: what was selected is no longer seen.
export function watchSelection(): void {
	effect(() => {
		void currentList.value;
		clearSelection();
		cursor.value = undefined;
	});
}
