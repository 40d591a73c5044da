// SPDX-License-Identifier: Apache-2.0
// What all ways to log in and out have in common.
#ifndef ROOST_IMAP_LOGIN_H
#define ROOST_IMAP_LOGIN_H

#include "imap/impl.h"

extern const struct imap_reader_limits imap_limits_before_login;
extern const struct imap_reader_limits imap_limits_after_login;

// Called when the user has proved who it is. Opens the account and ends the
// command, with the capabilities as response code (RFC 9051 section 7.1).
enum imap_step imap_log_in(
    struct imap_command *command, const struct auth_user *user);
// Called when the login failed: answers NO with the response code for the
// verdict.
enum imap_step imap_refuse_login(struct imap_command *command, enum rc rc,
    const struct auth_verdict *verdict);

// Drops everything that the login brought: the view, the account, and what was
// enabled.
void imap_logged_out(struct imap_session *session);

#endif
