// SPDX-License-Identifier: Apache-2.0
// The request "route": where a mail would go, and why. The routes explain it,
// and for addresses on other servers the relay explains the next hops.
#include "admin/verbs.h"
#include "base/map.h"

// For how many domains the answer explains the next hops. It only counts the
// others.
#define DOMAINS_MAX 20

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

// ---- The next hops ---------------------------------------------------------

static struct view domain_of(struct view address)
{
	size_t at = address.len;
	while (at > 0 && address.ptr[at - 1] != '@')
		at--;
	return view_from(address, at);
}

// For how many of the other servers' domains a next hop was found, is not known
// now, or does not exist.
struct hops {
	size_t found;
	size_t later;
	size_t nowhere;
};

static void explain_domain(struct verb_call *call, struct view domain,
    struct hops *hops, struct buf *out)
{
	buf_printf(out, "%.*s:\n", VIEW_FMT(domain));
	switch (relay_explain(call->host->relay, domain, out)) {
	case RELAY_WAY_FOUND: hops->found++; break;
	case RELAY_WAY_LATER: hops->later++; break;
	case RELAY_WAY_NOWHERE: hops->nowhere++; break;
	}
}

// Sets "hops" in the answer: "nowhere" if no target would get the mail, here or
// elsewhere; "some" if only some would; "later" if it is not known now; "ok" if
// all would.
static void answer_hops(
    struct verb_call *call, const struct hops *hops, bool users)
{
	const char *word = "ok";
	if (hops->nowhere > 0)
		word =
		    hops->found + hops->later > 0 || users ? "some" : "nowhere";
	else if (hops->later > 0)
		word = "later";
	json_object_set_new(call->answer, "hops", json_string(word));
}

static void explain_remotes(
    struct verb_call *call, const struct route_result *result, struct buf *out)
{
	struct map seen;
	struct hops hops = {0};
	size_t count = 0;
	bool users = false;
	map_init(&seen);
	for (size_t i = 0; i < result->count; i++) {
		struct view domain = domain_of(result->targets[i].address);
		users |= result->targets[i].kind == ROUTE_USER;
		if (result->targets[i].kind != ROUTE_REMOTE ||
		    map_put(&seen, domain, call))
			continue;
		if (count++ < DOMAINS_MAX && call->host->relay)
			explain_domain(call, domain, &hops, out);
		else
			hops.later += !call->host->relay;
	}
	map_done(&seen);
	if (count > 0 && !call->host->relay)
		buf_add_literal(out, "its servers cannot be looked up here\n");
	else if (count > DOMAINS_MAX)
		buf_printf(out, "and %zu more domains\n", count - DOMAINS_MAX);
	answer_hops(call, &hops, users);
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

// Accepts the addresses that RCPT accepts: "postmaster" needs no domain (RFC
// 5321 section 4.5.1).
static enum rc parse_address(struct arena *arena, struct view address,
    struct fault *fault, struct smtp_mailbox *ret_mailbox)
{
	if (!view_eq_nocase(address, VIEW("postmaster")))
		return smtp_mailbox_parse(arena, address, fault, ret_mailbox);
	*ret_mailbox = (struct smtp_mailbox){.local = VIEW("postmaster")};
	return RC_OK;
}

static enum rc explain(
    struct verb_call *call, struct arena *arena, struct fault *fault)
{
	struct smtp_mailbox mailbox;
	struct route_result result;
	struct buf out;
	struct view address = link_member(call->request, "address");
	enum rc rc = parse_address(arena, address, fault, &mailbox);
	if (rc != RC_OK)
		return fault_set(fault, RC_INVALID,
		    "\"%.*s\" is not an address", VIEW_FMT(address));
	buf_init(&out, (size_t)1 << 20);
	rc = route_resolve(call->host->route, arena, &mailbox, &out, &result);
	if (rc == RC_OK) {
		explain_remotes(call, &result, &out);
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
