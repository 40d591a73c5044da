// SPDX-License-Identifier: Apache-2.0
// The machine: clock, limits, disk, rights, sandbox, memory.
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "admin/become.h"
#include "base/clock.h"
#include "base/mem.h"
#include "server/doctor_impl.h"

#define MIB ((unsigned long long)1 << 20)

// ---- Clock -----------------------------------------------------------------

void doctor_clock(struct doctor *doctor)
{
	struct timex state = {0};
	int64_t now = clock_wall_seconds(NULL);
	int result = adjtimex(&state);
	if (now < 1735689600) // 2025-01-01: this program is younger
		doctor_say(doctor, DOCTOR_WRONG,
		    "Set the clock, and switch on NTP: timedatectl set-ntp "
		    "true",
		    "The clock is years behind.");
	else if (result < 0)
		doctor_say(doctor, DOCTOR_NOTE, NULL,
		    "Whether the clock is synchronised cannot be seen here: "
		    "%s.",
		    strerror(errno));
	else if (state.status & STA_UNSYNC)
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Switch on NTP: timedatectl set-ntp true (package "
		    "systemd-timesyncd or chrony). In a\ncontainer, the "
		    "host's clock counts.",
		    "The clock is not synchronised: certificates and "
		    "signatures may seem expired.");
	else
		doctor_say(
		    doctor, DOCTOR_OK, NULL, "The clock is synchronised.");
}

// ---- Open files ------------------------------------------------------------

// The limit of the server's process, or of one that is started as this one is.
static unsigned long long files_limit(const struct doctor *doctor)
{
	struct rlimit limit = {0};
	char path[64], line[256];
	unsigned long long soft = 0;
	if (!doctor->running) {
		getrlimit(RLIMIT_NOFILE, &limit);
		return (unsigned long long)limit.rlim_max;
	}
	snprintf(path, sizeof(path), "/proc/%lld/limits",
	    doctor_number(doctor, "pid"));
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		// One number: its overflow would be no limit at all.
		// NOLINTNEXTLINE(cert-err34-c)
		if (sscanf(line, "Max open files %llu", &soft) == 1)
			break;
	if (file)
		fclose(file);
	return soft;
}

void doctor_files(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	unsigned long long need =
	    config->max_connections + 2ull * config->relay_connections + 1024;
	unsigned long long limit = files_limit(doctor);
	if (limit == 0)
		doctor_say(doctor, DOCTOR_NOTE, NULL,
		    "The server's limit of open files cannot be read here: "
		    "root can.");
	else if (limit < need)
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Set LimitNOFILE= in the unit (systemctl edit roost), or "
		    "lower max_connections.",
		    "The system allows %llu open files; for %u connections "
		    "%llu are needed, so fewer are served.",
		    limit, config->max_connections, need);
	else
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "%llu open files are allowed, which is enough.", limit);
}

// ---- Disk ------------------------------------------------------------------

#define SYNCS 15

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

// The median of some syncs of 4 KiB, in microseconds; 0 if it cannot be
// measured. The file has no name, so nothing is left.
static uint64_t measure_sync(const char *folder)
{
	uint64_t times[SYNCS];
	static const char block[4096];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	bool good = fd >= 0;
	for (size_t i = 0; i < SYNCS && good; i++) {
		uint64_t begun = clock_monotonic_ns();
		good = pwrite(fd, block, sizeof(block),
			   (off_t)(i * sizeof(block))) == sizeof(block) &&
		       fdatasync(fd) == 0;
		times[i] = (clock_monotonic_ns() - begun) / 1000;
	}
	if (fd >= 0)
		close(fd);
	if (!good)
		return 0;
	qsort(times, SYNCS, sizeof(times[0]), compare);
	return times[SYNCS / 2] + 1;
}

