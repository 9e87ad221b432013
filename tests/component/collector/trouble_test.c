/* What goes wrong around a collector, and what it says then. */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/query/query.h"
#include "collector/store/places.h"
#include "core/clock.h"
#include "tests/support/check_ledger.h"
#include "tests/support/collector_process.h"
#include "tests/support/emitter.h"
#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"
#include "wire/frame.h"

enum {
    NOBODY = 65534
};

static int set_up(void **state)
{
    struct umig_collector_process *p = malloc(sizeof *p);
    umig_collector_process_init(p);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    umig_collector_process_fini(*state);
    free(*state);
    return 0;
}

static struct umig_emitter *make_emitter(uint64_t epoch, const char *session)
{
    const struct umig_emitter_options options = {
        .epoch = epoch,
        .seed = (uint32_t)epoch,
        .session = session,
        .service = "orders",
        .samples_per_batch = 50,
        .stacks_per_batch = 10,
        .anchor_unix_ns = umig_clock_unix_ns(),
    };
    return umig_emitter_create(&options);
}

static void must(int rc, const struct umig_err *err)
{
    if (rc != UMIG_OK) {
        fail_msg("status %d: %s", rc, err->text);
    }
}

static void deliver(struct umig_emitter *e, const struct umig_collector_process *p)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_emitter_fd(e) < 0) {
        must(umig_emitter_connect(e, &p->address, &err), &err);
    }
    must(umig_emitter_flush(e, 5000, &err), &err);
}

static void assert_log_has(const struct umig_collector_process *p, const char *text)
{
    char path[96];
    char log[16384] = "";
    snprintf(path, sizeof path, "%s/log", p->dir);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t got = fread(log, 1, sizeof log - 1, file);
    log[got] = '\0';
    (void)fclose(file);
    if (strstr(log, text) == NULL) {
        fail_msg("'%s' is not in the log:\n%s", text, log);
    }
}

/* Writes garbage over the middle of a file. */
static void damage(const char *path)
{
    struct stat st;
    char garbage[4096];
    memset(garbage, 0x5a, sizeof garbage);
    assert_int_equal(stat(path, &st), 0);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    for (off_t at = 0; at + 4096 <= st.st_size; at += 4096) {
        assert_int_equal(pwrite(fd, garbage, sizeof garbage, at), sizeof garbage);
    }
    close(fd);
}

/* A query over the socket; the document or the refusal's text. True: a document. */
static bool ask(const struct umig_collector_process *p,
                uint32_t verb,
                const char *session,
                char *out,
                size_t room)
{
    Umig__V1__Query query = UMIG__V1__QUERY__INIT;
    char name[80];
    snprintf(name, sizeof name, "%s", session);
    query.verb = verb;
    query.session = name;
    uint8_t payload[256];
    uint8_t head[UMIG_FRAME_HEADER_BYTES];
    const size_t payload_bytes = umig__v1__query__pack(&query, payload);
    struct umig_frame_header header = {.type = UMIG_FRAME_QUERY};
    struct umig_err err = UMIG_ERR_INIT;
    int fd = -1;
    must(umig_socket_dial(&p->address, 5000, &fd, &err), &err);
    umig_frame_encode(&header, payload, (uint32_t)payload_bytes, head);
    must(umig_socket_send_all(fd, head, sizeof head, 5000, &err), &err);
    must(umig_socket_send_all(fd, payload, payload_bytes, 5000, &err), &err);
    size_t len = 0;
    do {
        must(umig_socket_recv_all(fd, head, sizeof head, 10000, &err), &err);
        must(umig_frame_decode(head, UMIG_FRAME_MAX_BYTES, &header, &err), &err);
        assert_true(len + header.payload_bytes < room);
        must(umig_socket_recv_all(fd, out + len, header.payload_bytes, 10000, &err), &err);
        must(umig_frame_check(&header, (const uint8_t *)out + len, &err), &err);
        len += header.payload_bytes;
    } while (header.type == UMIG_FRAME_QUERY_DATA && (header.flags & UMIG_FRAME_LAST) == 0);
    close(fd);
    out[len] = '\0';
    if (header.type == UMIG_FRAME_REFUSE) {
        Umig__V1__Refuse *refuse = umig__v1__refuse__unpack(NULL, len, (const uint8_t *)out);
        assert_non_null(refuse);
        snprintf(out, room, "%s", refuse->text);
        umig__v1__refuse__free_unpacked(refuse, NULL);
        return false;
    }
    return true;
}

