// SPDX-License-Identifier: Apache-2.0
// The keys of a search that need an email's description or header. A text is
// folded once and goes past all its needles in one pass.
//
// Fields and headers of any length are searched. One that is longer than
// SEARCH_PIECE_MAX is decoded in pieces; an encoded word that the end of a
// piece cuts in two stays encoded.
#include "base/ascii.h"
#include "store/search_impl.h"
#include "wire/encoded_word.h"
#include "wire/header.h"
#include "wire/message_text.h"
#include "wire/utf8.h"

// The window is searched when it holds this much more than it has to keep.
#define WINDOW_BYTES ((size_t)32 << 10)
// How much text is folded in one step.
#define FOLD_BYTES ((size_t)8 << 10)

// ---- The window ------------------------------------------------------------

void search_window_init(struct search_window *window, size_t longest_needle)
{
	window->keep = longest_needle ? longest_needle - 1 : 0;
	fold_init(&window->fold, FOLD_SEARCH);
	buf_init(&window->window, 3 * STORE_SEARCH_NEEDLE_MAX + WINDOW_BYTES +
				      FOLD_GROWTH_MAX * (FOLD_BYTES + 8));
}

void search_window_done(struct search_window *window)
{
	buf_done(&window->window);
	needles_free(&window->needles);
	needles_free(&window->words);
}

// The node at `at`, which is found, leaves the nodes that are looked for.
static void window_found(struct search_window *window, size_t at)
{
	struct search_node *node = window->nodes[at];
	struct search_node *last = window->nodes[--window->count];
	window->nodes[at] = last;
	last->place = at;
	window->nodes[window->count] = node;
	if (window->by_word)
		return;
	node->verdict = SEARCH_TRUE;
	window->found = true;
}

static struct view wanted_of(
    const struct search_window *window, const struct search_node *node)
{
	return window->by_word ? node->word : node->needle;
}

static void few_look(struct search_window *window)
{
	struct view text = buf_view(&window->window);
	for (size_t i = 0; i < window->count;) {
		struct view wanted = wanted_of(window, window->nodes[i]);
		if (view_find(text, wanted) == SIZE_MAX)
			i++;
		else
			window_found(window, i);
	}
}

static struct needles *many_needles(struct search_window *window)
{
	struct needles **needles =
	    window->by_word ? &window->words : &window->needles;
	// cppcheck takes the end of this function for the same `return`.
	if (*needles)
		// cppcheck-suppress identicalInnerCondition
		return *needles;
	*needles = needles_new();
	for (size_t i = 0; i < window->needle_count; i++) {
		struct search_node *node = window->needle_nodes[i];
		struct view wanted = wanted_of(window, node);
		if (wanted.len > 0)
			needles_add(*needles, wanted, node->needle_number);
	}
	needles_prepare(*needles);
	return *needles;
}

static void many_found(void *context, uint32_t number)
{
	struct search_window *window = context;
	const struct search_node *node = window->needle_nodes[number];
	// It may be one that is not looked for now.
	if (node->place < window->count && window->nodes[node->place] == node)
		window_found(window, node->place);
}

static void many_look(struct search_window *window)
{
	for (size_t i = 0; i < window->count;) {
		window->nodes[i]->place = i;
		if (wanted_of(window, window->nodes[i]).len == 0)
			window_found(window, i);
		else
			i++;
	}
	needles_find(many_needles(window), buf_view(&window->window),
	    many_found, window);
}

// Looks for each needle in the window. Nodes that are found become TRUE and are
// removed from the window.
static void window_look(struct search_window *window)
{
	if (window->count > SEARCH_FEW)
		many_look(window);
	else
		few_look(window);
}

void search_window_feed(struct search_window *window, struct view text)
{
	size_t enough = WINDOW_BYTES + 2 * window->keep;
	while (text.len && window->count) {
		struct view part = view_slice(text, 0, FOLD_BYTES);
		text = view_from(text, part.len);
		fold_feed(&window->fold, part, &window->window);
		if (window->window.len < enough)
			continue;
		window_look(window);
		buf_consume(&window->window, window->window.len - window->keep);
	}
}

