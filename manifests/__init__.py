"""What to deploy, look at and be woken by: files to apply, and what writes those that are generated."""
