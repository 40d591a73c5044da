// SPDX-License-Identifier: Apache-2.0
// Opens the database of a data folder. Data of an earlier format is brought to
// the present one before anybody uses it: docs/format.md says how, and what a
// step must take care of.
#ifndef ROOST_ADMIN_DATABASE_H
#define ROOST_ADMIN_DATABASE_H

#include "engine/format.h"

// What leads from the format before to the format `to`. A step may be cut off
// at any moment, and is then run again from its beginning: so it must do no
// harm to what it has done already.
struct database_step {
	uint32_t to;
	const char *what; // is new, for the log
	// NULL: nothing has to be changed, because this version reads the
	// records of the format before as they are.
	enum rc (*run)(
	    struct engine *engine, struct log *log, struct fault *fault);
};

// Opens the database at `path`, and runs the steps that its data needs, unless
// it is opened for reading only: this version reads every earlier format. If it
// is damaged, `fault` also says what to do.
MUST_CHECK enum rc database_open(const char *path,
    const struct engine_rocksdb_options *options, struct fault *fault,
    struct engine **ret_engine);

// Runs those of the steps, which are in order, that the data needs.
MUST_CHECK enum rc database_upgrade(struct engine *engine,
    const struct database_step *steps, size_t count, struct log *log,
    struct fault *fault);

#endif
