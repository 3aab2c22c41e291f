"""What compare-programs.py does: scenarios, the two sides of each, and what differs in every run."""
