package orders

import groovy.json.JsonException
import groovy.json.JsonOutput
import groovy.json.JsonSlurper

class Json {
    static Object parse(String text) {
        try {
            new JsonSlurper().parseText(text)
        } catch (JsonException | IllegalArgumentException wrong) {
            throw Problem.badRequest("the body is not JSON: ${wrong.message.readLines().find()}")
        }
    }

    static Object resource(String path) {
        Json.getResourceAsStream(path).withCloseable { new JsonSlurper().parse(it, 'UTF-8') }
    }

    static byte[] bytes(Object value) {
        JsonOutput.toJson(value).getBytes('UTF-8')
    }
}