// The text ends: no needle may match across this point.
void search_window_end(struct search_window *window)
{
	fold_end(&window->fold, &window->window);
	if (window->count)
		window_look(window);
	buf_reset(&window->window);
}

// ---- The description -------------------------------------------------------

// Reads an IMAP nstring from the front of an ENVELOPE, unquoted, into `out`.
// False when there is none: the record is damaged.
static bool nstring_take(struct view *rest, struct buf *out)
{
	buf_reset(out);
	if (view_starts_with(*rest, VIEW("NIL"))) {
		*rest = view_from(*rest, 3);
		return true;
	}
	if (view_starts_with(*rest, VIEW("{"))) {
		size_t end = view_find(*rest, VIEW("}\r\n"));
		uint32_t len;
		if (end == SIZE_MAX ||
		    !view_to_u32(view_slice(*rest, 1, end - 1), &len) ||
		    len > rest->len - end - 3)
			return false;
		buf_add(out, view_slice(*rest, end + 3, len));
		*rest = view_from(*rest, end + 3 + len);
		return true;
	}
	if (!view_starts_with(*rest, VIEW("\"")))
		return false;
	size_t at = 1;
	for (size_t from = 1; at < rest->len; at++) {
		char c = rest->ptr[at];
		if (c != '"' && c != '\\')
			continue;
		buf_add(out, view_slice(*rest, from, at - from));
		if (c == '"') {
			*rest = view_from(*rest, at + 1);
			return true;
		}
		from = ++at;
	}
	return false;
}

// "(date subject …": RFC 9051 section 7.5.2.
static bool envelope_subject(struct view envelope, struct buf *ret_subject)
{
	if (!view_starts_with(envelope, VIEW("(")))
		return false;
	envelope = view_from(envelope, 1);
	if (!nstring_take(&envelope, ret_subject) ||
	    !view_starts_with(envelope, VIEW(" ")))
		return false;
	envelope = view_from(envelope, 1);
	return nstring_take(&envelope, ret_subject);
}

// Whether a header's value needs no decoding. (Folded lines do not matter,
// since white space is folded anyway.)
static bool is_plain(struct view raw)
{
	return utf8_is_ascii(raw) && view_find(raw, VIEW("=?")) == SIZE_MAX;
}

static struct view value_decode(struct store_search *search, struct view raw)
{
	if (is_plain(raw))
		return raw;
	buf_reset(&search->decoded);
	encoded_word_decode(&search->charsets, raw, &search->decoded);
	return buf_view(&search->decoded);
}

// Searches one complete text for the needles of the first `count` nodes in
// search->active.
static void text_feed(
    struct store_search *search, size_t count, struct view raw, bool ends)
{
	struct search_window *window = &search->window;
	window->nodes = search->active;
	window->count = count;
	while (raw.len && window->count) {
		struct view piece = view_slice(raw, 0, SEARCH_PIECE_MAX);
		raw = view_from(raw, piece.len);
		search_window_feed(window, value_decode(search, piece));
	}
	if (ends)
		search_window_end(window);
}

static void set_verdict(struct search_node *node, bool matches)
{
	node->verdict = matches ? SEARCH_TRUE : SEARCH_FALSE;
}

void search_record(struct store_search *search,
    const struct message_record *record, uint64_t thread_id)
{
	bool dated = record->flags & MESSAGE_RECORD_DATE;
	int64_t day = dated ? date_local_day(record->date) : 0;
	size_t subjects = 0;
	for (size_t i = 0; i < search->pending_count; i++) {
		struct search_node *node = search->pending[i];
		const struct search_key *key = node->key;
		if (key->type == SEARCH_SENT_BEFORE)
			set_verdict(node, dated && day < key->day);
		else if (key->type == SEARCH_SENT_ON)
			set_verdict(node, dated && day == key->day);
		else if (key->type == SEARCH_SENT_SINCE)
			set_verdict(node, dated && day >= key->day);
		else if (key->type == SEARCH_THREAD_ID)
			set_verdict(node, thread_id == key->number);
		else if (key->type == SEARCH_ASK_RECORD)
			set_verdict(
			    node, search->asks.record(search->asks.context,
				      key->number, record));
		else
			search->active[subjects++] = node;
		if (node->verdict == SEARCH_UNKNOWN)
			node->verdict = SEARCH_FALSE; // until it is found
	}
	if (subjects && envelope_subject(record->text[MESSAGE_RECORD_ENVELOPE],
			    &search->bytes))
		text_feed(search, subjects, buf_view(&search->bytes), true);
}

