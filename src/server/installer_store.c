// SPDX-License-Identifier: Apache-2.0
// What is in the data folder: the folder itself, the domain, the first user,
// the keys.
#include <sys/stat.h>
#include <unistd.h>

#include "admin/link.h"
#include "server/installer_impl.h"

static enum installer_end fail(struct installer *in, const struct fault *fault)
{
	return installer_fail(in, INSTALLER_STOP, MEND_STORE, NULL, NULL,
	    "It was refused: %s.", fault->text);
}

static bool asks(struct installer *in, json_t *request, struct fault *fault,
    json_t **ret_answer)
{
	return installer_ask(in, request, NULL, NULL, fault, ret_answer) ==
	       RC_OK;
}

// ---- The folder ------------------------------------------------------------

// Root does not serve mail (become.h).
static bool is_roots(const struct installer *in)
{
	struct stat info;
	return geteuid() == 0 && !in->config->user[0] &&
	       stat(in->place.data, &info) == 0 && info.st_uid == 0;
}

bool installer_folder_look(struct installer *in)
{
	struct stat info;
	if (stat(in->place.data, &info) != 0 || !S_ISDIR(info.st_mode) ||
	    is_roots(in))
		return false;
	installer_say(in, INSTALLER_OK, "The mail is in %s.", in->place.data);
	return true;
}

// The unit's user and folder are described in files that were installed, and
// are made by systemd's tools.
static void run_makers(void)
{
	static const char *const makers[][4] = {
	    {"systemd-sysusers", "roost.conf", NULL},
	    {"systemd-tmpfiles", "--create", "roost.conf", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(makers) && geteuid() == 0; i++) {
		struct buf out;
		buf_init(&out, INSTALLER_TEXT_MAX);
		(void)installer_program(makers[i], &out);
		buf_done(&out);
	}
}

enum installer_end installer_folder_act(struct installer *in)
{
	struct fault fault = {0};
	run_makers();
	if (is_roots(in))
		return installer_fail(in, INSTALLER_STOP, MEND_OWNER,
		    in->place.data, NULL,
		    "The folder for the mail, %s, is root's, and root does not "
		    "serve mail.",
		    in->place.data);
	if (!asks(in, installer_request("status", NULL, NULL), &fault, NULL))
		return installer_fail(in, INSTALLER_STOP, MEND_FOLDER, NULL,
		    NULL, "The folder for the mail cannot be made: %s.",
		    fault.text);
	installer_say(
	    in, INSTALLER_OK, "%s was made for the mail.", in->place.data);
	return INSTALLER_OK;
}

// ---- The domain ------------------------------------------------------------

bool installer_domain_look(struct installer *in)
{
	if (in->domain_exists)
		installer_say(in, INSTALLER_OK,
		    "%s is a domain of this server.", in->domain);
	return in->domain_exists;
}

enum installer_end installer_domain_act(struct installer *in)
{
	struct fault fault = {0};
	if (!asks(in, installer_request("domain.add", "domain", in->domain),
		&fault, NULL))
		return fail(in, &fault);
	installer_say(in, INSTALLER_OK, "The domain %s was added.", in->domain);
	return INSTALLER_OK;
}

// ---- The user --------------------------------------------------------------

bool installer_user_look(struct installer *in)
{
	if (in->user_exists)
		installer_say(
		    in, INSTALLER_OK, "The user %s exists.", in->user);
	return in->user_exists;
}

enum installer_end installer_user_act(struct installer *in)
{
	struct fault fault = {0};
	json_t *answer;
	json_t *request = installer_request("user.add", "user", in->user);
	json_object_set_new(
	    request, "password", link_text(view_of_string(in->password)));
	if (!asks(in, request, &fault, &answer)) {
		json_decref(answer);
		return fail(in, &fault);
	}
	installer_say(in, INSTALLER_OK, "The user %s was added: %s.", in->user,
	    in->address);
	if (in->generated)
		installer_say(
		    in, INSTALLER_NOTE, "The password is %s", in->password);
	struct view doubt = link_member(answer, "doubt");
	if (doubt.len > 0)
		installer_say(in, INSTALLER_NOTE, "But %.*s.", VIEW_FMT(doubt));
	json_decref(answer);
	return INSTALLER_OK;
}

// ---- Keys ------------------------------------------------------------------

static void count_key(void *context, const json_t *message)
{
	unsigned *count = context;
	(void)message;
	++*count;
}

bool installer_keys_look(struct installer *in)
{
	struct fault fault;
	unsigned count = 0;
	enum rc rc = installer_ask(in,
	    installer_request("dkim.list", "domain", in->domain), count_key,
	    &count, &fault, NULL);
	if (rc != RC_OK || count == 0)
		return false;
	installer_say(in, INSTALLER_OK, "%u keys sign the mail of %s.", count,
	    in->domain);
	return true;
}

enum installer_end installer_keys_act(struct installer *in)
{
	struct fault fault = {0};
	json_t *request = installer_request("dkim.new", "domain", in->domain);
	json_object_set_new(request, "algorithm", json_string("both"));
	if (!asks(in, request, &fault, NULL))
		return fail(in, &fault);
	installer_say(in, INSTALLER_OK,
	    "Two keys were made that sign the mail of %s (RSA and Ed25519).",
	    in->domain);
	return INSTALLER_OK;
}
