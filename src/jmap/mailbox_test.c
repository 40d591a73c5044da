// SPDX-License-Identifier: Apache-2.0
// The methods of the type Mailbox.
#include "base/test.h"
#include "jmap/call.h"
#include "jmap/rig.h"

static struct jmap_rig rig;

static void a_new_account_has_these(void **state)
{
	(void)state;
	json_t *json = jmap_rig_call(&rig, "Mailbox/get", "{'ids':null}");
	assert_int_equal(json_array_size(json_object_get(json, "list")), 6);
	jmap_rig_expect(json, "notFound", "[]");
	jmap_rig_expect(json, "list/2",
	    "{'id':'M1','name':'Inbox','parentId':null,'role':'inbox',"
	    "'sortOrder':1,'totalEmails':0,'unreadEmails':0,'totalThreads':0,"
	    "'unreadThreads':0,'isSubscribed':true,'myRights':{"
	    "'mayReadItems':true,'mayAddItems':true,'mayRemoveItems':true,"
	    "'maySetSeen':true,'maySetKeywords':true,'mayCreateChild':true,"
	    "'mayRename':false,'mayDelete':false,'maySubmit':true}}");
	json_decref(json);
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
	    cmocka_unit_test_setup_teardown(
		a_new_account_has_these, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
