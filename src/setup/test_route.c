// SPDX-License-Identifier: Apache-2.0
// The route of "Test the connection": POST of an address and a password. The
// answer is a stream of lines, each an event as JSON, while the test goes on.
//
// It tells nobody more than a log-in does. The password is first checked as
// any log-in, with the client's own address: the same limits, the same delays,
// the same line in the log, and one sentence for a wrong name and a wrong
// password. Only who gets past it has the server connect to itself, where that
// client would count as this machine.
//
// The password lives in the exchange's arena, which is overwritten, and in the
// run (probe/own.h), which overwrites it.
#include "base/clock.h"
#include "http/origin.h"
#include "setup/impl.h"
#include "setup/sentences.h"

#define EVENT_MAX ((size_t)8192) // bytes of a line

struct test {
	struct auth_turn turn;
	struct setup_account account;
	enum setup_language language;
	struct view password;
	struct probe_own_order order;
	enum mail_service services[PROBE_OWN_SERVICES_MAX]; // of the order
	struct probe_run *run; // NULL: the password is not checked yet
	enum setup_verdict verdict;
};

// ---- Events ----------------------------------------------------------------

static enum probe_protocol protocol_of(enum mail_service service)
{
	switch (service_info(service)->protocol) {
	case SERVICE_PROTOCOL_POP3: return PROBE_POP3;
	case SERVICE_PROTOCOL_SMTP: return PROBE_SMTP;
	case SERVICE_PROTOCOL_IMAP:
	case SERVICE_PROTOCOL_HTTP: return PROBE_IMAP;
	}
	return PROBE_IMAP;
}

static void add_member(struct buf *out, const char *name, struct view text)
{
	buf_printf(out, ",\"%s\":", name);
	http_add_json(out, text);
}

static void add_service(
    const struct test *test, enum mail_service service, struct buf *out)
{
	bool implicit = service_info(service)->implicit_tls;
	add_member(out, "service", view_of_string(setup_service_id(service)));
	add_member(out, "protocol",
	    view_of_string(probe_protocol_name(protocol_of(service))));
	buf_printf(out, ",\"port\":%u", test->account.services->ports[service]);
	add_member(
	    out, "security", implicit ? VIEW("SSL/TLS") : VIEW("STARTTLS"));
}

static const char *state_of(enum probe_cause cause)
{
	switch (probe_cause_severity(cause)) {
	case PROBE_GOOD: return "good";
	case PROBE_DOUBT: return "doubt";
	case PROBE_FAULT: return "fault";
	}
	return "fault";
}

static void add_sentences(const struct test *test, enum mail_service service,
    const struct probe_own_event *event, struct buf *out)
{
	bool one = service != MAIL_SERVICES;
	enum probe_protocol protocol = one ? protocol_of(service) : PROBE_IMAP;
	struct buf text;
	struct probe_words words = {
	    .host = test->order.host.ptr,
	    .protocol = probe_protocol_name(protocol),
	    .port = one ? test->account.services->ports[service] : 0,
	    .detail = event->detail,
	};
	buf_init(&text, EVENT_MAX / 2);
	if (event->cause == PROBE_OK)
		setup_stage_sentence(
		    test->language, protocol, event->stage, &words, &text);
	else
		setup_sentence(test->language, event->cause, &words, &text);
	add_member(out, "text", view_trim(buf_view(&text)));
	buf_reset(&text);
	if (event->cause != PROBE_OK)
		setup_mend(test->language, event->cause, &words, &text);
	if (text.len > 0)
		add_member(out, "mend", buf_view(&text));
	buf_done(&text);
}

static void say(struct http_exchange *exchange, enum mail_service service,
    const struct probe_own_event *event)
{
	const struct test *test = exchange->state;
	struct buf line;
	buf_init(&line, EVENT_MAX);
	buf_printf(&line, "{\"state\":\"%s\",\"stage\":\"%s\",\"cause\":\"%s\"",
	    state_of(event->cause), probe_stage_id(event->stage),
	    probe_cause_id(event->cause));
	if (service != MAIL_SERVICES)
		add_service(test, service, &line);
	add_sentences(test, service, event, &line);
	buf_add_literal(&line, "}\n");
	if (buf_status(&line) == RC_OK)
		http_add_body(exchange, buf_view(&line));
	buf_done(&line);
}

