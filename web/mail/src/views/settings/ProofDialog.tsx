// SPDX-License-Identifier: Apache-2.0
// Who changes the log-in shows again who he is: by the password, or, with a second
// factor, by that.
import {useRef, useState} from "preact/hooks";
import {AccountError, giveProof, proveByPasskey} from "../../app/account.ts";
import {closeDialog} from "../../app/dialogs.ts";
import {hasPasskeys} from "../../app/session.ts";
import {t} from "../../i18n/index.ts";
import {Button} from "../../ui/Button.tsx";
import {Dialog} from "../../ui/Dialog.tsx";

export function ProofDialog({onProved, onCancelled}: {
	onProved: () => void; onCancelled: () => void;
}) {
	const [second, setSecond] = useState(false);
	const [text, setText] = useState("");
	const [problem, setProblem] = useState("");
	const proved = useRef(false);
	const tryIt = async (prove: () => Promise<unknown>): Promise<void> => {
		setProblem("");
		try {
			await prove();
			proved.current = true;
			closeDialog();
			onProved();
		} catch (error) {
			const status = error instanceof AccountError ? error.status : "";
			if (status === "second-factor") {
				setSecond(true);
				setText("");
			} else {
				setProblem(t(status === "limited" ? "login.slow"
					: second ? "login.code.wrong" : "security.password.wrong"));
			}
		}
	};
	return (
		<Dialog title={t("security.proof")} onClose={() => {
			closeDialog();
			if (!proved.current)
				onCancelled();
		}}>
			<form class="form" onSubmit={(event) => {
				event.preventDefault();
				void tryIt(() => giveProof(second ? {code: text} : {password: text}));
			}}>
				<p class="dialog-text">{t("security.proof.why")}</p>
				<label class="field"><span>{t(second ? "login.code" : "login.password")}</span>
					{second
						? <input key="code" autofocus value={text} required
							autocomplete="one-time-code"
							onInput={(event) => setText(event.currentTarget.value)} />
						: <input key="password" autofocus value={text} required type="password"
							autocomplete="current-password"
							onInput={(event) => setText(event.currentTarget.value)} />}</label>
				<p class="form-problem" role="alert">{problem}</p>
				<div class="dialog-buttons">
					{second && hasPasskeys() && (
						<Button icon="key" onClick={() => void tryIt(proveByPasskey)}>
							{t("login.passkey")}</Button>
					)}
					<Button kind="primary" type="submit">{t("login.continue")}</Button>
				</div>
			</form>
		</Dialog>
	);
}
