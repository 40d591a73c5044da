// SPDX-License-Identifier: Apache-2.0
// A dialog over the page. The browser's own <dialog> keeps the focus inside,
// closes on Escape, and gives the focus back.
import type {ComponentChildren} from "preact";
import {useId, useLayoutEffect, useRef} from "preact/hooks";
import {t} from "../i18n/index.ts";
import {IconButton} from "./Button.tsx";

export function Dialog({title, children, onClose, wide = false, class: name = ""}: {
	title: string;
	children: ComponentChildren;
	onClose: () => void;
	wide?: boolean;
	class?: string;
}) {
	const dialog = useRef<HTMLDialogElement>(null);
	const id = useId();
	useLayoutEffect(() => {
		dialog.current!.showModal();
		// Without a field to type in, the whole dialog is read out.
		if (!dialog.current!.querySelector("[autofocus]"))
			dialog.current!.querySelector<HTMLElement>(".dialog-inside")!.focus();
	}, []);
	return (
		<dialog ref={dialog} class={`dialog ${wide ? "wide" : ""} ${name}`}
			aria-labelledby={id} onClose={onClose}
			onMouseDown={(event) => {
				if (event.target === dialog.current)
					dialog.current?.close();
			}}>
			<div class="dialog-inside" tabIndex={-1}>
				<header class="dialog-head">
					<h2 id={id}>{title}</h2>
					<IconButton icon="close" label={t("app.close")}
						onClick={() => dialog.current?.close()} />
				</header>
				{children}
			</div>
		</dialog>
	);
}
