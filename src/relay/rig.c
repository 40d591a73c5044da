// SPDX-License-Identifier: Apache-2.0
// Plays the part of the network, and an owner that writes down everything it is
// told.
#include "relay/rig.h"

#include "base/mem.h"

#define BYTES_MAX ((size_t)256 << 20)

// ---- The owner -------------------------------------------------------------

static const struct queue_recipient *recipient(void *context, size_t n)
{
	const struct rig_letter *letter = context;
	return &letter->recipients[n];
}

static enum rc read_content(
    void *context, uint64_t offset, size_t len, struct buf *ret_bytes)
{
	const struct rig_letter *letter = context;
	struct view content = view_of_string(letter->content);
	uint64_t times = letter->repeat ? letter->repeat : 1;
	if (letter->fails_at > 0 && offset + len > letter->fails_at)
		return RC_IO;
	while (len > 0 && offset / content.len < times) {
		struct view part =
		    view_slice(content, (size_t)(offset % content.len), len);
		buf_add(ret_bytes, part);
		offset += part.len;
		len -= part.len;
	}
	return RC_OK;
}

static enum relay_client_order next_letter(
    void *owner, struct relay_client_mail *ret_mail)
{
	struct rig *rig = owner;
	const struct rig_letter *letter =
	    rig->options.letters ? rig->options.letters[rig->letter] : NULL;
	if (rig->options.idle_first) {
		rig->options.idle_first = false;
		return RELAY_CLIENT_WAIT;
	}
	if (!letter)
		return rig->options.wait ? RELAY_CLIENT_WAIT
					 : RELAY_CLIENT_QUIT;
	rig->letter++;
	rig->envelope = letter->envelope;
	rig->envelope.sender = view_of_string(letter->sender);
	size_t count = 0;
	while (count < RIG_RECIPIENTS_MAX &&
	       letter->recipients[count].address.len > 0)
		count++;
	*ret_mail = (struct relay_client_mail){
	    .context = (void *)(uintptr_t)letter,
	    .envelope = &rig->envelope,
	    .size =
		strlen(letter->content) * (letter->repeat ? letter->repeat : 1),
	    .count = count,
	    .recipient = recipient,
	    .read = read_content,
	};
	return RELAY_CLIENT_MAIL;
}

static void add_status(
    struct rig *rig, struct enhanced_status status, struct view text)
{
	buf_add_char(&rig->events, ' ');
	enhanced_status_print(status, &rig->events);
	if (text.len > 0)
		buf_add_char(&rig->events, ' ');
	buf_add(&rig->events, text);
	buf_add_char(&rig->events, '\n');
}

static void done(void *owner, const struct relay_client_mail *mail,
    const struct queue_result *results, const struct relay_client_tls *tls)
{
	static const char *const outcomes[] = {
	    "later", "delivered", "relayed", "passed", "expanded", "failed"};
	struct rig *rig = owner;
	(void)tls;
	for (size_t i = 0; i < mail->count; i++) {
		buf_add(&rig->events, recipient(mail->context, i)->address);
		buf_add_char(&rig->events, ' ');
		buf_add_string(&rig->events, outcomes[results[i].outcome]);
		add_status(rig, results[i].status, results[i].diagnostic);
	}
}

static void back(void *owner, const struct relay_client_mail *mail)
{
	struct rig *rig = owner;
	(void)mail;
	buf_add_literal(&rig->events, "back\n");
}

static void ended(void *owner, const struct relay_client_report *report)
{
	static const char *const uses[] = {
	    "ready", "later", "refused", "tls broke", "stopped"};
	struct rig *rig = owner;
	buf_add_string(&rig->events, uses[report->use]);
	if (report->use == RELAY_CLIENT_READY)
		buf_add_char(&rig->events, '\n');
	else
		add_status(rig, report->status, report->text);
}

static void greeted(void *owner)
{
	(void)owner;
}

static const struct relay_client_owner owner_ops = {.greeted = greeted,
    .next = next_letter,
    .done = done,
    .back = back,
    .ended = ended};

// ---- The network -----------------------------------------------------------

static struct net_tls_info tls_info(const struct rig *rig)
{
	struct net_tls_info info = {.version = "TLSv1.3",
	    .cipher = "TLS_AES_256_GCM_SHA384",
	    .verified = !rig->options.unverified};
	if (rig->options.unverified)
		snprintf(info.unverified, sizeof(info.unverified),
		    "self-signed certificate");
	return info;
}

