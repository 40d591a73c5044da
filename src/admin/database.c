// SPDX-License-Identifier: Apache-2.0
#include "admin/database.h"

// The formats after the first one, in order; the last one is ENGINE_FORMAT.
static const struct database_step steps[] = {
    {.to = 2,
	.what = "what was sent, where users log in, who was shut out, and "
		"expunged mail that can come back"},
};

static enum rc run_step(struct engine *engine, const struct database_step *step,
    struct log *log, struct fault *fault)
{
	struct engine_format before = engine_format(engine);
	uint32_t from = before.from ? before.from : before.number;
	// From now on versions that know only the format before refuse the
	// data, because a part of it may be new.
	struct engine_format during = {.number = step->to, .from = from};
	struct engine_format after = {.number = step->to};
	log_text(log, LOG_LEVEL_INFO, "upgrade",
	    "the data gets format %u instead of %u: %s", (unsigned)step->to,
	    (unsigned)from, step->what);
	enum rc rc = RC_OK;
	if (step->run)
		rc = engine_format_set(engine, &during, fault);
	if (rc == RC_OK && step->run)
		rc = step->run(engine, log, fault);
	return rc == RC_OK ? engine_format_set(engine, &after, fault) : rc;
}

enum rc database_upgrade(struct engine *engine,
    const struct database_step *list, size_t count, struct log *log,
    struct fault *fault)
{
	struct fault why = {0};
	for (size_t i = 0; i < count; i++) {
		struct engine_format format = engine_format(engine);
		uint32_t done = format.from ? format.from : format.number;
		if (list[i].to <= done)
			continue;
		enum rc rc = run_step(engine, &list[i], log, &why);
		if (rc != RC_OK)
			return fault_set(fault, rc,
			    "the data cannot be brought to format %u: %s",
			    (unsigned)list[i].to, why.text);
	}
	return RC_OK;
}

// If the database is damaged, adds to the text what to do.
static enum rc hint(enum rc rc, struct fault *fault)
{
	struct fault found = *fault;
	if (rc != RC_CORRUPT)
		return rc;
	return fault_set(
	    fault, rc, "%s; `roost repair` repairs it", found.text);
}

enum rc database_open(const char *path,
    const struct engine_rocksdb_options *options, struct fault *fault,
    struct engine **ret_engine)
{
	struct engine *engine = NULL;
	enum rc rc = engine_rocksdb_open(path, options, fault, &engine);
	if (rc == RC_OK && !options->read_only)
		rc = database_upgrade(
		    engine, steps, ARRAY_LEN(steps), options->log, fault);
	if (rc != RC_OK) {
		engine_close(&engine);
		return hint(rc, fault);
	}
	*ret_engine = engine;
	return RC_OK;
}
