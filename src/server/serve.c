// SPDX-License-Identifier: Apache-2.0
#include "server/serve.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imap/recent.h"
#include "imap/session.h"
#include "net/server.h"
#include "server/config.h"
#include "server/files.h"
#include "server/version.h"

#define MISTAKES_MAX 65536 // bytes of sentences about bad certificates

struct serve {
	struct config *config;
	struct log log;
	struct engine *engine;
	struct store *store;
	struct auth *auth;
	struct net_tls *tls;
	struct imap_recent *recent;
	struct imap_server imap;
	struct net_server *net;
};

// ---- The parts, in the order of the start ----------------------------------

// stderr is read by the journal (systemd.exec(5), JOURNAL_STREAM).
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat info;
	char own[64];
	if (!stream || fstat(STDERR_FILENO, &info) != 0)
		return false;
	snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)info.st_dev,
	    (unsigned long long)info.st_ino);
	return strcmp(own, stream) == 0;
}

static void open_log(struct serve *serve)
{
	enum config_log_format format = serve->config->log_format;
	serve->log = (struct log){
	    .fd = STDERR_FILENO,
	    .minimum = serve->config->log_level,
	    .journal = format == CONFIG_LOG_JOURNAL ||
		       (format == CONFIG_LOG_AUTO && is_journal()),
	};
}

static enum rc open_tls(struct serve *serve, struct fault *fault)
{
	struct buf mistakes;
	struct net_tls_config config = {
	    .pairs = serve->config->certificates,
	    .pair_count = serve->config->certificate_count,
	    .log = &serve->log,
	};
	buf_init(&mistakes, MISTAKES_MAX);
	enum rc rc = net_tls_new(&config, &mistakes, &serve->tls);
	if (rc != RC_OK)
		rc = fault_set(fault, rc, "%.*s",
		    VIEW_FMT(view_trim(buf_view(&mistakes))));
	buf_done(&mistakes);
	return rc;
}

static void *new_session(
    void *context, const struct net_peer *peer, struct net_waker waker)
{
	const struct serve *serve = context;
	return imap_session_new(&serve->imap, peer, waker);
}

static enum rc listen_at(struct serve *serve,
    const struct config_listener *listener, const char *address,
    struct fault *fault)
{
	struct net_listener_config config = {
	    .implicit_tls = listener->tls == CONFIG_TLS_IMPLICIT,
	    .tls = listener->tls == CONFIG_TLS_NONE ? NULL : serve->tls,
	    .alpn = "imap",
	    .ops = &imap_session_ops,
	    .session_new = new_session,
	    .context = serve,
	    .refusal = VIEW("* BYE [UNAVAILABLE] Too many connections\r\n"),
	};
	enum rc rc = net_bind(address, listener->port, &config.fd, fault);
	if (rc == RC_OK)
		rc = net_server_listen(serve->net, &config, fault);
	if (rc != RC_OK)
		return rc;
	struct log_line line;
	log_begin(&line, &serve->log, LOG_LEVEL_INFO, "listen");
	log_add_string(&line, "listener", listener->name);
	log_add_string(&line, "address", address);
	log_add_u64(&line, "port", listener->port);
	log_end(&line);
	return RC_OK;
}

static enum rc open_net(struct serve *serve, struct fault *fault)
{
	const struct config *config = serve->config;
	struct net_server_config net = {
	    .threads = config->threads,
	    .max_connections = config->max_connections,
	    .max_per_address = config->max_per_address,
	    .handshake_seconds = config->handshake_seconds,
	    .stall_seconds = config->stall_seconds,
	    .log = &serve->log,
	};
	serve->net = net_server_new(&net);
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *l = &config->listeners[i];
		for (size_t j = 0; j < l->address_count; j++) {
			enum rc rc =
			    listen_at(serve, l, l->addresses[j], fault);
			if (rc != RC_OK)
				return rc;
		}
	}
	return RC_OK;
}

static enum rc open_store(struct serve *serve, struct fault *fault)
{
	const struct config *config = serve->config;
	struct engine_rocksdb_options options = {
	    .cache_bytes = (size_t)config->cache_mib << 20,
	    .buffer_bytes = (size_t)config->write_buffer_mib << 20,
	    .log = &serve->log,
	};
	char path[4096];
	snprintf(path, sizeof(path), "%s/store", config->data);
	enum rc rc = engine_rocksdb_open(path, &options, fault, &serve->engine);
	if (rc != RC_OK)
		return rc;
	serve->store = store_new(&(struct store_options){
	    .engine = serve->engine,
	    .log = &serve->log,
	    .message_max = (uint64_t)config->message_max_mib << 20,
	    .quota_bytes = (uint64_t)config->quota_mib << 20,
	    .quota_messages = config->quota_messages,
	    .tombstones_max = config->tombstones_max,
	});
	struct auth_settings settings = {
	    .hashing.scram_sha1 = config->scram_sha1};
	return auth_new(
	    serve->engine, &settings, &serve->log, NULL, fault, &serve->auth);
}

static void open_imap(struct serve *serve)
{
	serve->recent = imap_recent_new(NULL);
	serve->imap = (struct imap_server){
	    .store = serve->store,
	    .auth = serve->auth,
	    .log = &serve->log,
	    .name = "Roost",
	    .version = roost_version,
	    .tls_available = true,
	    .plain_on_loopback = serve->config->plain_on_loopback,
	    .compress = serve->config->compress,
	    .recent = serve->recent,
	};
}

static enum rc start(struct serve *serve, struct fault *fault)
{
	bool made;
	enum rc rc = files_make_folder(serve->config->data, fault);
	if (rc == RC_OK)
		rc = files_certificate(serve->config, &made, fault);
	if (rc == RC_OK)
		rc = open_tls(serve, fault);
	if (rc == RC_OK)
		rc = open_net(serve, fault);
	if (rc == RC_OK)
		rc = open_store(serve, fault);
	if (rc != RC_OK)
		return rc;
	open_imap(serve);
	return net_server_start(serve->net, fault);
}

static void stop(struct serve *serve)
{
	if (serve->net)
		net_server_stop(serve->net, serve->config->stop_seconds);
	net_server_free(&serve->net);
	net_tls_free(&serve->tls);
	if (serve->recent)
		imap_recent_free(&serve->recent);
	if (serve->auth)
		auth_free(&serve->auth);
	if (serve->store)
		store_free(&serve->store);
	if (serve->engine)
		engine_close(&serve->engine);
}

// ---- Running ---------------------------------------------------------------

static void block_signals(sigset_t *ret_signals)
{
	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	sigaddset(ret_signals, SIGINT);
	sigaddset(ret_signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

enum cli_exit serve_command(const struct cli_call *call)
{
	struct config config;
	struct serve serve = {.config = &config};
	struct fault fault = {0};
	sigset_t signals;
	int number;
	config_init(&config);
	if (cli_value(call, "demo"))
		config_demo(&config);
	if (call->data)
		config.data = call->data;
	open_log(&serve);
	block_signals(&signals);
	enum rc rc = start(&serve, &fault);
	if (rc == RC_OK) {
		log_text(&serve.log, LOG_LEVEL_INFO, "ready", "serving");
		sigwait(&signals, &number);
	}
	stop(&serve);
	config_done(&config);
	return rc == RC_OK ? CLI_OK : cli_fail(rc, &fault);
}
