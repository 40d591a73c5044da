// SPDX-License-Identifier: Apache-2.0
// The routes, without a network: which hosts and domains are ours, what each
// path gives, and that a missing certificate or database is no crash.
#include "auth/rig_users.h"
#include "base/test.h"
#include "engine/engine.h"
#include "http/rig.h"
#include "setup/impl.h"

struct bed {
	struct engine *engine;
	struct route *route;
	struct setup *setup;
	struct http_route routes[16];
	struct http_rig rig;
	enum rc sign;       // what the next signature gives
	char asked[2][256]; // for which names
	size_t asked_count;
};

static enum rc fake_sign(void *context, struct view name, struct view content,
    struct buf *ret_signed)
{
	struct bed *bed = context;
	snprintf(
	    bed->asked[bed->asked_count++ % 2], 256, "%.*s", VIEW_FMT(name));
	// Only the server's own name has a certificate.
	if (!view_eq(name, VIEW(HTTP_RIG_HOST)))
		return RC_NOT_FOUND;
	if (bed->sign == RC_OK)
		buf_printf(ret_signed, "signed %.*s", VIEW_FMT(content));
	return bed->sign;
}

static bool accepts(void *context, struct view host)
{
	const struct bed *bed = context;
	return setup_accepts_host(bed->setup, host);
}

static void start_with(struct bed *bed, const struct mail_services *services)
{
	struct setup_options options = {
	    .route = bed->route,
	    .auth = bed->rig.server.base.auth,
	    .server_name = HTTP_RIG_HOST,
	    .services = *services,
	    .sign = fake_sign,
	    .sign_context = bed,
	};
	if (bed->setup)
		setup_free(&bed->setup);
	bed->setup = setup_new(&options);
	assert_true(setup_route_count <= ARRAY_LEN(bed->routes));
	for (size_t i = 0; i < setup_route_count; i++) {
		bed->routes[i] = setup_routes[i];
		bed->routes[i].context = bed->setup;
	}
}

static int set_up(void **state)
{
	static struct bed bed;
	static const char *const domains[] = {
	    "ours.test", "xn--bcher-kva.test", "autoconfig.odd.test"};
	memset(&bed, 0, sizeof(bed));
	bed.engine = engine_memory_new();
	bed.route = route_new(bed.engine, NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
		struct route_domain domain = {
		    .name = view_of_string(domains[i])};
		assert_int_equal(
		    route_domain_add(bed.route, &domain, NULL), RC_OK);
	}
	http_rig_init(&bed.rig, bed.routes, setup_route_count, NULL);
	start_with(
	    &bed, &(struct mail_services){{993, 143, 995, 0, 465, 587, 443}});
	bed.rig.server.accepts_host = accepts;
	bed.rig.server.host_context = &bed;
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	http_rig_done(&bed->rig);
	setup_free(&bed->setup);
	route_free(&bed->route);
	engine_close(&bed->engine);
	return 0;
}

// ---- Hosts -----------------------------------------------------------------

static void our_hosts_are_known(void **state)
{
	static const struct {
		const char *host;
		bool ours;
	} table[] = {
	    {"ours.test", true},
	    {"autoconfig.ours.test", true},
	    {"autodiscover.ours.test", true},
	    {"mta-sts.ours.test", true},
	    {"autoconfig.xn--bcher-kva.test", true},
	    {"autoconfig.odd.test", true}, // a domain of that name
	    {"autoconfig.autoconfig.odd.test", true},
	    // Under the names of the MX, mail.example.org.
	    {"autoconfig.mail.example.org", true},
	    {"autoconfig.example.org", true},
	    {"autodiscover.example.org", true},
	    {"autoconfig.org", false},
	    {"mta-sts.example.org", false},
	    {"example.org", false},
	    // Not ours.
	    {"", false},
	    {".", false},
	    {"autoconfig.", false},
	    {"autoconfig..", false},
	    {"odd.test", false},
	    {"www.ours.test", false},
	    {"xours.test", false},
	    {"ours.test.example", false},
	    {"autoconfig.other.test", false},
	    {"autoconfigours.test", false},
	    {"autoconfig.xample.org", false},
	    {"192.0.2.1", false},
	    {"[2001:db8::1]", false},
	};
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (setup_accepts_host(bed->setup,
			view_of_string(table[i].host)) != table[i].ours)
			fail_msg("%s", table[i].host);
}

// ---- Requests --------------------------------------------------------------

#define XML(address)                                                           \
	"<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/"         \
	"autodiscover/outlook/requestschema/"                                  \
	"2006\"><Request><EMailAddress>" address                               \
	"</EMailAddress><AcceptableResponseSchema>http://schemas."             \
	"microsoft.com/exchange/autodiscover/outlook/responseschema/"          \
	"2006a</AcceptableResponseSchema></Request></Autodiscover>"
