// SPDX-License-Identifier: Apache-2.0
// Identity and VacationResponse.
#include "jmap/impl.h"
#include "jmap/rig_one.h"

static int setup(void **state)
{
	static struct view to_demo[] = {{"demo", 4}};
	static struct view to_both[] = {{"demo", 4}, {"friend", 6}};
	static struct view to_friend[] = {{"friend", 6}};
	static const struct route_alias aliases[] = {
	    {{"sales@example.org", 17}, to_demo, 1},
	    {{"team@example.org", 16}, to_both, 2},
	    {{"theirs@example.org", 18}, to_friend, 1},
	};
	struct fault fault;
	(void)state;
	jmap_rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		assert_int_equal(
		    route_alias_set(rig.office.route, &aliases[i], &fault),
		    RC_OK);
	return 0;
}

#define OWN                                                                    \
	"{'id':'I1','name':'','email':'demo@example.org','replyTo':null,"      \
	"'bcc':null,'textSignature':'','htmlSignature':'','mayDelete':false}"
#define SALES                                                                  \
	"{'id':'I2','name':'','email':'sales@example.org','replyTo':null,"     \
	"'bcc':null,'textSignature':'','htmlSignature':'','mayDelete':true}"

static void the_first_identities_are_the_users_addresses(void **state)
{
	(void)state;
	json_t *json = jmap_rig_call(&rig, "Identity/get", "{'ids':null}");
	jmap_rig_expect(json, "list", "[" OWN "," SALES "]");
	jmap_rig_expect(json, "notFound", "[]");
	// They are made once.
	json_t *again = jmap_rig_call(&rig, "Identity/get",
	    "{'ids':['I2','I9','Ix','M1'],'properties':['email']}");
	jmap_rig_expect(
	    again, "list", "[{'id':'I2','email':'sales@example.org'}]");
	jmap_rig_expect(again, "notFound", "['I9','Ix','M1']");
	assert_true(json_equal(
	    json_object_get(json, "state"), json_object_get(again, "state")));
	json_decref(json);
	json_decref(again);
}

