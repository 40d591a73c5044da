// SPDX-License-Identifier: Apache-2.0
// Finishes a lot: writes a log line for each recipient, counts, and commits.
#include "relay/impl.h"

static const char *outcome_name(enum queue_outcome outcome)
{
	switch (outcome) {
	case QUEUE_LATER: return "later";
	case QUEUE_DELIVERED: return "delivered";
	case QUEUE_RELAYED: return "relayed";
	case QUEUE_PASSED: return "passed";
	case QUEUE_EXPANDED: return "expanded";
	case QUEUE_FAILED: return "failed";
	}
	return "";
}

static void add_tls(struct log_line *line, const struct relay_client_tls *tls)
{
	if (tls->version[0] == '\0') {
		log_add_string(line, "tls", "none");
		return;
	}
	log_add_string(line, "tls", tls->version);
	log_add_string(line, "cipher", tls->cipher);
	log_add_string(
	    line, "verified", tls->verified ? "yes" : tls->unverified);
}

static void log_result(struct relay *relay, const struct queue_lot *lot,
    size_t n, const struct queue_result *result, const char *address,
    const struct relay_client_tls *tls)
{
	struct log_line line;
	struct buf status;
	char id[QUEUE_ID_TEXT + 1];
	const struct queue_recipient *recipient =
	    &queue_lot_recipient(lot, n)->recipient;
	int64_t delay =
	    clock_wall_seconds(relay->settings.clock) - queue_lot_created(lot);
	queue_id_print(queue_lot_id(lot), id);
	buf_init(&status, ENHANCED_TEXT_MAX);
	enhanced_status_print(result->status, &status);
	log_begin(&line, relay->settings.log,
	    result->outcome == QUEUE_FAILED ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
	    "relay");
	log_add_string(&line, "id", id);
	log_add(&line, "to", recipient->address);
	log_add_string(&line, "outcome", outcome_name(result->outcome));
	log_add(&line, "status", buf_view(&status));
	log_add_u64(&line, "delay", delay > 0 ? (uint64_t)delay : 0);
	if (result->remote.len > 0)
		log_add(&line, "remote", result->remote);
	if (address)
		log_add_string(&line, "address", address);
	if (result->diagnostic.len > 0)
		log_add(&line, "reply", result->diagnostic);
	if (tls)
		add_tls(&line, tls);
	log_end(&line);
	buf_done(&status);
}

void relay_outcome_settle(struct relay *relay, struct queue_lot **lot,
    const struct queue_result *results, const char *address,
    const struct relay_client_tls *tls)
{
	struct fault fault;
	size_t recipients = queue_lot_count(*lot);
	for (size_t i = 0; i < recipients; i++)
		log_result(relay, *lot, i, &results[i], address, tls);
	if (queue_settle(relay->settings.queue, lot, results, &fault) != RC_OK)
		log_text(relay->settings.log, LOG_LEVEL_ERROR, "relay",
		    "cannot store the results of a message: %s", fault.text);
	for (size_t i = 0; i < recipients; i++)
		atomic_fetch_add(&relay->outcomes[results[i].outcome], 1);
}
