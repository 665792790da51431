-- An index-only scan needs vacuumed pages (the visibility map). By default autovacuum
-- starts when a fifth of a table is new, and the newest rows are those that are read.
-- Without deleted rows, vacuum reads the new pages and no index.

ALTER TABLE messages SET (
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_vacuum_insert_scale_factor = 0
);
ALTER TABLE follows SET (
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_vacuum_insert_scale_factor = 0
);
