// SPDX-License-Identifier: Apache-2.0
// The order of the start: first the log, the data folder, and the certificates,
// which perhaps only root can read. Then root's rights are given up, except the
// right to bind ports. The folder is locked and the ports are bound; the
// process shuts itself in; the store is opened, and sessions may come. Whatever
// was opened is closed in the reverse order, even if the start failed halfway.
#include "server/serve.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/become.h"
#include "admin/control.h"
#include "admin/database.h"
#include "admin/folder.h"
#include "admin/folder_lock.h"
#include "admin/listing.h"
#include "admin/place.h"
#include "admin/user_life.h"
#include "auth/standing.h"
#include "base/clock.h"
#include "net/server.h"
#include "queue/manage.h"
#include "server/certificates.h"
#include "server/certifier.h"
#include "server/demo.h"
#include "server/measures.h"
#include "server/memory.h"
#include "server/notify.h"
#include "server/post_office.h"
#include "server/protocols.h"
#include "server/push_post.h"
#include "server/sandbox.h"
#include "server/sweeper.h"
#include "server/version.h"
#include "store/derive.h"

// How long to wait until a command, or a server that is stopping, releases the
// folder.
#define LOCK_WAIT_MS 30000

struct serve {
	struct config *config;
	const struct cli_call *call;
	struct cli_call own_call; // a changed copy, for the demonstration
	bool demo;
	const char *demo_folder;
	const char *demo_data; // as it is shown
	uint64_t started_ms;
	struct log log;
	struct net_tls *tls;
	struct net_server *net;
	struct certifier *certifier;
	struct push_post *push_post; // NULL: nothing is pushed to URLs
	struct jmap_poster poster;
	struct memory *memory;
	struct sandbox_state sandbox; // all zero: switched off
	int lock;                     // of the data folder; -1: not locked
	struct engine *engine;
	struct store *store;
	struct auth *auth;
	struct session_registry *sessions; // of users
	struct post_office post;
	struct tracing *tracing;
	struct protocols protocols;
	struct notify notify;
	int control_fd; // bound, until `control` takes it; -1: none
	struct control *control;
	struct control_server control_server;
	struct sweeper *sweeper;
	struct store_deriver *deriver;
};

// ---- Log -------------------------------------------------------------------

// Whether the journal reads stderr (systemd.exec(5), JOURNAL_STREAM).
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
	uint32_t format = serve->config->log_format;
	serve->log = (struct log){
	    .fd = STDERR_FILENO,
	    .minimum = (enum log_level)serve->config->log_level,
	    .journal = format == CONFIG_LOG_JOURNAL ||
		       (format == CONFIG_LOG_AUTO && is_journal()),
	};
}

// ---- Ports -----------------------------------------------------------------

static enum rc open_net(struct serve *serve, struct fault *fault)
{
	struct config *config = serve->config;
	uint32_t strangers = config->max_strangers;
	struct net_networks unlimited;
	enum rc rc = net_networks_parse(
	    view_of_string(config->unlimited_networks), &unlimited, fault);
	if (rc != RC_OK)
		return rc;
	if (strangers == 0)
		strangers = (config->max_connections + 3) / 4;
	struct net_server_config net = {
	    .threads = config->threads,
	    .max_connections = config->max_connections,
	    .max_strangers = strangers,
	    .max_visitors = config->max_visitors ? config->max_visitors
						 : (strangers + 1) / 2,
	    .max_per_address = config->max_per_address,
	    .max_per_network = config->max_per_network,
	    .unlimited = &unlimited,
	    .budget = memory_budget(serve->memory),
	    .max_outgoing =
		config->relay_connections + PROBE_OWN_CONNECTIONS_MAX,
	    .handshake_seconds = config->handshake_seconds,
	    .stall_seconds = config->stall_seconds,
	    .log = &serve->log,
	};
	struct passed passed;
	passed_find(&passed);
	serve->net = net_server_new(&net);
	rc = protocols_listen(&serve->protocols, config, &passed, serve->net,
	    serve->tls, &serve->log, fault);
	passed_close(&passed, &serve->log);
	return rc;
}

