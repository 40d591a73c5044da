// SPDX-License-Identifier: Apache-2.0
// Compares the DNS records that a domain should have with those that it has.
// Sends a note for each record: {"note": "record", "purpose", "line", "state",
// "found"}. The state is "ok", "missing", "differs" or "unknown" (no answer);
// it is absent if nothing was looked up. "line" is for a zone file. It is empty
// if nothing has to be added there.
#include "admin/verbs.h"
#include "base/ascii.h"
#include "setup/account.h"

#define LINE_MAX_LEN ((size_t)16384)
// How many addresses of the server are compared.
#define ADDRESSES_MAX 16

struct check {
	struct verb_call *call;
	struct arena *arena;
	struct dns *dns; // NULL: nothing is looked up
	struct view domain;
	struct view server; // the name that mail programs and servers use
	struct view addresses[ADDRESSES_MAX]; // of the server, according to DNS
	size_t address_count;
	uint64_t wrong; // records that are not "ok"
	struct buf line;
	struct buf found;
};

// The result of comparing a record with DNS.
enum state {
	STATE_OK,
	STATE_MISSING,
	STATE_DIFFERS,
	STATE_UNKNOWN,
};

static const char *const state_words[] = {
    [STATE_OK] = "ok",
    [STATE_MISSING] = "missing",
    [STATE_DIFFERS] = "differs",
    [STATE_UNKNOWN] = "unknown",
};

// Sends the record that `line` and `found` describe, and empties both.
static enum rc send_record(
    struct check *check, const char *purpose, enum state state)
{
	json_t *note =
	    json_pack("{s:s, s:s}", "note", "record", "purpose", purpose);
	json_object_set_new(note, "line", link_text(buf_view(&check->line)));
	if (check->dns) {
		json_object_set_new(
		    note, "state", json_string(state_words[state]));
		json_object_set_new(
		    note, "found", link_text(buf_view(&check->found)));
		check->wrong += state != STATE_OK;
	}
	buf_reset(&check->line);
	buf_reset(&check->found);
	return link_send(check->call->link, note, VIEW(""));
}

// Adds bytes of a DNS answer. An answer may have any bytes, but they must not
// end a line or control a terminal.
static void add_found(struct check *check, struct view text)
{
	if (check->found.len > 0)
		buf_add_literal(&check->found, ", ");
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(&check->found,
		    ascii_is_control(text.ptr[i]) ? '?' : text.ptr[i]);
}

// Asks DNS. If there is nothing to compare, sets the state and returns false.
static bool look_up(struct check *check, struct view name, enum dns_type type,
    struct dns_answer *ret_answer, enum state *ret_state)
{
	*ret_state = STATE_UNKNOWN;
	if (!check->dns)
		return false;
	dns_lookup_wait(check->dns, check->arena, name, type, ret_answer);
	if (ret_answer->status == DNS_FAILED) {
		const char *reason = ret_answer->reason;
		add_found(
		    check, reason ? view_of_string(reason) : VIEW("no answer"));
	} else if (ret_answer->status != DNS_FOUND) {
		*ret_state = STATE_MISSING;
	}
	return ret_answer->status == DNS_FOUND;
}

static struct view join(struct check *check, struct view a, struct view b)
{
	struct buf name;
	buf_init(&name, 1024);
	buf_add(&name, a);
	buf_add_char(&name, '.');
	buf_add(&name, b);
	struct view copy = arena_copy(check->arena, buf_view(&name));
	buf_done(&name);
	return copy;
}

// ---- The server's own ------------------------------------------------------

static void gather_addresses(
    struct check *check, enum dns_type type, enum state *state)
{
	struct dns_answer answer;
	enum state other;
	if (!look_up(check, check->server, type, &answer, &other)) {
		// A server may have no IPv6 address. But if DNS did not
		// answer, this is not known.
		if (other == STATE_UNKNOWN)
			*state = other;
		return;
	}
	for (size_t i = 0; i < answer.count; i++) {
		add_found(check, answer.records[i].value);
		if (check->address_count < ADDRESSES_MAX)
			check->addresses[check->address_count++] =
			    answer.records[i].value;
	}
}

static enum rc check_addresses(struct check *check)
{
	enum state state = STATE_MISSING;
	gather_addresses(check, DNS_A, &state);
	gather_addresses(check, DNS_AAAA, &state);
	if (check->address_count > 0 && state == STATE_MISSING)
		state = STATE_OK;
	buf_printf(&check->line,
	    "; %.*s. IN A (and AAAA): the server's public addresses",
	    VIEW_FMT(check->server));
	return send_record(check, "the server's name", state);
}

