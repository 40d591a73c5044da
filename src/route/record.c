// SPDX-License-Identifier: Apache-2.0
// The stored records: a version, then texts, each after its length (two bytes,
// little-endian). The readers check every length and value.
#include <string.h>

#include "base/bytes.h"
#include "route/impl.h"
#include "wire/domain_name.h"

#define RECORD_VERSION 1

// ---- Keys ------------------------------------------------------------------

static struct view join(
    struct arena *arena, struct view head, struct view a, struct view b)
{
	char *key = arena_alloc(arena, head.len + a.len + b.len);
	memcpy(key, head.ptr, head.len);
	if (a.len > 0)
		memcpy(key + head.len, a.ptr, a.len);
	if (b.len > 0)
		memcpy(key + head.len + a.len, b.ptr, b.len);
	return view_of(key, head.len + a.len + b.len);
}

struct view route_domain_key(struct arena *arena, struct view domain)
{
	return join(arena, VIEW(ROUTE_DOMAIN_PREFIX), domain, VIEW(""));
}

struct view route_alias_key(
    struct arena *arena, struct view domain, struct view local)
{
	struct view head =
	    join(arena, VIEW(ROUTE_ALIAS_PREFIX), domain, view_of("", 1));
	return join(arena, head, local, VIEW(""));
}

struct view route_detail_key(struct arena *arena, uint64_t account)
{
	char bytes[8];
	put_be64(bytes, account);
	return join(
	    arena, VIEW(ROUTE_DETAIL_PREFIX), view_of(bytes, 8), VIEW(""));
}

bool route_alias_key_split(
    struct view key, struct view *ret_domain, struct view *ret_local)
{
	struct view rest = view_from(key, sizeof(ROUTE_ALIAS_PREFIX) - 1);
	size_t end = view_find_char(rest, '\0');
	if (!view_starts_with(key, VIEW(ROUTE_ALIAS_PREFIX)) ||
	    end == SIZE_MAX || end == 0 || end + 1 == rest.len)
		return false;
	*ret_domain = view_slice(rest, 0, end);
	*ret_local = view_from(rest, end + 1);
	return true;
}

// ---- Values ----------------------------------------------------------------

static void add_text(struct buf *out, struct view text)
{
	buf_add_char(out, (char)(text.len & 0xff));
	buf_add_char(out, (char)(text.len >> 8));
	buf_add(out, text);
}

static bool take_text(struct view *from, struct view *ret_text)
{
	if (from->len < 2)
		return false;
	size_t len = (size_t)(unsigned char)from->ptr[0] |
		     (size_t)(unsigned char)from->ptr[1] << 8;
	if (from->len - 2 < len)
		return false;
	*ret_text = view_slice(*from, 2, len);
	*from = view_from(*from, 2 + len);
	return true;
}

void route_domain_encode(const struct route_domain *domain, struct buf *out)
{
	buf_add_char(out, RECORD_VERSION);
	add_text(out, domain->alias_of);
	add_text(out, domain->catch_all);
}

enum rc route_domain_decode(struct view bytes, struct route_domain *ret_domain)
{
	struct route_domain domain = {0};
	struct view rest = view_from(bytes, 1);
	if (bytes.len == 0 || bytes.ptr[0] != RECORD_VERSION ||
	    !take_text(&rest, &domain.alias_of) ||
	    !take_text(&rest, &domain.catch_all) || rest.len > 0)
		return RC_CORRUPT;
	*ret_domain = domain;
	return RC_OK;
}

void route_alias_encode(
    const struct view *targets, size_t count, struct buf *out)
{
	char number[4];
	put_le32(number, (uint32_t)count);
	buf_add_char(out, RECORD_VERSION);
	buf_add(out, view_of(number, sizeof(number)));
	for (size_t i = 0; i < count; i++)
		add_text(out, targets[i]);
}

enum rc route_alias_decode(struct arena *arena, struct view bytes,
    struct view **ret_targets, size_t *ret_count)
{
	if (bytes.len < 5 || bytes.ptr[0] != RECORD_VERSION)
		return RC_CORRUPT;
	size_t count = get_le32(bytes.ptr + 1);
	if (count == 0 || count > ROUTE_TARGETS_MAX)
		return RC_CORRUPT;
	struct view *targets = arena_alloc(arena, count * sizeof(*targets));
	struct view rest = view_from(bytes, 5);
	for (size_t i = 0; i < count; i++)
		if (!take_text(&rest, &targets[i]) || targets[i].len == 0)
			return RC_CORRUPT;
	if (rest.len > 0)
		return RC_CORRUPT;
	*ret_targets = targets;
	*ret_count = count;
	return RC_OK;
}

// ---- Reading ---------------------------------------------------------------

enum rc route_read(struct engine_snapshot *from, struct arena *arena,
    struct view key, size_t max, struct view *ret_value)
{
	struct buf value;
	if (key.len > ENGINE_KEY_MAX)
		return RC_NOT_FOUND;
	buf_init(&value, max);
	enum rc rc = engine_snapshot_get(from, key, &value);
	if (rc == RC_OK)
		*ret_value = arena_copy(arena, buf_view(&value));
	else if (rc == RC_LIMIT)
		rc = RC_CORRUPT;
	buf_done(&value);
	return rc;
}

enum rc route_read_primary(
    struct engine_snapshot *from, struct arena *arena, struct view *ret_domain)
{
	enum rc rc = route_read(
	    from, arena, VIEW(ROUTE_PRIMARY_KEY), DOMAIN_NAME_MAX, ret_domain);
	if (rc == RC_NOT_FOUND) {
		*ret_domain = VIEW("");
		rc = RC_OK;
	}
	return rc;
}

enum rc route_read_domain(struct engine_snapshot *from, struct arena *arena,
    struct view name, struct route_domain *ret_domain)
{
	struct view value;
	struct view primary;
	struct route_domain domain;
	enum rc rc = route_read(from, arena, route_domain_key(arena, name),
	    ROUTE_DOMAIN_RECORD_MAX, &value);
	if (rc == RC_OK)
		rc = route_domain_decode(value, &domain);
	if (rc == RC_OK)
		rc = route_read_primary(from, arena, &primary);
	if (rc != RC_OK)
		return rc;
	domain.name = arena_copy(arena, name);
	domain.primary = view_eq(name, primary);
	*ret_domain = domain;
	return RC_OK;
}

enum rc route_read_alias(struct engine_snapshot *from, struct arena *arena,
    struct view key, struct view **ret_targets, size_t *ret_count)
{
	struct view value;
	enum rc rc =
	    route_read(from, arena, key, ROUTE_ALIAS_RECORD_MAX, &value);
	if (rc == RC_OK)
		rc = route_alias_decode(arena, value, ret_targets, ret_count);
	return rc;
}
