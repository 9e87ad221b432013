package orders

import java.util.logging.LogManager

/** `orders.Main serve|traffic [options]`; `serve` when no verb is given. */
class Main {
    static final String USAGE = '''\
        usage: orders.Main serve   [--port N] [--threads N] [--rules DIR] [--trouble NAME,...]
               orders.Main traffic --url URL [--threads N] [--duration 30s] [--seed N] [--rate N/s]
        '''.stripIndent()

    static final int EXIT_USAGE = 2

    static void main(String... args) {
        def (verb, options) = split(args.toList())
        System.exit(orExplain { run(verb, options) })
    }

    /** Runs a program; a mistake of its caller becomes one line on stderr and exit code 2. */
    static int orExplain(Closure<Integer> program) {
        try {
            program()
        } catch (UsageError mistake) {
            System.err.println "orders: $mistake.message"
            EXIT_USAGE
        }
    }

    private static List split(List<String> args) {
        args && !args[0].startsWith('--') ? [args[0], args.drop(1)] : ['serve', args]
    }

    private static int run(String verb, List<String> options) {
        if (verb == 'help' || '--help' in options) {
            print USAGE
            return 0
        }
        switch (verb) {
            case 'serve': return serve(options)
            case 'traffic': return Traffic.run(options)
            default: throw new UsageError("unknown verb '$verb': the verbs are serve, traffic and help")
        }
    }

    private static int serve(List<String> options) {
        Main.getResourceAsStream('/logging.properties').withCloseable {
            LogManager.logManager.readConfiguration(it)
        }
        def settings = Settings.from(options, System.getenv())
        Trouble.start(settings.troubles)

        def server = new OrdersServer(settings)
        Runtime.runtime.addShutdownHook(new Thread({ server.close() }, 'orders-shutdown'))
        server.start()
        println "orders: ready on $server.url (pid ${ProcessHandle.current().pid()})"
        server.await()
        0
    }
}
