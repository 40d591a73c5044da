// SPDX-License-Identifier: Apache-2.0
// What is known to be on the disk. RocksDB gives each operation a sequence
// number, in the order of its log. A sync makes everything before it durable;
// so one number says what is durable. It is told in two ways:
//
// - Each batch carries it as a note, which is in the log only. So a record that
//   can be read proves that everything up to the number in its note was synced
//   before.
// - The file SYNCED has it, written without a sync. After a kill it is exact;
//   after a power cut it may be missing or old, and then claims less.
//
// README.md says why this tells damage from a torn end.
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>
#include <xxhash.h>

#include "engine/rocksdb_impl.h"

// SYNCED: these bytes, the secret, the sequence number (le64), and the XXH3
// hash (le64) of all that.
#define SYNCED_MAGIC "roostsyn"
#define SYNCED_BYTES 32

static void compose(uint64_t secret, uint64_t durable, char bytes[SYNCED_BYTES])
{
	memcpy(bytes, SYNCED_MAGIC, 8);
	put_le64(bytes + 8, secret);
	put_le64(bytes + 16, durable);
	put_le64(bytes + 24, XXH3_64bits(bytes, 24));
}

// A file that does not match its hash was being written when the power went: it
// claims nothing.
static void read_claim(int fd, struct rocks_claim *ret_claim)
{
	char bytes[SYNCED_BYTES];
	*ret_claim = (struct rocks_claim){0};
	if (pread(fd, bytes, sizeof(bytes), 0) != SYNCED_BYTES ||
	    memcmp(bytes, SYNCED_MAGIC, 8) != 0 ||
	    XXH3_64bits(bytes, 24) != get_le64(bytes + 24))
		return;
	ret_claim->secret = get_le64(bytes + 8);
	ret_claim->durable = get_le64(bytes + 16);
}

enum rc rocks_synced_open(const char *path, bool read_only, struct fault *fault,
    int *ret_fd, struct rocks_claim *ret_claim)
{
	char name[4096];
	*ret_claim = (struct rocks_claim){0};
	*ret_fd = -1;
	snprintf(name, sizeof(name), "%s/SYNCED", path);
	int fd = open(
	    name, (read_only ? O_RDONLY : O_RDWR | O_CREAT) | O_CLOEXEC, 0600);
	if (fd < 0 && read_only)
		return RC_OK;
	if (fd < 0)
		return fault_set(fault, RC_IO, "%s: %s", name, strerror(errno));
	if (flock(fd, (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
		int error = errno;
		close(fd);
		return fault_set(fault,
		    error == EWOULDBLOCK ? RC_IN_USE : RC_IO, "%s: %s", name,
		    error == EWOULDBLOCK ? "another process has the database"
					 : strerror(error));
	}
	read_claim(fd, ret_claim);
	*ret_fd = fd;
	return RC_OK;
}

void rocks_synced_set(int fd, uint64_t secret, uint64_t durable)
{
	char bytes[SYNCED_BYTES];
	compose(secret, durable, bytes);
	if (pwrite(fd, bytes, sizeof(bytes), 0) == SYNCED_BYTES)
		(void)!fsync(fd); // the next opening would refuse at worst
}

static void write_claim(struct rocks_synced *synced)
{
	char bytes[SYNCED_BYTES];
	uint64_t durable = atomic_load(&synced->durable);
	if (durable == synced->written)
		return;
	compose(synced->secret, durable, bytes);
	// If it fails, the next opening knows less.
	if (pwrite(synced->fd, bytes, sizeof(bytes), 0) == SYNCED_BYTES)
		synced->written = durable;
}

void rocks_synced_start(struct rocks *rocks)
{
	struct rocks_synced *synced = &rocks->synced_state;
	if (getrandom(&synced->secret, sizeof(synced->secret), 0) !=
	    (ssize_t)sizeof(synced->secret))
		abort();
	// Opening has stored what was in the logs in tables.
	atomic_store(
	    &synced->durable, rocksdb_get_latest_sequence_number(rocks->db));
	synced->written = UINT64_MAX;
	write_claim(synced);
}

// ---- Writes ----------------------------------------------------------------

struct rocks_writing rocks_synced_begin(
    struct rocks *rocks, rocksdb_writebatch_t *batch, bool sync)
{
	struct rocks_synced *synced = &rocks->synced_state;
	char note[ROCKS_NOTE_BYTES];
	put_le64(note, synced->secret);
	put_le64(note + 8, atomic_load(&synced->durable));
	rocksdb_writebatch_put_log_data(batch, note, sizeof(note));
	struct rocks_writing writing = {.sync = sync};
	if (!sync) {
		atomic_fetch_add(&synced->unsynced_begun, 1);
		return writing;
	}
	// Reads `ended` first: if both are equal, no write without a sync was
	// running in between.
	uint64_t ended = atomic_load(&synced->unsynced_ended);
	writing.unsynced = atomic_load(&synced->unsynced_begun);
	writing.alone = ended == writing.unsynced;
	writing.before = rocksdb_get_latest_sequence_number(rocks->db);
	return writing;
}

// After a synced write, everything in the log before it is durable. Nobody says
// where that is. The sequence number after the one that was the latest before
// the write belongs to this write or to an earlier one, so it is durable. The
// latest one after the write is durable, too, if all that was written meanwhile
// was synced: RocksDB makes the number of a synced write known only after the
// sync, and not at all if the sync fails.
void rocks_synced_end(
    struct rocks *rocks, const struct rocks_writing *writing, bool written)
{
	struct rocks_synced *synced = &rocks->synced_state;
	if (!writing->sync) {
		atomic_fetch_add(&synced->unsynced_ended, 1);
		return;
	}
	if (!written)
		return;
	uint64_t now = writing->before + 1;
	uint64_t latest = rocksdb_get_latest_sequence_number(rocks->db);
	if (writing->alone &&
	    atomic_load(&synced->unsynced_begun) == writing->unsynced)
		now = latest;
	uint64_t known = atomic_load(&synced->durable);
	while (known < now &&
	       !atomic_compare_exchange_weak(&synced->durable, &known, now))
		;
	if (known >= now)
		return; // whoever set it writes it
	pthread_mutex_lock(&synced->lock);
	write_claim(synced);
	pthread_mutex_unlock(&synced->lock);
}
