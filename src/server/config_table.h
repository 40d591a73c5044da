// SPDX-License-Identifier: Apache-2.0
// Every setting, in one table. Inside the room only.
#ifndef ROOST_SERVER_CONFIG_TABLE_H
#define ROOST_SERVER_CONFIG_TABLE_H

#include "server/config.h"

enum setting_kind {
	SETTING_NUMBER,
	SETTING_SWITCH,  // yes or no
	SETTING_CHOICE,  // one of some words
	SETTING_TEXT,    // any
	SETTING_FILE,    // an absolute path of a file that exists
	SETTING_USER,    // a user of the system, or empty
	SETTING_FOLDER,  // a path, which need not exist
	SETTING_NAME,    // a host's name, or empty; kept as A-labels
	SETTING_ADDRESS, // an IP address, or "*"
	SETTING_IPV4,    // a numeric address, or empty
	SETTING_IPV6,
	SETTING_HOST,      // "name:port", or empty
	SETTING_SERVERS,   // any number of "address" or "address@port"
	SETTING_NAMES,     // any number of host names; kept as A-labels
	SETTING_URL,       // https://…
	SETTING_NETWORKS,  // any number of "address" or "address/bits"
	SETTING_ADDRESSES, // a list of IP addresses, "*", or Unix sockets
};

struct setting {
	const char *name;
	enum setting_kind kind;
	size_t offset; // in struct config, or in the section's struct
	uint32_t min, max;
	const char *const *words; // of a choice, by number; ends with NULL
	const char *unit;         // of a number; NULL: a count of things
	const char *initial;      // the default, as text
	const char *help;         // lines, without "#"
};

// Ends with a NULL name.
extern const struct setting config_settings[];
extern const struct setting config_listen_settings[]; // struct config_listener
extern const struct setting config_certificate_settings[]; // net_tls_pair

#endif
