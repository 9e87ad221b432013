#include "cli/heap_loaders.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/way.h"
#include "cli/heap_loaders_write.h"
#include "cli/heap_search.h"
#include "cli/jvm_counters.h"
#include "cli/loader_stats.h"
#include "cli/verb.h"
#include "core/err.h"

/* Room for a line of 130 bytes for each of some 100,000 loaders. */
#define STATS_BYTES (16u << 20)

/* --- what holds them --- */

bool umig_heap_loaders_is_firm(const Umig__V1__LoaderWay *way)
{
    for (size_t i = 0; i < way->n_steps; i++) {
        if (way->steps[i]->edge == UMIG_WAY_SOFT || way->steps[i]->edge == UMIG_WAY_BOUNDED) {
            return false;
        }
    }
    return true;
}

void umig_heap_loaders_judge(const Umig__V1__LoaderReport *report,
                             struct umig_heap_loaders_row *row)
{
    const Umig__V1__LoaderKind *kind = row->kind;
    uint64_t held = 0;
    uint64_t softly = 0;
    for (size_t i = 0; i < report->n_ways && kind->group != 0; i++) {
        const Umig__V1__LoaderWay *way = report->ways[i];
        if (way->group == kind->group) {
            *(umig_heap_loaders_is_firm(way) ? &held : &softly) += way->loaders;
        }
    }
    /* Of long arrays some elements stand for all: there are no more than there are. */
    row->held = held < kind->loaders ? held : kind->loaders;
    row->softly = softly < kind->loaders - row->held ? softly : kind->loaders - row->held;
    row->surplus = row->held >= (uint64_t)kind->needed + UMIG_HEAP_LOADERS_SURPLUS
                       ? row->held - kind->needed
                       : 0;
    row->surplus_classes = kind->loaders > 0 ? kind->classes * row->surplus / kind->loaders : 0;
}

/* --- metaspace --- */

/* What is in use of metaspace; 0: the JVM keeps no counters. */
static uint64_t read_used(pid_t pid)
{
    struct umig_jvm_counters counters;
    uint64_t bytes = 0;
    umig_jvm_counters_open(pid, &counters);
    const bool is_known = umig_jvm_counters_number(&counters, "sun.gc.metaspace.used", &bytes);
    umig_jvm_counters_close(&counters);
    return is_known ? bytes : 0;
}

static int read_stats(const struct umig_heap_talk *talk,
                      struct umig_loader_stats *stats,
                      struct umig_heap_cost *out_cost,
                      struct umig_err *err)
{
    static const struct umig_attach_command command = {
        .words = {"jcmd", "VM.classloader_stats"},
        .what = "asking the JVM what class loaders take of metaspace",
        .afterwards = "",
        .reply_bytes = STATS_BYTES,
    };
    struct umig_buf reply = UMIG_BUF_INIT(STATS_BYTES + (64u << 10));
    struct umig_span text;
    int rc = umig_heap_ask(talk, &command, &reply, &text, out_cost, err);
    if (rc == UMIG_OK) {
        rc = umig_loader_stats_read(text.at, text.len, read_used(talk->site.jvm.pid), stats, err);
    }
    umig_buf_fini(&reply);
    return rc;
}

static void take_stats(const struct umig_loader_stats *stats, struct umig_heap_loaders *loaders)
{
    const Umig__V1__LoaderReport *report = loaders->search->loaders;
    loaders->bytes = stats->bytes;
    for (size_t i = 0; i < report->n_kind; i++) {
        struct umig_heap_loaders_row *row = &loaders->rows[i];
        const char *loader_class = row->kind->loader_class;
        row->bytes = umig_loader_stats_part(stats, loader_class, row->kind->classes);
        row->surplus_bytes = umig_loader_stats_part(stats, loader_class, row->surplus_classes);
        loaders->surplus_bytes += row->surplus_bytes;
    }
}

/* Without the JVM's word the answer has no metaspace. */
static int ask_metaspace(const struct umig_heap_loaders_request *request,
                         struct umig_heap_loaders *loaders)
{
    static struct umig_loader_stats stats;
    struct umig_heap_talk talk = {.wait_ns = request->wait_ns, .progress = request->progress};
    struct umig_err why = UMIG_ERR_INIT;
    int rc = umig_attach_site_open(request->jvm, &talk.site, &why);
    if (rc == UMIG_OK) {
        rc = read_stats(&talk, &stats, &loaders->cost, &why);
    }
    umig_attach_site_close(&talk.site);
    if (rc == UMIG_OK) {
        take_stats(&stats, loaders);
    } else if (rc != UMIG_END) {
        snprintf(loaders->problem, sizeof loaders->problem, "%s", why.text);
    }
    return rc == UMIG_END ? rc : UMIG_OK;
}

/* --- all of it --- */

static int answer(struct umig_cli *cli,
                  const struct umig_heap_loaders_request *request,
                  struct umig_heap_loaders *loaders,
                  struct umig_err *err)
{
    const Umig__V1__LoaderReport *report = loaders->search->loaders;
    loaders->rows = calloc(report->n_kind + 1, sizeof *loaders->rows);
    if (loaders->rows == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for %zu kinds of class loaders",
                            report->n_kind);
    }
    for (size_t i = 0; i < report->n_kind; i++) {
        loaders->rows[i].kind = report->kind[i];
        umig_heap_loaders_judge(report, &loaders->rows[i]);
        loaders->surplus += loaders->rows[i].surplus;
        loaders->surplus_classes += loaders->rows[i].surplus_classes;
    }
    int rc = request->wants_metaspace ? ask_metaspace(request, loaders) : UMIG_OK;
    umig_progress_clear(request->progress);
    if (rc == UMIG_OK) {
        const struct umig_heap_loaders_view view = {
            .jvm = request->jvm, .loaders = loaders, .has_color = cli->has_color};
        rc = request->wants_json ? umig_heap_loaders_write_json(&view, cli->out, err)
                                 : umig_heap_loaders_write_text(&view, cli->out, err);
    }
    free(loaders->rows);
    return rc;
}

int umig_heap_loaders(struct umig_cli *cli,
                      const struct umig_heap_loaders_request *request,
                      struct umig_err *err)
{
    Umig__V1__Search wanted = UMIG__V1__SEARCH__INIT;
    struct umig_agent_reply reply = {.message = NULL};
    wanted.wants_loaders = 1;
    wanted.cpu_budget_ns = request->cpu_ns;
    int rc =
        umig_heap_search(request->jvm, &wanted, "class loaders", request->progress, &reply, err);
    if (rc != UMIG_OK) {
        return rc == UMIG_END ? rc : umig_err_trace(err, rc);
    }
    struct umig_heap_loaders loaders = {.search = reply.message->search};
    rc = loaders.search->loaders != NULL
             ? answer(cli, request, &loaders, err)
             : umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "JVM %d: another command's search came between; ask again",
                            (int)request->jvm->pid);
    umig_agent_reply_fini(&reply);
    return rc == UMIG_END ? rc : umig_err_trace(err, rc);
}
