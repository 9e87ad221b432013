/* Shares of CPU that somebody may take, as people write them. */
#ifndef UMIG_CORE_CPU_SHARE_H
#define UMIG_CORE_CPU_SHARE_H

#include <stdint.h>

#include "core/parse.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Millionths in a percent. */
#define UMIG_CPU_SHARE_PERCENT 10000u

/**
 * Reads "1%", "0.25%", within 0.1% to 100%, or "off".
 *
 * @param out_ppm  millionths; 0 for "off": any
 * @return UMIG_OK, or UMIG_E_ARG naming what is wrong
 */
UMIG_NODISCARD int umig_cpu_share_parse(struct umig_span text,
                                        uint32_t *out_ppm,
                                        struct umig_err *err);

#endif
