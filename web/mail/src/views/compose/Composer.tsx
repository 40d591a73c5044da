// SPDX-License-Identifier: Apache-2.0
// One message that is being written.
import {useEffect, useLayoutEffect, useRef, useState} from "preact/hooks";
import {
	closeComposer, discardComposer, sendComposer, showPicture, type Composer as Open,
} from "../../app/composers.ts";
import {showDialog} from "../../app/dialogs.ts";
import {addKeys} from "../../app/keys.ts";
import {panes} from "../../app/layout.ts";
import {store} from "../../app/session.ts";
import {toast, toastError} from "../../app/toasts.ts";
import {t, type Key} from "../../i18n/index.ts";
import {htmlOf, textOf} from "../../lib/editable.ts";
import {speaksOfAttachment} from "../../lib/reply.ts";
import type {Draft} from "../../store/draft.ts";
import {Button, IconButton} from "../../ui/Button.tsx";
import {MenuButton} from "../../ui/Menu.tsx";
import {LaterDialog, LinkInputDialog, MissingDialog} from "./dialogs.tsx";
import {Editor, FormatBar, insertNodes, replaceText} from "./Editor.tsx";
import {Files} from "./Files.tsx";
import {Recipients} from "./Recipients.tsx";

const STATES: Record<Draft["state"]["value"], Key | undefined> = {
	clean: "write.saved", changed: undefined, saving: "write.saving", failed: "write.unsaved",
};

function fragmentOf(root: HTMLElement): DocumentFragment {
	const range = document.createRange();
	range.selectNodeContents(root);
	return range.cloneContents();
}

// Pictures of the text that are on the server already are fetched and shown.
function showPictures(root: HTMLElement, composer: Open): void {
	const {draft} = composer;
	for (const image of root.querySelectorAll<HTMLImageElement>("img[data-cid]")) {
		const one = draft.attachments.peek().find((other) => other.cid === image.dataset["cid"]);
		const blobId = one?.blobId.peek();
		if (image.src || !one || !blobId)
			continue;
		void store().client.download(store().accountId, blobId, one.type, one.name)
			.then((blob) => {
				if (image.isConnected)
					showPicture(composer, image, blob);
			}, () => undefined);
	}
}

