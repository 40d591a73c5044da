// SPDX-License-Identifier: Apache-2.0
#include "server/sandbox.h"

#include <sys/prctl.h>

void sandbox_need_port(struct sandbox_needs *needs, uint16_t port)
{
	if (needs->connect_count < SANDBOX_PORTS_MAX)
		needs->connect[needs->connect_count++] = port;
}

struct sandbox_state sandbox_enter(const struct sandbox_needs *needs)
{
	struct sandbox_state state = {
	    .no_new_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0};
	if (state.no_new_privileges)
		state.landlock = sandbox_limit_access(needs);
	// Nobody but root may then look into the process, and it leaves no core
	// file with keys and passwords.
	if (!sandbox_allows_helpers)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	// The last, because it forbids the calls that the others need.
	state.seccomp = sandbox_limit_calls();
	return state;
}

struct sandbox_state sandbox_enter_logged(
    const struct sandbox_needs *needs, struct log *log)
{
	struct sandbox_state state = sandbox_enter(needs);
	struct log_line line;
	log_begin(&line, log,
	    state.landlock && state.seccomp ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    "sandbox");
	log_add_u64(&line, "landlock", (uint64_t)state.landlock);
	log_add_string(&line, "seccomp", state.seccomp ? "yes" : "no");
	log_add_string(
	    &line, "no_new_privileges", state.no_new_privileges ? "yes" : "no");
	log_end(&line);
	return state;
}
