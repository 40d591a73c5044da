// SPDX-License-Identifier: Apache-2.0
// The request "check": walks through everything that is stored. Each problem is
// one message {"note":"problem"}; the answer has the count.
#include "admin/verbs.h"
#include "auth/places.h"
#include "auth/use.h"

#include <stdarg.h>

#include "base/clock.h"
#include "base/map.h"
#include "queue/manage.h"
#include "store/derive.h"
#include "store/upload.h"

// Mending deletes content that no commit names, but only if it is older than
// this: younger content may belong to a message that is still coming in.
#define CHECK_GRACE_SECONDS 3600

struct check {
	struct verb_call *call;
	struct view place; // what is being checked; named with each problem
	enum rc link_rc;   // not RC_OK: the other side is gone
	bool mend;
	uint64_t problems;
	uint64_t mended;
	uint64_t users;
	uint64_t mailboxes;
	uint64_t messages;
	uint64_t unowned;
	uint64_t dropped;
	struct map accounts; // id (8 bytes) -> anything: the accounts of users
};

static void problem(void *context, const char *text)
{
	struct check *check = context;
	check->problems++;
	if (check->link_rc != RC_OK)
		return;
	json_t *note = json_object();
	json_object_set_new(note, "note", json_string("problem"));
	json_object_set_new(note, "place", link_text(check->place));
	json_object_set_new(note, "text", link_text(view_of_string(text)));
	check->link_rc = link_send(check->call->link, note, VIEW(""));
}

static void report(struct check *check, const char *format, ...)
    PRINTF_LIKE(2, 3);
