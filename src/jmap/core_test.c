// SPDX-License-Identifier: Apache-2.0
// The request as a whole: what is refused and how, references, the session
// resource, limits; and Core/echo.
#include "base/test.h"
#include "jmap/call.h"
#include "jmap/rig.h"

static struct jmap_rig rig;

// ---- Problems --------------------------------------------------------------

static const struct {
	const char *text;
	const char *type; // the last part
} problems[] = {
    {"", "notJSON"},
    {"{", "notJSON"},
    {"{'using':[],'using':[]}", "notJSON"},
    {"{'a':\"\xff\"}", "notJSON"},
    {"[]", "notRequest"},
    {"1", "notRequest"},
    {"{}", "notRequest"},
    {"{'using':['urn:ietf:params:jmap:core']}", "notRequest"},
    {"{'using':1,'methodCalls':[]}", "notRequest"},
    {"{'using':[1],'methodCalls':[]}", "notRequest"},
    {"{'using':[],'methodCalls':{}}", "notRequest"},
    {"{'using':[],'methodCalls':[[]]}", "notRequest"},
    {"{'using':[],'methodCalls':[['a',[],'c']]}", "notRequest"},
    {"{'using':[],'methodCalls':[['a',{}]]}", "notRequest"},
    {"{'using':[],'methodCalls':[],'createdIds':{'a':1}}", "notRequest"},
    {"{'using':['urn:x'],'methodCalls':[]}", "unknownCapability"},
};

static void what_is_no_request_is_a_problem(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
		char type[80];
		json_t *json = jmap_rig_ask(&rig, problems[i].text);
		snprintf(type, sizeof(type), "'urn:ietf:params:jmap:error:%s'",
		    problems[i].type);
		assert_int_equal(rig.status, 400);
		jmap_rig_expect(json, "type", type);
		jmap_rig_expect(json, "status", "400");
		json_decref(json);
	}
}

static void a_limit_is_named(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_add_literal(&text, "{'using':[],'methodCalls':[['a',{},'c']");
	for (int i = 0; i < 100; i++)
		buf_add_literal(&text, ",['a',{},'c']");
	buf_add_literal(&text, "]}");
	buf_add_char(&text, '\0');
	json_t *json = jmap_rig_ask(&rig, text.ptr);
	jmap_rig_expect(json, "limit", "'maxCallsInRequest'");
	jmap_rig_expect(json, "type", "'urn:ietf:params:jmap:error:limit'");
	json_decref(json);
	buf_done(&text);
}

// ---- Calls -----------------------------------------------------------------

static void echo_gives_back(void **state)
{
	(void)state;
	json_t *json = jmap_rig_calls(&rig,
	    "[['Core/echo',{'hello':true,'n':[1,'\xe4\xb8\xad',null,{}]},'b']"
	    "]");
	jmap_rig_expect(json, "",
	    "[['Core/echo',{'hello':true,'n':[1,'\xe4\xb8\xad',null,{}]},'b']"
	    "]");
	json_decref(json);
}

static void an_error_does_not_stop_the_next_call(void **state)
{
	(void)state;
	json_t *json = jmap_rig_calls(
	    &rig, "[['Foo/get',{},'1'],['Core/echo',{},'2'],['',{},'3']]");
	jmap_rig_expect(json, "",
	    "[['error',{'type':'unknownMethod'},'1'],['Core/echo',{},'2'],"
	    "['error',{'type':'unknownMethod'},'3']]");
	json_decref(json);
}

static void a_capability_that_is_not_used_has_no_methods(void **state)
{
	(void)state;
	json_t *json = jmap_rig_ask(
	    &rig, "{'using':[],'methodCalls':[['Core/echo',{},'1']]}");
	assert_int_equal(rig.status, 200);
	jmap_rig_expect(json, "methodResponses",
	    "[['error',{'type':'unknownMethod'},'1']]");
	json_decref(json);
}

