// SPDX-License-Identifier: Apache-2.0
// The administration's commands, for the program's table of commands.
#ifndef ROOST_ADMIN_COMMANDS_H
#define ROOST_ADMIN_COMMANDS_H

#include "admin/cli.h"

extern const struct cli_command admin_commands[]; // ends with a NULL name

enum cli_exit cmd_user_add(const struct cli_call *call);
enum cli_exit cmd_user_passwd(const struct cli_call *call);
enum cli_exit cmd_user_list(const struct cli_call *call);
enum cli_exit cmd_user_disable(const struct cli_call *call);
enum cli_exit cmd_user_enable(const struct cli_call *call);
enum cli_exit cmd_user_remove(const struct cli_call *call);
enum cli_exit cmd_user_import(const struct cli_call *call);
enum cli_exit cmd_user_detail(const struct cli_call *call);
enum cli_exit cmd_user_sessions(const struct cli_call *call);
enum cli_exit cmd_user_kick(const struct cli_call *call);
enum cli_exit cmd_user_sending(const struct cli_call *call);
enum cli_exit cmd_user_logins(const struct cli_call *call);
enum cli_exit cmd_user_credentials(const struct cli_call *call);
enum cli_exit cmd_user_revoke(const struct cli_call *call);
enum cli_exit cmd_user_app_password(const struct cli_call *call);
enum cli_exit cmd_domain_add(const struct cli_call *call);
enum cli_exit cmd_domain_set(const struct cli_call *call);
enum cli_exit cmd_domain_remove(const struct cli_call *call);
enum cli_exit cmd_domain_list(const struct cli_call *call);
enum cli_exit cmd_domain_check(const struct cli_call *call);
enum cli_exit cmd_alias_add(const struct cli_call *call);
enum cli_exit cmd_alias_remove(const struct cli_call *call);
enum cli_exit cmd_alias_list(const struct cli_call *call);
enum cli_exit cmd_dkim_new(const struct cli_call *call);
enum cli_exit cmd_dkim_list(const struct cli_call *call);
enum cli_exit cmd_dkim_dns(const struct cli_call *call);
enum cli_exit cmd_dkim_remove(const struct cli_call *call);
enum cli_exit cmd_route(const struct cli_call *call);
enum cli_exit cmd_import_maildir(const struct cli_call *call);
enum cli_exit cmd_import_mbox(const struct cli_call *call);
enum cli_exit cmd_import_eml(const struct cli_call *call);
enum cli_exit cmd_export_maildir(const struct cli_call *call);
enum cli_exit cmd_queue_list(const struct cli_call *call);
enum cli_exit cmd_queue_show(const struct cli_call *call);
enum cli_exit cmd_queue_retry(const struct cli_call *call);
enum cli_exit cmd_queue_hold(const struct cli_call *call);
enum cli_exit cmd_queue_release(const struct cli_call *call);
enum cli_exit cmd_queue_remove(const struct cli_call *call);
enum cli_exit cmd_undelete(const struct cli_call *call);
enum cli_exit cmd_backup(const struct cli_call *call);
enum cli_exit cmd_backup_list(const struct cli_call *call);
enum cli_exit cmd_backup_verify(const struct cli_call *call);
enum cli_exit cmd_restore(const struct cli_call *call);
enum cli_exit cmd_check(const struct cli_call *call);
enum cli_exit cmd_repair(const struct cli_call *call);
enum cli_exit cmd_trace(const struct cli_call *call);
enum cli_exit cmd_certificate_list(const struct cli_call *call);
enum cli_exit cmd_certificate_renew(const struct cli_call *call);
enum cli_exit cmd_status(const struct cli_call *call);
enum cli_exit cmd_metrics(const struct cli_call *call);
// The part of `roost doctor` that tests an account (--account).
enum cli_exit cmd_doctor_account(const struct cli_call *call);

#endif
