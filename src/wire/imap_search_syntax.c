// SPDX-License-Identifier: Apache-2.0
// This file reads the arguments of SEARCH, SORT and THREAD; see the header.
// imap_search_keys.c reads the search keys.
#include "wire/imap_search_syntax.h"

static enum rc parse_return_option(
    struct imap_cursor *cursor, unsigned *returns)
{
	static const struct {
		struct view name;
		enum imap_search_return option;
	} options[] = {
	    {{"MIN", 3}, IMAP_RETURN_MIN},
	    {{"MAX", 3}, IMAP_RETURN_MAX},
	    {{"ALL", 3}, IMAP_RETURN_ALL},
	    {{"COUNT", 5}, IMAP_RETURN_COUNT},
	    {{"SAVE", 4}, IMAP_RETURN_SAVE},
	};
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (imap_take_word(cursor, options[i].name)) {
			*returns |= options[i].option;
			return RC_OK;
		}
	}
	return imap_expected(cursor, "MIN, MAX, ALL, COUNT or SAVE");
}

// Reads "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")" SP.
static enum rc parse_return(
    struct imap_cursor *cursor, struct imap_search *search)
{
	if (!imap_take_word(cursor, VIEW("RETURN")))
		return RC_OK;
	search->has_return = true;
	enum rc rc = imap_parse_sp(cursor);
	if (rc == RC_OK)
		rc = imap_parse_open(cursor);
	if (rc == RC_OK && imap_peek(cursor) != ')') {
		do {
			rc = parse_return_option(cursor, &search->returns);
		} while (rc == RC_OK && imap_take_next(cursor));
	}
	if (rc == RC_OK)
		rc = imap_parse_close(cursor);
	// RFC 4731 section 3.1: an empty list is the same as ALL.
	if (search->returns == 0)
		search->returns = IMAP_RETURN_ALL;
	return rc == RC_OK ? imap_parse_sp(cursor) : rc;
}

// SEARCH has charset = atom / quoted; SORT and THREAD have an astring.
static enum rc parse_charset(
    struct imap_cursor *cursor, struct imap_search *search)
{
	search->has_charset = true;
	enum rc rc = imap_parse_astring(cursor, "a charset", &search->charset);
	return rc == RC_OK ? imap_parse_sp(cursor) : rc;
}

static enum rc parse_optional_charset(
    struct imap_cursor *cursor, struct imap_search *search)
{
	search->charset = VIEW("US-ASCII");
	if (!imap_take_word(cursor, VIEW("CHARSET")))
		return RC_OK;
	enum rc rc = imap_parse_sp(cursor);
	return rc == RC_OK ? parse_charset(cursor, search) : rc;
}

static enum rc parse_criterion(
    struct imap_cursor *cursor, struct search_sort *sort)
{
	static const struct {
		struct view name;
		enum search_sort_type type;
	} names[] = {
	    {{"ARRIVAL", 7}, SEARCH_SORT_ARRIVAL},
	    {{"CC", 2}, SEARCH_SORT_CC},
	    {{"DATE", 4}, SEARCH_SORT_DATE},
	    {{"DISPLAYFROM", 11}, SEARCH_SORT_DISPLAY_FROM},
	    {{"DISPLAYTO", 9}, SEARCH_SORT_DISPLAY_TO},
	    {{"FROM", 4}, SEARCH_SORT_FROM},
	    {{"SIZE", 4}, SEARCH_SORT_SIZE},
	    {{"SUBJECT", 7}, SEARCH_SORT_SUBJECT},
	    {{"TO", 2}, SEARCH_SORT_TO},
	};
	sort->reverse = imap_take_word(cursor, VIEW("REVERSE"));
	enum rc rc = sort->reverse ? imap_parse_sp(cursor) : RC_OK;
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (imap_take_word(cursor, names[i].name)) {
			sort->type = names[i].type;
			return RC_OK;
		}
	}
	return imap_expected(cursor,
	    "a sort criterion: ARRIVAL, CC, DATE, DISPLAYFROM, DISPLAYTO, FROM,"
	    " SIZE, SUBJECT or TO");
}

// Reads sort-criteria = "(" sort-criterion *(SP sort-criterion) ")" (RFC 5256).
static enum rc parse_criteria(
    struct imap_cursor *cursor, struct imap_search *search)
{
	if (!imap_take_open(cursor))
		return imap_expected(cursor, "sort criteria in parentheses");
	size_t capacity = 0;
	enum rc rc;
	do {
		if (search->sort_count == IMAP_SORT_KEYS_MAX)
			return imap_reject(cursor, RC_LIMIT,
			    "more sort criteria than the limit of %d",
			    IMAP_SORT_KEYS_MAX);
		search->sort = arena_grow(cursor->arena, search->sort,
		    &capacity, search->sort_count + 1, sizeof(*search->sort));
		rc = parse_criterion(
		    cursor, &search->sort[search->sort_count++]);
	} while (rc == RC_OK && imap_take_next(cursor));
	if (rc == RC_OK)
		rc = imap_parse_close(cursor);
	return rc == RC_OK ? imap_parse_sp(cursor) : rc;
}

static enum rc parse_algorithm(
    struct imap_cursor *cursor, struct imap_search *search)
{
	if (imap_take_word(cursor, VIEW("ORDEREDSUBJECT")))
		search->thread = SEARCH_THREAD_ORDERED_SUBJECT;
	else if (imap_take_word(cursor, VIEW("REFERENCES")))
		search->thread = SEARCH_THREAD_REFERENCES;
	else
		return imap_expected(cursor,
		    "a threading algorithm: ORDEREDSUBJECT or REFERENCES");
	return imap_parse_sp(cursor);
}

// Reads the arguments that come before the search keys.
static enum rc parse_head(struct imap_cursor *cursor,
    enum imap_search_command command, struct imap_search *search)
{
	enum rc rc = RC_OK;
	switch (command) {
	case IMAP_SEARCH_COMMAND:
		rc = parse_return(cursor, search);
		return rc == RC_OK ? parse_optional_charset(cursor, search)
				   : rc;
	case IMAP_SORT_COMMAND: rc = parse_criteria(cursor, search); break;
	case IMAP_THREAD_COMMAND: rc = parse_algorithm(cursor, search); break;
	}
	return rc == RC_OK ? parse_charset(cursor, search) : rc;
}

enum rc imap_search_parse(struct imap_cursor *cursor,
    enum imap_search_command command, struct imap_search *ret_search)
{
	struct imap_search search = {0};
	enum rc rc = parse_head(cursor, command, &search);
	if (rc == RC_OK)
		rc = imap_search_parse_keys(cursor, &search);
	if (rc == RC_OK)
		rc = imap_parse_end(cursor);
	if (rc == RC_OK)
		*ret_search = search;
	return rc;
}
