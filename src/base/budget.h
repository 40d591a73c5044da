// SPDX-License-Identifier: Apache-2.0
// How much memory the process may use, and how much it uses. The figure has two
// parts: the system is asked from time to time what the whole process has, and
// what the connections hold is added up as it changes. So the figure is true,
// and a flood between two questions is noticed at once.
//
// Whoever takes in something new asks budget_stage() first, and refuses it
// politely when memory is short: strangers first, users last. A pointer to a
// budget may be NULL: there is no limit then.
#ifndef ROOST_BASE_BUDGET_H
#define ROOST_BASE_BUDGET_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

// Each stage refuses more than the one before. The numbers in brackets are the
// part of the limit at which it begins.
enum budget_stage {
	BUDGET_CALM,         // nothing is refused
	BUDGET_NO_STRANGERS, // no connections of other servers [80 %]
	BUDGET_NO_MAIL,      // no new messages from strangers [85 %]
	// No connections of users who have yet to log in, and no heavy
	// commands. Messages of strangers that are under way end, when they
	// would grow. [90 %]
	BUDGET_SHED,
	BUDGET_LAST, // the same for messages of users, and all others [95 %]
};

struct budget {
	size_t limit;         // in bytes; 0: none
	_Atomic int64_t held; // by connections, as they say
	_Atomic int64_t rest; // of the process besides `held`, when asked
};

void budget_init(struct budget *budget, size_t limit);

// The process has this many bytes now, as the system says.
void budget_measured(struct budget *budget, size_t bytes);
size_t budget_used(const struct budget *budget);
size_t budget_held(const struct budget *budget);

// For status and log: "calm".
const char *budget_stage_name(enum budget_stage stage);
enum budget_stage budget_stage(const struct budget *budget);

// Something that held `before` bytes now holds `now`.
static inline void budget_hold(struct budget *budget, size_t before, size_t now)
{
	if (budget && before != now)
		atomic_fetch_add_explicit(&budget->held,
		    (int64_t)now - (int64_t)before, memory_order_relaxed);
}

#endif
