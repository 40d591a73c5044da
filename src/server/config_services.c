// SPDX-License-Identifier: Apache-2.0
// Which services the listeners are.
#include <arpa/inet.h>

#include "server/config.h"

// MAIL_SERVICES: nothing that mail programs look for.
static enum mail_service service_of(const struct config_listener *listener)
{
	bool implicit = listener->tls == CONFIG_TLS_IMPLICIT;
	if (listener->tls == CONFIG_TLS_NONE)
		return MAIL_SERVICES;
	switch ((enum config_protocol)listener->protocol) {
	case CONFIG_IMAP: return implicit ? SERVICE_IMAPS : SERVICE_IMAP;
	case CONFIG_POP3: return implicit ? SERVICE_POP3S : SERVICE_POP3;
	case CONFIG_SUBMISSION:
		return implicit ? SERVICE_SUBMISSIONS : SERVICE_SUBMISSION;
	case CONFIG_HTTP: return SERVICE_AUTODISCOVER; // "tls" is implicit
	case CONFIG_SMTP:
	case CONFIG_METRICS:
	case CONFIG_LMTP: return MAIL_SERVICES;
	}
	return MAIL_SERVICES;
}

// Whether others than this machine reach what listens there.
static bool is_reachable(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;
	if (address[0] == '/')
		return false;
	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 != 127;
	if (inet_pton(AF_INET6, address, &v6) == 1)
		return !IN6_IS_ADDR_LOOPBACK(&v6) &&
		       !(IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
	return true; // "*"
}

static bool any_reachable(const struct config_listener *listener)
{
	for (size_t i = 0; i < listener->address_count; i++)
		if (is_reachable(listener->addresses[i]))
			return true;
	return false;
}

struct mail_services config_services(const struct config *config)
{
	struct mail_services services = {{0}};
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener = &config->listeners[i];
		enum mail_service service = service_of(listener);
		if (service == MAIL_SERVICES || listener->absent ||
		    !any_reachable(listener))
			continue;
		uint16_t *port = &services.ports[service];
		if (*port == 0 ||
		    listener->port == service_info(service)->registered_port)
			*port = (uint16_t)listener->port;
	}
	return services;
}

uint16_t config_https_port(const struct config *config)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *l = &config->listeners[i];
		if (l->protocol == CONFIG_HTTP &&
		    l->tls == CONFIG_TLS_IMPLICIT && !l->absent)
			return (uint16_t)l->port;
	}
	return 0;
}

static bool has_http(const struct config *config, enum config_tls tls)
{
	for (size_t i = 0; i < config->listener_count; i++)
		if (config->listeners[i].protocol == CONFIG_HTTP &&
		    config->listeners[i].tls == tls)
			return true;
	return false;
}

bool config_has_plain_http(const struct config *config)
{
	return has_http(config, CONFIG_TLS_NONE);
}

bool config_can_be_challenged(const struct config *config)
{
	bool plain = config_has_plain_http(config);
	bool https = has_http(config, CONFIG_TLS_IMPLICIT);
	switch ((enum config_challenge)config->acme_challenge) {
	case CONFIG_CHALLENGE_AUTO: return plain || https;
	case CONFIG_CHALLENGE_HTTP_01: return plain;
	case CONFIG_CHALLENGE_TLS_ALPN_01: return https;
	}
	return false;
}
