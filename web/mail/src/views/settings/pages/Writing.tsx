// SPDX-License-Identifier: Apache-2.0
// From whom one writes: names, signatures; and the answer while one is away.
import {useState} from "preact/hooks";
import {store} from "../../../app/session.ts";
import {toast, toastError} from "../../../app/toasts.ts";
import {t} from "../../../i18n/index.ts";
import {JmapError} from "../../../jmap/errors.ts";
import {SUBMISSION, VACATION} from "../../../jmap/methods.ts";
import type {Identity} from "../../../jmap/types.ts";
import {Button} from "../../../ui/Button.tsx";
import {useLoaded} from "../load.ts";

async function saveIdentity(id: string, patch: Partial<Identity>): Promise<void> {
	const {client} = store();
	const answer = await client.call("Identity/set", {
		accountId: client.accountFor(SUBMISSION)!, update: {[id]: patch}});
	const error = answer.notUpdated?.[id];
	if (error)
		throw JmapError.ofSet("Identity/set", error);
	await store().loadIdentities();
}

function IdentityForm({one}: {one: Identity}) {
	const [name, setName] = useState(one.name);
	const [text, setText] = useState(one.textSignature);
	const [replyTo, setReplyTo] = useState(one.replyTo?.[0]?.email ?? "");
	return (
		<form class="form card" onSubmit={(event) => {
			event.preventDefault();
			// Only what was changed: another program may have written a signature with
			// formats, or several addresses for answers.
			saveIdentity(one.id, {
				name,
				...(text !== one.textSignature && {textSignature: text, htmlSignature: ""}),
				...(replyTo !== (one.replyTo?.[0]?.email ?? "") && {
					replyTo: replyTo ? [{name: null, email: replyTo}] : null}),
			}).then(() => toast(t("settings.saved")), toastError);
		}}>
			<h3>{one.email}</h3>
			<label class="field"><span>{t("settings.name")}</span>
				<input value={name} autocomplete="name" dir="auto"
					onInput={(event) => setName(event.currentTarget.value)} /></label>
			<label class="field"><span>{t("read.replyto")}</span>
				<input type="email" value={replyTo}
					onInput={(event) => setReplyTo(event.currentTarget.value)} /></label>
			<label class="field"><span>{t("settings.signature")}</span>
				<textarea rows={4} value={text} dir="auto"
					onInput={(event) => setText(event.currentTarget.value)} /></label>
			<div><Button kind="primary" type="submit">{t("settings.save")}</Button></div>
		</form>
	);
}

export function Writing() {
	return (
		<>
			<p class="settings-lead">{t("settings.identities.lead")}</p>
			{store().identities.value.map((one) => <IdentityForm key={one.id} one={one} />)}
			{store().identities.value.length === 0 && <p>{t("write.no.identity")}</p>}
		</>
	);
}

interface Away {
	isEnabled: boolean;
	fromDate: string | null;
	toDate: string | null;
	subject: string | null;
	textBody: string | null;
}

// <input type="date"> has a day, JMAP a moment.
const day = (moment: string | null): string => moment?.slice(0, 10) ?? "";
const moment = (text: string): string | null => text ? `${text}T00:00:00Z` : null;

export function Vacation() {
	const {client} = store();
	const accountId = client.accountFor(VACATION)!;
	const [loaded] = useLoaded(async () => {
		const {list} = await client.call("VacationResponse/get", {accountId, ids: ["singleton"]});
		return list[0] as unknown as Away;
	});
	const [changed, setChanged] = useState<Partial<Away>>({});
	if (!loaded)
		return null;
	const now = {...loaded, ...changed};
	const set = (part: Partial<Away>): void => setChanged({...changed, ...part});
	return (
		<form class="form" onSubmit={(event) => {
			event.preventDefault();
			void client.call("VacationResponse/set", {
				accountId, update: {singleton: changed}}).then((answer) => {
				const error = answer.notUpdated?.["singleton"];
				if (error)
					throw JmapError.ofSet("VacationResponse/set", error);
				toast(t("settings.saved"));
			}).catch(toastError);
		}}>
			<p class="settings-lead">{t("settings.vacation.lead")}</p>
			<label class="check"><input type="checkbox" checked={now.isEnabled}
				onChange={(event) => set({isEnabled: event.currentTarget.checked})} />
				<span>{t("settings.vacation.on")}</span></label>
			<div class="settings-line">
				<label class="field"><span>{t("settings.vacation.from")}</span>
					<input type="date" value={day(now.fromDate)}
						onInput={(event) => set({fromDate: moment(event.currentTarget.value)})} /></label>
				<label class="field"><span>{t("settings.vacation.to")}</span>
					<input type="date" value={day(now.toDate)}
						onInput={(event) => set({toDate: moment(event.currentTarget.value)})} /></label>
			</div>
			<label class="field"><span>{t("read.subject")}</span>
				<input value={now.subject ?? ""} dir="auto"
					onInput={(event) => set({subject: event.currentTarget.value || null})} /></label>
			<label class="field"><span>{t("settings.vacation.text")}</span>
				<textarea rows={6} value={now.textBody ?? ""} dir="auto"
					onInput={(event) => set({textBody: event.currentTarget.value || null})} /></label>
			<div><Button kind="primary" type="submit">{t("settings.save")}</Button></div>
		</form>
	);
}
