// SPDX-License-Identifier: Apache-2.0
import {language, LANGUAGES, setLanguage, t, type Language} from "../../i18n/index.ts";
import {MenuButton, type MenuEntry} from "../../ui/Menu.tsx";

export function languageEntries(): MenuEntry[] {
	return (Object.keys(LANGUAGES) as Language[]).map((tag) => ({
		label: LANGUAGES[tag].name,
		checked: language.value === tag,
		run: () => void setLanguage(tag),
	}));
}

export function LanguageMenu() {
	return (
		<MenuButton label={`${t("language.title")}: ${LANGUAGES[language.value].name}`}
			items={languageEntries}>
			{LANGUAGES[language.value].name}
		</MenuButton>
	);
}