static void check_speed(struct doctor *doctor)
{
	uint64_t us = measure_sync(doctor->config->data);
	if (us == 0)
		doctor_say(doctor, DOCTOR_NOTE, NULL,
		    "How fast the disk syncs cannot be measured here: root "
		    "and the data folder's owner can.");
	else if (us > 50000)
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Each delivery waits for a sync. Use an SSD, or a "
		    "controller whose cache has a battery.",
		    "A sync of the data folder's disk takes %.1f ms.",
		    (double)us / 1000);
	else
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "A sync of the data folder's disk takes %.1f ms.",
		    (double)us / 1000);
}

void doctor_disk(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	struct statvfs disk;
	if (statvfs(config->data, &disk) != 0) {
		doctor_say(doctor, DOCTOR_WRONG,
		    "`roost serve` and `roost user add` make it; or set data "
		    "in the configuration.",
		    "The data folder %s cannot be looked at: %s.", config->data,
		    strerror(errno));
		return;
	}
	unsigned long long block = disk.f_frsize;
	unsigned long long free_mib = block * disk.f_bavail / MIB;
	unsigned long long all_mib = block * disk.f_blocks / MIB;
	unsigned long long reserve = config->disk_reserve_mib;
	const char *mend =
	    "Make room, or give the data folder a larger disk. Below "
	    "disk_reserve_mib no mail is accepted.";
	if (free_mib <= reserve)
		doctor_say(doctor, DOCTOR_WRONG, mend,
		    "The disk of the data folder is full: %llu MiB are free, "
		    "and %llu are kept in reserve.",
		    free_mib, reserve);
	else if (free_mib < all_mib / 20 || free_mib < 2 * reserve)
		doctor_say(doctor, DOCTOR_DOUBT, mend,
		    "The disk of the data folder is nearly full: %llu of %llu "
		    "MiB are free.",
		    free_mib, all_mib);
	else
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "%llu of %llu MiB are free for the data.", free_mib,
		    all_mib);
	if (disk.f_files > 0 && disk.f_favail < disk.f_files / 50)
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Delete files that are not needed, or make a new file "
		    "system with more inodes.",
		    "The disk of the data folder has few inodes left: %llu.",
		    (unsigned long long)disk.f_favail);
	check_speed(doctor);
}

// ---- Rights ----------------------------------------------------------------

static void check_folder(struct doctor *doctor)
{
	const char *data = doctor->config->data;
	struct become become;
	struct fault fault;
	struct stat info;
	if (stat(data, &info) != 0)
		return; // "disk" reports it
	if (info.st_mode & 077)
		doctor_say(doctor, DOCTOR_WRONG,
		    doctor_text(doctor, "chmod 700 %s", data),
		    "Others than the owner may look into the data folder %s "
		    "(mode %03o).",
		    data, (unsigned)(info.st_mode & 0777));
	const char *user =
	    doctor->config->user[0] ? doctor->config->user : NULL;
	if (become_find(user, data, &fault, &become) != RC_OK) {
		doctor_say(doctor, DOCTOR_WRONG,
		    "Set user in the configuration, or the folder's owner.",
		    "%s.", fault.text);
		return;
	}
	if (become.from_root && become.user != info.st_uid)
		doctor_say(doctor, DOCTOR_WRONG,
		    doctor_text(
			doctor, "chown -R %s: %s", user ? user : "roost", data),
		    "The data folder %s belongs to the user %u, but the "
		    "server runs as %u.",
		    data, info.st_uid, become.user);
	else if (become.is_root)
		doctor_say(doctor, DOCTOR_WRONG,
		    doctor_text(doctor,
			"useradd --system roost; chown -R roost: %s; and "
			"user = \"roost\" in the configuration",
			data),
		    "The data folder %s is root's, and root does not serve "
		    "mail.",
		    data);
	else if (!(info.st_mode & 077))
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "Only its owner may look into the data folder.");
}

static void check_key(struct doctor *doctor, const char *path)
{
	struct stat info;
	if (stat(path, &info) != 0)
		doctor_say(doctor, DOCTOR_WRONG,
		    "Name the file that exists, or get a new certificate.",
		    "The key %s cannot be looked at: %s.", path,
		    strerror(errno));
	else if (info.st_mode & 07)
		doctor_say(doctor, DOCTOR_WRONG,
		    doctor_text(doctor, "chmod o= %s", path),
		    "Everybody on this machine can read or change the key %s.",
		    path);
}

