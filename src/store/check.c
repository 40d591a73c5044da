// SPDX-License-Identifier: Apache-2.0
// Walks through all that is stored of an account and checks the rules of
// README.md: first each kind of record by itself, then the kinds against each
// other. It mends only counts that can be computed from other records.
#include "store/check_impl.h"

#include <stdarg.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/vec.h"
#include "store/change.h"
#include "store/derive_impl.h"
#include "store/kept.h"
#include "store/ragged.h"
#include "wire/message.h"

void check_report(struct check *check, const char *format, ...)
{
	char text[400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	check->result.problems++;
	if (check->problem)
		check->problem(check->context, text);
}

void check_mend(
    struct check *check, const struct record_key *key, const struct buf *value)
{
	if (!check->mending)
		return;
	engine_batch_put(check->mending, record_key_view(key), buf_view(value));
	check->result.mended++;
	check->mended = true;
}

void check_mend_away(struct check *check, struct view key)
{
	if (!check->mending)
		return;
	engine_batch_delete(check->mending, key);
	check->result.mended++;
	check->mended = true;
}

struct checking {
	struct check *check;
	check_key *each;
	void *context;
};

static enum rc check_one(void *context, struct view key, struct view value)
{
	struct checking *checking = context;
	checking->each(checking->check, key, value, checking->context);
	return RC_OK;
}

// Calls `each` for every key of one kind.
enum rc check_each_key(struct check *check, struct record_key prefix,
    check_key *each, void *context)
{
	struct checking checking = {check, each, context};
	return engine_snapshot_scan(check->snapshot, record_key_view(&prefix),
	    VIEW(""), check_one, &checking);
}

// ---- Mailboxes -------------------------------------------------------------

struct mailbox_check {
	uint64_t id;
	uint64_t highest;
	uint32_t last_uid;
	struct node_sums sums;
	unsigned keywords;
};

static void check_chunk(
    struct check *check, struct view key, struct view value, void *context)
{
	struct mailbox_check *mailbox = context;
	struct store_node *chunk;
	if (key.len != 13 ||
	    node_chunk_decode(get_be32(key.ptr + 9), value, &chunk) != RC_OK) {
		check_report(check,
		    "mailbox %llu: a chunk of messages is damaged",
		    (unsigned long long)mailbox->id);
		return;
	}
	if (chunk->first_uid <= mailbox->last_uid)
		check_report(check,
		    "mailbox %llu: UIDs are not ascending at %u",
		    (unsigned long long)mailbox->id, chunk->first_uid);
	mailbox->last_uid = chunk->last_uid;
	for (unsigned i = 0; i < chunk->slots; i++) {
		struct store_message message;
		node_entry_decode(node_as_chunk(chunk), i, &message);
		for (unsigned n = mailbox->keywords; n < STORE_KEYWORDS_MAX;
		     n++)
			if (store_keyword_set_has(&message.keywords, n))
				check_report(check,
				    "mailbox %llu: UID %u has an unknown "
				    "keyword",
				    (unsigned long long)mailbox->id,
				    message.uid);
		struct place place = {.email_id = message.email_id,
		    .mailbox_id = mailbox->id,
		    .modseq = message.modseq,
		    .uid = message.uid,
		    .size = message.size,
		    .hidden = message.flags & STORE_FLAG_DELETED};
		vec_push(&check->places, place);
	}
	mailbox->sums.messages += chunk->sums.messages;
	mailbox->sums.unseen += chunk->sums.unseen;
	mailbox->sums.deleted += chunk->sums.deleted;
	mailbox->sums.size += chunk->sums.size;
	if (chunk->sums.max_modseq > mailbox->sums.max_modseq)
		mailbox->sums.max_modseq = chunk->sums.max_modseq;
	node_unref(chunk);
}

struct tombstone_check {
	const struct mailbox_check *mailbox;
	uint32_t count;
	uint64_t last_modseq;
};

static void check_tombstone(
    struct check *check, struct view key, struct view value, void *context)
{
	struct tombstone_check *tombstones = context;
	struct rangeset uids;
	rangeset_init(&uids);
	if (key.len != 17 || record_tombstone_get(value, &uids) != RC_OK)
		check_report(check,
		    "mailbox %llu: an expunge record is damaged",
		    (unsigned long long)tombstones->mailbox->id);
	else
		tombstones->last_modseq = get_be64(key.ptr + 9);
	tombstones->count++;
	rangeset_done(&uids);
}

// Compares the counts with the messages; with `mend`, writes wrong ones again.
static void check_state(struct check *check, struct mailbox_check *mailbox,
    const struct tombstone_check *tombstones)
{
	struct record_key key = record_key_u64(RECORD_STATE, mailbox->id);
	struct record_state state = {.uidnext = 1};
	struct buf value, right;
	buf_init(&value, 1024);
	buf_init(&right, 1024);
	enum rc rc =
	    engine_snapshot_get(check->snapshot, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = record_state_get(buf_view(&value), &state);
	struct record_state truth = state;
	const struct node_sums *sums = &mailbox->sums;
	truth.messages = sums->messages;
	truth.unseen = sums->unseen;
	truth.deleted = sums->deleted;
	truth.size = sums->size;
	truth.tombstones = tombstones->count;
	if (truth.uidnext <= mailbox->last_uid)
		truth.uidnext = mailbox->last_uid + 1;
	if (truth.highestmodseq < sums->max_modseq)
		truth.highestmodseq = sums->max_modseq;
	if (truth.highestmodseq < tombstones->last_modseq)
		truth.highestmodseq = tombstones->last_modseq;
	record_state_put(&truth, &right);
	if (rc != RC_OK || !view_eq(buf_view(&right), buf_view(&value))) {
		check_report(check, "mailbox %llu: its counts are %s",
		    (unsigned long long)mailbox->id,
		    rc == RC_OK ? "wrong" : "missing or damaged");
		check_mend(check, &key, &right);
	}
	buf_done(&right);
	mailbox->highest = truth.highestmodseq;
	buf_done(&value);
}

// Gives a mailbox a UIDVALIDITY that it never had.
static void renew(struct check *check, struct view key,
    struct record_mailbox *record, const struct store_keywords *keywords)
{
	struct buf value;
	uint32_t now = (uint32_t)clock_wall_seconds(NULL);
	if (check->uidvalidity < record->uidvalidity)
		check->uidvalidity = record->uidvalidity;
	if (check->uidvalidity < check->account.last_uidvalidity)
		check->uidvalidity = check->account.last_uidvalidity;
	check->uidvalidity =
	    check->uidvalidity < now ? now : check->uidvalidity + 1;
	record->uidvalidity = check->uidvalidity;
	buf_init(&value, ENGINE_VALUE_MAX);
	record_mailbox_put(record, keywords, &value);
	engine_batch_put(check->mending, key, buf_view(&value));
	buf_done(&value);
	check->mended = true;
	check_report(check,
	    "mailbox %.*s: commits may be lost, so it has another UIDVALIDITY",
	    VIEW_FMT(record->name));
}

static void check_mailbox(
    struct check *check, struct view key, struct view value, void *context)
{
	(void)context;
	struct record_mailbox record;
	struct store_keywords *keywords;
	if (key.len != 9 ||
	    record_mailbox_get(value, &record, &keywords) != RC_OK) {
		check_report(check, "a mailbox record is damaged");
		return;
	}
	struct mailbox_check mailbox = {
	    .id = get_be64(key.ptr + 1),
	    .keywords = keywords ? keywords->count : 0,
	};
	if (check->renew)
		renew(check, key, &record, keywords);
	keywords_unref(keywords);
	struct fault fault;
	char room[STORE_NAME_MAX];
	if (store_name_check(record.name, &fault) != RC_OK)
		check_report(check, "mailbox %llu: %s",
		    (unsigned long long)mailbox.id, fault.text);
	else if (!view_eq(store_name_canonical(record.name, room), record.name))
		check_report(check,
		    "mailbox %llu: its name is not in canonical spelling, so "
		    "that it cannot be found by name",
		    (unsigned long long)mailbox.id);
	struct tombstone_check tombstones = {.mailbox = &mailbox};
	enum rc rc = check_each_key(check,
	    record_key_u64(RECORD_CHUNK, mailbox.id), check_chunk, &mailbox);
	if (rc == RC_OK)
		rc = check_each_key(check,
		    record_key_u64(RECORD_TOMBSTONE, mailbox.id),
		    check_tombstone, &tombstones);
	if (rc != RC_OK)
		check_report(check, "mailbox %llu cannot be read: %s",
		    (unsigned long long)mailbox.id, rc_text(rc));
	check_state(check, &mailbox, &tombstones);
	if (mailbox.highest > engine_snapshot_version(check->snapshot))
		check_report(check, "mailbox %llu: a MODSEQ lies in the future",
		    (unsigned long long)mailbox.id);
	check->result.mailboxes++;
	check->messages += mailbox.sums.messages;
	check->bytes += mailbox.sums.size;
	if (mailbox.id > check->last_mailbox_id)
		check->last_mailbox_id = mailbox.id;
}

// A deleted mailbox whose messages are still to be removed (removal.h): they
// count nowhere, but their emails have places in it.
static void check_leaving(
    struct check *check, struct view key, struct view value, void *context)
{
	(void)context;
	struct record_mailbox record;
	struct store_keywords *keywords;
	if (key.len != 9 ||
	    record_mailbox_get(value, &record, &keywords) != RC_OK) {
		check_report(
		    check, "the record of a deleted mailbox is damaged");
		return;
	}
	struct mailbox_check mailbox = {
	    .id = get_be64(key.ptr + 1),
	    .keywords = keywords ? keywords->count : 0,
	};
	keywords_unref(keywords);
	if (check_each_key(check, record_key_u64(RECORD_CHUNK, mailbox.id),
		check_chunk, &mailbox) != RC_OK)
		check_report(check, "deleted mailbox %llu cannot be read",
		    (unsigned long long)mailbox.id);
	if (mailbox.id > check->last_mailbox_id)
		check->last_mailbox_id = mailbox.id;
}

// ---- Emails ----------------------------------------------------------------

enum rc check_get_record(struct check *check, enum record_kind kind,
    uint64_t number, struct buf *value)
{
	struct record_key key = record_key_u64(kind, number);
	buf_reset(value);
	return engine_snapshot_get(
	    check->snapshot, record_key_view(&key), value);
}

// Checks that an email has a record of the bytes it lacks exactly if it lacks
// some, and that the number is right.
static void check_ragged(
    struct check *check, uint64_t email_id, uint64_t lacks, struct buf *value)
{
	uint64_t noted = 0;
	enum rc rc = check_get_record(check, RECORD_LINES, email_id, value);
	if (rc == RC_OK)
		rc = record_lines_get(buf_view(value), &noted);
	if (rc == RC_NOT_FOUND ? lacks == 0 : rc == RC_OK && lacks == noted)
		return;
	check_report(check,
	    "email %llu: the count of its missing line ends is %s",
	    (unsigned long long)email_id,
	    rc == RC_OK ? "wrong" : "missing or damaged");
	struct record_key key = record_key_u64(RECORD_LINES, email_id);
	buf_reset(value);
	record_lines_put(lacks, value);
	if (lacks)
		check_mend(check, &key, value);
	else
		check_mend_away(check, record_key_view(&key));
}

static void check_email(
    struct check *check, const struct place *place, struct buf *value)
{
	struct engine *engine = check->store->options.engine;
	unsigned long long id = place->email_id;
	struct record_email email;
	struct record_head head;
	struct message_record message = {0};
	struct view bytes;
	uint64_t size = 0;
	uint64_t lacks;
	enum rc rc =
	    check_get_record(check, RECORD_EMAIL, place->email_id, value);
	if (rc == RC_OK)
		rc = record_email_get(buf_view(value), &email, &bytes);
	if (rc == RC_OK)
		rc = message_record_open(bytes, &message);
	if (rc != RC_OK)
		check_report(
		    check, "email %llu: its description: %s", id, rc_text(rc));
	else if (message.size != place->size)
		check_report(check, "email %llu: its sizes differ", id);
	else if (email.thread_id == 0 || email.thread_id > id)
		check_report(check, "email %llu: its thread is damaged", id);
	bool has_bare_lf =
	    rc != RC_OK || message.flags & MESSAGE_RECORD_BARE_LF;
	rc = check_get_record(check, RECORD_HEAD, place->email_id, value);
	if (rc == RC_OK)
		rc = record_head_get(buf_view(value), &head, &bytes);
	if (rc == RC_OK && head.has_content)
		rc = engine_content_size(engine, &head.content, &size);
	if (rc != RC_OK)
		check_report(
		    check, "email %llu: its bytes: %s", id, rc_text(rc));
	else if (head.size != place->size || head.head_len + size != head.size)
		check_report(
		    check, "email %llu: some of its bytes are missing", id);
	else if (ragged_measure(engine, &head, bytes, has_bare_lf, &lacks) ==
		 RC_OK)
		check_ragged(check, place->email_id, lacks, value);
	else
		check_report(check, "email %llu: its bytes cannot be read", id);
	if (rc != RC_OK || !head.has_content)
		return;
	vec_push(&check->contents, head.content);
}

static int compare_contents(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct engine_content_id));
}

