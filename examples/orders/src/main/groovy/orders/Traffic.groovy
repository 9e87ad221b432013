package orders

import java.util.concurrent.Executors

/** Puts a bounded, repeatable mix of requests on a service of this machine and says how it went. */
class Traffic {
    static final long MOST_DURATION_MS = 15 * 60_000
    private static final double MOST_FAILED = 0.01
    private static final String LOOPBACK_URL =
            'http://(localhost|127([.][0-9]{1,3}){3}|\\[::1])(:[0-9]{1,5})?/?'

    String url
    int threads = 8
    long duration = 30_000
    long seed = 1
    /** Requests a second by all threads together; 0 for as many as the service can take. */
    int rate = 0

    private static final Map<String, Closure> OPTIONS = [
            url     : { loopback(it) },
            threads : Options.number('threads', 1..64),
            duration: Options.duration('duration', MOST_DURATION_MS),
            seed    : Options.number('seed', 0..1_000_000),
            rate    : { Options.number('rate', 1..100_000)(it - '/s') },
    ]

    static void main(String... args) {
        System.exit(Main.orExplain { run(args.toList()) })
    }

    static int run(List<String> arguments) {
        def chosen = new Options(OPTIONS).parse(arguments)
        if (!chosen.url) {
            throw new UsageError('--url is missing: give the address that the service printed, ' +
                    'such as http://127.0.0.1:8080')
        }
        def outcome = new Traffic(chosen).run()
        outcome.lines.each { println it }
        outcome.failedShare > MOST_FAILED || !outcome.done ? 1 : 0
    }

    /** The address of a service of this machine; told by its text, so that no name is looked up. */
    static String loopback(String text) {
        if (!(text ==~ LOOPBACK_URL)) {
            throw new UsageError("--url is '$text': must be http:// and a loopback address " +
                    '(127.x.x.x, localhost or [::1]), such as http://127.0.0.1:8080')
        }
        text.endsWith('/') ? text[0..-2] : text
    }

    TrafficOutcome run() {
        def shop = new TrafficClient(url)
        shop.checkHealth()
        def workers = Executors.newFixedThreadPool(threads)
        def begin = System.nanoTime()
        try {
            def tasks = (0..<threads).collect { new TrafficWorker(this, shop, it, begin) }
            new TrafficOutcome(workers.invokeAll(tasks)*.get(), System.nanoTime() - begin)
        } finally {
            workers.shutdown()
        }
    }
}
