// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "probe/candidates.h"
#include "wire/domain_name.h"

const char *probe_source_id(enum probe_source source)
{
	static const char *const ids[] = {
#define X(name, id) id,
	    PROBE_SOURCE_TABLE(X)
#undef X
	};
	return ids[source];
}

// RFC 8314 section 3, RFC 6409; the best first.
static const struct {
	uint16_t port;
	enum probe_protocol protocol;
	enum probe_security security;
} usual[] = {
    {993, PROBE_IMAP, PROBE_TLS},
    {143, PROBE_IMAP, PROBE_STARTTLS},
    {995, PROBE_POP3, PROBE_TLS},
    {110, PROBE_POP3, PROBE_STARTTLS},
    {465, PROBE_SMTP, PROBE_TLS},
    {587, PROBE_SMTP, PROBE_STARTTLS},
    {25, PROBE_SMTP, PROBE_STARTTLS},
};

bool probe_port_usage(uint16_t port, enum probe_protocol *ret_protocol,
    enum probe_security *ret_security)
{
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (usual[i].port == port) {
			*ret_protocol = usual[i].protocol;
			*ret_security = usual[i].security;
			return true;
		}
	return false;
}

static bool is_numeric(struct arena *arena, struct view host)
{
	unsigned char bytes[16];
	const char *text = arena_string(arena, host);
	return inet_pton(AF_INET, text, bytes) == 1 ||
	       inet_pton(AF_INET6, text, bytes) == 1;
}

static bool same(
    const struct probe_candidate *a, const struct probe_candidate *b)
{
	return a->protocol == b->protocol && a->security == b->security &&
	       a->port == b->port && strcmp(a->host, b->host) == 0;
}

static bool is_text(const char *text)
{
	for (; *text; text++)
		if (ascii_is_control(*text))
			return false;
	return true;
}

bool probe_is_in_domain(const char *host, const char *domain)
{
	struct view name = view_of_string(host), parent;
	if (!domain || !domain[0])
		return false;
	parent = view_of_string(domain);
	if (view_eq_nocase(name, parent))
		return true;
	return name.len > parent.len &&
	       name.ptr[name.len - parent.len - 1] == '.' &&
	       view_eq_nocase(view_from(name, name.len - parent.len), parent);
}

static bool is_vouched(const struct probe_candidates *candidates,
    const struct probe_candidate *candidate)
{
	return candidates->vouches || candidate->vouched ||
	       candidate->source == PROBE_GIVEN ||
	       candidate->source == PROBE_USUAL ||
	       probe_is_in_domain(candidate->host, candidates->domain);
}

void probe_candidates_add(struct probe_candidates *candidates,
    const struct probe_candidate *candidate)
{
	struct probe_candidate new = *candidate;
	struct arena *arena = candidates->arena;
	struct view host = view_of_string(candidate->host), ascii;
	if (view_ends_with(host, VIEW(".")))
		host.len--;
	if (candidate->port == 0)
		return;
	if (is_numeric(arena, host))
		ascii = host;
	else if (domain_name_to_ascii(arena, host, DOMAIN_NAME_HOST, &ascii) !=
		 RC_OK)
		return;
	new.host = arena_string(arena, ascii);
	if (new.user)
		new.user = is_text(new.user)
			       ? arena_string(arena, view_of_string(new.user))
			       : NULL;
	new.vouched = is_vouched(candidates, &new);
	for (size_t i = 0; i < candidates->count; i++) {
		struct probe_candidate *old = &candidates->items[i];
		if (!same(old, &new))
			continue;
		if (new.vouched && !old->vouched)
			*old = new;
		return;
	}
	if (candidates->count < PROBE_CANDIDATES_MAX)
		candidates->items[candidates->count++] = new;
}

// Whether a server with this name speaks the protocol, as far as the name says.
static bool may_speak(struct view host, enum probe_protocol protocol)
{
	static const struct {
		const char *label;
		enum probe_protocol protocol;
	} labels[] = {
	    {"imap.", PROBE_IMAP},
	    {"pop3.", PROBE_POP3},
	    {"pop.", PROBE_POP3},
	    {"smtp.", PROBE_SMTP},
	};
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		if (view_starts_with_nocase(
			host, view_of_string(labels[i].label)))
			return labels[i].protocol == protocol;
	return true;
}

void probe_candidates_add_usual(struct probe_candidates *candidates,
    const char *host, enum probe_source source, bool vouched)
{
	bool all = source == PROBE_USUAL;
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (all || may_speak(view_of_string(host), usual[i].protocol))
			probe_candidates_add(
			    candidates, &(struct probe_candidate){
					    .protocol = usual[i].protocol,
					    .security = usual[i].security,
					    .host = host,
					    .port = usual[i].port,
					    .source = source,
					    .vouched = vouched});
}
