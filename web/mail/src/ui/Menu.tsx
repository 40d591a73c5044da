// SPDX-License-Identifier: Apache-2.0
// A menu that hangs on its button (WAI-ARIA's menu button).
import type {ComponentChildren} from "preact";
import {useEffect, useLayoutEffect, useRef, useState} from "preact/hooks";
import {Icon, type IconName} from "./Icon.tsx";
import {IconButton} from "./Button.tsx";

export interface MenuItem {
	label: string;
	icon?: IconName;
	checked?: boolean; // one of several
	run: () => void;
}

export type MenuEntry = MenuItem | "line" | {title: string};

const isItem = (entry: MenuEntry): entry is MenuItem =>
	entry !== "line" && "run" in entry;

export function MenuButton({label, icon = "more", items, class: name, children}: {
	label: string;
	icon?: IconName;
	items: () => MenuEntry[];
	class?: string;
	children?: ComponentChildren; // instead of the icon
}) {
	const [open, setOpen] = useState(false);
	const root = useRef<HTMLDivElement>(null);
	const close = (focus: boolean): void => {
		setOpen(false);
		if (focus)
			root.current?.querySelector("button")?.focus();
	};
	useEffect(() => {
		if (!open)
			return;
		const outside = (event: Event): void => {
			if (!root.current?.contains(event.target as Node))
				close(false);
		};
		document.addEventListener("pointerdown", outside);
		window.addEventListener("blur", outside);
		return () => {
			document.removeEventListener("pointerdown", outside);
			window.removeEventListener("blur", outside);
		};
	}, [open]);
	return (
		<div class={`menu-root ${name ?? ""}`} ref={root}>
			{children
				? <button type="button" class="menu-face" aria-label={label}
					title={label} aria-haspopup="menu" aria-expanded={open}
					onClick={() => setOpen(!open)}>{children}</button>
				: <IconButton icon={icon} label={label} popup="menu" expanded={open}
					onClick={() => setOpen(!open)} />}
			{open && <MenuList items={items()} label={label} onClose={close} />}
		</div>
	);
}

// `at`: a place of the window instead of below a button; the menu stays inside.
export function MenuList({items, label, onClose, at: place}: {
	items: MenuEntry[]; label: string; onClose: (focus: boolean) => void;
	at?: {x: number; y: number};
}) {
	const list = useRef<HTMLDivElement>(null);
	useLayoutEffect(() => {
		if (!place)
			return;
		const menu = list.current!;
		const inside = (wanted: number, size: number, room: number): string =>
			`${Math.max(8, Math.min(wanted, room - size - 8))}px`;
		menu.style.left = inside(place.x, menu.offsetWidth, innerWidth);
		menu.style.top = inside(place.y, menu.offsetHeight, innerHeight);
	}, [place]);
	const buttons = (): HTMLElement[] =>
		[...list.current!.querySelectorAll<HTMLElement>("[role^=menuitem]")];
	// Before it is painted: a key pressed at once is the menu's.
	useLayoutEffect(() => buttons()[0]?.focus(), []);
	const onKey = (event: KeyboardEvent): void => {
		const all = buttons();
		const at = all.indexOf(document.activeElement as HTMLElement);
		const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1}[event.key];
		if (to !== undefined)
			all.at(to % all.length)!.focus();
		else if (event.key === "Escape" || event.key === "Tab")
			onClose(event.key === "Escape");
		else
			return;
		event.preventDefault();
		event.stopPropagation();
	};
	return (
		<div class={`menu ${place ? "at-place" : ""}`} role="menu" aria-label={label} ref={list} onKeyDown={onKey}>
			{items.map((entry, index) => isItem(entry)
				? <button key={index} type="button" class="menu-item" tabIndex={-1}
					role={entry.checked === undefined ? "menuitem" : "menuitemradio"}
					aria-checked={entry.checked}
					onClick={() => {
						onClose(true);
						entry.run();
					}}>
					<span class="menu-icon">{entry.checked
						? <Icon name="check" size={18} />
						: entry.icon && <Icon name={entry.icon} size={18} />}</span>
					{entry.label}
				</button>
				: entry === "line"
					? <div key={index} class="menu-line" role="separator" />
					: <div key={index} class="menu-title" role="presentation">{entry.title}</div>)}
		</div>
	);
}
