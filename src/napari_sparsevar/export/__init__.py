"""Results of a run in the formats of others: images, tables, movies, NWB, one folder of all."""
