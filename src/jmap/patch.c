// SPDX-License-Identifier: Apache-2.0
// PatchObject (RFC 8620 section 5.3): paths and what to put there.
#include <string.h>

#include "jmap/object.h"

#define DEPTH_MAX 32
#define TOKEN_MAX ((size_t)4096)

// Decodes the token at the front of the path (RFC 6901 section 4) and removes
// it. False: it is damaged.
static bool next_token(const char **path, struct buf *token)
{
	const char *at = *path;
	buf_reset(token);
	for (; *at && *at != '/'; at++) {
		if (*at != '~') {
			buf_add_char(token, *at);
			continue;
		}
		at++;
		if (*at != '0' && *at != '1')
			return false;
		buf_add_char(token, *at == '0' ? '~' : '/');
	}
	buf_add_char(token, '\0');
	*path = *at == '/' ? at + 1 : NULL;
	return buf_status(token) == RC_OK;
}

static enum rc apply_one(json_t *object, const char *path, json_t *value)
{
	struct buf token;
	enum rc rc = RC_INVALID;
	buf_init(&token, TOKEN_MAX);
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		// Nothing inside an array is patched.
		if (!json_is_object(object) || !next_token(&path, &token))
			break;
		if (path) {
			object = json_object_get(object, token.ptr);
			continue;
		}
		if (json_is_null(value))
			(void)json_object_del(object, token.ptr);
		else
			json_object_set(object, token.ptr, value);
		rc = RC_OK;
		break;
	}
	buf_done(&token);
	return rc;
}

// Whether one path is the beginning of another one: "a" and "a/b".
static bool is_prefix(const char *a, const char *b)
{
	size_t len = strlen(a);
	return strncmp(a, b, len) == 0 && b[len] == '/';
}

static bool has_prefix(json_t *patch, const char *path)
{
	const char *other;
	json_t *value;
	json_object_foreach(
	    patch, other, value) if (is_prefix(other, path)) return true;
	return false;
}

enum rc jmap_patch_apply(json_t *patch, json_t *object)
{
	const char *path;
	json_t *value;
	json_object_foreach(patch, path, value)
	{
		// Only a path with a "/" can have another one before it.
		if (strchr(path, '/') && has_prefix(patch, path))
			return RC_INVALID;
		// A whole member is set to null if the object can have that:
		// the caller knows (jmap_set_check_update()).
		enum rc rc = apply_one(object, path, value);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}
