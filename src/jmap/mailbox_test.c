// SPDX-License-Identifier: Apache-2.0
// The methods of the type Mailbox (RFC 8621 section 2), as steps that one
// client takes after another, and what is at a path of each answer.
//
// The mailboxes of a new account are M1 INBOX, M2 Archive, M3 Drafts, M4 Junk,
// M5 Sent, M6 Trash; the next ones that are made are M7 and so on.
#include "jmap/call.h"
#include "jmap/rig_mail.h"
#include "jmap/rig_one.h"

#define TAKE(...)                                                              \
	do {                                                                   \
		static const struct jmap_rig_step steps[] = {__VA_ARGS__};     \
		jmap_rig_take(&rig, steps, ARRAY_LEN(steps));                  \
	} while (0)

// ---- Mailbox/get -----------------------------------------------------------

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
	TAKE({"Mailbox/get", "{'ids':['M6','x','M99','M6']}", "notFound",
		 "['x','M99']"},
	    {"Mailbox/get", "{'ids':['M6'],'properties':['role']}", "list",
		"[{'id':'M6','role':'trash'}]"},
	    {"Mailbox/get", "{'ids':[]}", "list", "[]"},
	    {"Mailbox/get", "{'ids':['M1'],'properties':['frob']}", "type",
		"'invalidArguments'"},
	    {"Mailbox/get", "{'ids':['M1'],'frob':1}", "type",
		"'invalidArguments'"});
}

#define COUNTS(id)                                                             \
	"Mailbox/get",                                                         \
	    "{'ids':['" id "'],'properties':['totalEmails','unreadEmails',"    \
	    "'totalThreads','unreadThreads']}",                                \
	    "list/0"
#define COUNTED(id, a, b, c, d)                                                \
	"{'id':'" id "','totalEmails':" #a ",'unreadEmails':" #b               \
	",'totalThreads':" #c ",'unreadThreads':" #d "}"

static void counts_are_exact(void **state)
{
	(void)state;
	rig_mail_put(&rig, "INBOX", 1, "", "Message-ID: <1@x>\r\n\r\na\r\n");
	rig_mail_put(&rig, "INBOX", 2, "\\Seen",
	    "In-Reply-To: <1@x>\r\nReferences: <1@x>\r\n\r\nb\r\n");
	rig_mail_put(&rig, "INBOX", 3, "\\Draft", "Subject: c\r\n\r\nb\r\n");
	rig_mail_put(&rig, "INBOX", 4, "\\Deleted", "Subject: d\r\n\r\nb\r\n");
	TAKE({COUNTS("M1"), COUNTED("M1", 3, 1, 2, 1)});
	// What is unread elsewhere in the thread is unread here, too.
	rig_mail_copy(&rig, "INBOX", 2, 2, "Archive", true);
	TAKE({COUNTS("M1"), COUNTED("M1", 2, 1, 2, 1)},
	    {COUNTS("M2"), COUNTED("M2", 1, 0, 1, 1)});
	// An email in two mailboxes is read if it is read in one of them.
	rig_mail_copy(&rig, "INBOX", 1, 1, "Archive", false);
	rig_mail_flags(&rig, "Archive", 2, 2, STORE_FLAGS_ADD, "\\Seen");
	TAKE({COUNTS("M1"), COUNTED("M1", 2, 0, 2, 0)},
	    {COUNTS("M2"), COUNTED("M2", 2, 0, 1, 0)});
	rig_mail_flags(
	    &rig, "INBOX", 3, 4, STORE_FLAGS_REMOVE, "\\Draft \\Deleted");
	TAKE({COUNTS("M1"), COUNTED("M1", 3, 2, 3, 2)});
}

