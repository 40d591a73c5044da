// SPDX-License-Identifier: Apache-2.0
// Certificates as they are in their files, and the ports as a mail program
// finds them through the server's public addresses (src/probe).
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "net/certificate.h"
#include "net/server.h"
#include "probe/probe.h"
#include "server/certificates.h"
#include "server/doctor_impl.h"

// ---- Certificates ----------------------------------------------------------

#define DAY       86400
#define SOON_DAYS 14

static void tell_cause(struct doctor *doctor, const char *path,
    const struct net_certificate *certificate, enum probe_cause cause)
{
	char detail[PROBE_DETAIL_MAX];
	struct buf sentence, mend;
	const char *own = NULL;
	if (cause == PROBE_EXPIRED || cause == PROBE_CHAIN_EXPIRED)
		own = "Renew it (certbot renew), then: systemctl reload roost";
	else if (cause == PROBE_SELF_SIGNED)
		own = "Get one from an authority such as Let's Encrypt "
		      "(docs/mail-server.md).";
	else if (cause == PROBE_UNKNOWN_ISSUER)
		own = "Name the file with the whole chain (often "
		      "fullchain.pem) in the configuration.";
	probe_certificate_detail(certificate, cause, detail);
	struct probe_words words = {
	    .host = doctor->config->server_name, .detail = detail};
	buf_init(&sentence, 2000);
	buf_init(&mend, 2000);
	probe_cause_sentence(cause, &words, &sentence);
	if (own)
		buf_add_string(&mend, own);
	else
		probe_cause_mend(cause, &words, &mend);
	doctor_say(doctor, DOCTOR_WRONG,
	    doctor_text(doctor, "%.*s", VIEW_FMT(buf_view(&mend))), "%s: %.*s",
	    path, VIEW_FMT(buf_view(&sentence)));
	doctor->certificate_told = true;
	buf_done(&sentence);
	buf_done(&mend);
}

static void check_certificate(
    struct doctor *doctor, const char *path, bool *named, bool *ret_usable)
{
	struct net_certificate certificate;
	enum probe_cause causes[PROBE_CERTIFICATE_CAUSES_MAX];
	struct fault fault = {0};
	int64_t now = clock_wall_seconds(NULL);
	*ret_usable = false;
	if (net_certificate_of_file(path, doctor->config->server_name,
		doctor->tls, &fault, &certificate) != RC_OK) {
		doctor_say(doctor, DOCTOR_WRONG,
		    "Correct the path or the file's rights.", "%s.",
		    fault.text);
		doctor->certificate_told = true;
		return;
	}
	*ret_usable = true;
	*named = *named || certificate.has_name;
	size_t count = probe_certificate_causes(&certificate, now, causes);
	for (size_t i = 0; i < count; i++)
		if (causes[i] != PROBE_WRONG_NAME)
			tell_cause(doctor, path, &certificate, causes[i]);
	long long days = (certificate.not_after - now) / DAY;
	if (days >= 0 && days < SOON_DAYS)
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Renew it (certbot renew), then: systemctl reload roost",
		    "%s: the certificate expires in %lld days.", path, days);
	else if (days >= 0)
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "%s: valid for %lld days, for %s, issued by %s.", path,
		    days, certificate.names, certificate.issuer);
}

static void check_pair(struct doctor *doctor, const struct net_tls_pair *pair)
{
	struct buf mistakes;
	bool named;
	buf_init(&mistakes, 16384);
	if (net_tls_examine(
		pair, doctor->config->server_name, &mistakes, &named) != RC_OK)
		doctor_say(doctor, DOCTOR_WRONG,
		    "The certificate and its key must belong together, and the "
		    "user as whom the server runs must be able to read both.",
		    "%.*s", VIEW_FMT(view_trim(buf_view(&mistakes))));
	buf_done(&mistakes);
}

// The certificate that the server fetches for server_name.
static bool check_kept(struct doctor *doctor, bool *named)
{
	bool usable = false;
	const char *path = doctor_text(doctor,
	    "%s/" CERTIFICATES_FOLDER "/crt." CERTIFICATES_SERVER ".pem",
	    doctor->config->data);
	if (access(path, F_OK) == 0) {
		check_certificate(doctor, path, named, &usable);
		return usable;
	}
	doctor->certificate_told = true;
	doctor_say(doctor, DOCTOR_WRONG,
	    "See what keeps it from coming: roost certificate list",
	    "The server has not got a certificate for %s yet (acme = yes).",
	    doctor->config->server_name);
	return false;
}

