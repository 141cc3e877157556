"""Search: one box for names without tones, phones by last digits, codes."""
