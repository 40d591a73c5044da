// SPDX-License-Identifier: Apache-2.0
#include "server/certifier.h"

#include <pthread.h>

#include "acme/keeper.h"
#include "admin/link.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/vec.h"
#include "server/certificates.h"
#include "server/fetch.h"
#include "server/pointing.h"
#include "wire/base64url.h"

// How often the list of domains is looked at.
#define LOOK_SECONDS 60
// How long a command waits for what it asked for.
#define RENEW_SECONDS 150
#define EAB_KEY_MAX   ((size_t)4096)

struct certifier {
	const struct config *config;
	struct log *log;
	struct buf eab_key;
	unsigned challenges;
	atomic_bool stopping;
	struct fetch *fetch;
	struct pointing *pointing;
	struct acme_answers *answers;
	struct acme_keeper *keeper;
	struct route *route;
	struct net_tls *tls;
	bool started;
	pthread_t thread;
	pthread_mutex_t lock; // protects what follows
	pthread_cond_t news;  // something below, or `stopping`, has changed
	bool forget;          // look up all names again
	bool look;            // there is something to do before its time
	uint64_t asked;       // rounds that were asked for
	uint64_t done;        // rounds whose work is done
};

// ---- The keeper's host -----------------------------------------------------

static bool resolve(void *context, const char *host, struct buf *addresses,
    const char **ret_why)
{
	struct certifier *certifier = context;
	return pointing_resolve(certifier->pointing, host, addresses, ret_why);
}

static void request(void *context, const struct acme_request *request,
    struct acme_answer *ret_answer)
{
	struct certifier *certifier = context;
	fetch_request(certifier->fetch, request, ret_answer);
}

static bool wait_seconds(void *context, uint32_t seconds)
{
	struct certifier *certifier = context;
	struct timespec end = thread_deadline(seconds * 1000ull);
	int late = seconds > 0 ? 0 : 1;
	pthread_mutex_lock(&certifier->lock);
	while (!atomic_load(&certifier->stopping) && late == 0)
		late = pthread_cond_timedwait(
		    &certifier->news, &certifier->lock, &end);
	pthread_mutex_unlock(&certifier->lock);
	return !atomic_load(&certifier->stopping);
}

static void present(void *context, const struct acme_challenge *challenge)
{
	struct certifier *certifier = context;
	struct buf pem;
	if (challenge->kind == ACME_HTTP_01) {
		acme_answers_add(certifier->answers,
		    view_of_string(challenge->token),
		    challenge->key_authorization);
		return;
	}
	buf_init(&pem, ACME_PEM_MAX);
	acme_alpn_certificate(
	    challenge->name, challenge->key_authorization, &pem);
	if (net_tls_challenge(
		certifier->tls, challenge->name, buf_view(&pem)) != RC_OK)
		log_text(certifier->log, LOG_LEVEL_ERROR, "acme_challenge",
		    "no certificate can be made to prove %s", challenge->name);
	buf_done_secret(&pem);
}

static void withdraw(void *context)
{
	struct certifier *certifier = context;
	acme_answers_clear(certifier->answers);
	net_tls_challenges_end(certifier->tls);
}

static void changed(void *context)
{
	struct certifier *certifier = context;
	certificates_take_up(certifier->tls, certifier->config, certifier->log);
}

// ---- Names -----------------------------------------------------------------

struct wanted {
	VEC(struct acme_wanted) all;
	struct arena arena;
	struct map seen; // names that a certificate has already
};

static void wish(struct certifier *certifier, struct wanted *wanted,
    struct acme_wish *wishes, size_t *count, const char *name, bool is_optional)
{
	int64_t now = clock_wall_seconds(NULL);
	struct view key = view_of_string(name);
	if (map_get(&wanted->seen, key))
		return;
	map_put(&wanted->seen, key, wanted);
	if (net_tls_is_configured(certifier->tls, name))
		return; // what the administrator named goes first
	const char *hindrance = pointing_check(certifier->pointing, name, now);
	if (hindrance && is_optional &&
	    pointing_is_absent(certifier->pointing, name))
		return;
	wishes[(*count)++] = (struct acme_wish){
	    .name = name,
	    .hindrance = hindrance ? arena_string(&wanted->arena,
					 view_of_string(hindrance))
				   : NULL,
	};
}

