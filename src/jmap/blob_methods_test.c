// SPDX-License-Identifier: Apache-2.0
// Blob/upload, Blob/get, Blob/lookup, Blob/copy: the examples of RFC 9404.
#include "jmap/rig_one.h"

// Runs calls, and returns the arguments of the response at `index`.
static json_t *run(const char *calls, size_t index)
{
	json_t *all = jmap_rig_calls(&rig, calls);
	json_t *one =
	    json_incref(json_array_get(json_array_get(all, index), 1));
	json_decref(all);
	return one;
}

#define FOX "The quick brown fox jumped over the lazy dog."

// Section 4.1.2.
static void sources_are_put_together(void **state)
{
	(void)state;
	json_t *json = run(
	    "[['Blob/upload',{'accountId':'@A','create':{'b4':{'data':["
	    "{'data:asText':'" FOX "'}]}}},'S4'],"
	    "['Blob/upload',{'accountId':'@A','create':{'cat':{'data':["
	    "{'data:asText':'How'},"
	    "{'blobId':'#b4','length':7,'offset':3},"
	    "{'data:asText':'was t'},"
	    "{'blobId':'#b4','length':1,'offset':1},"
	    "{'data:asBase64':'YXQ/'}]}}},'CAT'],"
	    "['Blob/get',{'accountId':'@A','properties':['data:asText','size'],"
	    "'ids':['#cat']},'G4']]",
	    2);
	jmap_rig_expect(json, "list/0/data:asText", "'How quick was that?'");
	jmap_rig_expect(json, "list/0/size", "19");
	jmap_rig_expect(json, "notFound", "[]");
	assert_int_equal(json_object_size(jmap_rig_at(json, "list/0")), 3);
	assert_null(json_object_get(json, "state"));
	json_decref(json);
}

// Section 4.2.1.
static void digests_and_ranges_are_given(void **state)
{
	(void)state;
#define UPLOAD_FOX                                                             \
	"[['Blob/upload',{'accountId':'@A','create':{'b':{'data':["            \
	"{'data:asText':'" FOX "'}],'type':'text/x'}}},'0'],"
	json_t *json = run(UPLOAD_FOX
	    "['Blob/get',{'accountId':'@A','ids':['#b','not-a-blob'],"
	    "'properties':['data:asText','digest:sha','size']},'R1']]",
	    1);
	jmap_rig_expect(json, "list/0/data:asText", "'" FOX "'");
	jmap_rig_expect(
	    json, "list/0/digest:sha", "'wIVPufsDxBzOOALLDSIFKebu+U4='");
	jmap_rig_expect(json, "list/0/size", "45");
	jmap_rig_expect(json, "notFound", "['not-a-blob']");
	json_decref(json);
	json = run(UPLOAD_FOX
	    "['Blob/get',{'accountId':'@A','ids':['#b'],'properties':["
	    "'data:asText','digest:sha','digest:sha-256','size'],"
	    "'offset':4,'length':9},'R2']]",
	    1);
	jmap_rig_expect(json, "list/0/data:asText", "'quick bro'");
	jmap_rig_expect(
	    json, "list/0/digest:sha", "'QiRAPtfyX8K6tm1iOAtZ87Xj3Ww='");
	jmap_rig_expect(json, "list/0/digest:sha-256",
	    "'gdg9INW7lwHK6OQ9u0dwDz2ZY/gubi0En0xlFpKt0OA='");
	jmap_rig_expect(json, "list/0/size", "45");
	json_decref(json);
}

