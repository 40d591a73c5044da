// SPDX-License-Identifier: Apache-2.0
// See spool.h. The .idx file has a line for each mail: offset, length, bytes of
// header, offset of the date in it, and the original's date.
#include "spool.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "conn.h"

// A repetition of the corpus is so much later than the one before.
#define REPETITION_SECONDS (120 * 86400 + 4321)

static void map_bytes(struct spool *spool, const char *path)
{
	char name[4096];
	struct stat info;
	snprintf(name, sizeof(name), "%s.bin", path);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) != 0 || info.st_size == 0)
		die("cannot read %s", name);
	spool->len = (size_t)info.st_size;
	spool->bytes = mmap(NULL, spool->len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (spool->bytes == MAP_FAILED)
		die("cannot map %s", name);
	close(fd);
}

void spool_open(struct spool *spool, const char *path)
{
	char name[4096];
	size_t capacity = 0;
	struct spool_entry e;
	*spool = (struct spool){.count = 0};
	map_bytes(spool, path);
	snprintf(name, sizeof(name), "%s.idx", path);
	FILE *file = fopen(name, "r");
	if (file == NULL)
		die("cannot read %s", name);
	while (fscanf(file,
		   "%" SCNu64 " %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNd64,
		   &e.offset, &e.length, &e.header, &e.date, &e.epoch) == 5) {
		if (e.offset > spool->len || e.length > spool->len - e.offset ||
		    e.header > e.length ||
		    (uint64_t)e.date + SPOOL_DATE_LEN > e.header)
			die("%s does not fit its .bin", name);
		spool->entries = mem_grow(spool->entries, &capacity,
		    spool->count + 1, sizeof(*spool->entries));
		spool->entries[spool->count++] = e;
	}
	fclose(file);
	if (spool->count == 0)
		die("%s is empty", name);
}

void spool_close(struct spool *spool)
{
	munmap(spool->bytes, spool->len);
	free(spool->entries);
}

static void number_tokens(char *mail, size_t header, unsigned serial)
{
	char *end = mail + header;
	char digits[8];
	snprintf(digits, sizeof(digits), "%05u", serial % 100000);
	for (char *at = mail; (at = memmem(at, (size_t)(end - at), SPOOL_TOKEN,
				   sizeof(SPOOL_TOKEN) - 1)) != NULL;
	     at += sizeof(SPOOL_TOKEN) - 1)
		memcpy(at + 2, digits, 5);
}

static void add_flags(uint64_t n, struct buf *out)
{
	buf_add_char(out, '(');
	if (n % 2 == 0)
		buf_add_literal(out, "\\Seen");
	if (n % 20 == 0)
		buf_add_literal(out, " \\Answered");
	else if (n % 13 == 0)
		buf_add_string(out, n % 2 == 0 ? " $Work" : "$Work");
	buf_add_char(out, ')');
}

void spool_add(const struct spool *spool, uint64_t n, struct buf *out)
{
	const struct spool_entry *e = &spool->entries[n % spool->count];
	unsigned serial = (unsigned)(n / spool->count);
	time_t date = (time_t)(e->epoch + (int64_t)serial * REPETITION_SECONDS);
	struct tm tm;
	char text[64];
	gmtime_r(&date, &tm);
	add_flags(n, out);
	strftime(text, sizeof(text), " \"%d-%b-%Y %H:%M:%S +0000\" ", &tm);
	buf_add_string(out, text);
	buf_printf(out, "{%u+}\r\n", e->length);
	char *mail = buf_reserve(out, e->length);
	if (mail == NULL)
		die("a mail too large for one command");
	memcpy(mail, spool->bytes + e->offset, e->length);
	number_tokens(mail, e->header, serial);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	memcpy(mail + e->date, text, SPOOL_DATE_LEN);
	buf_commit(out, e->length);
}
