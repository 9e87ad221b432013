package orders

class OrderLine {
    String sku
    int quantity
    BigDecimal unitPrice

    BigDecimal getAmount() {
        unitPrice * quantity
    }
}
