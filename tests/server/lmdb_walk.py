# lmdb_walk.py - every key and value of a data file, read past the server
# SPDX-License-Identifier: MIT

import ctypes
import os

LIBRARY = "liblmdb.so.0"
RDONLY, FIRST, NEXT = 0x20000, 0, 8
NOTFOUND = -30798


class Value(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("data", ctypes.c_void_p)]

    def bytes(self):
        return ctypes.string_at(self.data, self.size) if self.size else b""


def check(result):
    if result:
        raise OSError(result, "LMDB")


def rows_of(lmdb, txn, name):
    table, cursor = ctypes.c_uint(), ctypes.c_void_p()
    check(lmdb.mdb_dbi_open(txn, name, 0, ctypes.byref(table)))
    check(lmdb.mdb_cursor_open(txn, table, ctypes.byref(cursor)))
    key, value, step = Value(), Value(), FIRST
    while (result := lmdb.mdb_cursor_get(cursor, ctypes.byref(key), ctypes.byref(value),
                                         step)) == 0:
        yield key.bytes(), value.bytes()
        step = NEXT
    if result != NOTFOUND:
        check(result)
    lmdb.mdb_cursor_close(cursor)


def walk(directory):
    """All tables by name, each a list of (key, value); no server may be using them."""
    lmdb = ctypes.CDLL(LIBRARY)
    env, txn = ctypes.c_void_p(), ctypes.c_void_p()
    check(lmdb.mdb_env_create(ctypes.byref(env)))
    check(lmdb.mdb_env_set_maxdbs(env, 64))
    check(lmdb.mdb_env_open(env, os.fsencode(directory), RDONLY, 0o600))
    check(lmdb.mdb_txn_begin(env, None, RDONLY, ctypes.byref(txn)))
    names = [name for name, _ in rows_of(lmdb, txn, None)]
    tables = {name.decode(): list(rows_of(lmdb, txn, name)) for name in names}
    lmdb.mdb_txn_abort(txn)
    lmdb.mdb_env_close(env)
    return tables
