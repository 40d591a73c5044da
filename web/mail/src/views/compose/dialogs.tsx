// SPDX-License-Identifier: Apache-2.0
// Questions of the composer.
import {useState} from "preact/hooks";
import {closeDialog} from "../../app/dialogs.ts";
import {t} from "../../i18n/index.ts";
import {longDate} from "../../lib/dates.ts";
import {linkUrl} from "../../lib/links.ts";
import {Button} from "../../ui/Button.tsx";
import {Dialog} from "../../ui/Dialog.tsx";

export function MissingDialog({text, onSend}: {text: string; onSend: () => void}) {
	return (
		<Dialog title={t("write.send")} onClose={closeDialog}>
			<p class="dialog-text">{text}</p>
			<div class="dialog-buttons">
				<Button onClick={closeDialog}>{t("write.back")}</Button>
				<Button kind="primary" onClick={() => {
					closeDialog();
					onSend();
				}}>{t("write.send.anyway")}</Button>
			</div>
		</Dialog>
	);
}

export function LinkInputDialog({text, onDone}: {
	text: string; onDone: (url: string, text: string) => void;
}) {
	const [url, setUrl] = useState("");
	const [shown, setShown] = useState(text);
	const good = linkUrl(url);
	return (
		<Dialog title={t("write.link")} onClose={closeDialog}>
			<form class="form" onSubmit={(event) => {
				event.preventDefault();
				if (!good)
					return;
				closeDialog();
				onDone(good, shown);
			}}>
				<label class="field"><span>{t("write.link.url")}</span>
					<input autofocus value={url} inputMode="url" placeholder="https://"
						onInput={(event) => setUrl(event.currentTarget.value)} /></label>
				<label class="field"><span>{t("write.link.text")}</span>
					<input value={shown}
						onInput={(event) => setShown(event.currentTarget.value)} /></label>
				<div class="dialog-buttons">
					<Button onClick={closeDialog}>{t("app.cancel")}</Button>
					<Button kind="primary" type="submit" disabled={!good}>{t("write.link.set")}</Button>
				</div>
			</form>
		</Dialog>
	);
}

function at(days: number, hour: number): Date {
	const date = new Date();
	date.setDate(date.getDate() + days);
	date.setHours(hour, 0, 0, 0);
	return date;
}

// For <input type="datetime-local">: local time without a zone.
function localText(date: Date): string {
	const two = (n: number): string => String(n).padStart(2, "0");
	return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${
		two(date.getHours())}:${two(date.getMinutes())}`;
}

export function LaterDialog({onPick}: {onPick: (at: Date) => void}) {
	const days = (8 - new Date().getDay()) % 7 || 7; // to the next Monday
	const choices = [at(1, 8), at(1, 13), at(days, 8)]
		.filter((one, index, all) => all.findIndex((other) => +other === +one) === index);
	const [own, setOwn] = useState(localText(at(1, 8)));
	const pick = (date: Date): void => {
		closeDialog();
		onPick(date);
	};
	const wanted = new Date(own);
	return (
		<Dialog title={t("write.later")} onClose={closeDialog}>
			<div class="later-choices">
				{choices.map((date) => (
					<Button key={+date} onClick={() => pick(date)}>{longDate(date.toISOString())}</Button>
				))}
			</div>
			<form class="form" onSubmit={(event) => {
				event.preventDefault();
				if (+wanted > Date.now())
					pick(wanted);
			}}>
				<label class="field"><span>{t("write.later.own")}</span>
					<input type="datetime-local" value={own} min={localText(new Date())}
						onInput={(event) => setOwn(event.currentTarget.value)} /></label>
				<div class="dialog-buttons">
					<Button onClick={closeDialog}>{t("app.cancel")}</Button>
					<Button kind="primary" type="submit"
						disabled={!(+wanted > Date.now())}>{t("write.later.set")}</Button>
				</div>
			</form>
		</Dialog>
	);
}
