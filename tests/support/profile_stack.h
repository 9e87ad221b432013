/* Stacks of a profile, frame by frame; what cannot be is a failed test. */
#ifndef UMIG_TESTS_SUPPORT_PROFILE_STACK_H
#define UMIG_TESTS_SUPPORT_PROFILE_STACK_H

#include <stdint.h>

#include "analysis/profile.h"

/** Id of a text. */
uint32_t umig_test_string(struct umig_profile *profile, const char *text);

/** Puts a frame below a stack, 0 for none: the new stack. */
uint32_t umig_test_push(struct umig_profile *profile,
                        uint32_t parent,
                        enum umig_frame_kind kind,
                        const char *class_name,
                        const char *name,
                        uint32_t line);

#endif
