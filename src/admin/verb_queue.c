// SPDX-License-Identifier: Apache-2.0
// Requests about the outgoing queue.
//
//   queue.list   {"domain"} each message is {"note":"message","id","sender",
//                "size","created","expires","account","hop","count",
//                "recipients":[{"address","state","attempts","next","reply",
//                "remote"}, …]}. The list has only the first recipients.
//                "state": "waiting", "sending", "held", "off" (relay = no),
//                "later" (its sender wants it so), or "limited" (its user
//                has sent too much)
//   queue.show   {"id"} sends the same note, then a note {"note":"recipient",…}
//                for each recipient, then {"note":"header","text"}
//   queue.retry  {"id"}, or {"domain"}, or neither: then all messages. The
//                answer has their number: "messages"
//   queue.hold, queue.release   {"id"}
//   queue.remove {"id","report"}
#include "admin/verbs.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "queue/manage.h"
#include "wire/domain_name.h"
#include "wire/header.h"
#include "wire/smtp_reply.h"

// How many recipients of each message "queue.list" sends.
#define LIST_RECIPIENTS 10
// How many bytes of a header "queue.show" reads.
#define SHOW_HEADER ((size_t)64 << 10)

// The queue for one request: the server's queue, or, if no server runs, a queue
// that the request opens and closes.
struct desk {
	struct verb_call *call;
	struct queue *queue;
	struct queue *own; // closed at the end
	struct arena arena;
};

static enum rc desk_open(
    struct verb_call *call, struct fault *fault, struct desk *ret_desk)
{
	const struct control_host *host = call->host;
	*ret_desk = (struct desk){.call = call, .queue = host->queue};
	arena_init(&ret_desk->arena);
	if (ret_desk->queue)
		return RC_OK;
	if (host->server)
		return fault_set(
		    fault, RC_UNSUPPORTED, "this server has no queue");
	struct queue_settings settings = {
	    .log = host->log,
	    .server_name = view_of_string(host->server_name),
	};
	enum rc rc = queue_open(host->engine, &settings, fault, &ret_desk->own);
	ret_desk->queue = ret_desk->own;
	return rc;
}

static void desk_close(struct desk *desk)
{
	if (desk->own)
		queue_close(&desk->own);
	arena_done(&desk->arena);
}

static enum rc read_id(
    struct verb_call *call, struct fault *fault, struct queue_id *ret_id)
{
	struct view text = link_member(call->request, "id");
	if (queue_id_parse(text, ret_id) != RC_OK)
		return fault_set(fault, RC_NOT_FOUND,
		    "%.*s is not the id of a message", VIEW_FMT(text));
	return RC_OK;
}

// ---- Messages as notes -----------------------------------------------------

static void set_text(json_t *object, const char *key, struct view text)
{
	struct buf clean;
	buf_init(&clean, text.len * 3 + 16);
	smtp_clean_text(text, clean.max, &clean);
	json_object_set_new(object, key, link_text(buf_view(&clean)));
	buf_done(&clean);
}

static void set_number(json_t *object, const char *key, int64_t number)
{
	json_object_set_new(object, key, json_integer(number));
}

static void set_id(json_t *object, const struct queue_id *id)
{
	char text[QUEUE_ID_TEXT + 1];
	queue_id_print(id, text);
	json_object_set_new(object, "id", json_string(text));
}

static const char *state_name(enum queue_state state)
{
	switch (state) {
	case QUEUE_STATE_WAITING: return "waiting";
	case QUEUE_STATE_SENDING: return "sending";
	case QUEUE_STATE_HELD: return "held";
	}
	return "waiting";
}

static struct view domain_of(struct view address)
{
	const char *at =
	    address.len ? memrchr(address.ptr, '@', address.len) : NULL;
	return at ? view_from(address, (size_t)(at - address.ptr) + 1)
		  : VIEW("");
}

// Waits for its release: it was not tried yet.
static bool is_early(
    const struct queue_info *info, const struct queue_info_recipient *recipient)
{
	return recipient->state == QUEUE_STATE_WAITING &&
	       recipient->attempts == 0 && recipient->next_try > 0 &&
	       recipient->next_try == info->envelope.release_at &&
	       recipient->next_try > clock_wall_seconds(NULL);
}

// "off" means: the recipient is waiting, and the relay is switched off for the
// domain, so the server does not try to send, whatever the queue's schedule
// says.
static const char *state_of(const struct control_host *host,
    const struct queue_info *info, const struct queue_info_recipient *recipient)
{
	if (is_early(info, recipient))
		return info->envelope.limited ? "limited" : "later";
	if (recipient->state == QUEUE_STATE_WAITING && host->relay &&
	    relay_is_off(host->relay, domain_of(recipient->address)))
		return "off";
	return state_name(recipient->state);
}

