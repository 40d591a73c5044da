// SPDX-License-Identifier: Apache-2.0
// An EmailSubmission as bytes: numbers of fixed size, little-endian, then JSON.
#include "base/bytes.h"
#include "jmap/submission.h"

#define VERSION 1
// version, undo; send at, identity, email, thread (8 each); the queue's id
#define FIXED_LEN (2 + 4 * 8 + sizeof(struct queue_id))

static const char *const words[] = {
    [SUBMISSION_PENDING] = "pending",
    [SUBMISSION_FINAL] = "final",
    [SUBMISSION_CANCELED] = "canceled",
};

const char *submission_undo_word(enum submission_undo undo)
{
	return words[undo];
}

bool submission_undo_find(struct view word, enum submission_undo *ret_undo)
{
	for (size_t i = SUBMISSION_PENDING; i < ARRAY_LEN(words); i++)
		if (view_eq(word, view_of_string(words[i]))) {
			*ret_undo = (enum submission_undo)i;
			return true;
		}
	return false;
}

void submission_encode(const struct submission *submission, struct buf *out)
{
	const uint64_t numbers[] = {(uint64_t)submission->send_at,
	    submission->identity_id, submission->email_id,
	    submission->thread_id};
	char bytes[8];
	buf_add_char(out, VERSION);
	buf_add_char(out, (char)submission->undo);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		put_le64(bytes, numbers[i]);
		buf_add(out, view_of(bytes, sizeof(bytes)));
	}
	buf_add(out, view_of((const char *)submission->track.bytes,
			 sizeof(submission->track.bytes)));
	buf_add(out, submission->rest);
}

enum rc submission_decode(struct view bytes, struct submission *ret_submission)
{
	if (bytes.len < FIXED_LEN || bytes.ptr[0] != VERSION ||
	    bytes.ptr[1] < SUBMISSION_PENDING ||
	    bytes.ptr[1] > SUBMISSION_CANCELED)
		return RC_CORRUPT;
	const char *at = bytes.ptr + 2;
	struct submission submission = {
	    .undo = (enum submission_undo)bytes.ptr[1],
	    .send_at = (int64_t)get_le64(at),
	    .identity_id = get_le64(at + 8),
	    .email_id = get_le64(at + 16),
	    .thread_id = get_le64(at + 24),
	    .rest = view_from(bytes, FIXED_LEN),
	};
	memcpy(submission.track.bytes, at + 32, sizeof(submission.track.bytes));
	*ret_submission = submission;
	return RC_OK;
}
