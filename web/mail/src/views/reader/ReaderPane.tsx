// SPDX-License-Identifier: Apache-2.0
// The open message, with its conversation.
import {useEffect, useRef, useState} from "preact/hooks";
import {
	archive, junk, notJunk, pickFolder, pickLabels, remove, run, setRead, toggleFlag,
} from "../../app/actions.ts";
import {currentFolder, currentList, listTitle, openId, openIndex, withOpen} from "../../app/current.ts";
import {panes} from "../../app/layout.ts";
import {conversations} from "../../app/preferences.ts";
import {goBack, route} from "../../app/router.ts";
import {store} from "../../app/session.ts";
import {t} from "../../i18n/index.ts";
import type {Email, Id} from "../../jmap/types.ts";
import {labelsOf} from "../../lib/labels.ts";
import {isDraft, isFlagged, isUnread, LIST_PROPERTIES} from "../../store/emails.ts";
import {IconButton} from "../../ui/Button.tsx";
import {Icon} from "../../ui/Icon.tsx";
import {Labels} from "../../ui/Labels.tsx";
import {MenuButton} from "../../ui/Menu.tsx";
import {step} from "../shell/mailKeys.ts";
import {Message} from "./Message.tsx";

const FOLDED_FROM = 3; // so many read messages are one line

export function ReaderPane() {
	const id = openId.value;
	return (
		<section class="reader" aria-label={t("read.frame")}>
			{panes.value === 1 && <h1 class="unseen">{listTitle()}</h1>}
			{id === undefined ? <Nothing /> : <Conversation key={id} id={id} />}
		</section>
	);
}

function Nothing() {
	return (
		<div class="empty">
			<span class="empty-picture"><Icon name="mail" size={34} /></span>
			<p>{t("read.none")}</p>
			<p class="empty-hint">{t("read.none.hint")}</p>
		</div>
	);
}

// An address may name an email that no list has brought.
function useEmail(id: Id): Email | "gone" | undefined {
	const [gone, setGone] = useState(false);
	const {emails, client, accountId} = store();
	const email = emails.objects.signal(id).value;
	useEffect(() => {
		const load = async (): Promise<void> => {
			const get = client.call("Email/get",
				{accountId, ids: [id], properties: LIST_PROPERTIES});
			const threads = client.call("Thread/get",
				{accountId, "#ids": get.ref("/list/*/threadId")});
			const members = client.call("Email/get",
				{accountId, "#ids": threads.ref("/list/*/emailIds"), properties: LIST_PROPERTIES});
			emails.put((await get).list);
			setGone((await get).list.length === 0);
			for (const thread of (await threads).list)
				emails.threads.put(thread);
			emails.put((await members).list);
		};
		if (!email || !emails.threads.has(email.threadId))
			void load().catch(() => undefined);
	}, [id]);
	return email ?? (gone ? "gone" : undefined);
}

function Conversation({id}: {id: Id}) {
	const email = useEmail(id);
	if (email === "gone")
		return (
			<>
				<Toolbar email={undefined} />
				<div class="empty"><p>{t("read.gone")}</p></div>
			</>
		);
	if (!email)
		return (
			<>
				<Toolbar email={undefined} />
				<div class="reader-scroll" aria-busy="true"><div class="message bone-message" /></div>
			</>
		);
	return <Messages key={email.threadId} email={email} />;
}

// What is shown of the conversation: without drafts and without what was thrown
// away, unless that is what one looks at.
function shownOf(email: Email): Email[] {
	if (!conversations.value || route.value.view === "search")
		return [email];
	const {emails, mailboxes} = store();
	const hidden = (["trash", "junk"] as const)
		.map((role) => mailboxes.withRole(role)?.id)
		.filter((id) => id !== undefined && !email.mailboxIds[id]) as Id[];
	const thread = emails.inThread(email.threadId).filter((one) => one.id === email.id ||
		!Object.keys(one.mailboxIds).every((id) => hidden.includes(id)));
	return thread.length > 0 ? thread : [email];
}