static void want_server(struct certifier *certifier, struct wanted *wanted)
{
	const struct config *config = certifier->config;
	struct acme_wish *wishes =
	    arena_zalloc(&wanted->arena, ACME_NAMES_MAX * sizeof(*wishes));
	struct view rest = view_of_string(config->acme_names), one;
	size_t count = 0;
	wish(certifier, wanted, wishes, &count, config->server_name, false);
	while (count < ACME_NAMES_MAX && view_split(&rest, ' ', &one))
		if (one.len > 0)
			wish(certifier, wanted, wishes, &count,
			    arena_string(&wanted->arena, one), false);
	if (count > 0)
		vec_push(&wanted->all,
		    (struct acme_wanted){CERTIFICATES_SERVER, wishes, count});
}

static void want_domain(
    struct certifier *certifier, struct wanted *wanted, struct view domain)
{
	// What mail programs and other servers look for in a domain.
	static const struct {
		const char *label;
		bool is_optional; // it need not be there
	} hosts[] = {{"autoconfig", false}, {"autodiscover", false},
	    {"mta-sts", true}, {"mail", true}};
	struct acme_wish *wishes =
	    arena_zalloc(&wanted->arena, ARRAY_LEN(hosts) * sizeof(*wishes));
	const char *own = arena_string(&wanted->arena, domain);
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		size_t size = domain.len + 32;
		char *name = arena_alloc(&wanted->arena, size);
		snprintf(name, size, "%s.%s", hosts[i].label, own);
		wish(certifier, wanted, wishes, &count, name,
		    hosts[i].is_optional);
	}
	if (count > 0 && domain.len <= ACME_CERTIFICATE_NAME_MAX)
		vec_push(
		    &wanted->all, (struct acme_wanted){own, wishes, count});
}

static void want(struct certifier *certifier)
{
	struct wanted wanted = {0};
	struct arena arena;
	struct route_domain domain;
	struct view after = VIEW("");
	char last[256];
	arena_init(&arena);
	arena_init(&wanted.arena);
	map_init(&wanted.seen);
	want_server(certifier, &wanted);
	while (!atomic_load(&certifier->stopping) &&
	       route_domain_next(certifier->route, after, &arena, &domain) ==
		   RC_OK) {
		want_domain(certifier, &wanted, domain.name);
		snprintf(last, sizeof(last), "%.*s", VIEW_FMT(domain.name));
		after = view_of_string(last);
		arena_reset(&arena);
	}
	if (!atomic_load(&certifier->stopping))
		acme_keeper_want(
		    certifier->keeper, wanted.all.items, wanted.all.count);
	vec_done(&wanted.all);
	map_done(&wanted.seen);
	arena_done(&wanted.arena);
	arena_done(&arena);
}

// ---- The thread ------------------------------------------------------------

static void rest(struct certifier *certifier, uint32_t seconds)
{
	struct timespec end = thread_deadline(
	    (seconds < LOOK_SECONDS ? seconds : LOOK_SECONDS) * 1000ull);
	int late = 0;
	pthread_mutex_lock(&certifier->lock);
	while (
	    !atomic_load(&certifier->stopping) && !certifier->look && late == 0)
		late = pthread_cond_timedwait(
		    &certifier->news, &certifier->lock, &end);
	pthread_mutex_unlock(&certifier->lock);
}

static void *run(void *context)
{
	struct certifier *certifier = context;
	while (!atomic_load(&certifier->stopping)) {
		pthread_mutex_lock(&certifier->lock);
		uint64_t asked = certifier->asked;
		if (certifier->forget)
			pointing_forget(certifier->pointing);
		certifier->forget = false;
		certifier->look = false;
		pthread_mutex_unlock(&certifier->lock);
		want(certifier);
		uint32_t seconds = acme_keeper_run(certifier->keeper);
		pthread_mutex_lock(&certifier->lock);
		certifier->done = asked;
		pthread_cond_broadcast(&certifier->news);
		pthread_mutex_unlock(&certifier->lock);
		rest(certifier, seconds);
	}
	return NULL;
}

// ---- Life ------------------------------------------------------------------

// http-01 is preferred: it also works behind a program that has port 443.
static unsigned challenges_of(const struct config *config)
{
	switch ((enum config_challenge)config->acme_challenge) {
	case CONFIG_CHALLENGE_HTTP_01: return ACME_HTTP_01;
	case CONFIG_CHALLENGE_TLS_ALPN_01: return ACME_TLS_ALPN_01;
	case CONFIG_CHALLENGE_AUTO: break;
	}
	return config_has_plain_http(config) ? ACME_HTTP_01 : ACME_TLS_ALPN_01;
}

