// SPDX-License-Identifier: Apache-2.0
#include "acme/keeper.h"

#include <openssl/rand.h>

#include "acme/jws.h"
#include "acme/keeper_state.h"
#include "base/mem.h"

#define IDLE_SECONDS 86400
// The wait of all certificates for an authority that cannot be reached, or that
// says that there were too many requests.
#define DOWN_FIRST 60
#define DOWN_LAST  3600

int64_t acme_keeper_now(const struct acme_keeper *keeper)
{
	return clock_wall_seconds(keeper->settings.clock);
}

uint32_t acme_keeper_random(void)
{
	uint32_t number;
	if (RAND_bytes((unsigned char *)&number, sizeof(number)) != 1)
		abort(); // no random numbers, no keys
	return number;
}

void acme_keeper_log_fault(
    struct acme_keeper *keeper, const struct fault *fault)
{
	log_text(keeper->settings.log, LOG_LEVEL_ERROR, "acme_file", "%s",
	    fault->text);
}

// ---- Keeping ---------------------------------------------------------------

// The key of the order under way, if it goes on; otherwise a new one, which is
// on the disk before the order is made: a certificate whose key a cut took
// would count against the authority's limits.
static enum rc open_order_key(struct acme_keeper *keeper,
    struct acme_entry *entry, const struct acme_decision *decision,
    struct fault *fault, EVP_PKEY **ret_key)
{
	char file[300];
	struct buf pem;
	enum rc rc = RC_NOT_FOUND;
	buf_init(&pem, ACME_KEY_PEM_MAX);
	acme_entry_file(file, entry, "key");
	if (acme_record_is_order(
		&entry->record, decision->names, decision->count))
		rc = acme_folder_read(&keeper->folder, file, &pem, fault);
	if (rc == RC_OK)
		rc = acme_key_read(buf_view(&pem), ret_key);
	if (rc != RC_OK) {
		pthread_mutex_lock(&keeper->lock);
		acme_record_set_order(&entry->record, NULL, NULL, 0);
		pthread_mutex_unlock(&keeper->lock);
		buf_reset(&pem);
		*ret_key = acme_key_new();
		acme_key_write(*ret_key, &pem);
		rc = acme_folder_write(
		    &keeper->folder, file, buf_view(&pem), fault);
		if (rc != RC_OK)
			EVP_PKEY_free(*ret_key);
	}
	buf_done_secret(&pem);
	return rc;
}

static enum rc keep_certificate(struct acme_keeper *keeper,
    struct acme_entry *entry, EVP_PKEY *key, struct view chain,
    struct fault *fault)
{
	char file[300];
	struct buf pem;
	buf_init(&pem, ACME_FILE_MAX);
	acme_key_write(key, &pem);
	buf_add(&pem, chain);
	enum rc rc = acme_folder_write(&keeper->folder,
	    acme_certificate_file(file, entry->name), buf_view(&pem), fault);
	buf_done_secret(&pem);
	return rc;
}

// ---- The dialogue ----------------------------------------------------------

static bool wait_for(struct acme_keeper *keeper, uint32_t seconds)
{
	const struct acme_host *host = &keeper->settings.host;
	if (!keeper->stopping)
		keeper->stopping = !host->wait(host->context, seconds);
	return !keeper->stopping;
}

static void note_order(struct acme_keeper *keeper, struct acme_entry *entry,
    const struct acme_decision *decision)
{
	const char *order = acme_client_order(keeper->client);
	const char *known = entry->record.order;
	if (decision->count == 0 || (!order && !known) ||
	    (order && known && strcmp(order, known) == 0))
		return;
	pthread_mutex_lock(&keeper->lock);
	acme_record_set_order(
	    &entry->record, order, decision->names, decision->count);
	pthread_mutex_unlock(&keeper->lock);
	acme_entry_write_record(keeper, entry);
}

// Returns false when the program stops; the job is unfinished then.
static bool talk(struct acme_keeper *keeper, struct acme_entry *entry,
    const struct acme_job *job, const struct acme_decision *decision)
{
	const struct acme_host *host = &keeper->settings.host;
	struct acme_step step;
	bool goes_on = true;
	acme_client_begin(keeper->client, job);
	for (;;) {
		acme_client_step(keeper->client, &step);
		if (step.kind == ACME_DONE || !goes_on)
			break;
		struct acme_answer answer = {0};
		switch (step.kind) {
		case ACME_REQUEST:
			goes_on = wait_for(keeper, 0);
			if (!goes_on)
				break;
			host->request(host->context, &step.request, &answer);
			acme_client_answer(keeper->client, &answer);
			acme_keeper_keep_account(keeper);
			note_order(keeper, entry, decision);
			break;
		case ACME_WAIT: goes_on = wait_for(keeper, step.seconds); break;
		case ACME_PRESENT:
			host->present(host->context, &step.challenge);
			break;
		case ACME_DONE: break;
		}
	}
	host->withdraw(host->context);
	return goes_on;
}

