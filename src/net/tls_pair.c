// SPDX-License-Identifier: Apache-2.0
// Certificate and key files in PEM form: reads and checks them, and reads their
// names. Each mistake is reported with the name of the file.
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "net/tls_set.h"

// The maximum of certificates in one file. A real chain has two to four.
#define CHAIN_MAX 16

// OpenSSL's last error, in words.
static const char *last_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	return reason ? reason : "OpenSSL gives no reason";
}

static void add_mistake(
    struct buf *mistakes, const char *path, const char *text)
{
	buf_printf(mistakes, "%s: %s\n", path, text);
}

// Opens a regular file; a pipe would keep the server waiting.
static BIO *open_file(const char *path, struct buf *mistakes)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) != 0) {
		buf_printf(mistakes, "%s: cannot be opened: %s\n", path,
		    strerror(errno));
	} else if (!S_ISREG(info.st_mode)) {
		add_mistake(mistakes, path, "is not a regular file");
	} else {
		FILE *file = fdopen(fd, "r");
		BIO *bio = file ? BIO_new_fp(file, BIO_CLOSE) : NULL;
		if (bio)
			return bio;
		buf_printf(mistakes, "%s: cannot be opened: %s\n", path,
		    last_reason());
		if (file) {
			fclose(file);
			return NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

// A key that is locked by a pass phrase cannot be used, because a server cannot
// ask anybody for it.
static int no_pass_phrase(char *to, int size, int writing, void *context)
{
	(void)to;
	(void)size;
	(void)writing;
	*(bool *)context = true;
	return -1;
}

static bool load_chain(
    struct tls_pair *pair, BIO *bio, const char *path, struct buf *mistakes)
{
	pair->leaf = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	if (!pair->leaf) {
		buf_printf(mistakes, "%s: has no certificate in PEM form: %s\n",
		    path, last_reason());
		return false;
	}
	pair->chain = sk_X509_new_null();
	X509 *next;
	while ((next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		sk_X509_push(pair->chain, next);
		if (sk_X509_num(pair->chain) >= CHAIN_MAX) {
			add_mistake(
			    mistakes, path, "has more than 16 certificates");
			return false;
		}
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		buf_printf(mistakes,
		    "%s: certificate %d of the chain is damaged: %s\n", path,
		    sk_X509_num(pair->chain) + 2, last_reason());
		return false;
	}
	return true;
}

static bool load_certificate(
    struct tls_pair *pair, const char *path, struct buf *mistakes)
{
	ERR_clear_error();
	BIO *bio = open_file(path, mistakes);
	if (!bio)
		return false;
	bool ok = load_chain(pair, bio, path, mistakes);
	BIO_free(bio);
	ERR_clear_error();
	return ok;
}

static bool load_key(
    struct tls_pair *pair, const char *path, struct buf *mistakes)
{
	ERR_clear_error();
	BIO *bio = open_file(path, mistakes);
	if (!bio)
		return false;
	bool locked = false;
	pair->key = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, &locked);
	if (locked)
		add_mistake(
		    mistakes, path, "is locked by a pass phrase; unlock it");
	else if (!pair->key)
		buf_printf(mistakes, "%s: has no private key in PEM form: %s\n",
		    path, last_reason());
	BIO_free(bio);
	ERR_clear_error();
	return pair->key;
}

int64_t tls_seconds(const ASN1_TIME *time)
{
	struct tm tm;
	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}

// NULL: the certificate is valid now.
static const char *date_problem(const struct tls_pair *pair)
{
	if (X509_cmp_current_time(X509_get0_notAfter(pair->leaf)) < 0)
		return "has expired";
	if (X509_cmp_current_time(X509_get0_notBefore(pair->leaf)) > 0)
		return "is not valid yet";
	return NULL;
}

bool tls_pair_load(struct tls_pair *pair, const struct net_tls_pair *paths,
    struct buf *mistakes, struct log *log)
{
	*pair = (struct tls_pair){.path = mem_strdup(paths->certificate_path),
	    .stand_in = paths->stand_in};
	// Both files are read in any case, so that mistakes in both are
	// reported.
	bool certificate =
	    load_certificate(pair, paths->certificate_path, mistakes);
	bool key = load_key(pair, paths->key_path, mistakes);
	if (!certificate || !key)
		return false;
	if (X509_check_private_key(pair->leaf, pair->key) != 1) {
		ERR_clear_error();
		buf_printf(mistakes,
		    "%s: is not the key of the certificate in %s\n",
		    paths->key_path, paths->certificate_path);
		return false;
	}
	const char *problem = date_problem(pair);
	if (problem)
		log_text(log, LOG_LEVEL_WARN, "certificate", "%s: %s",
		    paths->certificate_path, problem);
	return true;
}

enum rc net_tls_examine(const struct net_tls_pair *paths, const char *name,
    struct buf *mistakes, bool *ret_named)
{
	struct tls_pair pair;
	bool usable = tls_pair_load(&pair, paths, mistakes, NULL);
	*ret_named = false;
	if (usable) {
		const char *problem = date_problem(&pair);
		if (problem)
			add_mistake(mistakes, paths->certificate_path, problem);
		*ret_named = X509_check_host(
				 pair.leaf, name, strlen(name), 0, NULL) == 1;
		ERR_clear_error();
	}
	tls_pair_done(&pair);
	return usable ? RC_OK : RC_INVALID;
}

void tls_pair_done(struct tls_pair *pair)
{
	X509_free(pair->leaf);
	sk_X509_pop_free(pair->chain, X509_free);
	EVP_PKEY_free(pair->key);
	free(pair->path);
	*pair = (struct tls_pair){0};
}

enum rc tls_pairs_load(struct tls_pairs *ret_pairs,
    const struct net_tls_pair *paths, size_t count, struct buf *mistakes,
    struct log *log)
{
	struct tls_pairs pairs = {
	    .items = mem_zalloc((count + 1) * sizeof(*pairs.items))};
	for (size_t i = 0; i < count; i++) {
		struct tls_pair *pair = &pairs.items[pairs.count];
		if (tls_pair_load(pair, &paths[i], mistakes, log))
			pairs.count++;
		else
			tls_pair_done(pair);
	}
	*ret_pairs = pairs;
	return pairs.count == count ? RC_OK : RC_INVALID;
}

void tls_pairs_done(struct tls_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++)
		tls_pair_done(&pairs->items[i]);
	free(pairs->items);
	*pairs = (struct tls_pairs){0};
}

static void give_name(const ASN1_STRING *string,
    void (*each)(void *context, struct view name), void *context)
{
	char name[256];
	size_t len = (size_t)ASN1_STRING_length(string);
	const unsigned char *bytes = ASN1_STRING_get0_data(string);
	if (len == 0 || len >= sizeof(name))
		return;
	for (size_t i = 0; i < len; i++)
		name[i] = ascii_lower((char)bytes[i]);
	each(context, view_of(name, len));
}

// The common name counts only when there are no alternative DNS names (RFC 6125
// section 6.4.4).
static void give_common_name(const struct tls_pair *pair,
    void (*each)(void *context, struct view name), void *context)
{
	X509_NAME *subject = X509_get_subject_name(pair->leaf);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	if (at >= 0)
		give_name(
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)),
		    each, context);
}

void tls_pair_names(const struct tls_pair *pair,
    void (*each)(void *context, struct view name), void *context)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(pair->leaf, NID_subject_alt_name, NULL, NULL);
	bool any = false;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_DNS)
			continue;
		give_name(name->d.dNSName, each, context);
		any = true;
	}
	GENERAL_NAMES_free(names);
	if (!any)
		give_common_name(pair, each, context);
	ERR_clear_error();
}