enum rc certifier_prepare(const struct config *config, struct log *log,
    struct fault *fault, struct certifier **ret_certifier)
{
	*ret_certifier = NULL;
	if (!config->acme)
		return RC_OK;
	struct certifier *certifier = mem_zalloc(sizeof(*certifier));
	certifier->config = config;
	certifier->log = log;
	certifier->challenges = challenges_of(config);
	certifier->answers = acme_answers_new();
	pthread_mutex_init(&certifier->lock, NULL);
	thread_cond_init(&certifier->news);
	buf_init(&certifier->eab_key, EAB_KEY_MAX);
	certifier->pointing =
	    pointing_new(config->server_name, &certifier->stopping, log);
	struct fetch_settings fetch = {
	    .ca_file = config->acme_ca_file[0] ? config->acme_ca_file : NULL,
	    .port = config_url_port(config->acme_directory),
	    .resolve = resolve,
	    .context = certifier,
	    .stopping = &certifier->stopping,
	    .log = log,
	};
	enum rc rc = base64url_decode(
	    view_of_string(config->acme_eab_key), &certifier->eab_key);
	if (rc != RC_OK)
		rc = fault_set(fault, rc, "acme_eab_key is not base64url");
	else
		rc = fetch_new(&fetch, fault, &certifier->fetch);
	if (rc != RC_OK)
		certifier_free(&certifier);
	*ret_certifier = certifier;
	return rc;
}

enum rc certifier_open(struct certifier *certifier, struct route *route,
    struct dns *dns, struct net_tls *tls, struct fault *fault)
{
	if (!certifier)
		return RC_OK;
	const struct config *config = certifier->config;
	certifier->route = route;
	certifier->tls = tls;
	pointing_set_dns(certifier->pointing, dns);
	struct acme_keeper_settings settings = {
	    .folder = config->certificate_folder,
	    .directory = config->acme_directory,
	    .contact = config->acme_contact,
	    .eab_key_id = config->acme_eab_key_id,
	    .eab_key = buf_view(&certifier->eab_key),
	    .challenges = certifier->challenges,
	    .host =
		{
		    .request = request,
		    .wait = wait_seconds,
		    .present = present,
		    .withdraw = withdraw,
		    .changed = changed,
		    .context = certifier,
		},
	    .log = certifier->log,
	};
	return acme_keeper_new(&settings, fault, &certifier->keeper);
}

enum rc certifier_start(struct certifier *certifier, struct fault *fault)
{
	if (!certifier)
		return RC_OK;
	if (thread_start(&certifier->thread, run, certifier) != RC_OK)
		return fault_set(fault, RC_LIMIT,
		    "no thread can be started that keeps certificates");
	certifier->started = true;
	return RC_OK;
}

void certifier_stop(struct certifier *certifier)
{
	if (!certifier || !certifier->started)
		return;
	pthread_mutex_lock(&certifier->lock);
	atomic_store(&certifier->stopping, true);
	pthread_cond_broadcast(&certifier->news);
	pthread_mutex_unlock(&certifier->lock);
	pthread_join(certifier->thread, NULL);
	certifier->started = false;
	pointing_set_dns(certifier->pointing, NULL);
}

