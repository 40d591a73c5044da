// SPDX-License-Identifier: Apache-2.0
// Names: the host's, its addresses, the records of the domains, the resolver,
// blocklists.
#include <string.h>

#include "base/mem.h"
#include "net/connect.h"
#include "server/doctor_impl.h"

static struct dns_answer look_up(
    struct doctor *doctor, struct view name, enum dns_type type)
{
	struct dns_answer answer = {
	    .status = DNS_FAILED, .reason = "look-ups are not possible"};
	if (doctor->resolver_dead)
		answer.reason = "the resolver does not answer";
	else if (doctor->dns)
		dns_lookup_wait(
		    doctor->dns, &doctor->arena, name, type, &answer);
	return answer;
}

// ---- The host's name -------------------------------------------------------

struct own {
	const char *wanted;
	bool found;
};

static void compare_own(void *context, const char *address)
{
	struct own *own = context;
	own->found = own->found || strcmp(address, own->wanted) == 0;
}

static bool is_own(const char *address)
{
	struct own own = {.wanted = address};
	net_own_addresses(compare_own, &own);
	return own.found;
}

static void add_addresses(struct doctor *doctor, struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		if (doctor->address_count < ARRAY_LEN(doctor->addresses))
			doctor->addresses[doctor->address_count++] =
			    arena_string(
				&doctor->arena, answer->records[i].value);
}

// The name of the address must lead back to the address: large servers refuse
// mail from others (forward-confirmed reverse DNS).
static void check_reverse(struct doctor *doctor, const char *address)
{
	const char *name = doctor->config->server_name;
	struct view asked =
	    dns_reverse_name(&doctor->arena, view_of_string(address), NULL);
	struct dns_answer answer = look_up(doctor, asked, DNS_PTR);
	const char *mend = doctor_text(doctor,
	    "Whoever gave you the address sets its PTR record: it must be %s",
	    name);
	if (answer.status == DNS_FAILED) {
		doctor_say(doctor, DOCTOR_DOUBT, "Try again later.",
		    "The name of the address %s could not be looked up: %s.",
		    address, answer.reason);
		return;
	}
	for (size_t i = 0; i < answer.count; i++)
		if (view_eq_nocase(
			answer.records[i].value, view_of_string(name))) {
			doctor_say(doctor, DOCTOR_OK, NULL,
			    "The address %s is called %s, and the name leads "
			    "back to it.",
			    address, name);
			return;
		}
	if (answer.count == 0)
		doctor_say(doctor, DOCTOR_WRONG, mend,
		    "The address %s has no name (PTR record): many servers "
		    "refuse mail from it.",
		    address);
	else
		doctor_say(doctor, DOCTOR_WRONG, mend,
		    "The address %s is called %.*s, not %s: many servers "
		    "refuse mail from it.",
		    address, VIEW_FMT(answer.records[0].value), name);
}

void doctor_names(struct doctor *doctor)
{
	const char *name = doctor->config->server_name;
	if (!strchr(name, '.')) {
		doctor_say(doctor, DOCTOR_WRONG,
		    "Set server_name in the configuration, such as "
		    "mail.example.org.",
		    "The server's name \"%s\" has no domain: other servers "
		    "cannot find it.",
		    name);
		return;
	}
	struct dns_answer v4 = look_up(doctor, view_of_string(name), DNS_A);
	struct dns_answer v6 = look_up(doctor, view_of_string(name), DNS_AAAA);
	add_addresses(doctor, &v4);
	add_addresses(doctor, &v6);
	if (doctor->address_count == 0 &&
	    (v4.status == DNS_FAILED || v6.status == DNS_FAILED)) {
		doctor_say(doctor, DOCTOR_DOUBT, "See \"resolver\" above.",
		    "The addresses of %s could not be looked up: %s.", name,
		    v4.reason ? v4.reason : v6.reason);
		return;
	}
	if (doctor->address_count == 0)
		doctor_say(doctor, DOCTOR_WRONG,
		    doctor_text(doctor,
			"Add a record to the zone: %s. IN A and the server's "
			"public address",
			name),
		    "The server's name %s has no address in DNS.", name);
	bool any = false;
	for (size_t i = 0; i < doctor->address_count; i++) {
		any = any || is_own(doctor->addresses[i]);
		check_reverse(doctor, doctor->addresses[i]);
	}
	if (doctor->address_count > 0 && !any)
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Behind a router that forwards the ports this is right. "
		    "Otherwise correct the A record.",
		    "%s leads to %s, which is no address of this machine.",
		    name, doctor->addresses[0]);
}

// ---- The resolver ----------------------------------------------------------

// A zone that has been signed for long, and that everybody can look up.
#define SIGNED_NAME "iana.org"

