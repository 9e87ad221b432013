import java.lang.ref.SoftReference
import java.util.concurrent.CountDownLatch

/**
 * Compiles scripts again and again, as services do whose rules are edited; keeps generations in the
 * ways that leak, and in some that do not. "ready", then the names of what is kept and how often, a
 * line of JSON; a line in ends it.
 *
 *   java -cp GROOVY Generations
 */
class Generations {
    static final List RULES = []
    static final List SHELLS = []
    static final List TEXTS = []
    static final Map LOADED = [:]
    static final List SOFT = []
    static final ThreadLocal<List> AUDITS = ThreadLocal.withInitial { [] }
    static Object current

    static Object newScript(String text, String file) {
        new GroovyClassLoader().parseClass(text, file).getDeclaredConstructor().newInstance()
    }

    /** Edited: each generation has another text. */
    static void plantStatics() {
        20.times { RULES << newScript("price = $it * 2; def twice = { it * 2 }; twice(price)", 'pricing.groovy') }
        12.times { SHELLS << new GroovyShell().parse('total = 7 * 3') } // Script1.groovy, all of them
        10.times { LOADED[it] = newScript("class Rule { int n = $it }", "script${1700000000000 + it}.groovy").class }
    }

    static void plantThreads(CountDownLatch isPlanted) {
        8.times { n ->
            Thread thread = new Thread({
                isPlanted.countDown()
                Thread.currentThread().join()
            } as Runnable, "tariffs-$n")
            thread.daemon = true
            thread.contextClassLoader = newScript("rate = $n", 'tariff.groovy').class.classLoader
            thread.start()
        }
        Thread auditor = new Thread({
            9.times { AUDITS.get() << newScript("seen = $it", 'audit.groovy') }
            isPlanted.countDown()
            Thread.currentThread().join()
        } as Runnable, 'auditor')
        auditor.daemon = true
        auditor.start()
    }

    /** Methods that scripts add to a class of the application. */
    static void plantMetaClass() {
        10.times { Dynamic.metaClass."rate$it" = newScript("rate = { $it }; this", 'rates.groovy').run().rate }
    }

    /** What is let go, or will be: whether it is collected yet is the JVM's affair. */
    static void plantLookAlikes() {
        25.times { current = newScript("cut = $it", 'discount.groovy') }
        15.times { // each is another script, though nobody gave it a name
            TEXTS << new GroovyClassLoader().parseClass("needed = $it").getDeclaredConstructor().newInstance()
        }
        10.times { SOFT << new SoftReference(newScript("kept = $it", 'cached.groovy')) }
    }

    static void main(String[] args) {
        def isPlanted = new CountDownLatch(9)
        plantStatics()
        plantThreads(isPlanted)
        plantMetaClass()
        plantLookAlikes()
        isPlanted.await()
        println 'ready'
        System.in.read()
        System.exit(0)
    }
}

class Dynamic {
}
