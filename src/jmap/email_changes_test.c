// SPDX-License-Identifier: Apache-2.0
// Email/changes and Email/queryChanges: pages, errors, and what is left out
// behind upToId. (tests/jmap_model_test.py follows random changes.)
#include "jmap/call.h"
#include "jmap/rig_mail.h"
#include "jmap/rig_one.h"

static void expect(const char *method, const char *arguments, const char *path,
    const char *expected)
{
	const struct jmap_rig_step step = {method, arguments, path, expected};
	jmap_rig_take(&rig, &step, 1);
}

static void put(int64_t when, const char *flags)
{
	rig_mail_put(&rig, "INBOX", when, flags, "Subject: s\r\n\r\nb\r\n");
}

static void what_is_deleted_is_gone(void **state)
{
	(void)state;
	put(1, "");
	put(2, "");
	jmap_rig_note_state(&rig);
	expect("Email/changes", "{'sinceState':'@S'}", "updated", "[]");
	rig_mail_flags(&rig, "INBOX", 1, 1, STORE_FLAGS_ADD, "\\Deleted");
	rig_mail_flags(&rig, "INBOX", 2, 2, STORE_FLAGS_ADD, "\\Seen");
	put(3, "\\Deleted");
	put(4, "");
	expect("Email/changes", "{'sinceState':'@S'}", "destroyed", "['E1']");
	expect("Email/changes", "{'sinceState':'@S'}", "updated", "['E2']");
	expect("Email/changes", "{'sinceState':'@S'}", "created", "['E4']");
	jmap_rig_note_state(&rig);
	rig_mail_flags(&rig, "INBOX", 1, 3, STORE_FLAGS_REMOVE, "\\Deleted");
	expect(
	    "Email/changes", "{'sinceState':'@S'}", "created", "['E1','E3']");
	rig_mail_expunge(&rig, "INBOX", 1, 3);
	expect("Email/changes", "{'sinceState':'@S'}", "created", "[]");
	expect("Email/changes", "{'sinceState':'@S'}", "destroyed", "['E2']");
}

static void a_page_may_end_within_a_commit(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		put(i, "");
	jmap_rig_note_state(&rig);
	rig_mail_flags(&rig, "INBOX", 1, 5, STORE_FLAGS_ADD, "\\Seen");
	size_t told = 0;
	for (bool more = true; more;) {
		json_t *json = jmap_rig_call(&rig, "Email/changes",
		    "{'sinceState':'@S','maxChanges':2}");
		size_t count =
		    json_array_size(json_object_get(json, "updated"));
		assert_true(count <= 2);
		told += count;
		more = json_is_true(json_object_get(json, "hasMoreChanges"));
		jmap_rig_note_state_of(&rig, json);
		json_decref(json);
		assert_true(told <= 5);
	}
	assert_int_equal(told, 5);
}

static const struct {
	const char *method;
	const char *arguments;
	const char *type;
} errors[] = {
    {"Email/changes", "{}", "'invalidArguments'"},
    {"Email/changes", "{'sinceState':'1','maxChanges':0}",
	"'invalidArguments'"},
    {"Email/changes", "{'sinceState':'x'}", "'cannotCalculateChanges'"},
    {"Email/changes", "{'sinceState':'1.'}", "'cannotCalculateChanges'"},
    {"Email/changes", "{'sinceState':'99999'}", "'cannotCalculateChanges'"},
    {"Email/queryChanges", "{}", "'invalidArguments'"},
    {"Email/queryChanges", "{'sinceQueryState':'x'}",
	"'cannotCalculateChanges'"},
    {"Email/queryChanges", "{'sinceQueryState':'99999'}",
	"'cannotCalculateChanges'"},
    {"Email/queryChanges", "{'sinceQueryState':'1','filter':{'frob':1}}",
	"'unsupportedFilter'"},
    {"Email/queryChanges", "{'sinceQueryState':'1','sort':[{'property':'x'}]}",
	"'unsupportedSort'"},
    {"Email/queryChanges", "{'sinceQueryState':'@S','maxChanges':2}",
	"'tooManyChanges'"},
};

static void each_error(void **state)
{
	(void)state;
	jmap_rig_note_state(&rig);
	for (int i = 0; i < 3; i++)
		put(i, "");
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		expect(errors[i].method, errors[i].arguments, "type",
		    errors[i].type);
}

#define NEWEST "'sort':[{'property':'receivedAt','isAscending':false}]"

static void query_changes_tell_where(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		put(10 * i, "");
	jmap_rig_note_state(&rig);
	expect("Email/queryChanges",
	    "{'sinceQueryState':'@S','calculateTotal':true}", "total", "4");
	put(25, "");
	rig_mail_expunge(&rig, "INBOX", 2, 2);
	expect("Email/queryChanges", "{'sinceQueryState':'@S'," NEWEST "}",
	    "removed", "['E2']");
	expect("Email/queryChanges", "{'sinceQueryState':'@S'," NEWEST "}",
	    "added", "[{'id':'E5','index':1}]");
	// What is behind the last one that the client knows, it need not be
	// told, if nothing moves.
	expect("Email/queryChanges",
	    "{'sinceQueryState':'@S','upToId':'E4'," NEWEST "}", "added", "[]");
	expect("Email/queryChanges",
	    "{'sinceQueryState':'@S','upToId':'E3'," NEWEST "}", "added",
	    "[{'id':'E5','index':1}]");
	expect("Email/queryChanges",
	    "{'sinceQueryState':'@S','upToId':'E4','filter':{'inMailbox':"
	    "'M1'}," NEWEST "}",
	    "added", "[{'id':'E5','index':1}]");
}

// The next email of a thread takes the place of one that is gone.
static void collapsed_threads_change_together(void **state)
{
	(void)state;
	rig_mail_put(&rig, "INBOX", 1, "", "Message-ID: <1@x>\r\n\r\nb\r\n");
	rig_mail_put(&rig, "INBOX", 2, "", "References: <1@x>\r\n\r\nb\r\n");
	put(3, "");
	jmap_rig_note_state(&rig);
	expect("Email/query", "{'collapseThreads':true," NEWEST "}", "ids",
	    "['E3','E2']");
	rig_mail_expunge(&rig, "INBOX", 2, 2);
	expect("Email/queryChanges",
	    "{'sinceQueryState':'@S','collapseThreads':true," NEWEST "}",
	    "added", "[{'id':'E1','index':1}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RIG_TEST(what_is_deleted_is_gone),
	    RIG_TEST(a_page_may_end_within_a_commit),
	    RIG_TEST(each_error),
	    RIG_TEST(query_changes_tell_where),
	    RIG_TEST(collapsed_threads_change_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
