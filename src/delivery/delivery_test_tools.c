// SPDX-License-Identifier: Apache-2.0
// An engine whose commits can be made to fail: its table of calls is replaced.
// The replaced calls have no context, so the partitions are global.
#include "delivery/delivery_test_tools.h"
#include "queue/manage.h"

static int64_t bed_wall(void *context)
{
	(void)context;
	return BED_NOW;
}

static uint64_t bed_failing_first;
static uint64_t bed_failing_last;
static const struct engine_ops *bed_real_ops;

static enum rc bed_commit(struct engine *engine, struct engine_partition *part,
    uint64_t version, struct engine_batch *batch, struct fault *fault)
{
	if (part->id >= bed_failing_first && part->id <= bed_failing_last)
		return fault_set(fault, RC_IO, "the disk is on fire");
	return bed_real_ops->commit(engine, part, version, batch, fault);
}

void bed_fail(struct bed *bed, uint64_t first, uint64_t last)
{
	bed_failing_first = first;
	bed_failing_last = last;
	bed->engine->ops = last ? &bed->failing : bed->ops;
}

uint64_t bed_user(struct bed *bed, const char *name)
{
	static const struct auth_credentials some = {.hash = "$y$j9T$some"};
	uint64_t account = 0;
	assert_int_equal(auth_directory_add(bed->engine, view_of_string(name),
			     &some, 1, NULL, &account),
	    RC_OK);
	assert_int_equal(
	    store_account_create(bed->office.store, account, &bed->fault),
	    RC_OK);
	return account;
}

struct auth_user bed_who(struct bed *bed, const char *name)
{
	struct auth_user user;
	struct auth_record record;
	assert_int_equal(auth_directory_lookup(bed->engine,
			     view_of_string(name), &user.name, &record),
	    RC_OK);
	user.account = record.account;
	return user;
}

void bed_alias(struct bed *bed, const char *address, const char *targets)
{
	struct view list[20];
	struct view rest = view_of_string(targets);
	size_t count = 0;
	while (view_split(&rest, ' ', &list[count]))
		count++;
	struct route_alias alias = {view_of_string(address), list, count};
	assert_int_equal(
	    route_alias_set(bed->office.route, &alias, &bed->fault), RC_OK);
}

void bed_open(struct bed *bed, struct store_options options)
{
	*bed = (struct bed){.engine = engine_memory_new()};
	bed->ops = bed_real_ops = bed->engine->ops;
	bed->failing = *bed->ops;
	bed->failing.commit = bed_commit;
	bed->clock = (struct clock){.wall = bed_wall};
	arena_init(&bed->arena);
	options.engine = bed->engine;
	options.clock = &bed->clock;
	struct queue_settings settings = {
	    .clock = &bed->clock, .server_name = VIEW("mx.ours.example")};
	bed->office = (struct delivery_office){
	    .store = store_new(&options),
	    .route = route_new(bed->engine, NULL, NULL),
	    .dkim = dkim_keys_new(bed->engine, NULL),
	    .clock = &bed->clock,
	    .server_name = VIEW("mx.ours.example"),
	};
	assert_int_equal(
	    queue_open(bed->engine, &settings, &bed->fault, &bed->office.queue),
	    RC_OK);
	struct route_domain domain = {.name = VIEW("ours.example")};
	assert_int_equal(
	    route_domain_add(bed->office.route, &domain, &bed->fault), RC_OK);
	bed_user(bed, "anna");
	bed_user(bed, "bert");
	bed_user(bed, "cleo");
	bed_alias(bed, "team@ours.example", "anna bert");
	bed_alias(bed, "postmaster@ours.example", "anna bert");
	bed_alias(bed, "all@ours.example", "anna bert cleo");
	bed_alias(bed, "out@ours.example", "x@other.example");
	bed_alias(bed, "both@ours.example", "bert x@other.example");
	bed_alias(
	    bed, "cleo@ours.example", "cleo@ours.example c@other.example");
	struct auth_user bert = bed_who(bed, "bert");
	assert_int_equal(route_detail_set(bed->office.route, &bert,
			     ROUTE_DETAIL_FOLDER, &bed->fault),
	    RC_OK);
}

void bed_close(struct bed *bed)
{
	bed_fail(bed, 0, 0);
	for (uint64_t id = 1000; id < 1003; id++) {
		struct store_check_result result;
		assert_int_equal(store_account_check(bed->office.store, id,
				     false, NULL, NULL, &result),
		    RC_OK);
		assert_int_equal(result.problems, 0);
	}
	queue_close(&bed->office.queue);
	route_free(&bed->office.route);
	dkim_keys_free(&bed->office.dkim);
	store_free(&bed->office.store);
	engine_close(&bed->engine);
	arena_done(&bed->arena);
}

struct smtp_mailbox bed_mailbox_of(struct bed *bed, struct view text)
{
	struct smtp_mailbox mailbox = {0};
	if (view_eq(text, VIEW("postmaster")))
		mailbox.local = text; // RFC 5321 section 4.1.1.3
	else if (text.len)
		assert_int_equal(
		    smtp_mailbox_parse(&bed->arena, text, NULL, &mailbox),
		    RC_OK);
	return mailbox;
}

