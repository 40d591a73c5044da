// SPDX-License-Identifier: Apache-2.0
// Objects of one type, each behind a signal of its own: whoever shows an object
// is drawn anew when that object changes, and for no other reason.
import {signal, type Signal} from "@preact/signals";
import type {Id} from "../jmap/types.ts";

export class Objects<T extends {id: Id}> {
	private readonly map = new Map<Id, Signal<T | undefined>>();

	// The signal is there before the object is.
	signal(id: Id): Signal<T | undefined> {
		let found = this.map.get(id);
		if (!found) {
			found = signal<T | undefined>(undefined);
			this.map.set(id, found);
		}
		return found;
	}

	// Without subscribing to it.
	peek(id: Id): T | undefined {
		return this.map.get(id)?.peek();
	}

	has(id: Id): boolean {
		return this.peek(id) !== undefined;
	}

	put(object: T): void {
		this.signal(object.id).value = object;
	}

	patch(id: Id, part: Partial<T>): void {
		const now = this.peek(id);
		if (now)
			this.signal(id).value = {...now, ...part};
	}

	drop(id: Id): void {
		const found = this.map.get(id);
		if (found)
			found.value = undefined;
	}

	ids(): Id[] {
		return [...this.map.keys()].filter((id) => this.has(id));
	}

	clear(): void {
		for (const one of this.map.values())
			one.value = undefined;
		this.map.clear();
	}
}
