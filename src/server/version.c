// SPDX-License-Identifier: Apache-2.0
#include "server/version.h"

const char roost_version[] = ROOST_VERSION;
