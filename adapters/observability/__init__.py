"""What the operator sees: counts, the metrics page, the access log and the logs."""
