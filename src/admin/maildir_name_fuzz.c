// SPDX-License-Identifier: Apache-2.0
// Any folder name must become UTF-8 that is allowed in a mailbox name. A
// mailbox name must be the same after encoding and decoding.
#include "admin/maildir_name.h"

#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_level(struct view level)
{
	struct buf name, folder, again;
	buf_init(&name, 1 << 20);
	buf_init(&folder, 1 << 20);
	buf_init(&again, 1 << 20);
	maildir_level_decode(level, &name);
	struct view decoded = buf_view(&name);
	if (!utf8_is_valid(decoded))
		abort();
	for (size_t i = 0; i < decoded.len; i++)
		if (decoded.ptr[i] == '/' ||
		    (unsigned char)decoded.ptr[i] < 0x20)
			abort();
	if (maildir_level_encode(decoded, &folder) != RC_OK)
		abort();
	maildir_level_decode(buf_view(&folder), &again);
	if (!view_eq(buf_view(&again), decoded))
		abort();
	buf_done(&name);
	buf_done(&folder);
	buf_done(&again);
}

// A mailbox whose name is too long gets a folder of a known form, short enough
// for any file system, in which no level is empty.
static void check_short(struct view mailbox)
{
	struct buf folder;
	buf_init(&folder, 1 << 20);
	if (maildir_path_shorten(mailbox, &folder) == RC_OK) {
		struct view name = buf_view(&folder);
		if (!maildir_path_is_short(name) || name.len > 255 ||
		    name.ptr[0] != '.' || view_find_char(name, '/') != SIZE_MAX)
			abort();
	}
	buf_done(&folder);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct view text = view_of(data, size);
	struct maildir_name name = maildir_name_parse(text);
	if (name.unique.len > size || name.keywords >> MAILDIR_KEYWORDS)
		abort();
	check_level(text);
	check_short(text);
	(void)maildir_path_is_short(text);
	return 0;
}
