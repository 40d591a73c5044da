// SPDX-License-Identifier: Apache-2.0
// An mbox must give the same messages however it is cut into pieces, and no
// message may be longer than its part of the file.
#include "admin/mbox.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define ENDS_MAX 4096

// Finds where the messages end when the file comes in steps.
static size_t split(struct view text, size_t step, size_t ends[ENDS_MAX])
{
	struct mbox_scan scan = {0};
	size_t have = 0, done = 0, count = 0, len;
	while (count < ENDS_MAX) {
		bool at_end = have == text.len;
		struct view part = view_slice(text, done, have - done);
		if (part.len > 0 &&
		    mbox_find_end(&scan, part, at_end, &len) == RC_OK) {
			if (len == 0 || len > part.len)
				abort();
			done += len;
			ends[count++] = done;
			scan = (struct mbox_scan){0};
			continue;
		}
		if (at_end)
			break;
		have = text.len - have < step ? text.len : have + step;
	}
	return count;
}

static void take_apart(struct view text)
{
	struct buf out, keywords;
	struct mbox_message message;
	buf_init(&out, text.len);
	buf_init(&keywords, 2 * text.len + 100);
	mbox_split(text, true, &out, &keywords, &message);
	if (buf_status(&out) != RC_OK || buf_status(&keywords) != RC_OK)
		abort();
	buf_done(&out);
	buf_done(&keywords);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static size_t whole[ENDS_MAX], pieces[ENDS_MAX];
	struct view text = view_of(data, size);
	size_t count = split(text, size + 1, whole);
	if (split(text, 1 + size / 7, pieces) != count ||
	    memcmp(whole, pieces, count * sizeof(*whole)) != 0)
		abort();
	size_t start = 0;
	for (size_t i = 0; i < count; i++) {
		take_apart(view_slice(text, start, whole[i] - start));
		start = whole[i];
	}
	return 0;
}
