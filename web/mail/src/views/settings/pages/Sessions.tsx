// SPDX-License-Identifier: Apache-2.0
// Where one is logged in, and the passwords of mail programs.
import {useState} from "preact/hooks";
import {account, type Credential, type SessionEntry} from "../../../app/account.ts";
import {closeDialog, showDialog} from "../../../app/dialogs.ts";
import {toast} from "../../../app/toasts.ts";
import {t} from "../../../i18n/index.ts";
import {mediumDate} from "../../../lib/dates.ts";
import {Button} from "../../../ui/Button.tsx";
import {Dialog} from "../../../ui/Dialog.tsx";
import {tell, useLoaded} from "../load.ts";

function lastUse(one: Credential): string {
	const parts = [
		one.lastUsed ? t("security.used", {date: mediumDate(one.lastUsed)}) : t("security.unused"),
		one.address, one.protocol.toUpperCase()];
	return parts.filter(Boolean).join(" · ");
}

export function Sessions() {
	const [list, again] = useLoaded(() =>
		account<{sessions: SessionEntry[]}>("GET", "sessions"));
	const end = (path: string): void =>
		void account("DELETE", path).then(again, tell);
	return (
		<>
			<p class="settings-lead">{t("security.sessions.lead")}</p>
			<ul class="settings-list">
				{list?.sessions.map((one) => (
					<li key={one.id}>
						<div>
							<strong dir="auto">{one.name || t(`security.${one.kind}`)}</strong>
							<span>{one.current ? t("security.this") : lastUse(one)}</span>
						</div>
						{!one.current && (
							<Button onClick={() => end(`sessions/${one.id}`)}>{t("security.end")}</Button>
						)}
					</li>
				))}
			</ul>
			{(list?.sessions.length ?? 0) > 1 && (
				<Button kind="danger" onClick={() => end("sessions")}>{t("security.end.others")}</Button>
			)}
		</>
	);
}

// Shown once: the server keeps nothing from which it could be shown again.
function MadeDialog({password}: {password: string}) {
	return (
		<Dialog title={t("security.app.made")} onClose={closeDialog}>
			<p class="dialog-text">{t("security.app.once")}</p>
			<output class="secret">{password}</output>
			<div class="dialog-buttons">
				<Button icon="copy" onClick={() => void navigator.clipboard.writeText(password)
					.then(() => toast(t("read.copied")), tell)}>{t("read.copy")}</Button>
				<Button kind="primary" onClick={closeDialog}>{t("app.close")}</Button>
			</div>
		</Dialog>
	);
}

export function AppPasswords() {
	const [list, again] = useLoaded(() =>
		account<{passwords: Credential[]}>("GET", "passwords"));
	const [name, setName] = useState("");
	const make = async (): Promise<void> => {
		const {password} = await account<{password: string}>("POST", "passwords", {name});
		showDialog(<MadeDialog password={password} />);
		setName("");
		again();
	};
	return (
		<>
			<p class="settings-lead">{t("security.app.lead")}</p>
			<form class="settings-line" onSubmit={(event) => {
				event.preventDefault();
				void make().catch(tell);
			}}>
				<label class="field"><span>{t("security.app.name")}</span>
					<input value={name} required maxLength={60}
						placeholder={t("security.app.example")}
						onInput={(event) => setName(event.currentTarget.value)} /></label>
				<Button kind="primary" type="submit">{t("security.app.make")}</Button>
			</form>
			<ul class="settings-list">
				{list?.passwords.map((one) => (
					<li key={one.id}>
						<div><strong dir="auto">{one.name}</strong><span>{lastUse(one)}</span></div>
						<Button onClick={() => void account("DELETE", `passwords/${one.id}`)
							.then(again, tell)}>{t("security.end")}</Button>
					</li>
				))}
			</ul>
		</>
	);
}
