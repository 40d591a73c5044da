// SPDX-License-Identifier: Apache-2.0
#include "server/web.h"

#include "account/account.h"
#include "acme/answers.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "engine/engine.h"
#include "jmap/jmap.h"
#include "setup/setup.h"
#include "webmail/webmail.h"

#define ANSWER_MAX 1024 // bytes of a key authorization

struct web {
	struct web_parts parts;
	struct setup *setup;
	struct account *account;
	struct jmap *jmap;
	char jmap_url[320]; // empty: there is none
	char contact[320];
	struct webmail *webmail;
	struct http_route *routes; // owned
	size_t route_count;
	struct http_route metrics_routes[2];
};

// ---- /healthz --------------------------------------------------------------

// Whether the server can take and give mail, and nothing else: for load
// balancers, and for whoever watches.
static enum http_step healthz(struct http_exchange *exchange)
{
	const struct web *web = exchange->context;
	bool ready = engine_health(web->parts.engine).state == ENGINE_WELL;
	return http_answer(exchange, ready ? 200 : 503,
	    "text/plain; charset=utf-8",
	    ready ? VIEW("ready\n") : VIEW("not ready\n"));
}

// ---- /.well-known/acme-challenge/ ------------------------------------------

// An authority asks whether a name leads to us (RFC 8555 section 8.3).
static enum http_step acme_challenge(struct http_exchange *exchange)
{
	const struct web *web = exchange->context;
	struct buf text;
	buf_init(&text, ANSWER_MAX);
	enum rc rc = web->parts.acme ? acme_answers_find(web->parts.acme,
					   exchange->request.rest, &text)
				     : RC_NOT_FOUND;
	bool found = rc == RC_OK;
	enum http_step step = http_answer(exchange, found ? 200 : 404,
	    found ? "application/octet-stream" : "text/plain; charset=utf-8",
	    found ? buf_view(&text) : VIEW("not found\n"));
	buf_done(&text);
	return step;
}

static const struct http_route own_routes[] = {
    {.methods = HTTP_GET,
	.path = "/healthz",
	.flags = HTTP_ROUTE_CLEAR | HTTP_ROUTE_ANY_HOST,
	.begin = healthz},
    {.methods = HTTP_GET,
	.path = ACME_PATH,
	.flags = HTTP_ROUTE_PREFIX | HTTP_ROUTE_CLEAR | HTTP_ROUTE_ANY_HOST,
	.begin = acme_challenge},
};

// ---- / without the web mail ------------------------------------------------

static enum http_step to_setup(struct http_exchange *exchange)
{
	return http_redirect(exchange, 302, VIEW("/setup"));
}

static const struct http_route root_route = {
    .methods = HTTP_GET, .path = "/", .begin = to_setup};

// ---- /metrics --------------------------------------------------------------

// Prometheus says which forms it reads.
static enum http_step metrics(struct http_exchange *exchange)
{
	const struct web *web = exchange->context;
	struct view accept = http_field(&exchange->request, "accept");
	bool open =
	    view_find(accept, VIEW("application/openmetrics-text")) != SIZE_MAX;
	struct buf text;
	buf_init(&text, METRICS_MAX);
	web->parts.metrics(web->parts.metrics_context, open, &text);
	enum http_step step = http_answer(exchange, 200,
	    open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		 : "text/plain; version=0.0.4; charset=utf-8",
	    buf_view(&text));
	buf_done(&text);
	return step;
}

// ---- All routes ------------------------------------------------------------

// Adds a room's routes. `context` is for those that have none.
static void add_routes(struct web *web, const struct http_route *routes,
    size_t count, void *context)
{
	web->routes = mem_realloc(
	    web->routes, (web->route_count + count) * sizeof(*web->routes));
	for (size_t i = 0; i < count; i++) {
		struct http_route *to = &web->routes[web->route_count++];
		*to = routes[i];
		if (!to->context)
			to->context = context;
	}
}

static enum rc sign(void *context, struct view name, struct view content,
    struct buf *ret_signed)
{
	struct web *web = context;
	return net_tls_sign(web->parts.tls, name, content, ret_signed);
}

static struct setup *open_setup(struct web *web)
{
	const struct web_parts *parts = &web->parts;
	return setup_new(&(struct setup_options){
	    .route = parts->route,
	    .auth = parts->auth,
	    .server_name = parts->config->server_name,
	    .services = config_services(parts->config),
	    .sign = parts->tls ? sign : NULL,
	    .sign_context = web,
	    .own = parts->own_test,
	    .no_oauth = !parts->config->oauth,
	});
}

// Below: whether this server serves the host.
static bool accepts_host(void *context, struct view host);

static struct account *open_account(struct web *web)
{
	const struct web_parts *parts = &web->parts;
	return account_new(&(struct account_options){
	    .auth = parts->auth,
	    .log = parts->log,
	    .server_name = parts->config->server_name,
	    .https_port = config_https_port(parts->config),
	    .no_oauth = !parts->config->oauth,
	    .session_max_seconds = parts->config->session_max_days * 86400,
	    .is_ours = accepts_host,
	    .context = web,
	});
}