// If an account owns content less often than its emails have it, it loses mail
// when others expunge theirs, and cannot expunge its own. If it owns content
// more often, that content stays for ever.
static enum rc check_owned(struct check *check,
    const struct engine_content_id *content, uint64_t count)
{
	struct engine *engine = check->store->options.engine;
	uint64_t owned;
	uint64_t version;
	enum rc rc =
	    engine_content_owned(engine, check->account_id, content, &owned);
	if (rc == RC_OK)
		rc = engine_version(engine, check->account_id, &version);
	// Reports only if it is still so: the account may have changed
	// meanwhile.
	if (rc != RC_OK || owned == count ||
	    version != engine_snapshot_version(check->snapshot))
		return rc;
	check_report(check,
	    "content is owned %llu times, but %llu emails have it",
	    (unsigned long long)owned, (unsigned long long)count);
	if (!check->mending)
		return RC_OK;
	for (; owned < count; owned++)
		engine_batch_own(check->mending, content);
	for (; owned > count; owned--)
		engine_batch_disown(check->mending, content);
	check->result.mended++;
	check->mended = true;
	return RC_OK;
}

static enum rc check_contents(struct check *check)
{
	enum rc rc = RC_OK;
	if (check->contents.count)
		qsort(check->contents.items, check->contents.count,
		    sizeof(*check->contents.items), compare_contents);
	for (size_t i = 0; rc == RC_OK && i < check->contents.count;) {
		size_t first = i;
		while (i < check->contents.count &&
		       compare_contents(&check->contents.items[first],
			   &check->contents.items[i]) == 0)
			i++;
		rc = check_owned(
		    check, &check->contents.items[first], i - first);
	}
	return rc;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *left = a;
	const struct place *right = b;
	if (left->email_id != right->email_id)
		return left->email_id < right->email_id ? -1 : 1;
	if (left->mailbox_id != right->mailbox_id)
		return left->mailbox_id < right->mailbox_id ? -1 : 1;
	return (left->uid > right->uid) - (left->uid < right->uid);
}

