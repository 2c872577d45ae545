"""Tables of a source: how they are made, what changes them, and what plain SQL
makes of their events."""

import json
import math

import oracle

SCHEMA = """
    create schema shop;
    create type shop.mood as enum ('sad', 'ok', 'it''s "fine"');
    create domain shop.amount as numeric(12, 2) check (value >= 0);
    create domain shop.price as shop.amount not null;
    create type shop.spot as (x int, y text);

    create table public.customers (
        tenant int,
        "customerId" bigint,
        a_smallint smallint, a_real real, a_double double precision,
        a_numeric numeric, a_decimal numeric(20, 6), a_price shop.price, a_money money,
        a_boolean boolean, a_char char(4), a_varchar varchar(20), a_text text not null,
        a_date date, a_time time, a_timetz timetz, a_timestamp timestamp,
        a_timestamptz timestamptz, a_seconds timestamptz(0), an_interval interval,
        a_uuid uuid, a_bytea bytea, an_inet inet, a_cidr cidr, a_macaddr macaddr,
        a_json json, a_jsonb jsonb, an_xml xml, bits bit varying(8), a_range int4range,
        an_array int[], texts text[], a_point point, a_spot shop.spot, a_mood shop.mood,
        an_oid oid, a_tsvector tsvector,
        tier varchar check (tier in ('gold', 'it''s silver')),
        valid_from date, "größe" int, "select" text, "o""dd" int,
        generated int generated always as (a_smallint * 2) stored,
        primary key (tenant, "customerId"));
    comment on table public.customers is 'Who buys: one row per customer.';
    comment on column public.customers.tier is 'What "kind" of customer
it is.';

    create table public.orders (
        order_id int primary key, order_timestamp timestamptz, created_at timestamptz default
        now(), updated_at timestamptz, sum double precision, description text);

    create table public.order_items (
        order_id int, line int, sku text not null, quantity int not null,
        price numeric(10, 2), primary key (order_id, line));
"""

# Column -> its type in the contract, and what of the payload `p` it holds. A real is wider
# in Python.
CUSTOMERS = {
    "tenant": ("integer", "(p ->> 'tenant')::int"),
    "customerid": ("bigint", "(p ->> 'customerId')::bigint"),
    "a_smallint": ("integer", "(p ->> 'a_smallint')::int"),
    "a_real": ("real", "(p ->> 'a_real')::real::float8"),
    "a_double": ("double", "(p ->> 'a_double')::float8"),
    "a_decimal": ("decimal(20,6)", "(p ->> 'a_decimal')::numeric"),
    "a_price": ("decimal(12,2)", "(p ->> 'a_price')::numeric"),
    "a_boolean": ("boolean", "(p ->> 'a_boolean')::boolean"),
    "a_date": ("date", "(p ->> 'a_date')::date"),
    "a_timestamp": ("timestamp(6)", "(p ->> 'a_timestamp')::timestamp"),
    "a_timestamptz": ("timestamp(6) with time zone", "(p ->> 'a_timestamptz')::timestamptz"),
    "a_seconds": ("timestamp(6) with time zone", "(p ->> 'a_seconds')::timestamptz"),
    "an_oid": ("bigint", "(p ->> 'an_oid')::bigint"),
    "valid_from_7bd7dfb6": ("date", "(p ->> 'valid_from')::date"),
    "gr_e_5bd3a989": ("integer", "(p ->> 'größe')::int"),
    "generated": ("integer", "(p ->> 'generated')::int"),
    **{name: ("varchar", f"p ->> '{name}'") for name in (
        "a_numeric", "a_money", "a_char", "a_varchar", "a_text", "a_time", "a_timetz",
        "an_interval", "a_uuid", "a_bytea", "an_inet", "a_cidr", "a_macaddr", "a_json",
        "a_jsonb", "an_xml", "bits", "a_range", "an_array", "texts", "a_point", "a_spot",
        "a_mood", "a_tsvector", "tier", "select")},
}

ORDER_ITEMS = {
    "order_id": ("integer", "(p ->> 'order_id')::int"),
    "line": ("integer", "(p ->> 'line')::int"),
    "sku": ("varchar", "p ->> 'sku'"),
    "quantity": ("integer", "(p ->> 'quantity')::int"),
    "price": ("decimal(10,2)", "(p ->> 'price')::numeric"),
}