// RFC 8621 section 2: an unread email in the trash and a read one in the inbox
// make one thread.
static void the_trash_is_counted_by_itself(void **state)
{
	(void)state;
	rig_mail_put(
	    &rig, "INBOX", 1, "\\Seen", "Message-ID: <1@x>\r\n\r\na\r\n");
	rig_mail_put(&rig, "Trash", 2, "", "References: <1@x>\r\n\r\nb\r\n");
	TAKE({COUNTS("M1"), COUNTED("M1", 1, 0, 1, 0)},
	    {COUNTS("M6"), COUNTED("M6", 1, 1, 1, 1)});
	// Another mailbox becomes the trash.
	TAKE({"Mailbox/set", "{'update':{'M2':{'role':'trash'}}}",
	    "notUpdated/M2/properties", "['role']"});
	TAKE({"Mailbox/set",
		 "{'update':{'M6':{'role':null},'M2':{'role':'archive'}}}",
		 "updated", "{'M6':null,'M2':null}"},
	    {COUNTS("M1"), COUNTED("M1", 1, 0, 1, 1)},
	    {COUNTS("M6"), COUNTED("M6", 1, 1, 1, 1)});
}

// ---- Mailbox/changes -------------------------------------------------------

static json_t *changes(const char *more)
{
	char arguments[200];
	snprintf(arguments, sizeof(arguments), "{'sinceState':'@S'%s}", more);
	return jmap_rig_call(&rig, "Mailbox/changes", arguments);
}

static void expect_changes(const char *created, const char *updated,
    const char *destroyed, bool only_counts)
{
	json_t *json = changes("");
	jmap_rig_expect(json, "created", created);
	jmap_rig_expect(json, "updated", updated);
	jmap_rig_expect(json, "destroyed", destroyed);
	jmap_rig_expect(json, "hasMoreChanges", "false");
	jmap_rig_expect(json, "updatedProperties",
	    only_counts ? "['totalEmails','unreadEmails','totalThreads',"
			  "'unreadThreads']"
			: "null");
	json_decref(json);
	jmap_rig_note_state(&rig);
}

static void changes_tell_what_changed(void **state)
{
	(void)state;
	rig_mail_put(
	    &rig, "INBOX", 1, "\\Seen", "Message-ID: <1@x>\r\n\r\na\r\n");
	jmap_rig_note_state(&rig);
	expect_changes("[]", "[]", "[]", false);
	rig_mail_put(&rig, "Sent", 1, "", "Subject: s\r\n\r\na\r\n");
	expect_changes("[]", "['M5']", "[]", true);
	// The thread is in INBOX, too, where it becomes unread.
	rig_mail_put(&rig, "Archive", 1, "", "References: <1@x>\r\n\r\na\r\n");
	expect_changes("[]", "['M1','M2']", "[]", true);
	rig_mail_expunge(&rig, "Archive", 1, 1);
	expect_changes("[]", "['M1','M2']", "[]", true);
	TAKE({"Mailbox/set", "{'create':{'k':{'name':'new'}}}", "created/k/id",
	    "'M7'"});
	expect_changes("['M7']", "[]", "[]", false);
	TAKE({"Mailbox/set", "{'update':{'M7':{'name':'newer'}}}", "updated",
	    "{'M7':null}"});
	expect_changes("[]", "['M7']", "[]", false);
	TAKE({"Mailbox/set", "{'update':{'M7':{'sortOrder':7}}}", "updated",
	    "{'M7':null}"});
	expect_changes("[]", "['M7']", "[]", false);
	TAKE({"Mailbox/set", "{'update':{'M7':{'isSubscribed':false}}}",
	    "updated", "{'M7':null}"});
	expect_changes("[]", "['M7']", "[]", false);
	TAKE({"Mailbox/set", "{'create':{'k':{'name':'c','parentId':'M7'}}}",
	    "created/k/id", "'M8'"});
	jmap_rig_note_state(&rig);
	// IMAP can delete a mailbox and leave those below it.
	struct fault fault;
	struct store_asker asker = store_user(rig.users.user.account);
	assert_int_equal(
	    store_mailbox_delete(&asker, rig.account, VIEW("newer"), &fault),
	    RC_OK);
	json_t *json = changes("");
	jmap_rig_expect(json, "destroyed", "['M7']");
	jmap_rig_expect(json, "updatedProperties", "null");
	json_t *updated = json_object_get(json, "updated");
	assert_string_equal(json_string_value(json_array_get(
				updated, json_array_size(updated) - 1)),
	    "M8");
	json_decref(json);
	TAKE({"Mailbox/get", "{'ids':['M8'],'properties':['name','parentId']}",
	    "list", "[{'id':'M8','name':'newer/c','parentId':null}]"});
}

