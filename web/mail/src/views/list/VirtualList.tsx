// SPDX-License-Identifier: Apache-2.0
// A list of any length, of which only the rows in sight are there. When rows come
// and go above, what is in sight stays where it is.
import {useEffect, useLayoutEffect, useRef, useState} from "preact/hooks";
import {effect} from "@preact/signals";
import {openIndex} from "../../app/current.ts";
import {density} from "../../app/preferences.ts";
import {cursor} from "../../app/selection.ts";
import {t} from "../../i18n/index.ts";
import type {Id} from "../../jmap/types.ts";
import type {MailList} from "../../store/list.ts";
import {Row} from "./Row.tsx";

const HEIGHTS = {roomy: 86, compact: 60};
const OVERSCAN = 6;
// Browsers cannot make a box much higher than this. Above it, the way of the
// scroll bar stands for a longer one.
const HEIGHT_MAX = 8_000_000;
const PLACEHOLDERS = 14;

// Between the scroll bar's place and the list's.
export class Scale {
	constructor(
		readonly real: number, // the height of all rows
		readonly view: number,
	) {}

	get shown(): number {
		return Math.min(this.real, HEIGHT_MAX);
	}

	private get factor(): number {
		const way = this.shown - this.view;
		return this.real > this.shown && way > 0 ? (this.real - this.view) / way : 1;
	}

	toReal(top: number): number {
		return top * this.factor;
	}

	toShown(top: number): number {
		return top / this.factor;
	}
}

export function VirtualList({list}: {list: MailList}) {
	const scroller = useRef<HTMLDivElement>(null);
	const [top, setTop] = useState(0);
	const [view, setView] = useState(800);
	const first = useRef<{id: Id | undefined; offset: number}>({id: undefined, offset: 0});
	const height = HEIGHTS[density.value];
	const total = list.total.value ?? PLACEHOLDERS;
	const version = list.version.value;
	const scale = new Scale(total * height, view);
	const real = scale.toReal(top);
	const from = Math.max(0, Math.floor(real / height) - OVERSCAN);
	const to = Math.min(total, Math.ceil((real + view) / height) + OVERSCAN);

	const scrollTo = (wanted: number): void => {
		const shown = scale.toShown(wanted);
		scroller.current!.scrollTop = shown;
		setTop(scroller.current!.scrollTop);
	};

	// Another list begins at its top.
	useLayoutEffect(() => {
		first.current = {id: undefined, offset: 0};
		scroller.current!.scrollTop = 0;
		setTop(0);
	}, [list]);

	useEffect(() => {
		const watch = new ResizeObserver(([entry]) => setView(entry!.contentRect.height));
		watch.observe(scroller.current!);
		return () => watch.disconnect();
	}, []);

	// The rows became others: the first one in sight stays, but for the top, where
	// new mail is wanted.
	useLayoutEffect(() => {
		const {id, offset} = first.current;
		if (top <= 2 || id === undefined)
			return;
		const index = list.indexOf(id);
		if (index >= 0 && Math.abs(index * height + offset - real) > 1)
			scrollTo(index * height + offset);
	}, [version, height]);

	useEffect(() => {
		const index = Math.floor(real / height);
		first.current = {id: list.ids[index], offset: real - index * height};
		list.want(from, to);
	});

	// The keyboard leads to a row out of sight.
	useEffect(() => effect(() => {
		const index = cursor.value !== undefined ? list.indexOf(cursor.value) : openIndex();
		const box = scroller.current;
		if (index < 0 || !box)
			return;
		const now = new Scale((list.total.peek() ?? 0) * height, box.clientHeight);
		const at = now.toReal(box.scrollTop);
		if (index * height < at)
			box.scrollTop = now.toShown(index * height);
		else if ((index + 1) * height > at + box.clientHeight)
			box.scrollTop = now.toShown((index + 1) * height - box.clientHeight);
	}), [list, height]);

	const rows = [];
	for (let index = from; index < to; index++)
		rows.push(
			<Row key={list.ids[index] ?? `hole-${index}`} list={list} index={index}
				id={list.ids[index]} total={total}
				top={index * height - real + top} />);
	return (
		<div class="list-scroll" ref={scroller} role="list" aria-label={t("list.title")}
			aria-busy={list.total.value === undefined}
			onScroll={() => setTop(scroller.current!.scrollTop)}>
			<div class="list-space" role="presentation" style={{height: `${scale.shown}px`}} />
			{rows}
		</div>
	);
}
