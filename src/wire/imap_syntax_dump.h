// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: what was parsed, written down in a short form of its
// own, so that tables can say what is expected.
#ifndef ROOST_WIRE_IMAP_SYNTAX_DUMP_H
#define ROOST_WIRE_IMAP_SYNTAX_DUMP_H

#include "wire/imap_fetch_syntax.h"
#include "wire/imap_search_syntax.h"

static inline void dump_set(struct buf *out, const struct imap_set *set)
{
	const char *comma = "";
	for (size_t i = 0; i < set->count; i++) {
		struct range range = set->ranges[i];
		buf_add_string(out, comma);
		if (range.first == IMAP_SET_STAR)
			buf_add_char(out, '*');
		else
			buf_add_u64(out, range.first);
		if (range.last == IMAP_SET_STAR && range.first != range.last)
			buf_add_literal(out, ":*");
		else if (range.last != range.first)
			buf_printf(out, ":%u", range.last);
		comma = ",";
	}
	if (set->has_saved)
		buf_printf(out, "%s$", comma);
}

static inline void dump_fetch(struct buf *out, const struct imap_fetch *fetch)
{
	for (size_t i = 0; i < fetch->count; i++) {
		const struct imap_fetch_item *item = &fetch->items[i];
		if (i)
			buf_add_char(out, ' ');
		buf_add(out, item->label);
		if (imap_fetch_has_section(item->type) && item->peek)
			buf_add_literal(out, "/peek");
		if (item->lazy)
			buf_add_literal(out, "/lazy");
		if (item->has_partial)
			buf_printf(
			    out, "/%llu", (unsigned long long)item->length);
	}
	if (fetch->has_changed_since)
		buf_printf(out, " since=%llu",
		    (unsigned long long)fetch->changed_since);
	if (fetch->vanished)
		buf_add_literal(out, " vanished");
	if (fetch->sets_seen)
		buf_add_literal(out, " seen");
}

static inline void dump_key(struct buf *out, const struct search_key *key);

static inline void dump_children(
    struct buf *out, const char *name, const struct search_key *key)
{
	buf_printf(out, "(%s", name);
	for (const struct search_key *child = key->children; child;
	     child = child->next) {
		buf_add_char(out, ' ');
		dump_key(out, child);
	}
	buf_add_char(out, ')');
}

static inline void dump_text(
    struct buf *out, const char *name, const struct search_key *key)
{
	buf_add_string(out, name);
	if (key->field.len) {
		buf_add_char(out, ':');
		buf_add(out, key->field);
	}
	buf_add_char(out, '=');
	buf_add(out, key->text);
}

static inline void dump_number(
    struct buf *out, const char *name, const struct search_key *key)
{
	buf_printf(out, "%s=%llu", name, (unsigned long long)key->number);
	if (key->field.len)
		buf_printf(out, "@%.*s", VIEW_FMT(key->field));
}

static inline void dump_day(
    struct buf *out, const char *name, const struct search_key *key)
{
	struct date_civil civil = date_civil_of_day(key->day);
	buf_printf(
	    out, "%s=%04d-%02d-%02d", name, civil.year, civil.month, civil.day);
}

static inline void dump_key(struct buf *out, const struct search_key *key)
{
	switch (key->type) {
	case SEARCH_ALL: buf_add_literal(out, "all"); break;
	case SEARCH_AND: dump_children(out, "and", key); break;
	case SEARCH_OR: dump_children(out, "or", key); break;
	case SEARCH_NOT: dump_children(out, "not", key); break;
	case SEARCH_SEQUENCE:
		buf_add_literal(out, "seq=");
		dump_set(out, &key->set);
		break;
	case SEARCH_UID:
		buf_add_literal(out, "uid=");
		dump_set(out, &key->set);
		break;
	case SEARCH_UIDS: buf_add_literal(out, "uids"); break;
	case SEARCH_FLAG: dump_text(out, "flag", key); break;
	case SEARCH_BEFORE: dump_day(out, "before", key); break;
	case SEARCH_ON: dump_day(out, "on", key); break;
	case SEARCH_SINCE: dump_day(out, "since", key); break;
	case SEARCH_SENT_BEFORE: dump_day(out, "sentbefore", key); break;
	case SEARCH_SENT_ON: dump_day(out, "senton", key); break;
	case SEARCH_SENT_SINCE: dump_day(out, "sentsince", key); break;
	case SEARCH_SAVED_BEFORE: dump_day(out, "savedbefore", key); break;
	case SEARCH_SAVED_ON: dump_day(out, "savedon", key); break;
	case SEARCH_SAVED_SINCE: dump_day(out, "savedsince", key); break;
	case SEARCH_SAVED_SUPPORTED: buf_add_literal(out, "saves"); break;
	case SEARCH_OLDER: dump_number(out, "older", key); break;
	case SEARCH_YOUNGER: dump_number(out, "younger", key); break;
	case SEARCH_LARGER: dump_number(out, "larger", key); break;
	case SEARCH_SMALLER: dump_number(out, "smaller", key); break;
	case SEARCH_MODSEQ: dump_number(out, "modseq", key); break;
	case SEARCH_HEADER: dump_text(out, "header", key); break;
	case SEARCH_BODY: dump_text(out, "body", key); break;
	case SEARCH_TEXT: dump_text(out, "text", key); break;
	case SEARCH_EMAIL_ID: dump_text(out, "email", key); break;
	case SEARCH_THREAD_ID: dump_text(out, "thread", key); break;
	case SEARCH_ASK_ENTRY:
	case SEARCH_ASK_RECORD: break; // no syntax makes them
	}
}

static inline void dump_search(
    struct buf *out, const struct imap_search *search)
{
	static const char *const returns[] = {
	    "min", "max", "all", "count", "save"};
	for (size_t i = 0; i < ARRAY_LEN(returns); i++)
		if (search->returns & 1u << i)
			buf_printf(out, "%s ", returns[i]);
	for (size_t i = 0; i < search->sort_count; i++)
		buf_printf(out, "%s%d ", search->sort[i].reverse ? "-" : "",
		    (int)search->sort[i].type);
	if (search->has_charset)
		buf_printf(out, "[%.*s] ", VIEW_FMT(search->charset));
	dump_key(out, search->root);
}

#endif