static void report(struct check *check, const char *format, ...)
{
	char text[400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	problem(check, text);
}

static void progress(struct check *check, struct view place)
{
	check->place = place;
	if (check->link_rc != RC_OK)
		return;
	json_t *note = json_object();
	json_object_set_new(note, "note", json_string("progress"));
	json_object_set_new(note, "place", link_text(place));
	check->link_rc = link_send(check->call->link, note, VIEW(""));
}

static struct view id_key(const uint64_t *id)
{
	return view_of(id, sizeof(*id));
}

static void check_user(struct check *check, const struct auth_name *name,
    const struct auth_record *record)
{
	struct store_check_result result = {0};
	progress(check, auth_name_view(name));
	map_put(&check->accounts, id_key(&record->account), check);
	check->users++;
	struct store *store = check->call->host->store;
	const struct engine_repair *repair = check->call->host->repair;
	enum rc rc = repair && engine_repair_is_suspect(repair, record->account)
			 ? store_account_repair(
			       store, record->account, problem, check, &result)
			 : store_account_check(store, record->account,
			       check->mend, problem, check, &result);
	if (rc == RC_NOT_FOUND)
		report(check, "the user's account %llu is missing",
		    (unsigned long long)record->account);
	else if (rc != RC_OK)
		report(
		    check, "the account could not be checked: %s", rc_text(rc));
	if (sending_check(check->call->host->engine, record->account) ==
	    RC_CORRUPT)
		report(check,
		    "what the user has sent is damaged, with the limits of the "
		    "user's own; nothing is taken from the user until you say "
		    "'roost user sending %.*s default' or 'limit'",
		    VIEW_FMT(auth_name_view(name)));
	check->mailboxes += result.mailboxes;
	check->messages += result.messages;
	check->mended += result.mended;
}

// auth_directory_check() reports damaged records.
static void check_users(struct check *check)
{
	struct auth_name name = {""};
	struct auth_record record;
	enum rc rc;
	while (check->link_rc == RC_OK) {
		rc = auth_directory_next(
		    check->call->host->engine, &name, &name, &record);
		if (rc == RC_OK)
			check_user(check, &name, &record);
		else if (rc != RC_CORRUPT)
			break;
	}
}

// Accounts of users who are being added or removed at the moment.
static void note_loose(struct check *check)
{
	uint64_t account = 0;
	while (auth_directory_next_loose(
		   check->call->host->engine, account, &account) == RC_OK)
		map_put(&check->accounts, id_key(&account), check);
}

// Other requests may add and remove users during the check. A user who has been
// removed meanwhile is not a problem.
static void check_partitions(struct check *check)
{
	struct engine *engine = check->call->host->engine;
	uint64_t partition = AUTH_ACCOUNT_FIRST - 1;
	check->place = VIEW("accounts");
	while (engine_partition_next(engine, partition, &partition) == RC_OK) {
		uint64_t account = partition;
		bool derived = store_derived_of(partition, &account);
		if (map_get(&check->accounts, id_key(&account)))
			continue;
		report(check, "%s %llu belongs to no user",
		    derived ? "what is derived from account" : "account",
		    (unsigned long long)account);
		if (derived && check->mend &&
		    store_derived_drop(
			check->call->host->store, account, NULL) == RC_OK)
			check->mended++;
	}
}

// Removes all derived data. The server builds it again when it is needed.
static void drop_derived(struct check *check)
{
	struct fault fault;
	enum rc rc = store_derived_drop_all(
	    check->call->host->store, &fault, &check->dropped);
	if (rc != RC_OK)
		report(check, "%s", fault.text);
}

static enum rc check_content(
    void *context, const struct engine_content_info *info)
{
	struct check *check = context;
	if (info->count == 0)
		check->unowned++;
	else if (!queue_owns_partition(info->partition) &&
		 info->partition != STORE_UPLOAD_PARTITION &&
		 !map_get(&check->accounts, id_key(&info->partition)))
		report(check,
		    "content of %llu bytes belongs to account %llu, "
		    "which no user has",
		    (unsigned long long)info->size,
		    (unsigned long long)info->partition);
	return check->link_rc;
}

static void check_all(struct check *check)
{
	struct engine *engine = check->call->host->engine;
	uint64_t deleted = 0;
	if (json_is_true(json_object_get(check->call->request, "drop_derived")))
		drop_derived(check);
	progress(check, VIEW("users"));
	enum rc rc = auth_directory_check(engine, problem, check);
	if (rc != RC_OK)
		report(check, "the directory: %s", rc_text(rc));
	rc = auth_places_check(engine, problem, check);
	if (rc == RC_OK)
		rc = auth_uses_check(engine, problem, check);
	if (rc != RC_OK)
		report(check, "the places of log-ins: %s", rc_text(rc));
	check_users(check);
	note_loose(check);
	check_partitions(check);
	progress(check, VIEW("queue"));
	rc = queue_check(engine, problem, check);
	if (rc != RC_OK)
		report(check, "the queue: %s", rc_text(rc));
	rc = store_uploads_check(check->call->host->store, problem, check);
	if (rc != RC_OK)
		report(check, "the uploads: %s", rc_text(rc));
	progress(check, VIEW("contents"));
	if (check->mend) {
		rc = engine_content_sweep(engine, clock_wall_seconds(NULL),
		    CHECK_GRACE_SECONDS, &deleted);
		if (rc != RC_OK)
			report(check, "unowned content stays: %s", rc_text(rc));
		check->mended += deleted;
	}
	rc = engine_content_each(engine, check_content, check);
	if (rc != RC_OK)
		report(check, "contents: %s", rc_text(rc));
	progress(check, VIEW("database"));
	rc = engine_check(engine, problem, check);
	if (rc != RC_OK)
		report(check, "the database: %s", rc_text(rc));
}

enum rc verb_check(struct verb_call *call, struct fault *fault)
{
	struct check check = {
	    .call = call,
	    .mend = json_is_true(json_object_get(call->request, "mend")),
	};
	(void)fault;
	map_init(&check.accounts);
	check_all(&check);
	map_done(&check.accounts);
#define COUNT(name)                                                            \
	json_object_set_new(                                                   \
	    call->answer, #name, json_integer((json_int_t)check.name))
	COUNT(users);
	COUNT(mailboxes);
	COUNT(messages);
	COUNT(problems);
	COUNT(mended);
	COUNT(unowned);
	COUNT(dropped);
#undef COUNT
	return check.link_rc;
}
