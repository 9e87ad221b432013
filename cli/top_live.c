#include "cli/top_live.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "cli/top_keys.h"
#include "cli/top_terminal.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse.h"

enum {
    TURN_MS = 1000, /* to see signals and to say how old the data are */
    ONCE_TURN_MS = 250,
    TEXT_WIDTH = 100,
    TEXT_BYTES = 4 << 20
};

#define PATIENCE_NS (10 * UMIG_NS_PER_S) /* for a session of ours to be stored */
#define STALE_NS    (5 * UMIG_NS_PER_S)  /* beside the interval: then it is said */

/* --- on a terminal --- */

struct live {
    const struct umig_top_looking *looking;
    struct umig_top_feed *feed;
    struct umig_top_model model;
    struct umig_top_ui ui;
    struct umig_top_screen screen;
    uint64_t began_ns;
    uint64_t newest_unix_ns; /* of the newest data */
    uint64_t newest_seen_ns; /* when they came */
    char problem[256];       /* why there is no answer */
    bool is_agent_gone;
    bool has_answer;
    bool is_over; /* leave */
};

static void notice(struct live *live, enum umig_top_look look, const char *text)
{
    live->ui.notice_look = look;
    snprintf(live->ui.notice, sizeof live->ui.notice, "%s", text);
}

/* How the session ended; NULL: it goes on. */
static const char *end_text(const struct live *live)
{
    static const struct {
        const char *end, *text;
    } ends[] = {
        {"stopped", "the session was stopped"},
        {"duration", "the session's time is over"},
        {"vm-exit", "the JVM ended"},
        {"lost", "the JVM was killed or lost"},
    };
    const char *end = umig_top_doc_text(live->model.newest, "end");
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (strcmp(ends[i].end, end) == 0) {
            return ends[i].text;
        }
    }
    return live->is_agent_gone ? "the JVM ended" : NULL;
}

/* What stays in the last line while it is so. */
static void make_notice(struct live *live, uint64_t now_ns)
{
    char text[UMIG_TOP_MESSAGE_BYTES];
    char age[32];
    const char *end = end_text(live);
    const uint64_t silent_ns = now_ns - live->newest_seen_ns;
    notice(live, UMIG_TOP_PLAIN, "");
    if (end != NULL) {
        snprintf(text, sizeof text, "%s; these are its last figures. q leaves.", end);
        notice(live, UMIG_TOP_WARN, text);
    } else if (live->problem[0] != '\0' && (live->has_answer || !live->looking->is_own ||
                                            now_ns - live->began_ns > PATIENCE_NS)) {
        notice(live, UMIG_TOP_BAD, live->problem);
    } else if (live->has_answer && silent_ns > STALE_NS + live->looking->feed.interval_ns) {
        umig_format_duration(silent_ns / UMIG_NS_PER_S * UMIG_NS_PER_S, age, sizeof age);
        snprintf(text, sizeof text, "no new data for %s", age);
        notice(live, UMIG_TOP_WARN, text);
    }
}

static void take_news(struct live *live)
{
    struct umig_top_news news;
    int rc = UMIG_OK;
    umig_top_feed_take(live->feed, &news);
    if (news.doc != NULL) {
        uint64_t to_unix_ns = 0;
        (void)umig_top_doc_number(news.doc, "to_unix_ns", &to_unix_ns);
        if (!live->has_answer || to_unix_ns != live->newest_unix_ns) {
            live->newest_unix_ns = to_unix_ns;
            live->newest_seen_ns = umig_clock_monotonic_ns();
        }
        live->has_answer = true;
        rc = umig_top_model_take(&live->model, news.doc);
        news.doc = NULL;
    }
    if (rc == UMIG_OK && news.agent != NULL) {
        rc = umig_top_model_take_agent(&live->model, news.agent);
        news.agent = NULL;
    }
    if (rc != UMIG_OK) {
        umig_top_say(&live->ui, UMIG_TOP_BAD, "no memory for the rows");
    }
    if (news.report[0] != '\0') {
        umig_top_say(&live->ui, news.has_report ? UMIG_TOP_STRONG : UMIG_TOP_BAD, news.report);
    }
    memcpy(live->problem, news.problem, sizeof live->problem);
    live->is_agent_gone = news.is_agent_gone;
    umig_top_news_fini(&news);
}