static void say_verdict(struct http_exchange *exchange,
    enum setup_verdict verdict, const char *members)
{
	const struct test *test = exchange->state;
	struct buf line;
	buf_init(&line, EVENT_MAX);
	buf_printf(&line, "{%s", members);
	add_member(&line, "text",
	    view_of_string(setup_verdict_sentence(test->language, verdict)));
	buf_add_literal(&line, "}\n");
	http_add_body(exchange, buf_view(&line));
	buf_done(&line);
}

static enum http_step end_with(
    struct http_exchange *exchange, enum setup_verdict verdict)
{
	static const char *const members[SETUP_VERDICTS] = {
	    [SETUP_VERDICT_GOOD] = "\"end\":true,\"state\":\"good\"",
	    [SETUP_VERDICT_DOUBT] = "\"end\":true,\"state\":\"doubt\"",
	    [SETUP_VERDICT_FAULT] = "\"end\":true,\"state\":\"fault\"",
	    [SETUP_VERDICT_BUSY] = "\"end\":true,\"state\":\"doubt\"",
	};
	say_verdict(exchange, verdict, members[verdict]);
	return HTTP_DONE;
}

// ---- The password ----------------------------------------------------------

static enum probe_cause cause_of(enum auth_reason reason)
{
	switch (reason) {
	case AUTH_REASON_UNKNOWN_USER:
	case AUTH_REASON_PASSWORD:
	case AUTH_REASON_SCOPE:
	case AUTH_REASON_EXPIRED:
	case AUTH_REASON_SECOND:
	case AUTH_REASON_SYNTAX: return PROBE_WRONG_PASSWORD;
	// Only after a right password.
	case AUTH_REASON_DISABLED: return PROBE_DISABLED;
	case AUTH_REASON_LIMITED: return PROBE_LIMITED;
	case AUTH_REASON_NONE:
	case AUTH_REASON_NO_KEYS:
	case AUTH_REASON_BINDING:
	case AUTH_REASON_TOKEN:
	case AUTH_REASON_CODE:
	case AUTH_REASON_AUTHZID:
	case AUTH_REASON_PRIVACY:
	case AUTH_REASON_MECHANISM:
	case AUTH_REASON_CANCELLED:
	case AUTH_REASON_UNAVAILABLE: return PROBE_LOGIN_TROUBLE;
	}
	return PROBE_LOGIN_TROUBLE;
}

static enum http_step refuse(
    struct http_exchange *exchange, enum auth_reason reason)
{
	say(exchange, MAIL_SERVICES,
	    &(struct probe_own_event){
		.stage = PROBE_LOGIN, .cause = cause_of(reason)});
	return end_with(exchange, SETUP_VERDICT_FAULT);
}

static void add_services(struct test *test)
{
	const struct mail_services *services = test->account.services;
	struct probe_own_order *order = &test->order;
	for (enum mail_service i = 0; i < MAIL_SERVICES; i++) {
		const struct service_info *info = service_info(i);
		if (services->ports[i] == 0 ||
		    info->protocol == SERVICE_PROTOCOL_HTTP)
			continue;
		test->services[order->service_count] = i;
		order->services[order->service_count++] =
		    (struct probe_own_service){
			.protocol = protocol_of(i),
			.security =
			    info->implicit_tls ? PROBE_TLS : PROBE_STARTTLS,
			.port = services->ports[i],
		    };
	}
}

