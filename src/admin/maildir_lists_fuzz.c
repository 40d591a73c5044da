// SPDX-License-Identifier: Apache-2.0
// Any bytes as dovecot-uidlist, dovecot-keywords and both lists of
// subscriptions: what is found lies inside the text, and a subscribed name can
// be decoded.
#include "admin/maildir_lists.h"

#include <stdlib.h>

#include "admin/maildir_name.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void require_inside(struct view text, struct view part)
{
	require(
	    part.len == 0 || (part.ptr >= text.ptr &&
				 part.ptr + part.len <= text.ptr + text.len));
	require(view_find_char(part, '\n') == SIZE_MAX);
}

static void read_uidlist(struct view text)
{
	struct view rest = text, unique;
	uint64_t uid;
	while (maildir_uidlist_next(&rest, &uid, &unique))
		require_inside(text, unique);
}

static void read_keywords(struct view text)
{
	struct view rest = text, keyword;
	uint32_t number;
	while (maildir_keywords_next(&rest, &number, &keyword)) {
		require(number < MAILDIR_KEYWORDS && keyword.len > 0);
		require_inside(text, keyword);
	}
}

static void read_subscriptions(struct view text, bool courier)
{
	struct maildir_subscriptions list =
	    maildir_subscriptions_open(text, courier);
	struct view name;
	struct buf decoded;
	buf_init(&decoded, 16 * text.len + 100);
	while (maildir_subscriptions_next(&list, &name)) {
		require(name.len > 0);
		require_inside(text, name);
		buf_reset(&decoded);
		maildir_path_decode(name, list.separator, &decoded);
		require(buf_status(&decoded) == RC_OK);
		require(utf8_is_valid(buf_view(&decoded)));
		for (size_t i = 0; i < decoded.len; i++)
			require((unsigned char)decoded.ptr[i] >= 0x20);
	}
	buf_done(&decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_of(data, size);
	read_uidlist(text);
	read_keywords(text);
	read_subscriptions(text, false);
	read_subscriptions(text, true);
	return 0;
}
