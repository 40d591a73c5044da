// SPDX-License-Identifier: Apache-2.0
// roost dkim …
#include <time.h>

#include "admin/commands.h"
#include "admin/place.h"

static json_t *about_keys(const struct cli_call *call, const char *verb)
{
	json_t *request = json_pack("{s:s}", "do", verb);
	if (call->argument_count > 0)
		json_object_set_new(request, "domain",
		    link_text(view_of_string(call->arguments[0])));
	return request;
}

static void print_dns(void *context, const json_t *message)
{
	unsigned *count = context;
	printf("%.*s\n", VIEW_FMT(link_member(message, "dns")));
	++*count;
}

enum cli_exit cmd_dkim_new(const struct cli_call *call)
{
	const char *selector = cli_value(call, "selector");
	const char *algorithm = cli_value(call, "algorithm");
	const char *bits = cli_value(call, "bits");
	uint32_t number = 0;
	unsigned count = 0;
	if (!algorithm)
		algorithm = selector ? "rsa" : "both";
	if (selector && view_eq(view_of_string(algorithm), VIEW("both"))) {
		cli_complain("two keys cannot have one selector: say "
			     "--algorithm rsa or ed25519");
		return CLI_USAGE;
	}
	if (bits && !view_to_u32(view_of_string(bits), &number)) {
		cli_complain("--bits %s is not a number", bits);
		return CLI_USAGE;
	}
	json_t *request = about_keys(call, "dkim.new");
	json_object_set_new(
	    request, "algorithm", link_text(view_of_string(algorithm)));
	if (selector)
		json_object_set_new(
		    request, "selector", link_text(view_of_string(selector)));
	json_object_set_new(request, "bits", json_integer(number));
	return place_command(call, false, request, print_dns, &count);
}

static void print_key(void *context, const json_t *message)
{
	unsigned *count = context;
	char date[16] = "";
	struct tm day;
	time_t created =
	    (time_t)json_integer_value(json_object_get(message, "created"));
	if (gmtime_r(&created, &day))
		strftime(date, sizeof(date), "%Y-%m-%d", &day);
	if ((*count)++ == 0)
		printf("%-30s %-16s %-15s %5s %s\n", "DOMAIN", "SELECTOR",
		    "ALGORITHM", "BITS", "CREATED");
	printf("%-30.*s %-16.*s %-15.*s %5lld %s\n",
	    VIEW_FMT(link_member(message, "domain")),
	    VIEW_FMT(link_member(message, "selector")),
	    VIEW_FMT(link_member(message, "algorithm")),
	    (long long)json_integer_value(json_object_get(message, "bits")),
	    date);
}

enum cli_exit cmd_dkim_list(const struct cli_call *call)
{
	unsigned count = 0;
	return place_command(
	    call, false, about_keys(call, "dkim.list"), print_key, &count);
}

enum cli_exit cmd_dkim_dns(const struct cli_call *call)
{
	unsigned count = 0;
	enum cli_exit code = place_command(
	    call, false, about_keys(call, "dkim.list"), print_dns, &count);
	if (code == CLI_OK && count == 0) {
		cli_complain("%s has no key: roost dkim new %s",
		    call->arguments[0], call->arguments[0]);
		return CLI_NOT_FOUND;
	}
	return code;
}

enum cli_exit cmd_dkim_remove(const struct cli_call *call)
{
	json_t *request = about_keys(call, "dkim.remove");
	json_object_set_new(
	    request, "selector", link_text(view_of_string(call->arguments[1])));
	return place_command(call, false, request, NULL, NULL);
}
