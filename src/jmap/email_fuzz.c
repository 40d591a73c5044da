// SPDX-License-Identifier: Apache-2.0
// Any message, read by Email/get with every property, and by Email/parse.
// Invariants: the answer is I-JSON; each part that is no multipart can be
// downloaded and is text or an attachment; Email/parse gives what Email/get
// gives.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jmap/blob.h"
#include "jmap/impl.h"
#include "jmap/request.h"
#include "jmap/rig.h"
#include "store/change.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ACCOUNT 1000

// Made anew for each message.
static struct engine *engine;
static struct store *store;
static struct store_account *account;
static struct jmap_rig rig; // made once, which takes long

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	jmap_rig_init(&rig);
	return 0;
}

static void open_all(void)
{
	struct fault fault;
	engine = engine_memory_new();
	store = store_new(&(struct store_options){.engine = engine});
	rig_must(store_account_enter(store, ACCOUNT, &fault, &account),
	    "the account");
	rig.jmap->options.store = store;
}

static void close_all(void)
{
	store_account_close(&account);
	store_free(&store);
	engine_close(&engine);
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void wake(void *context)
{
	(void)context;
}

// Runs one call; gives its arguments.
static json_t *ask(const char *method, const char *arguments)
{
	struct buf text;
	struct net_waker waker = {.wake = wake};
	struct jmap_user user = {.user = {.account = ACCOUNT}};
	buf_init(&text, 10000);
	buf_printf(&text,
	    "{\"using\":[\"urn:ietf:params:jmap:mail\"],\"methodCalls\":"
	    "[[\"%s\",{\"accountId\":\"A%x\",%s},\"0\"]]}",
	    method, ACCOUNT, arguments);
	struct jmap_request *request =
	    jmap_request_new(rig.jmap, &user, buf_view(&text), waker);
	while (jmap_request_run(request) != JMAP_DONE)
		;
	struct view response = jmap_request_response(request);
	json_t *json = json_loadb(response.ptr, response.len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	must(json, "the response is no JSON");
	json_t *got = json_incref(jmap_rig_at(json, "methodResponses/0/1"));
	must(got && !json_object_get(got, "type"), "an error was answered");
	json_decref(json);
	jmap_request_free(&request);
	buf_done(&text);
	return got;
}

static uint64_t deliver(struct view message)
{
	struct fault fault;
	struct store_mailbox *mailbox;
	struct store_appended appended;
	struct store_asker asker = store_user(ACCOUNT);
	struct store_draft *draft = store_draft_new(store);
	struct store_message entry;
	rig_must(store_draft_add(draft, message), "draft");
	rig_must(store_draft_finish(draft), "draft");
	rig_must(store_mailbox_open(&asker, account, VIEW("INBOX"),
		     STORE_RIGHTS_ALL, &fault, &mailbox),
	    "open");
	struct store_append append = {.draft = draft};
	rig_must(
	    store_append(mailbox, &append, 1, &fault, &appended), "append");
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	store_snapshot_get(
	    snapshot, store_snapshot_count(snapshot) - 1, &entry);
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&mailbox);
	store_draft_free(&draft);
	return entry.email_id;
}

#define PROPERTIES                                                             \
	"\"properties\":[\"messageId\",\"inReplyTo\",\"references\","          \
	"\"sender\",\"from\",\"to\",\"cc\",\"bcc\",\"replyTo\",\"subject\","   \
	"\"sentAt\",\"headers\",\"bodyStructure\",\"bodyValues\","             \
	"\"textBody\",\"htmlBody\",\"attachments\",\"hasAttachment\","         \
	"\"preview\",\"size\",\"header:To:asGroupedAddresses:all\","           \
	"\"header:X-A\",\"header:X-A:asText:all\",\"header:X-A:asURLs:all\","  \
	"\"header:X-A:asDate\",\"header:X-A:asMessageIds\","                   \
	"\"header:X-A:asAddresses\"],"                                         \
	"\"bodyProperties\":[\"partId\",\"size\",\"headers\",\"name\","        \
	"\"type\",\"charset\",\"disposition\",\"cid\",\"language\","           \
	"\"location\",\"header:X-A:all\"],\"fetchAllBodyValues\":true"

static bool lists(json_t *email, const char *name, json_t *part_id)
{
	size_t i;
	json_t *part;
	json_array_foreach(json_object_get(email, name), i, part)
	{
		if (json_equal(json_object_get(part, "partId"), part_id))
			return true;
	}
	return false;
}

// A part of the tree, and those below it; they are not deep (email_body.c).
static void check_part(json_t *email, uint64_t id, json_t *part)
{
	struct store_asker asker = store_user(ACCOUNT);
	json_t *part_id = json_object_get(part, "partId"), *below;
	struct jmap_blob *blob;
	char text[64];
	uint64_t size;
	size_t i;
	json_array_foreach(json_object_get(part, "subParts"), i, below)
	    check_part(email, id, below);
	if (!json_is_string(part_id))
		return;
	snprintf(text, sizeof(text), "B%llu-%u", (unsigned long long)id,
	    (unsigned)strtoul(json_string_value(part_id), NULL, 10));
	must(jmap_blob_open(account, &asker, view_of_string(text), &blob) ==
		 RC_OK,
	    "a part has no blob");
	must(jmap_blob_size(blob, &size) == RC_OK, "a blob cannot be read");
	must(json_is_integer(json_object_get(part, "size")), "no size");
	jmap_blob_close(&blob);
	must(lists(email, "textBody", part_id) ||
		 lists(email, "htmlBody", part_id) ||
		 lists(email, "attachments", part_id),
	    "a part is nowhere");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[5000];
	if (size == 0)
		return 0;
	open_all();
	uint64_t id = deliver(view_of(data, size));
	snprintf(text, sizeof(text), "\"ids\":[\"E%llu\"]," PROPERTIES,
	    (unsigned long long)id);
	json_t *got = ask("Email/get", text);
	json_t *email = jmap_rig_at(got, "list/0");
	must(email, "there is no email");
	check_part(email, id, json_object_get(email, "bodyStructure"));
	snprintf(text, sizeof(text), "\"blobIds\":[\"B%llu\"]," PROPERTIES,
	    (unsigned long long)id);
	json_t *other = ask("Email/parse", text);
	snprintf(text, sizeof(text), "parsed/B%llu", (unsigned long long)id);
	json_t *parsed = jmap_rig_at(other, text);
	if (parsed) {
		json_object_del(email, "id");
		must(json_equal(parsed, email), "Email/parse differs");
	}
	json_decref(other);
	json_decref(got);
	close_all();
	return 0;
}
