// SPDX-License-Identifier: Apache-2.0
// What is not written yet of commands.h: goes as it gets written.
#include "imap/commands.h"

#define STUB(name)                                                             \
	enum imap_step imap_##name##_begin(struct imap_command *command)       \
	{                                                                      \
		return imap_no(command, "CANNOT", "not written yet");          \
	}                                                                      \
	enum imap_step imap_##name##_resume(struct imap_command *command)      \
	{                                                                      \
		(void)command;                                                 \
		return IMAP_STEP_DONE;                                         \
	}                                                                      \
	void imap_##name##_end(struct imap_command *command)                   \
	{                                                                      \
		(void)command;                                                 \
	}

STUB(search)
STUB(sort)
STUB(thread)
