package orders

import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.time.Duration

/** A customer's side of the service. */
class TrafficClient {
    private final String url
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .proxy(HttpClient.Builder.NO_PROXY)
            .connectTimeout(Duration.ofSeconds(5))
            .build()

    TrafficClient(String url) {
        this.url = url
    }

    HttpResponse<String> get(String path) {
        send(request(path).GET())
    }

    HttpResponse<String> post(String path, Object body) {
        send(request(path).POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body))))
    }

    void checkHealth() {
        try {
            def status = get('/health').statusCode()
            if (status != 200) {
                throw new UsageError("$url/health answered $status: that is not the orders service")
            }
        } catch (IOException failure) {
            throw new UsageError("no service answers at $url (${failure.class.simpleName}): " +
                    "start it with 'orders.Main serve'")
        }
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.newBuilder(URI.create("$url$path")).timeout(Duration.ofSeconds(30))
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        http.send(request.build(), HttpResponse.BodyHandlers.ofString())
    }
}
