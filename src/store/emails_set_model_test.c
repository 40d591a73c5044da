// SPDX-License-Identifier: Apache-2.0
// Random changes of emails by their ids, between changes of single messages,
// against a plain model: a list of places, each with its flags. What the model
// says must be in the mailboxes, message by message, and in the results.
#include "store/view_test_tools.h"

#include "store/emails_set.h"

#define STEPS      250
#define BOXES      3
#define KEYWORDS   3
#define PLACES_MAX 20000
#define AT_ONCE    10

static const char *const box_names[BOXES] = {"INBOX", "Archive", "Trash"};
static const char *const keyword_names[KEYWORDS] = {"one", "two", "$Three"};

// The test's random state, set at the start of each run.
static uint64_t random_state;

static unsigned random_below(unsigned limit)
{
	random_state =
	    random_state * 6364136223846793005u + 1442695040888963407;
	return (unsigned)(random_state >> 33) % limit;
}

struct place {
	uint64_t email_id;
	unsigned box;
	uint32_t uid;
	unsigned flags;
	unsigned keywords; // bits
	bool gone;
};

struct model {
	struct bed bed;
	struct store_mailbox *boxes[BOXES];
	uint64_t ids[BOXES];
	uint32_t uidnext[BOXES];
	struct place places[PLACES_MAX];
	size_t count;
	uint64_t next_email;
	unsigned quota; // messages; 0: none
};

static bool is_visible(const struct place *place)
{
	return !place->gone && !(place->flags & STORE_FLAG_DELETED);
}

static size_t messages(const struct model *model)
{
	size_t count = 0;
	for (size_t i = 0; i < model->count; i++)
		count += !model->places[i].gone;
	return count;
}

static void add_place(struct model *model, uint64_t email_id, unsigned box,
    unsigned flags, unsigned keywords)
{
	assert_true(model->count < PLACES_MAX);
	model->places[model->count++] = (struct place){.email_id = email_id,
	    .box = box,
	    .uid = model->uidnext[box]++,
	    .flags = flags,
	    .keywords = keywords};
}

// ---- One change, in the model ----------------------------------------------

// What a change wants, in bits.
struct wish {
	bool destroy;
	bool only_flags;
	unsigned add, remove;
	unsigned add_keywords, remove_keywords;
	bool only_boxes;
	unsigned into, out_of;
};

static struct wish some_wish(void)
{
	return (struct wish){.destroy = random_below(8) == 0,
	    .only_flags = random_below(4) == 0,
	    .add = random_below(3) ? 0 : random_below(32),
	    .remove = random_below(3) ? 0 : random_below(32),
	    .add_keywords = random_below(3) ? 0 : random_below(8),
	    .remove_keywords = random_below(3) ? 0 : random_below(8),
	    .only_boxes = random_below(4) == 0,
	    .into = random_below(2) ? 0 : random_below(8),
	    .out_of = random_below(2) ? 0 : random_below(8)};
}

static unsigned new_flags(const struct wish *wish, unsigned before)
{
	const unsigned deleted = STORE_FLAG_DELETED;
	unsigned add = wish->add & ~deleted;
	return wish->only_flags ? add | (before & deleted)
				: (before | add) & ~(wish->remove & ~deleted);
}

// A keyword that is both added and removed is added.
static unsigned new_keywords(const struct wish *wish, unsigned before)
{
	return wish->only_flags
		   ? wish->add_keywords
		   : (before & ~wish->remove_keywords) | wish->add_keywords;
}