static enum rc check_reverse(struct check *check, struct view address)
{
	struct dns_answer answer;
	enum state state;
	struct view name = dns_reverse_name(check->arena, address, NULL);
	if (look_up(check, name, DNS_PTR, &answer, &state)) {
		state = STATE_DIFFERS;
		for (size_t i = 0; i < answer.count; i++) {
			add_found(check, answer.records[i].value);
			if (view_eq_nocase(
				answer.records[i].value, check->server))
				state = STATE_OK;
		}
	}
	buf_printf(&check->line, "; %.*s. IN PTR %.*s.", VIEW_FMT(name),
	    VIEW_FMT(check->server));
	return send_record(check,
	    "the name of its address, set by whoever gives out the address",
	    state);
}

static enum rc check_server(struct check *check)
{
	enum rc rc = check_addresses(check);
	if (!check->dns && rc == RC_OK) {
		buf_printf(&check->line,
		    "; each of these addresses has a PTR record of %.*s.",
		    VIEW_FMT(check->server));
		rc = send_record(check,
		    "the name of its address, set by whoever gives out the "
		    "address",
		    STATE_UNKNOWN);
	}
	for (size_t i = 0; i < check->address_count && rc == RC_OK; i++)
		rc = check_reverse(check, check->addresses[i]);
	return rc;
}

// ---- MX --------------------------------------------------------------------

static enum rc check_mx(struct check *check)
{
	struct dns_answer answer;
	enum state state;
	if (look_up(check, check->domain, DNS_MX, &answer, &state)) {
		state = STATE_DIFFERS;
		for (size_t i = 0; i < answer.count; i++) {
			struct view host = answer.records[i].value;
			add_found(
			    check, host.len ? host : VIEW("none (null MX)"));
			if (view_eq_nocase(host, check->server))
				state = STATE_OK;
		}
	}
	buf_printf(&check->line, "%.*s. IN MX 10 %.*s.",
	    VIEW_FMT(check->domain), VIEW_FMT(check->server));
	return send_record(check, "mail for the domain comes here", state);
}

// ---- TXT -------------------------------------------------------------------

// Finds the record that begins with `version`, if it is the only one (RFC 7208
// section 4.5, RFC 7489 section 6.6.3).
static bool find_policy(struct check *check, struct view name,
    struct view version, struct view *ret_text, enum state *ret_state)
{
	struct dns_answer answer;
	size_t count = 0;
	if (!look_up(check, name, DNS_TXT, &answer, ret_state))
		return false;
	for (size_t i = 0; i < answer.count; i++) {
		struct view text = answer.records[i].value;
		if (!view_starts_with_nocase(text, version))
			continue;
		add_found(check, text);
		*ret_text = text;
		count++;
	}
	*ret_state = count == 0 ? STATE_MISSING : STATE_DIFFERS;
	return count == 1;
}

// True if one of the terms of an SPF record names this server. This only looks
// at the terms and does not evaluate the record.
static bool spf_has_server(const struct check *check, struct view text)
{
	struct view term;
	while (view_split(&text, ' ', &term)) {
		if (term.len > 0 && term.ptr[0] == '+')
			term = view_from(term, 1);
		struct view value = view_from(term, 2);
		if (view_eq_nocase(term, VIEW("mx")) ||
		    (view_starts_with_nocase(term, VIEW("a:")) &&
			view_eq_nocase(value, check->server)))
			return true;
		if (!view_starts_with_nocase(term, VIEW("ip4:")) &&
		    !view_starts_with_nocase(term, VIEW("ip6:")))
			continue;
		for (size_t i = 0; i < check->address_count; i++)
			if (view_eq_nocase(
				view_from(term, 4), check->addresses[i]))
				return true;
	}
	return false;
}

static enum rc check_spf(struct check *check)
{
	struct view text;
	enum state state;
	if (find_policy(check, check->domain, VIEW("v=spf1"), &text, &state) &&
	    spf_has_server(check, text))
		state = STATE_OK;
	buf_printf(&check->line, "%.*s. IN TXT \"v=spf1 mx -all\"",
	    VIEW_FMT(check->domain));
	return send_record(check, "who sends mail of the domain (SPF)", state);
}

// Accepts any policy, because the domain's owner chooses it.
static enum rc check_dmarc(struct check *check)
{
	struct view text;
	enum state state;
	struct view name = join(check, VIEW("_dmarc"), check->domain);
	if (find_policy(check, name, VIEW("v=DMARC1"), &text, &state))
		state = STATE_OK;
	buf_printf(&check->line,
	    "%.*s. IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@%.*s\"",
	    VIEW_FMT(name), VIEW_FMT(check->domain));
	return send_record(check, "what to do with forgeries (DMARC)", state);
}

