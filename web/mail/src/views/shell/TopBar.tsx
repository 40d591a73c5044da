// SPDX-License-Identifier: Apache-2.0
import {density, theme} from "../../app/preferences.ts";
import {drawerOpen, panes} from "../../app/layout.ts";
import {openId} from "../../app/current.ts";
import {navigate} from "../../app/router.ts";
import {logOut, store} from "../../app/session.ts";
import {showDialog} from "../../app/dialogs.ts";
import {t} from "../../i18n/index.ts";
import {Avatar} from "../../ui/Avatar.tsx";
import {IconButton} from "../../ui/Button.tsx";
import {MenuButton, type MenuEntry} from "../../ui/Menu.tsx";
import {SearchBox} from "../search/SearchBox.tsx";
import {languageEntries} from "./LanguageMenu.tsx";

function accountEntries(): MenuEntry[] {
	return [
		{title: store().client.session.username},
		"line",
		{title: t("theme.title")},
		...(["system", "light", "dark"] as const).map((one) => ({
			label: t(`theme.${one}`), checked: theme.value === one,
			run: () => { theme.value = one; },
		})),
		{title: t("density.title")},
		...(["roomy", "compact"] as const).map((one) => ({
			label: t(`density.${one}`), checked: density.value === one,
			run: () => { density.value = one; },
		})),
		{title: t("language.title")},
		...languageEntries(),
		"line",
		{label: t("keys.title"), icon: "keyboard", run: () => void showKeys()},
		{label: t("settings.title"), icon: "settings",
			run: () => navigate({view: "settings", page: ""})},
		{label: t("login.out"), icon: "logout", run: () => void logOut()},
	];
}

export async function showKeys(): Promise<void> {
	const {KeysDialog} = await import("../dialogs/KeysDialog.tsx");
	showDialog(<KeysDialog />);
}

export function TopBar() {
	if (panes.value === 1 && openId.value !== undefined)
		return null;
	const name = store().client.session.username;
	const me = store().identities.value[0] ?? {name, email: name};
	return (
		<header class="top">
			{panes.value === 3
				? <div class="brand">
					<img src="/mail/icon.svg" alt="" width="30" height="30" />
					<span>{t("app.name")}</span>
				</div>
				: <IconButton icon="menu" label={t("app.menu")}
					expanded={drawerOpen.value}
					onClick={() => { drawerOpen.value = !drawerOpen.value; }} />}
			<SearchBox />
			<MenuButton label={t("app.account")} items={accountEntries} class="account">
				<Avatar address={{name: me.name, email: me.email}} />
			</MenuButton>
		</header>
	);
}
