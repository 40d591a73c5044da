// SPDX-License-Identifier: Apache-2.0
// The test from the outside in, as a mail program makes it that knows only the
// address and the password (src/probe): names, ports, certificate, log-in.
#include "probe/account.h"
#include "server/installer_impl.h"

// What is found here can be the network's fault and not the server's: many
// routers do not let a machine behind them reach their own public address.
static void write_finding(const struct probe_finding *finding, struct buf *out)
{
	buf_add_literal(out, "- ");
	probe_cause_sentence(finding->cause, &finding->words, out);
	buf_add_literal(out, "\n  ");
	probe_cause_mend(finding->cause, &finding->words, out);
	buf_add_char(out, '\n');
}

static bool has_working(
    const struct probe_report *report, enum probe_protocol protocol)
{
	for (size_t i = 0; i < report->working_count; i++)
		if (report->working[i].protocol == protocol &&
		    report->working[i].logged_in)
			return true;
	return false;
}

// Returns whether mail can be read and sent.
static int work(struct installer *in, struct buf *out)
{
	struct probe_report report;
	struct fault fault = {0};
	struct probe_account_settings settings = {
	    .address = in->address,
	    .protocol = -1,
	    .security = -1,
	    .password = in->password,
	    .private_allowed = true, // the domain is our own
	    .helo = in->host,
	    .dns = in->place.dns,
	};
	if (probe_account(&in->arena, &settings, &fault, &report) != RC_OK) {
		buf_add_string(out, fault.text);
		return false;
	}
	for (size_t i = 0; i < report.finding_count; i++)
		write_finding(&report.findings[i], out);
	return has_working(&report, PROBE_IMAP) &&
	       has_working(&report, PROBE_SMTP);
}

enum installer_end installer_programs_act(struct installer *in)
{
	struct buf found;
	if (!in->in_use || !in->password[0] || !in->dns_is_good ||
	    !in->certificate_is_good) {
		installer_say(in, INSTALLER_SKIPPED,
		    "Whether mail programs find this server can be seen when "
		    "DNS, the certificate and the password are there.");
		return INSTALLER_SKIPPED;
	}
	buf_init(&found, INSTALLER_OUT_MAX);
	int good = installer_apart(in, work, &found);
	if (good == 1)
		installer_say(in, INSTALLER_OK,
		    "A mail program that knows only %s and the password finds "
		    "this server, and logs in.",
		    in->address);
	else
		installer_say(in, INSTALLER_NOTE,
		    "From this machine a mail program does not find the "
		    "server by its address. Try it from outside, too: roost "
		    "doctor --account %s",
		    in->address);
	installer_more(buf_view(&found));
	buf_done(&found);
	return good == 1 ? INSTALLER_OK : INSTALLER_NOTE;
}
