#include "agent/vm/versions.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"

enum {
    OLDEST_JDK = 17
};

/* HotSpot is "MAKER 64-Bit TYPE VM"; its type Zero, Azul's Tiered and OpenJ9 are laid out unlike.
 */
static const char *const g_types[] = {" Server VM", " Client VM", " Minimal VM"};

/* The first update whose AsyncGetCallTrace may be asked; releases without a row never got it. */
static const struct {
    unsigned feature;
    unsigned update;
} g_sound[] = {
    {17, 14},
    {21, 4},
};

enum {
    SOUND_FROM = 22
};

static bool ends_with(const char *text, const char *end)
{
    const size_t text_len = strlen(text);
    const size_t end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

static bool is_hotspot(const char *vm_name)
{
    bool is = vm_name[0] == '\0';
    for (size_t i = 0; i < sizeof g_types / sizeof g_types[0]; i++) {
        is = is || ends_with(vm_name, g_types[i]);
    }
    return is;
}

int umig_versions_check_jvm(const char *vm_name, uint32_t jdk, struct umig_err *err)
{
    if (!is_hotspot(vm_name)) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "'%.80s' is not HotSpot: UMIG knows HotSpot's Server VM of JDK %d and "
                            "later",
                            vm_name, OLDEST_JDK);
    }
    if (jdk < OLDEST_JDK) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "JDK %u is too old: UMIG knows JDK %d and later", jdk, OLDEST_JDK);
    }
    return UMIG_OK;
}

static bool is_sound(unsigned feature, unsigned update)
{
    bool is = feature >= SOUND_FROM;
    for (size_t i = 0; i < sizeof g_sound / sizeof g_sound[0]; i++) {
        is = is || (feature == g_sound[i].feature && update >= g_sound[i].update);
    }
    return is;
}

int umig_versions_check_agct(const char *vm_version, struct umig_err *err)
{
    unsigned feature = 0;
    unsigned interim = 0;
    unsigned update = 0;
    /* What is not there, as behind "25+36", stays 0. */
    (void)sscanf(vm_version, "%3u.%3u.%3u", &feature, &interim, &update);
    if (!is_sound(feature, update)) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "AsyncGetCallTrace of JVM '%.60s' may end the JVM (JDK-8329103): it is "
                            "asked in 17.0.14, 21.0.4, 22 and later of each; walker=vm does not "
                            "need it",
                            vm_version);
    }
    return UMIG_OK;
}
