/*
 * One line of each collector (JDK 17 and 25):
 *
 *    garbage-first heap   total 262144K, used 4026K [0x00000000f0000000, ...
 *    def new generation   total 9792K, used 522K [...       and   tenured generation ... used 0K
 *    PSYoungGen      total 38400K, used 665K [...           and   ParOldGen ... used 0K
 *    ZHeap           used 24M, capacity 256M, max capacity 3956M
 *   Shenandoah Heap   and   4G max, 4G soft max, 256M committed, 12M used
 *   Epsilon Heap      and   Allocation space: space 1024K,  24% used
 */
#include "cli/heap_info.h"

#include <string.h>

#include "core/parse.h"

/* A size with its unit at the beginning of a text: "4026K". */
static bool read_size(struct umig_span text, uint64_t *out)
{
    static const struct {
        char letter;
        unsigned shift;
    } units[] = {{'B', 0}, {'K', 10}, {'M', 20}, {'G', 30}, {'T', 40}};
    size_t digits = 0;
    while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9') {
        digits++;
    }
    uint64_t number = 0;
    if (digits == text.len ||
        umig_parse_number((struct umig_span){text.at, digits}, &number, NULL) != UMIG_OK) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (text.at[digits] == units[i].letter && number <= UINT64_MAX >> units[i].shift) {
            *out = number << units[i].shift;
            return true;
        }
    }
    return false;
}

/* Where a word begins in a text; text.len: nowhere. */
static size_t find(struct umig_span text, const char *word)
{
    const char *at = memmem(text.at, text.len, word, strlen(word));
    return at != NULL ? (size_t)(at - text.at) : text.len;
}

static bool read_used(struct umig_span line, uint64_t *out)
{
    static const char word[] = "used ";
    const size_t at = find(line, word);
    if (at < line.len) {
        const size_t value = at + sizeof word - 1;
        return read_size((struct umig_span){line.at + value, line.len - value}, out);
    }
    /* Shenandoah: the number stands before the word, behind a comma. */
    const size_t end = find(line, " used");
    size_t start = end;
    while (end < line.len && start > 0 && line.at[start - 1] != ' ') {
        start--;
    }
    return end < line.len && read_size((struct umig_span){line.at + start, line.len - start}, out);
}

bool umig_heap_info_used(const char *text, size_t len, uint64_t *out_bytes)
{
    struct umig_span rest = {text, len};
    uint64_t sum = 0;
    bool is_found = false;
    while (rest.at != NULL) {
        const struct umig_span line = umig_span_cut(&rest, '\n');
        uint64_t used = 0;
        if (find(line, "Metaspace") < line.len) {
            break;
        }
        if (read_used(line, &used)) {
            sum += used;
            is_found = true;
        }
    }
    if (is_found) {
        *out_bytes = sum;
    }
    return is_found;
}
