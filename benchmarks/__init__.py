"""What ``make bench`` measures: ratios against a floor in the same run, requests, and costs in steps, never seconds."""
