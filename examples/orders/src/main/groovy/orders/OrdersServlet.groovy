package orders

import jakarta.servlet.http.HttpServlet
import jakarta.servlet.http.HttpServletRequest
import jakarta.servlet.http.HttpServletResponse
import java.util.logging.Level
import java.util.logging.Logger

/** HTTP in, JSON out. */
class OrdersServlet extends HttpServlet {
    private static final Logger LOG = Logger.getLogger(OrdersServlet.name)
    private static final int MOST_BODY_BYTES = 64 * 1024

    private final Orders orders
    private final Map health
    private final AuditTrail trail = new AuditTrail()

    /** Method and path to what answers them; the closure gets the request and what the path's pattern matched. */
    private final Map<String, Closure> routes = [
            'GET /orders'      : { request, path -> list(request) },
            'GET /orders/(.+)' : { request, path -> orders.one(idIn(path)) },
            'POST /orders'     : { request, path -> orders.place(body(request)) },
            'GET /report'      : { request, path ->
                orders.report(Problem.number('days', request.getParameter('days'), 30, 1..90))
            },
    ]

    /** Apart from the others: asking how the service does must not look like work that it does. */
    private final Map<String, Closure> controls = [
            'GET /health'   : { request, path -> health },
            'GET /troubles' : { request, path -> troubles() },
            'POST /troubles': { request, path -> switchTroubles(request) },
    ]

    OrdersServlet(Orders orders, Map health) {
        this.orders = orders
        this.health = health
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) {
        def what = "$request.method $request.requestURI" as String
        def control = controls[what]
        if (control) {
            respond(response, what) { control(request, null) }
        } else {
            Tally.REQUESTS.measure { serve(what, request, response) }
        }
    }

    private void serve(String what, HttpServletRequest request, HttpServletResponse response) {
        RequestContext.open(what).withCloseable { context ->
            trail.add(what)
            if (Trouble.GC_PRESSURE.on) {
                Trouble.GC_PRESSURE.plant { context.backups() }
            }
            respond(response, what) { answer(what, request) }
        }
    }

    private Object answer(String what, HttpServletRequest request) {
        for (route in routes) {
            def match = what =~ route.key
            if (match.matches()) {
                return route.value(request, match.groupCount() ? match.group(1) : null)
            }
        }
        throw Problem.notFound("there is no $what: there are ${(routes + controls).keySet().join(', ')}")
    }

    private static void respond(HttpServletResponse response, String what, Closure work) {
        try {
            send(response, 200, work())
        } catch (Problem problem) {
            send(response, problem.status, [error: problem.message])
        } catch (UsageError mistake) {
            send(response, 400, [error: mistake.message])
        } catch (Exception failure) {
            LOG.log(Level.WARNING, what, failure)
            send(response, 500, [error: "$what failed: $failure"])
        }
    }

    private static void send(HttpServletResponse response, int status, Object value) {
        def body = Json.bytes(value)
        response.status = status
        response.contentType = 'application/json'
        response.contentLength = body.length
        response.outputStream.write(body)
    }

    private List<Map> list(HttpServletRequest request) {
        def customer = request.getParameter('customer')
        if (!customer) {
            throw Problem.badRequest('customer is missing: ask for /orders?customer=c3&n=50')
        }
        orders.ofCustomer(customer, Problem.number('n', request.getParameter('n'), 20, 1..200))
    }

    private static long idIn(String path) {
        if (!path.isLong()) {
            throw Problem.badRequest("order '$path': must be a number")
        }
        path.toLong()
    }

    private static Object body(HttpServletRequest request) {
        def bytes = request.inputStream.readNBytes(MOST_BODY_BYTES + 1)
        if (bytes.length > MOST_BODY_BYTES) {
            throw new Problem(413, "the body is longer than $MOST_BODY_BYTES bytes")
        }
        Json.parse(new String(bytes, 'UTF-8'))
    }

    private Map troubles() {
        [
                requests: Tally.REQUESTS.toMap() + [open: RequestContext.openCount],
                troubles: Trouble.values().collectEntries { [it.label, [on: it.on] + it.tally.toMap()] },
        ]
    }

    /** A switch begins a new experiment: the tallies start at nothing. */
    private Map switchTroubles(HttpServletRequest request) {
        Trouble.turn(request.parameterMap.collectEntries { name, values -> [name, values[0]] })
        if (!Trouble.LEAK.on) {
            RequestContext.forgetLeaked()
        }
        [Tally.REQUESTS, *Trouble.values()*.tally]*.reset()
        troubles()
    }
}
