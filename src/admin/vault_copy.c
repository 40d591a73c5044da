// SPDX-License-Identifier: Apache-2.0
// Copying a file while its hash is computed, not faster than it may be.
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <time.h>
#include <unistd.h>

#include "admin/vault.h"
#include "base/clock.h"
#include "base/mem.h"

#define COPY_STEP ((size_t)1 << 20)

// Waits until as much may have been read as has been.
static void keep_pace(struct vault_pace *pace, size_t bytes)
{
	if (pace->began_ms == 0)
		pace->began_ms = clock_monotonic_ms();
	pace->done += bytes;
	if (pace->rate == 0)
		return;
	uint64_t due = pace->done * 1000 / pace->rate;
	uint64_t spent = clock_monotonic_ms() - pace->began_ms;
	if (due <= spent)
		return;
	uint64_t wait = due - spent;
	struct timespec pause = {.tv_sec = (time_t)(wait / 1000),
	    .tv_nsec = (long)(wait % 1000) * 1000000};
	nanosleep(&pause, NULL);
}

static bool write_all(int to, struct view bytes)
{
	while (to >= 0 && bytes.len > 0) {
		ssize_t done = write(to, bytes.ptr, bytes.len);
		if (done < 0 && errno != EINTR)
			return false;
		bytes = view_from(bytes, done > 0 ? (size_t)done : 0);
	}
	return true;
}

static enum rc copy_bytes(int from, int to, EVP_MD_CTX *hash,
    struct vault_pace *pace, struct fault *fault, uint64_t *ret_size)
{
	char *room = mem_alloc(COPY_STEP);
	enum rc rc = RC_OK;
	uint64_t size = 0;
	for (;;) {
		ssize_t got = read(from, room, COPY_STEP);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			if (got < 0)
				rc = fault_set(fault, RC_IO, "reading: %s",
				    strerror(errno));
			break;
		}
		size += (uint64_t)got;
		EVP_DigestUpdate(hash, room, (size_t)got);
		if (!write_all(to, view_of(room, (size_t)got))) {
			rc = fault_set(
			    fault, RC_IO, "writing: %s", strerror(errno));
			break;
		}
		keep_pace(pace, (size_t)got);
	}
	free(room);
	if (rc == RC_OK && to >= 0 && fsync(to) != 0)
		rc = fault_set(fault, RC_IO, "syncing: %s", strerror(errno));
	// What was copied is not read again soon.
	if (to >= 0)
		posix_fadvise(to, 0, 0, POSIX_FADV_DONTNEED);
	*ret_size = size;
	return rc;
}

enum rc vault_copy(int from, int to, struct vault_pace *pace,
    struct fault *fault, uint64_t *ret_size, char ret_hash[VAULT_HASH_HEX + 1])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	if (!hash || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
		abort(); // out of memory
	enum rc rc = copy_bytes(from, to, hash, pace, fault, ret_size);
	EVP_DigestFinal_ex(hash, bytes, &len);
	EVP_MD_CTX_free(hash);
	for (unsigned i = 0; i < VAULT_HASH_HEX / 2; i++)
		snprintf(ret_hash + 2 * (size_t)i, 3, "%02x", bytes[i]);
	return rc;
}

enum rc vault_take_out(const struct vault *vault, const struct vault_file *file,
    int to, struct vault_pace *pace, struct fault *fault)
{
	struct fault why = {0};
	char hash[VAULT_HASH_HEX + 1];
	uint64_t size;
	int from;
	enum rc rc = vault_open_file(vault, file, fault, &from);
	if (rc != RC_OK)
		return rc;
	rc = vault_copy(from, to, pace, &why, &size, hash);
	close(from);
	if (rc != RC_OK)
		return fault_set(fault, rc, "%s: %s", file->path, why.text);
	if (size != file->size || strcmp(hash, file->hash) != 0)
		return fault_set(fault, RC_CORRUPT,
		    "%s: the copy in the backup is damaged (%s)", file->path,
		    file->hash);
	return RC_OK;
}