static void switch_session(struct live *live)
{
    char id[UMIG_TOP_SESSION_BYTES];
    const char *chosen = umig_top_chosen_session(&live->model);
    if (chosen == NULL || strlen(chosen) >= sizeof id) {
        return;
    }
    snprintf(id, sizeof id, "%s", chosen);
    umig_top_feed_look_at(live->feed, id);
    umig_top_model_forget(&live->model);
    live->has_answer = false;
    live->problem[0] = '\0';
    live->began_ns = umig_clock_monotonic_ns();
    live->model.panel[0] = '\0'; /* the first, once there is one */
    snprintf(live->ui.waiting, sizeof live->ui.waiting, "Waiting for data of session %s.", id);
}

static void take_keys(struct live *live)
{
    uint32_t key = UMIG_TOP_KEY_NONE;
    while (!live->is_over && (key = umig_top_terminal_key()) != UMIG_TOP_KEY_NONE) {
        switch (umig_top_key(&live->model, &live->ui, key)) {
        case UMIG_TOP_QUIT:
            live->is_over = true;
            break;
        case UMIG_TOP_REPORT:
            umig_top_say(&live->ui, UMIG_TOP_PLAIN, "Writing the report ...");
            umig_top_feed_report(live->feed);
            break;
        case UMIG_TOP_SWITCH:
            switch_session(live);
            break;
        case UMIG_TOP_GO_ON:
        default:
            break;
        }
    }
}

static void draw(struct live *live)
{
    size_t width = 0;
    size_t height = 0;
    make_notice(live, umig_clock_monotonic_ns());
    umig_top_terminal_size(&width, &height);
    umig_top_view_draw(&live->model, &live->ui, width, height, &live->screen);
    umig_top_terminal_draw(&live->screen);
}

