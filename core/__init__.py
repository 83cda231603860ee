"""What all parts share: jobs, status, settings, errors, routing; it knows no pipeline."""