static void changes_come_in_pages(void **state)
{
	(void)state;
	jmap_rig_note_state(&rig);
	TAKE({"Mailbox/set", "{'create':{'a':{'name':'a'}}}", "created/a/id",
		 "'M7'"},
	    {"Mailbox/set", "{'create':{'b':{'name':'b'}}}", "created/b/id",
		"'M8'"});
	char created[100] = "";
	bool more = true;
	for (int pages = 0; more; pages++) {
		json_t *json = changes(",'maxChanges':1");
		const json_t *new = json_object_get(json, "created");
		assert_true(pages < 10);
		assert_true(
		    json_array_size(new) +
			json_array_size(json_object_get(json, "updated")) <=
		    1);
		if (json_array_size(new))
			snprintf(created + strlen(created), 20, "%s",
			    json_string_value(json_array_get(new, 0)));
		more = json_is_true(json_object_get(json, "hasMoreChanges"));
		jmap_rig_note_state_of(&rig, json);
		json_decref(json);
	}
	assert_string_equal(created, "M7M8");
	TAKE({"Mailbox/changes", "{'sinceState':'x'}", "type",
		 "'cannotCalculateChanges'"},
	    {"Mailbox/changes", "{'sinceState':'99999'}", "type",
		"'cannotCalculateChanges'"},
	    {"Mailbox/changes", "{}", "type", "'invalidArguments'"},
	    {"Mailbox/changes", "{'sinceState':'1','maxChanges':0}", "type",
		"'invalidArguments'"});
}

// ---- Mailbox/query ---------------------------------------------------------

static void make_tree(void)
{
	TAKE({"Mailbox/set",
		 "{'create':{'b':{'name':'b','parentId':'#a','sortOrder':5}}}",
		 "notCreated/b/properties", "['parentId']"},
	    // The parent is created first, whatever their order is.
	    {"Mailbox/set",
		"{'create':{'b':{'name':'B','parentId':'#a','sortOrder':50},"
		"'a':{'name':'\xc3\xa4 work','isSubscribed':false}}}",
		"notCreated", "null"},
	    {"Mailbox/set",
		"{'create':{'c':{'name':'c','parentId':'M7','sortOrder':20}}}",
		"notCreated", "null"},
	    {"Mailbox/get",
		"{'ids':['M7'],'properties':['name','sortOrder',"
		"'isSubscribed']}",
		"list",
		"[{'id':'M7','name':'\xc3\xa4 work','sortOrder':10,"
		"'isSubscribed':false}]"});
}