// ---- DKIM ------------------------------------------------------------------

// The value of p=, without white space.
static struct view public_part(struct arena *arena, struct view text)
{
	struct view part;
	while (view_split(&text, ';', &part)) {
		part = view_trim(part);
		if (!view_starts_with(part, VIEW("p=")))
			continue;
		char *plain = arena_alloc(arena, part.len);
		size_t len = 0;
		for (size_t i = 2; i < part.len; i++)
			if (!ascii_is_space(part.ptr[i]))
				plain[len++] = part.ptr[i];
		return view_of(plain, len);
	}
	return VIEW("");
}

static enum rc check_key(struct check *check, const struct dkim_key *key)
{
	struct dns_answer answer;
	enum state state;
	struct view below = join(check, VIEW("_domainkey"), check->domain);
	struct view name = join(check, key->selector, below);
	struct view want = public_part(check->arena, key->dns_text);
	if (look_up(check, name, DNS_TXT, &answer, &state)) {
		state = STATE_DIFFERS;
		for (size_t i = 0; i < answer.count; i++) {
			struct view text = answer.records[i].value;
			add_found(check, text);
			if (view_eq(public_part(check->arena, text), want))
				state = STATE_OK;
		}
	}
	dkim_dns_print(key, &check->line);
	return send_record(check, "a key that signs mail (DKIM)", state);
}

static enum rc check_keys(struct check *check)
{
	struct dkim_key key = {.domain = check->domain};
	bool any = false;
	for (;;) {
		enum rc rc = dkim_key_next(check->call->host->dkim, key.domain,
		    key.selector, check->arena, &key);
		if (rc == RC_END ||
		    (rc == RC_OK && !view_eq(key.domain, check->domain)))
			break;
		if (rc == RC_OK)
			rc = check_key(check, &key);
		if (rc != RC_OK)
			return rc;
		any = true;
	}
	if (any)
		return RC_OK;
	buf_printf(&check->line, "; there is none: roost dkim new %.*s",
	    VIEW_FMT(check->domain));
	return send_record(
	    check, "a key that signs mail (DKIM)", STATE_MISSING);
}

// ---- SRV -------------------------------------------------------------------

static void add_found_srv(struct check *check, const struct dns_record *record)
{
	struct buf text;
	if (record->value.len == 0) {
		add_found(check, VIEW("none (.)"));
		return;
	}
	buf_init(&text, 1024);
	buf_printf(
	    &text, "%.*s port %u", VIEW_FMT(record->value), record->port);
	add_found(check, buf_view(&text));
	buf_done(&text);
}

static enum rc check_served(
    struct check *check, enum mail_service service, struct view name)
{
	struct dns_answer answer;
	enum state state;
	unsigned port = check->call->host->services.ports[service];
	if (look_up(check, name, DNS_SRV, &answer, &state)) {
		state = STATE_DIFFERS;
		for (size_t i = 0; i < answer.count; i++) {
			const struct dns_record *record = &answer.records[i];
			add_found_srv(check, record);
			if (record->port == port &&
			    view_eq_nocase(record->value, check->server))
				state = STATE_OK;
		}
	}
	char purpose[80];
	snprintf(purpose, sizeof(purpose), "mail programs find %s",
	    service_info(service)->text);
	buf_printf(&check->line, "%.*s. IN SRV 0 1 %u %.*s.", VIEW_FMT(name),
	    port, VIEW_FMT(check->server));
	return send_record(check, purpose, state);
}

// Checks the record of a service that this server does not offer. A target "."
// says that the service does not exist (RFC 2782, RFC 6186 section 3.4), so
// that mail programs do not try its port. The record may also be missing. A
// record that names another server is accepted. A record that names this server
// is a mistake.
static enum rc check_not_served(
    struct check *check, enum mail_service service, struct view name)
{
	struct dns_answer answer;
	enum state state;
	bool elsewhere = false;
	if (look_up(check, name, DNS_SRV, &answer, &state)) {
		state = STATE_OK;
		for (size_t i = 0; i < answer.count; i++) {
			const struct dns_record *record = &answer.records[i];
			add_found_srv(check, record);
			if (view_eq_nocase(record->value, check->server))
				state = STATE_DIFFERS;
			else if (record->value.len > 0)
				elsewhere = true;
		}
	} else if (state == STATE_MISSING) {
		state = STATE_OK;
	}
	char purpose[120];
	const char *text = service_info(service)->text;
	if (elsewhere && state == STATE_OK) {
		snprintf(purpose, sizeof(purpose),
		    "%s is not served here, but elsewhere", text);
		buf_printf(&check->line, "; %.*s. IN SRV is as you want it",
		    VIEW_FMT(name));
	} else {
		snprintf(purpose, sizeof(purpose),
		    "%s is not served: this says so, and may be left out",
		    text);
		buf_printf(
		    &check->line, "%.*s. IN SRV 0 0 0 .", VIEW_FMT(name));
	}
	return send_record(check, purpose, state);
}

