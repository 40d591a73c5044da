// SPDX-License-Identifier: Apache-2.0
// The tree of a search: it is built once, then tested for each message.
// search_text.c does what needs the email's text.
#include "store/search.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "store/account_impl.h"
#include "store/search_impl.h"

#define DAY_SECONDS 86400

// The most decoded text of one field (search_text.c says what happens to longer
// ones).
#define DECODED_MAX ((size_t)4 << 20)
#define BYTES_MAX   ((size_t)1 << 20)
// Shorter words of a needle are not worth looking for: every text has them.
#define WORD_MIN 3

// ---- Making it ready -------------------------------------------------------

struct building {
	struct store_search *search;
	const struct store_snapshot *snapshot;
	struct fault *fault;
	size_t longest_needle;
	size_t needle_count;
	size_t needle_bytes;
	size_t field_count; // keys that ask for a field of the header
};

static enum search_cost cost_of(const struct search_key *key)
{
	switch (key->type) {
	case SEARCH_ALL:
	case SEARCH_AND:
	case SEARCH_OR:
	case SEARCH_NOT:
	case SEARCH_SEQUENCE:
	case SEARCH_UID:
	case SEARCH_UIDS:
	case SEARCH_FLAG:
	case SEARCH_BEFORE:
	case SEARCH_ON:
	case SEARCH_SINCE:
	case SEARCH_SAVED_BEFORE:
	case SEARCH_SAVED_ON:
	case SEARCH_SAVED_SINCE:
	case SEARCH_SAVED_SUPPORTED:
	case SEARCH_OLDER:
	case SEARCH_YOUNGER:
	case SEARCH_LARGER:
	case SEARCH_SMALLER:
	case SEARCH_MODSEQ:
	case SEARCH_EMAIL_ID:
	case SEARCH_ASK_ENTRY: return SEARCH_COST_ENTRY;
	case SEARCH_ASK_RECORD:
	case SEARCH_SENT_BEFORE:
	case SEARCH_SENT_ON:
	case SEARCH_SENT_SINCE:
	case SEARCH_THREAD_ID: return SEARCH_COST_RECORD;
	case SEARCH_HEADER:
		return view_eq_nocase(key->field, VIEW("Subject")) &&
			       key->text.len
			   ? SEARCH_COST_RECORD
			   : SEARCH_COST_HEADER;
	case SEARCH_BODY:
	case SEARCH_TEXT: return SEARCH_COST_BODY;
	}
	return SEARCH_COST_ENTRY;
}

static void flag_find(struct building *building, struct search_node *node)
{
	static const struct {
		const char *name;
		unsigned bit;
	} system[] = {
	    {"\\Seen", STORE_FLAG_SEEN},
	    {"\\Answered", STORE_FLAG_ANSWERED},
	    {"\\Flagged", STORE_FLAG_FLAGGED},
	    {"\\Deleted", STORE_FLAG_DELETED},
	    {"\\Draft", STORE_FLAG_DRAFT},
	};
	struct view name = node->key->text;
	for (size_t i = 0; i < ARRAY_LEN(system); i++) {
		if (view_eq_nocase(name, view_of_string(system[i].name))) {
			node->flag = SEARCH_FLAG_SYSTEM;
			node->number = system[i].bit;
			return;
		}
	}
	node->flag = SEARCH_FLAG_UNHEARD_OF;
	if (store_snapshot_keyword_find(
		building->snapshot, name, &node->number) == RC_OK)
		node->flag = SEARCH_FLAG_KEYWORD;
}

// Gives the longest run of ASCII letters and digits in a folded needle. HTML
// that contains the needle contains this run literally, however it writes the
// other characters. (A letter before a combining mark is left out: in HTML both
// may be one character reference.) Empty: no run is long enough to be worth
// looking for.
static struct view needle_word(struct view needle)
{
	struct view word = {0};
	for (size_t at = 0; at < needle.len; at++) {
		size_t len = 0;
		struct view rest = view_from(needle, at);
		while (len < rest.len && ascii_is_alnum(rest.ptr[len]))
			len++;
		at += len;
		if (len && len < rest.len && rest.ptr[len] & 0x80)
			len--;
		if (len > word.len)
			word = view_slice(rest, 0, len);
	}
	return word.len >= WORD_MIN ? word : (struct view){0};
}