static bool asks_for_connections(const struct config *config)
{
	struct config defaults;
	config_init(&defaults);
	bool asks = config->max_connections != defaults.max_connections;
	config_done(&defaults);
	return asks;
}

// Sets the limit of open files to what the connections need. If the system does
// not allow that many, limits the connections instead; somebody who configured
// more than the default gets a warning.
static void raise_files(struct serve *serve)
{
	struct rlimit limit;
	struct config *config = serve->config;
	uint64_t others = 2 * (uint64_t)config->relay_connections + 1024;
	uint64_t need = config->max_connections + others;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
		return;
	if (limit.rlim_max < need) {
		uint64_t fit = limit.rlim_max > 2 * others
				   ? limit.rlim_max - others
				   : limit.rlim_max / 2;
		bool asked = asks_for_connections(config);
		log_text(&serve->log, asked ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
		    "limits",
		    "the system allows %llu open files, so max_connections is "
		    "%llu, not %u",
		    (unsigned long long)limit.rlim_max, (unsigned long long)fit,
		    config->max_connections);
		config->max_connections = (uint32_t)fit;
	}
	limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
	setrlimit(RLIMIT_NOFILE, &limit);
}

// ---- Memory ----------------------------------------------------------------

static void open_memory(struct serve *serve)
{
	struct config *config = serve->config;
	size_t limit = (size_t)config->memory_max_mib << 20;
	if (limit == 0)
		limit = memory_allowed();
	serve->memory = memory_new(limit, &serve->log);
}

// RocksDB's memory is a part of all.
static size_t or_share(
    struct serve *serve, uint32_t mib, size_t (*share)(size_t limit))
{
	return mib ? (size_t)mib << 20
		   : share(memory_budget(serve->memory)->limit);
}

// ---- Rights ----------------------------------------------------------------

// The server does not run as root. A demonstration that root starts runs as
// DEMO_SYSTEM_USER, if the configuration names nobody.
static enum rc find_user(
    struct serve *serve, struct fault *fault, struct become *ret_become)
{
	const struct config *config = serve->config;
	const char *user = config->user[0] ? config->user : NULL;
	if (serve->demo && !user)
		user = DEMO_SYSTEM_USER;
	enum rc rc = become_find(user, config->data, fault, ret_become);
	if (rc == RC_OK && ret_become->is_root)
		rc = fault_set(fault, RC_DENIED,
		    "root does not serve mail, and the data folder %s is "
		    "root's: make a user (useradd --system roost), give it the "
		    "folder (chown -R roost: %s), and name it in the "
		    "configuration (user = \"roost\")",
		    config->data, config->data);
	return rc;
}

// Opens, as long as the process is root, what DEMO_SYSTEM_USER could not reach
// through a closed folder such as /root: goes into the data folder, and holds
// the folder with the demonstration's mail.
static enum rc reach_demo(struct serve *serve, struct fault *fault)
{
	struct config *config = serve->config;
	struct arena *arena = &config->arena;
	struct folder data, mail;
	enum rc rc = folder_open(arena, config->data, fault, &data);
	if (rc != RC_OK)
		return rc;
	bool moved = fchdir(data.fd) == 0;
	folder_close(&data);
	if (!moved)
		return fault_set(
		    fault, RC_IO, "cannot work in the folder %s", config->data);
	config->data = ".";
	serve->own_call = *serve->call;
	serve->own_call.place.data = config->data;
	serve->call = &serve->own_call;
	if (serve->demo_folder &&
	    folder_open(arena, serve->demo_folder, fault, &mail) == RC_OK) {
		char path[64]; // the descriptor stays open
		snprintf(path, sizeof(path), "/proc/self/fd/%d", mail.fd);
		serve->demo_folder = arena_string(arena, view_of_string(path));
	}
	return RC_OK;
}

