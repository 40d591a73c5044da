// SPDX-License-Identifier: Apache-2.0
#include "wire/encoded_word.h"