void doctor_certificates(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	bool named = false, usable = false, one;
	if (!doctor->tls)
		return;
	if (config->acme) {
		usable = check_kept(doctor, &named);
	} else if (config->certificate_count == 0) {
		doctor->certificate_told = true;
		doctor_say(doctor, DOCTOR_WRONG,
		    "Write acme = yes into the configuration to get one from "
		    "Let's Encrypt, or name one (docs/mail-server.md).",
		    "No certificate is configured, so the server uses a "
		    "self-signed one, which no mail program accepts.");
	}
	for (size_t i = 0; i < config->certificate_count; i++) {
		check_certificate(doctor,
		    config->certificates[i].certificate_path, &named, &one);
		if (one)
			check_pair(doctor, &config->certificates[i]);
		usable = usable || one;
	}
	if (usable && !named) {
		doctor->certificate_told = true;
		doctor_say(doctor, DOCTOR_WRONG,
		    "Get one with this name, or correct server_name.",
		    "No certificate has the name %s (server_name).",
		    config->server_name);
	}
}

// ---- Ports -----------------------------------------------------------------

#define TRIES_MAX 64
#define SECONDS   12

struct round;

struct
try {
	struct round *round;
	const struct config_listener *listener;
	const char *address;
	bool ended;
	struct probe_outcome outcome;
};

struct round {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	size_t pending;
	struct try tries[TRIES_MAX];
	size_t count;
};

static void on_done(void *owner, const struct probe_outcome *outcome)
{
	struct try *try = owner;
	pthread_mutex_lock(&try->round->lock);
	try->outcome = *outcome;
	try->ended = true;
	try->round->pending--;
	pthread_cond_broadcast(&try->round->cond);
	pthread_mutex_unlock(&try->round->lock);
}

// What mail programs and other servers reach. LMTP and HTTP are left out.
static bool is_wanted(
    const struct config_listener *listener, enum probe_protocol *ret_protocol)
{
	switch ((enum config_protocol)listener->protocol) {
	case CONFIG_IMAP: *ret_protocol = PROBE_IMAP; break;
	case CONFIG_POP3: *ret_protocol = PROBE_POP3; break;
	case CONFIG_SMTP:
	case CONFIG_SUBMISSION: *ret_protocol = PROBE_SMTP; break;
	case CONFIG_LMTP:
	case CONFIG_HTTP:
	case CONFIG_METRICS: return false;
	}
	return listener->port > 0 && listener->tls != CONFIG_TLS_NONE;
}

// Whether the listener is meant for this address.
static bool has_address(
    const struct config_listener *listener, const char *address)
{
	bool v6 = strchr(address, ':') != NULL;
	for (size_t i = 0; i < listener->address_count; i++) {
		const char *at = listener->addresses[i];
		if (strcmp(at, "*") == 0 || strcmp(at, address) == 0 ||
		    strcmp(at, v6 ? "::" : "0.0.0.0") == 0)
			return true;
	}
	return false;
}

static void begin_try(struct round *round, const struct probe_link *link,
    const struct config_listener *listener, enum probe_protocol protocol,
    const char *host, const char *address)
{
	if (round->count == TRIES_MAX)
		return;
	struct try *try = &round->tries[round->count++];
	*try = (struct try){
	    .round = round, .listener = listener, .address = address};
	pthread_mutex_lock(&round->lock);
	round->pending++;
	pthread_mutex_unlock(&round->lock);
	probe_begin(link,
	    &(struct probe_target){.protocol = protocol,
		.security = listener->tls == CONFIG_TLS_IMPLICIT
				? PROBE_TLS
				: PROBE_STARTTLS,
		.host = host,
		.address = address,
		.port = (uint16_t)listener->port},
	    NULL, NULL, on_done, try);
}

// Tries every listener at every public address of the server; without such
// addresses, at loopback.
static void begin_all(
    struct doctor *doctor, struct round *round, const struct probe_link *link)
{
	static const char *const loopback[] = {"127.0.0.1"};
	const struct config *config = doctor->config;
	const char *const *addresses =
	    doctor->address_count ? doctor->addresses : loopback;
	size_t count = doctor->address_count ? doctor->address_count : 1;
	for (size_t i = 0; i < config->listener_count; i++) {
		enum probe_protocol protocol = PROBE_IMAP;
		if (!is_wanted(&config->listeners[i], &protocol))
			continue;
		for (size_t a = 0; a < count; a++)
			if (has_address(&config->listeners[i], addresses[a]))
				begin_try(round, link, &config->listeners[i],
				    protocol, config->server_name,
				    addresses[a]);
	}
}