// Afterwards the process has no rights of root, and it alone uses the folder.
static enum rc give_up_rights(
    struct serve *serve, const struct become *become, struct fault *fault)
{
	enum rc rc = become_user(become, true, fault);
	if (rc != RC_OK)
		return rc;
	if (place_is_served(&serve->call->place))
		return fault_set(fault, RC_IN_USE,
		    "another server has the data folder %s",
		    serve->config->data);
	return folder_lock_open(
	    serve->config->data, LOCK_WAIT_MS, fault, &serve->lock);
}

// Gives the folder that a file is in: a reload may find a new file there.
static const char *folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return ".";
	return slash == path
		   ? "/"
		   : arena_string(arena, view_of(path, (size_t)(slash - path)));
}

static void shut_in(struct serve *serve)
{
	struct config *config = serve->config;
	struct sandbox_needs needs = {.write = config->data};
	if (!config->sandbox) {
		log_text(&serve->log, LOG_LEVEL_WARN, "sandbox",
		    "switched off by the configuration");
		return;
	}
	for (size_t i = 0; i < config->certificate_count; i++) {
		const struct net_tls_pair *pair = &config->certificates[i];
		needs.read[needs.read_count++] =
		    folder_of(&config->arena, pair->certificate_path);
		needs.read[needs.read_count++] =
		    folder_of(&config->arena, pair->key_path);
	}
	if (config->path)
		needs.read[needs.read_count++] =
		    folder_of(&config->arena, config->path);
	if (serve->demo_folder)
		needs.read[needs.read_count++] = serve->demo_folder;
	post_office_ports(config, &needs);
	if (config->acme)
		sandbox_need_port(
		    &needs, config_url_port(config->acme_directory));
	if (config->push)
		sandbox_need_port(&needs, (uint16_t)config->push_port);
	serve->sandbox = sandbox_enter_logged(&needs, &serve->log);
}

// ---- Store -----------------------------------------------------------------

// A user's sessions have to end, also those that wait for input.
static void shut_out(void *context, struct view user)
{
	session_registry_wake(context, user);
}

static enum rc open_store(struct serve *serve, struct fault *fault)
{
	const struct config *config = serve->config;
	const struct cli_place *place = &serve->call->place;
	struct engine_rocksdb_options options = {
	    .cache_bytes = or_share(serve, config->cache_mib, memory_cache),
	    .buffer_bytes =
		or_share(serve, config->write_buffer_mib, memory_write_buffer),
	    .reserve_bytes = (uint64_t)config->disk_reserve_mib << 20,
	    .log = &serve->log,
	};
	char path[4096];
	snprintf(path, sizeof(path), "%s/store", config->data);
	enum rc rc = database_open(path, &options, fault, &serve->engine);
	if (rc != RC_OK)
		return rc;
	serve->store = store_new(&(struct store_options){
	    .engine = serve->engine,
	    .log = &serve->log,
	    .message_max = (uint64_t)config->message_max_mib << 20,
	    .quota_bytes = (uint64_t)config->quota_mib << 20,
	    .quota_messages = config->quota_messages,
	    .tombstones_max = config->tombstones_max,
	    .changes_max = config->changes_max,
	    .kept_seconds = config->undelete_days * 86400,
	});
	rc = auth_new(serve->engine, &place->auth, &serve->log, NULL, fault,
	    &serve->auth);
	if (rc != RC_OK)
		return rc;
	serve->sessions = session_registry_new(NULL);
	auth_set_watcher(
	    serve->auth, &(struct auth_watcher){
			     .shut_out = shut_out, .context = serve->sessions});
	return auth_start(serve->auth, fault);
}

// ---- Administration --------------------------------------------------------

static struct measures measures(struct serve *serve)
{
	return (struct measures){
	    .net = serve->net,
	    .tls = serve->tls,
	    .engine = serve->engine,
	    .auth = serve->auth,
	    .post = &serve->post,
	    .protocols = &serve->protocols,
	    .budget = memory_budget(serve->memory),
	    .tracing = serve->tracing,
	    .sandbox = &serve->sandbox,
	    .started_ms = serve->started_ms,
	};
}

