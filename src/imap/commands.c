// SPDX-License-Identifier: Apache-2.0
// The table of all commands (RFC 9051 section 6): where each is allowed, what
// is special about it, and its functions.
#include "imap/commands.h"

#include "base/ascii.h"

#define ANY           (NOT_YET | LOGGED_IN)
#define NOT_YET       IMAP_STATE_NOT_AUTHENTICATED
#define LOGGED_IN     (IMAP_STATE_AUTHENTICATED | IMAP_STATE_SELECTED)
#define SELECTED      IMAP_STATE_SELECTED
#define UID_TOO       IMAP_COMMAND_UID
#define HOLDS_EXPUNGE IMAP_COMMAND_HOLDS_EXPUNGE
#define HEAVY         IMAP_COMMAND_HEAVY
#define SECRET        IMAP_COMMAND_SECRET
#define NO_SYNC       IMAP_COMMAND_NO_SYNC

// Sorted by name.
static const struct imap_command_type command_types[] = {
    {"APPEND", LOGGED_IN, 0, imap_append_begin, NULL, imap_append_end,
	&imap_append_stream},
    {"AUTHENTICATE", NOT_YET, SECRET, imap_authenticate_begin,
	imap_authenticate_resume, imap_authenticate_end, NULL},
    {"CAPABILITY", ANY, 0, imap_capability_begin, NULL, NULL, NULL},
    {"CHECK", SELECTED, IMAP_COMMAND_ASKS_NEWS, imap_check_begin, NULL, NULL,
	NULL},
    {"CLOSE", SELECTED, NO_SYNC, imap_close_begin, NULL, NULL, NULL},
    {"COMPRESS", LOGGED_IN, 0, imap_compress_begin, NULL, NULL, NULL},
    {"COPY", SELECTED, UID_TOO, imap_copy_begin, NULL, NULL, NULL},
    {"CREATE", LOGGED_IN, 0, imap_create_begin, NULL, NULL, NULL},
    {"DELETE", LOGGED_IN, 0, imap_delete_begin, NULL, NULL, NULL},
    {"ENABLE", LOGGED_IN, 0, imap_enable_begin, NULL, NULL, NULL},
    {"EXAMINE", LOGGED_IN, NO_SYNC, imap_examine_begin, imap_select_resume,
	NULL, NULL},
    {"EXPUNGE", SELECTED, UID_TOO, imap_expunge_begin, imap_expunge_resume,
	NULL, NULL},
    {"FETCH", SELECTED, UID_TOO | HOLDS_EXPUNGE, imap_fetch_begin,
	imap_fetch_resume, imap_fetch_end, NULL},
    {"GETJMAPACCESS", LOGGED_IN, 0, imap_getjmapaccess_begin, NULL, NULL, NULL},
    {"ID", ANY, 0, imap_id_begin, NULL, NULL, NULL},
    {"IDLE", LOGGED_IN, 0, imap_idle_begin, imap_idle_resume, NULL, NULL},
    {"LIST", LOGGED_IN, 0, imap_list_begin, imap_list_resume, imap_list_end,
	NULL},
    {"LOGIN", NOT_YET, SECRET, imap_login_begin, imap_login_resume, NULL, NULL},
    {"LOGOUT", ANY, NO_SYNC, imap_logout_begin, NULL, NULL, NULL},
    {"LSUB", LOGGED_IN, 0, imap_lsub_begin, imap_lsub_resume, imap_lsub_end,
	NULL},
    {"MOVE", SELECTED, UID_TOO, imap_move_begin, NULL, NULL, NULL},
    {"NAMESPACE", LOGGED_IN, 0, imap_namespace_begin, NULL, NULL, NULL},
    {"NOOP", ANY, IMAP_COMMAND_ASKS_NEWS, imap_noop_begin, NULL, NULL, NULL},
    {"RENAME", LOGGED_IN, 0, imap_rename_begin, NULL, NULL, NULL},
    {"REPLACE", SELECTED, UID_TOO, imap_replace_begin, NULL, imap_append_end,
	&imap_append_stream},
    {"SEARCH", SELECTED, UID_TOO | HOLDS_EXPUNGE | HEAVY, imap_search_begin,
	imap_search_resume, imap_search_end, NULL},
    {"SELECT", LOGGED_IN, NO_SYNC, imap_select_begin, imap_select_resume, NULL,
	NULL},
    {"SORT", SELECTED, UID_TOO | HOLDS_EXPUNGE | HEAVY, imap_sort_begin,
	imap_sort_resume, imap_sort_end, NULL},
    {"STARTTLS", NOT_YET, 0, imap_starttls_begin, NULL, NULL, NULL},
    {"STATUS", LOGGED_IN, 0, imap_status_begin, NULL, NULL, NULL},
    {"STORE", SELECTED, UID_TOO | HOLDS_EXPUNGE, imap_store_begin,
	imap_store_resume, imap_store_end, NULL},
    {"SUBSCRIBE", LOGGED_IN, 0, imap_subscribe_begin, NULL, NULL, NULL},
    {"THREAD", SELECTED, UID_TOO | HOLDS_EXPUNGE | HEAVY, imap_thread_begin,
	imap_thread_resume, imap_thread_end, NULL},
    {"UNAUTHENTICATE", LOGGED_IN, NO_SYNC, imap_unauthenticate_begin, NULL,
	NULL, NULL},
    {"UNSELECT", SELECTED, NO_SYNC, imap_unselect_begin, NULL, NULL, NULL},
    {"UNSUBSCRIBE", LOGGED_IN, 0, imap_unsubscribe_begin, NULL, NULL, NULL},
};

// Compares a name in any case with one of the table.
static int name_order(struct view name, const char *upper)
{
	for (size_t i = 0; i < name.len; i++) {
		int difference = ascii_upper(name.ptr[i]) - upper[i];
		if (difference != 0) // also when `upper` ends: there is a NUL
			return difference;
	}
	return upper[name.len] == '\0' ? 0 : -1;
}

const struct imap_command_type *imap_command_find(struct view name)
{
	size_t low = 0, high = ARRAY_LEN(command_types);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = name_order(name, command_types[middle].name);
		if (order == 0)
			return &command_types[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