static void run(struct live *live)
{
    struct pollfd ready[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = umig_top_feed_fd(live->feed), .events = POLLIN}};
    while (!live->is_over && !umig_interrupt_came()) {
        draw(live);
        ready[0].revents = 0;
        ready[1].revents = 0;
        (void)!poll(ready, 2, TURN_MS); /* a signal wakes it: a window has another size, or leave */
        if ((ready[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
            return; /* the terminal is gone */
        }
        if (ready[1].revents != 0) {
            take_news(live);
        }
        take_keys(live);
    }
}

int umig_top_live(struct umig_cli *cli,
                  const struct umig_top_looking *looking,
                  struct umig_err *err)
{
    struct live live = {.looking = looking, .began_ns = umig_clock_monotonic_ns()};
    umig_top_model_init(&live.model, looking->feed.window_ns);
    if (looking->panel != NULL) {
        snprintf(live.model.panel, sizeof live.model.panel, "%s", looking->panel);
    }
    snprintf(live.ui.waiting, sizeof live.ui.waiting,
             looking->is_own ? "Session %s has begun; its first figures are here in a second."
                             : "Waiting for data of session %s.",
             looking->feed.session);
    int rc = umig_top_terminal_open(cli->has_color, err);
    if (rc == UMIG_OK) {
        rc = umig_top_feed_start(&looking->feed, &live.feed, err);
    }
    if (rc == UMIG_OK) {
        run(&live);
    }
    umig_top_terminal_close();
    umig_top_feed_stop(live.feed);
    umig_top_screen_fini(&live.screen);
    umig_top_model_fini(&live.model);
    return umig_err_trace(err, rc);
}

/* --- once, as text --- */

/* How far the figures of an answer go. */
static uint64_t end_of(const struct umig_top_doc *doc)
{
    uint64_t to_unix_ns = 0;
    return umig_top_doc_number(doc, "to_unix_ns", &to_unix_ns) ? to_unix_ns : 0;
}

/* Is there an interval between the answers, or since our session's begin; or comes nothing more? */
static bool is_enough(const struct umig_top_looking *looking,
                      uint64_t first_unix_ns,
                      const struct umig_top_doc *doc)
{
    uint64_t began_unix_ns = 0;
    (void)umig_top_doc_number(doc, "began_unix_ns", &began_unix_ns);
    const uint64_t since = looking->is_own ? began_unix_ns : first_unix_ns;
    return strcmp(umig_top_doc_text(doc, "end"), "running") != 0 ||
           end_of(doc) >= since + looking->feed.interval_ns;
}

/* Not stored yet, as the collector puts it. */
static bool may_come(const struct umig_top_looking *looking, int rc)
{
    return rc == UMIG_OK || (looking->is_own && (rc == UMIG_AGAIN || rc == UMIG_E_UNSUPPORTED));
}

/* Asks until there is an interval; what came is in the model. */
static int collect(const struct umig_top_looking *looking,
                   struct umig_top_model *model,
                   struct umig_err *err)
{
    const uint64_t until_ns = umig_clock_monotonic_ns() + looking->feed.interval_ns + PATIENCE_NS;
    struct umig_top_feed_options options = looking->feed;
    uint64_t first_unix_ns = 0;
    int rc = UMIG_OK;
    while (!umig_interrupt_came()) {
        struct umig_top_doc *doc = NULL;
        rc = umig_top_feed_ask(&options, &doc, err);
        if (rc == UMIG_OK) {
            first_unix_ns = first_unix_ns == 0 ? end_of(doc) : first_unix_ns;
            snprintf(options.session, sizeof options.session, "%s",
                     umig_top_doc_text(doc, "session"));
            const bool is_last = is_enough(looking, first_unix_ns, doc);
            rc = umig_top_model_take(model, doc);
            if (rc != UMIG_OK || is_last) {
                return rc;
            }
        }
        if (!may_come(looking, rc) || umig_clock_monotonic_ns() > until_ns) {
            break;
        }
        (void)!poll(NULL, 0, ONCE_TURN_MS);
    }
    if (umig_interrupt_came()) {
        return UMIG_AGAIN;
    }
    if (rc == UMIG_AGAIN) {
        rc = umig_err_set(err, UMIG_E_UNSUPPORTED,
                          "the collector has nothing of session %s yet; 'umig status' says why",
                          looking->feed.session);
    }
    return rc;
}

static int write_text(struct umig_cli *cli,
                      const struct umig_top_looking *looking,
                      struct umig_top_model *model,
                      struct umig_err *err)
{
    struct umig_buf text = UMIG_BUF_INIT(TEXT_BYTES);
    const size_t width = cli->is_out_terminal ? cli->width : TEXT_WIDTH;
    int rc = looking->panel != NULL ? umig_top_model_look_at(model, looking->panel) : UMIG_OK;
    if (rc == UMIG_NOT_FOUND) {
        return umig_err_set(err, UMIG_E_ARG, "the collector has no panel '%.40s'", looking->panel);
    }
    rc = rc != UMIG_OK
             ? rc
             : umig_top_view_text(model, width, looking->row_count, looking->panel != NULL, &text);
    if (rc == UMIG_OK) {
        (void)!fwrite(umig_buf_str(&text), 1, text.len,
                      cli->out); /* a failure is found at the end */
    }
    umig_buf_fini(&text);
    return rc == UMIG_OK ? rc : umig_err_set(err, rc, "no memory for the rows");
}

int umig_top_once(struct umig_cli *cli,
                  const struct umig_top_looking *looking,
                  struct umig_err *err)
{
    struct umig_top_model model;
    umig_top_model_init(&model, looking->feed.window_ns);
    int rc = collect(looking, &model, err);
    rc = rc != UMIG_OK ? rc : write_text(cli, looking, &model, err);
    umig_top_model_fini(&model);
    return umig_err_trace(err, rc);
}
