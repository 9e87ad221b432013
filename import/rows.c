#include "import/rows.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/err.h"

int umig_import_init(struct umig_import *import, struct umig_err *err)
{
    *import = (struct umig_import){0};
    return umig_profile_create(UMIG_IMPORT_LIMIT_BYTES, &import->profile, err);
}

void umig_import_fini(struct umig_import *import)
{
    umig_profile_destroy(import->profile);
    free(import->rows);
    *import = (struct umig_import){0};
}

/* A long name is cut where a character begins. */
static int intern_text(struct umig_import *import, struct umig_span text, uint32_t *out_id)
{
    *out_id = 0;
    if (text.len > UMIG_IMPORT_NAME_BYTES / 3) { /* a bad byte becomes three */
        text.len = UMIG_IMPORT_NAME_BYTES / 3;
        while (text.len > 0 && ((unsigned char)text.at[text.len] & 0xC0) == 0x80) {
            text.len--;
        }
    }
    return text.len == 0 ? UMIG_OK
                         : umig_profile_string(import->profile, text.at, text.len, out_id);
}

static int intern_frame(struct umig_import *import,
                        const struct umig_import_frame *from,
                        uint32_t *out_id)
{
    struct umig_profile_method method = {0};
    struct umig_profile_frame frame = {.line = from->line, .kind = from->kind};
    int rc = intern_text(import, from->class_name, &method.class_name);
    rc = rc != UMIG_OK ? rc : intern_text(import, from->name, &method.name);
    rc = rc != UMIG_OK ? rc : umig_profile_method(import->profile, &method, &frame.method);
    return rc != UMIG_OK ? rc : umig_profile_frame(import->profile, &frame, out_id);
}

static int reserve_row(struct umig_import *import)
{
    if (import->row_count < import->row_room) {
        return UMIG_OK;
    }
    const size_t room = import->row_room == 0 ? 1024 : 2 * import->row_room;
    struct umig_import_row *rows = realloc(import->rows, room * sizeof *rows);
    if (rows == NULL) {
        return UMIG_E_NOMEM;
    }
    import->rows = rows;
    import->row_room = room;
    return UMIG_OK;
}

static int check(const struct umig_import *import,
                 size_t frame_count,
                 uint64_t count,
                 struct umig_err *err)
{
    if (frame_count > UMIG_IMPORT_MAX_DEPTH) {
        return umig_err_set(err, UMIG_E_LIMIT, "a stack of %zu frames; %u are possible",
                            frame_count, UMIG_IMPORT_MAX_DEPTH);
    }
    if (count > UMIG_IMPORT_MAX_SAMPLES - import->samples) {
        return umig_err_set(err, UMIG_E_LIMIT,
                            "more than %u samples; divide the counts if they are no samples",
                            UMIG_IMPORT_MAX_SAMPLES);
    }
    return UMIG_OK;
}

int umig_import_add(struct umig_import *import,
                    struct umig_span thread,
                    const struct umig_import_frame *frames,
                    size_t frame_count,
                    uint64_t count,
                    uint32_t at_ms,
                    struct umig_err *err)
{
    struct umig_import_row row = {.count = (uint32_t)count, .at_ms = at_ms};
    uint32_t name = 0;
    int rc = check(import, frame_count, count, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    for (size_t i = frame_count; i > 0 && rc == UMIG_OK; i--) {
        uint32_t frame = 0;
        rc = intern_frame(import, &frames[i - 1], &frame);
        rc = rc != UMIG_OK ? rc : umig_profile_stack(import->profile, row.stack, frame, &row.stack);
    }
    rc = rc != UMIG_OK ? rc : intern_text(import, thread, &name);
    rc = rc != UMIG_OK
             ? rc
             : umig_profile_thread(import->profile, 0, UMIG_THREAD_JAVA, name, &row.thread);
    rc = rc != UMIG_OK ? rc : reserve_row(import);
    if (rc != UMIG_OK) {
        return umig_err_set(err, rc, "the file's names and stacks do not fit into %u MiB",
                            UMIG_IMPORT_LIMIT_BYTES >> 20);
    }
    import->rows[import->row_count++] = row;
    import->samples += count;
    return UMIG_OK;
}
