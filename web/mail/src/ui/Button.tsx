// SPDX-License-Identifier: Apache-2.0
import type {ComponentChildren} from "preact";
import {Icon, type IconName} from "./Icon.tsx";

interface ButtonProps {
	children: ComponentChildren;
	onClick?: (event: MouseEvent) => void;
	icon?: IconName;
	kind?: "primary" | "plain" | "quiet" | "danger";
	type?: "button" | "submit";
	disabled?: boolean;
	class?: string;
}

export function Button({children, icon, kind = "plain", type = "button",
	class: name = "", ...rest}: ButtonProps) {
	return (
		<button type={type} class={`button ${kind} ${name}`} {...rest}>
			{icon && <Icon name={icon} size={18} />}
			<span>{children}</span>
		</button>
	);
}

interface IconButtonProps {
	icon: IconName;
	label: string; // the name, and what is shown over it
	keys?: string; // shown with it: "e"
	onClick?: (event: MouseEvent) => void;
	pressed?: boolean;
	filled?: boolean;
	disabled?: boolean;
	expanded?: boolean;
	popup?: "menu" | "dialog";
	class?: string;
	size?: number;
	tabIndex?: number;
}

export function IconButton({icon, label, keys, pressed, filled = false, expanded,
	popup, class: name = "", size = 20, ...rest}: IconButtonProps) {
	return (
		<button type="button" class={`icon-button ${name}`} aria-label={label}
			title={keys ? `${label} (${keys})` : label} aria-pressed={pressed}
			aria-expanded={expanded} aria-haspopup={popup} {...rest}>
			<Icon name={icon} size={size} filled={filled} />
		</button>
	);
}
