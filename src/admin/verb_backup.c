// SPDX-License-Identifier: Apache-2.0
// The requests "backup" and "renew".
//
// "backup": makes a checkpoint in the data folder, and says so:
// {"note":"checkpoint","folder":…}. The other side copies the files and sends
// {"end":true}. The checkpoint is then removed, as it is when the connection
// ends.
//
// "renew": for a data folder that was restored from a backup, before a server
// uses it. Every mailbox gets a new UIDVALIDITY, because mail programs may know
// messages that came after the backup, by UIDs that will be given out again.
#include "admin/folder.h"
#include "admin/verbs.h"
#include "auth/directory.h"
#include "store/mailbox.h"

#define CHECKPOINT "checkpoint" // in the data folder

static enum rc wait_for_copy(struct verb_call *call)
{
	json_t *message;
	json_t *note =
	    json_pack("{s:s, s:s}", "note", "checkpoint", "folder", CHECKPOINT);
	enum rc rc = link_send(call->link, note, VIEW(""));
	if (rc == RC_OK)
		rc = link_receive(call->link, &message);
	if (rc == RC_OK)
		json_decref(message);
	return rc;
}

enum rc verb_backup(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	struct engine *engine = call->host->engine;
	arena_init(&arena);
	const char *path = listing_join(&arena, call->host->data, CHECKPOINT);
	enum rc rc = engine_checkpoint_open(engine, path, fault);
	if (rc == RC_OK) {
		rc = wait_for_copy(call);
		engine_checkpoint_close(engine, path);
	}
	arena_done(&arena);
	return rc;
}

static enum rc renew_account(
    struct verb_call *call, uint64_t id, struct fault *fault)
{
	struct store_account *account;
	enum rc rc = store_account_open(call->host->store, id, fault, &account);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	rc = store_mailboxes_renew(account, fault);
	store_account_close(&account);
	return rc;
}

enum rc verb_renew(struct verb_call *call, struct fault *fault)
{
	struct auth_name name = {""};
	struct auth_record record;
	json_int_t users = 0, bad = 0;
	enum rc rc = RC_OK;
	if (call->host->server)
		return fault_set(fault, RC_UNSUPPORTED,
		    "a running server gives out no new UIDVALIDITY");
	while (rc == RC_OK || rc == RC_CORRUPT) {
		rc = auth_directory_next(
		    call->host->engine, &name, &name, &record);
		if (rc != RC_OK)
			continue;
		users++;
		bad += renew_account(call, record.account, fault) != RC_OK;
	}
	json_object_set_new(call->answer, "users", json_integer(users));
	json_object_set_new(call->answer, "bad", json_integer(bad));
	return rc == RC_END ? RC_OK : rc;
}
