// SPDX-License-Identifier: Apache-2.0
// How many panes find room beside each other.
import {computed, signal} from "@preact/signals";

export type Panes = 1 | 2 | 3;

function panesOf(width: number): Panes {
	return width >= 1080 ? 3 : width >= 720 ? 2 : 1;
}

const width = signal(window.innerWidth);
window.addEventListener("resize", () => {
	width.value = window.innerWidth;
});

// 3: folders, list, message. 2: list and message; the folders come when asked.
// 1: one after the other.
export const panes = computed<Panes>(() => panesOf(width.value));
export const drawerOpen = signal(false);
