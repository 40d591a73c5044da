// SPDX-License-Identifier: Apache-2.0
// For tests of the room: a server with its routes, and a browser that asks,
// without a network.
#ifndef ROOST_ACCOUNT_RIG_H
#define ROOST_ACCOUNT_RIG_H

#include "account/account.h"
#include "http/rig.h"

#define RIG_SAME "Sec-Fetch-Site: same-origin\r\n"
#define RIG_JSON RIG_SAME "X-Roost: 1\r\nContent-Type: application/json\r\n"
#define RIG_FORM RIG_SAME "Content-Type: application/x-www-form-urlencoded\r\n"

struct account_rig {
	struct rig_users users;
	struct account *account;
	struct http_rig http;
	struct clock clock; // of the account room: the machine's, and
	int64_t ahead;      // so many seconds
	// The browser's cookie, as "Cookie: …" with CRLF; "": none. An answer
	// that sets one changes it.
	char cookie[200];
	struct http_rig_answer answer; // the last one
};

void account_rig_init(struct account_rig *rig);
void account_rig_done(struct account_rig *rig);

// Asks, with the cookie, and waits for the answer. Returns its status.
unsigned account_rig_ask(struct account_rig *rig, const char *what,
    const char *fields, const char *body);
// The same as a page of the server does it: with RIG_JSON. The body has ' in
// place of ".
unsigned account_rig_json(
    struct account_rig *rig, const char *what, const char *body);
// Logs in as RIG_USER, or fails.
void account_rig_log_in(struct account_rig *rig);

// Whether the answer's body has this text (' in place of ").
bool account_rig_has(const struct account_rig *rig, const char *text);
// The text of the first member of this name in the answer's JSON; it is copied.
void account_rig_member(const struct account_rig *rig, const char *name,
    char *ret_text, size_t size);

#endif
