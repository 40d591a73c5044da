// SPDX-License-Identifier: Apache-2.0
// The configuration file. A file with settings belongs to whoever wrote them,
// and is only compared.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/config_check.h"
#include "server/installer_impl.h"

#define KEPT_SUFFIX ".before-setup"

// ---- A file that is somebody's ---------------------------------------------

static bool has_host(const struct installer *in)
{
	const char *has =
	    in->config_host[0] ? in->config_host : in->config->server_name;
	return strcasecmp(has, in->host) == 0;
}

// What setup would write into a new file, and this one has not.
static void tell_missing(struct installer *in)
{
	const char *acme = cli_value(in->call, "acme");
	if (!in->config_postmaster[0])
		installer_say(in, INSTALLER_NOTE,
		    "It does not name a postmaster. Setup would write: "
		    "postmaster = \"%s\"",
		    in->user);
	if (acme && strcmp(acme, "yes") == 0 && !in->config_acme)
		installer_say(in, INSTALLER_NOTE,
		    "It does not let the server get certificates. Setup would "
		    "write: acme = yes");
}

bool installer_config_look(struct installer *in)
{
	if (!in->config_is_set || !has_host(in))
		return false;
	installer_say(in, INSTALLER_OK, "%s is there, and stays as it is.",
	    in->config_path);
	tell_missing(in);
	return true;
}

// ---- Writing ---------------------------------------------------------------

static void add_text(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s = \"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *value);
	}
	buf_add_literal(out, "\"\n");
}

static void compose(
    const struct installer *in, struct view before, struct buf *out)
{
	buf_add_literal(out, "# These settings were written by `roost setup`. "
			     "All others have their\n# defaults, which are "
			     "below.\n");
	add_text(out, "server_name", in->host);
	add_text(out, "postmaster", in->user);
	if (in->acme)
		buf_add_literal(out, "acme = yes\n");
	buf_add_char(out, '\n');
	if (before.len > 0)
		buf_add(out, before);
	else
		config_sample(out);
}

// A setting that is refused must not become a server that does not start.
static bool is_right(struct installer *in, struct view text)
{
	struct config config;
	struct buf mistakes;
	config_init(&config);
	buf_init(&mistakes, CONFIG_MISTAKES_MAX);
	bool right =
	    config_parse(&config, in->config_path, text, &mistakes) == RC_OK;
	if (!right) {
		installer_fail(in, INSTALLER_STOP, MEND_ANSWER, "host or user",
		    NULL, "The configuration would have mistakes.");
		installer_more(buf_view(&mistakes));
	}
	buf_done(&mistakes);
	config_done(&config);
	return right;
}

static bool write_all(int fd, struct view text)
{
	while (text.len > 0) {
		ssize_t len = write(fd, text.ptr, text.len);
		if (len < 0 && errno != EINTR)
			return false;
		if (len > 0)
			text = view_from(text, (size_t)len);
	}
	return fsync(fd) == 0;
}

static const char *folder_of(struct installer *in, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return ".";
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	return arena_string(&in->arena, view_of(path, len));
}

static void sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

// Makes the new file beside `path`, with the owner and the rights of the old
// one.
static bool write_beside(const char *path, const char *beside, struct view text)
{
	struct stat old = {.st_mode = 0644};
	bool replaces = stat(path, &old) == 0;
	(void)unlink(beside); // left over by a run that was cut off
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	bool good = write_all(fd, text) &&
		    (!replaces || fchown(fd, old.st_uid, old.st_gid) == 0) &&
		    fchmod(fd, old.st_mode & 0777) == 0;
	int error = errno;
	close(fd);
	errno = error;
	return good;
}

static bool replace(struct installer *in, const char *path, struct view text)
{
	const char *folder = folder_of(in, path);
	const char *beside = installer_text(in, "%s.new", path);
	const char *kept = installer_text(in, "%s" KEPT_SUFFIX, path);
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return false;
	if (!write_beside(path, beside, text))
		return false;
	if (in->config_exists && link(path, kept) != 0 && errno != EEXIST)
		return false;
	if (rename(beside, path) != 0)
		return false;
	sync_folder(folder);
	return true;
}

static enum installer_end write_file(struct installer *in)
{
	struct buf before, text;
	enum installer_end end = INSTALLER_OK;
	char *real = realpath(in->config_path, NULL); // through a link
	const char *path = real ? arena_string(&in->arena, view_of_string(real))
				: in->config_path;
	free(real);
	buf_init(&before, CONFIG_FILE_MAX);
	buf_init(&text, CONFIG_FILE_MAX);
	if (!installer_read_file(in, &before))
		end = INSTALLER_STOP;
	compose(in, buf_view(&before), &text);
	if (end == INSTALLER_OK && !is_right(in, buf_view(&text)))
		end = INSTALLER_STOP;
	if (end == INSTALLER_OK && !replace(in, path, buf_view(&text)))
		end = installer_fail(in, INSTALLER_STOP, MEND_CONFIG_WRITE,
		    NULL, NULL, "%s cannot be written: %s.", path,
		    strerror(errno));
	buf_done(&before);
	buf_done(&text);
	return end;
}

enum installer_end installer_config_act(struct installer *in)
{
	const char *wanted =
	    installer_text(in, "server_name = \"%s\"", in->host);
	if (in->config_is_set)
		return installer_fail(in, INSTALLER_STOP, MEND_CONFIG_DIFFERS,
		    wanted, NULL,
		    "%s says that this server is called %s, not %s.",
		    in->config_path,
		    in->config_host[0] ? in->config_host
				       : in->config->server_name,
		    in->host);
	bool replaced = in->config_exists;
	enum installer_end end = write_file(in);
	if (end != INSTALLER_OK)
		return end;
	in->config_written = true;
	installer_say(in, INSTALLER_OK, "%s was written%s%s%s.",
	    in->config_path,
	    replaced ? "; the sample that was there is in " : "",
	    replaced ? in->config_path : "", replaced ? KEPT_SUFFIX : "");
	return INSTALLER_OK;
}

// ---- `roost config check` --------------------------------------------------

// In a process of its own: it becomes the server's user. What it finds is on
// stderr.
static int check(struct installer *in, struct buf *out)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	(void)out;
	if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
		return CLI_FAILED;
	return (int)config_check_command(in->call);
}

// Only a file that was there at the start has been read.
enum installer_end installer_check_act(struct installer *in)
{
	struct buf out;
	if (in->config_written)
		return INSTALLER_OK;
	buf_init(&out, INSTALLER_TEXT_MAX);
	int code = installer_apart(in, check, &out);
	buf_done(&out);
	if (code == CLI_USAGE)
		return installer_fail(in, INSTALLER_STOP, MEND_CONFIG_WRONG,
		    in->config_path, NULL, "The server cannot run with %s.",
		    in->config_path);
	if (code != CLI_OK)
		return installer_fail(in, INSTALLER_LATER, MEND_CONFIG_DOUBT,
		    in->config_path, NULL,
		    "The server can run with %s, but not all is right.",
		    in->config_path);
	installer_say(in, INSTALLER_OK, "The configuration has no mistakes.");
	return INSTALLER_OK;
}
