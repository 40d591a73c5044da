// SPDX-License-Identifier: Apache-2.0
// Quota.
#include "jmap/rig_one.h"

static int setup(void **state)
{
	(void)state;
	jmap_rig_init(&rig);
	jmap_rig_deliver(&rig, "INBOX", "Subject: x\r\n\r\nHello.\r\n");
	return 0;
}

static const struct jmap_rig_step rows[] = {
    {"Quota/get", "{'ids':null}", "list",
	"[{'id':'messages','resourceType':'count','used':1,'hardLimit':100000,"
	"'scope':'account','name':'messages','types':['Email'],'warnLimit':"
	"null,'softLimit':null,'description':null},{'id':'storage',"
	"'resourceType':'octets','used':22,'hardLimit':1073741824,'scope':"
	"'account','name':'storage','types':['Email'],'warnLimit':null,"
	"'softLimit':null,'description':null}]"},
    {"Quota/get", "{'ids':['storage','x'],'properties':['used']}", "list",
	"[{'id':'storage','used':22}]"},
    {"Quota/get", "{'ids':['storage','x']}", "notFound", "['x']"},
    {"Quota/get", "{'ids':null,'x':1}", "type", "'invalidArguments'"},
    {"Quota/query", "{}", "ids", "['messages','storage']"},
    {"Quota/query", "{}", "canCalculateChanges", "false"},
    {"Quota/query", "{'filter':{'resourceType':'octets'}}", "ids",
	"['storage']"},
    {"Quota/query", "{'filter':{'name':'ess'}}", "ids", "['messages']"},
    {"Quota/query", "{'filter':{'type':'Email','scope':'account'}}", "ids",
	"['messages','storage']"},
    {"Quota/query", "{'filter':{'type':'Calendar'}}", "ids", "[]"},
    {"Quota/query", "{'filter':{'scope':'domain'}}", "ids", "[]"},
    {"Quota/query", "{'filter':{'used':1}}", "type", "'unsupportedFilter'"},
    {"Quota/query", "{'filter':{'name':1}}", "type", "'invalidArguments'"},
    {"Quota/query", "{'sort':[{'property':'used'}]}", "ids",
	"['messages','storage']"},
    {"Quota/query", "{'sort':[{'property':'used','isAscending':false}]}", "ids",
	"['storage','messages']"},
    {"Quota/query", "{'sort':[{'property':'name','isAscending':false}]}", "ids",
	"['storage','messages']"},
    {"Quota/query", "{'sort':[{'property':'scope'}]}", "type",
	"'unsupportedSort'"},
    {"Quota/query", "{'anchor':'storage','calculateTotal':true}", "ids",
	"['storage']"},
    {"Quota/queryChanges", "{'sinceQueryState':'1'}", "type",
	"'cannotCalculateChanges'"},
    {"Quota/changes", "{'sinceState':'x'}", "type", "'cannotCalculateChanges'"},
};

static void quotas_tell_of_the_servers_limits(void **state)
{
	(void)state;
	jmap_rig_take(&rig, rows, ARRAY_LEN(rows));
}

static void only_mail_that_comes_or_goes_changes_them(void **state)
{
	static const char since[] = "{'sinceState':'@S'}";
	(void)state;
	json_t *json = jmap_rig_call(&rig, "Quota/get", "{'ids':[]}");
	jmap_rig_note_state_of(&rig, json);
	json_decref(json);
	json_decref(jmap_rig_call(&rig, "VacationResponse/set",
	    "{'update':{'singleton':{'subject':'x'}}}"));
	json = jmap_rig_call(&rig, "Quota/changes", since);
	jmap_rig_expect(json, "updated", "[]");
	json_decref(json);
	jmap_rig_deliver(&rig, "INBOX", "Subject: y\r\n\r\nHello.\r\n");
	json = jmap_rig_call(&rig, "Quota/changes", since);
	jmap_rig_expect(json, "updated", "['messages','storage']");
	jmap_rig_expect(json, "updatedProperties", "null");
	jmap_rig_expect(json, "created", "[]");
	jmap_rig_note_state_of(&rig, json);
	json_decref(json);
	json = jmap_rig_call(&rig, "Quota/changes", since);
	jmap_rig_expect(json, "updated", "[]");
	json_decref(json);
}

// RFC 9425 section 4.1: types that a client does not know are left out.
static void who_does_not_know_mail_sees_no_quota_of_it(void **state)
{
	char text[300];
	(void)state;
	snprintf(text, sizeof(text),
	    "{'using':['urn:ietf:params:jmap:core','urn:ietf:params:jmap:"
	    "quota'],'methodCalls':[['Quota/get',{'accountId':'%s','ids':null},"
	    "'0']]}",
	    rig.account_id);
	json_t *json = jmap_rig_ask(&rig, text);
	jmap_rig_expect(json, "methodResponses/0/1/list", "[]");
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quotas_tell_of_the_servers_limits),
	    cmocka_unit_test(only_mail_that_comes_or_goes_changes_them),
	    cmocka_unit_test(who_does_not_know_mail_sees_no_quota_of_it),
	};
	return cmocka_run_group_tests_name(
	    "jmap quota", tests, setup, rig_tear_down);
}
