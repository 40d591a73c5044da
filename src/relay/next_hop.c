// SPDX-License-Identifier: Apache-2.0
// A search is one look-up for MX records, then look-ups for all addresses at
// once. Answers come on another thread, one at a time, while this thread may
// still be asking. The lock protects `pending` and the hosts.
#include "relay/next_hop.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "wire/smtp_path.h"

#define TEXT_MAX 400

struct host {
	const char *name;
	uint16_t preference;
	const char *v6[RELAY_NEXT_HOP_ADDRESSES_MAX];
	size_t v6_count;
	const char *v4[RELAY_NEXT_HOP_ADDRESSES_MAX];
	size_t v4_count;
	bool failed; // a look-up failed
};

struct search {
	const struct relay_next_hop_rules *rules;
	void (*done)(void *context, struct relay_next_hops *hops);
	void *context;
	struct relay_next_hops *hops;
	struct view domain; // in the hops' arena
	bool for_strangers;
	bool by_mx; // the hosts come from MX records
	struct host hosts[RELAY_NEXT_HOP_HOSTS_MAX];
	size_t count;
	pthread_mutex_t lock;
	unsigned pending;
};

struct question {
	struct search *search;
	struct host *host;
};

void relay_next_hops_free(struct relay_next_hops **hops)
{
	if (!*hops)
		return;
	struct arena arena = (*hops)->arena;
	free(*hops);
	arena_done(&arena);
	*hops = NULL;
}

// ---- The result ------------------------------------------------------------

static void finish(struct search *search)
{
	search->done(search->context, search->hops);
	pthread_mutex_destroy(&search->lock);
	free(search);
}

static void judge(struct search *search, enum relay_next_hop_found found,
    struct enhanced_status status, const char *format, struct view about)
{
	char text[TEXT_MAX];
	struct relay_next_hops *hops = search->hops;
	// The formats are all in this file, and each has exactly one "%.*s".
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof(text), format, VIEW_FMT(about));
#pragma GCC diagnostic pop
	hops->found = found;
	hops->status = status;
	hops->text = arena_string(&hops->arena, view_of_string(text));
}

// ---- Loops -----------------------------------------------------------------

static enum ip_address_kind kind_of(
    const struct relay_next_hop_rules *rules, const char *text)
{
	struct ip_address address, own;
	if (rules->any_address_allowed)
		return IP_ADDRESS_PUBLIC;
	if (ip_address_parse(text, &address) != RC_OK)
		return IP_ADDRESS_UNUSABLE;
	for (size_t i = 0; i < rules->own_address_count; i++)
		if (ip_address_parse(rules->own_addresses[i], &own) == RC_OK &&
		    ip_address_eq(&own, &address))
			return IP_ADDRESS_HERE;
	enum ip_address_kind kind = ip_address_kind(&address);
	// A loop stays one, whatever is allowed.
	if (kind != IP_ADDRESS_HERE &&
	    net_networks_have(&rules->networks, address.bytes))
		return IP_ADDRESS_PUBLIC;
	return kind;
}

static bool is_own_address(
    const struct relay_next_hop_rules *rules, const char *address)
{
	return kind_of(rules, address) == IP_ADDRESS_HERE;
}

static bool is_own_host(
    const struct relay_next_hop_rules *rules, const struct host *host)
{
	if (view_eq_nocase(
		view_of_string(host->name), view_of_string(rules->own_name)))
		return true;
	for (size_t i = 0; i < host->v4_count; i++)
		if (is_own_address(rules, host->v4[i]))
			return true;
	for (size_t i = 0; i < host->v6_count; i++)
		if (is_own_address(rules, host->v6[i]))
			return true;
	return false;
}

// RFC 5321 section 5.1: if this server is in the list, only the hosts before it
// count.
static void cut_at_own(struct search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		if (!is_own_host(search->rules, &search->hosts[i]))
			continue;
		while (i > 0 && search->hosts[i - 1].preference ==
				    search->hosts[i].preference)
			i--;
		search->count = i;
		return;
	}
}

// ---- Networks that are not the Internet -------------------------------------

