// SPDX-License-Identifier: Apache-2.0
// The keeper with a clock and an authority of the test's own, in a folder of
// its own.
#include <dirent.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acme/jws.h"
#include "acme/keeper.h"
#include "base/test.h"
#include "wire/base64url.h"

#define CA    "https://ca.test"
#define LIFE  90000 // seconds of a certificate
#define START 1700000000

struct bed {
	char folder[100];
	struct acme_keeper *keeper;
	int64_t now;
	// The authority.
	bool down;
	const char *limited;     // this path answers that there were too many
	const char *retry_after; // and when to come again
	unsigned refused;        // because of that
	unsigned orders, requests, certificates, withdrawn, taken_up;
	int stop_after; // requests; 0: never
	struct buf chain, body;
};

static int64_t wall(void *context)
{
	const struct bed *bed = context;
	return bed->now;
}

// ---- The authority ---------------------------------------------------------

static void issue(struct bed *bed, struct view request)
{
	char *bytes;
	struct buf payload, der;
	buf_init(&payload, 100000);
	buf_init(&der, 100000);
	json_t *body = json_loadb(request.ptr, request.len, 0, NULL);
	assert_int_equal(
	    base64url_decode(view_of_string(json_string_value(
				 json_object_get(body, "payload"))),
		&payload),
	    RC_OK);
	json_t *json = json_loadb(payload.ptr, payload.len, 0, NULL);
	assert_int_equal(base64url_decode(view_of_string(json_string_value(
					      json_object_get(json, "csr"))),
			     &der),
	    RC_OK);
	const unsigned char *at = (const unsigned char *)der.ptr;
	X509_REQ *csr = d2i_X509_REQ(NULL, &at, (long)der.len);
	X509 *certificate = X509_new();
	STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(csr);
	EVP_PKEY *key = acme_key_new();
	BIO *bio = BIO_new(BIO_s_mem());
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(
	    X509_get_serialNumber(certificate), ++bed->certificates);
	ASN1_TIME_set(X509_getm_notBefore(certificate), bed->now);
	ASN1_TIME_set(X509_getm_notAfter(certificate), bed->now + LIFE);
	X509_set_pubkey(certificate, X509_REQ_get0_pubkey(csr));
	X509_add_ext(certificate, sk_X509_EXTENSION_value(all, 0), -1);
	X509_sign(certificate, key, EVP_sha256());
	PEM_write_bio_X509(bio, certificate);
	long len = BIO_get_mem_data(bio, &bytes);
	buf_reset(&bed->chain);
	buf_add(&bed->chain, view_of(bytes, (size_t)len));
	BIO_free(bio);
	EVP_PKEY_free(key);
	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
	X509_free(certificate);
	X509_REQ_free(csr);
	json_decref(json);
	json_decref(body);
	buf_done(&payload);
	buf_done(&der);
}

static void add_order(struct bed *bed, const char *status)
{
	buf_printf(&bed->body,
	    "{\"status\":\"%s\",\"finalize\":\"" CA
	    "/finish\",\"certificate\":\"" CA "/crt\",\"authorizations\":[\"" CA
	    "/z/%u\"]}",
	    status, bed->orders);
}

static void request(void *context, const struct acme_request *request,
    struct acme_answer *ret_answer)
{
	static char location[100];
	struct bed *bed = context;
	const char *path = request->url + strlen(CA);
	struct acme_answer answer = {.status = 200, .nonce = VIEW("n")};
	bed->requests++;
	buf_reset(&bed->body);
	location[0] = '\0';
	if (strcmp(path, "/dir") == 0) {
		buf_add_string(&bed->body,
		    "{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA
		    "/account\",\"newOrder\":\"" CA "/order\"}");
	} else if (strcmp(path, "/account") == 0) {
		buf_add_string(&bed->body, "{\"status\":\"valid\"}");
		snprintf(location, sizeof(location), CA "/me");
		answer.status = 201;
	} else if (strcmp(path, "/order") == 0) {
		bed->orders++;
		add_order(bed, "ready");
		snprintf(location, sizeof(location), CA "/o/%u", bed->orders);
		answer.status = 201;
	} else if (strcmp(path, "/finish") == 0) {
		issue(bed, request->body);
		add_order(bed, "valid");
	} else if (strncmp(path, "/o/", 3) == 0) {
		add_order(bed, bed->chain.len ? "valid" : "ready");
	} else if (strcmp(path, "/crt") == 0) {
		buf_add(&bed->body, buf_view(&bed->chain));
	}
	if (bed->limited && strcmp(path, bed->limited) == 0) {
		bed->refused++;
		buf_reset(&bed->body);
		buf_add_string(&bed->body,
		    "{\"type\":\"urn:ietf:params:acme:error:rateLimited\","
		    "\"detail\":\"too many\"}");
		location[0] = '\0';
		answer.status = 429;
		answer.retry_after = view_of_string(bed->retry_after);
	}
	answer.body = buf_view(&bed->body);
	answer.location = view_of_string(location);
	if (bed->down)
		answer = (struct acme_answer){.failure = "connection refused"};
	*ret_answer = answer;
}

