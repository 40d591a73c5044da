// SPDX-License-Identifier: Apache-2.0
// The keyboard. A view adds its keys while it is shown; the list behind "?" is
// made from what is there.
import {signal} from "@preact/signals";
import {dialog} from "./dialogs.ts";
import type {Key} from "../i18n/index.ts";

export type KeyGroup = "move" | "act" | "write" | "other";

export interface KeyBinding {
	// "j", "Shift+i", "Mod+Enter" (Ctrl, or Command on a Mac), "g i" (one after
	// the other). The first is shown.
	keys: string[];
	label: Key;
	group: KeyGroup;
	// False: not now; the key is left to others.
	run: (event: KeyboardEvent) => boolean | void;
	hidden?: boolean; // not in the list
	// Also while somebody types.
	typing?: boolean;
}

const SEQUENCE_MS = 1200;
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

const sets = signal<readonly (readonly KeyBinding[])[]>([]);
let begun = "";
let begunAt = 0;

export function bindings(): KeyBinding[] {
	return sets.value.flat();
}

// The last that were added come first. Returns what takes them away.
export function addKeys(bindings: readonly KeyBinding[]): () => void {
	sets.value = [bindings, ...sets.peek()];
	return () => {
		sets.value = sets.peek().filter((one) => one !== bindings);
	};
}

export function nameOfKey(event: KeyboardEvent): string {
	const mod = isMac ? event.metaKey : event.ctrlKey;
	const other = isMac ? event.ctrlKey : event.metaKey;
	let name = event.key;
	if (name === " ")
		name = "Space";
	// Letters say by their case that Shift is held, "#" says nothing of it.
	if (/^[a-z]$/i.test(name) && event.shiftKey)
		name = "Shift+" + name.toLowerCase();
	else if (/^[A-Z]$/.test(name))
		name = name.toLowerCase(); // caps lock
	else if (name.length > 1 && event.shiftKey)
		name = "Shift+" + name;
	return (mod ? "Mod+" : "") + (other ? "Meta+" : "") +
		(event.altKey ? "Alt+" : "") + name;
}

export function shownKey(key: string): string[] {
	const names: Record<string, string> = {Mod: isMac ? "⌘" : "Ctrl", Shift: "⇧",
		ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→",
		Enter: "↵", Escape: "Esc", Delete: "Del"};
	return key.split("+").map((part) => names[part] ?? part);
}

function isTyping(target: EventTarget | null): boolean {
	const element = target as HTMLElement | null;
	return !!element && (element.isContentEditable ||
		/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) &&
		!/^(checkbox|radio|button)$/.test((element as HTMLInputElement).type));
}

function tryKey(event: KeyboardEvent, name: string, typing: boolean): boolean {
	for (const binding of bindings())
		if (binding.keys.includes(name) && (!typing || binding.typing) &&
			binding.run(event) !== false)
			return true;
	return false;
}

export function handleKey(event: KeyboardEvent): void {
	if (event.defaultPrevented || event.isComposing ||
		["Shift", "Control", "Alt", "Meta"].includes(event.key) ||
		dialog.peek() || document.querySelector("dialog[open]"))
		return;
	const typing = isTyping(event.target);
	const name = nameOfKey(event);
	const sequence = begun && Date.now() - begunAt < SEQUENCE_MS ? `${begun} ${name}` : "";
	begun = "";
	if (sequence && !typing && tryKey(event, sequence, false)) {
		event.preventDefault();
		return;
	}
	// Enter and space belong to the button that has the focus.
	const focused = event.target as HTMLElement | null;
	if (/^(Enter|Space)$/.test(name) && focused?.closest?.("a, button, summary, [role=menu]"))
		return;
	if (tryKey(event, name, typing)) {
		event.preventDefault();
	} else if (!typing && bindings().some((one) =>
		one.keys.some((key) => key.startsWith(name + " ")))) {
		begun = name;
		begunAt = Date.now();
	}
}
