// SPDX-License-Identifier: Apache-2.0
#include "server/config_table.h"

#include <stddef.h>

static const char *const level_words[] = {
    "debug", "info", "warn", "error", NULL};
static const char *const format_words[] = {"auto", "text", "journal", NULL};
static const char *const tls_words[] = {"starttls", "implicit", "none", NULL};
static const char *const protocol_words[] = {
    "imap", "pop3", "smtp", "submission", "lmtp", "http", NULL};
static const char *const line_end_words[] = {"refuse", "normalize", NULL};
static const char *const challenge_words[] = {
    "auto", "http-01", "tls-alpn-01", NULL};
static const char *const relay_tls_words[] = {
    "required", "opportunistic", "none", NULL};

const char *config_protocol_word(enum config_protocol protocol)
{
	return protocol == CONFIG_METRICS ? "metrics"
					  : protocol_words[protocol];
}

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
	"folder. Empty: the owner of the data folder."),
    KIND(server_name, SETTING_NAME, "",
	"The name that mail programs and other servers know this server by,\n"
	"with its domain. Empty: the host's."),
    TEXT(postmaster, "",
	"The user, or the address, who gets mail to \"postmaster\" in every\n"
	"domain that has no such alias. A server of mail has to have one."),
    CHOICE(log_level, level_words, "info",
	"The least that is logged."),
    CHOICE(log_format, format_words, "auto",
	"\"journal\" leaves out the time and adds systemd's priorities; \"auto\"\n"
	"does so when the journal reads standard error."),
    SWITCH(sandbox, "yes",
	"Whether the server shuts itself in once it has started: no program\n"
	"can be run by it, and it reaches nothing but its data folder and\n"
	"its certificates."),
    SWITCH(acme, "no",
	"Whether certificates are fetched from an authority that gives them by\n"
	"itself (ACME), for all names of this server that lead to this machine,\n"
	"and renewed in time. \"yes\" says that you agree to the authority's\n"
	"terms; the log names them when the account is made."),
    KIND(acme_directory, SETTING_URL,
	"https://acme-v02.api.letsencrypt.org/directory",
	"The authority. The default is Let's Encrypt."),
    TEXT(acme_contact, "",
	"Mail addresses that the authority may write to, with spaces between."),
    KIND(acme_names, SETTING_NAMES, "",
	"Further names for the server's certificate, with spaces between.\n"
	"server_name, and autoconfig, autodiscover, mta-sts and mail in every\n"
	"domain are asked for without being named."),
    CHOICE(acme_challenge, challenge_words, "auto",
	"How the authority sees that a name is ours: it asks on port 80\n"
	"(http-01) or on port 443 (tls-alpn-01). \"auto\": http-01 if there is a\n"
	"listener for http without TLS."),
    TEXT(acme_eab_key_id, "",
	"For an authority that wants an account of its own: that account's key\n"
	"id (external account binding)."),
    TEXT(acme_eab_key, "",
	"And its key (HMAC), in base64url. Then only root should read this file."),
    KIND(acme_ca_file, SETTING_FILE, "",
	"A PEM file of certificates that the authority's own is checked with.\n"
	"Empty: the system's."),
    SWITCH(plain_on_loopback, "no",
	"Whether passwords may go without TLS over loopback addresses."),
    SWITCH(compress, "yes",
	"Whether COMPRESS=DEFLATE is offered."),
    SWITCH(scram_sha1, "no",
	"Whether SCRAM-SHA-1 is offered, and keys for it are kept of passwords\n"
	"that are set from now on."),
    NUMBER(scram_iterations, 4096, 1000000, NULL, "65536",
	"Rounds of PBKDF2 in the keys for SCRAM. Each log-in by SCRAM costs a\n"
	"client so many; mbsync and others with Cyrus SASL take no more than\n"
	"65536. Keys with fewer are made anew when a user logs in with PLAIN or\n"
	"LOGIN."),
    NUMBER(threads, 1, 1024, NULL, "16",
	"Threads that run sessions. One that waits for the disk counts."),
    NUMBER(max_connections, 1, 1000000, NULL, "20000",
	"Connections at a time."),
    NUMBER(max_strangers, 0, 1000000, NULL, "0",
	"Of these, how many strangers may have at port 25 (protocol \"smtp\"),\n"
	"and how many at all other doors before they log in. The rest is kept\n"
	"for users who are logged in. 0: a quarter of max_connections."),
    NUMBER(max_visitors, 0, 1000000, NULL, "0",
	"The same for the web (protocol \"http\"). 0: half of max_strangers."),
    NUMBER(max_per_address, 0, 1000000, NULL, "100",
	"Connections at a time that strangers may have from one address (IPv6:\n"
	"one /64), at port 25 and at the other doors. Who logs in does not\n"
	"count any more, so many users can share one address. 0: any."),
    NUMBER(max_per_network, 0, 1000000, NULL, "400",
	"The same for one network (IPv4: a /24, IPv6: a /48). It is less when\n"
	"there are many strangers: an eighth of the places that are free.\n"
	"0: any."),
    NUMBER(max_per_user, 0, 1000000, NULL, "100",
	"Connections at a time of one user, of all programs and protocols\n"
	"together. 0: any."),
    KIND(unlimited_networks, SETTING_NETWORKS, "127.0.0.0/8 ::1",
	"From these networks, with spaces between (\"192.0.2.0/24\"),\n"
	"max_per_address and max_per_network do not count: webmail, proxies,\n"
	"an office with very many users behind one address."),
    NUMBER(memory_max_mib, 0, 4194303, "MiB", "0",
	"Memory that the server may use. When 80 % are in use, it refuses new\n"
	"connections of strangers, then new mail, in the end everything new,\n"
	"until it has less. 0: half of the machine's, or three quarters of\n"
	"what its cgroup allows (a container, MemoryMax= of systemd)."),
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
	"Wrong passwords from one address after which it is not listened to\n"
	"for a while, except for users who have logged in from there; a\n"
	"network may have three times as many. From half of them on, the\n"
	"address has to wait. Loopback has no limit."),
    NUMBER(auth_user_failures, 1, 1000000, NULL, "100",
	"Wrong passwords of one user after which addresses that have guessed\n"
	"are not listened to for a while. Where the user has logged in before,\n"
	"and at an address that has not guessed, the user is let in."),
    NUMBER(auth_total_failures, 1, 100000000, NULL, "1000",
	"Wrong passwords in all, from places where their users are not known,\n"
	"after which such places have to wait for a while."),
    NUMBER(auth_window_seconds, 1, 86400, "seconds", "600",
	"That while."),
    SWITCH(webmail, "yes",
	"Whether the web mail is served. Without it / leads to the page that\n"
	"sets up mail programs; JMAP and logging in stay."),
    SWITCH(oauth, "yes",
	"Whether programs may log in with tokens (OAUTHBEARER, XOAUTH2) that a\n"
	"user has allowed them in the browser. Needs a listener for https."),
    SWITCH(app_passwords, "yes",
	"Whether users may make application passwords."),
    NUMBER(session_idle_days, 1, 3650, "days", "14",
	"A browser is logged out after so long without use."),
    NUMBER(session_max_days, 1, 3650, "days", "90",
	"And after so long at the latest."),
    NUMBER(access_token_minutes, 60, 10080, "minutes", "60",
	"How long an access token of a program lasts. The program gets the next\n"
	"one by itself."),
    NUMBER(grant_idle_days, 30, 3650, "days", "180",
	"A program that was allowed access and has not come for so long has to\n"
	"ask the user again."),
    NUMBER(message_max_mib, 1, 1024, "MiB", "100",
	"The longest message."),
    NUMBER(quota_mib, 0, 4294967295, "MiB", "0",
	"All messages of one user. 0: any."),
    NUMBER(quota_messages, 0, 4294967295, NULL, "0",
	"Messages that one user may have. 0: any."),
    NUMBER(disk_reserve_mib, 0, 1048576, "MiB", "128",
	"Disk space kept back for deleting. With less than this free, no new\n"
	"mail is taken. A file of this size in the data folder is given up\n"
	"when even that is not left. At most 1/32 of the disk. 0: none."),
    NUMBER(tombstones_max, 100, 10000000, NULL, "10000",
	"Expunged messages remembered for each mailbox, for mail programs that\n"
	"come back (QRESYNC)."),
    NUMBER(changes_max, 100, 10000000, NULL, "10000",
	"Changes remembered for each user, for what follows them. What comes\n"
	"back after more has to read everything."),
    NUMBER(undelete_days, 0, 365, "days", "14",
	"How long a message that a user deletes for good can be brought back by\n"
	"`roost undelete`. It does not count for the quota. 0: it is removed at\n"
	"once."),
    CHOICE(smtp_line_ends, line_end_words, "refuse",
	"What happens to a message with a CR or an LF that stands alone, which\n"
	"other servers may take for the end of a line (SMTP smuggling):\n"
	"\"normalize\" makes it CRLF."),
    SWITCH(submission_lenient, "yes",
	"From users who have logged in, addresses without brackets and with\n"
	"blanks too many are taken (MAIL FROM: a@b), as printers and scanners\n"
	"send them. Strangers are held to the standard."),
    NUMBER(smtp_recipients_max, 100, 5000, NULL, "1000",
	"Recipients of one message."),
    NUMBER(smtp_hops_max, 10, 1000, NULL, "100",
	"Servers that a message came through (Received fields), over which it\n"
	"is taken to go round in circles."),
    NUMBER(smtp_errors_max, 1, 1000, NULL, "10",
	"Mistakes in one SMTP connection after which it is closed."),
    NUMBER(smtp_errors_slow, 0, 1000, NULL, "3",
	"Mistakes after which answers to it get slow."),
    NUMBER(smtp_slow_ms, 1, 10000, "milliseconds", "500",
	"The first such delay; it doubles with each mistake, up to 8 seconds."),
    NUMBER(smtp_unknown_slow, 1, 1000000, NULL, "20",
	"Recipients that do not exist, named by strangers of one network (IPv4:\n"
	"a /24, IPv6: a /48), after which answers to it get slow. They are\n"
	"remembered from one connection to the next."),
    NUMBER(smtp_unknown_max, 1, 1000000, NULL, "100",
	"Such recipients after which that network is sent away for a while. As\n"
	"many are forgotten in an hour, and one with each message that is\n"
	"accepted."),
    NUMBER(smtp_commands_max, 10, 100000, NULL, "100",
	"SMTP commands without a message between them."),
    NUMBER(smtp_messages_max, 1, 1000000, NULL, "1000",
	"Messages that one SMTP connection may bring."),
    NUMBER(smtp_command_seconds, 1, 3600, "seconds", "300",
	"Time between two SMTP commands."),
    NUMBER(smtp_data_seconds, 1, 3600, "seconds", "180",
	"Time without a byte of a message that has begun."),
    NUMBER(smtp_session_seconds, 10, 86400, "seconds", "3600",
	"Time of an SMTP connection that has brought no message for so long."),
    NUMBER(metrics_port, 0, 65535, NULL, "0",
	"The TCP port where Prometheus gets what the server counts: plain\n"
	"HTTP, /metrics and /healthz. 0: nowhere."),
    KIND(metrics_address, SETTING_ADDRESS, "127.0.0.1",
	"The address for it. Whoever can connect there can read it."),
    NUMBER(http_header_kib, 4, 512, "KiB", "32",
	"The longest header of an HTTP request."),
    NUMBER(http_fields_max, 10, 128, NULL, "100",
	"Fields in it."),
    NUMBER(http_header_seconds, 1, 3600, "seconds", "20",
	"Time for it to come, and for the first one after connecting."),
    NUMBER(http_body_seconds, 1, 3600, "seconds", "30",
	"Time for the body of a request to come. A long one has more: see\n"
	"http_bytes_per_second."),
    NUMBER(http_send_seconds, 1, 3600, "seconds", "30",
	"Time for a client to take an answer, and more for a long one."),
    NUMBER(http_bytes_per_second, 1, 1000000, NULL, "500",
	"For each such number of bytes a body and an answer have a second more."),
    NUMBER(http_idle_seconds, 1, 3600, "seconds", "60",
	"Time between two requests of a connection."),
    NUMBER(http_handler_seconds, 1, 3600, "seconds", "60",
	"Time that the server may take to begin an answer."),
    NUMBER(http_requests_max, 1, 1000000, NULL, "10000",
	"Requests of one connection."),
    NUMBER(http_streams_max, 1, 10000, NULL, "100",
	"Requests at a time of one connection with HTTP/2."),
    NUMBER(http_bodies_mib, 1, 1024, "MiB", "32",
	"The bodies of these requests that are held at a time."),
    NUMBER(http_nuisance_max, 10, 100000, NULL, "500",
	"Frames at a time that bring nothing (cancelled requests, PING,\n"
	"SETTINGS), after which a connection with HTTP/2 is closed. A tenth is\n"
	"forgotten in a second, and some with each answer."),
    NUMBER(http_ping_seconds, 1, 3600, "seconds", "60",
	"A WebSocket whose client is silent is pinged after so long, and cut\n"
	"off when it is silent for as long again."),
    NUMBER(http_message_kib, 1, 65536, "KiB", "10240",
	"The longest message of a WebSocket."),
    NUMBER(jmap_upload_mib, 1, 100, "MiB", "100",
	"The longest file that a JMAP client may upload, and so the longest\n"
	"attachment of the web mail."),
    NUMBER(jmap_uploads_max, 1, 1000, NULL, "8",
	"Uploads of one user at a time."),
    NUMBER(jmap_request_kib, 64, 9766, "KiB", "9766",
	"The longest JMAP request."),
    NUMBER(jmap_requests_max, 1, 1000, NULL, "16",
	"JMAP requests of one user at a time."),
    NUMBER(jmap_calls_max, 16, 1000, NULL, "64",
	"Method calls in a JMAP request."),
    NUMBER(jmap_objects_max, 500, 100000, NULL, "4096",
	"Objects that one method call may ask for or change."),
    SWITCH(push, "yes",
	"Whether what changes is also sent to the push services that users'\n"
	"apps and browsers name (JMAP's PushSubscription). These requests go to\n"
	"addresses of the Internet only."),
    NUMBER(push_port, 1, 65535, NULL, "443",
	"The TCP port of these push services."),
    KIND(push_networks, SETTING_NETWORKS, "",
	"Networks besides the Internet to which they may go, with spaces\n"
	"between."),
    KIND(push_ca_file, SETTING_FILE, "",
	"A PEM file of certificates that their own are checked with. Empty: the\n"
	"system's."),
    NUMBER(http_hsts_seconds, 0, 63072000, "seconds", "31536000",
	"How long browsers remember to come with TLS only\n"
	"(Strict-Transport-Security). 0: they are not told."),
    NUMBER(sending_messages_per_hour, 0, 100000000, NULL, "200",
	"Messages that one user may send in an hour; as many may go at once.\n"
	"What is over that is taken, waits in the queue until there is room, and\n"
	"then goes by itself. 0: any."),
    NUMBER(sending_messages_per_day, 0, 100000000, NULL, "1000",
	"The same in a day. A user who normally sends much has more room, up to\n"
	"ten times this, and in proportion in an hour. 0: any."),
    NUMBER(sending_recipients_per_hour, 0, 100000000, NULL, "1000",
	"Recipients that one user's messages may have in an hour. 0: any."),
    NUMBER(sending_recipients_per_day, 0, 100000000, NULL, "3000",
	"The same in a day. 0: any."),
    NUMBER(sending_hold_days, 0, 3650, "days", "30",
	"The longest time for which a user may have a message wait before it is\n"
	"sent (\"send later\"; RFC 4865). 0: messages are sent at once only, and\n"
	"none can be taken back."),
    NUMBER(sending_hold_mib, 0, 1000000, "MiB", "500",
	"The messages of one user that wait so, together. 0: any."),
    NUMBER(queue_lifetime_seconds, 1, 2592000, "seconds", "432000",
	"Time that a message may wait to be sent on; then it is returned to its\n"
	"sender. 432000 are 5 days."),
    NUMBER(queue_delay_notice_seconds, 1, 2592000, "seconds", "14400",
	"Time after which its sender is told that it still waits."),
    NUMBER(queue_retry_first_seconds, 1, 86400, "seconds", "300",
	"The wait after a first failed attempt. It doubles with each further\n"
	"one, and is up to a fifth shorter or longer by chance."),
    NUMBER(queue_retry_last_seconds, 1, 86400, "seconds", "14400",
	"The longest wait between attempts."),
    NUMBER(queue_reports_per_hour, 1, 1000000, NULL, "500",
	"Reports of failures in an hour to senders of whom it is not known that\n"
	"they sent the message: strangers can name anybody. What is over that\n"
	"is not reported, but logged."),
    NUMBER(queue_reports_per_domain, 1, 1000000, NULL, "50",
	"Of these, to one domain."),
    SWITCH(relay, "yes",
	"Whether mail for other servers is sent on. If not, it waits in the\n"
	"queue."),
    KIND(relay_host, SETTING_HOST, "",
	"A server that takes all mail for others (a smart host): \"name:port\".\n"
	"Empty: each message goes to the server that DNS names for its domain."),
    CHOICE(relay_tls, relay_tls_words, "required",
	"TLS to relay_host: \"required\" with a certificate that holds its name,\n"
	"\"opportunistic\" with any if it is offered, \"none\". (Without\n"
	"relay_host it is opportunistic.)"),
    TEXT(relay_user, "",
	"The user name at relay_host. Empty: no log-in."),
    TEXT(relay_password, "",
	"The password at relay_host. Then only root should read this file."),
    KIND(relay_ca_file, SETTING_FILE, "",
	"A PEM file of certificates that other servers' are checked with.\n"
	"Empty: the system's."),
    KIND(relay_address_v4, SETTING_IPV4, "",
	"The IPv4 address that mail is sent from. Empty: the system's choice."),
    KIND(relay_address_v6, SETTING_IPV6, "",
	"The same for IPv6."),
    SWITCH(relay_ipv4, "yes",
	"Whether mail is sent over IPv4."),
    SWITCH(relay_ipv6, "yes",
	"Whether mail is sent over IPv6."),
    NUMBER(relay_port, 1, 65535, NULL, "25",
	"The port of other servers."),
    NUMBER(relay_connections, 1, 10000, NULL, "100",
	"Connections to other servers at a time."),
    NUMBER(relay_connections_per_host, 1, 1000, NULL, "5",
	"Of these, to one server and to one address."),
    NUMBER(relay_connections_per_network, 1, 10000, NULL, "20",
	"And to one network (IPv4: a /24, IPv6: a /48). A quarter of each of\n"
	"these numbers is kept for mail of users."),
    NUMBER(relay_first_seconds, 5, 300, "seconds", "30",
	"Time for the greeting of a server that has taken no message yet, or\n"
	"has failed. It doubles with each failure, up to 300."),
    KIND(relay_networks, SETTING_NETWORKS, "",
	"Networks that mail may be sent to though they are not the Internet,\n"
	"with spaces between: \"10.0.0.0/8 fd00::/8\". Without this, DNS\n"
	"records that lead to private addresses are refused. (relay_host may\n"
	"be anywhere.)"),
    KIND(dns_servers, SETTING_SERVERS, "",
	"DNS servers to ask, with spaces between: \"address\" or\n"
	"\"address@port\". Empty: as /etc/resolv.conf says."),
    TEXT(doctor_blocklists, "",
	"The DNS blocklists that `roost doctor` asks about this server's\n"
	"addresses, with spaces between: \"zen.example bl.example\". Some lists\n"
	"do not answer public resolvers, or want a contract first."),
    NUMBER(dns_timeout_seconds, 1, 300, "seconds", "30",
	"Time for an answer, after which a message is tried again later."),
    KIND(dns_trust_anchor, SETTING_FILE, "",
	"A file with the DNSSEC root key. Empty: answers are not validated."),
    NUMBER(cache_mib, 0, 1048576, "MiB", "0",
	"Memory for what was read from the database. 0: a sixteenth of\n"
	"memory_max_mib, from 16 to 512."),
    NUMBER(write_buffer_mib, 0, 4096, "MiB", "0",
	"Memory for what is to be written to it; while much is written, a few\n"
	"times as much. 0: a 32nd of memory_max_mib, from 8 to 64."),
    {0},
};

const struct setting config_listen_settings[] = {
    {.name = "protocol", .kind = SETTING_CHOICE, .words = protocol_words,
	.offset = offsetof(struct config_listener, protocol),
	.initial = "imap",
	.help = "\"smtp\": mail from other servers; \"submission\": mail that\n"
		"users send; \"lmtp\": mail from a server that is trusted;\n"
		"\"http\": web pages, and the settings of mail programs. Without\n"
		"TLS, it leads to https, but for what is asked for without."},
    {.name = "address", .kind = SETTING_ADDRESSES, .initial = "\"*\"",
	.help = "IPv4 and IPv6 addresses; \"*\": all of this machine; or the\n"
		"path of a Unix socket, where port is left out."},
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
