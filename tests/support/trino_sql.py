"""Trino as tests talk to it."""

import urllib.parse

import trino.dbapi


# Takes hours; `TrinoSql.long_queries` knows it by its column.
LONG_QUERY = ("select count(*) as long_query from unnest(sequence(1, 10000)) a(n),"
              " unnest(sequence(1, 10000)) b(n), unnest(sequence(1, 10000)) c(n)"
              " where a.n * b.n % 7 = c.n % 5")


class TrinoSql:
    """SQL over one catalog of the session's Trino. Sessions are in UTC."""

    def __init__(self, service, catalog=None):
        """Takes Trino's status (`local_stack.up("trino")`) and the catalog to use (default: the
        stack's own)."""
        self.catalog = catalog or service["catalog"]
        self._connection = trino.dbapi.connect(
            host="127.0.0.1", port=urllib.parse.urlsplit(service["url"]).port,
            user=service["user"], catalog=self.catalog, timezone="UTC",
            request_timeout=300,
            # Otherwise nothing younger than a week can be expired.
            session_properties={f"{self.catalog}.expire_snapshots_min_retention": "0s"})

    def rows(self, sql):
        """Runs a statement to its end; returns its rows as tuples. Raises
        trino.exceptions.TrinoUserError and its like."""
        cursor = self._connection.cursor()
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()]

    def long_queries(self):
        """The ids of the LONG_QUERYs that run on the server, whoever sent them."""
        return [query for query, in self.rows(
            "select query_id from system.runtime.queries where state = 'RUNNING'"
            " and query like '%long_query%' and query not like '%system.runtime%'")]


def create_catalog(service, name, database, warehouse):
    """Creates a catalog over another PostgreSQL `database` of the stack (the JDBC URL's last part)
    and another `warehouse` location; returns SQL over it."""
    settings = dict(service["catalog_settings"])
    url = "iceberg.jdbc-catalog.connection-url"
    settings[url] = settings[url].rsplit("/", 1)[0] + "/" + database
    settings["iceberg.jdbc-catalog.default-warehouse-dir"] = warehouse
    listed = ", ".join(f"\"{key}\" = '{value}'" for key, value in settings.items())
    TrinoSql(service).rows(f"create catalog {name} using iceberg with ({listed})")
    return TrinoSql(service, name)
