// SPDX-License-Identifier: Apache-2.0
// Reads an Email object into fields and a tree of parts, and finds all that is
// wrong with it. compose_write.c makes the message.
#include "jmap/compose.h"

#include <string.h>

#include "base/ascii.h"
#include "wire/field_write.h"
#include "wire/json_read.h"

void compose_init(struct compose *compose, struct arena *arena)
{
	*compose = (struct compose){.arena = arena};
}

void compose_done(struct compose *compose)
{
	for (struct compose_part *p = compose->parts; p; p = p->next) {
		vec_done(&p->fields);
		vec_done(&p->subs);
	}
	vec_done(&compose->fields);
	vec_done(&compose->wrong);
}

static void add_wrong(struct compose *compose, const char *property)
{
	struct view name = view_of_string(property);
	for (size_t i = 0; i < compose->wrong.count; i++)
		if (view_eq(compose->wrong.items[i], name))
			return;
	vec_push(&compose->wrong, name);
}

// ---- Values of header fields -----------------------------------------------

static bool is_string_or_null(const json_t *value)
{
	return !value || json_is_null(value) || json_is_string(value);
}

static bool is_address(json_t *value)
{
	const char *key;
	json_t *member;
	if (!json_is_object(value) ||
	    !json_is_string(json_object_get(value, "email")) ||
	    !is_string_or_null(json_object_get(value, "name")))
		return false;
	json_object_foreach (value, key, member)
		if (strcmp(key, "email") != 0 && strcmp(key, "name") != 0)
			return false;
	return true;
}

static bool is_list(json_t *value, bool (*fits)(json_t *item))
{
	size_t i;
	json_t *item;
	if (!json_is_array(value))
		return false;
	json_array_foreach (value, i, item)
		if (!fits(item))
			return false;
	return true;
}

static bool is_group(json_t *value)
{
	return json_is_object(value) &&
	       is_string_or_null(json_object_get(value, "name")) &&
	       is_list(json_object_get(value, "addresses"), is_address);
}

static bool is_id(json_t *value)
{
	return json_is_string(value) && field_id_is_valid(json_view(value));
}

static bool is_date(json_t *value)
{
	struct date date;
	return json_is_string(value) &&
	       date_parse_rfc3339(json_view(value), &date) == RC_OK;
}

static bool fits(json_t *value, enum header_form form)
{
	switch (form) {
	case HEADER_FORM_RAW:
		return json_is_string(value) &&
		       field_raw_is_valid(json_view(value));
	case HEADER_FORM_TEXT: return json_is_string(value);
	case HEADER_FORM_ADDRESSES: return is_list(value, is_address);
	case HEADER_FORM_GROUPED_ADDRESSES: return is_list(value, is_group);
	case HEADER_FORM_MESSAGE_IDS: return is_list(value, is_id);
	case HEADER_FORM_DATE: return is_date(value);
	case HEADER_FORM_URLS: return is_list(value, is_id);
	}
	return false;
}

static bool all_fit(json_t *values, enum header_form form)
{
	size_t i;
	json_t *value;
	if (!json_is_array(values))
		return false;
	json_array_foreach (values, i, value)
		if (!fits(value, form))
			return false;
	return true;
}

// ---- Fields ----------------------------------------------------------------

static bool is_there(
    const struct compose_field *fields, size_t count, struct view name)
{
	for (size_t i = 0; i < count; i++)
		if (view_eq_nocase(fields[i].property.field, name))
			return true;
	return false;
}

// A property that is a header field, of the Email or of a part. Null: there is
// no such field. False: it is wrong.
static bool read_field(const char *key, json_t *value, bool of_part,
    struct compose_field *ret_field)
{
	struct view name = view_of_string(key);
	struct header_property *property = &ret_field->property;
	bool known = of_part ? false : header_property_short(name, property);
	if (!known && !header_property_read(name, property))
		return false;
	bool content =
	    view_starts_with_nocase(property->field, VIEW("Content-"));
	if (content != of_part && content)
		return false;
	if (view_eq_nocase(property->field, VIEW("Content-Transfer-Encoding")))
		return false;
	ret_field->value = json_is_null(value) ? NULL : value;
	if (json_is_null(value))
		return true;
	return property->all ? all_fit(value, property->form)
			     : fits(value, property->form);
}