struct location_check {
	size_t at; // position in the sorted places
};

static void missing_location(struct check *check, const struct place *place)
{
	struct record_key key =
	    record_key_location(place->email_id, place->mailbox_id, place->uid);
	struct buf nothing;
	buf_init(&nothing, 1);
	check_report(check,
	    "email %llu: its place in mailbox %llu is not noted",
	    (unsigned long long)place->email_id,
	    (unsigned long long)place->mailbox_id);
	check_mend(check, &key, &nothing);
}

static void check_location(
    struct check *check, struct view key, struct view value, void *context)
{
	struct location_check *walk = context;
	(void)value;
	struct place noted = {0};
	if (key.len == 21)
		noted = (struct place){.email_id = get_be64(key.ptr + 1),
		    .mailbox_id = get_be64(key.ptr + 9),
		    .uid = get_be32(key.ptr + 17)};
	int order = 1;
	for (; walk->at < check->places.count; walk->at++) {
		order = compare_places(&check->places.items[walk->at], &noted);
		if (order >= 0)
			break;
		missing_location(check, &check->places.items[walk->at]);
	}
	if (walk->at < check->places.count && order == 0) {
		walk->at++;
		return;
	}
	check_report(check,
	    "email %llu: a place is noted that it does not have",
	    (unsigned long long)noted.email_id);
	check_mend_away(check, key);
}

