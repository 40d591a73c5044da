// SPDX-License-Identifier: Apache-2.0
#include "account/client.h"

#include "account/redirect.h"
#include "auth/scope.h"
#include "base/ascii.h"
#include "base/mem.h"
#include "wire/utf8.h"

static const struct {
	const char *name;
	bool url;
} texts[ACCOUNT_CLIENT_TEXTS] = {
#define X(id, name, url) [id] = {name, url},
    ACCOUNT_CLIENT_TEXT_TABLE(X)
#undef X
};

static const struct {
	const char *name;
	enum account_grant grant;
} grants[] = {
    {"authorization_code", ACCOUNT_GRANT_CODE},
    {"refresh_token", ACCOUNT_GRANT_REFRESH},
    {"urn:ietf:params:oauth:grant-type:device_code", ACCOUNT_GRANT_DEVICE},
};

// ---- Texts -----------------------------------------------------------------

// Control characters, and those that turn the direction of the text or cannot
// be seen, could make the name say something else on a page.
static bool is_hidden(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad ||
	       (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	       (code >= 0xfff0 && code <= 0xfffb) || code == 0x61c;
}

static struct view clean_name(struct arena *arena, struct view name)
{
	struct buf out;
	uint32_t code;
	buf_init(&out, AUTH_CLIENT_TEXT_MAX);
	while (utf8_next(&name, &code))
		utf8_add(&out, is_hidden(code) ? ' ' : code);
	struct view cleaned = utf8_truncate_codes(
	    view_trim(buf_view(&out)), ACCOUNT_CLIENT_NAME_CODES);
	cleaned = arena_copy(arena, cleaned);
	buf_done(&out);
	return cleaned;
}

// Enough of a URL to be shown and stored: it is never asked for.
static bool is_web_url(struct view url)
{
	for (size_t i = 0; i < url.len; i++)
		if (url.ptr[i] <= ' ' || url.ptr[i] == 0x7f ||
		    url.ptr[i] == '"' || url.ptr[i] == '<' ||
		    url.ptr[i] == '>' || url.ptr[i] == '\\')
			return false;
	return view_starts_with(url, VIEW("https://")) && url.len > 8;
}

static const char *read_texts(struct arena *arena,
    const struct account_json_object *json, struct account_client *client)
{
	for (size_t i = 0; i < ACCOUNT_CLIENT_TEXTS; i++) {
		struct account_json value =
		    account_json_get(json, texts[i].name);
		if (value.kind == ACCOUNT_JSON_NONE ||
		    value.kind == ACCOUNT_JSON_NULL)
			continue;
		if (value.kind != ACCOUNT_JSON_STRING ||
		    value.text.len > AUTH_CLIENT_TEXT_MAX)
			return "a text is too long, or is none";
		if (texts[i].url && value.text.len > 0 &&
		    !is_web_url(value.text))
			return "a URL for people has to begin with https";
		client->texts[i] = i == ACCOUNT_CLIENT_NAME
				       ? clean_name(arena, value.text)
				       : value.text;
	}
	return NULL;
}

// ---- Grants ----------------------------------------------------------------

// Calls `add` for each text of an array. False: it is no array of texts.
static bool each_text(struct arena *arena, struct account_json array,
    bool (*add)(struct account_client *client, struct view text),
    struct account_client *client)
{
	struct account_json item;
	struct view rest = array.text;
	if (array.kind != ACCOUNT_JSON_ARRAY)
		return false;
	while (account_json_next(arena, &rest, &item))
		if (item.kind != ACCOUNT_JSON_STRING || !add(client, item.text))
			return false;
	return true;
}

// What is not known here is left out: "The authorization server MAY replace
// any of the client's requested metadata values".
static bool add_grant(struct account_client *client, struct view text)
{
	for (size_t i = 0; i < ARRAY_LEN(grants); i++)
		if (view_eq(text, view_of_string(grants[i].name)))
			client->grants |= grants[i].grant;
	return true;
}

static const char *read_grants(struct arena *arena,
    const struct account_json_object *json, struct account_client *client)
{
	struct account_json value = account_json_get(json, "grant_types");
	if (value.kind == ACCOUNT_JSON_NONE) // RFC 7591 section 2
		client->grants = ACCOUNT_GRANT_CODE;
	else if (!each_text(arena, value, add_grant, client))
		return "grant_types has to be an array of texts";
	if (!(client->grants & (ACCOUNT_GRANT_CODE | ACCOUNT_GRANT_DEVICE)))
		return "grant_types needs authorization_code";
	client->grants |= ACCOUNT_GRANT_REFRESH;
	return NULL;
}

static bool add_response(struct account_client *client, struct view text)
{
	client->takes_code = client->takes_code || view_eq(text, VIEW("code"));
	return true;
}

static const char *check_kinds(struct arena *arena,
    const struct account_json_object *json, struct account_client *client)
{
	struct account_json value =
	    account_json_get(json, "token_endpoint_auth_method");
	// Left out, it would mean a secret; a client of this profile has none.
	if (value.kind != ACCOUNT_JSON_NONE &&
	    (value.kind != ACCOUNT_JSON_STRING ||
		!view_eq(value.text, VIEW("none"))))
		return "token_endpoint_auth_method has to be none";
	value = account_json_get(json, "response_types");
	client->takes_code = value.kind == ACCOUNT_JSON_NONE; // the default
	if (!client->takes_code &&
	    !each_text(arena, value, add_response, client))
		return "response_types has to be an array of texts";
	if ((client->grants & ACCOUNT_GRANT_CODE) && !client->takes_code)
		return "response_types needs code";
	value = account_json_get(json, "dpop_bound_access_tokens");
	if (value.kind == ACCOUNT_JSON_TRUE)
		return "DPoP is not supported";
	return NULL;
}

static const char *read_scope(
    const struct account_json_object *json, struct account_client *client)
{
	struct account_json value = account_json_get(json, "scope");
	if (value.kind == ACCOUNT_JSON_NONE) {
		client->scopes = AUTH_SCOPES_MAIL;
		return NULL;
	}
	if (value.kind == ACCOUNT_JSON_STRING)
		client->scopes = auth_scopes_read_oauth(value.text);
	return client->scopes == 0 ? "scope names nothing that is here" : NULL;
}

// ---- Redirects -------------------------------------------------------------

static bool add_redirect(struct account_client *client, struct view uri)
{
	if (client->redirect_count == AUTH_CLIENT_REDIRECTS_MAX ||
	    !account_redirect_is_allowed(uri))
		return false;
	client->redirects[client->redirect_count++] = uri;
	return true;
}

static const char *read_redirects(struct arena *arena,
    const struct account_json_object *json, struct account_client *client)
{
	struct account_json value = account_json_get(json, "redirect_uris");
	if (value.kind != ACCOUNT_JSON_NONE &&
	    !each_text(arena, value, add_redirect, client))
		return "a redirect URI has to be http://127.0.0.1/, "
		       "http://[::1]/ or a private scheme with a dot";
	if (client->redirect_count == 0 &&
	    (client->grants & ACCOUNT_GRANT_CODE))
		return "redirect_uris is needed";
	return NULL;
}

// ---- The whole -------------------------------------------------------------

enum oauth_error account_client_read(struct arena *arena, struct view text,
    struct account_client *ret_client, const char **ret_why)
{
	struct account_client client = {0};
	struct account_json_object json;
	if (!account_json_read(arena, text, &json)) {
		*ret_why = "this is no JSON object";
		return OAUTH_INVALID_CLIENT_METADATA;
	}
	const char *why = read_grants(arena, &json, &client);
	if (!why)
		why = check_kinds(arena, &json, &client);
	if (!why)
		why = read_scope(&json, &client);
	if (!why)
		why = read_texts(arena, &json, &client);
	*ret_why = why;
	if (why)
		return OAUTH_INVALID_CLIENT_METADATA;
	*ret_why = read_redirects(arena, &json, &client);
	if (*ret_why)
		return OAUTH_INVALID_REDIRECT_URI;
	*ret_client = client;
	return OAUTH_OK;
}

static void add_list(struct json_text *out, const char *name,
    const struct view *items, size_t count)
{
	json_key(out, name);
	json_begin_array(out);
	for (size_t i = 0; i < count; i++)
		json_add_string(out, items[i]);
	json_end_array(out);
}

void account_client_write(
    const struct account_client *client, struct json_text *out)
{
	struct view names[ARRAY_LEN(grants)], code = VIEW("code");
	struct buf scope;
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_LEN(grants); i++)
		if (client->grants & grants[i].grant)
			names[count++] = view_of_string(grants[i].name);
	if (client->redirect_count > 0)
		add_list(out, "redirect_uris", client->redirects,
		    client->redirect_count);
	json_member_string(out, "token_endpoint_auth_method", VIEW("none"));
	add_list(out, "grant_types", names, count);
	add_list(out, "response_types", &code,
	    client->grants & ACCOUNT_GRANT_CODE ? 1 : 0);
	for (size_t i = 0; i < ACCOUNT_CLIENT_TEXTS; i++)
		if (client->texts[i].len > 0)
			json_member_string(
			    out, texts[i].name, client->texts[i]);
	buf_init(&scope, 1000);
	auth_scopes_write_oauth(client->scopes, &scope);
	json_member_string(out, "scope", buf_view(&scope));
	buf_done(&scope);
}

static void set(char *to, size_t size, struct view text)
{
	struct view cut = utf8_truncate(text, size - 1);
	memcpy(to, cut.ptr ? cut.ptr : "", cut.len);
	to[cut.len] = '\0';
}

void account_client_record(
    const struct account_client *client, struct auth_client *ret_record)
{
	struct auth_client record = {.scopes = client->scopes};
	const struct view *said = client->texts;
	set(record.name, sizeof(record.name), said[ACCOUNT_CLIENT_NAME]);
	set(record.uri, sizeof(record.uri), said[ACCOUNT_CLIENT_URI]);
	set(record.software_id, sizeof(record.software_id),
	    said[ACCOUNT_CLIENT_SOFTWARE]);
	set(record.software_version, sizeof(record.software_version),
	    said[ACCOUNT_CLIENT_VERSION]);
	for (size_t i = 0; i < client->redirect_count; i++)
		set(record.redirects[i], sizeof(record.redirects[i]),
		    client->redirects[i]);
	record.redirect_count = client->redirect_count;
	*ret_record = record;
}
