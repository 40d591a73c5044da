// SPDX-License-Identifier: Apache-2.0
// Authentication-Results fields that only this server may write (RFC 8601
// section 5): one in our name that a stranger or a user has put into the
// message would be believed. ARC-Authentication-Results stay, whoever they
// name: they are one part of a signed set (RFC 8617 section 4), of which
// programs believe what the seals prove, and without one of them the chain is
// broken.
#include "delivery/internal.h"
#include "wire/auth_results.h"
#include "wire/domain_name.h"

// What is looked at of them; the rest is taken for forged: each look at a name
// may be one at the disk.
#define RESULTS_MAX       100 // fields of a message
#define RESULTS_WORDS_MAX 20  // words of a field that cannot be parsed
#define RESULTS_LABELS    8   // labels of a name, from its end

static bool is_our_domain(struct delivery *delivery, struct view name)
{
	const struct delivery_office *office = delivery->office;
	bool local = true;
	if (view_eq_nocase(name, office->server_name))
		return true;
	// Where nothing can be looked up, nothing is to be let through.
	return route_is_local_domain(office->route, name, &local) != RC_OK ||
	       local;
}

// `ascii` or a domain above it.
static bool is_below_ours(struct delivery *delivery, struct view ascii)
{
	size_t labels = 0;
	for (size_t at = ascii.len; at-- > 0 && labels < RESULTS_LABELS;) {
		if (at > 0 && ascii.ptr[at - 1] != '.')
			continue;
		labels++;
		if (is_our_domain(delivery, view_from(ascii, at)))
			return true;
	}
	return false;
}

static bool is_our_name(struct delivery *delivery, struct view name)
{
	struct view ascii;
	if (view_ends_with(name, VIEW(".")))
		name = view_slice(name, 0, name.len - 1);
	if (domain_name_to_ascii(&delivery->scratch, name,
		DOMAIN_NAME_UNDERSCORE, &ascii) != RC_OK)
		ascii = name;
	return is_below_ours(delivery, ascii);
}

// Programs differ in what they make of a field that is not well formed.
static bool mentions_us(struct delivery *delivery, struct view value)
{
	struct view word;
	size_t count = 0;
	while (auth_results_next_word(&value, &word))
		if (++count > RESULTS_WORDS_MAX || is_our_name(delivery, word))
			return true;
	return false;
}

bool delivery_is_forged(void *context, struct view value)
{
	struct delivery_forgery *forgery = context;
	struct delivery *delivery = forgery->delivery;
	struct auth_results results;
	if (++forgery->fields > RESULTS_MAX)
		return true;
	arena_reset(&delivery->scratch);
	if (auth_results_parse(&delivery->scratch, value, &results) != RC_OK)
		return mentions_us(delivery, value);
	// RFC 8601 section 5: what this server does not understand, its users'
	// programs may misunderstand.
	return results.version != 1 || is_our_name(delivery, results.id);
}
