package orders

import java.time.LocalDateTime

class Order {
    Long id
    String customer
    LocalDateTime placedAt
    List<OrderLine> lines = []
}
