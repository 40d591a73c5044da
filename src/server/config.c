// SPDX-License-Identifier: Apache-2.0
#include "server/config.h"

#include <unistd.h>

static const char *const any_address[] = {"*"};
static const char *const loopback[] = {"127.0.0.1", "::1"};

static void set_listener(struct config *config, const char *name,
    const char *const *addresses, size_t count, uint16_t port,
    enum config_tls tls)
{
	struct config_listener *l =
	    &config->listeners[config->listener_count++];
	*l = (struct config_listener){
	    .name = name, .port = port, .tls = tls, .address_count = count};
	for (size_t i = 0; i < count; i++)
		l->addresses[i] = addresses[i];
}

static const char *host_name(struct arena *arena)
{
	char name[256];
	if (gethostname(name, sizeof(name)) != 0)
		return "localhost";
	name[sizeof(name) - 1] = '\0';
	return arena_string(arena, view_of_string(name));
}

void config_init(struct config *config)
{
	*config = (struct config){
	    .data = "/var/lib/roost",
	    .log_level = LOG_LEVEL_INFO,
	    .sandbox = true,
	    .compress = true,
	    .threads = 16,
	    .max_connections = 20000,
	    .handshake_seconds = 30,
	    .stall_seconds = 300,
	    .stop_seconds = 10,
	    .message_max_mib = 100,
	    .tombstones_max = 10000,
	    .cache_mib = 64,
	    .write_buffer_mib = 32,
	};
	arena_init(&config->arena);
	config->server_name = host_name(&config->arena);
	set_listener(config, "imap", any_address, 1, 143, CONFIG_TLS_STARTTLS);
	set_listener(config, "imaps", any_address, 1, 993, CONFIG_TLS_IMPLICIT);
}

void config_done(struct config *config)
{
	arena_done(&config->arena);
}

void config_demo(struct config *config)
{
	config->data = "data";
	config->server_name = "localhost";
	config->plain_on_loopback = true;
	config->listener_count = 0;
	set_listener(config, "imap", loopback, 2, 1143, CONFIG_TLS_STARTTLS);
	set_listener(config, "imaps", loopback, 2, 1993, CONFIG_TLS_IMPLICIT);
}
