"""ingest() called as the sink calls it: one jsonb[] in binary form, which psycopg2 cannot send. libpq, by ctypes.

https://www.postgresql.org/docs/15/libpq-exec.html; the form of an array is that of array_recv(), of jsonb that of jsonb_recv():
a version (1), then the text.
"""
import ctypes
import struct

JSONB, JSONB_ARRAY = 3802, 3807  # pg_type.dat
TUPLES_OK = 2
BINARY = 1


def binary(texts):
    """jsonb[] of these JSON texts."""
    parts = [struct.pack(">iiIii", 1, 0, JSONB, len(texts), 1) if texts else struct.pack(">iiI", 0, 0, JSONB)]
    for text in texts:
        encoded = text.encode()
        parts += [struct.pack(">iB", len(encoded) + 1, 1), encoded]
    return b"".join(parts)


class Writer:
    """A connection for one thing: to write batches. Used by one thread."""

    def __init__(self, url):
        self.libpq = ctypes.CDLL("libpq.so.5")
        pointer, number = ctypes.c_void_p, ctypes.c_int
        for name, result, arguments in (("PQconnectdb", pointer, [ctypes.c_char_p]), ("PQstatus", number, [pointer]), ("PQfinish", None, [pointer]),
                                        ("PQerrorMessage", ctypes.c_char_p, [pointer]), ("PQresultStatus", number, [pointer]), ("PQclear", None, [pointer]),
                                        ("PQgetvalue", ctypes.c_char_p, [pointer, number, number]),
                                        ("PQexecParams", pointer, [pointer, ctypes.c_char_p, number, pointer, pointer, pointer, pointer, number])):
            function = getattr(self.libpq, name)
            function.restype, function.argtypes = result, arguments
        self.connection = self.libpq.PQconnectdb(url.encode())
        if self.libpq.PQstatus(self.connection) != 0:
            raise SystemExit(f"bench: {self.libpq.PQerrorMessage(self.connection).decode()}")

    def write(self, batch):
        """@param batch  made by binary(). @returns how many events were new"""
        none = binary([])
        values = (ctypes.c_char_p * 2)(batch, none)
        result = self.libpq.PQexecParams(self.connection, b"select inserted, duplicates from cdviz_store.ingest($1, $2)", 2, (ctypes.c_uint * 2)(JSONB_ARRAY, JSONB_ARRAY),
                                         values, (ctypes.c_int * 2)(len(batch), len(none)), (ctypes.c_int * 2)(BINARY, BINARY), 0)
        try:
            if self.libpq.PQresultStatus(result) != TUPLES_OK:
                raise SystemExit(f"bench: {self.libpq.PQerrorMessage(self.connection).decode()}")
            return int(self.libpq.PQgetvalue(result, 0, 0))
        finally:
            self.libpq.PQclear(result)

    def close(self):
        self.libpq.PQfinish(self.connection)
