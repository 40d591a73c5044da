// SPDX-License-Identifier: Apache-2.0
// Whatever record of the change log is accepted must be written back as the
// same bytes.
#include <stdint.h>
#include <stdlib.h>

#include "store/change_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_run(const struct store_change *change, uint64_t *number)
{
	if (change->count == 0 || change->number != *number ||
	    change->version != 7)
		abort();
	*number += change->count;
	if (change->thread_id && (change->kind != STORE_CHANGE_EMAIL_GONE ||
				     change->thread_id >= change->email_id))
		abort();
	if (change_is_of_places(change->kind) &&
	    (change->uid == 0 ||
		change->uid + (change->count - 1) < change->uid))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct change_record_reader reader;
	struct change_record_writer writer;
	struct store_change change;
	struct buf out;
	uint64_t number = 0;
	if (change_record_open(&reader, 7, view_of(data, size)) != RC_OK)
		return 0;
	buf_init(&out, SIZE_MAX / 2);
	change_record_begin(&writer, &out);
	enum rc rc;
	while ((rc = change_record_next(&reader, &change)) == RC_OK) {
		check_run(&change, &number);
		change_record_add(&writer, &change);
	}
	if (rc == RC_GONE)
		change_record_add_all(&writer);
	change_record_end(&writer);
	if (rc != RC_CORRUPT && !view_eq(buf_view(&out), view_of(data, size)))
		abort();
	buf_done(&out);
	return 0;
}