static void read_email_field(
    struct compose *compose, const char *key, json_t *value)
{
	struct compose_field field;
	if (!read_field(key, value, false, &field) ||
	    is_there(compose->fields.items, compose->fields.count,
		field.property.field)) {
		add_wrong(compose, key);
		return;
	}
	if (!field.value)
		return;
	if (view_eq_nocase(field.property.field, VIEW("Date")))
		compose->has_date = true;
	if (view_eq_nocase(field.property.field, VIEW("Message-ID")))
		compose->has_message_id = true;
	// The server writes it (RFC 2045 section 4).
	if (view_eq_nocase(field.property.field, VIEW("MIME-Version")))
		return;
	vec_push(&compose->fields, field);
}

// ---- Parts -----------------------------------------------------------------

static struct compose_part *new_part(struct compose *compose)
{
	struct compose_part *part = arena_zalloc(compose->arena, sizeof(*part));
	part->next = compose->parts;
	compose->parts = part;
	compose->part_count++;
	return part;
}

static bool is_token_char(char c)
{
	return c > ' ' && (unsigned char)c < 0x7f &&
	       view_find_char(VIEW("()<>@,;:\\\"/[]?="), c) == SIZE_MAX;
}

static bool is_token(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_token_char(text.ptr[i]))
			return false;
	return text.len > 0 && text.len <= 127;
}

static bool is_type(struct view type)
{
	struct view major;
	return view_split(&type, '/', &major) && is_token(major) &&
	       is_token(type);
}

static struct view lower(struct arena *arena, struct view text)
{
	char *copy = arena_string(arena, text);
	for (size_t i = 0; i < text.len; i++)
		copy[i] = ascii_lower(copy[i]);
	return view_of(copy, text.len);
}

// A string property of a part, or null.
static bool read_string(json_t *value, struct view *ret_text)
{
	if (json_is_null(value))
		return true;
	if (!json_is_string(value))
		return false;
	*ret_text = json_view(value);
	return true;
}

static bool is_string(json_t *value)
{
	return json_is_string(value) && is_token(json_view(value));
}

// The content of a part is a text of bodyValues (section 4.6).
static bool read_value(
    struct compose *compose, struct compose_part *part, json_t *id)
{
	json_t *value = json_is_string(id) ? json_object_get(compose->values,
						 json_string_value(id))
					   : NULL;
	json_t *text = json_object_get(value, "value");
	if (!json_is_string(text) ||
	    json_is_true(json_object_get(value, "isEncodingProblem")) ||
	    json_is_true(json_object_get(value, "isTruncated")))
		return false;
	part->has_text = true;
	part->text = json_view(text);
	return true;
}

static bool read_member(struct compose *compose, struct compose_part *part,
    const char *key, json_t *value)
{
	struct compose_field field;
	if (strcmp(key, "partId") == 0)
		return json_is_null(value) || read_value(compose, part, value);
	if (strcmp(key, "blobId") == 0)
		return read_string(value, &part->blob_id);
	if (strcmp(key, "size") == 0)
		return json_is_null(value) || json_is_integer(value);
	if (strcmp(key, "type") == 0)
		return read_string(value, &part->type);
	if (strcmp(key, "charset") == 0)
		return read_string(value, &part->charset);
	if (strcmp(key, "disposition") == 0)
		return read_string(value, &part->disposition);
	if (strcmp(key, "name") == 0)
		return read_string(value, &part->name);
	if (strcmp(key, "cid") == 0)
		return read_string(value, &part->cid);
	if (strcmp(key, "location") == 0)
		return read_string(value, &part->location);
	if (strcmp(key, "language") == 0) {
		part->language = json_is_null(value) ? NULL : value;
		return json_is_null(value) || is_list(value, is_string);
	}
	if (strcmp(key, "subParts") == 0)
		return json_is_null(value) || json_is_array(value);
	if (!read_field(key, value, true, &field) ||
	    is_there(
		part->fields.items, part->fields.count, field.property.field))
		return false;
	if (field.value)
		vec_push(&part->fields, field);
	return true;
}

