#include "agent/session/alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/vm/alloc_rate.h"
#include "core/kind_options.h"

static const char g_coarser[] = "allocation was sampled every ";

static double chance(uint64_t bytes, uint64_t interval)
{
    return umig_alloc_chance((double)bytes / (double)interval);
}

/* A number between 0 and 1. */
static double draw(struct umig_sessions *sessions)
{
    return (double)(umig_sessions_random(sessions) >> 11) / 9007199254740992.0; /* 2^53 */
}

void umig_session_note_interval(struct umig_session *session,
                                enum umig_kind kind,
                                uint64_t interval)
{
    const uint64_t asked = session->spec.kinds.interval_ns[kind];
    interval = interval > asked ? interval : asked;
    session->alloc_low =
        session->alloc_low == 0 || interval < session->alloc_low ? interval : session->alloc_low;
    session->alloc_high = interval > session->alloc_high ? interval : session->alloc_high;
}

struct umig_alloc_share umig_session_share_alloc(struct umig_sessions *sessions,
                                                 struct umig_session *session,
                                                 const struct umig_record *record)
{
    const uint64_t asked = session->spec.kinds.interval_ns[UMIG_KIND_ALLOC];
    const uint64_t interval = record->interval > asked ? record->interval : asked;
    const uint64_t bytes = record->value_ns;
    double own = chance(bytes, interval);
    umig_session_note_interval(session, UMIG_KIND_ALLOC, interval);
    if (interval > record->interval && draw(sessions) * chance(bytes, record->interval) >= own) {
        return (struct umig_alloc_share){.bytes = 0};
    }
    own = own > 0 ? own : 1;
    const struct umig_alloc_share share = {
        .bytes = (uint64_t)((double)bytes / own + 0.5),
        /* Rounded up as often as it is nearer to: the sum is right on average. */
        .objects = (uint64_t)(1 / own + draw(sessions)),
    };
    session->tallies[UMIG_KIND_ALLOC].produced += share.bytes;
    return share;
}

void umig_session_tell_alloc(struct umig_session *session)
{
    const struct umig_kind_rule *rule = umig_kind_rule(UMIG_KIND_ALLOC);
    const struct umig_kind_set *kinds = &session->spec.kinds;
    const uint64_t allocated = kinds->interval_ns[UMIG_KIND_ALLOC];
    const uint64_t followed = kinds->interval_ns[UMIG_KIND_LIVE];
    const uint64_t asked = allocated > followed ? allocated : followed;
    if (asked == 0 || session->alloc_high <= asked) {
        return;
    }
    const bool is_slowed =
        session->slowed[UMIG_KIND_ALLOC] > 1 || session->slowed[UMIG_KIND_LIVE] > 1;
    char problem[UMIG_PROBLEM_BYTES];
    char low[UMIG_INTERVAL_TEXT_BYTES];
    char high[UMIG_INTERVAL_TEXT_BYTES];
    umig_kind_interval_text(rule, session->alloc_low, low);
    umig_kind_interval_text(rule, session->alloc_high, high);
    snprintf(problem, sizeof problem, "%s%s%s%s bytes%s", g_coarser, low,
             session->alloc_low < session->alloc_high ? " to " : "",
             session->alloc_low < session->alloc_high ? high : "",
             is_slowed ? ""
                       : ", since finer would cost above 1 % of the process's CPU; each sample "
                         "stands for what it was taken at");
    umig_session_set_lack(session, UMIG_LACK_ALLOC, problem);
}
