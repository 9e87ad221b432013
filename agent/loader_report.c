#include "agent/loader_report.h"

/* Kept for the number of ways that were left out. */
#define RESERVE_BYTES 16u

static void write_kind(const struct umig_search *search,
                       const struct umig_search_loaders *kind,
                       struct umig_pb_writer *writer)
{
    const size_t message = umig_pb_open(writer, 4);
    umig_pb_str(writer, 1, umig_search_text(search, kind->loader_class));
    umig_pb_str(writer, 2, umig_search_text(search, kind->source));
    umig_pb_str(writer, 3, umig_search_text(search, kind->class_name));
    umig_pb_uint(writer, 4, kind->loaders);
    umig_pb_uint(writer, 5, kind->classes);
    umig_pb_uint(writer, 6, kind->needed);
    umig_pb_uint(writer, 7, kind->is_by_text);
    umig_pb_uint(writer, 8, kind->group);
    umig_pb_uint(writer, 9, kind->kinds);
    umig_pb_close(writer, message);
}

static void write_step(const struct umig_search *search,
                       const struct umig_search_step *step,
                       struct umig_pb_writer *writer)
{
    const size_t message = umig_pb_open(writer, 2);
    umig_pb_uint(writer, 1, step->edge);
    umig_pb_str(writer, 2, umig_search_text(search, step->class_name));
    umig_pb_str(writer, 3, umig_search_text(search, step->name));
    umig_pb_close(writer, message);
}

static void write_way(const struct umig_search *search,
                      const struct umig_search_way *way,
                      struct umig_pb_writer *writer)
{
    const size_t message = umig_pb_open(writer, 5);
    umig_pb_uint(writer, 1, way->target + 1);
    for (uint32_t i = 0; i < way->step_count; i++) {
        write_step(search, &search->steps[way->first_step + i], writer);
    }
    umig_pb_uint(writer, 3, way->objects);
    umig_pb_uint(writer, 4, way->bytes);
    umig_pb_close(writer, message);
}

void umig_loader_report_write(const struct umig_search *search, struct umig_pb_writer *writer)
{
    const size_t room = writer->room;
    uint64_t left_out = 0;
    umig_pb_uint(writer, 1, search->loader_count);
    umig_pb_uint(writer, 2, search->class_count);
    umig_pb_uint(writer, 3, search->kind_count);
    for (uint32_t i = 0; i < search->loaders_told; i++) {
        write_kind(search, &search->loaders[i], writer);
    }
    writer->room = room - RESERVE_BYTES;
    for (uint32_t i = 0; i < search->way_count; i++) {
        const struct umig_pb_mark mark = umig_pb_mark(writer);
        write_way(search, &search->ways[i], writer);
        if (writer->is_full) {
            umig_pb_rollback(writer, mark);
            left_out++;
        }
    }
    writer->room = room;
    umig_pb_uint(writer, 6, left_out);
}
