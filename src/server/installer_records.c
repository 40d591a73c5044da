// SPDX-License-Identifier: Apache-2.0
// The DNS records: prints those to paste, and waits until DNS has them. What a
// record should be, and whether it is, says the request "domain.check".
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "admin/link.h"
#include "base/clock.h"
#include "net/connect.h"
#include "server/installer_impl.h"

#define WAIT_MS       (3600u * 1000)
#define FIRST_SECONDS 2
#define LAST_SECONDS  30
#define TIMEOUT_MS    10000 // of a look-up: a person waits

struct records {
	struct installer *in;
	json_t *all; // the notes
	unsigned good;
	unsigned missing; // of those that the zone's owner can add
};

enum kind {
	KIND_HOST,    // the server's addresses
	KIND_REVERSE, // their names, which somebody else sets
	KIND_ZONE,
};

static enum kind kind_of(const struct installer *in, const json_t *note)
{
	char own[300];
	struct view line = link_member(note, "line");
	snprintf(own, sizeof(own), "; %s. IN A", in->host);
	if (view_starts_with(line, view_of_string(own)))
		return KIND_HOST;
	return view_find(line, VIEW(" IN PTR ")) != SIZE_MAX ? KIND_REVERSE
							     : KIND_ZONE;
}

static bool is_state(const json_t *note, const char *state)
{
	return view_eq(link_member(note, "state"), view_of_string(state));
}

static void take_record(void *context, const json_t *note)
{
	struct records *records = context;
	json_array_append_new(records->all, json_deep_copy(note));
	if (is_state(note, "ok"))
		records->good++;
	else if (kind_of(records->in, note) != KIND_REVERSE)
		records->missing++;
}

static bool fetch(struct installer *in, bool lookup, struct records *ret)
{
	struct fault fault = {0};
	json_t *request =
	    installer_request("domain.check", "domain", in->domain);
	json_object_set_new(request, "lookup", json_boolean(lookup));
	*ret = (struct records){.in = in, .all = json_array()};
	if (installer_ask(in, request, take_record, ret, &fault, NULL) == RC_OK)
		return true;
	installer_fail(in, INSTALLER_STOP, MEND_STORE, NULL, NULL,
	    "The records cannot be made out: %s.", fault.text);
	return false;
}

// ---- To paste --------------------------------------------------------------

// Private and local addresses are of no use to others (RFC 6890, RFC 4291).
static bool is_public(const char *address)
{
	static const struct {
		uint32_t net, mask;
	} others[] = {
	    {0x00000000, 0xff000000}, // 0.0.0.0/8
	    {0x0a000000, 0xff000000}, // 10.0.0.0/8
	    {0x64400000, 0xffc00000}, // 100.64.0.0/10
	    {0x7f000000, 0xff000000}, // 127.0.0.0/8
	    {0xa9fe0000, 0xffff0000}, // 169.254.0.0/16
	    {0xac100000, 0xfff00000}, // 172.16.0.0/12
	    {0xc0a80000, 0xffff0000}, // 192.168.0.0/16
	};
	struct in_addr v4;
	struct in6_addr v6;
	if (inet_pton(AF_INET6, address, &v6) == 1)
		return (v6.s6_addr[0] & 0xe0) == 0x20; // 2000::/3
	if (inet_pton(AF_INET, address, &v4) != 1)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if ((ntohl(v4.s_addr) & others[i].mask) == others[i].net)
			return false;
	return true;
}

struct address_lines {
	const char *host;
	struct buf *out;
};

static void add_address(void *context, const char *address)
{
	struct address_lines *lines = context;
	if (is_public(address))
		buf_printf(lines->out, "%s%s. IN %s %s",
		    lines->out->len ? "\n" : "", lines->host,
		    strchr(address, ':') ? "AAAA" : "A", address);
}

// The machine's own public addresses; behind a router there are none to see.
static void address_lines(const struct installer *in, struct buf *out)
{
	struct address_lines lines = {in->host, out};
	net_own_addresses(add_address, &lines);
	if (out->len == 0)
		buf_printf(
		    out, "%s. IN A (this server's public address)", in->host);
}

static void print_zone(struct installer *in, const struct records *records)
{
	size_t i;
	json_t *note;
	installer_say(in, INSTALLER_NOTE,
	    "Put these records into the zone of %s:", in->domain);
	putchar('\n');
	json_array_foreach(records->all, i, note)
	{
		struct view line = link_member(note, "line");
		if (kind_of(in, note) == KIND_HOST) {
			struct buf lines;
			buf_init(&lines, INSTALLER_TEXT_MAX);
			address_lines(in, &lines);
			printf("%.*s\n", VIEW_FMT(buf_view(&lines)));
			buf_done(&lines);
		} else if (!is_state(note, "ok")) {
			printf("%.*s\n", VIEW_FMT(line));
		}
	}
	putchar('\n');
	fflush(stdout);
}

// ---- What DNS has ----------------------------------------------------------

