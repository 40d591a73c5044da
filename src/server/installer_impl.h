// SPDX-License-Identifier: Apache-2.0
// The steps of `roost setup`; inside the room only. Each step first looks
// whether it is done already, so the command can be run again at any time and
// goes on where it stopped.
//
// This process starts no thread: without a server, each request to the store
// forks (admin/place.h). What needs threads runs in a process of its own, by
// installer_apart().
#ifndef ROOST_SERVER_INSTALLER_IMPL_H
#define ROOST_SERVER_INSTALLER_IMPL_H

#include <jansson.h>

#include "server/config.h"
#include "server/installer.h"

#define INSTALLER_TEXT_MAX 4096
#define INSTALLER_OUT_MAX  32768 // less than a pipe holds (pipe(7))

// How a step ended.
enum installer_end {
	INSTALLER_OK,
	INSTALLER_NOTE,    // nothing is wrong, but this is to be known
	INSTALLER_SKIPPED, // not done, because it was not wanted
	INSTALLER_LATER,   // not complete; the next steps can be done
	INSTALLER_STOP,    // the next steps make no sense
};

// Every failure, the exit code if it ends the command, and what to do. {1} and
// {2} are replaced.
#define INSTALLER_MEND_TABLE(X)                                                \
	X(MEND_ROOT, CLI_REFUSED, "Run it as root: sudo roost setup")          \
	X(MEND_ANSWER, CLI_USAGE, "Give another {1}.")                         \
	X(MEND_CONFIG_WRONG, CLI_USAGE,                                        \
	    "Correct {1}, then run setup again. `roost config check` names "   \
	    "each mistake.")                                                   \
	X(MEND_CONFIG_DOUBT, CLI_PROBLEM,                                      \
	    "Correct that in {1}, then: systemctl restart roost")              \
	X(MEND_CONFIG_DIFFERS, CLI_USAGE,                                      \
	    "This file has settings of yours, so setup does not change it. "   \
	    "Write {1} into it, or give setup the other value.")               \
	X(MEND_CONFIG_WRITE, CLI_FAILED,                                       \
	    "Look at the folder's rights and at the space on the disk.")       \
	X(MEND_PORT_UNIT, CLI_IN_USE,                                          \
	    "If you do not need that service, stop it for good: systemctl "    \
	    "disable --now {1}\nThen run setup again.")                        \
	X(MEND_PORT_PROCESS, CLI_IN_USE,                                       \
	    "Stop that process (kill {1}), or give Roost another port (a "     \
	    "section \"listen\" in the configuration). Then run setup again.") \
	X(MEND_PORT_UNKNOWN, CLI_IN_USE,                                       \
	    "Find the program: ss -ltnp sport = :{1}\nStop it, then run "      \
	    "setup again.")                                                    \
	X(MEND_PORT, CLI_REFUSED,                                              \
	    "Correct the section \"listen\" in the configuration.")            \
	X(MEND_FOLDER, CLI_FAILED,                                             \
	    "Make the system's user and the folder: systemd-sysusers, then "   \
	    "systemd-tmpfiles --create. Or set user in the configuration.")    \
	X(MEND_OWNER, CLI_REFUSED,                                             \
	    "Give it to a user of its own: chown -R roost: {1}\nIf there is "  \
	    "no "                                                              \
	    "such user: systemd-sysusers, or: useradd --system roost")         \
	X(MEND_STORE, CLI_FAILED,                                              \
	    "Correct that, then run setup again: it goes on here.")            \
	X(MEND_RESOLVER, CLI_PROBLEM,                                          \
	    "This machine's DNS resolver does not answer: see "                \
	    "/etc/resolv.conf, and that port 53 is open to the outside.")      \
	X(MEND_NAME, CLI_PROBLEM,                                              \
	    "Add to the zone the address record of {1}: {2}\nWithout it "      \
	    "nobody finds this server.")                                       \
	X(MEND_PTR, CLI_PROBLEM,                                               \
	    "Whoever gave you the address {1} sets its name (PTR record): it " \
	    "must be {2}\nUntil then many servers refuse mail from here.")     \
	X(MEND_RECORD, CLI_PROBLEM, "The zone must have this record: {1}")     \
	X(MEND_PORT_25, CLI_PROBLEM,                                           \
	    "Ask the provider of this machine to open outgoing connections "   \
	    "to port 25; many do that on request. Or let another server send " \
	    "the mail: relay_host (docs/mail-server.md, \"Behind another "     \
	    "server\").")                                                      \
	X(MEND_NOT_STARTED, CLI_FAILED,                                        \
	    "The lines above are the end of the server's log (journalctl -u "  \
	    "roost). Correct what they say, then run setup again.")            \
	X(MEND_BY_HAND, CLI_PROBLEM,                                           \
	    "Start it ({1}), then run setup again for the rest.")              \
	X(MEND_RESTART, CLI_PROBLEM,                                           \
	    "Stop the server and start it again ({1}), then run setup again.") \
	X(MEND_CERTIFICATE, CLI_PROBLEM,                                       \
	    "The authority asks this machine on port 80: the name {1} must "   \
	    "lead here, and no firewall may be in the way. The server goes "   \
	    "on trying; at once: roost certificate renew")                     \
	X(MEND_SELF_SIGNED, CLI_PROBLEM,                                       \
	    "Mail programs warn of it. Write acme = yes into {1} (by this "    \
	    "you agree to the terms of Let's Encrypt), or name a "             \
	    "certificate of your own, then: systemctl restart roost")          \
	X(MEND_PASSWORD, CLI_PROBLEM,                                          \
	    "Run setup again with the right password, or set another one: "    \
	    "roost user passwd {1}")                                           \
	X(MEND_NOT_SENT, CLI_PROBLEM,                                          \
	    "See the server's log: journalctl -u roost; and: roost doctor")    \
	X(MEND_NOT_ARRIVED, CLI_PROBLEM,                                       \
	    "See where it waits: roost queue list; where it goes: roost "      \
	    "route {1}; and the server's log: journalctl -u roost")

