/*
 * How searches of the heap are told: as samples of kind live whose frames have no class and one of
 * these names (agent/session/held.h says which stands where). They travel on the wire and stand in
 * stores: add, never rename.
 */
#ifndef UMIG_SEARCHES_H
#define UMIG_SEARCHES_H

#define UMIG_SEARCHES_HOLDERS   "[search]"  /* head of what holds objects */
#define UMIG_SEARCHES_LOADERS   "[loaders]" /* head of class loaders that should be gone */
#define UMIG_SEARCHES_KIND      "[kind]"    /* one kind of loaders */
#define UMIG_SEARCHES_KINDS     "[kinds]"   /* several that had no room each */
#define UMIG_SEARCHES_GROUP     "[group]"   /* that a way leads to */
#define UMIG_SEARCHES_NO_SOURCE "?"

#endif