void certifier_free(struct certifier **certifier)
{
	struct certifier *gone = *certifier;
	*certifier = NULL;
	if (!gone)
		return;
	acme_keeper_free(&gone->keeper);
	fetch_free(&gone->fetch);
	pointing_free(&gone->pointing);
	acme_answers_free(&gone->answers);
	buf_done_secret(&gone->eab_key);
	pthread_cond_destroy(&gone->news);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

struct acme_answers *certifier_answers(struct certifier *certifier)
{
	return certifier ? certifier->answers : NULL;
}

// ---- For the commands ------------------------------------------------------

static void add_facts(json_t *one, const struct acme_facts *facts)
{
	json_object_set_new(one, "issuer",
	    facts->self_signed ? json_string("self-signed")
			       : link_text(view_of_string(facts->issuer)));
	json_object_set_new(one, "not_after", json_integer(facts->not_after));
	json_object_set_new(one, "not_before", json_integer(facts->not_before));
}

static void show_configured(
    void *context, const char *path, bool stand_in, struct view pem)
{
	json_t *all = context;
	struct arena arena;
	struct acme_facts facts;
	arena_init(&arena);
	if (acme_facts_read(&arena, pem, &facts) == RC_OK) {
		json_t *names = json_array();
		for (size_t i = 0; i < facts.count; i++)
			json_array_append_new(names,
			    json_pack("{s:o}", "name",
				link_text(view_of_string(facts.names[i]))));
		json_t *one = json_pack("{s:o, s:o, s:b, s:b}", "certificate",
		    link_text(view_of_string(path)), "names", names, "kept",
		    false, "stand_in", stand_in);
		add_facts(one, &facts);
		json_array_append_new(all, one);
	}
	arena_done(&arena);
}

// Whether something is wrong if there is no such certificate. A domain of which
// no name leads here needs none.
static bool is_needed(const struct acme_shown *shown)
{
	bool needed = shown->name[0] == '_' || *shown->error;
	for (size_t i = 0; i < shown->count; i++)
		needed = needed || !shown->names[i].problem;
	return needed;
}

static void show_kept(void *context, const struct acme_shown *shown)
{
	json_t *all = context, *names = json_array();
	for (size_t i = 0; i < shown->count; i++) {
		const struct acme_shown_name *name = &shown->names[i];
		json_t *one = json_pack("{s:s}", "name", name->name);
		if (name->problem)
			json_object_set_new(one, "problem",
			    link_text(view_of_string(name->problem)));
		json_array_append_new(names, one);
	}
	// The server's own certificate is shown under its first name.
	bool own = shown->name[0] == '_' && shown->count > 0;
	json_t *one = json_pack("{s:s, s:o, s:b, s:b, s:b, s:I, s:I}",
	    "certificate", own ? shown->names[0].name : shown->name, "names",
	    names, "kept", true, "needed", is_needed(shown), "busy",
	    shown->busy, "renewal", (json_int_t)shown->renewal, "next",
	    (json_int_t)shown->next);
	if (shown->exists)
		add_facts(one, shown->facts);
	if (*shown->error) {
		json_object_set_new(
		    one, "error", link_text(view_of_string(shown->error)));
		json_object_set_new(
		    one, "error_at", json_integer(shown->error_at));
	}
	if (*shown->explanation)
		json_object_set_new(one, "explanation",
		    link_text(view_of_string(shown->explanation)));
	json_array_append_new(all, one);
}

void certifier_show(
    struct certifier *certifier, struct net_tls *tls, json_t *answer)
{
	json_t *all = json_array();
	net_tls_configured(tls, show_configured, all);
	if (certifier)
		acme_keeper_show(certifier->keeper, show_kept, all);
	json_object_set_new(answer, "certificates", all);
	json_object_set_new(answer, "acme", json_boolean(certifier != NULL));
}

enum rc certifier_renew(
    struct certifier *certifier, struct view name, struct fault *fault)
{
	struct timespec end = thread_deadline(RENEW_SECONDS * 1000ull);
	if (!certifier)
		return fault_set(fault, RC_NOT_FOUND,
		    "this server keeps no certificates: set acme = yes");
	char *text = view_to_string(name);
	enum rc rc =
	    acme_keeper_force(certifier->keeper, name.len ? text : NULL);
	free(text);
	if (rc != RC_OK && name.len > 0)
		return fault_set(fault, rc,
		    "there is no certificate \"%.*s\" (see `roost certificate "
		    "list`)",
		    VIEW_FMT(name));
	int late = 0;
	pthread_mutex_lock(&certifier->lock);
	uint64_t round = ++certifier->asked;
	certifier->look = certifier->forget = true;
	pthread_cond_broadcast(&certifier->news);
	while (!atomic_load(&certifier->stopping) && late == 0 &&
	       certifier->done < round)
		late = pthread_cond_timedwait(
		    &certifier->news, &certifier->lock, &end);
	pthread_mutex_unlock(&certifier->lock);
	return RC_OK;
}

struct counts {
	json_int_t kept, missing, failing, left_out;
	int64_t first_end;
};

static void count_one(void *context, const struct acme_shown *shown)
{
	struct counts *counts = context;
	counts->kept += shown->exists;
	counts->missing += !shown->exists && is_needed(shown);
	counts->failing += *shown->error != '\0';
	for (size_t i = 0; i < shown->count; i++)
		counts->left_out += shown->names[i].problem != NULL;
	if (shown->exists && (counts->first_end == 0 ||
				 shown->facts->not_after < counts->first_end))
		counts->first_end = shown->facts->not_after;
}

void certifier_count(struct certifier *certifier, json_t *answer)
{
	struct counts counts = {0};
	if (!certifier)
		return;
	acme_keeper_show(certifier->keeper, count_one, &counts);
	json_int_t days = (counts.first_end - clock_wall_seconds(NULL)) / 86400;
#define SET(key, value) json_object_set_new(answer, key, json_integer(value))
	SET("certificates", counts.kept);
	SET("certificates_missing", counts.missing);
	SET("certificates_failing", counts.failing);
	SET("certificate_names_left_out", counts.left_out);
	if (counts.first_end)
		SET("certificate_days_left", days);
#undef SET
}
