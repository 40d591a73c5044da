// SPDX-License-Identifier: Apache-2.0
// The account at the authority: its key, and its address.
#include <jansson.h>

#include "acme/jws.h"
#include "acme/keeper_state.h"

#define ACCOUNT_KEY    "account.pem"
#define ACCOUNT_RECORD "account.json"

enum rc acme_keeper_open_key(struct acme_keeper *keeper, struct fault *fault)
{
	struct buf pem;
	buf_init(&pem, ACME_KEY_PEM_MAX);
	enum rc rc =
	    acme_folder_read(&keeper->folder, ACCOUNT_KEY, &pem, fault);
	if (rc == RC_OK &&
	    acme_key_read(buf_view(&pem), &keeper->account_key) != RC_OK)
		rc = fault_set(fault, RC_CORRUPT,
		    "%s/" ACCOUNT_KEY " has no P-256 key: remove the file to "
		    "make another account",
		    keeper->settings.folder);
	if (rc == RC_NOT_FOUND) {
		keeper->account_key = acme_key_new();
		acme_key_write(keeper->account_key, &pem);
		rc = acme_folder_write(
		    &keeper->folder, ACCOUNT_KEY, buf_view(&pem), fault);
	}
	buf_done_secret(&pem);
	return rc;
}

// An account at another authority is none here.
void acme_keeper_read_account(struct acme_keeper *keeper)
{
	struct buf text;
	struct fault fault;
	buf_init(&text, ACME_FILE_MAX);
	json_t *json = NULL;
	if (acme_folder_read(&keeper->folder, ACCOUNT_RECORD, &text, &fault) ==
	    RC_OK)
		json = json_loadb(text.ptr ? text.ptr : "", text.len, 0, NULL);
	const char *directory =
	    json_string_value(json_object_get(json, "directory"));
	const char *url = json_string_value(json_object_get(json, "account"));
	const char *contact =
	    json_string_value(json_object_get(json, "contact"));
	if (directory && url && contact &&
	    strcmp(directory, keeper->settings.directory) == 0) {
		snprintf(keeper->account, sizeof(keeper->account), "%s", url);
		snprintf(keeper->account_contact,
		    sizeof(keeper->account_contact), "%s", contact);
	}
	json_decref(json);
	buf_done(&text);
}

void acme_keeper_keep_account(struct acme_keeper *keeper)
{
	const char *account = acme_client_account(keeper->client);
	const char *contact = keeper->settings.contact;
	struct fault fault;
	struct log_line line;
	if (!*account || (strcmp(account, keeper->account) == 0 &&
			     strcmp(contact, keeper->account_contact) == 0))
		return;
	if (strcmp(account, keeper->account) != 0) {
		log_begin(&line, keeper->settings.log, LOG_LEVEL_INFO,
		    "acme_account");
		log_add_string(&line, "account", account);
		log_add_string(
		    &line, "terms", acme_client_terms(keeper->client));
		log_end(&line);
	}
	snprintf(keeper->account, sizeof(keeper->account), "%s", account);
	snprintf(keeper->account_contact, sizeof(keeper->account_contact), "%s",
	    contact);
	json_t *json = json_pack("{s:s, s:s, s:s}", "directory",
	    keeper->settings.directory, "account", account, "contact", contact);
	char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	if (text && acme_folder_write(&keeper->folder, ACCOUNT_RECORD,
			view_of_string(text), &fault) != RC_OK)
		acme_keeper_log_fault(keeper, &fault);
	free(text);
	json_decref(json);
}
