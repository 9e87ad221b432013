/* Parts of the report as JSON that have files of their own: each writes one member. */
#ifndef UMIG_REPORT_JSON_PARTS_H
#define UMIG_REPORT_JSON_PARTS_H

#include "core/json.h"
#include "report/figures.h"

/** Writes the member "cpu": methods, call sites, paths and pools. */
void umig_report_json_cpu(struct umig_json *json, const struct umig_figures *figures);

/** Writes the member "wall": time by state, pool and place. */
void umig_report_json_wall(struct umig_json *json, const struct umig_figures *figures);

/** Writes the member "gc": pauses by collection and cause, their steps, cycles, what was promoted.
 */
void umig_report_json_gc(struct umig_json *json, const struct umig_figures *figures);

/** Writes the member "safepoints": by operation, and who was late. */
void umig_report_json_safepoints(struct umig_json *json, const struct umig_figures *figures);

/** Writes the member "jvm": only what this JVM counts. */
void umig_report_json_jvm(struct umig_json *json, const struct umig_jvm *jvm);

/** Writes the member "contention": waits for locks, and deadlocks. */
void umig_report_json_contention(struct umig_json *json, const struct umig_figures *figures);

/** Writes the member "pools": pools of threads and of connections. */
void umig_report_json_pools(struct umig_json *json, const struct umig_figures *figures);

/** Writes the member "virtual_threads": made, carried, pinned; empty where none are known of. */
void umig_report_json_virtual_threads(struct umig_json *json, const struct umig_figures *figures);

/** Writes the member "allocation": bytes by class, place and line. */
void umig_report_json_allocation(struct umig_json *json, const struct umig_figures *figures);

/** Writes the member "live": what of it stays alive, and what leaks. */
void umig_report_json_live(struct umig_json *json, const struct umig_figures *figures);

/** Writes the members "suspects" and "cleared", and why there may be none. */
void umig_report_json_suspects(struct umig_json *json, const struct umig_figures *figures);

/** Writes the member "memory": the JVM's memory pools. */
void umig_report_json_memory(struct umig_json *json, const struct umig_figures *figures);

/** Writes the member "quality": what is missing, by kind and cause. */
void umig_report_json_quality(struct umig_json *json, const struct umig_figures *figures);

/** Writes the member "cost": what the agent itself took, by kind and over time. */
void umig_report_json_cost(struct umig_json *json, const struct umig_figures *figures);

#endif
