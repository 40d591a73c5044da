// SPDX-License-Identifier: Apache-2.0
// The table of all routes, and what they share.
#include "account/impl.h"
#include "account/page.h"

#include "base/mem.h"

// The last ones are the authorization server.
#define OAUTH_TABLES 4
static const struct account_route *const tables[] = {
    account_login_routes,
    account_second_routes,
    account_factor_routes,
    account_session_routes,
    account_password_routes,
    account_oauth_routes,
    account_token_routes,
    account_page_routes,
    account_form_routes,
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

// What the pages need besides.
static void add_files(struct account *account)
{
	static const struct {
		const char *path;
		struct http_file file;
	} files[ACCOUNT_FILES] = {
	    {"/oauth/page.css",
		{.path = "", .type = "text/css; charset=utf-8"}},
	    {"/oauth/page.js",
		{.path = "", .type = "text/javascript; charset=utf-8"}},
	};
	const struct view bytes[ACCOUNT_FILES] = {
	    view_of(embedded_oauth_css, embedded_oauth_css_len),
	    view_of(embedded_oauth_js, embedded_oauth_js_len),
	};
	for (size_t i = 0; i < ACCOUNT_FILES; i++) {
		account->kept[i] = files[i].file;
		account->kept[i].bytes = bytes[i];
		account->files[i] = http_files_new(&account->kept[i], 1);
		account->routes[account->route_count++] = (struct http_route){
		    .methods = HTTP_GET,
		    .path = files[i].path,
		    .begin = http_files_begin,
		    .context = account->files[i],
		};
	}
}

static void add_all(struct account *account)
{
	size_t most = ACCOUNT_FILES;
	size_t table_count =
	    ARRAY_LEN(tables) - (account->options.no_oauth ? OAUTH_TABLES : 0);
	for (size_t i = 0; i < table_count; i++)
		for (size_t j = 0; tables[i][j].path; j++)
			most++;
	account->routes = mem_zalloc(most * sizeof(*account->routes));
	account->contexts = mem_zalloc(most * sizeof(*account->contexts));
	for (size_t i = 0; i < table_count; i++)
		for (size_t j = 0, count; tables[i][j].path; j += count) {
			count = count_path(&tables[i][j]);
			add(account, &tables[i][j], count);
		}
	if (!account->options.no_oauth)
		add_files(account);
}

struct account *account_new(const struct account_options *options)
{
	struct account *account = mem_zalloc(sizeof(*account));
	account->options = *options;
	add_all(account);
	return account;
}

void account_free(struct account **account)
{
	if (!*account)
		return;
	for (size_t i = 0; i < ACCOUNT_FILES; i++)
		http_files_free(&(*account)->files[i]);
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
