// SPDX-License-Identifier: Apache-2.0
#include "admin/maildir_lists.h"

#include "admin/maildir_name.h"

// A line is like "17 S123 :1700000000.M1P2.host,S=123": it begins with the UID,
// and has the file's name after " :". The flags in the name may be old.
bool maildir_uidlist_next(
    struct view *text, uint64_t *ret_uid, struct view *ret_unique)
{
	struct view line;
	while (view_split(text, '\n', &line)) {
		size_t colon = view_find(line, VIEW(" :"));
		struct view number =
		    view_slice(line, 0, view_find_char(line, ' '));
		if (colon == SIZE_MAX || !view_to_u64(number, ret_uid))
			continue;
		*ret_unique =
		    maildir_name_parse(view_from(line, colon + 2)).unique;
		return true;
	}
	return false;
}

// A line is like "0 $Forwarded": the number of the letter, and its keyword.
bool maildir_keywords_next(
    struct view *text, uint32_t *ret_number, struct view *ret_keyword)
{
	struct view line, number;
	while (view_split(text, '\n', &line)) {
		if (!view_split(&line, ' ', &number) ||
		    !view_to_u32(number, ret_number) ||
		    *ret_number >= MAILDIR_KEYWORDS)
			continue;
		*ret_keyword = view_trim(line);
		if (ret_keyword->len > 0)
			return true;
	}
	return false;
}

struct maildir_subscriptions maildir_subscriptions_open(
    struct view text, bool courier)
{
	return (struct maildir_subscriptions){
	    .rest = text, .courier = courier, .separator = '.'};
}

// There is one name in each line. Dovecot separates the levels by dots, or,
// after a first line "V\t2", by tabs. Courier separates them by dots, and
// writes "INBOX." before every name.
bool maildir_subscriptions_next(
    struct maildir_subscriptions *list, struct view *ret_name)
{
	struct view line;
	while (view_split(&list->rest, '\n', &line)) {
		line = view_trim(line);
		if (view_eq(line, VIEW("V\t2"))) {
			list->separator = '\t';
			continue;
		}
		if (list->courier && view_starts_with(line, VIEW("INBOX.")))
			line = view_from(line, 6);
		if (line.len == 0)
			continue;
		*ret_name = line;
		return true;
	}
	return false;
}
