// SPDX-License-Identifier: Apache-2.0
// The page's files: each is there, with a policy that lets nothing foreign in,
// and whatever address the page makes gets the page.
#include "base/test.h"
#include "http/rig.h"
#include "webmail/files.h"
#include "webmail/webmail.h"

struct bed {
	struct webmail *webmail;
	struct http_route routes[8];
	struct http_rig rig;
};

static int set_up(void **state)
{
	static struct bed bed;
	memset(&bed, 0, sizeof(bed));
	bed.webmail = webmail_new();
	assert_true(webmail_route_count <= ARRAY_LEN(bed.routes));
	for (size_t i = 0; i < webmail_route_count; i++) {
		bed.routes[i] = webmail_routes[i];
		bed.routes[i].context = bed.webmail;
	}
	http_rig_init(&bed.rig, bed.routes, webmail_route_count, NULL);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	http_rig_done(&bed->rig);
	webmail_free(&bed->webmail);
	assert_null(bed->webmail);
	return 0;
}

static void paths_lead_somewhere(void **state)
{
	static const struct {
		const char *what;
		unsigned status;
		const char *field;
		const char *value; // the field's, or how it begins
	} table[] = {
	    {"GET /", 302, "Location", "/mail/"},
	    {"GET /mail", 302, "Location", "/mail/"},
	    {"GET /mail/", 200, "Content-Type", "text/html"},
	    {"GET /mail/folder/inbox", 200, "Content-Type", "text/html"},
	    {"GET /mail/search?q=a.b", 200, "Content-Type", "text/html"},
	    {"GET /mail/icon.svg", 200, "Content-Type", "image/svg+xml"},
	    {"GET /mail/frame.html", 200, "Content-Type", "text/html"},
	    {"GET /mail/nothing.js", 404, "Content-Type", "text/plain"},
	    {"GET /mail/folder/x.d", 404, "Content-Type", "text/plain"},
	    {"POST /mail/", 405, "Allow", "GET"},
	};
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct http_rig_answer answer;
		http_rig_ask(&bed->rig, table[i].what, "", VIEW(""), &answer);
		struct view value = http_rig_field(&answer, table[i].field);
		struct view want = view_of_string(table[i].value);
		if (answer.status != table[i].status)
			fail_msg("%s: %u", table[i].what, answer.status);
		assert_view_equal_row(i, view_slice(value, 0, want.len), want);
		http_rig_answer_done(&answer);
	}
}

static void policies_are_strict(void **state)
{
	static const struct {
		const char *what;
		const char *part;
		bool has;
	} table[] = {
	    {"GET /mail/", "default-src 'none'", true},
	    {"GET /mail/", "script-src 'self';", true},
	    {"GET /mail/", "require-trusted-types-for 'script'", true},
	    {"GET /mail/", "frame-ancestors 'none'", true},
	    {"GET /mail/", "unsafe", false},
	    {"GET /mail/", "http", false},
	    {"GET /mail/frame.html", "default-src 'none'", true},
	    {"GET /mail/frame.html", "script-src", false},
	    {"GET /mail/frame.html", "allow-scripts", false},
	    {"GET /mail/frame.html", "sandbox ", true},
	    {"GET /mail/frame.html", "http", false},
	    {"GET /mail/frame-pictures.html",
		"img-src data: blob: https:", true},
	    {"GET /mail/frame-pictures.html", "script-src", false},
	    {"GET /mail/frame-pictures.html", "allow-scripts", false},
	};
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct http_rig_answer answer;
		http_rig_ask(&bed->rig, table[i].what, "", VIEW(""), &answer);
		struct view policy =
		    http_rig_field(&answer, "Content-Security-Policy");
		bool has = view_find(policy, view_of_string(table[i].part)) !=
			   SIZE_MAX;
		if (has != table[i].has)
			fail_msg("%s: %s: %.*s", table[i].what, table[i].part,
			    VIEW_FMT(policy));
		http_rig_answer_done(&answer);
	}
}

// All that the page names is there. What has a fixed name is kept for ever.
static void each_file_is_served(void **state)
{
	struct bed *bed = *state;
	size_t scripts = 0;
	for (size_t i = 0; i < webmail_file_count; i++) {
		const struct webmail_file *file = &webmail_files[i];
		struct http_rig_answer answer;
		char what[128];
		snprintf(what, sizeof(what), "GET /mail/%s", file->name);
		http_rig_ask(&bed->rig, what, "", VIEW(""), &answer);
		assert_int_equal(answer.status, 200);
		assert_int_equal(answer.body.len, file->len);
		struct view keep = http_rig_field(&answer, "Cache-Control");
		assert_int_equal(
		    view_find(keep, VIEW("max-age=31536000")) != SIZE_MAX,
		    file->fixed);
		scripts += view_find(view_of_string(file->type),
			       VIEW("javascript")) != SIZE_MAX;
		http_rig_answer_done(&answer);
	}
	assert_true(scripts > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths_lead_somewhere),
	    cmocka_unit_test(policies_are_strict),
	    cmocka_unit_test(each_file_is_served),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