static void queries_filter_and_sort(void **state)
{
	(void)state;
	make_tree(); // M7, and below it M8 "B" and M9 "c"
	TAKE({"Mailbox/query", "{'filter':{'name':'B'}}", "canCalculateChanges",
		 "true"},
	    {"Mailbox/query", "{'filter':{'parentId':null}}", "ids",
		"['M2','M3','M1','M4','M5','M6','M7']"},
	    {"Mailbox/query",
		"{'filter':{'parentId':'M7'},'sort':[{'property':'name'}]}",
		"ids", "['M8','M9']"},
	    {"Mailbox/query",
		"{'filter':{'parentId':'M7'},'sort':[{'property':"
		"'sortOrder'}]}",
		"ids", "['M9','M8']"},
	    {"Mailbox/query", "{'filter':{'name':'\xc3\x84 W'}}", "ids",
		"['M7']"},
	    {"Mailbox/query", "{'filter':{'role':'trash'}}", "ids", "['M6']"},
	    {"Mailbox/query", "{'filter':{'role':null}}", "ids",
		"['M7','M8','M9']"},
	    {"Mailbox/query",
		"{'filter':{'hasAnyRole':true},'sort':[{'property':"
		"'sortOrder'}],'limit':2,'calculateTotal':true}",
		"ids", "['M1','M3']"},
	    {"Mailbox/query",
		"{'filter':{'hasAnyRole':true},'calculateTotal':true}", "total",
		"6"},
	    {"Mailbox/query", "{'filter':{'hasAnyRole':false}}", "ids",
		"['M7','M8','M9']"},
	    {"Mailbox/query", "{'filter':{'isSubscribed':false}}", "ids",
		"['M7']"},
	    {"Mailbox/query",
		"{'filter':{'operator':'OR','conditions':[{'role':'inbox'},"
		"{'operator':'NOT','conditions':[{'hasAnyRole':true},"
		"{'isSubscribed':true}]}]}}",
		"ids", "['M1','M7']"},
	    {"Mailbox/query",
		"{'filter':{'operator':'AND','conditions':[{'isSubscribed':"
		"true},{'hasAnyRole':false}]}}",
		"ids", "['M8','M9']"},
	    // All mailboxes above have to match, too.
	    {"Mailbox/query",
		"{'filter':{'hasAnyRole':false,'isSubscribed':true},"
		"'filterAsTree':true}",
		"ids", "[]"},
	    {"Mailbox/query",
		"{'filter':{'hasAnyRole':false},'filterAsTree':true}", "ids",
		"['M7','M8','M9']"},
	    {"Mailbox/query",
		"{'sort':[{'property':'sortOrder','isAscending':false},"
		"{'property':'name'}],'position':6}",
		"ids", "['M5','M3','M1']"},
	    {"Mailbox/query", "{'sort':[{'property':'name'}]}", "ids",
		"['M2','M7','M8','M9','M3','M1','M4','M5','M6']"},
	    {"Mailbox/query",
		"{'sort':[{'property':'sortOrder'}],'sortAsTree':true}", "ids",
		"['M1','M3','M5','M2','M4','M6','M7','M9','M8']"},
	    {"Mailbox/query",
		"{'sort':[{'property':'name','isAscending':false}],"
		"'sortAsTree':true}",
		"ids", "['M6','M5','M4','M1','M3','M7','M9','M8','M2']"},
	    {"Mailbox/query",
		"{'sort':[{'property':'sortOrder'}],'anchor':'M2','limit':1,"
		"'anchorOffset':1}",
		"ids", "['M4']"},
	    {"Mailbox/query", "{'anchor':'M77'}", "type", "'anchorNotFound'"},
	    {"Mailbox/query", "{'filter':{'frob':1}}", "type",
		"'unsupportedFilter'"},
	    {"Mailbox/query", "{'filter':{'name':1}}", "type",
		"'invalidArguments'"},
	    {"Mailbox/query",
		"{'filter':{'operator':'OR','conditions':[{'name':1}]}}",
		"type", "'invalidArguments'"},
	    {"Mailbox/query", "{'sort':[{'property':'frob'}]}", "type",
		"'unsupportedSort'"},
	    {"Mailbox/query", "{'frob':1}", "type", "'invalidArguments'"});
}

static void query_changes(
    const char *arguments, const char *removed, const char *added)
{
	char text[300];
	snprintf(text, sizeof(text), "{'sinceQueryState':'@S'%s}", arguments);
	json_t *json = jmap_rig_call(&rig, "Mailbox/queryChanges", text);
	jmap_rig_expect(json, "removed", removed);
	jmap_rig_expect(json, "added", added);
	json_decref(json);
}

static void query_changes_are_exact(void **state)
{
	(void)state;
	const char *by_name =
	    ",'sort':[{'property':'name'}],'filter':{'hasAnyRole':false}";
	make_tree();
	jmap_rig_note_state(&rig);
	query_changes(by_name, "[]", "[]");
	rig_mail_put(&rig, "INBOX", 1, "", "Subject: s\r\n\r\na\r\n");
	query_changes(by_name, "[]", "[]");
	TAKE({"Mailbox/set", "{'update':{'M8':{'name':'z'}}}", "notUpdated",
	    "null"});
	query_changes(by_name, "['M8']", "[{'id':'M8','index':2}]");
	TAKE({"Mailbox/set", "{'destroy':['M9']}", "destroyed", "['M9']"});
	query_changes(by_name, "['M9','M8']", "[{'id':'M8','index':1}]");
	jmap_rig_note_state(&rig);
	// With those above it, a mailbox comes and goes.
	TAKE({"Mailbox/set", "{'update':{'M7':{'isSubscribed':true}}}",
	    "notUpdated", "null"});
	query_changes(",'filter':{'isSubscribed':true},'filterAsTree':true",
	    "['M7','M8']", "[{'id':'M7','index':6},{'id':'M8','index':7}]");
	query_changes(",'filter':{'isSubscribed':true}", "['M7']",
	    "[{'id':'M7','index':6}]");
	TAKE({"Mailbox/queryChanges", "{'sinceQueryState':'x'}", "type",
		 "'cannotCalculateChanges'"},
	    {"Mailbox/queryChanges", "{'sinceQueryState':'1','maxChanges':1}",
		"type", "'tooManyChanges'"},
	    {"Mailbox/queryChanges", "{}", "type", "'invalidArguments'"});
}

