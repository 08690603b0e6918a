// Maps of results.
