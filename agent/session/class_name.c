#include "agent/session/pump.h"
#include "agent/symbol/normalise.h"

enum {
    CLASS_BYTES = 1024
};

/* Arrays keep the JVM's form. */
uint32_t umig_pump_class(struct umig_pump *pump, const char *signature, size_t len)
{
    if (len >= 2 && signature[0] == 'L') {
        signature++;
        len--;
        len -= signature[len - 1] == ';';
    }
    char name[CLASS_BYTES];
    return umig_dictionary_string(&pump->dictionary, name,
                                  umig_normalise_class(signature, len, name, sizeof name));
}