enum installer_mend {
#define X(id, exit, text) id,
	INSTALLER_MEND_TABLE(X)
#undef X
};

struct installer {
	const struct cli_call *call;
	const struct config *config; // as it was read at the start
	// The configuration as the server will have it.
	struct cli_place place;
	const char *config_path;
	bool config_exists;
	bool config_is_set; // it has settings, so it is somebody's
	// What the file says for itself; "": nothing.
	const char *config_host;
	const char *config_postmaster;
	bool config_acme;
	bool terminal; // a person can be asked
	bool patient;  // waiting is wanted
	// The answers.
	const char *host;
	const char *domain;    // A-labels
	const char *user;      // as the server knows it
	const char *address;   // of the user
	const char *new_names; // "host, domain": not in the file
	bool acme;
	bool domain_exists;
	bool user_exists;
	char password[1100]; // "": unknown
	bool generated;
	bool config_written; // in this run
	bool was_restarted;
	bool in_use; // the server answers
	bool dns_is_good;
	bool certificate_is_good;
	const char *step;
	unsigned problems;
	enum cli_exit stop_code;
	struct arena arena;
};

// A step's table row. `look` may be NULL; it returns true, after it has said
// so, if there is nothing to do.
struct installer_step {
	const char *name;
	bool (*look)(struct installer *in);
	enum installer_end (*act)(struct installer *in);
};

// Prints a line about the present step. The end INSTALLER_LATER is "wait".
void installer_say(struct installer *in, enum installer_end end,
    const char *format, ...) PRINTF_LIKE(3, 4);
// Prints that the step failed, and how to mend it, and returns `end`. With
// INSTALLER_NOTE it is only something to know.
enum installer_end installer_fail(struct installer *in, enum installer_end end,
    enum installer_mend mend, const char *one, const char *two,
    const char *format, ...) PRINTF_LIKE(6, 7);
// Prints a line below the last one.
void installer_more(struct view text);
const char *installer_text(struct installer *in, const char *format, ...)
    PRINTF_LIKE(2, 3);

// Asks the store, by the server if one runs. Nothing is printed.
MUST_CHECK enum rc installer_ask(struct installer *in, json_t *request,
    void (*note)(void *context, const json_t *message), void *context,
    struct fault *fault, json_t **ret_answer);
json_t *installer_request(const char *verb, const char *key, const char *text);

// Waits for some seconds. At a terminal, a line ends the wait; false: it says
// that waiting is to end.
bool installer_wait(unsigned seconds);

// Runs a program and gives what it printed. Returns its exit code; -1: it could
// not be started.
int installer_program(const char *const argv[], struct buf *out);
// Runs `work` in another process, which may start threads. Gives what it wrote
// to `out`, and returns its result; -1: it ended before its time.
int installer_apart(struct installer *in,
    int (*work)(struct installer *in, struct buf *out), struct buf *out);

// ---- installer_answers.c ---------------------------------------------------

bool installer_read_file(struct installer *in, struct buf *text);
enum installer_end installer_answers(struct installer *in);

// ---- The steps -------------------------------------------------------------

bool installer_config_look(struct installer *in);
enum installer_end installer_config_act(struct installer *in);
bool installer_ports_look(struct installer *in);
enum installer_end installer_ports_act(struct installer *in);
bool installer_restart_look(struct installer *in);
enum installer_end installer_restart_act(struct installer *in);
bool installer_folder_look(struct installer *in);
enum installer_end installer_folder_act(struct installer *in);
bool installer_domain_look(struct installer *in);
enum installer_end installer_domain_act(struct installer *in);
bool installer_user_look(struct installer *in);
enum installer_end installer_user_act(struct installer *in);
bool installer_keys_look(struct installer *in);
enum installer_end installer_keys_act(struct installer *in);
enum installer_end installer_check_act(struct installer *in);
enum installer_end installer_records_act(struct installer *in);
enum installer_end installer_port25_act(struct installer *in);
bool installer_service_look(struct installer *in);
enum installer_end installer_service_act(struct installer *in);
enum installer_end installer_certificate_act(struct installer *in);
enum installer_end installer_mail_act(struct installer *in);
enum installer_end installer_programs_act(struct installer *in);

// How the server is started without a service manager.
const char *installer_by_hand(struct installer *in);
bool installer_has_systemd(void);

#endif