static bool wait_seconds(void *context, uint32_t seconds)
{
	struct bed *bed = context;
	bed->now += seconds;
	return bed->stop_after == 0 ||
	       bed->requests < (unsigned)bed->stop_after;
}

static void present(void *context, const struct acme_challenge *challenge)
{
	(void)context;
	(void)challenge;
}

static void withdraw(void *context)
{
	struct bed *bed = context;
	bed->withdrawn++;
}

static void changed(void *context)
{
	struct bed *bed = context;
	bed->taken_up++;
}

// ---- The bed ---------------------------------------------------------------

static const struct acme_wish wishes[] = {
    {"a.test", NULL}, {"b.test", NULL}, {"c.test", "it leads elsewhere"}};
static const struct acme_wanted wanted[] = {{"_server", wishes, 3}};

static enum rc open_keeper(struct bed *bed, struct fault *fault)
{
	// It outlives the call; the bed is the only one of a test.
	static struct clock clock;
	clock = (struct clock){.wall = wall, .context = bed};
	struct acme_keeper_settings settings = {
	    .folder = bed->folder,
	    .directory = CA "/dir",
	    .contact = "",
	    .eab_key_id = "",
	    .challenges = ACME_HTTP_01,
	    .host = {request, wait_seconds, present, withdraw, changed, bed},
	    .clock = &clock,
	};
	return acme_keeper_new(&settings, fault, &bed->keeper);
}

static void reopen(struct bed *bed)
{
	struct fault fault;
	acme_keeper_free(&bed->keeper);
	assert_int_equal(open_keeper(bed, &fault), RC_OK);
	acme_keeper_want(bed->keeper, wanted, 1);
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	snprintf(bed->folder, sizeof(bed->folder), "/tmp/roost-acme-XXXXXX");
	if (!mkdtemp(bed->folder))
		return -1;
	bed->now = START;
	buf_init(&bed->chain, ACME_PEM_MAX);
	buf_init(&bed->body, ACME_PEM_MAX);
	*state = bed;
	reopen(bed);
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	struct dirent *entry;
	acme_keeper_free(&bed->keeper);
	DIR *folder = opendir(bed->folder);
	while (folder && (entry = readdir(folder)) != NULL)
		unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	rmdir(bed->folder);
	buf_done(&bed->chain);
	buf_done(&bed->body);
	free(bed);
	return 0;
}

static void path_of(const struct bed *bed, const char *name, char to[200])
{
	snprintf(to, 200, "%s/%s", bed->folder, name);
}

static bool is_there(const struct bed *bed, const char *name)
{
	char path[200];
	path_of(bed, name, path);
	return access(path, F_OK) == 0;
}

static void write_file(const struct bed *bed, const char *name)
{
	char path[200];
	path_of(bed, name, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "{\"x", 3), 3);
	close(fd);
}

struct seen {
	size_t count, names, problems;
	bool exists;
	int64_t renewal, not_after, next;
	char error[ACME_TEXT_MAX];
};

static void see(void *context, const struct acme_shown *shown)
{
	struct seen *seen = context;
	seen->count++;
	seen->exists = shown->exists;
	seen->names = shown->exists ? shown->facts->count : 0;
	seen->not_after = shown->exists ? shown->facts->not_after : 0;
	seen->renewal = shown->renewal;
	seen->next = shown->next;
	for (size_t i = 0; i < shown->count; i++)
		seen->problems += shown->names[i].problem != NULL;
	acme_text(seen->error, "%s", shown->error);
}

static struct seen look(struct bed *bed)
{
	struct seen seen = {0};
	acme_keeper_show(bed->keeper, see, &seen);
	assert_int_equal(seen.count, 1);
	return seen;
}

// ---- Tests -----------------------------------------------------------------

