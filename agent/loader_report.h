/* What a search has found of class loaders, as a message for the command. */
#ifndef UMIG_AGENT_LOADER_REPORT_H
#define UMIG_AGENT_LOADER_REPORT_H

#include "agent/vm/search.h"
#include "wire/codec.h"

/**
 * Writes the fields of a LoaderReport (proto/umig/v1/control.proto); ways there is no room for are
 * left out and counted.
 */
void umig_loader_report_write(const struct umig_search *search, struct umig_pb_writer *writer);

#endif
