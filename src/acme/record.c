// SPDX-License-Identifier: Apache-2.0
#include "acme/record.h"

#include <jansson.h>

#include "base/mem.h"

// Waits in seconds. Let's Encrypt refuses a name for an hour after five failed
// authorizations, and an account after 300 orders in three hours.
#define NAME_FIRST   600
#define NAME_LAST    86400
#define ORDER_FIRST  600
#define ORDER_LAST   86400
#define LIMIT_FIRST  3600
#define ASK_DEFAULT  21600 // RFC 9773 section 4.3.3: six hours
#define ASK_SHORTEST 60
#define ASK_LONGEST  86400

void acme_record_init(struct acme_record *record)
{
	*record = (struct acme_record){0};
}

static void drop_bad(struct acme_record *record, size_t at)
{
	free(record->bad[at].name);
	free(record->bad[at].text);
	record->bad[at] = record->bad[--record->bad_count];
}

void acme_record_done(struct acme_record *record)
{
	acme_record_set_order(record, NULL, NULL, 0);
	while (record->bad_count > 0)
		drop_bad(record, record->bad_count - 1);
	free(record->explanation);
	acme_record_init(record);
}

void acme_record_set_order(struct acme_record *record, const char *order,
    const char *const *names, size_t count)
{
	for (size_t i = 0; i < record->order_count; i++)
		free(record->order_names[i]);
	free(record->order_names);
	free(record->order);
	record->order = NULL;
	record->order_names = NULL;
	record->order_count = 0;
	if (!order)
		return;
	record->order = mem_strdup(order);
	record->order_names = mem_zalloc((count + 1) * sizeof(char *));
	for (size_t i = 0; i < count; i++)
		record->order_names[record->order_count++] =
		    mem_strdup(names[i]);
}

bool acme_record_is_order(
    const struct acme_record *record, const char *const *names, size_t count)
{
	if (!record->order || record->order_count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(record->order_names[i], names[i]) != 0)
			return false;
	return true;
}

// ---- As JSON ---------------------------------------------------------------

static int64_t number(const json_t *json, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(json, key));
	return value > 0 ? (int64_t)value : 0;
}

static uint32_t small_number(const json_t *json, const char *key)
{
	int64_t value = number(json, key);
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static const char *text(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));
	return value ? value : "";
}

static void read_order(struct acme_record *record, const json_t *json)
{
	const char *names[ACME_NAMES_MAX];
	const json_t *all = json_object_get(json, "order_names");
	size_t count = json_array_size(all);
	if (!*text(json, "order") || count > ACME_NAMES_MAX)
		return;
	for (size_t i = 0; i < count; i++) {
		names[i] = json_string_value(json_array_get(all, i));
		if (!names[i])
			return;
	}
	acme_record_set_order(record, text(json, "order"), names, count);
}

static void read_bad(struct acme_record *record, const json_t *json)
{
	const json_t *all = json_object_get(json, "bad_names");
	for (size_t i = 0; i < json_array_size(all) && i < ACME_NAMES_MAX;
	     i++) {
		const json_t *one = json_array_get(all, i);
		if (*text(one, "name"))
			record->bad[record->bad_count++] =
			    (struct acme_bad_name){
				.name = mem_strdup(text(one, "name")),
				.text = mem_strdup(text(one, "text")),
				.failures = small_number(one, "failures"),
				.until = number(one, "until"),
			    };
	}
}

enum rc acme_record_read(struct acme_record *record, struct view bytes)
{
	acme_record_init(record);
	json_t *json =
	    json_loadb(bytes.ptr ? bytes.ptr : "", bytes.len, 0, NULL);
	if (!json_is_object(json)) {
		json_decref(json);
		return RC_CORRUPT;
	}
	read_order(record, json);
	read_bad(record, json);
	record->failures = small_number(json, "failures");
	record->next = number(json, "next");
	acme_text(record->error, "%s", text(json, "error"));
	record->error_at = number(json, "error_at");
	record->window = (struct acme_window){
	    number(json, "window_start"), number(json, "window_end")};
	if (*text(json, "explanation"))
		record->explanation = mem_strdup(text(json, "explanation"));
	record->ask_at = number(json, "ask_at");
	record->chance = small_number(json, "chance");
	json_decref(json);
	return RC_OK;
}