static enum rc change_model(
    struct model *model, uint64_t email_id, const struct wish *wish)
{
	unsigned in = 0;
	unsigned flags = 0;
	unsigned keywords = 0;
	unsigned removed = 0;
	for (size_t i = 0; i < model->count; i++) {
		const struct place *place = &model->places[i];
		if (place->email_id != email_id || !is_visible(place))
			continue;
		in |= 1U << place->box;
		flags |= new_flags(wish, place->flags);
		keywords |= new_keywords(wish, place->keywords);
	}
	if (!in)
		return RC_NOT_FOUND;
	unsigned stay = wish->only_boxes ? in & wish->into
					 : in & ~(wish->out_of & ~wish->into);
	unsigned fresh = wish->into & ~in;
	if (wish->destroy)
		stay = fresh = 0;
	else if (!(stay | fresh))
		return RC_INVALID;
	for (size_t i = 0; i < model->count; i++) {
		const struct place *place = &model->places[i];
		if (place->email_id == email_id && !place->gone &&
		    (wish->destroy ||
			(is_visible(place) && !(stay >> place->box & 1))))
			removed++;
	}
	unsigned added = (unsigned)__builtin_popcount(fresh);
	if (model->quota && added > removed &&
	    messages(model) + added - removed > model->quota)
		return RC_QUOTA;
	for (size_t i = 0; i < model->count; i++) {
		struct place *place = &model->places[i];
		bool visible = is_visible(place);
		if (place->email_id != email_id || place->gone)
			continue;
		if (wish->destroy || (visible && !(stay >> place->box & 1))) {
			place->gone = true;
		} else if (visible) {
			place->flags = new_flags(wish, place->flags);
			place->keywords = new_keywords(wish, place->keywords);
		}
	}
	for (unsigned box = 0; box < BOXES; box++)
		if (fresh >> box & 1)
			add_place(model, email_id, box, flags, keywords);
	return RC_OK;
}

// ---- The same in the store -------------------------------------------------

struct lists {
	struct view add[KEYWORDS];
	struct view remove[KEYWORDS];
	uint64_t into[BOXES];
	uint64_t out_of[BOXES];
};

static size_t list_keywords(unsigned bits, struct view *ret_names)
{
	size_t count = 0;
	for (unsigned n = 0; n < KEYWORDS; n++)
		if (bits >> n & 1)
			ret_names[count++] = view_of_string(keyword_names[n]);
	return count;
}

static size_t list_boxes(
    const struct model *model, unsigned bits, uint64_t *ret_ids)
{
	size_t count = 0;
	for (unsigned n = 0; n < BOXES; n++)
		if (bits >> n & 1)
			ret_ids[count++] = model->ids[n];
	return count;
}

static struct store_email_change change_of(const struct model *model,
    uint64_t email_id, const struct wish *wish, struct lists *lists)
{
	return (struct store_email_change){.email_id = email_id,
	    .destroy = wish->destroy,
	    .only_these_flags = wish->only_flags,
	    .add = {wish->add, lists->add,
		list_keywords(wish->add_keywords, lists->add)},
	    .remove = {wish->remove, lists->remove,
		list_keywords(wish->remove_keywords, lists->remove)},
	    .only_these_mailboxes = wish->only_boxes,
	    .into = lists->into,
	    .into_count = list_boxes(model, wish->into, lists->into),
	    .out_of = lists->out_of,
	    .out_of_count = list_boxes(model, wish->out_of, lists->out_of)};
}

// The store takes emails in the order of their ids, and so does the model.
static void set_emails(struct model *model)
{
	struct store_email_change changes[AT_ONCE];
	struct lists lists[AT_ONCE];
	struct wish wishes[AT_ONCE];
	struct store_emails_set set = {.changes = changes};
	uint64_t id = 1 + random_below(3);
	while (set.change_count < AT_ONCE && random_below(10)) {
		size_t n = set.change_count++;
		wishes[n] = some_wish();
		changes[n] = change_of(model, id, &wishes[n], &lists[n]);
		id += 1 + random_below((unsigned)model->next_email / 4 + 1);
	}
	assert_int_equal(store_emails_set(&model->bed.asker, model->bed.account,
			     &set, &model->bed.fault),
	    RC_OK);
	for (size_t n = 0; n < set.change_count; n++)
		assert_int_equal(changes[n].result.rc,
		    change_model(model, changes[n].email_id, &wishes[n]));
}

// ---- Other changes ---------------------------------------------------------

static void append_one(struct model *model)
{
	unsigned box = random_below(BOXES);
	unsigned flags = random_below(4) ? random_below(4) : random_below(32);
	unsigned keywords = random_below(8);
	struct view names[KEYWORDS];
	if (model->quota && messages(model) >= model->quota)
		return;
	bed_append(&model->bed, model->boxes[box], "Subject: x\r\n\r\nx\r\n",
	    (struct store_flags){flags, names, list_keywords(keywords, names)});
	add_place(model, model->next_email++, box, flags, keywords);
}

