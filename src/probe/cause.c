// SPDX-License-Identifier: Apache-2.0
#include "probe/cause.h"

static const struct {
	const char *id;
	enum probe_part part;
	enum probe_severity severity;
	const char *sentence;
	const char *mend;
} rows[PROBE_CAUSES] = {
#define X(name, id, part, severity, sentence, mend)                            \
	[name] = {id, PROBE_PART_##part, PROBE_##severity, sentence, mend},
    PROBE_CAUSE_TABLE(X)
#undef X
};

const char *probe_cause_id(enum probe_cause cause)
{
	return rows[cause].id;
}

const char *probe_part_id(enum probe_part part)
{
	static const char *const ids[] = {
#define X(name, id) id,
	    PROBE_PART_TABLE(X)
#undef X
	};
	return ids[part];
}

enum probe_part probe_cause_part(enum probe_cause cause)
{
	return rows[cause].part;
}

enum probe_severity probe_cause_severity(enum probe_cause cause)
{
	return rows[cause].severity;
}

static void add_word(
    struct view name, const struct probe_words *words, struct buf *out)
{
	if (view_eq(name, VIEW("host")))
		buf_add_string(out, words->host);
	else if (view_eq(name, VIEW("protocol")))
		buf_add_string(out, words->protocol);
	else if (view_eq(name, VIEW("port")))
		buf_add_u64(out, words->port);
	else if (view_eq(name, VIEW("detail")))
		buf_add_string(out, words->detail);
}

void probe_fill(
    const char *template, const struct probe_words *words, struct buf *out)
{
	struct view rest = view_of_string(template);
	while (rest.len > 0) {
		size_t open = view_find_char(rest, '{');
		buf_add(out, view_slice(rest, 0, open));
		if (open == SIZE_MAX)
			break;
		rest = view_from(rest, open + 1);
		size_t close = view_find_char(rest, '}');
		if (close == SIZE_MAX)
			break;
		add_word(view_slice(rest, 0, close), words, out);
		rest = view_from(rest, close + 1);
	}
}

void probe_cause_sentence(
    enum probe_cause cause, const struct probe_words *words, struct buf *out)
{
	probe_fill(rows[cause].sentence, words, out);
}

void probe_cause_mend(
    enum probe_cause cause, const struct probe_words *words, struct buf *out)
{
	probe_fill(rows[cause].mend, words, out);
}
