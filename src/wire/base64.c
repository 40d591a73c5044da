// SPDX-License-Identifier: Apache-2.0
#include "wire/base64.h"
