// SPDX-License-Identifier: Apache-2.0
// The methods of each type of object; a table ends with a method without name.
// jmap_NAME_methods is in NAME.c.
#ifndef ROOST_JMAP_METHODS_H
#define ROOST_JMAP_METHODS_H

#include "jmap/call.h"

extern const struct jmap_method jmap_blob_get_methods[];
extern const struct jmap_method jmap_blob_lookup_methods[];
extern const struct jmap_method jmap_blob_upload_methods[];
extern const struct jmap_method jmap_core_methods[];
extern const struct jmap_method jmap_email_changes_methods[];
extern const struct jmap_method jmap_email_get_methods[];
extern const struct jmap_method jmap_email_import_methods[];
extern const struct jmap_method jmap_email_parse_methods[];
extern const struct jmap_method jmap_email_query_changes_methods[];
extern const struct jmap_method jmap_email_query_methods[];
extern const struct jmap_method jmap_email_set_methods[];
extern const struct jmap_method jmap_identity_methods[];
extern const struct jmap_method jmap_mailbox_changes_methods[];
extern const struct jmap_method jmap_mailbox_methods[];
extern const struct jmap_method jmap_mailbox_query_methods[];
extern const struct jmap_method jmap_mailbox_set_methods[];
extern const struct jmap_method jmap_mdn_methods[];
extern const struct jmap_method jmap_push_methods[];
extern const struct jmap_method jmap_quota_methods[];
extern const struct jmap_method jmap_snippet_methods[];
extern const struct jmap_method jmap_submission_methods[];
extern const struct jmap_method jmap_thread_methods[];
extern const struct jmap_method jmap_vacation_methods[];

#endif
