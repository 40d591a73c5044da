// SPDX-License-Identifier: Apache-2.0
#include "auth/bearer.h"

#define SEPARATOR '\x01' // kvsep

// ---- The GS2 header (RFC 5801 section 4) -----------------------------------

// Adds a saslname without its escapes: "=2C" is a comma, "=3D" an equals sign.
static bool unescape(struct view text, struct auth_bearer *bearer)
{
	bearer->authzid_len = 0;
	while (text.len > 0) {
		char c = text.ptr[0];
		size_t len = 1;
		if (c == '=') {
			len = 3;
			if (view_starts_with(text, VIEW("=2C")))
				c = ',';
			else if (!view_starts_with(text, VIEW("=3D")))
				return false;
		}
		if (c == '\0' || bearer->authzid_len == AUTH_NAME_MAX)
			return false;
		bearer->authzid[bearer->authzid_len++] = c;
		text = view_from(text, len);
	}
	return bearer->authzid_len > 0;
}

// The mechanism has no channel binding: the flag is "n", or "y" of a client
// that could bind.
static bool read_header(struct view *message, struct auth_bearer *bearer)
{
	struct view header, flag, authzid;
	if (view_find_char(*message, SEPARATOR) == SIZE_MAX ||
	    !view_split(message, SEPARATOR, &header) ||
	    !view_split(&header, ',', &flag) ||
	    (!view_eq(flag, VIEW("n")) && !view_eq(flag, VIEW("y"))))
		return false;
	if (!view_ends_with(header, VIEW(",")))
		return false;
	authzid = view_slice(header, 0, header.len - 1);
	if (authzid.len == 0)
		return true;
	return view_starts_with(authzid, VIEW("a=")) &&
	       view_find_char(authzid, ',') == SIZE_MAX &&
	       unescape(view_from(authzid, 2), bearer);
}

// ---- Keys and values -------------------------------------------------------

static bool is_key(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((text.ptr[i] | 32) < 'a' || (text.ptr[i] | 32) > 'z')
			return false;
	return text.len > 0;
}

// "Bearer", in any case, spaces, and the token (RFC 6750 section 2.1).
static bool read_scheme(struct view value, struct view *ret_token)
{
	struct view scheme;
	if (value.len == 0)
		return true;
	if (!view_split(&value, ' ', &scheme) ||
	    !view_eq_nocase(scheme, VIEW("Bearer")))
		return false;
	*ret_token = view_trim(value);
	return true;
}

// Reads the pairs, of which each ends with a separator, and one more separator.
// Unknown keys are ignored (RFC 7628 section 3.1). `user` NULL: there is no
// such key in this mechanism.
static enum rc read_pairs(
    struct view message, struct view *ret_token, struct view *user)
{
	bool found = false;
	while (message.len > 1) {
		struct view value, key;
		size_t end = view_find_char(message, SEPARATOR);
		if (end == SIZE_MAX || end == 0)
			return RC_SYNTAX;
		value = view_slice(message, 0, end);
		message = view_from(message, end + 1);
		if (view_find_char(value, '=') == SIZE_MAX ||
		    !view_split(&value, '=', &key) || !is_key(key))
			return RC_SYNTAX;
		if (view_eq(key, VIEW("auth"))) {
			if (found || !read_scheme(value, ret_token))
				return RC_SYNTAX;
			found = true;
		} else if (user && view_eq(key, VIEW("user"))) {
			*user = value;
		}
	}
	return found && view_eq(message, VIEW("\x01")) ? RC_OK : RC_SYNTAX;
}

enum rc auth_bearer_read(struct view message, struct auth_bearer *ret_bearer)
{
	*ret_bearer = (struct auth_bearer){.token = VIEW("")};
	if (!read_header(&message, ret_bearer))
		return RC_SYNTAX;
	return read_pairs(message, &ret_bearer->token, NULL);
}

enum rc auth_bearer_read_xoauth2(
    struct view message, struct auth_bearer *ret_bearer)
{
	struct view user = VIEW("");
	*ret_bearer = (struct auth_bearer){.token = VIEW("")};
	enum rc rc = read_pairs(message, &ret_bearer->token, &user);
	if (rc != RC_OK)
		return rc;
	if (user.len > AUTH_NAME_MAX || view_find_char(user, '\0') != SIZE_MAX)
		return RC_SYNTAX;
	if (user.len)
		memcpy(ret_bearer->authzid, user.ptr, user.len);
	ret_bearer->authzid_len = user.len;
	return RC_OK;
}

// ---- The error -------------------------------------------------------------

// RFC 6750 section 3.1.
static const char *status_of(enum auth_reason reason)
{
	return reason == AUTH_REASON_SCOPE ? "insufficient_scope"
					   : "invalid_token";
}

void auth_bearer_write_error(enum auth_reason reason, bool xoauth2,
    const char *discovery, struct buf *out)
{
	if (xoauth2)
		buf_printf(out, "{\"status\":\"%s\",\"schemes\":\"bearer\"",
		    reason == AUTH_REASON_SCOPE ? "403" : "401");
	else
		buf_printf(out, "{\"status\":\"%s\"", status_of(reason));
	buf_add_literal(out, ",\"scope\":\"" AUTH_OAUTH_SCOPE_MAIL "\"");
	if (discovery)
		buf_printf(out, ",\"openid-configuration\":\"%s\"", discovery);
	buf_add_char(out, '}');
}
