#include "cli/top_feed.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/agent_client.h"
#include "cli/collector_client.h"
#include "cli/out_file.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse.h"

#define DOCUMENT_BYTES (16u << 20)
#define NOTE_BYTES     4096
#define LIST_BYTES     (1u << 20)
#define FIRST_NS       (250 * UMIG_NS_PER_MS) /* until there is a first answer */

struct umig_top_feed {
    pthread_t thread;
    int fd;               /* an eventfd */
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct umig_top_feed_options options;
    struct umig_top_news news;
    bool is_stopping;
    bool is_poked;   /* asks at once */
    bool has_answer; /* about the session */
    bool wants_report;
    int asking_fd; /* of the question under way; -1 none */
};

/* --- one question --- */

static int dial(const struct umig_top_feed_options *options,
                struct umig_collector_link *out_link,
                struct umig_err *err)
{
    return umig_collector_dial(
        &options->places, options->collector[0] != '\0' ? options->collector : NULL, out_link, err);
}

/* A link that stopping shuts down, where there is a feed to be stopped. */
static int open_link(struct umig_top_feed *feed,
                     const struct umig_top_feed_options *options,
                     struct umig_collector_link *out_link,
                     struct umig_err *err)
{
    const int rc = dial(options, out_link, err);
    if (rc != UMIG_OK || feed == NULL) {
        return umig_err_trace(err, rc);
    }
    pthread_mutex_lock(&feed->lock);
    feed->asking_fd = out_link->fd;
    if (feed->is_stopping) {
        (void)shutdown(out_link->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&feed->lock);
    return UMIG_OK;
}

static void close_link(struct umig_top_feed *feed, const struct umig_collector_link *link)
{
    if (feed != NULL) {
        pthread_mutex_lock(&feed->lock);
        feed->asking_fd = -1;
        pthread_mutex_unlock(&feed->lock);
    }
    close(link->fd);
}

static ssize_t take_bytes(void *context, const char *bytes, size_t byte_count)
{
    struct umig_buf *document = context;
    return umig_buf_put(document, bytes, byte_count) == UMIG_OK ? (ssize_t)byte_count : 0;
}

/* Sends the question over a link and reads the document; what is too large is refused. */
static int exchange(const struct umig_collector_link *link,
                    const struct umig_top_feed_options *options,
                    struct umig_buf *document,
                    struct umig_err *err)
{
    const struct umig_question question = {
        .verb = UMIG_ASK_REPORT,
        .session = options->session,
        .format = "top",
        .service = "",
        .last_ns = options->window_ns,
    };
    struct umig_buf note = UMIG_BUF_INIT(NOTE_BYTES);
    FILE *out = fopencookie(document, "w", (cookie_io_functions_t){.write = take_bytes});
    if (out == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for an answer of the collector");
    }
    int rc = umig_collector_ask(link, &question, out, &note, err);
    if (fclose(out) != 0 && rc == UMIG_OK) {
        rc = umig_err_set(err, UMIG_E_LIMIT, "the collector's answer is larger than %u MiB",
                          DOCUMENT_BYTES >> 20);
    }
    umig_buf_fini(&note);
    return umig_err_trace(err, rc);
}

/* A beginning of an id fits a stored session until ours is stored. */
static int read_answer(const struct umig_top_feed_options *options,
                       const struct umig_buf *document,
                       struct umig_top_doc **out_doc,
                       struct umig_err *err)
{
    struct umig_top_doc *doc = NULL;
    const int rc = umig_top_doc_read(umig_buf_str(document), document->len, &doc, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const bool is_another = strncmp(options->session, "top-", 4) == 0 &&
                            strcmp(umig_top_doc_text(doc, "session"), options->session) != 0;
    if (is_another) {
        umig_top_doc_destroy(doc);
        return UMIG_AGAIN;
    }
    *out_doc = doc;
    return UMIG_OK;
}

static int ask_collector(struct umig_top_feed *feed,
                         const struct umig_top_feed_options *options,
                         struct umig_top_doc **out_doc,
                         struct umig_err *err)
{
    struct umig_collector_link link;
    struct umig_buf document = UMIG_BUF_INIT(DOCUMENT_BYTES);
    int rc = open_link(feed, options, &link, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    rc = exchange(&link, options, &document, err);
    close_link(feed, &link);
    rc = rc != UMIG_OK ? rc : read_answer(options, &document, out_doc, err);
    umig_buf_fini(&document);
    return rc;
}

int umig_top_feed_ask(const struct umig_top_feed_options *options,
                      struct umig_top_doc **out_doc,
                      struct umig_err *err)
{
    return ask_collector(NULL, options, out_doc, err);
}

/* --- the report --- */

static int write_report(struct umig_top_feed *feed,
                        const struct umig_top_feed_options *options,
                        const char *path,
                        uint64_t *out_byte_count,
                        struct umig_err *err)
{
    const struct umig_question question = {
        .verb = UMIG_ASK_REPORT, .session = options->session, .format = "html", .service = ""};
    struct umig_collector_link link;
    struct umig_out_file file;
    struct umig_buf note = UMIG_BUF_INIT(NOTE_BYTES);
    int rc = umig_out_file_open(path, &file, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = open_link(feed, options, &link, err);
    if (rc == UMIG_OK) {
        rc = umig_collector_ask(&link, &question, file.file, &note, err);
        close_link(feed, &link);
    }
    umig_buf_fini(&note);
    if (rc != UMIG_OK) {
        umig_out_file_abandon(&file);
        return rc;
    }
    return umig_out_file_commit(&file, out_byte_count, err);
}

static void tell(struct umig_top_feed *feed)
{
    const uint64_t one = 1;
    if (write(feed->fd, &one, sizeof one) != (ssize_t)sizeof one) {
        return; /* only when it is full: then it is readable */
    }
}

/* Ids have no character that a path could mind: letters, digits, . _ - */
static void make_report(struct umig_top_feed *feed, const struct umig_top_feed_options *options)
{
    struct umig_err err = UMIG_ERR_INIT;
    char path[UMIG_TOP_SESSION_BYTES + 32];
    char size[32];
    char said[sizeof feed->news.report];
    uint64_t byte_count = 0;
    snprintf(path, sizeof path, "umig-report-%s.html",
             options->session + (options->session[0] == '#'));
    const int rc = write_report(feed, options, path, &byte_count, &err);
    umig_format_bytes(byte_count, size, sizeof size);
    if (rc == UMIG_OK) {
        snprintf(said, sizeof said, "Wrote %s (%s).", path, size);
    } else {
        snprintf(said, sizeof said, "no report: %.256s", err.text);
    }
    pthread_mutex_lock(&feed->lock);
    memcpy(feed->news.report, said, sizeof said);
    feed->news.has_report = rc == UMIG_OK;
    pthread_mutex_unlock(&feed->lock);
    tell(feed);
}

/* --- the thread --- */

/* The agent's sessions as a document; NULL: it did not answer. */
static struct umig_top_doc *ask_agent(const struct umig_top_feed_options *options, bool *out_gone)
{
    struct umig_agent_reply reply = {.message = NULL};
    struct umig_buf list = UMIG_BUF_INIT(LIST_BYTES);
    struct umig_top_doc *doc = NULL;
    *out_gone = false;
    if (!options->jvm.has_socket) {
        return NULL;
    }
    if (umig_agent_status(&options->jvm, UMIG_AGENT_GLANCE_MS, &reply, NULL) != UMIG_OK) {
        *out_gone = umig_top_process_has_ended(options->jvm.pid);
        return NULL;
    }
    umig_top_session_list(reply.message->agent, &list);
    umig_agent_reply_fini(&reply);
    if (list.failed != UMIG_OK ||
        umig_top_doc_read(umig_buf_str(&list), list.len, &doc, NULL) != UMIG_OK) {
        doc = NULL;
    }
    umig_buf_fini(&list);
    return doc;
}

static void post(struct umig_top_feed *feed,
                 const char *session,
                 struct umig_top_news *news,
                 int rc)
{
    pthread_mutex_lock(&feed->lock);
    if (strcmp(session, feed->options.session) == 0) { /* else it is about another one by now */
        if (news->doc != NULL) {
            umig_top_doc_destroy(feed->news.doc);
            feed->news.doc = news->doc;
            news->doc = NULL;
            feed->has_answer = true;
            /* What was asked for by a beginning, or as the latest, is this one from now on. */
            const char *id = umig_top_doc_text(feed->news.doc, "session");
            if (id[0] != '\0') {
                snprintf(feed->options.session, sizeof feed->options.session, "%s", id);
            }
        }
        if (rc != UMIG_AGAIN) {
            memcpy(feed->news.problem, news->problem, sizeof feed->news.problem);
        }
    }
    if (news->agent != NULL) {
        umig_top_doc_destroy(feed->news.agent);
        feed->news.agent = news->agent;
        news->agent = NULL;
    }
    feed->news.is_agent_gone = news->is_agent_gone;
    feed->news.rounds++;
    pthread_mutex_unlock(&feed->lock);
    tell(feed);
}

static void ask_all(struct umig_top_feed *feed, const struct umig_top_feed_options *options)
{
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_top_news news = {.doc = NULL};
    const int rc = ask_collector(feed, options, &news.doc, &err);
    if (rc < 0) {
        snprintf(news.problem, sizeof news.problem, "%s", err.text);
    }
    news.agent = ask_agent(options, &news.is_agent_gone);
    post(feed, options->session, &news, rc);
    umig_top_news_fini(&news);
}

/* Waits until it is time; false: it is to stop. The options are copied for the round. */
static bool await_turn(struct umig_top_feed *feed,
                       uint64_t due_ns,
                       struct umig_top_feed_options *out_options,
                       bool *out_wants_report)
{
    const struct timespec due = {.tv_sec = (time_t)(due_ns / UMIG_NS_PER_S),
                                 .tv_nsec = (long)(due_ns % UMIG_NS_PER_S)};
    pthread_mutex_lock(&feed->lock);
    int rc = 0;
    while (!feed->is_stopping && !feed->is_poked && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&feed->changed, &feed->lock, &due);
    }
    const bool goes_on = !feed->is_stopping;
    feed->is_poked = false;
    *out_wants_report = feed->wants_report;
    feed->wants_report = false;
    *out_options = feed->options;
    pthread_mutex_unlock(&feed->lock);
    return goes_on;
}

static uint64_t pause_of(struct umig_top_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    const uint64_t interval_ns = feed->options.interval_ns;
    const bool is_first = !feed->has_answer && interval_ns > FIRST_NS;
    pthread_mutex_unlock(&feed->lock);
    return is_first ? FIRST_NS : interval_ns;
}

static void *run(void *context)
{
    struct umig_top_feed *feed = context;
    struct umig_top_feed_options options;
    uint64_t due_ns = umig_clock_monotonic_ns();
    bool wants_report = false;
    while (await_turn(feed, due_ns, &options, &wants_report)) {
        const uint64_t began_ns = umig_clock_monotonic_ns();
        if (wants_report) {
            make_report(feed, &options);
        }
        ask_all(feed, &options);
        due_ns = began_ns + pause_of(feed);
    }
    return NULL;
}

/* --- starting and stopping --- */

/* Signals are the main thread's: one that comes wakes it. */
static int start_thread(struct umig_top_feed *feed)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int rc = pthread_create(&feed->thread, NULL, run, feed);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int umig_top_feed_start(const struct umig_top_feed_options *options,
                        struct umig_top_feed **out_feed,
                        struct umig_err *err)
{
    struct umig_top_feed *feed = calloc(1, sizeof *feed);
    if (feed == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory to ask the collector");
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&feed->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&feed->lock, NULL);
    feed->options = *options;
    feed->asking_fd = -1;
    feed->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const int cause = feed->fd < 0 ? errno : start_thread(feed);
    if (cause != 0) {
        if (feed->fd >= 0) {
            close(feed->fd);
        }
        pthread_cond_destroy(&feed->changed);
        pthread_mutex_destroy(&feed->lock);
        free(feed);
        return umig_err_set_cause(err, UMIG_E_IO, cause, "cannot ask in a thread: %s",
                                  umig_errno_text(cause));
    }
    *out_feed = feed;
    return UMIG_OK;
}

int umig_top_feed_fd(const struct umig_top_feed *feed)
{
    return feed->fd;
}

void umig_top_feed_take(struct umig_top_feed *feed, struct umig_top_news *out_news)
{
    uint64_t count = 0;
    if (read(feed->fd, &count, sizeof count) < 0) {
        count = 0; /* nothing new; what is known is given again */
    }
    pthread_mutex_lock(&feed->lock);
    *out_news = feed->news;
    feed->news.doc = NULL;
    feed->news.agent = NULL;
    feed->news.report[0] = '\0';
    pthread_mutex_unlock(&feed->lock);
}

void umig_top_news_fini(struct umig_top_news *news)
{
    news->doc = umig_top_doc_destroy(news->doc);
    news->agent = umig_top_doc_destroy(news->agent);
}

void umig_top_feed_look_at(struct umig_top_feed *feed, const char *session)
{
    pthread_mutex_lock(&feed->lock);
    snprintf(feed->options.session, sizeof feed->options.session, "%s", session);
    feed->news.doc = umig_top_doc_destroy(feed->news.doc);
    feed->news.problem[0] = '\0';
    feed->has_answer = false;
    feed->is_poked = true;
    pthread_cond_signal(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
}

void umig_top_feed_report(struct umig_top_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->wants_report = true;
    feed->is_poked = true;
    pthread_cond_signal(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
}

struct umig_top_feed *umig_top_feed_stop(struct umig_top_feed *feed)
{
    if (feed == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&feed->lock);
    feed->is_stopping = true;
    if (feed->asking_fd >= 0) {
        (void)shutdown(feed->asking_fd, SHUT_RDWR);
    }
    pthread_cond_signal(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    pthread_join(feed->thread, NULL);
    umig_top_news_fini(&feed->news);
    close(feed->fd);
    pthread_cond_destroy(&feed->changed);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
    return NULL;
}