export function Composer({composer}: {composer: Open}) {
	const {draft} = composer;
	const root = useRef<HTMLDivElement>(null);
	const picker = useRef<HTMLInputElement>(null);
	const plain = composer.plain.value;
	const [small, setSmall] = useState(false);
	const [large, setLarge] = useState(false);
	const [more, setMore] = useState(draft.cc.peek().length + draft.bcc.peek().length > 0);
	const touch = (): void => draft.touch();
	useLayoutEffect(() => {
		// It is asked for also when the editor is gone from the page.
		const editor = root.current!;
		draft.content = () => ({
			text: textOf(editor, composer.plain.peek()),
			...(!composer.plain.peek() && {html: htmlOf(editor)}),
		});
	}, []);
	useEffect(() => showPictures(root.current!, composer), []);

	const attach = (files: File[], within: boolean): void => {
		for (const file of files) {
			if (!within || plain || !file.type.startsWith("image/")) {
				draft.attach(file, file.name);
				continue;
			}
			const cid = `${crypto.randomUUID()}@roost`;
			draft.attach(file, file.name || "image", cid);
			const image = document.createElement("img");
			showPicture(composer, image, file);
			image.alt = file.name;
			image.dataset["cid"] = cid;
			insertNodes(root.current!, image);
		}
		touch();
	};
	// An address that is being typed counts.
	const leaveField = (): void => (document.activeElement as HTMLElement | null)?.blur();
	const submit = (at?: Date): void => {
		void sendComposer(composer, fragmentOf(root.current!), at);
	};
	// What should be right before it goes. The user may send it all the same.
	const send = (at?: Date): void => {
		leaveField();
		if (!draft.identity.peek())
			return toast(t("write.no.identity"), {kind: "error"});
		if (draft.recipients().length === 0)
			return toast(t("write.no.recipients"), {kind: "error"});
		if (draft.attachments.peek().some((one) => one.failed.peek()))
			return toast(t("write.upload.failed"), {kind: "error"});
		if (draft.isUploading())
			return toast(t("write.uploading"), {kind: "error"});
		const files = draft.attachments.peek().filter((one) => !one.cid);
		if (files.length === 0 && speaksOfAttachment(textOf(root.current!, plain)))
			showDialog(<MissingDialog text={t("write.no.attachment")} onSend={() => submit(at)} />);
		else if (!draft.subject.peek().trim())
			showDialog(<MissingDialog text={t("write.no.subject")} onSend={() => submit(at)} />);
		else
			submit(at);
	};
	const close = (): void => {
		leaveField();
		void closeComposer(composer).catch(toastError);
	};
	const discard = (): void => discardComposer(composer, fragmentOf(root.current!));
	const link = (): void => {
		const range = getSelection()?.rangeCount ? getSelection()!.getRangeAt(0) : undefined;
		showDialog(<LinkInputDialog text={range?.toString() ?? ""} onDone={(url, text) => {
			const anchor = document.createElement("a");
			anchor.href = url;
			anchor.textContent = text || url;
			root.current?.focus();
			if (range) {
				getSelection()?.removeAllRanges();
				getSelection()?.addRange(range);
			}
			insertNodes(root.current!, anchor);
		}} />);
	};
	const togglePlain = (): void => {
		replaceText(root.current!, textOf(root.current!, plain));
		composer.plain.value = !plain;
		touch();
	};
	const section = useRef<HTMLElement>(null);
	useEffect(() => addKeys([
		{keys: ["Mod+Enter"], label: "write.send", group: "write", typing: true, run: (event) =>
			section.current?.contains(event.target as Node) ? void send() : false},
		{keys: ["Escape"], label: "write.close", group: "write", typing: true, hidden: true,
			run: (event) => section.current?.contains(event.target as Node) ? close() : false},
	]), [plain]);
	useEffect(() => {
		const leave = (event: BeforeUnloadEvent): void => {
			if (draft.state.peek() !== "clean")
				event.preventDefault();
		};
		window.addEventListener("beforeunload", leave);
		return () => window.removeEventListener("beforeunload", leave);
	}, []);

	const identities = store().identities.value;
	const state = STATES[draft.state.value];
	const title = draft.subject.value || t("act.compose");
	return (
		<section ref={section} class={`composer ${small ? "small" : ""} ${large ? "large" : ""}`}
			aria-label={title}
			onDragOver={(event) => event.preventDefault()}
			onDrop={(event) => {
				const files = [...event.dataTransfer?.files ?? []];
				if (files.length > 0) {
					event.preventDefault();
					attach(files, false);
				}
			}}>
			<header class="composer-head">
				<h2 dir="auto">{title}</h2>
				<span class="composer-state" role="status">{state && t(state)}</span>
				{panes.value > 1 && <>
					<IconButton icon={small ? "up" : "minimise"} size={18}
						label={t(small ? "write.restore" : "write.minimise")}
						onClick={() => setSmall(!small)} />
					<IconButton icon={large ? "shrink" : "enlarge"} size={18}
						label={t(large ? "write.restore" : "write.enlarge")}
						onClick={() => { setLarge(!large); setSmall(false); }} />
				</>}
				<IconButton icon="close" label={t("write.close")} size={18} onClick={close} />
			</header>
			<div class="composer-body">
				{identities.length > 1 && (
					<div class="recipients">
						<label for={`from-${composer.key}`}>{t("read.from")}</label>
						<select id={`from-${composer.key}`} value={draft.identity.value?.id ?? ""}
							onChange={(event) => {
								const {value} = event.currentTarget;
								draft.identity.value = identities.find((one) => one.id === value);
								touch();
							}}>
							{identities.map((one) => (
								<option key={one.id} value={one.id}>
									{one.name ? `${one.name} <${one.email}>` : one.email}
								</option>
							))}
						</select>
					</div>
				)}
				<Recipients label={t("read.to.field")} list={draft.to} onChange={touch}
					autofocus={composer.focus === "to"}>
					{!more && (
						<button type="button" class="more-fields" onClick={() => setMore(true)}>
							{t("read.cc")} {t("read.bcc")}</button>
					)}
				</Recipients>
				{more && <>
					<Recipients label={t("read.cc")} list={draft.cc} onChange={touch} />
					<Recipients label={t("read.bcc")} list={draft.bcc} onChange={touch} />
				</>}
				<div class="recipients">
					<label for={`subject-${composer.key}`}>{t("read.subject")}</label>
					<input id={`subject-${composer.key}`} class="subject-input" dir="auto"
						value={draft.subject.value} maxLength={900}
						onInput={(event) => {
							draft.subject.value = event.currentTarget.value;
							touch();
						}} />
				</div>
				<Editor root={root} begin={composer.begin} plain={plain}
					focus={composer.focus === "text"} onChange={touch} onFiles={attach} />
				<Files draft={draft} />
			</div>
			<footer class="composer-foot">
				<Button kind="primary" icon="send" onClick={() => send()}>{t("write.send")}</Button>
				{draft.longestWait > 0 && (
					<MenuButton label={t("write.later")} icon="clock" class="upwards" items={() => [
						{label: t("write.later"), icon: "clock",
							run: () => showDialog(<LaterDialog onPick={send} />)},
					]} />
				)}
				{!plain && <FormatBar root={root} onLink={link} />}
				<input ref={picker} type="file" multiple hidden tabIndex={-1}
					onChange={(event) => {
						attach([...event.currentTarget.files ?? []], false);
						event.currentTarget.value = "";
					}} />
				<span class="grow" />
				<IconButton icon="paperclip" label={t("write.attach")}
					onClick={() => picker.current?.click()} />
				<MenuButton label={t("app.more")} class="upwards" items={() => [
					{label: t("write.plain"), checked: plain, run: togglePlain},
				]} />
				<IconButton icon="trash" label={t("write.discard")} onClick={discard} />
			</footer>
		</section>
	);
}