static enum http_step begin_run(struct http_exchange *exchange)
{
	const struct setup *setup = exchange->context;
	struct test *test = exchange->state;
	struct net_waker waker = http_waker(exchange);
	say_verdict(exchange, SETUP_VERDICT_RIGHT_PASSWORD,
	    "\"state\":\"good\",\"stage\":\"login\",\"cause\":\"ok\"");
	test->order.address = test->account.address.text;
	test->order.password = test->password;
	test->order.wake = waker.wake;
	test->order.context = waker.context;
	add_services(test);
	if (probe_own_begin(setup->options.own, &test->order, &test->run) !=
	    RC_OK)
		return end_with(exchange, SETUP_VERDICT_BUSY);
	return HTTP_WAIT;
}

static enum http_step check_password(struct http_exchange *exchange)
{
	const struct setup *setup = exchange->context;
	struct test *test = exchange->state;
	struct auth_user user;
	struct auth_verdict verdict;
	struct auth_channel channel = http_channel(exchange, &test->turn);
	channel.scopes = AUTH_SCOPES_MAIL; // for any of them
	enum rc rc = auth_verify(setup->options.auth, &channel,
	    test->account.address.text, test->password, &user, &verdict);
	if (rc == RC_IN_USE) {
		if (test->turn.pause_ms > 0)
			http_wake_at(exchange,
			    clock_monotonic_ms() + test->turn.pause_ms);
		return HTTP_WAIT;
	}
	return rc == RC_OK ? begin_run(exchange)
			   : refuse(exchange, verdict.reason);
}

// ---- The request -----------------------------------------------------------

// RC_INVALID: a parameter is missing, or no address or password.
static enum rc read_form(struct http_exchange *exchange, struct test *test)
{
	struct view form = exchange->request.body, address, language;
	if (!http_form(exchange, form, "address", &address) ||
	    !http_form(exchange, form, "password", &test->password) ||
	    address.len == 0 || test->password.len == 0 ||
	    view_find_char(test->password, '\0') != SIZE_MAX)
		return RC_INVALID;
	if (!http_form(exchange, form, "lang", &language))
		language = VIEW("");
	test->language = setup_language_choose(
	    language, http_field(&exchange->request, "accept-language"));
	enum rc rc = setup_find_account(exchange->context, &exchange->arena,
	    view_trim(address), exchange->request.host, &test->account);
	if (rc != RC_OK)
		return rc;
	struct view host = test->account.host;
	test->order.host =
	    view_of(arena_string(&exchange->arena, host), host.len);
	return RC_OK;
}

enum http_step setup_test_route(struct http_exchange *exchange)
{
	struct test *test = arena_zalloc(&exchange->arena, sizeof(*test));
	exchange->state = test;
	if (!setup_can_test(exchange->context))
		return http_status(exchange, 404);
	if (!http_is_same_origin(&exchange->request))
		return http_status(exchange, 403);
	if (!http_has_type(
		&exchange->request, "application/x-www-form-urlencoded"))
		return http_status(exchange, 415);
	enum rc rc = read_form(exchange, test);
	if (rc != RC_OK)
		return setup_refuse(exchange, rc);
	http_set_field(exchange, "Content-Type", VIEW("application/x-ndjson"));
	http_stream(exchange, HTTP_LENGTH_UNKNOWN);
	return check_password(exchange);
}

enum http_step setup_test_resume(struct http_exchange *exchange)
{
	struct test *test = exchange->state;
	struct probe_own_event event;
	if (!test->run)
		return check_password(exchange);
	while (probe_run_next(test->run, &event)) {
		if (event.end)
			return end_with(exchange, test->verdict);
		say(exchange,
		    event.service == PROBE_OWN_ALL
			? MAIL_SERVICES
			: test->services[event.service],
		    &event);
		if (probe_cause_severity(event.cause) == PROBE_FAULT)
			test->verdict = SETUP_VERDICT_FAULT;
		else if (event.cause != PROBE_OK &&
			 test->verdict == SETUP_VERDICT_GOOD)
			test->verdict = SETUP_VERDICT_DOUBT;
	}
	return HTTP_WAIT;
}

void setup_test_end(struct http_exchange *exchange)
{
	const struct setup *setup = exchange->context;
	struct test *test = exchange->state;
	auth_turn_end(setup->options.auth, &test->turn);
	probe_run_end(&test->run);
}
