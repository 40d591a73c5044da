// SPDX-License-Identifier: Apache-2.0
import {t} from "../i18n/index.ts";
import {Button} from "../ui/Button.tsx";
import {Toasts} from "../ui/Toasts.tsx";
import {Login} from "../views/login/Login.tsx";
import {Shell} from "../views/shell/Shell.tsx";
import {dialog} from "./dialogs.ts";
import {begin, phase} from "./session.ts";

export function App() {
	return (
		<>
			<View />
			<Toasts />
			{dialog.value}
		</>
	);
}

function View() {
	switch (phase.value) {
	case "starting":
		return <main class="start" aria-busy="true"><p>{t("app.loading")}</p></main>;
	case "unreachable":
		return (
			<main class="start">
				<p role="alert">{t("login.trouble")}</p>
				<Button kind="primary" onClick={() => {
					phase.value = "starting";
					void begin();
				}}>{t("app.retry")}</Button>
			</main>
		);
	case "login":
		return <Login />;
	case "mail":
		return <Shell />;
	}
}