static void set_jmap_url(struct web *web)
{
	const struct config *config = web->parts.config;
	uint16_t port = config_https_port(config);
	char suffix[8] = "";
	if (port == 0)
		return;
	if (port != 443)
		snprintf(suffix, sizeof(suffix), ":%u", port);
	snprintf(web->jmap_url, sizeof(web->jmap_url),
	    "https://%s%s" JMAP_WELL_KNOWN, config->server_name, suffix);
}

const char *web_jmap_url(const struct web *web)
{
	return web->jmap_url[0] ? web->jmap_url : NULL;
}

static struct jmap_limits jmap_limits_of(const struct config *config)
{
	struct jmap_limits limits = jmap_limits_default;
	limits.upload_bytes = (uint64_t)config->jmap_upload_mib << 20;
	limits.uploads = config->jmap_uploads_max;
	limits.request_bytes = (uint64_t)config->jmap_request_kib << 10;
	limits.requests = config->jmap_requests_max;
	limits.calls = config->jmap_calls_max;
	limits.objects_get = config->jmap_objects_max;
	limits.objects_set = config->jmap_objects_max;
	return limits;
}

static struct jmap *open_jmap(struct web *web)
{
	const struct web_parts *parts = &web->parts;
	// Where push services find who sends so much.
	snprintf(web->contact, sizeof(web->contact), "https://%s",
	    parts->config->server_name);
	return jmap_new(&(struct jmap_options){
	    .store = parts->store,
	    .auth = parts->auth,
	    .office = parts->office,
	    .log = parts->log,
	    .server_name = parts->config->server_name,
	    .poster = parts->poster,
	    .contact = web->contact,
	    .limits = jmap_limits_of(parts->config),
	});
}

enum rc web_start(struct web *web, struct fault *fault)
{
	return jmap_start(web->jmap, fault);
}

struct web *web_new(const struct web_parts *parts)
{
	struct web *web = mem_zalloc(sizeof(*web));
	size_t count;
	web->parts = *parts;
	web->setup = open_setup(web);
	web->webmail = webmail_new();
	add_routes(web, own_routes, ARRAY_LEN(own_routes), web);
	web->jmap = open_jmap(web);
	set_jmap_url(web);
	add_routes(web, setup_routes, setup_route_count, web->setup);
	add_routes(web, jmap_routes, jmap_route_count, web->jmap);
	if (parts->config->webmail)
		add_routes(
		    web, webmail_routes, webmail_route_count, web->webmail);
	else
		add_routes(web, &root_route, 1, web);
	web->account = open_account(web);
	const struct http_route *routes = account_routes(web->account, &count);
	add_routes(web, routes, count, web->account);
	web->metrics_routes[0] = web->routes[0];
	web->metrics_routes[1] = (struct http_route){
	    .methods = HTTP_GET,
	    .path = "/metrics",
	    .flags = HTTP_ROUTE_CLEAR | HTTP_ROUTE_ANY_HOST,
	    .begin = metrics,
	    .context = web,
	};
	return web;
}

void web_free(struct web **ret_web)
{
	if (!*ret_web)
		return;
	setup_free(&(*ret_web)->setup);
	jmap_free(&(*ret_web)->jmap);
	webmail_free(&(*ret_web)->webmail);
	account_free(&(*ret_web)->account);
	free((*ret_web)->routes);
	free(*ret_web);
	*ret_web = NULL;
}

// ---- The server ------------------------------------------------------------

// Beside server_name: our domains, with the names under which mail programs ask
// for settings; and the names of our certificates, also of those that were
// taken up since the start.
static bool accepts_host(void *context, struct view host)
{
	const struct web *web = context;
	if (web->parts.tls && net_tls_is_for(web->parts.tls, host))
		return true;
	return setup_accepts_host(web->setup, host);
}

static struct http_limits limits_of(const struct config *config)
{
	return (struct http_limits){
	    .head_bytes = config->http_header_kib << 10,
	    .fields = config->http_fields_max,
	    .head_seconds = config->http_header_seconds,
	    .body_seconds = config->http_body_seconds,
	    .send_seconds = config->http_send_seconds,
	    .rate_min = config->http_bytes_per_second,
	    .idle_seconds = config->http_idle_seconds,
	    .handler_seconds = config->http_handler_seconds,
	    .requests = config->http_requests_max,
	    .streams = config->http_streams_max,
	    .body_held = config->http_bodies_mib << 20,
	    .nuisance = config->http_nuisance_max,
	    .ping_seconds = config->http_ping_seconds,
	    .message_bytes = config->http_message_kib << 10,
	    .hsts_seconds = config->http_hsts_seconds,
	};
}

struct http_server web_server(struct web *web, const struct config *config,
    const struct session_server *base)
{
	return (struct http_server){
	    .base = *base,
	    .routes = web->routes,
	    .route_count = web->route_count,
	    .names = &config->server_name,
	    .name_count = 1,
	    .accepts_host = accepts_host,
	    .host_context = web,
	    .https_port = config_https_port(config),
	    .limits = limits_of(config),
	};
}

struct http_server web_metrics_server(struct web *web,
    const struct config *config, const struct session_server *base)
{
	struct http_server server = web_server(web, config, base);
	server.routes = web->metrics_routes;
	server.route_count = ARRAY_LEN(web->metrics_routes);
	return server;
}