void doctor_resolver(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	struct dns_answer answer = look_up(doctor, VIEW(SIGNED_NAME), DNS_A);
	if (answer.status == DNS_FAILED) {
		doctor->resolver_dead = true;
		doctor_say(doctor, DOCTOR_WRONG,
		    "Check /etc/resolv.conf, or the setting dns_servers. A "
		    "resolver of your own is best: apt install unbound",
		    "The DNS resolver does not answer: %s.", answer.reason);
		return;
	}
	if (!config->dns_trust_anchor[0])
		doctor_say(doctor, DOCTOR_NOTE,
		    "Set dns_trust_anchor to validate what it says: "
		    "/usr/share/dns/root.key (package dns-root-data)",
		    "The resolver answers. Its answers are not validated by "
		    "DNSSEC.");
	else if (!answer.secure)
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Use a resolver that passes on signatures, such as your "
		    "own unbound.",
		    "The resolver answers, but what it says of the signed "
		    "domain " SIGNED_NAME " could not be validated by "
		    "DNSSEC.");
	else
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "The resolver answers, and its answers are validated by "
		    "DNSSEC.");
}

// ---- Records ---------------------------------------------------------------

struct records {
	struct doctor *doctor;
	unsigned good;
};

// What "names" has looked at.
static bool is_of_host(const struct doctor *doctor, struct view line)
{
	const char *own = doctor_text((struct doctor *)(uintptr_t)doctor,
	    "; %s. IN A", doctor->config->server_name);
	return view_find(line, VIEW(" IN PTR ")) != SIZE_MAX ||
	       view_starts_with(line, view_of_string(own));
}

static void take_record(void *context, const json_t *note)
{
	struct records *records = context;
	struct doctor *doctor = records->doctor;
	struct view state = link_member(note, "state");
	struct view purpose = link_member(note, "purpose");
	struct view line = link_member(note, "line");
	struct view found = link_member(note, "found");
	bool differs = view_eq(state, VIEW("differs"));
	if (is_of_host(doctor, line))
		return;
	if (view_eq(state, VIEW("ok"))) {
		records->good++;
		return;
	}
	// Mail comes and goes without the records for mail programs.
	bool helps = view_find(line, VIEW(" IN SRV ")) != SIZE_MAX ||
		     view_find(line, VIEW(" IN CNAME ")) != SIZE_MAX;
	const char *mend = doctor_text(doctor, "%.*s", VIEW_FMT(line));
	if (view_eq(state, VIEW("unknown")))
		doctor_say(doctor, DOCTOR_DOUBT, "See \"resolver\" above.",
		    "A record could not be looked up (%.*s): %.*s.",
		    VIEW_FMT(purpose), VIEW_FMT(found));
	else
		doctor_say(doctor, helps ? DOCTOR_DOUBT : DOCTOR_WRONG, mend,
		    "A record %s (%.*s)%s%.*s.",
		    differs ? "differs" : "is missing", VIEW_FMT(purpose),
		    differs ? "; DNS says: " : "", VIEW_FMT(found));
}

void doctor_records(struct doctor *doctor)
{
	size_t i;
	json_t *domain;
	if (doctor->resolver_dead) {
		doctor_say(doctor, DOCTOR_DOUBT, "See \"resolver\" above.",
		    "The records of the domains could not be looked up.");
		return;
	}
	json_array_foreach(doctor->domains, i, domain)
	{
		struct records records = {.doctor = doctor};
		struct view name = link_member(domain, "domain");
		json_t *request =
		    json_pack("{s:s, s:b}", "do", "domain.check", "lookup", 1);
		json_object_set_new(request, "domain", link_text(name));
		if (doctor_ask(doctor, request, take_record, &records, NULL))
			doctor_say(doctor, DOCTOR_OK, NULL,
			    "%u DNS records of %.*s are right.", records.good,
			    VIEW_FMT(name));
	}
}

// ---- Blocklists ------------------------------------------------------------

static void ask_list(
    struct doctor *doctor, const char *list, const char *address)
{
	struct view name =
	    dns_reverse_name(&doctor->arena, view_of_string(address), list);
	struct dns_answer answer = look_up(doctor, name, DNS_A);
	struct view code = answer.count ? answer.records[0].value : VIEW("");
	// RFC 5782 section 2.1; what lists say to those whom they do not
	// answer is in 127.255.255.0/24.
	if (answer.status == DNS_FAILED ||
	    view_starts_with(code, VIEW("127.255.255.")))
		doctor_say(doctor, DOCTOR_DOUBT,
		    "Some lists refuse public resolvers: use your own (apt "
		    "install unbound), or leave the list out.",
		    "The blocklist %s does not answer about %s (%.*s).", list,
		    address,
		    VIEW_FMT(answer.status == DNS_FAILED
				 ? view_of_string(answer.reason)
				 : code));
	else if (view_starts_with(code, VIEW("127.")))
		doctor_say(doctor, DOCTOR_WRONG,
		    "The list's web page says why, and how to be removed. "
		    "First find out what was sent: roost user sending",
		    "The address %s is in the blocklist %s (%.*s).", address,
		    list, VIEW_FMT(code));
	else
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "The address %s is not in the blocklist %s.", address,
		    list);
}

void doctor_blocklists(struct doctor *doctor)
{
	struct view all = view_of_string(doctor->config->doctor_blocklists);
	struct view list;
	if (doctor->resolver_dead)
		return;
	while (view_split(&all, ' ', &list)) {
		if (list.len == 0)
			continue;
		const char *text = arena_string(&doctor->arena, list);
		for (size_t i = 0; i < doctor->address_count; i++)
			ask_list(doctor, text, doctor->addresses[i]);
	}
}
