// SPDX-License-Identifier: Apache-2.0
// Whether the ports are free, and who has those that are not.
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/place.h"
#include "net/bind.h"
#include "server/installer_impl.h"

#define TCP_LISTEN 0x0a // proc(5), /proc/net/tcp

// ---- Who has a port --------------------------------------------------------

struct holder {
	unsigned long inode; // of its socket; 0: not found
	uint32_t pid;        // 0: not found
	char program[64];
	char unit[256]; // "exim4.service"; "": none
};

static void find_socket(const char *path, unsigned port, struct holder *holder)
{
	char line[512];
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		unsigned local = 0, state = 0;
		unsigned long inode = 0;
		// The kernel's numbers fit. NOLINTNEXTLINE(cert-err34-c)
		if (sscanf(line,
			"%*s %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu",
			&local, &state, &inode) == 3 &&
		    local == port && state == TCP_LISTEN)
			holder->inode = inode;
	}
	if (file)
		fclose(file);
}

static bool has_socket(const char *pid, unsigned long inode)
{
	char path[300], want[64], link[64];
	bool found = false;
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	snprintf(want, sizeof(want), "socket:[%lu]", inode);
	DIR *folder = opendir(path);
	struct dirent *entry;
	while (folder && !found && (entry = readdir(folder))) {
		ssize_t len = readlinkat(
		    dirfd(folder), entry->d_name, link, sizeof(link) - 1);
		if (len > 0) {
			link[len] = '\0';
			found = strcmp(link, want) == 0;
		}
	}
	if (folder)
		closedir(folder);
	return found;
}

static void find_process(struct holder *holder)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	while (folder && !holder->pid && (entry = readdir(folder))) {
		uint32_t pid;
		if (view_to_u32(view_of_string(entry->d_name), &pid) &&
		    has_socket(entry->d_name, holder->inode))
			holder->pid = pid;
	}
	if (folder)
		closedir(folder);
}

// A cgroup's path ends with the unit. Of a template's instance
// (postfix@-.service) the service without the instance is meant.
static bool take_unit(struct view path, struct holder *holder)
{
	struct view part, name = VIEW("");
	while (view_split(&path, '/', &part))
		name = part;
	if (!view_ends_with(name, VIEW(".service")))
		return false;
	size_t at = view_find_char(name, '@');
	if (at == SIZE_MAX)
		at = name.len - strlen(".service");
	snprintf(holder->unit, sizeof(holder->unit), "%.*s.service",
	    VIEW_FMT(view_slice(name, 0, at)));
	return true;
}

// There is a line for each hierarchy of cgroups (cgroups(7)).
static void find_unit(struct holder *holder)
{
	char path[64], line[1024];
	bool found = false;
	snprintf(path, sizeof(path), "/proc/%u/cgroup", holder->pid);
	FILE *file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = take_unit(view_trim(view_of_string(line)), holder);
	if (file)
		fclose(file);
}

static void find_program(struct holder *holder)
{
	char path[64], name[sizeof(holder->program)];
	snprintf(path, sizeof(path), "/proc/%u/comm", holder->pid);
	FILE *file = fopen(path, "re");
	if (file && fgets(name, sizeof(name), file))
		snprintf(holder->program, sizeof(holder->program), "%.*s",
		    VIEW_FMT(view_trim(view_of_string(name))));
	if (file)
		fclose(file);
}

static void find_holder(unsigned port, struct holder *ret_holder)
{
	*ret_holder = (struct holder){.program = "another program"};
	find_socket("/proc/net/tcp6", port, ret_holder);
	find_socket("/proc/net/tcp", port, ret_holder);
	if (ret_holder->inode == 0)
		return;
	find_process(ret_holder);
	if (ret_holder->pid == 0)
		return;
	find_program(ret_holder);
	find_unit(ret_holder);
}

// ---- The step --------------------------------------------------------------

static enum installer_end tell_taken(struct installer *in, unsigned port)
{
	struct holder holder;
	enum installer_mend mend = MEND_PORT_UNKNOWN;
	find_holder(port, &holder);
	const char *word = installer_text(in, "%u", port);
	if (holder.unit[0]) {
		mend = MEND_PORT_UNIT;
		word = holder.unit;
	} else if (holder.pid) {
		mend = MEND_PORT_PROCESS;
		word = installer_text(in, "%u", holder.pid);
	}
	return installer_fail(in, INSTALLER_STOP, mend, word, NULL,
	    "Port %u is taken by %s%s%s.", port, holder.program,
	    holder.unit[0] ? " of " : "", holder.unit);
}

// Of the web the server is content with what it gets.
static void tell_absent(struct installer *in, unsigned port)
{
	struct holder holder;
	find_holder(port, &holder);
	installer_say(in, INSTALLER_NOTE,
	    "Port %u is taken by %s, so mail programs do not find their "
	    "settings there, and certificates may not come.",
	    port, holder.program);
}

static enum installer_end try_listener(
    struct installer *in, const struct config_listener *listener)
{
	for (size_t i = 0; i < listener->address_count; i++) {
		struct fault fault = {0};
		int fd = -1;
		if (listener->addresses[i][0] == '/')
			continue;
		enum rc rc = net_bind(listener->addresses[i],
		    (uint16_t)listener->port, &fd, &fault);
		if (rc == RC_OK) {
			close(fd);
		} else if (listener->optional) {
			tell_absent(in, listener->port);
			return INSTALLER_NOTE;
		} else if (rc == RC_IN_USE) {
			return tell_taken(in, listener->port);
		} else {
			return installer_fail(in, INSTALLER_STOP, MEND_PORT,
			    NULL, NULL, "%s: %s.", listener->name, fault.text);
		}
	}
	return INSTALLER_OK;
}

bool installer_ports_look(struct installer *in)
{
	in->in_use = place_is_served(&in->place);
	if (in->in_use)
		installer_say(in, INSTALLER_OK,
		    "The server runs already, and has its ports.");
	return in->in_use;
}

enum installer_end installer_ports_act(struct installer *in)
{
	enum installer_end worst = INSTALLER_OK;
	unsigned count = 0;
	for (size_t i = 0; i < in->config->listener_count; i++) {
		enum installer_end end =
		    try_listener(in, &in->config->listeners[i]);
		worst = end > worst ? end : worst;
		count += end == INSTALLER_OK;
	}
	if (worst != INSTALLER_STOP)
		installer_say(in, INSTALLER_OK, "%u ports are free.", count);
	return worst;
}
