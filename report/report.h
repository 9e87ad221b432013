/* A session as text, JSON, a page, or a file for another tool: one profile in, bytes out. No clock,
 * no file. */
#ifndef UMIG_REPORT_REPORT_H
#define UMIG_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** What a report is written as. */
enum umig_report_format {
    UMIG_REPORT_TEXT,
    UMIG_REPORT_JSON,
    UMIG_REPORT_HTML,
    UMIG_REPORT_COLLAPSED,
    UMIG_REPORT_PPROF,
    UMIG_REPORT_SPEEDSCOPE,
    UMIG_REPORT_OTLP,
    UMIG_REPORT_TOP,           /* rows for umig top: "top"; see report/top.h */
    UMIG_REPORT_SUSPECTS,      /* leak suspects alone, as text: "suspects" */
    UMIG_REPORT_SUSPECTS_JSON, /* "suspects-json" */
    UMIG_REPORT_SUSPECTS_LIST, /* for the command: report/suspects.h */
    UMIG_REPORT_HOLDERS,       /* all that the latest search found, as text: "holders" */
    UMIG_REPORT_HOLDERS_JSON,  /* "holders-json" */
};

/** How a report is written; all zero is text for no terminal, folded, without colour. */
struct umig_report_options {
    enum umig_report_format format;
    enum umig_kind kind; /* of the stacks in a file for other tools: cpu, alloc, locks, wall; 0:
                          * cpu. Of no meaning in other formats */
    bool unfold;         /* show the frames of dispatch */
    bool colour;         /* text: ANSI colours */
    size_t width; /* text: columns, 60 to 400; 0: 100, and 200 where a name is long. What is longer
                   * has its middle left out; JSON has it whole. Of native names see
                   * analysis/shorten.h */
};

/** The formats in words, for help and errors. */
#define UMIG_REPORT_FORMATS "text, json, html, collapsed, pprof, speedscope or otlp"

/**
 * Reads a format from its name, one of UMIG_REPORT_FORMATS. Behind that of a file for other tools
 * may stand what its stacks are of: "pprof-alloc", "collapsed-locks". So a question to a collector
 * has one word for both.
 *
 * @param out_options  format and kind are set
 * @return UMIG_OK, UMIG_E_ARG (the error's text lists the formats)
 */
UMIG_NODISCARD int umig_report_format_read(const char *name,
                                           struct umig_report_options *out_options,
                                           struct umig_err *err);

/**
 * Appends a report.
 *
 * @param profile  as stored, unfolded; borrowed
 * @param out      on failure it may hold a part of the report
 * @return UMIG_OK, UMIG_E_ARG (a width out of range, a kind that has no stacks), UMIG_E_NOMEM,
 *         UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_report_write(const struct umig_profile *profile,
                                     const struct umig_report_options *options,
                                     struct umig_buf *out,
                                     struct umig_err *err);

/**
 * Appends what one should know beside a file for other tools that has no stack in it: which kinds
 * the session has, and what shows them, in the same format if that can be. Nothing where there are
 * stacks, and for other formats.
 */
void umig_report_note(const struct umig_profile *profile,
                      const struct umig_report_options *options,
                      struct umig_buf *note);

#endif
