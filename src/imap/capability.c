// SPDX-License-Identifier: Apache-2.0
// The capabilities as a table. A name is in it only if everything that it
// promises works.
#include "imap/capability.h"

#include "auth/sasl.h"
#include "imap/login.h"
#include "imap/session.h"

enum when {
	ALWAYS,
	BEFORE_LOGIN,
	AFTER_LOGIN,
	CAN_START_TLS,
	NEEDS_TLS_TO_LOGIN,
	CAN_COMPRESS,
	CAN_UNAUTHENTICATE,
	HAS_JMAP,
};

static const struct {
	const char *name;
	enum when when;
} capabilities[] = {
    {"IMAP4rev2", ALWAYS}, // RFC 9051
    {"IMAP4rev1", ALWAYS}, // RFC 3501
    {"STARTTLS", CAN_START_TLS}, {"LOGINDISABLED", NEEDS_TLS_TO_LOGIN},
    {"SASL-IR", BEFORE_LOGIN}, // RFC 4959
    // Before login only small literals; never both (RFC 7888 section 5).
    {"LITERAL-", BEFORE_LOGIN}, {"LITERAL+", AFTER_LOGIN},
    {"ID", ALWAYS},                         // RFC 2971
    {"ENABLE", ALWAYS},                     // RFC 5161
    {"IDLE", ALWAYS},                       // RFC 2177
    {"NAMESPACE", ALWAYS},                  // RFC 2342
    {"CHILDREN", ALWAYS},                   // RFC 3348
    {"LIST-EXTENDED", ALWAYS},              // RFC 5258
    {"LIST-STATUS", ALWAYS},                // RFC 5819
    {"SPECIAL-USE", ALWAYS},                // RFC 6154
    {"CREATE-SPECIAL-USE", ALWAYS},         // RFC 6154
    {"STATUS=SIZE", ALWAYS},                // RFC 8438
    {"OBJECTID", ALWAYS},                   // RFC 8474
    {"UNSELECT", ALWAYS},                   // RFC 3691
    {"UIDPLUS", ALWAYS},                    // RFC 4315
    {"MULTIAPPEND", ALWAYS},                // RFC 3502
    {"REPLACE", ALWAYS},                    // RFC 8508
    {"BINARY", ALWAYS},                     // RFC 3516
    {"UTF8=ACCEPT", ALWAYS},                // RFC 6855
    {"MOVE", ALWAYS},                       // RFC 6851
    {"CONDSTORE", ALWAYS},                  // RFC 7162
    {"QRESYNC", ALWAYS},                    // RFC 7162
    {"ESEARCH", ALWAYS},                    // RFC 4731
    {"SEARCHRES", ALWAYS},                  // RFC 5182
    {"WITHIN", ALWAYS},                     // RFC 5032
    {"SORT", ALWAYS},                       // RFC 5256
    {"SORT=DISPLAY", ALWAYS},               // RFC 5957
    {"THREAD=ORDEREDSUBJECT", ALWAYS},      // RFC 5256
    {"THREAD=REFERENCES", ALWAYS},          // RFC 5256
    {"SAVEDATE", ALWAYS},                   // RFC 8514
    {"PREVIEW", ALWAYS},                    // RFC 8970
    {"UNAUTHENTICATE", CAN_UNAUTHENTICATE}, // RFC 8437
    {"JMAPACCESS", HAS_JMAP},               // RFC 9698
    {"COMPRESS=DEFLATE", CAN_COMPRESS},     // RFC 4978
};

static bool is_now(struct imap_session *session, enum when when)
{
	bool before = session_is_stranger(&session->base);
	struct auth_channel channel = session_channel(&session->base);
	switch (when) {
	case ALWAYS: return true;
	case BEFORE_LOGIN: return before;
	case AFTER_LOGIN: return !before;
	case CAN_START_TLS:
		return before && !channel.tls &&
		       session->server->base.tls_available;
	case NEEDS_TLS_TO_LOGIN:
		return before && !auth_channel_is_private(&channel);
	case CAN_COMPRESS:
		return !before && session->server->compress &&
		       !session->compressed;
	// The compression could not be ended (RFC 8437 section 4.1).
	case CAN_UNAUTHENTICATE: return !before && !session->compressed;
	// Only after the login (RFC 9698 section 3).
	case HAS_JMAP: return !before && session->server->jmap_url;
	}
	return false;
}

static void write_mechanisms(struct imap_session *session, struct buf *out)
{
	struct auth_channel channel = session_channel(&session->base);
	const char *names[AUTH_SASL_MECHANISMS_MAX];
	size_t count =
	    auth_sasl_mechanisms(session->server->base.auth, &channel, names);
	for (size_t i = 0; i < count; i++) {
		buf_add_literal(out, " AUTH=");
		buf_add_string(out, names[i]);
	}
}

void imap_capability_write(struct imap_session *session, struct buf *out)
{
	buf_add_literal(out, "CAPABILITY");
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++) {
		if (!is_now(session, capabilities[i].when))
			continue;
		buf_add_char(out, ' ');
		buf_add_string(out, capabilities[i].name);
	}
	// RFC 7889 section 2.
	buf_add_literal(out, " APPENDLIMIT=");
	buf_add_u64(out, store_message_max(session->server->store));
	if (session_is_stranger(&session->base))
		write_mechanisms(session, out);
}
