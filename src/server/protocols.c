// SPDX-License-Identifier: Apache-2.0
#include "server/protocols.h"

#include "imap/recent.h"
#include "server/version.h"
#include "smtp/harvest.h"

// ---- Sessions --------------------------------------------------------------

static void *new_imap(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	const struct protocol_servers *servers = context;
	return imap_session_new(&servers->imap, peer, waker);
}

static void *new_pop3(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	const struct protocol_servers *servers = context;
	return pop3_session_new(&servers->pop3, peer, waker);
}

static void *new_smtp(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	const struct protocol_servers *servers = context;
	return smtp_session_new(&servers->mx, peer, waker);
}

static void *new_submission(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	const struct protocol_servers *servers = context;
	return smtp_session_new(&servers->submission, peer, waker);
}

static void *new_lmtp(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	const struct protocol_servers *servers = context;
	return smtp_session_new(&servers->lmtp, peer, waker);
}

static void *new_http(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	const struct protocol_servers *servers = context;
	return http_session_new(&servers->http, peer, waker);
}

static void *new_metrics(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	const struct protocol_servers *servers = context;
	return http_session_new(&servers->metrics, peer, waker);
}

struct protocol {
	const struct net_session_ops *ops;
	void *(*session_new)(
	    void *context, const struct net_peer *peer, struct net_waker waker);
	// As registered with IANA (net/server.h). For SMTP there is no such
	// name, but Exim uses these; without one, the client of a web page
	// would be let in (ALPACA).
	const char *alpn;
	enum net_door door;
	// Sent to a client that has too many connections, and when the server
	// has.
	struct view refusal;
	struct view busy;
};

#define WORDS(literal)                                                         \
	{                                                                      \
		literal "\r\n", sizeof(literal "\r\n") - 1                     \
	}
#define SMTP_ALPN "smtp esmtp"
// RFC 5321 section 3.8, RFC 3463 sections 3.4 and 3.8.
#define SMTP_REFUSAL WORDS("421 4.7.0 Too many connections from your address")
#define SMTP_BUSY    WORDS("421 4.3.2 The server is busy, try again later")

// RFC 9110 section 15.6.4, RFC 6585 section 4.
#define HTTP_REFUSAL                                                           \
	WORDS("HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\n"        \
	      "Retry-After: 60\r\nContent-Length: 0\r\n")
#define HTTP_BUSY                                                              \
	WORDS("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"      \
	      "Retry-After: 60\r\nContent-Length: 0\r\n")

// By enum config_protocol.
static const struct protocol protocol_table[] = {
    // RFC 5530 section 3.
    [CONFIG_IMAP] = {&imap_session_ops, new_imap, "imap", NET_DOOR_USERS,
	WORDS("* BYE [LIMIT] Too many connections from your address"),
	WORDS("* BYE [UNAVAILABLE] The server is busy, try again later")},
    // RFC 3206 section 4.
    [CONFIG_POP3] = {&pop3_session_ops, new_pop3, "pop3", NET_DOOR_USERS,
	WORDS("-ERR [SYS/TEMP] Too many connections from your address"),
	WORDS("-ERR [SYS/TEMP] The server is busy, try again later")},
    [CONFIG_SMTP] = {&smtp_session_ops, new_smtp, SMTP_ALPN, NET_DOOR_SERVERS,
	SMTP_REFUSAL, SMTP_BUSY},
    [CONFIG_SUBMISSION] = {&smtp_session_ops, new_submission, SMTP_ALPN,
	NET_DOOR_USERS, SMTP_REFUSAL, SMTP_BUSY},
    [CONFIG_LMTP] = {&smtp_session_ops, new_lmtp, "lmtp", NET_DOOR_TRUSTED,
	SMTP_REFUSAL, SMTP_BUSY},
    [CONFIG_HTTP] = {&http_session_ops, new_http, HTTP_ALPN, NET_DOOR_WEB,
	HTTP_REFUSAL, HTTP_BUSY},
    [CONFIG_METRICS] = {&http_session_ops, new_metrics, HTTP_ALPN,
	NET_DOOR_TRUSTED, HTTP_REFUSAL, HTTP_BUSY},
};

// ---- Listeners -------------------------------------------------------------

static enum rc bind_to(const struct config_listener *listener,
    const char *address, struct passed *passed, int *ret_fd,
    struct fault *fault)
{
	int fd = passed_take(passed, address, (uint16_t)listener->port);
	if (fd >= 0) {
		*ret_fd = fd;
		return RC_OK;
	}
	if (address[0] == '/')
		return net_bind_unix(address, ret_fd, fault);
	return net_bind(address, (uint16_t)listener->port, ret_fd, fault);
}

static enum rc listen_at(struct protocols *protocols, struct passed *passed,
    struct net_server *net, struct net_tls *tls,
    const struct config_listener *listener, const char *address,
    struct fault *fault)
{
	const struct protocol *protocol = &protocol_table[listener->protocol];
	bool plain = listener->tls == CONFIG_TLS_NONE;
	struct net_listener_config config = {
	    .implicit_tls = listener->tls == CONFIG_TLS_IMPLICIT,
	    .tls = plain ? NULL : tls,
	    .alpn = protocol->alpn,
	    .ops = protocol->ops,
	    .session_new = protocol->session_new,
	    .context = plain ? &protocols->plain : &protocols->secure,
	    .door = protocol->door,
	    .refusal = protocol->refusal,
	    .busy = protocol->busy,
	};
	enum rc rc = bind_to(listener, address, passed, &config.fd, fault);
	return rc == RC_OK ? net_server_listen(net, &config, fault) : rc;
}

