create table orders (
    id bigint primary key,
    customer varchar(32) not null,
    placed_at timestamp not null
);
create index orders_by_customer on orders (customer, id);
create index orders_by_time on orders (placed_at);

create table order_lines (
    id bigint generated always as identity primary key,
    order_id bigint not null,
    sku varchar(32) not null,
    quantity int not null,
    unit_price decimal(10, 2) not null
);
create index order_lines_by_order on order_lines (order_id);