static MUST_CHECK enum rc needle_fold(
    struct building *building, struct search_node *node)
{
	struct buf folded CLEANUP(buf_done);
	buf_init(&folded, STORE_SEARCH_NEEDLE_MAX);
	fold_text(FOLD_SEARCH, node->key->text, &folded);
	if (buf_status(&folded) != RC_OK)
		return fault_set(building->fault, RC_LIMIT,
		    "A string to search for is too long");
	node->needle = arena_copy(&building->search->arena, buf_view(&folded));
	node->word = needle_word(node->needle);
	if (folded.len > building->longest_needle)
		building->longest_needle = folded.len;
	node->needle_number = (uint32_t)building->needle_count++;
	building->needle_bytes += folded.len;
	if (building->needle_count > SEARCH_FEW &&
	    building->needle_bytes > STORE_SEARCH_NEEDLES_MAX)
		return fault_set(building->fault, RC_LIMIT,
		    "The strings to search for are too long together");
	if (node->cost == SEARCH_COST_HEADER)
		building->field_count++;
	return RC_OK;
}

static MUST_CHECK enum rc leaf_build(
    struct building *building, struct search_node *node)
{
	switch (node->key->type) {
	case SEARCH_SEQUENCE:
	case SEARCH_UID:
		return fault_set(building->fault, RC_INVALID,
		    "A set of messages was not resolved");
	case SEARCH_FLAG: flag_find(building, node); return RC_OK;
	case SEARCH_HEADER:
	case SEARCH_BODY:
	case SEARCH_TEXT: return needle_fold(building, node);
	case SEARCH_ALL:
	case SEARCH_AND:
	case SEARCH_OR:
	case SEARCH_NOT:
	case SEARCH_UIDS:
	case SEARCH_BEFORE:
	case SEARCH_ON:
	case SEARCH_SINCE:
	case SEARCH_SENT_BEFORE:
	case SEARCH_SENT_ON:
	case SEARCH_SENT_SINCE:
	case SEARCH_SAVED_BEFORE:
	case SEARCH_SAVED_ON:
	case SEARCH_SAVED_SINCE:
	case SEARCH_SAVED_SUPPORTED:
	case SEARCH_OLDER:
	case SEARCH_YOUNGER:
	case SEARCH_LARGER:
	case SEARCH_SMALLER:
	case SEARCH_MODSEQ:
	case SEARCH_EMAIL_ID:
	case SEARCH_THREAD_ID:
	case SEARCH_ASK_ENTRY:
	case SEARCH_ASK_RECORD: return RC_OK;
	}
	return RC_OK;
}

// Inserts `child` after those siblings that cost as much or less.
static void child_insert(struct search_node *tails[],
    struct search_node *parent, struct search_node *child)
{
	enum search_cost cost = child->cost;
	struct search_node *before = NULL;
	for (int c = (int)cost; c >= 0 && !before; c--)
		before = tails[c];
	struct search_node **link = before ? &before->next : &parent->children;
	child->next = *link;
	*link = child;
	tails[cost] = child;
}

// May recurse, since the depth is limited.
static MUST_CHECK enum rc node_build(struct building *building,
    const struct search_key *key, unsigned depth, struct search_node **ret_node)
{
	struct store_search *search = building->search;
	if (depth > STORE_SEARCH_DEPTH_MAX)
		return fault_set(building->fault, RC_LIMIT,
		    "The search is nested too deeply");
	if (++search->node_count > STORE_SEARCH_KEYS_MAX)
		return fault_set(
		    building->fault, RC_LIMIT, "The search has too many keys");
	struct search_node *node = arena_zalloc(&search->arena, sizeof(*node));
	node->key = key;
	node->cost = cost_of(key);
	enum rc rc = leaf_build(building, node);
	struct search_node *tails[SEARCH_COST_BODY + 1] = {0};
	for (const struct search_key *at = key->children; at && rc == RC_OK;
	     at = at->next) {
		struct search_node *child = NULL;
		rc = node_build(building, at, depth + 1, &child);
		if (rc == RC_OK)
			child_insert(tails, node, child);
	}
	if (rc != RC_OK)
		return rc;
	if (node->children)
		node->cost = node->children->cost;
	else if (node->cost > SEARCH_COST_ENTRY)
		search->costly_count++;
	*ret_node = node;
	return RC_OK;
}

