// SPDX-License-Identifier: Apache-2.0
// Labels to set and to take away, or a new one by its name.
import {useState} from "preact/hooks";
import {run, setKeyword} from "../../app/actions.ts";
import {closeDialog} from "../../app/dialogs.ts";
import {store} from "../../app/session.ts";
import {t} from "../../i18n/index.ts";
import type {Id} from "../../jmap/types.ts";
import {allLabels, keywordOf, labelsOf} from "../../lib/labels.ts";
import {Button} from "../../ui/Button.tsx";
import {Dialog} from "../../ui/Dialog.tsx";
import {labelText} from "../../ui/Labels.tsx";

export function LabelPicker({rows}: {rows: Id[]}) {
	const [name, setName] = useState("");
	const {objects} = store().emails;
	const used = objects.ids().map((id) => objects.peek(id)!.keywords);
	const mine = new Set(labelsOf(rows.map((id) => objects.signal(id).value?.keywords ?? {}))
		.map((one) => one.keyword));
	const keyword = keywordOf(name);
	return (
		<Dialog title={t("label.title")} onClose={closeDialog}>
			<div class="label-list">
				{allLabels(used).map((label) => (
					<label key={label.keyword} class="check">
						<input type="checkbox" checked={mine.has(label.keyword)}
							onChange={(event) => {
								const {checked} = event.currentTarget;
								run(() => setKeyword(label.keyword, checked, rows));
							}} />
						<span class={`label hue-${label.hue}`}><bdi>{labelText(label)}</bdi></span>
					</label>
				))}
			</div>
			<form class="label-new" onSubmit={(event) => {
				event.preventDefault();
				if (!keyword)
					return;
				setName("");
				run(() => setKeyword(keyword, true, rows));
			}}>
				<input class="picker-input" value={name} aria-label={t("label.new")}
					placeholder={t("label.new")} aria-invalid={name.trim() !== "" && !keyword}
					onInput={(event) => setName(event.currentTarget.value)} />
				<Button type="submit" disabled={!keyword}>{t("label.add")}</Button>
			</form>
			{name.trim() !== "" && !keyword && <p class="form-problem" role="alert">{t("label.bad")}</p>}
		</Dialog>
	);
}
