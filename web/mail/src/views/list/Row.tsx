// SPDX-License-Identifier: Apache-2.0
// One row: a message, or a conversation by its newest message.
import {archive, flagEmail, remove, run, setRead, toggleRead} from "../../app/actions.ts";
import {compose} from "../../app/compose.ts";
import {currentFolder, folderName, isRowOf, openId, withOpen} from "../../app/current.ts";
import {draggedRows} from "../../app/drag.ts";
import {panes} from "../../app/layout.ts";
import {follow, formatRoute, route} from "../../app/router.ts";
import {cursor, selected, selectTo, toggle} from "../../app/selection.ts";
import {store} from "../../app/session.ts";
import {formatNumber, t} from "../../i18n/index.ts";
import type {Address, Email, Id} from "../../jmap/types.ts";
import {nameOf, sameAddress, shortName} from "../../lib/addresses.ts";
import {labelsOf} from "../../lib/labels.ts";
import {longDate, shortDate} from "../../lib/dates.ts";
import {oneLine} from "../../lib/text.ts";
import {isDraft, isFlagged, isUnread} from "../../store/emails.ts";
import type {MailList} from "../../store/list.ts";
import {Avatar} from "../../ui/Avatar.tsx";
import {IconButton} from "../../ui/Button.tsx";
import {Labels} from "../../ui/Labels.tsx";
import {Icon} from "../../ui/Icon.tsx";
import {Marks, useSnippet} from "./snippets.tsx";

interface RowProps {
	list: MailList;
	id: Id | undefined;
	index: number;
	total: number;
	top: number;
}

export function Row({list, id, index, total, top}: RowProps) {
	const email = id === undefined ? undefined : store().emails.objects.signal(id).value;
	const place = {
		role: "listitem", "aria-setsize": total, "aria-posinset": index + 1,
		style: {transform: `translateY(${top}px)`},
	} as const;
	if (!email)
		return (
			<div {...place} class="row hole" aria-busy="true">
				<span class="avatar medium bone" />
				<span class="bones"><i /><i /><i /></span>
			</div>
		);
	return <MailRow list={list} email={email} place={place} />;
}

function isMe(address: Address): boolean {
	return store().identities.value.some((one) => sameAddress(one.email, address.email));
}

function uniqueNames(addresses: Address[]): string[] {
	const seen = new Map<string, Address>();
	for (const one of addresses)
		seen.set(one.email.toLowerCase(), one);
	const all = [...seen.values()];
	if (all.length === 1)
		return [isMe(all[0]!) ? t("list.me") : nameOf(all[0]!)];
	return all.map((one) => isMe(one) ? t("list.me") : shortName(one));
}

// Whom the row is about: who wrote, or, of what one wrote oneself, to whom.
function people(email: Email, thread: Email[]): {text: string; face: Address | undefined} {
	const role = currentFolder.value?.role;
	if (role === "sent" || role === "drafts" || isDraft(email)) {
		const to = [...email.to ?? [], ...email.cc ?? []];
		const names = to.length ? uniqueNames(to).join(", ") : t("list.nobody");
		return {text: t("list.to", {names}), face: to[0] ?? email.from?.[0]};
	}
	const from = thread.flatMap((one) => one.from ?? []);
	const face = from.findLast((one) => !isMe(one)) ?? from.at(-1);
	const names = uniqueNames(from);
	const shown = names.length > 3 ? [names[0]!, "…", ...names.slice(-2)] : names;
	return {text: shown.join(", ") || t("list.nobody"), face};
}

function MailRow({list, email, place}: {
	list: MailList; email: Email; place: Record<string, unknown>;
}) {
	const {emails} = store();
	const collapsed = list.query.collapseThreads;
	const members = collapsed ? emails.inThread(email.threadId) : [];
	const thread = members.length > 0 ? members : [email];
	const count = collapsed
		? emails.threads.signal(email.threadId).value?.emailIds.length ?? 1 : 1;
	const open = openId.value;
	const isOpen = open !== undefined &&
		isRowOf(list, email, emails.objects.signal(open).value);
	const isSelected = selected.value.has(email.id);
	const unread = thread.some(isUnread);
	const atCursor = cursor.value === email.id || cursor.value === undefined && isOpen;
	const classes = ["row", unread && "unread", isOpen && "open", isSelected && "selected",
		atCursor && "cursor"].filter(Boolean).join(" ");
	const {text, face} = people(email, thread);
	return (
		<div {...place} class={classes} draggable
			onDragStart={(event) => startDrag(event, email)}
			onDragEnd={() => { draggedRows.value = undefined; }}>
			<button type="button" class="row-select" aria-pressed={isSelected} tabIndex={-1}
				aria-label={`${t("list.select")}: ${text}`}
				onClick={(event) => event.shiftKey ? selectTo(email.id) : toggle(email.id)}>
				<Avatar address={face} />
				<span class="row-tick"><Icon name="check" size={18} /></span>
			</button>
			<RowLink list={list} email={email} people={text} count={count} unread={unread}
				thread={thread} />
			<RowTools email={email} thread={thread} unread={unread} />
		</div>
	);
}

