// SPDX-License-Identifier: Apache-2.0
#pragma once

// Information that a tool reads out of a program; ours carry none.
#define bi_decl(...)
#define bi_decl_if_func_used(...)
