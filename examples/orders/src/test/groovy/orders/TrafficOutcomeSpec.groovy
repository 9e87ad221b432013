package orders

import spock.lang.Specification

class TrafficOutcomeSpec extends Specification {
    def 'percentiles are by nearest rank'() {
        expect:
        TrafficOutcome.percentile(1..100 as List<Long>, 0.99) == 99
        TrafficOutcome.percentile([5L], 0.5) == 5
        TrafficOutcome.percentile([], 0.5) == 0
    }

    def 'requests and failures of all workers are put together'() {
        given:
        def workers = [
                [latenciesNanos: [one: [1_000_000L], list: [2_000_000L]], failures: [:]],
                [latenciesNanos: [one: [3_000_000L]], failures: ['one: status 500': 1]],
        ]

        when:
        def outcome = new TrafficOutcome(workers, 2_000_000_000L)

        then:
        outcome.done == 3
        outcome.errors == 1
        outcome.lines[0] == 'traffic: 3 requests in 2.0 s (1.5/s), 1 errors (33.33 %)'
        outcome.lines[1] == 'traffic: all          3 requests  p50 2.0 ms  p95 3.0 ms  p99 3.0 ms'
        outcome.lines.last() == 'traffic: 1 x one: status 500'
    }
}
