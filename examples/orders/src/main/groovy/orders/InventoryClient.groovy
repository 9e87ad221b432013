package orders

import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.time.Duration

/** Asks the warehouse over HTTP. */
class InventoryClient {
    private final String url
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .proxy(HttpClient.Builder.NO_PROXY)
            .connectTimeout(Duration.ofSeconds(2))
            .build()

    InventoryClient(String url) {
        this.url = url
    }

    /** Pieces in stock by sku. */
    Map<String, Integer> stock(Collection<String> skus) {
        def request = HttpRequest.newBuilder(URI.create("$url/stock?sku=${skus.join(',')}"))
                .timeout(Duration.ofSeconds(5))
                .build()
        def response = http.send(request, HttpResponse.BodyHandlers.ofString())
        if (response.statusCode() != 200) {
            throw new Problem(502, "the inventory answered ${response.statusCode()}")
        }
        Json.parse(response.body()) as Map<String, Integer>
    }
}
