// SPDX-License-Identifier: Apache-2.0
// Headers, addresses, dates and message identifiers from any bytes.
#include "wire/address.h"
#include "wire/auth_results.h"
#include "wire/date.h"
#include "wire/header_value.h"
#include "wire/mailbox_list.h"
#include "wire/message_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static bool inside(struct view part, struct view whole)
{
	return part.ptr >= whole.ptr &&
	       part.ptr + part.len <= whole.ptr + whole.len;
}

static void check_header(struct view input)
{
	struct view rest = input;
	struct header_field field;
	size_t total = 0;
	size_t len;
	while (header_next(&rest, &field)) {
		must(field.whole.ptr == input.ptr + total);
		must(field.whole.len > 0);
		must(inside(field.name, field.whole));
		must(inside(field.value, field.whole));
		total += field.whole.len;
		struct buf out;
		buf_init(&out, field.value.len + 1);
		header_unfold(field.value, &out);
		must(view_find_char(buf_view(&out), '\n') == SIZE_MAX);
		must(buf_status(&out) == RC_OK);
		buf_done(&out);
	}
	must(total + rest.len == input.len);
	if (header_length(input, &len) == RC_OK) {
		must(len > total && len <= total + 2);
		must(input.ptr[len - 1] == '\n');
	} else {
		must(total == input.len);
	}
}

static void check_part(struct view part)
{
	for (size_t i = 0; i < part.len; i++)
		must((unsigned char)part.ptr[i] >= ' ' && part.ptr[i] != 0x7f);
}

static void check_addresses(struct view input)
{
	struct arena arena;
	struct address_list list;
	size_t count = 0;
	bool in_group = false;
	arena_init(&arena);
	address_list_parse(&arena, input, &list);
	for (struct address *at = list.first; at; at = at->next) {
		check_part(at->name);
		check_part(at->route);
		check_part(at->mailbox);
		check_part(at->host);
		if (!at->host.ptr) {
			must(!at->name.ptr && !at->route.ptr);
			must(in_group == !at->mailbox.ptr);
			in_group = at->mailbox.ptr != NULL;
		} else {
			must(at->mailbox.ptr != NULL);
			must(!at->name.ptr || at->name.len > 0);
		}
		count++;
	}
	must(!in_group);
	must(count == list.count && count <= input.len + 2);
	arena_done(&arena);
}

// What is accepted strictly is read in the same way leniently.
static void check_mailboxes(struct view input)
{
	struct arena arena;
	struct address_list lenient;
	struct mailbox_list list;
	size_t count = 0;
	arena_init(&arena);
	if (mailbox_list_parse(&arena, input, &list) == RC_OK) {
		address_list_parse(&arena, input, &lenient);
		for (struct address *at = lenient.first; at; at = at->next) {
			if (!at->host.ptr)
				continue;
			must(count < list.count);
			must(view_eq(at->mailbox, list.mailboxes[count].local));
			must(view_eq(at->host, list.mailboxes[count].domain));
			count++;
		}
		must(count == list.count && count <= MAILBOX_LIST_MAX);
		must(list.name_count <= MAILBOX_LIST_NAMES_MAX);
		for (size_t i = 0; i < list.name_count; i++)
			must(view_find_char(list.names[i], '\0') == SIZE_MAX);
	}
	arena_done(&arena);
}

static void check_values(struct view input)
{
	struct arena arena;
	struct view rest = input, text;
	size_t total = 0;
	arena_init(&arena);
	while (header_id_next(&arena, &rest, &text))
		total += text.len;
	rest = input;
	while (header_url_next(&arena, &rest, &text))
		total += text.len;
	must(total <= 2 * input.len);
	arena_done(&arena);
}

static void check_dates(struct view input)
{
	struct date date;
	struct date again;
	int64_t day;
	struct buf out;
	buf_init(&out, DATE_IMAP_LEN);
	if (date_parse_rfc5322(input, &date) == RC_OK) {
		must(date.zone_minutes > -1440 && date.zone_minutes < 1440);
		date_format_imap(date, &out);
		must(date_parse_imap(buf_view(&out), &again) == RC_OK);
		must(again.seconds == date.seconds ||
		     date_civil_of_day(date_local_day(date)).year % 9999 == 0);
	}
	if (date_parse_imap(input, &date) == RC_OK) {
		buf_reset(&out);
		date_format_imap(date, &out);
		must(out.len == input.len);
	}
	if (date_parse_day(input, &day) == RC_OK)
		must(date_civil_is_valid(date_civil_of_day(day)));
	buf_done(&out);
}

static void check_ids(struct view input)
{
	struct view rest = input;
	struct buf id;
	buf_init(&id, MESSAGE_ID_MAX);
	while (message_id_next(&rest, &id)) {
		must(id.len >= 3 && id.len <= MESSAGE_ID_MAX);
		must(view_find_char(buf_view(&id), '@') != SIZE_MAX);
	}
	buf_done(&id);
}

// Words are a name's characters and together not longer than the input; what
// an id says of itself in quotes parses to the same id.
static void check_results(struct view input)
{
	struct arena arena;
	struct auth_results results;
	struct auth_results again;
	struct view rest = input;
	struct view word;
	size_t len = 0;
	arena_init(&arena);
	while (auth_results_next_word(&rest, &word)) {
		must(word.len > 0 && view_find_char(word, ';') == SIZE_MAX);
		len += word.len;
	}
	must(rest.len == 0 && len <= input.len);
	if (auth_results_parse(&arena, input, &results) == RC_OK) {
		must(results.id.len > 0 && results.id.len <= input.len);
		if (view_find_char(results.id, '"') == SIZE_MAX &&
		    view_find_char(results.id, '\\') == SIZE_MAX) {
			char *text = arena_alloc(&arena, results.id.len + 3);
			text[0] = '"';
			memcpy(text + 1, results.id.ptr, results.id.len);
			memcpy(text + 1 + results.id.len, "\";", 2);
			must(auth_results_parse(&arena,
				 view_of(text, results.id.len + 3),
				 &again) == RC_OK &&
			     view_eq(again.id, results.id));
		}
	}
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = view_of(data, size);
	check_header(input);
	check_addresses(input);
	check_mailboxes(input);
	check_dates(input);
	check_values(input);
	check_ids(input);
	check_results(input);
	return 0;
}
