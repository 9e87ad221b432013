/* What is known of a session beside its data: who, where, when, what was asked for. */
#include <string.h>

#include "collector/store/reader_private.h"
#include "collector/store/schema.h"
#include "core/err.h"

static int set_text(struct umig_profile *profile, const char *text, uint32_t *out_id)
{
    return umig_profile_string(profile, text, strlen(text), out_id);
}

static int set_labels(struct umig_profile *profile, Umig__V1__Label *const *labels, size_t count)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < count; i++) {
        uint32_t key = 0;
        uint32_t value = 0;
        rc = set_text(profile, labels[i]->key, &key);
        rc = rc != UMIG_OK ? rc : set_text(profile, labels[i]->value, &value);
        rc = rc != UMIG_OK ? rc : umig_profile_add_label(profile, key, value);
    }
    return rc;
}

static int set_process(struct umig_profile *profile, const Umig__V1__Process *process)
{
    struct umig_profile_session *session = &profile->session;
    session->pid = process->pid;
    session->jdk = process->jdk;
    session->cpu_count = process->cpu_count;
    session->max_heap_bytes = process->max_heap_bytes;
    session->attached_after_ns = process->attached_after_ns;
    int rc = set_text(profile, process->service, &session->service);
    rc = rc != UMIG_OK ? rc : set_text(profile, process->instance, &session->instance);
    rc = rc != UMIG_OK ? rc : set_text(profile, process->host, &session->host);
    rc = rc != UMIG_OK ? rc : set_text(profile, process->main_class, &session->main_class);
    rc = rc != UMIG_OK ? rc : set_text(profile, process->jvm_name, &session->jvm_name);
    rc = rc != UMIG_OK ? rc : set_text(profile, process->jvm_version, &session->jvm_version);
    rc = rc != UMIG_OK ? rc : set_text(profile, process->collector_name, &session->collector_name);
    return rc != UMIG_OK ? rc : set_labels(profile, process->labels, process->n_labels);
}

static int set_session(struct umig_profile *profile, const struct umig_session_row *row)
{
    struct umig_profile_session *session = &profile->session;
    session->began_unix_ns = row->start_unix_ns;
    session->start_unix_ns = row->start_unix_ns;
    session->end_unix_ns = row->end_unix_ns;
    session->end = row->end;
    for (size_t i = 0; i < row->start->n_kinds; i++) {
        const Umig__V1__KindOption *option = row->start->kinds[i];
        if (option->kind < UMIG_KIND_COUNT) {
            session->has_kind[option->kind] = true;
            session->interval_ns[option->kind] = option->interval_ns;
        }
    }
    /* A newer agent may know more of it than we do. */
    session->native = row->start->native <= UMIG_NATIVE_ON ? (enum umig_native)row->start->native
                                                           : UMIG_NATIVE_ON;
    session->has_mutexes = row->start->mutexes != 0;
    if (row->start->fired_ns != 0) {
        /* Both are of one clock; what was kept before it is gone where it began anew behind it. */
        session->fired_unix_ns = row->start_unix_ns + (row->start->fired_ns - row->start->start_ns);
    }
    int rc = set_text(profile, row->id, &session->id);
    rc = rc != UMIG_OK ? rc : set_text(profile, row->start->walker, &session->walker);
    rc = rc != UMIG_OK ? rc : set_text(profile, row->start->problem, &session->problem);
    rc = rc != UMIG_OK ? rc : set_text(profile, row->start->clock, &session->clock);
    rc = rc != UMIG_OK ? rc : set_text(profile, row->start->threads, &session->threads);
    rc = rc != UMIG_OK ? rc : set_text(profile, row->start->when, &session->when);
    rc = rc != UMIG_OK ? rc : set_text(profile, row->start->because, &session->because);
    rc = rc != UMIG_OK ? rc : set_process(profile, row->process);
    return rc != UMIG_OK ? rc : set_labels(profile, row->start->labels, row->start->n_labels);
}

/* The sessions that the same JVM had on meanwhile. */
static int load_others(struct umig_reader *reader,
                       int64_t key,
                       struct umig_profile *profile,
                       struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&reader->main, UMIG_READ_SESSION_OTHERS);
    sqlite3_bind_int64(statement, 1, key);
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&reader->main, statement, err)) == UMIG_OK) {
        uint32_t id = 0;
        rc = set_text(profile, (const char *)sqlite3_column_text(statement, 0), &id);
        rc = rc != UMIG_OK ? rc : umig_profile_add_other(profile, id);
        if (rc != UMIG_OK) {
            rc = umig_err_set(err, rc, "no memory for the names of the JVM's other sessions");
            break;
        }
    }
    sqlite3_reset(statement);
    return rc == UMIG_END ? UMIG_OK : rc;
}

int umig_reader_load_session(struct umig_reader *reader,
                             int64_t key,
                             struct umig_profile *profile,
                             struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&reader->main, UMIG_READ_SESSION);
    sqlite3_bind_int64(statement, 1, key);
    int rc = umig_db_step(&reader->main, statement, err);
    if (rc != UMIG_OK) {
        return rc == UMIG_END ? UMIG_NOT_FOUND : umig_err_trace(err, rc);
    }
    struct umig_session_row row;
    rc = umig_reader_row(reader, statement, &row, err);
    if (rc == UMIG_OK && set_session(profile, &row) != UMIG_OK) {
        rc = umig_err_set(err, UMIG_E_NOMEM, "no memory for the session's description");
    }
    sqlite3_reset(statement);
    return rc != UMIG_OK ? rc : load_others(reader, key, profile, err);
}
