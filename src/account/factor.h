// SPDX-License-Identifier: Apache-2.0
// What the files about second factors share; this room only.
//
// The browser's part of WebAuthn (W3C Web Authentication, level 3) is in JSON:
// options as PublicKeyCredential.parseCreationOptionsFromJSON() and
// parseRequestOptionsFromJSON() read them, answers as toJSON() writes them.
#ifndef ROOST_ACCOUNT_FACTOR_H
#define ROOST_ACCOUNT_FACTOR_H

#include "account/impl.h"
#include "auth/second.h"

// 200 {"status":"second-factor", "factors", "ticket"}. `ticket` may be NULL.
enum http_step account_answer_second(struct http_exchange *exchange,
    uint64_t user, const struct auth_token_text *ticket);

// The site of the request: its host. A passkey is for one host.
void account_site(
    struct http_exchange *exchange, struct auth_webauthn_site *ret_site);

// Adds "publicKey": {…} for navigator.credentials.get(): any passkey of
// `second`, or, if that is NULL, any that the browser has for this host.
MUST_CHECK enum rc account_json_get_options(struct http_exchange *exchange,
    struct json_text *json, struct view binding,
    const struct auth_second *second);

// Reads a member of the call's JSON, or of its "response", that is base64url.
// False: it is none, or there is none.
MUST_CHECK bool account_read_bytes(struct http_exchange *exchange,
    const struct account_json_object *json, const char *name,
    struct view *ret_bytes);
void account_add_base64(
    struct json_text *json, const char *name, struct view bytes);

// The answer of navigator.credentials.get().
MUST_CHECK bool account_read_proof(struct http_exchange *exchange,
    const struct account_json_object *json, struct view binding,
    struct auth_passkey_proof *ret_proof);
// The challenge that the browser says it has signed. What it is worth, `auth`
// decides.
MUST_CHECK bool account_read_challenge(struct http_exchange *exchange,
    struct view client_data, struct view *ret_challenge);

// An id as a text, in the arena: what a challenge is bound to.
struct view account_binding(struct http_exchange *exchange, uint64_t id);

// ---- second_routes.c -------------------------------------------------------

// Checks a ticket, and then a code for its user. Once the outcome is ACCOUNT_IN
// the ticket is used up. Anything but ACCOUNT_WAIT ends it.
enum account_outcome account_check_code(struct http_exchange *exchange,
    struct account_call *call, struct view ticket, struct view code,
    struct auth_user *ret_user);

#endif