void acme_record_write(const struct acme_record *record, struct buf *out)
{
	json_t *json = json_object();
#define SET(key, value) json_object_set_new(json, key, value)
#define INTEGER(value)  json_integer((json_int_t)(value))
	if (record->order) {
		json_t *names = json_array();
		for (size_t i = 0; i < record->order_count; i++)
			json_array_append_new(
			    names, json_string(record->order_names[i]));
		SET("order", json_string(record->order));
		SET("order_names", names);
	}
	json_t *bad = json_array();
	for (size_t i = 0; i < record->bad_count; i++) {
		const struct acme_bad_name *one = &record->bad[i];
		json_array_append_new(bad,
		    json_pack("{s:s, s:s, s:I, s:I}", "name", one->name, "text",
			one->text, "failures", (json_int_t)one->failures,
			"until", (json_int_t)one->until));
	}
	SET("bad_names", bad);
	SET("failures", INTEGER(record->failures));
	SET("next", INTEGER(record->next));
	SET("error", json_string(record->error));
	SET("error_at", INTEGER(record->error_at));
	SET("window_start", INTEGER(record->window.start));
	SET("window_end", INTEGER(record->window.end));
	if (record->explanation)
		SET("explanation", json_string(record->explanation));
	SET("ask_at", INTEGER(record->ask_at));
	SET("chance", INTEGER(record->chance));
#undef INTEGER
#undef SET
	char *dump = json_dumps(json, JSON_INDENT(1));
	if (!dump)
		abort(); // out of memory
	buf_add_string(out, dump);
	buf_add_char(out, '\n');
	free(dump);
	json_decref(json);
}

// ---- Deciding --------------------------------------------------------------

static const struct acme_bad_name *find_bad(
    const struct acme_record *record, const char *name)
{
	for (size_t i = 0; i < record->bad_count; i++)
		if (strcmp(record->bad[i].name, name) == 0)
			return &record->bad[i];
	return NULL;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

// The names of the order. *ret_until: when a name that is left out now may be
// tried again, or before when nothing may be tried.
static void choose_names(struct arena *arena, const struct acme_record *record,
    const struct acme_facts *facts, const char *const *names, size_t count,
    int64_t now, struct acme_decision *decision, int64_t *ret_until,
    int64_t *ret_hold)
{
	int64_t life = facts ? facts->not_after - facts->not_before : 0;
	bool last = !facts || now >= facts->not_after - life / 6;
	*ret_until = INT64_MAX;
	*ret_hold = 0;
	decision->names = arena_alloc(arena, (count + 1) * sizeof(char *));
	for (size_t i = 0; i < count; i++) {
		const struct acme_bad_name *bad = find_bad(record, names[i]);
		bool waits = bad && bad->until > now;
		bool kept = facts && !last && acme_facts_have(facts, names[i]);
		if (waits && kept && bad->until > *ret_hold)
			*ret_hold = bad->until;
		if (waits && !kept)
			*ret_until = sooner(*ret_until, bad->until);
		else
			decision->names[decision->count++] = names[i];
	}
}

static bool has_all(
    const struct acme_facts *facts, const char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!acme_facts_have(facts, names[i]))
			return false;
	return true;
}

void acme_decide(struct arena *arena, const struct acme_record *record,
    const struct acme_facts *facts, const char *const *names, size_t count,
    int64_t now, bool forced, struct acme_decision *ret_decision)
{
	struct acme_decision decision = {.action = ACME_REST, .at = INT64_MAX};
	int64_t until, hold;
	choose_names(
	    arena, record, facts, names, count, now, &decision, &until, &hold);
	if (facts)
		decision.renewal = acme_renewal_time(facts->not_before,
		    facts->not_after, &record->window, record->chance);
	bool need = forced || !facts || now >= decision.renewal ||
		    !has_all(facts, decision.names, decision.count);
	int64_t next = record->next > hold ? record->next : hold;
	if (decision.count == 0) {
		decision.at = until;
	} else if (need && (forced || now >= next)) {
		decision.action = ACME_ORDER;
	} else if (facts && facts->id && now >= record->ask_at) {
		decision.action = ACME_ASK;
	} else {
		decision.at = sooner(until, need ? next : decision.renewal);
		if (facts && facts->id)
			decision.at = sooner(decision.at, record->ask_at);
	}
	*ret_decision = decision;
}

