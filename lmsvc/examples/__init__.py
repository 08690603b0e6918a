"""The shipped example: synthetic inputs and the job documents that use them."""
