// SPDX-License-Identifier: Apache-2.0
// The settings of the server: one file, and defaults with which no file is
// needed. config_table.c lists every setting with its unit, range and default;
// the checks, the sample file and the docs are made from that table.
#ifndef ROOST_SERVER_CONFIG_H
#define ROOST_SERVER_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "net/tls.h"
#include "setup/services.h"

#define CONFIG_LISTENERS_MAX    32
#define CONFIG_CERTIFICATES_MAX 256
#define CONFIG_ADDRESSES_MAX    16
#define CONFIG_ACME_NAMES_MAX   99
#define CONFIG_FILE_MAX         ((size_t)1 << 20)  // bytes
#define CONFIG_MISTAKES_MAX     ((size_t)64 << 10) // bytes of sentences

#define CONFIG_PATH_DEFAULT "/etc/roost/roost.conf" // read if it exists

enum config_tls {
	CONFIG_TLS_STARTTLS,
	CONFIG_TLS_IMPLICIT,
	CONFIG_TLS_NONE,
};

enum config_protocol {
	CONFIG_IMAP,
	CONFIG_POP3,
	CONFIG_SMTP,
	CONFIG_SUBMISSION,
	CONFIG_LMTP,
	CONFIG_HTTP,
	CONFIG_METRICS, // of metrics_port; no section can name it
};
#define CONFIG_PROTOCOLS (CONFIG_METRICS + 1)

enum config_line_ends {
	CONFIG_LINE_ENDS_REFUSE,
	CONFIG_LINE_ENDS_NORMALIZE,
};

enum config_relay_tls {
	CONFIG_RELAY_TLS_REQUIRED,
	CONFIG_RELAY_TLS_OPPORTUNISTIC,
	CONFIG_RELAY_TLS_NONE,
};

enum config_challenge {
	CONFIG_CHALLENGE_AUTO,
	CONFIG_CHALLENGE_HTTP_01,
	CONFIG_CHALLENGE_TLS_ALPN_01,
};

enum config_log_format {
	CONFIG_LOG_AUTO, // like journal if the journal reads stderr
	CONFIG_LOG_TEXT,
	CONFIG_LOG_JOURNAL,
};

struct config_listener {
	const char *name;
	// An IP address, "*", or the path of a Unix socket.
	const char *addresses[CONFIG_ADDRESSES_MAX];
	size_t address_count;
	uint32_t protocol; // enum config_protocol
	uint32_t port;     // 0: none, since all are Unix sockets
	uint32_t tls;      // enum config_tls
	unsigned line;     // in the file; 0: a default
	// If another program has the port, the server goes on without it.
	bool optional;
	// It does so: set by protocols_listen().
	bool absent;
};

