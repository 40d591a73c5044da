// SPDX-License-Identifier: Apache-2.0
// What a browser sends for the page: a line with Accept-Language, and an
// address behind it. Whatever comes, it cannot end the attribute where it
// stands, and no mark of the page is left.
#include "setup/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static size_t count(struct view text, struct view what)
{
	size_t found = 0, at;
	while ((at = view_find(text, what)) != SIZE_MAX) {
		text = view_from(text, at + what.len);
		found++;
	}
	return found;
}

// How many of these bytes a page with another address of the same kind has.
static void must_be_alike(const struct setup_page *page)
{
	static const char *const ends[] = {"<", ">", "\""};
	struct setup_page plain = *page;
	struct buf out, other;
	buf_init(&out, SETUP_PAGE_MAX);
	buf_init(&other, SETUP_PAGE_MAX);
	plain.typed = VIEW("anna@ours.test");
	plain.account.address.text = plain.typed;
	setup_page_write(page, &out);
	setup_page_write(&plain, &other);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		must(buf_status(&out) != RC_OK ||
		     count(buf_view(&out), view_of_string(ends[i])) ==
			 count(buf_view(&other), view_of_string(ends[i])));
	buf_done(&out);
	buf_done(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mail_services services = {
	    {993, 143, 995, 110, 465, 587, 443}};
	struct view rest = view_of((const char *)data, size), accept;
	struct arena arena;
	if (!view_split(&rest, '\n', &accept) || rest.len == 0)
		return 0;
	arena_init(&arena);
	struct setup_page page = {
	    .language = setup_language_choose(VIEW(""), accept),
	    .typed = rest,
	    .state = SETUP_PAGE_BAD_ADDRESS,
	    .host = VIEW("mail.example.org"),
	    .account = {.host = VIEW("mail.example.org"),
		.services = &services},
	    .can_test = true,
	};
	must(page.language < SETUP_LANGUAGES);
	if (setup_address_parse(&arena, rest, &page.account.address) == RC_OK)
		page.state = SETUP_PAGE_ACCOUNT;
	must_be_alike(&page);
	arena_done(&arena);
	return 0;
}
