"""The corpus of bad input: values that a source can hold, and what must come of each.

A `Value` is an SQL expression that goes into one column of the contract below, twice: as JSON
has it, and as a JSON string. `Payload` is a whole `raw_data` as it is written. Each is either
kept, and then equals what PostgreSQL itself makes of it, or quarantined by the rule named.
"""

import dataclasses

# Column of the contract -> its type there, and PostgreSQL's for the same values.
COLUMNS = {
    "v_boolean": ("boolean", "boolean"),
    "v_integer": ("integer", "integer"),
    "v_bigint": ("bigint", "bigint"),
    "v_real": ("real", "float4"),
    "v_double": ("double", "float8"),
    "v_decimal": ("decimal(38,0)", "numeric(38,0)"),
    "v_money": ("decimal(20,4)", "numeric(20,4)"),
    "v_date": ("date", "date"),
    "v_timestamp": ("timestamp(6)", "timestamp"),
    "v_timestamptz": ("timestamp(6) with time zone", "timestamptz"),
    "v_varchar": ("varchar", "text"),
}

KEPT = "kept"


@dataclasses.dataclass
class Value:
    """One value in one column, and what must come of it."""

    name: str
    sql: str
    column: str
    outcome: str = KEPT
    # What PostgreSQL would make of it, where that is not the value's own text cast.
    oracle: str | None = None

    @property
    def label(self):
        return f"{self.name} as {self.column}"


@dataclasses.dataclass
class Payload:
    """A whole payload; `{id}` is its key."""

    name: str
    raw: str | None
    outcome: str = KEPT
    # Column -> SQL over `raw` (the payload's text) of what must be kept.
    oracle: dict = dataclasses.field(default_factory=dict)

    @property
    def label(self):
        return self.name


def _texts(values):
    return [Value(name, sql, "v_varchar") for name, sql in values.items()]


def _numbers():
    huge = "'1e131071'::numeric"
    tiny = "'1e-16383'::numeric"
    most = "99999999999999999999999999999999999999::numeric"
    return [
        *(Value(name, f"'{name}'::numeric", "v_double") for name in ("NaN", "Infinity",
                                                                     "-Infinity")),
        *(Value(name, f"'{name}'::numeric", "v_real") for name in ("NaN", "Infinity")),
        *(Value(name, f"'{name}'::numeric", column, "cast") for name in ("NaN", "-Infinity")
          for column in ("v_decimal", "v_bigint", "v_integer", "v_money")),
        *_texts({"NaN": "'NaN'::numeric", "-Infinity": "'-Infinity'::numeric",
                 "1e131071": huge, "1e-16383": tiny, "39 digits": f"{most} * 10"}),
        Value("1e131071", huge, "v_double", "cast"),
        Value("1e131071", huge, "v_decimal", "cast"),
        Value("1e-16383", tiny, "v_double", oracle="0::float8"),
        Value("1e-16383", tiny, "v_money", oracle="0::numeric(20,4)"),
        Value("38 digits", most, "v_decimal"),
        Value("-38 digits", f"-{most}", "v_decimal"),
        Value("39 digits", f"{most} + 1", "v_decimal", "cast"),
        *(Value("2^53+1", "9007199254740993::bigint", column)
          for column in ("v_bigint", "v_double", "v_decimal", "v_varchar")),
        Value("2^53+1", "9007199254740993::bigint", "v_integer", "cast"),
        Value("0.1+0.2", "0.1 + 0.2", "v_double"),
        Value("0.1+0.2 float8", "0.1::float8 + 0.2::float8", "v_double"),
        Value("0.1+0.2 float8", "0.1::float8 + 0.2::float8", "v_varchar"),
        Value("half a cent", "1.00005", "v_money"),
        Value("half a cent below", "-1.00005", "v_money"),
        Value("money", "'1234.50'::money", "v_money", "cast"),
        Value("money", "'1234.50'::money", "v_varchar"),
        *(Value("-0.0", "'-0'::float8", column) for column in ("v_double", "v_real",
                                                               "v_varchar")),
        Value("denormal", "'4.9406564584124654e-324'::float8", "v_double"),
        Value("smallest normal", "'2.2250738585072014e-308'::float8", "v_double"),
        Value("largest", "'1.7976931348623157e308'::float8", "v_double"),
        Value("largest", "'1.7976931348623157e308'::float8", "v_real", "cast"),
        Value("float4 denormal", "'1e-45'::float4", "v_real"),
        Value("float4 0.1", "0.1::float4", "v_real"),
        Value("float4 0.1", "0.1::float4", "v_double"),
        Value("2^63-1", "9223372036854775807::bigint", "v_bigint"),
        Value("-2^63", "'-9223372036854775808'::bigint", "v_bigint"),
        Value("2^63", "9223372036854775808::numeric", "v_bigint", "cast"),
        Value("-2^63-1", "-9223372036854775809::numeric", "v_bigint", "cast"),
        Value("2^31-1", "2147483647", "v_integer"),
        Value("2^31", "2147483648", "v_integer", "cast"),
        Value("1.0", "1.0", "v_integer", "cast"),
        Value("1e3", "'1e3'::text", "v_integer", "cast"),
        Value("hexadecimal", "'0x10'::text", "v_bigint", "cast"),
        Value("empty text", "''::text", "v_integer", "cast"),
        Value("empty text", "''::text", "v_double", "cast"),
        Value("Arabic digits", "'١٢'::text", "v_integer", "cast"),
        Value("true", "true", "v_boolean"),
        Value("yes", "'yes'::text", "v_boolean", "cast"),
    ]


