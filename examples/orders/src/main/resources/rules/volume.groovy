// Many pieces of one thing are cheaper: 4 % from six pieces, 8 % from ten.
def most = order.lines*.quantity.max() ?: 0

switch (most) {
    case { it >= 10 }: return percent(8)
    case { it >= 6 }: return percent(4)
    default: return percent(0)
}
