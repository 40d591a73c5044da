// SPDX-License-Identifier: Apache-2.0
// Makes a certificate for the first start. It never overwrites a file.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "base/bytes.h"
#include "net/tls.h"

// Mail programs accept no longer lifetime of a server's certificate.
#define LIFE_DAYS 820

#define SAN_MAX 4096

static bool add_extension(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension =
	    X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!extension)
		return false;
	bool ok = X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

static bool is_address(const char *name)
{
	unsigned char bytes[16];
	return inet_pton(AF_INET, name, bytes) == 1 ||
	       inet_pton(AF_INET6, name, bytes) == 1;
}

static bool add_names(X509 *certificate, const char *const *names, size_t count)
{
	struct buf san;
	buf_init(&san, SAN_MAX);
	for (size_t i = 0; i < count; i++) {
		// The text is a list with commas, so a name must not contain
		// one.
		if (strchr(names[i], ','))
			san.overflowed = true;
		buf_printf(&san, "%s%s:%s", i ? "," : "",
		    is_address(names[i]) ? "IP" : "DNS", names[i]);
	}
	buf_add_char(&san, '\0');
	bool ok = buf_status(&san) == RC_OK &&
		  add_extension(certificate, NID_subject_alt_name, san.ptr);
	buf_done(&san);
	return ok;
}

static bool set_identity(X509 *certificate, const char *name)
{
	unsigned char random[8];
	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	// Positive and not zero (RFC 5280 section 4.1.2.2).
	uint64_t serial = (get_le64(random) >> 1) | 1;
	const char *shown = strlen(name) <= 64 ? name : "Roost";
	X509_NAME *subject = X509_get_subject_name(certificate);
	return ASN1_INTEGER_set_uint64(
		   X509_get_serialNumber(certificate), serial) == 1 &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
		   (const unsigned char *)shown, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(certificate, subject) == 1;
}

static bool fill(
    X509 *certificate, EVP_PKEY *key, const char *const *names, size_t count)
{
	return X509_set_version(certificate, X509_VERSION_3) == 1 &&
	       set_identity(certificate, names[0]) &&
	       // The certificate is valid from an hour ago, because clocks
	       // differ.
	       X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) &&
	       X509_time_adj_ex(
		   X509_getm_notAfter(certificate), LIFE_DAYS, 0, NULL) &&
	       X509_set_pubkey(certificate, key) == 1 &&
	       add_names(certificate, names, count) &&
	       add_extension(
		   certificate, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(
		   certificate, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
	       add_extension(certificate, NID_subject_key_identifier, "hash") &&
	       X509_sign(certificate, key, EVP_sha256()) > 0;
}

// Writes one file: the certificate, or the key if `certificate` is NULL.
static enum rc write_file(const char *path, mode_t mode, X509 *certificate,
    EVP_PKEY *key, struct fault *fault)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return fault_set(fault, errno == EEXIST ? RC_EXISTS : RC_IO,
		    "cannot make %s: %s", path, strerror(errno));
	BIO *bio = BIO_new_fd(fd, BIO_NOCLOSE);
	int ok = certificate ? PEM_write_bio_X509(bio, certificate)
			     : PEM_write_bio_PrivateKey(
				   bio, key, NULL, NULL, 0, NULL, NULL);
	BIO_free(bio);
	bool synced = ok == 1 && fsync(fd) == 0;
	if (close(fd) == 0 && synced)
		return RC_OK;
	unlink(path);
	return fault_set(fault, RC_IO, "cannot write %s", path);
}

enum rc net_tls_self_signed(const char *certificate_path, const char *key_path,
    const char *const *names, size_t name_count, struct fault *fault)
{
	if (name_count == 0)
		return fault_set(
		    fault, RC_INVALID, "a certificate needs at least one name");
	X509 *certificate = X509_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	enum rc rc = RC_OK;
	if (!certificate || !key || !fill(certificate, key, names, name_count))
		rc = fault_set(fault, RC_INVALID,
		    "cannot make a certificate for \"%s\"", names[0]);
	if (rc == RC_OK)
		rc = write_file(key_path, 0600, NULL, key, fault);
	if (rc == RC_OK) {
		rc = write_file(
		    certificate_path, 0644, certificate, NULL, fault);
		if (rc != RC_OK)
			unlink(key_path);
	}
	X509_free(certificate);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rc;
}