// Two properties for one field: "type" and "header:Content-Type".
static bool says_twice(
    const struct compose *compose, const struct compose_part *part)
{
	static const char *const own[] = {"Content-Type", "Content-Disposition",
	    "Content-ID", "Content-Location", "Content-Language"};
	const bool has[] = {
	    part->type.len > 0 || part->charset.len > 0 || part->name.len > 0,
	    part->disposition.len > 0 || part->name.len > 0, part->cid.len > 0,
	    part->location.len > 0, part->language != NULL};
	for (size_t i = 0; i < part->fields.count; i++) {
		struct view name = part->fields.items[i].property.field;
		for (size_t n = 0; n < ARRAY_LEN(own); n++)
			if (has[n] &&
			    view_eq_nocase(name, view_of_string(own[n])))
				return true;
		if (is_there(
			compose->fields.items, compose->fields.count, name))
			return true;
	}
	return false;
}

// What the members of a part must be together.
static bool is_sound(const struct compose *compose,
    const struct compose_part *part, json_t *json)
{
	bool many = view_starts_with(part->type, VIEW("multipart/"));
	bool has_blob = part->blob_id.len > 0;
	if (!is_type(part->type) || says_twice(compose, part))
		return false;
	if (part->charset.len > 0 && !is_token(part->charset))
		return false;
	if (part->disposition.len > 0 && !is_token(part->disposition))
		return false;
	if (part->cid.len > 0 && !field_id_is_valid(part->cid))
		return false;
	if (many)
		return !has_blob && !part->has_text;
	json_t *subs = json_object_get(json, "subParts");
	if (json_is_array(subs) && json_array_size(subs) > 0)
		return false;
	// The server chooses charset and size of a text (section 4.6).
	if (part->has_text &&
	    (part->charset.len > 0 ||
		json_is_integer(json_object_get(json, "size"))))
		return false;
	return has_blob != part->has_text;
}

// Reads a part and those within it. NULL: it is wrong.
static struct compose_part *read_part(
    struct compose *compose, json_t *json, struct view default_type, int depth)
{
	const char *key;
	json_t *value;
	size_t i;
	if (!json_is_object(json) || depth > COMPOSE_DEPTH_MAX ||
	    compose->part_count >= COMPOSE_PARTS_MAX)
		return NULL;
	struct compose_part *part = new_part(compose);
	json_object_foreach (json, key, value)
		if (!read_member(compose, part, key, value))
			return NULL;
	json_t *subs = json_object_get(json, "subParts");
	if (part->type.len == 0)
		part->type = json_is_array(subs) && json_array_size(subs) > 0
				 ? VIEW("multipart/mixed")
				 : default_type;
	part->type = lower(compose->arena, part->type);
	if (!is_sound(compose, part, json))
		return NULL;
	json_array_foreach (subs, i, value) {
		struct compose_part *sub =
		    read_part(compose, value, VIEW("text/plain"), depth + 1);
		if (!sub)
			return NULL;
		vec_push(&part->subs, sub);
	}
	return part;
}

// ---- textBody, htmlBody, attachments ---------------------------------------

// The one part of textBody or htmlBody; NULL without an error: there is none.
static struct compose_part *read_one(
    struct compose *compose, json_t *email, const char *key, struct view type)
{
	json_t *list = json_object_get(email, key);
	if (!list || json_is_null(list) ||
	    (json_is_array(list) && json_array_size(list) == 0))
		return NULL;
	struct compose_part *part = NULL;
	if (json_is_array(list) && json_array_size(list) == 1)
		part = read_part(compose, json_array_get(list, 0), type, 1);
	if (!part || !view_eq(part->type, type))
		add_wrong(compose, key);
	return part;
}

