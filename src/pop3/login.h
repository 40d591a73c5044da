// SPDX-License-Identifier: Apache-2.0
// Logging in, for PASS and AUTH: from a user who is known to an open maildrop,
// or the answer to a refusal.
#ifndef ROOST_POP3_LOGIN_H
#define ROOST_POP3_LOGIN_H

#include "pop3/pop3.h"

// Opens the user's maildrop and enters the TRANSACTION state, or says why not.
enum pop3_step pop3_log_in(
    struct pop3_command *command, const struct auth_user *user);
// The auth room gave `rc`, not RC_OK.
enum pop3_step pop3_refuse_login(struct pop3_command *command, enum rc rc,
    const struct auth_verdict *verdict);
// For the session's end.
void pop3_log_out(struct pop3_session *session);

#endif