function Messages({email}: {email: Email}) {
	const all = shownOf(email);
	const last = all.findLast((one) => !isDraft(one)) ?? all.at(-1)!;
	// What was unread when the conversation was opened stays open.
	const opened = useRef<Set<Id>>(new Set());
	const [toggled, setToggled] = useState<ReadonlyMap<Id, boolean>>(new Map());
	const [unfolded, setUnfolded] = useState(false);
	for (const one of all)
		if (isUnread(one))
			opened.current.add(one.id);
	const isOpen = (one: Email): boolean => toggled.get(one.id) ??
		(one.id === last.id || one.id === email.id && route.value.view === "search" ||
			opened.current.has(one.id));
	const toggleOne = (one: Email): void =>
		setToggled(new Map([...toggled, [one.id, !isOpen(one)]]));
	const firstOpen = all.findIndex(isOpen);
	const folded = !unfolded && firstOpen > FOLDED_FROM ? all.slice(1, firstOpen - 1) : [];
	const scroll = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (firstOpen > 0)
			scroll.current!.querySelector(".message.opened")
				?.scrollIntoView({block: "start"});
	}, []);
	return (
		<>
			<Toolbar email={email} />
			<div class="reader-scroll" ref={scroll} tabIndex={0} role="region"
				aria-label={email.subject || t("list.subject.none")}>
				<header class="reader-head">
					<h2 dir="auto">
						{email.subject || t("list.subject.none")}
						{" "}<Labels labels={labelsOf(all.map((one) => one.keywords))} />
					</h2>
					{all.length > 1 && (
						<IconButton icon={toggled.size ? "up" : "down"} size={18}
							label={t(all.every(isOpen) ? "read.collapse" : "read.expand")}
							onClick={() => {
								const open = !all.every(isOpen);
								setUnfolded(true);
								setToggled(new Map(all.map((one) => [one.id, open])));
							}} />
					)}
				</header>
				{all.map((one, index) => folded.includes(one)
					? index === 1 && (
						<button key="folded" type="button" class="folded"
							onClick={() => setUnfolded(true)}>
							{t("read.more", {n: folded.length})}
						</button>
					)
					: <Message key={one.id} email={one} open={isOpen(one)}
						alone={all.length === 1} last={one === last}
						onToggle={() => toggleOne(one)} />)}
			</div>
		</>
	);
}

function Toolbar({email}: {email: Email | undefined}) {
	const role = currentFolder.value?.role;
	const total = currentList.value?.total.value ?? 0;
	const index = openIndex();
	const flagged = !!email && isFlagged(email);
	return (
		<div class="toolbar" role="toolbar" aria-label={t("keys.act")}>
			{panes.value === 1 && (
				<IconButton icon="back" label={t("app.back")}
					onClick={() => goBack(withOpen(route.value, undefined))} />
			)}
			{email && (
				<div class="tools">
					<IconButton icon="archive" label={t("act.archive")} keys="e"
						onClick={() => run(() => archive())} />
					<IconButton icon="trash" keys="#"
						label={t(role === "trash" ? "act.delete.forever" : "act.delete")}
						onClick={() => run(() => remove())} />
					{role === "junk"
						? <IconButton icon="inbox" label={t("act.not.junk")} keys="!"
							onClick={() => run(() => notJunk())} />
						: <IconButton icon="junk" label={t("act.junk")} keys="!"
							onClick={() => run(() => junk())} />}
					<span class="tools-line" />
					<IconButton icon="move" label={t("act.move")} keys="m"
						onClick={() => pickFolder()} />
					<IconButton icon="star" filled={flagged} pressed={flagged}
						label={t(flagged ? "act.unflag" : "act.flag")} keys="s"
						class={flagged ? "is-flagged" : ""}
						onClick={() => run(() => toggleFlag())} />
					<MenuButton label={t("app.more")} items={() => [
						{label: t("act.unread"), icon: "mail",
							run: () => run(() => setRead(false))},
						{label: t("act.keyword"), icon: "tag",
							run: () => run(() => pickLabels())},
						{label: t("read.print"), icon: "printer", run: () => window.print()},
					]} />
				</div>
			)}
			<span class="space" />
			{index >= 0 && (
				<span class="position">{t("read.position", {n: index + 1, total})}</span>
			)}
			<IconButton icon="up" size={18} label={t("read.newer")} keys="k"
				disabled={index <= 0} onClick={() => step(-1)} />
			<IconButton icon="down" size={18} label={t("read.older")} keys="j"
				disabled={index < 0 || index >= total - 1} onClick={() => step(1)} />
		</div>
	);
}