static struct compose_part *wrap(
    struct compose *compose, struct view type, struct compose_part *first)
{
	struct compose_part *part = new_part(compose);
	part->type = type;
	if (first)
		vec_push(&part->subs, first);
	return part;
}

// A picture that the HTML shows: it belongs beside the HTML.
static bool is_inline(const struct compose_part *part)
{
	return part->cid.len > 0 &&
	       view_eq_nocase(part->disposition, VIEW("inline"));
}

// Pictures of the HTML are in a multipart/related with it (RFC 2387); the text
// is its alternative; the rest is attached to both.
static void assemble(struct compose *compose, struct compose_part *text,
    struct compose_part *html, struct compose_part **attachments, size_t count)
{
	struct compose_part *related = NULL, *body, *mixed = NULL;
	for (size_t i = 0; html && i < count; i++) {
		if (!is_inline(attachments[i]))
			continue;
		if (!related)
			related =
			    wrap(compose, VIEW("multipart/related"), html);
		vec_push(&related->subs, attachments[i]);
	}
	if (related)
		html = related;
	body = text ? text : html;
	if (text && html) {
		body = wrap(compose, VIEW("multipart/alternative"), text);
		vec_push(&body->subs, html);
	}
	for (size_t i = 0; i < count; i++) {
		if (related && is_inline(attachments[i]))
			continue;
		if (!mixed)
			mixed = wrap(compose, VIEW("multipart/mixed"), body);
		vec_push(&mixed->subs, attachments[i]);
	}
	compose->root = mixed ? mixed : body;
}

static void read_bodies(struct compose *compose, json_t *email)
{
	VEC(struct compose_part *) attachments = {0};
	json_t *list = json_object_get(email, "attachments"), *item;
	size_t i;
	if (list && !json_is_null(list) && !json_is_array(list))
		add_wrong(compose, "attachments");
	json_array_foreach (list, i, item) {
		struct compose_part *part = read_part(
		    compose, item, VIEW("application/octet-stream"), 1);
		if (!part) {
			add_wrong(compose, "attachments");
			break;
		}
		vec_push(&attachments, part);
	}
	struct compose_part *text =
	    read_one(compose, email, "textBody", VIEW("text/plain"));
	struct compose_part *html =
	    read_one(compose, email, "htmlBody", VIEW("text/html"));
	assemble(compose, text, html, attachments.items, attachments.count);
	vec_done(&attachments);
}

static bool has(json_t *email, const char *key)
{
	json_t *value = json_object_get(email, key);
	return value && !json_is_null(value);
}

static void read_structure(struct compose *compose, json_t *email)
{
	static const char *const others[] = {
	    "textBody", "htmlBody", "attachments"};
	if (!has(email, "bodyStructure")) {
		read_bodies(compose, email);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (has(email, others[i]))
			add_wrong(compose, others[i]);
	compose->root = read_part(compose,
	    json_object_get(email, "bodyStructure"), VIEW("text/plain"), 1);
	if (!compose->root)
		add_wrong(compose, "bodyStructure");
}

// ---- The Email -------------------------------------------------------------

static bool is_elsewhere(const char *key)
{
	static const char *const names[] = {"mailboxIds", "keywords",
	    "receivedAt", "bodyStructure", "bodyValues", "textBody", "htmlBody",
	    "attachments"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(key, names[i]) == 0)
			return true;
	return false;
}

void compose_read(struct compose *compose, json_t *email)
{
	const char *key;
	json_t *value;
	compose->values = json_object_get(email, "bodyValues");
	if (compose->values && !json_is_null(compose->values) &&
	    !json_is_object(compose->values))
		add_wrong(compose, "bodyValues");
	json_object_foreach (email, key, value)
		if (!is_elsewhere(key))
			read_email_field(compose, key, value);
	read_structure(compose, email);
}