static void set_recipient(json_t *object, const struct control_host *host,
    const struct queue_info *info, const struct queue_info_recipient *recipient)
{
	set_text(object, "address", recipient->address);
	json_object_set_new(
	    object, "state", json_string(state_of(host, info, recipient)));
	set_number(object, "attempts", recipient->attempts);
	set_number(object, "next", recipient->next_try);
	set_text(object, "reply", recipient->last_reply);
	set_text(object, "remote", recipient->remote);
}

static json_t *message_note(const struct queue_info *info)
{
	json_t *note = json_pack("{s:s}", "note", "message");
	set_id(note, &info->id);
	set_text(note, "sender", info->envelope.sender);
	set_number(note, "size", (int64_t)info->size);
	set_number(note, "created", info->created);
	set_number(note, "expires", info->expires);
	set_number(note, "account", (int64_t)info->envelope.account);
	set_number(note, "release", info->envelope.release_at);
	set_text(note, "hop", info->envelope.hop);
	set_text(note, "envid", info->envelope.envid);
	set_number(note, "count", (int64_t)info->count);
	return note;
}

static enum rc send_message(
    struct verb_call *call, const struct queue_info *info)
{
	json_t *note = message_note(info);
	json_t *recipients = json_array();
	for (size_t i = 0; i < info->count && i < LIST_RECIPIENTS; i++) {
		json_t *one = json_object();
		set_recipient(one, call->host, info, &info->recipients[i]);
		json_array_append_new(recipients, one);
	}
	json_object_set_new(note, "recipients", recipients);
	return link_send(call->link, note, VIEW(""));
}

// ---- Walking ---------------------------------------------------------------

static bool goes_to(const struct queue_info *info, struct view domain)
{
	for (size_t i = 0; i < info->count; i++)
		if (view_eq(domain_of(info->recipients[i].address), domain))
			return true;
	return false;
}

// Reads the request's "domain", and converts it to the form that the queue
// uses. Empty if the request has none.
static enum rc read_domain(
    struct desk *desk, struct fault *fault, struct view *ret_domain)
{
	struct view text = link_member(desk->call->request, "domain");
	*ret_domain = arena_copy(&desk->arena, text);
	if (text.len == 0 || text.ptr[0] == '[')
		return RC_OK;
	if (domain_name_to_ascii(&desk->arena, text, DOMAIN_NAME_UNDERSCORE,
		ret_domain) != RC_OK)
		return fault_set(
		    fault, RC_INVALID, "%.*s is not a domain", VIEW_FMT(text));
	return RC_OK;
}

// Calls `each` for every message that has a recipient in `domain`. If `domain`
// is empty, calls it for every message.
static enum rc walk(struct desk *desk, struct view domain,
    enum rc (*each)(struct desk *desk, const struct queue_info *info),
    struct fault *fault)
{
	struct queue_walk *walk;
	struct queue_info info;
	struct arena arena;
	char text[QUEUE_ID_TEXT + 1];
	enum rc rc = queue_walk_open(desk->queue, &walk);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the queue: %s", rc_text(rc));
	arena_init(&arena);
	for (;;) {
		arena_reset(&arena);
		rc = queue_walk_next(walk, &arena, &info);
		if (rc == RC_CORRUPT) {
			queue_id_print(&info.id, text);
			log_text(desk->call->host->log, LOG_LEVEL_ERROR,
			    "queue", "message %s is damaged", text);
			continue;
		}
		if (rc == RC_OK && domain.len && !goes_to(&info, domain))
			continue;
		if (rc == RC_OK)
			rc = each(desk, &info);
		if (rc != RC_OK)
			break;
	}
	arena_done(&arena);
	queue_walk_close(&walk);
	if (rc != RC_END)
		return fault_set(fault, rc, "the queue: %s", rc_text(rc));
	return RC_OK;
}

static enum rc list_one(struct desk *desk, const struct queue_info *info)
{
	return send_message(desk->call, info);
}

enum rc verb_queue_list(struct verb_call *call, struct fault *fault)
{
	struct desk desk;
	struct view domain;
	enum rc rc = desk_open(call, fault, &desk);
	if (rc == RC_OK)
		rc = read_domain(&desk, fault, &domain);
	if (rc == RC_OK)
		rc = walk(&desk, domain, list_one, fault);
	desk_close(&desk);
	return rc;
}

static enum rc retry_one(struct desk *desk, const struct queue_info *info)
{
	json_t *answer = desk->call->answer;
	enum rc rc = queue_retry(desk->queue, &info->id, NULL);
	if (rc == RC_NOT_FOUND)
		return RC_OK; // it has been delivered meanwhile
	set_number(answer, "messages",
	    json_integer_value(json_object_get(answer, "messages")) + 1);
	return rc;
}

