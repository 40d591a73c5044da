// SPDX-License-Identifier: Apache-2.0
// The words that a search found, marked in the rows.
import {route} from "../../app/router.ts";
import {store} from "../../app/session.ts";
import type {Id, SearchSnippet} from "../../jmap/types.ts";
import {parseSearch} from "../../lib/search.ts";
import type {MailList} from "../../store/list.ts";
import {parseMarked, Snippets} from "../../store/snippets.ts";

let snippets: Snippets | undefined;

// Only where words are looked for; chips alone mark nothing.
export function useSnippet(list: MailList, id: Id): SearchSnippet | undefined {
	const at = route.value;
	const filter = list.query.filter;
	if (at.view !== "search" || !filter)
		return undefined;
	const search = parseSearch(at.query);
	if (!search.words && !search.chips.some((one) => one.kind === "subject"))
		return undefined;
	const {client, accountId} = store();
	if (!snippets || snippets.filter !== filter)
		snippets = new Snippets(client, accountId, filter);
	return snippets.get(id).value;
}

export function Marks({html}: {html: string}) {
	return <>{parseMarked(html).map((part, index) =>
		part.marked ? <mark key={index}>{part.text}</mark> : part.text)}</>;
}
