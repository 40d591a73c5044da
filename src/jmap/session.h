// SPDX-License-Identifier: Apache-2.0
// The paths of the room, and what each capability says of itself in the Session
// object: functions that write members of an object.
#ifndef ROOST_JMAP_SESSION_H
#define ROOST_JMAP_SESSION_H

#include "jmap/jmap.h"
#include "wire/json_text.h"

#define JMAP_PATH_SESSION   "/jmap/session"
#define JMAP_PATH_API       "/jmap/api"
#define JMAP_PATH_UPLOAD    "/jmap/upload/"
#define JMAP_PATH_DOWNLOAD  "/jmap/download/"
#define JMAP_PATH_EVENTS    "/jmap/events"
#define JMAP_PATH_WEBSOCKET "/jmap/ws"

// urn:ietf:params:jmap:mail (RFC 8621 section 1.3.1); mail.c.
void jmap_mail_capability(const struct jmap *jmap, struct json_text *out);
// urn:ietf:params:jmap:blob (RFC 9404 section 3.1); blob_get.c.
void jmap_blob_capability(const struct jmap *jmap, struct json_text *out);

// urn:ietf:params:jmap:submission (RFC 8621 section 1.3.2); submission.c.
void jmap_submission_capability(const struct jmap *jmap, struct json_text *out);

#endif
