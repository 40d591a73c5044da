// SPDX-License-Identifier: Apache-2.0
// Requests about what users send.
//
//   user.sending {"user","act","messages","recipients"} each user is
//                {"note":"sending","name","messages":{"today","hour","day",
//                "ordinary","limits"},"recipients":{…},"waiting","room"}; or
//                "damaged":true instead of the numbers.
//                Without "user": all users who have sent lately or have limits
//                of their own. "act": "limit" (with the numbers in a day; 0:
//                any), "default", "release" or "remove" (of what waits; the
//                answer has the number of messages)
#include "admin/verbs.h"
#include "base/clock.h"
#include "base/map.h"
#include "queue/manage.h"

struct sending_call {
	struct verb_call *call;
	struct map waiting; // account -> how many of its messages wait
	struct arena arena;
};

// ---- What waits ------------------------------------------------------------

static bool is_waiting(const struct queue_info *info)
{
	return info->envelope.account > 0 &&
	       info->envelope.release_at > clock_wall_seconds(NULL);
}

// Calls `each` for the messages of users that wait for their release: because
// the user has sent too much (`limited`), or wants it so. Without a server
// there is no queue to look at.
static enum rc walk(struct sending_call *sending,
    enum rc (*each)(struct sending_call *sending, const struct queue_info *info,
	uint64_t account),
    uint64_t account, struct fault *fault)
{
	struct queue_walk *walk;
	struct queue_info info;
	struct arena arena;
	if (!sending->call->host->queue)
		return RC_OK;
	enum rc rc = queue_walk_open(sending->call->host->queue, &walk);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the queue: %s", rc_text(rc));
	arena_init(&arena);
	while (rc == RC_OK || rc == RC_CORRUPT) {
		arena_reset(&arena);
		rc = queue_walk_next(walk, &arena, &info);
		if (rc == RC_OK && is_waiting(&info))
			rc = each(sending, &info, account);
	}
	arena_done(&arena);
	queue_walk_close(&walk);
	if (rc != RC_END)
		return fault_set(fault, rc, "the queue: %s", rc_text(rc));
	return RC_OK;
}

static struct view account_key(const uint64_t *account)
{
	return view_of((const char *)account, sizeof(*account));
}

static enum rc note_waiting(struct sending_call *sending,
    const struct queue_info *info, uint64_t unused)
{
	(void)unused;
	struct view key = account_key(&info->envelope.account);
	if (!info->envelope.limited)
		return RC_OK;
	uintptr_t count = (uintptr_t)map_get(&sending->waiting, key);
	map_put(&sending->waiting, key, (void *)(count + 1));
	return RC_OK;
}

// ---- Notes -----------------------------------------------------------------

static json_t *numbers(const struct sending_info *info, enum sending_kind kind)
{
	static const char *const sources[] = {
	    [SENDING_BY_SETTINGS] = "settings",
	    [SENDING_LEARNED] = "learned",
	    [SENDING_BY_HAND] = "own",
	};
	return json_pack("{s:I, s:I, s:I, s:I, s:s}", "today",
	    (json_int_t)info->today[kind], "hour",
	    (json_int_t)info->per_hour[kind], "day",
	    (json_int_t)info->per_day[kind], "ordinary",
	    (json_int_t)info->ordinary[kind], "limits",
	    sources[info->source[kind]]);
}

static bool is_known(const struct sending_info *info)
{
	for (size_t kind = 0; kind < SENDING_KINDS; kind++)
		if (info->today[kind] || info->ordinary[kind] ||
		    info->source[kind] == SENDING_BY_HAND)
			return true;
	return info->room_at > 0;
}

static enum rc send_user(struct sending_call *sending,
    const struct auth_name *name, uint64_t account, bool always)
{
	struct sending_info info;
	const struct control_host *host = sending->call->host;
	enum rc rc = sending_look(host->sending, account, &info);
	bool damaged = rc == RC_CORRUPT;
	if (!damaged && (rc != RC_OK || (!always && !is_known(&info))))
		return rc;
	json_t *note = json_pack("{s:s}", "note", "sending");
	json_object_set_new(note, "name", link_text(auth_name_view(name)));
	if (damaged) {
		json_object_set_new(note, "damaged", json_true());
		return link_send(sending->call->link, note, VIEW(""));
	}
	json_object_set_new(note, "messages", numbers(&info, SENDING_MESSAGES));
	json_object_set_new(
	    note, "recipients", numbers(&info, SENDING_RECIPIENTS));
	json_object_set_new(note, "waiting",
	    json_integer((json_int_t)(uintptr_t)map_get(
		&sending->waiting, account_key(&account))));
	json_object_set_new(
	    note, "room", json_integer((json_int_t)info.room_at));
	return link_send(sending->call->link, note, VIEW(""));
}

