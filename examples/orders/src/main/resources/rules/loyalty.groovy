// Every tenth customer has the gold card.
def number = order.customer.replaceAll(/\D/, '') as int

number % 10 == 0 ? percent(5) : percent(0)
