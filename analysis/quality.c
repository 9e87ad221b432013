#include "analysis/quality.h"

#include "analysis/label.h"
#include "core/parse.h"

static void read_kind(const struct umig_profile_tally *tally, struct umig_quality_kind *out)
{
    *out = (struct umig_quality_kind){
        .present = tally->present, .produced = tally->produced, .stored = tally->stored};
    for (unsigned i = 0; i < UMIG_DROP_COUNT; i++) {
        out->dropped += i == UMIG_DROP_REMAINDER ? 0 : tally->dropped[i];
    }
    out->remainder = tally->dropped[UMIG_DROP_REMAINDER];
    const uint64_t known = out->stored + out->remainder + out->dropped;
    out->missing = out->produced > known ? out->produced - known : 0;
    out->surplus = known > out->produced ? known - out->produced : 0;
}

static void read_samples(const struct umig_profile *profile, struct umig_quality *out)
{
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        if (sample->kind != UMIG_KIND_CPU) {
            continue;
        }
        if (sample->outcome == UMIG_OUTCOME_NO_JAVA) {
            out->vm_samples += sample->count;
            continue;
        }
        out->java_samples += sample->count;
        if (sample->outcome != UMIG_OUTCOME_OK) {
            out->failed_samples += sample->count;
            out->failed[sample->outcome] += sample->count;
        }
    }
}

void umig_quality_read(const struct umig_profile *profile, struct umig_quality *out_quality)
{
    struct umig_quality quality = {.is_complete = profile->session.lost_files == 0 &&
                                                  profile->session.waiting_batches == 0 &&
                                                  profile->session.end != UMIG_END_LOST};
    quality.is_running = profile->session.end == UMIG_END_RUNNING;
    for (unsigned i = 0; i < UMIG_KIND_COUNT; i++) {
        struct umig_quality_kind *kind = &quality.kinds[i];
        read_kind(&profile->tallies[i], kind);
        const bool closes = kind->dropped == 0 && kind->missing == 0 && kind->surplus == 0;
        const bool has_books = kind->present || !profile->session.has_kind[i];
        quality.is_complete = quality.is_complete && closes && has_books;
    }
    read_samples(profile, &quality);
    *out_quality = quality;
}

void umig_quality_put_amount(enum umig_kind kind, uint64_t amount, struct umig_buf *out)
{
    if (kind == UMIG_KIND_CPU || kind == UMIG_KIND_LOCKS || kind == UMIG_KIND_WALL ||
        umig_label_is_bytes(kind)) {
        umig_label_value(kind, amount, out);
    } else {
        umig_label_number(amount, out);
    }
}

static void put_kind(const struct umig_profile_tally *tally,
                     enum umig_kind kind,
                     const struct umig_quality_kind *books,
                     struct umig_buf *out)
{
    if (books->dropped > 0) {
        umig_buf_printf(out, " %s: ", umig_quality_kind_key(kind));
        umig_quality_put_amount(kind, books->dropped, out);
        umig_buf_text(out, " of ");
        umig_quality_put_amount(kind, books->produced, out);
        umig_buf_text(out, " dropped");
        const char *lead = " (";
        for (unsigned i = 0; i < UMIG_DROP_COUNT; i++) {
            if (tally->dropped[i] > 0 && i != UMIG_DROP_REMAINDER) {
                umig_buf_printf(out, "%s%s ", lead, umig_quality_drop_key((enum umig_drop)i));
                umig_quality_put_amount(kind, tally->dropped[i], out);
                lead = ", ";
            }
        }
        umig_buf_text(out, ").");
    }
    if (books->missing > 0 || books->surplus > 0) {
        const bool is_missing = books->missing > 0;
        umig_buf_printf(out, " %s: ", umig_quality_kind_key(kind));
        umig_quality_put_amount(kind, is_missing ? books->missing : books->surplus, out);
        umig_buf_text(out, is_missing ? " produced but neither stored nor counted as dropped."
                                      : " more stored and dropped than were produced.");
    }
}

/* Why something may be missing that nobody counted. */
static const char *reason(const struct umig_profile *profile, const struct umig_quality *quality)
{
    if (profile->session.is_end_unknown) {
        return " The collector stopped while the session ran: what came later is not here.";
    }
    if (quality->is_running) {
        return " The session is running: what is under way is not in yet.";
    }
    if (profile->session.end == UMIG_END_LOST) {
        return " Figures cover only the time until then.";
    }
    return "";
}

/* Since when nothing came: what happened then, and how it ended, nobody told. */
static void put_lost(const struct umig_profile *profile, struct umig_buf *out)
{
    const struct umig_profile_session *session = &profile->session;
    if (session->end != UMIG_END_LOST) {
        return;
    }
    umig_buf_text(out,
                  " the JVM was killed or lost, and the end is missing: nothing came later than ");
    umig_label_value(UMIG_KIND_GC,
                     session->end_unix_ns > session->start_unix_ns
                         ? session->end_unix_ns - session->start_unix_ns
                         : 0,
                     out);
    umig_buf_text(out, " into the session.");
}

/* No loss, but in no sample either. */
static void put_remainders(const struct umig_quality *quality, struct umig_buf *out)
{
    for (unsigned i = 1; i < UMIG_KIND_COUNT; i++) {
        if (quality->kinds[i].remainder > 0) {
            umig_buf_printf(out, " %s: ", umig_quality_kind_key((enum umig_kind)i));
            umig_label_value((enum umig_kind)i, quality->kinds[i].remainder, out);
            umig_buf_text(out, " left over below one interval.");
        }
    }
}

