-- name: catalog
-- List the objects of the first schema of the search path, one line of text each,
-- without those of extensions.
WITH relations AS (
    SELECT oid, relname, relkind, relacl FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace
        AND relkind IN ('r', 'p', 'v', 'm', 'S')
        AND NOT EXISTS (
            SELECT FROM pg_depend
            WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
                AND deptype = 'e'
        )
)
SELECT format('%s of kind %s', relname, relkind) FROM relations
UNION ALL
SELECT format(
    'column %s.%s %s%s%s', relname, attname, format_type(atttypid, atttypmod),
    CASE WHEN attnotnull THEN ' not null' END,
    ' default ' || coalesce(nullif(attidentity, '')::text, pg_get_expr(adbin, adrelid))
)
FROM relations
JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relkind <> 'S'
UNION ALL
SELECT format(
    'constraint %s on %s: %s', conname, relname, pg_get_constraintdef(pg_constraint.oid)
)
FROM relations JOIN pg_constraint ON conrelid = relations.oid
UNION ALL
SELECT format(
    'index %s%s', pg_get_indexdef(indexrelid), CASE WHEN NOT indisvalid THEN ' invalid' END
)
FROM relations JOIN pg_index ON indrelid = relations.oid
UNION ALL
SELECT format(
    'sequence %s %s from %s between %s and %s by %s', relname, format_type(seqtypid, NULL),
    seqstart, seqmin, seqmax, seqincrement
)
FROM relations JOIN pg_sequence ON seqrelid = relations.oid
UNION ALL
SELECT format('trigger %s', pg_get_triggerdef(pg_trigger.oid))
FROM relations JOIN pg_trigger ON tgrelid = relations.oid AND NOT tgisinternal
UNION ALL
SELECT format('function %s', oid::regprocedure) FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace
UNION ALL
SELECT format('%s may %s %s', grantee::regrole, privilege_type, relname)
FROM relations CROSS JOIN aclexplode(relacl)
UNION ALL
SELECT format('%s may %s %s.%s', grantee::regrole, privilege_type, relname, attname)
FROM relations
JOIN pg_attribute ON attrelid = relations.oid
CROSS JOIN aclexplode(attacl);

-- name: references
-- List the foreign keys: constraint, table, column, referenced table and column.
SELECT
    conname, conrelid::regclass::text, referencing.attname,
    confrelid::regclass::text, referenced.attname
FROM pg_constraint
JOIN pg_attribute AS referencing
    ON referencing.attrelid = conrelid AND referencing.attnum = conkey[1]
JOIN pg_attribute AS referenced
    ON referenced.attrelid = confrelid AND referenced.attnum = confkey[1]
WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
ORDER BY conname;

-- name: identities
-- List the columns that a sequence fills: table, column and sequence.
SELECT
    attrelid::regclass::text, attname,
    pg_get_serial_sequence(attrelid::regclass::text, attname)
FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
WHERE attidentity <> '' AND relnamespace = current_schema()::regnamespace
ORDER BY 1;
