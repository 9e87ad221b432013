/* What holds objects, in the text report. */
#include "analysis/label.h"
#include "core/err.h"
#include "report/text.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define WAYS_MAX         4

/* Beside the first, ways are told that hold so large a part of the bytes at least. */
#define PART 10

/* "held by static svc.Cache.ENTRIES > HashMap (some 1,200 objects, 98 %)" */
static void write_way(struct umig_text_page *page,
                      const struct umig_retained_way *way,
                      const struct umig_retained_way *all)
{
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_buf_text(&line, "held by ");
    umig_retained_put_way(page->figures->profile, way->stack, &line);
    umig_buf_text(&line, " (some ");
    umig_label_number(way->objects, &line);
    umig_buf_text(&line, way->objects == 1 ? " object, " : " objects, ");
    umig_label_share(way->bytes, all->bytes, &line);
    umig_buf_text(&line, " of those found)");
    umig_text_wrap(page, umig_buf_str(&line), " ", 8);
    umig_text_done(page, &line);
}

void umig_text_ways(struct umig_text_page *page, uint32_t class_name)
{
    struct umig_retained_way ways[WAYS_MAX];
    struct umig_retained_way all;
    const size_t count =
        umig_retained_of(&page->figures->retained, class_name, ways, WAYS_MAX, &all);
    for (size_t i = 0; i < count && (i == 0 || ways[i].bytes >= all.bytes / PART); i++) {
        write_way(page, &ways[i], &all);
    }
    if (count == 0 && page->figures->retained.end != UMIG_RETAINED_NEVER) {
        umig_text_wrap(page,
                       page->figures->retained.end == UMIG_RETAINED_WHOLE
                           ? "held by no static field and no thread: by local variables or native "
                             "code, softly or weakly, or by nobody any more"
                           : "nobody was found who holds it, in a search that was not finished",
                       " ", 8);
    }
}

void umig_text_search(struct umig_text_page *page)
{
    static const char *const ends[] = {
        [UMIG_RETAINED_WHOLE] = "all that static fields and threads lead to was",
        [UMIG_RETAINED_NO_CPU] = "the search was ended when its CPU time was over; so much was",
        [UMIG_RETAINED_CALLED_OFF] = "the search was called off; so much was",
        [UMIG_RETAINED_NO_ROOM] =
            "not all, for want of room in the agent's memory (raise memory=); "
            "so much was",
    };
    const struct umig_retained *retained = &page->figures->retained;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    if (retained->end == UMIG_RETAINED_NEVER) {
        umig_buf_text(&line, "Who holds them: 'umig heap suspects PID', while the session runs.");
    } else {
        umig_buf_text(&line, "Who holds them: ");
        const char *end = retained->end < sizeof ends / sizeof ends[0] ? ends[retained->end] : NULL;
        umig_buf_text(&line, end != NULL ? end : "so much was");
        umig_buf_text(&line, " looked at: ");
        umig_label_number(retained->looked_at, &line);
        umig_buf_text(&line, " objects. Nothing was stopped.");
    }
    umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    umig_text_done(page, &line);
}

static void write_class(struct umig_text_page *page, uint32_t class_name)
{
    struct umig_retained_way all;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    (void)umig_retained_of(&page->figures->retained, class_name, NULL, 0, &all);
    umig_buf_text(&line, umig_profile_text(page->figures->profile, class_name));
    umig_buf_text(&line, ": some ");
    umig_label_number(all.objects, &line);
    umig_buf_text(&line, all.objects == 1 ? " object, " : " objects, ");
    umig_label_value(UMIG_KIND_LIVE, all.bytes, &line);
    umig_text_wrap(page, umig_buf_str(&line), " ", 4);
    umig_text_done(page, &line);
    umig_text_ways(page, class_name);
}

int umig_text_write_holders(const struct umig_figures *figures,
                            const struct umig_report_options *options,
                            struct umig_buf *out,
                            struct umig_err *err)
{
    struct umig_text_page page = {.figures = figures, .out = out, .colour = options->colour};
    uint32_t classes[UMIG_RETAINED_MAX];
    const size_t count = umig_retained_classes(figures->profile, &figures->retained, classes);
    umig_text_set_width(&page, options->width);
    for (size_t i = 0; i < count; i++) {
        write_class(&page, classes[i]);
    }
    if (count == 0) {
        umig_text_note(&page, "No object of these classes was found: there is none, or no static "
                              "field and no thread leads to it.");
    }
    umig_text_search(&page);
    return out->failed != UMIG_OK ? umig_err_set(err, out->failed, "writing holders: %s",
                                                 umig_status_text(out->failed))
                                  : UMIG_OK;
}
