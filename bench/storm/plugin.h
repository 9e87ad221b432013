/* What a library that comes and goes offers. */
#ifndef UMIG_BENCH_STORM_PLUGIN_H
#define UMIG_BENCH_STORM_PLUGIN_H

#define STORM_PLUGIN_CALL "storm_plugin_call"
#define STORM_PLUGIN_ADDS 8

/** Works a while, some frames deep; answers with seed + STORM_PLUGIN_ADDS. */
__attribute__((visibility("default"))) long storm_plugin_call(long seed);

#endif
