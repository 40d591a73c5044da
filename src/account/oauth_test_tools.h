// SPDX-License-Identifier: Apache-2.0
// For the tests of the authorization server: a registered client, and a browser
// that goes through its pages.
#ifndef ROOST_ACCOUNT_OAUTH_TEST_TOOLS_H
#define ROOST_ACCOUNT_OAUTH_TEST_TOOLS_H

#include "account/oauth.h"
#include "account/rig.h"
#include "base/mem.h"
#include "base/test.h"

// RFC 7636 appendix B.
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define PKCE      "&code_challenge=" CHALLENGE "&code_challenge_method=S256"
#define REDIRECT  "http%3A%2F%2F127.0.0.1%3A5000%2Fdone"
#define MAIL      "urn:ietf:params:oauth:scope:mail"
#define DEVICE    "urn:ietf:params:oauth:grant-type:device_code"
#define TYPE_FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define TYPE_JSON "Content-Type: application/json\r\n"
#define ISSUER    "https%3A%2F%2F" HTTP_RIG_HOST

#define AUTHORIZE "GET /oauth/authorize?client_id=@C&redirect_uri=" REDIRECT
#define GOOD      AUTHORIZE "&response_type=code" PKCE "&state=a%26b"

struct bed {
	struct account_rig rig;
	char client[AUTH_CLIENT_ID_MAX + 1];
	char csrf[ACCOUNT_CSRF_LEN + 1];
	char ticket[100];
};

static inline unsigned register_client(struct bed *bed, const char *json)
{
	char text[4000];
	snprintf(text, sizeof(text), "%s", json);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	return account_rig_ask(
	    &bed->rig, "POST /oauth/register", TYPE_JSON, text);
}

static inline int set_up(void **state)
{
	static struct bed bed;
	memset(&bed, 0, sizeof(bed));
	account_rig_init(&bed.rig);
	assert_int_equal(
	    register_client(&bed,
		"{'client_name':'A <b>program</b>','client_uri':"
		"'https://a.example/x','redirect_uris':["
		"'http://127.0.0.1/done','com.example:/r'],'scope':'" MAIL
		"'}"),
	    201);
	account_rig_member(
	    &bed.rig, "client_id", bed.client, sizeof(bed.client));
	assert_true(bed.client[0] != '\0');
	*state = &bed;
	return 0;
}

static inline int tear_down(void **state)
{
	struct bed *bed = *state;
	account_rig_done(&bed->rig);
	return 0;
}

// Replaces "@C" by the client, "@S" by the csrf text.
static inline void fill(
    const struct bed *bed, const char *text, struct buf *out)
{
	buf_init(out, 20000);
	for (; *text; text++) {
		if (text[0] != '@' || (text[1] != 'C' && text[1] != 'S')) {
			buf_add_char(out, *text);
			continue;
		}
		text++;
		buf_add_string(out, *text == 'C' ? bed->client : bed->csrf);
	}
	buf_add_char(out, '\0');
}

static inline unsigned ask(
    struct bed *bed, const char *what, const char *fields, const char *body)
{
	struct buf full, filled;
	fill(bed, what, &full);
	fill(bed, body, &filled);
	unsigned status =
	    account_rig_ask(&bed->rig, full.ptr, fields, filled.ptr);
	buf_done(&full);
	buf_done(&filled);
	return status;
}

static inline bool has(const struct bed *bed, const char *text)
{
	return account_rig_has(&bed->rig, text);
}

// The value of a hidden field of the page.
static inline void hidden(
    const struct bed *bed, const char *name, char *ret_value, size_t size)
{
	char mark[100];
	snprintf(mark, sizeof(mark), "name=\"%s\" value=\"", name);
	size_t at = view_find(bed->rig.answer.body, view_of_string(mark));
	assert_true(at != SIZE_MAX);
	struct view rest = view_from(bed->rig.answer.body, at + strlen(mark));
	rest = view_slice(rest, 0, view_find_char(rest, '"'));
	assert_true(rest.len < size);
	memcpy(ret_value, rest.ptr, rest.len);
	ret_value[rest.len] = '\0';
}

static inline struct view location(const struct bed *bed)
{
	return http_rig_field(&bed->rig.answer, "Location");
}

// The value of a parameter of the URL that the browser is led to.
static inline void parameter(
    const struct bed *bed, const char *name, char *ret_value, size_t size)
{
	char mark[100];
	snprintf(mark, sizeof(mark), "%s=", name);
	size_t at = view_find(location(bed), view_of_string(mark));
	assert_true(at != SIZE_MAX);
	struct view rest = view_from(location(bed), at + strlen(mark));
	rest = view_slice(rest, 0, view_find_char(rest, '&'));
	assert_true(rest.len < size);
	memcpy(ret_value, rest.ptr, rest.len);
	ret_value[rest.len] = '\0';
}

// The request of the forms, as it is in their field.
#define REQUEST                                                                \
	"request=%2Foauth%2Fauthorize%3Fclient_id%3D@C%26redirect_uri%3D"      \
	"http%253A%252F%252F127.0.0.1%253A5000%252Fdone%26response_type%3D"    \
	"code%26code_challenge%3D" CHALLENGE                                   \
	"%26code_challenge_method%3DS256%26state%3Dxyz"

static inline void log_in_by_form(struct bed *bed)
{
	assert_int_equal(ask(bed, "POST /oauth/login", RIG_FORM,
			     REQUEST "&user=" RIG_USER "&password=demo%20pass"),
	    303);
	assert_true(bed->rig.cookie[0] != '\0');
}

// Goes to the consent page, and keeps its csrf text.
static inline void open_consent(struct bed *bed)
{
	assert_int_equal(ask(bed, GOOD, "", ""), 200);
	assert_true(has(bed, "value=\"allow\""));
	hidden(bed, "csrf", bed->csrf, sizeof(bed->csrf));
}

#endif
