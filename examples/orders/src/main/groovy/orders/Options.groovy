package orders

/**
 * Reads `--name value` pairs. `known` maps each option's name to a closure that turns its text into a value
 * and throws a UsageError when it can't.
 */
class Options {
    private final Map<String, Closure> known

    Options(Map<String, Closure> known) {
        this.known = known
    }

    Map<String, Object> parse(List<String> arguments) {
        arguments.collate(2).collectEntries { pair ->
            def (option, text) = [pair[0], pair[1]]
            def name = option.startsWith('--') ? option.substring(2) : null
            if (!known.containsKey(name)) {
                def names = known.keySet().collect { "--$it" }.join(', ')
                throw new UsageError("unknown option '$option': the options are $names")
            }
            if (text == null) {
                throw new UsageError("$option needs a value")
            }
            [name, known[name](text)]
        }
    }

    static Closure<Integer> number(String option, IntRange allowed) {
        return { String text ->
            if (!text.isInteger() || !(text.toInteger() in allowed)) {
                throw new UsageError("--$option is '$text': must be a whole number from $allowed.from to $allowed.to")
            }
            text.toInteger()
        }
    }

    /** A duration such as 500ms, 30s or 2m, in milliseconds. */
    static Closure<Long> duration(String option, long atMostMs) {
        def unitMs = [ms: 1L, s: 1000L, m: 60_000L]
        return { String text ->
            def parts = text =~ /^(\d{1,9})(ms|s|m)$/
            def millis = parts ? (parts[0][1] as long) * unitMs[parts[0][2]] : 0L
            if (millis < 1 || millis > atMostMs) {
                throw new UsageError("--$option is '$text': must be a time such as 500ms, 30s or 2m, " +
                        "at most ${atMostMs.intdiv(1000)}s")
            }
            millis
        }
    }
}
