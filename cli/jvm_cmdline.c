/* What a java command line tells: the launcher's grammar (java(1)), as far as it names the program.
 */
#include <stdio.h>
#include <string.h>

#include "cli/jvm.h"

/* A walk over words that each end in NUL. */
struct words {
    const char *at;
    const char *end;
};

static const char *next_word(struct words *words)
{
    if (words->at >= words->end) {
        return NULL;
    }
    const char *word = words->at;
    const char *nul = memchr(word, '\0', (size_t)(words->end - word));
    if (nul == NULL) {
        return NULL; /* cut short: not a whole word */
    }
    words->at = nul + 1;
    return word;
}

/* Options of the launcher whose value is the next word. */
static bool takes_next_word(const char *word)
{
    static const char *const names[] = {
        "-cp",
        "-classpath",
        "--class-path",
        "-p",
        "--module-path",
        "--add-modules",
        "--add-opens",
        "--add-exports",
        "--add-reads",
        "--limit-modules",
        "--upgrade-module-path",
        "--patch-module",
        "--enable-native-access",
        "--source",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(word, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* groovy and grape start through a class of their own: its --main says more. */
static const char *through_groovy_starter(const char *main_class, struct words rest)
{
    if (strcmp(main_class, "org.codehaus.groovy.tools.GroovyStarter") != 0) {
        return main_class;
    }
    for (const char *word = NULL; (word = next_word(&rest)) != NULL;) {
        const size_t len = strlen(word);
        if (len > 7 && strcmp(word + len - 7, ".groovy") == 0) {
            return base_name(word);
        }
    }
    return main_class;
}

void umig_jvm_main_class(const char *words, size_t byte_count, char *out, size_t room)
{
    struct words left = {.at = words, .end = words + byte_count};
    const char *found = "";
    const char *argfile = "";
    (void)next_word(&left); /* the launcher itself */
    for (const char *word = NULL; found[0] == '\0' && (word = next_word(&left)) != NULL;) {
        const bool is_module = strcmp(word, "-m") == 0 || strcmp(word, "--module") == 0;
        if (strcmp(word, "-jar") == 0 || is_module) {
            const char *value = next_word(&left);
            found = value == NULL ? "" : is_module ? value : base_name(value);
            break;
        }
        if (takes_next_word(word)) {
            (void)next_word(&left);
        } else if (word[0] == '@') {
            argfile = word;
        } else if (word[0] != '-') {
            found = through_groovy_starter(word, left);
        }
    }
    snprintf(out, room, "%s", found[0] != '\0' ? found : argfile);
}

/* Copies the value of control= out of the options of an agent; true if it is there. */
static bool copy_control(const char *options,
                         const char *end,
                         char out_path[UMIG_SOCKET_PATH_BYTES])
{
    static const char key[] = "control=";
    const size_t key_len = sizeof key - 1;
    for (const char *at = options; at < end; at++) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *part_end = comma != NULL ? comma : end;
        const size_t len = (size_t)(part_end - at);
        if (len > key_len && memcmp(at, key, key_len) == 0 &&
            len - key_len < UMIG_SOCKET_PATH_BYTES) {
            memcpy(out_path, at + key_len, len - key_len);
            out_path[len - key_len] = '\0';
            return true;
        }
        at = part_end;
    }
    return false;
}

void umig_jvm_control_option(const char *words,
                             size_t byte_count,
                             char out_path[UMIG_SOCKET_PATH_BYTES])
{
    static const char key[] = "-agentpath:";
    const char *end = words + byte_count;
    out_path[0] = '\0';
    const char *at = words;
    while ((at = memmem(at, (size_t)(end - at), key, sizeof key - 1)) != NULL) {
        /* In the environment several options share a word, with spaces between. */
        const char *option_end = at;
        while (option_end < end && *option_end != '\0' && *option_end != ' ') {
            option_end++;
        }
        const char *equals = memchr(at, '=', (size_t)(option_end - at));
        if (equals != NULL && copy_control(equals + 1, option_end, out_path)) {
            return;
        }
        at = option_end;
    }
}