static void created_ids_come_back(void **state)
{
	(void)state;
	json_t *json = jmap_rig_ask(&rig,
	    "{'using':['urn:ietf:params:jmap:core'],'methodCalls':[],"
	    "'createdIds':{'k1':'M1'}}");
	jmap_rig_expect(json, "createdIds", "{'k1':'M1'}");
	json_decref(json);
	json = jmap_rig_ask(
	    &rig, "{'using':['urn:ietf:params:jmap:core'],'methodCalls':[]}");
	assert_null(json_object_get(json, "createdIds"));
	assert_non_null(json_object_get(json, "sessionState"));
	json_decref(json);
}

// ---- References (RFC 8620 section 3.7) -------------------------------------

static const struct {
	const char *reference; // to call "1", which echoed the object below
	const char *result;    // of the argument "x"; NULL: it fails
} references[] = {
    {"{'resultOf':'1','name':'Core/echo','path':'/a'}", "1"},
    {"{'resultOf':'1','name':'Core/echo','path':'/list'}",
	"[{'id':'p','in':[1,2]},{'id':'q','in':[]},{'id':'r','in':[3]}]"},
    {"{'resultOf':'1','name':'Core/echo','path':'/list/1/id'}", "'q'"},
    {"{'resultOf':'1','name':'Core/echo','path':'/list/*/id'}",
	"['p','q','r']"},
    // Arrays of arrays are joined.
    {"{'resultOf':'1','name':'Core/echo','path':'/list/*/in'}", "[1,2,3]"},
    {"{'resultOf':'1','name':'Core/echo','path':'/list/0/*'}", NULL},
    {"{'resultOf':'1','name':'Core/echo','path':'/s~1l~0t'}", "'slash'"},
    {"{'resultOf':'1','name':'Core/echo','path':'/s~2'}", NULL},
    {"{'resultOf':'1','name':'Core/echo','path':'/list/01'}", NULL},
    {"{'resultOf':'1','name':'Core/echo','path':'/list/3'}", NULL},
    {"{'resultOf':'1','name':'Core/echo','path':'/none'}", NULL},
    {"{'resultOf':'1','name':'Core/echo','path':'a'}", NULL},
    {"{'resultOf':'2','name':'Core/echo','path':'/a'}", NULL},
    {"{'resultOf':'1','name':'Foo/get','path':'/a'}", NULL},
    {"{'resultOf':'1','name':'Core/echo'}", NULL},
    {"'/a'", NULL},
};

static void references_are_resolved(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(references); i++) {
		struct buf calls;
		buf_init(&calls, 4096);
		buf_printf(&calls,
		    "[['Core/echo',{'a':1,'s/l~t':'slash','list':[{'id':'p',"
		    "'in':[1,2]},{'id':'q','in':[]},{'id':'r','in':[3]}]},'1'"
		    "],['Core/echo',{'#x':%s},'3']]",
		    references[i].reference);
		buf_add_char(&calls, '\0');
		json_t *json = jmap_rig_calls(&rig, calls.ptr);
		if (references[i].result)
			jmap_rig_expect(json, "1/1/x", references[i].result);
		else
			jmap_rig_expect(
			    json, "1/1/type", "'invalidResultReference'");
		json_decref(json);
		buf_done(&calls);
	}
}

// Of several responses the first one with the call's id counts, wherever it
// stands.
static void the_first_response_of_a_call_is_meant(void **state)
{
	(void)state;
	json_t *json = jmap_rig_calls(&rig,
	    "[['Core/echo',{'a':1},'1'],['Core/echo',{'a':2},'2'],"
	    "['Core/echo',{'a':3},'2'],['Core/echo',{'#x':{'resultOf':'2',"
	    "'name':'Core/echo','path':'/a'},'#y':{'resultOf':'1','name':"
	    "'Core/echo','path':'/a'}},'3'],['Core/echo',{'#z':{'resultOf':"
	    "'3','name':'Core/echo','path':'/x'}},'4']]");
	jmap_rig_expect(json, "3/1", "{'x':2,'y':1}");
	jmap_rig_expect(json, "4/1", "{'z':2}");
	json_decref(json);
}

