// SPDX-License-Identifier: Apache-2.0
#include "admin/line_end.h"

void line_end_to_mail(struct view text, struct buf *out)
{
	while (text.len > 0) {
		size_t end = view_find_char(text, '\n');
		if (end == SIZE_MAX) {
			buf_add(out, text);
			return;
		}
		bool has_cr = end > 0 && text.ptr[end - 1] == '\r';
		buf_add(out, view_slice(text, 0, has_cr ? end - 1 : end));
		buf_add_literal(out, "\r\n");
		text = view_from(text, end + 1);
	}
}

bool line_end_is_regular(struct view mail)
{
	while (mail.len > 0) {
		size_t end = view_find_char(mail, '\n');
		if (end == SIZE_MAX)
			return true;
		if (end == 0 || mail.ptr[end - 1] != '\r' ||
		    (end > 1 && mail.ptr[end - 2] == '\r'))
			return false;
		mail = view_from(mail, end + 1);
	}
	return true;
}

void line_end_to_file(struct view mail, struct buf *out)
{
	while (mail.len > 0) {
		size_t end = view_find_char(mail, '\n');
		if (end == SIZE_MAX) {
			buf_add(out, mail);
			return;
		}
		buf_add(out, view_slice(mail, 0, end - 1));
		buf_add_char(out, '\n');
		mail = view_from(mail, end + 1);
	}
}
