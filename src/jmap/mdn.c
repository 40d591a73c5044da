// SPDX-License-Identifier: Apache-2.0
// The type MDN, and its methods.
#include "jmap/mdn.h"

#include "jmap/impl.h"
#include "jmap/methods.h"
#include "wire/content_type.h"
#include "wire/json_read.h"

static const struct jmap_property properties[] = {
    {"forEmailId", JMAP_KIND_ID, JMAP_REQUIRED},
    {"subject", JMAP_KIND_STRING, JMAP_NULLABLE},
    {"textBody", JMAP_KIND_STRING, JMAP_NULLABLE},
    {"includeOriginalMessage", JMAP_KIND_BOOL, 0},
    {"reportingUA", JMAP_KIND_STRING, JMAP_NULLABLE},
    {"disposition", JMAP_KIND_OBJECT, JMAP_REQUIRED},
    {"mdnGateway", JMAP_KIND_STRING, JMAP_NULLABLE | JMAP_SERVER_SET},
    {"originalRecipient", JMAP_KIND_STRING, JMAP_NULLABLE | JMAP_SERVER_SET},
    {"finalRecipient", JMAP_KIND_STRING, JMAP_NULLABLE},
    {"originalMessageId", JMAP_KIND_STRING, JMAP_NULLABLE | JMAP_SERVER_SET},
    {"error", JMAP_KIND_STRINGS, JMAP_NULLABLE | JMAP_SERVER_SET},
    {"extensionFields", JMAP_KIND_OBJECT, JMAP_NULLABLE},
};

const struct jmap_class mdn_class = {"MDN", properties, ARRAY_LEN(properties)};

json_t *mdn_disposition_json(const struct mdn_disposition *disposition)
{
	return json_pack("{s:s, s:s, s:s}", "actionMode",
	    mdn_action_word(disposition->action), "sendingMode",
	    mdn_sending_word(disposition->sending), "type",
	    mdn_type_word(disposition->type));
}

enum rc mdn_disposition_read(
    const json_t *json, struct mdn_disposition *ret_disposition)
{
	struct view action = json_view(json_object_get(json, "actionMode"));
	struct view sending = json_view(json_object_get(json, "sendingMode"));
	struct view type = json_view(json_object_get(json, "type"));
	if (!mdn_action_find(action, &ret_disposition->action) ||
	    !mdn_sending_find(sending, &ret_disposition->sending) ||
	    !mdn_type_find(type, &ret_disposition->type))
		return RC_INVALID;
	json_t *written = mdn_disposition_json(ret_disposition);
	bool same = json_equal(written, json);
	json_decref(written);
	return same ? RC_OK : RC_INVALID;
}

bool mdn_is_report(struct arena *arena, struct view content_type)
{
	struct content_value type;
	struct view kind;
	return content_type_parse(arena, content_type, &type) &&
	       view_eq_nocase(type.type, VIEW("multipart")) &&
	       view_eq_nocase(type.subtype, VIEW("report")) &&
	       content_param_find(arena, &type, VIEW("report-type"), &kind) &&
	       view_eq_nocase(kind, VIEW("disposition-notification"));
}

const struct jmap_method jmap_mdn_methods[] = {
    {"MDN/send", JMAP_CAPABILITY_MDN, JMAP_NEEDS_ACCOUNT | JMAP_CHANGES,
	mdn_send, mdn_send_end},
    {"MDN/parse", JMAP_CAPABILITY_MDN, JMAP_NEEDS_ACCOUNT, mdn_parse_blobs,
	mdn_parse_blobs_end},
    {.name = NULL},
};
