// SPDX-License-Identifier: Apache-2.0
// The pages of the authorization server as text: log-in, second step, consent,
// a device's code, and short messages. They are one file of web/account/ for
// each language, which is filled in (http/template.h). They work without a
// script; the script adds passkeys.
#ifndef ROOST_ACCOUNT_PAGE_H
#define ROOST_ACCOUNT_PAGE_H

#include "http/http.h"

#define ACCOUNT_PAGE_MAX ((size_t)131072) // bytes

// The value of `lang` and of the attribute of <html>, the file.
#define ACCOUNT_LANGUAGE_TABLE(X)                                              \
	X(ACCOUNT_ENGLISH, "en", embedded_authorize_en_html)                   \
	X(ACCOUNT_CHINESE, "zh-CN", embedded_authorize_zh_CN_html)

enum account_language {
#define X(name, tag, file) name,
	ACCOUNT_LANGUAGE_TABLE(X)
#undef X
	    ACCOUNT_LANGUAGES
};

// What the page is, and the mark that is true on it. From ACCOUNT_PAGE_DONE on
// it is only a message.
#define ACCOUNT_PAGE_TABLE(X)                                                  \
	X(ACCOUNT_PAGE_LOGIN, "login")                                         \
	X(ACCOUNT_PAGE_SECOND, "second")                                       \
	X(ACCOUNT_PAGE_CONSENT, "consent")                                     \
	X(ACCOUNT_PAGE_CODE, "code")                                           \
	X(ACCOUNT_PAGE_DONE, "device-done")                                    \
	X(ACCOUNT_PAGE_DENIED, "device-denied")                                \
	X(ACCOUNT_PAGE_BAD_CLIENT, "bad-client")                               \
	X(ACCOUNT_PAGE_BAD_REDIRECT, "bad-redirect")                           \
	X(ACCOUNT_PAGE_BAD_REQUEST, "bad-request")                             \
	X(ACCOUNT_PAGE_TROUBLE, "message-trouble")

enum account_page_kind {
#define X(name, mark) name,
	ACCOUNT_PAGE_TABLE(X)
#undef X
};

// What is wrong with the form that was sent, and its mark.
#define ACCOUNT_PROBLEM_TABLE(X)                                               \
	X(ACCOUNT_PROBLEM_NONE, "")                                            \
	X(ACCOUNT_PROBLEM_WRONG, "wrong")                                      \
	X(ACCOUNT_PROBLEM_LIMITED, "limited")                                  \
	X(ACCOUNT_PROBLEM_TROUBLE, "trouble")

enum account_problem {
#define X(name, mark) name,
	ACCOUNT_PROBLEM_TABLE(X)
#undef X
};

struct account_page {
	enum account_language language;
	enum account_page_kind kind;
	enum account_problem problem;
	struct view host;
	struct view user;    // who is logged in, or the name that was typed
	struct view request; // where the page came from: path and query
	struct view ticket;  // of the second step
	struct view csrf;
	// The client: what it says of itself, and where the access goes to.
	struct view client;
	struct view client_uri;
	struct view redirect_uri; // empty: to a device
	struct view user_code;    // of a device, as it is shown
	uint32_t scopes;
	// Which second factors the user has.
	bool totp;
	bool passkey;
	bool recovery;
};

enum account_language account_language_choose(
    struct view chosen, struct view accept);

void account_page_write(const struct account_page *page, struct buf *out);

// Answers with the page: its policy allows its form to lead to the redirect URI
// and nowhere else.
enum http_step account_page_answer(
    struct http_exchange *exchange, const struct account_page *page);

// A path of this room to which a form may lead back: "/oauth/authorize?…" or
// "/oauth/device". `request` may be anything.
bool account_page_is_request(struct view request);

// The files of web/account/, from the program.
#define ACCOUNT_FILE(name)                                                     \
	extern const unsigned char name[];                                     \
	extern const size_t name##_len;
ACCOUNT_FILE(embedded_authorize_en_html)
ACCOUNT_FILE(embedded_authorize_zh_CN_html)
ACCOUNT_FILE(embedded_oauth_css)
ACCOUNT_FILE(embedded_oauth_js)
#undef ACCOUNT_FILE

#endif
