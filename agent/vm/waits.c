#include "agent/vm/waits.h"

#include <string.h>

/* A class is looked for in so many places: a full table costs no more than that. */
#define PROBES 16u

enum class_state {
    CLASS_FREE,
    CLASS_WRITING,
    CLASS_READY
};

/* FNV-1a (Fowler, Noll, Vo). */
static uint32_t hash_of(const char *text, size_t byte_count)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < byte_count; i++) {
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    }
    return hash;
}

static bool is_class(const struct umig_wait_class *class, const char *text, size_t byte_count)
{
    /* Acquire: pairs with the release that publishes the text. */
    return atomic_load_explicit(&class->state, memory_order_acquire) == CLASS_READY &&
           class->byte_count == byte_count && memcmp(class->text, text, byte_count) == 0;
}

static bool claim(struct umig_wait_class *class)
{
    int expected = CLASS_FREE;
    return atomic_load_explicit(&class->state, memory_order_relaxed) == CLASS_FREE &&
           atomic_compare_exchange_strong(&class->state, &expected, CLASS_WRITING);
}

uint32_t umig_wait_classes_add(struct umig_wait_classes *classes,
                               const char *signature,
                               size_t byte_count)
{
    byte_count = byte_count < UMIG_SAMPLE_TEXT_BYTES ? byte_count : UMIG_SAMPLE_TEXT_BYTES;
    const uint32_t home = hash_of(signature, byte_count);
    for (uint32_t i = 0; i < PROBES; i++) {
        const uint32_t at = (home + i) % UMIG_WAIT_CLASSES;
        struct umig_wait_class *class = &classes->classes[at];
        if (claim(class)) {
            memcpy(class->text, signature, byte_count);
            class->byte_count = (uint8_t)byte_count;
            atomic_store_explicit(&class->state, CLASS_READY, memory_order_release);
            return at + 1;
        }
        if (atomic_load(&class->state) == CLASS_WRITING) {
            return 0; /* it may become this very class: once unknown is better than twice there */
        }
        /* After the claim: who lost it may have lost it to this very class. */
        if (is_class(class, signature, byte_count)) {
            return at + 1;
        }
    }
    return 0;
}

const struct umig_wait_class *umig_wait_classes_get(const struct umig_wait_classes *classes,
                                                    uint32_t id)
{
    return id == 0 || id > UMIG_WAIT_CLASSES ? NULL : &classes->classes[id - 1];
}

bool umig_wait_begin(struct umig_slot *slot, bool is_park, uint64_t now_ns)
{
    slot->wait_began_ns = now_ns;
    atomic_store(&slot->wait_since_ns, now_ns);
    atomic_store(&slot->deadlock, 0);
    atomic_store(&slot->is_park, is_park);
    atomic_store(&slot->wait_cpu_ns, 0);
    /* Release: pairs with the acquire of who tells it; publishes what the wait is for. */
    const uint64_t unheard_ns =
        atomic_exchange_explicit(&slot->wait_from_ns, now_ns, memory_order_acq_rel);
    atomic_store(&slot->wait_cpu_ns, 0); /* umig_wait_found() may have come in between */
    return unheard_ns == 0;
}

uint64_t umig_wait_end(struct umig_slot *slot, uint64_t now_ns, bool *out_was_told)
{
    const uint64_t from_ns = atomic_exchange(&slot->wait_from_ns, 0);
    if (from_ns == 0) {
        return UINT64_MAX;
    }
    *out_was_told = from_ns != slot->wait_began_ns;
    return now_ns > from_ns ? now_ns - from_ns : 0;
}

bool umig_wait_found(struct umig_slot *slot, bool is_park, uint64_t cpu_ns, uint64_t now_ns)
{
    uint_fast64_t expected = 0;
    /* Before it is known: who begins meanwhile takes it back, or this does. */
    atomic_store(&slot->wait_cpu_ns, cpu_ns);
    if (!atomic_compare_exchange_strong(&slot->wait_from_ns, &expected, now_ns)) {
        atomic_store(&slot->wait_cpu_ns, 0);
        return false;
    }
    atomic_store(&slot->wait_since_ns, now_ns);
    atomic_store(&slot->is_park, is_park);
    return true;
}

void umig_wait_not_found(struct umig_slot *slot, uint64_t now_ns)
{
    uint_fast64_t expected = now_ns;
    (void)atomic_compare_exchange_strong(&slot->wait_from_ns, &expected, 0);
}

bool umig_wait_forget(struct umig_slot *slot)
{
    return atomic_exchange(&slot->wait_from_ns, 0) != 0;
}

bool umig_wait_tell(struct umig_slot *slot, uint64_t from_ns, uint64_t now_ns)
{
    uint_fast64_t expected = from_ns;
    return atomic_compare_exchange_strong(&slot->wait_from_ns, &expected, now_ns);
}
