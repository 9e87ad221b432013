#include "tests/support/profile_stack.h"

#include <string.h>

#include "tests/support/test.h"

uint32_t umig_test_string(struct umig_profile *profile, const char *text)
{
    uint32_t id = 0;
    assert_int_equal(umig_profile_string(profile, text, strlen(text), &id), UMIG_OK);
    return id;
}

uint32_t umig_test_push(struct umig_profile *profile,
                        uint32_t parent,
                        enum umig_frame_kind kind,
                        const char *class_name,
                        const char *name,
                        uint32_t line)
{
    const struct umig_profile_method method = {.name = umig_test_string(profile, name),
                                               .class_name = umig_test_string(profile, class_name)};
    struct umig_profile_frame frame = {.kind = kind, .line = line};
    uint32_t frame_id = 0;
    uint32_t stack = 0;
    assert_int_equal(umig_profile_method(profile, &method, &frame.method), UMIG_OK);
    assert_int_equal(umig_profile_frame(profile, &frame, &frame_id), UMIG_OK);
    assert_int_equal(umig_profile_stack(profile, parent, frame_id, &stack), UMIG_OK);
    return stack;
}
