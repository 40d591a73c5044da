// SPDX-License-Identifier: Apache-2.0
#include "auth/guard.h"

#include "auth/address.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/tally.h"

#define DAY_SECONDS 86400
#define DAY_KEYS    65536 // 1.5 MiB

// Networks may fail as often as so many addresses.
#define NETWORK_FACTOR 3

struct auth_guard {
	struct auth_settings settings;
	// What delays answers: every failure, of an address. Addresses that
	// many users share are counted by user.
	struct tally *all;
	// The guesses of strangers: from places where the user is not known.
	struct tally *addresses;
	struct tally *networks;
	struct tally *users;
	struct tally *total; // a single key
	struct tally *day;   // by address, in a day
	// The guesses from places where the user is known, by user and place.
	struct tally *friends;
};

struct auth_guard *auth_guard_new(const struct auth_settings *settings)
{
	struct auth_guard *guard = mem_zalloc(sizeof(*guard));
	uint32_t window = settings->window_seconds;
	guard->settings = *settings;
	guard->all = tally_new_window(AUTH_COUNTED_KEYS, window);
	guard->addresses = tally_new_window(AUTH_COUNTED_KEYS, window);
	guard->networks = tally_new_window(AUTH_COUNTED_KEYS, window);
	guard->users = tally_new_window(AUTH_COUNTED_KEYS, window);
	guard->friends = tally_new_window(AUTH_COUNTED_KEYS, window);
	guard->total = tally_new_window(1, window);
	guard->day = tally_new_window(DAY_KEYS, DAY_SECONDS);
	return guard;
}

void auth_guard_free(struct auth_guard **guard)
{
	struct auth_guard *old = *guard;
	if (!old)
		return;
	*guard = NULL;
	tally_free(&old->all);
	tally_free(&old->addresses);
	tally_free(&old->networks);
	tally_free(&old->users);
	tally_free(&old->friends);
	tally_free(&old->total);
	tally_free(&old->day);
	free(old);
}

// ---- Keys ------------------------------------------------------------------

struct keys {
	struct view user;
	struct view address; // empty: many users share it
	struct view network; // empty: the same
	struct view friend;  // the user and the place where the user is known
	struct view answer;  // whose failures delay the answer
	char address_bytes[64];
	char network_bytes[64];
	char friend_bytes[1 + 64 + AUTH_NAME_MAX];
};

static void keys_init(struct keys *keys, const struct auth_suspect *suspect)
{
	bool shared = auth_address_is_shared(suspect->address);
	size_t address_len =
	    auth_address_key(suspect->address, keys->address_bytes);
	size_t network_len =
	    auth_network_key(suspect->address, keys->network_bytes);
	keys->user = view_slice(suspect->user, 0, AUTH_NAME_MAX);
	keys->address = view_of(keys->address_bytes, shared ? 0 : address_len);
	keys->network = view_of(keys->network_bytes, shared ? 0 : network_len);
	keys->answer = shared ? keys->user : keys->address;
	bool exact = suspect->known == AUTH_KNOWN_ADDRESS;
	size_t place_len = exact ? address_len : network_len;
	keys->friend_bytes[0] = (char)place_len;
	memcpy(keys->friend_bytes + 1,
	    exact ? keys->address_bytes : keys->network_bytes, place_len);
	if (keys->user.len)
		memcpy(keys->friend_bytes + 1 + place_len, keys->user.ptr,
		    keys->user.len);
	keys->friend =
	    view_of(keys->friend_bytes, 1 + place_len + keys->user.len);
}

// ---- Rulings ---------------------------------------------------------------

static enum auth_ruling rule(uint32_t failures, uint32_t limit)
{
	if (failures >= limit)
		return AUTH_RULING_SHUT;
	return failures >= (limit + 1) / 2 ? AUTH_RULING_WAIT
					   : AUTH_RULING_LOOK;
}

static enum auth_ruling worse(enum auth_ruling a, enum auth_ruling b)
{
	return a > b ? a : b;
}

static uint32_t network_failures(const struct auth_guard *guard)
{
	return guard->settings.address_failures * NETWORK_FACTOR;
}

// An address from which almost nobody has failed in a day may be where the user
// is now. However many others guess, its few attempts are looked at.
static bool is_clean(
    const struct auth_guard *guard, const struct keys *keys, uint64_t now)
{
	return keys->address.len > 0 &&
	       tally_count(guard->day, keys->address, now) <
		   guard->settings.clean_failures &&
	       tally_count(guard->networks, keys->network, now) <
		   network_failures(guard);
}

static enum auth_ruling ask_stranger(
    const struct auth_guard *guard, const struct keys *keys, uint64_t now)
{
	const struct auth_settings *settings = &guard->settings;
	enum auth_ruling ruling = AUTH_RULING_LOOK;
	// So many guesses in all that some of them may be spread over many
	// addresses and users: then every stranger waits.
	if (tally_count(guard->total, VIEW("all"), now) >=
	    settings->total_failures)
		ruling = AUTH_RULING_WAIT;
	if (is_clean(guard, keys, now))
		return ruling;
	ruling = worse(ruling, rule(tally_count(guard->users, keys->user, now),
				   settings->user_failures));
	if (keys->address.len == 0)
		return ruling;
	ruling = worse(
	    ruling, rule(tally_count(guard->addresses, keys->address, now),
			settings->address_failures));
	return worse(
	    ruling, rule(tally_count(guard->networks, keys->network, now),
			network_failures(guard)));
}

enum auth_ruling auth_guard_ask(
    struct auth_guard *guard, const struct auth_suspect *suspect)
{
	uint64_t now = clock_monotonic_ms();
	struct keys keys;
	keys_init(&keys, suspect);
	if (suspect->known == AUTH_KNOWN_NOT)
		return ask_stranger(guard, &keys, now);
	enum auth_ruling ruling =
	    rule(tally_count(guard->friends, keys.friend, now),
		guard->settings.address_failures);
	return ruling == AUTH_RULING_SHUT ? AUTH_RULING_WAIT : ruling;
}

// ---- Failures --------------------------------------------------------------

static uint32_t delay_for(uint32_t failures)
{
	if (failures > 7)
		return AUTH_DELAY_MS_MAX;
	uint32_t delay = 125u << failures;
	return delay < AUTH_DELAY_MS_MAX ? delay : AUTH_DELAY_MS_MAX;
}

static uint32_t count_stranger(
    struct auth_guard *guard, const struct keys *keys, uint64_t now)
{
	if (keys->user.len > 0)
		tally_add(guard->users, keys->user, now);
	if (keys->address.len > 0) {
		tally_add(guard->addresses, keys->address, now);
		tally_add(guard->networks, keys->network, now);
		tally_add(guard->day, keys->address, now);
	}
	uint32_t total = tally_add(guard->total, VIEW("all"), now);
	return total == guard->settings.total_failures ? total : 0;
}

uint32_t auth_guard_fail(struct auth_guard *guard,
    const struct auth_suspect *suspect, bool again, uint32_t *ret_alarm)
{
	uint64_t now = clock_monotonic_ms();
	struct keys keys;
	keys_init(&keys, suspect);
	*ret_alarm = 0;
	if (!again && suspect->known != AUTH_KNOWN_NOT)
		tally_add(guard->friends, keys.friend, now);
	else if (!again)
		*ret_alarm = count_stranger(guard, &keys, now);
	if (keys.answer.len == 0)
		return 0; // of nobody, and from an address that many share
	return delay_for(tally_add(guard->all, keys.answer, now));
}
