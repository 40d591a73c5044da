// SPDX-License-Identifier: Apache-2.0
// What may be called on any thread: asking for a renewal, and showing.
#include "acme/keeper_state.h"

static bool is_called(const struct acme_entry *entry, const char *name)
{
	if (!name || strcmp(entry->name, name) == 0)
		return true;
	for (size_t i = 0; i < entry->names.count; i++)
		if (strcmp(entry->names.items[i].name, name) == 0)
			return true;
	return false;
}

enum rc acme_keeper_force(struct acme_keeper *keeper, const char *name)
{
	enum rc rc = RC_NOT_FOUND;
	pthread_mutex_lock(&keeper->lock);
	for (size_t i = 0; i < keeper->entries.count; i++) {
		struct acme_entry *entry = keeper->entries.items[i];
		if (!is_called(entry, name))
			continue;
		acme_record_forgive(&entry->record);
		entry->forced = true;
		rc = RC_OK;
	}
	pthread_mutex_unlock(&keeper->lock);
	return rc;
}

static const char *problem_of(
    const struct acme_entry *entry, const struct acme_entry_name *name)
{
	if (name->hindrance)
		return name->hindrance;
	for (size_t i = 0; i < entry->record.bad_count; i++)
		if (strcmp(entry->record.bad[i].name, name->name) == 0)
			return entry->record.bad[i].text;
	return NULL;
}

static void show_entry(struct acme_keeper *keeper, struct acme_entry *entry,
    void (*each)(void *context, const struct acme_shown *shown), void *context)
{
	struct arena arena;
	struct acme_decision decision;
	arena_init(&arena);
	struct acme_shown_name *names =
	    arena_zalloc(&arena, (entry->names.count + 1) * sizeof(*names));
	for (size_t i = 0; i < entry->names.count; i++) {
		const struct acme_entry_name *name = &entry->names.items[i];
		names[i].name = name->name;
		names[i].problem = problem_of(entry, name);
	}
	acme_entry_decide(keeper, entry, &arena, &decision);
	int64_t next = decision.action == ACME_REST ? decision.at
						    : acme_keeper_now(keeper);
	if (next < keeper->down_until)
		next = keeper->down_until;
	const struct acme_record *record = &entry->record;
	each(context,
	    &(struct acme_shown){
		.name = entry->name,
		.names = names,
		.count = entry->names.count,
		.exists = entry->exists,
		.facts = entry->exists ? &entry->facts : NULL,
		.renewal = decision.renewal,
		.explanation = record->explanation ? record->explanation : "",
		.error = record->error,
		.error_at = record->error_at,
		.next = next == INT64_MAX ? 0 : next,
		.busy = entry->busy || entry->forced,
	    });
	arena_done(&arena);
}

void acme_keeper_show(struct acme_keeper *keeper,
    void (*each)(void *context, const struct acme_shown *shown), void *context)
{
	pthread_mutex_lock(&keeper->lock);
	for (size_t i = 0; i < keeper->entries.count; i++)
		show_entry(keeper, keeper->entries.items[i], each, context);
	pthread_mutex_unlock(&keeper->lock);
}
