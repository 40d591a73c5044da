// SPDX-License-Identifier: Apache-2.0
// What the files with routes share; this room only.
//
// A route is a row of a table: what it needs before its handler is called
// (gate.c), and the handler. A handler gets a struct account_call and returns a
// step; after HTTP_WAIT it is called again with the same call.
#ifndef ROOST_ACCOUNT_IMPL_H
#define ROOST_ACCOUNT_IMPL_H

#include "account/account.h"
#include "account/json.h"
#include "account/oauth_error.h"
#include "account/params.h"
#include "auth/token.h"
#include "http/files.h"
#include "wire/json_text.h"

#define ACCOUNT_BODY_MAX 16384 // bytes of a request
// A change of the log-in needs the password, or a second factor, given in this
// browser session so many seconds ago at most.
#define ACCOUNT_FRESH_SECONDS 600
// Delays of log-ins, and the line of those who wait for a hash.
#define ACCOUNT_WAIT_SECONDS 120

#define ACCOUNT_FILES 2 // of the pages

// What a route needs.
enum account_need {
	// A page of this server asks: "X-Roost: 1", same origin, and JSON if it
	// has a body (http_cookie_refusal()).
	ACCOUNT_NEED_PAGE = 1 << 0,
	// A browser session, by its cookie.
	ACCOUNT_NEED_SESSION = 1 << 1,
	// In which the user has shown lately who it is.
	ACCOUNT_NEED_FRESH = 1 << 2,
	// The body is a JSON object.
	ACCOUNT_NEED_JSON = 1 << 3,
	// A form of a page of this server: same origin, and form-encoded. The
	// refusal is a page.
	ACCOUNT_NEED_FORM = 1 << 4,
	// The path goes on with an id.
	ACCOUNT_NEED_ID = 1 << 5,
};

struct account_call {
	struct auth_turn turn; // of a log-in, or of a token's check
	const struct account_route *route;
	struct account_json_object json;
	struct account_params form;
	// With ACCOUNT_NEED_SESSION; or if account_call_session() found one.
	struct auth_user user;
	struct view cookie;
	struct auth_credential session;
	uint64_t id; // ACCOUNT_NEED_ID
	bool passed; // the handler has been called
	int stage;   // of the handler
	// account_enter(): who is in.
	bool entered;
	struct auth_user entering;
	void *state; // of the handler
};

struct account_route {
	enum http_method method;
	const char *path;
	unsigned needs; // of enum account_need
	enum http_step (*run)(
	    struct http_exchange *exchange, struct account_call *call);
};

// What an http_route's context is.
struct account_context {
	struct account *account;
	const struct account_route *routes; // of the table, with this path
	size_t count;
};

struct account {
	struct account_options options;
	struct http_route *routes; // owned
	size_t route_count;
	struct account_context *contexts;
	struct http_file kept[ACCOUNT_FILES];
	struct http_files *files[ACCOUNT_FILES];
};

struct account *account_of(const struct http_exchange *exchange);
int64_t account_wall_now(const struct account *account);

// The tables of the files with routes; each ends with a path NULL.
extern const struct account_route account_login_routes[];
extern const struct account_route account_second_routes[];
extern const struct account_route account_factor_routes[];
extern const struct account_route account_session_routes[];
extern const struct account_route account_password_routes[];
extern const struct account_route account_oauth_routes[];
extern const struct account_route account_token_routes[];
extern const struct account_route account_page_routes[];
extern const struct account_route account_form_routes[];

// ---- gate.c ----------------------------------------------------------------

enum http_step account_gate_begin(struct http_exchange *exchange);
enum http_step account_gate_resume(struct http_exchange *exchange);
void account_gate_end(struct http_exchange *exchange);

// Looks at the cookie. HTTP_DONE: `call->session.id` is not 0 if there is a
// session. HTTP_WAIT: call again. It answers nothing.
enum http_step account_call_session(
    struct http_exchange *exchange, struct account_call *call);

// Whether the user has shown lately who it is, in this browser session.
bool account_is_fresh(
    const struct account *account, const struct account_call *call);

// ---- answers.c -------------------------------------------------------------

// An answer {"status":"…"}.
enum http_step account_answer(
    struct http_exchange *exchange, unsigned status, const char *word);
// An answer that the caller writes between the two: members of one object.
struct account_out {
	struct buf text;
	struct json_text json;
};
void account_out_begin(struct account_out *out);
enum http_step account_out_end(
    struct account_out *out, struct http_exchange *exchange, unsigned status);
// For what `auth` returned: 404, 429, 503 …
enum http_step account_answer_rc(struct http_exchange *exchange, enum rc rc);
void account_json_id(struct json_text *json, const char *name, uint64_t id);
void account_json_time(
    struct json_text *json, const char *name, int64_t seconds); // 0: null

// An OAuth error as JSON (RFC 6749 section 5.2). `why` may be NULL.
enum http_step account_oauth_error(
    struct http_exchange *exchange, enum oauth_error error, const char *why);

// ---- login.c ---------------------------------------------------------------

enum account_outcome {
	ACCOUNT_IN,
	ACCOUNT_SECOND, // the password is right, and a second factor is needed
	ACCOUNT_REFUSED,
	ACCOUNT_LIMITED,
	ACCOUNT_TROUBLE,
	ACCOUNT_WAIT, // return HTTP_WAIT, and call again
};

// Checks a name and a password, as every log-in is checked.
enum account_outcome account_check_password(struct http_exchange *exchange,
    struct account_call *call, struct view name, struct view password,
    struct auth_user *ret_user);
// The user is in: opens a browser session and sets its cookie.
enum account_outcome account_open_session(struct http_exchange *exchange,
    struct account_call *call, const struct auth_user *user, bool remember);
// The same in a browser that may have a session: if it is the user's, this is a
// new proof in it. `call->entered` says that the call waits here.
enum account_outcome account_enter(struct http_exchange *exchange,
    struct account_call *call, const struct auth_user *user);
// The password was right: makes the ticket for the second step.
enum account_outcome account_make_ticket(struct http_exchange *exchange,
    struct account_call *call, const struct auth_user *user,
    struct auth_token_text *ret_ticket);
void account_forget_cookie(struct http_exchange *exchange);
// What a check by `auth` came to. With RC_IN_USE the call waits.
enum account_outcome account_outcome_of(struct http_exchange *exchange,
    struct account_call *call, enum rc rc, const struct auth_verdict *verdict);
// "refused", "limited" … as JSON.
enum http_step account_answer_outcome(
    struct http_exchange *exchange, enum account_outcome outcome);

// Waits for `call->turn`: by its pause, or until it is woken.
void account_wait(struct http_exchange *exchange, struct account_call *call);

// ---- session_routes.c -------------------------------------------------------

// The members that every list has.
void account_json_credential(
    struct json_text *json, const struct auth_credential *credential);
// Ends the credential with `call->id`, if it is the user's and of one of these
// kinds (AUTH_KIND_BIT), and answers.
enum http_step account_revoke(struct http_exchange *exchange,
    const struct account_call *call, uint32_t kinds);

// ---- browser.c -------------------------------------------------------------

#define ACCOUNT_CSRF_LEN 32
// A text that only the pages of this browser session know.
void account_csrf(const struct account *account, struct view cookie,
    char ret_text[ACCOUNT_CSRF_LEN + 1]);
bool account_csrf_is(
    const struct account *account, struct view cookie, struct view text);
// "Firefox on Linux", from the field User-Agent.
void account_browser_name(struct view user_agent, struct buf *out);

#endif