static void test_second_collector_on_a_folder_is_refused_by_pid(void **state)
{
    struct umig_collector_process *p = *state;
    umig_collector_process_start(p);
    char pid[32];
    snprintf(pid, sizeof pid, "(pid %d)", (int)p->pid);
    struct umig_collector_process second = *p;
    second.pid = 0;
    int code = 0;

    assert_false(umig_collector_process_try_start(&second, &code));

    assert_int_equal(code, 3);
    assert_log_has(p, "another collector");
    assert_log_has(p, pid);
    assert_int_equal(umig_collector_process_stop(p), 0);
}

static void test_folder_that_is_a_file_is_refused_by_name(void **state)
{
    struct umig_collector_process *p = *state;
    const int fd = open(p->data, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    int code = 0;

    assert_false(umig_collector_process_try_start(p, &code));

    assert_int_equal(code, 3);
    assert_log_has(p, p->data);
}

static void test_damaged_store_ends_the_start_and_says_what_to_do(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = make_emitter(21, "s");
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    deliver(e, p);
    umig_emitter_destroy(e);
    assert_int_equal(umig_collector_process_stop(p), 0);
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_main_path(p->data, path);
    damage(path);
    int code = 0;

    assert_false(umig_collector_process_try_start(p, &code));

    assert_int_equal(code, 3);
    assert_log_has(p, path);
    assert_log_has(p, "move umig.db away");
}

static void test_damaged_day_file_is_set_aside_and_a_new_one_begun(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = make_emitter(22, "s");
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    deliver(e, p);
    assert_int_equal(umig_collector_process_stop(p), 0);
    umig_emitter_disconnect(e);
    char path[UMIG_STORE_PATH_BYTES];
    const int64_t today = umig_store_day_of(umig_clock_unix_ns());
    umig_store_day_path(p->data, umig_store_file_of(today, 0), path);
    damage(path);

    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    deliver(e, p);
    assert_int_equal(umig_collector_process_stop(p), 0);

    assert_log_has(p, ".damaged-1");
    struct umig_profile *profile = umig_load_only_session(p->data);
    assert_int_equal(profile->pauses.count, 1); /* the second batch's; the first is set aside */
    assert_int_equal(profile->session.lost_files, 1);
    umig_profile_destroy(profile);
    umig_emitter_destroy(e);
}

static int protect(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    return chmod(path, type == FTW_DP ? 0555 : 0444);
}

static int unprotect(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    return chmod(path, type == FTW_F ? 0600 : 0700);
}

/* Lists the sessions of the folder as a user who may not write there. */
static int list_as_reader(const struct umig_collector_process *p,
                          struct umig_buf *out,
                          struct umig_err *err)
{
    const struct umig_query query = {.verb = UMIG_QUERY_LIST_SESSIONS,
                                     .session = "",
                                     .format = "json",
                                     .service = "",
                                     .viewer = UMIG_VIEWER_ALL};
    const bool is_root = geteuid() == 0; /* whom no permission stops */
    assert_int_equal(chmod(p->dir, 0755), 0);
    assert_int_equal(is_root ? seteuid(NOBODY) : 0, 0);
    const int rc = umig_query_folder(p->data, &query, out, err);
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    return rc;
}

static void test_folder_that_may_not_be_written_is_read(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = make_emitter(51, "kept");
    struct umig_buf out = UMIG_BUF_INIT(1 << 16);
    struct umig_err err = UMIG_ERR_INIT;
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    deliver(e, p);
    umig_emitter_destroy(e);
    assert_int_equal(umig_collector_process_stop(p), 0);
    assert_int_equal(nftw(p->data, protect, 8, FTW_DEPTH | FTW_PHYS), 0);

    must(list_as_reader(p, &out, &err), &err);

    assert_non_null(strstr(umig_buf_str(&out), "\"kept\""));
    assert_null(strstr(umig_buf_str(&out), "\"cpu_samples\":0,"));
    assert_int_equal(nftw(p->data, unprotect, 8, FTW_PHYS), 0);
    umig_buf_fini(&out);
}

static void test_log_in_a_folder_that_may_not_be_written_is_told(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = make_emitter(52, "half");
    struct umig_buf out = UMIG_BUF_INIT(1 << 16);
    struct umig_err err = UMIG_ERR_INIT;
    char path[UMIG_STORE_PATH_BYTES];
    char index[UMIG_STORE_PATH_BYTES + 8];
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    deliver(e, p);
    umig_emitter_destroy(e);
    umig_collector_process_kill(p);
    umig_store_main_path(p->data, path);
    snprintf(index, sizeof index, "%s-shm", path); /* as after a copy of the two others */
    assert_int_equal(unlink(index), 0);
    assert_int_equal(nftw(p->data, protect, 8, FTW_DEPTH | FTW_PHYS), 0);

    assert_int_equal(list_as_reader(p, &out, &err), UMIG_E_DENIED);

    assert_non_null(strstr(err.text, "umig.db-wal holds a part of the data"));
    assert_non_null(strstr(err.text, "on a copy that you may write"));
    assert_int_equal(nftw(p->data, unprotect, 8, FTW_PHYS), 0);
    umig_buf_fini(&out);
}

static void test_folder_that_may_not_be_entered_is_told_so(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_buf out = UMIG_BUF_INIT(1 << 16);
    struct umig_err err = UMIG_ERR_INIT;
    umig_collector_process_start(p);
    assert_int_equal(umig_collector_process_stop(p), 0);
    assert_int_equal(chmod(p->data, 0), 0);

    assert_int_equal(list_as_reader(p, &out, &err), UMIG_E_DENIED);

    assert_non_null(strstr(err.text, p->data));
    assert_non_null(strstr(err.text, "Permission denied"));
    assert_int_equal(chmod(p->data, 0700), 0);
    umig_buf_fini(&out);
}

/* Reads the folder; the text is the answer, or why there is none. */
static int read_folder(const struct umig_collector_process *p,
                       enum umig_query_verb verb,
                       char *text,
                       size_t room)
{
    const struct umig_query query = {.verb = verb,
                                     .session = "",
                                     .format = verb == UMIG_QUERY_WRITE_REPORT ? "json" : "text",
                                     .service = "",
                                     .viewer = UMIG_VIEWER_ALL};
    struct umig_buf out = UMIG_BUF_INIT(room);
    struct umig_err err = UMIG_ERR_INIT;
    const int rc = umig_query_folder(p->data, &query, &out, &err);
    snprintf(text, room, "%s", rc == UMIG_OK ? umig_buf_str(&out) : err.text);
    umig_buf_fini(&out);
    return rc;
}

static void test_day_file_that_is_gone_makes_no_whole_report(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = make_emitter(53, "moved");
    static char text[1 << 20];
    char path[UMIG_STORE_PATH_BYTES];
    char aside[UMIG_STORE_PATH_BYTES];
    const int64_t today = umig_store_day_of(umig_clock_unix_ns());
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    deliver(e, p);
    umig_emitter_make_end(e);
    deliver(e, p);
    umig_emitter_destroy(e);
    assert_int_equal(umig_collector_process_stop(p), 0);
    umig_store_day_path(p->data, umig_store_file_of(today, 0), path);
    snprintf(aside, sizeof aside, "%.4000s.away", path);
    assert_int_equal(rename(path, aside), 0);

    assert_int_equal(read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text), UMIG_E_IO);
    assert_non_null(strstr(text, path));
    assert_non_null(strstr(text, " is gone"));
    assert_int_equal(read_folder(p, UMIG_QUERY_LIST_SESSIONS, text, sizeof text), UMIG_OK);
    assert_non_null(strstr(text, "data missing"));

    assert_int_equal(rename(aside, path), 0);
    assert_int_equal(read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text), UMIG_OK);
    assert_null(strstr(text, "gone or set aside"));
    /* The collector sets a damaged one aside by this name. */
    snprintf(aside, sizeof aside, "%.4000s.damaged-1", path);
    const int fd = open(aside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(read_folder(p, UMIG_QUERY_WRITE_REPORT, text, sizeof text), UMIG_OK);
    assert_non_null(strstr(text, "gone or set aside as damaged"));
}

