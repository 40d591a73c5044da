// SPDX-License-Identifier: Apache-2.0
// The format of what is stored: a number for all that a database holds, in
// every room (docs/format.md). It is in the file FORMAT of the folder, which is
// read before anything else.
#ifndef ROOST_ENGINE_FORMAT_H
#define ROOST_ENGINE_FORMAT_H

#include "engine/engine.h"

// Whoever stores something that the version before cannot read raises this.
#define ENGINE_FORMAT 2

struct engine_format {
	uint32_t number;
	uint32_t from; // not 0: an upgrade from this format is not finished
};

// The format of what the engine holds. A new database has the newest format; a
// folder without the file has format 1.
struct engine_format engine_format(const struct engine *engine);
// Writes it down. It is durable when the call returns.
MUST_CHECK enum rc engine_format_set(struct engine *engine,
    const struct engine_format *format, struct fault *fault);
// Reads the text of a file FORMAT. RC_UNSUPPORTED: the format is higher than
// `newest`. RC_CORRUPT.
MUST_CHECK enum rc engine_format_read(struct view text, uint32_t newest,
    struct fault *fault, struct engine_format *ret_format);

#endif
