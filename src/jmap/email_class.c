// SPDX-License-Identifier: Apache-2.0
// The properties of Email and EmailBodyPart, and what a client wants of them.
#include "jmap/email.h"

#define FIXED (JMAP_SERVER_SET | JMAP_IMMUTABLE)

static const struct jmap_property email_properties[] = {
    [JMAP_EMAIL_ID] = {"id", JMAP_KIND_ID, FIXED},
    [JMAP_EMAIL_BLOB_ID] = {"blobId", JMAP_KIND_ID, FIXED},
    [JMAP_EMAIL_THREAD_ID] = {"threadId", JMAP_KIND_ID, FIXED},
    [JMAP_EMAIL_MAILBOX_IDS] = {"mailboxIds", JMAP_KIND_ID_SET, JMAP_REQUIRED},
    [JMAP_EMAIL_KEYWORDS] = {"keywords", JMAP_KIND_STRING_SET, 0},
    [JMAP_EMAIL_SIZE] = {"size", JMAP_KIND_U64, FIXED},
    [JMAP_EMAIL_RECEIVED_AT] = {"receivedAt", JMAP_KIND_UTC_DATE,
	JMAP_IMMUTABLE},
#define STRINGS(property, name)                                                \
	[property] = {name, JMAP_KIND_STRINGS, JMAP_NULLABLE | JMAP_IMMUTABLE}
    STRINGS(JMAP_EMAIL_MESSAGE_ID, "messageId"),
    STRINGS(JMAP_EMAIL_IN_REPLY_TO, "inReplyTo"),
    STRINGS(JMAP_EMAIL_REFERENCES, "references"),
#define ARRAY(property, name)                                                  \
	[property] = {name, JMAP_KIND_ARRAY, JMAP_NULLABLE | JMAP_IMMUTABLE}
    ARRAY(JMAP_EMAIL_SENDER, "sender"),
    ARRAY(JMAP_EMAIL_FROM, "from"),
    ARRAY(JMAP_EMAIL_TO, "to"),
    ARRAY(JMAP_EMAIL_CC, "cc"),
    ARRAY(JMAP_EMAIL_BCC, "bcc"),
    ARRAY(JMAP_EMAIL_REPLY_TO, "replyTo"),
    [JMAP_EMAIL_SUBJECT] = {"subject", JMAP_KIND_STRING,
	JMAP_NULLABLE | JMAP_IMMUTABLE},
    [JMAP_EMAIL_SENT_AT] = {"sentAt", JMAP_KIND_DATE,
	JMAP_NULLABLE | JMAP_IMMUTABLE},
    [JMAP_EMAIL_HEADERS] = {"headers", JMAP_KIND_ARRAY,
	JMAP_IMMUTABLE | JMAP_ON_REQUEST},
    [JMAP_EMAIL_BODY_STRUCTURE] = {"bodyStructure", JMAP_KIND_OBJECT,
	JMAP_IMMUTABLE | JMAP_ON_REQUEST},
    [JMAP_EMAIL_BODY_VALUES] = {"bodyValues", JMAP_KIND_OBJECT, JMAP_IMMUTABLE},
    [JMAP_EMAIL_TEXT_BODY] = {"textBody", JMAP_KIND_ARRAY, JMAP_IMMUTABLE},
    [JMAP_EMAIL_HTML_BODY] = {"htmlBody", JMAP_KIND_ARRAY, JMAP_IMMUTABLE},
    [JMAP_EMAIL_ATTACHMENTS] = {"attachments", JMAP_KIND_ARRAY, JMAP_IMMUTABLE},
    [JMAP_EMAIL_HAS_ATTACHMENT] = {"hasAttachment", JMAP_KIND_BOOL, FIXED},
    [JMAP_EMAIL_PREVIEW] = {"preview", JMAP_KIND_STRING, FIXED},
};

const struct jmap_class jmap_email_class = {
    "Email", email_properties, ARRAY_LEN(email_properties)};

