// SPDX-License-Identifier: Apache-2.0
// The Session object (RFC 8620 section 2), and the capabilities.
#include <xxhash.h>

#include "jmap/impl.h"
#include "jmap/push.h"
#include "jmap/session.h"
#include "jmap/websocket.h"

static const char *const uris[] = {
#define X(name, uri) [name] = uri,
    JMAP_CAPABILITY_TABLE(X)
#undef X
};

bool jmap_capability_find(struct view uri, enum jmap_capability *ret_capability)
{
	for (size_t i = 0; i < ARRAY_LEN(uris); i++)
		if (view_eq(uri, view_of_string(uris[i]))) {
			*ret_capability = (enum jmap_capability)i;
			return true;
		}
	return false;
}

// ---- What each capability says ---------------------------------------------

static void core_server(const struct jmap *jmap, struct json_text *out)
{
	const struct jmap_limits *limits = &jmap->options.limits;
	json_member_u64(out, "maxSizeUpload", limits->upload_bytes);
	json_member_u64(out, "maxConcurrentUpload", limits->uploads);
	json_member_u64(out, "maxSizeRequest", limits->request_bytes);
	json_member_u64(out, "maxConcurrentRequests", limits->requests);
	json_member_u64(out, "maxCallsInRequest", limits->calls);
	json_member_u64(out, "maxObjectsInGet", limits->objects_get);
	json_member_u64(out, "maxObjectsInSet", limits->objects_set);
	json_key(out, "collationAlgorithms");
	json_begin_array(out);
	json_add_string(out, VIEW("i;unicode-casemap"));
	json_end_array(out);
}

static bool has_push(const struct jmap *jmap)
{
	return jmap->push;
}

// RFC 9749 section 3.
static void vapid_server(const struct jmap *jmap, struct json_text *out)
{
	json_member_string(
	    out, "applicationServerKey", jmap_push_public_key(jmap->push));
}

// Each may be NULL: the object is empty.
static const struct jmap_capability_info {
	void (*server)(const struct jmap *jmap, struct json_text *out);
	void (*account)(const struct jmap *jmap, struct json_text *out);
	bool of_accounts; // it is among the accounts' capabilities
	// Of the server, too: for what depends on the name by which it was
	// reached.
	void (*located)(const char *base, struct json_text *out);
	// Whether this server has it; NULL: always.
	bool (*offered)(const struct jmap *jmap);
} infos[] = {
    [JMAP_CAPABILITY_CORE] = {.server = core_server},
    [JMAP_CAPABILITY_WEBSOCKET] = {.located = jmap_websocket_capability},
    [JMAP_CAPABILITY_VAPID] = {.server = vapid_server, .offered = has_push},
    [JMAP_CAPABILITY_MAIL] = {.account = jmap_mail_capability,
	.of_accounts = true},
    [JMAP_CAPABILITY_SUBMISSION] = {.account = jmap_submission_capability,
	.of_accounts = true},
    [JMAP_CAPABILITY_VACATION] = {.of_accounts = true},
    [JMAP_CAPABILITY_BLOB] = {.account = jmap_blob_capability,
	.of_accounts = true},
    [JMAP_CAPABILITY_QUOTA] = {.of_accounts = true},
    [JMAP_CAPABILITY_MDN] = {.of_accounts = true},
};

typedef void (*write_info)(const struct jmap *jmap, struct json_text *out);

static void write_capability(
    const struct jmap *jmap, size_t i, write_info write, struct json_text *out)
{
	json_key(out, uris[i]);
	json_begin_object(out);
	if (write)
		write(jmap, out);
	json_end_object(out);
}

static void write_server(
    const struct jmap *jmap, size_t i, const char *base, struct json_text *out)
{
	if (infos[i].offered && !infos[i].offered(jmap))
		return;
	json_key(out, uris[i]);
	json_begin_object(out);
	if (infos[i].server)
		infos[i].server(jmap, out);
	if (infos[i].located)
		infos[i].located(base, out);
	json_end_object(out);
}

// ---- The object ------------------------------------------------------------

static void write_account(const struct jmap *jmap, const struct jmap_user *user,
    struct json_text *out)
{
	jmap_id_key(out, JMAP_ID_ACCOUNT, user->user.account);
	json_begin_object(out);
	json_member_string(out, "name", view_of_string(user->user.name.text));
	json_member_bool(out, "isPersonal", true);
	json_member_bool(out, "isReadOnly", false);
	json_key(out, "accountCapabilities");
	json_begin_object(out);
	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		if (infos[i].of_accounts)
			write_capability(jmap, i, infos[i].account, out);
	json_end_object(out);
	json_end_object(out);
}

static void write_url(
    struct json_text *out, const char *name, const char *base, const char *path)
{
	char url[600];
	int len = snprintf(url, sizeof(url), "%s%s", base, path);
	json_key(out, name);
	json_add_string(out, view_of(url, (size_t)len));
}

// All but the state.
static void write_session(const struct jmap *jmap, const struct jmap_user *user,
    const char *base, struct json_text *out)
{
	json_begin_object(out);
	json_key(out, "capabilities");
	json_begin_object(out);
	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		write_server(jmap, i, base, out);
	json_end_object(out);
	json_key(out, "accounts");
	json_begin_object(out);
	write_account(jmap, user, out);
	json_end_object(out);
	json_key(out, "primaryAccounts");
	json_begin_object(out);
	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		if (infos[i].of_accounts) {
			json_key(out, uris[i]);
			jmap_id_add(out, JMAP_ID_ACCOUNT, user->user.account);
		}
	json_end_object(out);
	json_member_string(
	    out, "username", view_of_string(user->user.name.text));
	write_url(out, "apiUrl", base, JMAP_PATH_API);
	write_url(out, "downloadUrl", base,
	    JMAP_PATH_DOWNLOAD "{accountId}/{blobId}/{name}?type={type}");
	write_url(out, "uploadUrl", base, JMAP_PATH_UPLOAD "{accountId}/");
	write_url(out, "eventSourceUrl", base,
	    JMAP_PATH_EVENTS
	    "?types={types}&closeafter={closeafter}&ping={ping}");
}

#define SESSION_MAX ((size_t)64 * 1024)

// The state depends on all that a client could notice, but not on the name by
// which it reached us.
void jmap_session_state(
    struct jmap *jmap, const struct jmap_user *user, char ret_state[17])
{
	struct buf text;
	struct json_text out;
	buf_init(&text, SESSION_MAX);
	json_text_init(&out, &text);
	write_session(jmap, user, "", &out);
	snprintf(ret_state, 17, "%016llx",
	    (unsigned long long)XXH3_64bits(text.ptr, text.len));
	buf_done(&text);
}

void jmap_session_write(struct jmap *jmap, const struct jmap_user *user,
    const char *base, struct json_text *out)
{
	char state[17];
	jmap_session_state(jmap, user, state);
	write_session(jmap, user, base, out);
	json_member_string(out, "state", view_of_string(state));
	json_end_object(out);
}