// Section 4.2.2. Members without "id".
static const struct {
	const char *args;
	const char *b1, *b2;
} ranges[] = {
    {"",
	"{'isEncodingProblem':true,'data:asBase64':"
	"'VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wZWQgb3ZlciB0aGUggYEgZG9nLg==',"
	"'size':43}",
	"{'data:asText':'hello world','size':11}"},
    {",'properties':['data:asText','size']",
	"{'isEncodingProblem':true,'data:asText':null,'size':43}",
	"{'data:asText':'hello world','size':11}"},
    {",'properties':['data:asBase64','size']",
	"{'data:asBase64':"
	"'VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wZWQgb3ZlciB0aGUggYEgZG9nLg==',"
	"'size':43}",
	"{'data:asBase64':'aGVsbG8gd29ybGQ=','size':11}"},
    {",'offset':0,'length':5", "{'data:asText':'The q','size':43}",
	"{'data:asText':'hello','size':11}"},
    {",'offset':20,'length':100",
	"{'isTruncated':true,'isEncodingProblem':true,"
	"'data:asBase64':'anVtcGVkIG92ZXIgdGhlIIGBIGRvZy4=','size':43}",
	"{'isTruncated':true,'data:asText':'','size':11}"},
    {",'offset':11",
	"{'isEncodingProblem':true,"
	"'data:asBase64':'cm93biBmb3gganVtcGVkIG92ZXIgdGhlIIGB"
	"IGRvZy4=','size':43}",
	"{'data:asText':'','size':11}"},
    {",'offset':12,'properties':['data:asText']",
	"{'isEncodingProblem':true,'data:asText':null}",
	"{'isTruncated':true,'data:asText':''}"},
    {",'length':0,'properties':['data:asText']", "{'data:asText':''}",
	"{'data:asText':''}"},
    {",'properties':['size']", "{'size':43}", "{'size':11}"},
    {",'properties':['id']", "{}", "{}"},
};

static void what_is_no_text_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		char calls[1500];
		snprintf(calls, sizeof(calls),
		    "[['Blob/upload',{'accountId':'@A','create':{"
		    "'b1':{'data':[{'data:asBase64':"
		    "'VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wZWQgb3ZlciB0aGUggYEgZG9n"
		    "Lg=='}]},"
		    "'b2':{'data':[{'data:asText':'hello world'}],"
		    "'type':'text/plain'}}},'S1'],"
		    "['Blob/get',{'accountId':'@A','ids':['#b1','#b2']%s},"
		    "'G']]",
		    ranges[i].args);
		json_t *json = run(calls, 1);
		json_object_del(jmap_rig_at(json, "list/0"), "id");
		json_object_del(jmap_rig_at(json, "list/1"), "id");
		jmap_rig_expect(json, "list/0", ranges[i].b1);
		jmap_rig_expect(json, "list/1", ranges[i].b2);
		json_decref(json);
	}
}

static const struct {
	const char *object;
	const char *error;
} wrong[] = {
    {"{}", "'invalidProperties'"},
    {"1", "'invalidProperties'"},
    {"{'data':'x'}", "'invalidProperties'"},
    {"{'data':[1]}", "'invalidProperties'"},
    {"{'data':[{}]}", "'invalidProperties'"},
    {"{'data':[{'data:asText':'a','data:asBase64':'YQ=='}]}",
	"'invalidProperties'"},
    {"{'data':[{'data:asText':1}]}", "'invalidProperties'"},
    {"{'data':[{'data:asBase64':'Y Q=='}]}", "'invalidProperties'"},
    {"{'data':[{'data:asBase64':'YQ'}]}", "'invalidProperties'"},
    {"{'data':[],'type':1}", "'invalidProperties'"},
    {"{'data':[{'blobId':'none'}]}", "'blobNotFound'"},
    {"{'data':[{'blobId':'#none'}]}", "'blobNotFound'"},
    {"{'data':[{'blobId':'#b','offset':-1}]}", "'invalidProperties'"},
    {"{'data':[{'blobId':'#b','offset':46}]}", "'invalidProperties'"},
    {"{'data':[{'blobId':'#b','offset':40,'length':6}]}",
	"'invalidProperties'"},
};

static void what_cannot_be_made_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char calls[1500];
		snprintf(calls, sizeof(calls),
		    UPLOAD_FOX "['Blob/upload',{'accountId':'@A','create':"
			       "{'x':%s,'y':{'data':[]}}},'1']]",
		    wrong[i].object);
		json_t *json = run(calls, 1);
		jmap_rig_expect(json, "notCreated/x/type", wrong[i].error);
		jmap_rig_expect(json, "created/y/size", "0");
		json_decref(json);
	}
}

