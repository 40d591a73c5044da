// SPDX-License-Identifier: Apache-2.0
// Searches as one types. Filters are chips before the words.
import {useEffect, useRef, useState} from "preact/hooks";
import {currentFolder, folderName} from "../../app/current.ts";
import {navigate, route} from "../../app/router.ts";
import {t, type Key} from "../../i18n/index.ts";
import {
	formatSearch, isEmptySearch, parseSearch, type Chip, type ChipKind, type Search,
} from "../../lib/search.ts";
import {dayOnly} from "../../lib/dates.ts";
import {IconButton} from "../../ui/Button.tsx";
import {Icon} from "../../ui/Icon.tsx";

const WAIT_MS = 250;

const LABELS: Record<ChipKind, Key> = {
	from: "search.from", to: "search.to", subject: "search.subject", in: "search.in",
	before: "search.before", after: "search.after", has: "search.has", is: "search.unread",
};

function chipText(chip: Chip): string {
	switch (chip.kind) {
	case "has": return t("search.has");
	case "is": return t(chip.value === "flagged" ? "search.flagged" : "search.unread");
	case "before":
	case "after":
		return `${t(LABELS[chip.kind])} ${dayOnly(new Date(chip.value + "T00:00:00"))}`;
	default: return `${t(LABELS[chip.kind])}: ${chip.value}`;
	}
}

function searchOf(): Search {
	return route.value.view === "search" ? parseSearch(route.value.query)
		: {chips: [], words: ""};
}

export function SearchBox() {
	const input = useRef<HTMLInputElement>(null);
	const root = useRef<HTMLDivElement>(null);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const [chips, setChips] = useState<Chip[]>(searchOf().chips);
	const [words, setWords] = useState(searchOf().words);
	const [open, setOpen] = useState(false);
	const query = route.value.view === "search" ? route.value.query : "";

	// The address changed by itself: "back", or another folder.
	useEffect(() => {
		if (query !== formatSearch({chips, words: words.trim()})) {
			const search = searchOf();
			setChips(search.chips);
			setWords(search.words);
		}
	}, [query]);

	const show = (search: Search): void => {
		clearTimeout(timer.current);
		if (!isEmptySearch(search))
			navigate({view: "search", query: formatSearch(
				{...search, words: search.words.trim()})}, route.value.view === "search");
		else if (route.value.view === "search")
			navigate({view: "folder", folder: "inbox"});
	};
	const change = (next: Search, now: boolean): void => {
		setChips(next.chips);
		setWords(next.words);
		clearTimeout(timer.current);
		if (now)
			show(next);
		else
			timer.current = setTimeout(() => show(next), WAIT_MS);
	};
	// "from:anna " becomes a chip when the word is complete.
	const type = (text: string, complete = false): void => {
		const parsed = parseSearch(text);
		if (parsed.chips.length > 0 && (complete || /\s$/.test(text)))
			change({chips: [...chips, ...parsed.chips], words: parsed.words}, true);
		else if (/\b\w+:("[^"]*)?$/.test(text))
			setWords(text); // a filter is begun
		else
			change({chips, words: text}, complete);
	};
	const add = (chip: Chip): void => {
		change({chips: [...chips.filter((one) => one.kind !== chip.kind), chip],
			words}, true);
		input.current!.focus();
	};
	const begin = (kind: ChipKind): void => {
		setWords(`${words.trim() ? words.trim() + " " : ""}${kind}:`);
		input.current!.focus();
	};
	const onKey = (event: KeyboardEvent): void => {
		if (event.key === "Enter") {
			type(words, true);
			setOpen(false);
		} else if (event.key === "Escape") {
			if (words || chips.length)
				change({chips: [], words: ""}, true);
			setOpen(false);
			input.current!.blur();
		} else if (event.key === "Backspace" && words === "" && chips.length > 0) {
			change({chips: chips.slice(0, -1), words}, true);
		} else {
			return;
		}
		event.preventDefault();
	};
	return (
		<div class={`search ${open ? "open" : ""}`} role="search" ref={root}
			onFocusCapture={() => setOpen(true)}
			onBlurCapture={(event) => {
				if (!root.current!.contains(event.relatedTarget as Node | null))
					setOpen(false);
			}}>
			<Icon name="search" size={18} />
			{chips.map((chip, index) => (
				<span class="chip" key={index}>
					<span>{chipText(chip)}</span>
					<button type="button" aria-label={t("search.remove", {name: chipText(chip)})}
						onClick={() => change(
							{chips: chips.filter((_, at) => at !== index), words}, true)}>
						<Icon name="close" size={14} />
					</button>
				</span>
			))}
			<input id="search" ref={input} type="text" inputMode="search" enterkeyhint="search"
				value={words} placeholder={chips.length ? "" : t("search.placeholder")}
				aria-label={t("search.placeholder")} autocomplete="off"
				onInput={(event) => type(event.currentTarget.value)} onKeyDown={onKey} />
			{(words || chips.length > 0) && (
				<IconButton icon="close" size={16} label={t("search.clear")}
					onClick={() => change({chips: [], words: ""}, true)} />
			)}
			{open && <Choices add={add} begin={begin} chips={chips} />}
		</div>
	);
}

function Choices({add, begin, chips}: {
	add: (chip: Chip) => void; begin: (kind: ChipKind) => void; chips: Chip[];
}) {
	const folder = currentFolder.value;
	const fixed: Chip[] = [
		{kind: "has", value: "attachment"}, {kind: "is", value: "unread"},
		{kind: "is", value: "flagged"},
		...(folder ? [{kind: "in", value: folder.role ?? folderName(folder)} as const] : []),
	];
	const free = fixed.filter((one) => !chips.some(
		(chip) => chip.kind === one.kind && chip.value === one.value));
	return (
		<div class="search-choices" role="group" aria-label={t("search.add")}>
			<p>{t("search.hint")}</p>
			<div class="search-chips">
				{(["from", "to", "subject"] as const).map((kind) => (
					<button key={kind} type="button" class="chip-choice"
						onClick={() => begin(kind)}>{t(LABELS[kind])}…</button>
				))}
				{free.map((chip) => (
					<button key={chip.value} type="button" class="chip-choice"
						onClick={() => add(chip)}>
						{chip.kind === "in" && folder
							? `${t("search.in")}: ${folderName(folder)}` : chipText(chip)}
					</button>
				))}
				{(["after", "before"] as const).map((kind) => (
					<label key={kind} class="chip-choice">
						{t(LABELS[kind])}
						<input type="date" onChange={(event) => {
							if (event.currentTarget.value)
								add({kind, value: event.currentTarget.value});
						}} />
					</label>
				))}
			</div>
		</div>
	);
}