static bool drop_from(
    const struct relay_next_hop_rules *rules, const char **list, size_t *count)
{
	size_t kept = 0;
	for (size_t i = 0; i < *count; i++)
		if (kind_of(rules, list[i]) == IP_ADDRESS_PUBLIC)
			list[kept++] = list[i];
	bool dropped = kept < *count;
	*count = kept;
	return dropped;
}

// Whoever owns a domain could otherwise make this server speak to any machine
// in its own networks, to which strangers have no way.
static void drop_forbidden(struct search *search)
{
	const struct relay_next_hop_rules *rules = search->rules;
	for (size_t i = 0; i < search->count; i++) {
		struct host *host = &search->hosts[i];
		bool v6 = drop_from(rules, host->v6, &host->v6_count);
		bool v4 = drop_from(rules, host->v4, &host->v4_count);
		search->hops->forbidden |= v6 || v4;
	}
}

// ---- The list --------------------------------------------------------------

static void add_hop(
    struct search *search, const struct host *host, const char *address)
{
	struct relay_next_hops *hops = search->hops;
	hops->hops[hops->count++] = (struct relay_next_hop){
	    .host = host->name,
	    .address = address,
	    .port = search->rules->smart_host ? search->rules->smart_port
					      : search->rules->port,
	    .preference = host->preference,
	};
}

static void add_addresses(struct search *search, const struct host *host)
{
	size_t v6 = host->v6_count, v4 = host->v4_count;
	size_t first6 = v6 ? arc4random_uniform((uint32_t)v6) : 0;
	size_t first4 = v4 ? arc4random_uniform((uint32_t)v4) : 0;
	for (size_t i = 0; i < v6; i++)
		add_hop(search, host, host->v6[(first6 + i) % v6]);
	for (size_t i = 0; i < v4; i++)
		add_hop(search, host, host->v4[(first4 + i) % v4]);
}

static int by_name(const void *a, const void *b)
{
	const struct host *left = a, *right = b;
	if (left->preference != right->preference)
		return left->preference < right->preference ? -1 : 1;
	return strcmp(left->name, right->name);
}

// Names the site: all hosts ordered by preference and then by name, with "|"
// between preferences.
static void name_site(struct search *search)
{
	struct buf name;
	buf_init(&name, (DNS_RECORDS_MAX + 2) * 260);
	qsort(search->hosts, search->count, sizeof(*search->hosts), by_name);
	for (size_t i = 0; i < search->count; i++) {
		if (i > 0)
			buf_add_char(
			    &name, search->hosts[i].preference ==
					   search->hosts[i - 1].preference
				       ? ','
				       : '|');
		buf_add_string(&name, search->hosts[i].name);
	}
	buf_printf(&name, ":%u",
	    search->rules->smart_host ? search->rules->smart_port
				      : search->rules->port);
	search->hops->site = arena_copy(&search->hops->arena, buf_view(&name));
	buf_done(&name);
}

// RFC 5321 section 5.1: hosts of the same preference are tried in random order.
static void shuffle(struct search *search)
{
	struct host *hosts = search->hosts;
	for (size_t first = 0; first < search->count;) {
		size_t end = first + 1;
		while (end < search->count &&
		       hosts[end].preference == hosts[first].preference)
			end++;
		for (size_t i = end - 1; i > first; i--) {
			size_t j = first + arc4random_uniform(
					       (uint32_t)(i - first + 1));
			struct host swap = hosts[i];
			hosts[i] = hosts[j];
			hosts[j] = swap;
		}
		first = end;
	}
}