// The address whose name the record is, if it is an IPv4 address; else the
// name under which the record is.
static const char *reversed(struct installer *in, struct view line)
{
	struct view rest = view_from(line, 2), name, labels[4];
	(void)view_split(&rest, ' ', &name);
	if (!view_ends_with(name, VIEW(".in-addr.arpa.")))
		return arena_string(&in->arena, name);
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		(void)view_split(&name, '.', &labels[i]);
	return installer_text(in, "%.*s.%.*s.%.*s.%.*s", VIEW_FMT(labels[3]),
	    VIEW_FMT(labels[2]), VIEW_FMT(labels[1]), VIEW_FMT(labels[0]));
}

static void tell_record(struct installer *in, const json_t *note)
{
	struct view line = link_member(note, "line");
	struct view purpose = link_member(note, "purpose");
	struct view found = link_member(note, "found");
	bool differs = is_state(note, "differs");
	enum installer_mend mend = MEND_RECORD;
	const char *one = arena_string(&in->arena, line), *two = NULL;
	struct buf lines;
	buf_init(&lines, INSTALLER_TEXT_MAX);
	switch (kind_of(in, note)) {
	case KIND_HOST:
		address_lines(in, &lines);
		mend = MEND_NAME;
		one = in->host;
		two = arena_string(&in->arena, buf_view(&lines));
		break;
	case KIND_REVERSE:
		mend = MEND_PTR;
		one = reversed(in, line);
		two = in->host;
		break;
	case KIND_ZONE: break;
	}
	if (is_state(note, "unknown"))
		mend = MEND_RESOLVER;
	installer_fail(in, INSTALLER_LATER, mend, one, two,
	    "Not right: %.*s. %s%.*s.", VIEW_FMT(purpose),
	    is_state(note, "unknown") ? "There is no answer: "
	    : differs                 ? "DNS has something else: "
				      : "DNS does not have it",
	    VIEW_FMT(found));
	buf_done(&lines);
}

// Without a resolver each record would say the same.
static enum installer_end tell_rest(
    struct installer *in, const struct records *records)
{
	size_t i;
	json_t *note;
	bool unknown_told = false;
	if (records->good > 0)
		installer_say(in, INSTALLER_OK, "%u of %zu records are right.",
		    records->good, json_array_size(records->all));
	json_array_foreach(records->all, i, note)
	{
		bool unknown = is_state(note, "unknown");
		if (is_state(note, "ok") || (unknown && unknown_told))
			continue;
		unknown_told = unknown_told || unknown;
		tell_record(in, note);
	}
	return records->good == json_array_size(records->all) ? INSTALLER_OK
							      : INSTALLER_LATER;
}

// ---- The step --------------------------------------------------------------

// Says how many are missing still when that has changed.
static void tell_progress(struct installer *in, unsigned missing, unsigned last)
{
	if (missing == last)
		return;
	installer_say(in, INSTALLER_LATER,
	    "Records that DNS does not have yet: %u.%s", missing,
	    last != 0      ? ""
	    : in->terminal ? " Press Enter to look again at once, or type s "
			     "to go on without them."
			   : "");
}

// Looks again and again. Gives what was found last.
static bool wait_for(struct installer *in, struct records *records)
{
	uint64_t end = clock_monotonic_ms() + WAIT_MS;
	unsigned seconds = FIRST_SECONDS, last = 0;
	bool go_on = in->patient;
	while (records->missing > 0 && go_on && clock_monotonic_ms() < end) {
		tell_progress(in, records->missing, last);
		last = records->missing;
		go_on = installer_wait(seconds);
		seconds =
		    seconds * 2 < LAST_SECONDS ? seconds * 2 : LAST_SECONDS;
		json_decref(records->all);
		if (!fetch(in, true, records))
			return false;
	}
	return true;
}

// A resolver remembers that a record is missing, often for an hour. So nothing
// is looked up that nobody can have written yet.
static void wait_for_person(struct installer *in)
{
	int c;
	if (!in->terminal || !in->patient)
		return;
	fprintf(stderr, "Press Enter when they are there: ");
	fflush(stderr);
	do
		c = getchar();
	while (c != EOF && c != '\n');
}

enum installer_end installer_records_act(struct installer *in)
{
	struct records records;
	bool first = !in->domain_exists;
	enum installer_end end = INSTALLER_STOP;
	in->place.dns.timeout_ms = TIMEOUT_MS;
	if (first) {
		bool good = fetch(in, false, &records);
		if (good)
			print_zone(in, &records);
		json_decref(records.all);
		if (!good)
			return INSTALLER_STOP;
		wait_for_person(in);
	}
	installer_say(in, INSTALLER_LATER,
	    "DNS is asked for the records of %s.", in->domain);
	if (fetch(in, true, &records)) {
		if (!first && records.missing > 0)
			print_zone(in, &records);
		if (wait_for(in, &records))
			end = tell_rest(in, &records);
		in->dns_is_good = records.missing == 0;
	}
	json_decref(records.all);
	return end;
}
