package orders

import java.util.concurrent.ConcurrentHashMap

/**
 * The discount rules of a folder, each file a script. A rule that was edited is compiled again before the next
 * request uses it; while an edited rule doesn't compile, its last good version goes on working.
 */
class PricingScripts {
    private static final List<String> SHIPPED = ['loyalty', 'variety', 'volume']

    final File folder
    private final Map<String, Version> versions = new ConcurrentHashMap<>()

    /** The version last read of a file, and the one that prices: the same unless the last edit doesn't compile. */
    private static class Version {
        Rule read
        Rule good
    }

    PricingScripts(File folder) {
        this.folder = folder
        if (!folder.directory && !folder.mkdirs()) {
            throw new UsageError("the rules folder $folder.absolutePath can't be made: give another with --rules DIR")
        }
        SHIPPED.each { copyShipped("${it}.groovy") }
    }

    List<Rule> current() {
        def files = folder.listFiles().findAll { it.name.endsWith('.groovy') }.sort { it.name }
        if (Trouble.SCRIPT_CHURN.on) {
            return Trouble.SCRIPT_CHURN.plant { files.collect { new Rule(it) } }.findAll { it.usable }
        }
        files.collect { latest(it) }.findAll()
    }

    private Rule latest(File file) {
        def version = versions[file.name]
        if (!version?.read?.isVersionOf(file)) {
            version = reload(file)
        }
        version.good
    }

    private synchronized Version reload(File file) {
        def known = versions[file.name]
        if (known?.read?.isVersionOf(file)) {
            return known
        }
        def rule = new Rule(file)
        versions[file.name] = new Version(read: rule, good: rule.usable ? rule : known?.good)
    }

    private void copyShipped(String name) {
        def target = new File(folder, name)
        if (!target.exists()) {
            target.bytes = PricingScripts.getResourceAsStream("/rules/$name").bytes
        }
    }
}