static void costly_list(struct store_search *search, struct search_node *node)
{
	if (!node->children && node->cost > SEARCH_COST_ENTRY)
		search->costly[search->costly_count++] = node;
	for (struct search_node *at = node->children; at; at = at->next)
		costly_list(search, at);
}

static bool has_needle(const struct search_node *node)
{
	enum search_key_type type = node->key->type;
	return type == SEARCH_HEADER || type == SEARCH_BODY ||
	       type == SEARCH_TEXT;
}

static void add_field(struct store_search *search, struct search_node *node)
{
	char lower[SEARCH_NAME_MAX];
	if (node->key->field.len > SEARCH_NAME_MAX)
		return;
	struct view name = search_name(node->key->field, lower);
	node->same_field = map_get(&search->fields, name);
	map_put(&search->fields, name, node);
}

// Prepares the look-ups for searches with many keys.
static void index_needles(struct building *building)
{
	struct store_search *search = building->search;
	struct search_window *window = &search->window;
	window->needle_count = building->needle_count;
	window->needle_nodes = arena_alloc(&search->arena,
	    building->needle_count * sizeof(window->needle_nodes[0]));
	for (size_t i = 0; i < search->costly_count; i++) {
		struct search_node *node = search->costly[i];
		if (!has_needle(node))
			continue;
		window->needle_nodes[node->needle_number] = node;
		if (building->field_count > SEARCH_FEW &&
		    node->cost == SEARCH_COST_HEADER)
			add_field(search, node);
	}
}

// `snapshot` names the keywords; NULL: `program` has none.
static enum rc make(struct store_account *account,
    const struct store_snapshot *snapshot, const struct search_key *program,
    struct fault *fault, struct store_search **ret_search)
{
	struct store_search *search = mem_zalloc(sizeof(*search));
	search->account = account;
	search->now = account_now(search->account);
	map_init(&search->fields);
	arena_init(&search->arena);
	charset_cache_init(&search->charsets);
	buf_init(&search->decoded, DECODED_MAX);
	buf_init(&search->bytes, BYTES_MAX);
	struct building building = {
	    .search = search, .snapshot = snapshot, .fault = fault};
	enum rc rc = node_build(&building, program, 0, &search->root);
	search_window_init(&search->window, building.longest_needle);
	if (rc != RC_OK) {
		store_search_free(&search);
		return rc;
	}
	size_t bytes = search->costly_count * sizeof(search->costly[0]);
	search->costly = arena_alloc(&search->arena, bytes);
	search->pending = arena_alloc(&search->arena, bytes);
	search->active = arena_alloc(&search->arena, bytes);
	search->costly_count = 0;
	costly_list(search, search->root);
	index_needles(&building);
	*ret_search = search;
	return RC_OK;
}

enum rc store_search_new(struct store_mailbox *mailbox,
    const struct store_snapshot *snapshot, const struct search_key *program,
    struct fault *fault, struct store_search **ret_search)
{
	return make(store_mailbox_account(mailbox), snapshot, program, fault,
	    ret_search);
}

enum rc store_search_new_of_emails(struct store_account *account,
    struct store_reader *reader, const struct search_key *program,
    const struct store_search_asks *asks, struct fault *fault,
    struct store_search **ret_search)
{
	enum rc rc = make(account, NULL, program, fault, ret_search);
	if (rc != RC_OK)
		return rc;
	(*ret_search)->reader = reader;
	(*ret_search)->reader_is_lent = true;
	(*ret_search)->asks = *asks;
	return RC_OK;
}

void store_search_free(struct store_search **search)
{
	struct store_search *old = *search;
	*search = NULL;
	if (!old)
		return;
	if (!old->reader_is_lent)
		store_reader_free(&old->reader);
	search_window_done(&old->window);
	charset_cache_done(&old->charsets);
	map_done(&old->fields);
	buf_done(&old->decoded);
	buf_done(&old->bytes);
	arena_done(&old->arena);
	free(old);
}