// One change, and what comes of it.
static const struct jmap_rig_step changes[] = {
    // Addresses that the user may send as.
    {"Identity/set",
	"{'create':{'k':{'email':'demo@example.org','name':'D','bcc':[{'email':"
	"'a@x.test'}],'replyTo':[{'name':null,'email':'r@x.test'}],"
	"'textSignature':'t','htmlSignature':'<b>h'}}}",
	"created/k", "{'id':'I3','mayDelete':true}"},
    {"Identity/get", "{'ids':['I3']}", "list/0",
	"{'id':'I3','name':'D','email':'demo@example.org','replyTo':[{'name':"
	"null,'email':'r@x.test'}],'bcc':[{'email':'a@x.test'}],"
	"'textSignature':'t','htmlSignature':'<b>h','mayDelete':true}"},
    {"Identity/set", "{'create':{'k':{'email':'team@example.org'}}}",
	"created/k",
	"{'id':'I4','name':'','replyTo':null,'bcc':null,'textSignature':'',"
	"'htmlSignature':'','mayDelete':true}"},
    {"Identity/set", "{'create':{'k':{'email':'Demo+x@Example.ORG'}}}",
	"created/k/id", "'I5'"},
    {"Identity/set", "{'create':{'k':{'email':'theirs@example.org'}}}",
	"notCreated/k", "{'type':'forbiddenFrom'}"},
    {"Identity/set", "{'create':{'k':{'email':'a@far.example'}}}",
	"notCreated/k", "{'type':'forbiddenFrom'}"},
    {"Identity/set", "{'create':{'k':{'email':'*@example.org'}}}",
	"notCreated/k", "{'type':'forbiddenFrom'}"},
    // Wrong values.
    {"Identity/set", "{'create':{'k':{'email':'no address'}}}",
	"notCreated/k/properties", "['email']"},
    {"Identity/set", "{'create':{'k':{'name':'x'}}}", "notCreated/k/properties",
	"['email']"},
    {"Identity/set",
	"{'create':{'k':{'email':'demo@example.org','mayDelete':true}}}",
	"notCreated/k/properties", "['mayDelete']"},
    {"Identity/set",
	"{'create':{'k':{'email':'demo@example.org','bcc':[{'name':'x'}]}}}",
	"notCreated/k/properties", "['bcc']"},
    {"Identity/set",
	"{'create':{'k':{'email':'demo@example.org','replyTo':[{'email':'a@b',"
	"'x':1}]}}}",
	"notCreated/k/properties", "['replyTo']"},
    {"Identity/set", "{'update':{'I1':{'bcc':['a@b']}}}",
	"notUpdated/I1/properties", "['bcc']"},
    {"Identity/set", "{'update':{'I1':{'email':'sales@example.org'}}}",
	"notUpdated/I1/properties", "['email']"},
    {"Identity/set", "{'update':{'I1':{'mayDelete':true}}}",
	"notUpdated/I1/properties", "['mayDelete']"},
    {"Identity/set", "{'update':{'I1':{'name':1}}}", "notUpdated/I1/properties",
	"['name']"},
    // Changes.
    {"Identity/set",
	"{'update':{'I1':{'name':'Anna','replyTo':[{'email':'r@x.test'}],"
	"'email':'demo@example.org','id':'I1'}}}",
	"updated", "{'I1':null}"},
    {"Identity/set", "{'update':{'I1':{'replyTo':null}}}", "updated",
	"{'I1':null}"},
    {"Identity/get", "{'ids':['I1'],'properties':['name','replyTo']}", "list/0",
	"{'id':'I1','name':'Anna','replyTo':null}"},
    {"Identity/set", "{'update':{'I99':{'name':'x'},'#q':{}}}", "notUpdated",
	"{'I99':{'type':'notFound'},'#q':{'type':'notFound'}}"},
    {"Identity/set", "{'ifInState':'1','destroy':['I2']}", "type",
	"'stateMismatch'"},
    {"Identity/set", "{'destroy':['I1']}", "notDestroyed",
	"{'I1':{'type':'forbidden'}}"},
    {"Identity/set", "{'update':{'I2':{'name':'x'}},'destroy':['I2','I2']}",
	"notUpdated", "{'I2':{'type':'willDestroy'}}"},
    {"Identity/get", "{'ids':['I2']}", "notFound", "['I2']"},
    {"Identity/set", "{'destroy':['I2']}", "notDestroyed",
	"{'I2':{'type':'notFound'}}"},
    {"Identity/get", "{'ids':[],'x':1}", "type", "'invalidArguments'"},
    {"Identity/set", "{'update':{'I1':{'name':null,'textSignature':'t'}}}",
	"updated", "{'I1':null}"},
    {"Identity/get", "{'ids':['I1'],'properties':['name','textSignature']}",
	"list/0", "{'id':'I1','name':'','textSignature':'t'}"},
    // Any string is kept.
    {"Identity/set", "{'update':{'I1':{'name':'a\\u0000b\\n\\\\'}}}", "updated",
	"{'I1':null}"},
    {"Identity/get", "{'ids':['I1']}", "list/0/mayDelete", "false"},
    // The vacation response.
    {"VacationResponse/get", "{'ids':null}", "list",
	"[{'id':'singleton','isEnabled':false,'fromDate':null,'toDate':null,"
	"'subject':null,'textBody':null,'htmlBody':null}]"},
    {"VacationResponse/get", "{'ids':['x','singleton'],'properties':[]}",
	"list", "[{'id':'singleton'}]"},
    {"VacationResponse/get", "{'ids':['x']}", "notFound", "['x']"},
    {"VacationResponse/set", "{'create':{'k':{'isEnabled':true}}}",
	"notCreated", "{'k':{'type':'singleton'}}"},
    {"VacationResponse/set", "{'destroy':['singleton','x']}", "notDestroyed",
	"{'singleton':{'type':'singleton'},'x':{'type':'notFound'}}"},
    {"VacationResponse/set", "{'update':{'x':{}}}", "notUpdated",
	"{'x':{'type':'notFound'}}"},
    {"VacationResponse/set",
	"{'update':{'singleton':{'isEnabled':true,'subject':'Away','textBody':"
	"'T','htmlBody':'<p>T','fromDate':'2026-03-01T00:00:00Z'}}}",
	"updated", "{'singleton':null}"},
    {"VacationResponse/set",
	"{'update':{'singleton':{'subject':null,'toDate':"
	"'2026-03-15T00:00:00Z'}}}",
	"updated", "{'singleton':null}"},
    {"VacationResponse/get", "{'ids':['singleton']}", "list/0",
	"{'id':'singleton','isEnabled':true,'fromDate':'2026-03-01T00:00:00Z',"
	"'toDate':'2026-03-15T00:00:00Z','subject':null,'textBody':'T',"
	"'htmlBody':'<p>T'}"},
    {"VacationResponse/set",
	"{'update':{'singleton':{'fromDate':'2026-03-01T00:00:00+01:00'}}}",
	"notUpdated/singleton/properties", "['fromDate']"},
    {"VacationResponse/set", "{'update':{'singleton':{'isEnabled':null}}}",
	"notUpdated/singleton/properties", "['isEnabled']"},
};

