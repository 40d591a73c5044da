// SPDX-License-Identifier: Apache-2.0
// Authentication-Results fields that only this server may write (RFC 8601
// section 5). If a stranger or a user puts one with our name into a message,
// programs would believe it. ARC-Authentication-Results always stay. They are
// part of a signed set (RFC 8617 section 4), of which programs believe only
// what the seals prove, and removing one would break the chain.
#include "delivery/impl.h"
#include "wire/auth_results.h"
#include "wire/domain_name.h"

// How many are examined; the rest count as forged, because each look-up of a
// name may read from the disk.
#define RESULTS_MAX       100 // fields of a message
#define RESULTS_WORDS_MAX 20  // words of a field that cannot be parsed
#define RESULTS_LABELS    8   // labels of a name, from its end

static bool is_our_domain(struct delivery *delivery, struct view name)
{
	const struct delivery_office *office = delivery->office;
	bool local = true;
	if (view_eq_nocase(name, office->server_name))
		return true;
	// If nothing can be looked up, the field is removed.
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

// Programs read a malformed field in different ways.
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
	// RFC 8601 section 5: if this server does not understand the version,
	// its users' programs may misunderstand it.
	return results.version != 1 || is_our_name(delivery, results.id);
}