/* The state "lost" is reached after lost_after_ns; asking until then needs no clock of its own. */
static void await_end(const struct umig_collector_process *p, const char *wanted)
{
    char list[8192];
    const uint64_t deadline_ns = umig_clock_monotonic_ns() + 20 * UMIG_NS_PER_S;
    do {
        assert_true(umig_clock_monotonic_ns() < deadline_ns);
        assert_true(ask(p, UMIG__V1__QUERY_VERB__QUERY_SESSIONS, "", list, sizeof list));
    } while (strstr(list, wanted) == NULL);
}

static void test_session_of_a_killed_jvm_is_lost_and_reopens_on_return(void **state)
{
    struct umig_collector_process *p = *state;
    p->lost_after_ns = 100 * UMIG_NS_PER_MS;
    struct umig_emitter *e = make_emitter(23, "s");
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    deliver(e, p);
    await_end(p, "running");

    umig_emitter_disconnect(e);
    await_end(p, "lost");

    umig_emitter_make_batch(e);
    deliver(e, p);
    await_end(p, "running");
    struct umig_err err = UMIG_ERR_INIT;
    must(umig_emitter_bye(e, &err), &err);
    await_end(p, "vm-exit");
    assert_int_equal(umig_collector_process_stop(p), 0);
    struct umig_profile *profile = umig_load_only_session(p->data);
    umig_check_ledger(profile, umig_emitter_ledger(e));
    umig_profile_destroy(profile);
    umig_emitter_destroy(e);
}

