/* Shared by vm_search.c and vm_search_*.c, and by nobody else. */
#ifndef UMIG_AGENT_VM_VM_SEARCH_PRIVATE_H
#define UMIG_AGENT_VM_VM_SEARCH_PRIVATE_H

#include "agent/vm/loader_kinds.h"
#include "agent/vm/retainers.h"
#include "agent/vm/search.h"
#include "agent/vm/vm_private.h"

/** Bytes of a thread's name, NUL included; longer ones are cut. */
#define UMIG_SEARCH_THREAD_BYTES 64u

/** What is known of a class; bits. */
enum umig_search_class_flag {
    UMIG_CLASS_DESCRIBED = 1,  /* its fields are known */
    UMIG_CLASS_ARRAY = 2,      /* of references */
    UMIG_CLASS_MIRROR = 4,     /* java.lang.Class */
    UMIG_CLASS_TRANSIENT = 8,  /* its loader is one of many: its static fields are no roots */
    UMIG_CLASS_REFERENCE = 16, /* java.lang.ref.Reference: its own fields are not looked at */
    UMIG_CLASS_SOFT = 32,      /* java.lang.ref.SoftReference */
    UMIG_CLASS_INSIDE = 64,    /* of a collection, or a part of one */
    UMIG_CLASS_SEEN = 128      /* its mirror was seen */
};

/** A class. Number 0 is none. */
struct umig_search_class {
    jclass mirror;        /* a local reference */
    uint32_t hash;        /* of the mirror */
    uint32_t super;       /* 0 until it is described */
    uint32_t first_field; /* its own fields that are not static and may refer to something */
    uint32_t field_count;
    uint32_t loader;       /* number of its loader; 0: the JVM's own, or no room */
    uint32_t loader_uses;  /* loaders that are of this class */
    uint32_t first_static; /* its static fields that may refer to something; 0: not entered yet */
    uint32_t static_count;
    uint32_t name_hash;
    uint32_t twin; /* class that stands for all of this name in ways: itself unless TRANSIENT; 0:
                      not known yet */
    uint32_t next_of_loader; /* another one that its loader defined; 0: none */
    uint16_t name_bytes;
    uint8_t flags;
    int8_t target; /* -1: nobody looks for it */
};

/** A class loader. Number 0 is the JVM's own. */
struct umig_search_loader {
    jobject loader; /* a local reference */
    uint32_t hash;
    uint32_t class_index;
    uint32_t first_class; /* of those it defined; umig_search_class.next_of_loader */
    uint32_t class_count;
    uint32_t kind; /* 0: none, or nobody asked for kinds */
};

/** A search that is being made. The attached thread's alone. */
struct umig_search_work {
    struct umig_search *search;
    struct umig_retainers retainers;
    jvmtiEnv *jvmti;
    JNIEnv *jni;
    bool has_begun;
    unsigned phase; /* what is done at present */
    uint32_t at;    /* in it */

    jclass *listed; /* JVMTI's: the classes that are loaded */
    jint listed_count;
    struct umig_search_class *classes;
    uint32_t *class_buckets; /* by hash, twice the room */
    uint32_t *twin_buckets;  /* by name_hash, of classes that stand for others; the room */
    uint32_t class_count;    /* the next one's number */
    uint32_t class_room;
    jfieldID *fields;
    uint32_t field_count; /* the next one's number */
    uint32_t field_room;
    struct umig_search_loader *loaders;
    uint32_t loader_count; /* the next one's number */
    uint32_t loader_room;
    uint32_t *loader_buckets; /* by hash, twice the room */
    struct umig_loader_kinds kinds;
    char (*threads)[UMIG_SEARCH_THREAD_BYTES]; /* names, numbers in them folded; [0] is any */
    uint32_t thread_count;
    uint32_t thread_room;
    uint32_t step_room;
    uint32_t text_room;
    jfieldID referent;     /* of Reference; NULL: it cannot be had */
    bool wants_primitives; /* an array of them is looked for */

    uint64_t looked_at; /* references */
    uint64_t began_ns;
    uint64_t cpu_ns; /* of the pieces so far */
};

/** The work of a search, in the search's memory. */
struct umig_search_work *umig_search_work_of(const struct umig_search *search);

/** Begins: gives each part its room. */
void umig_search_work_begin(struct umig_search *search, void *jvmti, JNIEnv *jni);

/** Lists the classes. false: it cannot be, the search's problem says why. */
bool umig_search_list_classes(struct umig_search_work *work);

/** Enters the next of the classes that were listed; a turn. */
bool umig_search_take_class(struct umig_search_work *work);

/** Finds out whether a class comes and goes, and which one stands for it in ways; once. */
void umig_search_classify(struct umig_search_work *work, uint32_t class_index);

/**
 * The number of an object's class, described; 0: there is no room for another class.
 *
 * @param object  not NULL
 */
uint32_t umig_search_class_of(struct umig_search_work *work, jobject object);

/** The number of the class whose mirror an object is; 0: it is none that is known. */
uint32_t umig_search_class_at(const struct umig_search_work *work, jobject mirror);

/** Enters the static fields of a class that may refer to something; once. */
void umig_search_enter_statics(struct umig_search_work *work, uint32_t class_index);

/** A field of a class as ways have it: that of the class that stands for all of its name. */
struct umig_retainers_step umig_search_step_of(const struct umig_search_work *work,
                                               enum umig_retainers_edge edge,
                                               uint32_t class_index,
                                               uint32_t declaring,
                                               uint32_t field);

/** The number of a class loader; 0: it is none that has defined a class, or there was no room. */
uint32_t umig_search_loader_at(const struct umig_search_work *work, jobject loader);

/** Finds out of what kind the next loader is, if that is asked for; a turn. */
bool umig_search_take_loader(struct umig_search_work *work);

/** May the loader be one of too many, so that who holds it is looked for? */
bool umig_search_is_candidate(const struct umig_search_work *work, uint32_t loader);

/** Keeps a text for the answer; 0: it is empty, or there is no room. */
uint32_t umig_search_keep_text(struct umig_search_work *work, const char *text, size_t len);

/** Bytes of a name on the wire that are kept; longer ones are cut. */
#define UMIG_SEARCH_NAME_ROOM 512u

/** Writes a class's name as it is on the wire, without NUL; returns how many bytes. */
size_t umig_search_name_class(const struct umig_search_work *work,
                              uint32_t class_index,
                              char name[UMIG_SEARCH_NAME_ROOM]);

/** Writes what kinds of class loaders there are into the answer. */
void umig_search_answer_loaders(struct umig_search_work *work);

/** The identity hash of an object. */
uint32_t umig_search_hash_of(const struct umig_search_work *work, jobject object);

/** Writes the answer from what the search has found. */
void umig_search_answer(struct umig_search_work *work);

#endif