// Called when every host's addresses are known or known to be missing.
static void conclude(struct search *search)
{
	bool failed = false;
	size_t before = search->count;
	for (size_t i = 0; i < before; i++)
		failed = failed || search->hosts[i].failed;
	// Sorted by preference, because cut_at_own() depends on the order.
	name_site(search);
	// What the administrator wrote into the settings is not checked.
	if (!search->rules->smart_host) {
		cut_at_own(search);
		drop_forbidden(search);
	}
	if (search->count == 0) {
		judge(search, RELAY_NEXT_HOP_FAILED, ENHANCED(5, 4, 6),
		    "mail for %.*s would come back to this server",
		    search->domain);
		return;
	}
	shuffle(search);
	struct relay_next_hops *hops = search->hops;
	hops->hops = arena_alloc(
	    &hops->arena, search->count * 2 * RELAY_NEXT_HOP_ADDRESSES_MAX *
			      sizeof(*hops->hops));
	for (size_t i = 0; i < search->count; i++)
		add_addresses(search, &search->hosts[i]);
	if (hops->count > 0) {
		hops->forbidden = false;
		return;
	}
	if (failed)
		judge(search, RELAY_NEXT_HOP_LATER, ENHANCED(4, 4, 3),
		    "DNS did not answer for the mail servers of %.*s",
		    search->domain);
	else if (search->rules->smart_host)
		judge(search, RELAY_NEXT_HOP_LATER, ENHANCED(4, 4, 4),
		    "the smart host %.*s has no address",
		    view_of_string(search->rules->smart_host));
	else if (hops->forbidden)
		// RFC 3463 section 3.5: X.4.4, unable to route. RFC 5321
		// section 5.1: MX records of which none can be used are an
		// error.
		judge(search, RELAY_NEXT_HOP_FAILED, ENHANCED(5, 4, 4),
		    "no mail server of %.*s has an address on the Internet",
		    search->domain);
	else if (search->by_mx)
		judge(search, RELAY_NEXT_HOP_FAILED, ENHANCED(5, 4, 4),
		    "no mail server of %.*s has an address", search->domain);
	else
		judge(search, RELAY_NEXT_HOP_FAILED, ENHANCED(5, 1, 2),
		    "%.*s has no mail server", search->domain);
}

// ---- Addresses -------------------------------------------------------------

static void release(struct search *search)
{
	pthread_mutex_lock(&search->lock);
	bool last = --search->pending == 0;
	pthread_mutex_unlock(&search->lock);
	if (!last)
		return;
	conclude(search);
	finish(search);
}

static void take_addresses(struct search *search,
    const struct dns_answer *answer, const char **list, size_t *count)
{
	for (size_t i = 0;
	     i < answer->count && *count < RELAY_NEXT_HOP_ADDRESSES_MAX; i++)
		list[(*count)++] = arena_string(
		    &search->hops->arena, answer->records[i].value);
}

static void on_address(
    struct question *question, const struct dns_answer *answer, bool v6)
{
	struct search *search = question->search;
	struct host *host = question->host;
	free(question);
	pthread_mutex_lock(&search->lock);
	if (answer->status == DNS_FAILED)
		host->failed = true;
	else if (v6)
		take_addresses(search, answer, host->v6, &host->v6_count);
	else
		take_addresses(search, answer, host->v4, &host->v4_count);
	pthread_mutex_unlock(&search->lock);
	release(search);
}

static void on_v4(void *context, const struct dns_answer *answer)
{
	on_address(context, answer, false);
}

static void on_v6(void *context, const struct dns_answer *answer)
{
	on_address(context, answer, true);
}

static void look_up(struct search *search, struct view name, enum dns_type type,
    void (*done)(void *context, const struct dns_answer *answer), void *context)
{
	struct dns *dns = search->rules->dns;
	if (search->for_strangers)
		dns_lookup_bulk(dns, name, type, done, context);
	else
		dns_lookup(dns, name, type, done, context);
}

static void ask(struct search *search, struct host *host, enum dns_type type)
{
	struct question *question = mem_alloc(sizeof(*question));
	*question = (struct question){.search = search, .host = host};
	pthread_mutex_lock(&search->lock);
	search->pending++;
	pthread_mutex_unlock(&search->lock);
	look_up(search, view_of_string(host->name), type,
	    type == DNS_AAAA ? on_v6 : on_v4, question);
}

static void find_addresses(struct search *search)
{
	search->pending = 1; // one for this function itself
	for (size_t i = 0; i < search->count; i++) {
		if (!search->rules->no_ipv6)
			ask(search, &search->hosts[i], DNS_AAAA);
		if (!search->rules->no_ipv4)
			ask(search, &search->hosts[i], DNS_A);
	}
	release(search);
}