// RFC 8555 section 6.6 does not say whether a limit is the account's or that of
// some names. So all certificates wait, but not for days because of one name;
// then the next one asks. Without an account there is nothing to ask for.
static uint32_t shared_wait(
    const struct acme_keeper *keeper, const struct acme_result *result)
{
	bool may_be_of_names = result->outcome == ACME_LIMITED &&
			       acme_client_account(keeper->client)[0];
	return may_be_of_names && result->retry_after > DOWN_LAST
		   ? DOWN_LAST
		   : result->retry_after;
}

static void note_reached(
    struct acme_keeper *keeper, const struct acme_result *result)
{
	int64_t now = acme_keeper_now(keeper);
	if (result->outcome != ACME_UNREACHABLE &&
	    result->outcome != ACME_LIMITED) {
		keeper->down = 0;
		keeper->down_until = 0;
		return;
	}
	keeper->down++;
	keeper->down_until =
	    now + acme_backoff(keeper->down, DOWN_FIRST, DOWN_LAST,
		      shared_wait(keeper, result), acme_keeper_random());
}

static void log_outcome(struct acme_keeper *keeper,
    const struct acme_entry *entry, const struct acme_result *result)
{
	struct log_line line;
	struct log *log = keeper->settings.log;
	if (result->outcome == ACME_OK) {
		log_begin(&line, log, LOG_LEVEL_INFO, "certificate_new");
		log_add_string(&line, "certificate", entry->name);
		log_add_u64(&line, "names", entry->facts.count);
		log_add_string(&line, "issuer", entry->facts.issuer);
		log_end(&line);
		return;
	}
	log_begin(&line, log, LOG_LEVEL_WARN, "acme_failed");
	log_add_string(&line, "certificate", entry->name);
	log_add_string(&line, "reason", result->text);
	log_end(&line);
	// The reason has the first.
	for (size_t i = 1; i < result->failed_count; i++) {
		log_begin(&line, log, LOG_LEVEL_WARN, "acme_name");
		log_add_string(&line, "name", result->failed[i].name);
		log_add_string(&line, "reason", result->failed[i].text);
		log_end(&line);
	}
}

static void take_result(
    struct acme_keeper *keeper, struct acme_entry *entry, EVP_PKEY *key)
{
	char file[300];
	struct fault fault;
	struct acme_result result = *acme_client_result(keeper->client);
	bool good = result.outcome == ACME_OK;
	if (good && keep_certificate(
			keeper, entry, key, result.chain, &fault) != RC_OK) {
		good = false;
		result.outcome = ACME_REFUSED;
		acme_text(result.text, "%s", fault.text);
	}
	pthread_mutex_lock(&keeper->lock);
	note_reached(keeper, &result);
	if (good)
		acme_entry_read_facts(keeper, entry);
	acme_record_ordered(&entry->record, &result, acme_keeper_now(keeper),
	    acme_keeper_random());
	entry->forced = false;
	pthread_mutex_unlock(&keeper->lock);
	acme_entry_write_record(keeper, entry);
	// After the certificate and the record: until then a cut leaves an
	// order that can go on.
	if (!entry->record.order)
		acme_folder_remove(
		    &keeper->folder, acme_entry_file(file, entry, "key"));
	if (good)
		keeper->settings.host.changed(keeper->settings.host.context);
	// Who reads it in the log may rely on the certificate being used.
	log_outcome(keeper, entry, &result);
}

static void set_busy(
    struct acme_keeper *keeper, struct acme_entry *entry, bool busy)
{
	pthread_mutex_lock(&keeper->lock);
	entry->busy = busy;
	pthread_mutex_unlock(&keeper->lock);
}

static void order(struct acme_keeper *keeper, struct acme_entry *entry,
    const struct acme_decision *decision)
{
	EVP_PKEY *key;
	struct fault fault;
	if (open_order_key(keeper, entry, decision, &fault, &key) != RC_OK) {
		struct acme_result result = {.outcome = ACME_REFUSED};
		acme_text(result.text, "%s", fault.text);
		acme_keeper_log_fault(keeper, &fault);
		pthread_mutex_lock(&keeper->lock);
		acme_record_ordered(&entry->record, &result,
		    acme_keeper_now(keeper), acme_keeper_random());
		entry->forced = false;
		pthread_mutex_unlock(&keeper->lock);
		return;
	}
	struct acme_job job = {
	    .names = decision->names,
	    .count = decision->count,
	    .key = key,
	    .order =
		entry->record.order ? mem_strdup(entry->record.order) : NULL,
	    .replaces = entry->exists ? entry->facts.id : NULL,
	};
	set_busy(keeper, entry, true);
	if (talk(keeper, entry, &job, decision))
		take_result(keeper, entry, key);
	set_busy(keeper, entry, false);
	mem_free_ptr(&job.order);
	EVP_PKEY_free(key);
}

