// SPDX-License-Identifier: Apache-2.0
// For tests: makes an OAuth access token, as a browser and a program would get
// it together, in a data folder that no server has open, and prints it.
//
// auth_token_tool FOLDER USER [SCOPE…]
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/oauth.h"

// RFC 7636 appendix B.
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define REDIRECT  "org.example.test:/done"

static void must(enum rc rc, const struct fault *fault)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "auth_token_tool: %s %s\n", rc_name(rc), fault->text);
	exit(1);
}

// The database's files have to belong to its owner, whoever runs this.
static void become_owner(const char *folder)
{
	struct stat status;
	if (stat(folder, &status) != 0 ||
	    (getuid() == 0 &&
		(setgid(status.st_gid) != 0 || setuid(status.st_uid) != 0))) {
		perror(folder);
		exit(1);
	}
}

static void print_token(struct auth *auth, const char *name, uint32_t scopes)
{
	struct auth_channel channel = {
	    .protocol = "tool", .peer_address = VIEW("127.0.0.1")};
	struct auth_client client = {.name = "Test program",
	    .scopes = AUTH_SCOPES_MAIL,
	    .redirect_count = 1,
	    .redirects = {REDIRECT}};
	struct auth_user user;
	struct auth_token_text code;
	struct auth_tokens tokens;
	struct fault fault = {.rc = RC_OK};
	must(auth_user_find(auth, view_of_string(name), &user), &fault);
	must(auth_client_register(auth, &channel, false, &client, &fault),
	    &fault);
	struct auth_code_order order = {.client = view_of_string(client.id),
	    .redirect_uri = VIEW(REDIRECT),
	    .challenge = VIEW(CHALLENGE),
	    .scopes = scopes};
	must(auth_code_make(auth, &channel, &user, &order, &fault, &code),
	    &fault);
	must(auth_code_redeem(auth, &channel, order.client,
		 view_of_string(code.text), order.redirect_uri, VIEW(VERIFIER),
		 &fault, &tokens),
	    &fault);
	printf("%s\n", tokens.access.text);
}

int main(int argc, char **argv)
{
	struct engine_rocksdb_options options = {.cache_bytes = 1 << 20};
	struct auth_settings settings = {.hashing = {.cost = 1}};
	struct engine *engine;
	struct auth *auth;
	struct fault fault = {.rc = RC_OK};
	uint32_t scopes = 0, more;
	if (argc < 3) {
		fprintf(stderr, "auth_token_tool FOLDER USER [SCOPE…]\n");
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		must(auth_scopes_read(view_of_string(argv[i]), &more), &fault);
		scopes |= more;
	}
	become_owner(argv[1]);
	must(engine_rocksdb_open(argv[1], &options, &fault, &engine), &fault);
	must(auth_new(engine, &settings, NULL, NULL, &fault, &auth), &fault);
	print_token(auth, argv[2], scopes ? scopes : AUTH_SCOPES_MAIL);
	auth_free(&auth);
	engine_close(&engine);
	return 0;
}
