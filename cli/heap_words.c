#include "cli/heap_words.h"

#include <string.h>

#include "core/buf.h"
#include "core/err.h"

static const char *const g_words[] = {
    [UMIG_HEAP_HISTOGRAM] = "histogram", [UMIG_HEAP_DUMP] = "dump",
    [UMIG_HEAP_SUSPECTS] = "suspects",   [UMIG_HEAP_HOLDERS] = "holders",
    [UMIG_HEAP_LOADERS] = "loaders",
};

#define FOR(word) (1u << UMIG_HEAP_##word)

/* Which words an option is for; options of another word would be ignored: they are refused. */
static const struct {
    const char *name;
    unsigned words;
} g_belongs[] = {
    {"all", FOR(HISTOGRAM) | FOR(DUMP)},
    {"top", FOR(HISTOGRAM)},
    {"unfold", FOR(HISTOGRAM)},
    {"format", FOR(HISTOGRAM) | FOR(SUSPECTS) | FOR(HOLDERS) | FOR(LOADERS)},
    {"json", FOR(HISTOGRAM) | FOR(SUSPECTS) | FOR(HOLDERS) | FOR(LOADERS)},
    {"output", FOR(DUMP)},
    {"gzip", FOR(DUMP)},
    {"overwrite", FOR(DUMP)},
    {"force", FOR(DUMP)},
    {"watch", FOR(SUSPECTS)},
    {"collect", FOR(SUSPECTS)},
    {"cpu", FOR(SUSPECTS) | FOR(HOLDERS) | FOR(LOADERS)},
    {"no-metaspace", FOR(LOADERS)},
    {"collector", FOR(SUSPECTS) | FOR(HOLDERS)},
    {"data", FOR(SUSPECTS) | FOR(HOLDERS)},
    {"wait", FOR(HISTOGRAM) | FOR(DUMP) | FOR(LOADERS)},
};

/* "'umig heap suspects' and 'umig heap holders'" */
static void put_words(unsigned words, struct umig_buf *out)
{
    for (size_t i = 0; i < UMIG_HEAP_WORDS; i++) {
        if ((words >> i & 1) != 0) {
            umig_buf_printf(out, "%s'umig heap %s'", out->len > 0 ? " and " : "", g_words[i]);
        }
    }
}

static int check_options(const struct umig_args *args,
                         enum umig_heap_word what,
                         struct umig_err *err)
{
    for (size_t i = 0; i < sizeof g_belongs / sizeof g_belongs[0]; i++) {
        if (umig_args_has(args, g_belongs[i].name) && (g_belongs[i].words >> what & 1) == 0) {
            struct umig_buf words = UMIG_BUF_INIT(256);
            put_words(g_belongs[i].words, &words);
            const int rc = umig_err_set(err, UMIG_E_ARG, "--%s is for %s", g_belongs[i].name,
                                        umig_buf_str(&words));
            umig_buf_fini(&words);
            return rc;
        }
    }
    return UMIG_OK;
}

/* Only holders takes names of classes. */
static int check_operands(const struct umig_args *args,
                          enum umig_heap_word what,
                          struct umig_err *err)
{
    if (what == UMIG_HEAP_HOLDERS && args->operand_count < 3) {
        return umig_err_set(err, UMIG_E_ARG, "whose? Give a class: umig heap holders PID CLASS");
    }
    if (what != UMIG_HEAP_HOLDERS && args->operand_count > 2) {
        return umig_err_set(err, UMIG_E_ARG, "'umig heap %s' takes a PID and no more",
                            g_words[what]);
    }
    return UMIG_OK;
}

int umig_heap_word_read(const char *word, enum umig_heap_word *out, struct umig_err *err)
{
    for (size_t i = 0; i < sizeof g_words / sizeof g_words[0]; i++) {
        if (strcmp(word, g_words[i]) == 0) {
            *out = (enum umig_heap_word)i;
            return UMIG_OK;
        }
    }
    return umig_err_set(err, UMIG_E_ARG,
                        "'%.40s' is neither histogram, dump, suspects, holders nor loaders", word);
}

int umig_heap_word_check(const struct umig_args *args,
                         enum umig_heap_word word,
                         struct umig_err *err)
{
    const int rc = check_operands(args, word, err);
    return umig_err_trace(err, rc != UMIG_OK ? rc : check_options(args, word, err));
}
