// SPDX-License-Identifier: Apache-2.0
#include "server/post_office.h"

#include <stdlib.h>

#define DNS_PORT    53
#define DAY_SECONDS (24u * 3600)

// Splits "a b c" into strings of their own, in the arena.
static size_t split_servers(struct arena *arena, const char *text,
    const char *ret_servers[DNS_SERVERS_MAX])
{
	struct view rest = view_of_string(text), one;
	size_t count = 0;
	while (count < DNS_SERVERS_MAX && view_split(&rest, ' ', &one))
		if (one.len > 0)
			ret_servers[count++] = arena_string(arena, one);
	return count;
}

struct dns_settings post_office_dns(struct config *config)
{
	struct dns_settings dns = {
	    .timeout_ms = config->dns_timeout_seconds * 1000};
	dns.server_count =
	    split_servers(&config->arena, config->dns_servers, dns.servers);
	if (config->dns_trust_anchor[0])
		dns.trust_anchor = config->dns_trust_anchor;
	return dns;
}

void post_office_ports(struct config *config, struct sandbox_needs *needs)
{
	struct dns_settings dns = post_office_dns(config);
	const char *host_port = strrchr(config->relay_host, ':');
	sandbox_need_port(needs, (uint16_t)config->relay_port);
	if (host_port)
		sandbox_need_port(
		    needs, (uint16_t)strtoul(host_port + 1, NULL, 10));
	sandbox_need_port(needs, DNS_PORT);
	struct mail_services services = config_services(config);
	for (enum mail_service i = 0; i < MAIL_SERVICES; i++)
		if (services.ports[i] > 0)
			sandbox_need_port(needs, services.ports[i]);
	for (size_t i = 0; i < dns.server_count; i++) {
		const char *port = strchr(dns.servers[i], '@');
		if (port)
			sandbox_need_port(
			    needs, (uint16_t)strtoul(port + 1, NULL, 10));
	}
}

enum rc post_office_prepare(struct post_office *post, struct config *config,
    struct log *log, struct fault *fault)
{
	struct net_tls_client_config tls = {.log = log}, own = {.log = log};
	struct dns_settings dns = post_office_dns(config);
	if (!strchr(config->server_name, '.') && config->relay)
		log_text(log, LOG_LEVEL_WARN, "server_name",
		    "\"%s\" has no domain: other servers may refuse its mail",
		    config->server_name);
	dns.log = log;
	if (config->relay_ca_file[0])
		tls.authorities_path = config->relay_ca_file;
	post->own = relay_own_find();
	enum rc rc = dns_new(&dns, fault, &post->dns);
	if (rc == RC_OK)
		rc = net_tls_client_new(&tls, &post->tls_client, fault);
	if (rc == RC_OK && tls.authorities_path)
		rc = net_tls_client_new(&own, &post->own_tls, fault);
	return rc;
}

static enum rc open_queue(struct post_office *post, const struct config *config,
    struct engine *engine, struct log *log, struct fault *fault)
{
	struct queue_settings settings = {
	    .log = log,
	    .server_name = view_of_string(config->server_name),
	    .lifetime_seconds = config->queue_lifetime_seconds,
	    .delay_notice_seconds = config->queue_delay_notice_seconds,
	    .retry_first_seconds = config->queue_retry_first_seconds,
	    .retry_last_seconds = config->queue_retry_last_seconds,
	    .reports_per_hour = config->queue_reports_per_hour,
	    .reports_per_domain = config->queue_reports_per_domain,
	};
	return queue_open(engine, &settings, fault, &post->queue);
}

struct sending_settings post_office_sending(const struct config *config)
{
	return (struct sending_settings){
	    .per_hour = {[SENDING_MESSAGES] = config->sending_messages_per_hour,
		[SENDING_RECIPIENTS] = config->sending_recipients_per_hour},
	    .per_day = {[SENDING_MESSAGES] = config->sending_messages_per_day,
		[SENDING_RECIPIENTS] = config->sending_recipients_per_day},
	};
}

struct relay_settings post_office_relay(const struct config *config)
{
	static const enum relay_tls tls[] = {
	    [CONFIG_RELAY_TLS_REQUIRED] = RELAY_TLS_REQUIRED,
	    [CONFIG_RELAY_TLS_OPPORTUNISTIC] = RELAY_TLS_OPPORTUNISTIC,
	    [CONFIG_RELAY_TLS_NONE] = RELAY_TLS_NONE,
	};
	return (struct relay_settings){
	    .helo_name = view_of_string(config->server_name),
	    .smart_host =
		{
		    .host = view_of_string(config->relay_host),
		    .tls = tls[config->relay_tls],
		    .user = view_of_string(config->relay_user),
		    .password = view_of_string(config->relay_password),
		},
	    .smtp_port = (uint16_t)config->relay_port,
	    .connections_max = config->relay_connections,
	    .site_connections = config->relay_connections_per_host,
	    .network_connections = config->relay_connections_per_network,
	    .first_seconds = config->relay_first_seconds,
	    .networks = view_of_string(config->relay_networks),
	    .bind_ipv4 = view_of_string(config->relay_address_v4),
	    .bind_ipv6 = view_of_string(config->relay_address_v6),
	    .no_ipv4 = !config->relay_ipv4,
	    .no_ipv6 = !config->relay_ipv6,
	    .no_remote = !config->relay,
	};
}