static void put_books(const struct umig_profile *profile,
                      const struct umig_quality *quality,
                      struct umig_buf *out)
{
    if (quality->is_complete && !quality->is_running) {
        umig_buf_text(out, "Complete: all that was produced is stored.");
        put_remainders(quality, out);
        return;
    }
    umig_buf_text(out, quality->is_running ? "So far:" : "Not complete:");
    put_lost(profile, out);
    if (profile->session.lost_files > 0) {
        umig_buf_printf(out,
                        " %u of the files with its data %s gone or set aside as damaged: what "
                        "they held is in no figure.",
                        profile->session.lost_files,
                        profile->session.lost_files == 1 ? "is" : "are");
    }
    if (profile->session.waiting_batches > 0) {
        umig_buf_printf(
            out,
            " %llu of the batches of its JVM %s for room on the collector's disk: what they "
            "hold is in no figure.",
            (unsigned long long)profile->session.waiting_batches,
            profile->session.waiting_batches == 1 ? "waits" : "wait");
    }
    const size_t lead = out->len;
    for (unsigned i = 1; i < UMIG_KIND_COUNT; i++) {
        const bool is_silent = profile->session.has_kind[i] && !quality->kinds[i].present;
        if (is_silent && !quality->is_running) {
            umig_buf_printf(out, " %s: the agent's closing count never came.",
                            umig_quality_kind_key((enum umig_kind)i));
        } else if (quality->kinds[i].present) {
            put_kind(&profile->tallies[i], (enum umig_kind)i, &quality->kinds[i], out);
        }
    }
    if (out->len == lead && profile->session.lost_files == 0 &&
        profile->session.waiting_batches == 0 && profile->session.end != UMIG_END_LOST) {
        umig_buf_text(out, " nothing dropped, nothing missing.");
    }
    umig_buf_text(out, reason(profile, quality));
}

/* Of a JVM that ran before the agent came: what the JIT compiler did not note then stays unknown.
 */
static void put_attached(const struct umig_profile_session *session, struct umig_buf *out)
{
    char after[32];
    if (session->attached_after_ns == 0) {
        return;
    }
    umig_format_duration(session->attached_after_ns, after, sizeof after);
    umig_buf_printf(out,
                    " The agent was attached when the JVM had run for %s: in code compiled before, "
                    "inlined methods are told apart less exactly.",
                    after);
}

/* How stacks were read, and what could not be: it holds for every figure. */
static void put_means(const struct umig_profile *profile, struct umig_buf *out)
{
    const struct umig_profile_session *session = &profile->session;
    if (session->problem != 0) {
        umig_buf_printf(out, " Not to be had: %s.", profile->strings.items[session->problem]);
    }
    if (session->walker != 0) {
        umig_buf_printf(out, " Stacks: walker=%s", profile->strings.items[session->walker]);
        if (session->native != UMIG_NATIVE_OFF) {
            umig_buf_printf(out, ", native=%s", umig_quality_native_key(session->native));
        }
        umig_buf_text(out, session->has_mutexes ? ", mutexes=on" : "");
        if (session->clock != 0) {
            umig_buf_printf(out, ", clock=%s", profile->strings.items[session->clock]);
        }
        umig_buf_byte(out, '.');
        put_attached(session, out);
    }
}

void umig_quality_sentence(const struct umig_profile *profile,
                           const struct umig_quality *quality,
                           struct umig_buf *out)
{
    put_books(profile, quality, out);
    put_means(profile, out);
}

const char *umig_quality_outcome_key(enum umig_outcome outcome)
{
    switch (outcome) {
#define OUTCOME_KEY(name, number, key, text) \
 case UMIG_OUTCOME_##name:                   \
  return key;
        UMIG_OUTCOME_TABLE(OUTCOME_KEY)
#undef OUTCOME_KEY
    case UMIG_OUTCOME_COUNT:
    default:
        return "?";
    }
}

const char *umig_quality_outcome_text(enum umig_outcome outcome)
{
    switch (outcome) {
#define OUTCOME_TEXT(name, number, key, text) \
 case UMIG_OUTCOME_##name:                    \
  return text;
        UMIG_OUTCOME_TABLE(OUTCOME_TEXT)
#undef OUTCOME_TEXT
    case UMIG_OUTCOME_COUNT:
    default:
        return "?";
    }
}

const char *umig_quality_drop_key(enum umig_drop drop)
{
    switch (drop) {
#define DROP_KEY(name, number, key, text) \
 case UMIG_DROP_##name:                   \
  return key;
        UMIG_DROP_TABLE(DROP_KEY)
#undef DROP_KEY
    case UMIG_DROP_COUNT:
    default:
        return "?";
    }
}

const char *umig_quality_kind_key(enum umig_kind kind)
{
    switch (kind) {
#define KIND_KEY(name, number, key, unit, text) \
 case UMIG_KIND_##name:                         \
  return key;
        UMIG_KIND_TABLE(KIND_KEY)
#undef KIND_KEY
    case UMIG_KIND_COUNT:
    default:
        return "?";
    }
}

const char *umig_quality_end_key(enum umig_end end)
{
    switch (end) {
#define END_KEY(name, number, key, text) \
 case UMIG_END_##name:                   \
  return key;
        UMIG_END_TABLE(END_KEY)
#undef END_KEY
    case UMIG_END_COUNT:
    default:
        return "unknown";
    }
}

const char *umig_quality_native_key(enum umig_native native)
{
    switch (native) {
#define NATIVE_KEY(name, number, key, text) \
 case UMIG_NATIVE_##name:                   \
  return key;
        UMIG_NATIVE_TABLE(NATIVE_KEY)
#undef NATIVE_KEY
    default:
        return "?";
    }
}
