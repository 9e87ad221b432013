package orders

/** Known troubles that can be switched on to see whether a tool finds them. The README says where each is planted. */
enum Trouble {
    HOT_CLOSURE, CONTENDED_LOCK, GC_PRESSURE, SLOW_QUERY, N_PLUS_ONE, LEAK, SCRIPT_CHURN

    volatile boolean on
    final Tally tally = new Tally()

    String getLabel() {
        name().toLowerCase().replace('_', '-')
    }

    /** Does the planted work and tallies its cost. */
    def <T> T plant(Closure<T> work) {
        tally.measure(work)
    }

    static List<String> getLabels() {
        values()*.label
    }

    static Trouble named(String label) {
        values().find { it.label == label } ?: {
            throw new UsageError("unknown trouble '$label': the troubles are ${labels.join(', ')}")
        }()
    }

    /** The troubles of a list such as `hot-closure,leak`. */
    static List<Trouble> list(String labels) {
        labels.tokenize(', ').collect { named(it) }
    }

    static void start(Collection<Trouble> chosen) {
        values().each { it.on = it in chosen }
    }

    /** Turns troubles as in `[leak: 'on', 'hot-closure': 'off']`; nothing is turned when a word is wrong. */
    static void turn(Map<String, String> wishes) {
        def switches = wishes.collectEntries { label, wish ->
            if (!(wish in ['on', 'off'])) {
                throw new UsageError("trouble $label is '$wish': must be on or off")
            }
            [named(label), wish == 'on']
        }
        switches.each { trouble, on -> trouble.on = on }
    }
}
