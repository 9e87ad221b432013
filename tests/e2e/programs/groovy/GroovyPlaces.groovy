/* Groovy's part of what is planted to be allocated, all of it dynamic. */
class GroovyPlaces {
    static Map<String, Work> all() {
        [
            'GroovyPlaces.lists'  : { int amount -> lists(amount) } as Work,
            'GroovyPlaces.strings': { int amount -> strings(amount) } as Work,
        ]
    }

    static lists(amount) {
        def sum = 0L
        for (int i = 0; i < amount / 50; i++) {
            sum += [i, i + 1, i + 2, [a: i]].size()
        }
        sum
    }

    static strings(amount) {
        def sum = 0L
        for (int i = 0; i < amount / 50; i++) {
            sum += "order $i of $amount".toString().length()
        }
        sum
    }
}
