/* What a fuzz driver is made of. */
#ifndef UMIG_TESTS_FUZZ_FUZZ_H
#define UMIG_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** Takes one input; libFuzzer's entry, and the replayer's. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Ends the program like a crash when a property does not hold, in release builds, too. */
#define FUZZ_CHECK(condition)                                                    \
 do {                                                                            \
  if (!(condition)) {                                                            \
   fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
   abort();                                                                      \
  }                                                                              \
 } while (0)

#endif
