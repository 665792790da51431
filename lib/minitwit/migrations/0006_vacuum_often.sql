-- A list is read from its index alone only as far as vacuum has been since. By default it
-- comes when a fifth of a table is new, and the newest rows are those that are read.
-- Where nothing was deleted it looks at the new pages and at no index.

ALTER TABLE messages SET (
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_vacuum_insert_scale_factor = 0
);
ALTER TABLE follows SET (
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_vacuum_insert_scale_factor = 0
);
