"""What the commands do, one file per group: each gives a document to be shown, and the exit status."""
