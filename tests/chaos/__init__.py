"""A seeded, replayable fault run: a mixed load, random kills, and a checker over the whole history."""
