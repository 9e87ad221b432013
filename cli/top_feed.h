/*
 * Asks for what umig top shows, again and again, in a thread of its own: keys answer at once
 * however long the collector or the agent takes.
 */
#ifndef UMIG_CLI_TOP_FEED_H
#define UMIG_CLI_TOP_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/jvm.h"
#include "cli/top_doc.h"
#include "cli/top_session.h"
#include "core/buf.h"
#include "core/places.h"
#include "core/socket.h"

/** What is asked, of whom, how often. */
struct umig_top_feed_options {
    struct umig_places places;
    char collector[UMIG_ADDRESS_BYTES]; /* "": the user's, or the host's */
    struct umig_jvm jvm;                /* has_socket false: no agent is asked */
    char session[UMIG_TOP_SESSION_BYTES];
    uint64_t window_ns;
    uint64_t interval_ns;
};

/** What came since it was last taken; free with umig_top_news_fini(). */
struct umig_top_news {
    struct umig_top_doc *doc;   /* of the collector; NULL: none came */
    struct umig_top_doc *agent; /* of the agent; NULL: none came */
    char problem[256];          /* why the collector's did not come; "" it came */
    char report[320];           /* what became of the report that was asked for; "" nothing yet */
    bool has_report;            /* it was written */
    bool is_agent_gone;         /* the agent did not answer, and the JVM is not there any more */
    uint64_t rounds;            /* times that all was asked, in all */
};

struct umig_top_feed;

/**
 * Asks once, in the caller's thread.
 *
 * @param out_doc  as umig_top_doc_read()
 * @return UMIG_OK; UMIG_AGAIN: the session is not stored yet; as umig_collector_ask(); UMIG_E_PROTO
 */
UMIG_NODISCARD int umig_top_feed_ask(const struct umig_top_feed_options *options,
                                     struct umig_top_doc **out_doc,
                                     struct umig_err *err);

/** Starts asking. UMIG_OK, UMIG_E_NOMEM, UMIG_E_IO. */
UMIG_NODISCARD int umig_top_feed_start(const struct umig_top_feed_options *options,
                                       struct umig_top_feed **out_feed,
                                       struct umig_err *err);

/** Readable when there is something to take. Borrowed. */
int umig_top_feed_fd(const struct umig_top_feed *feed);

/** Takes what came. */
void umig_top_feed_take(struct umig_top_feed *feed, struct umig_top_news *out_news);

/** Frees what was not made somebody else's. */
void umig_top_news_fini(struct umig_top_news *news);

/** Asks about another session from now on, at once. */
void umig_top_feed_look_at(struct umig_top_feed *feed, const char *session);

/** Writes the session's report into the working folder, umig-report-ID.html; the news say so. */
void umig_top_feed_report(struct umig_top_feed *feed);

/** Stops asking; a question under way is given up. Takes NULL; returns NULL. */
struct umig_top_feed *umig_top_feed_stop(struct umig_top_feed *feed);

#endif