static enum rc send_all(struct sending_call *sending, struct fault *fault)
{
	struct auth_name name = {""};
	struct auth_record record;
	for (;;) {
		enum rc rc = auth_directory_next(
		    sending->call->host->engine, &name, &name, &record);
		if (rc == RC_END)
			return RC_OK;
		if (rc == RC_CORRUPT)
			continue;
		if (rc == RC_OK)
			rc = send_user(sending, &name, record.account, false);
		if (rc != RC_OK)
			return fault_set(
			    fault, rc, "the users: %s", rc_text(rc));
	}
}

// ---- Acts ------------------------------------------------------------------

static enum rc count_one(struct sending_call *sending)
{
	json_t *answer = sending->call->answer;
	json_object_set_new(answer, "messages",
	    json_integer(
		json_integer_value(json_object_get(answer, "messages")) + 1));
	return RC_OK;
}

static enum rc release_one(struct sending_call *sending,
    const struct queue_info *info, uint64_t account)
{
	if (info->envelope.account != account || !info->envelope.limited)
		return RC_OK;
	enum rc rc = queue_let_go(sending->call->host->queue, &info->id, NULL);
	if (rc == RC_NOT_FOUND)
		return RC_OK; // it has been delivered meanwhile
	return rc == RC_OK ? count_one(sending) : rc;
}

static enum rc remove_one(struct sending_call *sending,
    const struct queue_info *info, uint64_t account)
{
	// Who has stolen a password may have sent mail that goes later, too.
	if (info->envelope.account != account)
		return RC_OK;
	enum rc rc =
	    queue_remove(sending->call->host->queue, &info->id, false, NULL);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	return rc == RC_OK ? count_one(sending) : rc;
}

static uint32_t number_of(const struct verb_call *call, const char *key)
{
	json_int_t number =
	    json_integer_value(json_object_get(call->request, key));
	return number > 0 && number <= UINT32_MAX ? (uint32_t)number : 0;
}

static enum rc act(struct sending_call *sending, uint64_t account,
    struct view word, struct fault *fault)
{
	struct verb_call *call = sending->call;
	struct sending *of = call->host->sending;
	const uint32_t limits[SENDING_KINDS] = {
	    [SENDING_MESSAGES] = number_of(call, "messages"),
	    [SENDING_RECIPIENTS] = number_of(call, "recipients"),
	};
	if (view_eq(word, VIEW("limit")))
		return sending_limit(of, account, limits, fault);
	if (view_eq(word, VIEW("default")))
		return sending_limit(of, account, NULL, fault);
	bool release = view_eq(word, VIEW("release"));
	if (!release && !view_eq(word, VIEW("remove")))
		return fault_set(fault, RC_INVALID,
		    "say limit, default, release or remove; not %.*s",
		    VIEW_FMT(word));
	if (!call->host->queue)
		return fault_set(fault, RC_UNSUPPORTED,
		    "no server is running that could send what waits");
	json_object_set_new(call->answer, "messages", json_integer(0));
	enum rc rc =
	    walk(sending, release ? release_one : remove_one, account, fault);
	if (rc == RC_OK && release)
		rc = sending_clear(of, account, fault);
	return rc;
}

static enum rc carry_out(struct sending_call *sending, struct fault *fault)
{
	struct verb_call *call = sending->call;
	struct auth_name name;
	struct auth_record record;
	struct view user = link_member(call->request, "user");
	struct view word = link_member(call->request, "act");
	if (user.len == 0) {
		enum rc all = walk(sending, note_waiting, 0, fault);
		return all == RC_OK ? send_all(sending, fault) : all;
	}
	enum rc rc =
	    auth_directory_lookup(call->host->engine, user, &name, &record);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "there is no user %.*s", VIEW_FMT(user));
	if (word.len > 0)
		return act(sending, record.account, word, fault);
	rc = walk(sending, note_waiting, 0, fault);
	if (rc == RC_OK)
		rc = send_user(sending, &name, record.account, true);
	return rc;
}

enum rc verb_user_sending(struct verb_call *call, struct fault *fault)
{
	struct sending_call sending = {.call = call};
	if (!call->host->sending)
		return fault_set(fault, RC_UNSUPPORTED,
		    "nothing is known here of what users send");
	map_init(&sending.waiting);
	enum rc rc = carry_out(&sending, fault);
	map_done(&sending.waiting);
	return rc;
}