static void status(void *context, json_t *answer)
{
	struct measures now = measures(context);
	const struct serve *serve = context;
	measures_status(&now, answer);
	certifier_count(serve->certifier, answer);
}

static void metrics(void *context, bool open, struct buf *out)
{
	struct measures now = measures(context);
	measures_metrics(&now, open, out);
}

static void trace(void *context, struct view user, bool on)
{
	struct serve *serve = context;
	tracing_set(serve->tracing, user, on);
}

static void certificates(void *context, json_t *answer)
{
	struct serve *serve = context;
	certifier_show(serve->certifier, serve->tls, answer);
}

static enum rc renew(void *context, struct view name, struct fault *fault)
{
	struct serve *serve = context;
	return certifier_renew(serve->certifier, name, fault);
}

static struct control_host control_host(struct serve *serve)
{
	serve->control_server = (struct control_server){
	    .status = status,
	    .metrics = metrics,
	    .trace = trace,
	    .certificates = certificates,
	    .renew = renew,
	    .context = serve,
	};
	return (struct control_host){
	    .engine = serve->engine,
	    .store = serve->store,
	    .auth = serve->auth,
	    .sessions = serve->sessions,
	    .route = serve->post.route,
	    .dkim = serve->post.dkim,
	    .dns = serve->post.dns,
	    .queue = serve->post.queue,
	    .sending = serve->post.sending,
	    .server_name = serve->config->server_name,
	    .services = config_services(serve->config),
	    .relay = serve->post.relay,
	    .log = &serve->log,
	    .audit = &serve->log,
	    .version = roost_version,
	    .data = serve->config->data,
	    .server = &serve->control_server,
	};
}

static const char *control_path(struct serve *serve)
{
	return listing_join(
	    &serve->config->arena, serve->config->data, CONTROL_SOCKET);
}

static enum rc open_control(struct serve *serve, struct fault *fault)
{
	struct control_host host = control_host(serve);
	int fd = serve->control_fd;
	serve->control_fd = -1;
	return control_new(&host, fd, fault, &serve->control);
}

static void close_control(struct serve *serve)
{
	if (serve->control || serve->control_fd >= 0)
		unlink(control_path(serve));
	if (serve->control_fd >= 0)
		close(serve->control_fd);
	if (serve->control)
		control_free(&serve->control);
}

// ---- Push ------------------------------------------------------------------

static enum rc prepare_push(struct serve *serve, struct fault *fault)
{
	const struct config *config = serve->config;
	struct push_post_settings settings = {
	    .ca_file = config->push_ca_file[0] ? config->push_ca_file : NULL,
	    .port = (uint16_t)config->push_port,
	    .log = &serve->log,
	};
	if (!config->push)
		return RC_OK;
	enum rc rc = net_networks_parse(
	    view_of_string(config->push_networks), &settings.networks, fault);
	if (rc == RC_OK)
		rc = push_post_new(&settings, fault, &serve->push_post);
	if (rc == RC_OK)
		serve->poster = push_post_poster(serve->push_post);
	return rc;
}

// ---- Start and stop --------------------------------------------------------

// What may need root: the configured certificates, and the ports.
static enum rc start_as_root(struct serve *serve, struct fault *fault)
{
	struct config *config = serve->config;
	bool configured = config->certificate_count > 0;
	struct become become;
	enum rc rc = find_user(serve, fault, &become);
	if (rc == RC_OK)
		rc = become_make_folder(config->data, &become, fault);
	if (rc == RC_OK && serve->demo && become.from_root)
		rc = reach_demo(serve, fault);
	if (rc == RC_OK && configured)
		rc = certificates_open(config, &serve->log, fault, &serve->tls);
	if (rc == RC_OK)
		rc = certifier_prepare(
		    config, &serve->log, fault, &serve->certifier);
	if (rc == RC_OK)
		rc = prepare_push(serve, fault);
	if (rc == RC_OK)
		rc = post_office_prepare(
		    &serve->post, config, &serve->log, fault);
	if (rc == RC_OK)
		rc = give_up_rights(serve, &become, fault);
	if (rc == RC_OK && !configured)
		rc = certificates_open(config, &serve->log, fault, &serve->tls);
	if (rc == RC_OK)
		rc = certificates_open_kept(
		    serve->tls, config, &serve->log, fault);
	if (rc == RC_OK)
		rc = open_net(serve, fault);
	become_powerless();
	// The sandbox allows no Unix sockets.
	if (rc == RC_OK)
		rc = net_bind_unix(
		    control_path(serve), &serve->control_fd, fault);
	notify_open(&serve->notify);
	return rc;
}