// ---- The header ------------------------------------------------------------

struct view search_name(struct view name, char *room)
{
	for (size_t i = 0; i < name.len; i++)
		room[i] = ascii_lower(name.ptr[i]);
	return view_of(room, name.len);
}

// Collects the keys that ask for this field and have not been found yet.
static size_t gather_field(struct store_search *search, struct view name)
{
	size_t count = 0;
	// A line that is not a field has no name.
	if (name.len == 0)
		return 0;
	if (search->fields.count > 0 && name.len <= SEARCH_NAME_MAX) {
		char lower[SEARCH_NAME_MAX];
		struct search_node *node =
		    map_get(&search->fields, search_name(name, lower));
		// The others of that field do not matter for this message.
		for (; node; node = node->same_field)
			if (node->verdict == SEARCH_FALSE)
				search->active[count++] = node;
		return count;
	}
	for (size_t i = 0; i < search->pending_count; i++) {
		struct search_node *node = search->pending[i];
		if (node->verdict != SEARCH_TRUE &&
		    view_eq_nocase(node->key->field, name))
			search->active[count++] = node;
	}
	return count;
}

// Searches the other forms of a field's value.
static void other_feed(struct store_search *search, size_t count,
    bool (*read)(
	struct charset_cache *, struct view, struct view, struct buf *),
    const struct header_field *field)
{
	struct search_window *window = &search->window;
	if (!count || field->value.len > SEARCH_PIECE_MAX)
		return;
	buf_reset(&search->decoded);
	if (!read(
		&search->charsets, field->name, field->value, &search->decoded))
		return;
	window->nodes = search->active;
	window->count = count;
	search_window_feed(window, buf_view(&search->decoded));
	search_window_end(window);
}

void search_header(struct store_search *search, struct view header)
{
	for (size_t i = 0; i < search->pending_count; i++)
		search->pending[i]->verdict = SEARCH_FALSE;
	struct header_field field;
	while (header_next(&header, &field)) {
		size_t count = gather_field(search, field.name);
		if (!count)
			continue;
		text_feed(search, count, field.value, true);
		other_feed(search, search->window.count, message_text_addresses,
		    &field);
		other_feed(search, search->window.count,
		    message_text_parameters, &field);
	}
}

// Searches "Name: value" and then its other forms, each as a separate text.
static void field_feed(
    struct store_search *search, const struct header_field *field)
{
	struct search_window *window = &search->window;
	search_window_feed(window, field->name);
	if (field->name.len)
		search_window_feed(window, VIEW(": "));
	struct view rest = field->value;
	while (rest.len && window->count) {
		struct view piece = view_slice(rest, 0, SEARCH_PIECE_MAX);
		rest = view_from(rest, piece.len);
		search_window_feed(window, value_decode(search, piece));
	}
	search_window_feed(window, VIEW("\n"));
	other_feed(search, window->count, message_text_parameters, field);
}

// Feeds a header, or a piece of one, to the window, line by line. Nearly all
// lines need no decoding and are fed as they are.
void search_header_feed(struct store_search *search, struct view header)
{
	struct header_field field;
	if (is_plain(header) && view_find_char(header, '*') == SIZE_MAX) {
		search_window_feed(&search->window, header);
		return;
	}
	while (search->window.count && header_next(&header, &field))
		field_feed(search, &field);
}
