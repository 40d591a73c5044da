// SPDX-License-Identifier: Apache-2.0
// Every error that a method or a change of an object can answer, by its
// registered name (RFC 8620 section 9.4 and the registry of JMAP error codes).
#ifndef ROOST_JMAP_ERRORS_H
#define ROOST_JMAP_ERRORS_H

#define JMAP_ERROR_TABLE(X)                                                    \
	/* Of a method: RFC 8620 section 3.6.2 */                              \
	X(JMAP_ERROR_SERVER_UNAVAILABLE, "serverUnavailable")                  \
	X(JMAP_ERROR_SERVER_FAIL, "serverFail")                                \
	X(JMAP_ERROR_SERVER_PARTIAL_FAIL, "serverPartialFail")                 \
	X(JMAP_ERROR_UNKNOWN_METHOD, "unknownMethod")                          \
	X(JMAP_ERROR_INVALID_ARGUMENTS, "invalidArguments")                    \
	X(JMAP_ERROR_INVALID_RESULT_REFERENCE, "invalidResultReference")       \
	X(JMAP_ERROR_FORBIDDEN, "forbidden")                                   \
	X(JMAP_ERROR_ACCOUNT_NOT_FOUND, "accountNotFound")                     \
	X(JMAP_ERROR_ACCOUNT_NOT_SUPPORTED, "accountNotSupportedByMethod")     \
	X(JMAP_ERROR_ACCOUNT_READ_ONLY, "accountReadOnly")                     \
	/* Section 5 */                                                        \
	X(JMAP_ERROR_REQUEST_TOO_LARGE, "requestTooLarge")                     \
	X(JMAP_ERROR_CANNOT_CALCULATE_CHANGES, "cannotCalculateChanges")       \
	X(JMAP_ERROR_STATE_MISMATCH, "stateMismatch")                          \
	X(JMAP_ERROR_FROM_ACCOUNT_NOT_FOUND, "fromAccountNotFound")            \
	X(JMAP_ERROR_FROM_ACCOUNT_NOT_SUPPORTED,                               \
	    "fromAccountNotSupportedByMethod")                                 \
	X(JMAP_ERROR_ANCHOR_NOT_FOUND, "anchorNotFound")                       \
	X(JMAP_ERROR_UNSUPPORTED_SORT, "unsupportedSort")                      \
	X(JMAP_ERROR_UNSUPPORTED_FILTER, "unsupportedFilter")                  \
	X(JMAP_ERROR_TOO_MANY_CHANGES, "tooManyChanges")                       \
	/* Of an object: section 5.3 */                                        \
	X(JMAP_ERROR_OVER_QUOTA, "overQuota")                                  \
	X(JMAP_ERROR_TOO_LARGE, "tooLarge")                                    \
	X(JMAP_ERROR_RATE_LIMIT, "rateLimit")                                  \
	X(JMAP_ERROR_NOT_FOUND, "notFound")                                    \
	X(JMAP_ERROR_INVALID_PATCH, "invalidPatch")                            \
	X(JMAP_ERROR_WILL_DESTROY, "willDestroy")                              \
	X(JMAP_ERROR_INVALID_PROPERTIES, "invalidProperties")                  \
	X(JMAP_ERROR_SINGLETON, "singleton")                                   \
	X(JMAP_ERROR_ALREADY_EXISTS, "alreadyExists")                          \
	/* RFC 8621 */                                                         \
	X(JMAP_ERROR_MAILBOX_HAS_CHILD, "mailboxHasChild")                     \
	X(JMAP_ERROR_MAILBOX_HAS_EMAIL, "mailboxHasEmail")                     \
	X(JMAP_ERROR_BLOB_NOT_FOUND, "blobNotFound")                           \
	X(JMAP_ERROR_TOO_MANY_KEYWORDS, "tooManyKeywords")                     \
	X(JMAP_ERROR_TOO_MANY_MAILBOXES, "tooManyMailboxes")                   \
	X(JMAP_ERROR_INVALID_EMAIL, "invalidEmail")                            \
	X(JMAP_ERROR_TOO_MANY_RECIPIENTS, "tooManyRecipients")                 \
	X(JMAP_ERROR_NO_RECIPIENTS, "noRecipients")                            \
	X(JMAP_ERROR_INVALID_RECIPIENTS, "invalidRecipients")                  \
	X(JMAP_ERROR_FORBIDDEN_MAIL_FROM, "forbiddenMailFrom")                 \
	X(JMAP_ERROR_FORBIDDEN_FROM, "forbiddenFrom")                          \
	X(JMAP_ERROR_FORBIDDEN_TO_SEND, "forbiddenToSend")                     \
	X(JMAP_ERROR_CANNOT_UNSEND, "cannotUnsend")                            \
	/* RFC 9404 section 4.2; RFC 9007 section 2.1 */                       \
	X(JMAP_ERROR_UNKNOWN_DATA_TYPE, "unknownDataType")                     \
	X(JMAP_ERROR_MDN_ALREADY_SENT, "mdnAlreadySent")

enum jmap_error {
	JMAP_ERROR_NONE,
#define X(name, word) name,
	JMAP_ERROR_TABLE(X)
#undef X
};

const char *jmap_error_word(enum jmap_error error); // static

#endif