// ---- Mailbox/set -----------------------------------------------------------

static void creating(void **state)
{
	(void)state;
	TAKE({"Mailbox/set", "{'create':{'k':{'name':'x'}}}", "created/k",
		 "{'id':'M7','totalEmails':0,'unreadEmails':0,"
		 "'totalThreads':0,'unreadThreads':0,'sortOrder':10,"
		 "'parentId':null,'role':null,'isSubscribed':true,'myRights':{"
		 "'mayReadItems':true,'mayAddItems':true,"
		 "'mayRemoveItems':true,'maySetSeen':true,"
		 "'maySetKeywords':true,'mayCreateChild':true,"
		 "'mayRename':true,'mayDelete':true,'maySubmit':true}}"},
	    {"Mailbox/set", "{'create':{'k':{'name':'x'}}}", "notCreated/k",
		"{'type':'alreadyExists','existingId':'M7'}"},
	    {"Mailbox/set", "{'create':{'k':{'name':'iNBOX'}}}",
		"notCreated/k/type", "'alreadyExists'"},
	    {"Mailbox/set",
		"{'create':{'k':{'name':'x','parentId':'M7','role':'all'}}}",
		"created/k/id", "'M8'"},
	    {"Mailbox/get",
		"{'ids':['M8'],'properties':['name','parentId','role']}",
		"list",
		"[{'id':'M8','name':'x','parentId':'M7','role':'all'}]"},
	    {"Mailbox/set", "{'create':{'k':{'name':'y','role':'all'}}}",
		"notCreated/k",
		"{'type':'invalidProperties','properties':['role']}"},
	    {"Mailbox/set", "{'create':{'k':{'name':'y','role':'inbox'}}}",
		"notCreated/k/properties", "['role']"},
	    {"Mailbox/set", "{'create':{'k':{'name':'y','role':'frob'}}}",
		"notCreated/k/properties", "['role']"},
	    {"Mailbox/set", "{'create':{'k':{'name':'a/b'}}}",
		"notCreated/k/properties", "['name']"},
	    {"Mailbox/set", "{'create':{'k':{'name':''}}}",
		"notCreated/k/properties", "['name']"},
	    {"Mailbox/set", "{'create':{'k':{'name':'\\u0001'}}}",
		"notCreated/k/properties", "['name']"},
	    {"Mailbox/set", "{'create':{'k':{}}}", "notCreated/k/properties",
		"['name']"},
	    {"Mailbox/set",
		"{'create':{'k':{'name':'y','totalEmails':3,'frob':1}}}",
		"notCreated/k/type", "'invalidProperties'"},
	    {"Mailbox/set", "{'create':{'k':{'name':'y','parentId':'M99'}}}",
		"notCreated/k/properties", "['parentId']"},
	    {"Mailbox/set",
		"{'create':{'k':{'name':'y','sortOrder':2147483648}}}",
		"notCreated/k/properties", "['sortOrder']"},
	    {"Mailbox/set", "{'ifInState':'1','create':{'k':{'name':'y'}}}",
		"type", "'stateMismatch'"},
	    {"Mailbox/set", "{'create':{'k':1}}", "type", "'invalidArguments'"},
	    {"Mailbox/set", "{'frob':1}", "type", "'invalidArguments'"});
}