#define CONFIG     "GET /mail/config-v1.1.xml"
#define WELL_KNOWN "GET /.well-known/autoconfig/mail/config-v1.1.xml"
#define POX        "POST /autodiscover/autodiscover.xml"
#define JSON       "GET /autodiscover/autodiscover.json"
#define PROFILE    "GET /apple/mail.mobileconfig"
#define QR         "GET /apple/mail.svg"

static const struct {
	const char *host;
	const char *what;
	const char *body;
	unsigned status;
	const char *has; // may be NULL
} requests[] = {
    // Autoconfig: the domain is that of the address, or of the host.
    {"autoconfig.ours.test", CONFIG, "", 200, "<domain>ours.test</domain>"},
    {"ours.test", WELL_KNOWN, "", 200, "<username>%EMAILADDRESS%</username>"},
    {"autoconfig.ours.test", CONFIG "?emailaddress=a%40xn--bcher-kva.test", "",
	200, "<domain>xn--bcher-kva.test</domain>"},
    {"autoconfig.example.org", CONFIG "?emailaddress=a@ours.test", "", 200,
	"<domain>ours.test</domain>"},
    {"autoconfig.example.org", CONFIG, "", 200,
	"<domain purpose=\"mx\">example.org</domain>"},
    {HTTP_RIG_HOST, CONFIG, "", 200,
	"<domain purpose=\"mx\">mail.example.org</domain>"},
    {"autoconfig.ours.test", CONFIG "?emailaddress=", "", 200,
	"%EMAILADDRESS%"},
    {"autoconfig.ours.test", CONFIG "?emailaddress=a@other.test", "", 404,
	NULL},
    {"autoconfig.ours.test", CONFIG "?emailaddress=a@example.org", "", 404,
	NULL},
    {"autoconfig.ours.test", CONFIG "?emailaddress=%22%3E%3Cscript%3E", "", 400,
	NULL},
    {"autoconfig.ours.test", CONFIG "?emailaddress=a@[192.0.2.1]", "", 400,
	NULL},
    {"autoconfig.ours.test", CONFIG "?emailaddress=%22%3C%3E%26%22@ours.test",
	"", 200, "<username>&quot;&lt;&gt;&amp;&quot;@ours.test</username>"},
    {"autoconfig.other.test", CONFIG, "", 421, NULL},
    // Autodiscover.
    {"ours.test", POX, XML("a@ours.test"), 200,
	"<LoginName>a@ours.test</LoginName>"},
    {"ours.test", "POST /AutoDiscover/AUTODISCOVER.xml", XML("a@ours.test"),
	200, "<Type>SMTP</Type>"},
    {"ours.test", POX, XML("a@other.test"), 404, NULL},
    {"ours.test", POX, XML("a"), 200, "<ErrorCode>600</ErrorCode>"},
    {"ours.test", POX, "<x/>", 200, "<ErrorCode>600</ErrorCode>"},
    {"ours.test", "GET /autodiscover/autodiscover.xml", "", 200,
	"<ErrorCode>600</ErrorCode>"},
    {"ours.test", JSON "?Protocol=AutodiscoverV1&Email=a@ours.test", "", 200,
	"\"https://ours.test/autodiscover/autodiscover.xml\""},
    {"ours.test:8443", JSON "/v1.0/a@ours.test?Protocol=autodiscoverv1", "",
	200, "\"https://ours.test:8443/autodiscover/autodiscover.xml\""},
    {"ours.test", JSON, "", 400, "MandatoryParameterMissing"},
    {"ours.test", JSON "?Protocol=EWS", "", 404, "ProtocolNotSupported"},
    // Apple.
    {HTTP_RIG_HOST, PROFILE "?address=a@ours.test&name=A%20B", "", 200,
	"<string>A B</string>"},
    {HTTP_RIG_HOST, PROFILE, "", 400, NULL},
    {HTTP_RIG_HOST, PROFILE "?address=a@other.test", "", 404, NULL},
    {HTTP_RIG_HOST, PROFILE "?address=a@ours.test&name=%07", "", 400, NULL},
    {HTTP_RIG_HOST, QR "?address=a@ours.test", "", 200, "<svg xmlns="},
    {HTTP_RIG_HOST, QR "?address=a@other.test", "", 404, NULL},
};

static void requests_are_answered(void **state)
{
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct http_rig_answer answer;
		bed->rig.host = requests[i].host;
		http_rig_ask(&bed->rig, requests[i].what, "",
		    view_of_string(requests[i].body), &answer);
		if (answer.status != requests[i].status)
			fail_msg("row %zu, %s: %u", i, requests[i].what,
			    answer.status);
		if (requests[i].has &&
		    view_find(answer.body, view_of_string(requests[i].has)) ==
			SIZE_MAX)
			fail_msg("row %zu, %s: no %s in %.*s", i,
			    requests[i].what, requests[i].has,
			    VIEW_FMT(answer.body));
		http_rig_answer_done(&answer);
	}
}