// An error is a response, too, and has no such name.
static void an_error_is_not_what_was_meant(void **state)
{
	(void)state;
	json_t *json = jmap_rig_calls(&rig,
	    "[['Core/none',{},'1'],['Core/echo',{'#x':{'resultOf':'1','name':"
	    "'Core/none','path':'/type'}},'2'],['Core/echo',{'#x':{'resultOf':"
	    "'1','name':'error','path':'/type'}},'3']]");
	jmap_rig_expect(json, "1/1/type", "'invalidResultReference'");
	jmap_rig_expect(json, "2/1/x", "'unknownMethod'");
	json_decref(json);
}

static void an_argument_is_not_given_twice(void **state)
{
	(void)state;
	json_t *json = jmap_rig_calls(&rig,
	    "[['Core/echo',{},'1'],['Core/echo',{'x':1,'#x':{'resultOf':'1',"
	    "'name':'Core/echo','path':''}},'2']]");
	jmap_rig_expect(json, "1/1/type", "'invalidArguments'");
	json_decref(json);
}

// ---- HTTP ------------------------------------------------------------------

static const struct {
	const char *what;
	const char *fields;
	const char *body;
	unsigned status;
} requests[] = {
    {"GET /.well-known/jmap", "", "", 401},
    {"GET /jmap/session", "Authorization: Bearer x\r\n", "", 401},
    {"GET /jmap/session", "Authorization: Basic %\r\n", "", 401},
    {"GET /jmap/session", "Authorization: Basic ZGVtbzpkZW1vIHBhc3M=\r\n", "",
	200},
    {"POST /jmap/api",
	"Authorization: Basic ZGVtbzpkZW1vIHBhc3M=\r\nContent-Type: "
	"text/plain\r\n",
	"{}", 400},
    {"POST /jmap/api", "Content-Type: application/json\r\n", "{}", 401},
    {"GET /jmap/api", "", "", 405},
};

static void http_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct http_rig_answer answer;
		http_rig_ask(&rig.http, requests[i].what, requests[i].fields,
		    view_of_string(requests[i].body), &answer);
		assert_int_equal(answer.status, requests[i].status);
		http_rig_answer_done(&answer);
	}
}

static void the_session_says_what_there_is(void **state)
{
	(void)state;
	struct http_rig_answer answer;
	http_rig_ask(&rig.http, "GET /.well-known/jmap",
	    "Authorization: Basic ZGVtbzpkZW1vIHBhc3M=\r\n", VIEW(""), &answer);
	json_t *json = json_loadb(answer.body.ptr, answer.body.len, 0, NULL);
	jmap_rig_expect(json, "username", "'demo'");
	jmap_rig_expect(json, "apiUrl", "'https://" HTTP_RIG_HOST "/jmap/api'");
	json_t *core = json_object_get(
	    json_object_get(json, "capabilities"), "urn:ietf:params:jmap:core");
	jmap_rig_expect(core, "collationAlgorithms", "['i;unicode-casemap']");
	assert_true(json_integer_value(
			json_object_get(core, "maxObjectsInGet")) >= 500);
	json_t *account =
	    json_object_get(json_object_get(json, "accounts"), rig.account_id);
	jmap_rig_expect(account, "isPersonal", "true");
	json_decref(json);
	http_rig_answer_done(&answer);
}

static int set_up(void **state)
{
	(void)state;
	jmap_rig_init(&rig);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jmap_rig_done(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_request_is_a_problem),
	    cmocka_unit_test(a_limit_is_named),
	    cmocka_unit_test(echo_gives_back),
	    cmocka_unit_test(an_error_does_not_stop_the_next_call),
	    cmocka_unit_test(a_capability_that_is_not_used_has_no_methods),
	    cmocka_unit_test(created_ids_come_back),
	    cmocka_unit_test(references_are_resolved),
	    cmocka_unit_test(the_first_response_of_a_call_is_meant),
	    cmocka_unit_test(an_error_is_not_what_was_meant),
	    cmocka_unit_test(an_argument_is_not_given_twice),
	    cmocka_unit_test(http_answers),
	    cmocka_unit_test(the_session_says_what_there_is),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