void doctor_rights(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	struct stat info;
	check_folder(doctor);
	for (size_t i = 0; i < config->certificate_count; i++)
		check_key(doctor, config->certificates[i].key_path);
	if (config->path && stat(config->path, &info) == 0 &&
	    (info.st_mode & 022))
		doctor_say(doctor, DOCTOR_WRONG,
		    doctor_text(doctor, "chmod go-w %s", config->path),
		    "Others than its owner may change the configuration %s.",
		    config->path);
	const char *exposed = config_exposed(config);
	if (exposed)
		doctor_say(doctor, DOCTOR_WRONG,
		    doctor_text(doctor, "chmod o= %s", config->path),
		    "Everybody on this machine can read %s in %s.", exposed,
		    config->path);
}

// ---- Sandbox ---------------------------------------------------------------

void doctor_sandbox(struct doctor *doctor)
{
	long long landlock = doctor_number(doctor, "sandbox_landlock");
	bool seccomp =
	    json_is_true(json_object_get(doctor->status, "sandbox_seccomp"));
	if (!doctor->config->sandbox) {
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Set sandbox = yes, and restart the server.",
		    "The sandbox is switched off by the configuration.");
		return;
	}
	if (!doctor->running || !doctor->status) {
		// landlock(7): LANDLOCK_CREATE_RULESET_VERSION is 1.
		landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, 1u);
		seccomp = true;
	}
	if (landlock < 1)
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Use a kernel with Landlock (5.13 or newer) and `landlock` "
		    "in lsm= of its command line.",
		    "Landlock is not in force: a fault in the server could "
		    "read files outside of its folder.");
	if (!seccomp)
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Use a kernel with CONFIG_SECCOMP_FILTER.",
		    "seccomp is not in force: a fault in the server could use "
		    "any system call.");
	if (landlock >= 1 && landlock < 4)
		doctor_say(doctor, DOCTOR_NOTE, NULL,
		    "Landlock's version is %lld; from 4 on (Linux 6.7) the "
		    "server's connections are limited, too.",
		    landlock);
	else if (landlock >= 4 && seccomp)
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "The sandbox is %s: Landlock %lld and seccomp.",
		    doctor->running ? "in force" : "possible", landlock);
}

// ---- Memory ----------------------------------------------------------------

static unsigned long long machine_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	return pages > 0 && size > 0
		   ? (unsigned long long)pages * (unsigned long long)size
		   : 0;
}

void doctor_memory(struct doctor *doctor)
{
	unsigned long long all = machine_memory();
	unsigned long long limit =
	    (unsigned long long)doctor_number(doctor, "memory_max");
	if (!doctor->running)
		limit = doctor->config->memory_max_mib * MIB;
	struct view stage = link_member(doctor->status, "memory_stage");
	if (all > 0 && all < 400 * MIB)
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Give the machine at least 512 MiB.",
		    "The machine has only %llu MiB of memory.", all / MIB);
	if (limit > all && all > 0)
		doctor_say(doctor, DOCTOR_WRONG,
		    "Lower memory_max_mib, or leave it out.",
		    "memory_max_mib allows %llu MiB, more than the %llu MiB "
		    "that the machine has.",
		    limit / MIB, all / MIB);
	else if (stage.len > 0 && !view_eq(stage, VIEW("calm")))
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Raise memory_max_mib, or find out who uses so much: roost "
		    "user sessions.",
		    "Memory is short (\"%.*s\"): %llu of %llu MiB are in use.",
		    VIEW_FMT(stage),
		    (unsigned long long)doctor_number(doctor, "memory_used") /
			MIB,
		    limit / MIB);
	else if (doctor->running)
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "%llu of %llu MiB that the server may use are in use.",
		    (unsigned long long)doctor_number(doctor, "memory_used") /
			MIB,
		    limit / MIB);
	else
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "The machine has %llu MiB of memory.", all / MIB);
}