static struct place *some_place(struct model *model)
{
	struct place *place =
	    model->count ? &model->places[random_below((unsigned)model->count)]
			 : NULL;
	return place && !place->gone ? place : NULL;
}

static void flag_one(struct model *model)
{
	struct place *place = some_place(model);
	if (!place)
		return;
	unsigned system = 1U << random_below(5);
	bed_flags(&model->bed, model->boxes[place->box], place->uid,
	    STORE_FLAGS_ADD, system, NULL);
	place->flags |= system;
}

static void copy_one(struct model *model)
{
	struct place *place = some_place(model);
	unsigned box = random_below(BOXES);
	if (!place || (model->quota && messages(model) >= model->quota))
		return;
	bed_copy(&model->bed, model->boxes[place->box], place->uid,
	    model->boxes[box]);
	add_place(model, place->email_id, box, place->flags, place->keywords);
}

static void expunge_all(struct model *model)
{
	uint64_t modseq;
	unsigned box = random_below(BOXES);
	assert_int_equal(
	    store_expunge(model->boxes[box], NULL, &model->bed.fault, &modseq),
	    RC_OK);
	for (size_t i = 0; i < model->count; i++)
		if (model->places[i].box == box &&
		    model->places[i].flags & STORE_FLAG_DELETED)
			model->places[i].gone = true;
}

// ---- Comparing -------------------------------------------------------------

static unsigned keywords_of(
    const struct store_snapshot *snapshot, const struct store_message *message)
{
	unsigned bits = 0;
	for (unsigned n = 0; n < KEYWORDS; n++) {
		unsigned number;
		if (store_snapshot_keyword_find(snapshot,
			view_of_string(keyword_names[n]), &number) == RC_OK &&
		    message->has_keywords &&
		    store_keyword_set_has(&message->keywords, number))
			bits |= 1U << n;
	}
	return bits;
}

static void compare(struct model *model)
{
	size_t left[BOXES];
	for (unsigned box = 0; box < BOXES; box++) {
		struct store_snapshot *snapshot =
		    store_mailbox_snapshot(model->boxes[box]);
		left[box] = store_snapshot_count(snapshot);
		for (size_t i = 0; i < model->count; i++) {
			const struct place *place = &model->places[i];
			struct store_message message;
			uint32_t index;
			if (place->box != box || place->gone)
				continue;
			assert_int_equal(
			    store_snapshot_find(snapshot, place->uid, &index),
			    RC_OK);
			store_snapshot_get(snapshot, index, &message);
			assert_int_equal(message.email_id, place->email_id);
			assert_int_equal(message.flags, place->flags);
			assert_int_equal(
			    keywords_of(snapshot, &message), place->keywords);
			left[box]--;
		}
		assert_int_equal(left[box], 0);
		store_snapshot_unref(&snapshot);
	}
}

static void run(uint64_t seed)
{
	static struct model model;
	memset(&model, 0, sizeof(model));
	model.next_email = 1;
	model.quota = seed % 2 ? 0 : 40;
	random_state = seed;
	bed_open(
	    &model.bed, (struct store_options){.quota_messages = model.quota,
			    .commit_max = seed % 3 ? 0 : 4});
	for (unsigned box = 0; box < BOXES; box++) {
		model.boxes[box] = bed_mailbox(&model.bed, box_names[box]);
		model.ids[box] = store_mailbox_id(model.boxes[box]);
		model.uidnext[box] = 1;
	}
	for (int i = 0; i < STEPS; i++) {
		switch (random_below(8)) {
		case 0:
		case 1: append_one(&model); break;
		case 2: flag_one(&model); break;
		case 3: copy_one(&model); break;
		case 4:
			if (random_below(3) == 0)
				expunge_all(&model);
			break;
		default: set_emails(&model);
		}
		compare(&model);
	}
	for (unsigned box = 0; box < BOXES; box++)
		store_mailbox_close(&model.boxes[box]);
	bed_check(&model.bed, false, 0);
	bed_close(&model.bed);
}

static void random_changes_agree_with_the_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 24; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_changes_agree_with_the_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
