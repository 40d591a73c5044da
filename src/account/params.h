// SPDX-License-Identifier: Apache-2.0
// The parameters of an OAuth request, from a query or a form. "Parameters sent
// without a value MUST be treated as if they were omitted", and none may come
// twice (RFC 6749 sections 3.1 and 3.2); only `resource` may (RFC 8707).
#ifndef ROOST_ACCOUNT_PARAMS_H
#define ROOST_ACCOUNT_PARAMS_H

#include "http/http.h"

#define ACCOUNT_PARAMS_MAX 64

struct account_param {
	struct view name;
	struct view value; // not empty
};

struct account_params {
	struct account_param items[ACCOUNT_PARAMS_MAX];
	size_t count;
	// One came twice, was not UTF-8, had a control character, or there were
	// too many.
	bool bad;
};

// Reads the text, decoded in the arena. What can be read is there even if it
// is bad.
void account_params_read(
    struct arena *arena, struct view form, struct account_params *ret_params);
// The value, or the empty view.
struct view account_param(
    const struct account_params *params, const char *name);

// The rules of the values (RFC 6749 appendix A; RFC 7636 sections 4.1, 4.2).
bool account_is_verifier(struct view text);
bool account_is_challenge(struct view text); // of the method S256

#endif
