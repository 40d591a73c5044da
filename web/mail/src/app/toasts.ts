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
	// After that moment (in milliseconds) it cannot be undone: it goes away even when
	// the pointer rests on it.
	until?: number | undefined;
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

function goesAfter(id: number, ms: number): void {
	clearTimeout(timers.get(id));
	const until = toasts.peek().find((one) => one.id === id)?.until ?? Infinity;
	const left = Math.min(ms, until - Date.now());
	if (left < 2 ** 31) // what setTimeout() can count
		timers.set(id, setTimeout(() => dismiss(id), left));
}

export function dismiss(id: number): void {
	remove(id)?.onGone?.();
}

// While somebody looks at it, it stays.
export function hold(id: number): void {
	goesAfter(id, Infinity);
}

export function release(id: number): void {
	goesAfter(id, SECONDS * 1000);
}

export function toast(
	text: string,
	options: Partial<Omit<Toast, "id" | "text">> = {},
): void {
	const id = ++counter;
	// The newest is the one that can be undone; two are enough to look at.
	for (const old of toasts.peek().slice(0, -1))
		dismiss(old.id);
	toasts.value = [...toasts.peek(), {id, text, kind: "done", ...options}];
	release(id);
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

// The page is left, or the user logs out: what waits for its time is done now.
export function dismissAll(): void {
	for (const one of toasts.peek())
		dismiss(one.id);
}

window.addEventListener("pagehide", dismissAll);