static void changing(void **state)
{
	(void)state;
	TAKE({"Mailbox/set",
		 "{'create':{'a':{'name':'a'},'b':{'name':'b','parentId':'#a'}"
		 "}}",
		 "notCreated", "null"}, // M7, M8
	    {"Mailbox/set", "{'update':{'M7':{'name':'aa'}}}", "updated",
		"{'M7':null}"},
	    // Subscriptions go with the mailboxes.
	    {"Mailbox/get",
		"{'ids':['M7','M8'],'properties':['name','parentId',"
		"'isSubscribed']}",
		"list",
		"[{'id':'M7','name':'aa','parentId':null,'isSubscribed':true},"
		"{'id':'M8','name':'b','parentId':'M7','isSubscribed':true}]"},
	    {"Mailbox/set", "{'update':{'M7':{'parentId':'M8'}}}",
		"notUpdated/M7/properties", "['parentId']"},
	    {"Mailbox/set", "{'update':{'M7':{'parentId':'M7'}}}",
		"notUpdated/M7/properties", "['parentId']"},
	    {"Mailbox/set", "{'update':{'M8':{'parentId':null,'name':'aa'}}}",
		"notUpdated/M8", "{'type':'alreadyExists','existingId':'M7'}"},
	    {"Mailbox/set", "{'update':{'M8':{'parentId':null,'name':'c'}}}",
		"updated", "{'M8':null}"},
	    {"Mailbox/get", "{'ids':['M8'],'properties':['name','parentId']}",
		"list", "[{'id':'M8','name':'c','parentId':null}]"},
	    {"Mailbox/set",
		"{'update':{'M8':{'isSubscribed':false,'role':'important',"
		"'sortOrder':3}}}",
		"updated", "{'M8':null}"},
	    {"Mailbox/get",
		"{'ids':['M8'],'properties':['isSubscribed','role',"
		"'sortOrder']}",
		"list",
		"[{'id':'M8','isSubscribed':false,'role':'important',"
		"'sortOrder':3}]"},
	    {"Mailbox/set", "{'update':{'M8':{'role':null}}}", "updated",
		"{'M8':null}"},
	    {"Mailbox/get", "{'ids':['M8'],'properties':['role']}", "list",
		"[{'id':'M8','role':null}]"},
	    {"Mailbox/set", "{'update':{'M7':{'role':'sent'}}}",
		"notUpdated/M7/properties", "['role']"},
	    // A role goes from one to the other, whatever their order is.
	    {"Mailbox/set",
		"{'update':{'M7':{'role':'sent'},'M5':{'role':null}}}",
		"updated", "{'M7':null,'M5':null}"},
	    {"Mailbox/set", "{'update':{'M1':{'name':'in'}}}",
		"notUpdated/M1/type", "'forbidden'"},
	    {"Mailbox/set", "{'update':{'M1':{'parentId':'M7'}}}",
		"notUpdated/M1/type", "'forbidden'"},
	    {"Mailbox/set", "{'update':{'M1':{'role':null}}}",
		"notUpdated/M1/properties", "['role']"},
	    {"Mailbox/set",
		"{'update':{'M1':{'isSubscribed':false,'sortOrder':9,"
		"'name':'Inbox'}}}",
		"updated", "{'M1':null}"},
	    {"Mailbox/set", "{'update':{'M99':{'name':'x'}}}",
		"notUpdated/M99/type", "'notFound'"},
	    {"Mailbox/set", "{'update':{'M7':{'totalEmails':5}}}",
		"notUpdated/M7/properties", "['totalEmails']"},
	    {"Mailbox/set",
		"{'update':{'M7':{'totalEmails':0,'id':'M7','name':'n'}}}",
		"updated", "{'M7':null}"},
	    {"Mailbox/set", "{'update':{'M7':{'frob':5}}}",
		"notUpdated/M7/properties", "['frob']"},
	    {"Mailbox/set", "{'update':{'M7':{'name':null}}}",
		"notUpdated/M7/properties", "['name']"},
	    {"Mailbox/set", "{'update':{'M7':{'myRights/mayDelete':false}}}",
		"notUpdated/M7/properties", "['myRights']"},
	    {"Mailbox/set", "{'update':{'M7':{'x/y':5}}}", "notUpdated/M7/type",
		"'invalidPatch'"});
}

