// SPDX-License-Identifier: Apache-2.0
// All methods, by name.
#include "jmap/methods.h"
#include "jmap/impl.h"

static const struct jmap_method *const tables[] = {
    jmap_blob_get_methods,
    jmap_blob_lookup_methods,
    jmap_blob_upload_methods,
    jmap_core_methods,
    jmap_email_changes_methods,
    jmap_email_get_methods,
    jmap_email_import_methods,
    jmap_email_parse_methods,
    jmap_email_query_changes_methods,
    jmap_email_query_methods,
    jmap_email_set_methods,
    jmap_identity_methods,
    jmap_mailbox_changes_methods,
    jmap_mailbox_methods,
    jmap_mailbox_query_methods,
    jmap_mailbox_set_methods,
    jmap_mdn_methods,
    jmap_push_methods,
    jmap_quota_methods,
    jmap_snippet_methods,
    jmap_submission_methods,
    jmap_thread_methods,
    jmap_vacation_methods,
};

const struct jmap_method *jmap_method_find(struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (const struct jmap_method *m = tables[i]; m->name; m++)
			if (view_eq(name, view_of_string(m->name)))
				return m;
	return NULL;
}