enum rc verb_queue_retry(struct verb_call *call, struct fault *fault)
{
	struct desk desk;
	struct view domain;
	struct queue_id id;
	bool one = link_member(call->request, "id").len > 0;
	enum rc rc = desk_open(call, fault, &desk);
	set_number(call->answer, "messages", one);
	if (rc == RC_OK)
		rc = read_domain(&desk, fault, &domain);
	if (rc == RC_OK && one)
		rc = read_id(call, fault, &id);
	// The relay must forget its dead hosts first. Otherwise it would put
	// the messages off again as soon as they are due.
	if (rc == RC_OK && call->host->relay)
		relay_retry_now(call->host->relay);
	if (rc == RC_OK)
		rc = one ? queue_retry(desk.queue, &id, fault)
			 : walk(&desk, domain, retry_one, fault);
	desk_close(&desk);
	return rc;
}

// ---- One message -----------------------------------------------------------

// Replaces control characters in each line, since a terminal could take them as
// commands.
static json_t *header_text(struct view bytes)
{
	struct buf text;
	struct view line;
	size_t len;
	if (header_length(bytes, &len) == RC_OK)
		bytes = view_slice(bytes, 0, len);
	buf_init(&text, SHOW_HEADER * 4);
	while (view_split(&bytes, '\n', &line)) {
		if (view_ends_with(line, VIEW("\r")))
			line.len--;
		if (line.len == 0)
			break;
		bool folded = ascii_is_blank(line.ptr[0]);
		buf_add_string(&text, folded ? "    " : "");
		smtp_clean_text(
		    folded ? view_trim(line) : line, SHOW_HEADER, &text);
		buf_add_char(&text, '\n');
	}
	json_t *json = link_text(buf_view(&text));
	buf_done(&text);
	return json;
}

static enum rc send_header(struct desk *desk, const struct queue_id *id)
{
	struct buf bytes;
	json_t *note = json_pack("{s:s}", "note", "header");
	buf_init(&bytes, SHOW_HEADER);
	enum rc rc = queue_read(desk->queue, id, 0, SHOW_HEADER, &bytes);
	json_object_set_new(note, "text",
	    rc == RC_OK ? header_text(buf_view(&bytes))
			: json_string(rc_text(rc)));
	buf_done(&bytes);
	return link_send(desk->call->link, note, VIEW(""));
}

static enum rc show(struct desk *desk, struct fault *fault)
{
	struct queue_id id;
	struct queue_info info;
	struct link *link = desk->call->link;
	enum rc rc = read_id(desk->call, fault, &id);
	if (rc != RC_OK)
		return rc;
	rc = queue_show(desk->queue, &id, &desk->arena, &info);
	if (rc == RC_NOT_FOUND)
		return fault_set(
		    fault, rc, "there is no such message in the queue");
	if (rc != RC_OK)
		return fault_set(fault, rc, "the message: %s", rc_text(rc));
	rc = link_send(link, message_note(&info), VIEW(""));
	for (size_t i = 0; rc == RC_OK && i < info.count; i++) {
		json_t *note = json_pack("{s:s}", "note", "recipient");
		set_recipient(
		    note, desk->call->host, &info, &info.recipients[i]);
		rc = link_send(link, note, VIEW(""));
	}
	return rc == RC_OK ? send_header(desk, &id) : rc;
}

enum rc verb_queue_show(struct verb_call *call, struct fault *fault)
{
	struct desk desk;
	enum rc rc = desk_open(call, fault, &desk);
	if (rc == RC_OK)
		rc = show(&desk, fault);
	desk_close(&desk);
	return rc;
}

static enum rc change(struct verb_call *call,
    enum rc (*change_one)(
	struct queue *queue, const struct queue_id *id, struct fault *fault),
    struct fault *fault)
{
	struct desk desk;
	struct queue_id id;
	enum rc rc = desk_open(call, fault, &desk);
	if (rc == RC_OK)
		rc = read_id(call, fault, &id);
	if (rc == RC_OK)
		rc = change_one(desk.queue, &id, fault);
	desk_close(&desk);
	return rc;
}

enum rc verb_queue_hold(struct verb_call *call, struct fault *fault)
{
	return change(call, queue_hold, fault);
}

enum rc verb_queue_release(struct verb_call *call, struct fault *fault)
{
	return change(call, queue_release, fault);
}

enum rc verb_queue_remove(struct verb_call *call, struct fault *fault)
{
	struct desk desk;
	struct queue_id id;
	bool report = json_is_true(json_object_get(call->request, "report"));
	enum rc rc = desk_open(call, fault, &desk);
	if (rc == RC_OK)
		rc = read_id(call, fault, &id);
	if (rc == RC_OK)
		rc = queue_remove(desk.queue, &id, report, fault);
	desk_close(&desk);
	return rc;
}