# Values to choose from, in SQL; null is always one.
VALUES = {
    "a_smallint": ["-16384", "0", "16383"],
    "a_real": ["0.1", "-0.0", "1e38", "'NaN'", "'-Infinity'"],
    "a_double": ["0.1", "5e-324", "1.7976931348623157e308", "'NaN'"],
    "a_numeric": ["12.50", "1e40", "'NaN'", "123456789012345678901234567890.000000001"],
    "a_decimal": ["99999999999999.999999", "-0.000001", "0"],
    "a_money": ["'$1,234.50'", "'-0.01'"],
    "a_boolean": ["true", "false"],
    "a_char": ["'a'", "'ab  '", "''"],
    "a_varchar": ["''", "'NULL'", "'é\U0001f600'"],
    "a_date": ["'2024-02-29'", "'0001-01-01'", "'9999-12-31'"],
    "a_time": ["'24:00:00'", "'01:02:03.000004'"],
    "a_timetz": ["'01:02:03.4+05:30'"],
    "a_timestamp": ["'2024-03-31 02:30:00.123456'", "'1969-12-31 23:59:59.999999'"],
    "a_timestamptz": ["'2024-03-31 02:30:00.123456+02'", "'1900-01-01 00:00:00+00'"],
    "a_seconds": ["'2024-03-31 02:30:00.9+02'"],
    "an_interval": ["'1 mon -1 day 00:00:00.000001'"],
    "a_uuid": ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"],
    "a_bytea": ["'\\xdeadbeef00'", "''"],
    "an_inet": ["'10.0.0.1/8'", "'::1'"],
    "a_cidr": ["'10.0.0.0/8'"],
    "a_macaddr": ["'08:00:2b:01:02:03'"],
    "a_json": ["'{\"b\": 1, \"a\": [1.10, null, \"x\\\\ny\"]}'", "'\"text\"'", "'12.50'", "'null'"],
    "a_jsonb": ["'{\"k\": {\"n\": 123456789012345678901234567890}}'", "'[]'", "'true'"],
    "an_xml": ["'<a b=\"c\">d</a>'"],
    "bits": ["B'101'"],
    "a_range": ["'[1,5)'", "'empty'"],
    "an_array": ["'{1,null,3}'", "'{{1,2},{3,4}}'", "'{}'"],
    "texts": ["array['a,b', 'c\"d', null]"],
    "a_point": ["'(1.5,-2)'"],
    "a_spot": ["row(1, 'y')::shop.spot", "row(null, null)::shop.spot"],
    "a_mood": ["'sad'", "'it''s \"fine\"'"],
    "an_oid": ["4294967295"],
    "a_tsvector": ["'a:1 b:2'"],
    "tier": ["'gold'", "'it''s silver'"],
    "valid_from": ["'2020-01-01'"],
    '"größe"': ["7"],
    '"select"': ["'from'"],
    '"o""dd"': ["1"],
}


def flattened(table, columns):
    """The query of a table's events with the payload in columns."""
    payload = ", ".join(f'{value} as "{name}"' for name, (_, value) in columns.items())
    return f"""
        select audit_event_id::bigint as audit_event_id, audit_operation, audit_timestamp,
               tbl_schema, tbl_name, {payload}
        from (select *, raw_data::jsonb as p from audit_log_dml) a
        where tbl_schema = 'public' and tbl_name = '{table}'
    """


def queries(table, columns, key):
    """Table -> the query whose rows it must hold, for the three models of a source table."""
    events = flattened(table, columns)
    names = ", ".join(f'"{name}"' for name in columns)
    return {
        f"staging.stg_ecomm_audit_log_dml_{table}_flattened": events,
        f"marts.{table}": oracle.current(events, key),
        f"marts.{table}_history_scd2": oracle.history(events, key, names),
    }


def _setters(random):
    """What an insert or update sets; about half of the columns each time."""
    chosen = {"a_text": random.choice(["''", "'text'"]),
              "a_price": random.choice(["0", "12.50", "9999999999.99"])}
    for column, values in VALUES.items():
        if random.random() < 0.5:
            chosen[column] = random.choice([*values, "null"])
    return chosen


def change_customers(connection, random, changes):
    """Inserts, updates (of keys, too) and deletes customers; `random` decides."""
    for _ in range(changes):
        key = (random.randrange(3), random.randrange(1 << 40, (1 << 40) + 12))
        where = f'tenant = {key[0]} and "customerId" = {key[1]}'
        sets = _setters(random)
        there = connection.execute(f"select from customers where {where}").rowcount
        if not there:
            connection.execute(
                f'insert into customers (tenant, "customerId", {", ".join(sets)})'
                f' values ({key[0]}, {key[1]}, {", ".join(sets.values())})')
        elif random.random() < 0.25:
            connection.execute(f"delete from customers where {where}")
        else:
            if random.random() < 0.2:
                sets["tenant"] = str(random.randrange(3, 1000000))
            assignments = ", ".join(f"{name} = {value}" for name, value in sets.items())
            connection.execute(f"update customers set {assignments} where {where}")


def change_orders(connection, random, changes):
    """Places orders, changes and deletes them."""
    for _ in range(changes):
        order = random.randrange(40)
        if random.random() < 0.2:
            connection.execute("delete from orders where order_id = %s", (order,))
        connection.execute(
            "insert into orders values (%s, now() - interval '1 day', default, null, %s, 'new')"
            " on conflict (order_id) do update set sum = excluded.sum, updated_at = now()",
            (order, random.choice([0.1, 12.5, None])))


def change_order_items(connection, random, changes):
    """Inserts or updates order items, and deletes an order's now and then."""
    for _ in range(changes):
        order, line = random.randrange(20), random.randrange(4)
        if random.random() < 0.1:
            connection.execute("delete from order_items where order_id = %s", (order,))
        connection.execute(
            "insert into order_items values (%s, %s, %s, %s, %s) on conflict (order_id, line)"
            " do update set quantity = excluded.quantity, price = excluded.price",
            (order, line, f"sku-{order}", random.randrange(9), random.choice([None, "9.99", 0])))


def comparable(row):
    """The row with JSON texts parsed and NaN made equal to itself."""
    return tuple(_comparable(value) for value in row)


def _comparable(value):
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return repr(json.loads(value, parse_float=str, parse_int=str))
        except ValueError:
            pass
    return value