void bed_mail(
    struct bed *bed, const struct bed_mail *mail, struct bed_result *ret_result)
{
	struct delivery *delivery;
	struct auth_user user;
	struct delivery_origin origin = {
	    .door = mail->door,
	    .session_id = 7,
	    .helo = VIEW("client.example"),
	    .peer_address = VIEW("192.0.2.1"),
	    .extended = true,
	};
	if (mail->user) {
		user = bed_who(bed, mail->user);
		origin.user = &user;
		origin.tls_version = VIEW("TLSv1.3");
		origin.tls_cipher = VIEW("TLS_AES_256_GCM_SHA384");
	}
	struct delivery_envelope envelope = {
	    .queue = mail->envelope,
	    .sender = bed_mailbox_of(bed, view_of_string(mail->from)),
	    .declared_size = mail->declared,
	};
	ret_result->count = 0;
	if (delivery_new(&bed->office, &origin, &envelope, &ret_result->reply,
		&delivery) != RC_OK)
		return;
	struct view rest = view_of_string(mail->to);
	struct view to;
	while (view_split(&rest, ' ', &to)) {
		struct delivery_recipient recipient = {
		    .mailbox = bed_mailbox_of(bed, to),
		    .notify = mail->notify,
		};
		struct delivery_reply *reply =
		    &ret_result->to[ret_result->count++];
		enum rc rc = delivery_recipient(delivery, &recipient, reply);
		assert_true((rc == RC_OK) == (reply->code == 250));
	}
	struct view text = view_of_string(mail->text);
	if (mail->len)
		text.len = mail->len;
	size_t step = mail->step ? mail->step : text.len + 1;
	for (size_t at = 0; at < text.len; at += step)
		delivery_data(delivery, view_slice(text, at, step));
	assert_int_equal(
	    delivery_finish(delivery, ret_result->each, &ret_result->reply),
	    RC_OK);
	delivery_free(&delivery);
	assert_null(delivery);
}

const char *bed_code(struct bed *bed, const struct delivery_reply *reply)
{
	char text[40];
	snprintf(text, sizeof(text), "%u %u.%u.%u", reply->code,
	    reply->status.class, reply->status.subject, reply->status.detail);
	return arena_string(&bed->arena, view_of_string(text));
}

const char *bed_answer(struct bed *bed, const struct bed_mail *mail)
{
	struct bed_result *result = mem_zalloc(sizeof(*result));
	bed_mail(bed, mail, result);
	const char *code = bed_code(bed, &result->reply);
	free(result);
	return code;
}

uint32_t bed_count(struct bed *bed, uint64_t account, const char *mailbox)
{
	struct store_account *open;
	struct store_mailbox_info info;
	assert_int_equal(
	    store_account_open(bed->office.store, account, &bed->fault, &open),
	    RC_OK);
	assert_int_equal(
	    store_mailbox_find(&store_system, open, view_of_string(mailbox),
		STORE_RIGHT_LOOKUP, &bed->arena, NULL, &info),
	    RC_OK);
	store_account_close(&open);
	return info.messages;
}

struct view bed_last(struct bed *bed, uint64_t account, const char *name)
{
	struct store_account *open;
	struct store_mailbox *mailbox;
	struct view text = VIEW("");
	struct buf bytes;
	buf_init(&bytes, (size_t)1 << 30);
	assert_int_equal(
	    store_account_open(bed->office.store, account, &bed->fault, &open),
	    RC_OK);
	assert_int_equal(
	    store_mailbox_open(&store_system, open, view_of_string(name),
		STORE_RIGHT_READ, &bed->fault, &mailbox),
	    RC_OK);
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	uint32_t count = store_snapshot_count(snapshot);
	if (count) {
		struct store_message message;
		struct store_reader *reader = store_reader_new(open);
		store_snapshot_get(snapshot, count - 1, &message);
		assert_int_equal(store_reader_bytes(reader, message.email_id, 0,
				     SIZE_MAX, &bytes),
		    RC_OK);
		assert_int_equal(bytes.len, message.size);
		text = arena_copy(&bed->arena, buf_view(&bytes));
		store_reader_free(&reader);
	}
	buf_done(&bytes);
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&mailbox);
	store_account_close(&open);
	return text;
}

static int by_text(const void *a, const void *b)
{
	return view_compare(*(const struct view *)a, *(const struct view *)b);
}

const char *bed_queued(struct bed *bed)
{
	struct queue_walk *walk;
	struct queue_info info;
	struct buf text;
	struct view all[1100];
	size_t count = 0;
	buf_init(&text, 100000);
	assert_int_equal(queue_walk_open(bed->office.queue, &walk), RC_OK);
	while (queue_walk_next(walk, &bed->arena, &info) == RC_OK)
		for (size_t i = 0; i < info.count; i++)
			all[count++] = info.recipients[i].address;
	queue_walk_close(&walk);
	qsort(all, count, sizeof(*all), by_text);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&text, ' ');
		buf_add(&text, all[i]);
	}
	const char *joined = arena_string(&bed->arena, buf_view(&text));
	buf_done(&text);
	return joined;
}

struct queue_lot *bed_lot(struct bed *bed)
{
	struct queue_claim domain;
	int64_t next;
	struct queue_lot *lot = NULL;
	while (!lot && queue_claim(bed->office.queue, &bed->arena,
			   QUEUE_CLASS_REPORTS, &domain, &next) == RC_OK) {
		enum rc rc = queue_take(bed->office.queue, &domain, &lot);
		if (rc == RC_OK && domain.domain.len &&
		    !view_eq(domain.domain, VIEW("ours.example")))
			queue_drop(bed->office.queue, &lot, 60);
		queue_unclaim(bed->office.queue, &domain);
	}
	return lot;
}

struct queue_result *bed_local(struct bed *bed, struct queue_lot *lot)
{
	struct queue_result *results =
	    arena_zalloc(&bed->arena, queue_lot_count(lot) * sizeof(*results));
	delivery_local(&bed->office, lot, &bed->arena, results);
	return results;
}

void bed_expect(struct bed *bed, const struct bed_mail *mail, const char *code)
{
	const char *answer = bed_answer(bed, mail);
	if (strcmp(answer, code) != 0)
		fail_msg("to %s: %s, not %s", mail->to, answer, code);
}