static void objects_change_as_the_rfc_has_it(void **state)
{
	(void)state;
	jmap_rig_take(&rig, changes, ARRAY_LEN(changes));
}

static void all_may_be_too_many(void **state)
{
	(void)state;
	uint32_t before = rig.jmap->options.limits.objects_get;
	rig.jmap->options.limits.objects_get = 2;
	json_t *json = jmap_rig_call(&rig, "Identity/get", "{'ids':null}");
	jmap_rig_expect(json, "type", "'requestTooLarge'");
	json_decref(json);
	rig.jmap->options.limits.objects_get = before;
	json = jmap_rig_call(&rig, "Identity/get", "{'ids':null}");
	jmap_rig_expect(json, "list/2/id", "'I4'");
	json_decref(json);
}

// An error that does not fit is not left out: the client has to read again.
static void errors_may_be_too_long(void **state)
{
	(void)state;
	struct buf text;
	uint64_t before = rig.jmap->options.limits.response_bytes;
	rig.jmap->options.limits.response_bytes = 1000;
	buf_init(&text, SIZE_MAX / 2);
	buf_printf(&text, "{'create':{'a':{'%0*d':1},'b':{}}}", 2 << 20, 0);
	buf_add_char(&text, '\0');
	json_t *json = jmap_rig_call(&rig, "Identity/set", text.ptr);
	jmap_rig_expect(json, "type", "'serverPartialFail'");
	json_decref(json);
	rig.jmap->options.limits.response_bytes = before;
	buf_done(&text);
}

static void changes_are_told_since_a_state(void **state)
{
	char text[200];
	(void)state;
	json_t *before = jmap_rig_call(&rig, "Identity/get", "{'ids':[]}");
	json_t *set = jmap_rig_call(&rig, "Identity/set",
	    "{'create':{'k':{'email':'demo@example.org'}},'update':{'I1':{"
	    "'name':'Q'}},'destroy':['I3']}");
	json_t *state_of = json_object_get(before, "state");
	assert_true(json_equal(state_of, json_object_get(set, "oldState")));
	snprintf(text, sizeof(text), "{'sinceState':'%s'}",
	    json_string_value(state_of));
	json_t *json = jmap_rig_call(&rig, "Identity/changes", text);
	jmap_rig_expect(json, "created", "['I6']");
	jmap_rig_expect(json, "updated", "['I1']");
	jmap_rig_expect(json, "destroyed", "['I3']");
	jmap_rig_expect(json, "hasMoreChanges", "false");
	assert_true(json_equal(json_object_get(json, "newState"),
	    json_object_get(set, "newState")));
	json_decref(json);
	json = jmap_rig_call(&rig, "Identity/changes", "{'sinceState':'x'}");
	jmap_rig_expect(json, "type", "'cannotCalculateChanges'");
	json_decref(json);
	json_decref(set);
	json_decref(before);
}

static void the_account_says_what_can_be_sent(void **state)
{
	struct http_rig_answer answer;
	(void)state;
	http_rig_ask(&rig.http, "GET /jmap/session",
	    "Authorization: Basic ZGVtbzpkZW1vIHBhc3M=\r\n", VIEW(""), &answer);
	json_t *json = json_loadb(answer.body.ptr, answer.body.len, 0, NULL);
	json_t *account = json_object_get(
	    json_object_get(json_object_get(json, "accounts"), rig.account_id),
	    "accountCapabilities");
	json_t *submission =
	    json_object_get(account, "urn:ietf:params:jmap:submission");
	jmap_rig_expect(submission, "maxDelayedSend", "2592000");
	jmap_rig_expect(submission, "submissionExtensions/FUTURERELEASE", "[]");
	jmap_rig_expect(submission, "submissionExtensions/DELIVERBY", "['60']");
	assert_non_null(
	    json_object_get(account, "urn:ietf:params:jmap:vacationresponse"));
	json_decref(json);
	http_rig_answer_done(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_identities_are_the_users_addresses),
	    cmocka_unit_test(objects_change_as_the_rfc_has_it),
	    cmocka_unit_test(all_may_be_too_many),
	    cmocka_unit_test(errors_may_be_too_long),
	    cmocka_unit_test(changes_are_told_since_a_state),
	    cmocka_unit_test(the_account_says_what_can_be_sent),
	};
	return cmocka_run_group_tests_name(
	    "jmap identity", tests, setup, rig_tear_down);
}
