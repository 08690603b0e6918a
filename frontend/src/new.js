// The page of a new job.
