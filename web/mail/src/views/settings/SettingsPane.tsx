// SPDX-License-Identifier: Apache-2.0
// The settings: pages in a table, each a component of its own file in pages/.
import type {ComponentType} from "preact";
import {allowNotices, canNotify} from "../../app/notices.ts";
import {conversations, density, notices, theme} from "../../app/preferences.ts";
import {follow, formatRoute, route} from "../../app/router.ts";
import {language, LANGUAGES, setLanguage, storedLanguage, t, type Key, type Language} from "../../i18n/index.ts";

import {allZones, timeZone} from "../../i18n/zone.ts";
import {Security} from "./pages/Security.tsx";
import {AppPasswords, Sessions} from "./pages/Sessions.tsx";
import {Vacation, Writing} from "./pages/Writing.tsx";

interface Page {
	slug: string;
	label: Key;
	view: ComponentType;
}

// A new page is a line here.
const PAGES: Page[] = [
	{slug: "appearance", label: "theme.title", view: Appearance},
	{slug: "writing", label: "settings.writing", view: Writing},
	{slug: "vacation", label: "settings.vacation", view: Vacation},
	{slug: "security", label: "settings.security", view: Security},
	{slug: "sessions", label: "settings.sessions", view: Sessions},
	{slug: "programs", label: "settings.programs", view: AppPasswords},
];

export function SettingsPane() {
	const slug = route.value.view === "settings" ? route.value.page : "";
	const page = PAGES.find((one) => one.slug === slug) ?? PAGES[0]!;
	const View = page.view;
	return (
		<div class="settings">
			<nav class="settings-nav" aria-label={t("settings.title")}>
				<h1>{t("settings.title")}</h1>
				<ul>
					{PAGES.map((one) => {
						const to = {view: "settings", page: one.slug} as const;
						return (
							<li key={one.slug}>
								<a href={formatRoute(to)}
									aria-current={one === page ? "page" : undefined}
									onClick={(event) => follow(event, to, true)}>{t(one.label)}</a>
							</li>
						);
					})}
				</ul>
			</nav>
			<div class="settings-page">
				<h2>{t(page.label)}</h2>
				<View />
			</div>
		</div>
	);
}

function Choice<T extends string>({legend, value, options, onChange}: {
	legend: string; value: T; options: [T, string][]; onChange: (value: T) => void;
}) {
	return (
		<fieldset class="choice">
			<legend>{legend}</legend>
			{options.map(([one, label]) => (
				<label key={one} class="check">
					<input type="radio" name={legend} checked={one === value}
						onChange={() => onChange(one)} />
					<span>{label}</span>
				</label>
			))}
		</fieldset>
	);
}

function Appearance() {
	void language.value;
	return (
		<form class="form">
			<Choice legend={t("theme.title")} value={theme.value}
				options={[["system", t("theme.system")], ["light", t("theme.light")],
					["dark", t("theme.dark")]]}
				onChange={(value) => { theme.value = value; }} />
			<Choice legend={t("density.title")} value={density.value}
				options={[["roomy", t("density.roomy")], ["compact", t("density.compact")]]}
				onChange={(value) => { density.value = value; }} />
			<Choice<Language | "">
				legend={t("language.title")} value={storedLanguage() ?? ""}
				options={[["", t("language.system")],
					...Object.entries(LANGUAGES).map(([tag, one]) =>
						[tag, one.name] as [Language, string])]}
				onChange={(value) => void setLanguage(value || undefined)} />
			<label class="field"><span>{t("settings.zone")}</span>
				<select value={timeZone.value}
					onChange={(event) => { timeZone.value = event.currentTarget.value; }}>
					<option value="">{t("settings.zone.device")}</option>
					{allZones().map((zone) => <option key={zone} value={zone}>{zone}</option>)}
				</select></label>
			<fieldset class="choice">
				<legend>{t("settings.reading")}</legend>
				<label class="check">
					<input type="checkbox" checked={conversations.value}
						onChange={(event) => {
							conversations.value = event.currentTarget.checked;
						}} />
					<span>{t("settings.conversations")}</span>
				</label>
				{canNotify() && (
					<label class="check">
						<input type="checkbox" checked={notices.value}
							onChange={(event) => {
								const wanted = event.currentTarget;
								if (!wanted.checked)
									notices.value = false;
								else
									void allowNotices().then((allowed) => {
										wanted.checked = allowed;
									});
							}} />
						<span>{t("settings.notices")}</span>
					</label>
				)}
			</fieldset>
			<p class="form-hint"><a href="/mail/licenses.txt" target="_blank">
				{t("settings.licenses")}</a></p>
		</form>
	);
}
