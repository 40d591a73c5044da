// SPDX-License-Identifier: Apache-2.0
// The functions of all commands, each in cmd_<name>.c; commands.c makes the
// table of them.
#ifndef ROOST_IMAP_COMMANDS_H
#define ROOST_IMAP_COMMANDS_H

#include "imap/impl.h"

// Any state.
enum imap_step imap_capability_begin(struct imap_command *command);
enum imap_step imap_noop_begin(struct imap_command *command);
enum imap_step imap_logout_begin(struct imap_command *command);
enum imap_step imap_id_begin(struct imap_command *command);

// Before login.
enum imap_step imap_starttls_begin(struct imap_command *command);
enum imap_step imap_login_begin(struct imap_command *command);
enum imap_step imap_login_resume(struct imap_command *command);
enum imap_step imap_authenticate_begin(struct imap_command *command);
enum imap_step imap_authenticate_resume(struct imap_command *command);
void imap_authenticate_end(struct imap_command *command);

// After login.
enum imap_step imap_enable_begin(struct imap_command *command);
enum imap_step imap_unauthenticate_begin(struct imap_command *command);
enum imap_step imap_compress_begin(struct imap_command *command);
enum imap_step imap_select_begin(struct imap_command *command);
enum imap_step imap_examine_begin(struct imap_command *command);
enum imap_step imap_select_resume(struct imap_command *command);
enum imap_step imap_create_begin(struct imap_command *command);
enum imap_step imap_delete_begin(struct imap_command *command);
enum imap_step imap_rename_begin(struct imap_command *command);
enum imap_step imap_subscribe_begin(struct imap_command *command);
enum imap_step imap_unsubscribe_begin(struct imap_command *command);
enum imap_step imap_list_begin(struct imap_command *command);
enum imap_step imap_list_resume(struct imap_command *command);
void imap_list_end(struct imap_command *command);
enum imap_step imap_lsub_begin(struct imap_command *command);
enum imap_step imap_lsub_resume(struct imap_command *command);
void imap_lsub_end(struct imap_command *command);
enum imap_step imap_getjmapaccess_begin(struct imap_command *command);
enum imap_step imap_namespace_begin(struct imap_command *command);
enum imap_step imap_status_begin(struct imap_command *command);
enum imap_step imap_append_begin(struct imap_command *command);
void imap_append_end(struct imap_command *command);
extern const struct imap_stream_ops imap_append_stream; // REPLACE's too
enum imap_step imap_idle_begin(struct imap_command *command);
enum imap_step imap_idle_resume(struct imap_command *command);

// With a mailbox selected.
enum imap_step imap_check_begin(struct imap_command *command);
enum imap_step imap_close_begin(struct imap_command *command);
enum imap_step imap_unselect_begin(struct imap_command *command);
enum imap_step imap_replace_begin(struct imap_command *command);

// With a mailbox selected: on its messages.
enum imap_step imap_fetch_begin(struct imap_command *command);
enum imap_step imap_fetch_resume(struct imap_command *command);
void imap_fetch_end(struct imap_command *command);
enum imap_step imap_store_begin(struct imap_command *command);
enum imap_step imap_store_resume(struct imap_command *command);
void imap_store_end(struct imap_command *command);
enum imap_step imap_search_begin(struct imap_command *command);
enum imap_step imap_search_resume(struct imap_command *command);
void imap_search_end(struct imap_command *command);
enum imap_step imap_sort_begin(struct imap_command *command);
enum imap_step imap_sort_resume(struct imap_command *command);
void imap_sort_end(struct imap_command *command);
enum imap_step imap_thread_begin(struct imap_command *command);
enum imap_step imap_thread_resume(struct imap_command *command);
void imap_thread_end(struct imap_command *command);
enum imap_step imap_expunge_begin(struct imap_command *command);
enum imap_step imap_expunge_resume(struct imap_command *command);
enum imap_step imap_copy_begin(struct imap_command *command);
enum imap_step imap_move_begin(struct imap_command *command);

#endif