function RowLink({list, email, people: who, count, unread, thread}: {
	list: MailList; email: Email; people: string; count: number; unread: boolean;
	thread: Email[];
}) {
	const to = withOpen(route.value, email.id);
	const snippet = useSnippet(list, email.id);
	const draft = thread.some(isDraft);
	return (
		<a class="row-link" href={formatRoute(to)} draggable={false}
			onClick={(event) => {
				if (event.shiftKey || event.metaKey || event.ctrlKey) {
					event.preventDefault();
					if (event.shiftKey)
						selectTo(email.id);
					else
						toggle(email.id);
					return;
				}
				cursor.value = email.id;
				if (currentFolder.value?.role === "drafts" && isDraft(email)) {
					event.preventDefault();
					compose({kind: "draft", email});
					return;
				}
				follow(event, to, panes.value > 1 && openId.value !== undefined);
			}}>
			{unread && <span class="unseen">{t("list.unread")}, </span>}
			<span class="row-top">
				<span class="row-from" dir="auto">{who}</span>
				{draft && <span class="row-draft">{t("list.draft")}</span>}
				{count > 1 && <span class="row-count">{formatNumber(count)}</span>}
				<Signs email={email} thread={thread} />
				{route.value.view === "search" && <Where email={email} />}
				<time class="row-date" dateTime={email.receivedAt}
					title={longDate(email.receivedAt)}>{shortDate(email.receivedAt)}</time>
			</span>
			<span class="row-subject" dir="auto">
				<Labels labels={labelsOf(thread.map((one) => one.keywords))} />
				{snippet?.subject ? <Marks html={oneLine(snippet.subject)} />
					: email.subject || t("list.subject.none")}
			</span>
			<span class="row-preview" dir="auto">
				{snippet?.preview ? <Marks html={snippet.preview} /> : email.preview}
			</span>
		</a>
	);
}

function Signs({email, thread}: {email: Email; thread: Email[]}) {
	const sign = (icon: "reply" | "forward" | "paperclip", label: string) => (
		<span class="row-sign" title={label}>
			<Icon name={icon} size={15} /><span class="unseen">{label}</span>
		</span>
	);
	return (
		<>
			{email.keywords["$answered"] && sign("reply", t("list.answered"))}
			{email.keywords["$forwarded"] && sign("forward", t("list.forwarded"))}
			{thread.some((one) => one.hasAttachment) && sign("paperclip", t("list.attachment"))}
		</>
	);
}

function Where({email}: {email: Email}) {
	const names = Object.keys(email.mailboxIds)
		.map((id) => store().mailboxes.get(id))
		.filter((one) => one !== undefined).map(folderName);
	return <span class="row-where">{names.join(", ")}</span>;
}

// The flag is always there; the rest when the mouse is over the row. (The keyboard
// has keys for all of it.)
function RowTools({email, thread, unread}: {
	email: Email; thread: Email[]; unread: boolean;
}) {
	const flagged = thread.find(isFlagged);
	return (
		<div class="row-tools">
			<span class="row-more">
				<IconButton icon="archive" label={t("act.archive")} size={17} tabIndex={-1}
					onClick={() => run(() => archive([email.id]))} />
				<IconButton icon="trash" label={t("act.delete")} size={17} tabIndex={-1}
					onClick={() => run(() => remove([email.id]))} />
				<IconButton icon={unread ? "mailOpen" : "mail"} size={17} tabIndex={-1}
					label={t(unread ? "act.read" : "act.unread")}
					onClick={() => run(() => unread ? setRead(true, [email.id])
						: toggleRead([email.id]))} />
			</span>
			<IconButton icon="star" class="row-flag" size={17} filled={!!flagged}
				pressed={!!flagged} tabIndex={-1}
				label={t(flagged ? "act.unflag" : "act.flag")}
				onClick={() => run(() => flagEmail(flagged ?? email))} />
		</div>
	);
}

function startDrag(event: DragEvent, email: Email): void {
	const rows = selected.value.has(email.id) ? [...selected.value] : [email.id];
	draggedRows.value = rows;
	const data = event.dataTransfer!;
	data.effectAllowed = "move";
	data.setData("text/plain", email.subject ?? "");
	const image = document.createElement("div");
	image.className = "drag-image";
	image.textContent = rows.length > 1 ? t("list.selected", {n: rows.length})
		: email.subject || t("list.subject.none");
	document.body.append(image);
	data.setDragImage(image, 12, 12);
	setTimeout(() => image.remove());
}
