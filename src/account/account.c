// SPDX-License-Identifier: Apache-2.0
// The table of all routes, and what they share.
#include "account/impl.h"

#include "base/mem.h"

#define NETWORKS 4096 // that are remembered at a time

static const struct account_route *const tables[] = {
    account_login_routes,
    account_session_routes,
    account_password_routes,
};

// Rows of one path are neighbours: one http_route with all their methods.
static size_t count_path(const struct account_route *routes)
{
	size_t count = 1;
	while (routes[count].path &&
	       strcmp(routes[count].path, routes[0].path) == 0)
		count++;
	return count;
}

static void add(
    struct account *account, const struct account_route *routes, size_t count)
{
	struct account_context *context =
	    &account->contexts[account->route_count];
	struct http_route *route = &account->routes[account->route_count++];
	*context = (struct account_context){account, routes, count};
	*route = (struct http_route){
	    .path = routes[0].path,
	    .flags = HTTP_ROUTE_SECRET,
	    .wait_seconds = ACCOUNT_WAIT_SECONDS,
	    .begin = account_gate_begin,
	    .resume = account_gate_resume,
	    .end = account_gate_end,
	    .context = context,
	};
	for (size_t i = 0; i < count; i++) {
		route->methods |= routes[i].method;
		if (routes[i].method != HTTP_GET)
			route->body_max = ACCOUNT_BODY_MAX;
	}
	if (view_ends_with(view_of_string(routes[0].path), VIEW("/")))
		route->flags |= HTTP_ROUTE_PREFIX;
}

static void add_all(struct account *account)
{
	size_t most = 0;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (size_t j = 0; tables[i][j].path; j++)
			most++;
	account->routes = mem_zalloc(most * sizeof(*account->routes));
	account->contexts = mem_zalloc(most * sizeof(*account->contexts));
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (size_t j = 0, count; tables[i][j].path; j += count) {
			count = count_path(&tables[i][j]);
			add(account, &tables[i][j], count);
		}
}

struct account *account_new(const struct account_options *options)
{
	struct account *account = mem_zalloc(sizeof(*account));
	account->options = *options;
	account->registrations =
	    tally_new(NETWORKS, ACCOUNT_REGISTRATIONS_HOUR);
	account->codes = tally_new(NETWORKS, ACCOUNT_CODES_HOUR);
	add_all(account);
	return account;
}

void account_free(struct account **account)
{
	if (!*account)
		return;
	tally_free(&(*account)->registrations);
	tally_free(&(*account)->codes);
	free((*account)->routes);
	free((*account)->contexts);
	free(*account);
	*account = NULL;
}

const struct http_route *account_routes(
    const struct account *account, size_t *ret_count)
{
	*ret_count = account->route_count;
	return account->routes;
}
