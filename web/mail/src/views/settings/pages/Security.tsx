// SPDX-License-Identifier: Apache-2.0
// The own password, and second factors.
import {useState} from "preact/hooks";
import {account, addPasskey, type Factors} from "../../../app/account.ts";
import {closeDialog, showDialog} from "../../../app/dialogs.ts";
import {hasPasskeys, store} from "../../../app/session.ts";
import {toast} from "../../../app/toasts.ts";
import {t} from "../../../i18n/index.ts";
import {mediumDate} from "../../../lib/dates.ts";
import {Button} from "../../../ui/Button.tsx";
import {Dialog} from "../../../ui/Dialog.tsx";
import {tell, useLoaded, wordsOf} from "../load.ts";

function Password() {
	const [old, setOld] = useState(""), [fresh, setFresh] = useState("");
	const [problem, setProblem] = useState("");
	const change = async (): Promise<void> => {
		setProblem("");
		try {
			await account("POST", "password", {old, new: fresh});
			setOld("");
			setFresh("");
			toast(t("security.password.done"));
		} catch (error) {
			setProblem(wordsOf(error));
		}
	};
	return (
		<form class="form" onSubmit={(event) => {
			event.preventDefault();
			void change();
		}}>
			<h3>{t("security.password")}</h3>
			{/* For password managers. */}
			<input hidden readOnly autocomplete="username" value={store().client.session.username} />
			<label class="field"><span>{t("security.password.old")}</span>
				<input type="password" required autocomplete="current-password" value={old}
					onInput={(event) => setOld(event.currentTarget.value)} /></label>
			<label class="field"><span>{t("security.password.new")}</span>
				<input type="password" required minLength={8} autocomplete="new-password" value={fresh}
					onInput={(event) => setFresh(event.currentTarget.value)} /></label>
			<p class="form-problem" role="alert">{problem}</p>
			<div><Button kind="primary" type="submit">{t("security.password.change")}</Button></div>
		</form>
	);
}

function RecoveryDialog({codes}: {codes: string[]}) {
	return (
		<Dialog title={t("security.recovery")} onClose={closeDialog}>
			<p class="dialog-text">{t("security.recovery.keep")}</p>
			<output class="secret codes">{codes.join("\n")}</output>
			<div class="dialog-buttons">
				<Button icon="copy" onClick={() => void navigator.clipboard.writeText(codes.join("\n"))
					.then(() => toast(t("read.copied")), tell)}>{t("read.copy")}</Button>
				<Button kind="primary" onClick={closeDialog}>{t("app.close")}</Button>
			</div>
		</Dialog>
	);
}

function showCodes(codes: string[] | undefined): void {
	if (codes)
		showDialog(<RecoveryDialog codes={codes} />);
	else
		closeDialog();
}

function TotpDialog({secret, qr, onDone}: {
	secret: string; qr: string; onDone: () => void;
}) {
	const [code, setCode] = useState(""), [problem, setProblem] = useState("");
	const confirm = async (): Promise<void> => {
		try {
			const {recovery} = await account<{recovery?: string[]}>(
				"POST", "factors/totp/confirm", {code});
			onDone();
			showCodes(recovery);
		} catch {
			setProblem(t("login.code.wrong"));
		}
	};
	return (
		<Dialog title={t("security.totp")} onClose={closeDialog}>
			<form class="form" onSubmit={(event) => {
				event.preventDefault();
				void confirm();
			}}>
				<p class="dialog-text">{t("security.totp.scan")}</p>
				<img class="qr" alt={t("security.totp.qr")} width={200} height={200}
					src={"data:image/svg+xml," + encodeURIComponent(qr)} />
				<output class="secret">{secret}</output>
				<label class="field"><span>{t("login.code")}</span>
					<input autofocus required inputMode="numeric" autocomplete="one-time-code"
						value={code} onInput={(event) => setCode(event.currentTarget.value)} /></label>
				<p class="form-problem" role="alert">{problem}</p>
				<div class="dialog-buttons">
					<Button kind="primary" type="submit">{t("security.turn.on")}</Button></div>
			</form>
		</Dialog>
	);
}

export function Security() {
	const [factors, again] = useLoaded(() => account<Factors>("GET", "factors"));
	const totp = async (): Promise<void> => {
		const {secret, qr} = await account<{secret: string; qr: string}>(
			"POST", "factors/totp/begin");
		showDialog(<TotpDialog secret={secret} qr={qr} onDone={again} />);
	};
	const passkey = async (): Promise<void> => {
		const {recovery} = await addPasskey(navigator.platform || "Passkey");
		again();
		showCodes(recovery);
	};
	const change = (made: Promise<unknown>): void => void made.then(again, tell);
	const codes = async (): Promise<void> => {
		const {recovery} = await account<{recovery: string[]}>("POST", "factors/recovery");
		showCodes(recovery);
	};
	return (
		<>
			<Password />
			<h3>{t("security.second")}</h3>
			<p class="settings-lead">{t(factors?.on ? "security.second.on" : "security.second.off")}</p>
			{factors && (
				<ul class="settings-list">
					<li>
						<div><strong>{t("security.totp")}</strong>
							<span>{t(factors.totp ? "security.is.on" : "security.is.off")}</span></div>
						{factors.totp
							? <Button onClick={() => change(account("DELETE", "factors/totp"))}>
								{t("security.turn.off")}</Button>
							: <Button onClick={() => void totp().catch(tell)}>{t("security.turn.on")}</Button>}
					</li>
					{factors.passkeys.map((one) => (
						<li key={one.id}>
							<div><strong dir="auto">{one.name}</strong>
								<span>{t("security.passkey")}{one.created ? ` · ${mediumDate(one.created)}` : ""}</span></div>
							<Button onClick={() => change(
								account("DELETE", `factors/passkeys/${one.id}`))}>{t("security.remove")}</Button>
						</li>
					))}
					{factors.on && (
						<li>
							<div><strong>{t("security.recovery")}</strong>
								<span>{t("security.recovery.left", {n: factors.recovery})}</span></div>
							<Button onClick={() => change(codes())}>{t("security.recovery.new")}</Button>
						</li>
					)}
				</ul>
			)}
			{hasPasskeys() && (
				<Button icon="key" onClick={() => void passkey().catch(tell)}>
					{t("security.passkey.add")}</Button>
			)}
		</>
	);
}
