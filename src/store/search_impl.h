// SPDX-License-Identifier: Apache-2.0
// A search made ready, for the files search*.c.
//
// Each key has a cost. A message is judged from the cheapest up, in three
// values: what a key needs that has not been read yet is UNKNOWN, and reading
// stops as soon as the root is not.
#ifndef ROOST_STORE_SEARCH_IMPL_H
#define ROOST_STORE_SEARCH_IMPL_H

#include "base/arena.h"
#include "store/email.h"
#include "store/search.h"
#include "wire/fold.h"

enum search_cost {
	SEARCH_COST_ENTRY,  // the message's entry
	SEARCH_COST_RECORD, // the email's description
	SEARCH_COST_HEADER,
	SEARCH_COST_BODY,
};

enum search_verdict { SEARCH_UNKNOWN, SEARCH_TRUE, SEARCH_FALSE };

struct search_node {
	const struct search_key *key;
	struct search_node *next;     // sibling, of the same cost or more
	struct search_node *children; // cheapest first
	enum search_cost cost;        // of children, the least
	// Of a key that costs more than the entry: what is known of this
	// message, UNKNOWN between messages. Else: what came out last.
	enum search_verdict verdict;
	struct view needle; // folded
	struct view word;   // of it: has to be in HTML as it is written
	unsigned number;    // a flag's bit, or a keyword's number
	enum {
		SEARCH_FLAG_SYSTEM,
		SEARCH_FLAG_KEYWORD,
		SEARCH_FLAG_UNHEARD_OF,
	} flag;
};

// Bytes of a header that are decoded at a time.
#define SEARCH_PIECE_MAX ((size_t)256 << 10)

// Text on its way past the needles: folded once for all of them. `window` holds
// what is folded and not yet ruled out.
struct search_window {
	struct fold fold;
	struct buf window;
	size_t keep;                // bytes of the longest needle, less one
	struct search_node **nodes; // whose needles are looked for
	size_t count;               // those that were not found yet
	bool found;                 // one was, since this was last cleared
	// Looks for words instead: nodes whose word is found become no TRUE,
	// and go behind the others, to nodes[count] and up.
	bool by_word;
};

struct store_search {
	struct arena arena; // nodes, needles
	struct store_account *account;
	struct store_reader *reader; // NULL until needed
	struct search_node *root;
	size_t node_count;
	struct search_node **costly; // all that cost more than the entry
	size_t costly_count;
	struct search_node **pending; // of them, those a step is to judge
	size_t pending_count;
	struct search_node **active; // room for as many, for the window
	int64_t now;
	struct charset_cache charsets;
	struct search_window window;
	struct buf decoded; // a header field's value, or the text of HTML
	struct buf bytes;   // of the message
};

// What the root is with what is known now.
enum search_verdict search_judge(
    struct store_search *search, const struct store_message *message);

// ---- search_text.c ---------------------------------------------------------

void search_window_init(struct search_window *window, size_t longest_needle);
void search_window_done(struct search_window *window);
// More text for the window's nodes; those whose needle is in it become TRUE and
// are taken off.
void search_window_feed(struct search_window *window, struct view text);
// The end of a text: what comes next has nothing to do with it.
void search_window_end(struct search_window *window);
// A header, or a piece of one, for the window: "Name: value", line by line.
void search_header_feed(struct store_search *search, struct view header);

// These judge all `pending` nodes, which are of their cost; so does
// search_body().
void search_record(struct store_search *search,
    const struct message_record *record, uint64_t thread_id);
void search_header(struct store_search *search, struct view header);

// ---- search_body.c ---------------------------------------------------------

MUST_CHECK enum rc search_body(struct store_search *search,
    const struct store_message *message, const struct message_record *record);

#endif