static void wait_for(struct round *round)
{
	struct timespec until = thread_deadline(SECONDS * 1000);
	pthread_mutex_lock(&round->lock);
	while (round->pending > 0)
		if (pthread_cond_timedwait(
			&round->cond, &round->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&round->lock);
}

static bool is_good(const struct doctor *doctor, const struct try *try)
{
	enum probe_cause cause = try->outcome.cause;
	bool for_servers = try->listener->protocol == CONFIG_SMTP;
	if (cause == PROBE_OK || (for_servers && cause == PROBE_NO_LOGIN))
		return true;
	return probe_cause_part(cause) == PROBE_PART_CERTIFICATE &&
	       doctor->certificate_told;
}

static void tell_try(struct doctor *doctor, const struct try *try)
{
	struct probe_words words = {.host = doctor->config->server_name,
	    .protocol = try->listener->name,
	    .port = (uint16_t)try->listener->port,
	    .detail = try->outcome.detail};
	enum probe_cause cause =
	    try->ended ? try->outcome.cause : PROBE_NO_ANSWER;
	struct buf text;
	const char *mend = "Look whether a firewall or a router is in the way, "
			   "and at the server's log (journalctl -u roost).";
	buf_init(&text, 2000);
	if (probe_cause_part(cause) == PROBE_PART_CERTIFICATE)
		mend = "The file is better than what is served: systemctl "
		       "reload roost";
	probe_cause_sentence(cause, &words, &text);
	doctor_say(doctor, DOCTOR_WRONG, mend, "Through %s: %.*s", try->address,
	    VIEW_FMT(buf_view(&text)));
	buf_done(&text);
}

// An address that cannot be reached is told once, not for every port.
static bool is_told(const struct round *round, const struct try *try)
{
	enum probe_cause cause = try->outcome.cause;
	if (cause != PROBE_SILENT && cause != PROBE_UNREACHABLE)
		return false;
	for (const struct try *other = round->tries; other < try; other++)
		if (other->ended && other->outcome.cause == cause &&
		    other->address == try->address)
			return true;
	return false;
}

static void tell_round(struct doctor *doctor, struct round *round)
{
	struct buf good;
	buf_init(&good, 4000);
	pthread_mutex_lock(&round->lock);
	for (size_t i = 0; i < round->count; i++) {
		const struct try *try = &round->tries[i];
		if (try->ended && is_good(doctor, try))
			buf_printf(&good, "%s%s %u at %s", good.len ? ", " : "",
			    try->listener->name, try->listener->port,
			    try->address);
		else if (!is_told(round, try))
			tell_try(doctor, try);
	}
	pthread_mutex_unlock(&round->lock);
	if (good.len > 0)
		doctor_say(doctor, DOCTOR_OK, NULL, "Reached: %.*s.",
		    VIEW_FMT(buf_view(&good)));
	buf_done(&good);
}

static void run_round(struct doctor *doctor, struct round *round)
{
	struct fault fault;
	struct net_server *net = net_server_new(
	    &(struct net_server_config){.threads = 2, .max_outgoing = 100});
	struct probe_link link = {.net = net,
	    .tls = doctor->tls,
	    .helo = doctor->config->server_name,
	    .connect_seconds = 5,
	    .greeting_seconds = 8,
	    .answer_seconds = 8};
	if (net_server_start(net, &fault) == RC_OK) {
		begin_all(doctor, round, &link);
		wait_for(round);
	}
	net_server_stop(net, 0);
	net_server_free(&net);
	tell_round(doctor, round);
}

void doctor_ports(struct doctor *doctor)
{
	if (!doctor->tls)
		return;
	if (!doctor->running) {
		doctor_say(doctor, DOCTOR_NOTE, NULL,
		    "The ports were not tried, because no server runs.");
		return;
	}
	struct round *round = arena_zalloc(&doctor->arena, sizeof(*round));
	pthread_mutex_init(&round->lock, NULL);
	thread_cond_init(&round->cond);
	run_round(doctor, round);
	pthread_cond_destroy(&round->cond);
	pthread_mutex_destroy(&round->lock);
	doctor_say(doctor, DOCTOR_NOTE, NULL,
	    "Whether a firewall stops others can be seen only from another "
	    "network: run `roost doctor --account you@your-domain` there, or "
	    "`nc -vz %s 25`.",
	    doctor->config->server_name);
}