bool check_has_place(
    const struct check *check, uint64_t email_id, uint64_t count)
{
	size_t at;
	LOWER_BOUND(at, check->places.count,
	    check->places.items[at].email_id < email_id);
	return at < check->places.count &&
	       check->places.items[at].email_id - email_id < count;
}

static void check_unplaced(
    struct check *check, struct view key, struct view value, void *context)
{
	(void)value;
	(void)context;
	uint64_t email_id = key.len == 9 ? get_be64(key.ptr + 1) : 0;
	if (email_id > check->last_email_id)
		check->last_email_id = email_id;
	if (!check_has_place(check, email_id, 1))
		check_report(check, "email %llu is in no mailbox",
		    (unsigned long long)email_id);
}

// The records of emails that exist were checked together with the emails.
static void check_unplaced_lines(
    struct check *check, struct view key, struct view value, void *context)
{
	uint64_t email_id = key.len == 9 ? get_be64(key.ptr + 1) : 0;
	(void)value;
	(void)context;
	if (check_has_place(check, email_id, 1))
		return;
	check_report(check,
	    "email %llu: the count of its missing line ends is there, "
	    "but the email is in no mailbox",
	    (unsigned long long)email_id);
	check_mend_away(check, key);
}

static enum rc check_emails(struct check *check)
{
	if (check->places.count)
		qsort(check->places.items, check->places.count,
		    sizeof(*check->places.items), compare_places);
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	for (size_t i = 0; i < check->places.count; i++)
		if (i == 0 || check->places.items[i].email_id !=
				  check->places.items[i - 1].email_id)
			check_email(check, &check->places.items[i], &value);
	buf_done(&value);
	struct location_check walk = {0};
	enum rc rc = check_each_key(
	    check, record_key_kind(RECORD_LOCATION), check_location, &walk);
	for (; rc == RC_OK && walk.at < check->places.count; walk.at++)
		missing_location(check, &check->places.items[walk.at]);
	if (rc == RC_OK)
		rc = check_each_key(
		    check, record_key_kind(RECORD_EMAIL), check_unplaced, NULL);
	if (rc == RC_OK)
		rc = check_each_key(check, record_key_kind(RECORD_LINES),
		    check_unplaced_lines, NULL);
	return rc;
}

