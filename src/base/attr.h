// SPDX-License-Identifier: Apache-2.0
// Compiler attributes, defined in one place.
#ifndef ROOST_BASE_ATTR_H
#define ROOST_BASE_ATTR_H

#define MUST_CHECK               __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define CLEANUP(function)        __attribute__((cleanup(function)))
#define UNUSED                   __attribute__((unused))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif
