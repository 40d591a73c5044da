// SPDX-License-Identifier: Apache-2.0
// Which dialog is over the page; one at a time. A view that needs one puts a
// component here and need not be there any more when it is answered.
import type {ComponentChild} from "preact";
import {signal} from "@preact/signals";

export const dialog = signal<ComponentChild>(undefined);

export function showDialog(content: ComponentChild): void {
	dialog.value = content;
}

export function closeDialog(): void {
	dialog.value = undefined;
}