bool store_search_reads(const struct store_search *search)
{
	return search->costly_count > 0;
}

// ---- Judging ---------------------------------------------------------------

static int64_t day_of(int64_t seconds)
{
	return seconds >= 0 ? seconds / DAY_SECONDS
			    : -((-seconds + DAY_SECONDS - 1) / DAY_SECONDS);
}

// RFC 9051 section 6.4.4: the internal date, "disregarding time and timezone".
static int64_t internal_day(const struct store_message *message)
{
	return day_of(
	    message->internal_date + (int64_t)message->zone_minutes * 60);
}

static bool has_flag(
    const struct search_node *node, const struct store_message *message)
{
	switch (node->flag) {
	case SEARCH_FLAG_SYSTEM: return message->flags & node->number;
	case SEARCH_FLAG_KEYWORD:
		return message->has_keywords &&
		       store_keyword_set_has(&message->keywords, node->number);
	case SEARCH_FLAG_UNHEARD_OF: return false;
	}
	return false;
}

// RFC 5032 section 3: "more recent than or equal to the target time" for
// YOUNGER, "less recent than or equal" for OLDER. Does not overflow.
static int64_t target_time(
    const struct store_search *search, const struct search_key *key)
{
	return key->number > INT32_MAX * (uint64_t)100
		   ? INT64_MIN
		   : search->now - (int64_t)key->number;
}

static bool entry_matches(const struct store_search *search,
    const struct search_node *node, const struct store_message *message)
{
	const struct search_key *key = node->key;
	switch (key->type) {
	case SEARCH_ALL: return true;
	case SEARCH_UIDS: return rangeset_has(key->uids, message->uid);
	case SEARCH_FLAG: return has_flag(node, message);
	case SEARCH_BEFORE: return internal_day(message) < key->day;
	case SEARCH_ON: return internal_day(message) == key->day;
	case SEARCH_SINCE: return internal_day(message) >= key->day;
	case SEARCH_SAVED_BEFORE: return day_of(message->save_date) < key->day;
	case SEARCH_SAVED_ON: return day_of(message->save_date) == key->day;
	case SEARCH_SAVED_SINCE: return day_of(message->save_date) >= key->day;
	case SEARCH_SAVED_SUPPORTED: return true; // RFC 8514 section 4.3
	case SEARCH_OLDER:
		return message->internal_date <= target_time(search, key);
	case SEARCH_YOUNGER:
		return message->internal_date >= target_time(search, key);
	case SEARCH_LARGER: return message->size > key->number;
	case SEARCH_SMALLER: return message->size < key->number;
	// RFC 7162 section 3.1.5. All flags of a message share its MODSEQ.
	case SEARCH_MODSEQ: return message->modseq >= key->number;
	case SEARCH_EMAIL_ID: return message->email_id == key->number;
	case SEARCH_ASK_ENTRY:
		return search->asks.entry(
		    search->asks.context, key->number, message);
	case SEARCH_ASK_RECORD:
	case SEARCH_AND:
	case SEARCH_OR:
	case SEARCH_NOT:
	case SEARCH_SEQUENCE:
	case SEARCH_UID:
	case SEARCH_SENT_BEFORE:
	case SEARCH_SENT_ON:
	case SEARCH_SENT_SINCE:
	case SEARCH_THREAD_ID:
	case SEARCH_HEADER:
	case SEARCH_BODY:
	case SEARCH_TEXT: return false; // the entry does not decide these
	}
	return false;
}

static enum search_verdict judge(const struct store_search *search,
    struct search_node *node, const struct store_message *message);

// AND is decided by the first FALSE, OR by the first TRUE. If none decides it,
// one UNKNOWN child makes it UNKNOWN.
static enum search_verdict judge_children(const struct store_search *search,
    struct search_node *node, const struct store_message *message,
    enum search_verdict stop, enum search_verdict otherwise)
{
	enum search_verdict verdict = otherwise;
	for (struct search_node *at = node->children; at; at = at->next) {
		enum search_verdict one = judge(search, at, message);
		if (one == stop)
			return stop;
		if (one == SEARCH_UNKNOWN)
			verdict = SEARCH_UNKNOWN;
	}
	return verdict;
}