static enum rc start(struct serve *serve, struct fault *fault)
{
	struct config *config = serve->config;
	const char *exposed = config_exposed(config);
	if (exposed)
		log_text(&serve->log, LOG_LEVEL_WARN, "config",
		    "everybody on this machine can read %s in %s", exposed,
		    config->path);
	if (serve->demo)
		serve->demo_folder = demo_folder(&config->arena);
	serve->demo_data = config->data;
	enum rc rc = place_check_path(&serve->call->place, fault);
	if (rc != RC_OK)
		return rc;
	if (!serve->demo)
		rc =
		    passed_bind_and_run_again(config, serve->call->argv, fault);
	if (rc != RC_OK)
		return rc;
	raise_files(serve);
	open_memory(serve);
	rc = start_as_root(serve, fault);
	if (rc != RC_OK)
		return rc;
	shut_in(serve);
	rc = open_store(serve, fault);
	if (rc != RC_OK)
		return rc;
	rc = post_office_open(&serve->post, config, serve->store, serve->engine,
	    serve->auth, serve->net, &serve->log, fault);
	if (rc != RC_OK)
		return rc;
	serve->post.office.budget = memory_budget(serve->memory);
	serve->tracing = tracing_new(&serve->log);
	struct web_parts web = {
	    .config = config,
	    .engine = serve->engine,
	    .tls = serve->tls,
	    .route = serve->post.route,
	    .auth = serve->auth,
	    .store = serve->store,
	    .office = &serve->post.office,
	    .log = &serve->log,
	    .own_test = serve->post.own_test,
	    .metrics = metrics,
	    .metrics_context = serve,
	    .acme = certifier_answers(serve->certifier),
	    .poster = serve->push_post ? &serve->poster : NULL,
	};
	if (serve->push_post)
		push_post_set_dns(serve->push_post, serve->post.dns);
	protocols_open(&serve->protocols, config, &serve->post.office,
	    serve->auth, serve->sessions, &serve->log, serve->tracing, &web);
	struct control_host host = control_host(serve);
	user_life_resume(&host);
	if (serve->demo)
		rc = demo_prepare(&host, serve->demo_folder, fault);
	if (rc == RC_OK)
		rc = certifier_open(serve->certifier, serve->post.route,
		    serve->post.dns, serve->tls, fault);
	if (rc == RC_OK)
		rc = open_control(serve, fault);
	if (rc != RC_OK)
		return rc;
	struct sweeper_settings sweeper = {
	    .engine = serve->engine,
	    .store = serve->store,
	    .folder = config->data,
	    .kept_days = config->undelete_days,
	    .log = &serve->log,
	};
	rc = sweeper_new(&sweeper, fault, &serve->sweeper);
	if (rc == RC_OK)
		rc = store_deriver_new(serve->store, fault, &serve->deriver);
	if (rc == RC_OK)
		rc = memory_start(serve->memory, fault);
	if (rc == RC_OK)
		rc = web_start(serve->protocols.web, fault);
	if (rc == RC_OK)
		rc = net_server_start(serve->net, fault);
	if (rc == RC_OK)
		rc = post_office_start(&serve->post, serve->config, fault);
	if (rc == RC_OK)
		rc = certifier_start(serve->certifier, fault);
	return rc;
}