static void the_ends_of_ranges_are_exact(void **state)
{
	(void)state;
	json_t *json = run(UPLOAD_FOX
	    "['Blob/upload',{'accountId':'@A','create':{"
	    "'p':{'data':[{'blobId':'#b','offset':45}]},"
	    "'q':{'data':[{'blobId':'#b','offset':40,'length':5}]},"
	    "'r':{'data':[{'blobId':'#b','length':0},{'blobId':'#b'}]}}},"
	    "'1']]",
	    1);
	jmap_rig_expect(json, "created/p/size", "0");
	jmap_rig_expect(json, "created/q/size", "5");
	jmap_rig_expect(json, "created/r/size", "45");
	jmap_rig_expect(json, "notCreated", "null");
	json_decref(json);
	json = run(UPLOAD_FOX "['Core/echo',{},'1']]", 0);
	jmap_rig_expect(json, "created/b/type", "'text/x'");
	json_decref(json);
}

static void a_blob_is_looked_up(void **state)
{
	(void)state;
	char calls[600], expected[300];
	unsigned long long email = jmap_rig_deliver(&rig, "INBOX",
	    "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
	    "--a\r\n\r\ntext\r\n--a--\r\n");
	snprintf(calls, sizeof(calls),
	    "[['Blob/lookup',{'accountId':'@A','typeNames':['Email','Thread',"
	    "'Mailbox'],'ids':['B%llu','B%llu-1','B%llu-9','x']},'1']]",
	    email, email, email);
	json_t *json = run(calls, 0);
	snprintf(expected, sizeof(expected), "['E%llu']", email);
	jmap_rig_expect(json, "list/0/matchedIds/Email", expected);
	jmap_rig_expect(json, "list/1/matchedIds/Email", expected);
	assert_int_equal(
	    json_array_size(jmap_rig_at(json, "list/0/matchedIds/Mailbox")), 1);
	assert_int_equal(
	    json_array_size(jmap_rig_at(json, "list/0/matchedIds/Thread")), 1);
	for (int i = 2; i < 4; i++)
		jmap_rig_expect(json,
		    i == 2 ? "list/2/matchedIds" : "list/3/matchedIds",
		    "{'Mailbox':[],'Thread':[],'Email':[]}");
	json_decref(json);
	json = jmap_rig_call(
	    &rig, "Blob/lookup", "{'typeNames':['Foo'],'ids':[]}");
	jmap_rig_expect(json, "type", "'unknownDataType'");
	json_decref(json);
	json = jmap_rig_call(&rig, "Blob/lookup", "{'ids':[]}");
	jmap_rig_expect(json, "type", "'invalidArguments'");
	json_decref(json);
}

static void nothing_is_copied_within_an_account(void **state)
{
	(void)state;
	static const struct {
		const char *args;
		const char *error;
	} rows[] = {
	    {"{'fromAccountId':'@A','accountId':'@A','blobIds':['x']}",
		"'invalidArguments'"},
	    {"{'fromAccountId':'A1','accountId':'@A','blobIds':['x']}",
		"'fromAccountNotFound'"},
	    {"{'fromAccountId':'A1','accountId':'@A'}", "'invalidArguments'"},
	    {"{'fromAccountId':'@A','accountId':'A1','blobIds':['x']}",
		"'accountNotFound'"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *json = jmap_rig_call(&rig, "Blob/copy", rows[i].args);
		jmap_rig_expect(json, "type", rows[i].error);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sources_are_put_together),
	    cmocka_unit_test(digests_and_ranges_are_given),
	    cmocka_unit_test(what_is_no_text_is_told),
	    cmocka_unit_test(what_cannot_be_made_is_refused),
	    cmocka_unit_test(the_ends_of_ranges_are_exact),
	    cmocka_unit_test(a_blob_is_looked_up),
	    cmocka_unit_test(nothing_is_copied_within_an_account),
	};
	return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}