// All texts are in the arena or static. Numbers, switches and choices have 32
// bits each, so that one table can describe them all.
struct config {
	struct arena arena;
	const char *path; // the file that was read; NULL: none
	const char *data;
	const char *user; // "": the user stays the same
	const char *server_name;
	const char *unlimited_networks; // with spaces between
	const char *postmaster;         // an address or a user; "": none
	const char *dns_servers; // "address" or "address@port", spaces between
	const char *dns_trust_anchor;
	const char *doctor_blocklists; // domains, spaces between
	const char *relay_host; // "host:port"; "": the server of each domain
	const char *relay_user;
	const char *relay_password;
	const char *relay_ca_file;
	const char *relay_address_v4; // to connect from
	const char *relay_address_v6;
	const char *relay_networks; // that are not the Internet, but allowed
	const char *acme_directory; // https://…
	const char *acme_contact;   // addresses, spaces between
	const char *acme_names;     // A-labels, spaces between
	const char *acme_eab_key_id;
	const char *acme_eab_key;
	const char *acme_ca_file;
	const char *push_networks;
	const char *push_ca_file;
	const char *certificate_folder; // of the certifier; set at the start
	struct config_listener listeners[CONFIG_LISTENERS_MAX];
	size_t listener_count;
	struct net_tls_pair certificates[CONFIG_CERTIFICATES_MAX];
	unsigned certificate_lines[CONFIG_CERTIFICATES_MAX]; // of the file
	size_t certificate_count; // 0: a self-signed one in the data folder
	const char *metrics_address;
	uint32_t metrics_port; // 0: nowhere
	uint32_t log_level;    // enum log_level
	uint32_t log_format;   // enum config_log_format
	uint32_t sandbox;
	uint32_t acme;
	uint32_t acme_challenge; // enum config_challenge
	uint32_t plain_on_loopback;
	uint32_t compress;
	uint32_t scram_sha1;
	uint32_t scram_iterations;
	uint32_t threads;
	uint32_t max_connections;
	uint32_t max_strangers;
	uint32_t max_visitors;
	uint32_t max_per_address;
	uint32_t max_per_network;
	uint32_t max_per_user;
	uint32_t memory_max_mib;
	uint32_t handshake_seconds;
	uint32_t stall_seconds;
	uint32_t stop_seconds;
	uint32_t auth_cache_entries;
	uint32_t auth_address_failures;
	uint32_t auth_user_failures;
	uint32_t auth_total_failures;
	uint32_t auth_window_seconds;
	uint32_t webmail;
	uint32_t oauth;
	uint32_t app_passwords;
	uint32_t session_idle_days;
	uint32_t session_max_days;
	uint32_t access_token_minutes;
	uint32_t grant_idle_days;
	uint32_t message_max_mib;
	uint32_t quota_mib;
	uint32_t quota_messages;
	uint32_t disk_reserve_mib;
	uint32_t tombstones_max;
	uint32_t changes_max;
	uint32_t undelete_days;
	uint32_t smtp_line_ends; // enum config_line_ends
	uint32_t submission_lenient;
	uint32_t smtp_recipients_max;
	uint32_t smtp_hops_max;
	uint32_t smtp_errors_max;
	uint32_t smtp_errors_slow;
	uint32_t smtp_slow_ms;
	uint32_t smtp_unknown_slow;
	uint32_t smtp_unknown_max;
	uint32_t smtp_commands_max;
	uint32_t smtp_messages_max;
	uint32_t smtp_command_seconds;
	uint32_t smtp_data_seconds;
	uint32_t smtp_session_seconds;
	uint32_t sending_messages_per_hour;
	uint32_t sending_messages_per_day;
	uint32_t sending_recipients_per_hour;
	uint32_t sending_recipients_per_day;
	uint32_t sending_hold_days;
	uint32_t sending_hold_mib;
	uint32_t http_header_kib;
	uint32_t http_fields_max;
	uint32_t http_header_seconds;
	uint32_t http_body_seconds;
	uint32_t http_send_seconds;
	uint32_t http_bytes_per_second;
	uint32_t http_idle_seconds;
	uint32_t http_handler_seconds;
	uint32_t http_requests_max;
	uint32_t http_streams_max;
	uint32_t http_bodies_mib;
	uint32_t http_nuisance_max;
	uint32_t http_ping_seconds;
	uint32_t http_message_kib;
	uint32_t jmap_upload_mib;
	uint32_t jmap_uploads_max;
	uint32_t jmap_request_kib;
	uint32_t jmap_requests_max;
	uint32_t jmap_calls_max;
	uint32_t jmap_objects_max;
	uint32_t push;
	uint32_t push_port;
	uint32_t http_hsts_seconds;
	uint32_t queue_lifetime_seconds;
	uint32_t queue_delay_notice_seconds;
	uint32_t queue_retry_first_seconds;
	uint32_t queue_retry_last_seconds;
	uint32_t queue_reports_per_hour;
	uint32_t queue_reports_per_domain;
	uint32_t relay;
	uint32_t relay_tls; // enum config_relay_tls, of relay_host
	uint32_t relay_port;
	uint32_t relay_connections;
	uint32_t relay_connections_per_host;
	uint32_t relay_connections_per_network;
	uint32_t relay_first_seconds;
	uint32_t relay_ipv4;
	uint32_t relay_ipv6;
	uint32_t dns_timeout_seconds;
	uint32_t cache_mib;
	uint32_t write_buffer_mib;
};

const char *config_protocol_word(enum config_protocol protocol);

void config_init(struct config *config); // the defaults
void config_done(struct config *config);
// Sets what --demo changes in the defaults: only loopback, and other ports.
void config_demo(struct config *config);

// Reads the file; its settings replace those in `config`. All mistakes are
// found at once, each as a line "file:line: sentence\n" in `mistakes`, in the
// order of lines; the result is then RC_INVALID. RC_NOT_FOUND, RC_DENIED,
// RC_IO: the file cannot be read.
MUST_CHECK enum rc config_read(
    struct config *config, const char *path, struct buf *mistakes);
// The same for a text that has already been read; `path` is for the sentences.
MUST_CHECK enum rc config_parse(struct config *config, const char *path,
    struct view text, struct buf *mistakes);

// The secret in the file that everybody on this machine can read: the name of
// its setting. NULL: there is none.
const char *config_exposed(const struct config *config);

// Whether a listener speaks HTTP without TLS.
bool config_has_plain_http(const struct config *config);
// Whether a listener can answer the challenges that acme_challenge allows.
bool config_can_be_challenged(const struct config *config);

// The port of a URL of the settings.
uint16_t config_url_port(const char *url);

// What mail programs elsewhere can reach: the listeners' ports, but for those
// on loopback addresses and Unix sockets, and those without TLS, which take no
// passwords from elsewhere. Of several for one service, the registered port
// goes first, then the listener that is named first.
struct mail_services config_services(const struct config *config);
// The first port of HTTPS; 0: there is none.
uint16_t config_https_port(const struct config *config);

// Logs what config_read() found.
void config_log_mistakes(struct log *log, const struct buf *mistakes);

// Writes a file with every setting, its meaning and its default, commented out.
void config_sample(struct buf *out);

#endif
