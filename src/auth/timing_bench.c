// SPDX-License-Identifier: Apache-2.0
// By hand: whether the time of a refusal tells who exists. Log-ins of several
// kinds are measured in random order, and each kind is compared with the first
// by the Mann-Whitney test, which needs no assumption about the distribution:
// |z| above 3.3 (p < 0.001) would be a difference.
//
//	build-asan/src/auth/auth_timing_bench [SAMPLES]
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "auth/rig_users.h"
#include "auth/sasl.h"
#include "auth/second.h"
#include "base/mem.h"

// As in the server: the usual cost of a hash.
static const struct auth_settings settings = {
    .address_failures = 1000000,
    .user_failures = 1000000,
    .total_failures = 1000000,
    .clean_failures = 1000000,
};

#define SCRAM "SCRAM-SHA-256"
// It has the form of an application password.
#define APP "abcd-efgh-ijkm-npqr-stuv-wxyz-2345"

struct kind {
	const char *name; // of the user
	bool each;        // each time another one: a number follows
	const char *password;
	// NULL: a password; otherwise SCRAM with a wrong proof.
	const char *mechanism;
	bool whole; // also the step with the proof
	const char *title;
};

static const struct kind kinds[] = {
    {"anna", false, "wrong", NULL, false, "wrong password"},
    {"nobody", false, "wrong", NULL, false, "unknown user"},
    {"nobody", true, "wrong", NULL, false, "unknown users, each another"},
    {"gone", false, "wrong", NULL, false, "disabled user, wrong password"},
    {"gone", false, "right", NULL, false, "disabled user, right password"},
    {"twofold", false, "wrong", NULL, false, "second factor, wrong password"},
    {"twofold", false, "right", NULL, false, "second factor, right password"},
    {"anna", false, APP, NULL, false, "no application password of this user"},
    {"nobody", true, APP, NULL, false, "nor of unknown users"},
    {"anna", false, NULL, SCRAM, false, "SCRAM, known user"},
    {"nobody", false, NULL, SCRAM, false, "SCRAM, unknown user"},
    {"nobody", true, NULL, SCRAM, false, "SCRAM, unknown users"},
    {"gone", false, NULL, SCRAM, false, "SCRAM, disabled user"},
    {"twofold", false, NULL, SCRAM, false, "SCRAM, second factor"},
    {"anna", false, NULL, SCRAM, true, "SCRAM to its end, known user"},
    {"nobody", false, NULL, SCRAM, true, "SCRAM to its end, unknown"},
    {"nobody", true, NULL, SCRAM, true, "SCRAM to its end, unknown users"},
    {"gone", false, NULL, SCRAM, true, "SCRAM to its end, disabled"},
    {"twofold", false, NULL, SCRAM, true, "SCRAM to its end, second factor"},
};
#define KINDS ARRAY_LEN(kinds)

