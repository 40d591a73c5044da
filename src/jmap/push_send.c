// SPDX-License-Identifier: Apache-2.0
// One request to a push service, and what its answer means.
#include "jmap/call.h"
#include "jmap/push_impl.h"
#include "jmap/watch.h"

// The longest time between two tries (struct jmap_limits has the shortest).
#define RETRY_MAX_MS ((uint64_t)3600 * 1000)
// A push service may ask for as much.
#define RETRY_AFTER_MAX_S 86400u
// How often a verification code is tried.
#define VERIFY_TRIES 5

#define TTL_SECONDS   86400u
#define TOKEN_SECONDS (12 * 3600) // of VAPID; at most a day (RFC 8292)
static void log_why(
    struct log_line *line, const struct push_target *target, const char *why)
{
	log_add(line, "user", target->s.user);
	log_add_u64(line, "subscription", target->s.id);
	log_add_string(line, "why", why);
	log_end(line);
}

// ---- The end of a subscription ---------------------------------------------

// It is removed from the account; the change is told like any other.
void push_target_end(struct push_target *target, const char *why)
{
	struct push_account *account = target->account;
	struct jmap_push *push = account->push;
	struct store_account *open;
	struct fault fault;
	struct store_asker asker = store_user(account->id);
	struct store_object_change change = {
	    .kind = STORE_OBJECT_PUSH, .id = target->s.id, .remove = true};
	struct store_objects_set set = {.changes = &change, .count = 1};
	struct log_line line;
	log_begin(&line, push->options.log, LOG_LEVEL_INFO, "push_ended");
	log_why(&line, target, why);
	target->ended = true;
	if (store_account_open(
		push->options.store, account->id, &fault, &open) != RC_OK)
		return;
	(void)!store_objects_set(&asker, open, &set, &fault);
	store_account_close(&open);
}

// Whether it may be told something now.
static bool may_be_told(struct push_target *target)
{
	struct jmap_push *push = target->push;
	switch (jmap_subscription_check(
	    push->options.auth, target->account->id, &target->s)) {
	case RC_OK: return true;
	case RC_GONE:
		push_target_end(target, "who made it was shut out");
		return false;
	default: return false; // later
	}
}

// ---- The answer ------------------------------------------------------------

static uint64_t retry_ms(
    const struct push_target *target, const struct jmap_posted *posted)
{
	unsigned doublings = target->failures < 16 ? target->failures - 1 : 15;
	uint64_t first = target->push->options.limits.push_retry_ms;
	uint64_t ms = first << doublings;
	if (ms > RETRY_MAX_MS)
		ms = RETRY_MAX_MS;
	uint64_t asked = posted->retry_after < RETRY_AFTER_MAX_S
			     ? posted->retry_after
			     : RETRY_AFTER_MAX_S;
	return asked * 1000 > ms ? asked * 1000 : ms;
}

static void note_failure(
    struct push_target *target, const struct jmap_posted *posted)
{
	char why[200];
	struct log_line line;
	unsigned status = posted->status;
	bool later =
	    status == 0 || status == 408 || status == 429 || status >= 500;
	if (status == 0)
		snprintf(why, sizeof(why), "%s",
		    posted->why ? posted->why : "no answer");
	else
		snprintf(why, sizeof(why), "the push service says %u", status);
	log_begin(
	    &line, target->push->options.log, LOG_LEVEL_INFO, "push_failed");
	log_why(&line, target, why);
	target->failures++;
	target->next_ms = clock_monotonic_ms() + retry_ms(target, posted);
	// What it refuses for good is not sent again; the next change is.
	if (later)
		target->pending |= target->telling;
	if (target->verifying && target->failures < VERIFY_TRIES)
		target->verify = true;
}

static void posted(void *context, const struct jmap_posted *posted)
{
	struct push_target *target = context;
	target->under_way = false;
	target->push->under_way--;
	if (!target->account) {
		push_target_free(target);
		return;
	}
	// RFC 8030 section 7.3: the subscription does not exist any more.
	if (posted->status == 404 || posted->status == 410) {
		push_target_end(target, "the push service has no such address");
	} else if (posted->status >= 200 && posted->status < 300) {
		target->failures = 0;
		target->next_ms = clock_monotonic_ms() +
				  target->push->options.limits.push_pace_ms;
	} else {
		note_failure(target, posted);
	}
}

// ---- Sending ---------------------------------------------------------------

static void write_verification(
    const struct push_target *target, struct buf *out)
{
	struct json_text json;
	json_text_init(&json, out);
	json_begin_object(&json);
	json_member_string(&json, "@type", VIEW("PushVerification"));
	json_key(&json, "pushSubscriptionId");
	jmap_id_add(&json, JMAP_ID_PUSH, target->s.id);
	json_member_string(&json, "verificationCode", target->s.code);
	json_end_object(&json);
}

static void write_change(const struct push_target *target, struct buf *out)
{
	struct json_text json;
	json_text_init(&json, out);
	json_begin_object(&json);
	jmap_state_change_write(&json, target->account->id, target->pending,
	    target->account->version);
	json_end_object(&json);
}

// "https://host:port", of a URL that was checked.
static struct view origin_of(struct view url)
{
	size_t slash = view_find_char(view_from(url, 8), '/');
	return slash == SIZE_MAX ? url : view_slice(url, 0, 8 + slash);
}

static void post(struct push_target *target, struct view text)
{
	struct jmap_push *push = target->push;
	const struct jmap_poster *poster = push->options.poster;
	struct buf body, authorization;
	buf_init(&body, WEB_PUSH_BODY_MAX);
	buf_init(&authorization, 8192);
	if (target->s.has_keys &&
	    web_push_encrypt(&target->s.keys, text, &body) != RC_OK)
		abort(); // the keys were checked, and the text is short
	web_push_authorization(push->key, origin_of(target->s.url),
	    push->options.contact, push_now(push) + TOKEN_SECONDS,
	    &authorization);
	buf_add_char(&authorization, '\0');
	bool soon = target->verifying ||
		    target->telling & 1u << JMAP_PUSH_EMAIL_DELIVERY;
	struct jmap_post request = {
	    .url = target->url,
	    .body = target->s.has_keys ? buf_view(&body) : text,
	    .content_type = target->s.has_keys ? "application/octet-stream"
					       : "application/json",
	    .content_encoding = target->s.has_keys ? "aes128gcm" : NULL,
	    .authorization = authorization.ptr,
	    .ttl = TTL_SECONDS,
	    .urgency = soon ? "normal" : "low",
	};
	target->under_way = true;
	push->under_way++;
	poster->begin(poster->context, &request, posted, target);
	buf_done(&body);
	buf_done(&authorization);
}

bool push_target_is_due(const struct push_target *target, uint64_t now_ms)
{
	bool wants = target->verify || (target->s.verified && target->pending);
	return wants && !target->under_way && !target->ended &&
	       now_ms >= target->next_ms;
}

void push_target_send(struct push_target *target)
{
	struct buf text;
	if (!may_be_told(target))
		return;
	buf_init(&text, WEB_PUSH_TEXT_MAX);
	target->verifying = target->verify;
	target->telling = target->verify ? 0 : target->pending;
	if (target->verify) {
		write_verification(target, &text);
		target->verify = false;
	} else {
		write_change(target, &text);
		target->pending = 0;
	}
	post(target, buf_view(&text));
	buf_done_secret(&text);
}
