-- Looks for words in the titles of conversations; a word of three letters or more is looked up, whatever stands around it.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE INDEX ix_conversations_title ON conversations USING gin (title gin_trgm_ops);