enum rc protocols_listen(struct protocols *protocols, struct config *config,
    struct passed *passed, struct net_server *net, struct net_tls *tls,
    struct log *log, struct fault *fault)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		struct config_listener *l = &config->listeners[i];
		l->absent = l->optional;
		for (size_t j = 0; j < l->address_count; j++) {
			enum rc rc = listen_at(protocols, passed, net, tls, l,
			    l->addresses[j], fault);
			if ((rc == RC_IN_USE || rc == RC_DENIED) &&
			    l->optional) {
				log_text(log, LOG_LEVEL_WARN, "listen",
				    "%s: the server goes on without %s, which "
				    "no configuration asks for",
				    fault->text, l->name);
				continue;
			}
			if (rc != RC_OK)
				return rc;
			l->absent = false;
			struct log_line line;
			log_begin(&line, log, LOG_LEVEL_INFO, "listen");
			log_add_string(&line, "listener", l->name);
			log_add_string(&line, "address", l->addresses[j]);
			log_add_u64(&line, "port", l->port);
			log_end(&line);
		}
	}
	return RC_OK;
}

// ---- What sessions share ---------------------------------------------------

static struct smtp_server smtp_server(const struct config *config,
    const struct delivery_office *office, const struct session_server *base,
    enum smtp_role role, struct smtp_harvest *harvest)
{
	struct smtp_server server = {
	    .base = *base,
	    .office = office,
	    .role = role,
	    .normalize = config->smtp_line_ends == CONFIG_LINE_ENDS_NORMALIZE,
	    .lenient = config->submission_lenient,
	    .limits =
		{
		    .recipients = config->smtp_recipients_max,
		    .errors = config->smtp_errors_max,
		    .errors_slow = config->smtp_errors_slow,
		    .slow_ms = config->smtp_slow_ms,
		    .commands = config->smtp_commands_max,
		    .messages = config->smtp_messages_max,
		    .command_seconds = config->smtp_command_seconds,
		    .data_seconds = config->smtp_data_seconds,
		    .session_seconds = config->smtp_session_seconds,
		},
	};
	server.base.name = config->server_name;
	// Strangers and other servers have no user who could be traced.
	if (role != SMTP_ROLE_SUBMISSION)
		server.base.trace = NULL;
	if (role == SMTP_ROLE_MX)
		server.harvest = harvest;
	return server;
}

static void fill(struct protocols *protocols, bool tls,
    const struct config *config, const struct delivery_office *office,
    struct auth *auth, struct session_registry *sessions, struct log *log,
    struct tracing *tracing)
{
	struct protocol_servers *servers =
	    tls ? &protocols->secure : &protocols->plain;
	struct session_server base = {
	    .auth = auth,
	    .log = log,
	    .name = "Roost",
	    .tls_available = tls,
	    .plain_on_loopback = config->plain_on_loopback,
	    .trace = tracing_of(tracing),
	    .registry = sessions,
	    .budget = office->budget,
	    .user_sessions_max = config->max_per_user,
	};
	base.counts = &protocols->counts[CONFIG_IMAP];
	servers->imap = (struct imap_server){
	    .base = base,
	    .store = office->store,
	    .version = roost_version,
	    .compress = config->compress,
	    .recent = protocols->recent,
	    .jmap_url = web_jmap_url(protocols->web),
	};
	base.counts = &protocols->counts[CONFIG_POP3];
	servers->pop3 = (struct pop3_server){
	    .base = base,
	    .store = office->store,
	    .version = roost_version,
	};
	base.counts = &protocols->counts[CONFIG_SMTP];
	servers->mx = smtp_server(
	    config, office, &base, SMTP_ROLE_MX, protocols->harvest);
	base.counts = &protocols->counts[CONFIG_SUBMISSION];
	servers->submission = smtp_server(
	    config, office, &base, SMTP_ROLE_SUBMISSION, protocols->harvest);
	base.counts = &protocols->counts[CONFIG_LMTP];
	servers->lmtp = smtp_server(
	    config, office, &base, SMTP_ROLE_LMTP, protocols->harvest);
	base.counts = &protocols->counts[CONFIG_HTTP];
	servers->http = web_server(protocols->web, config, &base);
	base.counts = &protocols->counts[CONFIG_METRICS];
	servers->metrics = web_metrics_server(protocols->web, config, &base);
}

void protocols_open(struct protocols *protocols, const struct config *config,
    const struct delivery_office *office, struct auth *auth,
    struct session_registry *sessions, struct log *log, struct tracing *tracing,
    const struct web_parts *web)
{
	protocols->web = web_new(web);
	protocols->recent = imap_recent_new(NULL);
	protocols->harvest = smtp_harvest_new(
	    config->smtp_unknown_slow, config->smtp_unknown_max);
	fill(protocols, true, config, office, auth, sessions, log, tracing);
	fill(protocols, false, config, office, auth, sessions, log, tracing);
}

void protocols_close(struct protocols *protocols)
{
	if (protocols->recent)
		imap_recent_free(&protocols->recent);
	smtp_harvest_free(&protocols->harvest);
	web_free(&protocols->web);
}
