// SPDX-License-Identifier: Apache-2.0
// The table of all commands: the states in which each is allowed, its
// arguments, and its functions. There is no APOP, because it needs passwords
// stored in plain text.
#include "pop3/commands.h"

#define BEFORE   POP3_STATE_AUTHORIZATION
#define AFTER    POP3_STATE_TRANSACTION
#define BOTH     (BEFORE | AFTER)
#define SECRET   POP3_COMMAND_SECRET
#define VERBATIM POP3_COMMAND_VERBATIM
#define MESSAGE  POP3_COMMAND_MESSAGE
#define NONE     POP3_ARGUMENTS_NONE
#define OPTIONAL POP3_ARGUMENTS_OPTIONAL
#define SOME     POP3_ARGUMENTS_SOME

static const struct pop3_command_type command_types[] = {
    {"RETR", AFTER, MESSAGE, SOME, pop3_retr_begin, pop3_retr_resume,
	pop3_retr_end},
    {"DELE", AFTER, 0, SOME, pop3_dele_begin, NULL, NULL},
    {"TOP", AFTER, MESSAGE, SOME, pop3_top_begin, pop3_retr_resume,
	pop3_retr_end},
    {"UIDL", AFTER, 0, OPTIONAL, pop3_uidl_begin, pop3_uidl_resume, NULL},
    {"LIST", AFTER, 0, OPTIONAL, pop3_list_begin, pop3_list_resume, NULL},
    {"STAT", AFTER, 0, NONE, pop3_stat_begin, NULL, NULL},
    {"NOOP", AFTER, 0, NONE, pop3_noop_begin, NULL, NULL},
    {"RSET", AFTER, 0, NONE, pop3_rset_begin, NULL, NULL},
    {"CAPA", BOTH, 0, NONE, pop3_capa_begin, NULL, NULL},
    {"QUIT", BOTH, 0, NONE, pop3_quit_begin, NULL, NULL},
    {"USER", BEFORE, VERBATIM, SOME, pop3_user_begin, NULL, NULL},
    {"PASS", BEFORE, SECRET | VERBATIM, SOME, pop3_pass_begin, pop3_pass_resume,
	NULL},
    {"AUTH", BEFORE, SECRET, OPTIONAL, pop3_auth_begin, pop3_auth_resume,
	pop3_auth_end},
    {"STLS", BEFORE, 0, NONE, pop3_stls_begin, NULL, NULL},
    {"UTF8", BEFORE, 0, NONE, pop3_utf8_begin, NULL, NULL},
    {"LANG", BOTH, 0, OPTIONAL, pop3_lang_begin, NULL, NULL},
};

const struct pop3_command_type *pop3_command_find(struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(command_types); i++) {
		const struct pop3_command_type *type = &command_types[i];
		if (view_eq_nocase(name, view_of_string(type->name)))
			return type;
	}
	return NULL;
}
