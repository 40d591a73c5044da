// SPDX-License-Identifier: Apache-2.0
// RFC 5256 section 5 has the grammar. The step numbers are those of section
// 2.1. After step 1, SP is the only white space in the text.
#include "wire/subject.h"

#include "base/ascii.h"
#include "wire/encoded_word.h"

#define SUBJECT_DECODED_MAX (64u * 1024 * 1024) // enough for any header we keep

static struct view skip_spaces(struct view text)
{
	while (text.len && text.ptr[0] == ' ')
		text = view_from(text, 1);
	return text;
}

// Step 1: replaces every run of white space with one SP. The caller has decoded
// the text.
static void squeeze(struct view text, struct buf *out)
{
	char *room = text.len ? buf_reserve(out, text.len) : NULL;
	if (!room)
		return;
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = ascii_is_space(text.ptr[i]) ? ' ' : text.ptr[i];
		if (c == ' ' && len && room[len - 1] == ' ')
			continue;
		room[len++] = c;
	}
	buf_commit(out, len);
}

// Returns the length of a subj-blob = "[" *BLOBCHAR "]" *WSP at the front, or 0
// if there is none.
static size_t blob_len(struct view text)
{
	if (text.len == 0 || text.ptr[0] != '[')
		return 0;
	size_t at = 1;
	while (at < text.len && text.ptr[at] != '[' && text.ptr[at] != ']')
		at++;
	if (at == text.len || text.ptr[at] != ']')
		return 0;
	struct view rest = skip_spaces(view_from(text, at + 1));
	return text.len - rest.len;
}

// Returns the length of a subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob]
// ":" at the front, or 0 if there is none.
static size_t refwd_len(struct view text)
{
	struct view rest;
	if (view_starts_with_nocase(text, VIEW("fwd")))
		rest = view_from(text, 3);
	else if (view_starts_with_nocase(text, VIEW("re")) ||
		 view_starts_with_nocase(text, VIEW("fw")))
		rest = view_from(text, 2);
	else
		return 0;
	rest = skip_spaces(rest);
	rest = view_from(rest, blob_len(rest));
	if (rest.len == 0 || rest.ptr[0] != ':')
		return 0;
	return text.len - rest.len + 1;
}

// Step 2: removes every subj-trailer = "(fwd)" / WSP from the end.
static struct view strip_trailers(struct view text, bool *reply)
{
	for (;;) {
		while (text.len && text.ptr[text.len - 1] == ' ')
			text.len--;
		if (text.len < 5 ||
		    !view_eq_nocase(
			view_from(text, text.len - 5), VIEW("(fwd)")))
			return text;
		text.len -= 5;
		*reply = true;
	}
}

// Steps 3 to 5: removes each refwd together with the blobs before it. Then it
// removes the other blobs at the front, but it keeps the last blob if no text
// follows. The loop finds all blobs first and looks for a refwd after them, so
// it reads each blob only once.
static struct view strip_leaders(struct view text, bool *reply)
{
	for (;;) {
		text = skip_spaces(text);
		struct view rest = text;
		struct view last = text; // begins at the last blob
		size_t len;
		while ((len = blob_len(rest)) > 0) {
			last = rest;
			rest = view_from(rest, len);
		}
		len = refwd_len(rest);
		if (len == 0)
			return rest.len ? rest : last;
		*reply = true;
		text = view_from(rest, len);
	}
}

void subject_base(struct charset_cache *cache, struct view raw, struct buf *out,
    bool *ret_is_reply)
{
	struct buf decoded;
	struct buf plain;
	bool reply = false;
	buf_init(&decoded, SUBJECT_DECODED_MAX);
	buf_init(&plain, SUBJECT_DECODED_MAX);
	encoded_word_decode(cache, raw, &decoded);
	squeeze(buf_view(&decoded), &plain);
	struct view text = buf_view(&plain);
	for (;;) {
		text = strip_trailers(text, &reply);
		text = strip_leaders(text, &reply);
		// Step 6: removes "[fwd:" and "]" around a subj-base.
		if (!view_starts_with_nocase(text, VIEW("[fwd:")) ||
		    text.ptr[text.len - 1] != ']')
			break;
		text = view_slice(text, 5, text.len - 6);
		reply = true;
	}
	buf_add(out, text);
	buf_done(&decoded);
	buf_done(&plain);
	*ret_is_reply = reply;
}
