// SPDX-License-Identifier: Apache-2.0
// Short words at the lower edge: what was done, with a way back.
import {signal} from "@preact/signals";
import {t} from "../i18n/index.ts";

export interface Toast {
	id: number;
	text: string;
	kind: "done" | "error";
	undo?: (() => void) | undefined;
	// It goes away without an undo.
	onGone?: (() => void) | undefined;
}

const SECONDS = 10;

export const toasts = signal<Toast[]>([]);
const timers = new Map<number, ReturnType<typeof setTimeout>>();
let counter = 0;

function remove(id: number): Toast | undefined {
	clearTimeout(timers.get(id));
	timers.delete(id);
	const found = toasts.peek().find((one) => one.id === id);
	toasts.value = toasts.peek().filter((one) => one.id !== id);
	return found;
}

function start(id: number): void {
	timers.set(id, setTimeout(() => dismiss(id), SECONDS * 1000));
}

export function dismiss(id: number): void {
	remove(id)?.onGone?.();
}

// While somebody looks at it, it stays.
export function hold(id: number): void {
	clearTimeout(timers.get(id));
}

export const release = start;

export function toast(
	text: string,
	options: {kind?: Toast["kind"]; undo?: () => void; onGone?: () => void} = {},
): void {
	const id = ++counter;
	// The newest is the one that can be undone; two are enough to look at.
	for (const old of toasts.peek().slice(0, -1))
		dismiss(old.id);
	toasts.value = [...toasts.peek(), {id, text, kind: "done", ...options}];
	start(id);
}

export function toastError(error: unknown): void {
	const why = error instanceof Error ? error.message : String(error);
	toast(t("app.failed", {why}), {kind: "error"});
}

export function undoToast(id: number): void {
	remove(id)?.undo?.();
}

// The key "z".
export function undoLast(): void {
	const last = toasts.peek().findLast((one) => one.undo);
	if (last)
		undoToast(last.id);
}

// The page is left: what waits for its time is done now.
window.addEventListener("pagehide", () => {
	for (const one of toasts.peek())
		dismiss(one.id);
});