static enum rc open_relay(struct post_office *post, const struct config *config,
    struct net_server *net, struct log *log, struct fault *fault)
{
	struct relay_settings settings = post_office_relay(config);
	settings.queue = post->queue;
	settings.office = &post->office;
	settings.dns = post->dns;
	settings.net = net;
	settings.tls_client = post->tls_client;
	settings.own = post->own;
	settings.log = log;
	return relay_new(&settings, fault, &post->relay);
}

// RFC 5321 section 4.5.1: a mail server must have a postmaster.
static void check_postmaster(struct post_office *post, struct log *log)
{
	struct arena arena;
	struct route_domain domain;
	struct route_result found;
	struct smtp_mailbox postmaster = {.local = VIEW("postmaster")};
	arena_init(&arena);
	if (route_domain_next(post->route, VIEW(""), &arena, &domain) ==
		RC_OK &&
	    route_resolve(post->route, &arena, &postmaster, NULL, &found) ==
		RC_OK &&
	    found.verdict != ROUTE_OK)
		log_text(log, LOG_LEVEL_WARN, "postmaster",
		    "nobody gets mail to \"postmaster\": set postmaster");
	arena_done(&arena);
}

// auth is below route and cannot call it itself.
static enum rc whose_login(
    void *context, struct view name, struct auth_name *ret_name)
{
	return route_login_name(context, name, ret_name);
}

enum rc post_office_open(struct post_office *post, const struct config *config,
    struct store *store, struct engine *engine, struct auth *auth,
    struct net_server *net, struct log *log, struct fault *fault)
{
	struct route_settings route = {
	    .postmaster = view_of_string(config->postmaster), .log = log};
	post->route = route_new(engine, auth, &route);
	auth_set_resolver(
	    auth, &(struct auth_resolver){whose_login, post->route});
	post->dkim = dkim_keys_new(engine, log);
	enum rc rc = open_queue(post, config, engine, log, fault);
	if (rc != RC_OK)
		return rc;
	struct sending_settings sending = post_office_sending(config);
	sending.log = log;
	post->sending = sending_new(engine, &sending);
	post->office = (struct delivery_office){
	    .store = store,
	    .route = post->route,
	    .queue = post->queue,
	    .sending = post->sending,
	    .dkim = post->dkim,
	    .log = log,
	    .server_name = view_of_string(config->server_name),
	    .hops_max = config->smtp_hops_max,
	    .recipients_max = config->smtp_recipients_max,
	    .hold_seconds = config->sending_hold_days * DAY_SECONDS,
	    .hold_bytes = (uint64_t)config->sending_hold_mib << 20,
	    .counts = &post->counts,
	};
	post->own_test = probe_own_new(&(struct probe_own_settings){
	    .dns = post->dns,
	    .net = net,
	    .tls = post->own_tls ? post->own_tls : post->tls_client,
	    .helo = config->server_name,
	});
	check_postmaster(post, log);
	return open_relay(post, config, net, log, fault);
}

// Other servers look up the name that this one gives, and some refuse mail when
// it does not exist. If no answer comes, nothing is known.
static void name_answered(void *context, const struct dns_answer *answer)
{
	struct post_office *post = context;
	if (answer->status == DNS_FOUND || answer->status == DNS_FAILED)
		atomic_store(&post->name_may_be, true);
	if (atomic_fetch_sub(&post->name_lookups, 1) > 1 ||
	    atomic_load(&post->name_may_be))
		return;
	log_text(post->office.log, LOG_LEVEL_WARN, "server_name",
	    "DNS has no address of \"%.*s\": other servers may refuse its "
	    "mail",
	    VIEW_FMT(post->office.server_name));
}

enum rc post_office_start(
    struct post_office *post, const struct config *config, struct fault *fault)
{
	struct view name = post->office.server_name;
	if (config->relay && !config->relay_host[0] &&
	    view_find_char(name, '.') != SIZE_MAX) {
		atomic_store(&post->name_lookups, 2);
		dns_lookup(post->dns, name, DNS_A, name_answered, post);
		dns_lookup(post->dns, name, DNS_AAAA, name_answered, post);
	}
	return relay_start(post->relay, fault);
}

void post_office_stop(struct post_office *post, uint32_t seconds)
{
	if (post->own_test)
		probe_own_stop(post->own_test);
	if (post->relay)
		relay_stop(post->relay, seconds);
}

void post_office_close(struct post_office *post)
{
	if (post->relay)
		relay_free(&post->relay);
	if (post->queue)
		queue_close(&post->queue);
	sending_free(&post->sending);
	if (post->dkim)
		dkim_keys_free(&post->dkim);
	if (post->route)
		route_free(&post->route);
	net_tls_client_free(&post->tls_client);
	net_tls_client_free(&post->own_tls);
	if (post->dns)
		dns_free(&post->dns);
	probe_own_free(&post->own_test);
	// A search of it may have been running until DNS was closed.
	relay_own_free(&post->own);
}
