// SPDX-License-Identifier: Apache-2.0
// The requests that the service understands; inside the room only. A request
// runs to its end on its connection's thread. While it runs, it may send
// messages with a member "note", and receive messages. At the end control.c
// sends the result, with the members that the request has put into `answer`.
#ifndef ROOST_ADMIN_VERBS_H
#define ROOST_ADMIN_VERBS_H

#include "admin/control.h"

struct verb_call {
	const struct control_host *host;
	struct link *link;
	const json_t *request;
	json_t *answer;
};

#define VERB_TABLE(X)                                                          \
	X("user.add", verb_user_add)                                           \
	X("user.passwd", verb_user_passwd)                                     \
	X("user.list", verb_user_list)                                         \
	X("user.disable", verb_user_disable)                                   \
	X("user.remove", verb_user_remove)                                     \
	X("user.sessions", verb_user_sessions)                                 \
	X("user.kick", verb_user_kick)                                         \
	X("user.logins", verb_user_logins)                                     \
	X("user.credentials", verb_user_credentials)                           \
	X("user.revoke", verb_user_revoke)                                     \
	X("user.app-password", verb_user_app_password)                         \
	X("user.find", verb_user_find)                                         \
	X("queue.list", verb_queue_list)                                       \
	X("queue.show", verb_queue_show)                                       \
	X("queue.retry", verb_queue_retry)                                     \
	X("queue.hold", verb_queue_hold)                                       \
	X("queue.release", verb_queue_release)                                 \
	X("queue.remove", verb_queue_remove)                                   \
	X("user.detail", verb_user_detail)                                     \
	X("user.sending", verb_user_sending)                                   \
	X("domain.add", verb_domain_add)                                       \
	X("domain.set", verb_domain_set)                                       \
	X("domain.remove", verb_domain_remove)                                 \
	X("domain.list", verb_domain_list)                                     \
	X("domain.check", verb_domain_check)                                   \
	X("alias.add", verb_alias_add)                                         \
	X("alias.remove", verb_alias_remove)                                   \
	X("alias.list", verb_alias_list)                                       \
	X("dkim.new", verb_dkim_new)                                           \
	X("dkim.list", verb_dkim_list)                                         \
	X("dkim.remove", verb_dkim_remove)                                     \
	X("route", verb_route)                                                 \
	X("import", verb_import)                                               \
	X("export", verb_export)                                               \
	X("undelete", verb_undelete)                                           \
	X("backup", verb_backup)                                               \
	X("renew", verb_renew)                                                 \
	X("check", verb_check)                                                 \
	X("status", verb_status)                                               \
	X("metrics", verb_metrics)                                             \
	X("trace", verb_trace)                                                 \
	X("certificate.list", verb_certificate_list)                           \
	X("certificate.renew", verb_certificate_renew)

#define X(name, function)                                                      \
	MUST_CHECK enum rc function(                                           \
	    struct verb_call *call, struct fault *fault);
VERB_TABLE(X)
#undef X

// Opens the account of the user that the request's "user" names, even if the
// user is disabled.
MUST_CHECK enum rc verb_open_account(struct verb_call *call,
    struct fault *fault, struct store_account **ret_account);

// Ends the user's sessions and waits for their end, for a few seconds; returns
// how many there were. Cuts the connections of those that do not end.
size_t verb_sessions_end(const struct control_host *host, struct view user);

// RC_UNSUPPORTED if this host has no routes and no keys.
MUST_CHECK enum rc verb_need_route(
    const struct verb_call *call, struct fault *fault);
// Finds our domain that the request's "domain" names. RC_NOT_FOUND.
MUST_CHECK enum rc verb_find_domain(struct verb_call *call, struct arena *arena,
    struct fault *fault, struct route_domain *ret_domain);

// Flags as IMAP names them.
#define VERB_FLAG_TABLE(X)                                                     \
	X(STORE_FLAG_SEEN, "\\Seen")                                           \
	X(STORE_FLAG_ANSWERED, "\\Answered")                                   \
	X(STORE_FLAG_FLAGGED, "\\Flagged")                                     \
	X(STORE_FLAG_DELETED, "\\Deleted")                                     \
	X(STORE_FLAG_DRAFT, "\\Draft")

#endif
