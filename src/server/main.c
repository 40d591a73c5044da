// SPDX-License-Identifier: Apache-2.0
// The program: finds the command, and runs it.
#include "auth/auth.h"
#include "server/config.h"
#include "server/files.h"
#include "server/serve.h"
#include "server/version.h"
#include "store/store.h"

static enum cli_exit version_command(const struct cli_call *call)
{
	(void)call;
	printf("roost %s\n", roost_version);
	return CLI_OK;
}

static enum cli_exit user_add(const struct cli_call *call)
{
	struct fault fault = {0};
	struct engine *engine;
	struct auth *auth;
	uint64_t account;
	char path[4096], password[512];
	const char *data = call->data ? call->data : "/var/lib/roost";
	enum rc rc = files_make_folder(data, &fault);
	snprintf(path, sizeof(path), "%s/store", data);
	if (rc == RC_OK)
		rc = engine_rocksdb_open(
		    path, &(struct engine_rocksdb_options){0}, &fault, &engine);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	struct store *store =
	    store_new(&(struct store_options){.engine = engine});
	rc = auth_new(engine, NULL, NULL, NULL, &fault, &auth);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	if (!fgets(password, sizeof(password), stdin))
		return CLI_USAGE;
	rc = auth_user_add(auth, view_of_string(call->arguments[0]),
	    view_trim(view_of_string(password)), &fault, &account);
	if (rc == RC_OK)
		rc = store_account_create(store, account, &fault);
	auth_free(&auth);
	store_free(&store);
	engine_close(&engine);
	return rc == RC_OK ? CLI_OK : cli_fail(rc, &fault);
}

static const struct cli_command commands[] = {
    {.name = "serve",
	.arguments = "",
	.summary = "run the server",
	.options = {{"demo", NULL, "a demonstration on loopback"}},
	.run = serve_command},
    {.name = "user add",
	.arguments = "NAME",
	.arguments_min = 1,
	.arguments_max = 1,
	.summary = "add a user",
	.options = {{"password-stdin", NULL, "read the password from stdin"}},
	.run = user_add},
    {.name = "version",
	.arguments = "",
	.summary = "print the version",
	.run = version_command,
	.needs_nothing = true},
    {0},
};

int main(int argc, char **argv)
{
	static const struct cli_command *const tables[] = {commands, NULL};
	struct cli_call call;
	switch (cli_parse(tables, argc, argv, &call)) {
	case CLI_PARSED: return call.command->run(&call);
	case CLI_ANSWERED: return CLI_OK;
	case CLI_WRONG: return CLI_USAGE;
	}
	return CLI_USAGE;
}