/* Sends and asks (which folds) until a day file is there, or is gone. */
static void feed_until(struct umig_emitter *e,
                       const struct umig_collector_process *p,
                       int64_t part,
                       bool is_there)
{
    char path[UMIG_STORE_PATH_BYTES];
    char list[8192];
    const int64_t today = umig_store_day_of(umig_clock_unix_ns());
    umig_store_day_path(p->data, umig_store_file_of(today, part), path);
    for (int i = 0; (access(path, F_OK) == 0) != is_there; i++) {
        assert_true(i < 100);
        umig_emitter_make_batch(e);
        deliver(e, p);
        assert_true(ask(p, UMIG__V1__QUERY_VERB__QUERY_SESSIONS, "", list, sizeof list));
    }
}

static void test_data_over_the_size_goes_in_parts_and_the_books_say_so(void **state)
{
    struct umig_collector_process *p = *state;
    p->retain_size_bytes = 256 << 10;
    struct umig_emitter *e = make_emitter(28, "s");
    umig_collector_process_start(p);

    feed_until(e, p, 1, true);
    feed_until(e, p, 0, false);
    umig_emitter_make_batch(e);
    deliver(e, p);
    assert_int_equal(umig_collector_process_stop(p), 0);

    assert_log_has(p, "retention: dropped 1 day file(s)");
    struct umig_profile *profile = umig_load_only_session(p->data);
    const struct umig_profile_tally *cpu = &profile->tallies[UMIG_KIND_CPU];
    assert_int_equal(cpu->produced, umig_emitter_ledger(e)->produced_value);
    assert_in_range(cpu->stored, 1, cpu->produced - 1);
    umig_profile_destroy(profile);
    umig_emitter_destroy(e);
}

static void test_second_connection_of_an_epoch_fences_the_first(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *first = make_emitter(24, "s");
    struct umig_emitter *second = make_emitter(24, "s");
    struct umig_err err = UMIG_ERR_INIT;
    umig_collector_process_start(p);
    must(umig_emitter_connect(first, &p->address, &err), &err);
    must(umig_emitter_connect(second, &p->address, &err), &err);

    umig_emitter_make_batch(first);

    assert_int_equal(umig_emitter_flush(first, 5000, &err), UMIG_E_IO);
    umig_emitter_make_batch(second);
    must(umig_emitter_flush(second, 5000, &err), &err);
    umig_emitter_destroy(first);
    umig_emitter_destroy(second);
}

static void test_stream_whose_start_is_not_stored_is_told_so(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = make_emitter(25, "s");
    struct umig_err err = UMIG_ERR_INIT;
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    deliver(e, p);
    umig_emitter_disconnect(e);
    assert_int_equal(umig_collector_process_stop(p), 0);
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_main_path(p->data, path);
    assert_int_equal(unlink(path), 0);
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);

    assert_int_equal(umig_emitter_connect(e, &p->address, &err), UMIG_E_PROTO);

    assert_non_null(strstr(err.text, "refused 6"));
    umig_emitter_destroy(e);
}

static void test_report_over_the_socket_has_what_was_just_acknowledged(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = make_emitter(26, "black-friday");
    static char text[1 << 20];
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    deliver(e, p);

    assert_true(ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "black", text, sizeof text));
    assert_non_null(strstr(text, "m1"));
    assert_true(ask(p, UMIG__V1__QUERY_VERB__QUERY_STATUS, "", text, sizeof text));
    assert_non_null(strstr(text, "batches stored               1"));
    umig_emitter_destroy(e);
}

