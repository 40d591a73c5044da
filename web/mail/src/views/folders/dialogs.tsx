// SPDX-License-Identifier: Apache-2.0
// Questions about folders.
import {useId, useState} from "preact/hooks";
import {closeDialog} from "../../app/dialogs.ts";
import {nameTrouble, type Typed} from "../../app/folders.ts";
import {t} from "../../i18n/index.ts";
import type {Id, Mailbox} from "../../jmap/types.ts";
import {Button} from "../../ui/Button.tsx";
import {Dialog} from "../../ui/Dialog.tsx";

export function NameDialog({title, button, parentId, self, typed, onName}: {
	title: string;
	button: string;
	parentId: Id | null;
	self?: Mailbox; // the folder that has a name already
	typed?: Typed;
	onName: (name: string) => void;
}) {
	const id = useId();
	const [text, setText] = useState(typed?.text ?? self?.name ?? "");
	const [refused, setRefused] = useState(typed?.problem);
	const name = text.trim();
	const problem = refused ?? (name && nameTrouble(name, parentId, self?.id));
	return (
		<Dialog title={title} onClose={closeDialog}>
			<form class="form" onSubmit={(event) => {
				event.preventDefault();
				if (!name || nameTrouble(name, parentId, self?.id))
					return;
				closeDialog();
				onName(name);
			}}>
				<div class="field">
					<label for={id}>{t("folders.name")}</label>
					<input id={id} autofocus value={text} dir="auto" maxLength={200}
						autocomplete="off" aria-invalid={!!problem}
						aria-describedby={`${id}-problem`}
						onFocus={(event) => event.currentTarget.select()}
						onInput={(event) => {
							setText(event.currentTarget.value);
							setRefused(undefined);
						}} />
					<p class="form-problem" id={`${id}-problem`} role="alert">{problem}</p>
				</div>
				<div class="dialog-foot">
					<Button onClick={closeDialog}>{t("app.cancel")}</Button>
					<Button kind="primary" type="submit" disabled={!name || !!problem}>
						{button}</Button>
				</div>
			</form>
		</Dialog>
	);
}

export function QuestionDialog({title, lines, button, onYes}: {
	title: string; lines: string[]; button: string; onYes: () => void;
}) {
	return (
		<Dialog title={title} onClose={closeDialog}>
			{lines.map((line) => <p key={line} class="dialog-text">{line}</p>)}
			<div class="dialog-foot">
				<Button onClick={closeDialog}>{t("app.cancel")}</Button>
				<Button kind="danger" onClick={() => {
					closeDialog();
					onYes();
				}}>{button}</Button>
			</div>
		</Dialog>
	);
}