static void add_host(
    struct search *search, struct view name, uint16_t preference)
{
	if (search->count == RELAY_NEXT_HOP_HOSTS_MAX)
		return;
	search->hosts[search->count++] = (struct host){
	    .name = arena_string(&search->hops->arena, name),
	    .preference = preference,
	};
}

// ---- MX --------------------------------------------------------------------

static void take_hosts(struct search *search, const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];
		// A null MX counts only when it is the only record (RFC 7505
		// section 3).
		if (record->value.len > 0)
			add_host(search, record->value, record->preference);
	}
	search->by_mx = true;
}

static void on_mx(void *context, const struct dns_answer *answer)
{
	struct search *search = context;
	switch (answer->status) {
	case DNS_FOUND: take_hosts(search, answer); break;
	case DNS_NO_DATA: add_host(search, search->domain, 0); break;
	case DNS_NO_NAME:
		judge(search, RELAY_NEXT_HOP_FAILED, ENHANCED(5, 1, 2),
		    "the domain %.*s does not exist", search->domain);
		finish(search);
		return;
	case DNS_FAILED:
		judge(search, RELAY_NEXT_HOP_LATER, ENHANCED(4, 4, 3),
		    "DNS did not answer for %.*s", search->domain);
		finish(search);
		return;
	}
	if (search->count == 0) {
		judge(search, RELAY_NEXT_HOP_FAILED, ENHANCED(5, 1, 10),
		    "%.*s accepts no mail (null MX)", search->domain);
		finish(search);
		return;
	}
	find_addresses(search);
}

// ---- Starting a search -----------------------------------------------------

// A numeric address needs no DNS.
static void use_address(struct search *search, struct view address)
{
	add_host(search, address, 0);
	struct host *host = &search->hosts[0];
	if (view_find_char(address, ':') == SIZE_MAX)
		host->v4[host->v4_count++] = host->name;
	else
		host->v6[host->v6_count++] = host->name;
	conclude(search);
	finish(search);
}

// Reads "[192.0.2.1]" or "[IPv6:2001:db8::1]"; gives the address in its
// canonical form.
static bool is_literal(
    struct arena *arena, struct view domain, struct view *ret_address)
{
	struct smtp_literal literal;
	struct buf text;
	if (smtp_literal_parse(domain, &literal) != RC_OK)
		return false;
	buf_init(&text, TEXT_MAX);
	smtp_literal_print(&literal, &text);
	struct view inside = view_slice(buf_view(&text), 1, text.len - 2);
	if (literal.len == 16)
		inside = view_from(inside, sizeof("IPv6:") - 1);
	*ret_address = arena_copy(arena, inside);
	buf_done(&text);
	return true;
}

static bool is_numeric(const char *host)
{
	struct view text = view_of_string(host), part;
	uint32_t number;
	if (view_find_char(text, ':') != SIZE_MAX)
		return true;
	while (view_split(&text, '.', &part))
		if (!view_to_u32(part, &number))
			return false;
	return true;
}

void relay_next_hop_find(const struct relay_next_hop_rules *rules,
    struct view domain, bool for_strangers,
    void (*done)(void *context, struct relay_next_hops *hops), void *context)
{
	struct search *search = mem_zalloc(sizeof(*search));
	struct view address;
	search->rules = rules;
	search->done = done;
	search->context = context;
	search->for_strangers = for_strangers;
	search->hops = mem_zalloc(sizeof(*search->hops));
	arena_init(&search->hops->arena);
	search->domain = arena_copy(&search->hops->arena, domain);
	pthread_mutex_init(&search->lock, NULL);
	search->hops->tls = rules->smart_host ? rules->smart_tls : rules->tls;
	search->hops->implicit_tls =
	    rules->smart_host && rules->smart_implicit_tls;
	if (rules->smart_host && is_numeric(rules->smart_host)) {
		use_address(search, view_of_string(rules->smart_host));
	} else if (rules->smart_host) {
		add_host(search, view_of_string(rules->smart_host), 0);
		find_addresses(search);
	} else if (is_literal(&search->hops->arena, search->domain, &address)) {
		use_address(search, address);
	} else {
		look_up(search, search->domain, DNS_MX, on_mx, search);
	}
}