static void certificate_is_fetched_and_renewed_in_time(void **state)
{
	struct bed *bed = *state;
	acme_keeper_run(bed->keeper);
	struct seen seen = look(bed);
	assert_true(seen.exists);
	assert_int_equal(seen.names, 2);
	assert_int_equal(seen.problems, 1); // the one that leads elsewhere
	assert_string_equal(seen.error, "");
	assert_int_equal(bed->taken_up, 1);
	assert_int_equal(bed->withdrawn, 1);
	assert_false(is_there(bed, "crt._server.key"));
	assert_true(seen.renewal <= seen.not_after - LIFE / 3);
	bed->now = seen.renewal - 1;
	acme_keeper_run(bed->keeper);
	assert_int_equal(bed->certificates, 1);
	bed->now = seen.renewal;
	acme_keeper_run(bed->keeper);
	assert_int_equal(bed->certificates, 2);
	assert_int_equal(bed->taken_up, 2);
}

static void new_name_is_ordered_at_once(void **state)
{
	struct bed *bed = *state;
	static const struct acme_wish more[] = {
	    {"a.test", NULL}, {"b.test", NULL}, {"c.test", NULL}};
	static const struct acme_wanted now[] = {{"_server", more, 3}};
	acme_keeper_run(bed->keeper);
	acme_keeper_want(bed->keeper, now, 1);
	acme_keeper_run(bed->keeper);
	assert_int_equal(bed->certificates, 2);
	assert_int_equal(look(bed).names, 3);
}

static void authority_that_is_down_is_asked_less_and_less(void **state)
{
	struct bed *bed = *state;
	uint32_t waits[3];
	bed->down = true;
	for (size_t i = 0; i < 3; i++) {
		unsigned before = bed->requests;
		acme_keeper_run(bed->keeper);
		assert_int_equal(bed->requests, before + 1);
		waits[i] = acme_keeper_run(bed->keeper);
		assert_int_equal(bed->requests, before + 1); // not yet
		bed->now += waits[i];
	}
	assert_true(waits[0] >= 59 && waits[0] <= 75);
	assert_true(waits[2] >= 239 && waits[2] <= 300);
	struct seen seen = look(bed);
	assert_non_null(strstr(seen.error, "connection refused"));
	// Somebody who asks need not wait.
	bed->down = false;
	bed->now -= 200;
	assert_int_equal(acme_keeper_force(bed->keeper, "b.test"), RC_OK);
	assert_int_equal(
	    acme_keeper_force(bed->keeper, "z.test"), RC_NOT_FOUND);
	acme_keeper_run(bed->keeper);
	assert_true(look(bed).exists);
}

#define MANY 60

static void want_many(struct bed *bed)
{
	static char names[MANY][32];
	static struct acme_wish many[MANY];
	static struct acme_wanted all[MANY];
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "d%zu.test", i);
		many[i] = (struct acme_wish){.name = names[i]};
		all[i] = (struct acme_wanted){names[i], &many[i], 1};
	}
	acme_keeper_want(bed->keeper, all, MANY);
}

// Runs the keeper for so many seconds, always when it wants to.
static void run_for(struct bed *bed, int64_t seconds)
{
	int64_t end = bed->now + seconds;
	while (bed->now < end)
		bed->now += acme_keeper_run(bed->keeper);
}

