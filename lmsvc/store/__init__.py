"""The database: typed records in and out, peewee inside only."""
