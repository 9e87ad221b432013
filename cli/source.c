#include "cli/source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/collector_client.h"
#include "cli/out_file.h"
#include "cli/say.h"
#include "collector/query/query.h"
#include "core/err.h"
#include "core/parse.h"

enum {
    NOTES_BYTES = 16 << 10
};

/* A folder at rest; what it cannot answer is a failure, not a wrong use of the command. */
static int ask_folder(const char *dir,
                      const struct umig_question *question,
                      FILE *out,
                      struct umig_buf *note,
                      struct umig_err *err)
{
    static const enum umig_query_verb verbs[] = {[UMIG_ASK_SESSIONS] = UMIG_QUERY_LIST_SESSIONS,
                                                 [UMIG_ASK_REPORT] = UMIG_QUERY_WRITE_REPORT,
                                                 [UMIG_ASK_DIFF] = UMIG_QUERY_WRITE_DIFF};
    const struct umig_query query = {
        .verb = verbs[question->verb],
        .session = question->session,
        .format = question->format,
        .service = question->service,
        .should_unfold = question->should_unfold,
        .width = question->width,
        .last_ns = question->last_ns,
        .viewer = UMIG_VIEWER_ALL, /* who may read the folder may read all of it */
        .diff = {.other = question->other,
                 .per = question->per,
                 .level_ppm = question->level_ppm,
                 .noise_ppm = question->noise_ppm},
    };
    struct umig_buf document = UMIG_BUF_INIT(UMIG_QUERY_DOCUMENT_BYTES);
    int rc = umig_query_folder(dir, &query, &document, note, err);
    if (rc == UMIG_OK && fwrite(umig_buf_str(&document), 1, document.len, out) != document.len) {
        rc = umig_err_set_cause(err, UMIG_E_IO, errno, "cannot write the answer: %s",
                                umig_errno_text(errno));
    }
    umig_buf_fini(&document);
    return rc == UMIG_E_ARG ? UMIG_E_UNSUPPORTED : rc;
}

static int ask_collector(const struct umig_places *places,
                         const char *address,
                         const struct umig_question *question,
                         FILE *out,
                         struct umig_buf *note,
                         struct umig_err *err)
{
    struct umig_collector_link link;
    int rc = umig_collector_dial(places, address, &link, err);
    if (rc == UMIG_OK) {
        rc = umig_collector_ask(&link, question, out, note, err);
        close(link.fd);
    }
    return rc;
}

int umig_source_write(struct umig_cli *cli,
                      const struct umig_args *args,
                      const struct umig_question *question,
                      FILE *out,
                      struct umig_err *err)
{
    const char *address = umig_args_value(args, "collector", NULL);
    const char *data_dir = umig_args_value(args, "data", NULL);
    if (address != NULL && data_dir != NULL) {
        return umig_err_set(err, UMIG_E_ARG, "--collector and --data exclude each other");
    }
    struct umig_buf note = UMIG_BUF_INIT(NOTES_BYTES);
    const int rc = data_dir != NULL
                       ? ask_folder(data_dir, question, out, &note, err)
                       : ask_collector(&cli->places, address, question, out, &note, err);
    if (note.len > 0 &&
        !question->is_quiet) { /* beside a refusal, too: what was asked for may wait for room */
        static const char *const names[] = {"sessions", "report", "diff"};
        umig_say(cli->notes, "umig %s: %s", names[question->verb], umig_buf_str(&note));
    }
    umig_buf_fini(&note);
    return umig_err_trace(err, rc);
}

static int write_file(struct umig_cli *cli,
                      const struct umig_args *args,
                      const struct umig_question *question,
                      const char *path,
                      struct umig_err *err)
{
    struct umig_out_file file;
    uint64_t byte_count = 0;
    int rc = umig_out_file_open(path, &file, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = umig_source_write(cli, args, question, file.file, err);
    if (rc != UMIG_OK) {
        umig_out_file_abandon(&file);
        return umig_err_trace(err, rc);
    }
    rc = umig_out_file_commit(&file, &byte_count, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    char size[32];
    umig_format_bytes(byte_count, size, sizeof size);
    umig_say(cli->notes, "Wrote %s (%s).", path, size);
    return UMIG_OK;
}

int umig_source_format(const struct umig_args *args,
                       const char *const *formats,
                       const char *words,
                       const char **out_format,
                       struct umig_err *err)
{
    const bool wants_json = umig_args_has(args, "json");
    const char *given = umig_args_value(args, "format", wants_json ? "json" : "text");
    if (wants_json && strcmp(given, "json") != 0) {
        return umig_err_set(err, UMIG_E_ARG, "--json and --format %.20s exclude each other", given);
    }
    for (; *formats != NULL; formats++) {
        if (strcmp(*formats, given) == 0) {
            *out_format = *formats;
            return UMIG_OK;
        }
    }
    return umig_err_set(err, UMIG_E_ARG, "'%.40s' is no format; write %s", given, words);
}

int umig_source_answer(struct umig_cli *cli,
                       const struct umig_args *args,
                       struct umig_question *question,
                       const char *made_path,
                       struct umig_err *err)
{
    const char *path = umig_args_value(args, "output", cli->is_out_terminal ? made_path : NULL);
    if (path != NULL && strcmp(path, "-") != 0) {
        return write_file(cli, args, question, path, err);
    }
    question->width = cli->is_out_terminal ? cli->width : 0;
    return umig_source_write(cli, args, question, cli->out, err);
}