def _times():
    stamp, zoned = "v_timestamp", "v_timestamptz"
    return [
        *(Value(f"{end} {kind}", f"'{end}'::{kind}", column, "cast")
          for end in ("infinity", "-infinity")
          for kind, column in (("timestamp", stamp), ("timestamptz", zoned), ("date", "v_date"))),
        Value("infinity", "'infinity'::timestamptz", "v_varchar"),
        Value("44 BC", "'0044-03-15 00:00:00 BC'::timestamp", stamp),
        Value("44 BC", "'0044-03-15 12:00:00+00 BC'::timestamptz", zoned),
        Value("44 BC", "'0044-03-15 BC'::date", "v_date", "cast"),
        Value("first moment", "'4714-11-24 00:00:00+00 BC'::timestamptz", zoned),
        Value("year 294246", "'294246-12-31 23:59:59.999999'::timestamp", stamp),
        Value("year 294276", "'294276-12-31 23:59:59.999999'::timestamp", stamp, "cast"),
        Value("year 294276", "'294276-12-31'::date", "v_date"),
        Value("last date", "'5874897-12-31'::date", "v_date", "cast"),
        Value("24:00:00", "'2024-02-29 24:00:00'::text", stamp),
        Value("23:59:60", "'2024-12-31 23:59:60'::text", stamp, "cast"),
        Value("24:00:00 time", "'24:00:00'::time", "v_varchar"),
        Value("DST gap", "'2024-03-10 02:30:00'::timestamp", stamp),
        Value("DST gap", "'2024-03-10 02:30:00 America/New_York'::timestamptz", zoned),
        Value("DST overlap, first", "'2024-11-03 01:30:00 EDT'::timestamptz", zoned),
        Value("DST overlap, second", "'2024-11-03 01:30:00 EST'::timestamptz", zoned),
        Value("offset +15:59:59", "'2024-01-01 00:00:00+15:59:59'::text", zoned),
        Value("offset -15:59:59", "'2024-01-01 00:00:00-15:59:59'::text", zoned),
        Value("offset +16", "'2024-01-01 00:00:00+16'::text", zoned, "cast"),
        Value("a microsecond", "'2024-01-01 00:00:00.000001+00'::timestamptz", zoned),
        Value("a microsecond before 1970", "'1969-12-31 23:59:59.999999+00'::timestamptz", zoned),
        Value("30 February", "'2024-02-30 00:00:00'::text", stamp, "cast"),
        Value("29 February 1900", "'1900-02-29'::text", "v_date", "cast"),
        Value("US date", "'03/15/2024'::text", "v_date", "cast"),
        Value("interval", "interval '1 mon -1 day'", "v_varchar"),
        Value("interval", "interval '1 mon -1 day'", stamp, "cast"),
    ]


