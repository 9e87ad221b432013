package orders

/** What the service was started with: the command line first, then the environment, then the defaults. */
class Settings {
    /** 0 lets the system pick a free port. */
    int port = 8080
    int threads = 16
    /** Where the discount rules are edited; a temporary folder when null. */
    File rules
    List<Trouble> troubles = []

    private static final Map<String, Closure> OPTIONS = [
            port   : Options.number('port', 0..65535),
            threads: Options.number('threads', 2..200),
            rules  : { new File(it) },
            trouble: { Trouble.list(it) },
    ]

    static Settings from(List<String> arguments, Map<String, String> environment = [:]) {
        def fromEnvironment = OPTIONS.keySet().collectMany { name ->
            def text = environment["ORDERS_${name.toUpperCase()}" as String]
            text ? ["--$name" as String, text] : []
        }
        def chosen = new Options(OPTIONS).parse(fromEnvironment + arguments)
        chosen.troubles = chosen.remove('trouble') ?: []
        new Settings(chosen)
    }
}