static void only_autoconfig_is_told_in_clear_text(void **state)
{
	static const struct {
		const char *what;
		unsigned status;
	} table[] = {
	    {CONFIG, 200},
	    {WELL_KNOWN, 200},
	    {"GET /autodiscover/autodiscover.xml", 301},
	    {POX, 403},
	    {JSON "?Protocol=AutodiscoverV1", 301},
	    {PROFILE "?address=a@ours.test", 301},
	    {QR "?address=a@ours.test", 301},
	};
	struct bed *bed = *state;
	bed->rig.clear = true;
	bed->rig.host = "ours.test";
	bed->rig.server.https_port = 443;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct http_rig_answer answer;
		http_rig_ask(&bed->rig, table[i].what, "", VIEW(""), &answer);
		if (answer.status != table[i].status)
			fail_msg("%s: %u", table[i].what, answer.status);
		http_rig_answer_done(&answer);
	}
}

static void a_profile_is_signed_if_it_can_be(void **state)
{
	static const struct {
		const char *host;
		enum rc sign;
		bool has_signature;
		size_t asked;
	} table[] = {
	    {HTTP_RIG_HOST, RC_OK, true, 1},
	    {"ours.test", RC_OK, true, 2},
	    {HTTP_RIG_HOST, RC_IO, false, 1},
	};
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct http_rig_answer answer;
		bed->rig.host = table[i].host;
		bed->sign = table[i].sign;
		bed->asked_count = 0;
		http_rig_ask(&bed->rig, PROFILE "?address=a@ours.test", "",
		    VIEW(""), &answer);
		assert_int_equal(answer.status, 200);
		assert_view_equal(http_rig_field(&answer, "Content-Type"),
		    VIEW("application/x-apple-aspen-config"));
		assert_int_equal(view_starts_with(answer.body, VIEW("signed ")),
		    table[i].has_signature);
		assert_int_equal(bed->asked_count, table[i].asked);
		assert_string_equal(bed->asked[0], table[i].host);
		http_rig_answer_done(&answer);
	}
}

static unsigned ask_profile(struct bed *bed, const char *address)
{
	struct http_rig_answer answer;
	bed->rig.address = address;
	http_rig_ask(
	    &bed->rig, PROFILE "?address=a@ours.test", "", VIEW(""), &answer);
	unsigned status = answer.status;
	if (status == 429)
		assert_view_equal(
		    http_rig_field(&answer, "Retry-After"), VIEW("60"));
	http_rig_answer_done(&answer);
	return status;
}

// A signature costs much and its request little: a network gets only so many.
// Nothing is signed for the rest, and other networks do not notice.
static void signatures_have_a_limit(void **state)
{
	static const struct {
		const char *address;
		unsigned status;
	} after[] = {
	    {"192.0.2.1", 429}, {"192.0.2.200", 429}, // the same /24
	    {"192.0.3.1", 200}, {"2001:db8::1", 200},
	    {NULL, 200}, // a proxy of this machine
	};
	struct bed *bed = *state;
	bed->rig.host = HTTP_RIG_HOST;
	for (unsigned i = 0; i < SETUP_SIGNATURES_HOUR; i++)
		assert_int_equal(ask_profile(bed, "192.0.2.1"), 200);
	for (size_t i = 0; i < ARRAY_LEN(after); i++) {
		bed->asked_count = 0;
		assert_int_equal(
		    ask_profile(bed, after[i].address), after[i].status);
		assert_int_equal(bed->asked_count, after[i].status == 200);
	}
	// What is refused before costs nothing.
	struct http_rig_answer answer;
	for (unsigned i = 0; i < SETUP_SIGNATURES_HOUR; i++) {
		http_rig_ask(&bed->rig, PROFILE "?address=a@other.test", "",
		    VIEW(""), &answer);
		assert_int_equal(answer.status, 404);
		http_rig_answer_done(&answer);
	}
	assert_int_equal(ask_profile(bed, "192.0.3.1"), 200);
}

// A server on which users cannot read or send mail has no settings for them.
static void without_services_there_is_nothing_to_tell(void **state)
{
	static const char *const whats[] = {
	    CONFIG, PROFILE "?address=a@ours.test", QR "?address=a@ours.test"};
	struct bed *bed = *state;
	struct http_rig_answer answer;
	start_with(bed, &(struct mail_services){{993}});
	bed->rig.host = "ours.test";
	for (size_t i = 0; i < ARRAY_LEN(whats); i++) {
		http_rig_ask(&bed->rig, whats[i], "", VIEW(""), &answer);
		assert_int_equal(answer.status, 404);
		http_rig_answer_done(&answer);
	}
	http_rig_ask(&bed->rig, POX, "", VIEW(XML("a@ours.test")), &answer);
	assert_int_equal(answer.status, 404);
	http_rig_answer_done(&answer);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(our_hosts_are_known),
	    TEST(requests_are_answered),
	    TEST(only_autoconfig_is_told_in_clear_text),
	    TEST(a_profile_is_signed_if_it_can_be),
	    TEST(signatures_have_a_limit),
	    TEST(without_services_there_is_nothing_to_tell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
