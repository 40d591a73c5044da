// SPDX-License-Identifier: Apache-2.0
// Which hosts and domains are ours, and the table of routes.
#include "base/mem.h"
#include "setup/autodiscover.h"
#include "setup/impl.h"
#include "setup/profile.h"

#define SIGNATURE_NETWORKS 4096 // that are remembered at a time

struct setup *setup_new(const struct setup_options *options)
{
	struct setup *setup = mem_zalloc(sizeof(*setup));
	setup->options = *options;
	setup->files = setup_files_new();
	setup->signatures =
	    tally_new(SIGNATURE_NETWORKS, SETUP_SIGNATURES_HOUR);
	return setup;
}

void setup_free(struct setup **setup)
{
	setup_files_free(&(*setup)->files);
	tally_free(&(*setup)->signatures);
	free(*setup);
	*setup = NULL;
}

bool setup_can_test(const struct setup *setup)
{
	return setup->options.own != NULL;
}

// ---- Hosts -----------------------------------------------------------------

// Removes the first label, if it is this one, with its dot.
static bool strip(struct view *host, struct view label)
{
	if (!view_starts_with(*host, label))
		return false;
	*host = view_from(*host, label.len);
	return true;
}

// What the host stands for without the names under which mail programs ask.
static struct view domain_of(struct view host)
{
	if (!strip(&host, VIEW("autoconfig.")))
		(void)strip(&host, VIEW("autodiscover."));
	return host;
}

// Whether `domain` is the server's name or above it, but no top level domain
// ("%MXFULLDOMAIN%" and "%MXBASEDOMAIN%" of autoconfig).
static bool is_above_server(const struct setup *setup, struct view domain)
{
	struct view name = view_of_string(setup->options.server_name);
	if (view_find_char(domain, '.') == SIZE_MAX)
		return false;
	while (name.len > 0) {
		if (view_eq_nocase(name, domain))
			return true;
		size_t dot = view_find_char(name, '.');
		name = dot == SIZE_MAX ? VIEW("") : view_from(name, dot + 1);
	}
	return false;
}

static enum rc is_ours(
    const struct setup *setup, struct view domain, bool *ret_ours)
{
	*ret_ours = false;
	if (domain.len == 0)
		return RC_OK;
	return route_is_local_domain(setup->options.route, domain, ret_ours);
}

bool setup_accepts_host(const struct setup *setup, struct view host)
{
	struct view domain = domain_of(host);
	bool ours;
	if (domain.len < host.len && is_above_server(setup, domain))
		return true;
	(void)strip(&domain, VIEW("mta-sts."));
	if (is_ours(setup, host, &ours) == RC_OK && ours)
		return true;
	return is_ours(setup, domain, &ours) == RC_OK && ours;
}

// ---- Accounts --------------------------------------------------------------

// The domain of a request without an address.
static enum rc find_by_host(const struct setup *setup, struct arena *arena,
    struct view host, struct setup_account *account)
{
	bool ours;
	account->domain = arena_copy(arena, domain_of(host));
	enum rc rc = is_ours(setup, account->domain, &ours);
	if (rc != RC_OK || ours)
		return rc;
	// The mail program knows only where mail goes. What it is told is true
	// for every domain of this server.
	if (!is_above_server(setup, account->domain))
		return RC_NOT_FOUND;
	account->domain_is_host = true;
	return RC_OK;
}

static enum rc find_by_address(const struct setup *setup, struct arena *arena,
    struct view text, struct setup_account *account)
{
	bool ours;
	enum rc rc = setup_address_parse(arena, text, &account->address);
	if (rc != RC_OK)
		return rc;
	account->domain = account->address.domain;
	rc = is_ours(setup, account->domain, &ours);
	return rc == RC_OK && !ours ? RC_NOT_FOUND : rc;
}

enum rc setup_find_account(const struct setup *setup, struct arena *arena,
    struct view address, struct view host, struct setup_account *ret_account)
{
	struct setup_account account = {.services = &setup->options.services};
	enum rc rc = address.len > 0
			 ? find_by_address(setup, arena, address, &account)
			 : find_by_host(setup, arena, host, &account);
	if (rc != RC_OK)
		return rc;
	if (!setup_account_is_served(account.services))
		return RC_NOT_FOUND;
	struct view name = view_of_string(setup->options.server_name);
	account.host = setup_host_name(arena, name, account.domain);
	// OAuth's issuer is the server's own name.
	if (view_eq(account.host, name) && !setup->options.no_oauth)
		account.oauth_port =
		    setup->options.services.ports[SERVICE_AUTODISCOVER];
	*ret_account = account;
	return RC_OK;
}

// ---- Routes ----------------------------------------------------------------

enum http_step setup_refuse(struct http_exchange *exchange, enum rc rc)
{
	if (rc == RC_INVALID || rc == RC_LIMIT)
		return http_status(exchange, 400);
	return http_status(exchange, rc == RC_NOT_FOUND ? 404 : 503);
}

#define TEST_BODY_MAX     8192
#define TEST_WAIT_SECONDS 120 // delays of log-ins, look-ups, connections

// Autoconfig is asked for in clear text, too: then its answer is as good as the
// network that it came over, and the mail program shows it to the user. The
// rest wants TLS.
const struct http_route setup_routes[] = {
    {.methods = HTTP_GET,
	.path = "/mail/config-v1.1.xml",
	.flags = HTTP_ROUTE_CLEAR,
	.begin = setup_autoconfig_route},
    {.methods = HTTP_GET,
	.path = "/.well-known/autoconfig/mail/config-v1.1.xml",
	.flags = HTTP_ROUTE_CLEAR,
	.begin = setup_autoconfig_route},
    {.methods = HTTP_GET | HTTP_POST,
	.path = "/autodiscover/autodiscover.xml",
	.flags = HTTP_ROUTE_ANY_CASE,
	.body_max = SETUP_AUTODISCOVER_REQUEST_MAX,
	.begin = setup_autodiscover_route},
    {.methods = HTTP_GET,
	.path = "/autodiscover/autodiscover.json",
	.flags = HTTP_ROUTE_ANY_CASE,
	.begin = setup_autodiscover_json_route},
    {.methods = HTTP_GET,
	.path = "/autodiscover/autodiscover.json/",
	.flags = HTTP_ROUTE_ANY_CASE | HTTP_ROUTE_PREFIX,
	.begin = setup_autodiscover_json_route},
    {.methods = HTTP_GET,
	.path = SETUP_PROFILE_PATH,
	.begin = setup_profile_route},
    {.methods = HTTP_GET, .path = "/apple/mail.svg", .begin = setup_qr_route},
    {.methods = HTTP_GET, .path = "/setup", .begin = setup_page_route},
    {.methods = HTTP_GET,
	.path = "/setup/",
	.flags = HTTP_ROUTE_PREFIX,
	.begin = setup_files_route},
    {.methods = HTTP_GET,
	.path = "/setup/settings.json",
	.begin = setup_settings_route},
    {.methods = HTTP_POST,
	.path = "/setup/test",
	.flags = HTTP_ROUTE_SECRET,
	.body_max = TEST_BODY_MAX,
	.wait_seconds = TEST_WAIT_SECONDS,
	.begin = setup_test_route,
	.resume = setup_test_resume,
	.end = setup_test_end},
};
const size_t setup_route_count = ARRAY_LEN(setup_routes);