static enum rc check_clients(struct check *check)
{
	enum rc rc = RC_OK;
	for (enum mail_service i = 0; i < MAIL_SERVICES && rc == RC_OK; i++) {
		struct view name = join(check,
		    view_of_string(service_info(i)->dns_name), check->domain);
		rc = check->call->host->services.ports[i]
			 ? check_served(check, i, name)
			 : check_not_served(check, i, name);
	}
	return rc;
}

// ---- Names under which mail programs ask for their settings ----------------

static bool is_of_server(const struct check *check, struct view address)
{
	for (size_t i = 0; i < check->address_count; i++)
		if (view_eq(check->addresses[i], address))
			return true;
	return false;
}

// Compares addresses and not names: a CNAME record leads to them, too.
static void compare_addresses(struct check *check, struct view name,
    enum dns_type type, bool *any, enum state *state)
{
	struct dns_answer answer;
	enum state other;
	if (!look_up(check, name, type, &answer, &other)) {
		if (other == STATE_UNKNOWN)
			*state = other;
		return;
	}
	for (size_t i = 0; i < answer.count; i++) {
		add_found(check, answer.records[i].value);
		*any = true;
		if (!is_of_server(check, answer.records[i].value) &&
		    *state != STATE_UNKNOWN)
			*state = STATE_DIFFERS;
	}
}

static enum rc check_name(
    struct check *check, struct view label, const char *purpose)
{
	struct view name = join(check, label, check->domain);
	enum state state = STATE_OK;
	bool any = false;
	if (view_eq(name, check->server))
		return RC_OK;
	compare_addresses(check, name, DNS_A, &any, &state);
	compare_addresses(check, name, DNS_AAAA, &any, &state);
	if (!any && state == STATE_OK)
		state = STATE_MISSING;
	buf_printf(&check->line, "%.*s. IN CNAME %.*s.", VIEW_FMT(name),
	    VIEW_FMT(check->server));
	return send_record(check, purpose, state);
}

// Mail programs ask at the registered port only.
static enum rc check_names(struct check *check)
{
	enum mail_service https = SERVICE_AUTODISCOVER;
	if (check->call->host->services.ports[https] !=
	    service_info(https)->registered_port)
		return RC_OK;
	enum rc rc = check_name(check, VIEW("autoconfig"),
	    "mail programs ask for their settings here (Thunderbird and "
	    "others)");
	return rc != RC_OK ? rc
			   : check_name(check, VIEW("autodiscover"),
				 "mail programs ask for their settings here "
				 "(Outlook)");
}

// ---- The request -----------------------------------------------------------

static enum rc check_all(struct check *check)
{
	enum rc rc = check_mx(check);
	if (rc == RC_OK)
		rc = check_server(check);
	if (rc == RC_OK)
		rc = check_spf(check);
	if (rc == RC_OK)
		rc = check_keys(check);
	if (rc == RC_OK)
		rc = check_dmarc(check);
	if (rc == RC_OK)
		rc = check_clients(check);
	if (rc == RC_OK)
		rc = check_names(check);
	return rc;
}

static enum rc check_domain(
    struct verb_call *call, struct arena *arena, struct fault *fault)
{
	struct check check = {.call = call, .arena = arena};
	struct route_domain domain;
	enum rc rc = verb_find_domain(call, arena, fault, &domain);
	if (rc != RC_OK)
		return rc;
	if (json_is_true(json_object_get(call->request, "lookup"))) {
		check.dns = call->host->dns;
		if (!check.dns)
			return fault_set(fault, RC_UNSUPPORTED,
			    "names cannot be looked up here: say --no-lookup");
	}
	check.domain = domain.name;
	check.server = setup_host_name(
	    arena, view_of_string(call->host->server_name), check.domain);
	buf_init(&check.line, LINE_MAX_LEN);
	buf_init(&check.found, LINE_MAX_LEN);
	rc = check_all(&check);
	buf_done(&check.line);
	buf_done(&check.found);
	json_object_set_new(
	    call->answer, "wrong", json_integer((json_int_t)check.wrong));
	return rc;
}

enum rc verb_domain_check(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	arena_init(&arena);
	enum rc rc = check_domain(call, &arena, fault);
	arena_done(&arena);
	return rc;
}
