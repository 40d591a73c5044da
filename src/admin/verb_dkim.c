// SPDX-License-Identifier: Apache-2.0
// Requests about the keys that sign mail.
#include "admin/verbs.h"
#include "wire/domain_name.h"

static enum rc send_key(struct verb_call *call, const struct dkim_key *key)
{
	struct buf dns;
	buf_init(&dns, 16384);
	dkim_dns_print(key, &dns);
	json_t *note = json_pack("{s:s, s:s, s:i, s:I}", "note", "key",
	    "algorithm", dkim_algorithm_name(key->algorithm), "bits",
	    (int)key->bits, "created", (json_int_t)key->created);
	json_object_set_new(note, "domain", link_text(key->domain));
	json_object_set_new(note, "selector", link_text(key->selector));
	json_object_set_new(note, "dns", link_text(buf_view(&dns)));
	buf_done(&dns);
	return link_send(call->link, note, VIEW(""));
}

static enum rc make_key(struct verb_call *call, struct arena *arena,
    struct view domain, enum dkim_algorithm algorithm, struct fault *fault)
{
	struct dkim_key key;
	json_int_t bits =
	    json_integer_value(json_object_get(call->request, "bits"));
	if (bits < 0 || bits > UINT32_MAX)
		return fault_set(fault, RC_INVALID,
		    "an RSA key cannot have %lld bits", (long long)bits);
	enum rc rc = dkim_key_create(call->host->dkim, domain,
	    link_member(call->request, "selector"), algorithm, (unsigned)bits,
	    fault, arena, &key);
	return rc == RC_OK ? send_key(call, &key) : rc;
}

enum rc verb_dkim_new(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	struct route_domain domain;
	struct view algorithm = link_member(call->request, "algorithm");
	bool both = view_eq(algorithm, VIEW("both"));
	bool rsa = both || view_eq(algorithm, VIEW("rsa"));
	bool ed25519 = both || view_eq(algorithm, VIEW("ed25519"));
	if (!rsa && !ed25519)
		return fault_set(fault, RC_INVALID,
		    "the algorithm is rsa, ed25519 or both, not %.*s",
		    VIEW_FMT(algorithm));
	arena_init(&arena);
	enum rc rc = verb_find_domain(call, &arena, fault, &domain);
	if (rc == RC_OK && rsa)
		rc =
		    make_key(call, &arena, domain.name, DKIM_RSA_SHA256, fault);
	if (rc == RC_OK && ed25519)
		rc = make_key(
		    call, &arena, domain.name, DKIM_ED25519_SHA256, fault);
	arena_done(&arena);
	return rc;
}

// Finds the canonical name of a domain, even if the domain is no longer ours.
static enum rc canonical(const struct verb_call *call, struct arena *arena,
    struct fault *fault, struct view *ret_domain)
{
	struct view name = link_member(call->request, "domain");
	enum rc rc = verb_need_route(call, fault);
	if (rc == RC_OK && domain_name_to_ascii(arena, name, DOMAIN_NAME_HOST,
			       ret_domain) != RC_OK)
		rc = fault_set(fault, RC_INVALID, "\"%.*s\" is not a domain",
		    VIEW_FMT(name));
	return rc;
}

enum rc verb_dkim_remove(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	struct view domain;
	arena_init(&arena);
	enum rc rc = canonical(call, &arena, fault, &domain);
	if (rc == RC_OK)
		rc = dkim_key_remove(call->host->dkim, domain,
		    link_member(call->request, "selector"), fault);
	arena_done(&arena);
	return rc;
}

enum rc verb_dkim_list(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	struct view domain = VIEW("");
	struct dkim_key key;
	arena_init(&arena);
	enum rc rc = verb_need_route(call, fault);
	if (rc == RC_OK && json_object_get(call->request, "domain"))
		rc = canonical(call, &arena, fault, &domain);
	key = (struct dkim_key){.domain = domain, .selector = VIEW("")};
	// A key takes a kilobyte of the arena.
	while (rc == RC_OK) {
		rc = dkim_key_next(
		    call->host->dkim, key.domain, key.selector, &arena, &key);
		if (rc == RC_OK && domain.len > 0 &&
		    !view_eq(domain, key.domain))
			break;
		if (rc == RC_OK)
			rc = send_key(call, &key);
	}
	arena_done(&arena);
	return rc == RC_END ? RC_OK : rc;
}
