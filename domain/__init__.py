"""What the work of the hotline is: records, codes, rules, clocks; pure Python without input or output."""
