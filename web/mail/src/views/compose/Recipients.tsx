// SPDX-License-Identifier: Apache-2.0
// One line of addresses: what was typed becomes a chip; people to whom the user has
// written are suggested.
import type {Signal} from "@preact/signals";
import type {ComponentChildren} from "preact";
import {useEffect, useId, useRef, useState} from "preact/hooks";
import {store} from "../../app/session.ts";
import {t} from "../../i18n/index.ts";
import type {Address} from "../../jmap/types.ts";
import {fullAddress, nameOf, sameAddress} from "../../lib/addresses.ts";
import {parseRecipients} from "../../lib/recipients.ts";
import {Avatar} from "../../ui/Avatar.tsx";
import {Icon} from "../../ui/Icon.tsx";

export function Recipients({label, list, onChange, autofocus = false, children}: {
	label: string;
	list: Signal<Address[]>;
	onChange: () => void;
	autofocus?: boolean;
	children?: ComponentChildren;
}) {
	const id = useId();
	const input = useRef<HTMLInputElement>(null);
	const [text, setText] = useState("");
	const [found, setFound] = useState<Address[]>([]);
	const [at, setAt] = useState(0);
	// The attribute alone does nothing while something else has the focus.
	useEffect(() => {
		if (autofocus)
			input.current?.focus();
	}, []);
	const set = (next: Address[]): void => {
		list.value = next;
		onChange();
	};
	const add = (addresses: Address[], rest: string): void => {
		const fresh = addresses.filter((one) =>
			!list.peek().some((other) => sameAddress(one.email, other.email)));
		if (fresh.length > 0)
			set([...list.peek(), ...fresh]);
		setText(rest);
		setFound([]);
	};
	const commit = (): boolean => {
		const {addresses, rest} = parseRecipients(text);
		if (addresses.length > 0)
			add(addresses, rest);
		return addresses.length > 0;
	};
	const type = (value: string): void => {
		setText(value);
		setAt(0);
		if (/[,;，；\n]\s*$/.test(value)) {
			const {addresses, rest} = parseRecipients(value);
			if (addresses.length > 0)
				return add(addresses, rest);
		}
		const {people} = store();
		setFound(people.find(value, list.peek()));
		void people.load().then(() =>
			setFound(people.find(input.current?.value ?? "", list.peek())));
	};
	const onKey = (event: KeyboardEvent): void => {
		if (event.isComposing) // Enter ends a word of Chinese, not the address
			return;
		const move = {ArrowDown: 1, ArrowUp: -1}[event.key];
		if (move !== undefined && found.length > 0)
			setAt((at + move + found.length) % found.length);
		else if ((event.key === "Enter" || event.key === "Tab") && found[at])
			add([found[at]], "");
		else if (event.key === "Enter" && text)
			commit();
		else if (event.key === "Escape" && found.length > 0)
			setFound([]);
		else if (event.key === "Backspace" && !text && list.peek().length > 0)
			set(list.peek().slice(0, -1));
		else
			return;
		event.preventDefault();
		event.stopPropagation();
	};
	return (
		<div class="recipients">
			<label for={id}>{label}</label>
			<div class="chips" onClick={(event) => {
				if (event.target === event.currentTarget)
					input.current?.focus();
			}}>
				{list.value.map((one) => (
					<span key={one.email} class="chip" title={fullAddress(one)}>
						<span dir="auto">{nameOf(one)}</span>
						<button type="button" aria-label={t("write.remove", {name: nameOf(one)})}
							onClick={() => set(list.peek().filter((other) => other !== one))}>
							<Icon name="close" size={14} /></button>
					</span>
				))}
				<input ref={input} id={id} value={text} autofocus={autofocus} dir="auto"
					autocomplete="off" spellcheck={false} inputMode="email"
					role="combobox" aria-expanded={found.length > 0} aria-controls={`${id}-list`}
					aria-autocomplete="list"
					aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
					aria-invalid={!!text && document.activeElement !== input.current}
					onInput={(event) => type(event.currentTarget.value)} onKeyDown={onKey}
					onBlur={() => {
						commit();
						setFound([]);
					}} />
			</div>
			{children}
			<ul class="suggestions" id={`${id}-list`} role="listbox" aria-label={label}
				hidden={found.length === 0}>
				{found.map((one, index) => (
					<li key={one.email} id={`${id}-${index}`} role="option"
						aria-selected={index === at} class={index === at ? "at" : ""}
						onMouseDown={(event) => {
							event.preventDefault();
							add([one], "");
						}}>
						<Avatar address={one} size="small" />
						<span dir="auto">{nameOf(one)}</span>
						{one.name && <span class="suggestion-email">{one.email}</span>}
					</li>
				))}
			</ul>
		</div>
	);
}
