// SPDX-License-Identifier: Apache-2.0
#include "server/pointing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/vec.h"
#include "dns/dns.h"
#include "net/connect.h"

#define ADDRESSES_MAX 32
#define TEXT_MAX      200
// Seconds until a name is looked up again.
#define GOOD_SECONDS 21600
#define BAD_FIRST    300
#define BAD_LAST     21600
#define STOP_LOOK_MS 500

struct address {
	unsigned char bytes[16]; // IPv4 as ::ffff:a.b.c.d
};

struct verdict {
	bool known;               // a look-up has had an answer
	bool absent;              // the name has no address
	char hindrance[TEXT_MAX]; // "": it leads here
	int64_t next;
	uint32_t wait;
};

struct pointing {
	char *server_name;
	const atomic_bool *stopping;
	struct log *log;
	struct dns *dns;
	VEC(struct address) own;
	VEC(struct address) named; // of server_name, in DNS
	struct map verdicts;       // name to struct verdict
	char why[TEXT_MAX];
};

// ---- Addresses -------------------------------------------------------------

static bool parse(const char *text, struct address *ret_address)
{
	struct in_addr v4;
	static const unsigned char mapped[12] = {
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	if (inet_pton(AF_INET6, text, ret_address->bytes) == 1)
		return true;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return false;
	memcpy(ret_address->bytes, mapped, sizeof(mapped));
	memcpy(ret_address->bytes + sizeof(mapped), &v4, sizeof(v4));
	return true;
}

static void add_own(void *context, const char *text)
{
	struct pointing *pointing = context;
	struct address address;
	if (parse(text, &address))
		vec_push(&pointing->own, address);
}

static bool is_ours(const struct pointing *pointing, const char *text)
{
	struct address address;
	if (!parse(text, &address))
		return false;
	for (size_t i = 0; i < pointing->own.count; i++)
		if (memcmp(&pointing->own.items[i], &address,
			sizeof(address)) == 0)
			return true;
	for (size_t i = 0; i < pointing->named.count; i++)
		if (memcmp(&pointing->named.items[i], &address,
			sizeof(address)) == 0)
			return true;
	return false;
}

// ---- Look-ups --------------------------------------------------------------

// Shared by the one who waits and by the answer, which may come when nobody
// waits any more.
struct look {
	pthread_mutex_t lock;
	pthread_cond_t ready;
	unsigned refs;
	bool done;
	enum dns_status status;
	char reason[TEXT_MAX];
	char addresses[ADDRESSES_MAX][INET6_ADDRSTRLEN];
	size_t count;
};

// The lock is held; it is released.
static void unref(struct look *look)
{
	bool last = --look->refs == 0;
	pthread_mutex_unlock(&look->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&look->lock);
	pthread_cond_destroy(&look->ready);
	free(look);
}

static void answered(void *context, const struct dns_answer *answer)
{
	struct look *look = context;
	pthread_mutex_lock(&look->lock);
	look->done = true;
	look->status = answer->status;
	snprintf(look->reason, sizeof(look->reason), "%s",
	    answer->reason ? answer->reason : "no answer");
	for (size_t i = 0; i < answer->count && i < ADDRESSES_MAX; i++)
		snprintf(look->addresses[look->count++], INET6_ADDRSTRLEN,
		    "%.*s", VIEW_FMT(answer->records[i].value));
	pthread_cond_signal(&look->ready);
	unref(look);
}

struct found {
	enum dns_status status; // the worse of both
	char reason[TEXT_MAX];
	char addresses[2 * ADDRESSES_MAX][INET6_ADDRSTRLEN];
	size_t count;
};

static void look_up(struct pointing *pointing, const char *name,
    enum dns_type type, struct found *found)
{
	struct look *look = mem_zalloc(sizeof(*look));
	pthread_mutex_init(&look->lock, NULL);
	thread_cond_init(&look->ready);
	look->refs = 2;
	dns_lookup(pointing->dns, view_of_string(name), type, answered, look);
	pthread_mutex_lock(&look->lock);
	while (!look->done && !atomic_load(pointing->stopping)) {
		struct timespec next = thread_deadline(STOP_LOOK_MS);
		pthread_cond_timedwait(&look->ready, &look->lock, &next);
	}
	if (!look->done || look->status == DNS_FAILED) {
		found->status = DNS_FAILED;
		memcpy(found->reason, look->reason, sizeof(found->reason));
	}
	for (size_t i = 0; i < look->count; i++)
		memcpy(found->addresses[found->count++], look->addresses[i],
		    INET6_ADDRSTRLEN);
	unref(look);
}

static void look_up_both(
    struct pointing *pointing, const char *name, struct found *ret_found)
{
	*ret_found = (struct found){.status = DNS_FOUND};
	if (!pointing->dns) {
		ret_found->status = DNS_FAILED;
		return;
	}
	look_up(pointing, name, DNS_A, ret_found);
	look_up(pointing, name, DNS_AAAA, ret_found);
}

bool pointing_resolve(struct pointing *pointing, const char *host,
    struct buf *addresses, const char **ret_why)
{
	struct found found;
	look_up_both(pointing, host, &found);
	for (size_t i = 0; i < found.count; i++) {
		bool v6 = strchr(found.addresses[i], ':');
		buf_printf(addresses, "%s%s%s%s", i ? "," : "", v6 ? "[" : "",
		    found.addresses[i], v6 ? "]" : "");
	}
	snprintf(pointing->why, sizeof(pointing->why), "%s",
	    found.status == DNS_FAILED ? found.reason
				       : "it has no address in DNS");
	*ret_why = pointing->why;
	return found.count > 0;
}

// ---- Verdicts --------------------------------------------------------------

static bool can_be_certified(const char *name)
{
	struct address address;
	return strchr(name, '.') && !parse(name, &address);
}

static void take_named(struct pointing *pointing, const struct found *found)
{
	pointing->named.count = 0;
	for (size_t i = 0; i < found->count; i++) {
		struct address address;
		if (parse(found->addresses[i], &address))
			vec_push(&pointing->named, address);
	}
}

static void judge_found(struct pointing *pointing, const struct found *found,
    struct verdict *verdict)
{
	verdict->known = true;
	verdict->absent = found->count == 0;
	verdict->hindrance[0] = '\0';
	if (verdict->absent)
		snprintf(verdict->hindrance, sizeof(verdict->hindrance),
		    "it has no address in DNS: add an A or a CNAME record");
	for (size_t i = 0; i < found->count; i++)
		if (!is_ours(pointing, found->addresses[i]))
			snprintf(verdict->hindrance, sizeof(verdict->hindrance),
			    "it leads to %s, which is not this machine",
			    found->addresses[i]);
}

static void judge(struct pointing *pointing, const char *name, int64_t now,
    struct verdict *verdict)
{
	struct found found;
	bool known = verdict->known;
	char before[TEXT_MAX];
	memcpy(before, verdict->hindrance, sizeof(before));
	if (!can_be_certified(name)) {
		snprintf(verdict->hindrance, sizeof(verdict->hindrance),
		    "no authority gives a certificate for such a name: set "
		    "server_name to a name with its domain");
	} else {
		look_up_both(pointing, name, &found);
		if (strcmp(name, pointing->server_name) == 0 && found.count > 0)
			take_named(pointing, &found);
		// What was known before stays: an answer that does not come
		// says nothing.
		if (found.status != DNS_FAILED)
			judge_found(pointing, &found, verdict);
		else if (!known)
			snprintf(verdict->hindrance, sizeof(verdict->hindrance),
			    "DNS does not answer: %.150s", found.reason);
	}
	bool good = verdict->hindrance[0] == '\0';
	bool same = strcmp(before, verdict->hindrance) == 0;
	verdict->wait =
	    !same || verdict->wait == 0 ? BAD_FIRST : verdict->wait * 2;
	if (verdict->wait > BAD_LAST)
		verdict->wait = BAD_LAST;
	verdict->next = now + (good ? GOOD_SECONDS : verdict->wait);
	if (!good && !same && !verdict->absent) {
		struct log_line line;
		log_begin(
		    &line, pointing->log, LOG_LEVEL_INFO, "acme_left_out");
		log_add_string(&line, "name", name);
		log_add_string(&line, "reason", verdict->hindrance);
		log_end(&line);
	}
}

const char *pointing_check(
    struct pointing *pointing, const char *name, int64_t now)
{
	struct verdict *verdict =
	    map_get(&pointing->verdicts, view_of_string(name));
	if (!verdict) {
		verdict = mem_zalloc(sizeof(*verdict));
		map_put(&pointing->verdicts, view_of_string(name), verdict);
	}
	if (now >= verdict->next && !atomic_load(pointing->stopping))
		judge(pointing, name, now, verdict);
	return verdict->hindrance[0] ? verdict->hindrance : NULL;
}

bool pointing_is_absent(const struct pointing *pointing, const char *name)
{
	const struct verdict *verdict =
	    map_get(&pointing->verdicts, view_of_string(name));
	return verdict && verdict->known && verdict->absent;
}

void pointing_forget(struct pointing *pointing)
{
	size_t at = 0;
	struct view name;
	void *value;
	while (map_next(&pointing->verdicts, &at, &name, &value)) {
		struct verdict *verdict = value;
		verdict->next = 0;
		verdict->wait = 0;
	}
}

// ---- Life ------------------------------------------------------------------

struct pointing *pointing_new(
    const char *server_name, const atomic_bool *stopping, struct log *log)
{
	struct pointing *pointing = mem_zalloc(sizeof(*pointing));
	pointing->server_name = mem_strdup(server_name);
	pointing->stopping = stopping;
	pointing->log = log;
	map_init(&pointing->verdicts);
	net_own_addresses(add_own, pointing);
	return pointing;
}

void pointing_set_dns(struct pointing *pointing, struct dns *dns)
{
	pointing->dns = dns;
}

void pointing_free(struct pointing **pointing)
{
	struct pointing *gone = *pointing;
	*pointing = NULL;
	if (!gone)
		return;
	size_t at = 0;
	struct view name;
	void *verdict;
	while (map_next(&gone->verdicts, &at, &name, &verdict))
		free(verdict);
	map_done(&gone->verdicts);
	vec_done(&gone->own);
	vec_done(&gone->named);
	free(gone->server_name);
	free(gone);
}