// ---- What came of it -------------------------------------------------------

static void set_error(
    struct acme_record *record, const char *words, int64_t now)
{
	acme_text(record->error, "%s", words);
	record->error_at = now;
}

static void add_bad(struct acme_record *record,
    const struct acme_failed_name *failed, uint32_t told, int64_t now,
    uint32_t chance)
{
	size_t at = 0;
	while (at < record->bad_count &&
	       strcmp(record->bad[at].name, failed->name) != 0)
		at++;
	if (at == ACME_NAMES_MAX)
		return;
	struct acme_bad_name *bad = &record->bad[at];
	if (at == record->bad_count) {
		record->bad_count++;
		*bad = (struct acme_bad_name){.name = mem_strdup(failed->name)};
	}
	free(bad->text);
	bad->text = mem_strdup(failed->text);
	bad->failures++;
	bad->until = now + acme_backoff(bad->failures, NAME_FIRST, NAME_LAST,
			       told, chance);
}

static void take_success(
    struct acme_record *record, uint32_t chance, int64_t now)
{
	for (size_t i = record->bad_count; i > 0; i--)
		for (size_t j = 0; j < record->order_count; j++)
			if (strcmp(record->bad[i - 1].name,
				record->order_names[j]) == 0) {
				drop_bad(record, i - 1);
				break;
			}
	acme_record_set_order(record, NULL, NULL, 0);
	record->failures = 0;
	record->next = 0;
	record->error[0] = '\0';
	record->error_at = 0;
	record->window = (struct acme_window){0};
	free(record->explanation);
	record->explanation = NULL;
	record->ask_at = now;
	record->chance = chance;
}

void acme_record_ordered(struct acme_record *record,
    const struct acme_result *result, int64_t now, uint32_t chance)
{
	uint32_t told = result->retry_after;
	if (result->outcome != ACME_OK)
		set_error(record, result->text, now);
	switch (result->outcome) {
	case ACME_OK: take_success(record, chance, now); return;
	case ACME_UNREACHABLE: return; // a later attempt goes on with the order
	case ACME_NAMES_FAILED:
		for (size_t i = 0; i < result->failed_count; i++)
			add_bad(record, &result->failed[i], told, now, chance);
		break;
	case ACME_REFUSED:
		record->failures++;
		record->next = now + acme_backoff(record->failures, ORDER_FIRST,
					 ORDER_LAST, told, chance);
		break;
	case ACME_LIMITED:
		record->failures++;
		record->next = now + acme_backoff(record->failures, LIMIT_FIRST,
					 ORDER_LAST, told, chance);
		break;
	}
	acme_record_set_order(record, NULL, NULL, 0);
}

void acme_record_asked(
    struct acme_record *record, const struct acme_result *result, int64_t now)
{
	uint32_t wait = result->retry_after;
	if (wait == 0)
		wait = ASK_DEFAULT;
	if (wait < ASK_SHORTEST)
		wait = ASK_SHORTEST;
	if (wait > ASK_LONGEST)
		wait = ASK_LONGEST;
	record->ask_at = now + wait;
	// RFC 9773 section 4.3: a failure changes nothing of what is known.
	if (result->outcome != ACME_OK || result->window.start == 0)
		return;
	record->window = result->window;
	free(record->explanation);
	record->explanation =
	    *result->explanation ? mem_strdup(result->explanation) : NULL;
}

void acme_record_forgive(struct acme_record *record)
{
	record->next = 0;
	for (size_t i = 0; i < record->bad_count; i++)
		record->bad[i].until = 0;
}
