// SPDX-License-Identifier: Apache-2.0
// Where a mail would go, and why: the routes' own explanation, and for what
// leaves this server the next hosts, as DNS says now.
#include "admin/verbs.h"
#include "base/map.h"

// Domains whose hosts are looked up; of the others only the number is told.
#define DOMAINS_MAX 20
// Hosts of one domain whose addresses are looked up.
#define HOSTS_MAX 8

static const char *verdict_word(enum route_verdict verdict)
{
	switch (verdict) {
	case ROUTE_OK: return "ok";
	case ROUTE_FOREIGN: return "foreign";
	case ROUTE_UNKNOWN: return "unknown";
	case ROUTE_DISABLED: return "disabled";
	case ROUTE_LOOP: return "loop";
	}
	return "unknown";
}

// ---- The next hosts --------------------------------------------------------

static void add_addresses(struct dns *dns, struct arena *arena,
    struct view host, enum dns_type type, struct buf *out)
{
	struct dns_answer answer;
	dns_lookup_wait(dns, arena, host, type, &answer);
	for (size_t i = 0; i < answer.count; i++)
		buf_printf(out, " %.*s", VIEW_FMT(answer.records[i].value));
	if (answer.status == DNS_FAILED)
		buf_printf(out, " (%s: %s)", type == DNS_A ? "A" : "AAAA",
		    answer.reason ? answer.reason : "no answer");
}

static size_t explain_host(
    struct dns *dns, struct arena *arena, struct view host, struct buf *out)
{
	size_t before = out->len;
	add_addresses(dns, arena, host, DNS_AAAA, out);
	add_addresses(dns, arena, host, DNS_A, out);
	size_t added = out->len - before;
	if (added == 0)
		buf_add_literal(out, " no address");
	return added;
}

static void explain_records(struct dns *dns, struct arena *arena,
    struct view domain, const struct dns_answer *mx, struct buf *out)
{
	if (mx->count == 1 && mx->records[0].value.len == 0) {
		buf_printf(out,
		    "%.*s takes no mail (null MX, RFC 7505): it would be "
		    "returned\n",
		    VIEW_FMT(domain));
		return;
	}
	for (size_t i = 0; i < mx->count && i < HOSTS_MAX; i++) {
		const struct dns_record *record = &mx->records[i];
		buf_printf(out, "%.*s: MX %u %.*s:", VIEW_FMT(domain),
		    record->preference, VIEW_FMT(record->value));
		explain_host(dns, arena, record->value, out);
		buf_add_char(out, '\n');
	}
	if (mx->count > HOSTS_MAX)
		buf_printf(out, "%.*s: and %zu more\n", VIEW_FMT(domain),
		    mx->count - HOSTS_MAX);
}

// RFC 5321 section 5.1.
static void explain_domain(
    struct dns *dns, struct arena *arena, struct view domain, struct buf *out)
{
	struct dns_answer answer;
	if (domain.len > 0 && domain.ptr[0] == '[') {
		buf_printf(out, "%.*s: to that address\n", VIEW_FMT(domain));
		return;
	}
	dns_lookup_wait(dns, arena, domain, DNS_MX, &answer);
	switch (answer.status) {
	case DNS_FOUND:
		explain_records(dns, arena, domain, &answer, out);
		break;
	case DNS_NO_DATA:
		buf_printf(out, "%.*s has no MX, so itself:", VIEW_FMT(domain));
		buf_add_string(out, explain_host(dns, arena, domain, out) > 0
					? "\n"
					: ": it would be returned\n");
		break;
	case DNS_NO_NAME:
		buf_printf(out, "%.*s does not exist: it would be returned\n",
		    VIEW_FMT(domain));
		break;
	case DNS_FAILED:
		buf_printf(out,
		    "%.*s cannot be looked up now (%s): it would wait\n",
		    VIEW_FMT(domain),
		    answer.reason ? answer.reason : "no answer");
		break;
	}
}

static struct view domain_of(struct view address)
{
	size_t at = address.len;
	while (at > 0 && address.ptr[at - 1] != '@')
		at--;
	return view_from(address, at);
}

static void explain_remotes(struct verb_call *call, struct arena *arena,
    const struct route_result *result, struct buf *out)
{
	struct map seen;
	size_t count = 0;
	map_init(&seen);
	for (size_t i = 0; i < result->count; i++) {
		struct view domain = domain_of(result->targets[i].address);
		if (result->targets[i].kind != ROUTE_REMOTE ||
		    map_put(&seen, domain, call))
			continue;
		if (count++ < DOMAINS_MAX && call->host->dns &&
		    !call->host->smart_host)
			explain_domain(call->host->dns, arena, domain, out);
	}
	map_done(&seen);
	if (count > 0 && call->host->smart_host)
		buf_printf(out, "all that leaves goes to %s\n",
		    call->host->smart_host);
	else if (count > DOMAINS_MAX)
		buf_printf(out, "and %zu more domains\n", count - DOMAINS_MAX);
}

// ---- The request -----------------------------------------------------------

static enum rc send_lines(struct verb_call *call, struct view text)
{
	struct view line;
	enum rc rc = RC_OK;
	while (rc == RC_OK && view_split(&text, '\n', &line)) {
		json_t *note = json_pack("{s:s}", "note", "line");
		json_object_set_new(note, "text", link_text(line));
		rc = link_send(call->link, note, VIEW(""));
	}
	return rc;
}

static enum rc explain(
    struct verb_call *call, struct arena *arena, struct fault *fault)
{
	struct smtp_mailbox mailbox;
	struct route_result result;
	struct buf out;
	struct view address = link_member(call->request, "address");
	enum rc rc = smtp_mailbox_parse(arena, address, fault, &mailbox);
	if (rc != RC_OK)
		return fault_set(fault, RC_INVALID,
		    "\"%.*s\" is not an address", VIEW_FMT(address));
	buf_init(&out, (size_t)1 << 20);
	rc = route_resolve(call->host->route, arena, &mailbox, &out, &result);
	if (rc == RC_OK) {
		explain_remotes(call, arena, &result, &out);
		json_object_set_new(call->answer, "verdict",
		    json_string(verdict_word(result.verdict)));
		rc = send_lines(call, buf_view(&out));
	}
	buf_done(&out);
	return rc;
}

enum rc verb_route(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	enum rc rc = verb_need_route(call, fault);
	if (rc != RC_OK)
		return rc;
	arena_init(&arena);
	rc = explain(call, &arena, fault);
	arena_done(&arena);
	return rc;
}
