// SPDX-License-Identifier: Apache-2.0
#include "jmap/header_form.h"

#include "wire/field_write.h"

static const struct {
	const char *name;
	enum header_form form;
} forms[] = {
    {"asText", HEADER_FORM_TEXT},
    {"asAddresses", HEADER_FORM_ADDRESSES},
    {"asGroupedAddresses", HEADER_FORM_GROUPED_ADDRESSES},
    {"asMessageIds", HEADER_FORM_MESSAGE_IDS},
    {"asDate", HEADER_FORM_DATE},
    {"asURLs", HEADER_FORM_URLS},
};

// What a field can be besides raw, of all that RFC 5322 and RFC 2369 define. A
// field that they do not define can be anything.
enum {
	RAW_ONLY = 0,
	TEXT = 1 << HEADER_FORM_TEXT,
	ADDRESSES =
	    1 << HEADER_FORM_ADDRESSES | 1 << HEADER_FORM_GROUPED_ADDRESSES,
	IDS = 1 << HEADER_FORM_MESSAGE_IDS,
	DATE = 1 << HEADER_FORM_DATE,
	URLS = 1 << HEADER_FORM_URLS,
};

static const struct {
	const char *name;
	unsigned forms; // bits
} fields[] = {
    {"Subject", TEXT},
    {"Comments", TEXT},
    {"Keywords", TEXT},
    {"From", ADDRESSES},
    {"Sender", ADDRESSES},
    {"Reply-To", ADDRESSES},
    {"To", ADDRESSES},
    {"Cc", ADDRESSES},
    {"Bcc", ADDRESSES},
    {"Resent-From", ADDRESSES},
    {"Resent-Sender", ADDRESSES},
    {"Resent-Reply-To", ADDRESSES},
    {"Resent-To", ADDRESSES},
    {"Resent-Cc", ADDRESSES},
    {"Resent-Bcc", ADDRESSES},
    {"Message-ID", IDS},
    {"In-Reply-To", IDS},
    {"References", IDS},
    {"Resent-Message-ID", IDS},
    {"Date", DATE},
    {"Resent-Date", DATE},
    {"Return-Path", RAW_ONLY},
    {"Received", RAW_ONLY},
    {"List-Help", URLS},
    {"List-Unsubscribe", URLS},
    {"List-Subscribe", URLS},
    {"List-Post", URLS},
    {"List-Owner", URLS},
    {"List-Archive", URLS},
};

// Whether the field can have the form.
static bool fits(struct view field, enum header_form form)
{
	if (form == HEADER_FORM_RAW)
		return true;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (view_eq_nocase(field, view_of_string(fields[i].name)))
			return fields[i].forms >> form & 1;
	return true;
}

static bool find_form(struct view name, enum header_form *ret_form)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (view_eq(name, view_of_string(forms[i].name))) {
			*ret_form = forms[i].form;
			return true;
		}
	return false;
}

bool header_property_read(
    struct view name, struct header_property *ret_property)
{
	struct view part;
	struct header_property property = {.form = HEADER_FORM_RAW};
	if (view_ends_with(name, VIEW(":")) || !view_split(&name, ':', &part) ||
	    !view_eq(part, VIEW("header")) ||
	    !view_split(&name, ':', &property.field) ||
	    !field_name_is_valid(property.field))
		return false;
	bool more = view_split(&name, ':', &part);
	if (more && find_form(part, &property.form) &&
	    property.form != HEADER_FORM_RAW)
		more = view_split(&name, ':', &part);
	if (more) {
		if (!view_eq(part, VIEW("all")))
			return false;
		property.all = true;
		more = view_split(&name, ':', &part);
	}
	if (more || !fits(property.field, property.form))
		return false;
	*ret_property = property;
	return true;
}

static const struct {
	const char *name;
	const char *field;
	enum header_form form;
} shorts[] = {
    {"messageId", "Message-ID", HEADER_FORM_MESSAGE_IDS},
    {"inReplyTo", "In-Reply-To", HEADER_FORM_MESSAGE_IDS},
    {"references", "References", HEADER_FORM_MESSAGE_IDS},
    {"sender", "Sender", HEADER_FORM_ADDRESSES},
    {"from", "From", HEADER_FORM_ADDRESSES},
    {"to", "To", HEADER_FORM_ADDRESSES},
    {"cc", "Cc", HEADER_FORM_ADDRESSES},
    {"bcc", "Bcc", HEADER_FORM_ADDRESSES},
    {"replyTo", "Reply-To", HEADER_FORM_ADDRESSES},
    {"subject", "Subject", HEADER_FORM_TEXT},
    {"sentAt", "Date", HEADER_FORM_DATE},
};

bool header_property_short(
    struct view name, struct header_property *ret_property)
{
	for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++)
		if (view_eq(name, view_of_string(shorts[i].name))) {
			*ret_property = (struct header_property){
			    .field = view_of_string(shorts[i].field),
			    .form = shorts[i].form};
			return true;
		}
	return false;
}
