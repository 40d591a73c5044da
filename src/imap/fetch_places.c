// SPDX-License-Identifier: Apache-2.0
#include "imap/fetch_places.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"

void fetch_places_done(struct fetch_places_cache *cache)
{
	for (size_t i = 0; i < FETCH_PLACES_PARTS; i++) {
		free(cache->parts[i]);
		cache->parts[i] = NULL;
	}
}

// Puts an entry in front, where the entry `at` was before; the ones between
// move back.
static void put_in_front(
    struct fetch_places_cache *cache, size_t at, struct fetch_places *places)
{
	memmove(&cache->parts[1], &cache->parts[0], at * sizeof(places));
	cache->parts[0] = places;
}

struct fetch_places *fetch_places_find(struct fetch_places_cache *cache,
    uint64_t email_id, const struct message_range *range,
    enum transfer_encoding encoding)
{
	for (size_t i = 0; i < FETCH_PLACES_PARTS; i++) {
		struct fetch_places *places = cache->parts[i];
		if (!places || !places->complete ||
		    places->email_id != email_id ||
		    places->range.offset != range->offset ||
		    places->range.len != range->len ||
		    places->encoding != encoding)
			continue;
		put_in_front(cache, i, places);
		return places;
	}
	return NULL;
}

struct fetch_places *fetch_places_new(struct fetch_places_cache *cache,
    uint64_t email_id, const struct message_range *range,
    enum transfer_encoding encoding)
{
	uint64_t step = range->len / FETCH_PLACES_MAX + 1;
	if (step < FETCH_PLACES_STEP)
		step = FETCH_PLACES_STEP;
	size_t max = (size_t)(range->len / step) + 1;
	struct fetch_places *places =
	    mem_zalloc(sizeof(*places) + max * sizeof(places->places[0]));
	places->email_id = email_id;
	places->range = *range;
	places->encoding = encoding;
	places->step = step;
	places->count = 1;
	transfer_decoder_init(&places->places[0].decoder, encoding);
	places->last = places->places[0];
	free(cache->parts[FETCH_PLACES_PARTS - 1]);
	put_in_front(cache, FETCH_PLACES_PARTS - 1, places);
	return places;
}

void fetch_places_note(
    struct fetch_places *places, const struct fetch_place *place)
{
	const struct fetch_place *before = &places->places[places->count - 1];
	if (place->raw >= before->raw + places->step)
		places->places[places->count++] = *place;
}

const struct fetch_place *fetch_places_before(
    const struct fetch_places *places, uint64_t decoded)
{
	size_t at;
	LOWER_BOUND(at, places->count, places->places[at].decoded <= decoded);
	const struct fetch_place *found = &places->places[at - 1];
	if (places->last.decoded <= decoded &&
	    places->last.decoded > found->decoded)
		found = &places->last;
	return found;
}
