// SPDX-License-Identifier: Apache-2.0
// The handlers: a request's parameters, the account, the document.
#include "auth/address.h"
#include "base/clock.h"
#include "setup/autoconfig.h"
#include "setup/autodiscover.h"
#include "setup/impl.h"
#include "setup/page.h"
#include "setup/profile.h"
#include "wire/utf8.h"

// A parameter that may be missing.
static struct view parameter(struct http_exchange *exchange, const char *name)
{
	struct view value;
	return http_query(exchange, name, &value) ? value : VIEW("");
}

// Answers with what was written, and frees it.
static enum http_step answer(
    struct http_exchange *exchange, const char *type, struct buf *document)
{
	enum http_step step =
	    buf_status(document) == RC_OK
		? http_answer(exchange, 200, type, buf_view(document))
		: http_status(exchange, 500);
	buf_done(document);
	return step;
}

// ---- Autoconfig ------------------------------------------------------------

enum http_step setup_autoconfig_route(struct http_exchange *exchange)
{
	struct setup_account account;
	struct buf document;
	enum rc rc = setup_find_account(exchange->context, &exchange->arena,
	    parameter(exchange, "emailaddress"), exchange->request.host,
	    &account);
	if (rc != RC_OK)
		return setup_refuse(exchange, rc);
	buf_init(&document, SETUP_DOCUMENT_MAX);
	setup_autoconfig_write(&account, &document);
	return answer(exchange, SETUP_AUTOCONFIG_TYPE, &document);
}

// ---- Autodiscover ----------------------------------------------------------

// A GET is answered like a request that cannot be read: people try it with a
// browser.
enum http_step setup_autodiscover_route(struct http_exchange *exchange)
{
	struct setup_account account;
	struct view address;
	struct buf document;
	enum rc rc = setup_autodiscover_read(
	    &exchange->arena, exchange->request.body, &address);
	enum setup_autodiscover_error error = rc == RC_UNSUPPORTED
						  ? SETUP_AUTODISCOVER_NO_SCHEMA
						  : SETUP_AUTODISCOVER_INVALID;
	if (rc == RC_OK) {
		rc = setup_find_account(exchange->context, &exchange->arena,
		    address, exchange->request.host, &account);
		if (rc != RC_OK && rc != RC_INVALID)
			return setup_refuse(exchange, rc);
	}
	buf_init(&document, SETUP_DOCUMENT_MAX);
	if (rc == RC_OK)
		setup_autodiscover_write(&account, &document);
	else
		setup_autodiscover_write_error(error,
		    (uint64_t)clock_wall_seconds(NULL) * 1000, &document);
	return answer(exchange, SETUP_AUTODISCOVER_TYPE, &document);
}

// The host by which the client came, with its port, if that is another.
static void add_authority(const struct http_exchange *exchange, struct buf *out)
{
	uint16_t port = exchange->request.port;
	buf_add(out, exchange->request.host);
	if (port != 0 && port != 443)
		buf_printf(out, ":%u", port);
}

enum http_step setup_autodiscover_json_route(struct http_exchange *exchange)
{
	struct buf document, authority;
	buf_init(&document, SETUP_DOCUMENT_MAX);
	buf_init(&authority, 512);
	add_authority(exchange, &authority);
	enum rc rc = setup_autodiscover_json(
	    parameter(exchange, "Protocol"), buf_view(&authority), &document);
	buf_done(&authority);
	unsigned status = rc == RC_OK ? 200 : rc == RC_INVALID ? 400 : 404;
	enum http_step step = http_answer(
	    exchange, status, "application/json", buf_view(&document));
	buf_done(&document);
	return step;
}

// ---- Profiles --------------------------------------------------------------

static bool is_name(struct view name)
{
	uint32_t code;
	if (name.len > SETUP_PROFILE_NAME_MAX || !utf8_is_valid(name))
		return false;
	while (utf8_next(&name, &code))
		if (code < 0x20 || (code >= 0x7f && code < 0xa0))
			return false;
	return true;
}

