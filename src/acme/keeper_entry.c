// SPDX-License-Identifier: Apache-2.0
// The certificates that are wanted: their names, files and records.
#include "acme/keeper_state.h"
#include "base/mem.h"

const char *acme_certificate_file(char to[300], const char *name)
{
	snprintf(to, 300, "crt.%.*s.pem", ACME_CERTIFICATE_NAME_MAX, name);
	return to;
}

const char *acme_entry_file(
    char to[300], const struct acme_entry *entry, const char *end)
{
	snprintf(to, 300, "crt.%.*s.%s", ACME_CERTIFICATE_NAME_MAX, entry->name,
	    end);
	return to;
}

static void drop_names(struct acme_entry *entry)
{
	for (size_t i = 0; i < entry->names.count; i++) {
		free(entry->names.items[i].name);
		free(entry->names.items[i].hindrance);
	}
	entry->names.count = 0;
}

void acme_entry_free(struct acme_entry *entry)
{
	drop_names(entry);
	vec_done(&entry->names);
	acme_record_done(&entry->record);
	arena_done(&entry->arena);
	free(entry->name);
	free(entry);
}

void acme_entry_read_facts(struct acme_keeper *keeper, struct acme_entry *entry)
{
	char file[300];
	struct buf pem;
	struct fault fault;
	buf_init(&pem, ACME_FILE_MAX);
	arena_reset(&entry->arena);
	entry->exists = false;
	enum rc rc = acme_folder_read(&keeper->folder,
	    acme_certificate_file(file, entry->name), &pem, &fault);
	if (rc == RC_OK) {
		rc = acme_facts_read(
		    &entry->arena, buf_view(&pem), &entry->facts);
		if (rc != RC_OK)
			fault_set(&fault, rc, "%s has no certificate", file);
	}
	entry->exists = rc == RC_OK;
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		acme_keeper_log_fault(keeper, &fault);
	buf_done_secret(&pem);
}

static struct acme_entry *new_entry(
    struct acme_keeper *keeper, const char *name)
{
	char file[300];
	struct buf text;
	struct fault fault;
	struct acme_entry *entry = mem_zalloc(sizeof(*entry));
	entry->name = mem_strdup(name);
	arena_init(&entry->arena);
	acme_record_init(&entry->record);
	acme_entry_read_facts(keeper, entry);
	buf_init(&text, ACME_FILE_MAX);
	enum rc rc = acme_folder_read(&keeper->folder,
	    acme_entry_file(file, entry, "json"), &text, &fault);
	if (rc == RC_OK)
		rc = acme_record_read(&entry->record, buf_view(&text));
	// What is lost with a damaged record are waits only.
	if (rc == RC_NOT_FOUND || rc == RC_CORRUPT)
		entry->record.chance = acme_keeper_random();
	buf_done(&text);
	return entry;
}

static struct acme_entry *find_entry(
    struct acme_keeper *keeper, const char *name)
{
	for (size_t i = 0; i < keeper->entries.count; i++)
		if (strcmp(keeper->entries.items[i]->name, name) == 0)
			return keeper->entries.items[i];
	return NULL;
}

static void set_names(
    struct acme_entry *entry, const struct acme_wanted *wanted)
{
	drop_names(entry);
	for (size_t i = 0; i < wanted->count && i < ACME_NAMES_MAX; i++) {
		const struct acme_wish *wish = &wanted->wishes[i];
		vec_push(&entry->names,
		    (struct acme_entry_name){mem_strdup(wish->name),
			wish->hindrance ? mem_strdup(wish->hindrance) : NULL});
	}
}

void acme_keeper_want(
    struct acme_keeper *keeper, const struct acme_wanted *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct acme_entry *entry = find_entry(keeper, wanted[i].name);
		bool fresh = !entry;
		if (fresh)
			entry = new_entry(keeper, wanted[i].name);
		pthread_mutex_lock(&keeper->lock);
		if (fresh)
			vec_push(&keeper->entries, entry);
		set_names(entry, &wanted[i]);
		entry->wanted = true;
		pthread_mutex_unlock(&keeper->lock);
	}
	pthread_mutex_lock(&keeper->lock);
	for (size_t i = keeper->entries.count; i > 0; i--) {
		struct acme_entry *entry = keeper->entries.items[i - 1];
		if (!entry->wanted) {
			vec_remove(&keeper->entries, i - 1);
			acme_entry_free(entry);
		} else {
			entry->wanted = false;
		}
	}
	pthread_mutex_unlock(&keeper->lock);
}

void acme_entry_write_record(
    struct acme_keeper *keeper, struct acme_entry *entry)
{
	char file[300];
	struct buf text;
	struct fault fault;
	buf_init(&text, ACME_RECORD_MAX);
	pthread_mutex_lock(&keeper->lock);
	acme_record_write(&entry->record, &text);
	pthread_mutex_unlock(&keeper->lock);
	if (acme_folder_write(&keeper->folder,
		acme_entry_file(file, entry, "json"), buf_view(&text),
		&fault) != RC_OK)
		acme_keeper_log_fault(keeper, &fault);
	buf_done(&text);
}

void acme_entry_decide(struct acme_keeper *keeper,
    const struct acme_entry *entry, struct arena *arena,
    struct acme_decision *ret_decision)
{
	size_t count = 0;
	const char **names =
	    arena_alloc(arena, (entry->names.count + 1) * sizeof(char *));
	for (size_t i = 0; i < entry->names.count; i++)
		if (!entry->names.items[i].hindrance)
			names[count++] = entry->names.items[i].name;
	acme_decide(arena, &entry->record, entry->exists ? &entry->facts : NULL,
	    names, count, acme_keeper_now(keeper), entry->forced, ret_decision);
}
