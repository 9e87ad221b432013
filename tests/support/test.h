/* cmocka with the four headers it needs before it; the only file that includes cmocka.h. */
#ifndef UMIG_TESTS_SUPPORT_TEST_H
#define UMIG_TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
