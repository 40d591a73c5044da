// SPDX-License-Identifier: Apache-2.0
// A search that is ready for use, for the files search*.c.
//
// Each key has a cost. For each message the cheapest keys are tested first. A
// key is TRUE, FALSE or, as long as what it needs has not been read, UNKNOWN.
// Reading stops as soon as the root is not UNKNOWN.
#ifndef ROOST_STORE_SEARCH_IMPL_H
#define ROOST_STORE_SEARCH_IMPL_H

#include "base/arena.h"
#include "base/map.h"
#include "store/email.h"
#include "store/needles.h"
#include "store/search.h"
#include "wire/fold.h"

enum search_cost {
	SEARCH_COST_ENTRY,  // what the message's entry tells
	SEARCH_COST_RECORD, // what the email's description tells
	SEARCH_COST_HEADER,
	SEARCH_COST_BODY,
};

enum search_verdict { SEARCH_UNKNOWN, SEARCH_TRUE, SEARCH_FALSE };

struct search_node {
	const struct search_key *key;
	struct search_node *next; // the next sibling; it costs the same or more
	struct search_node *children; // cheapest first
	enum search_cost cost; // of a key with children: the least of theirs
	// For a key that costs more than the entry: what is known for this
	// message, and UNKNOWN between messages. For others: the last result.
	enum search_verdict verdict;
	struct view needle; // folded
	// A word of the needle; HTML that matches contains it literally.
	struct view word;
	// Which needle it is, counted from 0; and while it is looked for, where
	// it is in the window's `nodes`.
	uint32_t needle_number;
	size_t place;
	// SEARCH_HEADER: the next node that asks for the same field.
	struct search_node *same_field;
	unsigned number; // a flag's bit, or a keyword's number
	enum {
		SEARCH_FLAG_SYSTEM,
		SEARCH_FLAG_KEYWORD,
		SEARCH_FLAG_UNHEARD_OF,
	} flag;
};

// Fields with longer names are not in `fields`.
#define SEARCH_NAME_MAX ((size_t)256)

// Bytes of a header that are decoded at a time.
#define SEARCH_PIECE_MAX ((size_t)256 << 10)

// If more needles than this are looked for, they are looked for all at once
// (needles.h).
#define SEARCH_FEW 8

// Text in which needles are looked for; it is folded once for all of them.
// `window` holds folded text that may still contain the beginning of a needle.
struct search_window {
	struct fold fold;
	struct buf window;
	size_t keep;                // bytes of the longest needle, less one
	struct search_node **nodes; // the nodes whose needles are looked for
	size_t count;               // how many of them have not been found yet
	bool found; // one was found since this was last set to false
	// If set, the words of the nodes are looked for: a node whose word is
	// found does not become TRUE, but is moved behind the others, to
	// nodes[count] and up.
	bool by_word;
	// For many needles: all nodes that have one, by needle_number, and
	// their needles and words, which are made when they are needed.
	struct search_node **needle_nodes;
	size_t needle_count;
	struct needles *needles; // owned
	struct needles *words;   // owned
};

struct store_search {
	struct arena arena; // nodes, needles
	struct store_account *account;
	struct store_reader *reader; // NULL until needed
	bool reader_is_lent;
	struct store_search_asks asks;
	struct search_node *root;
	size_t node_count;
	struct search_node **costly; // all nodes that cost more than the entry
	size_t costly_count;
	// Those of them that the current step is to test.
	struct search_node **pending;
	size_t pending_count;
	struct search_node **active; // room for as many nodes, for the window
	// Maps a field's name, in small letters, to the first node that asks
	// for it. Empty when few nodes ask for fields.
	struct map fields;
	int64_t now;
	struct charset_cache charsets;
	struct search_window window;
	struct buf decoded; // the value of a header field, or the text of HTML
	struct buf bytes;   // of the message
};

// What the root is, judged by what is known now.
enum search_verdict search_judge(
    struct store_search *search, const struct store_message *message);

// ---- search_text.c ---------------------------------------------------------

// Writes a field's name in small letters to `room`, and gives it.
struct view search_name(struct view name, char *room);

void search_window_init(struct search_window *window, size_t longest_needle);
void search_window_done(struct search_window *window);
// Adds text for the window's nodes; those whose needle is in it become TRUE and
// are removed from the window.
void search_window_feed(struct search_window *window, struct view text);
// The text ends: no needle may match across this point.
void search_window_end(struct search_window *window);
// Adds a header, or a piece of one, to the window: "Name: value", line by line.
void search_header_feed(struct store_search *search, struct view header);

// These, and search_body(), test all `pending` nodes, which are of the cost in
// the function's name.
void search_record(struct store_search *search,
    const struct message_record *record, uint64_t thread_id);
void search_header(struct store_search *search, struct view header);

// ---- search_body.c ---------------------------------------------------------

MUST_CHECK enum rc search_body(struct store_search *search,
    const struct store_message *message, const struct message_record *record);

#endif