static void test_unknown_session_is_refused_with_the_closest(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = make_emitter(27, "black-friday");
    char text[8192];
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    deliver(e, p);

    assert_false(ask(p, UMIG__V1__QUERY_VERB__QUERY_REPORT, "blak-friday", text, sizeof text));
    assert_non_null(strstr(text, "no session 'blak-friday'; the closest are black-friday"));
    umig_emitter_destroy(e);
}

static void test_session_is_found_by_prefix_number_and_latest(void **state)
{
    struct umig_collector_process *p = *state;
    static char text[1 << 20];
    static const char *const ids[] = {"night-run", "night-walk", "night-run"};
    umig_collector_process_start(p);
    for (uint64_t i = 0; i < 3; i++) {
        struct umig_emitter *e = make_emitter(30 + i, ids[i]);
        umig_emitter_make_batch(e);
        deliver(e, p);
        umig_emitter_destroy(e);
    }
    const uint32_t report = UMIG__V1__QUERY_VERB__QUERY_REPORT;

    assert_false(ask(p, report, "night", text, sizeof text));
    assert_non_null(strstr(text, "'night' begins several sessions: "));
    assert_true(ask(p, report, "night-w", text, sizeof text));
    assert_true(ask(p, report, "night-r", text, sizeof text)); /* one id, given twice */
    assert_true(ask(p, report, "#1", text, sizeof text));
    assert_true(ask(p, report, "latest", text, sizeof text));
    assert_false(ask(p, report, "#4", text, sizeof text));
    assert_string_equal(text, "there is no session #4; there are 3 sessions (umig sessions)");
    assert_true(ask(p, UMIG__V1__QUERY_VERB__QUERY_SESSIONS, "", text, sizeof text));
    assert_non_null(strstr(text, "\n#2       night-walk "));
    assert_false(ask(p, 77, "", text, sizeof text));
    assert_string_equal(text, "query 77 is not known to this collector");
}

static void test_wrong_first_frame_is_refused_by_name(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_err err = UMIG_ERR_INIT;
    uint8_t head[UMIG_FRAME_HEADER_BYTES];
    uint8_t payload[UMIG_FRAME_MAX_SMALL_BYTES];
    struct umig_frame_header header = {.type = UMIG_FRAME_BATCH, .epoch = 1, .sequence = 1};
    int fd = -1;
    umig_collector_process_start(p);
    must(umig_socket_dial(&p->address, 5000, &fd, &err), &err);
    umig_frame_encode(&header, NULL, 0, head);

    must(umig_socket_send_all(fd, head, sizeof head, 5000, &err), &err);

    must(umig_socket_recv_all(fd, head, sizeof head, 5000, &err), &err);
    must(umig_frame_decode(head, sizeof payload, &header, &err), &err);
    assert_int_equal(header.type, UMIG_FRAME_REFUSE);
    must(umig_socket_recv_all(fd, payload, header.payload_bytes, 5000, &err), &err);
    Umig__V1__Refuse *refuse = umig__v1__refuse__unpack(NULL, header.payload_bytes, payload);
    assert_non_null(refuse);
    assert_string_equal(refuse->text, "a frame of type 3 came first; HELLO or QUERY opens");
    umig__v1__refuse__free_unpacked(refuse, NULL);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_second_collector_on_a_folder_is_refused_by_pid),
        TEST(test_folder_that_is_a_file_is_refused_by_name),
        TEST(test_damaged_store_ends_the_start_and_says_what_to_do),
        TEST(test_damaged_day_file_is_set_aside_and_a_new_one_begun),
        TEST(test_folder_that_may_not_be_written_is_read),
        TEST(test_log_in_a_folder_that_may_not_be_written_is_told),
        TEST(test_folder_that_may_not_be_entered_is_told_so),
        TEST(test_day_file_that_is_gone_makes_no_whole_report),
        TEST(test_session_of_a_killed_jvm_is_lost_and_reopens_on_return),
        TEST(test_data_over_the_size_goes_in_parts_and_the_books_say_so),
        TEST(test_second_connection_of_an_epoch_fences_the_first),
        TEST(test_stream_whose_start_is_not_stored_is_told_so),
        TEST(test_report_over_the_socket_has_what_was_just_acknowledged),
        TEST(test_unknown_session_is_refused_with_the_closest),
        TEST(test_session_is_found_by_prefix_number_and_latest),
        TEST(test_wrong_first_frame_is_refused_by_name),
    };
#undef TEST
    return cmocka_run_group_tests_name("component.collector.trouble", tests, NULL, NULL);
}