static void ask(struct acme_keeper *keeper, struct acme_entry *entry)
{
	struct acme_job job = {.replaces = entry->facts.id};
	if (!talk(keeper, entry, &job, &(struct acme_decision){0}))
		return;
	const struct acme_result *result = acme_client_result(keeper->client);
	pthread_mutex_lock(&keeper->lock);
	acme_record_asked(&entry->record, result, acme_keeper_now(keeper));
	pthread_mutex_unlock(&keeper->lock);
	acme_entry_write_record(keeper, entry);
}

// ---- Deciding --------------------------------------------------------------

// An expired certificate is served, because nothing better is there; once a day
// the log says so, and says it before too, when the last sixth has begun.
static void shout(struct acme_keeper *keeper, struct acme_entry *entry)
{
	struct log_line line;
	int64_t now = acme_keeper_now(keeper);
	const struct acme_facts *facts = &entry->facts;
	if (!entry->exists || now < entry->shouted_at + 86400 ||
	    now < facts->not_after - (facts->not_after - facts->not_before) / 6)
		return;
	entry->shouted_at = now;
	log_begin(&line, keeper->settings.log, LOG_LEVEL_ERROR,
	    now >= facts->not_after ? "certificate_expired"
				    : "certificate_expires");
	log_add_string(&line, "certificate", entry->name);
	log_add_u64(&line, "hours_left",
	    now >= facts->not_after
		? 0
		: (uint64_t)(facts->not_after - now) / 3600);
	log_add_string(&line, "reason", entry->record.error);
	log_end(&line);
}

// Does what is due for one certificate. Returns when to look again.
static int64_t run_entry(struct acme_keeper *keeper, struct acme_entry *entry)
{
	struct arena arena;
	struct acme_decision decision;
	int64_t now = acme_keeper_now(keeper), at = now;
	arena_init(&arena);
	pthread_mutex_lock(&keeper->lock);
	acme_entry_decide(keeper, entry, &arena, &decision);
	bool forced = entry->forced;
	// Then no name can be ordered.
	if (decision.action == ACME_REST)
		entry->forced = false;
	pthread_mutex_unlock(&keeper->lock);
	if (decision.action == ACME_REST)
		at = decision.at;
	else if (now < keeper->down_until && !forced)
		at = keeper->down_until;
	else if (decision.action == ACME_ORDER)
		order(keeper, entry, &decision);
	else
		ask(keeper, entry);
	arena_done(&arena);
	shout(keeper, entry);
	return at;
}

uint32_t acme_keeper_run(struct acme_keeper *keeper)
{
	int64_t next = acme_keeper_now(keeper) + IDLE_SECONDS;
	for (size_t i = 0; i < keeper->entries.count && !keeper->stopping;
	     i++) {
		int64_t at = run_entry(keeper, keeper->entries.items[i]);
		if (at < next)
			next = at;
	}
	int64_t now = acme_keeper_now(keeper);
	return next <= now ? 1 : (uint32_t)(next - now);
}

// ---- Opening and closing ---------------------------------------------------

enum rc acme_keeper_new(const struct acme_keeper_settings *settings,
    struct fault *fault, struct acme_keeper **ret_keeper)
{
	struct acme_keeper *keeper = mem_zalloc(sizeof(*keeper));
	keeper->settings = *settings;
	keeper->folder.fd = -1;
	pthread_mutex_init(&keeper->lock, NULL);
	enum rc rc = acme_folder_open(settings->folder, fault, &keeper->folder);
	if (rc == RC_OK)
		rc = acme_keeper_open_key(keeper, fault);
	if (rc != RC_OK) {
		acme_keeper_free(&keeper);
		return rc;
	}
	acme_keeper_read_account(keeper);
	keeper->client = acme_client_new(&(struct acme_settings){
	    .directory = settings->directory,
	    .contact = settings->contact,
	    .eab_key_id = settings->eab_key_id,
	    .eab_key = settings->eab_key,
	    .account_key = keeper->account_key,
	    .account = keeper->account,
	    .account_contact = keeper->account_contact,
	    .challenges = settings->challenges,
	    .clock = settings->clock,
	});
	*ret_keeper = keeper;
	return RC_OK;
}

void acme_keeper_free(struct acme_keeper **keeper)
{
	struct acme_keeper *gone = *keeper;
	*keeper = NULL;
	if (!gone)
		return;
	for (size_t i = 0; i < gone->entries.count; i++)
		acme_entry_free(gone->entries.items[i]);
	vec_done(&gone->entries);
	acme_client_free(&gone->client);
	EVP_PKEY_free(gone->account_key);
	acme_folder_close(&gone->folder);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}
