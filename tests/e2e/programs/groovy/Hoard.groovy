/*
 * Keeps 5 instances of each of 3 scripts, and 7 closures. "ready" says so; a line in ends it.
 *
 *   java -cp GROOVY Hoard
 */
class Hoard {
    static final List kept = []

    static closures(int count) {
        (1..count).collect { n -> { -> n } }
    }

    static void main(String[] args) {
        def shell = new GroovyShell()
        (1..3).each { n ->
            def script = shell.parse("total = $n * 2")
            kept << script
            4.times { kept << script.class.getDeclaredConstructor().newInstance() }
        }
        kept << closures(7)
        println 'ready'
        System.in.read()
    }
}
