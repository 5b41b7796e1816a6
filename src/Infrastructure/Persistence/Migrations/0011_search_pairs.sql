-- Phrases and paths: which passages hold two words side by side. One row for 1,024 passages, so that it is read in a moment however many there are; the indexer
-- makes it when the last of them is there, and of those that are there already in the minutes after this migration.
CREATE TABLE search_pairs (
    -- The ids from block * 1024.
    block bigint  NOT NULL PRIMARY KEY,
    -- Rows of 1,024 bits, one for each passage: a power of two.
    rows  integer NOT NULL,
    bits  bytea   NOT NULL
);

-- Not compressed: of the bits, a search reads some rows only.
ALTER TABLE search_pairs ALTER COLUMN bits SET STORAGE EXTERNAL;
