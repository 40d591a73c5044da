// SPDX-License-Identifier: Apache-2.0
import {useEffect, useRef, useState} from "preact/hooks";
import {t, type Key} from "../../i18n/index.ts";
import {
	enterCode, hasPasskeys, logIn, usePasskey, type Factor, type LoginAnswer,
} from "../../app/session.ts";
import {Button, IconButton} from "../../ui/Button.tsx";
import {Icon} from "../../ui/Icon.tsx";
import {LanguageMenu} from "../shell/LanguageMenu.tsx";

const PROBLEMS: Record<string, Key> = {
	slow: "login.slow", trouble: "login.trouble",
};

interface Second {
	ticket: string;
	factors: Factor[];
	remember: boolean;
}

export function Login() {
	const [second, setSecond] = useState<Second>();
	const onAnswer = (answer: LoginAnswer, remember: boolean): void => {
		if (answer.status === "second-factor")
			setSecond({...answer, remember});
	};
	return (
		<div class="login">
			<header class="login-top"><LanguageMenu /></header>
			<main class="login-card">
				<img src="/mail/icon.svg" alt="" width="56" height="56" />
				<h1>{t("login.title")}</h1>
				<p class="login-lead">{t("login.lead", {host: location.hostname})}</p>
				{second === undefined ? <PasswordForm onAnswer={onAnswer} />
					: <SecondForm second={second} onBack={() => setSecond(undefined)} />}
			</main>
			<footer class="login-foot">
				<a href="/setup">{t("login.setup")}</a>
			</footer>
		</div>
	);
}

function Problem({text}: {text: string | undefined}) {
	return (
		<p class="form-problem" role="alert" id="login-problem">
			{text && <><Icon name="alert" size={18} /> <span>{text}</span></>}
		</p>
	);
}

function PasswordForm({onAnswer}: {
	onAnswer: (answer: LoginAnswer, remember: boolean) => void;
}) {
	const [problem, setProblem] = useState<Key>();
	const [busy, setBusy] = useState(false);
	const [shown, setShown] = useState(false);
	const user = useRef<HTMLInputElement>(null);
	const password = useRef<HTMLInputElement>(null);
	const remember = useRef<HTMLInputElement>(null);
	useEffect(() => user.current!.focus(), []);
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		await use(logIn(user.current!.value.trim(), password.current!.value,
			remember.current!.checked), "login.wrong");
		password.current?.select();
	};
	const use = async (asked: Promise<LoginAnswer>, wrong: Key): Promise<void> => {
		setBusy(true);
		setProblem(undefined);
		const answer = await asked;
		if (answer.status === "ok")
			return;
		setBusy(false);
		setProblem(answer.status === "wrong" ? wrong : PROBLEMS[answer.status]);
		onAnswer(answer, remember.current?.checked ?? false);
	};
	return (
		<form class="form" onSubmit={(event) => void submit(event)}>
			<label class="field">
				<span>{t("login.user")}</span>
				<input ref={user} name="username" autocomplete="username" required
					autocapitalize="none" spellcheck={false} inputMode="email"
					aria-invalid={problem === "login.wrong"}
					aria-describedby="login-problem" />
			</label>
			<div class="field">
				<label for="login-password">{t("login.password")}</label>
				<div class="field-line">
					<input ref={password} id="login-password" name="password" required
						type={(shown ? "text" : "password") as "password"} autocomplete="current-password"
						aria-invalid={problem === "login.wrong"}
						aria-describedby="login-problem" />
					<IconButton icon={shown ? "eyeOff" : "eye"} pressed={shown}
						label={t(shown ? "login.hide" : "login.show")}
						onClick={() => setShown(!shown)} />
				</div>
			</div>
			<label class="check">
				<input ref={remember} type="checkbox" name="remember" />
				<span>{t("login.remember")}</span>
			</label>
			<Problem text={problem && t(problem)} />
			<Button kind="primary" type="submit" class="wide" disabled={busy}>
				{t("login.button")}
			</Button>
			{hasPasskeys() && (
				<Button icon="key" class="wide" disabled={busy} onClick={() => void use(
					usePasskey(undefined, remember.current!.checked), "login.passkey.wrong")}>
					{t("login.passkey")}
				</Button>
			)}
		</form>
	);
}

function SecondForm({second, onBack}: {second: Second; onBack: () => void}) {
	const {ticket, factors, remember} = second;
	const [problem, setProblem] = useState<Key>();
	const [busy, setBusy] = useState(false);
	const code = useRef<HTMLInputElement>(null);
	const codes = factors.includes("totp") || factors.includes("recovery");
	useEffect(() => code.current?.focus(), []);
	const use = async (asked: Promise<LoginAnswer>, wrong: Key): Promise<void> => {
		setBusy(true);
		setProblem(undefined);
		const answer = await asked;
		if (answer.status === "ok")
			return;
		setBusy(false);
		setProblem(answer.status === "wrong" ? wrong : PROBLEMS[answer.status]);
		code.current?.select();
	};
	return (
		<form class="form" onSubmit={(event) => {
			event.preventDefault();
			void use(enterCode(ticket, code.current!.value.replace(/\s/g, ""), remember),
				"login.code.wrong");
		}}>
			{factors.includes("passkey") && hasPasskeys() && (
				<Button kind={codes ? "plain" : "primary"} icon="key" class="wide" disabled={busy}
					onClick={() => void use(usePasskey(ticket, remember), "login.passkey.wrong")}>
					{t("login.passkey")}
				</Button>
			)}
			{codes && (
				<>
					<label class="field">
						<span>{t("login.code")}</span>
						<input ref={code} name="code" required autocomplete="one-time-code"
							autocapitalize="none" spellcheck={false} aria-invalid={!!problem}
							aria-describedby="login-hint login-problem" />
					</label>
					<p class="form-hint" id="login-hint">{t("login.code.hint")}</p>
				</>
			)}
			<Problem text={problem && t(problem)} />
			{codes && (
				<Button kind="primary" type="submit" class="wide" disabled={busy}>
					{t("login.continue")}
				</Button>
			)}
			<Button kind="quiet" class="wide" onClick={onBack}>{t("app.back")}</Button>
		</form>
	);
}
