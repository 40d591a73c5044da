// SPDX-License-Identifier: Apache-2.0
// The set-up page as text: a page of web/setup/ for each language, filled in
// for an address.
#ifndef ROOST_SETUP_PAGE_H
#define ROOST_SETUP_PAGE_H

#include "http/text.h"
#include "setup/account.h"

#define SETUP_PAGE_MAX ((size_t)262144) // bytes

// The value of `lang` and of the attribute of <html>, the file's name.
#define SETUP_LANGUAGE_TABLE(X)                                                \
	X(SETUP_ENGLISH, "en", embedded_en_html)                               \
	X(SETUP_CHINESE, "zh-CN", embedded_zh_CN_html)

enum setup_language {
#define X(name, tag, file) name,
	SETUP_LANGUAGE_TABLE(X)
#undef X
	    SETUP_LANGUAGES
};

const char *setup_language_tag(enum setup_language language); // static

// The language that was chosen (a language tag, or empty), or the one that the
// browser prefers of those that there are (Accept-Language, RFC 9110 section
// 12.5.4), or English.
enum setup_language setup_language_choose(
    struct view chosen, struct view accept);

enum setup_page_state {
	SETUP_PAGE_START, // no address was given
	SETUP_PAGE_ACCOUNT,
	SETUP_PAGE_BAD_ADDRESS,
	SETUP_PAGE_OTHER_DOMAIN,
	SETUP_PAGE_TROUBLE, // the domain could not be looked up
};

struct setup_page {
	enum setup_language language;
	enum setup_page_state state;
	struct view typed; // as the address
	struct view host;  // the server's name
	struct setup_account account;
	bool can_test; // there is a test of the connection
};

void setup_page_write(const struct setup_page *page, struct buf *out);

// The files of web/setup/, from the program.
#define SETUP_FILE(name)                                                       \
	extern const unsigned char name[];                                     \
	extern const size_t name##_len;
SETUP_FILE(embedded_en_html)
SETUP_FILE(embedded_zh_CN_html)
SETUP_FILE(embedded_page_css)
SETUP_FILE(embedded_page_js)
SETUP_FILE(embedded_icon_svg)
#undef SETUP_FILE

// "imaps": short names of the services, for programs.
const char *setup_service_id(enum mail_service service); // static

#endif
