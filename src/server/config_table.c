// SPDX-License-Identifier: Apache-2.0
#include "server/config_table.h"

#include <stddef.h>

static const char *const level_words[] = {
    "debug", "info", "warn", "error", NULL};
static const char *const format_words[] = {"auto", "text", "journal", NULL};
static const char *const tls_words[] = {"starttls", "implicit", "none", NULL};

#define NUMBER(n, low, high, u, d, h)                                          \
	{                                                                      \
		.name = #n, .kind = SETTING_NUMBER,                            \
		.offset = offsetof(struct config, n), .min = low, .max = high, \
		.unit = u, .initial = d, .help = h                             \
	}
#define SWITCH(n, d, h)                                                        \
	{                                                                      \
		.name = #n, .kind = SETTING_SWITCH,                            \
		.offset = offsetof(struct config, n), .initial = d, .help = h  \
	}
#define CHOICE(n, w, d, h)                                                     \
	{                                                                      \
		.name = #n, .kind = SETTING_CHOICE,                            \
		.offset = offsetof(struct config, n), .words = w,              \
		.initial = d, .help = h                                        \
	}
#define KIND(n, k, d, h)                                                       \
	{                                                                      \
		.name = #n, .kind = k, .offset = offsetof(struct config, n),   \
		.initial = d, .help = h                                        \
	}
#define TEXT(n, d, h) KIND(n, SETTING_TEXT, d, h)

// clang-format off
const struct setting config_settings[] = {
    KIND(data, SETTING_FOLDER, "/var/lib/roost",
	"The data folder: all mail and all users."),
    KIND(user, SETTING_USER, "",
	"The system's user to run as when started as root, who owns the data\n"
	"folder. Empty: whoever starts the server."),
    TEXT(server_name, "",
	"The name that mail programs know this server by. Empty: the host's."),
    CHOICE(log_level, level_words, "info",
	"The least that is logged."),
    CHOICE(log_format, format_words, "auto",
	"\"journal\" leaves out the time and adds systemd's priorities; \"auto\"\n"
	"does so when the journal reads standard error."),
    SWITCH(sandbox, "yes",
	"Whether the server shuts itself in once it has started: no program\n"
	"can be run by it, and it reaches nothing but its data folder and\n"
	"its certificates."),
    SWITCH(plain_on_loopback, "no",
	"Whether passwords may go without TLS over loopback addresses."),
    SWITCH(compress, "yes",
	"Whether COMPRESS=DEFLATE is offered."),
    SWITCH(scram_sha1, "no",
	"Whether SCRAM-SHA-1 is offered, and keys for it are kept of passwords\n"
	"that are set from now on."),
    NUMBER(threads, 1, 1024, NULL, "16",
	"Threads that run sessions. One that waits for the disk counts."),
    NUMBER(max_connections, 1, 1000000, NULL, "20000",
	"Connections at a time."),
    NUMBER(max_per_address, 0, 1000000, NULL, "0",
	"Connections at a time from one address (IPv6: one /64). 0: any."),
    NUMBER(handshake_seconds, 1, 3600, "seconds", "30",
	"Time that a TLS handshake may take."),
    NUMBER(stall_seconds, 1, 86400, "seconds", "300",
	"Time after which a client that reads nothing is cut off."),
    NUMBER(stop_seconds, 0, 3600, "seconds", "10",
	"Time that the last words of all sessions may take when the server\n"
	"stops."),
    NUMBER(auth_cache_entries, 1, 16777216, NULL, "16384",
	"Log-ins remembered, so that the next one costs no password hash."),
    NUMBER(auth_address_failures, 1, 1000000, NULL, "20",
	"Failed log-ins from one address, other than loopback, after which\n"
	"further ones are refused for a while."),
    NUMBER(auth_user_failures, 1, 1000000, NULL, "100",
	"Failed log-ins of one user after which further ones, from where the\n"
	"user has not come from lately, are refused for a while."),
    NUMBER(auth_window_seconds, 1, 86400, "seconds", "600",
	"That while."),
    NUMBER(message_max_mib, 1, 1024, "MiB", "100",
	"The longest message."),
    NUMBER(quota_mib, 0, 4294967295, "MiB", "0",
	"All messages of one user. 0: any."),
    NUMBER(quota_messages, 0, 4294967295, NULL, "0",
	"Messages that one user may have. 0: any."),
    NUMBER(tombstones_max, 100, 10000000, NULL, "10000",
	"Expunged messages remembered for each mailbox, for mail programs that\n"
	"come back (QRESYNC)."),
    NUMBER(cache_mib, 1, 1048576, "MiB", "64",
	"Memory for what was read from the database."),
    NUMBER(write_buffer_mib, 1, 4096, "MiB", "32",
	"Memory for what is to be written to it."),
    {0},
};

const struct setting config_listen_settings[] = {
    {.name = "address", .kind = SETTING_ADDRESSES, .initial = "\"*\"",
	.help = "IPv4 and IPv6 addresses; \"*\": all of this machine."},
    {.name = "port", .kind = SETTING_NUMBER, .min = 1, .max = 65535,
	.initial = "143",
	.offset = offsetof(struct config_listener, port),
	.help = "The TCP port."},
    {.name = "tls", .kind = SETTING_CHOICE, .words = tls_words,
	.offset = offsetof(struct config_listener, tls), .initial = "starttls",
	.help = "\"starttls\": plain until the client asks for TLS;\n"
		"\"implicit\": TLS from the first byte; \"none\"."},
    {0},
};

const struct setting config_certificate_settings[] = {
    {.name = "certificate", .kind = SETTING_FILE,
	.initial = "/etc/roost/certificate.pem",
	.offset = offsetof(struct net_tls_pair, certificate_path),
	.help = "PEM: the certificate, and its chain behind it."},
    {.name = "key", .kind = SETTING_FILE,
	.initial = "/etc/roost/key.pem",
	.offset = offsetof(struct net_tls_pair, key_path),
	.help = "PEM: its private key."},
    {0},
};
// clang-format on
