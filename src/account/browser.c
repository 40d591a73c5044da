// SPDX-License-Identifier: Apache-2.0
// What a browser session is called, and the text that its forms carry.
#include <openssl/crypto.h>

#include "account/impl.h"
#include "base/mem.h"

// ---- The text of its forms -------------------------------------------------

void account_csrf(const struct account *account, struct view cookie,
    char ret_text[ACCOUNT_CSRF_LEN + 1])
{
	unsigned char id[AUTH_KEYED_ID_LEN];
	auth_keyed_id(account->options.auth, "account-csrf", cookie, id);
	for (size_t i = 0; i < sizeof(id); i++)
		snprintf(ret_text + 2 * i, 3, "%02x", id[i]);
}

bool account_csrf_is(
    const struct account *account, struct view cookie, struct view text)
{
	char own[ACCOUNT_CSRF_LEN + 1];
	account_csrf(account, cookie, own);
	return text.len == ACCOUNT_CSRF_LEN &&
	       CRYPTO_memcmp(own, text.ptr, text.len) == 0;
}

// ---- Its name --------------------------------------------------------------

struct mark {
	struct view text;
	const char *name;
};

// The first that fits counts: most browsers name others, too.
static const char *find(
    const struct mark *marks, size_t count, struct view user_agent)
{
	for (size_t i = 0; i < count; i++)
		if (view_find(user_agent, marks[i].text) != SIZE_MAX)
			return marks[i].name;
	return NULL;
}

void account_browser_name(struct view user_agent, struct buf *out)
{
	static const struct mark browsers[] = {
	    {{"Edg", 3}, "Edge"},
	    {{"OPR/", 4}, "Opera"},
	    {{"Vivaldi/", 8}, "Vivaldi"},
	    {{"SamsungBrowser/", 15}, "Samsung Internet"},
	    {{"MicroMessenger/", 15}, "WeChat"},
	    {{"QQBrowser/", 10}, "QQ Browser"},
	    {{"Firefox/", 8}, "Firefox"},
	    {{"FxiOS/", 6}, "Firefox"},
	    {{"CriOS/", 6}, "Chrome"},
	    {{"Chrome/", 7}, "Chrome"},
	    {{"Safari/", 7}, "Safari"},
	};
	static const struct mark systems[] = {
	    {{"Android", 7}, "Android"},
	    {{"iPhone", 6}, "iPhone"},
	    {{"iPad", 4}, "iPad"},
	    {{"Windows", 7}, "Windows"},
	    {{"Mac OS X", 8}, "macOS"},
	    {{"CrOS", 4}, "ChromeOS"},
	    {{"Linux", 5}, "Linux"},
	    {{"BSD", 3}, "BSD"},
	};
	const char *browser = find(browsers, ARRAY_LEN(browsers), user_agent);
	const char *system = find(systems, ARRAY_LEN(systems), user_agent);
	buf_add_string(out, browser ? browser : "Browser");
	if (system)
		buf_printf(out, " on %s", system);
}
