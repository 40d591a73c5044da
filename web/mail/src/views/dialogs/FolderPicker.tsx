// SPDX-License-Identifier: Apache-2.0
// A folder, chosen by typing a part of its name.
import {useMemo, useState} from "preact/hooks";
import {folderName} from "../../app/current.ts";
import {closeDialog} from "../../app/dialogs.ts";
import {store} from "../../app/session.ts";
import {t} from "../../i18n/index.ts";
import type {Mailbox} from "../../jmap/types.ts";
import type {Folder} from "../../store/mailboxes.ts";
import {Dialog} from "../../ui/Dialog.tsx";
import {folderIcon} from "../../ui/folderIcon.ts";
import {Icon} from "../../ui/Icon.tsx";

interface Choice {
	mailbox?: Mailbox;
	path: string[];
}

function flatten(folders: Folder[]): Mailbox[] {
	return folders.flatMap((one) => [one.mailbox, ...flatten(one.children)]);
}

// Each word begins a word of the path; what begins the name itself comes first.
export function matchChoices(choices: Choice[], text: string): Choice[] {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	const found = choices.filter(({path}) => {
		const whole = path.join(" ").toLowerCase();
		return words.every((word) => whole.includes(word));
	});
	const begins = (choice: Choice): boolean =>
		choice.path.at(-1)!.toLowerCase().startsWith(words[0] ?? "");
	return [...found.filter(begins), ...found.filter((one) => !begins(one))];
}

// `accepts`: which can be chosen. `first`: a choice before the folders.
export function FolderPicker({title, onPick, accepts, first}: {
	title: string;
	onPick: (mailbox: Mailbox) => void;
	accepts?: (mailbox: Mailbox) => boolean;
	first?: {name: string; onPick: () => void};
}) {
	const [text, setText] = useState("");
	const [at, setAt] = useState(0);
	const {mailboxes} = store();
	const all = useMemo((): Choice[] => [
		...(first ? [{path: [first.name]}] : []),
		...flatten(mailboxes.tree.value).filter((one) => accepts?.(one) ?? true)
			.map((mailbox) => ({mailbox, path: mailboxes.pathOf(mailbox, folderName)})),
	], [mailboxes.tree.value]);
	const found = matchChoices(all, text);
	const pick = (choice: Choice | undefined): void => {
		if (!choice)
			return;
		closeDialog();
		if (choice.mailbox)
			onPick(choice.mailbox);
		else
			first?.onPick();
	};
	const onKey = (event: KeyboardEvent): void => {
		const move = {ArrowDown: 1, ArrowUp: -1}[event.key];
		if (move !== undefined && found.length > 0)
			setAt((at + move + found.length) % found.length);
		else if (event.key === "Enter")
			pick(found[at]);
		else
			return;
		event.preventDefault();
	};
	return (
		<Dialog title={title} onClose={closeDialog}>
			<input class="picker-input" autofocus value={text} onKeyDown={onKey}
				placeholder={t("move.placeholder")} aria-label={t("move.placeholder")}
				role="combobox" aria-expanded="true" aria-controls="picker-list"
				aria-autocomplete="list"
				aria-activedescendant={found[at] ? `pick-${at}` : undefined}
				onInput={(event) => {
					setText(event.currentTarget.value);
					setAt(0);
				}} />
			<div class="picker-list" id="picker-list" role="listbox" aria-label={title}>
				{found.map((choice, index) => (
					<div key={choice.mailbox?.id ?? ""} id={`pick-${index}`}
						role="option" aria-selected={index === at}
						class={`picker-row ${index === at ? "at" : ""}`}
						ref={(row) => {
							if (index === at)
								row?.scrollIntoView({block: "nearest"});
						}}
						onMouseMove={() => setAt(index)} onClick={() => pick(choice)}>
						<Icon name={choice.mailbox ? folderIcon(choice.mailbox) : "up"} size={18} />
						<span>{choice.path.at(-1)}</span>
						<span class="picker-path">{choice.path.slice(0, -1).join(" / ")}</span>
					</div>
				))}
			</div>
			{found.length === 0 && <p class="picker-none" role="status">{t("move.none")}</p>}
		</Dialog>
	);
}
