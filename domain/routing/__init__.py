"""Which deployment answers: fleet, strategy, plan."""
