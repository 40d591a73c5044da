// SPDX-License-Identifier: Apache-2.0
// The login for PASS and AUTH: opens the maildrop of a user who is known, or
// answers that the login was refused.
#ifndef ROOST_POP3_LOGIN_H
#define ROOST_POP3_LOGIN_H

#include "pop3/impl.h"

// Opens the user's maildrop and enters the TRANSACTION state, or answers why it
// cannot.
enum pop3_step pop3_log_in(
    struct pop3_command *command, const struct auth_user *user);
// Answers that the auth room returned `rc`, which is not RC_OK.
enum pop3_step pop3_refuse_login(struct pop3_command *command, enum rc rc,
    const struct auth_verdict *verdict);
// Called when the session ends.
void pop3_log_out(struct pop3_session *session);

#endif