// RFC 8555 section 6.6: not each of the certificates finds it out.
static void limit_of_the_account_is_kept_by_all(void **state)
{
	struct bed *bed = *state;
	static const struct {
		const char *path, *retry_after;
		int64_t seconds;
		unsigned most; // requests that are refused
	} rows[] = {
	    {"/order", "", 86400, 33}, // after minutes, then each hour
	    {"/order", "1800", 86400, 50},
	    {"/order", "604800", 86400, 25}, // perhaps only of this name
	    {"/account", "172800", 172000, 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		tear_down(state);
		assert_int_equal(set_up(state), 0);
		bed = *state;
		bed->limited = rows[i].path;
		bed->retry_after = rows[i].retry_after;
		want_many(bed);
		run_for(bed, rows[i].seconds);
		assert_true(bed->refused >= 1);
		assert_true(bed->refused <= rows[i].most);
		assert_int_equal(bed->certificates, 0);
		bed->limited = NULL;
		run_for(bed, 7200);
		assert_true(bed->certificates >= MANY - bed->refused);
	}
}

// A limit that is only that of one certificate's names.
static void limit_of_one_name_does_not_stop_the_others_for_long(void **state)
{
	struct bed *bed = *state;
	bed->limited = "/order";
	bed->retry_after = "604800";
	want_many(bed);
	acme_keeper_run(bed->keeper);
	assert_int_equal(bed->refused, 1);
	bed->limited = NULL;
	bed->now += 3600 + 3600 / 4;
	acme_keeper_run(bed->keeper);
	assert_int_equal(bed->certificates, MANY - 1);
}

static void old_certificate_stays_when_the_renewal_fails(void **state)
{
	struct bed *bed = *state;
	acme_keeper_run(bed->keeper);
	struct seen seen = look(bed);
	bed->down = true;
	bed->now = seen.not_after + 100;
	acme_keeper_run(bed->keeper);
	assert_true(look(bed).exists);
	assert_int_equal(look(bed).not_after, seen.not_after);
	assert_int_equal(bed->taken_up, 1);
	reopen(bed);
	assert_true(look(bed).exists);
}

// The program stops after one request, starts again, stops after two, and so
// on.
static void order_goes_on_after_a_stop(void **state)
{
	struct bed *bed = *state;
	for (int stop = 1; stop < 20; stop++) {
		bed->stop_after = (int)bed->requests + stop;
		acme_keeper_run(bed->keeper);
		reopen(bed);
		if (look(bed).exists)
			break;
		bed->stop_after = 0;
	}
	bed->stop_after = 0;
	acme_keeper_run(bed->keeper);
	assert_true(look(bed).exists);
	assert_int_equal(bed->orders, 1);
	assert_int_equal(bed->certificates, 1);
}

static void stop_leaves_an_order_that_goes_on(void **state)
{
	struct bed *bed = *state;
	// Directory, nonce, account, order; it stops before the next one.
	bed->stop_after = 4;
	acme_keeper_run(bed->keeper);
	assert_int_equal(bed->orders, 1);
	assert_true(is_there(bed, "crt._server.key"));
	bed->stop_after = 0;
	reopen(bed);
	acme_keeper_run(bed->keeper);
	assert_int_equal(bed->orders, 1);
	assert_true(look(bed).exists);
}

static void what_a_cut_leaves_is_no_obstacle(void **state)
{
	struct bed *bed = *state;
	struct fault fault;
	acme_keeper_run(bed->keeper);
	write_file(bed, "crt._server.pem.new");
	write_file(bed, "crt._server.json");
	write_file(bed, "account.json");
	reopen(bed);
	assert_false(is_there(bed, "crt._server.pem.new"));
	assert_true(look(bed).exists);
	assert_int_equal(acme_keeper_force(bed->keeper, NULL), RC_OK);
	acme_keeper_run(bed->keeper);
	assert_int_equal(bed->certificates, 2);
	// A damaged certificate is one that is missing.
	write_file(bed, "crt._server.pem");
	reopen(bed);
	assert_false(look(bed).exists);
	acme_keeper_run(bed->keeper);
	assert_int_equal(bed->certificates, 3);
	// The account's key is not made anew behind the operator's back.
	acme_keeper_free(&bed->keeper);
	write_file(bed, "account.pem");
	assert_int_equal(open_keeper(bed, &fault), RC_CORRUPT);
	assert_non_null(strstr(fault.text, "account.pem"));
	char path[200];
	path_of(bed, "account.pem", path);
	unlink(path);
	reopen(bed);
}

static void files_are_for_the_owner_only(void **state)
{
	struct bed *bed = *state;
	struct dirent *entry;
	struct stat info;
	size_t count = 0;
	acme_keeper_run(bed->keeper);
	DIR *folder = opendir(bed->folder);
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		assert_int_equal(
		    fstatat(dirfd(folder), entry->d_name, &info, 0), 0);
		assert_int_equal(info.st_mode & 0777, 0600);
		count++;
	}
	closedir(folder);
	assert_int_equal(count, 4);
}

#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_BED(certificate_is_fetched_and_renewed_in_time),
	    IN_BED(new_name_is_ordered_at_once),
	    IN_BED(authority_that_is_down_is_asked_less_and_less),
	    IN_BED(limit_of_the_account_is_kept_by_all),
	    IN_BED(limit_of_one_name_does_not_stop_the_others_for_long),
	    IN_BED(old_certificate_stays_when_the_renewal_fails),
	    IN_BED(order_goes_on_after_a_stop),
	    IN_BED(stop_leaves_an_order_that_goes_on),
	    IN_BED(what_a_cut_leaves_is_no_obstacle),
	    IN_BED(files_are_for_the_owner_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