static void destroying(void **state)
{
	(void)state;
	TAKE({"Mailbox/set",
	    "{'create':{'a':{'name':'a'},'b':{'name':'b','parentId':'#a'}}}",
	    "notCreated", "null"});
	rig_mail_put(&rig, "a/b", 1, "", "Subject: s\r\n\r\nb\r\n");
	rig_mail_copy(&rig, "a/b", 1, 1, "Archive", false);
	TAKE({"Mailbox/set", "{'destroy':['M7']}", "notDestroyed/M7/type",
		 "'mailboxHasChild'"},
	    {"Mailbox/set", "{'destroy':['M7'],'onDestroyRemoveEmails':true}",
		"notDestroyed/M7/type", "'mailboxHasChild'"},
	    {"Mailbox/set", "{'destroy':['M8']}", "notDestroyed/M8/type",
		"'mailboxHasEmail'"},
	    {COUNTS("M8"), COUNTED("M8", 1, 1, 1, 1)},
	    {"Mailbox/set", "{'destroy':['M1']}", "notDestroyed/M1/type",
		"'forbidden'"},
	    {"Mailbox/set", "{'destroy':['M99','x']}", "notDestroyed/x/type",
		"'notFound'"},
	    {"Mailbox/set", "{'destroy':[1]}", "type", "'invalidArguments'"},
	    // Both, in any order.
	    {"Mailbox/set",
		"{'destroy':['M7','M8'],'onDestroyRemoveEmails':true}",
		"destroyed", "['M8','M7']"},
	    {COUNTS("M2"), COUNTED("M2", 1, 1, 1, 1)},
	    {"Mailbox/get", "{'ids':['M7','M8']}", "notFound", "['M7','M8']"},
	    {"Mailbox/set", "{'destroy':['M7']}", "notDestroyed/M7/type",
		"'notFound'"});
	// A message that is not visible does not count as an email.
	TAKE({"Mailbox/set", "{'create':{'a':{'name':'a'}}}", "notCreated",
	    "null"});
	rig_mail_put(&rig, "a", 1, "\\Deleted", "Subject: s\r\n\r\nb\r\n");
	TAKE({"Mailbox/set", "{'destroy':['M9']}", "destroyed", "['M9']"});
}

// RFC 8621 section 2.6: by references to the changes.
static void the_example_of_the_rfc(void **state)
{
	(void)state;
	rig_mail_put(&rig, "INBOX", 1, "", "Subject: s\r\n\r\nb\r\n");
	jmap_rig_note_state(&rig);
	rig_mail_flags(&rig, "INBOX", 1, 1, STORE_FLAGS_ADD, "\\Seen");
	json_t *json = jmap_rig_calls(&rig,
	    "[['Mailbox/changes',{'accountId':'@A','sinceState':'@S'},'0'],"
	    "['Mailbox/get',{'accountId':'@A','#ids':{'resultOf':'0','name':"
	    "'Mailbox/changes','path':'/created'}},'1'],"
	    "['Mailbox/get',{'accountId':'@A','#ids':{'resultOf':'0','name':"
	    "'Mailbox/changes','path':'/updated'},'#properties':{'resultOf':"
	    "'0','name':'Mailbox/changes','path':'/updatedProperties'}},'2']]");
	jmap_rig_expect(json, "1/1/list", "[]");
	jmap_rig_expect(json, "2/1/list", "[" COUNTED("M1", 1, 0, 1, 0) "]");
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RIG_TEST(a_new_account_has_these),
	    RIG_TEST(counts_are_exact),
	    RIG_TEST(the_trash_is_counted_by_itself),
	    RIG_TEST(changes_tell_what_changed),
	    RIG_TEST(changes_come_in_pages),
	    RIG_TEST(queries_filter_and_sort),
	    RIG_TEST(query_changes_are_exact),
	    RIG_TEST(creating),
	    RIG_TEST(changing),
	    RIG_TEST(destroying),
	    RIG_TEST(the_example_of_the_rfc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
