// SPDX-License-Identifier: Apache-2.0
// What the files with routes share.
#ifndef ROOST_SETUP_IMPL_H
#define ROOST_SETUP_IMPL_H

#include "base/tally.h"
#include "setup/account.h"
#include "setup/setup.h"

struct setup_files;

struct setup {
	struct setup_options options;
	struct setup_files *files; // of the page
	struct tally *signatures; // by network
};

// How many profiles are signed for one network in an hour. A signature with a
// large RSA key costs milliseconds, and its request costs nothing.
#define SETUP_SIGNATURES_HOUR 120
// The same for a proxy on this machine, from which everybody comes.
#define SETUP_SIGNATURES_SHARED 1200

// Bytes of a document; each has a few KiB.
#define SETUP_DOCUMENT_MAX ((size_t)65536)

// Finds the account that a request is about: by the address, if there is one,
// or by the host (in lower case). RC_INVALID: that is no address.
// RC_NOT_FOUND: the domain is not ours, or there is nothing to set up. Anything
// else: the engine could not be read.
MUST_CHECK enum rc setup_find_account(const struct setup *setup,
    struct arena *arena, struct view address, struct view host,
    struct setup_account *ret_account);

// Whether there is a test of the connection.
bool setup_can_test(const struct setup *setup);

// Answers with the status that the result means.
enum http_step setup_refuse(struct http_exchange *exchange, enum rc rc);

// The routes' handlers.
enum http_step setup_autoconfig_route(struct http_exchange *exchange);
enum http_step setup_autodiscover_route(struct http_exchange *exchange);
enum http_step setup_autodiscover_json_route(struct http_exchange *exchange);
enum http_step setup_profile_route(struct http_exchange *exchange);
enum http_step setup_qr_route(struct http_exchange *exchange);
enum http_step setup_page_route(struct http_exchange *exchange);
enum http_step setup_files_route(struct http_exchange *exchange);
enum http_step setup_settings_route(struct http_exchange *exchange);
enum http_step setup_test_route(struct http_exchange *exchange);
enum http_step setup_test_resume(struct http_exchange *exchange);
void setup_test_end(struct http_exchange *exchange);

struct setup_files *setup_files_new(void);
void setup_files_free(struct setup_files **files);

#endif
