package orders

import java.nio.file.Files
import java.nio.file.attribute.FileTime
import java.util.logging.Logger
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.runtime.InvokerHelper

/** One version of a discount rule: a Groovy script, compiled into a class loader of its own. */
class Rule {
    private static final Logger LOG = Logger.getLogger(Rule.name)

    final String name
    /** Null when this version doesn't compile: the rule then gives no discount. */
    private final Class<? extends Script> type
    private final FileTime modified
    private final long size

    Rule(File file) {
        name = file.name - '.groovy'
        modified = Files.getLastModifiedTime(file.toPath())
        size = file.size()
        type = compile(file)
    }

    boolean isVersionOf(File file) {
        modified == Files.getLastModifiedTime(file.toPath()) && size == file.size()
    }

    boolean isUsable() {
        type != null
    }

    BigDecimal discount(Order order, Catalog catalog) {
        try {
            InvokerHelper.createScript(type, new Binding(order: order, catalog: catalog)).run() as BigDecimal
        } catch (Exception failure) {
            LOG.warning("rule $name gives no discount for order $order.id: $failure")
            0.0
        }
    }

    private static Class<? extends Script> compile(File file) {
        def configuration = new CompilerConfiguration(scriptBaseClass: RuleScript.name)
        try {
            new GroovyClassLoader(Rule.classLoader, configuration).parseClass(file)
        } catch (Exception | LinkageError failure) {
            LOG.warning("$file doesn't compile: $failure.message")
            null
        }
    }
}
