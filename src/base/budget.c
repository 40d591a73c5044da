// SPDX-License-Identifier: Apache-2.0
#include "base/budget.h"

void budget_init(struct budget *budget, size_t limit)
{
	budget->limit = limit;
	atomic_init(&budget->held, 0);
	atomic_init(&budget->rest, 0);
}

void budget_measured(struct budget *budget, size_t bytes)
{
	atomic_store(&budget->rest,
	    (int64_t)bytes - (int64_t)atomic_load(&budget->held));
}

size_t budget_used(const struct budget *budget)
{
	int64_t used =
	    atomic_load_explicit(&budget->held, memory_order_relaxed) +
	    atomic_load_explicit(&budget->rest, memory_order_relaxed);
	return used > 0 ? (size_t)used : 0;
}

size_t budget_held(const struct budget *budget)
{
	int64_t held =
	    atomic_load_explicit(&budget->held, memory_order_relaxed);
	return held > 0 ? (size_t)held : 0;
}

const char *budget_stage_name(enum budget_stage stage)
{
	switch (stage) {
	case BUDGET_CALM: return "calm";
	case BUDGET_NO_STRANGERS: return "no_strangers";
	case BUDGET_NO_MAIL: return "no_mail";
	case BUDGET_SHED: return "shed";
	case BUDGET_LAST: return "full";
	}
	return "";
}

enum budget_stage budget_stage(const struct budget *budget)
{
	if (!budget || budget->limit == 0)
		return BUDGET_CALM;
	size_t twentieth = budget->limit / 20;
	size_t used = budget_used(budget);
	if (used < 16 * twentieth)
		return BUDGET_CALM;
	if (used < 17 * twentieth)
		return BUDGET_NO_STRANGERS;
	if (used < 18 * twentieth)
		return BUDGET_NO_MAIL;
	if (used < 19 * twentieth)
		return BUDGET_SHED;
	return BUDGET_LAST;
}
