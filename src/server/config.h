// SPDX-License-Identifier: Apache-2.0
// The settings of the server: one file, and defaults that need no file at all.
// config_table.c lists every setting with its unit, range and default; the
// sample file and the checks come from that table.
#ifndef ROOST_SERVER_CONFIG_H
#define ROOST_SERVER_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "net/tls.h"

#define CONFIG_LISTENERS_MAX    32
#define CONFIG_CERTIFICATES_MAX 256
#define CONFIG_ADDRESSES_MAX    16

enum config_tls {
	CONFIG_TLS_STARTTLS,
	CONFIG_TLS_IMPLICIT,
	CONFIG_TLS_NONE,
};

enum config_log_format {
	CONFIG_LOG_AUTO, // journal when the journal reads stderr
	CONFIG_LOG_TEXT,
	CONFIG_LOG_JOURNAL,
};

struct config_listener {
	const char *name;
	const char *addresses[CONFIG_ADDRESSES_MAX];
	size_t address_count;
	uint16_t port;
	enum config_tls tls;
	unsigned line; // of the file; 0: a default
};

// All texts live in the arena.
struct config {
	struct arena arena;
	const char *data; // the data folder
	const char *user; // to run as when started as root; NULL: stay
	const char *server_name;
	struct config_listener listeners[CONFIG_LISTENERS_MAX];
	size_t listener_count;
	struct net_tls_pair certificates[CONFIG_CERTIFICATES_MAX];
	size_t certificate_count; // 0: a self-signed one in the data folder
	enum log_level log_level;
	enum config_log_format log_format;
	bool sandbox;
	bool plain_on_loopback;
	bool compress;
	bool scram_sha1;
	uint32_t threads;
	uint32_t max_connections;
	uint32_t max_per_address;
	uint32_t handshake_seconds;
	uint32_t stall_seconds;
	uint32_t stop_seconds;
	uint32_t message_max_mib;
	uint32_t quota_mib;
	uint32_t quota_messages;
	uint32_t tombstones_max;
	uint32_t cache_mib;
	uint32_t write_buffer_mib;
};

#define CONFIG_PATH_DEFAULT "/etc/roost/roost.conf"

void config_init(struct config *config); // the defaults
void config_done(struct config *config);
// What --demo changes of the defaults: loopback, ports 1143 and 1993.
void config_demo(struct config *config);

#endif