static void stop(struct serve *serve)
{
	certifier_stop(serve->certifier);
	post_office_stop(&serve->post, serve->config->stop_seconds);
	if (serve->net)
		net_server_stop(serve->net, serve->config->stop_seconds);
	close_control(serve);
	net_server_free(&serve->net);
	certifier_free(&serve->certifier);
	net_tls_free(&serve->tls);
	// JMAP follows what is in the queue, and looks up where it pushes to.
	protocols_close(&serve->protocols);
	post_office_close(&serve->post);
	push_post_free(&serve->push_post);
	store_deriver_free(&serve->deriver);
	sweeper_free(&serve->sweeper);
	tracing_free(&serve->tracing);
	if (serve->auth)
		auth_free(&serve->auth);
	session_registry_free(&serve->sessions);
	if (serve->store)
		store_free(&serve->store);
	if (serve->engine)
		engine_close(&serve->engine);
	memory_free(&serve->memory);
	if (serve->lock >= 0)
		close(serve->lock);
	notify_close(&serve->notify);
}

// ---- Running ---------------------------------------------------------------

static void take_up(struct serve *serve, const struct config *fresh)
{
	struct config *config = serve->config;
	serve->log.minimum = (enum log_level)fresh->log_level;
	for (size_t i = 0; i < fresh->certificate_count; i++) {
		const struct net_tls_pair *from = &fresh->certificates[i];
		config->certificates[i] = (struct net_tls_pair){
		    .certificate_path = arena_string(
			&config->arena, view_of_string(from->certificate_path)),
		    .key_path = arena_string(
			&config->arena, view_of_string(from->key_path)),
		};
	}
	if (fresh->certificate_count > 0)
		config->certificate_count = fresh->certificate_count;
}

// Reads the configuration again: applies the certificates and the log's level.
// If there is a mistake in the file or in a certificate, nothing changes.
static void reload(struct serve *serve)
{
	struct config fresh;
	struct buf mistakes;
	const struct config *config = serve->config;
	config_init(&fresh);
	buf_init(&mistakes, CONFIG_MISTAKES_MAX);
	enum rc rc = config->path ? config_read(&fresh, config->path, &mistakes)
				  : RC_NOT_FOUND;
	config_log_mistakes(&serve->log, &mistakes);
	buf_done(&mistakes);
	bool read = rc == RC_OK;
	if (read && fresh.certificate_count > 0)
		config = &fresh;
	// A reload cannot read a file that only root can read, but it can
	// perhaps read the certificates that it knows.
	if (read || rc == RC_NOT_FOUND || rc == RC_DENIED)
		rc = certificates_reload(serve->tls, config, &serve->log);
	if (read && rc == RC_OK)
		take_up(serve, &fresh);
	log_text(&serve->log, rc == RC_OK ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
	    "reload", "%s",
	    rc == RC_OK ? "certificates and log_level are taken up; other "
			  "settings need a restart"
			: "the certificates and log_level stay as they were");
	config_done(&fresh);
}

static void block_signals(sigset_t *ret_signals)
{
	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	sigaddset(ret_signals, SIGINT);
	sigaddset(ret_signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void run(struct serve *serve, const sigset_t *signals)
{
	int number;
	log_text(&serve->log, LOG_LEVEL_INFO, "ready", "roost %s serves",
	    roost_version);
	notify_ready(&serve->notify);
	if (serve->demo)
		demo_print(serve->config, serve->demo_data);
	while (sigwait(signals, &number) == 0 && number == SIGHUP)
		reload(serve);
	log_text(
	    &serve->log, LOG_LEVEL_INFO, "stopping", "on signal %d", number);
}

enum cli_exit serve_command(const struct cli_call *call)
{
	struct serve serve = {
	    .config = call->context,
	    .call = call,
	    .demo = cli_value(call, "demo") != NULL,
	    .lock = -1,
	    .control_fd = -1,
	    .notify = {.fd = -1},
	    .started_ms = clock_monotonic_ms(),
	};
	struct fault fault = {0};
	sigset_t signals;
	umask(077);
	open_log(&serve);
	block_signals(&signals);
	enum rc rc = start(&serve, &fault);
	if (rc == RC_OK)
		run(&serve, &signals);
	stop(&serve);
	return rc == RC_OK ? CLI_OK : cli_fail(rc, &fault);
}
