/* Units of time, for code that counts it without reading a clock. */
#ifndef UMIG_CORE_UNITS_H
#define UMIG_CORE_UNITS_H

#include <stdint.h>

#define UMIG_NS_PER_US UINT64_C(1000)
#define UMIG_NS_PER_MS UINT64_C(1000000)
#define UMIG_NS_PER_S  UINT64_C(1000000000)

#endif