// Sends what the session said, and lets it say more.
static void exchange(struct rig *rig, struct buf *out)
{
	for (;;) {
		buf_add(&rig->out, buf_view(out));
		buf_reset(out);
		if (rig->next != NET_DRAIN)
			break;
		rig->next = relay_client_session_ops.resume(rig->client, out);
	}
	buf_done(out);
	if (rig->next == NET_CLOSE && !rig->gone)
		rig_end(rig, NET_END_CLOSED, "closed by the session");
}

static void feed(struct rig *rig)
{
	while (!rig->gone && rig->next == NET_READ && rig->unread.len > 0) {
		struct buf out;
		size_t consumed = 0, before = rig->unread.len;
		buf_init(&out, NET_OUTPUT_MAX);
		rig->next = relay_client_session_ops.input(
		    rig->client, buf_view(&rig->unread), &out, &consumed);
		buf_consume(&rig->unread, consumed);
		exchange(rig, &out);
		if (consumed == 0 && before == rig->unread.len)
			break;
	}
}

void rig_init(struct rig *rig, const struct rig_options *options, size_t piece)
{
	*rig = (struct rig){.options = *options, .piece = piece};
	struct relay_client_config config = {
	    .ops = &owner_ops,
	    .owner = rig,
	    .helo = "me.test",
	    .host = "mx.test",
	    .tls = options->tls,
	    .user = options->user,
	    .password = options->password,
	    .messages_max = options->messages_max,
	    .recipients_max = options->recipients_max,
	};
	struct net_tls_info info = tls_info(rig);
	struct buf out;
	buf_init(&rig->unread, BYTES_MAX);
	buf_init(&rig->out, BYTES_MAX);
	buf_init(&rig->events, BYTES_MAX);
	buf_init(&out, NET_OUTPUT_MAX);
	rig->client = relay_client_new(&config);
	rig->next = relay_client_session_ops.start(
	    rig->client, options->implicit_tls ? &info : NULL, &out);
	exchange(rig, &out);
}

void rig_done(struct rig *rig)
{
	rig_end(rig, NET_END_LOST, "connection lost");
	buf_done(&rig->unread);
	buf_done(&rig->out);
	buf_done(&rig->events);
}

void rig_say(struct rig *rig, struct view bytes)
{
	size_t piece = rig->piece ? rig->piece : bytes.len;
	while (!rig->gone && bytes.len > 0) {
		struct view part = view_slice(bytes, 0, piece);
		bytes = view_from(bytes, part.len);
		// Bytes that come before the handshake are dropped.
		if (rig->next == NET_START_TLS)
			return;
		buf_add(&rig->unread, part);
		feed(rig);
	}
}

void rig_handshake(struct rig *rig, bool well)
{
	struct net_tls_info info = tls_info(rig);
	struct buf out;
	if (rig->gone || rig->next != NET_START_TLS)
		return;
	buf_reset(&rig->unread);
	if (!well) {
		rig_end(rig, NET_END_TLS, "TLS: handshake failure");
		return;
	}
	buf_init(&out, NET_OUTPUT_MAX);
	rig->next =
	    relay_client_session_ops.tls_started(rig->client, &info, &out);
	exchange(rig, &out);
}

static void last_words(struct rig *rig, enum net_end end,
    void (*say)(void *session, struct buf *out))
{
	struct buf out;
	if (rig->gone)
		return;
	buf_init(&out, NET_OUTPUT_MAX);
	say(rig->client, &out);
	buf_add(&rig->out, buf_view(&out));
	buf_done(&out);
	rig_end(rig, end, "the end");
}

void rig_time_out(struct rig *rig)
{
	last_words(rig, NET_END_TIMEOUT, relay_client_session_ops.timed_out);
}

void rig_shut_down(struct rig *rig)
{
	last_words(rig, NET_END_STOPPED, relay_client_session_ops.shut_down);
}

void rig_wake(struct rig *rig)
{
	struct buf out;
	if (rig->gone || rig->next != NET_READ)
		return;
	buf_init(&out, NET_OUTPUT_MAX);
	rig->next = relay_client_session_ops.wake(rig->client, &out);
	exchange(rig, &out);
	feed(rig);
}

void rig_end(struct rig *rig, enum net_end end, const char *why)
{
	if (rig->gone)
		return;
	rig->gone = true;
	relay_client_session_ops.ended(rig->client, end, why);
	relay_client_session_ops.free(rig->client);
	rig->client = NULL;
}
