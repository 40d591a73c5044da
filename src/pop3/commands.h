// SPDX-License-Identifier: Apache-2.0
// The commands: commands.c has the table of them, and cmd_*.c their functions.
#ifndef ROOST_POP3_COMMANDS_H
#define ROOST_POP3_COMMANDS_H

#include "pop3/impl.h"

// Finds a command by name, in any case; NULL if there is none.
const struct pop3_command_type *pop3_command_find(struct view name);

enum pop3_step pop3_auth_begin(struct pop3_command *command);
enum pop3_step pop3_auth_resume(struct pop3_command *command);
void pop3_auth_end(struct pop3_command *command);
enum pop3_step pop3_capa_begin(struct pop3_command *command);
enum pop3_step pop3_dele_begin(struct pop3_command *command);
enum pop3_step pop3_lang_begin(struct pop3_command *command);
enum pop3_step pop3_list_begin(struct pop3_command *command);
enum pop3_step pop3_list_resume(struct pop3_command *command);
enum pop3_step pop3_noop_begin(struct pop3_command *command);
enum pop3_step pop3_pass_begin(struct pop3_command *command);
enum pop3_step pop3_pass_resume(struct pop3_command *command);
enum pop3_step pop3_quit_begin(struct pop3_command *command);
enum pop3_step pop3_retr_begin(struct pop3_command *command);
enum pop3_step pop3_retr_resume(struct pop3_command *command);
void pop3_retr_end(struct pop3_command *command);
enum pop3_step pop3_rset_begin(struct pop3_command *command);
enum pop3_step pop3_stat_begin(struct pop3_command *command);
enum pop3_step pop3_stls_begin(struct pop3_command *command);
enum pop3_step pop3_top_begin(struct pop3_command *command);
enum pop3_step pop3_uidl_begin(struct pop3_command *command);
enum pop3_step pop3_uidl_resume(struct pop3_command *command);
enum pop3_step pop3_user_begin(struct pop3_command *command);
enum pop3_step pop3_utf8_begin(struct pop3_command *command);

#endif
