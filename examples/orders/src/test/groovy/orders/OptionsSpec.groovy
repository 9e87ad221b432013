package orders

import spock.lang.Specification

class OptionsSpec extends Specification {
    def 'the command line goes before the environment'() {
        when:
        def settings = Settings.from(['--port', '0'], [ORDERS_PORT: '1234', ORDERS_TROUBLE: 'leak, hot-closure'])

        then:
        settings.port == 0
        settings.troubles == [Trouble.LEAK, Trouble.HOT_CLOSURE]
    }

    def 'a wrong option is named, with what would be right'() {
        when:
        Settings.from(arguments)

        then:
        def mistake = thrown(UsageError)
        mistake.message.contains(part)

        where:
        arguments              || part
        ['--prot', '1']        || "unknown option '--prot': the options are --port, --threads, --rules, --trouble"
        ['8080']               || "unknown option '8080'"
        ['--port']             || '--port needs a value'
        ['--port', '70000']    || "--port is '70000': must be a whole number from 0 to 65535"
        ['--threads', 'many']  || "--threads is 'many'"
        ['--trouble', 'smoke'] || "unknown trouble 'smoke': the troubles are hot-closure, contended-lock, gc-pressure"
    }

    def 'a duration has a unit and an end'() {
        expect:
        Options.duration('duration', 60_000)(text) == millis

        where:
        text    || millis
        '500ms' || 500
        '30s'   || 30_000
        '1m'    || 60_000
    }

    def 'a wrong duration is refused: #text'() {
        when:
        Options.duration('duration', 60_000)(text)

        then:
        thrown(UsageError)

        where:
        text << ['', '30', '0s', '-1s', '61s', '999999999m', 'soon']
    }

    def 'traffic goes to this machine only: #url'() {
        when:
        Traffic.loopback(url)

        then:
        def mistake = thrown(UsageError)
        mistake.message.contains('must be http:// and a loopback address')

        where:
        url << ['http://10.0.0.1:80', 'http://192.168.1.2', 'http://example.org', 'https://127.0.0.1', '127.0.0.1:80',
                'http://127.0.0.1@10.0.0.1/', 'http://127.0.0.1.example.org/', 'http://localhost/x', 'http://[::2]:80']
    }

    def 'loopback addresses are fine: #url'() {
        expect:
        Traffic.loopback(url) == address

        where:
        url                     || address
        'http://127.0.0.1:8080' || 'http://127.0.0.1:8080'
        'http://localhost:80/'  || 'http://localhost:80'
        'http://[::1]:8080'     || 'http://[::1]:8080'
        'http://127.1.2.3'      || 'http://127.1.2.3'
    }
}