// ---- Kept emails -----------------------------------------------------------

// An email that was expunged is in no mailbox, and its bytes are there.
static void check_kept(
    struct check *check, struct view key, struct view value, void *context)
{
	struct buf *room = context;
	struct engine *engine = check->store->options.engine;
	struct store_kept_id id = {0};
	struct record_kept kept;
	struct record_email email;
	struct record_head head = {0};
	struct message_record message;
	struct view bytes;
	uint64_t size = 0;
	bool good = record_kept_id(key, &id) &&
		    record_kept_get(value, &kept) == RC_OK &&
		    record_email_get(kept.email, &email, &bytes) == RC_OK &&
		    message_record_open(bytes, &message) == RC_OK;
	enum rc rc = check_get_record(check, RECORD_HEAD, id.email_id, room);
	if (rc == RC_OK)
		rc = record_head_get(buf_view(room), &head, &bytes);
	if (rc == RC_OK && head.has_content) {
		vec_push(&check->contents, head.content);
		rc = engine_content_size(engine, &head.content, &size);
	}
	if (!good || rc != RC_OK || head.size != kept.size ||
	    head.head_len + size != head.size)
		check_report(check,
		    "email %llu, which was expunged: what is kept of it is "
		    "damaged",
		    (unsigned long long)id.email_id);
	if (check_has_place(check, id.email_id, 1))
		check_report(check,
		    "email %llu is in a mailbox and was expunged",
		    (unsigned long long)id.email_id);
	if (id.email_id > check->last_email_id)
		check->last_email_id = id.email_id;
}

static enum rc check_all_kept(struct check *check)
{
	struct buf room;
	buf_init(&room, ENGINE_VALUE_MAX);
	enum rc rc = check_each_key(
	    check, record_key_kind(RECORD_KEPT), check_kept, &room);
	buf_done(&room);
	return rc;
}

// ---- The account -----------------------------------------------------------

