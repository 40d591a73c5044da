// SPDX-License-Identifier: Apache-2.0
// Reads one setting's value from text. Inside the room only.
#ifndef ROOST_SERVER_CONFIG_VALUE_H
#define ROOST_SERVER_CONFIG_VALUE_H

#include "server/config_table.h"

// Checks `text` and stores it at the setting's offset from `base`. RC_INVALID
// with a sentence.
MUST_CHECK enum rc config_value_set(const struct setting *setting,
    struct view text, struct arena *arena, void *base, struct fault *fault);

// "*", a numeric IPv4 or IPv6 address, or the path of a Unix socket.
bool config_value_is_address(const char *text);

// Whether it is base64url, and not empty.
bool config_is_base64url(const char *text);

#endif