static uint64_t now_ns(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void add_second(struct auth *auth)
{
	unsigned char secret[AUTH_TOTP_SECRET_LEN];
	struct auth_user user;
	struct fault fault;
	char code[16];
	rig_must(auth_user_find(auth, VIEW("twofold"), &user), "find");
	rig_must(auth_totp_begin(auth, &user, &fault, secret), "begin");
	snprintf(code, sizeof(code), "%06u",
	    auth_totp_code(secret, (uint64_t)time(NULL) / 30));
	rig_must(auth_totp_confirm(auth, &user, view_of_string(code), &fault),
	    "confirm");
}

static void add_users(struct auth *auth)
{
	struct fault fault;
	uint64_t account;
	static const char *const names[] = {"anna", "bert", "gone", "twofold"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		rig_must(auth_user_add(auth, view_of_string(names[i]),
			     VIEW("right"), &fault, &account),
		    "auth_user_add");
	rig_must(auth_user_set_disabled(auth, VIEW("gone"), true, &fault),
	    "disable");
	add_second(auth);
}

// A proof that is wrong for every user.
#define PROOF "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void scram(struct auth *auth, const struct auth_channel *channel,
    const struct kind *kind, const char *name)
{
	char text[400];
	struct auth_verdict verdict;
	struct auth_sasl *sasl;
	struct buf out;
	buf_init(&out, AUTH_SASL_OUTPUT_MAX);
	rig_must(auth_sasl_start(auth, view_of_string(kind->mechanism), channel,
		     &verdict, &sasl),
	    "auth_sasl_start");
	snprintf(text, sizeof(text), "n,,n=%s,r=abcdefghijkl", name);
	if (auth_sasl_step(sasl, view_of_string(text), &out) != RC_MORE)
		abort();
	if (kind->whole) {
		// "r=" and the nonce are in front of the first comma.
		snprintf(text, sizeof(text), "c=biws,%.*s,p=" PROOF,
		    (int)view_find_char(buf_view(&out), ','), out.ptr);
		if (auth_sasl_step(sasl, view_of_string(text), &out) != RC_AUTH)
			abort();
	}
	buf_done(&out);
	auth_sasl_free(&sasl);
}

static uint64_t measure(struct auth *auth, const struct kind *kind, int number)
{
	char name[64], address[32];
	struct auth_user user;
	struct auth_verdict verdict;
	if (kind->each)
		snprintf(name, sizeof(name), "%s%d", kind->name, number);
	else
		snprintf(name, sizeof(name), "%s", kind->name);
	snprintf(address, sizeof(address), "10.%d.%d.1", number / 250 % 250,
	    number % 250);
	struct auth_channel channel = {.protocol = "imap",
	    .tls = true,
	    .peer_address = view_of_string(address)};
	uint64_t begin = now_ns();
	if (kind->mechanism)
		scram(auth, &channel, kind, name);
	else if (auth_verify(auth, &channel, view_of_string(name),
		     view_of_string(kind->password), &user, &verdict) == RC_OK)
		abort();
	return now_ns() - begin;
}

// ---- Statistics ------------------------------------------------------------

struct sample {
	double ns;
	size_t kind;
};

static int compare(const void *a, const void *b)
{
	double x = ((const struct sample *)a)->ns;
	double y = ((const struct sample *)b)->ns;
	return (x > y) - (x < y);
}

static double root(double x)
{
	double y = x > 1 ? x : 1;
	for (int i = 0; i < 100; i++)
		y = (y + x / y) / 2;
	return y;
}

// The z value of the rank sum of two kinds with n samples each.
static double mann_whitney(const double *first, const double *second, size_t n)
{
	struct sample *all = mem_alloc(2 * n * sizeof(*all));
	double ranks = 0;
	for (size_t i = 0; i < n; i++) {
		all[i] = (struct sample){first[i], 0};
		all[n + i] = (struct sample){second[i], 1};
	}
	qsort(all, 2 * n, sizeof(*all), compare);
	for (size_t i = 0; i < 2 * n; i++)
		if (all[i].kind == 0)
			ranks += (double)i + 1;
	free(all);
	double m = (double)n;
	double u = ranks - m * (m + 1) / 2;
	return (u - m * m / 2) / root(m * m * (2 * m + 1) / 12);
}

static double at(const double *sorted, size_t n, double part)
{
	return sorted[(size_t)((double)(n - 1) * part)] / 1000;
}

static int compare_number(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

static void report(double *const *times, size_t n)
{
	printf("%-32s %12s %12s %12s %8s\n", "", "p10 us", "median us",
	    "p90 us", "z");
	for (size_t i = 0; i < KINDS; i++) {
		size_t base = 0; // the first of its kind
		while (kinds[base].whole != kinds[i].whole ||
		       !kinds[base].mechanism != !kinds[i].mechanism)
			base++;
		double z = mann_whitney(times[base], times[i], n);
		double *sorted = mem_alloc(n * sizeof(*sorted));
		memcpy(sorted, times[i], n * sizeof(*sorted));
		qsort(sorted, n, sizeof(*sorted), compare_number);
		printf("%-32s %12.1f %12.1f %12.1f %8.2f\n", kinds[i].title,
		    at(sorted, n, 0.1), at(sorted, n, 0.5), at(sorted, n, 0.9),
		    i == base ? 0.0 : z);
		free(sorted);
	}
}

// Another order in each round, so that no kind always follows the same one.
static void shuffle(size_t order[KINDS])
{
	for (size_t i = 0; i < KINDS; i++)
		order[i] = i;
	for (size_t i = KINDS; i-- > 1;) {
		unsigned char byte = 0;
		if (RAND_bytes(&byte, 1) != 1)
			abort();
		size_t other = byte % (i + 1);
		size_t kept = order[i];
		order[i] = order[other];
		order[other] = kept;
	}
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	struct fault fault;
	struct engine *engine = engine_memory_new();
	struct auth *auth;
	double *times[KINDS];
	if (n < 2 || n > 1000000)
		return 2;
	rig_must(
	    auth_new(engine, &settings, NULL, NULL, &fault, &auth), "auth_new");
	add_users(auth);
	for (size_t i = 0; i < KINDS; i++)
		times[i] = mem_zalloc(n * sizeof(double));
	for (size_t i = 0; i < n; i++) {
		size_t order[KINDS];
		shuffle(order);
		for (size_t j = 0; j < KINDS; j++)
			times[order[j]][i] =
			    (double)measure(auth, &kinds[order[j]], (int)i);
	}
	report(times, n);
	for (size_t i = 0; i < KINDS; i++)
		free(times[i]);
	auth_free(&auth);
	engine_close(&engine);
	return 0;
}