static enum rc check_account(struct check *check)
{
	struct record_key key = record_key_kind(RECORD_ACCOUNT);
	struct record_account truth = {0};
	struct buf value, right;
	buf_init(&value, 1024);
	buf_init(&right, 1024);
	enum rc rc =
	    engine_snapshot_get(check->snapshot, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = record_account_get(buf_view(&value), &check->account);
	truth = check->account;
	truth.bytes = check->bytes;
	truth.messages = check->messages;
	if (truth.last_uidvalidity < check->uidvalidity)
		truth.last_uidvalidity = check->uidvalidity;
	if (truth.next_email_id <= check->last_email_id)
		truth.next_email_id = check->last_email_id + 1;
	if (truth.next_mailbox_id <= check->last_mailbox_id)
		truth.next_mailbox_id = check->last_mailbox_id + 1;
	record_account_put(&truth, &right);
	if (rc != RC_OK || !view_eq(buf_view(&right), buf_view(&value))) {
		if (!check->renew)
			check_report(check, "the account's totals are %s",
			    rc == RC_OK ? "wrong" : "missing or damaged");
		check_mend(check, &key, &right);
	}
	buf_done(&right);
	buf_done(&value);
	return RC_OK;
}

// The account's record is checked at the end; to renew mailboxes, the last
// UIDVALIDITY must be known before.
static void read_account(struct check *check)
{
	struct record_key key = record_key_kind(RECORD_ACCOUNT);
	struct buf value;
	buf_init(&value, 1024);
	if (engine_snapshot_get(
		check->snapshot, record_key_view(&key), &value) != RC_OK ||
	    record_account_get(buf_view(&value), &check->account) != RC_OK)
		check->account = (struct record_account){0};
	buf_done(&value);
}

static enum rc check_all(struct check *check)
{
	read_account(check);
	enum rc rc = check_each_key(
	    check, record_key_kind(RECORD_MAILBOX), check_mailbox, NULL);
	if (rc == RC_OK)
		rc = check_each_key(check, record_key_kind(RECORD_LEAVING),
		    check_leaving, NULL);
	if (rc == RC_OK)
		rc = check_objects(check);
	if (rc == RC_OK)
		rc = check_changes(check);
	if (rc == RC_OK)
		rc = check_emails(check);
	if (rc == RC_OK)
		rc = check_all_kept(check);
	if (rc == RC_OK)
		check_changes_emails(check);
	if (rc == RC_OK)
		rc = check_contents(check);
	if (rc == RC_OK)
		rc = check_deliveries(check);
	if (rc == RC_OK)
		rc = check_moves(check);
	if (rc == RC_OK)
		rc = check_account(check);
	check->result.messages = check->messages;
	return rc;
}

// What is derived is not mended, but dropped.
static enum rc check_derived(struct check *check, bool mending)
{
	struct fault fault;
	enum rc rc = derive_check(check->store, check->account_id);
	if (rc != RC_CORRUPT)
		return rc;
	check_report(check, "what is derived from it is damaged");
	if (!mending)
		return RC_OK;
	check->result.mended++;
	return store_derived_drop(check->store, check->account_id, &fault);
}

// The counts that were mended come into memory when the account is opened
// again. Nobody has it open meanwhile: it is not in memory, and `lock` is held.
static enum rc run(struct store *store, uint64_t account_id, bool mending,
    bool renewing, void (*problem)(void *context, const char *text),
    void *context, struct store_check_result *ret_result)
{
	struct engine *engine = store->options.engine;
	struct check check = {
	    .store = store,
	    .account_id = account_id,
	    .problem = problem,
	    .context = context,
	    .mending = mending ? engine_batch_new(engine) : NULL,
	    .renew = renewing,
	};
	enum rc rc = engine_snapshot_open(engine, account_id, &check.snapshot);
	if (rc == RC_OK) {
		rc = check_all(&check);
		uint64_t version = engine_snapshot_version(check.snapshot);
		struct fault fault;
		if (rc == RC_OK && check.mended) {
			check_put_changes(&check);
			rc = engine_commit(
			    engine, account_id, version, check.mending, &fault);
		}
	}
	if (rc == RC_OK)
		rc = check_derived(&check, mending);
	engine_snapshot_close(&check.snapshot);
	engine_batch_free(&check.mending);
	vec_done(&check.gone);
	vec_done(&check.objects);
	vec_done(&check.places);
	vec_done(&check.contents);
	if (rc == RC_OK)
		*ret_result = check.result;
	return rc;
}

enum rc store_account_check(struct store *store, uint64_t account_id,
    bool mending, void (*problem)(void *context, const char *text),
    void *context, struct store_check_result *ret_result)
{
	return run(
	    store, account_id, mending, false, problem, context, ret_result);
}

enum rc store_account_repair(struct store *store, uint64_t account_id,
    void (*problem)(void *context, const char *text), void *context,
    struct store_check_result *ret_result)
{
	return run(store, account_id, true, true, problem, context, ret_result);
}
