package orders

/** What the workers did, put together. */
class TrafficOutcome {
    private final double seconds
    private final Map<String, List<Long>> latenciesByKind
    private final Map<String, Integer> failures

    /** Each worker brings `latenciesNanos`, lists by kind of request, and `failures`, counts by what went wrong. */
    TrafficOutcome(List workers, long elapsedNanos) {
        seconds = elapsedNanos / 1e9d
        latenciesByKind = workers*.latenciesNanos*.entrySet().flatten()
                .groupBy { it.key }
                .collectEntries { kind, entries -> [kind, entries.collectMany { it.value }.sort()] }
        failures = workers*.failures*.entrySet().flatten()
                .groupBy { it.key }
                .collectEntries { what, entries -> [what, entries*.value.sum()] }
    }

    int getDone() {
        latenciesByKind.values()*.size().sum(0)
    }

    int getErrors() {
        failures.values().sum(0)
    }

    double getFailedShare() {
        done ? errors / done : 0
    }

    List<String> getLines() {
        def all = latenciesByKind.values().flatten().sort()
        [
                String.format(Locale.ROOT, 'traffic: %d requests in %.1f s (%.1f/s), %d errors (%.2f %%)',
                        done, seconds, done / seconds, errors, failedShare * 100),
                row('all', all),
                *latenciesByKind.keySet().sort().collect { row(it, latenciesByKind[it]) },
                *failures.collect { what, times -> "traffic: $times x $what" as String },
        ]
    }

    private static String row(String name, List<Long> sorted) {
        def millis = [0.50, 0.95, 0.99].collect { percentile(sorted, it) / 1e6d }
        String.format(Locale.ROOT, 'traffic: %-6s %7d requests  p50 %.1f ms  p95 %.1f ms  p99 %.1f ms',
                name, sorted.size(), *millis)
    }

    /** Nearest rank. */
    static long percentile(List<Long> sorted, BigDecimal share) {
        sorted ? sorted[Math.max(0, Math.ceil(share * sorted.size()) as int) - 1] : 0
    }
}