static enum search_verdict judge(const struct store_search *search,
    struct search_node *node, const struct store_message *message)
{
	enum search_verdict verdict;
	if (node->key->type == SEARCH_AND) {
		verdict = judge_children(
		    search, node, message, SEARCH_FALSE, SEARCH_TRUE);
	} else if (node->key->type == SEARCH_OR) {
		verdict = judge_children(
		    search, node, message, SEARCH_TRUE, SEARCH_FALSE);
	} else if (node->key->type == SEARCH_NOT) {
		verdict = judge(search, node->children, message);
		if (verdict != SEARCH_UNKNOWN)
			verdict =
			    verdict == SEARCH_TRUE ? SEARCH_FALSE : SEARCH_TRUE;
	} else if (node->cost > SEARCH_COST_ENTRY) {
		return node->verdict;
	} else {
		verdict = entry_matches(search, node, message) ? SEARCH_TRUE
							       : SEARCH_FALSE;
	}
	node->verdict = verdict;
	return verdict;
}

enum search_verdict search_judge(
    struct store_search *search, const struct store_message *message)
{
	return judge(search, search->root, message);
}

// Collects the keys of this cost that the root depends on. A node that is
// UNKNOWN has had all its children tested.
static void gather(struct store_search *search, struct search_node *node,
    enum search_cost cost)
{
	if (node->verdict != SEARCH_UNKNOWN)
		return;
	if (!node->children && node->cost == cost)
		search->pending[search->pending_count++] = node;
	for (struct search_node *at = node->children; at; at = at->next)
		gather(search, at, cost);
}

static MUST_CHECK bool gather_all(
    struct store_search *search, enum search_cost cost)
{
	search->pending_count = 0;
	gather(search, search->root, cost);
	return search->pending_count > 0;
}

// Reads the email until the root is decided.
static MUST_CHECK enum rc read_email(struct store_search *search,
    const struct store_message *message, enum search_verdict *ret_verdict)
{
	if (!search->reader)
		search->reader = store_reader_new(search->account);
	struct message_record record = {0};
	uint64_t thread_id = 0;
	enum rc rc = RC_OK;
	bool by_record = gather_all(search, SEARCH_COST_RECORD);
	if (by_record) {
		rc = store_reader_record(
		    search->reader, message->email_id, &record, &thread_id);
		if (rc != RC_OK)
			return rc;
		search_record(search, &record, thread_id);
	}
	enum search_verdict verdict = search_judge(search, message);
	if (verdict == SEARCH_UNKNOWN &&
	    gather_all(search, SEARCH_COST_HEADER)) {
		struct view header;
		rc = store_reader_header(
		    search->reader, message->email_id, &header);
		if (rc != RC_OK)
			return rc;
		search_header(search, header);
		verdict = search_judge(search, message);
	}
	if (verdict == SEARCH_UNKNOWN && gather_all(search, SEARCH_COST_BODY)) {
		if (!by_record)
			rc = store_reader_record(search->reader,
			    message->email_id, &record, &thread_id);
		if (rc == RC_OK)
			rc = search_body(search, message, &record);
		if (rc != RC_OK)
			return rc;
		verdict = search_judge(search, message);
	}
	*ret_verdict = verdict;
	return RC_OK;
}

enum rc store_search_test(struct store_search *search,
    const struct store_message *message, bool *ret_matches)
{
	enum search_verdict verdict = search_judge(search, message);
	enum rc rc = RC_OK;
	if (verdict == SEARCH_UNKNOWN) {
		rc = read_email(search, message, &verdict);
		for (size_t i = 0; i < search->costly_count; i++)
			search->costly[i]->verdict = SEARCH_UNKNOWN;
	}
	if (rc == RC_GONE) {
		*ret_matches = false;
		return RC_OK;
	}
	if (rc == RC_OK)
		*ret_matches = verdict == SEARCH_TRUE;
	return rc;
}