// `headers` and `subParts` are not among the defaults (section 4.2).
static const struct jmap_property part_properties[] = {
    [JMAP_PART_PART_ID] = {"partId", JMAP_KIND_STRING, JMAP_NULLABLE},
    [JMAP_PART_BLOB_ID] = {"blobId", JMAP_KIND_ID, JMAP_NULLABLE},
    [JMAP_PART_SIZE] = {"size", JMAP_KIND_U64, 0},
    [JMAP_PART_HEADERS] = {"headers", JMAP_KIND_ARRAY, JMAP_ON_REQUEST},
    [JMAP_PART_NAME] = {"name", JMAP_KIND_STRING, JMAP_NULLABLE},
    [JMAP_PART_TYPE] = {"type", JMAP_KIND_STRING, 0},
    [JMAP_PART_CHARSET] = {"charset", JMAP_KIND_STRING, JMAP_NULLABLE},
    [JMAP_PART_DISPOSITION] = {"disposition", JMAP_KIND_STRING, JMAP_NULLABLE},
    [JMAP_PART_CID] = {"cid", JMAP_KIND_STRING, JMAP_NULLABLE},
    [JMAP_PART_LANGUAGE] = {"language", JMAP_KIND_STRINGS, JMAP_NULLABLE},
    [JMAP_PART_LOCATION] = {"location", JMAP_KIND_STRING, JMAP_NULLABLE},
    [JMAP_PART_SUB_PARTS] = {"subParts", JMAP_KIND_ARRAY,
	JMAP_NULLABLE | JMAP_ON_REQUEST},
};

const struct jmap_class jmap_part_class = {
    "EmailBodyPart", part_properties, ARRAY_LEN(part_properties)};

// ---- Wishes ----------------------------------------------------------------

// Each costs a walk over the fields of a header.
#define HEADERS_MAX 256

// Adds it to a list, once. False: an error was answered.
static bool add_header(struct jmap_call *call, struct jmap_header_wish wish,
    struct jmap_header_wish **list, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		if (view_eq((*list)[i].name, wish.name))
			return true;
	if (*count == HEADERS_MAX) {
		jmap_fail(call, JMAP_ERROR_REQUEST_TOO_LARGE,
		    "more than %d properties of the header", HEADERS_MAX);
		return false;
	}
	if (!*list)
		*list = arena_alloc(&call->arena, HEADERS_MAX * sizeof(**list));
	(*list)[(*count)++] = wish;
	return true;
}

// The fields of the header that are wanted, in one list, so that the header is
// read once.
static bool collect_headers(struct jmap_call *call, const struct view *others,
    size_t other_count, struct jmap_email_wishes *wishes)
{
	struct jmap_header_wish wish;
	for (unsigned i = JMAP_EMAIL_MESSAGE_ID; i <= JMAP_EMAIL_SENT_AT; i++) {
		wish.name = view_of_string(email_properties[i].name);
		if (jmap_email_wants(wishes, i) &&
		    header_property_short(wish.name, &wish.of) &&
		    !add_header(
			call, wish, &wishes->headers, &wishes->header_count))
			return false;
	}
	for (size_t i = 0; i < other_count; i++) {
		wish.name = others[i];
		if (header_property_read(others[i], &wish.of) &&
		    !add_header(
			call, wish, &wishes->headers, &wishes->header_count))
			return false;
	}
	return true;
}

static void default_part_wishes(struct jmap_email_wishes *wishes)
{
	for (size_t i = 0; i < JMAP_PART_PROPERTIES; i++)
		if (!(part_properties[i].flags & JMAP_ON_REQUEST))
			wishes->part_wanted |= (uint64_t)1 << i;
}

static bool read_part_wishes(
    struct jmap_call *call, struct jmap_email_wishes *wishes)
{
	struct view *names = NULL;
	size_t count = 0;
	if (!jmap_take_strings(call, "bodyProperties", &names, &count))
		return false;
	if (!names) {
		default_part_wishes(wishes);
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		struct jmap_header_wish wish = {.name = names[i]};
		int number = jmap_property_find(&jmap_part_class, names[i]);
		if (number >= 0) {
			wishes->part_wanted |= (uint64_t)1 << number;
		} else if (header_property_read(names[i], &wish.of)) {
			if (!add_header(call, wish, &wishes->part_headers,
				&wishes->part_header_count))
				return false;
		} else {
			jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
			    "EmailBodyPart has no property '%.*s'",
			    (int)(names[i].len < 100 ? names[i].len : 100),
			    names[i].ptr);
			return false;
		}
	}
	return true;
}

bool jmap_email_wishes_read(struct jmap_call *call, uint64_t wanted,
    const struct view *others, size_t other_count,
    struct jmap_email_wishes *ret_wishes)
{
	bool has_max = false;
	*ret_wishes = (struct jmap_email_wishes){.wanted = wanted};
	return collect_headers(call, others, other_count, ret_wishes) &&
	       read_part_wishes(call, ret_wishes) &&
	       jmap_take_bool(
		   call, "fetchTextBodyValues", &ret_wishes->fetch_text) &&
	       jmap_take_bool(
		   call, "fetchHTMLBodyValues", &ret_wishes->fetch_html) &&
	       jmap_take_bool(
		   call, "fetchAllBodyValues", &ret_wishes->fetch_all) &&
	       jmap_take_u64(
		   call, "maxBodyValueBytes", &has_max, &ret_wishes->max_bytes);
}
