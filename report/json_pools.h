/* A part of the report as JSON that has a file of its own. */
#ifndef UMIG_REPORT_JSON_POOLS_H
#define UMIG_REPORT_JSON_POOLS_H

#include "core/json.h"
#include "report/figures.h"

/** Writes the member "pools": pools of threads and of connections. */
void umig_report_json_pools(struct umig_json *json, const struct umig_figures *figures);

#endif
