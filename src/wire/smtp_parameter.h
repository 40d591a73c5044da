// SPDX-License-Identifier: Apache-2.0
// The parameters of MAIL and RCPT. For smtp_command.c only.
#ifndef ROOST_WIRE_SMTP_PARAMETER_H
#define ROOST_WIRE_SMTP_PARAMETER_H

#include "wire/smtp_command.h"

// Sets the answer's code, and returns where the answer's text belongs.
static inline struct fault *smtp_fault_code(
    struct smtp_fault *fault, unsigned code, struct enhanced_status status)
{
	fault->code = code;
	fault->status = status;
	return &fault->fault;
}

// `text` is what follows the path: either empty, or SP and parameters.
MUST_CHECK enum rc smtp_mail_parameters_parse(struct arena *arena,
    struct view text, unsigned extensions, struct smtp_mail *mail,
    struct smtp_fault *fault);
MUST_CHECK enum rc smtp_rcpt_parameters_parse(struct arena *arena,
    struct view text, unsigned extensions, struct smtp_rcpt *rcpt,
    struct smtp_fault *fault);

#endif
