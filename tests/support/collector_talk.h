/* What tests say to a collector in its process, and hear of it: batches, queries, its log. */
#ifndef UMIG_TESTS_SUPPORT_COLLECTOR_TALK_H
#define UMIG_TESTS_SUPPORT_COLLECTOR_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/query/query.h"
#include "include/umig/status.h"
#include "tests/support/collector_process.h"
#include "tests/support/emitter.h"

/** cmocka set-up: *state becomes a struct umig_collector_process with folders, not started. */
int umig_collector_set_up(void **state);

/** cmocka tear-down of umig_collector_set_up(). */
int umig_collector_tear_down(void **state);

/** Fails the test with the error's text unless rc is UMIG_OK. */
void umig_must(int rc, const struct umig_err *err);

/** An emitter of service "orders" with small batches, anchored now; the caller's to destroy. */
struct umig_emitter *umig_small_emitter(uint64_t epoch, const char *session);

/** Connects if need be, sends what the emitter has made, and waits until it is acknowledged. */
void umig_deliver(struct umig_emitter *emitter, const struct umig_collector_process *p);

/** Fails the test, and shows the log, unless the collector has logged the text. */
void umig_assert_log_has(const struct umig_collector_process *p, const char *text);

/**
 * Asks over the socket.
 *
 * @param verb  number of enum UMIG__V1__QUERY_VERB
 * @param out   the document, or the text of the refusal
 * @return true: a document
 */
bool umig_ask(const struct umig_collector_process *p,
              uint32_t verb,
              const char *session,
              char *out,
              size_t room);

/** As umig_ask(); the note beside the document goes to note, "" if there is none. */
bool umig_ask_noted(const struct umig_collector_process *p,
                    uint32_t verb,
                    const char *session,
                    char *note,
                    size_t note_room,
                    char *out,
                    size_t room);

/** Records a session of one batch and its end. */
void umig_record_session(struct umig_collector_process *p, uint64_t epoch, const char *session);

/**
 * Reads its data folder, as --data does: the list as text, the latest session's report as JSON.
 *
 * @param text  the answer, or why there is none
 * @return as umig_query_folder()
 */
int umig_read_folder(const struct umig_collector_process *p,
                     enum umig_query_verb verb,
                     char *text,
                     size_t room);

#endif
