// SPDX-License-Identifier: Apache-2.0
// Damage that shows while the database is open. A read that meets it fails
// alone. Compaction is another matter: it reads everything, and RocksDB refuses
// every write once it has met damage there. So when damage is known, compaction
// stops until the repair, also after a restart: the file DAMAGED says so. Reads
// become slower meanwhile, and deleted content keeps its space.
#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include "engine/rocksdb_folder.h"

static void marker_name(const char *path, char name[4160])
{
	snprintf(name, 4160, "%s/DAMAGED", path);
}

bool rocks_damage_is_marked(const char *path)
{
	char name[4160];
	marker_name(path, name);
	return access(name, F_OK) == 0;
}

void rocks_damage_unmark(const char *path)
{
	char name[4160];
	marker_name(path, name);
	unlink(name);
}

void rocks_damage_mark(const char *path, const char *text)
{
	char name[4160];
	marker_name(path, name);
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return; // it is found again after a restart
	(void)!write(fd, text, strlen(text));
	(void)!write(fd, "\n", 1);
	fsync(fd);
	close(fd);
}

static void stop_compaction(struct rocks *rocks)
{
	const char *names[] = {"disable_auto_compactions"};
	const char *values[] = {"true"};
	for (size_t i = 0; i < ROCKS_FAMILIES; i++) {
		char *error = NULL;
		rocksdb_set_options_cf(
		    rocks->db, rocks->families[i], 1, names, values, &error);
		if (error)
			rocksdb_free(error);
	}
	log_text(rocks->base.log, LOG_LEVEL_ERROR, "storage",
	    "the database is damaged: it is not compacted any more until "
	    "`roost repair`");
}

// Remembers what was told; false if it was told before. A table is told once,
// and another text once.
static bool is_new(struct rocks_damage *damage, const char *text)
{
	char name[ROCKS_NAME_MAX];
	struct view what =
	    view_of_string(rocks_table_named(text, name) ? name : text);
	uint64_t hash = XXH3_64bits(what.ptr, what.len);
	for (size_t i = 0; i < damage->count; i++)
		if (damage->told[i] == hash)
			return false;
	if (damage->count == ROCKS_TOLD_MAX)
		return false;
	damage->told[damage->count++] = hash;
	return true;
}

bool rocks_damage_found(struct rocks *rocks, const char *text)
{
	struct rocks_damage *damage = &rocks->damage;
	pthread_mutex_lock(&damage->lock);
	bool fresh = is_new(damage, text);
	bool first = !damage->known;
	damage->known |= rocks->db != NULL && !rocks->base.read_only;
	pthread_mutex_unlock(&damage->lock);
	if (rocks->db && !rocks->base.read_only) {
		if (fresh)
			rocks_damage_mark(rocks->path, text);
		if (first)
			stop_compaction(rocks);
	}
	return fresh;
}