// What a profile is made of; RC_INVALID also without an address.
static enum rc find_profile(
    struct http_exchange *exchange, struct setup_profile *profile)
{
	const struct setup *setup = exchange->context;
	struct view address = parameter(exchange, "address");
	profile->name = parameter(exchange, "name");
	if (address.len == 0 || !is_name(profile->name))
		return RC_INVALID;
	enum rc rc = setup_find_account(setup, &exchange->arena, address,
	    exchange->request.host, &profile->account);
	if (rc == RC_OK)
		auth_keyed_id(setup->options.auth, "apple-profile",
		    profile->account.address.key, profile->id);
	return rc;
}

// Signs with the certificate that the client has just seen, or with that of the
// server's name. Where there is none that a device could trust, the profile
// goes without a signature, and the device says so.
static enum rc sign(const struct http_exchange *exchange, struct view content,
    struct buf *ret_signed)
{
	const struct setup *setup = exchange->context;
	const struct setup_options *options = &setup->options;
	enum rc rc = RC_NOT_FOUND;
	if (options->sign)
		rc = options->sign(options->sign_context,
		    exchange->request.host, content, ret_signed);
	if (options->sign && rc == RC_NOT_FOUND)
		rc = options->sign(options->sign_context,
		    view_of_string(options->server_name), content, ret_signed);
	return rc;
}

// Whether this network has had few signatures in the last hour.
static bool may_sign(const struct http_exchange *exchange)
{
	const struct setup *setup = exchange->context;
	struct view peer = view_of_string(exchange->request.peer);
	char key[64];
	uint32_t max = auth_address_is_shared(peer) ? SETUP_SIGNATURES_SHARED
						    : SETUP_SIGNATURES_HOUR;
	return tally_allow(setup->signatures,
	    view_of(key, auth_network_key(peer, key)), max,
	    clock_monotonic_ms());
}

enum http_step setup_profile_route(struct http_exchange *exchange)
{
	struct setup_profile profile;
	struct buf plain, with_signature;
	enum rc rc = find_profile(exchange, &profile);
	if (rc != RC_OK)
		return setup_refuse(exchange, rc);
	if (!may_sign(exchange)) {
		http_set_field(exchange, "Retry-After", VIEW("60"));
		return http_status(exchange, 429);
	}
	buf_init(&plain, SETUP_DOCUMENT_MAX);
	// The certificates of a chain have a few KiB each.
	buf_init(&with_signature, 4 * SETUP_DOCUMENT_MAX);
	setup_profile_write(&profile, &plain);
	http_set_field(exchange, "Content-Disposition",
	    VIEW("attachment; filename=\"mail.mobileconfig\""));
	rc = sign(exchange, buf_view(&plain), &with_signature);
	struct buf *document = rc == RC_OK ? &with_signature : &plain;
	struct buf *other = rc == RC_OK ? &plain : &with_signature;
	buf_done(other);
	return answer(exchange, SETUP_PROFILE_TYPE, document);
}

enum http_step setup_qr_route(struct http_exchange *exchange)
{
	struct setup_profile profile;
	struct buf url, picture;
	enum rc rc = find_profile(exchange, &profile);
	if (rc != RC_OK)
		return setup_refuse(exchange, rc);
	buf_init(&url, 8192);
	buf_init(&picture, 1 << 20);
	buf_add_literal(&url, "https://");
	add_authority(exchange, &url);
	buf_add_literal(&url, SETUP_PROFILE_PATH "?address=");
	http_add_percent(&url, profile.account.address.text);
	if (profile.name.len > 0) {
		buf_add_literal(&url, "&name=");
		http_add_percent(&url, profile.name);
	}
	rc = setup_qr_svg(buf_view(&url), &picture);
	buf_done(&url);
	if (rc == RC_OK)
		return answer(exchange, "image/svg+xml", &picture);
	buf_done(&picture);
	return setup_refuse(exchange, rc);
}
