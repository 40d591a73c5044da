// SPDX-License-Identifier: Apache-2.0
// The grammar is RFC 5256 section 5; the steps' numbers are section 2.1's. The
// only white space left after step 1 is SP.
#include "wire/subject.h"

#include "base/ascii.h"
#include "wire/encoded_word.h"

#define SUBJECT_DECODED_MAX (64u * 1024 * 1024) // of a header kept whole

static struct view skip_spaces(struct view text)
{
	while (text.len && text.ptr[0] == ' ')
		text = view_from(text, 1);
	return text;
}

// Step 1: decoded, every run of white space one SP.
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

// subj-blob: "[" *BLOBCHAR "]" *WSP. Its length, or 0.
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

// subj-refwd: ("re" / ("fw" ["d"])) *WSP [subj-blob] ":". Its length, or 0.
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

// Step 2: subj-trailer = "(fwd)" / WSP, as often as there is one.
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

// Steps 3 to 5: leaders (blobs before a refwd included), then blobs, as long
// as something is left. Blobs that no refwd follows are gone through once: what
// comes after them does not change by taking the first away.
static struct view strip_leaders(struct view text, bool *reply)
{
	for (;;) {
		text = skip_spaces(text);
		struct view rest = text;
		struct view last = text; // from the last blob on
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
		// Step 6: "[fwd:" subj-base "]".
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
