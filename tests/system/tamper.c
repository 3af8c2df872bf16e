/*
 * Somebody with the disk in hands changes one byte of the oldest entries of a
 * journal.  For a node that is stopped.
 *     tamper FOLDER/store/data.mdb
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <lmdb.h>

static int fail(const char *what, int rc)
{
    fprintf(stderr, "tamper: %s: %s\n", what, mdb_strerror(rc));
    return 1;
}

static int change(MDB_txn *txn, MDB_dbi dbi)
{
    static unsigned char bytes[65536];
    static const char first[] = "Je";
    MDB_val key = {2, (void *)first};
    MDB_val value;
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, dbi, &cursor);

    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (rc != 0)
        return rc;
    if (key.mv_size < 2 || memcmp(key.mv_data, first, 2) != 0 ||
        value.mv_size > sizeof(bytes) || value.mv_size < 8)
        return MDB_NOTFOUND;
    memcpy(bytes, value.mv_data, value.mv_size);
    bytes[6] ^= 1; /* of the instant of the first entry */
    value.mv_data = bytes;
    rc = mdb_cursor_put(cursor, &key, &value, MDB_CURRENT);
    mdb_cursor_close(cursor);
    return rc;
}

int main(int argc, char **argv)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    int rc = argc == 2 ? mdb_env_create(&env) : EINVAL;

    if (rc == 0)
        rc = mdb_env_set_maxdbs(env, 2);
    if (rc == 0)
        rc = mdb_env_open(env, argv[1], MDB_NOSUBDIR, 0600);
    if (rc == 0)
        rc = mdb_txn_begin(env, NULL, 0, &txn);
    if (rc != 0)
        return fail("open", rc);
    rc = mdb_dbi_open(txn, "data", 0, &dbi);
    if (rc == 0)
        rc = change(txn, dbi);
    if (rc == 0)
        rc = mdb_txn_commit(txn);
    if (rc != 0)
        return fail("change", rc);
    mdb_env_close(env);
    return 0;
}