TEXTS = _texts({
    "empty": "''::text", "word NULL": "'NULL'::text", "N": "'N'::text", "backslash N": r"'\N'::text",
    "backslash dot": r"'\.'::text", "CR": r"E'a\rb'", "LF": r"E'a\nb'", "CRLF": r"E'\r\n'",
    "U+2028": r"E'a\u2028b'", "quotes": "'\"\"\"'::text", "commas": "',,,'::text",
    "trailing backslash": r"'a\'::text", "BOM": r"E'\uFEFFa'", "NFC": r"E'\u00E9'",
    "NFD": r"E'e\u0301'", "RTL": r"E'\u202Eabc'", "zero width": r"E'a\u200Bb'",
    "four bytes": r"E'\U0001F9CA'", "U+FFFF": r"E'\uFFFF'", "control characters": r"E'\x01\x1F\x7F'",
    "spaces": "'  a  '::text", "tab": r"E'\t'", "NUL as escape": r"'\u0000'::text",
    "looks like JSON": "'{\"a\": [1, null]}'::text", "HTML": "'<script>alert(1)</script>'::text",
    "a million bytes": "repeat('ä', 500000)"})

TYPES = _texts({
    "bytea": r"'\x00ff'::bytea", "bytea of 1 MB": r"decode(repeat('00ff', 500000), 'hex')",
    "uuid": "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "inet": "'::1/64'::inet",
    "range": "'[2024-01-01,infinity)'::tsrange", "multirange": "'{[1,2),(5,)}'::int8multirange",
    "composite": "row(1, null, 'a\"b')::bad_composite", "domain": "7::bad_domain",
    "enum": "'sad'::bad_enum", "enum value added later": "'ecstatic'::bad_enum",
    "array": "array[[1,null],[3,4]]", "array of texts": "array['a,b', null, '{}', '\"']",
    "empty array": "array[]::int[]", "bits": "B'1010'", "xml": "'<a>&amp;</a>'::xml",
    "tsvector": "'a b'::tsvector", "point": "point(1.5, -2)", "jsonb": "'{\"b\": 1, \"a\": [ ]}'::jsonb",
    "numeric scale": "1.500::numeric(10,3)"}) + [
        Value("array", "array[1,2]", "v_integer", "cast"),
        Value("composite", "row(1, null, 'x')::bad_composite", "v_double", "cast"),
        Value("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "v_decimal", "cast")]

VALUES = _numbers() + _times() + TEXTS + TYPES


def _field(name, column="v_varchar"):
    return {column: f"raw::jsonb ->> '{name}'"}


PAYLOADS = [
    Payload("SQL NULL", None, "payload"),
    Payload("empty", "", "payload"),
    Payload("white space", " \n", "payload"),
    Payload("scalar", "1", "payload"),
    Payload("string", '"{}"', "payload"),
    Payload("null", "null", "payload"),
    Payload("array", '[{"id": {id}}]', "payload"),
    Payload("truncated", '{"id": {id}, "v_varchar": "a', "payload"),
    Payload("truncated after a value", '{"id": {id}', "payload"),
    Payload("two objects", '{"id": {id}}{"id": {id}}', "payload"),
    Payload("garbage behind", '{"id": {id}} x', "payload"),
    Payload("trailing comma", '{"id": {id},}', "payload"),
    Payload("comment", '{"id": {id} /* x */}', "payload"),
    Payload("single quotes", "{'id': {id}}", "payload"),
    Payload("bare NaN", '{"id": {id}, "v_double": NaN}', "payload"),
    Payload("leading zero", '{"id": {id}, "v_integer": 01}', "payload"),
    Payload("leading plus", '{"id": {id}, "v_integer": +1}', "payload"),
    Payload("bare control character", '{"id": {id}, "v_varchar": "a\tb"}', "payload"),
    Payload("wrong escape", r'{"id": {id}, "v_varchar": "\x41"}', "payload"),
    Payload("lone high surrogate", r'{"id": {id}, "v_varchar": "\ud800"}', "payload"),
    Payload("lone low surrogate", r'{"id": {id}, "v_varchar": "\udc00"}', "payload"),
    Payload("surrogates the wrong way", r'{"id": {id}, "v_varchar": "\udc00\ud800"}', "payload"),
    Payload("lone surrogate in a name", r'{"id": {id}, "\ud800": 1}', "payload"),
    Payload("surrogate pair", r'{"id": {id}, "v_varchar": "\ud83e\uddca"}', KEPT,
            _field("v_varchar")),
    # jsonb refuses it, so that the oracle spells it out.
    Payload("U+0000", r'{"id": {id}, "v_varchar": "a\u0000b"}', KEPT, {"v_varchar": "NUL"}),
    Payload("repeated name", '{"id": {id}, "v_varchar": "a", "v_varchar": "b"}', KEPT,
            _field("v_varchar")),
    Payload("repeated name, null last", '{"id": {id}, "v_varchar": "a", "v_varchar": null}', KEPT,
            _field("v_varchar")),
    Payload("repeated key", '{"id": -1, "id": {id}}', KEPT, _field("id", "id")),
    Payload("992 levels", '{"id": {id}, "v_varchar": ' + "[" * 990 + "]" * 990 + "}", KEPT,
            _field("v_varchar")),
    Payload("100,000 levels", '{"id": {id}, "v_varchar": ' + "[" * 100_000 + "]" * 100_000 + "}",
            "payload"),
    Payload("100,000 levels, open", '{"id": {id}, "v_varchar": ' + '{"a":' * 100_000, "payload"),
    Payload("1e400", '{"id": {id}, "v_double": 1e400}', "cast"),
    Payload("1e400 as text", '{"id": {id}, "v_varchar": 1e400}', KEPT, {"v_varchar": "'1e400'"}),
    Payload("1e-400", '{"id": {id}, "v_double": 1e-400}', KEPT, {"v_double": "0::float8"}),
    Payload("-0", '{"id": {id}, "v_double": -0.0}', KEPT, {"v_double": "'-0'::float8"}),
    Payload("JSON null", '{"id": {id}, "v_varchar": null, "v_double": null}', KEPT,
            {"v_varchar": "null::text", "v_double": "null::float8"}),
    Payload("missing", '{"id": {id}}', KEPT, {"v_varchar": "null::text"}),
    Payload("text null", '{"id": {id}, "v_varchar": "null"}', KEPT, _field("v_varchar")),
    Payload("zero columns", "{}", "not_null"),
    Payload("null key", '{"id": null}', "not_null"),
    Payload("key by another case", '{"ID": {id}}', "not_null"),
    Payload("key too large", '{"id": 9223372036854775808}', "cast"),
    Payload("key is an object", '{"id": {"id": 1}}', "cast"),
    Payload("BOM before", '\ufeff{"id": {id}}', "payload"),
    Payload("space around", ' \n\t{ "id" : {id} , "v_varchar" : "x" } \r\n', KEPT,
            _field("v_varchar")),
    Payload("unicode names", r'{"\u0069d": {id}, "v\u005fvarchar": "x"}', KEPT,
            {"v_varchar": "'x'"}),
]

# Names that a source may have, as the fields of a payload and as its tables.
NAMES = ["", "__proto__", "constructor", "Name", "name", "NAME", 'o"; drop table pub_t; --', "a/b",
         "../../etc/x", ".", "..", "con", "line\nbreak", "%2e", "\U0001F9CA", "x" * 63,
         "trailing ", " leading", "Select", "A", "a", "é", "e\u0301", "a'b", "a\\b", "$.a", "a.b",
         "valid_from", "raw_data", "audit_event_id", "_pos", "_file", "0", "a,b", "\u202e",
         "ä" * 31]

SETUP_SQL = """
create type bad_composite as (a int, b text, c text);
create domain bad_domain as int check (value > 0);
create type bad_enum as enum ('sad', 'ok');
alter type bad_enum add value 'ecstatic';
create table pub_t (sentinel int);
"""
