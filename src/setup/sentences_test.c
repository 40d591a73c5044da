// SPDX-License-Identifier: Apache-2.0
// No cause lacks its sentence in any language, and each language fills in the
// same words.
#include "base/test.h"
#include "setup/sentences.h"
#include "wire/utf8.h"

// A text for each of the words that occurs in no sentence.
static const struct probe_words words = {
    .host = "<host>", .protocol = "<protocol>", .port = 54321, .detail = "<x>"};

static bool has_chinese(struct view text)
{
	uint32_t code;
	while (utf8_next(&text, &code))
		if (code >= 0x4e00 && code <= 0x9fff)
			return true;
	return false;
}

static bool has(const struct buf *text, const char *word)
{
	return view_find(buf_view(text), view_of_string(word)) != SIZE_MAX;
}

static void check(const char *id, enum setup_language language,
    const struct buf *text, bool optional)
{
	if (text->len == 0 && optional)
		return;
	if (text->len == 0 || buf_status(text) != RC_OK ||
	    !utf8_is_valid(buf_view(text)) || has(text, "{") || has(text, "}"))
		fail_msg("%s: %.*s", id, VIEW_FMT(buf_view(text)));
	if (has_chinese(buf_view(text)) != (language == SETUP_CHINESE))
		fail_msg("%s is in another language: %.*s", id,
		    VIEW_FMT(buf_view(text)));
}

static void every_cause_has_a_sentence(void **state)
{
	static const char *const filled[] = {"<host>", "54321", "<x>"};
	struct buf texts[SETUP_LANGUAGES], mend;
	(void)state;
	buf_init(&mend, 4096);
	for (size_t i = 0; i < SETUP_LANGUAGES; i++)
		buf_init(&texts[i], 4096);
	for (enum probe_cause cause = 0; cause < PROBE_CAUSES; cause++) {
		const char *id = probe_cause_id(cause);
		for (enum setup_language i = 0; i < SETUP_LANGUAGES; i++) {
			buf_reset(&texts[i]);
			buf_reset(&mend);
			setup_sentence(i, cause, &words, &texts[i]);
			setup_mend(i, cause, &words, &mend);
			check(id, i, &texts[i], false);
			check(id, i, &mend, cause == PROBE_OK);
			// Nobody here has the command's options.
			assert_false(has(&mend, "--"));
			for (size_t j = 0; j < ARRAY_LEN(filled); j++)
				if (has(&texts[i], filled[j]) !=
				    has(&texts[0], filled[j]))
					fail_msg("%s: %s", id, filled[j]);
		}
	}
	for (size_t i = 0; i < SETUP_LANGUAGES; i++)
		buf_done(&texts[i]);
	buf_done(&mend);
}

static void every_stage_has_a_sentence(void **state)
{
	struct buf text;
	(void)state;
	buf_init(&text, 4096);
	for (enum setup_language i = 0; i < SETUP_LANGUAGES; i++)
		for (enum probe_protocol p = 0; p < PROBE_PROTOCOLS; p++)
			for (enum probe_stage s = 0; s <= PROBE_DONE; s++) {
				buf_reset(&text);
				setup_stage_sentence(i, p, s, &words, &text);
				check(probe_stage_id(s), i, &text, false);
			}
	buf_done(&text);
}

static void every_verdict_has_a_sentence(void **state)
{
	(void)state;
	for (enum setup_language i = 0; i < SETUP_LANGUAGES; i++)
		for (enum setup_verdict v = 0; v < SETUP_VERDICTS; v++)
			assert_int_equal(has_chinese(view_of_string(
					     setup_verdict_sentence(i, v))),
			    i == SETUP_CHINESE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_cause_has_a_sentence),
	    cmocka_unit_test(every_stage_has_a_sentence),
	    cmocka_unit_test(every_verdict_has_a_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
